"""`vigie sources check` and `record`: walk one source now, on its site or in a recording of it, and show every step or save the pages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from bot.app.config.model import Settings
from bot.app.inventory import utc_now
from bot.app.wiring import open_client
from bot.cli.context import DONE, FAILED, PARTLY_DONE, WRONG_USE, AsJson, Context, fail, run_to_end, stderr
from bot.cli.text_output import count, day_column, show
from bot.cli.work import Code, chosen, load
from bot.ingest.decisions import cause_of
from bot.messages import printable
from bot.operators.text import alert_words
from bot.queries.json_shapes import Json, pick
from sources.catalogue.authority import Authority, Source, load_authorities
from sources.crawl.crawler import Crawl, Crawler
from sources.crawl.recording import (
    BadRecording,
    Golden,
    LinkReport,
    PageReport,
    Playback,
    Recording,
    RecordingFetcher,
    SiteRecording,
    explain,
    newest_first,
    read_recording,
    record,
    replay,
    write_recording,
)
from sources.model import CatalogueError, CrawlFailed, Fetcher, FetchError, ListingEntry

Route = Annotated[str, typer.Option("--route", "-r", help="Which of its routes; the first when none is given.")]
From = Annotated[Path | None, typer.Option("--from", help="Walk through this recording, as of its day, instead of the site.")]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, help="Entries of the list to show.")]
Into = Annotated[Path | None, typer.Option("--into", help="Folder for the recording. Default: ./CODE-ROUTE, as in ./26-site.")]
Details = Annotated[int, typer.Option("--details", "-d", min=0, max=20, help="Detail pages to save, the newest, where the site has them.")]

SHOWN = 20
"""Entries shown of a list, unless more are requested."""

_LEFT_SHOWN = 4
"""Links that were not followed, shown of each kind: a root may have a hundred months."""

_ORDERS = {
    "newest-first": "the newest on the first page",
    "oldest-first": "the newest on the last page",
    "one-page": "all on one page",
    "unknown": "order not known",
}

_REVIEW = """\
Now compare golden.json with the pages, which any browser opens:
  - every recueil that the pages show is under "listed", nothing else is, and titles and dates are right;
  - "polled" are the pages on which the next recueil will appear;
  - no title names a private person: such a page is better rewritten before it is shared."""


def register(sources: typer.Typer) -> None:
    """Add the commands to `vigie sources`."""

    @sources.command(epilog="Example:  vigie sources check 26")
    def check(
        ctx: typer.Context, code: Code, route: Route = "", folder: From = None, limit: Limit = SHOWN, as_json: AsJson = False
    ) -> None:
        """Walk one source from its root: which pages are requested, which links are followed and why, what is found. Nothing is recorded.

        Exit code 3 when the walk fails, or could not read a page of its way.
        """
        chosen = choose_source(ctx.obj, code, route, folder)
        steps, outcome = run_to_end(_walk(chosen))
        lines = walk_lines(chosen.source, chosen.today, steps, outcome, limit=limit)
        show(_walk_json(chosen.source, chosen.today, steps, outcome), lines, as_json=as_json)
        if chosen.other_routes and not as_json:
            typer.echo(f"\nOther routes (--route): {', '.join(chosen.other_routes)}")
        raise typer.Exit(DONE if isinstance(outcome, Crawl) and not outcome.unread else PARTLY_DONE)

    @sources.command("record", epilog="Example:  vigie sources record 26 --into tests/sources/recordings/26-site")
    def record_(ctx: typer.Context, code: Code, route: Route = "", into: Into = None, details: Details = 2) -> None:
        """Walk one source from its root and save its pages with what the crawler finds in them (golden.json), for a person to review.

        When the walk fails the pages that came are saved without golden.json, and the exit code is 3.
        """
        chosen = choose_source(ctx.obj, code, route)
        folder = into or Path(f"{chosen.source.authority.lower()}-{chosen.source.route}")
        done, golden = run_to_end(_record(chosen, details))
        if done.recording.pages or done.failure is None:
            try:
                write_recording(folder, done.recording, None if golden is None else golden.to_text())
            except (BadRecording, OSError) as error:
                fail(f"the recording cannot be written: {error}", FAILED)
            typer.echo(f"{count(len(done.recording.pages), 'page')} of {chosen.source.key} in {folder}")
        if golden is None:
            if done.failure is not None:
                for line in _failure_lines("FAILED", done.failure.cause):
                    typer.echo(line, err=True)
            raise typer.Exit(PARTLY_DONE)
        files = f", and the files of {count(len(golden.details), 'detail page')}" if golden.details else ""
        typer.echo(f"golden.json: {count(len(golden.listed), 'recueil')}{files}\n\n{_REVIEW}")
        raise typer.Exit(DONE)


# Which source is meant, and where its pages come from.


@dataclass(frozen=True, slots=True)
class ChosenSource:
    """Describes a source, and the moment to walk it for. `recording` stands in for the site where there is one."""

    source: Source
    settings: Settings
    authorities: Mapping[str, Authority]
    now: datetime
    today: date
    recording: Recording | None = None

    @property
    def other_routes(self) -> tuple[str, ...]:
        """Return the authority's other routes."""
        return tuple(source.route for source in self.authorities[self.source.authority].sources if source.route != self.source.route)

    @asynccontextmanager
    async def pages(self) -> AsyncIterator[Fetcher]:
        """Open whatever gives its pages."""
        if self.recording is not None:
            yield Playback(self.recording)
            return
        async with open_client(self.settings, self.authorities) as client:
            yield client


