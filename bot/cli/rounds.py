"""Implements `vigie poll`, `check`, `backfill`, and what `vigie read` does with sites and records."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from bot.app.config.model import Settings
from bot.app.instance import DELIVER, OnProgress, WorkOrder, became_of, delivering, handed_delivery, serve, work_alone
from bot.app.inventory import places_of, report_destinations, utc_now, watched_codes
from bot.app.wiring import Parts, assemble, open_client
from bot.cli import read
from bot.cli.context import WRONG_USE, AsJson, Context, as_installed, day, fail, run_to_end, show
from bot.cli.opening import WatchedCodes, chosen, load, opened
from bot.cli.output import (
    code_column,
    count,
    decree_line,
    destination_problems,
    doubt_line,
    finish,
    ingest_json,
    result_of,
    round_lines,
    source_columns,
    undelivered,
)  # fmt: skip
from bot.cli.progress import showing_pages, showing_steps
from bot.cli.read import Opened, Task
from bot.cli.work import all_sent, console_for, handing_over, progress
from bot.delivery.deliverer import Delivered
from bot.domain.acts import Place
from bot.domain.health import DestinationHealth
from bot.domain.records import LAST_ID, FailedRecueil
from bot.domain.shape import Json, pick, plain
from bot.domain.tasks import beside, ended, first_of
from bot.ingest.backfill import BackfillProgress, BackfillReport, BackfillRequest
from bot.ingest.ingestor import IngestResult
from bot.ingest.poller import Retried, RetryRequest, SourceReport, retry, retry_request_of
from bot.messages.words import clean
from bot.reading.sandbox.probe import ocr_lacks
from sources.catalogue.authority import Authority, Source, hosts
from sources.http.scratch import ScratchFolder
from sources.model import FetchError
from sources.text import canonical

Day = Annotated[date, typer.Option("--since", parser=day, metavar="DAY", help="First day, as in 2025-01-31.")]
Announce = Annotated[bool, typer.Option("--announce", help="Post the decrees found. Without it nothing is ever posted of them.")]
Limit = Annotated[
    int | None, typer.Option("--limit", "-n", min=1, max=LAST_ID, help="Read at most so many recueils; the next run goes on.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""

    @app.command(epilog="Example:  vigie poll 26 06   (or, from cron, every ten minutes:  vigie poll)")
    def poll(ctx: typer.Context, codes: WatchedCodes = None, as_json: AsJson = False) -> None:
        """Make one real round: poll, record, post, notify the operators, end.

        Where another Vigie works on the same database, that one makes the round, and this command prints what came of it.

        Exit code 3 when some source or destination failed, be it that its list could be read and nothing that is new there be opened.
        """
        _command(ctx.obj, codes, as_json, rehearsal=False)

    @app.command(epilog="Example:  vigie check 26 --json")
    def check(ctx: typer.Context, codes: WatchedCodes = None, as_json: AsJson = False) -> None:
        """Make the same round as a rehearsal: nothing is recorded, nothing is posted. Exit code 3 when some source failed."""
        _command(ctx.obj, codes, as_json, rehearsal=True)

    @app.command(epilog="Example:  vigie backfill --since 2025-01-01 26 06")
    def backfill(
        ctx: typer.Context, since: Day, codes: WatchedCodes = None, announce: Announce = False, limit: Limit = None, as_json: AsJson = False
    ) -> None:
        """List, read and record what was published since a day. Posts nothing without --announce.

        It can be stopped (Ctrl-C) and started again: it goes on where it was. Beside `vigie run` that one does it, between its polls.
        Exit code 3 when some source, recueil or post failed, or the national index could not be had.
        """
        settings, authorities = load(ctx.obj)
        if since > utc_now().astimezone().date():
            fail(f"--since {since} is in the future", WRONG_USE)
        picked = chosen(codes or list(watched_codes(settings, authorities)), authorities)
        wanted = BackfillRequest(since, announce, limit, tuple(entry.code for entry in picked))
        finish(run_to_end(_backfill(settings, authorities, wanted, as_json)), as_json=as_json)

    read.register(app, showing=showing_pages, from_web=_from_web, on_record=_on_record)


async def _worked(
    settings: Settings,
    authorities: dict[str, Authority],
    order: WorkOrder,
    work: Callable[[Parts, asyncio.Event], Coroutine[Any, Any, Json | None]],
    *,
    codes: Sequence[str],
    quiet: bool,
    step: Callable[[Json], object] = lambda _: None,
) -> Json:
    """Do the work, which returns None once it gave way, or have the working process do it, and see each step of it. Raises StorageError,
    HandedOverFailed.
    """
    async with assemble(settings, authorities, watched=codes, console=console_for(as_json=quiet)) as parts:
        with handing_over() as handed:

            def on_progress(what: Any) -> None:
                if isinstance(what, dict):
                    step(what)
                else:
                    handed(what)

            return await work_alone(parts.store, parts.clock, order, lambda give_way: work(parts, give_way), on_progress)


# `vigie poll` and `vigie check`.


def _command(context: Context, codes: list[str] | None, as_json: bool, *, rehearsal: bool) -> None:
    settings, authorities = load(context)
    picked = chosen(codes or list(watched_codes(settings, authorities)), authorities)
    work = _round(settings, authorities, picked, quiet=as_json, rehearsal=rehearsal, named=rehearsal or bool(codes))
    finish(run_to_end(work), as_json=as_json)


async def _round(
    settings: Settings, authorities: dict[str, Authority], picked: list[Authority], *, quiet: bool, rehearsal: bool, named: bool
) -> Json:
    """Make one round, here or in the working process; failing sources wait for their next poll unless `named`."""
    codes = [entry.code for entry in picked]
    if rehearsal:
        async with assemble(settings, authorities, watched=codes, console=console_for(as_json=quiet), rehearsal=True) as parts:
            reports, ingested = await poll_all(parts, _sources(picked))
            return await _round_result(parts, PollRound(reports, ingested), rehearsal=True)
    order = WorkOrder("poll", {"codes": codes, "named": named})
    return await _worked(settings, authorities, order, partial(one_round, picked=picked, named=named), codes=codes, quiet=quiet)


async def one_round(parts: Parts, give_way: asyncio.Event, *, picked: list[Authority], named: bool = True) -> Json | None:
    """Poll, check destinations, deliver and notify; None if it gave way, after delivering what was found. Raises StorageError."""
    sources, left = await _to_poll(parts, picked, named=named)
    async with delivering(parts, give_way) as delivered:
        polled = await first_of(_poll_and_check(parts, sources), give_way)
    if polled is None:
        return None
    if parts.notifier is not None:
        await parts.notifier.notify(once=True)
    # Last: a database that is locked just then keeps no notice from being sent.
    await asyncio.to_thread(parts.retention.apply)
    return await _round_result(parts, PollRound(*polled, left, list(delivered.values()), await _destinations(parts)))


async def handed_round(parts: Parts, order: Json, on_progress: OnProgress) -> Json:
    """Make one round for another process, beside this one's work; slow readings go on after it."""
    picked = [parts.authorities[code] for code in order["codes"] if code in parts.authorities]
    sources, left = await _to_poll(parts, picked, named=order.get("named", True))
    reports, ingested = await poll_all(parts, sources, on_progress=on_progress, to_the_end=False)
    delivered = await became_of(parts, [post.id for post in ingested.posts])
    return await _round_result(parts, PollRound(reports, ingested, left, delivered, await _destinations(parts)))


