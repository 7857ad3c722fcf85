"""A process that has imported the program, and forks for each command of a test.

Each command is a process of its own all the same, with its own folder, environment and streams, and ends as any. Only the second that its
imports take is not paid a hundred times over. Orders come on standard input, one JSON object a line; the exit code goes out likewise.
"""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from typing import Any

from bot.cli import main
from bot.cli.commands import MODULES


def serve() -> None:
    """Carry out orders until there are no more. Returns in each child too, which then runs its command."""
    for module in MODULES.values():
        import_module(f"bot.cli.{module}")
    while line := sys.stdin.buffer.readline():
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            become(order)
            return
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()
    os._exit(0)


def become(order: dict[str, Any]) -> None:
    """What the system would have made of a new process."""
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environ"])
    for number, (path, flags) in enumerate(((os.devnull, os.O_RDONLY), (order["out"], os.O_WRONLY), (order["err"], os.O_WRONLY))):
        opened = os.open(path, flags)
        os.dup2(opened, number)
        os.close(opened)
    sys.argv = ["vigie", *order["arguments"]]


if __name__ == "__main__":
    serve()
    main()
