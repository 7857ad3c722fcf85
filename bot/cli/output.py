"""What commands print for people. JSON shapes are in `shapes`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import typer

from bot.cli.columns import count, source_columns
from bot.detection import without_names
from bot.messages import printable
from bot.model import Decree, PostState

if TYPE_CHECKING:
    from bot.delivery import Delivered
    from bot.health import DestinationHealth
    from bot.report import Harvest, SourceReport
    from bot.storage.rows import UncertainAct


def print_json(value: Any) -> None:
    """One JSON document on standard output, indented, in UTF-8 whatever the locale."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2).encode())


def print_lines(lines: Iterable[str]) -> None:
    """Lines on standard output, each as it comes."""
    for line in lines:
        typer.echo(line)


def print_round(
    reports: Iterable[SourceReport],
    harvest: Harvest,
    delivered: Iterable[Delivered],
    delivery: Iterable[DestinationHealth],
    *,
    rehearsal: bool,
) -> None:
    """A round, source by source; the posts themselves were printed by their channel."""
    for report in reports:
        if report.ok:
            seen = "nothing changed" if report.unchanged else f"{len(report.listed)} listed, {report.new} new"
            state = f"ok      {seen}, {count(report.requests, 'request')}"
        else:
            state = f"FAILED  {report.error}"
        typer.echo(f"{source_columns(report.source.key)}{state}")
        for url in report.incomplete:
            typer.echo(f"    read in part only: {url}")
        for unread in report.unread:
            typer.echo(f"    not read: {unread.error}")
    if rehearsal:
        for decree in harvest.decrees:
            # Its number is that of the copy it was recorded in: `vigie show` does not know it.
            typer.echo(f"would be posted: {decree_line(replace(decree, id=None))}")
    for act in harvest.uncertain:
        typer.echo(doubt_line(act))
    for item in delivered:
        if item.state is not PostState.SENT:
            typer.echo(f"{item.post.destination}: {item.state.value}: {item.error}", err=True)
    for destination in delivery:
        if destination.trouble is not None:
            waiting = f" ({count(destination.waiting, 'post')} waiting)" if destination.waiting else ""
            typer.echo(f"{destination.name}: {destination.trouble.value}: {printable(destination.detail or '')}{waiting}", err=True)
    found = count(len(harvest.decrees), "decree")
    typer.echo(f"{found} found" + (" (rehearsal: nothing written, nothing posted)" if rehearsal else ""))
    sys.stdout.flush()


def doubt_line(act: UncertainAct) -> str:
    """One act in doubt on one line; names of persons are taken out of its title, as in the review queue."""
    return f"to be checked by a person: {act.url}#page={act.page}  {printable(without_names(act.title))}"


def decree_line(decree: Decree) -> str:
    """One decree on one line, for lists."""
    number = decree.facts.number or decree.act_id or "-"
    identifier = "" if decree.id is None else f"{decree.id:>4}  "
    return printable(f"{identifier}{decree.authority:<3} {decree.kind.value:<13} {number}  {decree.title}  {decree.url}#page={decree.page}")
