from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import cast

import pytest

from bot.domain.acts import Act, Cover, Decree, Facts, Judged, Kind, Moment, Outcome, Place, Reading, Verdict
from bot.domain.health import AuthorityHealth, Cause, Overview, SourceHealth, Status
from bot.domain.posts import operator_slug
from bot.domain.publication import FileStatement
from bot.domain.records import CommuneCount, NewRecueil, PageOfDecrees, PageOfIds, PublishedCounts, ReadResult, RecueilState
from bot.domain.text import PageText
from bot.queries.dossier import DossierInput, dossier_input
from bot.queries.questions import Questions, RateLimiter
from bot.queries.telegram.bot import TelegramCommands
from bot.queries.telegram.commands import ChatLanguages, Sleep
from bot.queries.telegram.replies import Callbacks
from bot.storage.decrees import Decrees
from bot.storage.store import Store
from bot.storage.timestamps import Timestamp

NOW = datetime(2026, 8, 20, 12, 0, tzinfo=UTC)
PLACES = {
    "26": Place("26", "Préfecture de la Drôme", "Drôme"),
    "38": Place("38", "Préfecture de l'Isère", "Isère", recueils="https://www.isere.gouv.fr/Publications/RAA"),
    "2A": Place("2A", "Préfecture de la Corse-du-Sud", "Corse-du-Sud", recueils="https://www.corse-du-sud.gouv.fr/RAA"),
    "21": Place("21", "Préfecture de la Côte-d'Or", "Côte-d'Or"),
    "01": Place("01", "Préfecture de l'Ain", "Ain"),
    "74": Place("74", "Préfecture de la Haute-Savoie", "Haute-Savoie"),
    "73": Place("73", "Préfecture de la Savoie", "Savoie"),
    "75": Place("75", "Préfecture de Paris", "Paris"),
    "93": Place("93", "Préfecture de la Seine-Saint-Denis", "Seine-Saint-Denis"),
    "PP": Place("PP", "Préfecture de police de Paris", "Paris", territory=frozenset({"75", "93"})),
    "974": Place("974", "Préfecture de La Réunion", "La Réunion", "Indian/Reunion"),
}


def decree(number: int, authority: str = "26", title: str = "Arrêté portant autorisation", operator: str = "SNCF") -> Decree:
    return Decree(
        authority=authority,
        kind=Kind.AUTHORISATION,
        title=title,
        facts=Facts(number=f"26-2026-{number:03}", starts=Moment(date(2026, 8, 21)), ends=Moment(date(2026, 8, 23)), operators=(operator,)),
        evidence=(),
        url=f"https://www.drome.gouv.fr/raa-{number}.pdf",
        page=7,
        published=date(2026, 8, 19),
        id=number,
    )


def health(
    code: str, status: Status, cause: Cause | None = None, since: datetime | None = None, last: date | None = None
) -> AuthorityHealth:
    """An authority with one route."""
    return AuthorityHealth(code, status, (SourceHealth(f"{code}:site", status, cause, since, "secret details", last_published=last),))


def overview() -> Overview:
    """One of each sort."""
    return Overview(
        NOW,
        (
            health("26", Status.OK, last=date(2026, 8, 19)),
            health("38", Status.FAILING, Cause.BLOCKED, datetime(2026, 8, 18, 23, tzinfo=UTC), date(2026, 8, 1)),
            health("01", Status.LATE, Cause.LATE, datetime(2026, 8, 1, tzinfo=UTC), date(2026, 8, 1)),
            health("73", Status.UNPOLLED),
            AuthorityHealth("974", Status.NOT_COVERED, not_covered="secret details"),
            AuthorityHealth("2A", Status.UNWATCHED),
            health("75", Status.OK),
            health("PP", Status.FAILING, Cause.NEEDS_BROWSER),
        ),
    )


