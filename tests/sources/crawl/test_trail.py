from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.crawl.trail import (
    PolledPage,
    Trail,
    awaits_new_year,
    has_lost_all,
    is_outdated,
    marks_of,
    missed_since,
    must_walk,
    names_year,
    overlap,
    past_pages,
    requests_each_time,
)
from sources.model import ListingEntry, Validators
from sources.pages.links import PageLink, PageLinks, Pager

NOW = datetime(2026, 8, 14, 8, 30, tzinfo=UTC)
TODAY = date(2026, 8, 14)
PAGE = "https://www.test.gouv.fr/Publications/RAA/Aout-2026"


def entry(number: int) -> ListingEntry:
    return ListingEntry(f"https://www.test.gouv.fr/file/{number}.pdf", f"RAA n° {number}")


UNDER_WAY = "https://www.test.gouv.fr/Publications/RAA/Recueils-de-l-annee-en-cours"
ENTRIES = tuple(map(entry, range(50)))
POLLED = PolledPage(PAGE, Validators('"e"', "Fri, 14 Aug 2026 08:00:00 GMT"), marks_of(ENTRIES))
TRAIL = Trail("abc", NOW, TODAY, TODAY, (POLLED,), (PAGE,))


def test_json_there_and_back() -> None:
    assert Trail.from_json(TRAIL.to_json()) == TRAIL
    assert "\n" not in TRAIL.to_json()


def test_what_an_older_version_wrote_is_still_a_trail() -> None:
    written = json.loads(TRAIL.to_json())
    del written["moved_to"]
    for page in written["pages"]:
        del page["is_emptied"], page["behind"], page["leads_to"]
    assert Trail.from_json(json.dumps(written)) == TRAIL


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


@pytest.mark.parametrize(
    ("today", "now", "expected"),
    [
        (TODAY, NOW, False),
        (TODAY, NOW + timedelta(hours=23), False),
        (TODAY + timedelta(days=1), NOW + timedelta(hours=23, minutes=59), False),
        (TODAY + timedelta(days=1), NOW + timedelta(days=1), True),
        (TODAY, NOW - timedelta(seconds=1), True),
        (date(2026, 9, 1), NOW + timedelta(hours=1), True),
        (date(2027, 8, 14), NOW + timedelta(hours=1), True),
    ],
)
def test_when_to_walk(today: date, now: datetime, expected: bool) -> None:
    assert must_walk(TRAIL, "abc", today, now) == expected


def test_what_each_poll_requests() -> None:
    july, mid_july = (
        replace(POLLED, url=PAGE.replace("Aout", "Juillet")),
        replace(POLLED, url=PAGE.replace("Aout", "Juillet") + "/(offset)/10"),
    )
    branch = replace(POLLED, url=f"{PAGE}/Speciaux")

    def told(*pages: PolledPage) -> tuple[set[str], int]:
        trail = replace(TRAIL, pages=pages)
        return {page.url for page in pages} - past_pages(trail, TODAY), requests_each_time(trail, TODAY)

    assert told(POLLED) == ({PAGE}, 1)
    assert told(POLLED, branch) == ({PAGE, branch.url}, 2)
    assert told(POLLED, july, replace(mid_july, behind=july.url)) == ({PAGE}, 1)
    assert told(POLLED, replace(branch, behind=PAGE)) == ({PAGE, branch.url}, 1)
    assert told(july) == ({july.url}, 1), "a site that lags behind"
    assert told(POLLED, replace(july, is_unread=True)) == ({PAGE, july.url}, 2)


@pytest.mark.parametrize(
    ("today", "since"),
    [
        (TODAY, TODAY),
        (date(2026, 8, 15), date(2026, 8, 15)),
        (date(2026, 8, 16), TODAY),
        (date(2026, 9, 30), TODAY),
        (date(2027, 3, 1), date(2026, 12, 31)),
        (date(2026, 8, 13), date(2026, 8, 13)),  # a clock set back
    ],
)
def test_since_when_nobody_has_polled(today: date, since: date) -> None:
    assert missed_since(TRAIL, today) == since
    assert missed_since(None, today) == today


def test_walk_without_a_trail_or_under_a_new_description() -> None:
    assert must_walk(None, "abc", TODAY, NOW)
    assert must_walk(TRAIL, "abd", TODAY, NOW)


def outdated(
    entries: tuple[ListingEntry, ...] = ENTRIES,
    *,
    ways: tuple[PageLink, ...] = (),
    pager: Pager | None = None,
    polled: PolledPage = POLLED,
    grows: bool = False,
) -> bool:
    return is_outdated(polled, PageLinks(pager=pager or Pager()), entries, ways, TRAIL, grows=grows)


