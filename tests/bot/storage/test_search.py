from __future__ import annotations

import re
import string
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from bot.domain.acts import Facts, Outcome
from bot.storage.database import Database, make_engine, parse_url
from bot.storage.decrees import Decrees
from bot.storage.schema import act_terms, search_rules
from bot.storage.search import RULES, SLICE, _insert_terms, renew_some_terms, terms
from bot.storage.store import Store, open_store
from tests.bot.storage.building import NOW, act, decree_of, one_recueil, result_of, to
from tests.examples import examples

pytestmark = pytest.mark.postgresql

MANY = 21
"""Where decrees are found by walking the list of all, though few: what the program has is for its speed."""
DROME = "Arrêté n° 26-2024-04-19-00003 autorisant la vidéosurveillance algorithmique à Valence"


@pytest.fixture
def filled(store: Store) -> Store:
    texts = {
        "26": (DROME, "La SNCF est autorisée à mettre en œuvre un traitement algorithmique ; les caméras de la gare d'Avignon."),
        "83": ("Arrêté portant renouvellement", "Les opérateurs mentionnés et la SNCF sont autorisés. Les événements ; Valence."),
        "R-IDF": ("Décision", "vidéoprotection"),
    }
    facts = {"26": Facts(number="2024-110-0003", operators=("SNCF",), places=("Gare de Valence-Ville",), software="Wintics Cityvision")}
    for number, (authority, (title, text)) in enumerate(texts.items()):
        recueil = one_recueil(store, authority=authority)
        judged = (
            act(title, text=text, facts=facts.get(authority)),
            act("Arrêté de circulation", first=9, text="traitement algorithmique SNCF", outcome=Outcome.NOT_CONCERNED),
        )
        store.recordings.record(result_of(recueil, *judged), to(), NOW + timedelta(minutes=number))
    return store


QUESTIONS: dict[str, list[str]] = {
    "SNCF": ["26", "83"],  # in the facts of the first, in the text only of the second
    "sncf valence": ["26", "83"],
    "camera": ["26"],
    "CAMÉRAS": ["26"],
    "autorisee": ["26", "83"],  # the title says "autorisant"
    "autorisés": ["26", "83"],
    "autorise": ["26", "83"],
    "évènement": ["83"],
    "evenements": ["83"],
    "d'Avignon": ["26"],
    "gare d’avignon": ["26"],
    "oeuvre": ["26"],
    "2024-110-0003": ["26"],
    "n°2024-110-0003": ["26"],
    "wintics": ["26"],
    "26": ["26"],
    "dept26": ["26"],
    "#dept83": ["83"],
    "R-IDF": ["R-IDF"],
    "renouvellements": ["83"],
    "vidéoprotection algorithmique": [],
    "circulation": [],  # only in acts that are no decrees
    "": [],
    "   ": [],
    "de la": [],
    "'\"*:()^-+": [],
    "AND OR NOT NEAR": [],
    "sncf OR nothing": [],
    "_decree": [],
    "everything : sncf": [],
}


def test_what_questions_find(filled: Store) -> None:
    pages = {question: filled.decrees.search(question, 10) for question in QUESTIONS}
    assert {question: [decree.authority for decree in page.decrees] for question, page in pages.items()} == QUESTIONS
    assert {question: page.total for question, page in pages.items()} == {question: len(found) for question, found in QUESTIONS.items()}


def test_narrowed_to_authorities(filled: Store) -> None:
    assert [decree.authority for decree in filled.decrees.search("sncf", 10, authorities=frozenset({"83", "01"})).decrees] == ["83"]
    assert filled.decrees.search("sncf", 10, authorities=frozenset()).total == 0
    everyone = frozenset(f"{number:02}" for number in range(1, 99)) | {"R-IDF", "PP", "2A", "971"}
    assert filled.decrees.search("sncf", 10, authorities=everyone).total == 2


def test_pages_of_an_answer(filled: Store) -> None:
    assert [decree.authority for decree in filled.decrees.search("sncf", 1, 1).decrees] == ["83"]
    assert filled.decrees.search("sncf", 1, 1).total == 2
    assert filled.decrees.search("sncf", 1, 2).decrees == ()


def test_equally_relevant_ones_newest_first(store: Store) -> None:
    for number in range(4):
        recueil = one_recueil(store, str(number))
        store.recordings.record(result_of(recueil, act(f"Drone {number}")), to(), NOW + timedelta(minutes=number % 2))
    assert [decree.title for decree in store.decrees.search("drone", 10).decrees] == ["Drone 3", "Drone 1", "Drone 2", "Drone 0"]


