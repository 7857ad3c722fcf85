"""Recueils, acts and decrees to record."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from typing import TypeVar

from bot.domain.acts import Act, Cover, Decree, Evidence, Facts, Judged, Kind, Outcome, Reading, Verdict
from bot.domain.records import NewRecueil, ReadResult, Recueil, RecueilState
from bot.domain.text import PageText
from bot.storage.store import Store

T = TypeVar("T")
NOW = datetime(2024, 4, 19, 18, 30, tzinfo=UTC)
EVIDENCE = (Evidence("verdict", 3, "traitement algorithmique des images"),)


def new_recueil(
    name: str = "recueil-1", *, authority: str = "26", state: RecueilState = RecueilState.WAITING, is_detail: bool = False
) -> NewRecueil:
    return NewRecueil(
        authority=authority,
        source=f"{authority}:site",
        url=f"https://prefecture.example/{authority}/{name}.pdf",
        title=f"RAA {name}",
        published=date(2024, 4, 19),
        is_detail=is_detail,
        state=state,
    )


def one_recueil(store: Store, name: str = "recueil-1", *, authority: str = "26") -> Recueil:
    (recueil,) = store.recueils.add([new_recueil(name, authority=authority)], NOW)
    return recueil


def act(
    title: str, *, first: int = 3, last: int | None = None, text: str = "Le préfet arrête", act_id: str | None = None,
    outcome: Outcome = Outcome.DECREE, facts: Facts | None = None,
) -> Judged:  # fmt: skip
    kind = Kind.AUTHORISATION if outcome is Outcome.DECREE else None
    last = first if last is None else last
    pages = tuple(PageText(number, text) for number in range(first, last + 1))
    return Judged(Act(act_id, title, "Cabinet", first, last, pages), Verdict(outcome, kind, facts or Facts(), EVIDENCE))


def decree_of(recueil: Recueil, judged: Judged, *keys: str) -> Decree:
    return Decree(
        authority=recueil.authority,
        kind=judged.verdict.kind or Kind.AUTHORISATION,
        title=judged.act.title,
        facts=judged.verdict.facts,
        evidence=judged.verdict.evidence,
        url=recueil.url,
        page=judged.act.first_page,
        published=recueil.published,
        act_id=judged.act.id,
        identities=keys,
    )


def result_of(
    recueil: Recueil, *judged: Judged, keys: Sequence[Sequence[str]] | None = None, unreadable: tuple[int, ...] = (),
    next_try_at: datetime | None = None, digest: str | None = None, number: str | None = None,
) -> ReadResult:  # fmt: skip
    """A reading of these acts; each decree among them is known by its title unless `keys` says otherwise, in the same order."""
    concerned = [(position, item) for position, item in enumerate(judged) if item.verdict.outcome is Outcome.DECREE]
    known_by = keys if keys is not None else [[f"title:{item.act.title}"] for _, item in concerned]
    return ReadResult(
        recueil=recueil,
        reading=Reading(20, Cover(recueil.authority, number, recueil.published), tuple(item.act for item in judged), (), unreadable),
        digest=digest or hashlib.sha256(repr((recueil.url, judged)).encode()).hexdigest(),
        judged=judged,
        decrees=tuple((position, decree_of(recueil, item, *each)) for (position, item), each in zip(concerned, known_by, strict=True)),
        next_try_at=next_try_at,
    )


def at_once(number: int, work: Callable[[int], T]) -> list[T]:
    """What comes of this work in so many threads that begin at the same moment, each with its number. Raises their errors."""
    start = threading.Barrier(number)

    def begin(one: int) -> T:
        start.wait(timeout=60)
        return work(one)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(begin, range(number), timeout=120))


def to(*destinations: str) -> Destinations:
    return Destinations(destinations)


class Destinations:
    """Names the same destinations for every decree, and counts how often it is asked."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names
        self.asked: list[Decree] = []

    def __call__(self, decree: Decree) -> Sequence[str]:
        self.asked.append(decree)
        return self.names
