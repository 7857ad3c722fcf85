"""One recueil, from its address to what is recorded of it: what polls and backfills have in common."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING

import structlog

from bot.domain import Decree, Outcome, Reading
from bot.domain.records import NewAlert, NewRecueil, ReadResult, RecordingResult, Recueil, RecueilState
from bot.ingest import decisions as decide
from bot.ingest.archive import Keep, Shelf
from bot.ingest.files import Files, OpenedPdf
from bot.ingest.health import Cause
from bot.ingest.judging import decision_keys, early_result, read_result, uncertain_acts
from bot.ingest.reading_job import USUAL_PACE, File, Hostile, Reader, ReadingJob, ReadingTimeouts, WorkerSlot, WorkerSlots
from bot.ingest.results import IngestResult, Unread
from bot.reading.model import Unreadable
from bot.storage.errors import StorageError
from bot.storage.threads import run_to_completion
from sources.catalogue.authority import Authority, Source
from sources.catalogue.issuers import Issuers
from sources.crawl.crawler import Crawler
from sources.model import CrawlFailed, Fetcher, FetchError, Gone, ListingEntry, Paused

if TYPE_CHECKING:
    from bot.storage.store import Store

log = structlog.get_logger()

Route = Callable[[Decree], Sequence[str]]
Clock = Callable[[], datetime]


class Ingestor:
    """Fetches, reads, judges and records recueils, so many at a time. Knows no platform: `route` names the destinations of a decree.

    `posted` is called, in the event loop, each time that posts were queued, be it before a recueil was read to its end. Without a `shelf`
    nothing is kept on disk: files are in the temporary folder for as long as they are read. Those of decrees go to `keep`, for good.
    `issuers` tells whose act each is, by default among `authorities`.
    """

    def __init__(
        self,
        *,
        authorities: Mapping[str, Authority],
        fetcher: Fetcher,
        read: Reader,
        store: Store,
        route: Route,
        clock: Clock,
        workers: int = 2,
        long_workers: int = 1,
        pace: ReadingTimeouts = USUAL_PACE,
        shelf: Shelf | None = None,
        keep: Keep | None = None,
        issuers: Issuers | None = None,
        posted: Callable[[], None] = lambda: None,
    ) -> None:
        self._authorities = authorities
        self._issuers = issuers or Issuers(authorities.values())
        self._crawler = Crawler(fetcher)
        self._peruser = ReadingJob(read=read, store=store, clock=clock, pace=pace)
        self._store = store
        self._route = route
        self._clock = clock
        self._lanes = WorkerSlots(quick=workers, slow=long_workers)
        self._keep = keep
        self._files = Files(fetcher=fetcher, store=store, shelf=shelf, clock=clock)
        self._posted = posted
        self._by_key = {source.key: source for authority in authorities.values() for source in authority.sources}

    async def take(self, recueil: Recueil, passage: WorkerSlot | None = None) -> IngestResult:
        """Read one recueil to its end, or find the files of a detail page, and record what became of it.

        `passage` tells when it leaves the quick lane. Never raises for what a site or a PDF does, nor for a fault of ours that it sets off.
        Raises StorageError.
        """
        before: list[RecordingResult] = []
        async with passage or self.passage() as way:
            harvest = await self._take(recueil, way, before)
        # Told even where the rest could not be read: they are announced.
        early = IngestResult(
            decrees=tuple(decree for each in before for decree in each.decrees), posts=tuple(post for each in before for post in each.posts)
        )
        return early + harvest

    async def _take(self, recueil: Recueil, way: WorkerSlot, before: list[RecordingResult]) -> IngestResult:
        try:
            if recueil.is_detail:
                return await self._resolve(recueil)
            return await self._read_and_record(recueil, way, before)
        except CrawlFailed as failure:
            return await self._try_later(recueil, failure.cause, failure.requests)
        except (FetchError, Unreadable) as error:
            return await self._try_later(recueil, error)
        except StorageError:
            raise
        except Exception as fault:
            # One document that our code does not stand must neither hold up the others nor be fetched at every poll for ever.
            log.exception("recueil not read by a fault of the program", url=recueil.url)
            return await self._try_later(recueil, Unreadable(fault_of(fault)))

    def passage(self) -> WorkerSlot:
        """A way through the lanes of this harvester."""
        return self._lanes.slot()

    def source_of(self, recueil: Recueil) -> Source | None:
        """Where it was found; the first of its authority's sources when the catalogue has renamed or dropped that one."""
        authority = self._authorities.get(recueil.authority)
        return self._by_key.get(recueil.source) or next(iter(authority.sources if authority else ()), None)

    async def _resolve(self, recueil: Recueil) -> IngestResult:
        source = self.source_of(recueil)
        if source is None:
            return await self._try_later(recueil, Unreadable(f"the catalogue has no source {recueil.source} any more"))
        page = ListingEntry(recueil.url, recueil.title, recueil.published, is_detail=True)
        resolved = await self._crawler.documents(source, page)
        # Files are left to whoever has the page: to a backfill, and in silence, where the page was.
        state = RecueilState.KNOWN if recueil.state is RecueilState.KNOWN else RecueilState.WAITING
        children = [new_recueil(source, child, state, silent=recueil.silent) for child in resolved.documents]
        await asyncio.to_thread(self._store.recueils.resolved, recueil.id, children, self._clock())
        return IngestResult(requests=resolved.requests)

    # --- a file ------------------------------------------------------------------------------------------------------

    async def _read_and_record(self, recueil: Recueil, way: WorkerSlot, before: list[RecordingResult]) -> IngestResult:
        """What is recorded at the end; what was recorded early is in `before`."""
        # Read wholly before, and not recorded: killed in between, or a fault of ours that is mended.
        reading = await self._peruser.stored(recueil.sha256) if recueil.sha256 is not None else None
        if reading is not None:
            result = await asyncio.to_thread(self._judge, recueil, reading)
            async with self._files.kept(recueil) as left:
                if left is not None:
                    left.wholly_read = await self._preserve(left, result)
        else:
            async with self._files.of(recueil) as opened:
                file = File(opened.path, opened.sha256, opened.size)
                reading = await self._peruser.read(file, way, partial(self._record_early, recueil, opened, before))
                result = await asyncio.to_thread(self._judge, recueil, reading)
                preserved = await self._preserve(opened, result)
                # The same bytes, if damaged, give no more: another copy is fetched.
                opened.wholly_read = (reading.complete or reading.damaged) and preserved
        recorded = await asyncio.to_thread(self._record, recueil, result)
        if recorded.posts:
            # At once: others of its authority may be read for minutes before whoever asked for them all has the answer.
            self._posted()
        await self._report_misfiled(recueil, result)
        self._tell(recueil, reading, recorded, result, sum(len(each.decrees) for each in (*before, recorded)))
        return IngestResult(
            decrees=recorded.decrees,
            uncertain=() if recorded.duplicate else uncertain_acts(recueil.authority, recueil.url, result.judged),
            posts=recorded.posts,
            incomplete=() if reading.complete else (recueil.url,),
            opened=1,
        )

    async def _preserve(self, opened: OpenedPdf, result: ReadResult) -> bool:
        """Keep the file before what is found in it is told: a post shows a page of it, and a person may be asked what it is.

        False where it should be kept and could not be: whoever has it must not throw it away.
        """
        telling = bool(result.decrees) or any(item.verdict.outcome is Outcome.UNCERTAIN for item in result.judged)
        if self._keep is None or not self._keep.wants(decrees=telling):
            return True
        return await asyncio.to_thread(self._keep.put, opened.path, opened.sha256) is not None

    async def _record_early(self, recueil: Recueil, opened: OpenedPdf, before: list[RecordingResult], reading: Reading) -> None:
        """Record the decrees of a recueil that is read in part, so that they are announced while the rest is read."""
        if recueil.silent:
            return
        result = await asyncio.to_thread(self._judge_early, recueil, reading)
        if result is None:
            return
        await self._preserve(opened, result)

        def record() -> None:
            before.append(self._record(recueil, result))

        known = len(before)
        try:
            # Stopped in the middle, what was recorded is still told.
            await run_to_completion(record)
        except StorageError as error:
            # A lock or a disk that is full for a moment: ended here, the reading would begin again later, and its decrees wait for it.
            log.warning("decrees found before all was read are not recorded yet", url=recueil.url, error=str(error))
        finally:
            for recorded in before[known:]:
                if recorded.decrees:
                    log.info(
                        "decrees found before all was read", url=recueil.url, decrees=len(recorded.decrees), left=len(reading.pending_pages)
                    )
                if recorded.posts:
                    self._posted()

    def _judge_early(self, recueil: Recueil, reading: Reading) -> ReadResult | None:
        try:
            decided = self._store.reviews.decided(decision_keys(recueil, reading))
        except StorageError as error:
            # Untold for now rather than told against what a person decided; the end of the reading tells.
            log.warning("decrees found before all was read are not looked at yet", url=recueil.url, error=str(error))
            return None
        return early_result(recueil, reading, next_try_at=self._clock(), decided=decided, issuers=self._issuers)

    def _judge(self, recueil: Recueil, reading: Reading) -> ReadResult:
        gained = decide.gained(recueil, reading)
        again = None if reading.complete else decide.reread_at(self._readings(recueil), self._clock(), gained=gained)
        decided = self._store.reviews.decided(decision_keys(recueil, reading))
        return read_result(recueil, reading, next_try_at=again, decided=decided, gained=gained, issuers=self._issuers)

    def _record(self, recueil: Recueil, result: ReadResult) -> RecordingResult:
        """Record what was read, and queue its posts.

        What an authority published before the first poll of its own source is history, also where the site of another one shows it: its own
        first poll left it unread. Where it is not polled, the first poll of that other one counts.
        """
        strangers = {decree.authority for _, decree in result.decrees if not self._issuers.expected(decree.authority, recueil.authority)}
        if not strangers:
            return self._store.decrees.record(result, self._route, self._clock())
        first: dict[str, date] = {}
        for state in self._store.sources.all():
            authority = state.key.split(":", 1)[0]
            if state.baseline_at is not None:
                first[authority] = min(state.baseline_at.date(), first.get(authority, date.max))

        def route(decree: Decree) -> Sequence[str]:
            since = first.get(decree.authority, first.get(recueil.authority, date.min)) if decree.authority in strangers else date.min
            return () if decree.published is not None and decree.published < since else self._route(decree)

        return self._store.decrees.record(result, route, self._clock())

    async def _report_misfiled(self, recueil: Recueil, result: ReadResult) -> None:
        """Notify operators, once a day for a source, that it shows a recueil or a decree of an authority that does not publish there."""
        number, publisher = result.recueil.number, recueil.authority
        owners = {self._issuers.issuer(number, publisher) or publisher: number or ""}
        owners |= {decree.authority: decree.act_id or "" for _, decree in result.decrees}
        strangers = {code: shown for code, shown in owners.items() if not self._issuers.expected(code, publisher)}
        source = self.source_of(recueil)
        if not strangers or recueil.silent or source is None:
            return
        said = ", ".join(f"{self._issuers.name(code)} {shown}".strip() for code, shown in sorted(strangers.items()))
        log.warning("recueil or decree of another authority", url=recueil.url, source=source.key, issuer=said)
        alert = NewAlert(source.key, Cause.MISFILED.value, f"{said}: {recueil.url}")
        await asyncio.to_thread(self._store.alerts.change, self._clock(), opened=[alert])

    @staticmethod
    def _readings(recueil: Recueil) -> int:
        """How often it was read in part before. The attempts to fetch it that came to nothing do not use up its readings."""
        return recueil.attempts if recueil.state is RecueilState.INCOMPLETE else 0

    @staticmethod
    def _tell(recueil: Recueil, reading: Reading, recorded: RecordingResult, result: ReadResult, decrees: int) -> None:
        for act in () if recorded.duplicate else uncertain_acts(recueil.authority, recueil.url, result.judged):
            # Not its title: it may name a private person.
            log.warning("an act needs a person to look at it", url=f"{act.url}#page={act.page}", act=act.act_id)
        if recorded.lost:
            log.warning("decrees were not found again, a person must look at them", url=recueil.url, decrees=list(recorded.lost))
        if not reading.complete:
            log.warning("recueil incomplete", url=recueil.url, unreadable_pages=list(reading.unreadable_pages), damaged=reading.damaged)
        log.info(
            "recueil read", url=recueil.url, pages=reading.page_count, acts=len(reading.acts), ocr=len(reading.ocr_pages),
            decrees=decrees, duplicate=recorded.duplicate,
        )  # fmt: skip

    async def _try_later(self, recueil: Recueil, error: FetchError | Unreadable, requests: int = 0) -> IngestResult:
        if isinstance(error, Paused):
            # Not asked, so not an attempt: it stays due, for the next poll. That the address rests is told of the sources on it.
            log.debug("recueil not asked", url=recueil.url, error=str(error))
            return IngestResult(unread=(Unread(recueil.url, str(error)),), requests=requests)
        now = self._clock()
        retry_after = error.retry_after if isinstance(error, FetchError) else None
        # Errors of the client name the address themselves.
        message = str(error) if isinstance(error, FetchError) else f"{recueil.url}: {error}"
        # Read in part before, and not read now: what is counted are its readings.
        unfetched = recueil.state is RecueilState.INCOMPLETE and isinstance(error, FetchError)
        # Nor does an outage of its address, or of this machine's network, use up its attempts; the first tells that there is trouble.
        counted = not unfetched and (recueil.attempts == 0 or not isinstance(error, FetchError) or error.is_of_site)
        if isinstance(error, Hostile):
            again = None
        elif unfetched:
            again = decide.refetch_at(recueil.tried_at, now, retry_after)
        else:
            again = decide.retry_at(recueil.attempts + 1 if counted else 1, now, retry_after)
        await asyncio.to_thread(self._store.recueils.failed, recueil.id, message, now=now, next_try_at=again, counted=counted)
        tell = log.warning if recueil.attempts == 0 or again is None else log.info
        tell("recueil not read", url=recueil.url, error=message, given_up=again is None)
        return IngestResult(unread=(Unread(recueil.url, message, gone=isinstance(error, Gone)),), requests=requests)


def fault_of(fault: Exception) -> str:
    """How an error that only a fault of ours explains is told; the log has the rest."""
    return f"a fault of the program ({type(fault).__name__}), see its log"


def new_recueil(source: Source, listed: ListingEntry, state: RecueilState, *, silent: bool = False) -> NewRecueil:
    """An entry of a listing as a row to add."""
    return NewRecueil(
        authority=source.authority,
        source=source.key,
        url=listed.url,
        title=listed.title,
        published=listed.published,
        is_detail=listed.is_detail,
        state=state,
        silent=silent,
    )
