"""`vigie sources record`: save the pages of one source, and what is found in them, to test the crawler on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.context import DONE, FAILED, PARTLY_DONE, fail, run_to_end
from bot.cli.source_choice import Chosen, Code, Route, choose_source, show_request
from bot.ingest.health import cause_of
from bot.operators.vocabulary import alert_words
from sources.crawl.playback import Golden, SiteRecording, record, replay
from sources.crawl.recording import BadRecording, write_recording
from sources.model import CrawlFailed

Into = Annotated[Path | None, typer.Option("--into", help="Folder for the recording. Default: ./CODE-ROUTE, as in ./26-site.")]
Details = Annotated[int, typer.Option("--details", "-d", min=0, max=20, help="Detail pages to save, the newest, where the site has them.")]

_REVIEW = """\
Now compare golden.json with the pages, which any browser opens:
  - every recueil that the pages show is under "listed", nothing else is, and titles and dates are right;
  - "polled" are the pages on which the next recueil will appear;
  - no title names a private person: such a page is better rewritten before it is shared."""


def register(sources: typer.Typer) -> None:
    """Add the command to `vigie sources`."""

    @sources.command("record", epilog="Example:  vigie sources record 26 --into tests/sources/recordings/26-site")
    def record_(ctx: typer.Context, code: Code, route: Route = "", into: Into = None, details: Details = 2) -> None:
        """Walk one source from its root and save its pages with what the crawler finds in them (golden.json), for a person to review.

        When the walk fails the pages that came are saved without golden.json, and the exit code is 3.
        """
        chosen = choose_source(ctx.obj, code, route)
        folder = into or Path(f"{chosen.source.authority.lower()}-{chosen.source.route}")
        done, golden = run_to_end(_record(chosen, details))
        if not done.recording.pages and done.failure is not None:
            _tell_failure(done.failure)
            raise typer.Exit(PARTLY_DONE)
        try:
            write_recording(folder, done.recording, None if golden is None else golden.to_text())
        except (BadRecording, OSError) as error:
            fail(f"the recording cannot be written: {error}", FAILED)
        typer.echo(f"{_count(len(done.recording.pages), 'page')} of {chosen.source.key} in {folder}")
        if golden is None:
            if done.failure is not None:
                _tell_failure(done.failure)
            raise typer.Exit(PARTLY_DONE)
        details_told = f", and the files of {_count(len(golden.details), 'detail page')}" if golden.details else ""
        typer.echo(f"golden.json: {_count(len(golden.listed), 'recueil')}{details_told}\n\n{_REVIEW}")
        raise typer.Exit(DONE)


async def _record(chosen: Chosen, details: int) -> tuple[SiteRecording, Golden | None]:
    async with chosen.pages() as fetcher:
        done = await record(chosen.source, fetcher, today=chosen.today, now=chosen.now, details=details, watch=show_request)
    if done.failure is not None:
        return done, None
    try:
        return done, await replay(done.recording, chosen.source)
    except CrawlFailed as failure:  # the site answered one address in several ways
        return SiteRecording(done.recording, failure), None


def _tell_failure(failure: CrawlFailed) -> None:
    words = alert_words("en").causes[cause_of(failure.cause)]
    typer.echo(f"FAILED: {words.what}\n    {failure}\n    → {words.todo}", err=True)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
