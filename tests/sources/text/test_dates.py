from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.text import find_date, fold

MONTHS = ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre")
DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("RAA du 1er août 2025", date(2025, 8, 1)),
        ("14/08/2026", date(2026, 8, 14)),
        ("2026-08-21-N207", date(2026, 8, 21)),
        ("lundi 13 août 2026", date(2026, 8, 13)),
        ("RAA_92_20260820_560", date(2026, 8, 20)),
        ("special du 20.08.2026", date(2026, 8, 20)),
        ("RAA n° 87bis du 14-08-2026", date(2026, 8, 14)),
        ("RAA n°D77-12-08-2026-nominatifs", date(2026, 8, 12)),
        ("recueil-99-2026-169-publie-le-21-08-2026", date(2026, 8, 21)),
        ("RAA N°130 du 18, 19 et 20 août 2026", date(2026, 8, 20)),
        ("RAA 39-2026-08-012 du 18-08-2026", date(2026, 8, 18)),
        ("RAAE-n-158-du-22-aout-2026", date(2026, 8, 22)),
        ("Special_n11_du_17_aout_2026", date(2026, 8, 17)),
        ("RAA 8-2026-129 du 12 AOUT 2026", date(2026, 8, 12)),
        ("du 3 aou\u0302t 2026, publié le 5 août 2026", date(2026, 8, 3)),
        ("1\u00a0er fe\u0301vrier 2026", date(2026, 2, 1)),
        ("ler août 2026", date(2026, 8, 1)),
        ("l3 août 2O26", date(2026, 8, 13)),
        ("I4 août 2026", date(2026, 8, 14)),
        ("13 ao\ufffdt 2026", date(2026, 8, 13)),
        ("3 d\ufffdcembre 2024", date(2024, 12, 3)),
        ("29 février 2024", date(2024, 2, 29)),
    ],
)
def test_dates_as_sites_write_them(text: str, expected: date) -> None:
    assert find_date(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "", "RAA_Août_02-2026-011", "RS 04-2026-228", "recueil-26-2026-264-recueil-des-actes-administratifs", "32.2026.135", "Aout-2026",
        "RAA SPECIAL N° 15_AOÛT 2026", "RAA-SPECIAL-N-15-AOUT-2026", "31 juin 2026", "29 février 2026", "32/08/2026", "14/13/2026",
        "12 août 26", "14/08/26", "12 août 1999", "12-05-2026-123", "39-2026-08-12", "20269999", "120260820", "13 aoûts 2026x 202",
        "numéro 12 mars 2026", "RAA du 3 mai",
    ],
)  # fmt: skip
def test_numbers_that_are_no_dates(text: str) -> None:
    assert find_date(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("n° 12 du 3 mai", date(2024, 5, 3)),
        ("RAA du lundi 1er avril", date(2024, 4, 1)),
        ("RAA du 3 mai 2023", date(2023, 5, 3)),
        ("08 - Août", None),
        ("Aout", None),
        ("RAA n° 12", None),
        ("du 30 février", None),
    ],
)
def test_the_page_may_supply_the_year(text: str, expected: date | None) -> None:
    assert find_date(text, year=2024) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1er_mars_25", date(2025, 3, 1)),
        ("raa du 12 août 26", date(2026, 8, 12)),
        ("raa-du-12-mars-25-special", date(2025, 3, 12)),
        ("12 août 26, mis en ligne le 13 août 2026", date(2026, 8, 13)),
        ("31 juin 25 et 1 juillet 25", date(2025, 7, 1)),
        ("RAA n° 12 mars 25", None),
        ("12 mars 05", None),
        ("12 mars 251", None),
        ("14/08/26", None),
    ],
)
def test_a_written_month_may_have_a_short_year_where_the_caller_expects_it(text: str, expected: date | None) -> None:
    assert find_date(text, short_years=True) == expected


@given(DAYS, st.sampled_from([" ", "-", "_", ".", "\u00a0"]), st.booleans(), st.booleans())
def test_a_written_date_is_read_back(day: date, mark: str, upper: bool, accents: bool) -> None:
    written = f"{day.day}{mark}{MONTHS[day.month - 1]}{mark}{day.year}"
    written = written.upper() if upper else written
    assert find_date(f"Recueil spécial du {written if accents else fold(written)}") == day


@given(DAYS, st.sampled_from(["{0:%d/%m/%Y}", "{0:%d-%m-%Y}", "{0:%d.%m.%Y}", "{0:%Y-%m-%d}", "{0:%Y%m%d}"]))
def test_a_numeric_date_is_read_back(day: date, form: str) -> None:
    assert find_date(f"recueil du {form.format(day)} (special)") == day


@given(st.text(max_size=200), st.one_of(st.none(), st.integers(2000, 2099)))
def test_any_text_gives_a_date_of_this_century_or_none(text: str, year: int | None) -> None:
    found = find_date(text, year=year)
    assert found is None or 2000 <= found.year <= 2099


@given(st.text(max_size=100))
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)
