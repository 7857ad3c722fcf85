"""PDFs that are kept until they are wholly read, so that none is downloaded twice: by content, in a folder of the bot's own.

`incoming/` holds what is being downloaded.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Literal

import structlog

# The PDFs of decrees, kept for good: prefectures remove theirs, and a decree that nobody can read any more can hardly be contested.
#
# By content: `<SHA-256>.pdf`, in a folder of the bot's own for this user only. No PDF is ever removed to make room.

KeepPdfs = Literal["decrees", "none", "all"]

LEFT_FOR = 86_400.0
"""Seconds after which a copy that did not grow is one that a killed program left: a copy takes seconds, on a slow disk minutes."""

_PART = ".part"
_SHA256 = re.compile(r"[0-9a-f]{64}")
_PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class FileTold:
    """What is told of the file a decree was read in: its SHA-256 (64 hexadecimal digits), when it came, and where it is kept, if it is."""

    sha256: str
    fetched_at: datetime | None
    path: Path | None


class Keep:
    """The folder. `which`: the PDFs that hold a `decree`, `all` that were read, or `none`.

    Several programs may share it. Methods block, for as long as a disk does, and raise nothing but what they say.
    """

    def __init__(self, folder: Path, *, which: KeepPdfs = "decrees") -> None:
        self.folder = folder
        self._which = which
        self._told: str | None = None

    def wants(self, *, decrees: bool) -> bool:
        """Whether a PDF in which decrees were found, or none were, is to be kept."""
        return self._which == "all" or (self._which == "decrees" and decrees)

    def put(self, path: Path, sha256: str) -> Path | None:
        """Keep a copy of a file, where that has this content; where it is. None where it cannot be kept, which is told once.

        A copy of its own: whoever gave the file may go on with it, or remove it. Raises ValueError for what is no SHA-256.
        """
        kept = self._path(sha256)
        try:
            if kept.is_file():
                return kept
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            # PDFs are public; which of them are kept is nobody's business.
            self.folder.chmod(0o700)
            self._copy(path, kept, sha256)
        except OSError as error:
            self._tell(error.strerror or type(error).__name__)
            return None
        self._told = None
        return kept

    def find(self, sha256: str) -> Path | None:
        """The file of this content, None where it is not kept. Raises ValueError for what is no SHA-256."""
        path = self._path(sha256)
        try:
            return path if path.is_file() else None
        except OSError:
            return None

    def told(self, sha256: str, fetched_at: datetime | None) -> FileTold:
        """What is told of a file. Raises ValueError for what is no SHA-256."""
        return FileTold(sha256, fetched_at, self.find(sha256))

    def tidy(self) -> int:
        """Remove the copies that killed programs left half made; how many there were. Those of a running program still grow, and stay.
        Never fails: what cannot be removed stays.
        """
        removed, before = 0, time.time() - LEFT_FOR
        with contextlib.suppress(OSError):
            for path in self.folder.glob(f"*{_PART}"):
                with contextlib.suppress(OSError):
                    if path.is_file() and not path.is_symlink() and path.stat().st_mtime < before:
                        path.unlink()
                        removed += 1
        return removed

    def _copy(self, path: Path, kept: Path, sha256: str) -> None:
        """Whole or not at all, also when the machine stops in the middle. Raises OSError."""
        handle, name = tempfile.mkstemp(suffix=_PART, dir=self.folder)
        try:
            with os.fdopen(handle, "wb") as target, path.open("rb") as source:
                _copy_checked(source, target, sha256)
                target.flush()
                os.fsync(target.fileno())
            Path(name).replace(kept)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink(missing_ok=True)
            raise

    def _path(self, sha256: str) -> Path:
        if not _SHA256.fullmatch(sha256):
            raise ValueError("not the SHA-256 of a content")
        return self.folder / f"{sha256}.pdf"

    def _tell(self, error: str) -> None:
        if error != self._told:
            self._told = error
            log.warning("the PDF of a decree cannot be kept", folder=str(self.folder), error=error)


def _copy_checked(source: BinaryIO, target: BinaryIO, sha256: str) -> None:
    """Copy to the end. Raises OSError where that is not the content that was read."""
    digest = hashlib.sha256()
    while piece := source.read(_PIECE):
        digest.update(piece)
        target.write(piece)
    if digest.hexdigest() != sha256:
        raise OSError(errno.EIO, "the file is not the one that was read any more")


log = structlog.get_logger()

KEPT_FOR = 30 * 86_400.0
"""Seconds after which a file that nobody has read since is of a recueil given up long ago."""

INCOMING_FOR = 86_400.0
"""Seconds after which a download that did not grow is one that a killed program left."""

TIDIED_EVERY = 6 * 3_600.0
"""Seconds between two looks for what is to be removed, in a program that runs for months."""


class Shelf:
    """The folder, for this user only, of at most `most_bytes` (but for the files being read): the one used longest ago goes first.

    Several programs may share it. Methods block, for as long as a disk does, and raise nothing but what they say.
    """

    def __init__(self, folder: Path, *, most_bytes: int) -> None:
        self.folder = folder
        self._incoming = folder / "incoming"
        self._most_bytes = most_bytes
        self._in_use: Counter[str] = Counter()
        self._told: str | None = None
        self._tidied = time.time()

    def incoming(self, authority: str, url: str) -> Path | None:
        """Where to download this recueil to. None where the folder cannot be used, which is told once."""
        try:
            for folder in (self.folder, self._incoming):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                # A folder that was there may be open to others: PDFs are public, which of them are read is nobody's business.
                folder.chmod(0o700)
            probe = self._incoming / ".writable"
            probe.touch(mode=0o600)
        except OSError as error:
            self._tell(f"{error.strerror or type(error).__name__}")
            return None
        self._told = None
        return self._incoming / f"{hashlib.sha256(f'{authority} {url}'.encode()).hexdigest()[:32]}.pdf"

    def keep(self, path: Path, sha256: str) -> Path:
        """Put a downloaded file under the name of its content, and use it: where it is from here on. Call `release` in the end."""
        kept = self._path(sha256)
        try:
            path.chmod(0o600)
            path.replace(kept)
        except OSError as error:
            # Read from where it came; it is removed as a download that a killed program left.
            self._tell(f"{error.strerror or type(error).__name__}")
            kept = path
        self._in_use[sha256] += 1
        self._make_room()
        return kept

    def take(self, sha256: str) -> Path | None:
        """Use the file with this content, None where there is none. Call `release` in the end.

        One that was damaged on the disk is removed, and told: it is then to be fetched again.
        """
        path = self._path(sha256)
        try:
            if file_digest(path) == sha256:
                path.touch()  # used now: the last to go
                self._in_use[sha256] += 1
                return path
            log.warning("a kept file was damaged on the disk, it is fetched again", file=str(path))
            path.unlink(missing_ok=True)
        except FileNotFoundError:
            pass
        except OSError as error:
            log.warning("a kept file cannot be read, it is fetched again", file=str(path), error=error.strerror)
        return None

    def release(self, sha256: str, *, keep: bool) -> None:
        """The file is not used any more; without `keep` nobody will need it again."""
        self._in_use -= Counter({sha256: 1})
        if not keep and not self._in_use[sha256]:
            with contextlib.suppress(OSError):
                self._path(sha256).unlink(missing_ok=True)
        if abs(time.time() - self._tidied) >= TIDIED_EVERY:
            self.tidy()
        else:
            self._make_room()

    def tidy(self) -> None:
        """Remove what was given up long ago, and what is too much. Done by itself every now and then."""
        now = self._tidied = time.time()
        for folder, age in ((self.folder, KEPT_FOR), (self._incoming, INCOMING_FOR)):
            for modified, _, path in _files(folder):
                if now - modified > age and path.stem not in self._in_use:
                    _remove(path)
        self._make_room()

    def _make_room(self) -> None:
        # What is being downloaded counts, and is left to whoever downloads it.
        size = sum(size for _, size, _ in _files(self._incoming))
        kept = _files(self.folder)
        size += sum(size for _, size, _ in kept)
        for _, freed, path in sorted(kept):
            if size <= self._most_bytes:
                return
            if path.stem not in self._in_use and _SHA256.fullmatch(path.stem):
                _remove(path)
                size -= freed

    def _path(self, sha256: str) -> Path:
        if not _SHA256.fullmatch(sha256):
            raise ValueError("not the SHA-256 of a content")
        return self.folder / f"{sha256}.pdf"

    def _tell(self, error: str) -> None:
        if error != self._told:
            self._told = error
            log.warning("PDFs cannot be kept, they are read from the temporary folder", folder=str(self.folder), error=error)


def file_digest(path: Path) -> str:
    """The SHA-256 of a file, 64 hexadecimal digits. Raises OSError."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def _files(folder: Path) -> list[tuple[float, int, Path]]:
    """When each file of a folder was last changed, its size and its path. Never fails: another program may remove some meanwhile."""
    found = []
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            with contextlib.suppress(OSError):
                if path.is_file() and not path.is_symlink():
                    status = path.stat()
                    found.append((status.st_mtime, status.st_size, path))
    return found


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
