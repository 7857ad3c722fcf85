"""Reads what comes before the acts of a recueil: its cover and its table of contents ("Sommaire"). Pure."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice, pairwise

from bot.domain.acts import Cover
from bot.domain.text import PageText, fold_letters, fold_words, one_line
from bot.reading.acts.titles import first_visa, marked_ids, opens_decree, title_number
from bot.reading.pages.quality import ACT_ID, DASH

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("janvier", "fevrier", "mars", "avril", "mai", "juin", "juillet", "aout", "septembre", "octobre", "novembre", "decembre"), start=1
    )
}
# An accented letter may come out as one odd character or none (`PUBLI? LE`), hence the loose middle.
_DAY = r"(?P<day>\d{1,2})(?:\s?er)?\s+(?P<month>[^\W\d_]+)\s+(?P<year>\d{4})"
_FIGURES = r"(?P<d>\d{1,2})[/.](?P<m>\d{1,2})[/.](?P<y>\d{4})"
_PUBLISHED = re.compile(rf"(?i)\b(?:PUBLI\S{{0,2}}\s+LE|[EÉ]DITION\s+DU|DU)\s+(?:{_DAY}|{_FIGURES})")
_TITLE = re.compile(r"RECUEIL\s+DES\s*ACTES\s*ADMINISTRATIFS|(?m:^\s*Recueil\s+(?:normal|sp[ée]cial|des\s*actes)\b)")
_NUMBER = re.compile(r"(?i)\bN\s?\S?\s{0,2}((?:\d{2,3}|2[AB]|R\d{2}|[A-Z]{3})-\d{4}-\d{1,4})\b")
_OTHER_NUMBER = re.compile(r"(?i)\bRecueil\s+(?:normal|sp[ée]cial)\s+(?:n\s?\S\s?)?(\d{1,4}[.-]\d{4})")
_HEAD = 1500
"""Characters of a first page in which a cover names itself; further down a decree only says where it is published."""


def is_cover(text: str) -> bool:
    """Return whether this first page is the cover of a recueil, not a decree that mentions one; a decree may begin on it, below."""
    title, visa = _TITLE.search(text[:_HEAD]), first_visa(text[:_HEAD])
    # Visas name the recueil in which a delegation was published, now and then at the beginning of a line.
    return title is not None and (visa is None or title.start() < visa)


def read_cover(text: str) -> Cover:
    """Return the number, department and date of the cover; every field None when this first page is not a cover.

    National template: `N°83-2025-240`, `PUBLIÉ LE 11 JUILLET 2025`. Alpes-Maritimes: `Recueil spécial 211.2025 - édition du 19/08/2025`.
    """
    if not is_cover(text):
        return Cover()
    head = text[:_HEAD]
    number = _NUMBER.search(head)
    if number:
        code = number[1].upper()
        return Cover(authority=code.split("-", 1)[0], number=code, published=_published(head))
    other = _OTHER_NUMBER.search(head)
    return Cover(number=other[1] if other else None, published=_published(head))


def _published(head: str) -> date | None:
    for found in _PUBLISHED.finditer(head):
        try:
            if found["y"]:
                return date(int(found["y"]), int(found["m"]), int(found["d"]))
            month = _MONTHS.get(fold_words(found["month"]))
            if month:
                return date(int(found["year"]), month, int(found["day"]))
        except ValueError:
            # A date no calendar has (an OCR slip): another mention may be right.
            continue
    return None


# The table of contents of the national template. An entry is `<id> - <title> (N pages) Page M`, cut anywhere by line ends, under headings
# `<service> / <sub-service>`.

_START = re.compile(rf"(?m)^[ \t]*(?P<id>{ACT_ID})\s+{DASH}\s+")
_PLACE = re.compile(r"\(\s*(?P<length>\d{1,4})\s*pages?\s*\)\s*Page\s*(?P<page>\d{1,4})")
_TAIL = re.compile(r"pages?\s*\)\s*Page\s*\d")
# The end of an entry that was cut just before it. A body page may say "Page 2" too, but not as its first words and with hardly any others.
_REST = re.compile(r"\s*Page\s+\d{1,4}[ \t]*(?:\n|\Z)")
_SHORT = 300
_PAGE_NUMBER = re.compile(r"\n[ \t]*\d{1,3}[ \t]*\Z")
_HEADING = re.compile(r"(?im)^[^\w\n]*sommaire[^\w\n]*$")
_LONE_NUMBER = re.compile(r"(?m)^[ \t]*\d{1,3}[ \t]*$")


@dataclass(frozen=True, slots=True)
class Entry:
    """One act as the table of contents announces it. `page` is the printed number of its separator page, None where it is cut off."""

    id: str
    title: str
    service: str | None
    page: int | None


def is_contents(text: str, *, continued: bool) -> bool:
    """Return True for a page of the table of contents. On one that continues it, the end of an entry is enough."""
    if _HEADING.search(text[:400]):
        return True
    if continued:
        return bool(_TAIL.search(text) or _START.search(text) or (len(text) <= _SHORT and _REST.match(text)))
    return _PLACE.search(text) is not None and _START.search(text) is not None


def read_contents(pages: Sequence[str]) -> tuple[Entry, ...]:
    """Return the entries of these pages (those of the table of contents only), in order; an identifier comes once."""
    # The number of the page cuts the entry that runs over its end.
    text = "\n".join(_PAGE_NUMBER.sub("", f"\n{page.rstrip()}") for page in pages)
    heading = _HEADING.search(text)
    position = heading.end() if heading else 0
    starts = list(_START.finditer(text, position))
    entries: dict[str, Entry] = {}
    service: str | None = None
    expected = len(pages) + 2
    for index, start in enumerate(starts):
        service = _service(text[position : start.start()]) or service
        end = starts[index + 1].start() if index + 1 < len(starts) else len(text)
        place = _PLACE.search(text, start.end(), end)
        title = text[start.end() : place.start()] if place else "\n".join(text[start.end() : end].splitlines()[:6])
        position = place.end() if place else end
        page = _printed(place["page"], expected, len(pages)) if place else None
        if place and page is not None:
            expected = page + int(place["length"]) + 1
        entries.setdefault(start["id"], Entry(start["id"], one_line(title), service, page))
    return tuple(entries.values())


def _printed(figures: str, expected: int, contents: int) -> int:
    """Return the number of a page, without that of the page of the table glued to its end (`Page 532`: 53, on page 2 of the file)."""
    glued = {f"{expected}{own}" for own in range(2, contents + 2)}
    return expected if figures in glued else int(figures)


def _service(between: str) -> str | None:
    joined = one_line(_LONE_NUMBER.sub("", between)).rstrip(" /")
    return joined or None


# Tables of contents outside the national template.
#
# Alpes-Maritimes: `- AP 20251856 du 12/12/2025 autorisant …`, bullets without page numbers. Special recueils of the préfecture de police:
# four columns (decree, date, title, page), which come out row by row with number and date first, or interleaved, with words glued together.

_SUMMARY = re.compile(r"(?i)sommaire")
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
    """One act as such a table announces it. `number` is as `title_number` gives it; `page` is the printed one, None where none is."""

    number: str | None
    title: str
    page: int | None = None


def begins_table(cover: str) -> bool:
    """Return True for a cover that goes on with the table of contents, and with no decree."""
    return _SUMMARY.search(cover) is not None and _VISA.search(cover) is None


def continues_table(text: str) -> bool:
    """Return True for a page that holds entries of such a table (and no decree), given that a recueil's cover or table comes before it."""
    if _VISA.search(text):
        return False
    return len(_BULLET.findall(text)) >= 2 or _COLUMNS.search(text) is not None or _looks_like_rows(text)


