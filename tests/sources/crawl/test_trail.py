from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.crawl.trail import (
    PolledPage,
    Trail,
    awaits_new_year,
    choose,
    has_moved,
    homes,
    is_outdated,
    marks_of,
    matches,
    overlap,
    past_pages,
    requests_each_time,
)
from sources.model import ListingEntry, Validators
from sources.pages.links import PageLink, PageLinks
from sources.text import label_of

NOW = datetime(2026, 8, 14, 8, 30, tzinfo=UTC)
TODAY = date(2026, 8, 14)
PAGE = "https://www.test.gouv.fr/Publications/RAA/Aout-2026"


def entry(number: int) -> ListingEntry:
    return ListingEntry(f"https://www.test.gouv.fr/file/{number}.pdf", f"RAA n° {number}")


ROOT = "https://www.test.gouv.fr/Publications/RAA"
ENTRIES = tuple(map(entry, range(50)))
POLLED = PolledPage(PAGE, Validators('"e"', "Fri, 14 Aug 2026 08:00:00 GMT"), marks_of(ENTRIES))
TRAIL = Trail("abc", NOW, TODAY, TODAY, (POLLED,), (PAGE,))


def changed(**fields: object) -> str:
    return json.dumps({**json.loads(TRAIL.to_json()), **fields})


@pytest.mark.parametrize(
    "text",
    [
        None, "", "null", "{}", "[]", "not json", "\0", changed(version=2), changed(version=None), changed(pages=[]), changed(pages=None),
        changed(walked_at="2026-08-14T08:30:00"), changed(walked_on="yesterday"), changed(pages=[{"url": 3}]), TRAIL.to_json()[:-5],
    ],
)  # fmt: skip
def test_what_is_no_trail_of_this_version_means_walking_again(text: str | None) -> None:
    assert Trail.from_json(text) is None


@given(st.text(max_size=50))
def test_any_text_is_a_trail_or_none(text: str) -> None:
    assert Trail.from_json(text) is None


def test_what_each_poll_requests() -> None:
    july, mid_july = (
        replace(POLLED, url=PAGE.replace("Aout", "Juillet")),
        replace(POLLED, url=PAGE.replace("Aout", "Juillet") + "/(offset)/10"),
    )
    branch = replace(POLLED, url=f"{PAGE}/Speciaux")

    def requested(*pages: PolledPage) -> tuple[set[str], int]:
        trail = replace(TRAIL, pages=pages)
        return {page.url for page in pages} - past_pages(trail, TODAY), requests_each_time(trail, TODAY)

    assert requested(POLLED) == ({PAGE}, 1)
    assert requested(POLLED, branch) == ({PAGE, branch.url}, 2)
    assert requested(POLLED, july, replace(mid_july, behind=july.url)) == ({PAGE}, 1)
    assert requested(POLLED, replace(branch, behind=PAGE)) == ({PAGE, branch.url}, 1)
    assert requested(july) == ({july.url}, 1), "a site that lags behind"
    assert requested(POLLED, replace(july, is_unread=True)) == ({PAGE, july.url}, 2)


def outdated(entries: tuple[ListingEntry, ...], polled: PolledPage, *ways: PageLink) -> bool:
    return is_outdated(polled, PageLinks(), entries, ways, TRAIL, grows=False)


def test_both_ends_of_a_list_are_remembered() -> None:
    assert len(marks_of(ENTRIES)) == 20
    assert overlap([entry(0)], marks_of(ENTRIES))
    assert overlap([entry(49)], marks_of(ENTRIES))
    assert not overlap([entry(25)], marks_of(ENTRIES))
    assert TRAIL.marks == set(marks_of(ENTRIES))


def test_an_emptied_page_is_as_known_while_it_stays_empty() -> None:
    emptied = replace(POLLED, is_emptied=True)
    assert not outdated((), emptied)
    assert not outdated(ENTRIES, emptied)
    assert outdated((entry(99),), emptied)
    assert outdated((), emptied, PageLink(f"{PAGE}/nouveau", ""))
    assert replace(TRAIL, pages=(POLLED, replace(emptied, url=f"{PAGE}-2"))).emptied == (f"{PAGE}-2",)


@pytest.mark.parametrize(
    ("marks", "polled_on", "today", "expected"),
    [
        (("a",), date(2026, 12, 31), date(2027, 1, 7), True),
        ((), date(2027, 1, 1), date(2027, 1, 7), True),
        ((), date(2027, 1, 7), date(2027, 1, 8), False),
        (("a",), date(2027, 1, 2), date(2027, 1, 3), False),  # emptied
    ],
)
def test_when_nothing_at_all_may_be_listed(marks: tuple[str, ...], polled_on: date, today: date, expected: bool) -> None:
    page = PolledPage(f"{ROOT}/Recueils-de-l-annee-en-cours", Validators(), marks)
    assert awaits_new_year(replace(TRAIL, pages=(page,), polled_on=polled_on), today) == expected


# Which links to follow today.


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


def test_patterns_are_searched_in_any_case_in_any_text() -> None:
    assert matches(("^speciaux$", "EN-cours"), "Régulier", "annee-En-Cours")
    assert not matches(("^speciaux$",), "speciaux-2026")
    assert not matches((), "anything")


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
