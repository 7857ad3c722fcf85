"""Why a walk went where it went."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sources.catalogue.authority import Source
from sources.crawl.crawler import Crawler
from sources.crawl.recording import LinkReason, PageReport, RecordingFetcher, explain
from sources.model import Gone
from tests.sources.markup import HOST, ROOT, grey_card, page, pager
from tests.sources.poller import AUGUST, JULY, NOW, TODAY, YEAR, cards, file_urls, files, months, source
from tests.sources.site import MemorySite


async def walk(site: MemorySite, described: Source, today: date = TODAY) -> tuple[PageReport, ...]:
    keeping = RecordingFetcher(site)
    await Crawler(keeping).poll(described, None, today=today, now=NOW.replace(month=today.month, day=today.day))
    return explain(described, today, keeping.answers)


def reasons(page: PageReport) -> Mapping[str, tuple[LinkReason, bool]]:
    return {way.text: (way.reason, way.followed) for way in page.ways}


async def test_the_way_to_the_month_of_today() -> None:
    year = cards(JULY, AUGUST, f"{YEAR}/Septembre-2026", f"{ROOT}/Autre")
    root, months_page, list_page = await walk(MemorySite(months(**{YEAR: year})), source())
    assert reasons(root) == {"Annee-2026": (LinkReason.TODAY, True), "Annee-2025": (LinkReason.EARLIER, False)}
    assert reasons(months_page) == {
        "Juillet-2026": (LinkReason.EARLIER, False),
        "Aout-2026": (LinkReason.TODAY, True),
        "Septembre-2026": (LinkReason.TO_COME, False),
        "Autre": (LinkReason.NO_PERIOD, False),
    }
    assert [entry.url for entry in list_page.entries] == file_urls(2)
    assert (list_page.documents, list_page.details, list_page.ways, list_page.is_paged) == (1, 0, (), False)


async def test_a_month_without_a_year_is_of_the_year_that_leads_to_it() -> None:
    year, august = f"{ROOT}/En-cours", f"{ROOT}/Aout"
    site = MemorySite({ROOT: page(grey_card(year, "Recueils 2026")), year: cards(august, f"{ROOT}/Mai"), august: files(1)})
    pages = await walk(site, source())
    assert [told.asked for told in pages] == [ROOT, year, august]
    assert reasons(pages[1]) == {"Aout": (LinkReason.TODAY, True), "Mai": (LinkReason.EARLIER, False)}


async def test_the_month_that_ended_and_one_that_is_read_for_want_of_another() -> None:
    recent = await walk(MemorySite(months()), source(), date(2026, 8, 3))
    assert reasons(recent[1]) == {"Juillet-2026": (LinkReason.RECENT, True), "Aout-2026": (LinkReason.TODAY, True)}
    empty = await walk(MemorySite(months(**{AUGUST: page()})), source())
    assert reasons(empty[1]) == {"Juillet-2026": (LinkReason.EARLIER, True), "Aout-2026": (LinkReason.TODAY, True)}


async def test_the_patterns_of_the_catalogue() -> None:
    en_cours, trial = f"{ROOT}/Liste", f"{ROOT}/ESSAI-2026"
    site = MemorySite({ROOT: cards(en_cours, trial), en_cours: files(1, 2)})
    ignore = ("ESSAI", "recueil-99-2026-001")
    root, listing = await walk(site, source(follow=("/Liste$",), ignore=ignore))
    assert reasons(root) == {"Liste": (LinkReason.PATTERN, True), "ESSAI-2026": (LinkReason.IGNORED, False)}
    assert [entry.url for entry in listing.entries] == file_urls(2)
    assert [entry.url for entry in listing.ignored] == file_urls(1)


async def test_a_part_of_the_recueil_and_a_new_home() -> None:
    part = f"{ROOT}/Recueils-speciaux"
    root, _ = await walk(MemorySite({ROOT: cards(part), part: files(1)}), source())
    assert reasons(root) == {"Recueils-speciaux": (LinkReason.PART, True)}

    home = f"{HOST}/Publications/Recueil-des-actes-administratifs"
    moved = MemorySite({f"{HOST}/Publications": cards(home, f"{HOST}/Publications/Avis"), home: files(1)})
    gone, above, found = await walk(moved, source())
    assert isinstance(gone.error, Gone)
    assert reasons(above) == {"Recueil-des-actes-administratifs": (LinkReason.HOME, True), "Avis": (LinkReason.NO_PERIOD, False)}
    assert len(found.entries) == 1


async def test_redirects_pages_and_failures_are_told() -> None:
    site = MemorySite(months(**{AUGUST: page(pager(AUGUST, 1, 2)) + files(2)}))
    site.redirects[YEAR] = f"{YEAR}/2026"
    site.pages[f"{YEAR}/2026"] = cards(AUGUST)
    told = await walk(site, source("newest-first"))
    assert [(one.asked == one.url, one.is_redirected) for one in told[:2]] == [(True, False), (False, True)]
    assert told[2].is_paged
    assert [type(one.error) for one in told[3:]] == [Gone]
