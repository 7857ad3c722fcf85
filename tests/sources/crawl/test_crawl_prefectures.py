"""Two prefectures as described, and the files of detail pages."""

from __future__ import annotations

from datetime import date

import pytest

from sources.crawl.crawler import Crawler
from sources.model import CrawlFailed, Gone, LayoutChanged, ListingEntry
from tests.sources.markup import (
    HOST,
    ROOT,
    broken_download,
    documents_group,
    download,
    file_href,
    grey_card,
    page,
    sidemenu,
    white_card,
)
from tests.sources.poller import Poller, cards, file_urls, files, listing, polled, source, urls
from tests.sources.site import MemorySite


async def test_the_var_also_files_recueils_on_the_page_of_the_year() -> None:
    year = f"{ROOT}/Recueil-des-actes-administratifs-2026"
    august, july = f"{year}/Aout-2026", f"{year}/Juillet-2026"

    def year_page(*numbers: int) -> str:
        menu = sidemenu((july.removeprefix(HOST), "Juillet 2026"), (august.removeprefix(HOST), "Août 2026"))
        misplaced = [white_card(file_href(number), f"RAA n° {number}", "13/08/2026") for number in numbers]
        return page(*misplaced, grey_card(july.removeprefix(HOST), "Juillet"), grey_card(august.removeprefix(HOST), "Août"), aside=menu)

    site = MemorySite({ROOT: cards(year), year: year_page(100), july: files(1), **listing(august, list(range(1, 26)), newest_first=False)})
    poll = Poller(site, source("oldest-first", "card-pdf"))
    first = await poll()
    # Root, year, first page of August, last, the one before.
    assert first.requests == 5
    assert file_urls(100)[0] in urls(first)
    assert polled(first) == [year, f"{august}/(offset)/10", f"{august}/(offset)/20"]
    site.pages[year] = year_page(101, 100)
    second = await poll()
    assert (urls(second), second.requests, second.unchanged) == (file_urls(101, 100), 2, False)


async def test_the_haute_corse_links_each_recueil_twice() -> None:
    year, past = f"{ROOT}/Recueil-des-actes-administratifs-2026", f"{ROOT}/Recueils-des-actes-administratifs-2016-a-2022"
    august, july = f"{year}/RAA-du-mois-d-aout-2026", f"{year}/RAA-du-mois-de-juillet-2026"
    name = "RAA n° 9 du 14 août 2026"
    links = [download(8, "13/08/2026", title="RAA n° 8"), download(9, "14/08/2026", title=name, name=name)]
    group = documents_group(broken_download(8, "13/08/2026"), broken_download(9, "14/08/2026", name=name))
    site = MemorySite({ROOT: cards(past, year), year: cards(july, august), august: page(*links, group)})
    poll = Poller(site, source("one-page", "downloads-group"))
    first = await poll()
    encoded = HOST + file_href(9, "RAA%20n%C2%B0%209%20du%2014%20ao%C3%BBt%202026")
    assert first.listed == (
        ListingEntry(file_urls(8)[0], "RAA n° 8", date(2026, 8, 13)),
        ListingEntry(encoded, name, date(2026, 8, 14)),
    )
    assert (first.requests, (await poll()).requests) == (3, 1)


# Detail pages

DETAIL = ListingEntry(f"{ROOT}/RAA-n-12", "RAA n° 12", date(2026, 8, 14), is_detail=True)


async def test_the_files_of_a_detail_page() -> None:
    body = page(download(1, "13/08/2026", title="RAA n° 12, sommaire"), download(2), title="RAA n° 12")
    resolved = await Crawler(MemorySite({DETAIL.url: body})).documents(source(listing="card-detail"), DETAIL)
    assert resolved.requests == 1
    assert resolved.documents == (
        ListingEntry(file_urls(1)[0], "RAA n° 12, sommaire", date(2026, 8, 13)),
        ListingEntry(file_urls(2)[0], "RAA n°2", date(2026, 8, 14)),
    )


async def test_a_file_is_its_own_document() -> None:
    direct = ListingEntry(file_urls(1)[0], "RAA n° 1")
    resolved = await Crawler(MemorySite({})).documents(source(), direct)
    assert (resolved.documents, resolved.requests) == ((direct,), 0)


async def test_a_detail_page_without_file_is_an_error() -> None:
    with pytest.raises(CrawlFailed, match="no document on the page of 'RAA n° 12'") as failure:
        await Crawler(MemorySite({DETAIL.url: page()})).documents(source(), DETAIL)
    assert isinstance(failure.value.cause, LayoutChanged)
    assert failure.value.requests == 1
    with pytest.raises(CrawlFailed) as gone:
        await Crawler(MemorySite({})).documents(source(), DETAIL)
    assert (type(gone.value.cause), gone.value.requests) == (Gone, 1)
