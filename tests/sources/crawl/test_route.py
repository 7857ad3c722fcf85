from __future__ import annotations

from datetime import date

import pytest

from sources.crawl.trail import choose, folder_above, has_moved, homes, is_below, matches, sections
from sources.pages.links import PageLink
from sources.text import label_of


def way(path: str, text: str = "") -> PageLink:
    url = f"https://www.test.gouv.fr/Publications/{path}"
    return PageLink(url, text, label_of(url, text).period)


def names(ways: tuple[PageLink, ...]) -> list[str]:
    return [way.url.rsplit("/", 1)[-1] for way in ways]


MONTHS = tuple(way(f"RAA-2026/{month}") for month in ("Juin", "Juillet", "Aout", "Septembre", "Decembre"))


@pytest.mark.parametrize(
    ("today", "current", "recent", "earlier", "is_awaited"),
    [
        (date(2026, 8, 14), ["Aout"], [], ["Juillet", "Juin"], False),
        (date(2026, 8, 7), ["Aout"], ["Juillet"], ["Juin"], False),
        (date(2026, 8, 8), ["Aout"], [], ["Juillet", "Juin"], False),
        (date(2026, 9, 1), ["Septembre"], ["Aout"], ["Juillet", "Juin"], False),
        (date(2026, 10, 3), [], ["Septembre"], ["Aout", "Juillet", "Juin"], True),
        (date(2027, 1, 3), [], ["Decembre"], ["Septembre", "Aout", "Juillet", "Juin"], True),
        (date(2026, 5, 31), [], [], [], True),
    ],
)
def test_months(today: date, current: list[str], recent: list[str], earlier: list[str], is_awaited: bool) -> None:
    choice = choose(MONTHS, today, year=None)
    assert (names(choice.current), names(choice.recent), names(choice.earlier)) == (current, recent, earlier)
    assert choice.is_awaited == is_awaited


@pytest.mark.parametrize(
    ("since", "recent", "missed", "earlier"),
    [
        (None, ["Septembre"], [], ["Aout", "Juillet", "Juin"]),
        (date(2026, 9, 8), ["Septembre"], [], ["Aout", "Juillet", "Juin"]),
        (date(2026, 9, 7), ["Septembre"], ["Aout"], ["Juillet", "Juin"]),
        (date(2026, 7, 20), ["Septembre"], ["Aout", "Juillet"], ["Juin"]),
    ],
)
def test_months_that_ended_since_the_last_poll(since: date | None, recent: list[str], missed: list[str], earlier: list[str]) -> None:
    choice = choose(MONTHS, date(2026, 10, 3), year=None, since=since)
    assert (names(choice.recent), names(choice.missed), names(choice.earlier)) == (recent, missed, earlier)


@pytest.mark.parametrize(
    ("labels", "today", "is_late"),
    [
        (("Juillet", "Aout", "Septembre"), date(2026, 9, 3), False),
        (("Juillet", "Septembre"), date(2026, 9, 3), True),
        (("Juillet", "Septembre"), date(2026, 9, 8), False),
        (("Septembre",), date(2026, 9, 3), True),
        # The first month of a page of the year has none before it.
        (("Janvier",), date(2026, 1, 3), False),
        ((), date(2026, 9, 3), False),
    ],
)
def test_the_month_that_is_over_may_still_get_its_card(labels: tuple[str, ...], today: date, is_late: bool) -> None:
    assert choose(tuple(way(f"RAA-2026/{label}") for label in labels), today, year=2026).is_late == is_late


def test_years_around_new_year() -> None:
    years = (way("2025"), way("2026"), way("2027"), way("RAA-2015-2024"))
    before, after = choose(years, date(2026, 12, 31), year=None), choose(years, date(2027, 1, 4), year=None)
    assert (names(before.current), names(before.recent), names(before.earlier)) == (["2026"], [], ["2025", "RAA-2015-2024"])
    assert (names(after.current), names(after.recent)) == (["2027"], ["2026"])


def test_slices_of_one_year_are_all_current() -> None:
    slices = (way("2026-2"), way("2026-1"), way("2025-2"))
    assert names(choose(slices, date(2026, 8, 14), year=None).current) == ["2026-2", "2026-1"]


