from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bot.delivery.picture.album import ALT_LIMIT, alt_text
from bot.domain.acts import Decree, Facts, Kind, Place
from bot.messages.words import Language
from tests.bot.messages.samples import DROME, FULL, decree, decrees, hostile, languages, places

FRENCH = (
    "Page 8 d’un arrêté préfectoral publié en PDF : autorisation de vidéosurveillance algorithmique. Drôme (26), Préfecture de la "
    "Drôme. Quand : du 20 avril 2031 à 14 h au 21 avril 2031 à 6 h. Événement : Foire du Dauphiné. Lieux : gare de Valence-Ville, "
    "gare routière. Autorisation donnée à : SNCF. Le logiciel signale : mouvement de foule, trop de monde au même endroit. Logiciel : "
    "Regardix (Société Exemple). Caméras : 118. N° 2031-00493. Signé le 17 avril 2031. Publié le 18 avril 2031. Arrêté portant "
    "autorisation de l’emploi d’un traitement algorithmique des images de vidéoprotection à Valence. Les noms et les "
    "signatures repérés sont masqués. Passages surlignés : « portant autorisation de l’emploi » ; « du 20 avril au 21 avril »."
)
PHRASES = ("portant autorisation de l’emploi", "autorisation", "du 20 avril au 21 avril", "du 20 avril au 21 avril")


def test_what_it_says() -> None:
    assert alt_text(decree(), DROME, "fr", page=8, highlighted=PHRASES, covered=True) == FRENCH


def test_what_it_says_in_english() -> None:
    text = alt_text(decree(), DROME, "en", page=8, highlighted=PHRASES, covered=True)
    assert text.startswith(
        "Page 8 of a prefect’s decree published as a PDF in French: algorithmic video surveillance authorised. Drôme (26)"
    )
    assert text.endswith("Highlighted passages: “portant autorisation de l’emploi”; “du 20 avril au 21 avril”.")


def test_nothing_is_said_of_what_is_not_there() -> None:
    text = alt_text(decree(Kind.REFUSAL, facts=Facts(), published=None, title=""), DROME, page=1)
    first, second = "Page 1 d’un arrêté préfectoral publié en PDF", "refus d’autoriser la vidéosurveillance algorithmique"
    assert text == f"{first} : {second}. Drôme (26), Préfecture de la Drôme."


def test_what_does_not_fit_is_left_out_whole() -> None:
    long = decree(
        title="Arrêté " * 100, facts=replace(FULL, places=tuple(f"gare numéro {n} de la ligne" for n in range(60)), event="x " * 300)
    )
    text = alt_text(long, DROME, page=1, highlighted=[f"passage numéro {n} d'un long arrêté" for n in range(100)], covered=True)
    assert len(text) <= ALT_LIMIT
    assert "N° 2031-00493." in text
    assert text.endswith("».")


@given(decrees, places, languages, st.lists(hostile, max_size=50), st.booleans())
def test_any_decree_has_one_of_a_length_that_servers_take(
    one: Decree, place: Place, language: Language, highlighted: list[str], covered: bool
) -> None:
    text = alt_text(one, place, language, page=3, highlighted=highlighted, covered=covered)
    assert 0 < len(text) <= ALT_LIMIT
    assert text == text.strip()
    assert "\n" not in text
    assert "\x1b" not in text
