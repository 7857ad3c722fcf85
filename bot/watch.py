"""The story of one poll: crawl, take in what is new, fetch, read, judge, record, queue posts."""

from __future__ import annotations

import asyncio
import tempfile
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import structlog

from bot import decide, rhythm
from bot.model import Decree, Post, Reading
from bot.reading import Unreadable
from bot.storage.errors import StorageError
from bot.storage.rows import NewRecueil, ReadResult, Recueil, RecueilState, SourceState, UncertainAct
from bot.verdicts import read_result, uncertain_acts
from sources import Authority, Crawler, CrawlFailed, Fetcher, FetchError, Gone, Listed, Paused, Source, Trail

if TYPE_CHECKING:
    from bot.storage import Store

log = structlog.get_logger()

Reader = Callable[[Path], Awaitable[Reading]]
Route = Callable[[Decree], Sequence[str]]
Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Unread:
    """A recueil that was due and could not be fetched or opened; it stays due. `gone`: the site says that it is no longer there."""

    url: str
    error: str
    gone: bool = False


@dataclass(frozen=True, slots=True)
class SourceReport:
    """One source in one round. `requests` counts HTTP requests for pages; `new` the recueils taken up for reading."""

    source: Source
    error: str | None = None
    requests: int = 0
    listed: tuple[Listed, ...] = ()
    new: int = 0
    incomplete: tuple[str, ...] = ()
    unread: tuple[Unread, ...] = ()

    @property
    def ok(self) -> bool:
        """True when the listing was read and every recueil that was due could be fetched and opened.

        One that the site itself has taken away (`Unread.gone`) is told, but does not make the source a failing one.
        """
        return self.error is None


