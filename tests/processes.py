"""The program in processes of its own: started as a user would, or forked from one that has it loaded."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, Protocol, TextIO

from bot.messages.words import with_plain_spaces
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

    def __init__(self, *python: str | Path, folder: Path, environ: Mapping[str, str]) -> None:
        """`python`: an interpreter and what it runs, which gets the number of a socket as its last argument."""
        self._orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [*python, str(theirs.fileno())],
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
    return ZygoteProcess(sys.executable, "-m", "tests.zygote", folder=Path(__file__).parents[1], environ=clean_environ())


class Zygote:
    """Runs the program in processes forked from one that has it loaded: see `tests.zygote`. Scripts run in `folder`."""

    def __init__(self, folder: Path, process: ZygoteProcess | None = None) -> None:
        self._folder = folder
        self.ask = (process or program()).ask

    def begin(
        self,
        arguments: Sequence[str],
        folder: Path,
        environ: Mapping[str, str],
        streams: Sequence[int | None] = (None, None, None),
        script: str | None = None,
    ) -> Forked:
        """One more process, or a script in place of the command. Whoever begins it waits for it. `streams`: nothing where there is None."""
        order = {"arguments": arguments, "folder": str(folder), "environ": environ, "script": script}
        with Path(os.devnull).open("r+b", 0) as nothing:
            return Forked(self, self.ask(order, [nothing.fileno() if each is None else each for each in streams]))

    @contextmanager
    def script(self, script: str, *arguments: str) -> Iterator[tuple[Forked, TextIO]]:
        """A script in place of the command, and what it writes, line by line. It is killed at the end where it still runs."""
        lines, out = os.pipe()
        with os.fdopen(lines, encoding="utf-8") as said:
            try:
                running = self.begin(arguments, self._folder, clean_environ(), (None, out, None), script)
            finally:
                os.close(out)
            try:
                yield running, said
            finally:
                running.send(signal.SIGKILL)
                running.wait()

    def run_script(self, script: str, *arguments: str) -> Done:
        """A script in place of the command, to its end."""
        return self.run(arguments, self._folder, clean_environ(), script=script)

    def run(
        self,
        arguments: Sequence[str],
        folder: Path,
        environ: Mapping[str, str],
        *,
        given: str = "",
        out: Path | None = None,
        script: str | None = None,
    ) -> Done:
        """A whole command, or a script in its place: what it reads is `given`, what it writes may go to `out`.

        Raises TimeoutError where it takes too long, and ends it.
        """
        with ExitStack() as stack:
            read, written, complained = (stack.enter_context(TemporaryFile()) for _ in range(3))
            read.write(given.encode())
            read.seek(0)
            taking = written if out is None else stack.enter_context(out.open("wb", 0))
            running = self.begin(arguments, folder, environ, [each.fileno() for each in (read, taking, complained)], script)
            try:
                code = running.wait()
            except TimeoutError as slow:
                running.send(signal.SIGKILL)
                running.wait()
                raise TimeoutError(f"vigie {' '.join(arguments)} did not end") from slow
            written.seek(0)
            complained.seek(0)
            return Done(code, written.read().decode(), complained.read().decode(), tuple(arguments) if script is None else ())

    def on_a_terminal(
        self, folder: Path, arguments: Sequence[str], seen: Callable[[Forked, str], None] = lambda _process, _shown: None
    ) -> tuple[int, str]:
        """Run the command with a terminal as its standard error. `seen` is called with all that it shows, whenever there is more."""
        ours, theirs = pty.openpty()
        shown = b""
        try:
            running = self.begin(arguments, folder, clean_environ({"TERM": "xterm"}), (None, None, theirs))
            os.close(theirs)
            # At the end of the last process that holds it a terminal gives an error.
            with suppress(OSError):
                while piece := os.read(ours, 65536):
                    shown += piece
                    seen(running, shown.decode("utf-8", "replace"))
        finally:
            os.close(ours)
        return running.wait(), shown.decode("utf-8", "replace")


def command(arguments: Sequence[str]) -> list[str]:
    return [sys.executable, "-c", "from bot.cli import main; from tests.clock import tell; tell(); main()", *arguments]


def clean_environ(more: Mapping[str, str] | None = None) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("VIGIE_")}
    return {**kept, "COLUMNS": "200", "NO_COLOR": "1", **(more or {})}
