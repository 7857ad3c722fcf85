"""Why a walk went where it went: the pages it was given, read again with the crawler's own rules. Pure.

For whoever mends a source. The crawler itself reports nothing on its way; what it requested is seen from outside, by its fetcher.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sources.catalogue.authority import Source
from sources.crawl.lists import VisitedPage
from sources.crawl.trail import choose, homes, is_below, matches, sections
from sources.model import FetchError, ListingEntry, Page
from sources.pages import READERS
from sources.pages.links import PageLink, PageLinks


class LinkReason(StrEnum):
    """Says what a way is, on the day of the walk."""

    TODAY = "covers today"
    PATTERN = "follow pattern of the catalogue"
    RECENT = "ended within the last week"
    PART = "names a part of the recueil"
    HOME = "names the recueil, which may have moved there"
    EARLIER = "earlier"
    TO_COME = "to come"
    NO_PERIOD = "no period in its label"
    IGNORED = "ignore pattern of the catalogue"


@dataclass(frozen=True, slots=True)
class PageAnswer:
    """Holds what one request gave: a page or an error."""

    url: str
    page: Page | None = None
    error: FetchError | None = None


@dataclass(frozen=True, slots=True)
class LinkReport:
    """Describes a link that may lead to a listing; whether the walk requested it."""

    url: str
    text: str
    reason: LinkReason
    followed: bool


@dataclass(frozen=True, slots=True)
class PageReport:
    """Describes one request of a walk. `url` is the address after redirects; `entries` are what the page lists, `ignored` the entries that
    the catalogue says to leave aside. `is_paged`: its list has other pages. `is_stranger`: another page came than the one requested.
    """

    asked: str
    url: str
    error: FetchError | None = None
    documents: int = 0
    details: int = 0
    entries: tuple[ListingEntry, ...] = ()
    ignored: tuple[ListingEntry, ...] = ()
    ways: tuple[LinkReport, ...] = ()
    is_paged: bool = False
    is_stranger: bool = False

    @property
    def is_redirected(self) -> bool:
        """Return whether the site answered at another address than the one requested."""
        return self.url != self.asked


def explain(source: Source, today: date, answers: Sequence[PageAnswer]) -> tuple[PageReport, ...]:
    """Describe a walk, request by request, from the answers it was given in order. `today` is the day it was made for."""
    asked = {answer.url for answer in answers}
    years: dict[str, int | None] = {}
    reports: list[PageReport] = []
    for answer in answers:
        if answer.page is None:
            reports.append(PageReport(answer.url, answer.url, answer.error))
            continue
        links = READERS[source.reader](answer.page.html, answer.page.url)
        found = links.entries(wants_details=source.wants_details)
        ignored = tuple(entry for entry in found if matches(source.ignore, entry.url, entry.title))
        entries = tuple(entry for entry in found if entry not in ignored)
        page = VisitedPage(answer.url, answer.page.url, answer.page.validators, entries, links)
        year = page.year or years.get(answer.url)
        ways = tuple(_ways(source, page, links, year, today, asked))
        for way in links.ways:
            years.setdefault(way.url, way.period.first_year or year if way.period else year)
        for _, url in links.pager.pages:
            years.setdefault(url, year)
        reports.append(
            PageReport(
                answer.url,
                answer.page.url,
                documents=len(links.documents),
                details=len(links.details),
                entries=() if links.is_stranger else entries,
                ignored=ignored,
                ways=ways,
                is_paged=len(links.pager.pages) > 1 or links.pager.current > 0,
                is_stranger=links.is_stranger,
            )
        )
    return tuple(reports)


def _ways(source: Source, page: VisitedPage, links: PageLinks, year: int | None, today: date, asked: set[str]) -> Iterator[LinkReport]:
    open_ways = tuple(way for way in links.ways if not matches(source.ignore, way.url, way.text))
    choice = choose(open_ways, today, year=year, always=source.follow)
    parts, moved = set(sections(open_ways, page.url, source.root)), set(homes(open_ways, source.root))
    for way in links.ways:
        if way not in open_ways:
            reason = LinkReason.IGNORED
        elif way in choice.current:
            reason = LinkReason.TODAY if way.period else LinkReason.PATTERN
        elif way in choice.recent:
            reason = LinkReason.RECENT
        elif way in choice.earlier:
            reason = LinkReason.EARLIER
        else:
            reason = _undated(way, parts, moved, is_above=is_below(source.root, page.url), followed=way.url in asked)
        yield LinkReport(way.url, way.text, reason, followed=way.url in asked)


def _undated(way: PageLink, parts: set[PageLink], moved: set[PageLink], *, is_above: bool, followed: bool) -> LinkReason:
    """Return the reason of a way that the day does not choose. `is_above`: its page is the folder in which the root stands."""
    if way.period is not None:
        return LinkReason.TO_COME
    if not followed or way not in parts | moved:
        return LinkReason.NO_PERIOD
    return LinkReason.PART if way in parts and not is_above else LinkReason.HOME