@dataclass(frozen=True, slots=True)
class PollRound:
    """Result of a round. `left`: when the failing sources left out are due."""

    reports: list[SourceReport]
    ingested: IngestResult
    left: Sequence[datetime] = ()
    delivered: Sequence[Delivered] = ()
    destinations: tuple[DestinationHealth, ...] = ()


async def _round_result(parts: Parts, made: PollRound, *, rehearsal: bool = False) -> Json:
    problems = [*undelivered(made.delivered), *destination_problems(made.destinations)]
    if made.left:
        until = " to ".join(f"{instant:%Y-%m-%d %H:%M} UTC" for instant in sorted({min(made.left), max(made.left)}))
        problems.append(f"not polled until {until}: {count(len(made.left), 'source')} that failed; `vigie poll CODE` polls one now")
    if parts.settings.reading.ocr and made.ingested.incomplete and (lacks := await ocr_lacks()):
        problems.append(as_installed(f"scanned pages cannot be read on this machine: {lacks}"))
    works = not made.left and all(report.ok for report in made.reports)
    takes = all_sent(made.delivered) and all(one.trouble is None for one in made.destinations)
    return result_of(
        round_json(made.reports, made.ingested, made.delivered, made.destinations, places_of(parts.authorities), utc_now()),
        round_lines(made.reports, made.ingested, rehearsal=rehearsal),
        problems,
        is_whole=works and takes,
    )


async def _destinations(parts: Parts) -> tuple[DestinationHealth, ...]:
    return await asyncio.to_thread(report_destinations, parts.settings, parts.store, clock=parts.clock)


def _sources(picked: Sequence[Authority]) -> list[Source]:
    return [source for authority in picked for source in authority.sources]


