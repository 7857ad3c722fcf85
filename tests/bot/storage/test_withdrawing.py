"""Decrees taken back: out of every list and of what changes others, also where one act holds several."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.acts import Facts, Kind, Moment, Outcome, Reference
from bot.domain.posts import PostState
from bot.storage.store import Store
from tests.bot.storage.building import NOW, act, decree_of, one_recueil, result_of, to
from tests.bot.storage.finding import found, posts_of, stored
from tests.present import present

DAY = NOW.date()
FACTS = Facts("2024-1", signed=DAY, starts=Moment(DAY), ends=Moment(DAY + timedelta(days=9)))


def ending(store: Store) -> int:
    """A decree that ends 2024-1."""
    facts = Facts("2024-2", signed=DAY, references=(Reference(Kind.ABROGATION, "2024-1", DAY),))
    return found(store, facts, Kind.ABROGATION, at=NOW + timedelta(hours=1))


def test_a_withdrawn_decree_changes_none_and_none_is_meant_by_its_number(store: Store) -> None:
    first, last = found(store, FACTS), ending(store)
    assert [change.decree for change in stored(store, first).changed_by] == [last]
    store.reviews.withdraw(last, NOW, "cli")
    assert stored(store, first).changed_by == ()
    store.reviews.reinstate(last, NOW, "cli")
    assert [change.decree for change in stored(store, first).changed_by] == [last]
    store.reviews.withdraw(first, NOW, "cli")
    assert [change.decree for change in stored(store, last).changes] == [None]
    assert store.decrees.current(DAY) == ()
    assert [decree.id for decree in store.decrees.recent(10).decrees] == [last]


@pytest.mark.postgresql
def test_a_reading_that_goes_on_tells_nothing_of_a_withdrawn_decree(store: Store) -> None:
    recueil = one_recueil(store)
    scan = act("Arrêté", first=3, text="")
    [decree] = store.recordings.record(result_of(recueil, scan, keys=[["k"]]), to("t"), NOW).decrees
    store.reviews.withdraw(decree.id or 0, NOW, "cli")
    other = one_recueil(store, "b")
    road, again = act("Route", first=1, outcome=Outcome.NOT_CONCERNED), act("Arrêté lu", first=7, text="Lu")
    early = replace(result_of(other, again, keys=[["k"]], next_try_at=NOW), early=True)
    assert store.recordings.record(early, to("t"), NOW).decrees == ()
    assert (store.decrees.acts_of(other.id), store.reviews.waiting(10)) == ([], [])
    store.recordings.record(result_of(other, road, again, keys=[["k"]]), to("t"), NOW)
    assert [(one.title, one.outcome) for one in store.decrees.acts_of(other.id)] == [
        ("Route", Outcome.NOT_CONCERNED), ("Arrêté lu", Outcome.UNCERTAIN),
    ]  # fmt: skip
    assert [waiting.title for waiting in store.reviews.waiting(10)] == ["Arrêté lu"]


def test_a_withdrawn_decree_that_a_person_accepts_with_more_facts_is_posted_to_whom_it_concerns_now(store: Store) -> None:
    recueil = one_recueil(store)
    scan = act("Arrêté", first=3, text="")
    [decree] = store.recordings.record(result_of(recueil, scan, keys=[["k"]]), to("t"), NOW).decrees
    store.reviews.withdraw(decree.id or 0, NOW, "cli")
    other, again = one_recueil(store, "b"), act("Arrêté lu", first=7, text="Lu", facts=FACTS)
    store.recordings.record(result_of(other, again, keys=[["k"]]), to("t"), NOW)
    [waiting] = store.reviews.waiting(10)
    accepted = store.reviews.accept(
        waiting.id, decree_of(other, again, "k"), lambda one: ("t", "m") if one.facts.number else ("t",), NOW, "cli"
    )
    assert accepted.decree == decree.id
    assert {(post.destination, post.state) for post in posts_of(store, [decree.id or 0])} == {
        ("t", PostState.PENDING),
        ("m", PostState.PENDING),
    }
    assert sorted(post.destination for post in accepted.posts) == ["m", "t"]


def test_a_digest_goes_out_without_the_decree_that_was_withdrawn(store: Store) -> None:
    one, two = found(store, FACTS), ending(store)
    store.outbox.gather("t", [[post.id for post in posts_of(store, [one, two])]], NOW)
    store.reviews.withdraw(one, NOW, "cli")
    message = present(store.outbox.claim("t", NOW))
    assert [decree.id for decree in message.decrees] == [two]
    store.outbox.sent(message.id, "77", NOW)
    states = {post.decree.id: post.state for post in posts_of(store, [one, two])}
    assert states == {one: PostState.REFUSED, two: PostState.SENT}
