"""What was read of a recueil is judged and recorded: its acts, the decrees among them, and their posts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

import structlog

from bot.domain.acts import Decree, Reading
from bot.domain.health import Cause
from bot.domain.records import NewAlert, ReadResult, RecordingResult, Recueil, RecueilState
from bot.ingest import decisions as decide
from bot.ingest.catalogue import Catalogue
from bot.ingest.judging import decision_keys, early_result, read_result
from bot.storage.errors import StorageError
from bot.storage.threads import run_to_completion

if TYPE_CHECKING:
    from bot.storage.store import Store

log = structlog.get_logger()

Route = Callable[[Decree], Sequence[str]]
Clock = Callable[[], datetime]


class Recorder:
    """Judges readings and records what they hold. Has no platform in it: `route` names the destinations of a decree."""

    def __init__(self, catalogue: Catalogue, store: Store, route: Route, clock: Clock) -> None:
        self._catalogue = catalogue
        self._store = store
        self._route = route
        self._clock = clock
        self.on_queued: Callable[[], None] = lambda: None
        """Called in the event loop each time that posts were queued, be it before a recueil was read to its end."""

    async def judge(self, recueil: Recueil, reading: Reading) -> ReadResult:
        """Judge a reading that has ended, by the rules and by what people decided. Raises StorageError."""
        gained = decide.gained(recueil, reading)
        # The attempts to fetch it that came to nothing do not use up its readings.
        readings = recueil.attempts if recueil.state is RecueilState.INCOMPLETE else 0
        again = None if reading.complete else decide.reread_at(readings, self._clock(), gained=gained)

        def judge() -> ReadResult:
            decided = self._store.reviews.decided(decision_keys(recueil, reading))
            return read_result(recueil, reading, next_try_at=again, decided=decided, gained=gained, issuers=self._catalogue.issuers)

        return await asyncio.to_thread(judge)

    async def judge_early(self, recueil: Recueil, reading: Reading) -> ReadResult | None:
        """Judge what was read so far; None where it holds no decree to announce, or where that cannot be decided yet."""

        def judge() -> ReadResult | None:
            decided = self._store.reviews.decided(decision_keys(recueil, reading))
            return early_result(recueil, reading, next_try_at=self._clock(), decided=decided, issuers=self._catalogue.issuers)

        try:
            return await asyncio.to_thread(judge)
        except StorageError as error:
            # Not announced for now rather than announced against what a person decided; the end of the reading announces it.
            log.warning("decrees found before all was read are not looked at yet", url=recueil.url, error=str(error))
            return None

    async def record(self, recueil: Recueil, result: ReadResult) -> RecordingResult:
        """Record what was read, queue its posts, and notify operators of what does not belong on this site. Raises StorageError."""
        recorded = await asyncio.to_thread(self._record, recueil, result)
        if recorded.posts:
            # At once: others of its authority may be read for minutes before whoever requested them all has the result.
            self.on_queued()
        await self._report_misfiled(recueil, result)
        return recorded

    async def record_early(self, recueil: Recueil, result: ReadResult) -> RecordingResult | None:
        """Record the decrees of a recueil that is read in part; None where the database could not. Cancelled, it ends first."""
        done: list[RecordingResult] = []
        try:
            await run_to_completion(lambda: done.append(self._record(recueil, result)))
        except StorageError as error:
            # A lock or a disk that is full for a moment: ended here, the reading would begin again later, and its decrees wait for it.
            log.warning("decrees found before all was read are not recorded yet", url=recueil.url, error=str(error))
        finally:
            for recorded in done:
                if recorded.decrees:
                    left = len(result.reading.pending_pages)
                    log.info("decrees found before all was read", url=recueil.url, decrees=len(recorded.decrees), left=left)
                if recorded.posts:
                    self.on_queued()
        return done[0] if done else None

    def _record(self, recueil: Recueil, result: ReadResult) -> RecordingResult:
        """Record what was read, and queue its posts.

        What an authority published before the first poll of its own source is history, also where the site of another one shows it: its own
        first poll left it unread. Where it is not polled, the first poll of that other one counts.
        """
        issuers = self._catalogue.issuers
        strangers = {decree.authority for _, decree in result.decrees if not issuers.expected(decree.authority, recueil.authority)}
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
        issuers, number, publisher = self._catalogue.issuers, result.recueil.number, recueil.authority
        owners = {issuers.issuer(number, publisher) or publisher: number or ""}
        owners |= {decree.authority: decree.act_id or "" for _, decree in result.decrees}
        strangers = {code: shown for code, shown in owners.items() if not issuers.expected(code, publisher)}
        source = self._catalogue.source_of(recueil)
        if not strangers or recueil.silent or source is None:
            return
        said = ", ".join(f"{issuers.name(code)} {shown}".strip() for code, shown in sorted(strangers.items()))
        log.warning("recueil or decree of another authority", url=recueil.url, source=source.key, issuer=said)
        alert = NewAlert(source.key, Cause.MISFILED.value, f"{said}: {recueil.url}")
        await asyncio.to_thread(self._store.alerts.change, self._clock(), opened=[alert])
