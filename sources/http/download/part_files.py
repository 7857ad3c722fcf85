"""Where parts of downloads lie, and who has them: names, locks and notes on the disk."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import tempfile
from pathlib import Path

from sources.http.download.resuming import Note

_NAME_CHARACTERS = 40
"""Of the target's own name, to know a part by. A file name has at most 255 bytes, and these may take four each."""


def stable_path(target: Path, url: str) -> Path:
    """Where the part of a download lies between two attempts."""
    key = hashlib.sha256(f"{target.name}\n{url}".encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return target.parent / f".{target.name[:_NAME_CHARACTERS]}.{key}.part"


def note_of(part: Path) -> Path:
    """Where the note of a part is."""
    return part.with_suffix(".note")


def create_another(target: Path) -> tuple[int, Path]:
    """A part under a name that nobody else has, open and locked. Raises OSError."""
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:_NAME_CHARACTERS]}.", suffix=".part")
    with contextlib.suppress(OSError):  # a file system without locks: it is told from an abandoned one by its age
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return descriptor, Path(name)


def claim(path: Path, *, create: bool) -> int | None:
    """The part, open and locked until it is closed; None where another has it, or where there is none and none is to be made.

    Raises OSError where it cannot be opened.
    """
    while True:
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | (os.O_CREAT if create else 0), 0o600)
        except FileNotFoundError:
            if create:
                raise
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(descriptor), path.stat(follow_symlinks=False)):
                return descriptor
        except FileNotFoundError:
            pass
        except OSError:  # in use, or on a file system without locks
            os.close(descriptor)
            return None
        os.close(descriptor)  # renamed or removed between our opening it and our locking it: what has the name now is another file


def read_note(part: Path) -> Note | None:
    """The note of a part, None where there is none that makes sense. Raises OSError."""
    try:
        return Note.from_json(note_of(part).read_text("utf-8"))
    except (FileNotFoundError, UnicodeDecodeError):
        return None


def write_note(part: Path, note: Note) -> None:
    """Replace the note of a part, in one step and durably. Raises OSError."""
    path = note_of(part)
    new = path.with_suffix(".new")
    with new.open("w", encoding="utf-8") as file:
        file.write(note.to_json())
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