def test_a_decree_seen_twice_is_found_once(store: Store) -> None:
    for name in ("a", "b"):
        store.recordings.record(result_of(one_recueil(store, name), act("Drone")), to(), NOW)
    page = store.decrees.search("drone", 10)
    assert (len(page.decrees), page.total) == (1, 1)


def test_a_second_reading_is_found_by_its_new_words_only(store: Store) -> None:
    recueil = one_recueil(store)
    store.recordings.record(result_of(recueil, act("Drone", text="ancien"), keys=[["k"]], unreadable=(1,), next_try_at=NOW), to(), NOW)
    store.recordings.record(result_of(recueil, act("Drone", text="nouveau"), keys=[["k"]]), to(), NOW)
    assert store.decrees.search("nouveau", 10).total == 1
    assert store.decrees.search("ancien", 10).total == 0


def test_an_act_has_terms_for_as_long_as_it_is_a_decree(store: Store) -> None:
    recueil = one_recueil(store)
    store.recordings.record(result_of(recueil, act("Drone", text="caméras", outcome=Outcome.UNCERTAIN)), to(), NOW)
    [waiting] = store.reviews.waiting(10)

    def found() -> tuple[int, int]:
        with store.database.reading() as connection:
            return store.decrees.search("cameras", 10).total, len(connection.execute(select(act_terms)).all())

    assert found() == (0, 0)
    decree = store.reviews.accept(waiting.id, decree_of(recueil, act("Drone"), "k"), to(), NOW, "command").decree or 0
    assert found() == (1, 1)
    store.reviews.withdraw(decree, NOW, "command")
    assert found() == (0, 0)
    store.reviews.reinstate(decree, NOW, "command")
    assert found() == (1, 1)


def test_a_huge_act_full_of_rare_words_can_be_stored_and_found(store: Store, url: str) -> None:
    count = 3_000 if url.startswith("sqlite") else 30_000  # PostgreSQL takes a megabyte of terms
    text = " ".join(f"{'x' * 50}{number:06d}y" if number % 2 else f"mot{number:06d}{'z' * 40}" for number in range(count))
    recueil = one_recueil(store)
    store.recordings.record(result_of(recueil, act("Drone " + text, text=text)), to(), NOW)
    assert store.decrees.search("drone", 10).total == 1


