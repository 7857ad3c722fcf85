"""The PDFs of decrees, kept for good: prefectures remove theirs, and a decree that nobody can read any more can hardly be contested.

By content: `<SHA-256>.pdf`, in a folder of the bot's own for this user only. No PDF is ever removed to make room.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import tempfile
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Literal

import structlog

log = structlog.get_logger()

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