def choose_source(context: Context, code: str, route: str, folder: Path | None = None) -> ChosenSource:
    """Find the source named on the command line; end the program when there is none. `folder` has a recording to read in place of the site,
    and may describe the authority itself.
    """
    settings, authorities = load(context)
    recording = None
    if folder is not None:
        try:
            recording = read_recording(folder)
            if any(folder.glob("*.toml")):
                authorities = {**authorities, **load_authorities(folder)}
        except (BadRecording, CatalogueError) as error:
            fail(str(error), WRONG_USE)
    [authority] = chosen([code], authorities)
    source = _route(authority, route or (_recorded_route(authority, recording) if recording else ""))
    if recording is not None:
        return ChosenSource(source, settings, authorities, recording.recorded_at, recording.today, recording)
    now = utc_now()
    return ChosenSource(source, settings, authorities, now, now.astimezone(ZoneInfo(authority.time_zone)).date())


def _recorded_route(authority: Authority, recording: Recording) -> str:
    code, _, route = recording.source.partition(":")
    if code != authority.code:
        fail(f"this is a recording of {recording.source}, not of {authority.code}", WRONG_USE)
    return route


def _route(authority: Authority, route: str) -> Source:
    if not authority.sources:
        fail(f"{authority.code} is not covered: {authority.not_covered}", WRONG_USE)
    found = next((source for source in authority.sources if route in {"", source.route}), None)
    if found is None:
        fail(f"{authority.code} has no route {route!r}. Its routes: {', '.join(source.route for source in authority.sources)}", WRONG_USE)
    return found


# The walk.


async def _walk(chosen: ChosenSource) -> tuple[tuple[PageReport, ...], Crawl | CrawlFailed]:
    outcome: Crawl | CrawlFailed
    async with chosen.pages() as fetcher:
        keeping = RecordingFetcher(fetcher, _show_request)
        try:
            outcome = await Crawler(keeping).poll(chosen.source, None, today=chosen.today, now=chosen.now)
        except CrawlFailed as failure:
            outcome = failure
    return explain(chosen.source, chosen.today, keeping.answers), outcome


async def _record(chosen: ChosenSource, details: int) -> tuple[SiteRecording, Golden | None]:
    async with chosen.pages() as fetcher:
        done = await record(chosen.source, fetcher, today=chosen.today, now=chosen.now, details=details, watch=_show_request)
    if done.failure is not None:
        return done, None
    try:
        return done, await replay(done.recording, chosen.source)
    except CrawlFailed as failure:  # the site answered one address in several ways
        return SiteRecording(done.recording, failure), None


def _show_request(url: str) -> None:
    """Print on a terminal what is being requested: the polite client takes its time."""
    if stderr.is_terminal:
        stderr.print(f"asking {printable(url)}", style="dim", markup=False, soft_wrap=True)


# What `vigie sources check` prints of a walk. Pure.


def walk_lines(source: Source, today: date, steps: Sequence[PageReport], outcome: Crawl | CrawlFailed, *, limit: int) -> Iterator[str]:
    """Describe the walk request by request, then what came of it; of the list at most `limit` entries are shown, the newest first."""
    yield f"{source.authority} {source.route}: {way_of(source)}"
    yield f"as of {today.isoformat()}"
    for rank, page in enumerate(steps, 1):
        yield ""
        yield from _page(rank, page)
    yield ""
    if isinstance(outcome, CrawlFailed):
        yield from _failure_lines(f"FAILED after {count(outcome.requests, 'request')}", outcome.cause)
        return
    for error in outcome.unread:
        yield from _failure_lines("A page of the way could not be read", error)
        yield ""
    yield from _listed(source, outcome, limit)


