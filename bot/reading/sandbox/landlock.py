"""Which files a reading process may see (Landlock, Linux 5.13 and later): its own code and data, and the one PDF.

Nothing else can be opened: not the settings nor the database of the bot, nor `/proc` with the environment of other processes.
See `man 7 landlock`.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from bot.reading.sandbox.seccomp import NotPossible

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every machine
_VERSION = 1
_PATH_BENEATH = 1
_PR_SET_NO_NEW_PRIVS = 38

EXECUTE, READ_FILE, READ_DIR = 1 << 0, 1 << 2, 1 << 3
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""Version of Landlock -> how many rights on files it knows."""
_NETWORK_SINCE, _TCP = 4, 0b11
_SCOPES_SINCE, _SCOPES = 6, 0b11


def version() -> int:
    """The version of Landlock of this kernel, 0 where there is none."""
    if sys.platform != "linux":
        return 0
    return max(0, int(_call(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION)))


def restrict(allowed: Mapping[Path, int]) -> None:
    """Let this thread, and those it starts, open nothing but what is allowed (path -> rights on it and beneath), for good.

    No TCP connection and no signal to others either, where the kernel can forbid them. Paths that do not exist are passed over.
    Raises NotPossible.
    """
    found = version()
    if found == 0:
        raise NotPossible("the kernel has no Landlock")
    handled = (1 << _FILE_RIGHTS.get(found, 16)) - 1
    attributes = struct.pack("=QQQ", handled, _TCP if found >= _NETWORK_SINCE else 0, _SCOPES if found >= _SCOPES_SINCE else 0)
    rules = _checked(_call(_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0))
    try:
        for path, rights in allowed.items():
            with suppress(OSError):
                _allow(rules, path, rights)
        _checked(ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        _checked(_call(_RESTRICT_SELF, rules, 0))
    finally:
        os.close(rules)


def _allow(rules: int, path: Path, rights: int) -> None:
    beneath = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        # The rights of folders mean nothing on a file, and are refused there.
        own = rights if path.is_dir() else rights & ~READ_DIR
        _checked(_call(_ADD_RULE, rules, _PATH_BENEATH, struct.pack("=Qi", own, beneath), 0))
    finally:
        os.close(beneath)


def _call(number: int, *arguments: object) -> int:
    return int(ctypes.CDLL(None, use_errno=True).syscall(number, *arguments))


def _checked(result: int) -> int:
    if result < 0:
        raise NotPossible(f"the kernel refuses Landlock: {os.strerror(ctypes.get_errno())}")
    return result
