"""Finds the tables and forms of an article or annex, with or without a header. Places, periods and counts are read from the same rows."""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice, takewhile

from bot.detection.text.cues import fold, load
from bot.detection.text.document import ActText

MOST_LINES = 400
"""Lines of one article that are looked at: the largest table known has 46 rows, a hostile text any number."""

_LONGEST_HEADER = 160
"""Characters of the line that heads the columns of a table."""

_LONGEST_END = 40
"""Characters of what the last cell of a row has on the line below."""

_FEWEST = 2
"""Lines of a name and a count that are a table without a header."""

_HEADED = (
    r"(?:sites?|lieux?|gares?|stations?|secteurs?|emplacements?|implantations?|localisations?|voies?|zones?"
    r"|points?(?: (?:hauts?|de (?:captation|vues?|surveillance)))?|positions?"
    r"|adresses?|designations?|libelles?)\b"
)
_RANK_HEAD = r"(?:(?:n\s?[°o]|no|num(?:ero)?s?|rang|rep(?:ere)?|ref(?:erence)?|code|id(?:entifiant)?|cam(?:eras?)?)\W{0,4}\s*)"
_NEXT_HEAD = (
    r"\b(?:cameras?|types?|modeles?|nombre|nb|qte|quantites?|video-?protection|drones?|aeronefs?|fixes?|mobiles?|domes?|observations?|remarques?"
    r"|dates?|jours?|heures?|horaires?|periodes?|responsables?|evenements?|finalites?|fins|usages?|communes?|villes?|arrondissements?|lignes?|exploitants?"
    rf"|{_RANK_HEAD}|total)\b"
)
# "Site  Caméras  Évènements", "N°  Emplacement  Type": a kind of place heads a column, and something else another.
_OF_PLACES = re.compile(rf"\W{{0,3}}{_RANK_HEAD}?{_HEADED}(?=[^\n]*{_NEXT_HEAD})[^\n;:]{{0,120}}(?=\n|$)")
_PLACES_HEAD = re.compile(rf"\b{_HEADED}")
_PLACES_CELL = re.compile(rf"\W{{0,3}}{_RANK_HEAD}?{_HEADED}[^;:]{{0,40}}")
_OTHER_CELL = re.compile(rf"\W{{0,3}}{_NEXT_HEAD}[^;:]{{0,40}}")
_OF_TIMES = re.compile(r"\W{0,3}(?:[a-z][a-z' ()-]{1,40}\s)?debut\s(?:[a-z]{1,12}\s){0,2}fin\W{0,3}(?=\n|$)")
_END = re.compile(r"\W{0,3}(?:(?:sous-)?totaux|(?:sous-)?total|ens(?:emble)?|article|art\.?\s\d|annexe|fait a)\b")
_NEW_LINE = re.compile(r"(?<!\s)\s*\n\s*")
_GAP = re.compile(r"[ \xa0]*(?:\t[ \xa0]*)+|[ \xa0]{2,}|[ ]?(?:\.{3,}|…+|_{3,})[ ]?")
_NAME_AND_COUNT = re.compile(r"(?P<name>\D{3,80}?)(?:\t+|[ \xa0]{2,}|[ ]?(?:\.{3,}|…+|_{3,})[ ]*|\s:\s)\d{1,4}(?: cam[ée]ras?)?[\s»\".;]*")
# "place Foch : 4      rue Basse : 3".
_COUNTED = re.compile(r"\D{3,80}?\s?:\s?\d{1,4}")
_TICK = re.compile(r"[xX✓✔☒☑]")
_NAMED = re.compile(r"[^\W\d]{3}")
# "4   Évènement", "A4 Évènement".
_RANKED = re.compile(r"\d{1,2}\W?[ \xa0]{2,}|[A-Z]\d{1,2}\W?[ \xa0]+")
_ALNUM = re.compile(r"[a-z0-9]")
_FIGURE = re.compile(r"\n[ ]?\d{1,4}[ ]?(?=\n|$)")
# A cell that is of another place begins so, and one that goes on below ends so.
_BEGINS = re.compile(rf"\W*(?:l[ae]s?\s)?(?:{'|'.join(load('places.toml')['kinds'])})\b")
_UNFINISHED = re.compile(r"(?:\s(?:de|du|des|la|les?|aux?|et|sur)|[\s'’][dl]['’]|-)$", re.IGNORECASE)
_COMPLEMENT = re.compile(r"(?:d[eu]s?|aux?|et)\s|[dl]['’]")
_NO_END = re.compile(r"[\d.;:]")
_HEADER_GOES_ON = re.compile(r"\W{0,3}(?:de )?cameras\W{0,3}")