async def _to_poll(parts: Parts, picked: Sequence[Authority], *, named: bool) -> tuple[list[Source], list[datetime]]:
    """Return the sources to poll, and when the failing ones left out are due (none if `named`)."""
    sources = _sources(picked)
    resting = {} if named else await parts.poller.backing_off()
    return [source for source in sources if source.key not in resting], [resting[source.key] for source in sources if source.key in resting]


async def _poll_and_check(parts: Parts, sources: Sequence[Source]) -> tuple[list[SourceReport], IngestResult]:
    """Poll these sources while checking destinations, so that recovered ones deliver in this round."""
    checking = asyncio.create_task(parts.checker.check())
    try:
        polled = await poll_all(parts, sources)
        await checking
        return polled
    finally:
        await ended([checking])


async def poll_all(
    parts: Parts, sources: Sequence[Source], on_progress: OnProgress = lambda _: None, *, to_the_end: bool = True
) -> tuple[list[SourceReport], IngestResult]:
    """Poll these sources and read what is due, slow files only `to_the_end`."""
    ingested, reports = IngestResult(), dict[str, SourceReport]()
    with progress("polling", quiet=not to_the_end) as shown:
        polls = [asyncio.create_task(parts.poller.poll(source)) for source in sources]
        try:
            for done in asyncio.as_completed(polls):
                report, found = await done
                reports[report.source.key] = report
                ingested += found
                shown(f"{report.source.key}, source", len(reports), len(sources))
                on_progress(f"{len(reports)}/{len(sources)} sources {report.source.key}")
            if ingested.unfinished:
                shown("reading those that take long:", 0, len(ingested.unfinished))
            for late in await parts.poller.finish() if to_the_end else ():
                ingested += late.ingested
                source = parts.poller.source_of(late.recueil)
                if source is not None and source.key in reports:
                    reports[source.key] = reports[source.key].reading(late.ingested, {late.recueil.url})
        finally:
            # Interrupted, or one of them failed: all must have ended before what they use is closed.
            await ended(polls)
    return [reports[source.key] for source in sources], ingested.finished() if to_the_end else ingested


def round_json(
    reports: Iterable[SourceReport],
    ingested: IngestResult,
    delivered: Iterable[Delivered],
    delivery: Iterable[DestinationHealth],
    places: Mapping[str, Place],
    now: datetime,
) -> Json:
    """Return the result of a round. `requests` counts requests of pages, not PDFs."""
    return {
        "sources": [_report_json(report) for report in reports],
        **ingest_json(ingested, delivered, places, now),
        "destinations": plain(list(delivery)),
    }


def _report_json(report: SourceReport) -> Json:
    """Return one source's round. `new`: recueils taken up; `incomplete`: read in part; `unread`; `unfinished`: still read by the bot."""
    return {
        "code": report.source.authority,
        "route": report.source.route,
        **pick(report, "ok", "error", "cause", "requests", "unchanged"),
        "listed": [pick(entry, "url", "title", "published") for entry in report.listed],
        **pick(report, "new", "incomplete"),
        "unread": [pick(item, "url", "error") for item in report.unread],
        "unfinished": list(report.unfinished),
    }


# `vigie backfill`.


async def _backfill(settings: Settings, authorities: dict[str, Authority], wanted: BackfillRequest, quiet: bool) -> Json:
    codes = wanted.codes or ()
    order = WorkOrder(
        "backfill", {"since": wanted.since.isoformat(), "announce": wanted.announce, "limit": wanted.limit, "codes": list(codes)}
    )
    with showing_steps() as step:
        work = partial(_backfill_alone, wanted=wanted, step=step)
        return await _worked(settings, authorities, order, work, codes=codes, quiet=quiet, step=lambda done: step(BackfillProgress(**done)))


async def _backfill_alone(
    parts: Parts, give_way: asyncio.Event, *, wanted: BackfillRequest, step: Callable[[BackfillProgress], None]
) -> Json | None:
    """Backfill in this process, for hours perhaps; finds are posted and rounds of `vigie poll` from cron made meanwhile."""
    handlers = {"poll": partial(handed_round, parts), DELIVER: partial(handed_delivery, parts)}
    async with delivering(parts, give_way) as delivered, beside(serve(parts.store, handlers)):
        report = await first_of(parts.backfill.run(wanted, step), give_way)
    return None if report is None else _backfill_result(parts, report, list(delivered.values()) if wanted.announce else ())


