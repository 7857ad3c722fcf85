"""A site over decrees in memory, asked without a server."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime

import pytest

from bot.domain.acts import Decree
from bot.domain.follows import operator_slug
from bot.gazetteer.gazetteer import gazetteer
from bot.queries.questions import Questions
from bot.storage.browsing import DecreeBatch, DecreeFilter, ListPosition, OperatorCount
from bot.web.documents import Document, Site, SiteSettings
from bot.web.site import address_of, respond
from tests.bot.queries.conftest import NOW, PLACES, MemoryDecrees, overview

Get = Callable[..., Document]


class MemoryBrowsing:
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

    def removed_since(self, instant: datetime, /) -> Sequence[int]:
        return [
            one.id for one in self._decrees.stored if one.id is not None and one.withdrawn_at is not None and one.withdrawn_at >= instant
        ]

    def operators(self) -> Sequence[OperatorCount]:
        names = {operator_slug(name): name for one in self._standing() for name in one.facts.operators}
        return [OperatorCount(slug, name, len(self.batch(DecreeFilter(operator=slug), 999).decrees)) for slug, name in names.items()]

    def operator(self, slug: str, /) -> OperatorCount | None:
        return next((one for one in self.operators() if one.slug == slug), None)

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


def memory_site(decrees: MemoryDecrees, settings: SiteSettings | None = None, at: datetime = NOW) -> Site:
    """A site over these decrees, as of this time."""
    questions = Questions(decrees, PLACES, lambda: at, overview=overview, page_size=20)
    return Site(questions, decrees, MemoryBrowsing(decrees), overview, PLACES, gazetteer, settings or SiteSettings())


def get(site: Site, address: str, at: datetime = NOW) -> Document:
    """Return the document of an address such as `/recherche?q=gare`."""
    path, _, query = address.partition("?")
    return respond(site, address_of(path, query), at)


@pytest.fixture
def decrees() -> MemoryDecrees:
    return MemoryDecrees()
