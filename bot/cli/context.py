"""Provides commands with settings, logging, output and ends on errors."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import FrameType, TracebackType
from typing import Annotated, Any, NoReturn, Self, TextIO, TypeVar, cast

import typer
from pydantic_core import to_jsonable_python
from rich.console import Console

from bot.app.config.errors import ConfigError
from bot.app.config.loading import read_configuration
from bot.app.config.model import Settings
from bot.app.logs import set_up_logging
from bot.domain.secrets import RedactedStream
from bot.storage.errors import HandedOverFailed, StorageError

DONE, FAILED, WRONG_USE, PARTLY_DONE, INTERRUPTED = 0, 1, 2, 3, 130

stderr = Console(stderr=True, highlight=False)

T = TypeVar("T")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else, on standard output.")]


@dataclass(frozen=True, slots=True)
class Context:
    """Describes the options that stand before the command."""

    config: Path | None
    verbose: bool

    def load_settings(
        self,
        *,
        known_codes: frozenset[str] | None = None,
        check_service: Callable[[str], object] | None = None,
        logs: str | None = "warning",
    ) -> Settings:
        """Load the settings and set up the log (`logs`: its level, None for the configured); end with a message where they are wrong.
        Without `known_codes` and `check_service`, codes and Apprise addresses are unchecked.
        """
        try:
            settings = self.read_settings(known_codes=known_codes, check_service=check_service)
        except ConfigError as error:
            fail(str(error), WRONG_USE)
        self.begin_logging(settings, logs)
        return settings

    def read_settings(self, *, known_codes: frozenset[str] | None, check_service: Callable[[str], object] | None) -> Settings:
        """Load the settings, and nothing else. Raises ConfigError."""
        return read_configuration(self.config, os.environ, known_codes=known_codes, check_service=check_service).settings

    def begin_logging(self, settings: Settings, logs: str | None) -> None:
        """Set up the log, as `load_settings` does."""
        level = "debug" if self.verbose else logs or settings.log.level
        # Whatever is written there from now on, a traceback or a warning of Python too, holds no secret.
        sys.stderr = cast(TextIO, RedactedStream(sys.stderr, settings.secrets))
        # What NO_COLOR and TERM=dumb request, as in all else that is printed.
        set_up_logging(level, settings.log.format, sys.stderr, plain=stderr.no_color or stderr.is_dumb_terminal)


def day(text: str) -> date:
    """Return a day as options have it. Raises BadParameter."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("write a day as 2025-01-31") from None


def as_installed(text: str, prefix: Path = Path(sys.prefix)) -> str:
    """Return advice with this installation's command for an extra (pipx has its own)."""
    is_of_pipx = (prefix / "pipx_metadata.json").is_file()
    return text.replace("pip install 'vigie-vsa[", "pipx inject vigie-vsa 'vigie-vsa[") if is_of_pipx else text


def print_json(value: Any) -> None:
    """Print one JSON document, indented, in UTF-8 whatever the locale."""
    typer.echo(as_installed(json.dumps(to_jsonable_python(value), ensure_ascii=False, indent=2)).encode())


def print_lines(lines: Iterable[str]) -> None:
    """Print lines, each as it comes."""
    for line in lines:
        typer.echo(as_installed(line))


def show(document: Any, lines: Iterable[str], *, as_json: bool) -> None:
    """Print a result: the document as JSON, or the lines for people."""
    if as_json:
        print_json(document)
    else:
        print_lines(lines)


def fail(message: str, code: int = FAILED) -> NoReturn:
    """Say what is wrong on standard error and end."""
    stderr.print(f"vigie: {as_installed(message)}", style="red" if stderr.is_terminal else None, markup=False, soft_wrap=True)
    raise typer.Exit(code)


def fail_of_storage(error: StorageError) -> NoReturn:
    """End after a database error; with WRONG_USE where the configuration must be changed first."""
    fail(str(error), WRONG_USE if error.is_lasting else FAILED)


def run_to_end(work: Coroutine[Any, Any, T], *, stop: asyncio.Event | None = None) -> T:
    """Run the command's coroutine; storage errors end with a message. Ctrl-C and SIGTERM cancel it (INTERRUPTED), or set `stop`, so that
    `work` returns (DONE); the process ends some seconds later at most (`Ending`).
    """
    try:
        with asyncio.Runner() as runner:
            loop = runner.get_loop()
            task = loop.create_task(work)
            ask = task.cancel if stop is None else stop.set
            # The runner's own end is inside: it waits for threads, which may wait for a lock.
            with Ending(lambda: loop.call_soon_threadsafe(ask), code=INTERRUPTED if stop is None else DONE):
                try:
                    return runner.run(_awaited(task))
                finally:
                    runner.close()
    except StorageError as error:
        fail_of_storage(error)
    except HandedOverFailed as error:
        fail(str(error))
    except (asyncio.CancelledError, KeyboardInterrupt):
        fail("interrupted; what was recorded stays recorded", INTERRUPTED)


async def _awaited(task: asyncio.Task[T]) -> T:
    return await task


# How a command ends at a signal (Ctrl-C, SIGTERM): in order if it can, and soon in any case.

GRACE = 3.0
"""Seconds for what is under way, from the first signal. The whole end takes less than five."""

PATIENCE = 2.0
"""Seconds after which a second signal ends the program at once. Before, it may be the same Ctrl-C: from the terminal and from make."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Ending:
    """Calls `ask` at the first signal; if the block has not ended in time, ends the process with `code`: some waits cannot be cancelled (a
    lock of SQLite, a full pipe). Transactions are atomic, and posts being sent are searched at the next start. `ask` runs in the main
    thread between two instructions: quick and safe only (`loop.call_soon_threadsafe`).
    """

    def __init__(self, ask: Callable[[], object], *, code: int) -> None:
        self._ask = ask
        self._code = code
        self._asked_at: float | None = None

    def __enter__(self) -> Self:
        self._reader, self._writer = os.pipe()
        # A thread that is already there: starting one in a signal handler could wait for a lock that the interrupted code holds.
        self._watchdog = threading.Thread(target=self._watch, name="ending", daemon=True)
        self._watchdog.start()
        self._before = {number: signal.signal(number, self._signalled) for number in _SIGNALS}
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        os.close(self._writer)
        if self._asked_at is None:
            self._watchdog.join()
            os.close(self._reader)

    def _signalled(self, _number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if self._asked_at is None:
            self._asked_at = now
            os.write(self._writer, b"!")
            self._ask()
        elif now - self._asked_at > PATIENCE:
            self._end_now()

    def _watch(self) -> None:
        if os.read(self._reader, 1):
            # A signal came. From here on the process ends, whatever still keeps it, even at the very end of the interpreter.
            time.sleep(GRACE)
            self._end_now()

    def _end_now(self) -> None:
        message = b"vigie: ended without waiting for what was under way; it is taken up again at the next start\n"
        try:
            os.write(sys.__stderr__.fileno() if sys.__stderr__ is not None else 2, message)
        finally:
            os._exit(self._code)
