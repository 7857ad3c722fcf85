from __future__ import annotations

from datetime import date

import pytest

from bot.domain.acts import Cover
from bot.reading.acts.cover import is_cover, read_cover

NATIONAL = "VAR\nRECUEIL DES ACTES\nADMINISTRATIFS{kind}\nN°{number}\nPUBLI{e} LE {day}"


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("11 JUILLET 2025", date(2025, 7, 11)),
        (" 9 JANVIER 2025", date(2025, 1, 9)),
        ("1ER AVRIL 2025", date(2025, 4, 1)),
        ("1er août 2025", date(2025, 8, 1)),
        ("15 AOUT 2025", date(2025, 8, 15)),
        ("24 FÉVRIER 2025", date(2025, 2, 24)),
        ("3 DÉCEMBRE 2024", date(2024, 12, 3)),
        ("31 FÉVRIER 2025", None),
        ("11 THERMIDOR 2025", None),
    ],
)
def test_national_cover_dates(day: str, expected: date | None) -> None:
    text = NATIONAL.format(kind="", number="83-2025-240", e="É", day=day)
    assert read_cover(text) == Cover("83", "83-2025-240", expected)


@pytest.mark.parametrize("number", ["75-2025-185", "2A-2025-012", "971-2025-33", "R93-2025-120", "IDF-2024-044"])
def test_national_cover_numbers(number: str) -> None:
    cover = read_cover(NATIONAL.format(kind=" SPÉCIAL\n(NOMINATIFS)", number=number, e="\ufffd", day="2 JUIN 2025"))
    assert cover == Cover(number.split("-", maxsplit=1)[0], number, date(2025, 6, 2))


@pytest.mark.parametrize(
    ("printed", "authority", "number"),
    [
        ("N°93-2024-12-20", "93", "93-2024-12-20"),
        ("N°13-2024-166 ter", "13", "13-2024-166 ter"),
        ("N°13-2024-166BIS", "13", "13-2024-166 bis"),
        ("N°D77-2024-421", "77", "D77-2024-421"),
        ("N° 93 – 2024 – 421", "93", "93-2024-421"),
        ("N°2024-421", None, "2024-421"),
        ("n°2024/45", None, "2024/45"),
        ("N°153 DU 20 DÉCEMBRE 2024", None, "153"),
        ("Décembre 2024\nSommaire\nArrêté n°2024-421", None, None),
        ("SPÉCIAL\nArrêté n° 2024-421 portant interdiction", None, None),
    ],
)
def test_covers_that_number_otherwise(printed: str, authority: str | None, number: str | None) -> None:
    cover = read_cover(f"PRÉFET\nRECUEIL DES ACTES\nADMINISTRATIFS\n{printed}\nPUBLIÉ LE 20 DÉCEMBRE 2024")
    assert (cover.authority, cover.number) == (authority, number)


def test_other_covers() -> None:
    assert read_cover("Recueil spécial 211.2025 - édition du 19/08/2025\nIMPRIMERIE PRÉFECTURE") == Cover(
        None, "211.2025", date(2025, 8, 19)
    )
    glued = "RECUEIL DESACTES ADMINISTRATIFS\nRecueil spécial 318-2025édition du 14/12/2025"
    assert read_cover(glued) == Cover(None, "318-2025", date(2025, 12, 14))
    table = "PREFET DES HAUTS-DE-SEINERECUEIL DES ACTES ADMINISTRATIFSN° Spécial Préfecture de Police du 12 août 2025SOMMAIRE"
    assert read_cover(table) == Cover(None, None, date(2025, 8, 12))


def test_a_decree_that_says_where_it_is_published_is_no_cover() -> None:
    decree = (
        "Arrêté n° 2025-12\nVu le code\nArticle 9 : le présent arrêté sera publié au\n"
        "recueil des actes administratifs de la préfecture le 2 juin 2025"
    )
    assert not is_cover(decree)
    assert not is_cover(decree + "\n" * 1500 + "RECUEIL DES ACTES ADMINISTRATIFS")
    assert read_cover(decree) == Cover()


def test_a_decree_whose_visas_name_another_recueil_is_no_cover() -> None:
    """A delegation is cited with the recueil that published it; lines break anywhere."""
    visas = (
        "Arrêté n° 2025-12\nVu le code de la route ;\n"
        "Vu l'arrêté portant délégation, publié au\nRecueil des actes administratifs N° 26-2025-033 du 3 mars 2025 ;"
    )
    assert not is_cover(visas)
    assert read_cover(visas) == Cover()


def test_a_decree_may_begin_below_the_cover() -> None:
    below = (
        NATIONAL.format(kind="", number="26-2025-101", e="É", day="9 MAI 2025")
        + "\nArrêté n° 2025-12 portant interdiction\nVu le code de la route ;"
    )
    assert is_cover(below)
    assert read_cover(below) == Cover("26", "26-2025-101", date(2025, 5, 9))
