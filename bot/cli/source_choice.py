"""Which source a command is about, and where its pages come from: the site, or a recording of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from bot.app.config import Settings
from bot.app.wiring import open_client, utc_now
from bot.cli.context import WRONG_USE, Context, chosen, fail, stderr
from bot.messages import printable
from sources.catalogue.authority import Authority, Source, load_authorities
from sources.crawl.playback import Playback
from sources.crawl.recording import BadRecording, Recording, read_recording
from sources.model import CatalogueError, Fetcher

Code = Annotated[str, typer.Argument(help="Department code.")]
Route = Annotated[str, typer.Option("--route", "-r", help="Which of its routes; the first when none is given.")]


@dataclass(frozen=True, slots=True)
class Chosen:
    """A source, and the moment to walk it for. `recording` stands in for the site where there is one."""

    source: Source
    settings: Settings
    authorities: Mapping[str, Authority]
    now: datetime
    today: date
    recording: Recording | None = None

    @property
    def other_routes(self) -> tuple[str, ...]:
        """The authority's other routes."""
        return tuple(source.route for source in self.authorities[self.source.authority].sources if source.route != self.source.route)

    @asynccontextmanager
    async def pages(self) -> AsyncIterator[Fetcher]:
        """Whoever gives its pages."""
        if self.recording is not None:
            yield Playback(self.recording)
            return
        async with open_client(self.settings, self.authorities) as client:
            yield client


def choose_source(context: Context, code: str, route: str, folder: Path | None = None) -> Chosen:
    """The source named on the command line; ends the program when there is none. `folder` has a recording to read in place of the site,
    and may describe the authority itself."""
    settings, authorities = context.load(logs="warning")
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
        return Chosen(source, settings, authorities, recording.recorded_at, recording.today, recording)
    now = utc_now()
    return Chosen(source, settings, authorities, now, now.astimezone(ZoneInfo(authority.time_zone)).date())


def show_request(url: str) -> None:
    """Tell a terminal what is being asked: the polite client takes its time."""
    if stderr.is_terminal:
        stderr.print(f"asking {printable(url)}", style="dim", markup=False, soft_wrap=True)


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
