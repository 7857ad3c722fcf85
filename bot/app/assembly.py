"""The composition root: the only file that knows every other."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TextIO

import structlog

from bot.alerts import AlertTeller, source_name
from bot.backfill import Backfill
from bot.config import DestinationSettings, Settings, destinations
from bot.config.values import sqlite_file
from bot.crowd import CrowdLog
from bot.delivery import (
    Channel,
    ConsoleChannel,
    Deliverer,
    Destination,
    History,
    MastodonChannel,
    TelegramChannel,
    TelegramOperators,
    destinations_for,
)
from bot.harvest import Clock
from bot.health import Overview
from bot.limits import read_limits
from bot.model import Place, Post
from bot.queries import TELEGRAM_PAGE, Questions, TelegramBot
from bot.reading import read_pdf
from bot.shelf import Shelf
from bot.storage import Store, open_store, rehearsal_store
from bot.survey import survey
from bot.watch import Rhythm, Watcher
from sources import Authority, browser_hosts, hosts
from sources.client import Client, ClientOptions, user_agent
from sources.index import INDEX_HOSTS
from sources.scratch import remove_abandoned

_MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything a command may drive, wired. A rehearsal tells nobody: it has no `alerts`."""

    watcher: Watcher
    deliverer: Deliverer
    store: Store
    clock: Clock
    telegram: TelegramBot | None
    alerts: AlertTeller | None
    backfill: Backfill
    crowds: CrowdLog


def utc_now() -> datetime:
    """The clock of the real program."""
    return datetime.now(UTC)


@asynccontextmanager
async def assemble(
    settings: Settings,
    authorities: Mapping[str, Authority],
    *,
    watched: Collection[str],
    console: TextIO,
    rehearsal: bool = False,
    clock: Clock = utc_now,
) -> AsyncIterator[Parts]:
    """Wire the program to watch the authorities with these codes; everything opened is closed at the end.
    What killed programs left in the temporary folder is removed first.

    `console` takes the posts of console destinations. A `rehearsal` works on a copy in memory of what is known: nothing is written
    to the database, and no destination exists. Raises StorageError, and ValueError for an address that is not safe.
    """
    places = places_of(authorities)
    await asyncio.to_thread(remove_abandoned)
    async with AsyncExitStack() as stack:
        # In a thread: opening may wait for a lock, and the program must be able to stop meanwhile.
        opening = partial(rehearsal_store, settings.database.url, watched) if rehearsal else partial(open_store, settings.database.url)
        store = stack.enter_context(await asyncio.to_thread(opening))
        client = await stack.enter_async_context(open_client(settings, authorities))
        wired = () if rehearsal else tuple(_destination(entry) for entry in destinations(settings))
        channels = [_channel(entry, settings, places, store, console, clock) for entry in wired]
        deliverer = Deliverer(store.outbox, channels, clock)
        stack.push_async_callback(deliverer.close)
        chosen = {code: authorities[code] for code in watched}
        read, route, workers = partial(read_pdf, limits=read_limits(settings)), partial(destinations_for, wired), settings.reading.workers
        announce_since = timedelta(days=settings.watch.announce_since_days)
        crowds = CrowdLog(structlog.get_logger())
        # A rehearsal leaves nothing on disk: it reads from the temporary folder.
        shelf = None if rehearsal else open_shelf(settings)
        if shelf is not None:
            await asyncio.to_thread(shelf.tidy)
        watcher = Watcher(
            authorities=chosen,
            fetcher=client,
            read=read,
            store=store,
            route=route,
            rhythm=Rhythm(
                every=timedelta(minutes=settings.watch.every_minutes),
                slowest=timedelta(minutes=max(settings.watch.slowest_minutes, settings.watch.every_minutes)),
                announce_since=announce_since,
            ),
            clock=clock,
            workers=workers,
            long_workers=settings.reading.long_workers,
            shelf=shelf,
            crowds=crowds,
        )
        stack.push_async_callback(watcher.stop)
        backfill = Backfill(
            authorities=chosen,
            fetcher=client,
            index=client,
            read=read,
            store=store,
            route=route,
            clock=clock,
            announce_since=announce_since,
            workers=workers,
            shelf=shelf,
        )
        overview = partial(take_survey, settings, authorities, store, clock=clock)
        operators = None if rehearsal else _operators(settings, wired)
        if operators is not None:
            stack.push_async_callback(operators.close)
        teller = AlertTeller(
            survey=overview,
            alerts=store.alerts,
            chat=operators,
            names=partial(source_name, authorities),
            clock=clock,
            language=settings.telegram.operators_language,
            crowds=crowds,
        )
        bot = _telegram_bot(settings, places, store, overview, clock)
        yield Parts(watcher, deliverer, store, clock, bot, None if rehearsal else teller, backfill, crowds)


def watched_codes(settings: Settings, authorities: Mapping[str, Authority]) -> tuple[str, ...]:
    """Those the configuration names, all of them when it names none."""
    return settings.watch.authorities or tuple(authorities)


