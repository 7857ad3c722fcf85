"""The crawler on the sources outside the national platform, as the catalogue describes them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import pytest

from sources.catalogue.authority import Source, load_authorities
from sources.crawl.crawler import Crawl
from sources.model import CrawlFailed, LayoutChanged, Page, Validators
from tests.sources import recorded
from tests.sources.platforms import (
    ACTS,
    BULLETINS,
    DECREES,
    ENTRY,
    INDEX,
    POLICE,
    REGIONS,
    STRANGER,
    act,
    acts_page,
    bulletin,
    contents,
    decree,
    moselle_file,
    news,
    next_page,
    police_href,
    police_page,
    police_pager,
    region_file,
    region_href,
    region_page,
)
from tests.sources.poller import Poller, polled, urls
from tests.sources.site import MemorySite

AUGUST = date(2026, 8, 27)


def described(code: str, route: str = "site") -> Source:
    return next(source for source in load_authorities()[code].sources if source.route == route)


# Moselle


class SessionSite(MemorySite):
    """Serves its lists to who came by `raa.html` before, and to all others a page about something else, with status 200."""

    def __init__(self, pages: Mapping[str, str]) -> None:
        super().__init__({ENTRY: "<html><body>RAA</body></html>", **pages})
        self.gives_sessions = True
        self.has_session = False

    async def page(self, url: str, validators: Validators = Validators()) -> Page:  # noqa: B008 - the protocol's own signature
        lists = self.pages
        if not self.has_session:
            self.pages = {address: html if address == ENTRY else STRANGER for address, html in lists.items()}
        try:
            return await super().page(url, validators)
        finally:
            self.pages = lists
            self.has_session |= self.gives_sessions and url.startswith(ENTRY)


def acts(*numbers: int) -> str:
    return acts_page(*(act(number, "27/08/2026") for number in numbers))


def moselle_files(*numbers: int) -> list[str]:
    return [moselle_file(number) for number in numbers]


async def test_moselle_is_one_request_while_the_session_lasts() -> None:
    site = SessionSite({ACTS: acts(7, 6)})
    poll = Poller(site, described("57"))
    first = await poll(AUGUST)
    assert (urls(first), site.asked, polled(first)) == (moselle_files(7, 6), [ENTRY, ACTS], [ACTS])
    assert (await poll(AUGUST)).unchanged
    site.pages[ACTS] = acts(8, 7, 6)
    assert urls(await poll(AUGUST)) == moselle_files(8, 7, 6)
    assert site.asked == [ACTS]


async def test_moselle_after_a_restart_comes_by_the_entry_page_again() -> None:
    site = SessionSite({ACTS: acts(7, 6)})
    poll = Poller(site, described("57"))
    await poll(AUGUST)
    site.has_session = False
    site.pages[ACTS] = acts(8, 7, 6)
    again = await poll(AUGUST)
    assert (urls(again), again.emptied, again.moved_to) == (moselle_files(8, 7, 6), (), None)
    assert site.asked == [ACTS, ENTRY, ACTS]
    assert (await poll(AUGUST)).requests == 1


@pytest.mark.parametrize("worked_before", [True, False])
async def test_moselle_s_list_lost_for_ever_is_a_failure(worked_before: bool) -> None:
    site = SessionSite({ACTS: acts(7, 6)})
    poll = Poller(site, described("57"))
    if worked_before:
        await poll(AUGUST)
    site.has_session = site.gives_sessions = False
    for _ in range(2):
        with pytest.raises(CrawlFailed) as failure:
            await poll(AUGUST)
        assert isinstance(failure.value.cause, LayoutChanged)
        assert len(site.asked) <= 4


async def test_moselle_s_own_link_to_the_list_is_followed() -> None:
    own = f"{ACTS}&menu=3"
    site = SessionSite({ENTRY: f'<a href="{own}">Les actes</a><a href="/contact.html">Contact</a>', own: acts(7)})
    assert (urls(await Poller(site, described("57"))(AUGUST)), site.asked) == (moselle_files(7), [ENTRY, own])


async def test_moselle_s_second_page_is_read_at_each_walk() -> None:
    second = f"{ACTS}&page=2"
    pager = f'<a href="{second.replace("&", "&amp;")}">2</a>'
    site = SessionSite({ACTS: acts_page(act(7, "01/08/2026"), pager=pager), second: acts(6)})
    poll = Poller(site, described("57"))
    assert urls(await poll(AUGUST)) == moselle_files(7, 6)
    assert ((await poll(AUGUST)).requests, (await poll(AUGUST + timedelta(days=1))).requests) == (1, 3)


async def test_moselle_s_bulletins() -> None:
    site = SessionSite({BULLETINS: acts_page(bulletin(175, "27/08/2026"), heading="Recueils")})
    poll = Poller(site, described("57", "bulletins"))
    first = await poll(AUGUST)
    assert [listed.title for listed in first.listed] == ["numéro 175"]
    assert ((await poll(AUGUST)).requests, polled(first)) == (1, [BULLETINS])


@recorded.needs_pages
async def test_the_recorded_list_of_moselle() -> None:
    site = SessionSite(recorded.site("57"))
    poll = Poller(site, described("57"))
    first = await poll(AUGUST)
    assert urls(first) == [entry["url"] for entry in recorded.expected() if entry["code"] == "57"]
    assert (first.requests, (await poll(AUGUST)).requests) == (2, 1)


# Regional prefectures

PARIS, REGION = f"{INDEX}/RAA/Raa-du-departement-de-Paris-2026", f"{INDEX}/RAA/RAA-de-la-region-Ile-de-France-2026"


def years() -> str:
    return region_page(news((PARIS, "Raa du département de Paris - 2026"), (REGION, "RAA de la région Île-de-France - 2026")))


def table(year: str, *names: str) -> str:
    return contents(*((f"{year}/{name}/#titre", name) for name in names))


def region_files(*numbers: int) -> list[str]:
    return [REGIONS + region_href(number) for number in numbers]


def two_authorities() -> MemorySite:
    """What one page leads to: the months of Paris and those of the region. Each month repeats the table of its year."""
    site = MemorySite({described("75").root: years()})
    for year, first in ((PARIS, 1), (REGION, 11)):
        months = table(year, "Juillet", "Aout")
        site.pages[year] = region_page(months)
        site.pages[f"{year}/Juillet/"] = region_page(months, region_file(first))
        site.pages[f"{year}/Aout/"] = region_page(months, region_file(first + 1), '<ul class="pager"><li>page 8/13</li></ul>')
    return site


@pytest.mark.parametrize(("code", "number", "year"), [("75", 2, PARIS), ("R-IDF", 12, REGION)])
async def test_paris_and_its_region_share_a_page_and_nothing_else(code: str, number: int, year: str) -> None:
    site = two_authorities()
    poll = Poller(site, described(code))
    first = await poll(AUGUST)
    assert (urls(first), site.asked) == (region_files(number), [described(code).root, year, f"{year}/Aout/"])
    assert ((await poll(AUGUST)).requests, polled(first)) == (1, [f"{year}/Aout/"])


async def test_a_month_of_paris_that_has_begun_is_asked_before_it_has_a_recueil() -> None:
    site = two_authorities()
    poll = Poller(site, described("75"))
    await poll(date(2026, 8, 31))
    months, september = table(PARIS, "Juillet", "Aout", "Septembre"), f"{PARIS}/Septembre/"
    site.pages |= {PARIS: region_page(months), september: region_page(months)}
    turn = await poll(date(2026, 9, 1))
    assert (urls(turn), turn.emptied) == (region_files(2), ())
    assert september in polled(turn)
    site.pages[september] = region_page(months, region_file(3))
    assert region_files(3)[0] in urls(await poll(date(2026, 9, 1)))


@recorded.needs_pages
async def test_the_recorded_month_of_paris() -> None:
    poll = Poller(MemorySite(recorded.site("75")), described("75"))
    day = date(2026, 8, 21)
    first = await poll(day)
    assert urls(first) == [entry["url"] for entry in recorded.expected() if entry["code"] == "75"]
    assert (first.requests, (await poll(day)).requests) == (3, 1)


def publications(source: Source, *pages: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """The pages of an index of publications."""
    addresses = [source.root, *(f"{source.root}/(offset)/{10 * rank}" for rank in range(1, len(pages)))]
    return {
        address: region_page(news(*entries), next_page(following) if following else "")
        for address, following, entries in zip(addresses, [*addresses[1:], ""], pages, strict=True)
    }


async def test_provence_s_year_is_found_on_a_later_page_of_the_index() -> None:
    source = described("R-PACA")
    programme, year = f"{source.root}/Programme-2026", f"{source.root}/RAA-2026"
    others = [((programme, "Programme 2026"), (f"{source.root}/Etude-{rank}", "Étude")) for rank in range(4)]
    site = MemorySite({**publications(source, *others, ((year, "RAA 2026"),)), year: region_page(region_file(1), region_file(2))})
    site.pages[programme] = region_page(region_file(9))
    poll = Poller(site, source)
    first = await poll(AUGUST)
    assert (urls(first), first.requests) == (region_files(1, 2), 6)
    assert ((await poll(AUGUST)).requests, polled(first)) == (1, [year])


async def test_an_index_without_years_is_given_up() -> None:
    source = described("R-PACA")
    site = MemorySite(publications(source, *[((f"{source.root}/Etude-{rank}", "Étude"),) for rank in "abcdefghijklmn"]))
    with pytest.raises(CrawlFailed, match="no listing found") as failure:
        await Poller(site, source)(AUGUST)
    assert isinstance(failure.value.cause, LayoutChanged)
    assert failure.value.requests == 6


async def test_brittany_is_one_page() -> None:
    source = described("R-BRE")
    body = region_file(1, "Recueil du 12 mars 2025"), region_file(2, "raa_du_1er_mars_25")
    poll = Poller(MemorySite({source.root: region_page(*body)}), source)
    first = await poll(AUGUST)
    assert [listed.published for listed in first.listed] == [date(2025, 3, 12), date(2025, 3, 1)]
    assert (first.requests, (await poll(AUGUST)).requests) == (1, 1)


# Préfecture de police


def decrees(*numbers: int, day: str = "01/08/2026") -> dict[str, str]:
    """The pages of its list, newest first."""
    ordered = sorted(numbers, reverse=True)
    parts = [ordered[start : start + 10] for start in range(0, len(ordered), 10)]
    return {
        f"{DECREES}?page={rank}" if rank else DECREES: police_page(
            *(decree(f"2026_{number}", f"Arrêté n° 2026-{number}", day) for number in part), pager=police_pager(rank, len(parts))
        )
        for rank, part in enumerate(parts)
    }


def police_files(crawl: Crawl) -> list[int]:
    prefix = POLICE + police_href("2026_").removesuffix(".pdf")
    return [int(listed.url.removeprefix(prefix).removesuffix(".pdf")) for listed in crawl.listed]


async def test_the_police_s_list_is_one_request_and_its_second_page_is_read_at_each_walk() -> None:
    even = list(range(100, 170, 2))
    site = MemorySite(decrees(*even))
    poll = Poller(site, described("PP"))
    first = await poll(AUGUST)
    assert (police_files(first), site.asked) == (even[:14:-1], [DECREES, f"{DECREES}?page=1"])
    site.pages |= decrees(*even, 171, 145)
    second = await poll(AUGUST)
    assert (second.requests, 171 in police_files(second), 145 in police_files(second)) == (1, True, False)
    assert 145 in police_files(await poll(AUGUST + timedelta(days=1)))


@pytest.mark.parametrize("worked_before", [True, False])
async def test_the_police_s_page_without_its_list_is_a_failure(worked_before: bool) -> None:
    site = MemorySite(decrees(100))
    poll = Poller(site, described("PP"))
    if worked_before:
        await poll(AUGUST)
    site.pages[DECREES] = police_page(block="block-system-main")
    with pytest.raises(CrawlFailed) as failure:
        await poll(AUGUST)
    assert isinstance(failure.value.cause, LayoutChanged)
