from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.acts import Decree, Place, Sighting
from bot.domain.law import LegalAdvice
from bot.messages.announcement import shows_number, telegram_decree, telegram_link, telegram_text
from bot.messages.lines import MessageInput
from bot.messages.words import Language, telegram_length
from tests.bot.messages.samples import DROME, FULL, NOW, PDF, POLICE, advices, advised, decree, decrees, languages, nows, places
from tests.servers.telegram_html import parse, utf16


def test_the_whole_post() -> None:
    post = telegram_text(MessageInput(decree(), DROME, NOW))
    assert parse(post.html).text == (
        "📢 Autorisation de vidéosurveillance algorithmique\n"
        "Drôme (26), Préfecture de la Drôme\n"
        "Pas encore commencé le 20 avril 2031 à 0 h\n"
        "\n"
        "Arrêté portant autorisation de l’emploi d’un traitement algorithmique des images de vidéoprotection à Valence\n"
        "\n"
        "Quand : du 20 avril 2031 à 14 h au 21 avril 2031 à 6 h\n"
        "Événement : Foire du Dauphiné\n"
        "Lieux : gare de Valence-Ville, gare routière\n"
        "Autorisation donnée à : SNCF\n"
        "Le logiciel signale : mouvement de foule, trop de monde au même endroit\n"
        "Logiciel : Regardix (Société Exemple)\n"
        "Caméras : 118\n"
        "n° 2031-00493 · signé le 17 avril 2031 · publié le 18 avril 2031\n"
        "\n"
        "Lire l’arrêté (PDF, page 7)\n"
        "#VSA #Drôme #dept26 #SNCF"
    )
    assert post.plain == parse(post.html).text.replace("(PDF, page 7)", f"(PDF, page 7) : {PDF}#page=7")
    assert [entity["type"] for entity in parse(post.html).entities] == ["bold", "bold", "text_link"]


def test_the_button_leads_to_the_page_and_names_the_decree() -> None:
    button = telegram_text(MessageInput(decree(), DROME, NOW)).button
    assert button is not None
    assert button.url == f"{PDF}#page=7"
    assert "2031-00493" in button.text


def test_length_is_counted_in_utf16_units() -> None:
    assert telegram_length("a😀é") == 4


@given(decrees, places, nows, languages, st.none() | advices, st.sampled_from([4096, 1024]))
def test_any_decree_is_valid_html_within_the_limits(
    decree: Decree, place: Place, now: datetime, language: Language, legal_advice: LegalAdvice | None, limit: int
) -> None:
    # The longest address of the strategy still leaves room at 1024 only when it is shorter; real ones are.
    if len(decree.url) > 300:
        limit = 4096
    post = telegram_text(MessageInput(decree, place, now, language, legal_advice), limit=limit)
    parsed = parse(post.html)
    assert 0 < utf16(parsed.text) <= limit
    assert utf16(post.plain) <= limit
    assert len(parsed.entities) <= 100
    assert "None" not in parsed.text or any("None" in text for text in (decree.title, place.name, repr(decree.facts), repr(decree.changes)))
    links = [entity["url"] for entity in parsed.entities if entity["type"] == "text_link"]
    assert links == ([] if post.button is None else [post.button.url])
    assert post.button is None or post.button.url in post.plain


@given(decrees, places, nows, nows)
def test_the_button_does_not_depend_on_the_hour(decree: Decree, place: Place, one: datetime, other: datetime) -> None:
    link = telegram_link(decree, place, one, "fr")
    assert (link and link[1]) == telegram_text(MessageInput(decree, place, other)).button


def test_a_post_says_what_one_can_do_before_its_link() -> None:
    rows = parse(telegram_text(MessageInput(decree(), DROME, NOW, "fr", advised())).html).text.split("\n\n")
    assert rows[-2] == (
        "⚖️ Recours possible jusqu’au 19 juin 2031 devant le tribunal administratif de Grenoble. "
        "Jusqu’à la fin de la période, le juge peut aussi être saisi en urgence (référé). "
        "Date et tribunal à vérifier (code de justice administrative, art. R. 421-1, version du 3 avril 2026)."
    )


