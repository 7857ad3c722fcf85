"""Parts of downloads that nobody came back for."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sources.http.download.part_files import claim, note_of

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
