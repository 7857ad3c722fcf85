"""`vigie run`, and `vigie worker`, which reads for it on other machines."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from functools import partial
from typing import Annotated

import structlog
import typer

from bot.app.config.destinations import destinations
from bot.app.config.errors import ConfigError
from bot.app.config.model import Settings
from bot.app.instance import DELIVER, AlreadyRunning, handed_delivery, run_alone
from bot.app.inventory import watched_codes
from bot.app.observing import observers
from bot.app.service import Service
from bot.app.systemd import STOPPING, ServiceManager
from bot.app.wiring import assemble, open_worker
from bot.cli.context import WRONG_USE, Context, as_installed, fail, run_to_end, stderr
from bot.cli.opening import load
from bot.cli.rounds import handed_backfill, handed_retry, handed_round
from bot.delivery.apprise import service_at
from bot.domain.tasks import beside, first_of, when
from bot.reading.sandbox.probe import ocr_lacks
from bot.storage.errors import StorageError
from sources.catalogue.authority import Authority

_MISSING = None
try:
    from bot.app.website import keep_serving
except ModuleNotFoundError as error:  # the pages need an extra that the bot itself does not
    _MISSING = error.name

log = structlog.get_logger()

_HOLD = Annotated[
    bool,
    typer.Option("--hold", help="Where exit code 2 is due, wait for SIGTERM first: for what would restart the bot again and again."),
]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""

    @app.command(epilog="Example:  vigie --config /etc/vigie/config.toml run")
    def run(ctx: typer.Context, hold: _HOLD = False) -> None:
        """Run the bot: poll, post and answer until Ctrl-C or SIGTERM, which end it within 5 seconds with exit code 0."""
        context: Context = ctx.obj
        try:
            settings, authorities = load(context, logs=None)
            if settings.web.listen and _MISSING is not None:
                fail(f"[web] listen needs {_MISSING}: pip install 'vigie-vsa[web]'", WRONG_USE)
            stop = asyncio.Event()
            run_to_end(_serve_on(context, settings, authorities, stop), stop=stop)
        except typer.Exit as ended:
            if hold and ended.exit_code == WRONG_USE:
                _wait_for_a_signal()
            raise

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


def _wait_for_a_signal() -> None:
    ends = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)  # so that the first process of a container hears them, too
    stderr.print("vigie: mend that, then restart; waiting for the signal to end (--hold)", markup=False, soft_wrap=True)
    signal.sigwait(ends)


async def _serve_on(context: Context, settings: Settings, authorities: dict[str, Authority], stop: asyncio.Event) -> None:
    """Run the bot until `stop`; restart it with the new configuration at SIGHUP."""
    hangup, manager = _hangup(), ServiceManager(os.environ)
    # The service manager is told as soon as the bot is to stop.
    async with beside(when(stop, partial(manager.tell, STOPPING))):
        while not stop.is_set():
            settings = await _serve_until_changed(context, settings, authorities, stop, hangup, manager)


async def _serve_until_changed(
    context: Context,
    settings: Settings,
    authorities: dict[str, Authority],
    stop: asyncio.Event,
    hangup: asyncio.Event,
    manager: ServiceManager,
) -> Settings:
    ended = asyncio.Event()
    reading = asyncio.create_task(_next_settings(context, settings, authorities, stop, hangup))
    reading.add_done_callback(lambda _: ended.set())
    try:
        await _serve(settings, authorities, ended, manager)
    finally:
        reading.cancel()
    return await reading


def _hangup() -> asyncio.Event:
    """Return an event set at SIGHUP; not installed on a terminal or under nohup."""
    hangup = asyncio.Event()
    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL and not os.isatty(0):
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, hangup.set)
    return hangup


async def _next_settings(
    context: Context, settings: Settings, authorities: dict[str, Authority], stop: asyncio.Event, hangup: asyncio.Event
) -> Settings:
    """Return the next settings, or these if the bot is to stop; invalid ones are ignored."""
    while await first_of(hangup.wait(), stop):
        hangup.clear()
        try:
            read = await asyncio.to_thread(context.read_settings, known_codes=frozenset(authorities), check_service=service_at)
        except ConfigError as error:
            log.error("config.not_reloaded", error="; ".join(error.problems))
            continue
        kept = {"database": settings.database} | ({"web": settings.web} if _MISSING is not None else {})
        wanted, read = read, read.model_copy(update=kept)
        if waits := changed_options(read, wanted):
            log.warning("config.needs_restart", options=", ".join(waits))
        if changed := changed_options(settings, read):
            log.info("config.reloaded", options=", ".join(changed))
            context.begin_logging(read, None)
            return read
        if not waits:
            log.info("config.unchanged")
    return settings


def changed_options(before: Settings, after: Settings) -> list[str]:
    """Return the names of the options that differ; `destinations` stands for all of theirs."""
    sections = [(name, getattr(before, name), getattr(after, name)) for name in Settings.model_fields if name != "destinations"]
    options = [
        f"{name}.{option}"
        for name, old, new in sections
        for option in type(old).model_fields
        if getattr(old, option) != getattr(new, option)
    ]
    return options + (["destinations"] if before.destinations != after.destinations else [])


async def _serve(settings: Settings, authorities: dict[str, Authority], stop: asyncio.Event, manager: ServiceManager) -> None:
    async with assemble(settings, authorities, watched=watched_codes(settings, authorities), console=sys.stdout) as parts:
        handlers = {
            "poll": partial(handed_round, parts),
            "backfill": partial(handed_backfill, parts),
            "read": partial(handed_retry, parts),
            DELIVER: partial(handed_delivery, parts),
        }
        also = observers(parts)
        if settings.web.listen:
            also["pages"] = partial(keep_serving, settings, authorities, parts.pages)
        try:
            service = Service(parts, handlers, also, manager.tell)
            await run_alone(parts.store, parts.clock, stop, service.run, said=partial(_say, settings))
        except AlreadyRunning as error:
            fail(str(error))


async def _say(settings: Settings) -> None:
    """Log where the bot posts and what it cannot do."""
    log.info("run.starting", posts_to=", ".join(entry.name for entry in destinations(settings)), to_stop="Ctrl-C or SIGTERM")
    if settings.reading.ocr and (lacks := await ocr_lacks()):
        log.warning("ocr.missing", missing=as_installed(str(lacks)))


# `vigie worker`.

PAUSE = 10.0
"""Seconds until a worker tries again that has lost the database."""


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
