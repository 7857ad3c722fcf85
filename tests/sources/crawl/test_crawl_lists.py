"""Lists that fill several pages, in both orders."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest

from sources.catalogue.authority import Order
from tests.sources.markup import ROOT, file_href, grey_card, page, pager, white_card
from tests.sources.poller import AUGUST, NOW, TODAY, YEAR, Poller, cards, file_urls, files, listing, polled, source, urls
from tests.sources.site import MemorySite


async def test_oldest_first_reads_and_polls_the_last_two_pages() -> None:
    site = MemorySite({ROOT: cards(YEAR), **listing(YEAR, list(range(1, 36)), newest_first=False)})
    poll = Poller(site, source("oldest-first"))
    first = await poll()
    # Root, first page of the year (which tells the last), last page, the one before.
    assert first.requests == 4
    assert set(file_urls(*range(21, 36))) <= set(urls(first))
    assert polled(first) == [f"{YEAR}/(offset)/20", f"{YEAR}/(offset)/30"]
    assert (await poll()).requests == 1


async def test_looks_tell_all_that_pages_link_and_where_they_stand_in_their_list() -> None:
    rest = f"{YEAR}/(offset)/10", f"{YEAR}/(offset)/20"
    site = MemorySite({ROOT: cards(YEAR, f"{ROOT}/Ignore"), **listing(YEAR, list(range(1, 26)), newest_first=True)})
    site.now = lambda: NOW
    poll = Poller(site, source("newest-first", ignore=("Ignore",)))
    root, first, second = (await poll()).looks
    assert (root.head.url, root.entries, len(root.links), root.is_first, root.is_last) == (ROOT, (), 2, True, True)
    assert first.entries == tuple(file_urls(*range(25, 15, -1)))
    assert (set(rest) <= set(first.pager), first.is_first, first.is_last) == (True, True, False)
    assert (second.head.url, second.is_first, second.is_last) == (rest[0], False, False)
    [same] = (await poll()).looks
    assert (same.head.status, same.entries, same.version) == (304, None, first.version)


@pytest.mark.parametrize("conditional", [True, False])
async def test_the_page_before_the_last_is_asked_once_the_last_has_changed(conditional: bool) -> None:
    """Whatever enters a list of ten a page pushes an entry on to the last page; where nothing did, one request tells."""
    site = MemorySite({ROOT: cards(YEAR), **listing(YEAR, list(range(2, 72, 2)), newest_first=False)}, conditional=conditional)
    poll = Poller(site, source("oldest-first"))
    await poll()
    assert [(await poll()).requests, site.asked] == [1, [f"{YEAR}/(offset)/30"]]
    site.pages |= listing(YEAR, [*range(2, 72, 2), 45], newest_first=False)
    late = await poll()
    assert file_urls(45)[0] in urls(late)
    assert (late.requests, polled(late)) == (2, [f"{YEAR}/(offset)/20", f"{YEAR}/(offset)/30"])
    assert (await poll()).requests == 1


async def test_what_enters_before_the_last_page_is_found_when_a_page_opens_too() -> None:
    site = MemorySite({ROOT: cards(YEAR), **listing(YEAR, list(range(2, 62, 2)), newest_first=False)})
    poll = Poller(site, source("oldest-first"))
    await poll()
    site.pages |= listing(YEAR, [*range(2, 64, 2), 25], newest_first=False)
    assert {*file_urls(25, 62)} <= set(urls(await poll()))


async def test_oldest_first_sees_a_page_that_opens() -> None:
    site = MemorySite({ROOT: cards(YEAR), **listing(YEAR, list(range(1, 10)), newest_first=False)})
    poll = Poller(site, source("oldest-first"))
    assert polled(await poll()) == [YEAR]
    site.pages |= listing(YEAR, list(range(1, 23)), newest_first=False)
    grown = await poll()
    assert set(urls(grown)) == set(file_urls(*range(1, 23)))
    assert polled(grown) == [f"{YEAR}/(offset)/10", f"{YEAR}/(offset)/20"]
    site.pages |= listing(YEAR, list(range(1, 32)), newest_first=False)
    assert set(file_urls(*range(11, 32))) <= set(urls(await poll()))
    assert polled(await poll()) == [f"{YEAR}/(offset)/20", f"{YEAR}/(offset)/30"]


async def test_oldest_first_goes_back_over_all_that_appeared_during_an_outage() -> None:
    site = MemorySite({ROOT: cards(YEAR), **listing(YEAR, list(range(1, 26)), newest_first=False)})
    poll = Poller(site, source("oldest-first"))
    await poll()
    site.pages |= listing(YEAR, list(range(1, 66)), newest_first=False)
    assert set(file_urls(*range(26, 66))) <= set(urls(await poll(date(2026, 8, 20))))


async def test_newest_first_polls_the_first_page() -> None:
    site = MemorySite({ROOT: cards(YEAR), **listing(YEAR, list(range(1, 36)), newest_first=True, day="01/08/2026")})
    poll = Poller(site, source("newest-first"))
    first = await poll()
    assert (urls(first), first.requests, polled(first)) == (file_urls(*range(35, 15, -1)), len([ROOT, YEAR, "page 2"]), [YEAR])
    site.pages |= listing(YEAR, list(range(1, 40)), newest_first=True, day="01/08/2026")
    second = await poll()
    assert (urls(second), second.requests) == (file_urls(*range(39, 29, -1)), 1)


async def test_what_enters_below_the_first_page_is_found_by_the_walk_of_the_next_day() -> None:
    """A list sorted by the date of the titles: a recueil of some days ago is put on line late."""
    even = list(range(2, 72, 2))
    site = MemorySite({ROOT: cards(YEAR), **listing(YEAR, even, newest_first=True, day="01/08/2026")})
    poll = Poller(site, source("newest-first"))
    await poll()
    site.pages |= listing(YEAR, [*even, 45], newest_first=True, day="01/08/2026")
    [late] = file_urls(45)
    assert late not in urls(await poll())
    assert late in urls(await poll(TODAY + timedelta(days=1)))


async def test_a_first_page_of_recent_entries_only_is_not_all_that_is_recent() -> None:
    recent = {ROOT: cards(YEAR), **listing(YEAR, list(range(1, 36)), newest_first=True, day="12/08/2026")}
    assert len((await Poller(MemorySite(recent), source("newest-first"))()).listed) == 35


async def test_newest_first_reads_on_until_it_meets_what_it_knows() -> None:
    site = MemorySite({ROOT: cards(YEAR), **listing(YEAR, list(range(1, 36)), newest_first=True)})
    poll = Poller(site, source("newest-first"))
    await poll()
    site.pages |= listing(YEAR, list(range(1, 66)), newest_first=True)
    again = await poll()
    assert set(file_urls(*range(36, 66))) <= set(urls(again))
    assert again.requests == len([YEAR, ROOT, *"234"])
    assert (await poll()).requests == 1


async def test_reading_back_is_bounded() -> None:
    site = MemorySite({ROOT: cards(YEAR), **listing(YEAR, [1], newest_first=True)})
    poll = Poller(site, source("newest-first"))
    await poll()
    site.pages |= listing(YEAR, list(range(100, 900)), newest_first=True)
    assert (await poll()).requests == len([YEAR, ROOT, "page 2"]) + 10


async def test_where_the_order_is_not_known_both_ends_are_polled() -> None:
    orders: tuple[Order, ...] = ("unknown", "one-page")
    for order in orders:
        site = MemorySite({ROOT: cards(YEAR), **listing(YEAR, list(range(1, 36)), newest_first=False)})
        poll = Poller(site, source(order))
        assert polled(await poll()) == [YEAR, f"{YEAR}/(offset)/20", f"{YEAR}/(offset)/30"]
        assert (await poll()).requests == 2


@pytest.mark.parametrize(("newest_first", "asked"), [(True, [YEAR]), (False, [f"{YEAR}/(offset)/10", f"{YEAR}/(offset)/20"])])
async def test_where_the_order_is_not_known_the_dates_of_both_ends_tell_it(newest_first: bool, asked: list[str]) -> None:
    days = {number: f"{number:02}/07/2026" for number in range(1, 27)}
    rows = [white_card(file_href(number), f"RAA n° {number}", days[number]) for number in sorted(days, reverse=newest_first)]
    pages = {
        YEAR if offset == 0 else f"{YEAR}/(offset)/{offset}": page(*rows[offset : offset + 10], pager(YEAR, offset // 10 + 1, 3))
        for offset in (0, 10, 20)
    }
    poll = Poller(MemorySite({ROOT: cards(YEAR), **pages}), source("unknown"))
    first = await poll()
    assert (len(first.listed), polled(first)) == (26, asked)
    assert (await poll()).requests == 1


@pytest.mark.parametrize("first", ["Informations", "Annee-2024", "Recueils-speciaux", "Archives-du-recueil"])
async def test_year_cards_on_a_second_page_of_the_root_are_found(first: str) -> None:
    site = MemorySite({ROOT: page(cards(f"{ROOT}/{first}"), pager(ROOT, 1, 2)), f"{ROOT}/{first}": files(7),
                       f"{ROOT}/(offset)/10": page(cards(YEAR), pager(ROOT, 2, 2)), YEAR: files(1)})  # fmt: skip
    crawl = await Poller(site, source())()
    assert (urls(crawl), polled(crawl)) == (file_urls(1), [YEAR])


@pytest.mark.parametrize("query", ["?tri=date", "?page=2", "/?x=1"])
@pytest.mark.parametrize("order", ["newest-first", "oldest-first"])
async def test_a_pager_whose_links_carry_a_query_is_followed(order: Order, query: str) -> None:
    pages = listing(YEAR, list(range(1, 25)), newest_first=order == "newest-first")
    site = MemorySite({ROOT: cards(YEAR), **{_with(query, url): _with(query, html) for url, html in pages.items()}})
    poll = Poller(site, source(order, "card-pdf"))
    first = await poll()
    assert set(file_urls(*range(15, 25))) <= set(urls(first))
    assert (await poll()).requests == 1


def _with(query: str, text: str) -> str:
    return re.sub(r"/\(offset\)/\d+", lambda offset: offset[0] + query, text)


async def test_month_cards_on_a_second_page_are_found() -> None:
    first = page(*(grey_card(f"/Publications/RAA/Annee-2026/{n}.-Juin", "Juin") for n in range(1, 3)), pager(YEAR, 1, 2))
    second = page(grey_card(f"/Publications/RAA/Annee-2026/{AUGUST.rsplit('/', 1)[-1]}", "Août 2026"), pager(YEAR, 2, 2))
    site = MemorySite({ROOT: cards(YEAR), YEAR: first, f"{YEAR}/(offset)/10": second, AUGUST: files(2)})
    poll = Poller(site, source())
    assert ((await poll()).requests, (await poll()).requests) == (4, 1)
