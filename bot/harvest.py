"""One recueil, from its address to what is recorded of it: what polls and backfills have in common."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from bot import decide
from bot.model import Decree, Post, Reading
from bot.reading import Unreadable
from bot.storage.errors import StorageError
from bot.storage.rows import NewRecueil, ReadResult, Recueil, RecueilState, UncertainAct
from bot.verdicts import read_result, uncertain_acts
from sources import Authority, Crawler, CrawlFailed, Fetcher, FetchError, Gone, Listed, Paused, Source
from sources.scratch import ScratchFolder

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


class Harvester:
    """Fetches, reads, judges and records recueils, so many at a time. Knows no platform: `route` names the destinations of a decree."""

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
    ) -> None:
        self._authorities = authorities
        self._crawler = Crawler(fetcher)
        self._fetcher = fetcher
        self._read = read
        self._store = store
        self._route = route
        self._clock = clock
        self._room = asyncio.Semaphore(workers)
        self._by_key = {source.key: source for authority in authorities.values() for source in authority.sources}

    async def take(self, recueil: Recueil) -> Harvest:
        """Read one recueil, or find the files of a detail page, and record what became of it.

        Never raises for what a site or a PDF does, nor for a fault of ours that it sets off. Raises StorageError.
        """
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
                return await self._try_later(recueil, Unreadable(fault_of(fault)))

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
        # Files are left to whoever has the page: to a backfill, and in silence, where the page was.
        state = RecueilState.KNOWN if recueil.state is RecueilState.KNOWN else RecueilState.WAITING
        children = [new_recueil(source, child, state, silent=recueil.silent) for child in resolved.documents]
        await asyncio.to_thread(self._store.recueils.resolved, recueil.id, children, self._clock())
        return Harvest(requests=resolved.requests)

    async def _read_and_record(self, recueil: Recueil) -> Harvest:
        with ScratchFolder() as folder:
            download = await self._fetcher.download(recueil.url, folder / "recueil.pdf")
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
            # Not asked, so not an attempt: it stays due, for the next poll. That the address rests is told of the sources on it.
            log.debug("recueil not asked", url=recueil.url, error=str(error))
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


def fault_of(fault: Exception) -> str:
    """How an error that only a fault of ours explains is told; the log has the rest."""
    return f"a fault of the program ({type(fault).__name__}), see its log"


def new_recueil(source: Source, listed: Listed, state: RecueilState, *, silent: bool = False) -> NewRecueil:
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
