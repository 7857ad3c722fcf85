"""`vigie sources audit`: what the national index knows and the bot never saw."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from bot.app.config import Settings
from bot.app.wiring import open_client
from bot.cli.context import DONE, PARTLY_DONE, Context, chosen, fail, fail_of_storage, run_to_end, stderr
from bot.cli.json_output import Json
from bot.cli.text_output import code_column, print_json
from bot.ingest.scope import Audit, audit
from bot.messages import printable
from bot.storage.errors import StorageError
from bot.storage.store import open_store
from sources.catalogue.authority import Authority
from sources.crawl.index import NationalIndex, fetch_index
from sources.model import FetchError

SHOWN = 20
"""Recueils shown of each authority, unless asked for more."""

_EACH = 3
"""Authorities that the index does not know up to which each has a line."""

Codes = Annotated[list[str] | None, typer.Argument(metavar="[CODE…]", help="Department codes; all of them when none is given.")]
Day = Annotated[datetime | None, typer.Option("--since", formats=["%Y-%m-%d"], help="Only what is dated since, as in 2025-01-31.")]
Limit = Annotated[int, typer.Option("--limit", "-n", min=0, help="Show at most so many recueils of each authority.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(sources: typer.Typer) -> None:
    """Add the command to `vigie sources`."""

    @sources.command("audit", epilog="Example:  vigie sources audit 26 38 --since 2026-01-01")
    def audit_(ctx: typer.Context, codes: Codes = None, since: Day = None, limit: Limit = SHOWN, as_json: AsJson = False) -> None:
        """Compare what the bot saw with the national index of recueils, which is a week late. Nothing is written.

        Exit code 3 when something was never seen of an authority that is covered, 1 when there is no index to compare with.
        """
        context: Context = ctx.obj
        settings, authorities = context.load(logs="warning")
        picked = chosen(codes, authorities)
        with _working("fetching the national index of recueils"):
            index = run_to_end(_index(settings, authorities))
        if isinstance(index, str):
            fail(index)
        with _working("comparing"):
            audits = _audits(settings, picked, index, None if since is None else since.date())
        if as_json:
            print_json(_json(index, audits, limit))
        else:
            _print(index, audits, limit)
        raise typer.Exit(PARTLY_DONE if any(each.is_gap for each in audits) else DONE)


@contextmanager
def _working(on: str) -> Iterator[None]:
    """Say on a terminal what takes a while."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=stderr, transient=True, disable=not stderr.is_terminal) as progress:
        progress.add_task(on)
        yield


async def _index(settings: Settings, authorities: dict[str, Authority]) -> NationalIndex | str:
    async with open_client(settings, authorities) as client:
        try:
            return await fetch_index(client)
        except FetchError as error:
            return str(error)


def _audits(settings: Settings, picked: Sequence[Authority], index: NationalIndex, since: date | None) -> list[Audit]:
    audits = []
    try:
        with open_store(settings.database.url, read_only=True) as store:
            polled = {state.key for state in store.sources.all() if state.baseline_at is not None}
            for authority in picked:
                is_polled = any(source.key in polled for source in authority.sources)
                audits.append(audit(authority, index.of(authority.code), store.recueils.of(authority.code), since, is_polled=is_polled))
    except StorageError as error:
        fail_of_storage(error)
    return audits


def _print(index: NationalIndex, audits: Sequence[Audit], limit: int) -> None:
    typer.echo(f"national index of {index.resource.modified:%Y-%m-%d}: {len(index)} recueils of {len(index.entries)} departments")
    if index.bad_rows:
        first = index.bad_rows[0]
        typer.echo(f"  {len(index.bad_rows)} rows could not be used, the first of them line {first.line}: {first.reason}")
    unknown = [each for each in audits if each.share is None and each.authority.not_covered is None]
    if len(unknown) > _EACH:
        typer.echo(f"nothing in the index: {', '.join(each.authority.code for each in unknown)}")
    for each in audits:
        if len(unknown) > _EACH and each in unknown:
            continue
        typer.echo(f"{code_column(each.authority.code)}{_state(each)}")
        if not each.is_gap:
            continue
        for entry in each.missing[:limit]:
            day = entry.published.isoformat() if entry.published is not None else "no date   "
            typer.echo(f"    {day}  {printable(entry.title)}  {entry.url}")
        if len(each.missing) > limit:
            typer.echo(f"    and {len(each.missing) - limit} more (--limit)")


def _state(each: Audit) -> str:
    if each.authority.not_covered is not None:
        return f"not covered, {each.indexed} in the index: {each.authority.not_covered}"
    if each.share is None:
        return "nothing in the index"
    never = "" if each.is_polled else ", never polled"
    # Rounded down: 100 % is when nothing is missing.
    return f"{each.seen} of {each.indexed} seen ({int(each.share * 100)} %){never}"


def _json(index: NationalIndex, audits: Sequence[Audit], limit: int) -> Json:
    """`share` is from 0 to 1, null where the index knows nothing; `missing` counts all, `never_seen` has `limit` of them at most."""
    return {
        "index": {
            "url": index.resource.url,
            "modified": index.resource.modified.isoformat(),
            "recueils": len(index),
            "unusable_rows": [{"line": row.line, "reason": row.reason} for row in index.bad_rows],
        },
        "authorities": [
            {
                "code": each.authority.code,
                "covered": each.authority.not_covered is None,
                "not_covered": each.authority.not_covered,
                "polled": each.is_polled,
                "indexed": each.indexed,
                "seen": each.seen,
                "share": each.share,
                "missing": len(each.missing),
                "never_seen": [
                    {"title": entry.title, "url": entry.url, "published": None if entry.published is None else entry.published.isoformat()}
                    for entry in each.missing[:limit]
                ],
            }
            for each in audits
        ],
    }
