"""A source's past: every way, page and category back to a day, on each layout of the catalogue, and what fails is told."""

from __future__ import annotations

from datetime import date

import pytest

from sources.catalogue.authority import Listing, Order, Source, load_authorities
from sources.crawl.history import FAILURES, ListedHistory, history
from sources.model import FetchRefused, Page, Paused, Unreachable, Validators
from tests.sources.markup import HOST, ROOT, documents_group, download, file_href, grey_card, page, paged, select, white_card
from tests.sources.poller import cards, file_urls, files, listing, source
from tests.sources.recorded import addresses, expected, needs_pages, site
from tests.sources.site import MemorySite

TODAY = date(2026, 8, 14)
SINCE = date(2026, 3, 10)
YEAR, LAST_YEAR = f"{ROOT}/Annee-2026", f"{ROOT}/Annee-2025"


async def walk(pages: dict[str, str], described: Source | None = None, since: date = SINCE) -> tuple[ListedHistory, MemorySite]:
    memory = MemorySite(pages)
    return await history(memory, described or source(), since, today=TODAY), memory


def urls(found: ListedHistory) -> list[str]:
    return [each.listed.url for each in found.found]


def month(name: str, base: str = YEAR) -> str:
    return f"{base}/{name}"


# Every layout of the catalogue


def months() -> dict[str, str]:
    """Years, their months, files in them: 2026 has one a month, and so had 2025."""
    names = ("Janvier", "Fevrier", "Mars", "Avril", "Mai", "Juin", "Juillet", "Aout")
    pages = {ROOT: cards(YEAR, LAST_YEAR), YEAR: cards(*(month(name) for name in names)), LAST_YEAR: cards(month("Decembre", LAST_YEAR))}
    pages |= {month(name): files(number, day=f"15/{number:02}/2026") for number, name in enumerate(names, 1)}
    return pages | {month("Decembre", LAST_YEAR): files(99, day="15/12/2025")}


async def test_nothing_since_is_not_a_layout_that_is_not_understood() -> None:
    pages = {ROOT: cards(YEAR, LAST_YEAR), YEAR: cards(month("Juin")), month("Juin"): files(1, day="01/06/2026")}
    found, _ = await walk(pages, since=date(2026, 8, 10))
    assert (found.found, found.troubles) == ((), ())


async def test_a_layout_that_is_not_understood_is_told() -> None:
    found, _ = await walk({ROOT: page("<p>Bienvenue</p>")})
    assert not found.is_complete
    assert "no page on the way holds a document" in found.troubles[0].error


@pytest.mark.parametrize("order", ["newest-first", "oldest-first", "one-page", "unknown"])
async def test_pages_of_a_list_are_read_back_to_the_day_and_no_further(order: Order) -> None:
    """Sixty recueils, one every fourth day up to today, ten a page."""
    days = {number: date.fromordinal(TODAY.toordinal() - 4 * (60 - number)) for number in range(1, 61)}
    items = [white_card(file_href(number), f"RAA n° {number}", f"{day:%d/%m/%Y}") for number, day in days.items()]
    ordered = items if order == "oldest-first" else items[::-1]
    pages = {ROOT: cards(YEAR), **paged(YEAR, ordered)}
    since = date(2026, 6, 1)
    found, memory = await walk(pages, source(order, "card-pdf"), since)
    assert sorted(urls(found)) == sorted(file_urls(*(number for number, day in days.items() if day >= since)))
    assert len(found.found) == 19
    read = len(memory.asked) - 1
    assert read == {"newest-first": 3, "oldest-first": 4, "one-page": 6, "unknown": 6}[order]


async def test_a_list_without_dates_is_read_to_its_end() -> None:
    found, _ = await walk({ROOT: cards(YEAR), **listing(YEAR, list(range(1, 48)), newest_first=True)}, source("newest-first", "card-pdf"))
    assert len(found.found) == 47