@dataclass(frozen=True, slots=True)
class Line:
    """One line at `start:end` of the folded text, as printed; `indent` is its column."""

    printed: str
    indent: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class PrintedTable:
    """Holds the rows of one table. `header` is the folded line above them, "" where there is none."""

    start: int
    header: str
    rows: tuple[Line, ...]
    column: int = 0
    """Which cell of a row is of a place."""
    cells: int = 0
    """How many the header has, 0 where a text layer keeps no columns."""

    @property
    def is_side_by_side(self) -> bool:
        """Return True where no header tells one column from another, and no figure stands in any."""
        return not self.header and self.cells > 0

    def cell(self, row: Line) -> str | None:
        """Return what a row has in the column of places; None where no columns are kept."""
        cells = _GAP.split(row.printed)
        # The first ones may be empty: they are of the row above. That of ranks may have no head.
        ranked = len(cells) > self.cells and cells[0].isdigit()
        column = self.column - max(self.cells - len(cells), 0) + ranked
        return cells[column] if self.cells and 0 <= column < len(cells) else None


def tables(document: ActText, start: int, end: int) -> Iterator[PrintedTable]:
    """Yield the tables of a part of the folded text, in order. A row without a figure or columns ends its table."""
    text, lines = document.folded.text, list(islice(lines_of(document, start, end), MOST_LINES))
    past = 0
    for position, line in enumerate(lines):
        if position < past:
            continue
        header = is_header(document, line.start)
        columns = [fold(cell).text for cell in _GAP.split(line.printed)] if header else []
        columns = columns if len(columns) > 1 else []
        below = position + 1
        if header and below < len(lines) and _HEADER_GOES_ON.fullmatch(text, lines[below].start, lines[below].end):
            below += 1
        follows = partial(_is_row, text, header=header, columns=bool(columns))
        head, *whole = _whole_rows(line, lines[below:], follows) if columns else (line,)
        rows = tuple(whole or takewhile(follows, lines[below if header else position :]))
        if not header and not rows:
            rows = tuple(_side_by_side(lines[position:]))
            columns = _GAP.split(line.printed)
        if not header and len(rows) < _FEWEST:
            continue
        past = next((rank for rank, other in enumerate(lines) if other.start >= rows[-1].end), len(lines)) if rows else below
        counted = [not header and all(map(_COUNTED.fullmatch, cells_of(row.printed))) for row in rows]
        rows = tuple(part for row, apart in zip(rows, counted, strict=True) for part in (_parts(row, 1) if apart else (row,)))
        width = len(columns)
        columns = next((columns[:most] for most in range(1, width) if columns[:most] * (width // most) == columns), columns)
        if len(columns) < width:  # "N°  Lieu  N°  Lieu"
            rows = tuple(part for row in rows for part in _parts(row, len(columns)))
        headed = [rank for rank, cell in enumerate(columns) if _PLACES_CELL.fullmatch(cell)]
        found = [PrintedTable(line.start, fold(head.printed).text if header else "", rows, rank, len(columns)) for rank in headed or [0]]
        # Under "Point" may stand ranks, and the places under "Lieu".
        yield next((table for table in found if any(map(_NAMED.search, (table.cell(row) or "" for row in rows)))), found[0])


def is_header(document: ActText, position: int) -> bool:
    """Return True where the next line of the folded text heads the columns of a table."""
    text = document.folded.text
    while position < len(text) and text[position].isspace():
        position += 1
    stop = text.find("\n", position, position + _LONGEST_HEADER + 1)
    stop = stop if stop >= 0 else len(text)
    if text[text.rfind("\n", 0, position) + 1 : position].strip() or stop - position > _LONGEST_HEADER:
        return False
    if _OF_PLACES.match(text, position) is not None or _OF_TIMES.match(text, position) is not None:
        return True
    if _PLACES_HEAD.search(text, position, stop) is None:
        return False
    first, last = document.folded.span(position, stop)
    cells = [fold(cell).text for cell in _GAP.split(document.source[first:last].strip())]
    of_places = [_PLACES_CELL.fullmatch(cell) is not None for cell in cells]
    return any(of_places) and any(_OTHER_CELL.fullmatch(cell) for cell, own in zip(cells, of_places, strict=True) if not own)


def under(document: ActText, start: int, end: int, heading: re.Pattern[str]) -> Iterator[Line]:
    """Yield what a form says in its second column under a heading: on the line of that, and on those below that are as far in."""
    lines = list(islice(lines_of(document, start, end), MOST_LINES))
    for position, line in enumerate(lines):
        rank = _RANKED.match(line.printed)
        first = rank.end() if rank is not None else 0
        gap = _GAP.search(line.printed, first)
        if gap is None or heading.fullmatch(fold(line.printed[first : gap.start()]).text) is None or is_header(document, line.start):
            continue
        column = line.indent + gap.end()
        yield Line(line.printed[gap.end() :], column, line.start + gap.start(), line.end)
        for other in lines[position + 1 :]:
            if other.indent < column - 1:
                break
            yield other


def ticked_under(document: ActText, start: int, end: int, position: int, heads: re.Pattern[str]) -> bool:
    """Return True where the line that holds a position has its tick in the column of one of these heads, the nearest ones above it."""
    lines = list(islice(lines_of(document, start, end), MOST_LINES))
    rank = next((rank for rank, line in enumerate(lines) if line.start <= position < line.end), 0)
    ticks = [column for column, cell in _columns(lines[rank]) if _TICK.fullmatch(cell)] if lines else []
    for line in reversed(lines[:rank]) if ticks else ():
        columns = [(column + len(cell) / 2, fold(cell).text) for column, cell in _columns(line)]
        if any(heads.fullmatch(head) for _, head in columns):
            return all(heads.fullmatch(min(columns, key=lambda head: abs(head[0] - tick))[1]) for tick in ticks)
    return False


def _columns(line: Line) -> Iterator[tuple[int, str]]:
    """Yield each cell of a line with the column of letters in which it begins."""
    return zip(_starts(line), cells_of(line.printed), strict=True)


def cells_of(printed: str) -> list[str]:
    """Return what stands between the gaps of a line."""
    return _GAP.split(printed)


def in_cells(printed: str) -> str:
    """Return a line folded, with a bar between its cells."""
    return fold(_GAP.sub(" | ", printed)).text


def has_gap(printed: str) -> bool:
    """Return True for a stretch that runs over the columns of a table."""
    return _GAP.search(_NEW_LINE.sub("\n", printed.strip())) is not None


def lines_of(document: ActText, start: int, end: int) -> Iterator[Line]:
    """Yield the lines of a part of the folded text in which something is printed."""
    text = document.folded.text
    while start < end:
        stop = text.find("\n", start, end)
        stop = stop if stop >= 0 else end
        # A text layer may give each cell a line: the figure that follows a name is of its row.
        figure = _FIGURE.match(text, stop, end) if re.search(r"\d", text[start:stop]) is None else None
        stop = figure.end() if figure is not None else stop
        if _ALNUM.search(text, start, stop) is not None:
            first, last = document.folded.span(start, stop)
            indent = first - (document.source.rfind("\n", 0, first) + 1)
            yield Line(_NEW_LINE.sub("  ", document.source[first:last].strip()), indent, start, stop)
        start = stop + 1


def _is_row(text: str, line: Line, *, header: bool, columns: bool) -> bool:
    """Return True for a line with a figure or columns below a header, else for one of a name and a count."""
    if _END.match(text, line.start, line.end) is not None:
        return False
    if not header:
        return _NAME_AND_COUNT.fullmatch(line.printed) is not None or all(map(_COUNTED.fullmatch, cells_of(line.printed)))
    if re.search(r"\d", text[line.start : line.end]) is not None:
        return not (columns and " : " in line.printed and _GAP.search(line.printed) is None)
    return columns and bool(_GAP.search(line.printed) or (len(line.printed) <= _LONGEST_END and _UNFINISHED.search(line.printed)))


def _whole_rows(header: Line, lines: Sequence[Line], follows: Callable[[Line], bool]) -> list[Line]:
    """Return a header of several columns and the rows below it, each with what its cells have on the lines below."""
    rows = [header]
    starts = _starts(header)
    for line in lines:
        at, above = _starts(line), cells_of(rows[-1].printed)
        if len(above) == 1 and _is_cut(above[0], line.printed):  # the other cells stand beside the end of the name
            rows[-1], starts = replace(rows[-1], printed=f"{above[0]} {line.printed}", end=line.end), at
        elif _goes_on(line, at, above, starts) and (rows[1:] or at[0] >= starts[1]):
            for cell, place in zip(cells_of(line.printed), at, strict=True):
                column = bisect(starts, place) - 1
                above[column] = f"{above[column]} {cell}"
            rows[-1] = replace(rows[-1], printed="  ".join(above), end=line.end)
        elif follows(line):
            rows.append(line)
            starts = at
        else:
            break
    return rows


def _parts(row: Line, width: int) -> Iterator[Line]:
    """Yield the rows that stand side by side in one, each of so many cells."""
    cells = cells_of(row.printed)
    for first in range(0, len(cells), width):
        yield replace(row, printed="  ".join(cells[first : first + width]))


def _starts(line: Line) -> list[int]:
    """Return in which columns of letters the cells of a line begin."""
    return [line.indent, *(line.indent + gap.end() for gap in _GAP.finditer(line.printed))]


def _goes_on(line: Line, at: Sequence[int], above: Sequence[str], starts: Sequence[int]) -> bool:
    """Return True for a line whose cells are the ends of those above: fewer, without a figure, each in its column, and no other place."""
    cells = cells_of(line.printed)
    lost = not len(cells) < len(above) == len(starts)  # an empty cell
    if lost or _NO_END.search(line.printed) is not None or _END.match(fold(line.printed).text) is not None:
        return False
    columns = [bisect(starts, place) - 1 for place in at]
    inside = all(
        column >= 0 and place + len(cell) < [*starts, place + _LONGEST_END][column + 1]
        for cell, place, column in zip(cells, at, columns, strict=True)
    )
    counted = any(re.search(r"\d", above[column]) for column in columns)
    return inside and (columns[0] > 0 or _is_cut(above[0], cells[0]) or not (counted or _BEGINS.match(fold(cells[0]).text)))


def _is_cut(name: str, below: str) -> bool:
    return _UNFINISHED.search(name) is not None or _COMPLEMENT.match(below) is not None


def _side_by_side(lines: Sequence[Line]) -> Iterator[Line]:
    """Yield lines of as many cells as the first one, none with a figure; the last may have fewer."""
    most = len(_GAP.split(lines[0].printed))
    for line in lines if most > 1 else ():
        cells = _GAP.split(line.printed)
        if len(cells) > most or re.search(r"\d", line.printed) is not None:
            return
        yield line
        if len(cells) < most:
            return
