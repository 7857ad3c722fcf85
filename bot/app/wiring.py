"""Construct every part of the program and connect them: nothing else does."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit

import structlog

from bot.app.config import DestinationSettings, Settings, WatchSettings, destinations
from bot.app.config.errors import closest
from bot.app.config.values import sqlite_file
from bot.delivery.apprise import AppriseChannel
from bot.delivery.channel import Channel, MessageComposer, Pictured
from bot.delivery.checking import Checker
from bot.delivery.console import ConsoleChannel
from bot.delivery.deliverer import Deliverer
from bot.delivery.editing import Editor
from bot.delivery.limiter import Limiter, most_per_day
from bot.delivery.mastodon.channel import MastodonChannel
from bot.delivery.mastodon.client import MastodonApi
from bot.delivery.picture.album import Album
from bot.delivery.routing import Destination, destinations_for
from bot.delivery.telegram.channel import TelegramChannel, TelegramWords
from bot.delivery.telegram.client import SendingBot, Whereabouts
from bot.delivery.telegram.operators_chat import NAME as OPERATORS
from bot.delivery.telegram.operators_chat import TelegramOperators
from bot.domain.acts import Decree, NamedCommune, Place, deciding_in
from bot.domain.health import DestinationHealth, Overview
from bot.gazetteer.gazetteer import data_version, gazetteer
from bot.ingest.archive import PdfArchive, RecueilFiles
from bot.ingest.backfill import Backfill, BackfillLimits
from bot.ingest.health import destinations_report, health_report
from bot.ingest.ingestor import BackgroundTasks, Clock, Ingestor, Recorder, Route
from bot.ingest.poller import Poller, PollSchedule, PublicationHistory
from bot.ingest.reading_job import ReadingJob, WorkerSlots
from bot.ingest.review import Reviewer
from bot.operators.notifier import DeliveryAlerts, Notifier, Producer, ReviewQuestions, SourceAlerts
from bot.operators.review_buttons import ReviewButtons
from bot.operators.text import source_name
from bot.queries.questions import TELEGRAM_PAGE, Questions
from bot.queries.telegram.bot import TelegramBot
from bot.queries.telegram.commands import Callbacks, TelegramCommands
from bot.queries.telegram.rate_limit import RateLimiter
from bot.reading.reader import stream_pdf
from bot.storage.communes import CommuneNamer
from bot.storage.politeness import open_politeness
from bot.storage.store import Store, open_store, rehearsal_store
from sources.catalogue.authority import Authority, Catalogue, browser_hosts, hosts
from sources.crawl.crawler import Crawler
from sources.crawl.history import PatientFetcher
from sources.crawl.index import INDEX_HOSTS
from sources.http import Client, ClientOptions, user_agent
from sources.http.browser.fetcher import find_chromium
from sources.http.scratch import remove_abandoned
from sources.model import Fetcher

# The clock of the real program, which everything else takes as an argument.


def utc_now() -> datetime:
    """Return the clock of the real program."""
    return datetime.now(UTC)


log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything a command may drive, wired. A rehearsal notifies nobody: it has no `notifier`."""

    poller: Poller
    recorder: Recorder
    deliverer: Deliverer
    store: Store
    clock: Clock
    telegram: TelegramBot | None
    notifier: Notifier | None
    backfill: Backfill
    checker: Checker
    reviewer: Reviewer
    route: Route
    tidy: Callable[[], None]
    """Removes files that are too old or too many: for the process that works, which has a record of those that it reads."""


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
    for doubt in doubts(settings, authorities):
        log.warning("config.doubtful", doubt=doubt)
    await asyncio.to_thread(remove_abandoned)
    async with AsyncExitStack() as stack:
        # In a thread: opening may wait for a lock, and the program must be able to stop meanwhile.
        url, namer = settings.database.url, namer_of(places)
        opening = partial(rehearsal_store, url, watched, namer=namer) if rehearsal else partial(open_store, url, namer=namer)
        store = stack.enter_context(await asyncio.to_thread(opening))
        client = await stack.enter_async_context(open_client(settings, authorities))
        configured = () if rehearsal else destinations(settings)
        wired = tuple(destination_of(entry, authorities) for entry in configured)
        archive = open_archive(settings)
        album = album_of(archive, places, store)
        channels = [channel_of(entry, settings, places, store, console, clock, album) for entry in configured]
        deliverer = _deliverer(settings, wired, channels, store, clock)
        stack.push_async_callback(deliverer.close)
        catalogue, route = Catalogue(authorities, watched), partial(destinations_for, wired)
        recorder = Recorder(catalogue, store, route, clock)
        # A rehearsal leaves nothing on disk: it reads from the temporary folder.
        ingestor_of = _ingestors(settings, catalogue, recorder, None if rehearsal else archive, store, clock)
        slots = WorkerSlots(quick=settings.reading.workers, slow=settings.reading.long_workers)
        background = BackgroundTasks(ingestor_of(client), slots, clock)
        history = PublicationHistory(store)
        poller = Poller(catalogue, Crawler(client), background, store, history, _schedule(settings.watch), clock)
        stack.push_async_callback(poller.stop)
        patient = PatientFetcher(client, now=clock, sleep=asyncio.sleep)
        overview = partial(take_survey, settings, authorities, store, history, clock=clock)
        reviewer = Reviewer(store=store, route=route, clock=clock, issuers=catalogue.issuers)
        operators = Operators(settings, authorities, wired, store, reviewer, clock)
        stack.push_async_callback(operators.close)
        yield Parts(
            poller=poller,
            recorder=recorder,
            deliverer=deliverer,
            store=store,
            clock=clock,
            telegram=_telegram_bot(settings, wired, places, store, overview, operators.buttons, clock),
            notifier=None if rehearsal else operators.notifier(overview),
            backfill=Backfill(catalogue, patient, client, ingestor_of(patient), store, clock, _backfill_limits(settings)),
            checker=Checker(store.destination_checks, store.outbox, [*channels, operators.chat], clock),
            reviewer=reviewer,
            route=route,
            tidy=(lambda: None) if rehearsal else archive.tidy,
        )


