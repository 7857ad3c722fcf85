"""The frames of the pictures in docs: what they hold comes from the program, and every picture of a message is one of them."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("fpdf", reason="the decrees are those of the demo, which draws PDFs")
pytest.importorskip("playwright", reason="the frames are drawn by a browser")

from bot.app.inventory import places_of
from bot.domain.acts import Kind
from sources.catalogue.authority import load_authorities
from tools.pictures import FOLDER, authorisation, frames


def test_the_authorisation_of_the_demo_is_judged_by_the_rules() -> None:
    decree = authorisation()
    assert decree.kind is Kind.AUTHORISATION
    assert decree.facts.event == "festival des Lumières de Valence"
    assert {quote.about for quote in decree.evidence} >= {"period", "places"}


def test_every_picture_of_a_message_in_docs_is_made_here() -> None:
    made = dict(frames(places_of(load_authorities())))
    kept = Path(__file__).parents[2] / FOLDER
    assert {f"{name}.png" for name in made} == {path.name for path in kept.glob("message-*.png")}
    assert made["message-authorisation"].count("Telegram (") == made["message-authorisation"].count("Mastodon (") == 2
    assert "voir la réponse" in made["message-edited"]
    assert made["message-edited"].count('class="reply"') == 2
    assert "carte des départements" in made["message-figures-fr"].lower()
    assert made["message-figures-en"].count("data:image/png;base64,") == 2
