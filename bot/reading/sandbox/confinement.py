"""What a reading process gives up before it opens the file, for good: a file that takes it over gains a process that can only read itself.

Limits hold on every POSIX system; system calls are filtered on Linux (x86_64, aarch64); files are out of sight where Linux has Landlock.
No folder of its own for temporary files: nothing can be written anywhere, and nothing needs to be.
"""

from __future__ import annotations

import ctypes
import os
import resource
import sys
from contextlib import suppress
from pathlib import Path

from bot.reading.pages.ocr import LANGUAGE
from bot.reading.sandbox import landlock, seccomp
from bot.reading.sandbox.landlock import EXECUTE, READ_DIR, READ_FILE
from bot.reading.sandbox.seccomp import NotPossible
from bot.reading.sandbox.wire import Start

_OPEN_FILES = 64
_SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/nix/store", "/etc/ld.so.cache")
_CODE = Path(__file__).resolve().parents[2]
_NEW_NETWORK, _NEW_USER = 0x40000000, 0x10000000


def confine(start: Start) -> tuple[str, ...]:
    """Give up whatever reading this PDF does not need; what this system cannot enforce, in words.

    To be called before any thread is started: it holds for those that follow.
    """
    limit(start)
    missing: list[str] = []
    try:
        landlock.restrict(_needed(start))
    except NotPossible as error:
        missing.append(str(error))
    try:
        seccomp.install(commands=start.commands)
    except NotPossible as error:
        missing.append(str(error))
        _leave_network()
    return tuple(missing)


def limit(start: Start) -> None:
    """Cap what this process may take, for good: memory, processor time, files (none may grow: nothing is written), core dumps."""
    _cap(resource.RLIMIT_AS, start.memory_bytes)
    # One second more for the hard limit: the soft one tells what happened (SIGXCPU), the hard one kills.
    _cap(resource.RLIMIT_CPU, start.cpu_seconds, start.cpu_seconds + 1)
    _cap(resource.RLIMIT_FSIZE, 0)
    _cap(resource.RLIMIT_CORE, 0)
    _cap(resource.RLIMIT_NOFILE, _OPEN_FILES)


def _cap(kind: int, soft: int, hard: int | None = None) -> None:
    """Lower a limit; one that the system already holds lower stays, as only an administrator may raise it."""
    _, present = resource.getrlimit(kind)
    most = soft if hard is None else hard
    if present != resource.RLIM_INFINITY:
        most = min(most, present)
    resource.setrlimit(kind, (min(soft, most), most))


def _needed(start: Start) -> dict[Path, int]:
    """The PDF, the code of Python and of this program, the system's libraries and recognition data: nothing where people keep settings."""
    read = READ_FILE | READ_DIR
    run = EXECUTE if start.commands else 0
    needed = {Path(place): read | run for place in _SYSTEM}
    # What is allowed by one name is allowed by all: a link to the checkout counts as the checkout, below.
    needed |= {Path(place).resolve(): read for place in (*sys.path, f"{sys.base_prefix}/lib") if place}
    if _CODE.parent.name not in ("site-packages", "dist-packages"):
        # A checkout: beside the code are the settings and the database.
        needed[_CODE.parent] = READ_DIR
    needed[_CODE] = read
    folders = [("LD_LIBRARY_PATH", read), *([("PATH", read | EXECUTE)] if start.commands else [])]
    for name, rights in folders:
        # A place that is not absolute (`.`) would be one in the root folder, where we are: all that this machine holds.
        needed |= {Path(place): rights for place in os.environ.get(name, "").split(os.pathsep) if Path(place).is_absolute()}
    if prefix := os.environ.get("TESSDATA_PREFIX"):
        # The one file of it, which may be a link to elsewhere: that folder is any folder of the user's.
        needed |= {folder / f"{LANGUAGE}.traineddata": READ_FILE for folder in (Path(prefix), Path(prefix, "tessdata"))}
    needed[Path(start.path)] = READ_FILE
    return needed


def _leave_network() -> None:
    """Where calls cannot be filtered: a network of our own, with nothing in it, where the system lets us have one."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        if libc.unshare(_NEW_NETWORK) != 0:
            with suppress(OSError):
                libc.unshare(_NEW_USER | _NEW_NETWORK)