async def test_cards_on_further_pages_in_any_order() -> None:
    names = ["Avril-2026", "Mai-2026", "Juin-2026", "Juillet-2026", "Aout-2026", "Mars-2026"]
    first = cards(*(month(name) for name in names[:5])).replace("</main>", f'<a href="{YEAR}/(offset)/10">2</a></main>')
    pages = {ROOT: cards(YEAR), YEAR: first, f"{YEAR}/(offset)/10": cards(month("Mars-2026"))}
    pages |= {month(name): files(number) for number, name in enumerate(names, 1)}
    found, _ = await walk(pages, source("newest-first"))
    assert sorted(urls(found)) == file_urls(1, 2, 3, 4, 5, 6)


async def test_categories_archives_and_what_is_filed_on_the_way() -> None:
    speciaux, archives = f"{YEAR}/Speciaux", f"{ROOT}/Archives"
    pages = {
        ROOT: page(
            download(1, "01/08/2026"), grey_card(YEAR.removeprefix(HOST), "2026"), grey_card(archives.removeprefix(HOST), "Archives")
        ),
        YEAR: cards(speciaux, f"{YEAR}/Delegations"),
        speciaux: files(2, day="02/08/2026"),
        archives: cards(f"{archives}/2026-de-janvier-a-juin", f"{archives}/2019"),
        f"{archives}/2026-de-janvier-a-juin": files(3, day="10/04/2026"),
    }
    found, memory = await walk(pages, source(follow=("speciaux",)))
    assert sorted(urls(found)) == file_urls(1, 2, 3)
    assert len(memory.asked) == 5


async def test_sections_are_followed_where_nothing_else_leads_on() -> None:
    section = f"{ROOT}/Recueils-du-departement"
    pages = {ROOT: cards(section, f"{ROOT}/Delegations"), section: cards(YEAR), YEAR: files(1, day="05/08/2026")}
    found, memory = await walk(pages)
    assert urls(found) == file_urls(1)
    assert memory.asked == [ROOT, section, YEAR]


async def test_only_what_the_catalogue_wants_counts() -> None:
    described = Source("99", "other", "national", ROOT, "one-page", "download-list", only=("n°2",))
    found, _ = await walk({ROOT: files(1, 2, day="05/08/2026")}, described)
    assert urls(found) == file_urls(2)
    nothing, _ = await walk({ROOT: files(1, day="05/08/2026")}, described)
    assert (nothing.found, nothing.troubles) == ((), ())


DETAIL = f"{YEAR}/RAA-special-n-7-du-5-aout-2026"

LISTS: dict[str, tuple[Listing, str, list[str]]] = {
    "download-list": ("download-list", page(download(1, "05/08/2026")), file_urls(1)),
    "downloads-group": ("downloads-group", page(documents_group(download(1, "05/08/2026"))), file_urls(1)),
    "card-pdf": ("card-pdf", page(white_card(file_href(1), "RAA 1", "05/08/2026")), file_urls(1)),
    "card-detail": ("card-detail", page(white_card(DETAIL.removeprefix(HOST), "RAA spécial n° 7", "05/08/2026")), [DETAIL]),
    "select-detail": ("select-detail", page(select((DETAIL.removeprefix(HOST + "/"), "RAA spécial n° 7"))), [DETAIL]),
    "plain-links": ("plain-links", page(f'<p><a class="fr-link" href="{file_href(1)}">RAA du 5 août 2026</a></p>'), file_urls(1)),
}


@pytest.mark.parametrize("kind", LISTS)
@pytest.mark.parametrize("levels", [(), (YEAR,), (f"{ROOT}/Aout-2026",), (YEAR, f"{YEAR}/Aout-2026"), (f"{ROOT}/2026-de-aout-a-decembre",)])
async def test_each_kind_of_list_below_each_way(kind: str, levels: tuple[str, ...]) -> None:
    named, html, addresses_ = LISTS[kind]
    pages = {url: cards(below) for url, below in zip((ROOT, *levels), levels, strict=False)}
    pages[(ROOT, *levels)[-1]] = html
    found, memory = await walk(pages, source(listing=named))
    assert urls(found) == addresses_
    assert found.requests == len(memory.asked) == 1 + len(levels)


