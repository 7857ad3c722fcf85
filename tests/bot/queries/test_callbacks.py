from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messages.letters.drafting import LetterKind
from bot.queries.answers import ListKind, Question
from bot.queries.telegram.replies import LIMIT_BYTES, Callbacks, LanguageWanted, LetterWanted, Pressed

QUESTIONS: st.SearchStrategy[Pressed] = st.one_of(
    st.just(LanguageWanted()),
    st.builds(LetterWanted, st.sampled_from(LetterKind), st.integers(0, 10**18 - 1)),
    st.builds(
        Question, st.sampled_from([ListKind.TODAY, ListKind.NUMBER, ListKind.TOWN]), st.sampled_from(["26198", "12", ""]), st.integers(1, 9)
    ),
    st.builds(Question, st.just(ListKind.RECENT), st.just(""), st.integers(1, 999_999)),
    st.builds(Question, st.just(ListKind.DEPARTMENT), st.sampled_from(["26", "2A", "PP", "R-IDF"]), st.integers(1, 999_999)),
    st.builds(Question, st.just(ListKind.IN_FORCE), st.sampled_from(["", "26", "R-PACA"]), st.integers(1, 999_999)),
    st.builds(Question, st.just(ListKind.SEARCH), st.text(st.characters(codec="utf-8"), max_size=200), st.integers(1, 999_999)),
)


@given(QUESTIONS, st.sampled_from(["fr", "en"]))
def test_every_question_comes_back_and_fits(question: Pressed, language: Literal["fr", "en"]) -> None:
    callbacks = Callbacks()
    data = callbacks.encode(question, language)
    assert len(data.encode()) <= LIMIT_BYTES
    assert callbacks.decode(data) == (question, language)


def test_a_short_question_survives_a_restart_a_long_one_is_forgotten() -> None:
    before, after = Callbacks(), Callbacks()
    short, long = Question(ListKind.SEARCH, "gare SNCF", 2), Question(ListKind.SEARCH, "gare " * 20, 2)
    assert after.decode(before.encode(short, "fr")) == (short, "fr")
    assert after.decode(before.encode(long, "fr")) is None


def test_memory_is_bounded_and_keeps_what_is_used() -> None:
    callbacks = Callbacks(limit=2)
    first, second, third = (Question(ListKind.SEARCH, letter * 100) for letter in "abc")
    kept = callbacks.encode(first, "fr")
    dropped = callbacks.encode(second, "fr")
    callbacks.decode(kept)
    callbacks.encode(third, "fr")
    assert callbacks.decode(kept) == (first, "fr")
    assert callbacks.decode(dropped) is None


@pytest.mark.parametrize("data", ["", "x", "1frz1:", "1frr:", "1frr-1:", "2frr1:", "1der1:", "1frk1:unknown", "1frl1:x", "1frr9999999:"])
def test_foreign_data_is_no_question(data: str) -> None:
    assert Callbacks().decode(data) is None


@given(st.text(max_size=64))
def test_no_data_makes_it_fail(data: str) -> None:
    Callbacks().decode(data)