@dataclass(frozen=True, slots=True)
class Harvest:
    """What one recueil, or many, gave. `unread` tells what could not be read, `incomplete` (canonical URLs) what was read in part."""

    decrees: tuple[Decree, ...] = ()
    uncertain: tuple[UncertainAct, ...] = ()
    posts: tuple[Post, ...] = ()
    unread: tuple[Unread, ...] = ()
    incomplete: tuple[str, ...] = ()
    requests: int = 0

    def __add__(self, other: Harvest) -> Harvest:
        return Harvest(
            self.decrees + other.decrees,
            self.uncertain + other.uncertain,
            self.posts + other.posts,
            self.unread + other.unread,
            self.incomplete + other.incomplete,
            self.requests + other.requests,
        )


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often a source is polled: `every` when it is likely to publish, at least once in `slowest`; how far back its first poll may
    announce."""

    every: timedelta
    slowest: timedelta
    announce_since: timedelta


class Watcher:
    """Polls sources and reads what they publish. Knows no platform: `route` names the destinations of a decree."""

    def __init__(
        self,
        *,
        authorities: Mapping[str, Authority],
        fetcher: Fetcher,
        read: Reader,
        store: Store,
        route: Route,
        rhythm: Rhythm,
        clock: Clock,
        workers: int = 2,
    ) -> None:
        self._authorities = authorities
        self._crawler = Crawler(fetcher)
        self._fetcher = fetcher
        self._read = read
        self._store = store
        self._route = route
        self._rhythm = rhythm
        self._clock = clock
        self._room = asyncio.Semaphore(workers)
        self._one_at_a_time: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._held: dict[str, datetime] = {}
        self._by_key = {source.key: source for authority in authorities.values() for source in authority.sources}

    @property
    def sources(self) -> tuple[Source, ...]:
        """Every source that is watched, in the order of the catalogue."""
        return tuple(self._by_key.values())

    async def poll(self, source: Source) -> tuple[SourceReport, Harvest]:
        """One round of one source: ask its listing, then read all that is due for its authority.

        Never raises for what a site or a PDF does, nor for a fault of ours that it sets off: the report says what failed, the store
        remembers to try again. Raises StorageError.
        """
        async with self._one_at_a_time[source.authority]:
            try:
                report = await self._ask(source)
                harvest = await self.read_due(source.authority)
            except Exception:
                # The store may not have been told when to poll again: a full disk must not make us ask the site without end.
                self._held[source.key] = self._clock() + self._rhythm.every
                raise
            self._held.pop(source.key, None)
        error = report.error or next((item.error for item in harvest.unread if not item.gone), None)
        return (
            SourceReport(source, error, report.requests + harvest.requests, report.listed, report.new, harvest.incomplete, harvest.unread),
            harvest,
        )

    async def due(self) -> list[Source]:
        """The sources whose time has come, the longest waiting first."""
        now = self._clock()
        waiting: list[tuple[datetime, Source]] = []
        for source in self.sources:
            state = await asyncio.to_thread(self._store.sources.get, source.key)
            when = state.next_check_at or datetime.min.replace(tzinfo=now.tzinfo)
            if when <= now and self._held.get(source.key, now) <= now:
                waiting.append((when, source))
        return [source for _, source in sorted(waiting, key=lambda pair: pair[0])]

    async def read_due(self, authority: str) -> Harvest:
        """Fetch, read and record every recueil of this authority that is waiting. Raises StorageError, once all of them were tried."""
        harvest, tried = Harvest(), set[int]()
        # More than one turn: detail pages give birth to PDFs, which are read in the same round.
        while due := [recueil for recueil in await self._waiting(authority) if recueil.id not in tried]:
            tried |= {recueil.id for recueil in due}
            # Exceptions are held back until all have ended: none goes on behind our back, when another poll may take the same recueil.
            for part in await asyncio.gather(*(self._take(recueil) for recueil in due), return_exceptions=True):
                if isinstance(part, BaseException):
                    raise part
                harvest += part
        return harvest

    async def _waiting(self, authority: str) -> list[Recueil]:
        return await asyncio.to_thread(self._store.recueils.due, self._clock(), frozenset({authority}))

    # --- the listing -------------------------------------------------------------------------------------------------

    async def _ask(self, source: Source) -> SourceReport:
        now = self._clock()
        state = await asyncio.to_thread(self._store.sources.get, source.key)
        today = self._today(source.authority)
        try:
            crawl = await self._crawler.poll(source, Trail.from_json(state.trail), today=today, now=now)
        except CrawlFailed as failure:
            await self._remember_failure(state, failure.cause)
            return SourceReport(source, str(failure.cause), failure.requests)
        except Exception as fault:
            # Remembered like any failure: were it not, the source would be due at once, and asked again without end.
            log.exception("source failed by a fault of the program", source=source.key)
            failed = FetchError(f"{source.root}: {_fault(fault)}")
            await self._remember_failure(state, failed)
            return SourceReport(source, str(failed))
        intake = await self._intake(source, state, crawl.listed)
        await asyncio.to_thread(self._store.recueils.add, [_row(source, entry.listed, entry.state) for entry in intake], now)
        # Only now: were the process killed before, the next poll would ask unconditionally and find the same entries.
        await asyncio.to_thread(
            self._store.sources.save,
            SourceState(
                key=source.key,
                trail=crawl.trail.to_json(),
                baseline_at=state.baseline_at or now,
                next_check_at=now + await self._until_next(source, state.baseline_at or now, now),
                last_ok_at=now,
            ),
        )
        if state.failures:
            log.info("source works again", source=source.key, after_failures=state.failures)
        new = sum(entry.state is RecueilState.WAITING for entry in intake)
        log.info("source polled", source=source.key, listed=len(crawl.listed), new=new, requests=crawl.requests)
        return SourceReport(source, None, crawl.requests, crawl.listed, new)

    async def _until_next(self, source: Source, baseline: datetime, now: datetime) -> timedelta:
        habits = await asyncio.to_thread(self._habits, source, baseline, now)
        return rhythm.interval(habits, now, every=self._rhythm.every, slowest=self._rhythm.slowest)

    def _habits(self, source: Source, baseline: datetime, now: datetime) -> rhythm.Habits:
        publications = self._store.recueils.publications(source.key, found_after=baseline)
        return rhythm.learn(publications, ZoneInfo(self._authorities[source.authority].time_zone), now)

    async def _intake(self, source: Source, state: SourceState, listed: Sequence[Listed]) -> tuple[decide.Intake, ...]:
        unseen = await asyncio.to_thread(self._store.recueils.unseen, source.authority, [entry.url for entry in listed])
        if state.baseline_at is None:
            # The newest of the whole list: those seen already, through another source or before a crash, are not replaced by older ones.
            judged = decide.at_baseline(
                listed, order=source.order, today=self._today(source.authority), announce_since=self._rhythm.announce_since
            )
            return tuple(entry for entry in judged if entry.listed.url in unseen)
        return decide.after_baseline([entry for entry in listed if entry.url in unseen], baseline=state.baseline_at.date())

    async def _remember_failure(self, state: SourceState, error: FetchError) -> None:
        now = self._clock()
        failures = state.failures + 1
        # An address that is resting was not asked, and says for how long: the trouble is still the one that made it rest.
        message = state.error if isinstance(error, Paused) and state.error else str(error)
        # Told once: the same trouble at every poll would bury what is new.
        tell = log.warning if message != state.error else log.debug
        tell("source failed", source=state.key, error=str(error), failures=failures)
        await asyncio.to_thread(
            self._store.sources.save,
            SourceState(
                key=state.key,
                trail=state.trail,
                baseline_at=state.baseline_at,
                next_check_at=decide.next_check(now, every=self._rhythm.every, failures=failures, retry_after=error.retry_after),
                last_ok_at=state.last_ok_at,
                failures=failures,
                error=message,
            ),
        )

    # --- one recueil -------------------------------------------------------------------------------------------------

    async def _take(self, recueil: Recueil) -> Harvest:
        async with self._room:
            try:
                if recueil.is_detail:
                    return await self._resolve(recueil)
                return await self._read_and_record(recueil)
            except CrawlFailed as failure:
                return await self._try_later(recueil, failure.cause, failure.requests)
            except (FetchError, Unreadable) as error:
                return await self._try_later(recueil, error)
            except StorageError:
                raise
            except Exception as fault:
                # One document that our code does not stand must neither hold up the others nor be fetched at every poll for ever.
                log.exception("recueil not read by a fault of the program", url=recueil.url)
                return await self._try_later(recueil, Unreadable(_fault(fault)))

    def _source_of(self, recueil: Recueil) -> Source | None:
        """Where it was found; the first of its authority's sources when the catalogue has renamed or dropped that one."""
        authority = self._authorities.get(recueil.authority)
        return self._by_key.get(recueil.source) or next(iter(authority.sources if authority else ()), None)

    async def _resolve(self, recueil: Recueil) -> Harvest:
        source = self._source_of(recueil)
        if source is None:
            return await self._try_later(recueil, Unreadable(f"the catalogue has no source {recueil.source} any more"))
        page = Listed(recueil.url, recueil.title, recueil.published, is_detail=True)
        resolved = await self._crawler.documents(source, page)
        children = [_row(source, child, RecueilState.WAITING) for child in resolved.documents]
        await asyncio.to_thread(self._store.recueils.resolved, recueil.id, children, self._clock())
        return Harvest(requests=resolved.requests)

    async def _read_and_record(self, recueil: Recueil) -> Harvest:
        with tempfile.TemporaryDirectory(prefix="vigie-") as folder:
            download = await self._fetcher.download(recueil.url, Path(folder, "recueil.pdf"))
            reading = await self._read(download.path)
        result = await asyncio.to_thread(self._judge, recueil, reading)
        recorded = await asyncio.to_thread(self._store.decrees.record, result, self._route, self._clock())
        uncertain = () if recorded.duplicate else uncertain_acts(recueil.authority, recueil.url, result.judged)
        for act in uncertain:
            # Not its title: it may name a private person.
            log.warning("an act needs a person to look at it", url=f"{act.url}#page={act.page}", act=act.act_id)
        if reading.unreadable_pages:
            log.warning("recueil incomplete", url=recueil.url, unreadable_pages=list(reading.unreadable_pages))
        log.info(
            "recueil read", url=recueil.url, pages=reading.page_count, acts=len(reading.acts), ocr=len(reading.ocr_pages),
            decrees=len(recorded.decrees), duplicate=recorded.duplicate,
        )  # fmt: skip
        return Harvest(
            decrees=recorded.decrees,
            uncertain=uncertain,
            posts=recorded.posts,
            incomplete=() if reading.complete else (recueil.url,),
        )

    def _judge(self, recueil: Recueil, reading: Reading) -> ReadResult:
        again = None if reading.complete else decide.reread_at(self._readings(recueil), self._clock())
        return read_result(recueil, reading, next_try_at=again)

    @staticmethod
    def _readings(recueil: Recueil) -> int:
        """How often it was read in part before. The attempts to fetch it that came to nothing do not use up its readings."""
        return recueil.attempts if recueil.state is RecueilState.INCOMPLETE else 0

    async def _try_later(self, recueil: Recueil, error: FetchError | Unreadable, requests: int = 0) -> Harvest:
        if isinstance(error, Paused):
            # Not asked, so not an attempt: it stays due, for the next poll.
            log.info("recueil not asked", url=recueil.url, error=str(error))
            return Harvest(unread=(Unread(recueil.url, str(error)),), requests=requests)
        now = self._clock()
        retry_after = error.retry_after if isinstance(error, FetchError) else None
        # Errors of the client name the address themselves.
        message = str(error) if isinstance(error, FetchError) else f"{recueil.url}: {error}"
        again = decide.retry_at(recueil.attempts + 1, now, retry_after)
        await asyncio.to_thread(self._store.recueils.failed, recueil.id, message, now=now, next_try_at=again)
        tell = log.warning if recueil.attempts == 0 or again is None else log.info
        tell("recueil not read", url=recueil.url, error=message, given_up=again is None)
        return Harvest(unread=(Unread(recueil.url, message, gone=isinstance(error, Gone)),), requests=requests)

    def _today(self, authority: str) -> date:
        return self._clock().astimezone(ZoneInfo(self._authorities[authority].time_zone)).date()


def _fault(fault: Exception) -> str:
    return f"a fault of the program ({type(fault).__name__}), see its log"


def _row(source: Source, listed: Listed, state: RecueilState) -> NewRecueil:
    return NewRecueil(
        authority=source.authority,
        source=source.key,
        url=listed.url,
        title=listed.title,
        published=listed.published,
        is_detail=listed.is_detail,
        state=state,
    )