@needs_pages
@pytest.mark.parametrize("code", sorted({code for code, _ in addresses()}))
async def test_recorded_pages_give_what_is_as_new_on_them(code: str) -> None:
    """Pages that were not recorded count as gone; there must be no other trouble."""
    since, memory = date(2026, 8, 1), MemorySite(site(code))
    if code == "61":
        specials = next(url for url in memory.pages if url.endswith("/Aout/Speciaux-du-mois-d-aout-2026"))
        memory.redirects[specials.rsplit("/", 1)[0]] = specials
    for described in load_authorities()[code].sources:
        if described.reader != "national":
            continue
        found = await history(memory, described, since, today=date(2026, 8, 21))
        assert [trouble for trouble in found.troubles if not trouble.gone] == []
        shown = {entry["url"] for entry in expected() if entry["code"] == code and (entry.get("date") or "") >= "2026-08-01"}
        assert shown <= set(urls(found))


# What fails


async def test_a_page_that_fails_is_told_and_the_rest_goes_on() -> None:
    memory = MemorySite(months())
    memory.failures[month("Mai")] = FetchRefused(f"{month('Mai')}: 503")
    found = await history(memory, source(), SINCE, today=TODAY)
    assert sorted(urls(found)) == file_urls(3, 4, 6, 7, 8)
    assert [(trouble.url, trouble.error, trouble.gone) for trouble in found.troubles] == [(month("Mai"), f"{month('Mai')}: 503", False)]
    assert not found.is_complete


async def test_a_way_to_nowhere_is_told_and_no_reason_to_walk_again() -> None:
    pages = months()
    del pages[month("Mai")]
    found, _ = await walk(pages)
    assert [(trouble.url, trouble.gone) for trouble in found.troubles] == [(month("Mai"), True)]
    assert found.is_complete


async def test_a_root_that_is_gone_is_a_reason_to_walk_again() -> None:
    found, _ = await walk({})
    assert (found.found, found.is_complete, [trouble.gone for trouble in found.troubles]) == ((), False, [False])


async def test_a_page_missing_in_the_middle_of_a_list_hides_nothing_behind_it() -> None:
    memory = MemorySite({ROOT: cards(YEAR), **listing(YEAR, list(range(1, 61)), newest_first=True, day="05/08/2026")})
    missing = f"{YEAR}/(offset)/20"
    memory.failures[missing] = Unreachable("timed out")
    found = await history(memory, source("newest-first", "card-pdf"), SINCE, today=TODAY)
    assert len(found.found) == 50
    assert [trouble.url for trouble in found.troubles] == [missing]


async def test_a_site_that_is_down_is_not_asked_for_every_page() -> None:
    memory = MemorySite(months())
    for name in ("Aout", "Juillet", "Juin", "Mai", "Avril", "Mars"):
        memory.failures[month(name)] = Unreachable("timed out")
    found = await history(memory, source(), SINCE, today=TODAY)
    assert len(memory.asked) == 2 + FAILURES
    assert found.troubles[-1].error == f"{ROOT}: 3 pages in a row could not be read: the rest was not asked"
    assert not found.is_complete


async def test_a_page_that_redirects_to_where_we_have_been_is_read_once() -> None:
    memory = MemorySite({ROOT: cards(YEAR), YEAR: files(1, day="05/08/2026").replace("</main>", f'<a href="{YEAR}/2026">2026</a></main>')})
    memory.redirects[f"{YEAR}/2026"] = YEAR
    found = await history(memory, source(), SINCE, today=TODAY)
    assert urls(found) == file_urls(1)
    assert found.is_complete


async def test_ways_that_go_in_circles_end(monkeypatch: pytest.MonkeyPatch) -> None:
    class Maze(MemorySite):
        async def page(self, url: str, validators: Validators = Validators()) -> Page:  # noqa: B008 - the protocol's own signature
            self.asked.append(url)
            return Page(url, cards(f"{url}/2026"))

    monkeypatch.setattr("sources.crawl.history.MAX_PAGES", 30)
    maze = Maze({})
    found = await history(maze, source(), SINCE, today=TODAY)
    assert len(maze.asked) == 30
    assert "more than 30 pages" in found.troubles[0].error


async def test_an_address_at_rest_is_told() -> None:
    memory = MemorySite({})
    memory.failures[ROOT] = Paused("resting")
    found = await history(memory, source(), SINCE, today=TODAY)
    assert (found.requests, found.is_complete) == (0, False)
