"""`vigie worker`."""

from __future__ import annotations

import asyncio

import structlog
import typer

from bot.app.config.model import Settings
from bot.app.wiring import open_worker
from bot.cli.context import WRONG_USE, Context, as_installed, fail, run_to_end
from bot.cli.opening import load
from bot.domain.tasks import first_of
from bot.reading.sandbox.probe import ocr_lacks
from bot.storage.errors import StorageError

log = structlog.get_logger()

PAUSE = 10.0
"""Seconds until a worker tries again that has lost the database."""


def register(app: typer.Typer) -> None:
    """Add the command to the program."""

    @app.command(epilog="Example:  vigie --config /etc/vigie/config.toml worker")
    def worker(ctx: typer.Context) -> None:
        """Read the PDFs that `vigie run` queues (reading.engine = "procrastinate"), on any machine that reaches its database.

        Polls nothing and posts nothing; several may run. reading.workers PDFs are read at a time. Ctrl-C or SIGTERM end it within 5
        seconds: what was read is stored, and the rest is given back to the queue.
        """
        context: Context = ctx.obj
        settings, _ = load(context, logs=None)
        if settings.reading.engine == "local":
            fail('workers read what is queued with reading.engine = "procrastinate"; here it is "local"', WRONG_USE)
        stop = asyncio.Event()
        run_to_end(_work(settings, stop), stop=stop)


async def _work(settings: Settings, stop: asyncio.Event) -> None:
    if settings.reading.ocr and (lacks := await ocr_lacks()):
        log.warning("ocr.missing", missing=as_installed(str(lacks)))
    async with open_worker(settings) as worker:
        while not stop.is_set():
            try:
                await first_of(worker.run(), stop)
            except StorageError as error:
                log.error("worker.interrupted", error=str(error))
                await first_of(asyncio.sleep(PAUSE), stop)
