from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.domain.records import FailureStreak, NewRecueil, Publication, RecueilState
from bot.storage.errors import NoSuchRow
from bot.storage.store import Store
from tests.bot.storage.building import NOW, act, new_recueil, one_recueil, result_of, to
from tests.bot.storage.finding import mark
from tests.present import present


def test_what_was_added_is_seen_and_comes_back_as_it_was(store: Store) -> None:
    first, second = new_recueil("a"), new_recueil("b", is_detail=True, state=RecueilState.KNOWN)
    added = store.recueils.add([first, second], NOW)
    assert [recueil.url for recueil in added] == [first.url, second.url]
    assert added[1].is_detail
    assert added[1].state is RecueilState.KNOWN
    assert added[0].published == first.published
    assert added[0].attempts == 0
    assert store.recueils.get(added[0].id) == added[0]
    assert store.recueils.unseen("26", [first.url, second.url, "https://prefecture.example/c.pdf"]) == {"https://prefecture.example/c.pdf"}


def test_another_authority_has_not_seen_it(store: Store) -> None:
    one_recueil(store)
    url = new_recueil().url
    assert store.recueils.unseen("83", [url]) == {url}
    assert store.recueils.unseen("26", []) == set()


def test_adding_again_changes_nothing_and_returns_only_what_is_new(store: Store) -> None:
    one_recueil(store, "a")
    again = store.recueils.add([new_recueil("a", state=RecueilState.KNOWN), new_recueil("b"), new_recueil("b")], NOW)
    assert [recueil.title for recueil in again] == ["RAA b"]
    assert store.recueils.counts() == {"26": {RecueilState.WAITING: 2}}
    assert store.recueils.add([], NOW) == []


@pytest.mark.postgresql
def test_thousands_of_urls_are_compared(store: Store) -> None:
    urls = [f"https://prefecture.example/{number}" for number in range(2_500)]
    one_recueil(store)
    assert store.recueils.unseen("26", [*urls, new_recueil().url]) == set(urls)


@pytest.mark.postgresql
def test_due_oldest_first_and_by_authority(store: Store) -> None:
    store.recueils.add([new_recueil("a"), new_recueil("b", authority="83"), new_recueil("c")], NOW)
    store.recueils.add([new_recueil("d", state=RecueilState.KNOWN), new_recueil("e", state=RecueilState.READ)], NOW)
    assert [recueil.title for recueil in store.recueils.due(NOW)] == ["RAA a", "RAA b", "RAA c"]
    assert [recueil.title for recueil in store.recueils.due(NOW, frozenset({"83"}))] == ["RAA b"]
    assert store.recueils.due(NOW, frozenset()) == []


@pytest.mark.postgresql
def test_a_late_failure_does_not_undo_a_reading_by_another_program(store: Store) -> None:
    recueil = one_recueil(store)
    store.recordings.record(result_of(recueil, act("Arrêté")), to(), NOW)
    store.recueils.failed(recueil.id, "timed out", now=NOW, next_try_at=NOW)
    store.recueils.failed(recueil.id, "timed out", now=NOW, next_try_at=None)
    assert store.recueils.get(recueil.id).state is RecueilState.READ


def test_a_failed_backfill_leaves_the_recueil_to_the_backfill(store: Store) -> None:
    (recueil,) = store.recueils.add([new_recueil(state=RecueilState.KNOWN)], NOW)
    store.recueils.failed(recueil.id, "no answer", now=NOW, next_try_at=NOW)
    assert store.recueils.get(recueil.id).state is RecueilState.KNOWN
    assert store.recueils.due(NOW) == []


@pytest.mark.postgresql
def test_a_detail_page_gives_way_to_its_documents(store: Store) -> None:
    (page,) = store.recueils.add([new_recueil("page", is_detail=True)], NOW)
    one_recueil(store, "known")
    children = store.recueils.resolved(page.id, [new_recueil("known"), new_recueil("child")], NOW)
    assert [child.title for child in children] == ["RAA child"]
    assert store.recueils.get(page.id).state is RecueilState.RESOLVED
    assert [recueil.title for recueil in store.recueils.due(NOW)] == ["RAA known", "RAA child"]


def test_what_is_not_there_is_told(store: Store) -> None:
    for attempt in (
        lambda: store.recueils.get(1),
        lambda: store.recueils.failed(1, "x", now=NOW, next_try_at=None),
    ):
        with pytest.raises(NoSuchRow, match="no recueil has the id 1"):
            attempt()


def test_publications_tell_when_an_item_was_found_only_where_that_is_when_it_came(store: Store) -> None:
    silent = replace(new_recueil("silent"), silent=True)
    later = NOW + timedelta(hours=1)
    store.recueils.add([new_recueil("baseline"), new_recueil("other", authority="83")], NOW)
    store.recueils.add([new_recueil("new"), silent], later)
    day = present(new_recueil().published)
    known = store.recueils.publications("26:site", since=day, found_after=NOW)
    assert known == [Publication(day, None), Publication(day, later), Publication(day, None)]
    assert store.recueils.publications("99:site", since=day, found_after=NOW) == []


