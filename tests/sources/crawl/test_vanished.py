"""A page on which recueils always appeared is gone: another is found in its place, or it is told until one is."""

from __future__ import annotations

from datetime import date

import pytest

from sources.model import CrawlFailed, Gone, Origin
from tests.sources.markup import HOST, ROOT, grey_card, page
from tests.sources.poller import AUGUST, JULY, YEAR, Poller, cards, file_urls, files, polled, source, urls
from tests.sources.site import MemorySite
from tests.sources.steps import BY_MONTH, SAME, At, Case, Changes, To, card, case, play

LAST_YEAR, NEXT_YEAR = f"{ROOT}/Annee-2025", f"{ROOT}/Annee-2027"
SEPTEMBER, OCTOBER = f"{YEAR}/Septembre-2026", f"{YEAR}/Octobre-2026"
UNDER_WAY = f"{ROOT}/Recueils-en-cours"
SPECIAL, REGULAR = f"{YEAR}/Speciaux", f"{YEAR}/Reguliers"
KINDS: Changes = {ROOT: cards(YEAR), YEAR: cards(SPECIAL, REGULAR), SPECIAL: files(1, 2), REGULAR: files(3)}
TWO_YEARS: Changes = {ROOT: cards(YEAR, LAST_YEAR), YEAR: files(2, 1), LAST_YEAR: files(91, 90)}
TOLD = (
    case(
        "the page of the month and its card, until the next month has recueils",
        At("2026-08-14", BY_MONTH, [2], 3),
        At("2026-08-14", {YEAR: cards(JULY), AUGUST: None}, [1], 5, then=3, vanished=(AUGUST,)),
        At("2026-08-15", SAME, [1], 4, then=3, vanished=(AUGUST,)),
        At("2026-09-20", SAME, [1], 4, then=3, vanished=(AUGUST,)),
        At("2026-09-20", {YEAR: cards(JULY, SEPTEMBER), SEPTEMBER: page()}, [1], 6, then=3, vanished=(AUGUST,)),
        At("2026-09-21", {SEPTEMBER: files(3)}, [3], 3),
    ),
    case(
        "the page of the month and its card, until they are back",
        At("2026-08-14", BY_MONTH, [2], 3),
        At("2026-08-14", {YEAR: cards(JULY), AUGUST: None}, [1], 5, then=3, vanished=(AUGUST,)),
        At("2026-08-16", {YEAR: cards(JULY, AUGUST), AUGUST: files(3, 2)}, [3, 2], 3),
    ),
    case(
        "the page of the month, which comes back before its card",
        At("2026-08-14", BY_MONTH, [2], 3),
        At("2026-08-14", {YEAR: cards(JULY), AUGUST: None}, [1], 5, then=3, vanished=(AUGUST,)),
        At("2026-08-14", {AUGUST: files(3, 2)}, [1, 2, 3], 6, then=3),
    ),
    case(
        "the page of the month, until there is another whose recueils nobody knows",
        At("2026-08-14", BY_MONTH, [2], 3),
        At("2026-08-14", {YEAR: cards(JULY, f"{YEAR}/Aout"), f"{YEAR}/Aout": page(), AUGUST: None}, [1], 6, then=3, vanished=(AUGUST,)),
        At("2026-08-14", {f"{YEAR}/Aout": files(3)}, [3], 3),
    ),
    case(
        "the page of the year and its card",
        At("2026-08-14", TWO_YEARS, [2, 1], 2),
        At("2026-08-14", {ROOT: cards(LAST_YEAR), YEAR: None}, [91, 90], 4, then=3, vanished=(YEAR,)),
        At("2026-08-17", SAME, [91, 90], 3, then=3, vanished=(YEAR,)),
    ),
    case(
        "the page of the year, renamed so that nobody knows it",
        At("2026-08-14", TWO_YEARS, [2, 1], 2),
        At("2026-08-14", {ROOT: cards(f"{ROOT}/Consulter", LAST_YEAR), f"{ROOT}/Consulter": files(3, 2, 1), YEAR: None},
           [91, 90], 4, then=3, vanished=(YEAR,)),
        At("2026-08-14", {ROOT: page(card(f"{ROOT}/Consulter", "Recueils en cours"), card(LAST_YEAR, "2025"))},
           [1, 2, 3, 90, 91], 4, then=3),
    ),
    case(
        "one of the categories and its card: the others are taken in all the same",
        At("2026-08-14", KINDS, [1, 2, 3], 4, then=2),
        At("2026-08-14", {YEAR: cards(REGULAR), SPECIAL: None}, [3], 5, then=2, vanished=(SPECIAL,)),
        At("2026-08-14", {REGULAR: files(4, 3)}, [4, 3], 2, then=2, vanished=(SPECIAL,)),
        At("2026-12-31", {ROOT: cards(YEAR, NEXT_YEAR), NEXT_YEAR: page()}, [4, 3], 4, then=2, vanished=(SPECIAL,)),
        At("2027-01-08", {NEXT_YEAR: files(5)}, [5, 4, 3], 4),
    ),
    case(
        "one of the categories, whose card is still there",
        At("2026-08-14", KINDS, [1, 2, 3], 4, then=2),
        At("2026-08-14", {SPECIAL: None}, [3], 5, then=2, vanished=(SPECIAL,)),
    ),
    case(
        "the page of the month, where recueils are also filed on the root",
        At("2026-08-14", {**BY_MONTH, ROOT: page(cards(YEAR), files(8))}, [2, 8], 3, then=2),
        At("2026-08-14", {ROOT: page(cards(YEAR), files(9, 8)), YEAR: cards(JULY), AUGUST: None}, [1, 8, 9], 5, then=4, vanished=(AUGUST,)),
    ),
)  # fmt: skip

