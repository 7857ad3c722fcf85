"""Finds rows and items of an article or annex: tables and forms, with or without a header, for places, periods and counts; lists, whose
items have a mark, a line of their own, or share a sentence; and names that follow one common word."""

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
"""Most lines read in one article: the largest known table has 46 rows; limits hostile texts."""

_LONGEST = 160
"""Characters of the line that heads the columns of a table, and of an item of a list: longer is a paragraph."""

_LONGEST_END = 40
"""Most characters of the last cell's continuation on the line below."""

GROUND = rf"(?:{'|'.join(load('places.toml')['kinds'])})"
"""Matches names of places in a header, over the folded text."""

AREA = "|".join(load("places.toml")["areas"])
"""Matches what an act calls the area that it draws itself."""

CARRIER = "|".join(word for words in load("cameras.toml").values() if "near" in words for word in words["named"])
"""Matches what carries a camera through the air."""

_HEADED = (
    r"(?:sites?|lieux?|gares?|stations?|secteurs?|emplacements?|implantations?|localisations?|voies?|zones?"
    r"|points?(?: (?:hauts?|de (?:captation|vues?|surveillance)))?|positions?"
    r"|adresses?|designations?|libelles?)\b"
)
_RANK_HEAD = r"(?:(?:n\s?[°o]|no|num(?:ero)?s?|rang|rep(?:ere)?|ref(?:erence)?|code|id(?:entifiant)?|cam(?:eras?)?)\W{0,4}\s*)"
_NEXT_HEAD = (
    rf"\b(?:cameras?|types?|modeles?|nombre|nb|qte|quantites?|video-?protection|{CARRIER}|fixes?|mobiles?|domes?|observations?|remarques?"
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
_GAP = re.compile(r"(?<![ \xa0])[ \xa0]*\t[ \xa0\t]*|[ ]?(?:\.{3,}|…+|_{3,})[ ]?")
_NAME_AND_COUNT = re.compile(
    r"(?P<name>\D{3,80}?(?:\([^()]{2,60}\))?)(?:[ \xa0]*\t[ \xa0]*|[ ]?(?:\.{3,}|…+|_{3,})[ ]*|\s:\s)\d{1,4}(?: cam[ée]ras?)?[\s»\".;]*"
)
# "place Foch : 4      rue Basse : 3".
_COUNTED = re.compile(r"\D{3,80}?\s?:\s?\d{1,4}")
_TICK = re.compile(r"[xX✓✔☒☑]")
_NAMED = re.compile(r"[^\W\d]{3}")
# "4   Évènement", "A4 Évènement".
_RANKED = re.compile(r"\d{1,2}\W?\s*\t\s*|[A-Z]\d{1,2}\W?\s+")
_ALNUM = re.compile(r"[a-z0-9]")
_FIGURE = re.compile(r"\n[ ]?\d{1,4}[ ]?(?=\n|$)")

# A cell that is of another place begins so, and one that goes on below ends so.
_BEGINS = re.compile(rf"\W*(?:l[ae]s?\s)?{GROUND}\b")
_KIND_LAST = re.compile(rf"(?:^|[,;]\s?){GROUND}$")
_UNFINISHED = re.compile(r"(?:\s(?:de|du|des|la|les?|aux?|et|sur)|[\s'’][dl]['’]|[-–—])$", re.IGNORECASE)
_COMPLEMENT = re.compile(r"(?:d[eu]s?|aux?|et)\s|[dl]['’]")
_NO_END = re.compile(r"[\d.;:]")
_HEADER = re.compile(rf"\s*+(?P<line>[^\n]{{1,{_LONGEST}}})(?=\n|\Z)")
_HEADER_GOES_ON = re.compile(r"\W{0,3}(?:de )?cameras\W{0,3}")


@dataclass(frozen=True, slots=True)
class Line:
    """Holds one line at `start:end` of the folded text, as printed; `indent` is its column."""

    printed: str
    indent: int
    start: int
    end: int

    @property
    def cells(self) -> list[str]:
        """Return what stands between its gaps."""
        return _GAP.split(self.printed)

    @property
    def starts(self) -> list[int]:
        """Return in which columns of letters its cells begin."""
        return [self.indent, *(self.indent + gap.end() for gap in _GAP.finditer(self.printed))]

    @property
    def placed(self) -> Iterator[tuple[int, str]]:
        """Return its cells, each with the column of letters in which it begins."""
        return zip(self.starts, self.cells, strict=True)


@dataclass(frozen=True, slots=True)
class PrintedTable:
    """Holds the rows of one table. `header` is the folded line above them, "" where there is none."""

    start: int
    header: str
    rows: tuple[Line, ...]
    column: int = 0
    """Index of the cell that has the place."""
    cells: int = 0
    """Number of columns in the header, 0 if the text layer keeps none."""

    @property
    def is_side_by_side(self) -> bool:
        """Return whether no header separates the columns, and no cell has a figure."""
        return not self.header and self.cells > 0

    def cell(self, row: Line) -> str | None:
        """Return the cell of a row in the column of places; None if the text keeps no columns."""
        cells = row.cells
        # The first ones may be empty: they are of the row above. That of ranks may have no head.
        ranked = len(cells) > self.cells and cells[0].isdigit()
        column = self.column - max(self.cells - len(cells), 0) + ranked
        return cells[column] if self.cells and 0 <= column < len(cells) else None


def tables(document: ActText, start: int, end: int) -> Iterator[PrintedTable]:
    """Yield the tables of a part of the folded text, in order. A row without a figure or columns ends its table."""
    lines = list(islice(lines_of(document, start, end), MOST_LINES))
    past = start
    for rank, line in enumerate(lines):
        if line.start < past:
            continue
        table = _headed(document, line, lines[rank + 1 :]) if is_header(document, line.start) else _headless(document, lines[rank:])
        if table is not None:
            past = table.rows[-1].end if table.rows else line.end
            yield table


def _headed(document: ActText, header: Line, lines: Sequence[Line]) -> PrintedTable:
    """Return the table below a header, its rows cut where it has the same columns twice: "N°  Lieu  N°  Lieu"."""
    text = document.folded.text
    columns = [fold(cell).text for cell in header.cells] if header.cells[1:] else []
    lines = lines[1:] if lines and _HEADER_GOES_ON.fullmatch(text, lines[0].start, lines[0].end) else lines
    follows = partial(_is_row, text, columns=bool(columns))
    head, *whole = _whole_rows(header, lines, follows) if columns else (header,)
    rows = whole or list(takewhile(follows, lines))
    width = len(columns)
    columns = next((columns[:most] for most in range(1, width) if columns[:most] * (width // most) == columns), columns)
    if len(columns) < width:
        rows = [part for row in rows for part in _parts(row, len(columns))]
    ranks = [rank for rank, cell in enumerate(columns) if _PLACES_CELL.fullmatch(cell)] or [0]
    found = [PrintedTable(header.start, fold(head.printed).text, tuple(rows), rank, len(columns)) for rank in ranks]
    # Under "Point" may stand ranks, and the places under "Lieu".
    return next((table for table in found if any(map(_NAMED.search, (table.cell(row) or "" for row in rows)))), found[0])


def _headless(document: ActText, lines: Sequence[Line]) -> PrintedTable | None:
    """Return lines of one or several names with counts, else lines with equal numbers of cells; None for fewer than two."""
    counted = list(takewhile(partial(_is_counted, document.folded.text), lines))
    rows = counted or list(_side_by_side(lines))
    parted = [part for row in rows for part in (_parts(row, 1) if all(map(_COUNTED.fullmatch, row.cells)) else (row,))]
    return PrintedTable(lines[0].start, "", tuple(parted), cells=0 if counted else len(lines[0].cells)) if rows[1:] else None


def is_header(document: ActText, position: int) -> bool:
    """Return whether the next line of the folded text is the header of a table."""
    text = document.folded.text
    line = _HEADER.match(text, position)
    if line is None or text[text.rfind("\n", 0, line.start("line")) + 1 : line.start("line")].strip():
        return False
    if _OF_PLACES.match(text, line.start("line")) is not None or _OF_TIMES.match(text, line.start("line")) is not None:
        return True
    if _PLACES_HEAD.search(line["line"]) is None:
        return False
    cells = [fold(cell).text for cell in cells_of(document.printed(*line.span("line")).strip())]
    of_places = [_PLACES_CELL.fullmatch(cell) is not None for cell in cells]
    return any(of_places) and any(_OTHER_CELL.fullmatch(cell) for cell, own in zip(cells, of_places, strict=True) if not own)


def under(document: ActText, start: int, end: int, heading: re.Pattern[str]) -> Iterator[Line]:
    """Yield the second column of a form beside a heading: on its line, and on equally indented lines below."""
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


def whole_under(document: ActText, start: int, end: int, heading: re.Pattern[str]) -> list[Line]:
    """Return the value of a form under a heading, with a name cut over two lines joined."""
    kept: list[Line] = []
    for line in islice(under(document, start, end, heading), MOST_LINES):
        if kept and goes_on(kept[-1].printed) and line.printed[0].isupper():
            kept[-1] = replace(kept[-1], printed=f"{kept[-1].printed} {line.printed}", end=line.end)
        else:
            kept.append(line)
    return kept


def goes_on(printed: str) -> bool:
    """Return True for a line in the midst of a name: "rue de la / République", "square / Jean Moulin"."""
    return _UNFINISHED.search(printed) is not None or _KIND_LAST.search(fold(printed).text) is not None


def ticked_under(document: ActText, start: int, end: int, position: int, heads: re.Pattern[str]) -> bool:
    """Return whether the line at a position has its tick in the column of one of these heads, the nearest above it."""
    lines = list(islice(lines_of(document, start, end), MOST_LINES))
    rank = next((rank for rank, line in enumerate(lines) if line.start <= position < line.end), 0)
    ticks = [column for column, cell in lines[rank].placed if _TICK.fullmatch(cell)]
    for line in reversed(lines[:rank]) if ticks else ():
        columns = [(column + len(cell) / 2, fold(cell).text) for column, cell in line.placed]
        if any(heads.fullmatch(head) for _, head in columns):
            return all(heads.fullmatch(min(columns, key=lambda head: abs(head[0] - tick))[1]) for tick in ticks)
    return False


def cells_of(printed: str) -> list[str]:
    """Return what stands between the gaps of a line."""
    return _GAP.split(printed)


def in_cells(printed: str) -> str:
    """Return a line folded, with a bar between its cells."""
    return fold(_GAP.sub(" | ", printed)).text


def has_gap(printed: str) -> bool:
    """Return whether a stretch crosses the columns of a table."""
    return _GAP.search(_NEW_LINE.sub("\n", printed.strip())) is not None


def lines_of(document: ActText, start: int, end: int) -> Iterator[Line]:
    """Yield the non-empty lines of a part of the folded text."""
    text = document.folded.text
    while start < end:
        stop = text.find("\n", start, end)
        stop = stop if stop >= 0 else end
        # A text layer may give each cell a line: the figure that follows a name is of its row.
        figure = _FIGURE.match(text, stop, end) if re.search(r"\d", text[start:stop]) is None else None
        stop = figure.end() if figure is not None else stop
        if _ALNUM.search(text, start, stop) is not None:
            first = document.folded.origin(start)
            indent = first - (document.source.rfind("\n", 0, first) + 1)
            yield Line(_NEW_LINE.sub("\t", document.printed(start, stop).strip()), indent, start, stop)
        start = stop + 1


def _is_row(text: str, line: Line, *, columns: bool) -> bool:
    """Return whether a line has a figure or columns below a header."""
    if _END.match(text, line.start, line.end) is not None:
        return False
    if re.search(r"\d", text[line.start : line.end]) is not None:
        return not (columns and " : " in line.printed and _GAP.search(line.printed) is None)
    return columns and bool(_GAP.search(line.printed) or (len(line.printed) <= _LONGEST_END and _UNFINISHED.search(line.printed)))


def _is_counted(text: str, line: Line) -> bool:
    """Return whether a line has one or several names with counts."""
    told = _NAME_AND_COUNT.fullmatch(line.printed) is not None or all(map(_COUNTED.fullmatch, line.cells))
    return told and _END.match(text, line.start, line.end) is None


def _whole_rows(header: Line, lines: Sequence[Line], follows: Callable[[Line], bool]) -> list[Line]:
    """Return a header of several columns and the rows below it, with the continuations of their cells."""
    rows = [header]
    starts = header.starts
    for line in lines:
        at, above = line.starts, rows[-1].cells
        if len(above) == 1 and _is_cut(above[0], line.printed):  # the other cells stand beside the end of the name
            rows[-1], starts = replace(rows[-1], printed=f"{above[0]} {line.printed}", end=line.end), at
        elif _goes_on(line, above, starts) and (rows[1:] or at[0] >= starts[1]):
            for place, cell in line.placed:
                column = bisect(starts, place) - 1
                above[column] = f"{above[column]} {cell}"
            rows[-1] = replace(rows[-1], printed="\t".join(above), end=line.end)
        elif follows(line):
            rows.append(line)
            starts = at
        else:
            break
    return rows


def _parts(row: Line, width: int) -> Iterator[Line]:
    """Yield the rows printed side by side in one, each of so many cells."""
    for first in range(0, len(row.cells), width):
        yield replace(row, printed="\t".join(row.cells[first : first + width]))


def _goes_on(line: Line, above: Sequence[str], starts: Sequence[int]) -> bool:
    """Return whether the cells of a line continue those above: fewer, without figure, each in its column, and no new place."""
    lost = not len(line.cells) < len(above) == len(starts)  # an empty cell
    if lost or _NO_END.search(line.printed) is not None or _END.match(fold(line.printed).text) is not None:
        return False
    placed = [(bisect(starts, place) - 1, place, cell) for place, cell in line.placed]
    inside = all(column >= 0 and place + len(cell) < [*starts, place + _LONGEST_END][column + 1] for column, place, cell in placed)
    counted = any(re.search(r"\d", above[column]) for column, *_ in placed)
    column, _, first = placed[0]
    return inside and (column > 0 or _is_cut(above[0], first) or not (counted or _BEGINS.match(fold(first).text)))


def _is_cut(name: str, below: str) -> bool:
    return _UNFINISHED.search(name) is not None or _COMPLEMENT.match(below) is not None


def _side_by_side(lines: Sequence[Line]) -> Iterator[Line]:
    """Yield lines of as many cells as the first one, none with a figure; the last may have fewer."""
    most = len(lines[0].cells)
    for line in lines if most > 1 else ():
        if len(line.cells) > most or re.search(r"\d", line.printed) is not None:
            return
        yield line
        if len(line.cells) < most:
            return


# Lists: the words that open them, and their items.

MOST_ITEMS = 80
"""Lists of one article, and items of one: the largest decree known names 46 stations."""

_REACH = 6000
"""Characters of one list in a sentence."""

_LONGEST_LEAD = 300
"""Characters of a sentence that opens a list."""

_LABEL = (
    rf"(?:(?:site|zone|secteur|lieu|point|camera|emplacement)s?|{AREA})\s(?:n\s?[°o]\s?)?"
    r"(?:\d{1,3}|[a-z]\d{0,2}|[ivx]{1,4})\s?[:,-]\s"
)
INLINE_MARK = rf"\(?\d{{1,2}}\s?[°)]\s?|\(?(?:[a-h]|[ivx]{{1,4}})\)\s|{_LABEL}"
"""Matches what begins an item in a sentence."""

_MARK = (
    r"(?:\"\s{0,3})?(?:(?:[^\w\s\"'(),.;:]|o)\s|[-•▪·](?=\w)|\(?\d{1,2}\s?[°)]\s?(?:-\s)?|\d{1,2}(?:\.\d{1,2}){0,3}\s?\.\s|\d{1,2}(?:\.\d{1,2}){1,3}\s"
    rf"|\d{{1,2}}\s-\s|\(?(?:[a-z]|[ivx]{{1,4}})\s?[.)]\s?|{_LABEL})"
)
"""Matches what begins an item, over the folded text: a bullet, a number, a letter, "site n° 1 :"."""

_MARKED, _NUMBERED = re.compile(rf"(?:^|\n)[ ]?(?:{_MARK}){{1,2}}"), re.compile(r"\w")
# A stop, but for one after an initial: "avenue Franklin D. Roosevelt ;".
_ITEM_END = re.compile(r";|\.\s(?!(?<=\s[a-z]\.\s)[a-z'-]{3,20}\s?(?:[;,(.\n]|$))|\.$|\n(?=article\b|art\.|fait a\b)")
_BRACKET = re.compile(r"\([^()]*\Z")
"""Finds one that is open: "(lignes 1 et ⏎ 14) et X"."""
_LINE = re.compile(r"[^\n]+")
_WHOLE = r"(?<! et)(?<! de)(?<! du)(?<! des)(?<! la)(?<! le)(?<! les)[;,.]?"
_ITEM_LINE = re.compile(rf"(?:[^\n.:,()]|\([^()\n]{{2,60}}\)){{3,60}}{_WHOLE}[ ]?")
_FIGURE_LAST = re.compile(r"\s\d{1,4}[ ]?(?=\n|$)")
_OTHER_LINE = re.compile(r"\W*(?:article|art\.|fait a|annexe|clause)\b")
_FEW_WORDS = r"[a-z][a-z' -]{2,40}"
# A sentence ends there, and before the next line of a form ("Motif : …").
_STOP = re.compile(r"\.(?:\s|$)|\n(?=article\b|art\.|fait a\b|[a-z][^\n.;:]{1,40}\s:\s)")
# The colon or dash after words that open a list without marks.
_COLON = re.compile(r"(?:\s?:|(?<!\d)\s-)(?=\s)")
_ENDS_IN_NAME = re.compile(r"[a-zà-ÿ][,;]?\s(?:[dl]['’])?[A-ZÀ-Þ][\w'’-]*$")
_BEFORE = re.compile(r"[.;:](?=\s)|\n(?=article\b)")


@dataclass(frozen=True, slots=True)
class PrintedList:
    """Holds a list in the folded text: its words end at `opened`, where its items begin. `marked`: each has a mark or a line of its own."""

    start: int
    opened: int
    items: tuple[tuple[int, int], ...]
    marked: bool


def lists(document: ActText, start: int, end: int, whole_line: str = _FEW_WORDS) -> Iterator[PrintedList]:
    """Yield the lists of a part of the folded text, in order. Several lines in a row that match `whole_line` are items without a mark; rows
    of a table are not."""
    text = document.folded.text
    lined = re.compile(rf"(?:(?:^|\n)[ ]?{whole_line}{_WHOLE}(?=\n|$)){{2,}}", re.MULTILINE)
    position = start
    first: re.Match[str] | None = None
    for _ in range(MOST_ITEMS):
        if position == start or (first is not None and first.start() < position):
            found = [match for match in (_MARKED.search(text, position, end), lined.search(text, position, end)) if match is not None]
            first = min(found, key=lambda match: match.start(), default=None)
        opening = _opening(document, position, end if first is None else first.start() + 1)
        if opening is not None and opening < (end if first is None else first.start()):
            opened = position = opening
            limit = min(end, opened + _REACH)
            closing = _STOP.search(text, opened, limit)
            items = _own_lines(document, opened, limit) or [(opened, closing.start() if closing is not None else limit)]
            position = items[-1][1] if items[1:] else position
        elif first is not None:
            opened, position = first.span()
            of_lines = islice(_LINE.finditer(text, opened, position), MOST_ITEMS) if first.re is lined else ()
            items = [line.span() for line in of_lines] or list(islice(_marked(text, opened, end), MOST_ITEMS))
            if items and (items[1:] or ":" not in text[slice(*items[0])]):  # else that may open a list of its own
                position = max(position, items[-1][1])
        else:
            return
        lead = _sentence(text, start, opened - 2)
        marked = bool(items[1:]) or (first is not None and opened == first.start())
        bare = text.startswith("\n", opened) and not (marked and _MARKED.match(text, opened))
        tabular = bare and any(has_gap(line.printed) for item in items[:1] for line in islice(lines_of(document, *item), 1))
        if items and not tabular:
            yield PrintedList(lead, opened, tuple(items), marked)


def _own_lines(document: ActText, start: int, limit: int) -> list[tuple[int, int]]:
    """Return the short lines below words that open a list, each an item; none where they are a sentence or a table."""
    text = document.folded.text
    found: list[tuple[int, int]] = []
    for line in islice(_LINE.finditer(text, start, limit), MOST_ITEMS) if text.startswith("\n", start) else ():
        if _ITEM_LINE.fullmatch(line.group()) is None or _OTHER_LINE.match(line.group()):
            break
        if has_gap(document.printed(*line.span())):
            return []
        found.append(line.span())
        if line.group().rstrip().endswith("."):
            break
    counted = sum(_FIGURE_LAST.search(text, *line) is not None for line in found)
    return found if found[1:] and counted < 2 else []


def _opening(document: ActText, start: int, end: int) -> int | None:
    """Return the end of the words, with colon or dash, that open a list without a mark in a sentence; not at a dash inside a name: "des
    stations Ivry – Porte d'Italie et Louvre"."""
    text = document.folded.text
    for colon in _COLON.finditer(text, start, end):
        sentence = _sentence(text, start, colon.start() + 1)
        named = text[colon.start() : colon.end()].strip() == "-" and _ENDS_IN_NAME.search(document.original(sentence, colon.start()))
        if text[sentence : colon.start()].strip() and not named:
            return colon.end()
    return None


def _sentence(text: str, start: int, position: int) -> int:
    """Return where the sentence before a position begins."""
    earliest = max(start, position - _LONGEST_LEAD)
    return max((match.end() for match in _BEFORE.finditer(text, earliest, max(position, earliest))), default=earliest)


def _marked(text: str, start: int, limit: int) -> Iterator[tuple[int, int]]:
    """Yield items up to one that ends with a colon, or above a bullet has a letter or number: it opens a list of its own."""
    while (item := _MARKED.match(text, start, limit)) is not None:
        marks = _MARKED.finditer(text, item.end(), min(item.end() + _LONGEST, limit))
        following = next((mark for mark in marks if _BRACKET.search(text, item.end(), mark.start()) is None), None)
        closing = _ITEM_END.search(text, item.end(), min(item.end() + _LONGEST, limit))
        stop = min(following.start() if following else limit, closing.start() if closing else limit)
        headed = following is not None and stop == following.start() and (_NUMBERED.search(item[0]) and not _NUMBERED.search(following[0]))
        if headed or (text[stop - 1] == ":" and following is not None):
            return
        yield item.end(), stop
        ended = closing is not None and text[closing.start()] != ";" and following is not None and closing.start() < following.start()
        if following is None or ended or text[following.start() - 1] == ":":
            return
        start = following.start()


# Names after one word for all of them: "les gares de Lyon et de Bercy", "les polices municipales de Lens, Liévin et du Marin".

NAME = (
    r"(?!RER|SNCF|RATP|(?:UNE?|MM?|Mmes?|MMES?|Mlle|Me|Dr|Monsieur|Madame|Messieurs|Mesdames|MONSIEUR|MADAME)\b)"
    r"(?:(?:L[ea]s?|L['’]|Saint|Sainte)[ -]?)?(?:[A-ZÀ-ÖØ-Þ]|\d{1,2}-(?=[A-ZÀ-ÖØ-Þ]))[\w'’\-]*"
    r"(?:(?!\set\s)(?:[ -](?:sur|sous|en|les|lès|la|le|de|du|des|aux?|d['’]|l['’]|et)){0,2}(?:[ -]|\s[dl]['’])"
    # In capitals, a sentence goes on: "LA POLICE MUNICIPALE DE NICE EST AUTORISEE DU…".
    r"(?!RER|SNCF|RATP|(?:ET|EST(?! ENSEMBLE)|SONT|PEUT|PEUVENT|MET|METTENT|POUR|DANS|AFIN|LORS|PAR|DISPOSE|AUTORIS\w*|QUI)\b)"
    r"[A-ZÀ-ÖØ-Þ][\w'’\-]+){0,4}"
)
"""Matches a proper name of one or more words, as printed."""
_LINKED = re.compile(rf"\s?(?:(?i:{INLINE_MARK}))?(?P<link>(?i:de |du |des |d['’] ?)(?:la |l['’])?)?(?P<name>{NAME})")
_JOINED = re.compile(
    r"\s?(?:[,;/](?: et\b| ainsi que\b)?|[–—-](?= )|(?P<last>et|ainsi qu(?:e|['’]))\b)(?P<that> celles?\b)?(?=\s)", re.IGNORECASE
)
_MORE_WORDS = re.compile(r"\s(?!et\b|ainsi\b)[a-zà-ÿ]")


def names_of_one_kind(text: str, start: int = 0, *, several: bool = True, listed: bool = False) -> list[tuple[str, str, int]]:
    """Return the names of an enumeration as printed, each with its preposition ("" for none) and its end. Names without one count only up
    to one after an "et" or a dash (not in "de Lens, Pas-de-Calais, sont"), and, like those with "du", only after a plural (`several`). With
    `listed` the text must be only names."""
    found: list[tuple[str, str, int]] = []
    sure, last, free = 1, listed, True
    one = _LINKED.match(text, start)
    while one is not None and (free or (one["link"] or "").lower() in {"de ", "d'"}):
        found.append((one["link"] or "", one["name"], one.end()))
        sure = len(found) if one["link"] or last else sure
        joining = _JOINED.match(text, one.end())
        if joining is None:
            break
        last = listed or joining["last"] is not None or (several and joining.group().strip() in {"-", "–", "—"})
        free = several or joining["that"] is not None
        one = _LINKED.match(text, joining.end())
    return [] if listed and found and _MORE_WORDS.match(text, found[-1][2]) else found[:sure]