def test_another_slice_of_a_year_may_open_on_any_day() -> None:
    assert choose((way("2026-1"),), date(2026, 8, 14), year=None).is_awaited
    assert not choose((way("2026"), way("RAA-20262")), date(2026, 8, 14), year=None).is_awaited


def test_irregular_periods() -> None:
    halves = (way("2026-de-janvier-a-juillet"), way("2026-de-aout-a-decembre"))
    choice = choose(halves, date(2026, 8, 3), year=None)
    assert (names(choice.current), names(choice.recent)) == (["2026-de-aout-a-decembre"], ["2026-de-janvier-a-juillet"])


def test_a_month_without_year_takes_that_of_the_page() -> None:
    months = (way("RAA/Aout"), way("RAA/Juillet"))
    assert names(choose(months, date(2026, 8, 14), year=2025).earlier) == ["Aout", "Juillet"]
    assert names(choose(months, date(2026, 8, 14), year=None).current) == ["Aout"]


def test_a_stray_month_without_year_among_years_is_not_followed() -> None:
    choice = choose((way("RAA/Avril"), way("RAA/2026")), date(2026, 4, 14), year=None)
    assert names(choice.current) == ["2026"]
    assert choice.recent == choice.earlier == ()


def test_ways_without_period_are_followed_only_where_the_catalogue_says_so() -> None:
    ways = (way("RAA/Recueils-de-l-annee-en-cours"), way("RAA/FAQ"))
    assert names(choose(ways, date(2026, 8, 14), year=None, always=("en-cours",)).current) == ["Recueils-de-l-annee-en-cours"]
    assert choose(ways, date(2026, 8, 14), year=None).current == ()
    assert not choose(ways, date(2026, 8, 14), year=None).is_awaited


def test_patterns_are_searched_in_any_case_in_any_text() -> None:
    assert matches(("^speciaux$", "EN-cours"), "Régulier", "annee-En-Cours")
    assert not matches(("^speciaux$",), "speciaux-2026")
    assert not matches((), "anything")


ROOT = "https://www.test.gouv.fr/Publications/RAA"


def test_sections_are_parts_of_the_recueil_below_the_page() -> None:
    ways = (way("RAA/Speciaux"), way("raa/RAA-du-departement"), way("RAA/Archives"), way("RAA/RAA-regional"), way("RAA/FAQ"),
            way("RAA/Aout-2026"), way("Speciaux"), way("RAA-2/Speciaux"))  # fmt: skip
    assert [each.url for each in sections(ways, ROOT, ROOT)] == [ways[0].url, ways[1].url]


def test_homes_name_the_recueil_anywhere_on_the_site_the_likeliest_first() -> None:
    ways = (
        way("Nouveau-RAA", "RAA, le nouveau recueil"),
        way("RAA-bis", "RAA"),
        way("raa/", "RAA"),
        way("TEST-RAA", "[TEST] RAA"),
        way("RAA-2026", "RAA 2026"),
        way("Avis", "Avis"),
        PageLink("https://www.other.gouv.fr/RAA", "RAA"),
    )
    assert names(homes(ways, ROOT)) == ["RAA-bis", "Nouveau-RAA"]


@pytest.mark.parametrize(
    ("url", "moved"),
    [
        (ROOT, False),
        ("https://test.gouv.fr/publications/raa/", False),
        (f"{ROOT}/2026", False),
        (f"{ROOT}2", True),
        ("https://www.test.gouv.fr/Publications", True),
        ("https://www.other.gouv.fr/Publications/RAA", True),
    ],
)
def test_what_is_a_move(url: str, moved: bool) -> None:
    assert has_moved(ROOT, url) == moved


def test_folders() -> None:
    assert folder_above(ROOT) == folder_above(f"{ROOT}/") == "https://www.test.gouv.fr/Publications"
    assert folder_above("https://www.test.gouv.fr/RAA?page=1") == "https://www.test.gouv.fr/"
    assert folder_above("https://www.test.gouv.fr/") is None
    assert is_below(ROOT, "https://www.test.gouv.fr/")
    assert not is_below(ROOT, ROOT)