FOUND = (
    *(
        case(
            f"the page of the year, which lost its year: {text}",
            At("2026-08-14", TWO_YEARS, [2, 1], 2),
            At("2026-08-14", {ROOT: page(card(f"{ROOT}/{slug}", text), card(LAST_YEAR, "2025")),
                              f"{ROOT}/{slug}": files(3, 2, 1), YEAR: None}, [3, 2, 1], 3, then=2),
            At("2026-08-15", {f"{ROOT}/{slug}": files(4, 3, 2, 1)}, [4, 3, 2, 1], 2, then=2),
        )
        for slug, text in (
            ("Recueils-en-cours", "Recueils en cours"),
            ("En-cours", "Recueil des actes administratifs - en cours"),
            ("Annee-en-cours", "Consulter"),
        )
    ),
    case(
        "the page of the year, which lost its year, and those of its months with it",
        At("2026-08-14", {**BY_MONTH, ROOT: cards(YEAR, LAST_YEAR), LAST_YEAR: files(91)}, [2], 3),
        At("2026-08-14", {ROOT: cards(UNDER_WAY, LAST_YEAR), YEAR: None, AUGUST: None,
                          UNDER_WAY: cards(f"{UNDER_WAY}/Juillet", f"{UNDER_WAY}/Aout"), f"{UNDER_WAY}/Aout": files(3, 2)},
           [3, 2], 4, then=2),
    ),
    case(
        "the page of the month, which lost its month",
        At("2026-08-14", BY_MONTH, [2], 3),
        At("2026-08-14", {YEAR: cards(JULY, f"{YEAR}/Recueils"), AUGUST: None, f"{YEAR}/Recueils": files(3, 2)}, [3, 2], 4, then=2),
    ),
    case(
        "only the card of the month is gone: its page is still asked",
        At("2026-08-14", BY_MONTH, [2], 3),
        At("2026-08-15", {YEAR: cards(JULY)}, [1, 2], 4, then=3),
        At("2026-08-15", {AUGUST: files(3, 2)}, [3, 2], 3, then=3),
    ),
    case(
        "the page of a month that is over, with its card, beside the new month's",
        At("2026-09-02", {**BY_MONTH, YEAR: cards(JULY, AUGUST, SEPTEMBER), SEPTEMBER: files(3)}, [3, 2], 4, then=2),
        At("2026-09-03", {YEAR: cards(JULY, SEPTEMBER), AUGUST: None}, [3], 3, then=2),
    ),
    case(
        "the month turns, and the page of the new one does not exist yet",
        At("2026-08-31", BY_MONTH, [2], 3),
        At("2026-09-01", SAME, [2], 3, then=2),
        At("2026-09-20", SAME, [2], 3, then=2),
        At("2026-10-20", {AUGUST: files(4, 2)}, [4, 2], 3, then=2),
    ),
    case(
        "the page of the new month redirects to the last one until it has a recueil",
        At("2026-08-31", {**BY_MONTH, YEAR: cards(JULY, AUGUST, SEPTEMBER), SEPTEMBER: To(AUGUST)}, [2], 3),
        At("2026-09-01", {AUGUST: files(3, 2)}, [3, 2], 3),
        At("2026-09-20", {AUGUST: files(4, 3, 2)}, [4, 3, 2], 3),
        At("2026-09-20", {SEPTEMBER: files(5)}, [5], 3),
    ),
    case(
        "the year turns, and the page of the new one does not exist yet",
        At("2026-12-31", {ROOT: cards(YEAR, LAST_YEAR), YEAR: files(2, 1), LAST_YEAR: files(91)}, [2, 1], 2),
        At("2027-01-01", SAME, [2, 1], 2, then=2),
        At("2027-01-20", {YEAR: files(3, 2, 1)}, [3, 2, 1], 2, then=2),
    ),
)  # fmt: skip


