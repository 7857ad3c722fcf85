"""A file on disk is there whole, or not there at all: until then it is a part beside its target, which a later attempt may go on with."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from sources.http.download import part_files
from sources.http.download.part_files import claim, note_of
from sources.http.download.resuming import OVERLAP, Note, Version, conditions, start_of
from sources.model import FetchError

_STEP = 1024 * 1024
_VOUCHED_EVERY = 4 * 1024 * 1024
"""What a killed program loses at most: so many bytes are written through to the disk, and noted, at a time."""


class PartialFile:
    """The file at `url` (canonical), on its way to `target`. A context manager: leaving it closes the part.

    The part has a stable name, made of both (`.<name>.<hash>.part`), and is locked: whoever comes while another task or program has it
    works under a name of its own, and keeps nothing. Beside it lies a note of how far it can be relied on (`.note`), always written after
    the bytes it vouches for. Closing keeps what a note vouches for and removes everything else.

    Methods may raise NotSaved or StorageFull, but for `close` and `discard`. They may run in a thread, one at a time: closing waits for one
    that is still running.
    """

    def __init__(self, target: Path, url: str, *, may_resume: bool) -> None:
        self._target = target
        self._url = url
        self._busy = threading.RLock()
        with saving(url, target.parent):
            path = part_files.stable_path(target, url)
            descriptor = part_files.claim(path, create=True) if may_resume else None
            self._is_stable = descriptor is not None
            if descriptor is None:
                descriptor, path = part_files.create_another(target)
            self._file = os.fdopen(descriptor, "r+b")
        self._path = path
        self._hash = hashlib.sha256()
        self._version: Version | None = None
        self._vouched = 0
        self._is_judged = not self._is_stable
        self.size = 0
        self.kept: Note | None = None
        self.overlap = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    @property
    def conditions(self) -> dict[str, str]:
        """The headers that ask for the rest; none where nothing is kept."""
        return conditions(self.kept) if self.kept is not None else {}

    @property
    def sha256(self) -> str:
        """Of what was written so far, 64 hex digits."""
        return self._hash.hexdigest()

    @property
    def is_to_be_vouched_for(self) -> bool:
        """Whether so much came since the last note that another one is due."""
        return self._version is not None and self.size - self._vouched >= _VOUCHED_EVERY

    @property
    def can_be_resumed(self) -> bool:
        """Whether what was written so far will be kept when the part is closed."""
        return self._version is not None and self.size > OVERLAP

    def look(self) -> None:
        """Find what an earlier attempt left: `kept`, and its last bytes, `overlap`. Reads it all, to see that it is what the note says."""
        with self._busy, saving(self._url, self._path.parent):
            note = part_files.read_note(self._path) if self._is_stable else None
            if note is not None and note.version.url == self._url and self._holds(note):
                if self._length() > note.size:
                    self._file.truncate(note.size)
                self.kept, self._vouched = note, note.size
            self._is_judged = True

    def go_on(self) -> None:
        """Write after what is `kept`, from the first byte of the `overlap` on, which come again."""
        if self.kept is None:
            raise ValueError("nothing is kept")
        self._version = self.kept.version
        self.size = self._file.seek(start_of(self.kept))

    def begin(self, version: Version | None) -> None:
        """Write from the beginning. Without a `version` to know it by, nothing of it will be kept."""
        with self._busy, saving(self._url, self._path.parent):
            part_files.note_of(self._path).unlink(missing_ok=True)
            self._file.seek(0)
            self._file.truncate()
        self._version = version if self._is_stable else None
        self._hash = hashlib.sha256()
        self._vouched = self.size = 0
        self.kept = None

    def write(self, piece: bytes) -> None:
        """Append."""
        with saving(self._url, self._path.parent):
            self._file.write(piece)
        self._hash.update(piece)
        self.size += len(piece)

    def vouch(self) -> None:
        """Write through to the disk what has come, then note it."""
        if self._version is None:
            return
        with self._busy, saving(self._url, self._path.parent):
            self._sync()
            part_files.write_note(self._path, Note(self._version, self.size, self.sha256))
            self._vouched = self.size

    def last(self, count: int) -> bytes:
        """The last bytes that were written."""
        with saving(self._url, self._path.parent):
            self._file.seek(max(self.size - count, 0))
            return self._file.read(count)

    def commit(self) -> None:
        """Make the file whole under the target's name, durably: written through to the disk, then renamed in one step."""
        with self._busy:
            try:
                with saving(self._url, self._path.parent):
                    self._sync()
                    part_files.note_of(self._path).unlink(missing_ok=True)
                    self._path.replace(self._target)
                    self._file.close()
                    sync_folder(self._target.parent)
            except BaseException:
                self.discard()
                raise

    def close(self) -> None:
        """Keep what can be gone on with, or was not looked at, else remove it. Does nothing after a commit or a discard."""
        with self._busy:
            if self._file.closed:
                return
            if self.size > max(OVERLAP, self._vouched):
                with contextlib.suppress(Exception):  # the disk failed: what was noted before is still true
                    self.vouch()
            if self._vouched or not (self._is_judged or self._is_empty()):
                with contextlib.suppress(OSError):
                    self._file.close()
            else:
                self.discard()

    def discard(self) -> None:
        """Remove what was written. Does nothing after a commit."""
        with self._busy:
            if self._file.closed:
                return
            for path in (part_files.note_of(self._path), self._path):
                with contextlib.suppress(OSError):
                    path.unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # closing flushes, and the disk may be full: what is buffered is unwanted anyway
                self._file.close()

    def _sync(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())

    def _length(self) -> int:
        return os.fstat(self._file.fileno()).st_size

    def _is_empty(self) -> bool:
        with contextlib.suppress(OSError):
            return not self._length()
        return False

    def _holds(self, note: Note) -> bool:
        if self._length() < note.size:
            return False
        self._file.seek(0)
        left = start_of(note)
        beginning = hashlib.sha256()
        while left and (piece := self._file.read(min(left, _STEP))):
            beginning.update(piece)
            left -= len(piece)
        self.overlap = self._file.read(OVERLAP)
        whole = beginning.copy()
        whole.update(self.overlap)
        self._hash = beginning
        return not left and whole.hexdigest() == note.sha256


