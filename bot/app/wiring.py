"""Construct every part of the program and connect them: nothing else does."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from importlib.metadata import version
from typing import TextIO

from bot.app.config.destinations import answering, destinations
from bot.app.config.model import DestinationSettings, Settings, TelegramSettings, WatchSettings
from bot.app.inventory import chat_of, destination_of, folder_beside, listens, log_doubts, places_of, report_sources, unread_folder, utc_now
from bot.delivery.apprise import AppriseChannel
from bot.delivery.channel import Channel, Limiter, MessageComposer, PreparedPictures, most_per_day
from bot.delivery.checking import Checker
from bot.delivery.console import ConsoleChannel
from bot.delivery.deliverer import Deliverer, Editor
from bot.delivery.followers import FollowerNotices, FollowerPool, Geography
from bot.delivery.mastodon.channel import MastodonChannel
from bot.delivery.mastodon.client import ANSWERING, POSTING, MastodonApi
from bot.delivery.mastodon.mentions import MentionedAccount
from bot.delivery.picture.album import Album
from bot.delivery.telegram.channel import TelegramChannel, TelegramWords
from bot.delivery.telegram.client import ChatAddress, Mailbox, SendingBot, record_message
from bot.delivery.telegram.follower import FollowerChannel, FollowerWords
from bot.delivery.telegram.operators_chat import TelegramOperators
from bot.detection.facts.operators import operator_names
from bot.domain.acts import Decree, Place
from bot.domain.health import Overview
from bot.domain.posts import OPERATORS, Destination, Follow, Follower, FollowTargets, chat_destination, operator_key, route_to
from bot.domain.tasks import beside
from bot.gazetteer.finding import find_places
from bot.gazetteer.gazetteer import departments_of_region, gazetteer, region_of
from bot.gazetteer.naming import communes_named, data_version, targets_in
from bot.ingest.archive import KeptFor, PdfArchive, RecueilFiles, Retention, kept_file
from bot.ingest.backfill import Backfill, BackfillLimits
from bot.ingest.health import PublicationHistory, watching_since
from bot.ingest.ingestor import BackgroundTasks, Clock, Ingestor, Recorder
from bot.ingest.judging import concerned
from bot.ingest.poller import Poller, PollSchedule
from bot.ingest.reading_job import FileReading, LocalReading, ReadingJob, WorkerSlots
from bot.ingest.renewal import Renewal
from bot.ingest.review import Reviewer
from bot.ingest.timestamping import TimestampAuthority, Timestamper
from bot.messages.following import FollowNames
from bot.messages.words import Language
from bot.operators.alerts import PagesState
from bot.operators.notifier import DeliveryAlerts, Notifier, Producer, ReviewQuestions, SourceAlerts
from bot.operators.review_buttons import ReviewButtons
from bot.operators.text import authority_name, source_name
from bot.queries.following import LastReading, last_readings
from bot.queries.mastodon import HOUR, PER_HOUR, MentionAnswers, answer_status
from bot.queries.questions import TELEGRAM_PAGE, Questions, RateLimiter
from bot.queries.telegram.bot import TelegramBot, TelegramCommands
from bot.queries.telegram.commands import ChatLanguages
from bot.queries.telegram.following import FollowCommands, FollowContext
from bot.queries.telegram.replies import Callbacks
from bot.reading.reader import stream_pdf
from bot.storage.database import parse_url
from bot.storage.errors import Unavailable
from bot.storage.naming import CommuneNamer
from bot.storage.politeness import open_politeness
from bot.storage.reading_queue import ReadingQueue
from bot.storage.recording import Route
from bot.storage.store import Store, open_store, rehearsal_store
from sources.catalogue.authority import INDEX_HOSTS, Authority, Catalogue, browser_hosts, hosts
from sources.crawl.crawler import Crawler
from sources.crawl.history import PatientFetcher
from sources.http.client import Client
from sources.http.connection import ClientOptions, user_agent
from sources.http.scratch import remove_abandoned
from sources.model import FileFetcher

_QUEUE_MISSING = None
try:
    from bot.ingest.queued_reading import AHEAD, QueuedReading, ReadingWorker, open_jobs
except ModuleNotFoundError as error:  # workers on other machines need an extra that the bot itself does not
    _QUEUE_MISSING = error.name


@dataclass(frozen=True, slots=True)
class Parts:
    """Holds everything a command may drive, wired. A rehearsal notifies nobody: it has no `notifier`."""

    settings: Settings
    authorities: Mapping[str, Authority]
    poller: Poller
    reading: ReadingJob
    recorder: Recorder
    deliverer: Deliverer
    store: Store
    clock: Clock
    telegram: TelegramBot | None
    mentions: Sequence[MentionAnswers]
    """Answer those who mention an account, one for each account that allows it."""
    notifier: Notifier | None
    backfill: Backfill
    checker: Checker
    reviewer: Reviewer
    route: Route
    followers: FollowerPool | None
    """Serves the chats that follow something; None where the bot listens to nobody."""
    unread: FollowerNotices | None
    """Notifies them of sources that cannot be read."""
    pages: PagesState
    """How the public pages are, as whatever serves them notes for the notifier."""
    retention: Retention
    timestamper: Timestamper | None
    """Has what dossiers rest on stamped; None where no service is configured."""
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
    """Open and wire the program for the authorities with these codes; close all at the end. Removes temporary files of killed programs.
    `console` receives console posts. A `rehearsal` works on a copy in memory, without destinations. Raises StorageError, and ValueError for
    an unsafe address.
    """
    places = places_of(authorities)
    log_doubts(settings, authorities)
    await asyncio.to_thread(remove_abandoned)
    async with AsyncExitStack() as stack:
        # In a thread: opening may wait for a lock, and the program must be able to stop meanwhile.
        namer, archive = namer_of(places), open_archive(settings)
        opening = partial(_open, settings.database.url, watched if rehearsal else None, namer, archive, clock)
        store = stack.enter_context(await asyncio.to_thread(opening))
        if not rehearsal:
            await stack.enter_async_context(beside(Renewal(store.database, namer).run()))
        client = await stack.enter_async_context(open_client(settings, authorities))
        configured = () if rehearsal else destinations(settings)
        wired = tuple(destination_of(entry, authorities) for entry in configured)
        album = album_of(archive, places, store)
        channels = [channel_of(entry, settings, places, store, console, clock, album) for entry in configured]
        limiter = _limiter(settings, wired)
        deliverer = _deliverer(settings, limiter, channels, store, clock)
        stack.push_async_callback(deliverer.close)
        targets = None if rehearsal or not listens(settings) else targets_in(places)
        store.follows.configured = [str(chat) for chat in (*_chats(wired), chat_of(settings.telegram.operators_chat)) if chat is not None]
        mailbox = Mailbox(None if targets is None else await asyncio.to_thread(store.chat_messages.newest_shared))
        followers, unread, history = None, None, PublicationHistory(store)
        senders = [channel.sending for channel in channels if isinstance(channel, TelegramChannel)]
        overview = partial(report_sources, settings, authorities, store, history, clock=clock)
        if targets is not None and settings.telegram.token is not None:
            sending = SendingBot(settings.telegram.token.get_secret_value(), settings.telegram.api_url)
            stack.push_async_callback(sending.close)
            senders.append(sending)
            open_channel = _follower_channels(settings, places, store, sending, targets, mailbox, clock)
            followers = FollowerPool(store.follows, deliverer, open_channel, clock, edited=settings.delivery.edit_posts)
            unread = FollowerNotices(store.notices, store.follows, open_channel, limiter, overview, Geography(places, region_of), clock)
        catalogue, route = Catalogue(authorities, watched), partial(route_to, wired, targets)
        recorder = Recorder(catalogue, store, route, clock, settings.watch.watched)
        # A rehearsal leaves nothing on disk: it reads from the temporary folder.
        job = ReadingJob(await stack.enter_async_context(_file_reading(settings, store, clock, rehearsal=rehearsal)), store)
        ingestor_of = _ingestors(job, catalogue, recorder, None if rehearsal else archive, store, clock)
        background = BackgroundTasks(ingestor_of(client), _slots(settings, rehearsal=rehearsal), clock)
        poller = Poller(catalogue, Crawler(client), background, store, history, _schedule(settings.watch), clock)
        stack.push_async_callback(poller.stop)
        patient = PatientFetcher(client, now=clock, sleep=asyncio.sleep)
        reviewer = Reviewer(store=store, route=route, clock=clock, issuers=catalogue.issuers)
        operators_chat = _operators_chat(settings.telegram, wired, store, clock)
        if operators_chat is not None:
            stack.push_async_callback(operators_chat.close)
        buttons = None if operators_chat is None else _review_buttons(settings.telegram, reviewer, store)
        questions = open_questions(places, store, overview, settings, page_size=TELEGRAM_PAGE, clock=clock)
        accounts = () if rehearsal else tuple(_mentioned(entry, clock) for entry in answering(settings))
        for account in accounts:
            stack.push_async_callback(account.close)
        limits, pages = RateLimiter(PER_HOUR, time.monotonic, seconds=HOUR), PagesState.of(settings.web.listen)
        producers = _producers(settings, authorities, wired, store, reviewer, overview, pages, clock)
        yield Parts(
            settings=settings,
            authorities=authorities,
            poller=poller,
            reading=job,
            recorder=recorder,
            deliverer=deliverer,
            store=store,
            clock=clock,
            telegram=_telegram_bot(settings, wired, places, store, overview, questions, buttons, mailbox, senders, clock),
            mentions=[
                MentionAnswers(
                    account,
                    store.mentions,
                    questions,
                    partial(answer_status, places=places, contact=_contact(settings), public_url=settings.web.public_url),
                    limits,
                    clock,
                )
                for account in accounts
            ],
            notifier=None if rehearsal else Notifier(producers, None if operators_chat is None else operators_chat.send, clock),
            backfill=Backfill(catalogue, patient, client, ingestor_of(patient), store, clock, _backfill_limits(settings)),
            checker=Checker(store.destination_checks, store.outbox, [*channels, operators_chat], clock),
            reviewer=reviewer,
            route=route,
            followers=followers,
            unread=unread,
            pages=pages,
            retention=open_retention(settings, store, archive, clock, rehearsal=rehearsal),
            timestamper=None if rehearsal else _timestamper(settings, store, clock),
            tidy=(lambda: None) if rehearsal else archive.tidy,
        )


def _open(url: str, rehearsed: Collection[str] | None, namer: CommuneNamer, archive: PdfArchive, clock: Clock) -> Store:
    if rehearsed is not None:
        return rehearsal_store(url, rehearsed, namer=namer)
    return open_store(url, namer=namer, now=clock(), was_there=archive.has_kept())


@asynccontextmanager
async def open_destinations(
    settings: Settings, authorities: Mapping[str, Authority], store: Store
) -> AsyncIterator[Sequence[Channel | TelegramOperators]]:
    """Open all destinations and the operators' chat for checks without posting. Raises ValueError for an unsafe address."""
    places, configured = places_of(authorities), destinations(settings)
    album = album_of(open_archive(settings), places, store)
    async with AsyncExitStack() as stack:
        opened: list[Channel | TelegramOperators] = [
            channel_of(entry, settings, places, store, sys.stdout, utc_now, album) for entry in configured
        ]
        operators_chat = _operators_chat(settings.telegram, [destination_of(entry, authorities) for entry in configured], store, utc_now)
        opened += [] if operators_chat is None else [operators_chat]
        for one in opened:
            stack.push_async_callback(one.close)
        yield opened