def test_publications_go_back_to_a_day_however_many_a_backfill_has_added_since(store: Store) -> None:
    day = present(new_recueil().published)
    later = NOW + timedelta(hours=1)
    undated = replace(new_recueil("undated"), published=None)
    store.recueils.add([new_recueil("new")], NOW)
    old = [replace(new_recueil(f"old{number}"), published=day - timedelta(days=1), silent=True) for number in range(600)]
    store.recueils.add([undated, replace(undated, url="https://x/silent", silent=True), *old], later)
    # What a poll found counts whatever date it shows; what a backfill found, without a date, tells nothing.
    assert store.recueils.publications("26:site", since=day, found_after=NOW) == [Publication(None, later), Publication(day, None)]


def test_what_cannot_be_read_is_stuck_until_something_can(store: Store) -> None:
    first, second, third, silent = store.recueils.add(
        [new_recueil("1"), new_recueil("2"), new_recueil("3"), replace(new_recueil("4"), silent=True)], NOW
    )
    minutes = [NOW + timedelta(minutes=number) for number in range(10)]
    store.recueils.failed(silent.id, "404", now=minutes[1], next_try_at=minutes[2])
    assert store.recueils.stuck() == {}
    store.recueils.failed(first.id, "503\x00", now=minutes[1], next_try_at=minutes[2])
    store.recueils.failed(second.id, "503", now=minutes[2], next_try_at=None)
    assert store.recueils.stuck() == {"26:site": FailureStreak(2, NOW, "503")}

    store.recordings.record(result_of(third), to(), minutes[3])
    assert store.recueils.stuck() == {}
    store.recueils.failed(first.id, "503 again", now=minutes[4], next_try_at=minutes[5])
    assert store.recueils.stuck() == {"26:site": FailureStreak(1, NOW, "503 again")}


def test_what_a_clock_that_was_ahead_put_off_is_due_at_once(store: Store) -> None:
    waiting, put_off = store.recueils.add([new_recueil("1"), new_recueil("2")], NOW)
    store.recueils.failed(waiting.id, "503", now=NOW, next_try_at=NOW + timedelta(days=1))
    store.recueils.failed(put_off.id, "503", now=NOW, next_try_at=NOW + timedelta(days=365))
    assert [recueil.id for recueil in store.recueils.due(NOW)] == [put_off.id]


SINCE = date(2024, 1, 1)
KNOWN = RecueilState.KNOWN


def known(name: str, published: date | None = None, authority: str = "26") -> NewRecueil:
    return replace(new_recueil(name, authority=authority, state=KNOWN), published=published)


# Which sources were listed


@pytest.mark.postgresql
def test_who_listed_further_back_listed_this_too(store: Store) -> None:
    store.backfills.listed("26:site", SINCE, NOW)
    assert store.backfills.listed_at("26:site", SINCE + timedelta(days=1)) == NOW
    assert store.backfills.listed_at("26:site", SINCE - timedelta(days=1)) is None


# What is left to read


def test_what_is_left_to_a_backfill_newest_first(store: Store) -> None:
    store.recueils.add(
        [
            known("old", SINCE - timedelta(days=1)), known("undated"), known("first", SINCE), known("last", SINCE + timedelta(days=1)),
            known("other", SINCE, authority="83"), new_recueil("waiting"),
        ],
        NOW,
    )  # fmt: skip
    assert [recueil.title for recueil in store.recueils.left("26", SINCE)] == ["RAA last", "RAA first", "RAA undated"]
    assert len(store.recueils.of("26")) == 5
    assert [recueil.title for recueil in store.recueils.of("83")] == ["RAA other"]


@pytest.mark.postgresql
def test_one_backfill_takes_a_recueil_up(store: Store, opener: Callable[[], Store]) -> None:
    store.recueils.add([known("a")], NOW)
    other = opener()
    [mine], [theirs] = store.recueils.left("26", SINCE), other.recueils.left("26", SINCE)
    taken = present(store.recueils.take_up(mine, silent=True, now=NOW))
    assert (taken.id, taken.state, taken.silent, taken.tried_at) == (mine.id, KNOWN, True, NOW)
    assert other.recueils.take_up(theirs, silent=True, now=NOW + timedelta(minutes=1)) is None


@pytest.mark.postgresql
def test_what_a_backfill_that_was_killed_had_taken_up_is_free_again(store: Store) -> None:
    store.recueils.add([known("a")], NOW)
    [recueil] = store.recueils.left("26", SINCE)
    store.recueils.take_up(recueil, silent=True, now=NOW)
    [again] = store.recueils.left("26", SINCE)
    assert not present(store.recueils.take_up(again, silent=False, now=NOW)).silent


def test_what_was_read_meanwhile_is_not_taken_up(store: Store) -> None:
    store.recueils.add([known("a")], NOW)
    [recueil] = store.recueils.left("26", SINCE)
    mark(store, recueil.id, RecueilState.WAITING)
    assert store.recueils.take_up(recueil, silent=True, now=NOW) is None
    assert not store.recueils.get(recueil.id).silent


def test_what_was_taken_up_in_silence_posts_nothing_however_it_was_loaded(store: Store) -> None:
    store.recueils.add([known("a")], NOW)
    [recueil] = store.recueils.left("26", SINCE)
    store.recueils.take_up(recueil, silent=True, now=NOW)
    # As it was before it was taken up: what the row says decides.
    recorded = store.recordings.record(result_of(recueil, act("Arrêté VSA")), to("telegram"), NOW)
    assert (len(recorded.decrees), recorded.posts) == (1, ())
    # The same decree in a recueil of today.
    later = store.recordings.record(result_of(one_recueil(store, "b"), act("Arrêté VSA")), to("telegram"), NOW)
    assert (later.decrees, later.posts, store.outbox.counts()) == ((), (), {})
