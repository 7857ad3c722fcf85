"""Polls one source: crawls, takes in what is new, fetches, reads, judges, records, queues posts."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from bot.domain.health import Cause
from bot.domain.publication import Online, over
from bot.domain.records import NewAlert, NewRecueil, NextPoll, Recueil, RecueilState, SourceState
from bot.ingest import decisions as decide
from bot.ingest.health import PublicationHistory
from bot.ingest.ingestor import BackgroundResult, BackgroundTasks, Clock, IngestResult, Unread, fault_of, new_recueil
from bot.ingest.looks import observe, reading_rules
from bot.storage.looks import runs_from_json, runs_to_json
from sources.catalogue.authority import Catalogue, Source
from sources.crawl.crawler import Crawl, Crawler
from sources.crawl.trail import Trail, requests_each_time
from sources.model import CrawlFailed, Emptied, FetchError, ListingEntry

if TYPE_CHECKING:
    from bot.storage.store import Store

log = structlog.get_logger()

MOST_NAMED = 5
"""Texts shown that name a recueil without a link."""


@dataclass(frozen=True, slots=True)
class PollSchedule:
    """Sets how often a source is polled: `every` in working hours until its habits are known, at least once in `slowest`; and how far back
    its first poll may announce."""

    every: timedelta
    slowest: timedelta
    announce_since: timedelta


@dataclass(frozen=True, slots=True)
class SourceReport:
    """Describes one source in one round. `requests`: HTTP requests for pages; `new`: recueils taken up for reading; `unfinished`: those
    still read in the background. `unchanged`: the site's pages did not change, and nothing is `listed`. `cause`: why the listing could not
    be read, at all or wholly."""

    source: Source
    error: str | None = None
    requests: int = 0
    listed: tuple[ListingEntry, ...] = ()
    new: int = 0
    incomplete: tuple[str, ...] = ()
    unread: tuple[Unread, ...] = ()
    cause: Cause | None = None
    unfinished: tuple[str, ...] = ()
    unchanged: bool = False
    opened: int = 0

    @property
    def ok(self) -> bool:
        """True when the listing was read and every due recueil could be fetched and opened. One that the site removed (`Unread.gone`) is
        only reported, unless there is something new and nothing at all could be opened."""
        return self.error is None

    def reading(self, ingested: IngestResult, done: Collection[str] = ()) -> SourceReport:
        """Return the report with what became of the recueils that were due, or of those that went on in the background, now `done`."""
        unread, opened = self.unread + ingested.unread, self.opened + ingested.opened
        unfinished = tuple(url for url in self.unfinished if url not in done) + ingested.unfinished
        is_all_gone = self.new > 0 and not opened and not unfinished
        return replace(
            self,
            error=self.error or next((item.error for item in unread if is_all_gone or not item.gone), None),
            requests=self.requests + ingested.requests,
            incomplete=self.incomplete + ingested.incomplete,
            unread=unread,
            unfinished=unfinished,
            opened=opened,
        )


class Poller:
    """Polls sources and reads what they publish."""

    def __init__(
        self,
        catalogue: Catalogue,
        crawler: Crawler,
        background: BackgroundTasks,
        store: Store,
        history: PublicationHistory,
        schedule: PollSchedule,
        clock: Clock,
    ) -> None:
        self._catalogue = catalogue
        self._crawler = crawler
        self._background = background
        self._store = store
        self._history = history
        self._schedule = schedule
        self._clock = clock
        self._ways = {source.key: source.way for source in catalogue.watched}
        self._one_at_a_time: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._held: dict[str, datetime] = {}
        self._early: dict[str, datetime] = {}
        """Holds when a source was last named by `due` before its next poll, by its key."""
        self._times_set_back = 0
        self._unlisted: set[str] = set()
        """Holds the sources whose recueils are to be read before their next poll."""

    async def poll(self, source: Source) -> tuple[SourceReport, IngestResult]:
        """Poll one source once: its listing, then all due recueils of its authority (only these if `due` named it for them). Long readings
        continue in the background: see `finish`. Never raises for a site, a PDF or a fault of ours that they cause: the report has it, the
        store schedules a retry. Raises StorageError."""
        async with self._one_at_a_time[source.authority]:
            try:
                # A program that ends again and again must not request the list at each start.
                report = SourceReport(source) if source.key in self._unlisted else await self._poll_listing(source)
                ingested = await self.read_due(source.authority)
            except Exception:
                # The store may not have when to poll again: a full disk must not make us request the page without end.
                self._held[source.key] = self._clock() + self._schedule.every
                raise
            finally:
                self._unlisted.discard(source.key)
            self._held.pop(source.key, None)
        return report.reading(ingested), ingested

    async def _poll_listing(self, source: Source) -> SourceReport:
        """Crawl, take in what is new, and store the outcome."""
        now, times_set_back = self._clock(), self._times_set_back
        state = await asyncio.to_thread(self._store.sources.get, source.key)
        today = self._catalogue.today(source.authority, now)
        try:
            trail = Trail.from_json(state.trail)
            former = trail is not None and trail.walked_on < today  # once a day
            crawl = await self._crawler.poll(source, trail, today=today, now=now, former=former)
        except CrawlFailed as failure:
            report = SourceReport(source, requests=failure.requests)
            return await self._failed(report, state, failure.cause)
        except Exception as fault:
            # Remembered like any failure: were it not, the source would be due at once, and requested again without end.
            log.exception("source.crashed", source=source.key)
            return await self._failed(SourceReport(source), state, FetchError(f"{source.root}: {fault_of(fault)}"))
        was_set_back = self._clock() < now or self._times_set_back > times_set_back
        new, looks = await self._take_in(source, crawl, state, now, is_news=not was_set_back)
        if crawl.unfetched:
            log.warning("source.unlinked", source=source.key, named=crawl.unfetched[:MOST_NAMED])
            alert = NewAlert(source.key, Cause.UNLINKED.value, "; ".join(crawl.unfetched[:MOST_NAMED]))
            await asyncio.to_thread(self._store.alerts.change, now, opened=[alert])
        # Remembered only now: were the process killed before, the next poll would request unconditionally and find the same entries.
        known = replace(_after(state, crawl, new, now), looks=looks)
        habits = await asyncio.to_thread(self._history.read, known, self._catalogue.zone(source.authority), now)
        cost, schedule = requests_each_time(crawl.trail, today), self._schedule
        wait = decide.interval(habits, now, every=schedule.every, slowest=schedule.slowest, requests=cost)
        known = replace(known, next_check_at=now + wait)
        report = SourceReport(source, None, crawl.requests, crawl.listed, new, unchanged=crawl.unchanged)
        if (trouble := _trouble(crawl)) is not None:
            # Polled as soon as any other: what is left of it works, and may bring a decree.
            return await self._failed(replace(report, unchanged=False), known, trouble, next_check_at=known.next_check_at)
        works = replace(known, last_ok_at=now, failures=0, site_failures=0, error=None, cause=None, failing_since=None)
        await asyncio.to_thread(self._store.sources.save, works)
        if state.failures:
            log.info("source.recovered", source=source.key, after_failures=state.failures, group="source")
        # Of a day's thousands of polls, those that find nothing are worth a line to nobody.
        level = logging.INFO if new or state.baseline_at is None else logging.DEBUG
        log.log(level, "source.polled", source=source.key, listed=len(crawl.listed), new=new, requests=crawl.requests)
        return report

    async def _take_in(self, source: Source, crawl: Crawl, state: SourceState, now: datetime, *, is_news: bool) -> tuple[int, str]:
        """Record the unseen entries, and when they went online; return how many are to be read, and the runs of looks to keep. `is_news`
        as of `observe`."""
        urls = [entry.url for entry in crawl.listed]
        unseen = await asyncio.to_thread(self._store.recueils.unseen, source.authority, urls) if urls else set[str]()
        intake = decide.intake(
            crawl.listed,
            unseen,
            baseline=state.baseline_at and state.baseline_at.date(),
            order=source.order,
            today=self._catalogue.today(source.authority, now),
            announce_since=self._schedule.announce_since,
        )
        former, fresh = runs_from_json(state.looks), [entry.listed for entry in intake]
        rules = f"{reading_rules()} {source.fingerprint}"
        seen = observe(former, crawl.looks, fresh, source.key, rules, is_news=is_news)
        if seen.ended:
            await asyncio.to_thread(self._store.looks.add, seen.ended)
        if intake:
            new = [_as_found(source, entry, seen.online.get(entry.listed.url)) for entry in decide.in_turn(intake, source.order)]
            await asyncio.to_thread(self._store.recueils.add, new, now)
        return sum(entry.state is RecueilState.WAITING for entry in intake), runs_to_json(seen.runs if is_news else over(seen.runs))

    async def _failed(
        self, report: SourceReport, state: SourceState, error: FetchError, *, next_check_at: datetime | None = None
    ) -> SourceReport:
        """Remember a failure, and return the report with it."""
        failed = decide.after_failure(state, error, self._clock(), every=self._schedule.every)
        # Warned of once: the same trouble at every poll would bury what is new.
        if failed.error != state.error:
            log.warning("source.failed", source=state.key, cause=failed.cause, error=str(error), failures=failed.failures, group="source")
        else:
            log.debug("source.failed", source=state.key, cause=failed.cause, error=str(error), failures=failed.failures)
        await asyncio.to_thread(self._store.sources.save, replace(failed, next_check_at=next_check_at or failed.next_check_at))
        return replace(report, error=str(error), cause=decide.cause_of(error))

    async def read_due(self, authority: str) -> IngestResult:
        """Fetch, read, judge and record every waiting recueil of this authority. Long readings continue in the background: see `finish`.
        Raises StorageError, after all were tried."""
        ingested, tried = IngestResult(), set[int]()
        # More than one turn: detail pages give birth to PDFs, which are read in the same round.
        while due := [recueil for recueil in await self._waiting(authority) if recueil.id not in tried]:
            tried |= {recueil.id for recueil in due}
            # Exceptions are held back until all have ended: none goes on behind our back, when another poll may take the same recueil.
            ingested += await self.read(due)
        return ingested

    async def read(self, recueils: Sequence[Recueil]) -> IngestResult:
        """Read and record these recueils, those that are in hand left out. Raises StorageError."""
        ingested = IngestResult()
        free = [recueil for recueil in recueils if self._background.is_free(recueil)]
        for part in await asyncio.gather(*(self._background.submit(recueil) for recueil in free), return_exceptions=True):
            if isinstance(part, BaseException):
                raise part
            ingested += part
        return ingested

    async def _waiting(self, authority: str) -> list[Recueil]:
        now = self._clock()
        due = await asyncio.to_thread(self._store.recueils.due, now, frozenset({authority}))
        return due + await asyncio.to_thread(self._store.recueils.to_check, now, authority)

    # --- what goes on in the background ------------------------------------------------------------------------------

    def when_late(self, on_done: Callable[[BackgroundResult], None]) -> None:
        """Have each recueil that ends in the background reported at once, instead of by `finish`."""
        self._background.on_done = on_done

    async def finish(self) -> list[BackgroundResult]:
        """Wait for all background readings; return their result. Raises StorageError, once all have ended."""
        return await self._background.finish()

    async def stop(self) -> None:
        """Cancel the background readings. Nothing is lost: they continue at the next start."""
        await self._background.stop()

    # --- which sources, and when -------------------------------------------------------------------------------------

    @property
    def sources(self) -> tuple[Source, ...]:
        """Return every source that is watched."""
        return self._catalogue.watched

    def source_of(self, recueil: Recueil) -> Source | None:
        """Return the source in whose report a recueil is."""
        return self._catalogue.source_of(recueil.authority, recueil.source)

    async def due(self) -> list[Source]:
        """Return the sources whose time has come, the longest waiting first."""
        now = self._clock()
        never = datetime.min.replace(tzinfo=now.tzinfo)
        states = await self._states(now)
        self._unlisted |= await self._to_be_read(states, now)
        when = {state.key: state.next_check_at for state in states} | decide.due_with_others(states, self._ways, now)
        when |= dict.fromkeys(self._unlisted)
        due = [source for source in self.sources if decide.is_due(when.get(source.key), now) and not self._is_held(source, now)]
        return sorted(due, key=lambda source: when.get(source.key) or never)

    async def _to_be_read(self, states: Sequence[NextPoll], now: datetime) -> set[str]:
        """Return the working sources that are not due but have due recueils that nobody reads, left by an earlier process or due for a
        retry: in quiet hours the next poll is far away. Each source at most once per shortest interval."""
        due = await asyncio.to_thread(self._store.recueils.due, now)
        left = {recueil.source for recueil in due if self._background.is_free(recueil)}
        every = self._schedule.every
        found = {state.key for state in states if state.key in left and not state.failures and not decide.is_due(state.next_check_at, now)}
        found = {key for key in found if not now - every < self._early.get(key, now - every) <= now}
        self._early |= dict.fromkeys(found, now)
        return found

    async def backing_off(self) -> dict[str, datetime]:
        """Return the keys of the sources that failed and are not to be polled yet, each with when they are. Raises StorageError."""
        now = self._clock()
        return {
            state.key: state.next_check_at
            for state in await self._states(now)
            if state.failures and state.next_check_at is not None and not decide.is_due(state.next_check_at, now)
        }

    async def clock_set_back(self, by: timedelta) -> None:
        """Correct future instants written before the clock was set back. Raises StorageError."""
        log.warning("clock.set_back", seconds=round(by.total_seconds()))
        self._times_set_back += 1
        await asyncio.to_thread(self._store.sources.clock_set_back, by, self._clock())

    async def _states(self, now: datetime) -> list[NextPoll]:
        states = await asyncio.to_thread(self._store.sources.next_polls)
        if behind := decide.set_back_by((state.last_ok_at for state in states), now):
            # Also while no program ran.
            await self.clock_set_back(behind)
            states = await asyncio.to_thread(self._store.sources.next_polls)
        return states

    def _is_held(self, source: Source, now: datetime) -> bool:
        return now < self._held.get(source.key, now) <= now + self._schedule.every


def _as_found(source: Source, entry: decide.NewEntry, online: Online | None) -> NewRecueil:
    """Return the row of a new entry. What is taken for an old list may have been online for long."""
    is_old = entry.state is not RecueilState.WAITING
    return new_recueil(source, entry.listed, entry.state, online=replace(online, before=None) if online is not None and is_old else online)


def _trouble(crawl: Crawl) -> FetchError | None:
    """Return the fault of a crawl that found something: an unreadable page, or one that lists nothing any more."""
    if crawl.unread:
        return crawl.unread[0]
    return Emptied(f"no recueil is left on a page that always had some: {', '.join(crawl.emptied)}") if crawl.emptied else None


def _after(state: SourceState, crawl: Crawl, new: int, now: datetime) -> SourceState:
    """Return the state of a source after an answered poll, good or not."""
    return replace(
        state,
        trail=crawl.trail.to_json(),
        baseline_at=state.baseline_at or now,
        last_new_at=now if new and state.baseline_at is not None else state.last_new_at,
        moved_to=crawl.moved_to,
    )


# What could not be read, put back by an operator and read now.


@dataclass(frozen=True, slots=True)
class RetryRequest:
    """Says which recueils to read again: of these authorities, and at these canonical URLs. With neither, all that were not wholly read."""

    authorities: frozenset[str] = frozenset()
    urls: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Retried:
    """Describes the recueils that were put back, and what reading them gave."""

    recueils: tuple[Recueil, ...]
    ingested: IngestResult


def retry_request_of(words: Sequence[str], known_codes: Collection[str]) -> RetryRequest:
    """Return what an operator's words (`26`, `https://…/recueil.pdf`) name. Raises ValueError, with the words that name nothing."""
    urls = frozenset(word for word in words if "://" in word)
    codes = {word: word.upper() for word in words if word not in urls}
    unknown = [word for word, code in codes.items() if code not in known_codes]
    if unknown:
        raise ValueError(f"neither the code of an authority nor an address: {', '.join(unknown)}")
    return RetryRequest(frozenset(codes.values()), urls)


async def retry(poller: Poller, store: Store, wanted: RetryRequest, now: datetime) -> Retried:
    """Put recueils back and read them to their end, with the files of detail pages. Failures are then retried as if for the first time.
    Raises StorageError."""
    everything = not wanted.authorities and not wanted.urls
    back = await asyncio.to_thread(store.recueils.retry, now, authorities=wanted.authorities, urls=wanted.urls, everything=everything)
    ingested = await poller.read(back)
    for authority in sorted({recueil.authority for recueil in back if recueil.is_detail}):
        ingested += await poller.read_due(authority)
    for late in await poller.finish():
        ingested += late.ingested
    return Retried(tuple(back), ingested.finished())
