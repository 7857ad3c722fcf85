"""A filter on system calls (seccomp), for Linux on x86_64 and aarch64: what a reading process asks of the kernel beyond reading is refused.

The filter is a program of the kernel's packet filter, put together here; see `man 2 seccomp` and `linux/bpf_common.h`.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Iterable

from bot.reading.sandbox import syscalls

_ARCHITECTURES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
"""Machine -> its AUDIT_ARCH value, and its column in the table of calls."""

_LOAD, _EQUAL, _GREATER, _ANY_BIT, _RETURN = 0x20, 0x15, 0x25, 0x45, 0x06
_ALLOW, _KILL_PROCESS, _ERROR = 0x7FFF0000, 0x80000000, 0x00050000
_AT_NUMBER, _AT_ARCHITECTURE, _AT_ARGUMENTS = 0, 4, 16
_CLONE_THREAD = 0x00010000
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_TIOCSTI = 0x5412
"""Types into a terminal, as if a person did."""
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 38, 22, 2

Instruction = tuple[int, int, int, int]
"""Code, jump if true, jump if false, operand."""


class NotPossible(Exception):
    """This system has no such means. The message says why."""


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def install(*, commands: bool) -> None:
    """Put the filter on this thread and on those it starts, for good. `commands` may still start programs. Raises NotPossible."""
    machine = platform.machine()
    # On a 32-bit Python of a 64-bit system every call would come from the wrong architecture.
    if sys.platform != "linux" or machine not in _ARCHITECTURES or sys.maxsize < 2**32:
        raise NotPossible(f"no filter is known for {sys.platform} on {machine}")
    packed = b"".join(struct.pack("=HBBI", *one) for one in program(machine, os.getpid(), commands=commands))
    whole = _Program(len(packed) // 8, packed)
    libc = ctypes.CDLL(None, use_errno=True)
    if (
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0
        or libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(whole), 0, 0) != 0
    ):
        raise NotPossible(f"the kernel refuses a filter: {os.strerror(ctypes.get_errno())}")


def program(machine: str, process: int, *, commands: bool) -> list[Instruction]:
    """The filter for this machine (`x86_64` or `aarch64`), for a process of this id."""
    architecture, column = _ARCHITECTURES[machine]
    refused = [syscalls.NETWORK, syscalls.FILES, syscalls.OTHERS, syscalls.SYSTEM, *([] if commands else [syscalls.PROGRAMS])]
    looked_at = {name: numbers[column] for name, numbers in syscalls.LOOKED_AT.items()}
    one_thread = (
        [] if commands else [_when(looked_at["clone"], _unless_bits(0, _CLONE_THREAD)), _when(looked_at["clone3"], _error(errno.ENOSYS))]
    )
    parts: Iterable[list[Instruction]] = [
        [(_LOAD, 0, 0, _AT_ARCHITECTURE), (_EQUAL, 1, 0, architecture), (_RETURN, 0, 0, _KILL_PROCESS)],
        [(_LOAD, 0, 0, _AT_NUMBER), (_GREATER, 0, 1, syscalls.NEWEST), *_error(errno.ENOSYS)],
        *(_when(numbers[column], _error(errno.EPERM)) for group in refused for numbers in group.values()),
        *one_thread,
        # The flags of `openat2` are out of a filter's sight; nobody misses it where it is unknown.
        _when(looked_at["openat2"], _error(errno.ENOSYS)),
        _when(looked_at["open"], _if_bits(1, _WRITING)),
        _when(looked_at["openat"], _if_bits(2, _WRITING)),
        # Ourselves only: `abort` needs it.
        _when(looked_at["kill"], _unless_equal(0, process)),
        _when(looked_at["tgkill"], _unless_equal(0, process)),
        _when(looked_at["setpriority"], _unless_equal(1, 0)),
        _when(looked_at["prlimit64"], _unless_equal(0, 0)),
        _when(looked_at["ioctl"], _if_equal(1, _TIOCSTI)),
        [(_RETURN, 0, 0, _ALLOW)],
    ]
    return [instruction for part in parts for instruction in part]


def _when(number: int | None, then: list[Instruction]) -> list[Instruction]:
    """Do this for one call, go on otherwise."""
    return [] if number is None else [(_EQUAL, 0, len(then), number), *then]


def _error(code: int) -> list[Instruction]:
    return [(_RETURN, 0, 0, _ERROR | code)]


def _look(argument: int, test: int, operand: int, *, refuse: bool) -> list[Instruction]:
    """Refuse when the test of the low half of an argument says so (or does not), else allow. Both machines are little-endian."""
    refusal, allowance = _error(errno.EPERM), [(_RETURN, 0, 0, _ALLOW)]
    return [(_LOAD, 0, 0, _AT_ARGUMENTS + 8 * argument), (test, 0, 1, operand), *(refusal + allowance if refuse else allowance + refusal)]


def _if_bits(argument: int, bits: int) -> list[Instruction]:
    return _look(argument, _ANY_BIT, bits, refuse=True)


def _unless_bits(argument: int, bits: int) -> list[Instruction]:
    return _look(argument, _ANY_BIT, bits, refuse=False)


def _if_equal(argument: int, value: int) -> list[Instruction]:
    return _look(argument, _EQUAL, value, refuse=True)


def _unless_equal(argument: int, value: int) -> list[Instruction]:
    return _look(argument, _EQUAL, value, refuse=False)