async def handed_backfill(parts: Parts, order: Json, on_progress: OnProgress) -> Json:
    """Do a backfill for another process, beside what this one does."""
    codes = tuple(code for code in order["codes"] if code in parts.authorities)
    wanted = BackfillRequest(date.fromisoformat(order["since"]), order["announce"], order["limit"], codes)
    report = await parts.backfill.run(wanted, lambda step: on_progress(asdict(step)))
    posts = [post.id for post in report.ingested.posts] if wanted.announce else []
    return _backfill_result(parts, report, await became_of(parts, posts))


def _backfill_result(parts: Parts, report: BackfillReport, delivered: Sequence[Delivered]) -> Json:
    return result_of(
        _backfill_json(report, delivered, places_of(parts.authorities)),
        _backfill_lines(report),
        undelivered(delivered),
        is_whole=report.ok and all_sent(delivered),
    )


def _backfill_lines(report: BackfillReport) -> Iterator[str]:
    yield from _listed(report)
    yield from _backfill_read(report)
    left = f", left to the next run: {report.remaining}" if report.remaining else ""
    posts = f"posts queued: {len(report.ingested.posts)}" if report.wanted.announce else "nothing posted"
    yield f"recueils read: {report.read}{left}, new decrees: {len(report.ingested.decrees)}, {posts}"


def _listed(report: BackfillReport) -> Iterator[str]:
    for listing in report.listings:
        counts = f"{listing.found} listed, {listing.new} new" + _left(listing.left)
        state = "listed less than a day ago" if listing.skipped else counts
        yield f"{source_columns(listing.source.key)}{'' if listing.is_complete else 'NOT COMPLETE  '}{state}"
        for trouble in listing.troubles:
            yield f"    {'no longer there' if trouble.gone else 'not listed'}: {trouble.error}"
    for each in report.index:
        elsewhere = f", {each.elsewhere} on sites that are not in the catalogue" if each.elsewhere else ""
        yield f"{source_columns(f'{each.authority}:index')}{each.new} new{_left(each.left)}{elsewhere}"
    if report.index_error is not None:
        yield f"no national index: {report.index_error}"
    for authority in report.not_covered:
        yield f"{code_column(authority.code)}not covered: {authority.not_covered}"


def _left(number: int) -> str:
    return f", {number} left to the next poll" if number else ""


def _backfill_read(report: BackfillReport) -> Iterator[str]:
    ingested = report.ingested
    yield from (f"not read: {unread.error}" for unread in ingested.unread)
    yield from (f"read in part only: {url}" for url in ingested.incomplete)
    yield from (doubt_line(act) for act in ingested.uncertain)
    yield from (decree_line(decree) for decree in ingested.decrees)
    if report.elsewhere:
        yield f"taken up by another backfill: {report.elsewhere}"


def _backfill_json(report: BackfillReport, delivered: Sequence[Delivered], places: Mapping[str, Place]) -> Json:
    """Return the report. `read`: recueils read; `resolved`: detail pages with their files; `elsewhere`: taken up by another backfill."""
    return {
        **pick(report.wanted, "since", "announce"),
        "sources": [
            {
                "code": listing.source.authority,
                "route": listing.source.route,
                "complete": listing.is_complete,
                "skipped": listing.skipped,
                "listed": listing.found,
                "new": listing.new,
                "left_to_polls": listing.left,
                "requests": listing.requests,
                "troubles": [pick(trouble, "url", "error", "gone") for trouble in listing.troubles],
            }
            for listing in report.listings
        ],
        "index": {
            "error": report.index_error,
            "authorities": [
                {"code": each.authority, "new": each.new, "left_to_polls": each.left, "elsewhere": each.elsewhere} for each in report.index
            ],
        },
        "not_covered": [{"code": authority.code, "reason": authority.not_covered} for authority in report.not_covered],
        **pick(report, "read", "resolved", "elsewhere", "remaining"),
        **ingest_json(report.ingested, delivered, places, utc_now()),
    }


# `vigie read` of a site's file, `--failed` and `--retry`.


def _from_web(context: Context, url: str) -> Opened:
    settings, authorities = load(context)
    site = urlsplit(url).netloc.lower()
    if not url.lower().startswith("https://"):
        fail(f"{url}: not an https address, and others are not read", WRONG_USE)
    if site not in hosts(authorities):
        fail(f"{url}: {site} is not a site of the catalogue", WRONG_USE)

    @asynccontextmanager
    async def downloaded() -> AsyncIterator[Path]:
        with ScratchFolder() as folder:
            try:
                async with open_client(settings, authorities) as client:
                    download = await client.download(url, folder / "recueil.pdf")
            except FetchError as error:
                fail(str(error))
            yield download.path

    return settings, downloaded()