def test_a_page_that_still_holds_what_it_held_is_fine() -> None:
    assert not outdated()
    assert not outdated((entry(99), *ENTRIES[:5]))
    assert not outdated(ways=(PageLink(PAGE, ""),))
    assert not outdated((), polled=PolledPage(PAGE, Validators(), ()))


def test_a_page_that_changed_its_nature_is_outdated() -> None:
    assert outdated(())
    assert outdated((entry(99),))
    assert outdated(polled=PolledPage(PAGE, Validators(), ()))
    assert outdated(ways=(PageLink(f"{PAGE}/nouveau", ""),))


def test_a_page_that_shows_a_way_that_was_not_there_is_outdated() -> None:
    known, fresh = PageLink(PAGE, "Août"), PageLink(f"{PAGE}-2", "Août")
    assert not is_outdated(POLLED, PageLinks(), ENTRIES, (known,), TRAIL, grows=False)
    assert is_outdated(POLLED, PageLinks(), ENTRIES, (known, fresh), TRAIL, grows=False)


def test_a_further_page_counts_only_where_lists_grow_at_the_end() -> None:
    longer = Pager(0, ((0, PAGE), (10, f"{PAGE}/(offset)/10")))
    assert outdated(pager=longer, grows=True)
    assert not outdated(pager=longer, grows=False)


def test_both_ends_of_a_list_are_remembered() -> None:
    assert len(marks_of(ENTRIES)) == 20
    assert overlap([entry(0)], marks_of(ENTRIES))
    assert overlap([entry(49)], marks_of(ENTRIES))
    assert not overlap([entry(25)], marks_of(ENTRIES))
    assert TRAIL.marks == set(marks_of(ENTRIES))


def test_an_emptied_page_is_as_known_while_it_stays_empty() -> None:
    emptied = replace(POLLED, is_emptied=True)
    assert not outdated((), polled=emptied)
    assert not outdated(ENTRIES, polled=emptied)
    assert outdated((entry(99),), polled=emptied)
    assert outdated((), polled=emptied, ways=(PageLink(f"{PAGE}/nouveau", ""),))
    assert replace(TRAIL, pages=(POLLED, replace(emptied, url=f"{PAGE}-2"))).emptied == (f"{PAGE}-2",)


def test_a_page_that_lost_all_it_had() -> None:
    elsewhere = [entry(99)]
    assert has_lost_all(POLLED, TRAIL, elsewhere, TODAY)
    assert not has_lost_all(POLLED, TRAIL, [entry(99), entry(0)], TODAY)
    assert not has_lost_all(replace(POLLED, marks=()), TRAIL, elsewhere, TODAY)
    # The page of August 2026 is that of August 2026 ever after; one without a year begins anew with it.
    new_year = date(2027, 1, 1)
    assert has_lost_all(POLLED, TRAIL, elsewhere, new_year)
    assert not has_lost_all(replace(POLLED, url=UNDER_WAY), TRAIL, elsewhere, new_year)
    assert has_lost_all(replace(POLLED, url=UNDER_WAY), replace(TRAIL, polled_on=new_year), elsewhere, new_year)


@pytest.mark.parametrize(
    ("url", "marks", "polled_on", "today", "expected"),
    [
        (UNDER_WAY, ("a",), date(2026, 12, 31), date(2027, 1, 1), True),
        (UNDER_WAY, ("a",), date(2026, 12, 31), date(2027, 1, 7), True),
        (UNDER_WAY, (), date(2027, 1, 1), date(2027, 1, 7), True),
        (UNDER_WAY, (), date(2027, 1, 7), date(2027, 1, 8), False),
        (UNDER_WAY, ("a",), date(2027, 1, 2), date(2027, 1, 3), False),  # emptied
        (UNDER_WAY, (), date(2026, 8, 14), date(2026, 8, 15), False),
        (PAGE, ("a",), date(2026, 12, 31), date(2027, 1, 1), False),
    ],
)
def test_when_nothing_at_all_may_be_listed(url: str, marks: tuple[str, ...], polled_on: date, today: date, expected: bool) -> None:
    trail = replace(TRAIL, pages=(PolledPage(url, Validators(), marks),), polled_on=polled_on)
    assert awaits_new_year(trail, today) == expected
    assert not awaits_new_year(None, today)


def test_the_year_of_an_address() -> None:
    assert names_year(PAGE)
    assert names_year("https://www.test.gouv.fr/Publications/RAA/Annee-2026/Speciaux")
    assert names_year("https://www.test.gouv.fr/RAA/2015-2021")
    assert not names_year(UNDER_WAY)
    assert not names_year("https://www.test.gouv.fr/RAA-depuis-2015/Aout")
