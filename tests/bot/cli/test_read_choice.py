from __future__ import annotations

from typing import Any

import pytest

from bot.cli.read import ReadChoice, ReadView, WrongChoice, choose, page_range
from bot.domain.text import TextOrigin

NOTHING: dict[str, Any] = {"text": False, "acts": False, "explain": False, "page": None, "as_json": False}


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, ReadChoice(ReadView.SUMMARY, None, False)),
        ({"as_json": True}, ReadChoice(ReadView.SUMMARY, None, True)),
        ({"text": True, "as_json": True}, ReadChoice(ReadView.TEXT, None, True)),
        ({"acts": True}, ReadChoice(ReadView.ACTS, None, False)),
        ({"explain": True, "as_json": True}, ReadChoice(ReadView.EXPLAIN, None, True)),
        ({"page": "12"}, ReadChoice(ReadView.SUMMARY, range(12, 13), False)),
        ({"page": "3-5", "text": True, "as_json": True}, ReadChoice(ReadView.TEXT, range(3, 6), True)),
    ],
)
def test_what_can_be_asked(asked: dict[str, Any], expected: ReadChoice) -> None:
    assert choose(**{**NOTHING, **asked}) == expected


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"text": True, "acts": True}, "--text and --acts"),
        ({"acts": True, "explain": True}, "--acts and --explain"),
        ({"text": True, "acts": True, "explain": True}, "choose one of them"),
        ({"page": "2", "acts": True}, "--acts needs the whole document"),
        ({"page": "2", "explain": True}, "--explain needs the whole document"),
        ({"acts": True, "as_json": True}, "always holds the acts"),
        ({"page": "two"}, "--page 12-15"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(asked: dict[str, Any], words: str) -> None:
    with pytest.raises(WrongChoice, match=words):
        choose(**{**NOTHING, **asked})


@pytest.mark.parametrize("text", ["0", "0-3", "5-4", "", "-2", "2-", "1,3", "٣", "1-2-3", "99999999"])
def test_what_is_no_page(text: str) -> None:
    with pytest.raises(WrongChoice):
        page_range(text)


def test_pages_left_out_stand_for_pages_already_read() -> None:
    some = choose(**{**NOTHING, "page": "2-3"}).left_out(5)
    assert [page.number for page in some] == [1, 4, 5]
    assert {(page.text, page.origin) for page in some} == {("", TextOrigin.BLANK)}
    assert choose(**NOTHING).left_out(5) == ()
