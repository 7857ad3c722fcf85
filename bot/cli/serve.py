"""`vigie run`."""

from __future__ import annotations

import asyncio
import sys

import structlog
import typer

from bot.app import assemble, watched_codes
from bot.cli.context import Context, fail, run_to_end
from bot.config import Settings, destinations
from bot.instance import AlreadyRunning, alone
from bot.reading import ocr_available
from bot.service import Service
from sources import Authority

log = structlog.get_logger()


def register(app: typer.Typer) -> None:
    """Add the command to the program."""

    @app.command(epilog="Example:  vigie --config /etc/vigie/config.toml run")
    def run(ctx: typer.Context) -> None:
        """Run the bot: poll, post and answer until Ctrl-C or SIGTERM, which end it within 5 seconds with exit code 0."""
        context: Context = ctx.obj
        settings, authorities = context.load()
        stop = asyncio.Event()
        run_to_end(_serve(settings, authorities, stop), stop=stop)


async def _serve(settings: Settings, authorities: dict[str, Authority], stop: asyncio.Event) -> None:
    # Said before anything can fail: whoever starts the bot must see where it posts and what it cannot do.
    log.info("starting", posts_to=", ".join(entry.name for entry in destinations(settings)), to_stop="Ctrl-C or SIGTERM")
    if settings.reading.ocr and not ocr_available():
        log.warning("OCR is off: scanned pages will be reported as unread", missing="Tesseract's French data (tesseract-ocr-fra)")
    async with assemble(settings, authorities, watched=watched_codes(settings, authorities), console=sys.stdout) as parts:
        try:
            async with alone(parts.store.leases, parts.clock, stop):
                await Service(parts).run(stop)
        except AlreadyRunning as error:
            fail(str(error))
