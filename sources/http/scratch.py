"""Makes temporary folders that do not outlive a killed program for ever. Each holds a file that its program keeps locked; the system ends
the lock with the program, so the next program can identify and remove an abandoned folder."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

_PREFIX = "vigie-"
_MARK = ".in-use"
_WITH = ".with"


class ScratchFolder:
    """Makes a new folder `path` in the system's temporary one, for this user only. Raises OSError. `remove` it at the end, or use it as a
    context manager, which returns the path."""

    def __init__(self, name: str = "") -> None:
        self.path = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{name}-" if name else _PREFIX))
        self._lock: int | None = None
        try:
            self._lock = _locked(self.path)
        except OSError:
            self.remove()
            raise

    def __enter__(self) -> Path:
        return self.path

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.remove()

    def take_along(self, folder: Path) -> None:
        """Remove this folder too, which another program made for ours, whenever this one is removed. Raises OSError."""
        (self.path / _WITH).symlink_to(folder, target_is_directory=True)

    def remove(self) -> None:
        """Remove it with all that is in it, as far as that is possible. May be called twice."""
        _remove(self.path)
        lock, self._lock = self._lock, None
        if lock is not None:
            os.close(lock)


def remove_abandoned() -> int:
    """Remove abandoned folders of this user from the system's temporary one; return how many. Folders without our mark are left alone.
    Never fails."""
    count = 0
    with contextlib.suppress(OSError):
        for path in list(_ours(Path(tempfile.gettempdir()))):
            count += _removed_if_abandoned(path)
    return count


def _remove(path: Path) -> None:
    """Remove a folder of ours, and the folder that it names, if that belongs to this user: nobody else may write into ours."""
    with contextlib.suppress(OSError):
        along = (path / _WITH).readlink()
        if along.lstat().st_uid == os.geteuid():
            shutil.rmtree(along, ignore_errors=True)  # not through a link
    shutil.rmtree(path, ignore_errors=True)


def _locked(folder: Path) -> int:
    # Made and locked under another name: nobody ever sees a mark that is not locked yet.
    new = folder / f"{_MARK}.new"
    lock = os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        new.rename(folder / _MARK)
    except OSError:
        os.close(lock)
        raise
    return lock


def _ours(folder: Path) -> Iterator[Path]:
    with os.scandir(folder) as entries:
        for entry in entries:
            # Anybody may write where temporary files are: links are not followed, and nothing of another user is touched.
            if entry.name.startswith(_PREFIX) and entry.is_dir(follow_symlinks=False):
                with contextlib.suppress(OSError):
                    if entry.stat(follow_symlinks=False).st_uid == os.geteuid():
                        yield Path(entry.path)


def _removed_if_abandoned(path: Path) -> bool:
    try:
        mark = os.open(path / _MARK, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    else:
        _remove(path)
        return True
    finally:
        os.close(mark)