def way_of(source: Source) -> str:
    """Return how the list is reached and what it is, in the words of the catalogue."""
    way = " > ".join((*source.navigation, source.listing))
    return f"{source.reader} reader: {way}, {_ORDERS[source.order]}"


def _failure_lines(start: str, error: FetchError) -> Iterator[str]:
    words = alert_words("en").causes[cause_of(error)]
    yield f"{start}: {words.what}"
    yield f"    {printable(str(error))}"
    yield f"    → {words.todo}"


def _page(rank: int, page: PageReport) -> Iterator[str]:
    yield f"{rank}. {printable(page.asked)}"
    if page.error is not None:
        yield f"   failed: {printable(str(page.error))}"
        return
    if page.is_redirected:
        yield f"   redirected to {printable(page.url)}"
    if page.is_stranger:
        yield "   another page than the one asked for: the site wants its session cookie"
    found = f"{count(page.documents, 'file')}, {count(page.details, 'detail page')}, {count(len(page.ways), 'way')}"
    yield f"   {found} → {count(len(page.entries), 'entry', 'entries')}{', on one page of several' if page.is_paged else ''}"
    for entry in page.ignored:
        yield f"   left aside: {_title(entry.title)} (ignore pattern of the catalogue)"
    for way in page.ways:
        if way.followed:
            yield f"   follows {_title(way.text)} ({way.reason.value})"
    left = sorted((way for way in page.ways if not way.followed), key=lambda way: way.reason)
    for reason, ways in groupby(left, key=lambda way: way.reason):
        yield f"   does not follow {_named(list(ways))} ({reason.value})"


def _named(ways: list[LinkReport]) -> str:
    names = ", ".join(_title(way.text) for way in ways[:_LEFT_SHOWN])
    more = len(ways) - _LEFT_SHOWN
    return f"{names} and {more} more" if more > 0 else names


def _listed(source: Source, crawl: Crawl, limit: int) -> Iterator[str]:
    yield f"{count(len(crawl.listed), 'recueil')} listed, the newest first:"
    shown = newest_first(crawl.listed, source.order)[:limit]
    for entry in shown:
        yield f"  {day_column(entry.published)}  {_title(entry.title)}"
        yield f"              {printable(entry.url)}"
    if len(shown) < len(crawl.listed):
        yield f"  … and {len(crawl.listed) - len(shown)} more"
    yield ""
    if crawl.moved_to:
        yield f"The root is not where the catalogue says: it is {printable(crawl.moved_to)}"
    yield f"{count(crawl.requests, 'request')} made; a poll requests these pages from now on:"
    for page in crawl.trail.pages:
        only = " (only when the other end of the list has changed)" if page.behind else ""
        yield f"  {printable(page.url)}{only}"


def _title(text: str) -> str:
    return printable(" ".join(text.split()))


def _walk_json(source: Source, today: date, steps: Sequence[PageReport], outcome: Crawl | CrawlFailed) -> Json:
    """Return what the walk found. `ok` is what the exit code says; `polled` are the pages that polls request from now on."""
    crawl = outcome if isinstance(outcome, Crawl) else None
    cause = outcome.cause if isinstance(outcome, CrawlFailed) else next(iter(outcome.unread), None)
    return {
        "code": source.authority,
        "route": source.route,
        "today": today.isoformat(),
        "ok": cause is None,
        "error": None if cause is None else str(cause),
        "cause": None if cause is None else cause_of(cause).value,
        "requests": outcome.requests,
        "pages": [_page_json(page) for page in steps],
        "listed": [_entry_json(entry) for entry in crawl.listed] if crawl else [],
        "polled": [page.url for page in crawl.trail.pages] if crawl else [],
        "moved_to": crawl and crawl.moved_to,
    }


def _page_json(page: PageReport) -> Json:
    return {
        **pick(page, "asked", "url"),
        "error": page.error and str(page.error),
        **pick(page, "documents", "details"),
        "entries": len(page.entries),
        "ignored": [_entry_json(entry) for entry in page.ignored],
        "ways": [pick(way, "url", "text", "followed", "reason") for way in page.ways],
        "is_paged": page.is_paged,
    }


def _entry_json(entry: ListingEntry) -> Json:
    return pick(entry, "url", "title", "published", "is_detail")