@pytest.mark.parametrize("case", TOLD, ids=str)
async def test_a_page_that_vanished_is_told_while_it_lasts(case: Case) -> None:
    await play(case)


@pytest.mark.parametrize("case", FOUND, ids=str)
async def test_what_is_no_vanished_page(case: Case) -> None:
    await play(case)


async def test_a_list_of_the_past_that_stands_in_for_the_current_one_holds_no_news_and_what_enters_it_later_is() -> None:
    site = MemorySite({})
    site.pages |= {url: text for url, text in BY_MONTH.items() if isinstance(text, str)}
    poll = Poller(site, source())
    assert [entry.origin for entry in (await poll()).listed] == [Origin.CURRENT]
    site.pages[YEAR] = cards(JULY)
    del site.pages[AUGUST]
    fallen_back = await poll()
    assert [(entry.url, entry.origin) for entry in fallen_back.listed] == [(file_urls(1)[0], Origin.PAST)]
    site.pages[JULY] = files(5, 1)
    assert [entry.origin for entry in (await poll()).listed] == [Origin.CURRENT, Origin.CURRENT]


async def test_a_list_without_a_period_of_which_nothing_is_known_is_no_news_but_for_what_is_recent() -> None:
    """Where the page of the new year is awaited, any list of its root may be followed in its place."""
    special = f"{ROOT}/Recueils-speciaux"
    site = MemorySite({ROOT: page(grey_card(YEAR.removeprefix(HOST), "2026"), grey_card(special.removeprefix(HOST), "Recueils spéciaux")),
                       YEAR: files(1), special: files(8, 7, day="03/02/2026")})  # fmt: skip
    poll = Poller(site, source())
    assert urls(await poll()) == file_urls(1)
    crawl = await poll(date(2027, 1, 20))
    assert [(entry.url, entry.origin) for entry in crawl.listed] == [
        *((url, Origin.FIRST_READ) for url in file_urls(8, 7)),
        (file_urls(1)[0], Origin.CURRENT),
    ]
    assert (crawl.unread, sorted(polled(crawl))) == ((), sorted([ROOT, YEAR, special]))


@pytest.mark.parametrize(("day", "requests"), [("2026-09-01", 2), ("2026-09-20", 2), ("2027-01-03", 3)])
async def test_links_without_a_period_do_not_have_the_way_walked_at_every_poll(day: str, requests: int) -> None:
    """A server that sends every page anew, at the turn of a month and of a year, with more such links than are tried."""
    sections = [grey_card(f"{YEAR}/{letter}".removeprefix(HOST), f"Recueils spéciaux {letter}") for letter in "ABC"]
    site = MemorySite({ROOT: page(cards(YEAR), *sections), YEAR: page(cards(JULY, AUGUST), *sections), JULY: files(1), AUGUST: files(2)},
                      conditional=False)  # fmt: skip
    poll = Poller(site, source())
    await poll(date(2026, 8, 31))
    await poll(date.fromisoformat(day))
    again = await poll(date.fromisoformat(day))
    assert (again.requests, again.unread) == (requests, ()), site.asked


async def test_a_page_that_leads_to_the_past_is_gone_whatever_that_one_lists() -> None:
    """The old recueils of last month are no news."""
    with pytest.raises(CrawlFailed, match=f"{AUGUST}: no longer there, it leads to {JULY}") as failure:
        await play(case("", At("2026-08-14", BY_MONTH, [2], 3), At("2026-08-14", {AUGUST: To(JULY)}, [], 0)))
    assert isinstance(failure.value.cause, Gone)
