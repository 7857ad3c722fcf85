"""`vigie status`: what works and what does not, and what to do about it."""

from __future__ import annotations

from dataclasses import asdict, replace
from subprocess import SubprocessError
from typing import Annotated

import typer

from bot.app import take_delivery_survey, take_survey
from bot.cli.confinement_lines import confinement_json, confinement_lines
from bot.cli.context import DONE, FAILED, PARTLY_DONE, Context, chosen, fail_of_storage
from bot.cli.shapes import Json, destination_json
from bot.cli.status_lines import status_lines
from bot.cli.text_output import print_json
from bot.domain.records import RecueilState
from bot.ingest.health import Overview, SourceHealth, Status, not_alive
from bot.reading.sandbox.probe import Confinement, confinement_in_force
from bot.storage.errors import StorageError
from bot.storage.locks import LockHolder, LockName
from bot.storage.store import Store, open_store
from sources.catalogue.authority import Authority

Counts = dict[str, dict[RecueilState, int]]


def register(app: typer.Typer) -> None:
    """Add the command to the program."""

    @app.command(epilog="Example:  vigie status   (or, for a few departments:  vigie status 26 38 --all)")
    def status(
        ctx: typer.Context,
        codes: Annotated[
            list[str] | None, typer.Argument(metavar="[CODE…]", help="Department codes; all of them when none is given.")
        ] = None,
        every: Annotated[bool, typer.Option("--all", "-a", help="Show every source, also those that are fine.")] = False,
        alive: Annotated[
            bool, typer.Option("--alive", help="Only say whether the bot polls and delivers, in one line; exit code 1 when it does not.")
        ] = False,
        as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    ) -> None:
        """Show which sources and destinations work, and whether PDFs are read in confinement on this machine.

        Exit code 0 when all of them do, 3 when some do not or the bot does not seem to run. With --alive 0 while the bot polls and
        delivers, whatever sites and platforms answer, else 1.
        """
        context: Context = ctx.obj
        settings, authorities = context.load(logs="warning")
        picked = {authority.code for authority in chosen(codes, authorities)}
        try:
            with open_store(settings.database.url, read_only=True) as store:
                whole, counts = take_survey(settings, authorities, store), store.recueils.counts()
                delivery, working = take_delivery_survey(settings, store), _working(store)
                is_there = working is not None
                stopped = not_alive(replace(whole, destinations=delivery), running=is_there, now=whole.at)
        except StorageError as error:
            fail_of_storage(error)
        if alive:
            if as_json:
                print_json(_alive_json(stopped))
            else:
                typer.echo("alive" if stopped is None else f"not alive: {stopped}")
            raise typer.Exit(DONE if stopped is None else FAILED)
        overview = replace(whole, authorities=tuple(one for one in whole.authorities if one.code in picked), destinations=delivery)
        confinement = _confinement()
        if as_json:
            print_json(
                {
                    **_json(overview, authorities, counts),
                    **_alive_json(stopped),
                    "running": working and asdict(working),
                    "confinement": confinement_json(confinement),
                }
            )
        else:
            said = f"Running: {working}" if working is not None else "No process works on this database just now"
            for line in (*status_lines(overview, authorities, counts, every=every), "", said, *confinement_lines(confinement)):
                typer.echo(line)
        raise typer.Exit(DONE if overview.fine else PARTLY_DONE)


def _working(store: Store) -> LockHolder | None:
    """The process that works on this database: the bot, or a command such as `vigie poll`."""
    return store.locks.holder(LockName.RUN) or store.locks.holder(LockName.WORK)


def _alive_json(stopped: str | None) -> Json:
    return {"alive": stopped is None, "not_alive": stopped}


def _confinement() -> Confinement | str:
    """What is in force on this machine, else why that could not be found out."""
    try:
        return confinement_in_force()
    except (OSError, ValueError, SubprocessError) as error:
        return str(error)


def _json(overview: Overview, authorities: dict[str, Authority], counts: Counts) -> Json:
    """Instants are ISO 8601 in UTC, spans are in days. `fine` is what the exit code says."""
    return {
        "at": overview.at.isoformat(),
        "fine": overview.fine,
        "asleep_since": overview.asleep_since and overview.asleep_since.isoformat(),
        "destinations": [destination_json(one) for one in overview.destinations],
        "polled_in_future": overview.polled_in_future and overview.polled_in_future.isoformat(),
        "counts": {status.value: overview.counts.get(status, 0) for status in Status},
        "authorities": [
            {
                "code": one.code,
                "name": authorities[one.code].name,
                "status": one.status.value,
                "not_covered": one.not_covered,
                "given_up": counts.get(one.code, {}).get(RecueilState.FAILED, 0),
                "incomplete": counts.get(one.code, {}).get(RecueilState.INCOMPLETE, 0),
                "sources": [_source_json(route) for route in one.routes],
            }
            for one in overview.authorities
        ],
    }


def _source_json(source: SourceHealth) -> Json:
    return {
        "key": source.key,
        "status": source.status.value,
        "cause": source.cause and source.cause.value,
        "since": source.since and source.since.isoformat(),
        "error": source.detail,
        "failures": source.failures,
        "unread": source.unread,
        "last_ok_at": source.last_ok_at and source.last_ok_at.isoformat(),
        "last_new_at": source.last_new_at and source.last_new_at.isoformat(),
        "last_published": source.last_published and source.last_published.isoformat(),
        "usual_gap_days": source.usual_gap and source.usual_gap.total_seconds() / 86_400,
        "late_after_days": source.late_after and source.late_after.total_seconds() / 86_400,
        "moved_to": source.moved_to,
    }