# Polls and backfills: each fetches in its own way, and both read, record and keep in the same.


def _ingestors(
    settings: Settings,
    catalogue: Catalogue,
    recorder: Recorder,
    archive: PdfArchive | None,
    store: Store,
    clock: Clock,
) -> Callable[[Fetcher], Ingestor]:
    """Return what makes an ingestor that fetches in this way."""
    job = ReadingJob(read=partial(stream_pdf, limits=settings.reading.limits()), store=store, clock=clock)

    def ingestor(fetcher: Fetcher) -> Ingestor:
        files = RecueilFiles(fetcher, store, archive, clock)
        return Ingestor(catalogue, Crawler(fetcher), files, job, recorder, store, clock)

    return ingestor


def _schedule(watch: WatchSettings) -> PollSchedule:
    return PollSchedule(
        every=timedelta(minutes=watch.every_minutes),
        slowest=timedelta(minutes=max(watch.slowest_minutes, watch.every_minutes)),
        announce_since=timedelta(days=watch.announce_since_days),
    )


def _backfill_limits(settings: Settings) -> BackfillLimits:
    return BackfillLimits(settings.reading.workers, timedelta(days=settings.watch.announce_since_days))


def _deliverer(settings: Settings, wired: Sequence[Destination], channels: Sequence[Channel], store: Store, clock: Clock) -> Deliverer:
    pace = settings.delivery
    limiter = Limiter(wired, spacing=pace.seconds_between_posts, most_per_day=most_per_day(wired, pace.max_posts_per_day))
    editor = Editor(store.edits, clock, limiter) if pace.edit_posts else None
    return Deliverer(store.outbox, channels, clock, limiter=limiter, editor=editor)


def _telegram_bot(
    settings: Settings,
    wired: Sequence[Destination],
    places: Mapping[str, Place],
    store: Store,
    overview: Callable[[], Overview],
    buttons: ReviewButtons | None,
    clock: Clock,
) -> TelegramBot | None:
    telegram = settings.telegram
    if telegram.token is None or not telegram.commands:
        return None
    chats = frozenset(str(entry.chat).lower() for entry in wired if entry.chat is not None)

    def seen(names: Collection[str], message_id: int) -> None:
        if not chats.isdisjoint(name.lower() for name in names):
            store.chat_messages.note(names, message_id, clock())

    questions = open_questions(places, store, overview, page_size=TELEGRAM_PAGE, clock=clock)
    commands = TelegramCommands(questions, places, RateLimiter(telegram.commands_per_minute, time.monotonic), Callbacks())
    return TelegramBot(telegram.token, telegram.api_url, commands, reviews=buttons, seen=seen)


# What is known, and the answers made of it.


def watched_codes(settings: Settings, authorities: Mapping[str, Authority]) -> tuple[str, ...]:
    """Return the codes that the configuration names, all of them when it names none."""
    return settings.watch.authorities or tuple(authorities)


def places_of(authorities: Mapping[str, Authority]) -> dict[str, Place]:
    """Return the names by which people call the authorities."""
    return {
        code: Place(code, entry.name, entry.department, entry.time_zone, frozenset(entry.territory)) for code, entry in authorities.items()
    }