def test_each_decree_that_stands_is_counted_once_among_many(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("search", "decrees"):
        monkeypatch.setattr(f"bot.storage.{module}.MANY", MANY)
    many = [act(f"Arrêté a{one}", first=one + 1, text="caméras", act_id=f"26-2024-04-19-{one:05}") for one in range(MANY + 4)]
    ids = [decree.id for decree in store.recordings.record(result_of(one_recueil(store), *many), to(), NOW).decrees]
    again = store.recordings.record(result_of(one_recueil(store, "again"), *many[:2]), to(), NOW)
    assert again.decrees == (), "two of them are printed twice"
    assert store.decrees.search("camera", 1).total == MANY + 4
    for gone in (ids[1], ids[2]):
        store.reviews.withdraw(gone or 0, NOW, "test")
    assert store.decrees.search("camera", 1).total == MANY + 2
    last = store.decrees.search("arrêté", 3, offset=MANY + 1)
    assert (len(last.decrees), last.total) == (1, MANY + 2)


def test_decrees_recorded_while_a_search_counts_do_not_stop_it(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def record(*names: str) -> None:
        for name in names:
            store.recordings.record(result_of(one_recueil(store, name), act(f"Drone {name}")), to(), NOW)

    def counted(*asked: Any) -> int:
        total = count(*asked)
        record("first meanwhile", "second meanwhile")
        return total

    record("before")
    # Those that have the word in their title are found apart from this one.
    store.recordings.record(result_of(one_recueil(store, "other"), act("Arrêté", text="drone")), to(), NOW)
    count = Decrees._total
    monkeypatch.setattr(Decrees, "_total", counted)
    assert "Drone before" in [decree.title for decree in store.decrees.search("drone", 10).decrees]
    monkeypatch.undo()
    assert store.decrees.search("drone", 10).total == 4


def test_terms_are_made_again_when_the_rules_change(url: str, opener: Callable[[], Store]) -> None:
    store = opener()
    store.recordings.record(result_of(one_recueil(store), act("Drone"), act("Route", first=5, outcome=Outcome.NOT_CONCERNED)), to(), NOW)
    database = Database(make_engine(parse_url(url), read_only=False), name="test", read_only=False)
    with database.writing() as connection:
        connection.execute(update(search_rules).values(version="of an older program"))
        connection.execute(delete(act_terms))
    assert store.decrees.search("drone", 10).total == 0
    opener()
    assert store.decrees.search("drone", 10).total == 1
    with database.writing() as connection:
        assert connection.execute(select(search_rules.c.version)).scalars().all() == [RULES]
        before = connection.execute(select(act_terms).order_by(act_terms.c.act_id)).all()
    renew_all(database)
    with database.writing() as connection:
        assert connection.execute(select(act_terms).order_by(act_terms.c.act_id)).all() == before
        assert len(before) == 1, "those of the decree only"
    database.close()


def test_terms_are_made_again_in_slices_that_go_on_where_they_were_stopped(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(7):
        store.recordings.record(result_of(one_recueil(store, str(number)), act(f"Drone a{number}")), to(), NOW)
    database = store.database
    with database.writing() as connection:
        whole = connection.execute(select(act_terms).order_by(act_terms.c.act_id)).all()
        connection.execute(update(act_terms).values(head="avant", everything="avant"))
        connection.execute(update(search_rules).values(version="of an older program"))

    slices: list[bool] = []
    database.when_used = lambda writing, _began, _error: slices.append(writing) if writing else None
    monkeypatch.setattr("bot.storage.search._insert_terms", _once(_insert_terms))
    assert store.decrees.is_renewing()
    with pytest.raises(RuntimeError, match="stopped"):
        renew_all(database, 3)
    assert store.decrees.search("drone", 10).total == 3, "those that had their turn"
    assert store.decrees.search("avant", 10).total == 4, "the others are found as before"
    monkeypatch.setattr("bot.storage.search._insert_terms", _insert_terms)
    slices.clear()
    renew_all(database, 3)
    assert slices == [True] * 3, "three, one, and none left"
    with database.reading() as connection:
        assert connection.execute(select(act_terms).order_by(act_terms.c.act_id)).all() == whole
        assert connection.execute(select(search_rules)).all() == [(RULES, None, None)]
    slices.clear()
    renew_all(database, 3)
    assert slices == [], "nothing is left to do, and nobody was kept from writing"


def renew_all(database: Database, most: int = SLICE) -> None:
    while renew_some_terms(database, most):
        pass


def _once(work: Callable[..., None]) -> Callable[..., None]:
    """Do it the first time, and fail the second."""
    turns = iter([work])

    def next_turn(*arguments: Any) -> None:
        turn = next(turns, None)
        if turn is None:
            raise RuntimeError("stopped")
        turn(*arguments)

    return next_turn


anything = (
    st.text()
    | st.text(alphabet=string.punctuation + " aé")
    | st.lists(st.sampled_from(["AND", "NEAR(", "sncf", '"', "*", "^a", "-"])).map(" ".join)
)


@given(question=anything)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=examples(150))
def test_no_question_is_an_error(filled: Store, question: str) -> None:
    page = filled.decrees.search(question, 10)
    assert page.total == len(page.decrees)
    if not terms([question], most=50):
        assert page.total == 0


@given(texts=st.lists(st.text(max_size=60), min_size=1, max_size=4), index=st.integers(0, 3))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=examples(30))
def test_every_stored_text_is_found_by_its_own_words(texts: list[str], index: int) -> None:
    with open_store("sqlite://") as store:
        for number, text in enumerate(texts):
            store.recordings.record(result_of(one_recueil(store, str(number)), act(f"D{number}", text=text), digest=str(number)), to(), NOW)
        wanted = index % len(texts)
        page = store.decrees.search(texts[wanted], 10)
        if terms([texts[wanted]], most=50):
            assert f"D{wanted}" in [decree.title for decree in page.decrees]


@pytest.mark.parametrize(
    "family",
    [
        "caméra caméras CAMERA cameras",
        "autorisé autorisée autorisées autorisés autorise autorisee autorisation",
        "évènement événements evenement",
        "algorithmique algorithmiques",
        "renouvelé renouvelée renouvelees",
        "national nationale nationaux",
    ],
)
def test_one_word_is_one_term(family: str) -> None:
    assert len(terms([family], most=100)) == 1


@given(st.text())
def test_a_term_is_plain_ascii_and_bounded(text: str) -> None:
    for term in terms([text], most=1_000):
        assert re.fullmatch(r"[a-z0-9]{1,40}", term)