# Polls and backfills: each fetches in its own way, and both read, record and keep in the same.


def _ingestors(
    job: ReadingJob,
    catalogue: Catalogue,
    recorder: Recorder,
    archive: PdfArchive | None,
    store: Store,
    clock: Clock,
) -> Callable[[FileFetcher], Ingestor]:
    """Return what makes an ingestor that fetches in this way."""

    def ingestor(fetcher: FileFetcher) -> Ingestor:
        files = RecueilFiles(fetcher, store, archive, clock)
        return Ingestor(catalogue, Crawler(fetcher), files, job, recorder, store, clock)

    return ingestor


def _schedule(watch: WatchSettings) -> PollSchedule:
    return PollSchedule(
        every=timedelta(minutes=watch.every_minutes),
        slowest=timedelta(minutes=max(watch.slowest_minutes, watch.every_minutes)),
        announce_since=timedelta(days=watch.announce_since_days),
    )


def _slots(settings: Settings, *, rehearsal: bool) -> WorkerSlots:
    # What is queued is all long: others pass.
    long = AHEAD if not rehearsal and is_queued(settings) else settings.reading.long_workers
    return WorkerSlots(quick=settings.reading.workers, slow=long)


def _backfill_limits(settings: Settings) -> BackfillLimits:
    return BackfillLimits(AHEAD if is_queued(settings) else settings.reading.workers, timedelta(days=settings.watch.announce_since_days))


