"""`vigie demo`: the real bot against a replay of three prefecture sites on this machine."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from bot.app.config.model import DatabaseSettings, HttpSettings, Settings, WatchSettings
from bot.app.config.values import known_topic
from bot.app.config.values import listen as checked
from bot.app.demo.replay import Replay
from bot.app.inventory import utc_now
from bot.app.wiring import assemble
from bot.cli.context import DONE, FAILED, WRONG_USE, Context, fail, run_to_end
from bot.cli.opening import load
from bot.cli.rounds import poll_all
from bot.domain.tasks import first_of
from bot.domain.topics import first_topic
from bot.ingest.ingestor import IngestResult
from bot.ingest.poller import SourceReport
from bot.reading.pages.recognition import ocr_available
from sources.catalogue.authority import Authority

_MISSING = None
try:
    from bot.app.demo.scenario import scenario
except ModuleNotFoundError as error:  # drawing PDFs needs an extra that the bot itself does not
    _MISSING = error.name
_NO_PAGES = None
try:
    from bot.app.website import serve_pages
    from bot.web.server import address_of_socket, bound
except ModuleNotFoundError as error:  # so do the pages
    _NO_PAGES = error.name


def register(app: typer.Typer) -> None:
    """Add the command to the program."""

    @app.command(epilog="Example:  vigie demo   (or, to read the same on pages:  vigie demo --web)")
    def demo(
        ctx: typer.Context,
        web: Annotated[bool, typer.Option("--web", help="Then serve the pages on this machine until Ctrl-C.")] = False,
        topics: Annotated[
            str, typer.Option("--topics", help="What is watched: names of topics (docs/topics.md), separated by commas.")
        ] = first_topic(),
        listen: Annotated[str, typer.Option("--listen", help="Where, with --web; port 0 is any that is free.")] = "127.0.0.1:8080",
    ) -> None:
        """Replay a small prefecture on this machine and show the posts. Needs no account and no network, writes nothing."""
        context: Context = ctx.obj
        _, authorities = load(context, logs="error")
        if _MISSING is not None:
            fail(f"the demo draws its own PDFs and needs {_MISSING}: pip install 'vigie-vsa[demo]'")
        try:
            watched = tuple(known_topic(name.strip()) for name in topics.split(","))
        except ValueError as error:
            fail(f"--topics: {error}", WRONG_USE)
        if not web:
            raise typer.Exit(DONE if run_to_end(play(authorities, watched)) else FAILED)
        if _NO_PAGES is not None:
            fail(f"the pages need {_NO_PAGES}: pip install 'vigie-vsa[web]'")
        try:
            listening = bound(checked(listen))
        except (OSError, ValueError) as error:
            fail(f"cannot listen at {listen}: {error}; choose another port with --listen", WRONG_USE)
        stop = asyncio.Event()

        async def pages(settings: Settings) -> None:
            typer.echo(f"\nThe pages are at {address_of_socket(listening)} until Ctrl-C.")
            await first_of(serve_pages(settings, authorities, listening), stop)

        raise typer.Exit(DONE if run_to_end(play(authorities, watched, pages), stop=stop) else FAILED)


Pages = Callable[[Settings], Awaitable[None]]
"""Serves the pages over the store of these settings, until somebody ends it."""

CODES = ("26", "06", "02")


async def play(authorities: Mapping[str, Authority], topics: tuple[str, ...], pages: Pages | None = None) -> bool:
    """Serve the sites, run two rounds of the bot, show all, then serve the `pages`. Return whether the demo succeeded."""
    watched = {code: authorities[code] for code in CODES}
    sources = [source for authority in watched.values() for source in authority.sources]
    today = utc_now().astimezone().date()
    with tempfile.TemporaryDirectory(prefix="vigie-demo-") as folder, Replay(scenario(today, is_special_online=False)) as replay:
        settings = demo_settings(replay, Path(folder, "demo.db"), topics)
        typer.echo(f"Three prefecture sites are being replayed on this machine: {', '.join(entry.name for entry in watched.values())}.")
        if not ocr_available():
            typer.echo(
                "OCR is off here (French data for Tesseract is missing): the scanned recueil of the Alpes-Maritimes will stay unread."
            )
        typer.echo("Vigie looks at them for the first time, and posts what it finds to this terminal:\n")
        async with assemble(settings, authorities, watched=CODES, console=sys.stdout) as parts:
            started = utc_now()
            reports, ingested = await poll_all(parts, sources)
            delivered = await parts.deliverer.deliver_due()
            _summary(reports, ingested, len(delivered), started)
            typer.echo("\nThe Drôme puts a special recueil online. A second round, as the bot does every few minutes:\n")
            replay.resources = scenario(today)
            started = utc_now()
            again, more = await poll_all(parts, sources)
            delivered = await parts.deliverer.deliver_due()
            _summary(again, more, len(delivered), started)
            typer.echo("Each decree is posted once; of this one Vigie knows between which two looks at the list it went online.")
            if pages is not None:
                await pages(settings)
    return all(report.ok for report in (*reports, *again))


def demo_settings(replay: Replay, database: Path, topics: tuple[str, ...]) -> Settings:
    """Return the defaults with the replay's sites, without pauses between requests."""
    return Settings(
        http=HttpSettings(interval_seconds=0, origins=replay.origins),
        watch=WatchSettings(authorities=CODES, topics=topics),
        database=DatabaseSettings(url=f"sqlite:///{database}"),
    )


def _summary(reports: list[SourceReport], ingested: IngestResult, posts: int, started: datetime) -> None:
    seconds = (utc_now() - started).total_seconds()
    typer.echo(f"\nDone in {seconds:.1f} s: {len(ingested.decrees)} decrees found, {posts} posts.")
    for report in reports:
        state = "ok" if report.ok else f"FAILED: {report.error}"
        counts = f"{len(report.listed)} recueils listed, {report.new} read, {report.requests} page requests"
        typer.echo(f"  {report.source.authority}  {counts}: {state}")
        for url in report.incomplete:
            typer.echo(f"      read in part only: {url}")
