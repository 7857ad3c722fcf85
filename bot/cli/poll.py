"""`vigie poll` and `vigie check`: one round now, for real or as a rehearsal."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import typer

from bot.app.config.model import Settings
from bot.app.delivering import became_of, delivering
from bot.app.instance import OnProgress, WorkOrder, work_alone
from bot.app.inventory import places_of, report_destinations, utc_now, watched_codes
from bot.app.wiring import Parts, assemble
from bot.cli.context import AsJson, Context, as_installed, run_to_end
from bot.cli.opening import WatchedCodes, chosen, load
from bot.cli.output import (
    count,
    destination_json,
    destination_problems,
    finish,
    posts_json,
    result_of,
    round_lines,
    uncertain_json,
    undelivered,
)
from bot.cli.work import console_for, handing_over, progress
from bot.delivery.deliverer import Delivered
from bot.domain.acts import Place
from bot.domain.health import DestinationHealth
from bot.domain.posts import PostState
from bot.domain.shape import Json, pick
from bot.domain.tasks import ended, first_of
from bot.ingest.ingestor import IngestResult
from bot.ingest.poller import SourceReport
from bot.queries.decree_shape import decree_models
from bot.reading.sandbox.probe import ocr_lacks
from sources.catalogue.authority import Authority, Source


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


def _command(context: Context, codes: list[str] | None, as_json: bool, *, rehearsal: bool) -> None:
    settings, authorities = load(context)
    picked = chosen(codes or list(watched_codes(settings, authorities)), authorities)
    work = _round(settings, authorities, picked, quiet=as_json, rehearsal=rehearsal, named=rehearsal or bool(codes))
    finish(run_to_end(work), as_json=as_json)


async def _round(
    settings: Settings, authorities: dict[str, Authority], picked: list[Authority], *, quiet: bool, rehearsal: bool, named: bool
) -> Json:
    """Make one round, here or in the working process; failing sources wait for their next poll unless `named`. Raises StorageError,
    HandedOverFailed.
    """
    codes = [entry.code for entry in picked]
    async with assemble(settings, authorities, watched=codes, console=console_for(as_json=quiet), rehearsal=rehearsal) as parts:
        if rehearsal:
            reports, ingested = await poll_all(parts, _sources(picked))
            return await _result(parts, PollRound(reports, ingested), rehearsal=True)
        with handing_over() as on_progress:
            work = partial(one_round, parts, picked, named=named)
            return await work_alone(parts.store, parts.clock, WorkOrder("poll", {"codes": codes, "named": named}), work, on_progress)


async def one_round(parts: Parts, picked: list[Authority], give_way: asyncio.Event, *, named: bool = True) -> Json | None:
    """Poll, check destinations, deliver and notify; None if it gave way, after delivering what was found. Raises StorageError."""
    sources, left = await _to_poll(parts, picked, named=named)
    try:
        async with delivering(parts, give_way) as delivered:
            polled = await first_of(_poll_and_check(parts, sources), give_way)
    finally:
        # What takes long to read must not go on behind the back of the next process.
        await parts.poller.stop()
    if polled is None:
        return None
    if parts.notifier is not None:
        await parts.notifier.notify(once=True)
    # Last: a database that is locked just then keeps no notice from being sent.
    await asyncio.to_thread(parts.retention.apply)
    return await _result(parts, PollRound(*polled, left, list(delivered.values()), await _destinations(parts)))


async def handed_round(parts: Parts, order: Json, on_progress: OnProgress) -> Json:
    """Make one round for another process, beside this one's work; slow readings go on after it."""
    picked = [parts.authorities[code] for code in order["codes"] if code in parts.authorities]
    sources, left = await _to_poll(parts, picked, named=order.get("named", True))
    reports, ingested = await poll_all(parts, sources, on_progress=on_progress, to_the_end=False)
    delivered = await became_of(parts, [post.id for post in ingested.posts])
    return await _result(parts, PollRound(reports, ingested, left, delivered, await _destinations(parts)))


@dataclass(frozen=True, slots=True)
class PollRound:
    """Result of a round. `left`: when the failing sources left out are due."""

    reports: list[SourceReport]
    ingested: IngestResult
    left: Sequence[datetime] = ()
    delivered: Sequence[Delivered] = ()
    destinations: tuple[DestinationHealth, ...] = ()


async def _result(parts: Parts, made: PollRound, *, rehearsal: bool = False) -> Json:
    problems = [*undelivered(made.delivered), *destination_problems(made.destinations)]
    if made.left:
        until = " to ".join(f"{instant:%Y-%m-%d %H:%M} UTC" for instant in sorted({min(made.left), max(made.left)}))
        problems.append(f"not polled until {until}: {count(len(made.left), 'source')} that failed; `vigie poll CODE` polls one now")
    if parts.settings.reading.ocr and made.ingested.incomplete and (lacks := await ocr_lacks()):
        problems.append(as_installed(f"scanned pages cannot be read on this machine: {lacks}"))
    works = not made.left and all(report.ok for report in made.reports)
    takes = all(item.state is PostState.SENT for item in made.delivered) and all(one.trouble is None for one in made.destinations)
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


# The JSON of `vigie poll` and `vigie check`.


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
        "decrees": decree_models(ingested.decrees, places, now),
        "uncertain": [uncertain_json(act) for act in ingested.uncertain],
        "posts": posts_json(delivered),
        "destinations": [destination_json(destination) for destination in delivery],
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
