"""The court competent for a decree, and the one its remedies name."""

from __future__ import annotations

import csv
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest

from bot.detection.judging import judge
from bot.domain.acts import Act, Evidence, Facts, Where
from bot.domain.law import Court, court
from bot.domain.text import PageText
from sources.catalogue.authority import load_authorities
from tests.bot.detection.samples import STEADY, act

TABLE = Path(__file__).resolve().parents[4] / "shared" / "facts" / "tribunaux.tsv"
COURTS = tomllib.loads((files("bot.domain") / "courts.toml").read_text("utf-8"))["court"]
OBJECT = "portant autorisation de l'emploi d'un traitement algorithmique des images issues d'un système de vidéoprotection"
TITLE = f"Arrêté n° 2026-1 {OBJECT}"


def tribunal(place: str) -> str:
    return f"Tribunal administratif {place}"


def remedies(text: str, *, visa: str = "Vu le code de la sécurité intérieure ;") -> str:
    return f"{visa}\nARRÊTE\nArticle 1er : La SNCF est autorisée.\nArticle 2 : {text}\nFait à Lande, le 3 mai 2026\n"


def facts(text: str, *, visa: str = "Vu le code de la sécurité intérieure ;") -> Facts:
    return judge(act(remedies(text, visa=visa), TITLE)).facts


def test_every_authority_of_the_catalogue_has_a_court() -> None:
    codes = list(load_authorities())
    assert len(codes) > 100
    assert [code for code in codes if court(code, None).name is None] == []


def test_the_court_of_the_seat() -> None:
    assert court("PP", None) == Court(tribunal("de Paris"), None, tribunal("de Paris"))


def test_the_court_named_comes_first_and_a_difference_is_kept() -> None:
    found = court("92", "Tribunal administratif de Paris")
    assert found == Court(tribunal("de Paris"), tribunal("de Paris"), tribunal("de Cergy-Pontoise"))
    assert found.differs
    assert not court("83", "tribunal administratif de TOULON").differs
    assert not court("972", "tribunal administratif de Fort-de-France").differs
    assert court("", None) == Court(None, None, None)
    assert not court("", "Tribunal administratif de Nice").differs
    assert court("xx", "Tribunal administratif de Lande").name == "Tribunal administratif de Lande"


@pytest.mark.skipif(not TABLE.is_file(), reason="the table of the facts is not beside this checkout")
def test_the_data_is_the_table() -> None:
    with TABLE.open(encoding="utf-8") as lines:
        rows = {row["dept_code"]: row["ta_name"] for row in csv.DictReader(lines, delimiter="\t")}
    ours = {seat: entry["name"] for entry in COURTS for seat in entry["seats"]}
    assert len(rows) == 109
    assert {seat: name for seat, name in ours.items() if seat in rows} == rows
    assert {seat for seat in ours if seat not in rows and not seat.startswith("R-")} == {"PP"}


def test_no_seat_has_two_courts_and_each_court_is_found_by_its_own_name() -> None:
    entries = COURTS
    seats = [seat for entry in entries for seat in entry["seats"]]
    assert len(seats) == len(set(seats))
    for entry in entries:
        assert facts(f"Un recours peut être formé devant le {entry['name']} dans un délai de deux mois.").court == entry["name"]
        for also in entry.get("also", ()):
            assert facts(f"Le présent arrêté peut être contesté devant le tribunal administratif de {also}.").court == entry["name"]


@pytest.mark.parametrize(
    ("printed", "place"),
    [
        ("recours contentieux : saisir le TA de Nice", "de Nice"),
        ("recours devant le tribunal administratif, sis 5 rue Racine, CS 40510, 83041 TOULON CEDEX 9", "de Toulon"),
        ("est affiché.\n4°/ Tribunal administratif de Nice", "de Nice"),
        ("est affiché.\nArticle 3 : La juridiction compétente, pour qui l'estime utile, est le tribunal administratif de Nice", "de Nice"),
        ("est affiché.\nArticle 3 – Tribunal compétent : tribunal administratif de Nice, 2 rue Basse", "de Nice"),
        ("est affiché.\nArticle 3 : Le tribunal administratif de Nice peut en connaître", "de Nice"),
        ("l'arrêté suspendu par l'ordonnance n° 26001 du tribunal administratif de Nice, contestée, est rapporté", None),
    ],
)
def test_the_court_that_the_remedies_name(printed: str, place: str | None) -> None:
    assert facts(f"Le présent arrêté {printed}.").court == (None if place is None else tribunal(place))


def test_a_court_in_the_visas_is_not_the_one() -> None:
    visa = "Vu la décision du tribunal administratif de Nice sur un recours ;"
    assert facts("Exécution.", visa=visa).court is None
    assert facts("Recours devant le tribunal administratif de Toulon.", visa=visa).court == tribunal("de Toulon")


def test_a_court_without_a_word_of_remedies_is_not_the_one() -> None:
    assert facts("Le tribunal administratif de Nice est situé dans le périmètre.").court is None


def test_the_page_is_the_evidence() -> None:
    first = PageText(7, remedies("Exécution."))
    last = PageText(9, "Voies et délais de recours\nCette décision peut être contestée devant le tribunal administratif de Tou lon.\n")
    verdict = judge(Act(None, TITLE, None, 7, 9, (first, PageText(8, "Annexe\nListe"), last)))
    assert verdict.facts.court == tribunal("de Toulon")
    assert [quote for quote in verdict.evidence if quote.about == "court"] == [
        Evidence("court", 9, "tribunal administratif de Tou lon", Where.OPERATIVE)
    ]


def test_the_whole_name_is_quoted() -> None:
    verdict = judge(act(remedies("Recours devant le tribunal administratif de Saint-Denis de La Réunion."), TITLE))
    assert [quote.text for quote in verdict.evidence if quote.about == "court"] == ["tribunal administratif de Saint-Denis de La Réunion"]


def test_every_court_of_several_is_evidence() -> None:
    text = remedies("Recours devant le tribunal administratif de Nice ou devant le tribunal administratif de Toulon.")
    quotes = [quote.text for quote in judge(act(text, TITLE)).evidence if quote.about == "court"]
    assert quotes == ["tribunal administratif de Nice", "tribunal administratif de Toulon"]


@pytest.mark.parametrize("damage", sorted(set(STEADY) - {"misread"}))
def test_in_damaged_text(damage: str) -> None:
    text = remedies("Le présent arrêté peut être contesté devant le tribunal administratif de Cergy-Pontoise.")
    assert judge(act(STEADY[damage](text), TITLE)).facts.court == tribunal("de Cergy-Pontoise")