class MemoryDecrees(Decrees):
    """Decrees in memory, newest first, with the interface that questions need."""

    def __init__(self, decrees: Sequence[Decree] = ()) -> None:
        self.stored = sorted(decrees, key=lambda one: one.id or 0, reverse=True)
        self.broken: Exception | None = None
        self.renewing = False

    def recent(
        self,
        limit: int,
        offset: int = 0,
        authorities: Collection[str] | None = None,
        departments: Collection[str] | None = None,
        without: Collection[int] = (),
    ) -> PageOfDecrees:
        kept = [d for d in self.stored if (authorities is None or d.authority in authorities) and d.id not in without]
        if departments is not None:
            kept = [d for d in kept if not d.communes or any(one.code.startswith(tuple(departments)) for one in d.communes)]
        return self._page(kept, limit, offset)

    def get(self, decree_id: int, /) -> Decree | None:
        return next((d for d in self.stored if d.id == decree_id), None)

    def load(self, ids: Sequence[int], /) -> tuple[Decree, ...]:
        known = {d.id: d for d in self.stored}
        return tuple(known[one] for one in ids if one in known)

    def numbered(self, number: str, authorities: Collection[str], /) -> tuple[Decree, ...]:
        return tuple(d for d in self.stored if number in {d.act_id, d.facts.number})

    def ending_in(self, digits: str, /) -> tuple[Decree, ...]:
        return tuple(d for d in self.stored if d.facts.number is not None and re.search(rf"20\d\d-{re.escape(digits)}$", d.facts.number))

    def naming(self, communes: Collection[str], limit: int, offset: int = 0, without: Collection[int] = ()) -> PageOfIds:
        named = [d for d in self.stored if any(one.code in communes for one in d.communes) and d.id not in without]
        return self._numbers(named, limit, offset)

    def naming_none(self, authorities: Collection[str], limit: int) -> PageOfIds:
        return self._numbers([d for d in self.stored if d.authority in authorities and not d.communes], limit, 0)

    def is_renewing(self) -> bool:
        return self.renewing

    def words(self) -> frozenset[str]:
        return frozenset(word for d in self.stored for word in (*d.title.split(), *d.facts.operators))

    def search(self, words: str, limit: int, offset: int = 0, authorities: Collection[str] | None = None) -> PageOfDecrees:
        return self._page([d for d in self.stored if all(w.lower() in d.title.lower() for w in words.split())], limit, offset)

    def has(self, words: str, /) -> bool:
        return self.search(words, 1, 0).total > 0

    def total(self) -> int:
        return len(self.stored)

    def current(
        self, on: date, authorities: Collection[str] | None = None, communes: Collection[str] | None = None, /
    ) -> tuple[Decree, ...]:
        if self.broken:
            raise self.broken
        kept = [d for d in self.stored if (authorities is None or d.authority in authorities) and d.withdrawn_at is None]
        if communes is not None:
            kept = [d for d in kept if any(one.code in communes for one in d.communes)]
        last = [(d, [c.ends.day for c in d.changed_by if c.kind is Kind.MODIFICATION and c.ends is not None]) for d in kept]
        return tuple(d for d, ends in last if d.facts.ends is None or max(d.facts.ends.day, *ends, d.facts.ends.day) >= on)

    def published(self, since: date, several: Collection[str], /) -> PublishedCounts:
        kept = [d for d in self.stored if d.published is not None and d.published >= since]
        months = Counter((d.authority, d.published.replace(day=1)) for d in kept if d.published is not None)
        naming = ((d.authority, frozenset(one.code for one in d.communes)) for d in kept if d.communes and d.authority in several)
        return PublishedCounts(tuple((*key, count) for key, count in months.items()), tuple(naming))

    def of_operator(self, slug: str, limit: int, offset: int, total: int, /) -> tuple[Decree, ...]:
        return self._page([d for d in self.stored if slug in map(operator_slug, d.facts.operators)], limit, offset).decrees

    def communes_named(self, departments: Collection[str], /) -> tuple[CommuneCount, ...]:
        codes = sorted({named.code for d in self.stored for named in d.communes if named.code.startswith(tuple(departments))})
        theirs = {code: [d for d in self.stored if any(named.code == code for named in d.communes)] for code in codes}
        return tuple(
            CommuneCount(code, len(all_), max((d.published for d in all_ if d.published), default=None)) for code, all_ in theirs.items()
        )

    def texts(self, ids: Collection[int], /) -> dict[int, str]:
        return {d.id: d.title for d in self.stored if d.id in ids and d.id is not None}

    def copy_of(self, decree: Decree, /) -> tuple[str, datetime | None] | None:
        return ("3f9a" * 16, decree.found_at) if decree.found_at is not None else None

    def of(self, topic: str) -> MemoryDecrees:
        return MemoryDecrees([d for d in self.stored if d.topic == topic])

    def with_looks(self, since: date, /) -> tuple[Decree, ...]:
        return tuple(d for d in self.stored if d.online is not None and d.published is not None and d.published >= since)

    def own_pages(self, decree: Decree, /) -> tuple[int, int]:
        return decree.page, decree.page

    def _numbers(self, found: list[Decree], limit: int, offset: int) -> PageOfIds:
        page = self._page(found, limit, offset)
        return PageOfIds(tuple(one.id for one in page.decrees if one.id is not None), page.total)

    def _page(self, found: list[Decree], limit: int, offset: int) -> PageOfDecrees:
        if self.broken:
            raise self.broken
        standing = [one for one in found if one.withdrawn_at is None]
        return PageOfDecrees(tuple(standing[offset : offset + limit]), len(standing))


