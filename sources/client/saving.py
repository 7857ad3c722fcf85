"""A file on disk is there whole, or not there at all."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from pathlib import Path

from sources.fetch import FetchError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class NotSaved(FetchError):
    """The file came but could not be written here: missing folder, no permission, disk failure. The site is not to blame."""


class StorageFull(NotSaved):
    """The disk, or the quota on it, is full."""


class PartialFile:
    """A file being written beside its target, under a temporary name (`.<name>.….part`). `url` is named in errors.

    Every method but `discard` may raise NotSaved. What is not committed is to be discarded; a commit that fails has done so.
    """

    def __init__(self, target: Path, url: str) -> None:
        self._target = target
        self._url = url
        self.size = 0
        try:
            handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:80]}.", suffix=".part")
        except OSError as error:
            raise self._not_saved(error) from error
        self._path = Path(name)
        self._file = os.fdopen(handle, "wb")

    def write(self, piece: bytes) -> None:
        """Append."""
        try:
            self._file.write(piece)
        except OSError as error:
            raise self._not_saved(error) from error
        self.size += len(piece)

    def commit(self) -> None:
        """Make the file whole under its own name, durably: written through to the disk, then renamed in one step."""
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._path.replace(self._target)
            _sync_folder(self._target.parent)
        except OSError as error:
            self.discard()
            raise self._not_saved(error) from error

    def discard(self) -> None:
        """Remove what was written. Does nothing after a commit."""
        with contextlib.suppress(OSError):  # closing flushes, and the disk may be full: what is buffered is unwanted anyway
            self._file.close()
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)

    def _not_saved(self, error: OSError) -> NotSaved:
        where = self._target.parent
        if error.errno in _FULL:
            return StorageFull(f"{self._url}: no space left to save it in {where}")
        return NotSaved(f"{self._url}: cannot be saved in {where}: {error.strerror or type(error).__name__}")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