# Reading on other machines.


def is_queued(settings: Settings) -> bool:
    """Return whether files are read by workers. Raises Unavailable where what that needs is not installed."""
    if settings.reading.engine == "local":
        return False
    if _QUEUE_MISSING is not None:
        error = Unavailable(f"reading.engine needs {_QUEUE_MISSING}: pip install 'vigie-vsa[workers]'")
        error.is_lasting = True
        raise error
    return True


def _local_reading(settings: Settings, store: Store, clock: Clock) -> LocalReading:
    limits, is_concerned = settings.reading.limits(), partial(concerned, watched=settings.watch.watched)
    usual, careful = partial(stream_pdf, limits=limits), partial(stream_pdf, limits=limits.lowered())
    return LocalReading(usual, store, clock, careful=careful, is_concerned=is_concerned)


@asynccontextmanager
async def _file_reading(settings: Settings, store: Store, clock: Clock, *, rehearsal: bool) -> AsyncIterator[FileReading]:
    if rehearsal or not is_queued(settings):
        yield _local_reading(settings, store, clock)
        return
    queue = ReadingQueue(store.database)
    async with open_jobs(parse_url(settings.database.url), queue) as jobs:
        queued = QueuedReading(queue, jobs)
        # At once: that it may not be made is to be seen at the start, and not in the log of the first PDF.
        await queued.prepare()
        async with beside(queued.watch()):
            yield queued


