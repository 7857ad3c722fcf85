"""`vigie run`."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable

import typer

from bot.app import assemble, watched_codes
from bot.cli.context import INTERRUPTED, Context, run_to_end
from bot.config import Settings
from bot.service import Service
from sources import Authority

_PATIENCE = 2.0
"""Seconds after which a second signal ends the program at once."""


def register(app: typer.Typer) -> None:
    """Add the command to the program."""

    @app.command(epilog="Example:  vigie --config /etc/vigie/config.toml run")
    def run(ctx: typer.Context) -> None:
        """Run the bot: poll, post and answer until Ctrl-C or SIGTERM."""
        context: Context = ctx.obj
        run_to_end(_serve(*context.load()))


async def _serve(settings: Settings, authorities: dict[str, Authority]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, _Stopper(stop, loop.time))
    async with assemble(settings, authorities, watched=watched_codes(settings, authorities), console=sys.stdout) as parts:
        await Service(parts).run(stop)


class _Stopper:
    """The first signal asks to stop; one that comes some time after it means that somebody is tired of waiting."""

    def __init__(self, stop: asyncio.Event, time: Callable[[], float]) -> None:
        self._stop = stop
        self._time = time
        self._asked: float | None = None

    def __call__(self) -> None:
        # One Ctrl-C may arrive twice: from the terminal and from a parent such as make.
        if self._asked is None:
            self._asked = self._time()
            self._stop.set()
        elif self._time() - self._asked > _PATIENCE:
            # Nothing is lost: a transaction is whole or absent, and a post being sent is looked for at the next start.
            os._exit(INTERRUPTED)