def dossier_of(decrees: MemoryDecrees, decree: Decree, page: str, *stamps: Timestamp) -> DossierInput:
    """What a store with these would give: of each PDF the same statement."""
    store = SimpleNamespace(
        decrees=decrees,
        contents=SimpleNamespace(made=lambda _: FileStatement("D:20250101000000Z", "", "Exemple"), get=lambda _: None),
        timestamps=SimpleNamespace(of=lambda sha256, days: [one for one in stamps if one.sha256 == sha256 or one.day in days]),
    )
    return dossier_input(cast(Store, store), PLACES, decree, page)


def record(store: Store, found: Decree, text: str = "", now: datetime = NOW) -> None:
    """Record a decree of a recueil of its own, on a page with this text."""
    source = f"{found.authority}:site"
    new = NewRecueil(found.authority, source, found.url, "RAA", found.published, is_detail=False, state=RecueilState.WAITING)
    (recueil,) = store.recueils.add([new], now)
    act = Act(None, found.title, None, found.page, found.page, (PageText(found.page, text or found.title),))
    judged = Judged(act, Verdict(Outcome.DECREE, found.kind, found.facts, found.evidence))
    fresh = replace(found, id=None, identities=found.identities or (f"{found.authority}:{found.facts.number}",))
    result = ReadResult(recueil, Reading(9, Cover(), (act,)), f"digest-{found.url}", (judged,), ((0, fresh),), None)
    store.recordings.record(result, lambda _: (), now)


@pytest.fixture
def decrees() -> MemoryDecrees:
    """Twelve decrees of the Drôme (1-12), then one each of Paris (13) and of its préfecture de police (14)."""
    return MemoryDecrees([*(decree(n) for n in range(1, 13)), decree(13, "75"), decree(14, "PP", "Arrêté relatif à la gare")])


@pytest.fixture
def questions(decrees: MemoryDecrees) -> Questions:
    return Questions(decrees, PLACES, lambda: NOW, overview=overview)


def commands_for(questions: Questions, sleep: Sleep = asyncio.sleep) -> TelegramCommands:
    return TelegramCommands(questions, PLACES, RateLimiter(20, time.monotonic), Callbacks(), ChatLanguages(), sleep)
