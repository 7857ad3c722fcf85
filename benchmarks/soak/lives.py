"""Lives of the program, seen from outside: begun by a mother process, ended by SIGKILL or by themselves."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_LOOK = 0.005
_TOO_LONG = 300.0


class Life:
    """One process. It is known by a file descriptor: nobody else's process can be meant, whatever its id."""

    def __init__(self, mother: subprocess.Popen[bytes], pid: int) -> None:
        self.pid = pid
        self._ended: int | None = None
        self._mother = mother
        self._handle = os.pidfd_open(pid)

    def has_ended(self, within: float = 0.0) -> bool:
        """Whether it ends within so many seconds."""
        return self._ended is not None or bool(select.select([self._handle], [], [], within)[0])

    def send(self, signal_: signal.Signals) -> None:
        """Let it stand still (SIGSTOP), go on (SIGCONT) or end (SIGTERM), where it still lives."""
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._handle, signal_)

    def kill(self) -> bool:
        """Whether it was alive until now. It is gone afterwards."""
        if self._ended is None:
            signal.pidfd_send_signal(self._handle, signal.SIGKILL)
        return self._code() == -signal.SIGKILL

    def end(self) -> int:
        """Its exit code, once it has ended by itself. Killed when that takes too long."""
        if self._ended is None and not self.has_ended(_TOO_LONG):
            signal.pidfd_send_signal(self._handle, signal.SIGKILL)
        return self._code()

    def _code(self) -> int:
        if self._ended is None:
            self._ended = self._buried()
        return self._ended

    def _buried(self) -> int:
        if self._mother.stdin is None or self._mother.stdout is None:
            raise RuntimeError("a mother without pipes")
        self._mother.stdin.write(b"\n")
        self._mother.stdin.flush()
        code = int(self._mother.stdout.readline())
        os.close(self._handle)
        return code


def reached(lives: Sequence[Life], point: threading.Event) -> bool:
    """Whether one of them gets there; false when all end before."""
    while not point.wait(_LOOK):
        if all(life.has_ended() for life in lives):
            return point.is_set()
    return True


class Mother:
    """Begins lives, one at a time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.soak.mother"],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={name: value for name, value in os.environ.items() if not name.startswith("VIGIE_")},
        )

    def begin(self, document: Mapping[str, Any], folder: Path, command: str, weeks: Mapping[str, Any] | None = None) -> Life:
        """A life of this command, or of `weeks` (`benchmarks.soak.weeks`), with this configuration. Clock and log are in the folder."""
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("a mother without pipes")
        order = {"document": document, "clock": str(folder / "clock"), "log": str(folder / "log"), "command": command, "weeks": weeks}
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._process.stdin.flush()
        return Life(self._process, int(self._process.stdout.readline()))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End it, and the life that it may still watch (which ends by itself soon)."""
        with self._process as process:
            process.kill()
