"""Defines the orders to a reading process, its answers, and what it gives up before it opens the file. Answers are JSON objects, one line a
page, so a crash loses one page only. Its files may be hostile: its lines are checked like any input from outside."""

from __future__ import annotations

import ctypes
import errno
import json
import os
import platform
import re
import resource
import struct
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from typing import Any

from bot.domain.publication import FileStatement
from bot.domain.text import MOST_UNSURE, PageText, TextOrigin
from bot.reading.pages.recognition import LANGUAGE
from bot.reading.sandbox import syscalls

MOST_LINE_BYTES = 16 * 1024 * 1024
"""Longer than any page the child may send (two texts of 500,000 characters, at most 12 bytes each once escaped)."""
MOST_STATED = 100
"""Characters kept of each thing that a file states of itself."""
NOTHING_STATED = FileStatement()
REFUSED = 77
"""The exit status of a process that its confinement refused something."""
_UNFIT = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef\ufffe\uffff]")
"""Controls, which databases and feeds refuse, and what turns the direction of the text that follows, so that it shows as another."""


@dataclass(frozen=True, slots=True)
class FileOpened:
    """First line: the file is a PDF of so many pages. `salvaged` and `made` as in `Reading`."""

    page_count: int
    salvaged: bool = False
    made: FileStatement = NOTHING_STATED


@dataclass(frozen=True, slots=True)
class Failed:
    """Only line: the file cannot be read at all, and why."""

    reason: str


class NotUnderstood(Exception):
    """A line that a reading process never sends."""


def encode(message: FileOpened | Failed | PageText) -> bytes:
    """Return one message as one line of ASCII."""
    fields: dict[str, Any]
    match message:
        case FileOpened():
            fields = {"pages": message.page_count, "salvaged": message.salvaged, "made": list(astuple(message.made))}
        case Failed():
            fields = {"error": message.reason}
        case _:
            fields = asdict(message) | {"seconds": round(message.seconds, 4), "unsure": sorted(message.unsure)}
    return json.dumps(fields, ensure_ascii=True, separators=(",", ":")).encode("ascii") + b"\n"


def decode(line: bytes) -> FileOpened | Failed | PageText:
    """Return the message of one line. Raises NotUnderstood."""
    match fields := parsed(line):
        case {"pages": int(count)} if count >= 0 and not isinstance(count, bool):
            return FileOpened(count, fields.get("salvaged") is True, _made(fields.get("made", ["", "", ""])))
        case {"error": str(reason)}:
            return Failed(reason)
        case {"number": int(number), "text": str(text), "origin": str(origin), "other": str(other)}:
            return _page(number, text, origin, other, fields)
    raise NotUnderstood("a line of an unknown kind")


def parsed(line: bytes) -> Any:
    """Return what a line of JSON holds. Raises NotUnderstood."""
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise NotUnderstood("a line that is not JSON") from error


def _made(stated: object) -> FileStatement:
    match stated:
        case [str(created), str(modified), str(producer)]:
            return FileStatement(*(printable(_storable(each))[:MOST_STATED] for each in (created, modified, producer)))
    raise NotUnderstood("a file that states impossible things of itself")


def _page(number: int, text: str, origin: str, other: str, fields: Mapping[str, Any]) -> PageText:
    confidence, seconds = fields.get("confidence"), fields.get("seconds")
    if not (confidence is None or (type(confidence) is int and 0 <= confidence <= 100)):
        raise NotUnderstood("a page of an impossible confidence")
    if not (isinstance(seconds, int | float) and 0 <= seconds < 1e6):
        raise NotUnderstood("a page of an impossible duration")
    words = fields.get("unsure", [])
    if not (isinstance(words, list) and len(words) <= MOST_UNSURE and all(isinstance(word, str) for word in words)):
        raise NotUnderstood("a page of impossible words")
    try:
        damaged, unsure, lacks = fields.get("damaged") is True, frozenset(map(_storable, words)), printable(str(fields.get("lacks", "")))
        return PageText(number, _storable(text), TextOrigin(origin), _storable(other), confidence, float(seconds), damaged, unsure, lacks)
    except ValueError as error:
        raise NotUnderstood("a page of an unknown origin") from error


def _storable(text: str) -> str:
    # Lone surrogates are legal in JSON and in no file or database; no text of a decree holds the others.
    return _UNFIT.sub("", text.encode("utf-8", "replace").decode("utf-8"))


def printable(text: str) -> str:
    """Return a text from outside, fit for one line of a log."""
    return "".join(c if c.isprintable() else " " for c in text)[:300]


