"""`vigie poll` and `vigie check`: one round now, for real or as a rehearsal."""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from bot.app import Parts, assemble, places_of, take_delivery_survey, utc_now, watched_codes
from bot.cli.columns import count
from bot.cli.context import DONE, PARTLY_DONE, Context, chosen, run_to_end, stderr
from bot.cli.delivering import delivering
from bot.cli.output import print_json, print_round
from bot.cli.round_shapes import round_json
from bot.config import Settings
from bot.delivery import Delivered
from bot.health import DestinationHealth
from bot.instance import is_running
from bot.model import PostState
from bot.reading import ocr_available
from bot.report import Harvest, SourceReport
from bot.storage.contents import PAGES_KEPT
from sources import Authority, Source

Codes = Annotated[list[str] | None, typer.Argument(metavar="[CODE…]", help="Department codes; all the watched ones when none is given.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object, and nothing else, on standard output.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""

    @app.command(epilog="Example:  vigie poll 26 06   (or, from cron, every ten minutes:  vigie poll)")
    def poll(ctx: typer.Context, codes: Codes = None, as_json: AsJson = False) -> None:
        """One real round: poll, record, post, tell and ask the operators, end.

        Exit code 3 when some source or destination failed, be it that its list could be read and nothing that is new there be opened.
        """
        _command(ctx.obj, codes, as_json, rehearsal=False)

    @app.command(epilog="Example:  vigie check 26 --json")
    def check(ctx: typer.Context, codes: Codes = None, as_json: AsJson = False) -> None:
        """The same as a rehearsal: nothing is recorded, nothing is posted. Exit code 3 when some source failed."""
        _command(ctx.obj, codes, as_json, rehearsal=True)


def _command(context: Context, codes: list[str] | None, as_json: bool, *, rehearsal: bool) -> None:
    settings, authorities = context.load(logs="warning")
    picked = chosen(codes or list(watched_codes(settings, authorities)), authorities)
    reports, harvest, delivered, delivery = run_to_end(
        one_round(settings, authorities, picked, quiet=as_json, rehearsal=rehearsal, named=rehearsal or bool(codes))
    )
    if as_json:
        print_json(round_json(reports, harvest, delivered, delivery, places_of(authorities), utc_now()))
    else:
        print_round(reports, harvest, delivered, delivery, rehearsal=rehearsal)
    if settings.reading.ocr and harvest.incomplete and not ocr_available():
        typer.echo("OCR is off on this machine: install Tesseract's French data (tesseract-ocr-fra) to read scanned pages", err=True)
    asked_all = len(reports) == sum(len(authority.sources) for authority in picked)
    whole = asked_all and all(report.ok for report in reports) and all(item.state is PostState.SENT for item in delivered)
    takes = all(destination.trouble is None for destination in delivery)
    raise typer.Exit(DONE if whole and takes else PARTLY_DONE)


async def one_round(
    settings: Settings, authorities: dict[str, Authority], picked: list[Authority], *, quiet: bool, rehearsal: bool, named: bool = True
) -> tuple[list[SourceReport], Harvest, list[Delivered], tuple[DestinationHealth, ...]]:
    """Poll these authorities, check the destinations, deliver what is due, and tell and ask the operators what is new. Also how the
    destinations are then; a rehearsal has none. Raises StorageError.

    Unless they were `named`, sources that failed are left until their next poll is due.
    """
    # With --json the console destination must not mix its posts with the JSON: they count as sent, and are in it.
    console = io.StringIO() if quiet else sys.stdout
    async with assemble(settings, authorities, watched=[entry.code for entry in picked], console=console, rehearsal=rehearsal) as parts:
        sources = [source for authority in picked for source in authority.sources]
        if not named and (resting := await parts.watcher.backing_off()):
            left = [resting[source.key] for source in sources if source.key in resting]
            sources = [source for source in sources if source.key not in resting]
            if left:
                until = " to ".join(f"{instant:%Y-%m-%d %H:%M} UTC" for instant in sorted({min(left), max(left)}))
                typer.echo(f"not asked until {until}: {count(len(left), 'source')} that failed; `vigie poll CODE` asks one now", err=True)
        async with delivering(parts, rehearsal=rehearsal) as delivery:
            # What waits for a destination that takes posts again goes out in this round.
            checking = asyncio.create_task(parts.checker.check())
            try:
                reports, harvest = await _poll_all(parts, sources, delivery.found)
                await checking
            finally:
                checking.cancel()
                await asyncio.gather(checking, return_exceptions=True)
        delivered = delivery.done
        if parts.alerts is not None:
            # The round is over: there is nothing to wait for that may begin with what has begun.
            await parts.alerts.look(settle=timedelta(0))
        if parts.post_alerts is not None:
            await parts.post_alerts.look(settle=timedelta(0))
        if parts.asker is not None and not await is_running(parts.store.leases, parts.clock()):
            # A `vigie run` beside this asks by itself, and hears the buttons; without one nobody would.
            await parts.asker.look(heard=False)
        if not rehearsal:
            # Last: a database that is locked just then keeps nobody from being told.
            await asyncio.to_thread(parts.store.contents.forget, parts.clock() - PAGES_KEPT)
        how = () if rehearsal else await asyncio.to_thread(take_delivery_survey, settings, parts.store, clock=parts.clock)
        return reports, harvest, delivered, how


async def _poll_all(parts: Parts, sources: list[Source], found_posts: Callable[[], None]) -> tuple[list[SourceReport], Harvest]:
    """Poll them all, and read all that is due to its end."""
    harvest, reports = Harvest(), dict[str, SourceReport]()
    columns = (SpinnerColumn(), TextColumn("{task.completed}/{task.total} sources"), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=stderr, transient=True, disable=not stderr.is_terminal) as progress:
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
            if harvest.unfinished:
                progress.update(bar, description=f"reading {len(harvest.unfinished)} that take long")
            for late in await parts.watcher.finish():
                harvest += late.harvest
                source = parts.watcher.source_of(late.recueil)
                if source is not None and source.key in reports:
                    reports[source.key] = reports[source.key].reading(late.harvest, {late.recueil.url})
        finally:
            # Interrupted, or one of them failed: all must have ended before what they use is closed.
            for poll in polls:
                poll.cancel()
            await asyncio.gather(*polls, return_exceptions=True)
    return [reports[source.key] for source in sources], harvest.finished()