def _looks_like_rows(text: str) -> bool:
    dates, numbers = len(_DATE.findall(text)), len(_DECREE_NUMBER.findall(text))
    return min(dates, numbers, len(_PAGE.findall(text))) >= 2


def read_table(pages: Sequence[str]) -> tuple[TableRow, ...]:
    """Return the entries of these pages (those of the table only), in order; none where they follow another pattern."""
    text = "\n".join(pages)
    heading = _SUMMARY.search(text)
    text = text[heading.end() :] if heading else text
    return _bullets(text) or _rows(text)


def _bullets(text: str) -> tuple[TableRow, ...]:
    starts = [(start.start(), start.end()) for start in islice(_BULLET.finditer(text), _MOST_ROWS)]
    rows = []
    for (_, start), (end, _) in pairwise([*starts, (len(text), len(text))]):
        # Below the last entry of a service come a blank line, or the name of the next one: the title is at most a few lines.
        title = one_line(text[start : min(end, start + _LONGEST_TITLE)].split("\n\n", 1)[0])
        found = _BULLET_NUMBER.match(title)
        rows.append(TableRow(fold_letters(found[1]) if found else title_number(title), title))
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


# Cover and table of contents together.

_BEFORE_TABLE = 2
"""Pages that may come before a table of contents: the cover and its back."""
_LONGEST_COVER = 1500


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What comes before the acts: how many pages (cover, table of contents, empty or unread pages among them), and the table as read."""

    pages: int
    contents: tuple[PageText, ...]
    entries: tuple[Entry, ...]


def read_front_matter(pages: Sequence[PageText], separators: Container[int]) -> FrontMatter:
    """Return what comes before the acts. It ends where an act begins: on the page of a number in `separators`, or that looks like one."""
    contents: list[PageText] = []
    front = 0
    for index, page in enumerate(pages):
        text = page.text
        if page.number in separators or marked_ids(text) or opens_decree(text):
            break
        if is_contents(text, continued=bool(contents)) or (contents and continues_table(text)):
            if index and not front and not _announces(text):
                break
            contents.append(page)
            front = index + 1
        elif index == 0 and is_cover(text) and first_visa(text) is None:
            # In some templates the table begins on the cover.
            contents += [page] if begins_table(text) else []
            front = 1
        elif text.strip() if front else not _may_be_cover(index, text):
            break
    return FrontMatter(front, tuple(contents), read_contents([page.text for page in contents]))


def _may_be_cover(index: int, text: str) -> bool:
    """Return whether it may be a cover that was not read, or is named in no way we know: the table of contents after it still is one."""
    return index < _BEFORE_TABLE and len(text) <= _LONGEST_COVER and first_visa(text) is None


def _announces(text: str) -> bool:
    """Return True for a table of contents that holds acts: a report has one too, of its chapters."""
    return bool(read_contents([text])) or continues_table(text)