def namer_of(places: Mapping[str, Place]) -> CommuneNamer:
    """Return what finds the communes of a decree, in the departments where its authority decides. The places of France are loaded by the
    first decree."""

    def communes_of(decree: Decree) -> tuple[NamedCommune, ...]:
        place = places.get(decree.authority)
        return gazetteer().communes_of(decree, (place.territory if place is not None else None) or {decree.authority})

    return CommuneNamer(data_version(), communes_of)


def take_survey(
    settings: Settings,
    authorities: Mapping[str, Authority],
    store: Store,
    history: PublicationHistory | None = None,
    *,
    clock: Clock = utc_now,
) -> Overview:
    """Judge every authority by what is stored. Raises StorageError."""
    return health_report(store, authorities, frozenset(watched_codes(settings, authorities)), clock(), history)


def take_delivery_survey(settings: Settings, store: Store, *, clock: Clock = utc_now) -> tuple[DestinationHealth, ...]:
    """Judge every destination, and the operators' chat, by what is stored. Raises StorageError."""
    names = [entry.name for entry in destinations(settings)]
    names += [OPERATORS] if settings.telegram.operators_chat and settings.telegram.token is not None else []
    return destinations_report(store, names, clock(), timedelta(hours=settings.delivery.tell_after_hours))


def open_questions(
    places: Mapping[str, Place], store: Store, overview: Callable[[], Overview], *, page_size: int, clock: Clock = utc_now
) -> Questions:
    """Return the answers, over one store, `page_size` decrees at a time; `overview` tells how the sources are."""
    return Questions(store.decrees, places, clock, overview=overview, page_size=page_size, since=partial(_watching_since, store))


def _watching_since(store: Store, authorities: Collection[str] | None) -> datetime | None:
    watched = (state for state in store.sources.all() if authorities is None or state.key.split(":", 1)[0] in authorities)
    return min((state.baseline_at for state in watched if state.baseline_at is not None), default=None)


# The destinations of the configuration as channels.


def destination_of(entry: DestinationSettings, authorities: Mapping[str, Authority]) -> Destination:
    """Return what routing and pacing need of one entry of the configuration.

    Whoever follows a department gets the decrees of all who act there.
    """
    wanted = frozenset(code.upper() for code in entry.departments)
    acting = wanted | deciding_in(wanted, places_of(authorities))
    return Destination(entry.name, entry.platform, replace(entry.wanted, departments=acting), chat_of(entry.chat))


def chat_of(text: str) -> int | str | None:
    """Return a chat as Telegram takes it: its number, or `@name`; None where the option is empty."""
    if not text:
        return None
    return int(text) if text.lstrip("-").isdigit() else text


def channel_of(
    entry: DestinationSettings,
    settings: Settings,
    places: Mapping[str, Place],
    store: Store,
    console: TextIO,
    clock: Clock,
    album: Album,
) -> Channel:
    """Open the channel of a destination. Raises ValueError for one that is not complete, or whose address is not safe."""
    composer = MessageComposer(places, clock, entry.language, settings.web.public_url or None)
    secret = entry.url if entry.platform == "apprise" else entry.token
    token, chat = "" if secret is None else secret.get_secret_value(), chat_of(entry.chat)
    if entry.platform == "telegram" and token and chat is not None:
        return TelegramChannel(
            entry.name,
            Whereabouts(chat, store.moved_chats, clock, destination=entry.name),
            SendingBot(token, settings.telegram.api_url),
            TelegramWords(composer),
            store.chat_messages,
            Pictured(album.for_posts(entry.language)),
            settings.telegram.reconcile,
        )
    if entry.platform == "mastodon" and token and entry.instance:
        return MastodonChannel(
            entry.name,
            MastodonApi(entry.instance, token, clock),
            composer,
            Pictured(album.for_posts(entry.language)),
            visibility=entry.visibility or "public",
            content_warning=entry.content_warning or "",
            thread=bool(entry.thread),
        )
    if entry.platform == "apprise" and token:
        return AppriseChannel(entry.name, token, composer)
    if entry.platform == "console":
        return ConsoleChannel(entry.name, console, composer)
    raise ValueError(f"destination {entry.name}: its address or token is missing")


def album_of(archive: PdfArchive, places: Mapping[str, Place], store: Store) -> Album:
    """Return the pictures of decrees, drawn from the PDFs that are kept."""

    def locate(decree: Decree) -> Path | None:
        known = store.recueils.file_of(decree.publisher, decree.url)
        return None if known is None else archive.find(known[0])

    return Album(locate=locate, places=places)


# The outside edges of reading: the polite client, and the folder of kept PDFs.

_MEGABYTE = 1_000_000


