"""Several topics that are watched, from reading to storage and decisions: on both databases at night."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.acts import Kind, Outcome
from bot.domain.identity import REVIEWED
from bot.domain.records import RecueilState
from bot.domain.topics import WatchedTopics
from bot.ingest.judging import JudgedBy
from bot.ingest.renewal import Effect, Redetection
from bot.ingest.review import Reviewer
from bot.storage.store import Store
from tests.bot.real_acts import NOW, authorisation, drones, new_recueil, read, road
from tests.bot.storage.conftest import opener, pytest_generate_tests, store, url
from tests.bot.storage.finding import posts_of
from tests.present import present

__all__ = ["opener", "pytest_generate_tests", "store", "url"]

VSA = WatchedTopics()
BOTH = WatchedTopics(("vsa", "drones"))
ASKED = WatchedTopics(("vsa", "drones"), frozenset({"drones"}))
TWOFOLD = drones(page=3, act_id="26-2026-08-14-00003", beside=authorisation())


def redetection(store: Store, watched: WatchedTopics) -> Redetection:
    return Redetection(store=store, clock=lambda: NOW + timedelta(days=3), by=JudgedBy(watched=watched))


def reviewer(store: Store) -> Reviewer:
    return Reviewer(store=store, route=lambda _: ("channel",), clock=lambda: NOW)


def effects(store: Store, recueil: int, watched: WatchedTopics) -> list[tuple[str, Effect]]:
    return [(one.topic, one.effect) for one in redetection(store, watched).differences(recueil)]


def stored(store: Store, recueil: int) -> list[tuple[str, Outcome, bool]]:
    return [(act.topic, act.outcome, act.decree_id is not None) for act in store.decrees.acts_of(recueil)]


ROAD = ("vsa", Outcome.NOT_CONCERNED, False)


@pytest.mark.postgresql
def test_an_act_of_two_topics_is_two_decrees(store: Store) -> None:
    recueil = new_recueil(store)
    one, two = read(store, recueil, road(), TWOFOLD, watched=BOTH).decrees
    assert [(one.topic, one.facts.number), (two.topic, two.facts.number)] == [("vsa", "2026-1104"), ("drones", "2026-1104")]
    assert set(one.identities).isdisjoint(two.identities)
    assert [len(posts_of(store, [decree.id or 0])) for decree in (one, two)] == [1, 1]
    rows = [ROAD, ("vsa", Outcome.DECREE, True), ("drones", Outcome.DECREE, True)]
    assert (stored(store, recueil.id), effects(store, recueil.id, BOTH)) == (rows, [])
    # Read again, here or in another recueil, they are the same two.
    assert (
        read(store, recueil, road(), TWOFOLD, watched=BOTH).decrees
        == read(store, new_recueil(store, "b"), TWOFOLD, watched=BOTH).decrees
        == ()
    )
    assert stored(store, recueil.id) == rows


@pytest.mark.postgresql
@pytest.mark.parametrize("gone", [0, 1])
def test_what_a_person_decides_for_one_topic_stands_beside_the_other(store: Store, gone: int) -> None:
    recueil = new_recueil(store)
    decrees = read(store, recueil, TWOFOLD, watched=BOTH).decrees
    left, other = decrees[gone], decrees[1 - gone]
    reviewer(store).withdraw(left.id or 0, by="command")
    assert read(store, recueil, TWOFOLD, watched=BOTH).decrees == ()
    assert [decree.topic for decree in store.decrees.recent(10).decrees] == [other.topic]
    assert (effects(store, recueil.id, BOTH), store.reviews.waiting(10)) == ([], [])
    reviewer(store).reinstate(left.id or 0, by="command")
    assert {(topic, is_one) for topic, _, is_one in stored(store, recueil.id)} == {("vsa", True), ("drones", True)}
    assert read(store, recueil, TWOFOLD, watched=BOTH).decrees == ()
    assert store.decrees.recent(10).total == 2


@pytest.mark.postgresql
def test_of_a_topic_that_is_reviewed_each_new_decree_is_asked_about_before_it_is_posted(store: Store) -> None:
    recueil = new_recueil(store)
    [known] = read(store, recueil, drones(), watched=BOTH).decrees
    assert read(store, recueil, drones(), TWOFOLD, watched=ASKED).decrees[0].topic == "vsa", (
        "what is known is not asked about, nor another topic"
    )
    [waiting] = store.reviews.waiting(10)
    assert (waiting.topic, waiting.page, waiting.evidence[0].cue) == ("drones", 3, REVIEWED)
    # Neither a further reading nor new rules answer for the person.
    assert read(store, recueil, drones(), TWOFOLD, watched=ASKED).decrees == ()
    assert [one.id for one in store.reviews.waiting(10)] == [waiting.id]
    assert effects(store, recueil.id, ASKED) == []
    assert effects(store, recueil.id, BOTH) == [("drones", Effect.FOUND)]
    settled = reviewer(store).accept(waiting.id, kind=None, by="command")
    decree = present(store.decrees.get(settled.decree or 0))
    assert (decree.topic, decree.kind, decree.facts.number, len(settled.posts)) == ("drones", Kind.AUTHORISATION, "2026-1104", 1)
    assert any(quote.about == "verdict" for quote in decree.evidence), "as the rules found it"
    assert read(store, recueil, drones(), TWOFOLD, watched=ASKED).decrees == ()
    assert (store.reviews.waiting(10), store.decrees.recent(10).total, effects(store, recueil.id, ASKED)) == ([], 3, [])
    assert present(store.decrees.get(known.id or 0)).withdrawn_at is None


@pytest.mark.postgresql
@pytest.mark.parametrize("watched", [BOTH, ASKED])
def test_a_topic_that_is_switched_on_is_found_in_what_is_stored_and_not_posted(store: Store, watched: WatchedTopics) -> None:
    recueil = new_recueil(store)
    [known] = read(store, recueil, road(), TWOFOLD, drones()).decrees
    again = redetection(store, watched)
    differences = again.differences(recueil.id)
    assert [(one.topic, one.effect, one.stored.first_page) for one in differences] == [
        ("drones", Effect.FOUND, 3),
        ("drones", Effect.FOUND, 7),
    ]
    assert again.differences(recueil.id) == differences, "nothing is written by looking"
    applied = [present(again.apply(one, lambda _: ())) for one in differences]
    assert [(one.is_new, one.posts) for one in applied] == [(True, ())] * 2
    decree = ("drones", Outcome.DECREE, True)
    assert (stored(store, recueil.id), again.differences(recueil.id)) == ([ROAD, ("vsa", Outcome.DECREE, True), decree, decree], [])
    assert [decree.topic for decree in store.decrees.recent(10).decrees] == ["drones", "drones", "vsa"]
    assert read(store, recueil, road(), TWOFOLD, drones(), watched=watched).decrees == ()
    assert len(posts_of(store, [known.id or 0])) == 1
    assert [posts_of(store, [one.decree or 0]) for one in applied] == [[], []]


@pytest.mark.postgresql
@pytest.mark.parametrize(("since_reading", "posted"), [(timedelta(days=1), 1), (timedelta(0), 0)])
def test_what_a_recueil_shows_after_a_redetection_for_its_topic_is_news(store: Store, since_reading: timedelta, posted: int) -> None:
    recueil = new_recueil(store)
    read(store, recueil, road())
    # One that is read again while stored acts are judged may hold what nobody has judged for the new topic.
    redetection(store, BOTH).finish([recueil.id], NOW + since_reading)
    assert len(read(store, recueil, road(), drones(), watched=BOTH).posts) == posted


@pytest.mark.postgresql
def test_a_recueil_read_again_after_a_topic_was_switched_on_posts_only_what_was_watched_for_all_along(store: Store) -> None:
    recueil = new_recueil(store)
    assert read(store, recueil, road(), drones()).posts == ()
    # Its file was replaced, or it is tried again, before anybody ran a redetection.
    again = read(store, recueil, authorisation(), drones(), watched=BOTH)
    assert [(decree.topic, len(posts_of(store, [decree.id or 0]))) for decree in again.decrees] == [("vsa", 1), ("drones", 0)]
    # From then on it is read for both, and what is new is so for both.
    [new] = read(store, recueil, authorisation(), TWOFOLD, drones(), watched=BOTH).posts
    assert (new.decree.topic, new.decree.page) == ("drones", 3)


def test_even_when_told_to_nothing_is_posted_of_a_topic_that_is_reviewed(store: Store) -> None:
    recueil = new_recueil(store)
    read(store, recueil, drones())
    again = redetection(store, ASKED)
    [applied] = [present(again.apply(one, lambda _: ("channel",))) for one in again.differences(recueil.id)]
    assert (applied.is_new, applied.posts) == (True, ())


@pytest.mark.postgresql
def test_a_decree_of_a_topic_that_is_no_longer_watched_stays(store: Store) -> None:
    recueil = new_recueil(store)
    decrees = read(store, recueil, road(), TWOFOLD, drones(), watched=BOTH).decrees
    rows = stored(store, recueil.id)
    again = read(store, recueil, road(), TWOFOLD, drones(), watched=VSA)
    assert (again.decrees, again.lost, store.reviews.waiting(10)) == ((), (), [])
    assert store.decrees.recent(10).total == len(decrees) == 3
    assert set(rows) <= set(stored(store, recueil.id))
    assert effects(store, recueil.id, VSA) == []
    assert store.recueils.get(recueil.id).state is RecueilState.READ
    # Watched again, they are the same decrees.
    assert read(store, recueil, road(), TWOFOLD, drones(), watched=BOTH).decrees == ()
    assert sorted(stored(store, recueil.id)) == sorted(rows)
