"""How a command ends when it is told to (Ctrl-C, SIGTERM): in order if it can, and soon in any case."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Self

GRACE = 3.0
"""Seconds for what is under way, from the first signal. The whole end takes less than five."""

PATIENCE = 2.0
"""Seconds after which a second signal ends the program at once. Before, it may be the same Ctrl-C: from the terminal and from make."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Ending:
    """While entered, the first signal calls `ask`; when that has not ended the block in time, the process ends with `code`.

    Nothing is lost by the latter: a transaction is whole or absent, and a post being sent is looked for at the next start. It is needed
    because some waits cannot be given up: a thread in SQLite that waits for another program's lock, a write to a pipe nobody reads.
    `ask` is called in the main thread between two instructions, so it must be quick and safe there (`loop.call_soon_threadsafe`).
    """

    def __init__(self, ask: Callable[[], object], *, code: int, grace: float = GRACE) -> None:
        """`grace` is in seconds."""
        self._ask = ask
        self._code = code
        self._grace = grace
        self._asked_at: float | None = None

    def __enter__(self) -> Self:
        self._reader, self._writer = os.pipe()
        # A thread that is already there: starting one in a signal handler could wait for a lock that the interrupted code holds.
        self._watchdog = threading.Thread(target=self._watch, name="ending", daemon=True)
        self._watchdog.start()
        self._before = {number: signal.signal(number, self._told) for number in _SIGNALS}
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        os.close(self._writer)
        if self._asked_at is None:
            self._watchdog.join()
            os.close(self._reader)

    def _told(self, _number: int, _frame: FrameType | None) -> None:
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
            time.sleep(self._grace)
            self._end_now()

    def _end_now(self) -> None:
        message = b"vigie: ended without waiting for what was under way; it is taken up again at the next start\n"
        try:
            os.write(sys.__stderr__.fileno() if sys.__stderr__ is not None else 2, message)
        finally:
            os._exit(self._code)
