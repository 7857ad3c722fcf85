from __future__ import annotations

from datetime import datetime

from hypothesis import given

from bot.messages import Language, decree_line, decree_line_html, plain_post
from bot.model import Decree, Facts, Kind, Place
from tests.bot.messages.samples import DROME, NOW, PDF, decree, decrees, languages, nows, places
from tests.servers.telegram_html import parse


def test_a_plain_post_has_its_link_and_no_hashtags() -> None:
    text = plain_post(decree(), DROME, NOW)
    assert text.endswith(f"Lire l’acte (PDF, page 7) : {PDF}#page=7")
    assert "#VSA" not in text


@given(decrees, places, nows, languages)
def test_nothing_can_move_a_cursor(decree: Decree, place: Place, now: datetime, language: Language) -> None:
    text = plain_post(decree, place, now, language)
    assert all(character.isprintable() or character == "\n" for character in text)


def test_one_line_per_decree() -> None:
    assert decree_line(decree(), DROME, NOW) == (
        "[12] autorisation · Drôme (26) · du 20 avril 2031 à 14 h au 21 avril 2031 à 6 h · Commence dans 14 h · SNCF · n° 2031-00493"
    )


def test_the_html_line_reads_the_same_and_leads_to_the_pdf() -> None:
    parsed = parse(decree_line_html(decree(), DROME, NOW))
    assert parsed.text == decree_line(decree(), DROME, NOW)
    assert f"{PDF}#page=7" in [entity.get("url") for entity in parsed.entities]


def test_a_decree_without_facts_shows_its_title() -> None:
    line = decree_line(decree(Kind.ABROGATION, facts=Facts(), title="Arrêté <abrogeant>", id=None), DROME, NOW, "en")
    assert line == "repeal · Drôme (26) · Arrêté <abrogeant>"


@given(decrees, places, nows, languages)
def test_any_line_is_one_line_valid_and_short(decree: Decree, place: Place, now: datetime, language: Language) -> None:
    line = decree_line(decree, place, now, language)
    assert line.isprintable()
    assert 0 < len(line) <= 300
    parsed = parse(decree_line_html(decree, place, now, language))
    assert parsed.text.isprintable()
    assert len(parsed.text) <= 310