def places_of(authorities: Mapping[str, Authority]) -> dict[str, Place]:
    """How people call the authorities."""
    return {code: Place(code, entry.name, entry.department, entry.time_zone) for code, entry in authorities.items()}


def open_client(settings: Settings, authorities: Mapping[str, Authority]) -> Client:
    """The polite client for the hosts of the catalogue and of the national index. Raises ValueError when an option cannot be used."""
    http = settings.http
    return Client(
        ClientOptions(
            hosts=hosts(authorities) | INDEX_HOSTS,
            user_agent=user_agent(version("vigie-vsa"), http.contact or None),
            interval_seconds=http.interval_seconds,
            origins=dict(http.origins),
            timeout_seconds=http.timeout_seconds,
            max_file_bytes=http.max_pdf_megabytes * _MEGABYTE,
            respect_robots=http.respect_robots,
            browsers=browser_hosts(authorities),
            browser_path=http.browser or None,
        )
    )


def open_shelf(settings: Settings) -> Shelf:
    """Where PDFs are kept until they are wholly read: the configured folder, or one beside the database."""
    reading = settings.reading
    return Shelf(reading.kept_folder or _beside(settings.database.url), most_bytes=reading.kept_megabytes * _MEGABYTE)


def _beside(database: str) -> Path:
    """`vigie-pdfs` for the file `vigie.db`; a server has no folder of ours, so the user's own for what programs keep."""
    name = sqlite_file(database)
    if name is None:
        return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "vigie-pdfs"
    file = Path(name).expanduser()
    return file.with_name(f"{file.stem}-pdfs")


def take_survey(settings: Settings, authorities: Mapping[str, Authority], store: Store, *, clock: Clock = utc_now) -> Overview:
    """How every authority is, by what the store knows. Raises StorageError."""
    return survey(store, authorities, frozenset(watched_codes(settings, authorities)), clock())


def open_questions(
    places: Mapping[str, Place], store: Store, overview: Callable[[], Overview], *, page_size: int, clock: Clock = utc_now
) -> Questions:
    """The answers, over one store, `page_size` decrees at a time; `overview` tells how the sources are."""
    return Questions(store.decrees, places, clock, overview=overview, page_size=page_size, since=partial(_watching_since, store))


def _watching_since(store: Store) -> datetime | None:
    return min((state.baseline_at for state in store.sources.all() if state.baseline_at is not None), default=None)


def _telegram_bot(
    settings: Settings, places: Mapping[str, Place], store: Store, overview: Callable[[], Overview], clock: Clock
) -> TelegramBot | None:
    telegram = settings.telegram
    if telegram.token is None or not telegram.commands:
        return None
    return TelegramBot(
        telegram.token,
        telegram.api_url,
        open_questions(places, store, overview, page_size=TELEGRAM_PAGE, clock=clock),
        places,
        commands_per_minute=telegram.commands_per_minute,
    )


def _operators(settings: Settings, wired: Collection[Destination]) -> TelegramOperators | None:
    telegram = settings.telegram
    chat = _chat(telegram.operators_chat)
    if chat is None or telegram.token is None:
        return None
    public = [entry.chat for entry in wired if entry.chat is not None]
    return TelegramOperators(chat, telegram.token.get_secret_value(), public, telegram.api_url)


def _destination(entry: DestinationSettings) -> Destination:
    return Destination(
        name=entry.name,
        platform=entry.platform,
        filter=entry.wanted,
        language=entry.language,
        chat=_chat(entry.chat),
        instance=entry.instance or None,
        token=None if entry.token is None else entry.token.get_secret_value(),
        visibility=entry.visibility or "public",
    )


def _chat(text: str) -> int | str | None:
    if not text:
        return None
    return int(text) if text.lstrip("-").isdigit() else text


def _channel(entry: Destination, settings: Settings, places: Mapping[str, Place], store: Store, console: TextIO, clock: Clock) -> Channel:
    if entry.platform == "telegram" and entry.token is not None and entry.chat is not None:
        return TelegramChannel(
            name=entry.name,
            chat=entry.chat,
            token=entry.token,
            places=places,
            clock=clock,
            history=partial(_history, store),
            language=entry.language,
            api_url=settings.telegram.api_url,
        )
    if entry.platform == "mastodon" and entry.token is not None and entry.instance is not None:
        return MastodonChannel(
            name=entry.name,
            instance=entry.instance,
            token=entry.token,
            places=places,
            clock=clock,
            language=entry.language,
            visibility=entry.visibility,
        )
    if entry.platform == "console":
        return ConsoleChannel(name=entry.name, stream=console, places=places, clock=clock, language=entry.language)
    raise ValueError(f"destination {entry.name}: its address or token is missing")


def _history(store: Store, post: Post) -> History:
    references = store.outbox.references(post.id)
    return History(before=references.before, known=references.known)
