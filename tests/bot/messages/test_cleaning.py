from __future__ import annotations

import unicodedata
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messages.words import JOINER, clean, cut, inert, link_to, unlinked
from tests.bot.messages.samples import hostile, urls
from tests.servers.fake_bot_chats import acted_on


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  deux\n\tmots ", "deux mots"),
        ("a\u202eb\u2066c\u200bd\ufeff", "abcd"),
        ("\x1b[31mrouge\x07", "[31mrouge"),
        ("de l□emploi d�un", "de l’emploi d’un"),
        ("□ case", "□ case"),
        ("e\u0301te\u0301", "été"),
        ("nul\x00", "nul"),
        ("\ud800orphelin", "orphelin"),
    ],
)
def test_outside_text_becomes_one_visible_line(text: str, expected: str) -> None:
    assert clean(text) == expected


def test_piles_of_combining_marks_are_cut() -> None:
    assert len(clean("z" + "\u0335" * 500)) == 3


def test_links_mentions_and_hashtags_lose_their_effect() -> None:
    assert inert("voir https://a.example/x @moi@b.example #Tag") == "voir a.example/x ＠moi＠b.example ＃Tag"
    assert inert("gare\n:/") == "gare"


@pytest.mark.parametrize(
    "text",
    [
        "t.me/canal",
        "voir a.b.example",
        "www.prefecture.fr,",
        "/start",
        "(/start@bot)",
        "$EUR",
        "n° BSI.CAB.2031",
        "été.fr",
        "a.fr https://b.fr/c.d",
    ],
)
def test_what_telegram_would_act_on_is_broken_where_nobody_sees_it(text: str) -> None:
    told = unlinked(text)
    assert told != text
    assert acted_on(told) == []
    assert told.replace(JOINER, "") == text
    assert unlinked(told) == told


@pytest.mark.parametrize("text", ["https://a.example/b.pdf#page=3", "19/04/2031 à 14.30", "PREF/CAB n° 2031-1.", "L. 252-1, 12 $", "#VSA"])
def test_what_nobody_acts_on_and_whole_addresses_stay(text: str) -> None:
    assert unlinked(text) == text


def test_commands_of_the_bot_itself_stay() -> None:
    assert unlinked("/aide t.me /start", {"aide"}) == f"/aide t.{JOINER}me /{JOINER}start"


@given(hostile)
def test_no_text_is_acted_on(text: str) -> None:
    assert acted_on(unlinked(inert(text))) == []


@given(hostile)
def test_nothing_invisible_is_left(text: str) -> None:
    line = inert(text)
    assert all(unicodedata.category(character)[0] not in "CZ" or character == " " for character in line)
    assert not {"@", "#"} & set(line)
    assert "://" not in line
    assert clean(line) == line


def test_a_huge_text_is_cut() -> None:
    assert len(clean("mot " * 1_000_000)) <= 4000


@pytest.mark.parametrize(
    ("url", "page", "expected"),
    [
        ("https://a.example/r.pdf", 7, "https://a.example/r.pdf#page=7"),
        ("https://a.example/r.pdf#autre", 0, "https://a.example/r.pdf#page=1"),
        ("https://a.example/é (1)'.pdf", 2, "https://a.example/%C3%A9%281%29%27.pdf#page=2"),
        ("https://a.example/%C3%A9.pdf", 2, "https://a.example/%C3%A9.pdf#page=2"),
        ("https://é.example/r.pdf", 2, "https://xn--9ca.example/r.pdf#page=2"),
        ("javascript:alert(1)", 1, None),
        ("https://user:secret@a.example/r.pdf", 1, None),
        ("/relatif.pdf", 1, None),
        ("https://[::1/r.pdf", 1, None),
        ("", 1, None),
    ],
)
def test_link_to_a_page(url: str, page: int, expected: str | None) -> None:
    assert link_to(url, page) == expected


@given(urls, st.integers(-5, 10**6))
def test_links_are_plain_ascii_web_addresses(url: str, page: int) -> None:
    link = link_to(url, page)
    if link is not None:
        assert link.isascii()
        assert not set(link) & set(" \"'<>\\^`{|}\n")
        assert urlsplit(link).scheme in {"http", "https"}
        assert link.endswith(f"#page={max(page, 1)}")


@pytest.mark.parametrize(
    ("text", "longest", "expected"),
    [("court", 5, "court"), ("un deux trois", 9, "un deux…"), ("insécable", 4, "ins…"), ("x y", 0, ""), ("un, deux", 4, "un…")],
)
def test_cut(text: str, longest: int, expected: str) -> None:
    assert cut(text, longest) == expected


@given(st.text(st.sampled_from("aZ 9.:/@#'éœ’–\u00a0\u00ad\u200b\u0301\u202e\t\n\u2028□")))
def test_texts_that_need_no_cleaning_are_those_that_cleaning_leaves(text: str) -> None:
    # A sign that no quick look takes for clean, put behind the text and taken off again, makes it go the long way.
    assert clean(text) == clean(f"{text} 漢").removesuffix("漢").rstrip()
