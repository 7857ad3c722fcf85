"""The number of an act, and of its review, is given once: whatever was asked about it before is never answered for another."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.acts import Outcome
from bot.storage.errors import NoSuchRow
from bot.storage.store import Store, open_store
from tests.bot.storage.building import NOW, act, decree_of, one_recueil, result_of, to

LATER = NOW + timedelta(minutes=30)
COUNCIL = act("Délibération du conseil", first=3, outcome=Outcome.UNCERTAIN, text="La commune traite les images de la caisse. " * 8)
STATION = act("Arrêté relatif à la gare", first=4, outcome=Outcome.UNCERTAIN, text="Le préfet arrête : analyse des images de la gare. " * 8)
ROAD = act("Route", first=1, outcome=Outcome.NOT_CONCERNED, text="Voirie")


def test_an_answer_about_an_act_that_was_cut_otherwise_is_none_about_what_came_in_its_place(store: Store) -> None:
    recueil = one_recueil(store)
    store.recordings.record(result_of(recueil, COUNCIL, unreadable=(4,), next_try_at=NOW), to(), NOW)
    [asked] = store.reviews.waiting(9)
    store.recordings.record(result_of(recueil, STATION), to(), LATER)
    [other] = store.reviews.waiting(9)
    assert (other.id != asked.id, other.token != asked.token, other.notified_at) == (True, True, None)
    for token in (asked.token, None):
        with pytest.raises(NoSuchRow):
            store.reviews.reject(asked.id, LATER, "telegram", token)
        with pytest.raises(NoSuchRow):
            store.reviews.accept(asked.id, decree_of(recueil, COUNCIL, "k"), to("t"), LATER, "telegram", token)
    with pytest.raises(NoSuchRow):
        store.reviews.reject(other.id, LATER, "telegram", asked.token)
    assert (store.reviews.waiting(9), store.decrees.recent(1).total) == ([other], 0)
    store.reviews.reject(other.id, LATER, "telegram", other.token)
    assert store.reviews.waiting(9) == []


def test_a_token_holds_through_readings_of_the_same_act(store: Store) -> None:
    recueil = one_recueil(store)
    store.recordings.record(result_of(recueil, COUNCIL, unreadable=(9,), next_try_at=NOW), to(), NOW)
    [asked] = store.reviews.waiting(9)
    more = act(COUNCIL.act.title, first=3, last=4, outcome=Outcome.UNCERTAIN, text="La page qui manquait")
    store.recordings.record(result_of(recueil, ROAD, more), to(), LATER)
    [still] = store.reviews.waiting(9)
    assert (still.id, still.token) == (asked.id, asked.token)
    assert store.reviews.get(asked.id) == still
    store.reviews.reject(asked.id, LATER, "telegram", asked.token)
    assert store.reviews.waiting(9) == []


TITLES = ("Un", "Deux", "Trois")


@settings(max_examples=15, deadline=None)
@given(readings=st.lists(st.tuples(st.sampled_from("ab"), st.sets(st.sampled_from(TITLES))), max_size=8))
def test_a_number_is_that_of_one_act_for_ever(readings: list[tuple[str, set[str]]]) -> None:
    """Whatever two recueils are read to hold, one reading after the other."""
    owners: dict[int, tuple[str, str]] = {}
    with open_store("sqlite://") as store:
        recueils = {name: one_recueil(store, name) for name in "ab"}
        for count, (name, titles) in enumerate(readings):
            when = NOW + count * LATER.resolution
            items = [
                act(title, first=TITLES.index(title) + 1, outcome=Outcome.UNCERTAIN, text=f"{name} {title}") for title in sorted(titles)
            ]
            store.recordings.record(result_of(recueils[name], *items), to(), when)
            for review in store.reviews.waiting(99):
                mine = (recueils["a" if review.url == recueils["a"].url else "b"].url, review.title)
                assert owners.setdefault(review.id, mine) == mine
