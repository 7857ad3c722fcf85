"""`vigie poll` and `vigie check`: one round now, for real or as a rehearsal."""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from bot.app import Parts, assemble, places_of, utc_now, watched_codes
from bot.cli.context import Context, chosen, run_to_end, stderr
from bot.cli.delivering import became_of, delivering, waiting
from bot.cli.output import finish, result_of, round_lines, undelivered
from bot.cli.round_shapes import round_json
from bot.cli.shapes import Json
from bot.config import Settings
from bot.delivery import Delivered
from bot.instance import Order, Told, first_of, work_alone
from bot.model import PostState
from bot.reading import ocr_available
from bot.report import Harvest, SourceReport
from bot.storage.contents import PAGES_KEPT
from sources import Authority

Codes = Annotated[list[str] | None, typer.Argument(metavar="[CODE…]", help="Department codes; all the watched ones when none is given.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object, and nothing else, on standard output.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""

    @app.command(epilog="Example:  vigie poll 26 06   (or, from cron, every ten minutes:  vigie poll)")
    def poll(ctx: typer.Context, codes: Codes = None, as_json: AsJson = False) -> None:
        """One real round: poll, record, post, tell and ask the operators, end. Exit code 3 when some source or destination failed.

        Where another Vigie works on the same database, that one makes the round, and this command prints what came of it.
        """
        _command(ctx.obj, codes, as_json, rehearsal=False)

    @app.command(epilog="Example:  vigie check 26 --json")
    def check(ctx: typer.Context, codes: Codes = None, as_json: AsJson = False) -> None:
        """The same as a rehearsal: nothing is written, nothing is posted. Exit code 3 when some source failed."""
        _command(ctx.obj, codes, as_json, rehearsal=True)


def _command(context: Context, codes: list[str] | None, as_json: bool, *, rehearsal: bool) -> None:
    settings, authorities = context.load(logs="warning")
    picked = chosen(codes or list(watched_codes(settings, authorities)), authorities)
    finish(run_to_end(_round(settings, authorities, picked, quiet=as_json, rehearsal=rehearsal)), as_json=as_json)


async def _round(settings: Settings, authorities: dict[str, Authority], picked: list[Authority], *, quiet: bool, rehearsal: bool) -> Json:
    """One round, by this process or, where another works on the database, by that one. Raises StorageError and HandedOverFailed."""
    # With --json the console destination must not mix its posts with the JSON: they count as sent, and are in it.
    console = io.StringIO() if quiet else sys.stdout
    codes = [entry.code for entry in picked]
    async with assemble(settings, authorities, watched=codes, console=console, rehearsal=rehearsal) as parts:
        if rehearsal:
            reports, harvest = await _poll_all(parts, picked)
            return _result(settings, authorities, reports, harvest, (), rehearsal=True)
        with waiting() as told:
            work = partial(one_round, parts, settings, authorities, picked)
            return await work_alone(parts.store, parts.clock, Order("poll", {"codes": codes}), work, told)


async def one_round(
    parts: Parts, settings: Settings, authorities: dict[str, Authority], picked: list[Authority], give_way: asyncio.Event
) -> Json | None:
    """Poll these authorities, deliver what is due, and tell and ask the operators what is new. Raises StorageError.

    None where it was to give way before all was polled and read; what was found until then is delivered.
    """
    try:
        async with delivering(parts, give_way) as delivery:
            polled = await first_of(_poll_all(parts, picked, delivery.found), give_way)
    finally:
        # What takes long to read must not go on behind the back of the next process.
        await parts.watcher.stop()
    if polled is None:
        return None
    if parts.alerts is not None:
        # The round is over: there is nothing to wait for that may begin with what has begun.
        await parts.alerts.look(settle=timedelta(0))
    if parts.post_alerts is not None:
        await parts.post_alerts.look(settle=timedelta(0))
    if parts.asker is not None:
        # No bot runs: nobody would hear the buttons.
        await parts.asker.look(heard=False)
    # Last: a database that is locked just then keeps nobody from being told.
    await asyncio.to_thread(parts.store.contents.forget, parts.clock() - PAGES_KEPT)
    return _result(settings, authorities, *polled, delivery.done)


async def handed_round(parts: Parts, settings: Settings, authorities: dict[str, Authority], order: Json, told: Told) -> Json:
    """One round for another process, beside what this one does. What takes long to read is not waited for; it goes on here."""
    picked = [authorities[code] for code in order["codes"] if code in authorities]
    reports, harvest = await _poll_all(parts, picked, told=told, to_the_end=False)
    return _result(settings, authorities, reports, harvest, await became_of(parts, harvest.posts))


def _result(
    settings: Settings,
    authorities: dict[str, Authority],
    reports: list[SourceReport],
    harvest: Harvest,
    delivered: Sequence[Delivered],
    *,
    rehearsal: bool = False,
) -> Json:
    problems = undelivered(delivered)
    if settings.reading.ocr and harvest.incomplete and not ocr_available():
        problems.append("OCR is off on this machine: install Tesseract's French data (tesseract-ocr-fra) to read scanned pages")
    return result_of(
        round_json(reports, harvest, delivered, places_of(authorities), utc_now()),
        round_lines(reports, harvest, rehearsal=rehearsal),
        problems,
        is_whole=all(report.ok for report in reports) and all(item.state is PostState.SENT for item in delivered),
    )


async def _poll_all(
    parts: Parts,
    picked: list[Authority],
    found_posts: Callable[[], None] = lambda: None,
    told: Told = lambda _: None,
    *,
    to_the_end: bool = True,
) -> tuple[list[SourceReport], Harvest]:
    """Poll all their sources, and read all that is due: `to_the_end`, or but for what takes long."""
    sources = [source for authority in picked for source in authority.sources]
    harvest, reports = Harvest(), dict[str, SourceReport]()
    columns = (SpinnerColumn(), TextColumn("{task.completed}/{task.total} sources"), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=stderr, transient=True, disable=not (to_the_end and stderr.is_terminal)) as progress:
        bar = progress.add_task("", total=len(sources))
        polls = [asyncio.create_task(parts.watcher.poll(source)) for source in sources]
        try:
            for done in asyncio.as_completed(polls):
                report, found = await done
                reports[report.source.key] = report
                harvest += found
                if found.posts:
                    found_posts()
                progress.update(bar, advance=1, description=report.source.key)
                told(f"{len(reports)}/{len(sources)} sources {report.source.key}")
            if harvest.unfinished:
                progress.update(bar, description=f"reading {len(harvest.unfinished)} that take long")
            for late in await parts.watcher.finish() if to_the_end else ():
                harvest += late.harvest
                source = parts.watcher.source_of(late.recueil)
                if source is not None and source.key in reports:
                    reports[source.key] = reports[source.key].reading(late.harvest, {late.recueil.url})
        finally:
            # Interrupted, or one of them failed: all must have ended before what they use is closed.
            for poll in polls:
                poll.cancel()
            await asyncio.gather(*polls, return_exceptions=True)
    return [reports[source.key] for source in sources], harvest.finished() if to_the_end else harvest
