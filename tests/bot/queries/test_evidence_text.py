"""The phrases behind the facts, in words."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from hypothesis import given

from bot.domain.acts import Evidence, Where
from bot.queries.phrases import evidence_text
from tests.bot.messages.samples import hostile
from tests.bot.queries.conftest import decree

LANGUAGES: tuple[Literal["fr", "en"], ...] = ("fr", "en")


def test_each_phrase_has_its_page_its_place_and_what_it_supports() -> None:
    told = replace(
        decree(1),
        evidence=(
            Evidence("verb", 6, "portant autorisation", Where.TITLE, "authorisation"),
            Evidence("support", 6, "loi n° 2023-380", Where.VISA, "loi n° 2023-380, article 10"),
            Evidence("number", 7, "n° 2026-1"),
            Evidence("number", 7, "n° 2026-1"),
        ),
    )
    assert evidence_text(told, "fr").splitlines() == [
        "D’où viennent ces informations :",
        "  page 6 (titre), ce que fait l’acte (autorisation) : « portant autorisation »",
        "  page 6 (visas), à l’appui (loi n° 2023-380, article 10) : « loi n° 2023-380 »",
        "  page 7, numéro : « n° 2026-1 »",
    ]
    assert evidence_text(told, "en").splitlines()[1] == "  page 6 (title), what the act does (authorisation): “portant autorisation”"


def test_none_is_said() -> None:
    assert evidence_text(decree(1), "en") == "No phrase is recorded in support of this decree."


@given(hostile, hostile)
def test_no_phrase_makes_a_line_of_its_own(about: str, text: str) -> None:
    told = evidence_text(replace(decree(1), evidence=(Evidence(about, 1, text),)))
    assert len(told.splitlines()) == 2
    assert "\x1b" not in told
    assert "https://" not in told