@asynccontextmanager
async def open_client(settings: Settings, authorities: Mapping[str, Authority]) -> AsyncIterator[Client]:
    """Open the polite client for the hosts of the catalogue and of the national index. Raises ValueError when an option cannot be used.

    Whatever command opens it, it keeps the pace and the rest of each address that all others on the database keep.
    """
    http = settings.http
    options = ClientOptions(
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
    with open_politeness(settings.database.url) as politeness:
        async with Client(options, politeness=politeness) as client:
            yield client


def doubts(settings: Settings, authorities: Mapping[str, Authority]) -> Iterator[str]:
    """Yield what in the configuration can be used and is hardly meant, one sentence each."""
    http, watch = settings.http, settings.watch
    if http.browser and find_chromium(http.browser) is None:
        yield f"http.browser: there is no program {http.browser!r}; the sites that need a browser cannot be read"
    if watch.every_minutes > watch.slowest_minutes:
        longer, shorter = f"{watch.every_minutes:g}", f"{watch.slowest_minutes:g}"
        yield f"watch.every_minutes ({longer}) is more than watch.slowest_minutes ({shorter}), which therefore counts for nothing"
    known = hosts(authorities) | INDEX_HOSTS
    for origin in http.origins:
        host = urlsplit(origin).netloc
        if host not in known:
            meant = closest(host, known, at_least=80)
            yield f"http.origins: {host} is not a site of the catalogue" + (f"; did you mean {meant}?" if meant else "")


def open_archive(settings: Settings) -> PdfArchive:
    """Open the PDFs on disk: in the configured folders, or in some beside the database."""
    reading, storage, database = settings.reading, settings.storage, settings.database.url
    return PdfArchive(
        unread=reading.kept_folder or _beside(database, "pdfs"),
        kept=storage.pdfs_folder or _beside(database, "archive"),
        most_bytes=reading.kept_megabytes * _MEGABYTE,
        which=storage.keep_pdfs,
    )


def _beside(database: str, what: str) -> Path:
    """`vigie-pdfs` for the file `vigie.db`; a server has no folder of ours, so the user's own for what programs keep."""
    name = sqlite_file(database)
    if name is None:
        return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / f"vigie-{what}"
    file = Path(name).expanduser()
    return file.with_name(f"{file.stem}-{what}")


# What operators are told and asked, in a chat of their own where there is one.


class Operators:
    """Construct the operators' chat and what uses it. Nothing here opens a connection before the first text is sent."""

    def __init__(
        self,
        settings: Settings,
        authorities: Mapping[str, Authority],
        wired: Collection[Destination],
        store: Store,
        reviewer: Reviewer,
        clock: Clock,
    ) -> None:
        """`wired` are the destinations of posts: none of them may be the operators' chat."""
        telegram = settings.telegram
        self._authorities = authorities
        self._destinations = tuple(entry.name for entry in wired)
        self._late_after = timedelta(hours=settings.delivery.tell_after_hours)
        self._store = store
        self._reviewer = reviewer
        self._clock = clock
        self._language = telegram.operators_language
        self.chat: TelegramOperators | None = None
        """Where they are told and asked; None where only the log tells."""
        self.buttons: ReviewButtons | None = None
        """Takes the answers; None where nobody is asked, or the bot does not listen."""
        chat = chat_of(telegram.operators_chat)
        if chat is not None and telegram.token is not None:
            public = [entry.chat for entry in wired if entry.chat is not None]
            where = Whereabouts(chat, store.moved_chats, clock, destination=OPERATORS)
            self.chat = TelegramOperators(where, SendingBot(telegram.token.get_secret_value(), telegram.api_url), public)
            if telegram.commands:
                self.buttons = ReviewButtons(chat=chat, reviewer=reviewer, language=self._language, now_at=store.moved_chats.now_at)

    def notifier(self, overview: Callable[[], Overview]) -> Notifier:
        """Notify of what does not work, and ask about acts that nobody but a person can judge; in the log alone where there is no chat:
        `vigie review` shows the acts all the same."""
        store, clock, language = self._store, self._clock, self._language
        producers: list[Producer] = [
            SourceAlerts(overview, store.alerts, partial(source_name, self._authorities), clock, language),
            DeliveryAlerts(store, self._destinations, self._late_after, clock, language),
        ]
        if self.chat is None:
            return Notifier(producers, None, clock)
        asked = self._reviewer.found
        producers.append(ReviewQuestions(store.reviews, asked, self._name, clock, language, buttons=self.buttons is not None))
        return Notifier(producers, self.chat.send, clock)

    async def close(self) -> None:
        """Release connections."""
        if self.chat is not None:
            await self.chat.close()

    def _name(self, code: str) -> str:
        authority = self._authorities.get(code)
        return code if authority is None else f"{authority.department} ({code})"
