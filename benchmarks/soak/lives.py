"""Lives of the program, seen from outside: forked from a process that has it loaded, ended by SIGKILL, by SIGTERM or by themselves."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Mapping
from typing import Any

from benchmarks.soak.weeks import live

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["benchmarks.soak.endurance"])
_LONGEST = 7200
"""Seconds after which a life ends by itself, should whoever watches it be gone."""
_TOO_LONG = 300.0


class Life:
    """One process, which takes its order as `benchmarks.soak.weeks.live` does, and writes its log to `log` in the folder."""

    def __init__(self, order: Mapping[str, Any]) -> None:
        self._process = _FORKS.Process(target=_live, args=(order,), daemon=True)
        self._process.start()

    def has_ended(self, within: float = 0.0) -> bool:
        """Whether it ends within so many seconds."""
        self._process.join(within)
        return self._process.exitcode is not None

    def kill(self) -> bool:
        """Whether it was alive until now. It is gone afterwards."""
        self._process.kill()
        return self.end() == -signal.SIGKILL

    def terminate(self) -> int:
        """Its exit code, once it was asked to end."""
        self._process.terminate()
        return self.end()

    def end(self) -> int:
        """Its exit code, once it has ended by itself. Killed when that takes too long."""
        if not self.has_ended(_TOO_LONG):
            self._process.kill()
            self._process.join()
        return self._process.exitcode or 0


def _live(order: Mapping[str, Any]) -> None:
    signal.alarm(_LONGEST)
    log = os.open(f"{order['folder']}/log", os.O_WRONLY | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(log, stream)
    os.close(log)
    live(order)
