"""Questions over the real store: what the in-memory stand-in promises must hold there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.model import Act, Cover, Decree, Judged, Outcome, PageText, Reading, Verdict
from bot.queries.answers import DecreeList, Fault, NothingFound, OneDecree, Question, Questions, Topic, UnknownDecree
from bot.storage import Store, open_store
from bot.storage.rows import NewRecueil, ReadResult, RecueilState
from tests.bot.queries.conftest import NOW, PLACES, decree, overview


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path}/vigie.db") as opened:
        yield opened


def record(store: Store, found: Decree, text: str) -> None:
    new = NewRecueil(
        found.authority, f"{found.authority}:site", found.url, "RAA", found.published, is_detail=False, state=RecueilState.WAITING
    )
    (recueil,) = store.recueils.add([new], NOW)
    act = Act(None, found.title, None, 1, 1, (PageText(1, text),))
    judged = Judged(act, Verdict(Outcome.DECREE, found.kind, found.facts, ()))
    fresh = replace(found, id=None, identities=(f"{found.authority}:{found.facts.number}",))
    reading = Reading(1, Cover(), (act,))
    store.decrees.record(ReadResult(recueil, reading, f"digest-{found.url}", (judged,), ((0, fresh),), None), lambda _: (), NOW)


def test_an_empty_store_has_recorded_nothing_yet(store: Store) -> None:
    questions = Questions(store.decrees, PLACES, lambda: NOW, overview=overview)
    assert questions.recent() == NothingFound(Question(Topic.RECENT), 0, None)
    assert questions.search("gare") == NothingFound(Question(Topic.SEARCH, "gare"), 0, None)
    assert questions.show("1") == UnknownDecree(1)


def test_every_question_is_answered_from_the_store(store: Store) -> None:
    for number in range(1, 8):
        record(
            store, decree(number, "26" if number < 7 else "PP", f"Arrêté {number} autorisant un traitement"), f"La gare numéro {number}."
        )
    questions = Questions(store.decrees, PLACES, lambda: NOW, overview=overview)
    recent = questions.recent(2)
    assert isinstance(recent, DecreeList)
    assert (recent.total, recent.pages, len(recent.decrees)) == (7, 2, 2)
    paris = questions.department("Paris")
    assert isinstance(paris, DecreeList)
    assert [one.authority for one in paris.decrees] == ["PP"]
    found = questions.search("les gares")
    assert isinstance(found, DecreeList)
    assert found.total == 7
    shown = questions.show(str(found.decrees[0].id))
    assert isinstance(shown, OneDecree)
    assert shown.decree.id == found.decrees[0].id


@pytest.mark.parametrize("words", ['"gare" OR', "gare*", "NEAR(gare)", "col:gare", "-gare", "é" * 200, "26"])
def test_any_words_may_be_searched(store: Store, words: str) -> None:
    record(store, decree(1), "La gare.")
    answer = Questions(store.decrees, PLACES, lambda: NOW, overview=overview).search(words)
    assert isinstance(answer, DecreeList | NothingFound)


def test_a_search_of_signs_never_reaches_the_store(store: Store) -> None:
    answer = Questions(store.decrees, PLACES, lambda: NOW, overview=overview).search("***")
    assert getattr(answer, "fault", None) is Fault.NO_WORDS
