"""A site over decrees in memory, asked without a server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime
from functools import partial

import httpx
import pytest

from bot.domain.acts import Decree
from bot.domain.posts import operator_slug
from bot.queries.questions import Questions
from bot.storage.browsing import Browsing, DecreeBatch, DecreeFilter, ListPosition, OperatorCount
from bot.web.documents import Document, Route, SiteContext, SiteSettings
from bot.web.pictures import PagePictures
from bot.web.server import Application, Cache, VisitorLimits
from bot.web.site import Addresses, addresses, respond
from tests.bot.queries.conftest import NOW, PLACES, MemoryDecrees, dossier_of, overview


class MemoryBrowsing(Browsing):
    """The same decrees, in parts."""

    def __init__(self, decrees: MemoryDecrees) -> None:
        self._decrees = decrees

    def batch(self, wanted: DecreeFilter, limit: int, after: ListPosition | None = None, /) -> DecreeBatch:
        kept = [one for one in self._standing() if _meets(one, wanted) and (after is None or (one.id or 0) < after.id)]
        last = kept[:limit][-1:]
        position = ListPosition(last[0].published or date.min, NOW, last[0].id or 0) if last and len(kept) > limit else None
        return DecreeBatch(tuple(kept[:limit]), position)

    def slices(self, size: int, /) -> Iterator[tuple[Decree, ...]]:
        kept = sorted(self._standing(), key=lambda one: one.id or 0)
        yield from (tuple(kept[start : start + size]) for start in range(0, len(kept), size))

    def removed_since(self, instant: datetime) -> tuple[int, ...]:
        gone = (one for one in self._decrees.stored if one.withdrawn_at is not None and one.withdrawn_at >= instant)
        return tuple(one.id for one in gone if one.id is not None)

    def ids(self, limit: int, offset: int, wanted: DecreeFilter | None = None) -> list[int]:
        return [one.id or 0 for one in self._standing() if wanted is None or _meets(one, wanted)][offset : offset + limit]

    def count(self, wanted: DecreeFilter) -> int:
        return len(self.ids(9_999, 0, wanted))

    def operators(self) -> tuple[OperatorCount, ...]:
        names = {operator_slug(name): name for one in self._standing() for name in one.facts.operators}
        return tuple(OperatorCount(slug, name, len(self.batch(DecreeFilter(operator=slug), 999).decrees)) for slug, name in names.items())

    def operator(self, slug: str, /) -> OperatorCount | None:
        return next((one for one in self.operators() if one.slug == slug), None)

    def of(self, topic: str) -> MemoryBrowsing:
        return MemoryBrowsing(self._decrees.of(topic))

    def _standing(self) -> list[Decree]:
        if self._decrees.broken:
            raise self._decrees.broken
        return [one for one in self._decrees.stored if one.withdrawn_at is None]


def _meets(decree: Decree, wanted: DecreeFilter) -> bool:
    named = [one.code for one in decree.communes]
    return (
        (wanted.authorities is None or decree.authority in wanted.authorities)
        and (wanted.departments is None or not named or any(code.startswith(tuple(wanted.departments)) for code in named))
        and (wanted.communes is None or not wanted.communes.isdisjoint(named))
        and (wanted.operator is None or wanted.operator in map(operator_slug, decree.facts.operators))
        and (wanted.kinds is None or decree.kind in wanted.kinds)
        and (wanted.since is None or (decree.published is not None and decree.published >= wanted.since))
        and (wanted.until is None or (decree.published is not None and decree.published <= wanted.until))
        and (wanted.changed_since is None or (decree.changed_at or NOW) >= wanted.changed_since)
    )


def memory_site(decrees: MemoryDecrees, settings: SiteSettings | None = None, at: datetime = NOW) -> SiteContext:
    """A site over these decrees, as of this time."""
    questions = Questions(decrees, PLACES, lambda: at, overview=overview, page_size=20)
    return SiteContext(questions, decrees, MemoryBrowsing(decrees), overview, PLACES, lambda: 1, settings or SiteSettings())


def get(site: SiteContext, address: str, at: datetime = NOW) -> Document:
    """Return the document of an address such as `/recherche?q=gare`."""
    path, _, query = address.partition("?")
    return respond(site, addresses().find(path, query), at)


class Visitors:
    """Asks the application as a server would, without one; time and the revision of the store are what the test sets."""

    def __init__(
        self,
        decrees: MemoryDecrees,
        executor: ThreadPoolExecutor,
        routes: Sequence[Route] | None = None,
        pictures: PagePictures | None = None,
    ) -> None:
        self.decrees = decrees
        self.now = NOW
        self.seconds = 0.0
        self.revision = 1
        self.broken: Exception | None = None
        site = replace(memory_site(decrees), revision=self._revision, pictures=pictures, dossier=partial(dossier_of, decrees))
        limits = VisitorLimits(30, lambda: self.seconds, ("10.0.0.0/8", "127.0.0.1"))
        table = addresses() if routes is None else Addresses(routes)
        self.application = Application(site, table, lambda: self.now, limits, executor, Cache())

    def _revision(self) -> int:
        if self.broken is not None:
            raise self.broken
        return self.revision

    async def ask(self, address: str, method: str = "GET", *, peer: str = "198.51.100.7", **headers: str) -> httpx.Response:
        """Send one request from this address."""
        transport = httpx.ASGITransport(self.application, client=(peer, 4242))
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        async with httpx.AsyncClient(transport=transport, base_url="http://vigie.test") as client:
            return await client.request(method, address, headers={"accept-encoding": "identity", **sent})


@pytest.fixture(scope="session")
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as threads:
        yield threads


@pytest.fixture
def visitors(executor: ThreadPoolExecutor) -> Visitors:
    return Visitors(MemoryDecrees(), executor)
