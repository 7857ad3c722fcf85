"""Decrees that name each other, in whatever order they are found."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import event, text

from bot.domain.acts import Change, Facts, Kind, Moment, Place, Reference
from bot.domain.law import Standing, ends_first, standing
from bot.messages.lines import MessageInput, PeriodStage, timing
from bot.storage.store import Store
from bot.web.decree_view import duration_text
from tests.bot.real_acts import recorded_before
from tests.bot.storage.building import NOW, one_recueil, to
from tests.bot.storage.finding import found, reading_of, stored
from tests.examples import by_day

SIGNED, LATER = date(2026, 8, 12), date(2026, 8, 20)
STARTS, ENDS = Moment(date(2026, 8, 14)), Moment(date(2026, 8, 31))
GRANT = Facts("2026-123", signed=SIGNED, starts=STARTS, ends=ENDS)
LONGER = Facts("2026-140", signed=LATER, ends=Moment(date(2026, 9, 6)), references=(Reference(Kind.MODIFICATION, "2026-123"),))
END = Facts("2026-150", signed=LATER, references=(Reference(Kind.ABROGATION, "2026-0123", SIGNED),))


@pytest.mark.parametrize(
    "order", by_day(permutations([(GRANT, Kind.AUTHORISATION), (LONGER, Kind.MODIFICATION), (END, Kind.ABROGATION)]), 2)
)
def test_decrees_know_each_other_in_whatever_order_they_were_found(store: Store, order: list[tuple[Facts, Kind]]) -> None:
    ids = {kind: found(store, facts, kind) for facts, kind in order}
    grant, longer, end = ids[Kind.AUTHORISATION], ids[Kind.MODIFICATION], ids[Kind.ABROGATION]
    assert set(stored(store, grant).changed_by) == {
        Change(Kind.MODIFICATION, longer, "2026-140", LATER, None, LONGER.ends),
        Change(Kind.ABROGATION, end, "2026-150", LATER),
    }
    assert stored(store, grant).changes == ()
    assert stored(store, longer).changes == (Change(Kind.MODIFICATION, grant, "2026-123", LATER, None, LONGER.ends),)
    assert stored(store, end).changes == (Change(Kind.ABROGATION, grant, "2026-0123", LATER),)
    assert stored(store, end).changed_by == ()
    # Every door shows the same.
    assert {decree.id: decree for decree in store.decrees.recent(10).decrees} == {each: stored(store, each) for each in ids.values()}


def test_a_decree_that_was_never_seen_is_shown_by_its_number(store: Store) -> None:
    end = found(store, END, Kind.ABROGATION)
    assert stored(store, end).changes == (Change(Kind.ABROGATION, None, "2026-0123", LATER),)
    other_day = found(store, replace(GRANT, signed=date(2026, 1, 5), starts=None))
    assert stored(store, end).changes == (Change(Kind.ABROGATION, None, "2026-0123", LATER),)
    assert stored(store, other_day).changed_by == ()


def test_another_authority_s_decree_of_the_same_number_is_another(store: Store) -> None:
    other = found(store, GRANT, authority="83")
    found(store, END, Kind.ABROGATION)
    assert stored(store, other).changed_by == ()


def test_one_act_may_be_a_decree_of_each_of_two_topics(store: Store) -> None:
    """They share number, identifier and text, and what ends the one does not end the other."""
    ids, keys = dict[str, int](), ("act:26-2026-08-14-00002", "number:26:2026-123:signed:2026-08-12", "text:0a1b")
    for topic in ("vsa", "drones"):
        result = reading_of(one_recueil(store, topic), GRANT, keys=keys)
        of_topic = tuple((position, replace(decree, topic=topic)) for position, decree in result.decrees)
        [decree] = store.recordings.record(replace(result, decrees=of_topic), to(), NOW).decrees
        ids[topic] = decree.id or 0
    assert {topic: stored(store, number).topic for topic, number in ids.items()} == {"vsa": "vsa", "drones": "drones"}
    assert ids["vsa"] != ids["drones"]
    assert set(stored(store, ids["vsa"]).identities) == set(keys), "those of VSA have no mark"
    end = found(store, END, Kind.ABROGATION)
    assert [change.decree for change in stored(store, ids["vsa"]).changed_by] == [end]
    assert stored(store, ids["drones"]).changed_by == ()


def test_the_police_prefect_s_decrees_are_linked_wherever_they_were_published(store: Store) -> None:
    first = found(store, Facts("DUPA-2024-1017", signed=SIGNED, authority="PP"), authority="75")
    end = Facts("2024-1200", signed=LATER, authority="PP", references=(Reference(Kind.ABROGATION, "2024-1017", SIGNED),))
    second = found(store, end, Kind.ABROGATION, authority="92")
    assert [change.decree for change in stored(store, first).changed_by] == [second]
    assert [change.decree for change in stored(store, second).changes] == [first]


def test_a_decree_named_by_its_day_alone(store: Store) -> None:
    first = found(store, Facts(signed=SIGNED, starts=STARTS), name="first")
    end = found(store, Facts("2026-150", references=(Reference(Kind.ABROGATION, None, SIGNED),)), Kind.ABROGATION)
    recorded_before(store, found(store, Facts("2026-8", signed=SIGNED), name="of another topic"), topic="drones")
    assert [change.decree for change in stored(store, first).changed_by] == [end]
    second = found(store, Facts("2026-9", signed=SIGNED), name="second")
    assert stored(store, first).changed_by == stored(store, second).changed_by == ()
    assert [change.decree for change in stored(store, end).changes] == [None]


def test_only_the_first_recueil_renews_what_a_decree_says_of_others(store: Store) -> None:
    first, elsewhere = one_recueil(store, "first"), one_recueil(store, "elsewhere")
    grant = found(store, GRANT)
    unread = replace(END, references=())
    [decree] = store.recordings.record(reading_of(first, unread, Kind.ABROGATION), to(), NOW).decrees
    store.recordings.record(reading_of(elsewhere, END, Kind.ABROGATION), to(), NOW)
    assert stored(store, grant).changed_by == ()
    store.recordings.record(reading_of(first, END, Kind.ABROGATION), to(), NOW)
    assert [change.decree for change in stored(store, grant).changed_by] == [decree.id]
    store.recordings.record(reading_of(first, unread, Kind.ABROGATION), to(), NOW)
    assert stored(store, grant).changed_by == ()


@pytest.mark.postgresql
def test_a_number_that_no_index_can_hold_is_kept_and_links_to_none(store: Store) -> None:
    end = replace(END, references=(Reference(Kind.ABROGATION, "2026-" + "9" * 100_000),))
    decree = found(store, end, Kind.ABROGATION)
    assert [(change.decree, len(change.number or "")) for change in stored(store, decree).changes] == [(None, 100_005)]


def test_one_page_of_decrees_takes_as_many_queries_as_one_decree(store: Store) -> None:
    grants = [replace(GRANT, number=f"2026-{number}") for number in range(200, 212)]
    ends = [
        replace(END, number=f"2026-{300 + number}", references=(Reference(Kind.ABROGATION, grant.number, SIGNED),))
        for number, grant in enumerate(grants)
    ]
    ids = [found(store, facts) for facts in grants] + [found(store, facts, Kind.ABROGATION) for facts in ends]
    counted: list[str] = []
    event.listen(store.database.engine, "before_cursor_execute", lambda *given: counted.append(given[2]))
    assert stored(store, ids[0]).changed_by
    one = len(counted)
    counted.clear()
    page = store.decrees.recent(100)
    assert all(decree.changes or decree.changed_by for decree in page.decrees)
    # The total, the ids of the page, and the decrees.
    assert (len(page.decrees), len(counted)) == (24, one + 2)
    # Eight, and the beginning of the transaction.
    assert one <= 9


SUSPENSION = Facts("2026-131", signed=date(2026, 8, 15), references=(Reference(Kind.SUSPENSION, "2026-123"),))
NO_MORE = Facts("2026-141", signed=LATER, references=(Reference(Kind.ABROGATION, "2026-131", retroactive=False),))
ENDED = (GRANT, Kind.AUTHORISATION), (SUSPENSION, Kind.SUSPENSION), (NO_MORE, Kind.ABROGATION)


def standing_on(store: Store, decree: int, day: date) -> Standing:
    return standing(stored(store, decree), datetime(day.year, day.month, day.day, 12, tzinfo=UTC))


@pytest.mark.parametrize("order", by_day(permutations(ENDED), 2))
def test_a_suspension_counts_until_the_decree_that_orders_it_is_ended(store: Store, order: list[tuple[Facts, Kind]]) -> None:
    ids = {kind: found(store, facts, kind) for facts, kind in order}
    grant, suspension, no_more = (ids[kind] for _, kind in ENDED)
    assert standing_on(store, grant, LATER - timedelta(1)) is Standing.SUSPENDED
    assert standing_on(store, grant, LATER) is Standing.IN_FORCE
    ending = Change(Kind.ABROGATION, no_more, "2026-141", LATER, retroactive=False)
    assert stored(store, grant).changed_by == (Change(Kind.SUSPENSION, suspension, "2026-131", SUSPENSION.signed, revoked_by=(ending,)),)
    assert stored(store, suspension).changed_by == (ending,)
    assert [change.revoked_by for change in stored(store, suspension).changes] == [(ending,)]
    # Every door shows the same.
    assert {decree.id: decree for decree in store.decrees.recent(10).decrees} == {each: stored(store, each) for each in ids.values()}


def test_an_end_that_is_ended_itself_or_was_none_leaves_the_suspension(store: Store) -> None:
    grant = found(store, GRANT)
    found(store, SUSPENSION, Kind.SUSPENSION)
    end = found(store, NO_MORE, Kind.ABROGATION)
    assert standing_on(store, grant, LATER) is Standing.IN_FORCE
    retrait = Reference(Kind.ABROGATION, "2026-141", retroactive=True)
    mistaken = found(store, Facts("2026-151", signed=LATER, references=(retrait,)), Kind.ABROGATION)
    assert standing_on(store, grant, LATER) is Standing.SUSPENDED
    store.reviews.withdraw(mistaken, NOW, "cli")
    assert standing_on(store, grant, LATER) is Standing.IN_FORCE
    store.reviews.withdraw(end, NOW, "cli")
    assert standing_on(store, grant, LATER) is Standing.SUSPENDED


def test_what_lengthened_a_period_does_so_no_more_once_ended(store: Store) -> None:
    grant = found(store, GRANT)
    found(store, LONGER, Kind.MODIFICATION)
    assert standing_on(store, grant, ON) is Standing.IN_FORCE
    found(store, Facts("2026-151", signed=LATER, references=(Reference(Kind.ABROGATION, "2026-140"),)), Kind.ABROGATION)
    assert standing_on(store, grant, ON) is Standing.OVER


def depth(change: Change) -> int:
    return max((1 + depth(ending) for ending in change.revoked_by), default=0)


@pytest.mark.postgresql
def test_decrees_that_name_each_other_in_a_circle_are_loaded_all_the_same(store: Store) -> None:
    numbers = [f"2026-{number}" for number in range(500, 505)]
    for number in numbers:
        others = tuple(Reference(Kind.ABROGATION, other) for other in numbers if other != number)
        found(store, Facts(number, signed=LATER, references=(*others, Reference(Kind.SUSPENSION, "2026-123"))), Kind.ABROGATION)
    grant = found(store, GRANT)
    decree = stored(store, grant)
    assert len(decree.changed_by) == len(numbers)
    assert standing(decree, datetime(2026, 8, 21, tzinfo=UTC)) in Standing
    assert all(len(change.revoked_by) == len(numbers) - 1 for change in decree.changed_by)
    depths = [depth(change) for change in decree.changed_by]
    assert depths == [3] * len(numbers), "all the ways round a circle are more than anybody can follow"


def test_two_that_end_each_other_are_both_ended(store: Store) -> None:
    one = found(store, replace(GRANT, references=(Reference(Kind.ABROGATION, "2026-150"),)))
    found(store, END, Kind.ABROGATION)
    assert standing_on(store, one, LATER) is Standing.ENDED


def test_indexes_serve_the_look_up(url: str, store: Store) -> None:
    if not url.startswith("sqlite"):
        pytest.skip("PostgreSQL reads a table of a few rows whatever its indexes")
    found(store, GRANT)
    found(store, END, Kind.ABROGATION)
    found(store, Facts("2026-160", references=(Reference(Kind.ABROGATION, None, SIGNED),)), Kind.ABROGATION)
    asked: list[tuple[str, Any]] = []
    event.listen(store.database.engine, "before_cursor_execute", lambda *given: asked.append((given[2], given[3])))
    store.decrees.get(1)
    store.decrees.current(SIGNED)
    looked_up = [(statement, values) for statement, values in asked if statement.startswith("SELECT")]
    with store.database.reading() as connection:
        plans = [
            row.detail for statement, values in looked_up for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        ]
    scans = [plan for plan in plans if plan.startswith("SCAN") and "json_each" not in plan]
    assert scans == []
    for index in ("ix_links_prefix", "ix_links_signed", "ix_identities_prefix", "ix_decrees_signed_on", "ix_decrees_ends_on_found_at"):
        assert any(index in plan for plan in plans), index


@pytest.mark.postgresql
def test_what_was_found_is_dated_for_lists(store: Store) -> None:
    found(store, GRANT)
    misread = found(store, Facts("2026-9", starts=ENDS, ends=STARTS), name="misread")
    with store.database.reading() as connection:
        rows = connection.execute(text("SELECT id, starts_on, ends_on, signed_on FROM decrees ORDER BY id")).all()
    days = [[None if day is None else str(day) for day in row[1:]] for row in rows]
    assert days == [["2026-08-14", "2026-08-31", "2026-08-12"], ["2026-08-31", None, None]]
    assert stored(store, misread).facts.ends == STARTS, "what was read is kept"


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("starts", "ends", "is_misread"),
    [
        ("2026-08-31", "2026-08-31", False),
        ("2026-08-31", "2026-08-31T00:00", True),
        ("2026-08-31T00:00", "2026-08-31T00:00", True),
        ("2026-08-31", "2026-08-31T00:01", False),
        ("2026-08-31T14:00", "2026-09-01T00:00", False),
        ("2026-08-31T14:00", "2026-08-31T14:00", True),
        ("2026-08-31T23:00", "2026-08-31", False),
        ("2026-08-31", "2026-08-30", True),
    ],
)
def test_an_end_before_the_start_is_one_for_all_who_ask(store: Store, starts: str, ends: str, is_misread: bool) -> None:
    first, last = Moment.parse(starts), Moment.parse(ends)
    number = found(store, Facts("2026-9", starts=first, ends=last), name="period")
    kept = store.database.value(text("SELECT ends_on FROM decrees"))
    decree = stored(store, number)
    message = MessageInput(decree, Place("26", "Préfecture de la Drôme", "Drôme"), datetime(2030, 1, 1, tzinfo=UTC))
    stage = timing(decree.facts, message.place.time_zone, message.now).stage
    assert ends_first(last, first) is is_misread
    assert (kept is None, duration_text(first, last, message) == "", stage is not PeriodStage.ENDED) == (is_misread,) * 3


ON = date(2026, 9, 2)


def current(store: Store, on: date = ON, authorities: frozenset[str] | None = None) -> list[str | None]:
    return [decree.facts.number for decree in store.decrees.current(on, authorities)]


def test_what_may_count_on_a_day(store: Store) -> None:
    at = NOW.replace(year=2026, month=8, day=21)
    for number, facts in enumerate((Facts(ends=Moment(ON)), Facts(ends=Moment(ON - timedelta(1))), Facts(starts=STARTS), Facts())):
        found(store, replace(facts, number=f"2026-{number}"), at=at + timedelta(number), published=date(2026, 8, 21))
    assert current(store) == ["2026-3", "2026-2", "2026-0"], "the newest found first"
    assert current(store, ON + timedelta(1)) == ["2026-3", "2026-2"]
    assert current(store, date(2026, 10, 22)) == ["2026-3", "2026-2"]
    assert current(store, date(2026, 10, 23)) == [], "who knows no end is not shown for ever"
    assert current(store, authorities=frozenset({"83"})) == current(store, authorities=frozenset()) == []
    assert current(store, authorities=frozenset({"26", "83"})) == current(store)


def test_only_what_allows_something_counts(store: Store) -> None:
    for number, kind in enumerate(Kind):
        found(store, Facts(f"2026-{number}", ends=Moment(ON)), kind)
    assert {decree.kind for decree in store.decrees.current(ON)} == {Kind.AUTHORISATION, Kind.RENEWAL}


def test_an_old_decree_that_a_backfill_finds_today_does_not_count(store: Store) -> None:
    found(store, Facts("2024-1"), at=NOW.replace(year=2026, month=9), published=date(2024, 5, 1))
    assert current(store) == []


@pytest.mark.parametrize("reference", [Reference(Kind.MODIFICATION, "2026-123"), Reference(Kind.MODIFICATION, None, SIGNED)])
def test_what_a_later_decree_lengthens_counts(store: Store, reference: Reference) -> None:
    found(store, GRANT)
    assert current(store) == []
    change = found(store, replace(LONGER, references=(reference,)), Kind.MODIFICATION)
    [decree] = store.decrees.current(ON)
    assert [(entry.decree, entry.ends) for entry in decree.changed_by] == [(change, LONGER.ends)]
    assert current(store, date(2026, 9, 7)) == []
