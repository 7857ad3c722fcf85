"""A process that has the program loaded, and forks one for each life: `python -m benchmarks.soak.mother`.

Orders come on standard input, one JSON object a line. Back go the process id, and once it has ended (asked for by an empty line, so that
the id means this process until somebody has hold of it) what `waitpid` says of it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from benchmarks.soak.life import live
from benchmarks.soak.weeks import live as live_weeks
from benchmarks.soak.weeks import plan_of
from sources.catalogue.authority import load_authorities

LONGEST = 330
"""Seconds after which a life ends by itself, should whoever watches it be gone."""


def serve() -> None:
    """Until there are no more orders."""
    authorities = load_authorities()
    while line := sys.stdin.buffer.readline():
        order = json.loads(line)
        weeks = order.get("weeks")
        if weeks is not None:
            plan_of(weeks["seed"], weeks["sources"], weeks["days"])
        child = os.fork()
        if child == 0:
            signal.alarm(LONGEST if weeks is None else weeks["longest"])
            _become(order)
            if weeks is None:
                live(order["document"], Path(order["clock"]), authorities, order["command"])
            else:
                live_weeks({**weeks, "document": order["document"]})
            sys.exit(0)
        _say(child)
        sys.stdin.buffer.readline()
        _say(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def _say(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def _become(order: dict[str, Any]) -> None:
    for number, (path, flags) in enumerate(
        ((os.devnull, os.O_RDONLY), (order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND), (order["log"], os.O_WRONLY | os.O_APPEND))
    ):
        opened = os.open(path, flags, 0o600)
        os.dup2(opened, number)
        os.close(opened)


if __name__ == "__main__":
    serve()