@dataclass(frozen=True, slots=True)
class StartOrder:
    """Orders the start of a reading process: its file, and the limits it sets on itself first. `page_seconds`: processor time to open the
    file, and for each page; 0: no limit. `data`: folder of the recognition data. `commands`: may run programs, as `tesseract` needs.
    `trusting`: nothing is checked, and no attached file is opened. `topics`: folder of the host's own."""

    path: str
    memory_bytes: int
    cpu_seconds: int
    page_seconds: float = 0.0
    data: Path | None = None
    commands: bool = False
    trusting: bool = False
    topics: Path | None = None

    def argument(self) -> str:
        """Return it as one command-line argument, with the whole path: the process starts in another folder."""
        return json.dumps(asdict(self) | {"path": str(Path(self.path).absolute())}, ensure_ascii=True, default=str)

    @classmethod
    def parse(cls, argument: str) -> StartOrder:
        """Return the inverse of `argument`."""
        fields: dict[str, Any] = json.loads(argument)
        return cls(**fields | {name: Path(fields[name]) for name in ("data", "topics") if fields[name] is not None})


@dataclass(frozen=True, slots=True)
class TextLayerOrder:
    """Order: report what the text layer holds, of every page from `first` on but those that are `known`, one line each in order."""

    first: int = 1
    known: frozenset[int] = frozenset()

    def line(self) -> bytes:
        """Return it as one line of JSON."""
        return json.dumps({"survey": self.first, "known": sorted(self.known)}).encode("ascii") + b"\n"


@dataclass(frozen=True, slots=True)
class RecogniseOrder:
    """Order: recognise the text of one page; one line."""

    page: int

    def line(self) -> bytes:
        """Return it as one line of JSON."""
        return json.dumps({"recognise": self.page}).encode("ascii") + b"\n"


def parse_order(line: bytes) -> TextLayerOrder | RecogniseOrder:
    """Return the inverse of `line`. Raises ValueError on anything else."""
    match json.loads(line):
        case {"survey": int(first), "known": list(known)}:
            return TextLayerOrder(first, frozenset(map(int, known)))
        case {"recognise": int(page)}:
            return RecogniseOrder(page)
    raise ValueError("not an order")


# Confinement: a file that takes over the process can only read itself. Limits hold on every POSIX system, the system-call filter on Linux
# (x86_64, aarch64), hidden files where Linux has Landlock. The process can write nowhere.

_OPEN_FILES = 64
_SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/nix/store", "/etc/ld.so.cache")
_CODE = Path(__file__).resolve().parents[2]
_NEW_NETWORK, _NEW_USER = 0x40000000, 0x10000000


def confine(start: StartOrder) -> tuple[str, ...]:
    """Give up whatever reading this PDF does not need; return what this system cannot enforce, in words. Call it before any thread starts:
    later threads inherit it."""
    limit(start)
    missing: list[str] = []
    try:
        restrict_files(_needed(start))
    except NotPossible as error:
        missing.append(str(error))
    try:
        filter_calls(commands=start.commands)
    except NotPossible as error:
        missing.append(str(error))
        _leave_network()
    return tuple(missing)


def limit(start: StartOrder) -> None:
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


def _needed(start: StartOrder) -> dict[Path, int]:
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
    if start.data is not None:
        # The one file of it, which may be a link to elsewhere: that folder is any folder of the user's.
        needed[start.data / f"{LANGUAGE}.traineddata"] = READ_FILE
    needed[Path(start.path)] = READ_FILE
    return needed


def _leave_network() -> None:
    """Where calls cannot be filtered: a network of our own, with nothing in it, where the system lets us have one."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        if libc.unshare(_NEW_NETWORK) != 0:
            with suppress(OSError):
                libc.unshare(_NEW_USER | _NEW_NETWORK)


# Files that a reading process may open (Landlock, Linux 5.13 and later): its own code and data, and the one PDF. Not the bot's settings and
# database, nor `/proc` with the environment of other processes. See `man 7 landlock`.

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every machine
_VERSION = 1
_PATH_BENEATH = 1

EXECUTE, READ_FILE, READ_DIR = 1 << 0, 1 << 2, 1 << 3
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""Version of Landlock -> how many rights on files it has."""
_NETWORK_SINCE, _TCP = 4, 0b11
_SCOPES_SINCE, _SCOPES = 6, 0b11


