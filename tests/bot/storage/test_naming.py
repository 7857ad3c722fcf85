"""The communes that decrees name are stored with them, follow their facts and the gazetteer, and are found by code: on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from bot.domain.acts import Decree, Facts, Kind, NamedCommune, Naming, Outcome, Reference
from bot.domain.records import PageOfIds
from bot.storage.naming import CommuneNamer, renew_some_communes
from bot.storage.schema import decrees
from bot.storage.store import Store, open_store
from tests.bot.storage.building import NOW, act, one_recueil, result_of, to
from tests.bot.storage.finding import found, reading_of, stored

MONTELIMAR, VALENCE = "26198", "26362"
CODES = {"Montélimar": MONTELIMAR, "Valence": VALENCE}


def _communes_of(decree: Decree) -> list[NamedCommune]:
    """Those of the places whose whole name is one."""
    return [NamedCommune(CODES[place], Naming.NAMED, place) for place in decree.facts.places if place in CODES]


NAMER = CommuneNamer("1", _communes_of)


@pytest.fixture
def naming(store: Store, url: str) -> Iterator[Store]:
    """The same database, opened by a program that finds communes."""
    with open_store(url, namer=NAMER) as opened:
        yield opened


def _codes(store: Store, decree: int) -> list[str]:
    return [commune.code for commune in stored(store, decree).communes]


def test_a_decree_is_stored_with_the_communes_that_it_names(naming: Store) -> None:
    decree = found(naming, Facts("2026-1", places=("Valence", "Ailleurs", "Montélimar")))
    expected = (NamedCommune(MONTELIMAR, Naming.NAMED, "Montélimar"), NamedCommune(VALENCE, Naming.NAMED, "Valence"))
    assert stored(naming, decree).communes == expected


def test_destinations_see_the_communes_of_a_new_decree(naming: Store) -> None:
    seen: list[Decree] = []

    def route(decree: Decree) -> list[str]:
        seen.append(decree)
        return ["t"] if any(commune.code == VALENCE for commune in decree.communes) else []

    result = reading_of(one_recueil(naming), Facts("2026-1", places=("Valence",)))
    assert len(naming.recordings.record(result, route, NOW).posts) == 1
    assert [commune.code for decree in seen for commune in decree.communes] == [VALENCE]


def test_what_a_further_sighting_completes_is_named_too(naming: Store) -> None:
    decree = found(naming, Facts("2026-1", signed=NOW.date()), name="draft")
    assert _codes(naming, decree) == []
    again = reading_of(one_recueil(naming, "again"), Facts("2026-1", signed=NOW.date(), places=("Montélimar",)))
    naming.recordings.record(again, to(), NOW + timedelta(hours=1))
    assert _codes(naming, decree) == [MONTELIMAR]


def test_an_act_that_a_person_accepts_names_communes(naming: Store) -> None:
    recueil = one_recueil(naming)
    facts = Facts("2026-1", places=("Valence",))
    naming.recordings.record(result_of(recueil, act("Arrêté", outcome=Outcome.UNCERTAIN, facts=facts)), to(), NOW)
    [waiting] = naming.reviews.waiting(1)
    [(_, decree)] = reading_of(recueil, facts).decrees
    accepted = naming.reviews.accept(waiting.id, decree, to(), NOW, "test")
    assert _codes(naming, accepted.decree or 0) == [VALENCE]


@pytest.mark.postgresql
def test_decrees_are_found_by_commune_and_by_naming_none(naming: Store) -> None:
    ids = [found(naming, Facts(f"2026-{number}", places=("Valence",)), at=NOW + timedelta(hours=number)) for number in range(5)]
    both = found(naming, Facts("2026-7", places=("Valence", "Montélimar")), at=NOW + timedelta(hours=7))
    none = found(naming, Facts("2026-8"), at=NOW + timedelta(hours=8))
    elsewhere = found(naming, Facts("2026-9"), authority="83")
    page = naming.decrees.naming([VALENCE], limit=2, offset=1)
    assert (page.ids, page.total) == ((ids[4], ids[3]), 6)
    assert naming.decrees.naming([MONTELIMAR, VALENCE], limit=1).ids == (both,), "named twice, listed once"
    assert naming.decrees.naming([MONTELIMAR, VALENCE], limit=1).total == 6
    assert naming.decrees.naming_none(["26"], limit=9).ids == (none,)
    assert set(naming.decrees.naming_none(["26", "83"], limit=9).ids) == {none, elsewhere}
    naming.reviews.withdraw(both, NOW, "test")
    assert naming.decrees.naming([MONTELIMAR], limit=9).total == 0
    assert naming.decrees.naming([], limit=9).total == 0


def test_another_version_finds_the_communes_of_all_again_and_the_same_one_of_none(naming: Store, url: str) -> None:
    ids = [found(naming, Facts(f"2026-{number}", places=("Valence",))) for number in range(3)]
    asked: list[Decree] = []

    def moved(decree: Decree) -> list[NamedCommune]:
        asked.append(decree)
        return [NamedCommune("26999", Naming.ALIAS, "Valence")]

    with open_store(url, namer=CommuneNamer("2", moved)) as store:
        assert [_codes(store, decree) for decree in ids] == [["26999"]] * 3
        assert store.decrees.naming([VALENCE], limit=9).total == 0
    assert len(asked) == 3
    with open_store(url, namer=CommuneNamer("2", moved)):
        pass
    assert len(asked) == 3, "the same version has nothing to do"


@pytest.mark.postgresql
def test_a_slice_is_one_transaction(naming: Store) -> None:
    ids = [found(naming, Facts(f"2026-{number}", places=("Valence",))) for number in range(7)]
    with naming.database.writing() as connection:
        connection.execute(update(decrees).values(gazetteer=None))
    assert naming.decrees.is_renewing()
    assert naming.decrees.naming_none(["26"], limit=9).total == 0, "of those that were not looked at nothing is known"
    transactions: list[bool] = []
    naming.database.when_used = lambda writing, _began, _error: transactions.append(writing) if writing else None
    again = CommuneNamer("2", _communes_of)
    assert [renew_some_communes(naming.database, again, 3) for _ in range(4)] == [3, 3, 1, 0]
    assert transactions == [True] * 3, "nobody is kept from writing to find out that there is nothing to do"
    assert not naming.decrees.is_renewing()
    with naming.database.reading() as connection:
        assert connection.execute(select(decrees.c.gazetteer).distinct()).scalars().all() == ["2"]
    assert [_codes(naming, decree) for decree in ids] == [[VALENCE]] * 7


def changing(store: Store, number: str, changed: str, *places: str, kind: Kind = Kind.MODIFICATION) -> int:
    """Record a decree that changes the one of this number."""
    return found(store, Facts(number, places=places, references=(Reference(kind, changed),)), kind)


@pytest.mark.parametrize("kind", [Kind.MODIFICATION, Kind.ABROGATION, Kind.RENEWAL])
def test_a_decree_that_names_none_has_those_of_what_it_changes(naming: Store, kind: Kind) -> None:
    first = found(naming, Facts("2026-1", places=("Valence",)))
    second = changing(naming, "2026-2", "2026-1", kind=kind)
    assert stored(naming, second).communes == (NamedCommune(VALENCE, Naming.CHANGED, "Valence"),)
    assert set(naming.decrees.naming([VALENCE], limit=9).ids) == {first, second}
    assert naming.decrees.naming_none(["26"], limit=9).total == 0
    own = changing(naming, "2026-3", "2026-1", "Montélimar")
    assert _codes(naming, own) == [MONTELIMAR], "its own count alone"
    unknown = changing(naming, "2026-4", "2026-99")
    assert naming.decrees.naming_none(["26"], limit=9).ids == (unknown,)


def test_what_is_found_after_what_changes_it_gives_it_its_communes(naming: Store) -> None:
    second = changing(naming, "2026-2", "2026-1")
    third = changing(naming, "2026-3", "2026-2")
    assert _codes(naming, second) == _codes(naming, third) == []
    found(naming, Facts("2026-1", places=("Valence",)))
    assert _codes(naming, second) == _codes(naming, third) == [VALENCE]


@pytest.mark.postgresql
def test_decrees_that_change_each_other_end(naming: Store) -> None:
    signed = Facts("2026-1", signed=NOW.date(), references=(Reference(Kind.MODIFICATION, "2026-2"),))
    one, other = found(naming, signed, Kind.MODIFICATION), changing(naming, "2026-2", "2026-1")
    assert _codes(naming, one) == _codes(naming, other) == []
    again = reading_of(one_recueil(naming, "again"), replace(signed, places=("Valence",)), Kind.MODIFICATION)
    naming.recordings.record(again, to(), NOW + timedelta(hours=1))
    assert _codes(naming, one) == _codes(naming, other) == [VALENCE]


def test_what_a_program_without_a_gazetteer_writes_is_left_to_one_that_has_it(store: Store, url: str) -> None:
    decree = found(store, Facts("2026-1", places=("Valence",)))
    assert _codes(store, decree) == []
    with open_store(url, namer=NAMER) as naming:
        assert _codes(naming, decree) == [VALENCE]
    again = reading_of(one_recueil(store, "again"), Facts("2026-1", cameras=3))
    store.recordings.record(again, to(), NOW + timedelta(hours=1))
    assert _codes(store, decree) == [VALENCE], "kept until they can be found again"
    with open_store(url, namer=CommuneNamer("1", lambda _: [])) as naming:
        assert _codes(naming, decree) == []


@pytest.mark.postgresql
def test_those_of_a_department_leave_out_what_names_communes_of_others_only(naming: Store) -> None:
    valence = found(naming, Facts("2026-1", places=("Valence",)))
    nowhere = found(naming, Facts("2026-2", places=("Ailleurs",)))
    everywhere, drome, ardeche = (naming.decrees.recent(10, departments=codes) for codes in (None, {"26", "07"}, {"07"}))
    assert {one.id for one in everywhere.decrees} == {one.id for one in drome.decrees} == {valence, nowhere}
    assert [one.id for one in ardeche.decrees] == [nowhere]
    assert ardeche.total == 1
    rest = naming.decrees.recent(10, departments={"26"}, without=[valence])
    assert ([one.id for one in rest.decrees], rest.total) == ([nowhere], 1)


def test_those_that_name_a_commune_may_be_asked_for_without_some(naming: Store) -> None:
    first, second = (found(naming, Facts(f"2026-{number}", places=("Valence",))) for number in (1, 2))
    page = naming.decrees.naming([VALENCE], 10, 0, [first])
    assert (page.ids, page.total) == ((second,), 1)
    assert naming.decrees.naming([VALENCE], 0, 0).total == 2
    assert naming.decrees.naming([VALENCE], 3, 5) == PageOfIds((), 2), "beyond the end"


def test_those_published_since_a_day_are_counted_by_authority_and_month(naming: Store) -> None:
    spring, summer = date(2024, 3, 1), date(2024, 4, 1)
    found(naming, Facts("2026-1", places=("Valence", "Montélimar")), published=spring)
    found(naming, Facts("2026-2"), published=date(2024, 3, 31))
    found(naming, Facts("2026-3", places=("Valence",)), authority="PP", published=summer)
    found(naming, Facts("2026-4"), authority="PP", published=summer)
    gone = found(naming, Facts("2026-5"), published=summer)
    naming.reviews.withdraw(gone, NOW, "test")
    counts = naming.decrees.published(spring, {"PP"})
    assert sorted(counts.months) == [("26", spring, 2), ("PP", summer, 2)]
    assert counts.naming == (("PP", frozenset({VALENCE})),)
    assert naming.decrees.published(summer, {"PP"}).months == (("PP", summer, 2),)
    assert naming.decrees.published(date(2024, 4, 2), ()).months == ()
