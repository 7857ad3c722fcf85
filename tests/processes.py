"""The program in processes of its own: started as a user would, or forked from one that has it loaded."""

from __future__ import annotations

import itertools
import json
import os
import pty
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol, TextIO

from bot.messages.cleaning import with_plain_spaces
from tests.json_schema import check, command_in

LONGEST = 120.0
"""Seconds that a command of a test may take."""


@dataclass(frozen=True)
class Done:
    """A finished command. What it wrote has plain spaces, as words have in the whole suite."""

    code: int
    out: str
    err: str
    arguments: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("out", "err"):
            object.__setattr__(self, name, with_plain_spaces(getattr(self, name)))

    @property
    def json(self) -> Any:
        """What it printed; of a command, as the schema of that describes it."""
        document = json.loads(self.out)
        if self.arguments:
            check(command_in(self.arguments), document)
        return document


class Running(Protocol):
    """A process that runs: what a test may ask of it. `wait` gives the exit code, negative for a signal, and fails after the seconds."""

    @property
    def pid(self) -> int: ...

    def is_running(self) -> bool: ...

    def send(self, number: signal.Signals) -> None: ...

    def wait(self, seconds: float = LONGEST) -> int: ...


class Started:
    """A new interpreter, as a user starts it."""

    def __init__(self, arguments: Sequence[str], folder: Path, environ: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            command(arguments), cwd=folder, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def is_running(self) -> bool:
        return self._process.poll() is None

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def wait(self, seconds: float = LONGEST) -> int:
        return self._process.wait(seconds)


class Forked:
    """A process of the zygote. It is known by a file descriptor: nobody else's process can be meant, whatever its id."""

    def __init__(self, zygote: Zygote, pid: int) -> None:
        self.pid = pid
        self._zygote = zygote
        self._handle = os.pidfd_open(pid)
        self._code: int | None = None

    def is_running(self) -> bool:
        return self._code is None and not self._ends_within(0.0)

    def send(self, number: signal.Signals) -> None:
        if self._code is None:
            signal.pidfd_send_signal(self._handle, number)

    def wait(self, seconds: float = LONGEST) -> int:
        if self._code is None:
            if not self._ends_within(seconds):
                raise TimeoutError(f"the process did not end within {seconds:g} seconds")
            self._code = self._zygote.ask({"bury": self.pid})
            os.close(self._handle)
        return self._code

    def _ends_within(self, seconds: float) -> bool:
        return bool(select.select([self._handle], [], [], seconds)[0])


class ZygoteProcess:
    """One that has the program loaded, or a part of it, and forks. All processes of a test run may order forks of it."""

    def __init__(self, module: str, *arguments: str, options: Sequence[str] = (), folder: Path, environ: Mapping[str, str]) -> None:
        self._orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, *options, "-m", module, *arguments, str(theirs.fileno())],
                env=environ,
                cwd=folder,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, order: Mapping[str, Any], streams: Sequence[int] = ()) -> int:
        """Its answer to an order, on a socket of that: several processes may ask."""
        mine, theirs = socket.socketpair()
        with mine:
            with theirs:
                socket.send_fds(self._orders, [json.dumps(order).encode()], [theirs.fileno(), *streams])
            return int(mine.recv(64))

    def close(self) -> None:
        """Order nothing more. It ends with the last process that does."""
        with self._process as process:
            self._orders.close()
            process.wait()


@cache
def program() -> ZygoteProcess:
    """The process that has the whole program loaded: of this one, or of the one that it was forked from."""
    return ZygoteProcess("tests.zygote", folder=Path(__file__).parents[1], environ=clean_environ())


class Zygote:
    """Runs the program in processes forked from one that has it loaded: see `tests.zygote`. Their streams are files in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = itertools.count(1)
        self.ask = program().ask

    def begin(self, arguments: Sequence[str], folder: Path, environ: Mapping[str, str]) -> Forked:
        """One more process. Whoever begins it waits for it."""
        return self._begin(arguments, folder, environ, *self._streams())

    @contextmanager
    def script(self, script: str, *arguments: str) -> Iterator[tuple[Forked, TextIO]]:
        """A script in place of the command, and what it writes, line by line. It is killed at the end where it still runs."""
        out, err = self._streams()
        out.unlink()
        os.mkfifo(out)
        running = self._begin(arguments, self._folder, clean_environ(), out, err, script=script)
        try:
            with out.open(encoding="utf-8") as lines:
                yield running, lines
        finally:
            running.send(signal.SIGKILL)
            running.wait()

    def run_script(self, script: str, *arguments: str) -> Done:
        """A script in place of the command, to its end."""
        out, err = self._streams()
        code = self._begin(arguments, self._folder, clean_environ(), out, err, script=script).wait()
        return Done(code, out.read_text("utf-8"), err.read_text("utf-8"))

    def run(self, arguments: Sequence[str], folder: Path, environ: Mapping[str, str], out: Path | None = None) -> Done:
        """A whole command, its output to a file of its own or to `out`. Raises TimeoutError where it takes too long, and ends it."""
        own, err = self._streams()
        running = self._begin(arguments, folder, environ, out or own, err)
        try:
            code = running.wait()
        except TimeoutError as slow:
            running.send(signal.SIGKILL)
            running.wait()
            raise TimeoutError(f"vigie {' '.join(arguments)} did not end") from slow
        return Done(code, own.read_text("utf-8"), err.read_text("utf-8"), tuple(arguments))

    def _streams(self) -> tuple[Path, Path]:
        number = next(self._number)
        out, err = self._folder / f"{number}.out", self._folder / f"{number}.err"
        for path in (out, err):
            path.write_bytes(b"")
        return out, err

    def _begin(
        self, arguments: Sequence[str], folder: Path, environ: Mapping[str, str], out: Path, err: Path, script: str | None = None
    ) -> Forked:
        order = {"arguments": arguments, "folder": str(folder), "environ": environ, "out": str(out), "err": str(err), "script": script}
        return Forked(self, self.ask(order))


def command(arguments: Sequence[str]) -> list[str]:
    return [sys.executable, "-c", "from bot.cli import main; main()", *arguments]


def on_a_terminal(
    folder: Path, arguments: Sequence[str], seen: Callable[[subprocess.Popen[bytes], str], None] = lambda _process, _shown: None
) -> tuple[int, str]:
    """Run the command with a terminal as its standard error. `seen` is called with all that it shows, whenever there is more."""
    ours, theirs = pty.openpty()
    environ = {**clean_environ(), "TERM": "xterm"}
    shown = b""
    with subprocess.Popen(command(arguments), cwd=folder, env=environ, stdout=subprocess.DEVNULL, stderr=theirs) as process:
        os.close(theirs)
        try:
            # At the end of the last process that holds it a terminal gives an error.
            while piece := os.read(ours, 65536):
                shown += piece
                seen(process, shown.decode("utf-8", "replace"))
        except OSError:
            pass
        finally:
            os.close(ours)
            code = process.wait(timeout=60)
    return code, shown.decode("utf-8", "replace")


def clean_environ(more: Mapping[str, str] | None = None) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("VIGIE_")}
    return {**kept, "COLUMNS": "200", "NO_COLOR": "1", **(more or {})}
