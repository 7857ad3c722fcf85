"""Tables of contents outside the national template. Pure.

Alpes-Maritimes: `- AP 20251856 du 12/12/2025 autorisant …`, bullets without page numbers. Special recueils of the préfecture de police:
four columns (decree, date, title, page), which come out row by row with number and date first, or interleaved, with words glued together.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from bot.domain.folding import fold_letters, one_line
from bot.reading.acts.openings import number

_HEADING = re.compile(r"(?i)sommaire")
_BULLET = re.compile(
    r"(?m)^[ \t]*[-–—•▪●\uf0b7*][ \t]*"
    r"(?=(?:AP|A\.P\.|[Aa]rr[êe]t[ée]|ARR[ÊE]T[ÉE]|[Aa]vis|AVIS|[Dd][ée]cision|D[ÉE]CISION|[Rr][ée]c[ée]piss[ée])(?!\w))"
)
_BULLET_NUMBER = re.compile(r"\A(?:AP|A\.P\.|\w+)\s+(?:n\s?[°º]\s?)?(\d[\w/.-]{2,20})\s+du\b")
_COLUMNS = re.compile(r"(?i)\b(?:arr[êeé]t[ée]s?)\b[\s|]*dates?\b[^\n]{0,60}\s*(?:\n[^\n]{0,60}){0,3}?\bpages?(?=\W|[A-ZÀ-Þ]|\Z)")
# A page number ends its line, stands on its own, or is glued to the number of the next decree; a date or a department does not.
_PAGE = re.compile(r"(?<![\d.,/(°º-])(?<!\d )(?<!n° )\b(\d{1,3})(?=[ \t]*(?:\n|\Z|n\s?[°º]))")
_DATE = re.compile(r"\b\d{1,2}[./]\d{1,2}[./]\d{4}\b")
_DECREE_NUMBER = re.compile(r"(?:n\s?[°º]\s?)?\b20\d\d[-–]\d{3,6}\b")
_ANNEX = re.compile(r"(?i)\A\W*annexe")
_VISA = re.compile(r"(?m)^[^\w\n]*(?:VU|Vu)\b")
_LONGEST_TITLE = 500
_MOST_ROWS = 300


@dataclass(frozen=True, slots=True)
class TableRow:
    """One act as such a table announces it. `number` is compared as `number()` gives it; `page` is the printed one, None where none is."""

    number: str | None
    title: str
    page: int | None = None


def begins_table(cover: str) -> bool:
    """True for a cover that goes on with the table of contents, and with no decree."""
    return _HEADING.search(cover) is not None and _VISA.search(cover) is None


def continues_table(text: str) -> bool:
    """True for a page that holds entries of such a table (and no decree), given that a recueil's cover or table comes before it."""
    if _VISA.search(text):
        return False
    return len(_BULLET.findall(text)) >= 2 or _COLUMNS.search(text) is not None or _looks_like_rows(text)


def _looks_like_rows(text: str) -> bool:
    dates, numbers = len(_DATE.findall(text)), len(_DECREE_NUMBER.findall(text))
    return min(dates, numbers, len(_PAGE.findall(text))) >= 2


def read_table(pages: Sequence[str]) -> tuple[TableRow, ...]:
    """The entries of these pages (those of the table only), in order; none where they follow another pattern."""
    text = "\n".join(pages)
    heading = _HEADING.search(text)
    text = text[heading.end() :] if heading else text
    return _bullets(text) or _rows(text)


def _bullets(text: str) -> tuple[TableRow, ...]:
    starts = [(start.start(), start.end()) for start in islice(_BULLET.finditer(text), _MOST_ROWS)]
    rows = []
    for (_, start), (end, _) in pairwise([*starts, (len(text), len(text))]):
        # Below the last entry of a service come a blank line, or the name of the next one: the title is at most a few lines.
        title = one_line(text[start : min(end, start + _LONGEST_TITLE)].split("\n\n", 1)[0])
        found = _BULLET_NUMBER.match(title)
        rows.append(TableRow(fold_letters(found[1]) if found else number(title), title))
    return tuple(rows)


def _rows(text: str) -> tuple[TableRow, ...]:
    columns = _COLUMNS.search(text)
    text = text[columns.end() :] if columns else text
    rows: list[TableRow] = []
    position = 0
    for page in _PAGE.finditer(text):
        if len(rows) == _MOST_ROWS:
            break
        cell = text[position : page.start()]
        position = page.end()
        said = _DECREE_NUMBER.search(cell)
        title = one_line(_DATE.sub(" ", _DECREE_NUMBER.sub(" ", cell[-2 * _LONGEST_TITLE :])).replace("|", " "))[:_LONGEST_TITLE].strip(
            " ;:-"
        )
        if sum(map(str.isalpha, title)) >= 10 and not _ANNEX.match(title):
            rows.append(TableRow(fold_letters(said[0].lstrip("nN °º")) if said else None, title, int(page[1])))
    return tuple(rows)