# Parts of downloads that nobody came back for.

_PART = re.compile(r"\..+\.(?:[0-9a-f]{16}|[a-z0-9_]{8})\.part", re.DOTALL)
_BESIDE_A_PART = re.compile(r"\..+\.[0-9a-f]{16}\.(?:note|new)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Left:
    """A part as it lies on the disk: `size` in bytes, `written` the last time that it grew."""

    path: Path
    size: int
    written: datetime


def remove_stale_parts(folder: Path, *, now: datetime, older_than: timedelta, at_most: int) -> int:
    """Remove the parts in `folder` that did not grow for so long, then the oldest ones until `at_most` bytes are left.

    Those in use are left alone. Returns how many were removed. Never fails: what cannot be removed stays.
    """
    with contextlib.suppress(OSError):
        names = [path for path in folder.iterdir() if path.name.startswith(".")]
        removed = [_removed(left.path) for left in stale(_left(names), now=now, older_than=older_than, at_most=at_most)]
        for orphan in _orphans(names, now - older_than):
            orphan.unlink(missing_ok=True)
        return sum(removed)
    return 0


def stale(parts: Iterable[Left], *, now: datetime, older_than: timedelta, at_most: int) -> Sequence[Left]:
    """Which parts are to be removed."""
    room = at_most
    doomed = []
    for part in sorted(parts, key=lambda part: part.written, reverse=True):
        room -= part.size
        if room < 0 or now - part.written > older_than:
            doomed.append(part)
    return doomed


def _left(names: Iterable[Path]) -> Iterator[Left]:
    for path in names:
        if _PART.fullmatch(path.name):
            with contextlib.suppress(OSError):
                found = path.stat(follow_symlinks=False)
                yield Left(path, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))


def _removed(path: Path) -> bool:
    try:
        descriptor = claim(path, create=False)
    except OSError:
        return False
    if descriptor is None:
        return False
    try:
        note_of(path).unlink(missing_ok=True)
        path.unlink()
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def _orphans(names: Iterable[Path], before: datetime) -> Iterator[Path]:
    """Notes without a part: their program was killed between two steps."""
    for path in names:
        if _BESIDE_A_PART.fullmatch(path.name) and not path.with_suffix(".part").exists():
            with contextlib.suppress(OSError):
                if datetime.fromtimestamp(path.stat(follow_symlinks=False).st_mtime, UTC) < before:
                    yield path


# What can go wrong with the disk, in errors of ours, and what makes a change of it last.

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class NotSaved(FetchError):
    """The file could not be written here: missing folder, no permission, disk failure. The site is not to blame."""


class StorageFull(NotSaved):
    """The disk, or the quota on it, is full."""


@contextlib.contextmanager
def saving(url: str, folder: Path) -> Iterator[None]:
    """Turn an OSError into NotSaved or StorageFull, which name both."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFull(f"{url}: no space left to save it in {folder}") from error
        raise NotSaved(f"{url}: cannot be saved in {folder}: {error.strerror or type(error).__name__}") from error


def sync_folder(folder: Path) -> None:
    """Make the names in a folder last. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
