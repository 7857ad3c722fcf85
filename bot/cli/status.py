"""Implements `vigie status`; loads little, as monitors run it every few minutes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, NoReturn

import typer

from bot.app.config.model import Settings
from bot.app.inventory import cannot_record, report_destinations, report_sources, utc_now
from bot.cli.context import DONE, FAILED, AsJson, show
from bot.cli.opening import Codes, chosen, load, opened
from bot.domain.health import Overview
from bot.ingest.health import not_alive
from bot.storage.locks import LockHolder, LockName
from bot.storage.store import Store
from sources.catalogue.authority import Authority


@dataclass(frozen=True, slots=True)
class Found:
    """What both forms find. `picked`: codes requested; `stopped`: why the bot is not alive."""

    settings: Settings
    authorities: dict[str, Authority]
    picked: frozenset[str]
    overview: Overview
    working: LockHolder | None
    stopped: str | None

    @property
    def alive_json(self) -> Mapping[str, object]:
        """Return whether it is alive."""
        return {"alive": self.stopped is None, "not_alive": self.stopped}


ShowStatus = Callable[[Found, Store, bool, bool], NoReturn]
"""Shows all of it, each source where the first flag is set, as JSON where the second is, and ends the program."""


def register(app: typer.Typer, report: ShowStatus | None = None) -> None:
    """Add the command to the program; without `report` for `--alive` only."""

    @app.command(epilog="Example:  vigie status   (or, for a few departments:  vigie status 26 38 --all)")
    def status(
        ctx: typer.Context,
        codes: Codes = None,
        every: Annotated[bool, typer.Option("--all", "-a", help="Show every source, also those that are fine.")] = False,
        alive: Annotated[
            bool, typer.Option("--alive", help="Only say whether the bot polls and delivers, in one line; exit code 1 when it does not.")
        ] = False,
        as_json: AsJson = False,
    ) -> None:
        """Show which sources and destinations work, and what to do where they do not.

        Exit code 0 when all do, 3 when some do not, PDFs wait without a worker, a disk is full, or the bot seems stopped. With --alive
        0 while the bot polls, records and delivers, whatever sites and platforms answer, else 1.
        """
        settings, authorities = load(ctx.obj)
        picked = frozenset(authority.code for authority in chosen(codes, authorities))
        with opened(settings, read_only=True) as store:
            sources = report_sources(settings, authorities, store, clock=utc_now)
            overview = replace(sources, destinations=report_destinations(settings, store, clock=utc_now))
            working = store.locks.holder(LockName.RUN) or store.locks.holder(LockName.WORK)
            stopped = cannot_record(settings) or not_alive(overview, running=working is not None, now=overview.at)
            found = Found(settings, authorities, picked, overview, working, stopped)
            if report is not None and not alive:
                report(found, store, every, as_json)
        show(found.alive_json, ["alive" if stopped is None else f"not alive: {stopped}"], as_json=as_json)
        raise typer.Exit(DONE if stopped is None else FAILED)