def _on_record(context: Context, task: Task, words: Sequence[str], as_json: bool) -> None:
    """List the unread recueils of these authorities or addresses (or all) that are not retried; or read them now, record and post."""
    settings, authorities = load(context)
    wanted = _wanted(words, authorities)
    if task is Task.RETRY:
        finish(run_to_end(_retry(settings, authorities, wanted, quiet=as_json)), as_json=as_json)
    with opened(settings, read_only=True) as store:
        found = [item for item in store.recueils.given_up() if _is_wanted(item, wanted)]
    show(found, failed_lines(found), as_json=as_json)


def failed_lines(found: Sequence[FailedRecueil]) -> Iterator[str]:
    """Describe each recueil on three lines: since when, where, why."""
    for item in found:
        missing = f", {item.unreadable} of {count(item.pages, 'page')} unread" if item.pages and item.unreadable else ""
        tried = f", last tried {item.tried_at:%Y-%m-%d %H:%M} UTC" if item.tried_at is not None else ""
        yield f"{code_column(item.authority)}{item.state.value} since {item.since:%Y-%m-%d}{tried}{missing}"
        yield f"    {clean(item.url)}"
        yield f"    why: {clean(item.reason) or 'some of its pages could not be read'}"
    hint = ": vigie read --retry CODE|URL reads them again" if found else ""
    yield f"{count(len(found), 'recueil')} given up{hint}"


def retried_lines(retried: Retried) -> Iterator[str]:
    """Describe what became of each, then what was found in them."""
    ingested = retried.ingested
    errors = {item.url: item.error for item in ingested.unread}
    for recueil in retried.recueils:
        state = "NOT READ" if recueil.url in errors else "IN PART " if recueil.url in ingested.incomplete else "read    "
        yield f"{code_column(recueil.authority)}{state} {clean(recueil.url)}"
    yield from (f"    not read: {clean(error)}" for error in errors.values())
    yield from (doubt_line(act) for act in ingested.uncertain)
    yield from (decree_line(decree) for decree in ingested.decrees)
    yield f"read again: {count(len(retried.recueils), 'recueil')}, {count(len(ingested.decrees), 'new decree')}"


def _wanted(words: Sequence[str], authorities: dict[str, Authority]) -> RetryRequest:
    addresses = {word: canonical(word, word) or word for word in words if "://" in word}
    try:
        return retry_request_of([addresses.get(word, word) for word in words], authorities)
    except ValueError as error:
        fail(str(error), WRONG_USE)


def _is_wanted(item: FailedRecueil, wanted: RetryRequest) -> bool:
    return wanted == RetryRequest() or item.authority in wanted.authorities or item.url in wanted.urls


async def _retry(settings: Settings, authorities: dict[str, Authority], wanted: RetryRequest, *, quiet: bool) -> Json:
    order = WorkOrder("read", {"authorities": sorted(wanted.authorities), "urls": sorted(wanted.urls)})
    work = partial(_retry_alone, wanted=wanted, quiet=quiet)
    return await _worked(settings, authorities, order, work, codes=tuple(authorities), quiet=quiet)


async def _retry_alone(parts: Parts, give_way: asyncio.Event, *, wanted: RetryRequest, quiet: bool) -> Json | None:
    with progress("reading again what could not be read", quiet=quiet):
        async with delivering(parts, give_way) as delivered:
            retried = await first_of(retry(parts.poller, parts.store, wanted, parts.clock()), give_way)
    return None if retried is None else _retry_result(parts, retried, list(delivered.values()))


async def handed_retry(parts: Parts, order: Json, _on_progress: OnProgress) -> Json:
    """Read again for another process, beside what this one does."""
    wanted = RetryRequest(frozenset(order["authorities"]), frozenset(order["urls"]))
    retried = await retry(parts.poller, parts.store, wanted, parts.clock())
    return _retry_result(parts, retried, await became_of(parts, [post.id for post in retried.ingested.posts]))


def _retry_result(parts: Parts, retried: Retried, delivered: Sequence[Delivered]) -> Json:
    ingested = retried.ingested
    return result_of(
        _retried_json(retried, delivered, places_of(parts.authorities)),
        retried_lines(retried),
        undelivered(delivered),
        is_whole=not ingested.unread and not ingested.incomplete and all_sent(delivered),
    )


def _retried_json(retried: Retried, delivered: Sequence[Delivered], places: Mapping[str, Place]) -> Json:
    """Return the result. `recueils`: taken up; `unread`, `incomplete`: those not or partly read."""
    recueils = [pick(recueil, "authority", "url") for recueil in retried.recueils]
    return {"recueils": recueils, **ingest_json(retried.ingested, delivered, places, utc_now())}
