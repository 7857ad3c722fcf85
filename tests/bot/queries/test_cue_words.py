"""Signs and reasons in words."""

from __future__ import annotations

import tomllib
from importlib.resources import files

import pytest

from bot.detection.text.cues import VerdictReason, cues
from bot.domain.acts import Evidence, Where
from bot.domain.topics import topics
from bot.messages.words import Language
from bot.queries.phrases import cue_words, doubt_words

CUES = tomllib.loads(files("bot.detection").joinpath("cues.toml").read_text(encoding="utf-8"))
NAMES = {
    *(name for topic in topics() for table in ("strong", "bare", "medium", "titled") for name in cues(topic).tables["objects"][table]),
    *("damaged_words_on_images", "use_of_something_in_a_place"),
    *CUES["titles"],
    *VerdictReason,
}


@pytest.mark.parametrize("name", sorted(NAMES))
def test_what_a_decree_rests_on_and_every_reason_has_its_french_words(name: str) -> None:
    cue = name.replace("_", " ")
    # Words that are the same in both languages are few.
    assert cue_words(cue, "fr") != cue or cue in {"modification", "abrogation", "suspension"}


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("reason", VerdictReason)
def test_no_reason_names_a_topic(reason: VerdictReason, language: Language) -> None:
    """They are given for acts of every topic."""
    said = cue_words(reason, language).casefold()
    assert not any(word in said for word in ("algorithm", "vsa", "drone", "périm", "perim"))


def test_what_has_no_words_is_shown_by_its_name() -> None:
    assert cue_words("loi n° 2026-201 du 20 mars 2026", "fr") == "loi n° 2026-201 du 20 mars 2026"
    assert cue_words("algorithmic processing", "en") == "algorithmic processing"


@pytest.mark.parametrize(
    ("language", "expected"), [("fr", "seuls ses visas ou ses considérants en parlent"), ("en", "only its visas or recitals speak of it")]
)
def test_why_a_person_must_look(language: Language, expected: str) -> None:
    spoken = Evidence("verdict", 4, "traitement algorithmique des images", Where.RECITAL, "algorithmic processing of images")
    doubt = Evidence("doubt", 4, "traitement algorithmique des images", Where.RECITAL, "only before the articles")
    assert doubt_words((spoken, doubt), language) == expected
    assert doubt_words((spoken,), language) is None
