from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.domain.records import NewRecueil, RecueilState
from bot.storage.store import Store
from tests.bot.storage.building import NOW, act, new_recueil, one_recueil, result_of, to
from tests.bot.storage.finding import mark

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
    taken = store.recueils.take_up(mine, silent=True, now=NOW)
    assert taken is not None
    assert (taken.id, taken.state, taken.silent, taken.tried_at) == (mine.id, KNOWN, True, NOW)
    assert other.recueils.take_up(theirs, silent=True, now=NOW + timedelta(minutes=1)) is None


@pytest.mark.postgresql
def test_what_a_backfill_that_was_killed_had_taken_up_is_free_again(store: Store) -> None:
    store.recueils.add([known("a")], NOW)
    [recueil] = store.recueils.left("26", SINCE)
    store.recueils.take_up(recueil, silent=True, now=NOW)
    [again] = store.recueils.left("26", SINCE)
    taken = store.recueils.take_up(again, silent=False, now=NOW)
    assert taken is not None
    assert not taken.silent


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
