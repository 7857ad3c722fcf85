from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.text import Period, label_of, read_label

YEAR = Period(2026, 2026)
AUGUST = Period(2026, 2026, 8, 8)
ANY_AUGUST = Period(None, None, 8, 8)


@pytest.mark.parametrize(
    "label",
    [
        "2026", "Annee-2026", "annee-2026", "RAA-2026", "RAA-annee-2026", "RAA-de-2026", "RAA-Sarthe-2026", "Recueils-de-2026",
        "Recueils-des-actes-administratifs-edites-en-2026", "RAA-pour-le-Doubs-2026", "2026-numeros-speciaux", "2026-2", "2026 - 1",
        "2026-Recueils-des-actes-administratifs", "RAA-2026-consulter-le-recueil-des-services-de-l-Etat", "Recueil-des-actes-20262",
    ],
)  # fmt: skip
def test_years(label: str) -> None:
    assert read_label(label).period == YEAR


@pytest.mark.parametrize("label", ["Aout-2026", "AOUT-2026", "08.-Aout-2026", "RAA-Aout-2026", "RAA-d-Aout-2026", "RAA-du-mois-d-aout-2026",
                                   "Aout-2026-RAA", "août 2026", "Recueils-mois-Aout-2026", "RAA - Août 2026", "aout2026"])  # fmt: skip
def test_months_with_their_year(label: str) -> None:
    assert read_label(label).period == AUGUST


@pytest.mark.parametrize(
    "label", ["Aout", "AOUT", "08-AOUT", "9.-Aout", "08-aout-RAA", "Aout2", "Recueils-d-aout", "Spéciaux du mois d'août"]
)
def test_months_of_the_page_s_year(label: str) -> None:
    assert read_label(label).period == ANY_AUGUST


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("2026-de-aout-a-decembre", Period(2026, 2026, 8, 12)),
        ("JUILLET-DECEMBRE-2026", Period(2026, 2026, 7, 12)),
        ("3eme-trimestre", Period(None, None, 7, 9)),
        ("1er semestre 2026", Period(2026, 2026, 1, 6)),
        ("2nd-semestre-2026", Period(2026, 2026, 7, 12)),
        ("Recueil-des-actes-administratifs-RAA-2015-2021", Period(2015, 2021)),
        ("RAA-2016-a-2022", Period(2016, 2022)),
        ("decembre-2025-janvier-2026", Period(2025, 2026, 12, 1)),
        ("Recueils-des-Actes-Administratifs-a-partir-du-28-avril-2015", Period(2015, 2099)),
        ("RAA depuis 2020", Period(2020, 2099)),
    ],
)
def test_longer_periods(label: str, expected: Period) -> None:
    assert read_label(label).period == expected


@pytest.mark.parametrize(
    "label",
    [
        "RAA_Aout_02-2026-011", "recueil-16-2026-231-recueil-des-actes-administratifs", "RAAE-n-158-du-22-aout-2026", "RAA-du-22-aout-2026",
        "22-aout-2026", "RAA-n-D77-13-08-2026", "RAA-SPECIAL-N-71-2026-245", "Recueil spécial n°38-2026-329", "n° 12 du 3 mai 2024",
        "Stationnement interdit à partir du 3 août 2026", "RAA-12", "RAA12", "RAA-2", "Recueil des actes administratifs n° 2",
        "Recueil-des-actes-administratifs-12", "Recueil-des-actes-administratifs-special-2",
    ],
)  # fmt: skip
def test_bulletins_are_no_periods(label: str) -> None:
    assert read_label(label).is_bulletin
    assert read_label(label).period is None


@pytest.mark.parametrize(
    "label",
    [
        "RAA2",
        "Recueil-des-Actes-Administratifs-RAA2",
        "Recueil-des-actes-administratifs2",
        "Recueil-des-actes-administratifs-2",
        "Recueil des Actes Administratifs 3",
        "Recueil-des-Actes-Administratifs-RAA-2",
        "Archives",
        "FAQ",
        "Les-recueils-de-l-annee-en-cours",
        "Speciaux",
        "",
        "Maison-de-mairie",
    ],
)
def test_names_that_say_nothing_of_time(label: str) -> None:
    assert read_label(label).period is None
    assert not read_label(label).is_bulletin


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("/RAA/Annee-2022", "Année 2021", Period(2022, 2022)),
        ("/RAA-2026/Aout", "Août", AUGUST),
        ("/RAA/2026/3eme-trimestre/Aout", "Août", AUGUST),
        ("/RAA-depuis-2015/2026/Aout", "Août", AUGUST),
        ("/RAA-depuis-2015/Aout", "Août", ANY_AUGUST),
        ("/RAA/Aout", "Août 2026", AUGUST),
        ("/RAA/en-cours", "Année 2026", YEAR),
        ("/RAA/2026-2", "De août à décembre 2026", Period(2026, 2026, 8, 12)),
        ("/RAA/Avril", "Avril", Period(None, None, 4, 4)),
        ("/RAA/Ao%C3%BBt-2026", "…", AUGUST),
        ("", "Année 2026", YEAR),
    ],
)
def test_the_address_comes_before_the_text(path: str, text: str, expected: Period) -> None:
    assert label_of(f"https://www.test.gouv.fr{path}", text).period == expected


def test_bounds() -> None:
    assert AUGUST.bounds() == (date(2026, 8, 1), date(2026, 8, 31))
    assert Period(None, None, 2, 2).bounds(2024) == (date(2024, 2, 1), date(2024, 2, 29))
    assert Period(None, None, 2, 2).bounds() is None
    assert Period(2015, 2099).is_open
    assert not Period(2015, 2021).is_open
    assert Period(2015, 2021).bounds(2026) == (date(2015, 1, 1), date(2021, 12, 31))


@given(st.text(max_size=60))
def test_any_label_is_at_most_one_thing_and_runs_forwards(text: str) -> None:
    label = read_label(text)
    assert not (label.is_bulletin and label.period)
    bounds = label.period.bounds(2026) if label.period else None
    assert bounds is None or bounds[0] <= bounds[1]
