"""Questions over the real store: what the in-memory stand-in promises must hold there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from bot.domain.acts import Act, Cover, Decree, Judged, Moment, Outcome, Reading, Verdict
from bot.domain.records import NewRecueil, ReadResult, RecueilState
from bot.domain.text import PageText
from bot.queries.answers import DecreeList, InputFault, ListKind, NothingFound, OneDecree, Question, UnknownDecree
from bot.queries.questions import Questions
from bot.storage.store import Store
from tests.bot.queries.conftest import NOW, PLACES, decree, overview
from tests.bot.storage.ready import ready_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with ready_store(tmp_path) as opened:
        yield opened


def record(store: Store, found: Decree, text: str) -> None:
    new = NewRecueil(
        found.authority, f"{found.authority}:site", found.url, "RAA", found.published, is_detail=False, state=RecueilState.WAITING
    )
    (recueil,) = store.recueils.add([new], NOW)
    act = Act(None, found.title, None, 1, 1, (PageText(1, text),))
    judged = Judged(act, Verdict(Outcome.DECREE, found.kind, found.facts, ()))
    fresh = replace(found, id=None, identities=found.identities or (f"{found.authority}:{found.facts.number}",))
    reading = Reading(1, Cover(), (act,))
    store.recordings.record(ReadResult(recueil, reading, f"digest-{found.url}", (judged,), ((0, fresh),), None), lambda _: (), NOW)


def test_an_empty_store_has_recorded_nothing_yet(store: Store) -> None:
    questions = Questions(store.decrees, PLACES, lambda: NOW, overview=overview)
    assert questions.recent() == NothingFound(Question(ListKind.RECENT), 0, None)
    assert questions.search("gare") == NothingFound(Question(ListKind.SEARCH, "gare"), 0, None)
    assert questions.show("1") == UnknownDecree("1")


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


def test_a_decree_is_found_by_the_number_of_its_authority_or_of_its_act(store: Store) -> None:
    for number, authority, act in ((1, "26", "26-2026-08-19-00001"), (2, "38", "38-2026-08-19-00001")):
        found = replace(decree(number, authority), identities=(f"number:{authority}:2026-1104:signed:2026-08-1{number}", f"act:{act}"))
        record(store, replace(found, act_id=act, title=f"Arrêté de {authority}"), f"La gare numéro {number}.")
    questions = Questions(store.decrees, PLACES, lambda: NOW, overview=overview)
    for asked in ("2026-01104", "1104", "arrêté n° 01104 du 3 mai 2026"):
        several = questions.show(asked)
        assert isinstance(several, DecreeList)
        assert [one.authority for one in several.decrees] == ["38", "26"]
    one = questions.show("26-2026-08-19-00001")
    assert isinstance(one, OneDecree)
    assert one.decree.authority == "26"
    assert questions.show("2025-1104") == UnknownDecree("2025-1104")
    assert questions.show("104") == UnknownDecree("104")
    record(store, replace(decree(3), identities=("number:26:17-2026:signed:2026-08-13",), title="Arrêté n° 17/2026"), "La gare numéro 3.")
    assert isinstance(questions.show("17/2026"), OneDecree)
    assert questions.show("2026") == UnknownDecree("2026")
    assert questions.show("arrêté du 30 juillet 2026") == UnknownDecree("du 30 juillet 2026")


@pytest.mark.parametrize("words", ['"gare" OR', "gare*", "NEAR(gare)", "col:gare", "-gare", "é" * 200, "26"])
def test_any_words_may_be_searched(store: Store, words: str) -> None:
    record(store, decree(1), "La gare.")
    answer = Questions(store.decrees, PLACES, lambda: NOW, overview=overview).search(words)
    assert isinstance(answer, DecreeList | NothingFound)


def test_a_search_of_signs_never_reaches_the_store(store: Store) -> None:
    answer = Questions(store.decrees, PLACES, lambda: NOW, overview=overview).search("***")
    assert getattr(answer, "fault", None) is InputFault.NO_WORDS


def test_what_is_in_force_comes_from_the_store(store: Store) -> None:
    over = decree(2)
    for found in (
        decree(1),
        replace(over, facts=replace(over.facts, starts=Moment(date(2026, 8, 1)), ends=Moment(date(2026, 8, 19)))),
        decree(3, "PP"),
    ):
        record(store, found, f"La gare numéro {found.facts.number}.")
    questions = Questions(store.decrees, PLACES, lambda: NOW, overview=overview)
    everywhere, paris = questions.in_force(), questions.in_force("Paris")
    assert isinstance(everywhere, DecreeList)
    assert {one.facts.number for one in everywhere.decrees} == {"26-2026-001", "26-2026-003"}
    assert isinstance(paris, DecreeList)
    assert [one.authority for one in paris.decrees] == ["PP"]
    assert questions.in_force("38") == NothingFound(
        Question(ListKind.IN_FORCE, "38"), 3, None, (PLACES["38"],), (overview().authorities[1],)
    )