def landlock_version() -> int:
    """Return the version of Landlock of this kernel, 0 where there is none."""
    if sys.platform != "linux":
        return 0
    return max(0, int(_call(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION)))


def restrict_files(allowed: Mapping[Path, int]) -> None:
    """Let this thread and its children open only what is allowed (path -> rights on it and beneath), for good; also no TCP connection and
    no signal to others, where the kernel can forbid them. Missing paths are skipped. Raises NotPossible."""
    found = landlock_version()
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


# Filters system calls (seccomp) on Linux, x86_64 and aarch64: those beyond reading are refused. The filter is a program of the kernel's
# packet filter; see `man 2 seccomp` and `linux/bpf_common.h`.

_ARCHITECTURES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
"""Machine -> its AUDIT_ARCH value, and its column in the table of calls."""

_LOAD, _EQUAL, _GREATER, _ANY_BIT, _RETURN = 0x20, 0x15, 0x25, 0x45, 0x06
_ALLOW, _KILL_PROCESS, _ERROR = 0x7FFF0000, 0x80000000, 0x00050000
_AT_NUMBER, _AT_ARCHITECTURE, _AT_ARGUMENTS = 0, 4, 16
_CLONE_THREAD = 0x00010000
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_TIOCSTI = 0x5412
"""Writes into a terminal as if a person typed."""
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 38, 22, 2

Instruction = tuple[int, int, int, int]
"""Code, jump if true, jump if false, operand."""


class NotPossible(Exception):
    """This system has no such means. The message says why."""


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def filter_calls(*, commands: bool) -> None:
    """Put the filter on this thread and on those it starts, for good. `commands` may still start programs. Raises NotPossible."""
    machine = platform.machine()
    # On a 32-bit Python of a 64-bit system every call would come from the wrong architecture.
    if sys.platform != "linux" or machine not in _ARCHITECTURES or sys.maxsize < 2**32:
        raise NotPossible(f"no filter is known for {sys.platform} on {machine}")
    packed = b"".join(struct.pack("=HBBI", *one) for one in filter_program(machine, os.getpid(), commands=commands))
    whole = _Program(len(packed) // 8, packed)
    libc = ctypes.CDLL(None, use_errno=True)
    if (
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0
        or libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(whole), 0, 0) != 0
    ):
        raise NotPossible(f"the kernel refuses a filter: {os.strerror(ctypes.get_errno())}")


def filter_program(machine: str, process: int, *, commands: bool) -> list[Instruction]:
    """Return the filter for this machine (`x86_64` or `aarch64`), for a process of this id."""
    architecture, column = _ARCHITECTURES[machine]
    refused = [syscalls.NETWORK, syscalls.FILES, syscalls.OTHERS, syscalls.SYSTEM, *([] if commands else [syscalls.PROGRAMS])]
    looked_at = {name: numbers[column] for name, numbers in syscalls.LOOKED_AT.items()}
    thread = _look(0, _ANY_BIT, _CLONE_THREAD, refuse=False)
    one_thread = [] if commands else [_when(looked_at["clone"], thread), _when(looked_at["clone3"], _error(errno.ENOSYS))]
    parts: Iterable[list[Instruction]] = [
        [(_LOAD, 0, 0, _AT_ARCHITECTURE), (_EQUAL, 1, 0, architecture), (_RETURN, 0, 0, _KILL_PROCESS)],
        [(_LOAD, 0, 0, _AT_NUMBER), (_GREATER, 0, 1, syscalls.NEWEST), *_error(errno.ENOSYS)],
        *(_when(numbers[column], _error(errno.EPERM)) for group in refused for numbers in group.values()),
        *one_thread,
        # The flags of `openat2` are out of a filter's sight; nobody misses it where it is unknown.
        _when(looked_at["openat2"], _error(errno.ENOSYS)),
        _when(looked_at["open"], _look(1, _ANY_BIT, _WRITING, refuse=True)),
        _when(looked_at["openat"], _look(2, _ANY_BIT, _WRITING, refuse=True)),
        # Ourselves only: `abort` needs it.
        _when(looked_at["kill"], _look(0, _EQUAL, process, refuse=False)),
        _when(looked_at["tgkill"], _look(0, _EQUAL, process, refuse=False)),
        _when(looked_at["setpriority"], _look(1, _EQUAL, 0, refuse=False)),
        _when(looked_at["prlimit64"], _look(0, _EQUAL, 0, refuse=False)),
        _when(looked_at["ioctl"], _look(1, _EQUAL, _TIOCSTI, refuse=True)),
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
