"""`vigie run`."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import structlog
import typer

from bot.app.config import Settings, destinations
from bot.app.instance import AlreadyRunning, run_alone
from bot.app.inventory import watched_codes
from bot.app.service import Service
from bot.app.systemd import STOPPING, ServiceManager
from bot.app.wiring import assemble
from bot.cli.backfill import handed_backfill
from bot.cli.context import WRONG_USE, Context, fail, run_to_end
from bot.cli.poll import handed_round
from bot.cli.read_again import handed_retry
from bot.cli.work import load
from bot.reading.pages.ocr import ocr_available
from sources.catalogue.authority import Authority

_MISSING = None
try:
    from bot.app.website import keep_serving
except ModuleNotFoundError as error:  # the pages need an extra that the bot itself does not
    _MISSING = error.name

log = structlog.get_logger()


def register(app: typer.Typer) -> None:
    """Add the command to the program."""

    @app.command(epilog="Example:  vigie --config /etc/vigie/config.toml run")
    def run(ctx: typer.Context) -> None:
        """Run the bot: poll, post and answer until Ctrl-C or SIGTERM, which end it within 5 seconds with exit code 0."""
        context: Context = ctx.obj
        settings, authorities = load(context, logs=None)
        if settings.web.listen and _MISSING is not None:
            fail(f"[web] listen needs {_MISSING}: pip install 'vigie-vsa[web]'", WRONG_USE)
        stop = asyncio.Event()
        run_to_end(_serve(settings, authorities, stop), stop=stop)


async def _serve(settings: Settings, authorities: dict[str, Authority], stop: asyncio.Event) -> None:
    # Said before anything can fail: whoever starts the bot must see where it posts and what it cannot do.
    log.info("run.starting", posts_to=", ".join(entry.name for entry in destinations(settings)), to_stop="Ctrl-C or SIGTERM")
    if settings.reading.ocr and not ocr_available():
        log.warning("ocr.missing", missing="Tesseract's French data (tesseract-ocr-fra)")
    manager, watched = ServiceManager(os.environ), watched_codes(settings, authorities)
    async with _saying_so(stop, manager), assemble(settings, authorities, watched=watched, console=sys.stdout) as parts:
        handlers = {
            "poll": partial(handed_round, parts, settings, authorities),
            "backfill": partial(handed_backfill, parts, authorities),
            "read": partial(handed_retry, parts, authorities),
        }
        pages = partial(keep_serving, settings, authorities, parts.pages) if settings.web.listen else None
        try:
            await run_alone(parts.store, parts.clock, stop, Service(parts, handlers, pages, manager.tell).run)
        except AlreadyRunning as error:
            fail(str(error))


@asynccontextmanager
async def _saying_so(stop: asyncio.Event, manager: ServiceManager) -> AsyncIterator[None]:
    """Tell the service manager as soon as the bot is to stop."""

    async def wait() -> None:
        await stop.wait()
        manager.tell(STOPPING)

    waiting = asyncio.create_task(wait())
    try:
        yield
    finally:
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
