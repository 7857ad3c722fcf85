"""What `vigie sources check` says of a walk, as plain lines. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby

from bot.cli.sources_show import way_of
from bot.ingest.health import cause_of
from bot.messages import printable
from bot.operators.vocabulary import alert_words
from sources.catalogue.authority import Source
from sources.crawl.crawler import Crawl
from sources.crawl.explain import PageTold, WayTold
from sources.crawl.playback import newest_first
from sources.model import CrawlFailed, FetchError, ListingEntry

_LEFT_SHOWN = 4
"""Links that were not followed, shown of each kind: a root may have a hundred months."""


def walk_lines(source: Source, today: date, told: Sequence[PageTold], outcome: Crawl | CrawlFailed, *, limit: int) -> Iterator[str]:
    """The walk request by request, then what came of it; of the list at most `limit` entries are shown, the newest first."""
    yield f"{source.authority} {source.route}: {way_of(source)}"
    yield f"as of {today.isoformat()}"
    for rank, page in enumerate(told, 1):
        yield ""
        yield from _page(rank, page)
    yield ""
    if isinstance(outcome, CrawlFailed):
        yield from _trouble(f"FAILED after {_count(outcome.requests, 'request')}", outcome.cause)
        return
    for error in outcome.unread:
        yield from _trouble("A page of the way could not be read", error)
        yield ""
    yield from _listed(source, outcome, limit)


def _trouble(start: str, error: FetchError) -> Iterator[str]:
    words = alert_words("en").causes[cause_of(error)]
    yield f"{start}: {words.what}"
    yield f"    {printable(str(error))}"
    yield f"    → {words.todo}"


def _page(rank: int, page: PageTold) -> Iterator[str]:
    yield f"{rank}. {printable(page.asked)}"
    if page.error is not None:
        yield f"   failed: {printable(str(page.error))}"
        return
    if page.is_redirected:
        yield f"   redirected to {printable(page.url)}"
    if page.is_stranger:
        yield "   another page than the one asked for: the site wants its session cookie"
    found = f"{_count(page.documents, 'file')}, {_count(page.details, 'detail page')}, {_count(len(page.ways), 'way')}"
    yield f"   {found} → {_count(len(page.entries), 'entry', 'entries')}{', on one page of several' if page.is_paged else ''}"
    for entry in page.ignored:
        yield f"   left aside: {_title(entry.title)} (ignore pattern of the catalogue)"
    for way in page.ways:
        if way.followed:
            yield f"   follows {_title(way.text)} ({way.reason.value})"
    left = sorted((way for way in page.ways if not way.followed), key=lambda way: way.reason)
    for reason, ways in groupby(left, key=lambda way: way.reason):
        yield f"   does not follow {_named(list(ways))} ({reason.value})"


def _named(ways: list[WayTold]) -> str:
    names = ", ".join(_title(way.text) for way in ways[:_LEFT_SHOWN])
    more = len(ways) - _LEFT_SHOWN
    return f"{names} and {more} more" if more > 0 else names


def _listed(source: Source, crawl: Crawl, limit: int) -> Iterator[str]:
    yield f"{_count(len(crawl.listed), 'recueil')} listed, the newest first:"
    shown = newest_first(crawl.listed, source.order)[:limit]
    for entry in shown:
        yield f"  {_day(entry)}  {_title(entry.title)}"
        yield f"              {printable(entry.url)}"
    if len(shown) < len(crawl.listed):
        yield f"  … and {len(crawl.listed) - len(shown)} more"
    yield ""
    if crawl.moved_to:
        yield f"The root is not where the catalogue says: it is {printable(crawl.moved_to)}"
    yield f"{_count(crawl.requests, 'request')} made; a poll asks these pages from now on:"
    for page in crawl.trail.pages:
        only = " (only when the other end of the list has changed)" if page.behind else ""
        yield f"  {printable(page.url)}{only}"


def _day(entry: ListingEntry) -> str:
    return entry.published.isoformat() if entry.published else "no date   "


def _title(text: str) -> str:
    return printable(" ".join(text.split()))


def _count(number: int, noun: str, plural: str = "") -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {plural or noun + 's'}"
