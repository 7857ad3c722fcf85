"""What a status asks, and the answer as a status: pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from bot.domain.acts import NamedCommune, Naming
from bot.domain.mentions import StatusMention
from bot.messages.words import StatusLimits, mastodon_length
from bot.queries.answers import OneDecree
from bot.queries.mastodon import (
    answer_status,
    asked_in,
    is_unwanted,
    is_worth_saying,
    language_of,
    lines_of,
    refusal_status,
    shortened,
)
from bot.queries.questions import Questions, RateDecision, RateLimiter
from tests.bot.queries.conftest import NOW, PLACES, MemoryDecrees, decree, overview

VIGIE = '<span class="h-card"><a href="https://ici.example/@vigie" class="u-url mention">@<span>vigie</span></a></span>'
ALICE = '<span class="h-card"><a href="https://ailleurs.example/@alice" class="u-url mention">@<span>alice</span></a></span>'


def mention(content: str = f"<p>{VIGIE} valence</p>", **changes: Any) -> StatusMention:
    one = StatusMention(
        notification="9", status="7", account="5", handle="alice@ailleurs.example", content=content, note="", language="fr",
        visibility="unlisted", is_reply=False, is_bot=False, made_at=NOW,
    )  # fmt: skip
    return replace(one, **changes)


@pytest.mark.parametrize(
    ("content", "words", "is_addressed"),
    [
        (f"<p>{VIGIE} valence</p>", "valence", True),
        (f"<p>{VIGIE}: 26 ?</p>", "26 ?", True),
        (f"<p>{VIGIE}<br/>valence<br>merci d’avance</p>", "valence", True),
        (f"<p>{VIGIE}</p><p>valence</p><p>merci</p>", "valence", True),
        (f"<p>{ALICE} {VIGIE} valence</p>", "valence", True),
        (f"<p>{VIGIE} {ALICE} Saint&#45;Denis &amp; Paris</p>", "Saint-Denis & Paris", True),
        ("@vigie@ici.example valence", "valence", True),
        ("<p>@VIGIE   la\u00a0 Drôme\t</p>", "la Drôme", True),
        (f"<p>{VIGIE}</p>", "", True),
        ("", "", True),
        (f"<p>Valence ? {VIGIE}</p>", "Valence ?", False),
        (f"<p>C’est {VIGIE} qui le dit</p>", "qui le dit", False),
        (f"<p>{VIGIE} <b>val</b>ence<script>alert(1)</script><style>p</style></p>", "valence", True),
        (f'<p>{VIGIE} #<a class="hashtag">dept26</a></p>', "#dept26", True),
        ("<p>vigie@ici.example n’est pas un nom, @vigie 26 en est un</p>", "26 en est un", False),
        (f"<p>{VIGIE} &lt;b&gt;26&lt;/b&gt;</p>", "<b>26</b>", True),
    ],
)
def test_the_first_line_after_the_name_is_the_question(content: str, words: str, is_addressed: bool) -> None:
    asked = asked_in(mention(content), "vigie")
    assert (asked.words, asked.is_addressed) == (words, is_addressed)


HOSTILE = ("<p>" * 200_000, "<" * 200_000, "&#x110000;" * 5_000, f"{VIGIE} " + "a" * 200_000, "@" * 200_000, "@a.-" * 50_000, "\x00")


@pytest.mark.parametrize("content", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_html_is_read_in_bounds(content: str) -> None:
    assert len(asked_in(mention(content), "vigie").words) <= 400


def test_a_question_that_is_too_long_is_refused_and_not_cut(questions: Questions) -> None:
    asked = asked_in(mention(f"{VIGIE} " + "gare " * 100), "vigie")
    assert "200" in written(questions.plain(asked.words), mention(), StatusLimits())


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, False),
        ({"is_bot": True}, True),
        ({"note": "<p>Je suis Alice</p>"}, False),
        ({"note": '<p>Alice. #<a href="x">NoBot</a></p>'}, True),
        ({"note": "<p>#<span>nobots</span>, merci</p>"}, True),
        ({"note": "#nobotany"}, False),
        ({"made_at": NOW - timedelta(hours=23)}, False),
        ({"made_at": NOW - timedelta(hours=25)}, True),
        ({"made_at": None}, False),
    ],
)
def test_bots_and_those_who_want_none_are_not_answered(changes: dict[str, Any], expected: bool) -> None:
    assert is_unwanted(mention(**changes), NOW) is expected


TALK = {"26": True, "Montélimar": True, "[3]": True, "aide": True, "non pas du tout": False, "arrêté": False, "?": False}


@pytest.mark.parametrize(("words", "in_a_talk"), TALK.items())
def test_in_a_talk_only_what_surely_is_a_question_is_answered(questions: Questions, words: str, in_a_talk: bool) -> None:
    answer = questions.plain(words)
    assert is_worth_saying(answer, asked_in(mention(f"{VIGIE} {words}"), "vigie"))
    assert is_worth_saying(answer, asked_in(mention(f"{VIGIE} {words}", is_reply=True), "vigie")) is in_a_talk
    assert is_worth_saying(answer, asked_in(mention(f"Ah, {VIGIE} {words}"), "vigie")) is in_a_talk


@pytest.mark.parametrize(("said", "expected"), [("fr", "fr"), ("en", "en"), ("en-GB", "en"), ("EN_us", "en"), ("de", "fr"), ("", "fr")])
def test_the_language_is_that_of_the_status(said: str, expected: str) -> None:
    assert language_of(mention(language=said)) == expected


written = partial(answer_status, places=PLACES, contact="https://collectif.example")


@pytest.mark.parametrize("characters", [500, 200, 90])
@pytest.mark.parametrize("words", ["26", "[3]", "Montélimar", "aide", "PP", "téléphérique", "romans", "@bob #drole https://a.example/x"])
def test_an_answer_is_within_the_limits_and_mentions_only_who_asked(questions: Questions, words: str, characters: int) -> None:
    limits = StatusLimits(characters, 23)
    for language in ("fr", "en"):
        status = written(questions.plain(words), mention(language=language), limits)
        assert status.startswith("@alice@ailleurs.example ")
        assert status.count("@") == 2
        assert mastodon_length(status, limits) <= characters
        assert mastodon_length(refusal_status(mention(language=language), limits), limits) <= characters


@pytest.mark.parametrize(
    ("language", "state", "who"), [("fr", "service de l’État", "Ce Vigie est géré par"), ("en", "service of the", "This Vigie is run")]
)
@pytest.mark.parametrize("words", ["26", "[3]", "Montélimar", "aide", "romans"])
def test_an_answer_says_who_runs_it_and_that_it_is_no_service_of_the_state_where_there_is_room(
    questions: Questions, words: str, language: str, state: str, who: str
) -> None:
    answer, asker = questions.plain(words), mention(language=language)
    status = written(answer, asker, StatusLimits(5000, 23))
    assert status.count(state) == 1
    assert f"{who} " in status
    assert status.endswith("https://collectif.example")
    bare = written(answer, asker, StatusLimits(mastodon_length(status, StatusLimits(5000, 23)) - 23, 23))
    assert who not in bare
    assert status.startswith(bare), "what was asked goes first"


def test_a_decree_that_was_set_aside_says_so(decrees: MemoryDecrees) -> None:
    gone = replace(decree(3), withdrawn_at=NOW)
    assert "Écarté le" in written(OneDecree(gone, NOW), mention(), StatusLimits())


def test_a_list_keeps_its_beginning_and_its_end() -> None:
    text = "Titre\n[1] un\n[2] deux\n\nAussi\n[3] trois\n\nPrudence."
    assert shortened(text, lambda said: len(said) <= 100) == text
    assert shortened(text, lambda said: len(said) <= 42) == "Titre\n[1] un\n[2] deux\n\nAussi\n…\n\nPrudence."
    assert shortened(text, lambda said: len(said) <= 30) == "Titre\n…\n\nAussi\n\nPrudence."
    assert len(shortened(text, lambda said: len(said) <= 12)) <= 12


def test_of_a_town_the_decrees_that_name_it_come_before_what_is_well(decrees: MemoryDecrees) -> None:
    named = [replace(decree(n), communes=(NamedCommune("26362", Naming.NAMED, "Valence"),)) for n in (21, 22)]
    questions = Questions(MemoryDecrees([*named, *decrees.stored]), PLACES, lambda: NOW, overview=overview)
    answer = questions.plain("Valence 26")
    long, short = (written(answer, mention(), StatusLimits(characters)) for characters in (5000, 650))
    assert all(text in long for text in ("[21]", "[22]", "[12]", "recueils à jour", "ne prouve rien"))
    assert all(text in short for text in ("[21]", "[22]", "aucune commune", "ne prouve rien"))
    assert "recueils à jour" not in short


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ("Montélimar", "/communes/26198"),
        ("26", "/departements/26"),
        ("vsa", "/"),
        ("zzzz qqqq", "/recherche?q=zzzz+qqqq"),
        ("demain", "/envigueur"),
        ("Montélimar, Valence, Romans", "/envigueur"),
    ],
)
def test_every_answer_keeps_a_link_to_a_page_and_a_warning(questions: Questions, asked: str, path: str) -> None:
    write = partial(answer_status, places=PLACES, contact="", public_url="https://vigie.example")
    status = write(questions.plain(asked), mention(), StatusLimits())
    assert mastodon_length(status) <= 500
    assert f"https://vigie.example{path}" in status.split()


def test_lines_are_those_that_a_reader_sees() -> None:
    assert list(lines_of("<div>un<br>deux</div><p> trois\n</p><template>x</template>quatre")) == ["un", "deux", "trois", "quatre"]


def test_people_may_ask_so_many_questions_an_hour() -> None:
    now = [0.0]
    limiter = RateLimiter(2, lambda: now[0], seconds=3600.0)
    asked = [limiter.ask(("compte", "5"), "compte") for _ in range(4)]
    assert asked == [RateDecision.ALLOWED, RateDecision.ALLOWED, RateDecision.REFUSED_FIRST, RateDecision.REFUSED]
    now[0] = 1799.0
    assert limiter.ask(("compte", "5"), "compte") is RateDecision.REFUSED
    now[0] = 1801.0
    assert limiter.ask(("compte", "5"), "compte") is RateDecision.ALLOWED
