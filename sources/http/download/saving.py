"""What can go wrong with the disk, in errors of ours, and what makes a change of it last."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from sources.model import FetchError

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
