"""What several commands print for people."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from bot.cli.context import DONE, PARTLY_DONE, as_installed
from bot.detection.text.phrases import without_names
from bot.domain.acts import Decree
from bot.domain.posts import PostState
from bot.messages import printable
from bot.queries.json_shapes import Json

if TYPE_CHECKING:
    from bot.delivery.deliverer import Delivered
    from bot.domain.health import DestinationHealth
    from bot.domain.records import UncertainAct
    from bot.ingest.ingestor import IngestResult
    from bot.ingest.poller import SourceReport


def print_json(value: Any) -> None:
    """Print one JSON document, indented, in UTF-8 whatever the locale."""
    typer.echo(as_installed(json.dumps(value, ensure_ascii=False, indent=2)).encode())


def print_lines(lines: Iterable[str]) -> None:
    """Print lines, each as it comes."""
    for line in lines:
        typer.echo(as_installed(line))


def show(document: Any, lines: Iterable[str], *, as_json: bool) -> None:
    """Print a result: the document as JSON, or the lines for people."""
    if as_json:
        print_json(document)
    else:
        print_lines(lines)


def result_of(document: Any, lines: Iterable[str], problems: Iterable[str], *, is_whole: bool) -> Json:
    """Return what a command prints at its end, as JSON: another process may have made it. `document` is for `--json`, `lines` are for
    people, and `problems` for standard error where the lines are printed.
    """
    return {"document": document, "lines": list(lines), "problems": list(problems), "whole": is_whole}


def finish(result: Json, *, as_json: bool) -> NoReturn:
    """Print a result and end the program: with exit code 3 when it is not whole."""
    show(result["document"], result["lines"], as_json=as_json)
    if not as_json:
        sys.stdout.flush()
        for problem in result["problems"]:
            typer.echo(problem, err=True)
    raise typer.Exit(DONE if result["whole"] else PARTLY_DONE)


def undelivered(delivered: Iterable[Delivered]) -> list[str]:
    """Return a line for each post that was not sent."""
    return [f"{item.post.destination}: {item.state.value}: {item.error}" for item in delivered if item.state is not PostState.SENT]


def destination_problems(destinations: Iterable[DestinationHealth]) -> Iterator[str]:
    """Return a line for each destination that does not take posts as it should."""
    for one in destinations:
        if one.trouble is not None:
            waiting = f" ({count(one.waiting, 'post')} waiting)" if one.waiting else ""
            yield f"{one.name}: {one.trouble.value}: {printable(one.detail or '')}{waiting}"


def round_lines(reports: Iterable[SourceReport], ingested: IngestResult, *, rehearsal: bool) -> Iterator[str]:
    """Describe a round, source by source; the posts themselves were printed by their channel."""
    for report in reports:
        if report.ok:
            seen = "nothing changed" if report.unchanged else f"{len(report.listed)} listed, {report.new} new"
            state = f"ok      {seen}, {count(report.requests, 'request')}"
        else:
            state = f"FAILED  {report.error}"
        yield f"{source_columns(report.source.key)}{state}"
        for url in report.incomplete:
            yield f"    read in part only: {url}"
        for url in report.unfinished:
            yield f"    still being read: {url}"
        for unread in report.unread:
            yield f"    not read: {unread.error}"
    if rehearsal:
        for decree in ingested.decrees:
            # Its number is that of the copy it was recorded in: `vigie show` does not know it.
            yield f"would be posted: {decree_line(replace(decree, id=None))}"
    for act in ingested.uncertain:
        yield doubt_line(act)
    found = count(len(ingested.decrees), "decree")
    yield f"{found} found" + (" (rehearsal: nothing written, nothing posted)" if rehearsal else "")


def doubt_line(act: UncertainAct) -> str:
    """Describe an act in doubt on one line; names of persons are taken out of its title, as in the review queue."""
    return f"to be checked by a person: {act.url}#page={act.page}  {printable(without_names(act.title))}"


def decree_line(decree: Decree) -> str:
    """Describe a decree on one line, for lists."""
    number = decree.facts.number or decree.act_id or "-"
    identifier = "" if decree.id is None else f"{decree.id:>4}  "
    return printable(f"{identifier}{decree.authority:<3} {decree.kind.value:<13} {number}  {decree.title}  {decree.url}#page={decree.page}")


# Where a line on one source begins: columns that the longest codes and routes of the catalogue fit in (R-PACA, special-92).


def code_column(code: str) -> str:
    """Return `26 `."""
    return f"{code:<6} "


def source_columns(key: str) -> str:
    """Return `26 site ` for `26:site`."""
    code, _, route = key.partition(":")
    return f"{code_column(code)}{route:<10} "


def count(number: int, noun: str, plural: str = "") -> str:
    """Return `1 page`, `2 pages`."""
    return f"{number} {noun}" if number == 1 else f"{number} {plural or noun + 's'}"


def minute(instant: datetime | None) -> str:
    """Return `2026-08-14 09:30 UTC`, or `never`."""
    return "never" if instant is None else f"{instant.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def day_column(day: date | None) -> str:
    """Return `2026-08-14`, or as many characters that say that there is none."""
    return "no date   " if day is None else day.isoformat()
