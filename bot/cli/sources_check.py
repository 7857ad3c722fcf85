"""`vigie sources check`: walk one source now and tell every step."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.context import DONE, PARTLY_DONE, run_to_end
from bot.cli.source_choice import Chosen, Code, Route, choose_source, show_request
from bot.cli.source_shapes import check_json
from bot.cli.text_output import print_json
from bot.cli.walk_lines import walk_lines
from sources.crawl.crawler import Crawl, Crawler
from sources.crawl.explain import PageTold, explain
from sources.crawl.playback import RecordingFetcher
from sources.model import CrawlFailed

SHOWN = 20
"""Entries shown of a list, unless asked for more."""

From = Annotated[Path | None, typer.Option("--from", help="Walk through this recording, as of its day, instead of the site.")]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, help="Entries of the list to show.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(sources: typer.Typer) -> None:
    """Add the command to `vigie sources`."""

    @sources.command(epilog="Example:  vigie sources check 26")
    def check(
        ctx: typer.Context, code: Code, route: Route = "", folder: From = None, limit: Limit = SHOWN, as_json: AsJson = False
    ) -> None:
        """Walk one source from its root: which pages are asked, which links are followed and why, what is found. Nothing is recorded.

        Exit code 3 when the walk fails, or could not read a page of its way.
        """
        chosen = choose_source(ctx.obj, code, route, folder)
        told, outcome = run_to_end(_walk(chosen))
        if as_json:
            print_json(check_json(chosen.source, chosen.today, told, outcome))
        else:
            for line in walk_lines(chosen.source, chosen.today, told, outcome, limit=limit):
                typer.echo(line)
            if chosen.other_routes:
                typer.echo(f"\nOther routes (--route): {', '.join(chosen.other_routes)}")
        raise typer.Exit(DONE if isinstance(outcome, Crawl) and not outcome.unread else PARTLY_DONE)


async def _walk(chosen: Chosen) -> tuple[tuple[PageTold, ...], Crawl | CrawlFailed]:
    outcome: Crawl | CrawlFailed
    async with chosen.pages() as fetcher:
        keeping = RecordingFetcher(fetcher, show_request)
        try:
            outcome = await Crawler(keeping).poll(chosen.source, None, today=chosen.today, now=chosen.now)
        except CrawlFailed as failure:
            outcome = failure
    return explain(chosen.source, chosen.today, keeping.answers), outcome