@asynccontextmanager
async def open_worker(settings: Settings) -> AsyncIterator[ReadingWorker]:
    """Open what reads the files that others queue. It makes and upgrades no database. Raises StorageError."""
    url = settings.database.url
    is_queued(settings)
    await asyncio.to_thread(remove_abandoned)
    with await asyncio.to_thread(partial(open_store, url, read_only=True, existing=True)):
        pass
    with await asyncio.to_thread(open_store, url) as store:
        queue, job = ReadingQueue(store.database), ReadingJob(_local_reading(settings, store, utc_now), store)
        async with open_jobs(parse_url(settings.database.url), queue) as jobs:
            yield ReadingWorker(queue, jobs, job, settings.reading.workers)


def _limiter(settings: Settings, wired: Sequence[Destination]) -> Limiter:
    pace = settings.delivery
    return Limiter(wired, spacing=pace.seconds_between_posts, most_per_day=most_per_day(wired, pace.max_posts_per_day))


def _deliverer(settings: Settings, limiter: Limiter, channels: Sequence[Channel], store: Store, clock: Clock) -> Deliverer:
    editor = Editor(store.edits, clock, limiter) if settings.delivery.edit_posts else None
    return Deliverer(store.outbox, channels, clock, limiter=limiter, editor=editor)


def _follower_channels(
    settings: Settings,
    places: Mapping[str, Place],
    store: Store,
    sending: SendingBot,
    targets: Callable[[Decree], FollowTargets],
    mailbox: Mailbox,
    clock: Clock,
) -> Callable[[Follower], FollowerChannel]:
    names = follow_names()

    def channel(follower: Follower) -> FollowerChannel:
        language: Language = "en" if follower.language == "en" else "fr"
        composer = MessageComposer(places, clock, language, settings.web.public_url or None)
        where = ChatAddress(follower.chat, store.follower_moves, clock, destination=chat_destination(follower.chat))
        return FollowerChannel(follower, where, sending, FollowerWords(composer, follower, targets, names), store.chat_messages, mailbox)

    return channel


