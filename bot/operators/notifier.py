"""Sends operators alerts and questions about doubtful acts, each recorded before and after the send, so that it is sent once across
restarts. Failed sends are retried; sends of unknown outcome too, as twice is better than never. Without a chat only the log reports.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import Protocol, TypeVar

import structlog

from bot.delivery.channel import DeliveryError, NotSent
from bot.delivery.telegram.operators_chat import ChatButton
from bot.delivery.transitions import retry_wait
from bot.domain.acts import Decree
from bot.domain.health import Overview
from bot.domain.tasks import run_to_completion
from bot.ingest.review import FactAnswer, FactQuestion, ReviewAnswer, answer_data
from bot.messages.words import Language
from bot.operators.alerts import POST_DELAYS, SOURCE_DELAYS, AlertDelays, PagesState, PostTrouble, decide, post_changes, source_changes
from bot.operators.text import Names, alert_text, alert_words, fact_text, post_text, review_text
from bot.queries.phrases import doubt_words
from bot.storage.alerts import Alerts
from bot.storage.errors import NoSuchRow, StorageError
from bot.storage.reading_queue import QueueState
from bot.storage.reviews import Reviews
from bot.storage.store import Store

log = structlog.get_logger()

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Notice:
    """Holds one message. `record` takes the instant at which it had gone out."""

    text: str
    record: Callable[[datetime], object]
    buttons: Sequence[ChatButton] = ()


class Producer(Protocol):
    """Produces what operators are notified of."""

    async def update(self) -> None:
        """Log and store what begins and what is over. Raises StorageError."""
        ...

    def notices(self, *, once: bool) -> Iterator[Notice]:
        """Yield the messages that are due, each after the former was sent; `once` as in `Notifier.notify`. Called in a thread."""
        ...


@dataclass(slots=True, eq=False)
class Notifier:
    """Sends the notices of its producers, in order. `send` is None without a chat; it raises DeliveryError."""

    producers: Sequence[Producer]
    send: Callable[[str, Sequence[ChatButton]], Awaitable[None]] | None
    clock: Callable[[], datetime]
    _failures: int = field(default=0, init=False)
    _not_before: datetime | None = field(default=None, init=False)
    _reason: str | None = field(default=None, init=False)

    async def notify(self, *, once: bool = False) -> None:
        """Send all due notices. `once`: the program ends, so nothing settles and no buttons. Raises StorageError after all producers."""
        failure: StorageError | None = None
        for producer in self.producers:
            try:
                await producer.update()
                await self._send_all(producer.notices(once=once))
            except StorageError as error:
                failure = failure or error
            except Exception:  # in one producer: it must not silence the others
                log.exception("operators.notify_crashed", of=type(producer).__name__)
        if failure is not None:
            raise failure

    async def _send_all(self, notices: Iterator[Notice]) -> None:
        while not self._rests() and (notice := await asyncio.to_thread(next, notices, None)) is not None:
            if await self._sent(notice):
                # A stop must not come between the message and its record: it would be sent twice.
                await run_to_completion(notice.record, self.clock())

    def _rests(self) -> bool:
        return self.send is None or (self._not_before is not None and self.clock() < self._not_before)

    async def _sent(self, notice: Notice) -> bool:
        """Send one message; waits lengthen with every failure in a row."""
        if self.send is None:
            return False
        try:
            await self.send(notice.text, notice.buttons)
        except DeliveryError as error:
            self._failures += 1
            self._not_before = self.clock() + retry_wait(self._failures, error.retry_after if isinstance(error, NotSent) else None)
            if str(error) != self._reason:
                self._reason = str(error)
                log.error("operators.notify_failed", error=self._reason)
            return False
        if self._reason is not None:
            log.info("operators.notify_recovered")
        self._failures, self._not_before, self._reason = 0, None, None
        return True


@dataclass(frozen=True, slots=True)
class SourceAlerts:
    """Produces alerts of sources. `survey` returns their health; `names` names a source."""

    survey: Callable[[], Overview]
    alerts: Alerts
    names: Names
    clock: Callable[[], datetime]
    language: Language

    async def update(self) -> None:
        """See `Producer`."""
        overview = await asyncio.to_thread(self.survey)
        change = source_changes(overview.sources, await asyncio.to_thread(self.alerts.unfinished), overview.at)
        if not change:
            return
        await asyncio.to_thread(
            self.alerts.change,
            overview.at,
            opened=change.opened,
            closed=[alert.id for alert in change.closed],
            dropped=[alert.id for alert in change.dropped],
            reopened=[alert.id for alert in change.reopened],
        )
        for new in change.opened:
            log.warning("source.alert_opened", source=new.subject, cause=new.cause, detail=new.detail, group="source")
        for alert in change.closed:
            log.info("source.alert_closed", source=alert.subject, cause=alert.cause, group="source")
        for alert in change.reopened:
            log.warning("source.alert_reopened", source=alert.subject, cause=alert.cause, group="source")

    def notices(self, *, once: bool) -> Iterator[Notice]:
        """See `Producer`."""
        if due := decide(self.alerts.unfinished(), self.clock(), _waits(SOURCE_DELAYS, once=once)):
            ids = [alert.id for alert in due.begun], [alert.id for alert in due.ended]
            yield Notice(alert_text(due, self.names, self.language), partial(self.alerts.notified, *ids))


@dataclass(frozen=True, slots=True)
class DeliveryAlerts:
    """Produces alerts of delivery to the configured `destinations` and of the public `pages` (None: none). Logs late posts; the parts that
    deliver or serve log other troubles. `queue`: files for workers, None without.
    """

    store: Store
    destinations: Sequence[str]
    late_after: timedelta
    clock: Callable[[], datetime]
    language: Language
    pages: PagesState | None
    queue: Callable[[], QueueState | None]

    async def update(self) -> None:
        """See `Producer`."""
        unsent = await asyncio.to_thread(self.store.posts.unsent, self.destinations)
        not_edited = await asyncio.to_thread(self.store.edits.given_up, self.destinations)
        checks = await asyncio.to_thread(self.store.destination_checks.all)
        ours = {name: checks[name] for name in self.destinations if name in checks}
        unfinished = await asyncio.to_thread(self.store.post_alerts.unfinished)
        in_chats = await asyncio.to_thread(self.store.posts.in_trouble)
        queue = await asyncio.to_thread(self.queue)
        change = post_changes(unsent, not_edited, unfinished, self.clock(), self.late_after, ours, in_chats, self.pages, queue)
        if not change:
            return
        closed = [alert.id for alert in change.closed]
        await asyncio.to_thread(self.store.post_alerts.change, self.clock(), opened=change.opened, closed=closed)
        for new in change.opened:
            if new.cause == PostTrouble.LATE:
                log.warning("delivery.alert_opened", destination=new.destination, error=new.detail)
        for alert in change.closed:
            log.info("delivery.alert_closed", about=alert.subject, destination=alert.destination, trouble=alert.cause)

    def notices(self, *, once: bool) -> Iterator[Notice]:
        """See `Producer`."""
        alerts = self.store.post_alerts
        if due := decide(alerts.unfinished(), self.clock(), _waits(POST_DELAYS, once=once)):
            ids = [alert.id for alert in due.begun], [alert.id for alert in due.ended]
            yield Notice(post_text(due, self.language), partial(alerts.notified, *ids))


def _waits(waits: AlertDelays, *, once: bool) -> AlertDelays:
    return replace(waits, settle=timedelta(0)) if once else waits


FRESH = timedelta(days=7)
"""Age at which acts are no longer asked about: older ones, and those of a backfill, are listed by `vigie review list` only."""

AT_ONCE = 5
"""Acts in one look: a bulk of doubtful ones must not bury what else operators are sent."""


@dataclass(frozen=True, slots=True)
class ReviewQuestions:
    """Produces one question per doubtful act, with two buttons, then one per new decree with facts to verify, about the most useful, with a
    button per reading. `doubted` returns the question on a decree, `names` the name of an
    authority. Without `buttons` the command is named.
    """

    reviews: Reviews
    doubted: Callable[[Decree], FactQuestion | None]
    names: Names
    clock: Callable[[], datetime]
    language: Language
    _: KW_ONLY
    buttons: bool

    async def update(self) -> None:
        """See `Producer`: the acts are stored as they are found."""

    def notices(self, *, once: bool) -> Iterator[Notice]:
        """See `Producer`."""
        words = alert_words(self.language).reviews
        buttons = self.buttons and not once
        for act in self.reviews.not_notified(AT_ONCE, self.clock() - FRESH):
            if self.reviews.get(act.id) is None:
                continue  # settled meanwhile
            why = doubt_words(act.evidence, self.language)
            text = review_text(act, self.names(act.authority), self.language, buttons=buttons, why=why)
            answers = ((words.yes, True), (words.no, False)) if buttons else ()
            choices = [ChatButton(said, answer_data(ReviewAnswer(act.id, act.token, is_decree))) for said, is_decree in answers]
            yield Notice(text, partial(self.reviews.notified, [act.id]), choices)
        doubted = self.reviews.unasked(self.clock() - FRESH)
        questions = filter(None, (_found_out(partial(self.doubted, one), decree=one.id) for one in doubted))
        for asked in islice(questions, AT_ONCE):
            decree = asked.decree.id or 0
            text = fact_text(asked, self.names(asked.decree.authority), self.language, buttons=buttons)
            labels = {1: "1", 2: "2", 0: words.neither} if len(asked.readings) > 1 else {1: words.right, 0: words.wrong}
            data = {choice: answer_data(FactAnswer(decree, asked.token, asked.fact, choice)) for choice in labels}
            choices = [ChatButton(label, data[choice]) for choice, label in labels.items()] if buttons else []
            yield Notice(text, partial(self.reviews.asked, decree), choices)


def _found_out(look: Callable[[], T | None], **about: int | None) -> T | None:
    """Return the question, None if settled or gone, or after a crash, so that other questions go on. Raises StorageError."""
    try:
        return look()
    except NoSuchRow:
        return None
    except StorageError:
        raise
    except Exception:
        log.exception("review.preview_crashed", **about)
        return None
