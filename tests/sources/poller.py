"""A site polled again and again, and the small sites it is tried on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from sources.catalogue.authority import Listing, Order, Source
from sources.crawl.crawler import Crawl, Crawler
from sources.crawl.trail import Trail
from tests.sources.markup import HOST, ROOT, download, file_href, grey_card, page, paged, white_card
from tests.sources.site import MemorySite

TODAY = date(2026, 8, 14)
NOW = datetime(2026, 8, 14, 12, tzinfo=UTC)
YEAR = f"{ROOT}/Annee-2026"
AUGUST = f"{YEAR}/Aout-2026"
JULY = f"{YEAR}/Juillet-2026"


def source(
    order: Order = "one-page", listing: Listing = "download-list", follow: tuple[str, ...] = (), ignore: tuple[str, ...] = ()
) -> Source:
    return Source("99", "site", "national", ROOT, order, listing, follow=follow, ignore=ignore)


def cards(*urls: str) -> str:
    return page(*(grey_card(url.removeprefix(HOST), url.rsplit("/", 1)[-1]) for url in urls))


def files(*numbers: int, day: str | None = None) -> str:
    return page(*(download(number, day) for number in numbers))


def file_urls(*numbers: int) -> list[str]:
    return [HOST + file_href(number) for number in numbers]


def urls(crawl: Crawl) -> list[str]:
    return [listed.url for listed in crawl.listed]


def polled(crawl: Crawl) -> list[str]:
    return [page.url for page in crawl.trail.pages]


def months(**pages: str) -> dict[str, str]:
    """A root, a year with the two months, and what they hold."""
    return {ROOT: cards(YEAR, f"{ROOT}/Annee-2025"), YEAR: cards(JULY, AUGUST), JULY: files(1), AUGUST: files(2), **pages}


class Poller:
    """Polls one site again and again, keeping the trail as the bot does: as text. Each poll is a whole one unless it `may_be_short`."""

    def __init__(self, site: MemorySite, described: Source, *, may_be_short: bool = False, reads_former: bool = False) -> None:
        self.site = site
        self.reads_former = reads_former
        self.may_be_short = may_be_short
        self.source = described
        self.trail: str | None = None
        self._crawler = Crawler(site)

    async def __call__(self, today: date = TODAY, now: datetime | None = None) -> Crawl:
        self.site.forget()
        now = now or datetime(today.year, today.month, today.day, 12, tzinfo=UTC)
        trail = Trail.from_json(self.trail)
        if trail is not None and not self.may_be_short:
            trail = replace(trail, whole_at=None)
        crawl = await self._crawler.poll(self.source, trail, today=today, now=now, former=self.reads_former)
        assert crawl.requests == len(self.site.asked)
        assert len({listed.url for listed in crawl.listed}) == len(crawl.listed)
        self.trail = crawl.trail.to_json()
        return crawl


def listing(base: str, numbers: list[int], *, newest_first: bool, day: str | None = None) -> dict[str, str]:
    """The pages of a list of ten items a page."""
    ordered = sorted(numbers, reverse=newest_first)
    return paged(base, [white_card(file_href(number), f"RAA n° {number}", day) for number in ordered])
