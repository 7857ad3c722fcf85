from __future__ import annotations

from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from bot.messages import Language, telegram_button, telegram_length, telegram_text
from bot.model import Decree, Facts, Place
from tests.bot.messages.samples import DROME, NOW, PDF, decree, decrees, languages, nows, places
from tests.servers.telegram_html import parse, utf16


def test_the_whole_post() -> None:
    post = telegram_text(decree(), DROME, NOW)
    assert parse(post.html).text == (
        "📢 Autorisation de vidéosurveillance algorithmique\n"
        "Drôme (26), Préfecture de la Drôme\n"
        "Commence dans 14 h\n"
        "\n"
        "Arrêté portant autorisation de l’emploi d’un traitement algorithmique des images de vidéoprotection à Valence\n"
        "\n"
        "Quand : du 20 avril 2031 à 14 h au 21 avril 2031 à 6 h\n"
        "Événement : Foire du Dauphiné\n"
        "Lieux : gare de Valence-Ville, gare routière\n"
        "Mise en œuvre par : SNCF\n"
        "Finalités : mouvement de foule, densité trop importante de personnes\n"
        "Logiciel : Regardix (Société Exemple)\n"
        "Caméras : 118\n"
        "n° 2031-00493 · signé le 17 avril 2031 · publié le 18 avril 2031\n"
        "\n"
        "Lire l’acte (PDF, page 7)\n"
        "#VSA #Drôme #dept26"
    )
    assert post.plain == parse(post.html).text.replace("(PDF, page 7)", f"(PDF, page 7) : {PDF}#page=7")
    assert [entity["type"] for entity in parse(post.html).entities] == ["bold", "bold", "text_link"]


def test_in_english() -> None:
    text = parse(telegram_text(decree(), DROME, NOW, "en").html).text
    assert "Starts in 14 h" in text
    assert "Operated by: SNCF" in text


def test_the_button_leads_to_the_page_and_names_the_decree() -> None:
    button = telegram_text(decree(), DROME, NOW).button
    assert button is not None
    assert button.url == f"{PDF}#page=7"
    assert "2031-00493" in button.text


def test_two_decrees_on_one_page_have_different_buttons() -> None:
    one = telegram_button(decree(facts=Facts(number="1")), DROME, NOW)
    assert one != telegram_button(decree(facts=Facts(number="2")), DROME, NOW)


def test_without_a_web_address_there_is_neither_link_nor_button() -> None:
    post = telegram_text(decree(url="javascript:alert(1)"), DROME, NOW)
    assert post.button is None
    assert "<a" not in post.html
    assert "javascript" not in post.plain


def test_markup_in_a_pdf_is_text() -> None:
    post = telegram_text(decree(title='<b>gras</b> & "cité" <script>'), DROME, NOW)
    assert '<b>gras</b> & "cité" <script>' in parse(post.html).text
    assert "&lt;script&gt;" in post.html


def test_length_is_counted_in_utf16_units() -> None:
    assert telegram_length("a😀é") == 4


@given(decrees, places, nows, languages, st.sampled_from([4096, 1024]))
def test_any_decree_is_valid_html_within_the_limits(decree: Decree, place: Place, now: datetime, language: Language, limit: int) -> None:
    # The longest address of the strategy still leaves room at 1024 only when it is shorter; real ones are.
    if len(decree.url) > 300:
        limit = 4096
    post = telegram_text(decree, place, now, language, limit=limit)
    parsed = parse(post.html)
    assert 0 < utf16(parsed.text) <= limit
    assert utf16(post.plain) <= limit
    assert len(parsed.entities) <= 100
    assert "None" not in parsed.text or any("None" in text for text in (decree.title, place.name, repr(decree.facts)))
    links = [entity["url"] for entity in parsed.entities if entity["type"] == "text_link"]
    assert links == ([] if post.button is None else [post.button.url])
    assert post.button is None or post.button.url in post.plain


@given(decrees, places, nows, nows)
def test_the_button_does_not_depend_on_the_hour(decree: Decree, place: Place, one: datetime, other: datetime) -> None:
    assert telegram_button(decree, place, one) == telegram_text(decree, place, other).button
