"""Many decrees in one message, within every limit, and the same at every try."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.acts import Decree, Facts, Kind
from bot.messages.announcement import TooSmall
from bot.messages.digests import (
    digest_button,
    digest_language,
    digest_links,
    mastodon_digest,
    mastodon_room,
    plain_digest,
    telegram_digest,
    telegram_room,
)
from bot.messages.words import LANGUAGES, Language, StatusLimits, mastodon_length, telegram_length
from tests.bot.messages.samples import DROME, NOW, decree
from tests.servers.telegram_html import parse, utf16

PLACES = {"26": DROME}


def many(number: int, **changes: object) -> list[Decree]:
    return [
        decree(id=one, page=one, facts=Facts(number=f"2031-{one:05}"), **changes)  # type: ignore[arg-type]  # changes come by name
        for one in range(1, number + 1)
    ]


def test_what_it_says() -> None:
    assert "• Foire du Dauphiné · autorisation · Drôme (26)" in plain_digest([decree(facts=Facts(event="Foire du Dauphiné"))], PLACES, "fr")
    text = plain_digest([*many(1), decree(Kind.ABROGATION, id=2, page=9, facts=Facts(), title="Arrêté mettant fin")], PLACES, "fr")
    assert text.splitlines()[0] == "📚 2 arrêtés sur la vidéosurveillance algorithmique"
    assert "• autorisation · Drôme (26) · n° 2031-00001" in text
    assert "• fin d’autorisation · Drôme (26) · Arrêté mettant fin" in text
    assert text.count("#page=") == 2


@pytest.mark.parametrize(
    ("days", "language", "intro"),
    [
        ((0, 0), "fr", "Relevés le même jour, ils sont annoncés ensemble."),
        ((30, 18, 0), "fr", "Relevés du 20 mars au 20 avril 2031, ils sont annoncés ensemble."),
        ((30, 0), "en", "Found from 20 March to 20 April 2031, they are announced together."),
    ],
)
def test_it_says_the_days_on_which_its_decrees_were_found(days: tuple[int, ...], language: Language, intro: str) -> None:
    decrees = [decree(id=n, page=n, found_at=NOW - timedelta(days=ago)) for n, ago in enumerate(days, start=1)]
    assert plain_digest(decrees, PLACES, language).splitlines()[1] == intro
    telegram = telegram_digest(decrees, PLACES, language)
    assert intro in telegram.html
    assert digest_language(telegram.plain) == language


def test_on_telegram_each_line_is_a_link_and_the_button_leads_to_the_last() -> None:
    said = telegram_digest(many(12), PLACES, "fr")
    read = parse(said.html)
    assert [entity["type"] for entity in read.entities] == ["bold", *["text_link"] * 12]
    assert said.button is not None
    assert (said.button.text, said.button.url.endswith("#page=12")) == ("Lire le dernier de la liste n° 2031-00012 (PDF, page 12)", True)
    assert said.plain.count("#page=") == 12


@given(st.integers(1, 200), st.text(max_size=400), st.text("abcé /%", max_size=300), st.sampled_from(LANGUAGES))
def test_whatever_there_is_room_for_fits(number: int, title: str, path: str, spoken: Language) -> None:
    facts = Facts(number=title[:40] or None, event=title)
    decrees = [decree(id=n, page=n, title=title, url=f"https://a.example/{path}.pdf", facts=facts) for n in range(1, number + 1)]
    room = telegram_room(decrees, PLACES, spoken)
    assert 1 <= room <= number
    said = telegram_digest(decrees[:room], PLACES, spoken)
    read = parse(said.html)
    assert utf16(read.text) <= 4096
    assert telegram_length(said.plain) <= 4096
    assert len(read.entities) <= 100
    assert digest_language(read.text) == digest_language(said.plain) == spoken
    room = mastodon_room(decrees, PLACES, spoken, StatusLimits())
    status = mastodon_digest(decrees[:room], PLACES, spoken, StatusLimits())
    assert mastodon_length(status) <= 500
    assert status.endswith("\n\n#VSA #dept26")


def test_what_is_learnt_of_a_decree_meanwhile_makes_no_digest_too_long() -> None:
    """A retry has the same decrees, of which more may be known by then."""
    decrees = many(300)
    limits = StatusLimits(500, None)

    def fuller(room: int) -> list[Decree]:
        assert room > 1
        return [replace(one, title="Arrêté " * 99, facts=replace(one.facts, event="Fête " * 99)) for one in decrees[:room]]

    said = telegram_digest(fuller(telegram_room(decrees, PLACES, "fr")), PLACES, "fr")
    assert telegram_length(said.plain) <= 4096
    status = mastodon_digest(fuller(mastodon_room(decrees, PLACES, "fr", limits)), PLACES, "fr", limits)
    assert mastodon_length(status, limits) <= 500


def test_where_there_is_no_room_at_all_it_is_said() -> None:
    long = many(1, url=f"https://a.example/{'x' * 5000}.pdf")
    assert (telegram_room(long, PLACES, "fr"), mastodon_room(long, PLACES, "fr", StatusLimits(500, None))) == (1, 1)
    with pytest.raises(TooSmall):
        telegram_digest(long, PLACES, "fr")
    with pytest.raises(TooSmall):
        mastodon_digest(long, PLACES, "fr", StatusLimits(500, None))


def test_a_decree_without_an_address_is_told_without_a_link() -> None:
    decrees = [*many(2), decree(url="", facts=Facts(number="9"))]
    assert len(digest_links(decrees)) == 2
    assert digest_button(decrees, "fr") is None
    assert "n° 9" in plain_digest(decrees, PLACES, "fr")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("📚 12 arrêtés sur la vidéosurveillance algorithmique\n\n• x", "fr"),
        ("\n📚 1 decree on algorithmic video surveillance", "en"),
        ("📚 arrêtés sur la vidéosurveillance algorithmique", None),
        ("Un message\n📚 12 arrêtés sur la vidéosurveillance algorithmique", None),
        ("", None),
    ],
)
def test_digest_language(text: str, language: str | None) -> None:
    assert digest_language(text) == language
