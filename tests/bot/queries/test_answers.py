from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.queries.answers import (
    Answer,
    BadInput,
    DecreeList,
    InputFault,
    ListKind,
    NothingFound,
    OneDecree,
    Question,
    UnknownDecree,
    UnknownDepartment,
)
from bot.queries.questions import Questions
from tests.bot.queries.conftest import NOW, PLACES, MemoryDecrees, decree, overview

SINCE = datetime(2026, 8, 1, tzinfo=UTC)


def ids(answer: Answer) -> list[int | None]:
    assert isinstance(answer, DecreeList)
    return [one.id for one in answer.decrees]


def test_recent_is_newest_first_in_pages(questions: Questions) -> None:
    first, third = questions.recent(), questions.recent(3)
    assert ids(first) == [14, 13, 12, 11, 10]
    assert isinstance(first, DecreeList)
    assert (first.question, first.pages, first.total, first.at) == (Question(ListKind.RECENT, page=1), 3, 14, NOW)
    assert ids(third) == [4, 3, 2, 1]


@pytest.mark.parametrize(("asked", "shown"), [(-1, 1), (0, 1), (4, 3), (10**30, 3)])
def test_a_page_that_is_not_there_gives_the_nearest(questions: Questions, asked: int, shown: int) -> None:
    answer = questions.recent(asked)
    assert isinstance(answer, DecreeList)
    assert answer.question.page == shown


def test_a_department_by_name_or_code(questions: Questions) -> None:
    by_name, by_code = questions.department("la drome"), questions.department("26", 3)
    assert ids(by_name) == [12, 11, 10, 9, 8]
    assert ids(by_code) == [2, 1]
    assert isinstance(by_name, DecreeList)
    assert (by_name.places, by_name.question) == ((PLACES["26"],), Question(ListKind.DEPARTMENT, "26", 1))
    assert ids(questions.department("Paris")) == [14, 13]


def test_a_department_without_decrees_is_not_said_to_have_none(decrees: MemoryDecrees) -> None:
    answer = Questions(decrees, PLACES, lambda: NOW, overview=overview, since=lambda _: SINCE).department("38")
    assert answer == NothingFound(
        Question(ListKind.DEPARTMENT, "38", 1), recorded=14, since=SINCE, places=(PLACES["38"],), health=(overview().authorities[1],)
    )


def test_a_list_has_the_health_of_all_who_decide_there(questions: Questions) -> None:
    for answer in (questions.department("93"), questions.in_force("93"), questions.today("93")):
        if isinstance(answer, DecreeList):
            assert [one.code for one in answer.health] == ["PP"]
    answer = questions.department("Paris")
    assert isinstance(answer, DecreeList)
    assert {one.code for one in answer.health} == {"75", "PP"}
    recent = questions.recent()
    assert isinstance(recent, DecreeList)
    assert recent.health == ()


@pytest.mark.parametrize(("code", "watched"), [("73", True), ("2A", False), ("974", False)])
def test_a_department_that_is_not_watched_is_told_as_such(decrees: MemoryDecrees, code: str, watched: bool) -> None:
    answers = Questions(decrees, PLACES, lambda: NOW, overview=overview)
    for answer in (answers.department(code), answers.in_force(code)):
        assert isinstance(answer, NothingFound)
        assert answer.watched is watched


def test_an_empty_database_is_told_apart() -> None:
    empty = Questions(MemoryDecrees(), PLACES, lambda: NOW, overview=overview, since=lambda _: SINCE)
    assert empty.recent(5) == NothingFound(Question(ListKind.RECENT), recorded=0, since=SINCE)
    assert empty.search("gare") == NothingFound(Question(ListKind.SEARCH, "gare"), recorded=0, since=SINCE)


def test_an_unknown_department_gets_suggestions(questions: Questions) -> None:
    assert questions.department("drme") == UnknownDepartment("drme", (PLACES["26"],))
    assert questions.department("99") == UnknownDepartment("99", ())
    assert questions.department(" ") == BadInput(InputFault.NO_DEPARTMENT)
    assert questions.department("x" * 201) == BadInput(InputFault.TOO_LONG)


def test_a_search(questions: Questions) -> None:
    assert ids(questions.search("  gare ")) == [14]
    nothing = questions.search("tramway")
    assert isinstance(nothing, NothingFound)
    assert nothing.recorded == 14


@pytest.mark.parametrize(
    ("words", "fault"),
    [("", InputFault.NO_WORDS), (" \n", InputFault.NO_WORDS), ("*\"'()", InputFault.NO_WORDS), ("a" * 201, InputFault.TOO_LONG)],
)
def test_a_search_of_nothing_or_too_much(questions: Questions, words: str, fault: InputFault) -> None:
    assert questions.search(words) == BadInput(fault)


@pytest.mark.parametrize(
    "number", ["12", " 12 ", "#12", "[12]", "n°12", "N° 12", "012", "arrêté 12", "26-2026-012", "Arrêté préfectoral n° 26-2026-012"]
)
def test_one_decree_by_its_number(questions: Questions, number: str) -> None:
    assert questions.show(number) == OneDecree(decree(12), NOW)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("", BadInput(InputFault.NO_NUMBER)),
        ("[]", BadInput(InputFault.NO_NUMBER)),
        ("douze", BadInput(InputFault.NOT_A_NUMBER)),
        ("-1", UnknownDecree("-1")),
        ("26-2026-112", UnknownDecree("26-2026-112")),
        ("١٢", BadInput(InputFault.NOT_A_NUMBER)),
        ("9" * 19, UnknownDecree("9" * 19)),
        ("9" * 201, BadInput(InputFault.TOO_LONG)),
        ("99", UnknownDecree("99")),
        ("9" * 18, UnknownDecree("9" * 18)),
    ],
)
def test_no_decree_under_a_number(questions: Questions, number: str, expected: Answer) -> None:
    assert questions.show(number) == expected


def test_a_number_that_several_decrees_bear_is_a_list() -> None:
    same = [replace(decree(n), facts=replace(decree(n).facts, number="2026-1104")) for n in range(1, 8)]
    questions = Questions(MemoryDecrees(same), PLACES, lambda: NOW, overview=overview)
    assert ids(questions.show("n° 2026-1104")) == [7, 6, 5, 4, 3]
    again = questions.ask(Question(ListKind.NUMBER, "2026-1104", 2))
    assert ids(again) == [2, 1]


@pytest.mark.parametrize(
    "question",
    [
        Question(ListKind.RECENT, page=2),
        Question(ListKind.DEPARTMENT, "26", 2),
        Question(ListKind.SEARCH, "arrêté", 2),
        Question(ListKind.IN_FORCE, "26", 2),
        Question(ListKind.IN_FORCE, "", 2),
        Question(ListKind.DEPARTMENT, "26,PP", 2),
    ],
)
def test_a_question_can_be_asked_again(questions: Questions, question: Question) -> None:
    answer = questions.ask(question)
    assert isinstance(answer, DecreeList)
    assert answer.question == question


@given(st.lists(st.integers(1, 500), unique=True, max_size=40), st.integers(1, 9))
def test_the_pages_hold_every_decree_once(numbers: list[int], size: int) -> None:
    questions = Questions(MemoryDecrees([decree(n) for n in numbers]), PLACES, lambda: NOW, overview=overview, page_size=size)
    first = questions.recent()
    if not isinstance(first, DecreeList):
        assert numbers == []
        return
    seen = [number for page in range(1, first.pages + 1) for number in ids(questions.recent(page))]
    assert seen == sorted(numbers, reverse=True)
