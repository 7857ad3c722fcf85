"""What `vigie read` tells people of a document: its acts, its decrees, and what of it could not be read. Pure: values in, lines out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from bot.cli.columns import count
from bot.cli.read_facts import fact_lines
from bot.cli.read_pages import page_ranges
from bot.domain import Judged, Outcome, Reading
from bot.ingest.judging import Group
from bot.messages import printable

_MARKS = {Outcome.DECREE: "DECREE   ", Outcome.UNCERTAIN: "UNCERTAIN", Outcome.NOT_CONCERNED: "         "}


def summary_lines(file: str, reading: Reading, groups: Sequence[Group], reasons: Sequence[str] = ()) -> Iterator[str]:
    """A document, act by act. `reasons` say why pages are unread (see `read_trouble`)."""
    cover = reading.cover
    name = f"{cover.number or 'no number on the cover'}, {'published ' + cover.published.isoformat() if cover.published else 'no date'}"
    yield f"{file}: {count(reading.page_count, 'page')}, {name}"
    if reading.ocr_pages:
        yield f"  read by OCR: pages {page_ranges(reading.ocr_pages)}"
    for line in reasons:
        yield f"  {line}"
    for line in act_lines(groups):
        yield f"  {line}"
    decrees = [item for group in groups for item in group if item.verdict.outcome is Outcome.DECREE]
    for item in decrees:
        yield ""
        for line in _decree_lines(item):
            yield f"  {line}"
    uncertain = sum(group[0].verdict.outcome is Outcome.UNCERTAIN for group in groups)
    doubt = f", {uncertain} to be checked by a person (--explain says why)" if uncertain else ""
    yield f"  {count(len(groups), 'act')}, {count(len(decrees), 'decree')} on algorithmic video surveillance{doubt}"


def act_lines(groups: Iterable[Group]) -> Iterator[str]:
    """One line an act: verdict, pages, id, title."""
    for item in (group[0] for group in groups):
        act = item.act
        yield f"{_MARKS[item.verdict.outcome]} p. {act.first_page}-{act.last_page}  {act.id or '-'}  {printable(act.title)}"


def early_line(item: Judged) -> str:
    """A decree that was found while other pages are still to be read."""
    act, number = item.act, item.verdict.facts.number
    kind = item.verdict.kind.value if item.verdict.kind else "decree"
    return f"found early: {kind}, {f'n° {number}' if number else act.id or 'no number'}, {printable(act.title)}, p. {act.first_page}"


def _decree_lines(item: Judged) -> Iterator[str]:
    yield f"{item.verdict.kind.value if item.verdict.kind else ''}: {printable(item.act.title)}"
    for line in fact_lines(item.verdict.facts, item.verdict.kind):
        yield f"  {line}"
