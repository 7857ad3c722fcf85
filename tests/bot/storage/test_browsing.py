"""What publishes open data reads decrees by: filters, parts that can be continued, operators, and the instant of the last change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import delete, insert, update

from bot.domain.acts import Decree, Facts, Kind, Moment, NamedCommune, Naming, Outcome, Reference
from bot.domain.posts import operator_slug
from bot.domain.publication import Look, Online
from bot.domain.records import CommuneCount
from bot.storage.browsing import DecreeFilter, OperatorCount
from bot.storage.errors import StorageError
from bot.storage.naming import CommuneNamer
from bot.storage.schema import acts, decree_communes, decree_operators, decree_revision, decrees, identities, links, metadata, sightings
from bot.storage.store import Store, open_store
from tests.bot.storage.building import NOW, act, new_recueil, one_recueil, result_of, to
from tests.bot.storage.finding import all_recueils, found, reading_of, stored

pytestmark = pytest.mark.postgresql

VALENCE = "26362"
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def naming(store: Store, url: str) -> Iterator[Store]:
    """The same database, opened by a program that finds Valence."""

    def communes_of(decree: Decree) -> list[NamedCommune]:
        return [NamedCommune(VALENCE, Naming.NAMED, place) for place in decree.facts.places if place == "Valence"]

    with open_store(url, namer=CommuneNamer("1", communes_of)) as opened:
        yield opened


def ids(store: Store, wanted: DecreeFilter) -> list[int | None]:
    return [decree.id for decree in store.browsing.batch(wanted, 100).decrees]


def test_parts_continue_where_the_last_one_ended_whatever_is_found_meanwhile(store: Store) -> None:
    for number in range(7):
        found(store, Facts(f"2026-{number}"), published=date(2024, 4, 10 + number // 3), at=NOW + timedelta(minutes=number // 2))
    expected = [decree.id for decree in store.decrees.recent(9).decrees]
    first = store.browsing.batch(DecreeFilter(), 3)
    found(store, Facts("2026-99"), published=date(2024, 4, 19), at=LATER)
    second = store.browsing.batch(DecreeFilter(), 3, first.after)
    third = store.browsing.batch(DecreeFilter(), 3, second.after)
    assert [decree.id for part in (first, second, third) for decree in part.decrees] == expected
    assert [len(part.decrees) for part in (first, second, third)] == [3, 3, 1]
    assert third.after is None


def test_a_part_has_what_meets_every_condition(naming: Store) -> None:
    town = found(naming, Facts("1", places=("Valence",), operators=("SNCF",)), published=date(2024, 4, 1))
    refused = found(naming, Facts("2", operators=("SNCF",)), Kind.REFUSAL, published=date(2024, 4, 10))
    other = found(naming, Facts("3", operators=("Commune de Valence", "RATP")), authority="PP", published=date(2024, 4, 19))
    for wanted, expected in (
        (DecreeFilter(), [other, refused, town]),
        (DecreeFilter(authorities=frozenset({"26"})), [refused, town]),
        (DecreeFilter(authorities=frozenset()), []),
        (DecreeFilter(departments=frozenset({"07"})), [other, refused]),
        (DecreeFilter(departments=frozenset({"26"})), [other, refused, town]),
        (DecreeFilter(communes=frozenset({VALENCE})), [town]),
        (DecreeFilter(operator="sncf"), [refused, town]),
        (DecreeFilter(operator="commune-de-valence"), [other]),
        (DecreeFilter(operator="sncf", kinds=frozenset({Kind.REFUSAL})), [refused]),
        (DecreeFilter(since=date(2024, 4, 10)), [other, refused]),
        (DecreeFilter(until=date(2024, 4, 10)), [refused, town]),
        (DecreeFilter(changed_since=LATER), []),
        (DecreeFilter(changed_since=NOW), [other, refused, town]),
    ):
        assert ids(naming, wanted) == expected, wanted
        assert naming.browsing.ids(9, 0, wanted) == expected
        assert naming.browsing.count(wanted) == len(expected)


def test_operators_are_those_that_the_facts_name_now(store: Store) -> None:
    decree = found(store, Facts("1", operators=("Préfecture de police", "SNCF", "…")))
    found(store, Facts("2", operators=("S.N.C.F.", "SNCF")))
    assert store.browsing.operators() == (
        OperatorCount("sncf", "SNCF", 2),
        OperatorCount("prefecture-de-police", "Préfecture de police", 1),
        OperatorCount("s-n-c-f", "S.N.C.F.", 1),
    )
    store.recordings.record(reading_of(all_recueils(store)[0], Facts("1", operators=("RATP",))), to(), NOW)
    assert store.browsing.operator("sncf") == OperatorCount("sncf", "SNCF", 1)
    assert store.browsing.operator("ratp") == OperatorCount("ratp", "RATP", 1)
    store.reviews.withdraw(decree, LATER, "test")
    assert store.browsing.operator("ratp") is None


def test_pages_of_an_operator_are_numbered_newest_first(store: Store) -> None:
    known = [found(store, Facts(f"2026-{number}", operators=("SNCF",)), published=date(2024, 4, 1 + number)) for number in range(3)]
    found(store, Facts("2026-9", operators=("RATP",)))
    store.reviews.withdraw(known[0], LATER, "test")
    assert [decree.id for decree in store.decrees.of_operator("sncf", 1, 0, 2)] == [known[2]]
    assert [decree.id for decree in store.decrees.of_operator("sncf", 1, 1, 2)] == [known[1]]
    assert store.decrees.of_operator("sncf", 5, 2, 2) == ()
    assert store.decrees.of_operator("", 5, 0, 0) == ()


def test_communes_are_counted_with_the_day_of_their_last_decree(naming: Store) -> None:
    *_, last = [found(naming, Facts(f"2026-{n}", places=("Valence",)), published=date(2024, 4, 1 + n)) for n in range(3)]
    found(naming, Facts("2026-9", places=("Romans",)), published=date(2024, 4, 9))
    assert naming.decrees.communes_named({"26", "07"}) == (CommuneCount(VALENCE, 3, date(2024, 4, 3)),)
    naming.reviews.withdraw(last, LATER, "test")
    assert naming.decrees.communes_named({"26"}) == (CommuneCount(VALENCE, 2, date(2024, 4, 2)),)
    assert naming.decrees.communes_named({"07"}) == naming.decrees.communes_named(()) == ()


def test_a_decree_has_the_text_of_its_act_and_the_copy_that_it_was_read_in(store: Store) -> None:
    recueil = one_recueil(store)
    [decree] = store.recordings.record(reading_of(recueil, Facts("2026-1"), text="Article 1er : la route de Romans"), to(), NOW).decrees
    other = found(store, Facts("2026-2"))
    assert decree.id is not None
    assert store.decrees.texts({decree.id, other, 999}) == {decree.id: "Article 1er : la route de Romans", other: "Arrête"}
    known = stored(store, decree.id)
    assert store.decrees.copy_of(known) is None
    store.contents.fetched(recueil.id, "ab" * 32, LATER)
    assert store.decrees.copy_of(known) == ("ab" * 32, LATER)


def test_a_decree_has_the_pages_of_its_act_and_when_its_recueil_went_online(store: Store) -> None:
    look = Look("https://a.example/raa", NOW, LATER, 200, etag='"5f2"')
    (recueil,) = store.recueils.add([replace(new_recueil("online"), online=Online(look, look))], NOW)
    result = result_of(recueil, act("Arrêté", first=3, last=5, facts=Facts("2026-1")), act("Autre", first=6, outcome=Outcome.NOT_CONCERNED))
    [decree] = store.recordings.record(result, to(), NOW).decrees
    found(store, Facts("2026-2"))
    known = stored(store, decree.id or 0)
    assert store.decrees.own_pages(known) == (3, 5)
    assert store.decrees.own_pages(replace(known, url="https://a.example/gone.pdf")) == (3, 3)
    assert known.online == Online(look, look)
    since = known.published or NOW.date()
    assert store.decrees.with_looks(since) == (known,)
    assert store.decrees.with_looks(since + timedelta(days=1)) == ()


def test_slices_have_every_decree_that_stands_once(store: Store) -> None:
    known = [found(store, Facts(f"2026-{number}")) for number in range(5)]
    store.reviews.withdraw(known[1], LATER, "test")
    assert [[decree.id for decree in part] for part in store.browsing.slices(2)] == [[known[0], known[2]], [known[3], known[4]]]
    assert (store.browsing.removed_since(NOW), store.browsing.removed_since(LATER + timedelta(seconds=1))) == ((known[1],), ())


def changed_at(store: Store, decree: int) -> timedelta | None:
    """When it was last changed, as the time since it was found."""
    at = stored(store, decree).changed_at
    return None if at is None else at - NOW


def test_a_decree_has_changed_when_what_is_shown_of_it_has(store: Store) -> None:
    recueil = one_recueil(store)
    facts = Facts("2026-1", signed=date(2024, 4, 1), ends=Moment(date(2024, 5, 1)))
    [decree] = store.recordings.record(reading_of(recueil, facts), to(), NOW).decrees
    assert decree.id is not None
    hours = [changed_at(store, decree.id)]
    for hour, read in enumerate((facts, replace(facts, event="Fête"), replace(facts, event="Fête")), start=1):
        store.recordings.record(reading_of(recueil, read), to(), NOW + timedelta(hours=hour))
        hours.append(changed_at(store, decree.id))
    assert hours == [timedelta(hours=hour) for hour in (0, 0, 2, 2)], "reading the same again changes nothing"


def test_what_ends_a_decree_changes_it_and_so_does_its_withdrawal(store: Store) -> None:
    decree = found(store, Facts("2026-1"))
    other = found(store, Facts("2026-9"))
    end = found(store, Facts("2026-2", references=(Reference(Kind.ABROGATION, "2026-1"),)), Kind.ABROGATION, at=LATER)
    assert (changed_at(store, decree), changed_at(store, end)) == (timedelta(hours=1), timedelta(hours=1))
    store.reviews.withdraw(end, LATER + timedelta(hours=1), "test")
    assert (changed_at(store, decree), changed_at(store, end)) == (timedelta(hours=2), timedelta(hours=2))
    store.reviews.reinstate(end, LATER + timedelta(hours=2), "test")
    assert changed_at(store, end) == timedelta(hours=3)
    assert changed_at(store, other) == timedelta(), "nothing happened to it"


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("SNCF", "sncf"),
        ("Préfecture de police", "prefecture-de-police"),
        ("L’Œuvre (S.A.)", "l-oeuvre-s-a"),
        ("…", ""),
        ("a " * 90, "a-" * 49 + "a"),
    ],
)
def test_operators_have_names_for_addresses(name: str, slug: str) -> None:
    assert operator_slug(name) == slug


# The revision of the store: another one after each change of what is shown of decrees, whoever made it, and only then.


DAY = NOW.date()
FACTS = Facts("2024-1", signed=DAY, starts=Moment(DAY), ends=Moment(DAY + timedelta(days=9)), operators=("SNCF",))


def test_every_change_of_a_decree_is_another_revision(store: Store) -> None:
    seen = [store.decrees.revision()]
    decree = found(store, FACTS)
    seen.append(store.decrees.revision())
    store.reviews.withdraw(decree, NOW, "cli")
    seen.append(store.decrees.revision())
    store.reviews.reinstate(decree, NOW, "cli")
    seen.append(store.decrees.revision())
    assert len(set(seen)) == 4


@pytest.mark.parametrize("name", ["decrees", "decree_operators", "identities", "sightings"])
def test_a_change_by_any_other_program_is_another_revision(store: Store, name: str) -> None:
    found(store, FACTS)
    before = store.decrees.revision()
    table = metadata.tables[name]
    column = next(iter(table.primary_key.columns))
    store.database.write(update(table).values({column: column}))
    assert store.decrees.revision() != before


def test_a_commune_or_a_link_that_is_added_is_another_revision(store: Store) -> None:
    decree = found(store, FACTS)
    seen = {store.decrees.revision()}
    store.database.write(insert(decree_communes).values(decree_id=decree, commune="26362", how="named", evidence="Valence"))
    seen.add(store.decrees.revision())
    store.database.write(insert(links).values(decree_id=decree, position=7, change="abrogation", authority="26"))
    seen.add(store.decrees.revision())
    assert len(seen) == 3


def test_another_decree_of_an_act_is_another_revision(store: Store) -> None:
    decree = found(store, FACTS)
    seen = [store.decrees.revision()]
    for change in (update(acts).values(decree_id=None), update(acts).values(decree_id=decree), delete(acts)):
        store.database.write(change)
        seen.append(store.decrees.revision())
    assert len(set(seen)) == 4
    store.database.write(update(acts).values(decree_id=None))
    assert store.decrees.revision() == seen[-1], "nothing has changed"


def test_polls_and_acts_that_are_no_decree_leave_it(store: Store) -> None:
    before = store.decrees.revision()
    recueil = one_recueil(store)
    store.recordings.record(result_of(recueil), to("t"), NOW)
    assert store.decrees.revision() == before


def test_what_is_rolled_back_leaves_it(store: Store) -> None:
    found(store, FACTS)
    before = store.decrees.revision()
    with suppress(ZeroDivisionError), store.database.writing() as connection:
        connection.execute(update(decrees).values(withdrawn_at=NOW))
        raise ZeroDivisionError
    assert store.decrees.revision() == before


def test_the_tables_that_count_are_those_that_decrees_are_made_of(store: Store) -> None:
    found(store, FACTS)
    ours = {decrees.name, decree_communes.name, decree_operators.name, identities.name, sightings.name, links.name}
    others = [table for name, table in metadata.tables.items() if name not in {*ours, decree_revision.name}]
    before = store.decrees.revision()
    with store.database.writing() as connection:
        for table in others:
            column = next(iter(table.columns))
            connection.execute(update(table).values({column: column}))
    assert store.decrees.revision() == before


def test_a_revision_that_cannot_be_read_is_an_error_of_the_store(store: Store) -> None:
    with store.database.writing() as connection:
        connection.exec_driver_sql("DROP TABLE decree_revision")
    for _ in range(20):  # more than there are connections: each is given back
        with pytest.raises(StorageError, match=r"the database .* refused"):
            store.decrees.revision()