def test_the_long_form_links_to_every_place_of_publication() -> None:
    elsewhere = "https://paris.example/raa.pdf"
    seen = decree(sightings=(Sighting("26", PDF, 7, NOW), Sighting("PP", elsewhere, 14, NOW), Sighting("92", "javascript:1", 2, NOW)))
    post = telegram_decree(MessageInput(seen, DROME, NOW, "fr", advised()), {"PP": POLICE})
    parsed = parse(post.html)
    assert "Aussi publié (Paris, Préfecture de police), page 14 (PDF)\nLire l’arrêté (PDF, page 7)" in parsed.text
    assert [entity.get("url") for entity in parsed.entities if entity["type"] == "text_link"] == [f"{elsewhere}#page=14", f"{PDF}#page=7"]
    assert f"{elsewhere}#page=14" in post.plain


@given(decrees, places, nows, languages, st.none() | advices)
def test_any_long_form_is_valid_html_within_the_limits(
    decree: Decree, place: Place, now: datetime, language: Language, legal_advice: LegalAdvice | None
) -> None:
    post = telegram_decree(MessageInput(decree, place, now, language, legal_advice), {"92": POLICE})
    parsed = parse(post.html)
    assert 0 < utf16(parsed.text) <= 4096
    assert utf16(post.plain) <= 4096
    assert len(parsed.entities) <= 100
    assert not {"@", "\x1b", "\u202e"} & set(parsed.text)
    links = [entity["url"] for entity in parsed.entities if entity["type"] == "text_link"]
    assert len(links) == len(set(links)) <= 6
    link = telegram_link(decree, place, now, language)
    assert post.button == (link and link[1])


@given(decrees, nows, languages, st.none() | advices, st.from_regex(r"[0-9]{4}-[0-9]{2,5}", fullmatch=True))
def test_a_post_shows_its_own_number_only(
    decree: Decree, now: datetime, language: Language, legal_advice: LegalAdvice | None, number: str
) -> None:
    text = telegram_text(MessageInput(decree, DROME, now, language, legal_advice)).plain
    other = decree.facts.number or ""
    assert shows_number(text, number) == (other.strip() == number)
    numbered = replace(decree, facts=replace(decree.facts, number=number))
    assert shows_number(telegram_text(MessageInput(numbered, DROME, now, language, legal_advice)).plain, number)


def test_in_a_caption_the_title_gives_way_before_what_is_said_of_the_law() -> None:
    far = "https://www.drome.example/" + "dossier/" * 8 + "recueil.pdf"
    crowded = decree(title="Arrêté " + "portant autorisation " * 15, facts=FULL, url=far)
    text = telegram_text(MessageInput(crowded, DROME, NOW, "fr", advised()), limit=1024).plain
    assert "saisi en urgence (référé). Date et tribunal à vérifier (code de justice administrative, art. R. 421-1" in text
    assert "Lieux : gare de Valence-Ville, gare routière\n" in text
    assert len(next(row for row in text.split("\n") if row.startswith("Arrêté"))) < 160


def test_a_long_link_takes_no_room_from_the_words_of_a_caption() -> None:
    far = "https://www.drome.example/" + "dossier/" * 40 + "recueil.pdf"
    post = telegram_text(MessageInput(decree(facts=FULL, url=far), DROME, NOW, "fr", advised()), limit=1024)
    shown = parse(post.html).text
    assert "version du 3 avril 2026" in shown
    assert decree().title in shown
    # The plain text, for a platform that cannot read HTML, holds the link itself.
    assert f"{far}#page=7" in post.plain
    assert telegram_length(post.plain) <= 1024
    assert "version au" not in post.plain
