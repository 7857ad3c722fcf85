"""Formats what several commands print: lines, and JSON beside the shapes of `bot.queries` (docs/commands.schema.json)."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from bot.cli.context import DONE, PARTLY_DONE, show
from bot.detection.judging import read_twice
from bot.detection.text.phrases import without_names
from bot.domain.acts import Decree, Judged, Outcome, Place, Reading
from bot.domain.posts import PostState
from bot.domain.records import UncertainAct
from bot.domain.shape import Json, key, pick, plain
from bot.domain.text import PageText
from bot.ingest.judging import decree_of
from bot.messages.words import clean
from bot.queries.decree_shape import EvidenceModel, OneDecreeModel, ReadDecree, decree_models

if TYPE_CHECKING:
    from bot.delivery.deliverer import Delivered
    from bot.domain.health import DestinationHealth
    from bot.ingest.ingestor import IngestResult
    from bot.ingest.poller import SourceReport


def result_of(document: Any, lines: Iterable[str], problems: Iterable[str], *, is_whole: bool) -> Json:
    """Return a command's result, perhaps from another process: `document` for `--json`, `lines`, and `problems` for standard error."""
    return {"document": plain(document), "lines": list(lines), "problems": list(problems), "whole": is_whole}


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
            yield f"{one.name}: {one.trouble.value}: {clean(one.detail or '')}{waiting}"


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
    """Describe an act in doubt on one line, without names of persons: by its title, else by a phrase of it."""
    called = next(filter(None, (act.title, *act.evidence)), "(no title)")
    return f"to be checked by a person: {act.url}#page={act.page}  {clean(without_names(called))}"


def decree_line(decree: Decree) -> str:
    """Describe a decree on one line, for lists."""
    number = decree.facts.number or decree.act_id or "-"
    identifier = "" if decree.id is None else f"{decree.id:>4}  "
    return clean(f"{identifier}{decree.authority:<3} {decree.kind.value:<13} {number}  {decree.title}  {decree.url}#page={decree.page}")


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


# As JSON.


class ShownDecree(OneDecreeModel):
    """Holds a decree as `show` prints it."""

    archived_path: Annotated[str | None, key("The kept copy of the PDF, else null.")]


# What came of a round, a backfill or a decision.


def posts_json(delivered: Iterable[Delivered]) -> list[Json]:
    """Return what became of each post."""
    return [
        {"destination": item.post.destination, "decree": decree.id, "number": decree.facts.number, **pick(item, "state", "error")}
        for item in delivered
        for decree in item.post.decrees
    ]


def uncertain_json(act: UncertainAct) -> Json:
    """Return an act for a person to judge, without names of persons."""
    return {
        **pick(act, "authority", "url", "page", "act_id"),
        "title": without_names(act.title),
        "evidence": [without_names(phrase) for phrase in act.evidence],
    }


def ingest_json(result: IngestResult, delivered: Iterable[Delivered], places: Mapping[str, Place], now: datetime) -> Json:
    """Return what was found in recueils, those unread or incomplete, and posts. `gone`: no longer on the site."""
    return {
        "decrees": decree_models(result.decrees, places, now),
        "uncertain": [uncertain_json(act) for act in result.uncertain],
        "incomplete": list(result.incomplete),
        "unread": [pick(item, "url", "error", "gone") for item in result.unread],
        "posts": posts_json(delivered),
    }


# What `vigie read` prints.


def reading_json(
    file: str, reading: Reading, judged: Sequence[Judged], place: Place, now: datetime, *, text: bool = False, explain: bool = False
) -> Json:
    """Return one PDF, its acts and decrees. `id`, `part`: as in `Act`. `text` and `explain` add `page_details`, with texts for `text`.
    `explain` adds to each act its `evidence` (whatever the verdict) and the facts `read_twice`. `place`: of the cover's authority, for
    hours; `now`: aware.
    """
    cover = reading.cover
    shape: Json = {
        "file": file,
        "pages": reading.page_count,
        "status": "complete" if reading.complete else "incomplete",
        **pick(reading, "ocr_pages", "unreadable_pages", "damaged"),
        "recueil": pick(cover, "authority", "number", "published"),
        "acts": [_act_json(item, explain=explain) for item in judged],
        "decrees": [
            ReadDecree.at(decree_of(cover.authority or "", file, cover.published, item), place, now)
            for item in judged
            if item.verdict.outcome is Outcome.DECREE
        ],
    }
    if text or explain:
        shape["page_details"] = [page_json(page, text=text) for page in reading.pages]
    return shape


def _act_json(item: Judged, *, explain: bool) -> Json:
    outcome = item.verdict.outcome
    shape = {
        **pick(item.act, "id", "title", "service", "first_page", "last_page", "part"),
        "topic": item.verdict.topic,
        "verdict": outcome.value,
    }
    if explain:
        shape["evidence"] = [EvidenceModel.of(quote) for quote in item.verdict.evidence]
        shape["read_twice"] = plain(read_twice(item.act, item.verdict)) if outcome is Outcome.DECREE else []
    return shape


def page_json(page: PageText, *, text: bool) -> Json:
    """Return one page. `confidence`: 0 to 100, null without OCR. `doubt`: neither of two texts is reliable; `text` adds `other`."""
    shape = {
        "number": page.number,
        "method": page.origin.value,
        "confidence": page.confidence,
        "seconds": round(page.seconds, 4),
        "characters": len(page.text),
        "doubt": bool(page.other),
        "damaged": page.damaged,
    }
    return {**shape, "text": page.text, "other": page.other or None} if text else shape
