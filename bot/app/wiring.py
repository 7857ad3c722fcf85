"""The program, wired."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TextIO

import structlog

from bot.app.answers import open_questions, places_of, take_survey
from bot.app.channels import album_of, channel_of, destination_of
from bot.app.clock import utc_now
from bot.app.config import Settings, destinations
from bot.app.edges import doubts, open_client, open_keep, open_shelf
from bot.app.harvesting import Harvesting
from bot.app.operators import Operators
from bot.delivery import Channel, Checker, Deliverer, Destination, Editor, Limiter, destinations_for, most_per_day
from bot.domain import Place
from bot.domain.crowd import CrowdLog
from bot.ingest import Backfill
from bot.ingest.health import Overview
from bot.ingest.ingestor import Clock, Route
from bot.ingest.poller import Watcher
from bot.ingest.review import Reviewer
from bot.operators import AlertTeller, PostTeller, ReviewAsker
from bot.operators.review_buttons import ReviewButtons
from bot.queries import TELEGRAM_PAGE, TelegramBot
from bot.storage.rehearsal import rehearsal_store
from bot.storage.store import Store, open_store
from sources.catalogue.authority import Authority
from sources.catalogue.issuers import Issuers
from sources.http.scratch import remove_abandoned

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything a command may drive, wired. A rehearsal tells nobody: it has no `alerts` and no `asker`."""

    watcher: Watcher
    deliverer: Deliverer
    store: Store
    clock: Clock
    telegram: TelegramBot | None
    alerts: AlertTeller | None
    post_alerts: PostTeller | None
    asker: ReviewAsker | None
    backfill: Backfill
    crowds: CrowdLog
    checker: Checker
    reviewer: Reviewer
    route: Route
    tidy: Callable[[], None]
    """Removes files that are too old or too many: for the process that works, which knows those that it reads."""


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
        log.warning("configuration", doubt=doubt)
    await asyncio.to_thread(remove_abandoned)
    async with AsyncExitStack() as stack:
        # In a thread: opening may wait for a lock, and the program must be able to stop meanwhile.
        opening = partial(rehearsal_store, settings.database.url, watched) if rehearsal else partial(open_store, settings.database.url)
        store = stack.enter_context(await asyncio.to_thread(opening))
        client = await stack.enter_async_context(open_client(settings, authorities))
        wired = () if rehearsal else tuple(destination_of(entry, authorities) for entry in destinations(settings))
        # A rehearsal leaves nothing on disk: it reads from the temporary folder.
        shelf, keep = (None, None) if rehearsal else (open_shelf(settings), open_keep(settings))
        album = album_of(keep or open_keep(settings), places, store)
        channels = [channel_of(entry, settings, places, store, console, clock, album) for entry in wired]
        deliverer = _deliverer(settings, wired, channels, store, clock)
        stack.push_async_callback(deliverer.close)
        route, crowds = partial(destinations_for, wired), CrowdLog(structlog.get_logger())

        def tidy() -> None:
            for folder in (shelf, keep):
                if folder is not None:
                    folder.tidy()

        issuers = Issuers(authorities.values())
        harvesting = Harvesting(settings, authorities, client, store, route, clock, shelf, keep, issuers)
        watcher = harvesting.watcher(watched, crowds)
        stack.push_async_callback(watcher.stop)
        overview = partial(take_survey, settings, authorities, store, clock=clock)
        reviewer = Reviewer(store=store, route=route, clock=clock, issuers=issuers)
        operators = Operators(settings, authorities, wired, store, reviewer, clock)
        stack.push_async_callback(operators.close)
        yield Parts(
            watcher=watcher,
            deliverer=deliverer,
            store=store,
            clock=clock,
            telegram=_telegram_bot(settings, wired, places, store, overview, operators.buttons, clock),
            alerts=None if rehearsal else operators.teller(overview, crowds),
            post_alerts=None if rehearsal else operators.post_teller(),
            asker=None if rehearsal else operators.asker(),
            backfill=harvesting.backfill(),
            crowds=crowds,
            checker=Checker(store.destination_checks, store.outbox, [*channels, operators.chat], clock),
            reviewer=reviewer,
            route=route,
            tidy=tidy,
        )


def _deliverer(settings: Settings, wired: Sequence[Destination], channels: Sequence[Channel], store: Store, clock: Clock) -> Deliverer:
    pace = settings.delivery
    limiter = Limiter(wired, spacing=pace.seconds_between_posts)
    return Deliverer(
        store.outbox,
        channels,
        clock,
        limiter=limiter,
        editor=Editor(store.edits, clock, limiter) if pace.edit_posts else None,
        most_per_day=most_per_day(wired, pace.max_posts_per_day),
    )


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

    return TelegramBot(
        telegram.token,
        telegram.api_url,
        open_questions(places, store, overview, page_size=TELEGRAM_PAGE, clock=clock),
        places,
        commands_per_minute=telegram.commands_per_minute,
        reviews=buttons,
        seen=seen,
    )