def namer_of(places: Mapping[str, Place]) -> CommuneNamer:
    """Return what finds the communes of a decree."""
    return CommuneNamer(data_version(), partial(communes_named, places))


def follow_names() -> FollowNames:
    """Return what names places and operators that are followed."""
    return FollowNames(lambda follow: gazetteer().label(follow), {operator_key(name): name for name in operator_names()})


def _contact(settings: Settings) -> str:
    """Return whom people may write to who meet this instance, empty where nobody says."""
    return settings.web.contact or settings.http.contact


def _telegram_bot(
    settings: Settings,
    wired: Sequence[Destination],
    places: Mapping[str, Place],
    store: Store,
    overview: Callable[[], Overview],
    questions: Questions,
    buttons: ReviewButtons | None,
    mailbox: Mailbox,
    senders: Sequence[SendingBot],
    clock: Clock,
) -> TelegramBot | None:
    telegram = settings.telegram
    if telegram.token is None or not telegram.commands:
        return None
    seen = partial(record_message, store.chat_messages, _chats(wired), clock)
    limiter, follows = RateLimiter(telegram.commands_per_minute, time.monotonic), store.follows
    languages, contact = ChatLanguages(follows.language_of, follows.set_language), _contact(settings)
    commands = TelegramCommands(questions, places, limiter, Callbacks(), languages, contact=contact, answered_in=mailbox.note)

    def readings(wanted: Sequence[Follow]) -> Mapping[Follow, LastReading]:
        return last_readings(wanted, overview(), departments_of_region, places)

    context = FollowContext(follow_names(), find_places, readings, targets_in(places), questions.decree_of, contact, questions.watched)
    following = FollowCommands(follows, context, languages, limiter, clock, mailbox.note)
    token = telegram.token.get_secret_value()

    def shared(is_shared: bool) -> None:
        """Post nothing with a token that another program uses too."""
        for sender in senders:
            sender.is_shared = is_shared and sender.bot.token == token

    bot = TelegramBot(telegram.token, telegram.api_url, commands, reviews=buttons, following=following, seen=seen)
    bot.when_shared = shared
    return bot


def open_questions(
    places: Mapping[str, Place],
    store: Store,
    overview: Callable[[], Overview],
    settings: Settings,
    *,
    page_size: int,
    clock: Clock = utc_now,
) -> Questions:
    """Return the answers, over one store, `page_size` decrees at a time; `overview` reports how the sources are."""
    since = partial(watching_since, store)
    return Questions(
        store.decrees,
        places,
        clock,
        overview=overview,
        page_size=page_size,
        since=since,
        public_url=settings.web.public_url,
        watched=settings.watch.watched.names,
    )


# The destinations of the configuration as channels.


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
            ChatAddress(chat, store.moved_chats, clock, destination=entry.name),
            SendingBot(token, settings.telegram.api_url),
            TelegramWords(composer),
            store.chat_messages,
            PreparedPictures(album.for_posts(entry.language)),
            settings.telegram.reconcile,
        )
    if entry.platform == "mastodon" and token and entry.instance:
        return MastodonChannel(
            entry.name,
            MastodonApi(entry.instance, token, clock, scopes=ANSWERING if entry.answer_mentions else POSTING),
            composer,
            PreparedPictures(album.for_posts(entry.language)),
            visibility=entry.visibility or "public",
            content_warning=entry.content_warning or "",
        )
    if entry.platform == "apprise" and token:
        return AppriseChannel(entry.name, token, composer)
    if entry.platform == "console":
        return ConsoleChannel(entry.name, console, composer)
    raise ValueError(f"destination {entry.name}: its address or token is missing")


def _mentioned(entry: DestinationSettings, clock: Clock) -> MentionedAccount:
    """Open the account of a destination, for its mentions. Raises ValueError where its address is not safe."""
    token = "" if entry.token is None else entry.token.get_secret_value()
    return MentionedAccount(entry.name, MastodonApi(entry.instance, token, clock), content_warning=entry.content_warning or "")


