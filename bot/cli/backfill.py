"""`vigie backfill`: complete the history, in silence unless `--announce` is given."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from functools import partial
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from bot.app.config.model import Settings
from bot.app.delivering import DELIVER, became_of, delivering, handed_delivery
from bot.app.instance import OnProgress, WorkOrder, serve, work_alone
from bot.app.inventory import places_of, utc_now, watched_codes
from bot.app.wiring import Parts, assemble
from bot.cli.context import WRONG_USE, AsJson, day, fail, run_to_end, stderr
from bot.cli.opening import WatchedCodes, chosen, load
from bot.cli.output import code_column, decree_line, doubt_line, finish, ingest_json, result_of, source_columns, undelivered
from bot.cli.poll import handed_round
from bot.cli.work import all_sent, console_for, handing_over
from bot.delivery.deliverer import Delivered
from bot.domain.acts import Place
from bot.domain.records import LAST_ID
from bot.domain.shape import Json, pick
from bot.domain.tasks import beside, first_of
from bot.ingest.backfill import BackfillProgress, BackfillReport, BackfillRequest
from sources.catalogue.authority import Authority

Day = Annotated[date, typer.Option("--since", parser=day, metavar="DAY", help="First day, as in 2025-01-31.")]
Announce = Annotated[bool, typer.Option("--announce", help="Post the decrees found. Without it nothing is ever posted of them.")]
Limit = Annotated[
    int | None, typer.Option("--limit", "-n", min=1, max=LAST_ID, help="Read at most so many recueils; the next run goes on.")
]


def register(app: typer.Typer) -> None:
    """Add the command to the program."""

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


async def _backfill(settings: Settings, authorities: dict[str, Authority], wanted: BackfillRequest, quiet: bool) -> Json:
    order = WorkOrder(
        "backfill",
        {"since": wanted.since.isoformat(), "announce": wanted.announce, "limit": wanted.limit, "codes": list(wanted.codes or ())},
    )
    async with assemble(settings, authorities, watched=wanted.codes or (), console=console_for(as_json=quiet)) as parts:
        with showing() as step, handing_over() as handed:

            def on_progress(what: Any) -> None:
                if isinstance(what, dict):
                    step(BackfillProgress(**what))
                else:
                    handed(what)

            work = partial(_alone, parts, wanted, step)
            return await work_alone(parts.store, parts.clock, order, work, on_progress)


async def _alone(
    parts: Parts,
    wanted: BackfillRequest,
    step: Callable[[BackfillProgress], None],
    give_way: asyncio.Event,
) -> Json | None:
    """Backfill in this process, for hours perhaps; finds are posted and rounds of `vigie poll` from cron made meanwhile."""
    async with delivering(parts, give_way) as delivered:
        handlers = {"poll": partial(handed_round, parts), DELIVER: partial(handed_delivery, parts)}
        try:
            async with beside(serve(parts.store, handlers)):
                report = await first_of(parts.backfill.run(wanted, step), give_way)
        finally:
            await parts.poller.stop()
    return None if report is None else _result(parts, report, list(delivered.values()) if wanted.announce else ())


async def handed_backfill(parts: Parts, order: Json, on_progress: OnProgress) -> Json:
    """Do a backfill for another process, beside what this one does."""
    codes = tuple(code for code in order["codes"] if code in parts.authorities)
    wanted = BackfillRequest(date.fromisoformat(order["since"]), order["announce"], order["limit"], codes)
    report = await parts.backfill.run(wanted, lambda step: on_progress(asdict(step)))
    return _result(parts, report, await became_of(parts, [post.id for post in report.ingested.posts]) if wanted.announce else ())


def _result(parts: Parts, report: BackfillReport, delivered: Sequence[Delivered]) -> Json:
    return result_of(
        _json(report, delivered, places_of(parts.authorities)),
        _lines(report),
        undelivered(delivered),
        is_whole=report.ok and all_sent(delivered),
    )


def _lines(report: BackfillReport) -> Iterator[str]:
    yield from _listed(report)
    yield from _read(report)
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


def _read(report: BackfillReport) -> Iterator[str]:
    ingested = report.ingested
    yield from (f"not read: {unread.error}" for unread in ingested.unread)
    yield from (f"read in part only: {url}" for url in ingested.incomplete)
    yield from (doubt_line(act) for act in ingested.uncertain)
    yield from (decree_line(decree) for decree in ingested.decrees)
    if report.elsewhere:
        yield f"taken up by another backfill: {report.elsewhere}"


def _json(report: BackfillReport, delivered: Sequence[Delivered], places: Mapping[str, Place]) -> Json:
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


# How far it is: a bar on a terminal, a line now and then elsewhere.

EVERY = 25
"""Recueils read between two lines."""


@contextmanager
def showing(console: Console = stderr) -> Iterator[Callable[[BackfillProgress], None]]:
    """Show the steps of a backfill; the time left is that of known unread recueils, and grows with listing."""
    if not console.is_terminal:
        yield _Lines(console)
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.fields[step].listed}/{task.fields[step].sources} sources listed"),
        BarColumn(bar_width=24),
        TextColumn("{task.completed}/{task.total} read"),
        TextColumn("decrees: {task.fields[step].decrees}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[step].doing}", markup=False),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task("", total=0, step=BackfillProgress())
        yield lambda step: progress.update(bar, completed=step.done, total=step.done + step.waiting, step=step)


class _Lines:
    """Prints one line for each source that was listed, and for some recueils."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._shown = (0, 0)

    def __call__(self, step: BackfillProgress) -> None:
        now = (step.listed, step.done // EVERY)
        if now == self._shown:
            return
        self._shown = now
        line = f"{step.listed}/{step.sources} sources listed, {step.done}/{step.done + step.waiting} read, decrees: {step.decrees}"
        self._console.print(f"{line}: {step.doing}", markup=False, soft_wrap=True)
