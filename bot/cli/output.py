"""What commands print for people. JSON shapes are in `shapes`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import typer

from bot.cli.columns import source_columns
from bot.delivery import Delivered
from bot.harvest import Harvest
from bot.messages import printable
from bot.model import Decree, Judged, Outcome, PostState, Reading
from bot.verdicts import Group
from bot.watch import SourceReport


def print_json(value: Any) -> None:
    """One JSON document on standard output, indented, in UTF-8 whatever the locale."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2).encode())


def print_reading(file: str, reading: Reading, groups: Sequence[Group]) -> None:
    """A recueil, act by act."""
    cover = reading.cover
    name = f"{cover.number or 'no number on the cover'}, {'published ' + cover.published.isoformat() if cover.published else 'no date'}"
    typer.echo(f"{file}: {_count(reading.page_count, 'page')}, {name}")
    if reading.ocr_pages:
        typer.echo(f"  read by OCR: pages {_ranges(reading.ocr_pages)}")
    if reading.unreadable_pages:
        typer.echo(f"  INCOMPLETE, could not read: pages {_ranges(reading.unreadable_pages)}")
    for item in (group[0] for group in groups):
        mark = {Outcome.DECREE: "DECREE   ", Outcome.UNCERTAIN: "UNCERTAIN", Outcome.NOT_CONCERNED: "         "}[item.verdict.outcome]
        typer.echo(f"  {mark} p. {item.act.first_page}-{item.act.last_page}  {item.act.id or '-'}  {printable(item.act.title)}")
    decrees = [item for group in groups for item in group if item.verdict.outcome is Outcome.DECREE]
    for item in decrees:
        facts = item.verdict.facts
        typer.echo("")
        typer.echo(f"  {item.verdict.kind.value if item.verdict.kind else ''}: {printable(item.act.title)}")
        for label, value in (
            ("number", facts.number),
            ("signed", facts.signed and facts.signed.isoformat()),
            ("period", _period(item)),
            ("operators", ", ".join(facts.operators)),
            ("places", "; ".join(facts.places)),
            ("purposes", "; ".join(facts.purposes)),
            ("software", " / ".join(filter(None, (facts.software, facts.vendor)))),
            ("cameras", facts.cameras),
        ):
            if value:
                typer.echo(f"    {label}: {printable(str(value))}")
    typer.echo(f"  {_count(len(groups), 'act')}, {_count(len(decrees), 'decree')} on algorithmic video surveillance")


def print_round(reports: Iterable[SourceReport], harvest: Harvest, delivered: Iterable[Delivered], *, rehearsal: bool) -> None:
    """A round, source by source; the posts themselves were printed by their channel."""
    for report in reports:
        if report.ok:
            state = f"ok      {len(report.listed)} listed, {report.new} new, {_count(report.requests, 'request')}"
        else:
            state = f"FAILED  {report.error}"
        typer.echo(f"{source_columns(report.source.key)}{state}")
        for url in report.incomplete:
            typer.echo(f"    read in part only: {url}")
        for unread in report.unread:
            typer.echo(f"    not read: {unread.error}")
    if rehearsal:
        for decree in harvest.decrees:
            typer.echo(f"would be posted: {decree_line(decree)}")
    for act in harvest.uncertain:
        typer.echo(f"to be checked by a person: {act.url}#page={act.page}  {printable(act.title)}")
    for item in delivered:
        if item.state is not PostState.SENT:
            typer.echo(f"{item.post.destination}: {item.state.value}: {item.error}", err=True)
    found = _count(len(harvest.decrees), "decree")
    typer.echo(f"{found} found" + (" (rehearsal: nothing written, nothing posted)" if rehearsal else ""))
    sys.stdout.flush()


def decree_line(decree: Decree) -> str:
    """One decree on one line, for lists."""
    number = decree.facts.number or decree.act_id or "-"
    identifier = "" if decree.id is None else f"{decree.id:>4}  "
    return printable(f"{identifier}{decree.authority:<3} {decree.kind.value:<13} {number}  {decree.title}  {decree.url}#page={decree.page}")


def _period(item: Judged) -> str:
    facts = item.verdict.facts
    return " to ".join(moment.isoformat() for moment in (facts.starts, facts.ends) if moment is not None)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _ranges(pages: Sequence[int]) -> str:
    """`3-5, 9` for 3, 4, 5, 9."""
    runs: list[list[int]] = []
    for page in sorted(pages):
        if runs and page == runs[-1][-1] + 1:
            runs[-1].append(page)
        else:
            runs.append([page])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