def album_of(archive: PdfArchive, places: Mapping[str, Place], store: Store) -> Album:
    """Return the pictures of decrees, drawn from the PDFs that are kept."""
    return Album(locate=partial(kept_file, archive, store.decrees), places=places)


# The outside edges of reading: the polite client, and the folder of kept PDFs.

_MEGABYTE = 1_000_000


@asynccontextmanager
async def open_client(settings: Settings, authorities: Mapping[str, Authority]) -> AsyncIterator[Client]:
    """Open the polite client for hosts of the catalogue and the national index, with pace and rests shared by all commands on the database.
    Raises ValueError for an unusable option.
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


def open_retention(settings: Settings, store: Store, archive: PdfArchive, clock: Clock = utc_now, *, rehearsal: bool = False) -> Retention:
    """Return what drops the old things that no decree needs. A rehearsal, which has a part of the acts only, drops nothing."""
    kept = settings.retention
    kept_for = KeptFor(0, 0, 0) if rehearsal else KeptFor(kept.pages_days, kept.texts_days, kept.pdfs_days)
    return Retention(store.contents, archive, kept_for, clock)


def _timestamper(settings: Settings, store: Store, clock: Clock) -> Timestamper | None:
    proof = settings.proof
    if not proof.timestamp_url:
        return None
    authority = TimestampAuthority(proof.timestamp_url, proof.certificates)
    return Timestamper(store.timestamps, store.looks.on, authority, clock)


def open_archive(settings: Settings) -> PdfArchive:
    """Open the PDFs on disk: in the configured folders, or in some beside the database."""
    storage = settings.storage
    return PdfArchive(
        unread=unread_folder(settings),
        kept=storage.pdfs_folder or folder_beside(settings.database.url, "archive"),
        most_bytes=settings.reading.kept_megabytes * _MEGABYTE,
        which=storage.keep_pdfs,
    )


# Operators: what they are notified of, in a chat of their own where there is one.


def _operators_chat(telegram: TelegramSettings, wired: Sequence[Destination], store: Store, clock: Clock) -> TelegramOperators | None:
    """Return the operators' chat, which must be none of the destinations; None where the log alone reports."""
    chat = chat_of(telegram.operators_chat)
    if chat is None or telegram.token is None:
        return None
    where = ChatAddress(chat, store.moved_chats, clock, destination=OPERATORS)
    return TelegramOperators(where, SendingBot(telegram.token.get_secret_value(), telegram.api_url), _chats(wired))


def _review_buttons(telegram: TelegramSettings, reviewer: Reviewer, store: Store) -> ReviewButtons | None:
    """Return what takes the answers of operators; None where the bot does not listen, so that they are to use `vigie review`."""
    chat = chat_of(telegram.operators_chat)
    if chat is None or not telegram.commands:
        return None
    return ReviewButtons(chat=chat, reviewer=reviewer, language=telegram.operators_language, now_at=store.moved_chats.now_at)


def _producers(
    settings: Settings,
    authorities: Mapping[str, Authority],
    wired: Sequence[Destination],
    store: Store,
    reviewer: Reviewer,
    overview: Callable[[], Overview],
    pages: PagesState,
    clock: Clock,
) -> list[Producer]:
    telegram, late_after = settings.telegram, timedelta(hours=settings.delivery.tell_after_hours)
    names, language = [entry.name for entry in wired], telegram.operators_language
    authority = partial(authority_name, authorities)
    queue = ReadingQueue(store.database).state if is_queued(settings) else lambda: None
    return [
        SourceAlerts(overview, store.alerts, partial(source_name, authorities), clock, language),
        DeliveryAlerts(store, names, late_after, clock, language, pages, queue),
        ReviewQuestions(store.reviews, reviewer.question, authority, clock, language, buttons=telegram.commands),
    ]


def _chats(wired: Sequence[Destination]) -> frozenset[int | str]:
    return frozenset(entry.chat for entry in wired if entry.chat is not None)
