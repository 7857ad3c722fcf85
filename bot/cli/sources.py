"""Implements `vigie sources`: catalogue of authorities, and walks to examine or record a source."""

from __future__ import annotations

from collections import Counter
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
from bot.cli.context import DONE, FAILED, PARTLY_DONE, WRONG_USE, AsJson, Context, fail, run_to_end, show, stderr
from bot.cli.opening import Code, chosen, load, opened
from bot.cli.output import count, day_column, minute
from bot.domain.records import LAST_ID, SourceState
from bot.domain.shape import Json, pick, plain
from bot.ingest.decisions import cause_of
from bot.messages.words import clean
from bot.operators.text import alert_words
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
from sources.crawl.trail import Trail
from sources.model import CatalogueError, CrawlFailed, Fetcher, FetchError, ListingEntry

SHOWN = 20
"""Recueils shown of each authority, or entries of a list, unless more are requested."""


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    sources = typer.Typer(help="Show and check the catalogue of authorities and their sources.", no_args_is_help=True)
    app.add_typer(sources, name="sources")

    @sources.command("list", epilog="Example:  vigie sources list --json")
    def list_(ctx: typer.Context, as_json: AsJson = False) -> None:
        """List every authority with its routes, and those that are not covered with the reason."""
        _, authorities = load(ctx.obj)
        show([_authority_json(each) for each in authorities.values()], map(_list_line, authorities.values()), as_json=as_json)

    @sources.command("show", epilog="Example:  vigie sources show 26")
    def show_(ctx: typer.Context, code: Code, as_json: AsJson = False) -> None:
        """Show where one authority publishes, how its pages are read and why, and which pages a poll requests now."""
        settings, authorities = load(ctx.obj)
        [authority] = chosen([code], authorities)
        with opened(settings, read_only=True) as store:
            known = [(source, store.sources.get(source.key)) for source in authority.sources]
            numbers = Counter(recueil.source for recueil in store.recueils.of(authority.code))
        routes = [_source_json(source, state, numbers[source.key]) for source, state in known]
        document = {**_authority_json(authority), "time_zone": authority.time_zone, "sources": routes}
        show(document, _authority_lines(authority, known, numbers), as_json=as_json)

    _register_walks(sources)


# Authorities. Plain text: a table drawn for the width of a terminal would break in a pipe or a narrow window.


def _list_line(authority: Authority) -> str:
    state = f"not covered: {authority.not_covered}" if authority.not_covered else f"[{', '.join(map(_route, authority.sources))}]"
    return f"{authority.code:<7}{authority.name}  {state}"


def _route(source: Source) -> str:
    marks = [word for word, holds in (("unverified", source.unverified), ("browser", source.browser is not None)) if holds]
    return f"{source.route} ({', '.join(marks)})" if marks else source.route


def _authority_lines(authority: Authority, known: list[tuple[Source, SourceState]], recueils: Counter[str]) -> Iterator[str]:
    """Describe an authority and its sources, with their state and number of recueils."""
    yield f"{authority.code}  {authority.name}  ({authority.time_zone})"
    if authority.not_covered:
        yield f"  not covered: {authority.not_covered}"
    for source, state in known:
        yield ""
        yield f"  {source.route}: {source.root}"
        for label, text in (*_described(source), *_remembered(state, recueils[source.key])):
            yield f"    {label:<12}{clean(text)}"


def _described(source: Source) -> Iterator[tuple[str, str]]:
    yield "way", way_of(source)
    for label, patterns in (("follow", source.follow), ("ignore", source.ignore), ("only", source.only)):
        if patterns:
            yield label, "   ".join(patterns)
    if source.browser is not None:
        yield "browser", f"needed: the site serves nothing to a plain client (waits for {source.browser.wait_for})"
    if source.unverified:
        yield "unverified", "its pages were never seen: the general rule must find its way"
    for note in source.notes:
        yield "note", note
    yield "evidence", f"{source.evidence} (checked on {source.checked.isoformat()})"


def _remembered(state: SourceState, recueils: int) -> Iterator[tuple[str, str]]:
    if state.last_ok_at is None and not state.failures:
        yield "polls", "never polled"
        return
    yield "polls", f"last success {minute(state.last_ok_at)}, next {minute(state.next_check_at)}; {count(recueils, 'recueil')} known"
    if state.failures:
        polls = "1 failed poll" if state.failures == 1 else f"{state.failures} failed polls in a row"
        yield "failing", f"{polls}: {state.error or 'no cause recorded'}"
    if state.moved_to:
        yield "moved", f"the root is now {state.moved_to}"
    trail = Trail.from_json(state.trail)
    if trail is not None:
        yield "walked", minute(trail.walked_at)
        for page in trail.pages:
            yield "requests", page.url


def _authority_json(authority: Authority) -> Json:
    """Return an authority for `vigie sources list`. `not_covered` is null if it has routes."""
    return {
        **pick(authority, "code", "name", "department"),
        "covered": authority.not_covered is None,
        "not_covered": authority.not_covered,
        "routes": [source.route for source in authority.sources],
        "sources": [
            {**pick(source, "route", "root", "reader", "unverified"), "browser": source.browser is not None} for source in authority.sources
        ],
    }


def _source_json(source: Source, state: SourceState, recueils: int) -> Json:
    """Return one source: the catalogue's description, and what was remembered of it."""
    trail = Trail.from_json(state.trail)
    return {
        **plain(source),
        "recueils": recueils,
        **pick(state, "last_ok_at", "next_check_at", "failures", "error", "moved_to"),
        "walked_at": trail and plain(trail.walked_at),
        "polled": [page.url for page in trail.pages] if trail else [],
    }


# Walks: `vigie sources check` and `record` walk one source now, on its site or in a recording of it.

Route = Annotated[str, typer.Option("--route", "-r", help="Which of its routes; the first when none is given.")]
From = Annotated[Path | None, typer.Option("--from", help="Walk through this recording, as of its day, instead of the site.")]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, max=LAST_ID, help="Entries of the list to show.")]
Into = Annotated[Path | None, typer.Option("--into", help="Folder for the recording. Default: ./CODE-ROUTE, as in ./26-site.")]
Details = Annotated[int, typer.Option("--details", "-d", min=0, max=20, help="Detail pages to save, the newest, where the site has them.")]

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


def _register_walks(sources: typer.Typer) -> None:
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


# Which source is meant, and where its pages come from.


@dataclass(frozen=True, slots=True)
class ChosenSource:
    """A source and when to walk it; `recording` replaces the site, if any."""

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
    """Find the named source, or end the program. `folder`: a recording replacing the site, perhaps with its authority."""
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
    source = _route_of(authority, route or (_recorded_route(authority, recording) if recording else ""))
    if recording is not None:
        return ChosenSource(source, settings, authorities, recording.recorded_at, recording.today, recording)
    now = utc_now()
    return ChosenSource(source, settings, authorities, now, now.astimezone(ZoneInfo(authority.time_zone)).date())


def _recorded_route(authority: Authority, recording: Recording) -> str:
    code, _, route = recording.source.partition(":")
    if code != authority.code:
        fail(f"this is a recording of {recording.source}, not of {authority.code}", WRONG_USE)
    return route


def _route_of(authority: Authority, route: str) -> Source:
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
        stderr.print(f"asking {clean(url)}", style="dim", markup=False, soft_wrap=True)


# What `vigie sources check` prints of a walk. Pure.


def walk_lines(source: Source, today: date, steps: Sequence[PageReport], outcome: Crawl | CrawlFailed, *, limit: int) -> Iterator[str]:
    """Describe the walk by request, then its result, at most `limit` entries, newest first."""
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
    """Return how the list is reached and what it is, in the catalogue's words."""
    way = " > ".join((*source.navigation, source.listing))
    return f"{source.reader} reader: {way}, {_ORDERS[source.order]}"


def _failure_lines(start: str, error: FetchError) -> Iterator[str]:
    words = alert_words("en").causes[cause_of(error)]
    yield f"{start}: {words.what}"
    yield f"    {clean(str(error))}"
    yield f"    → {words.todo}"


def _page(rank: int, page: PageReport) -> Iterator[str]:
    yield f"{rank}. {clean(page.asked)}"
    if page.error is not None:
        yield f"   failed: {clean(str(page.error))}"
        return
    if page.is_redirected:
        yield f"   redirected to {clean(page.url)}"
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
        yield f"              {clean(entry.url)}"
    if len(shown) < len(crawl.listed):
        yield f"  … and {len(crawl.listed) - len(shown)} more"
    yield ""
    if crawl.moved_to:
        yield f"The root is not where the catalogue says: it is {clean(crawl.moved_to)}"
    yield f"{count(crawl.requests, 'request')} made; a poll requests these pages from now on:"
    for page in crawl.trail.pages:
        only = " (only when the other end of the list has changed)" if page.behind else ""
        yield f"  {clean(page.url)}{only}"


def _title(text: str) -> str:
    return clean(" ".join(text.split()))


def _walk_json(source: Source, today: date, steps: Sequence[PageReport], outcome: Crawl | CrawlFailed) -> Json:
    """Return the walk's result. `ok`: as the exit code; `polled`: pages to be polled."""
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
