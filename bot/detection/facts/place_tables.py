"""The places of a table: one a row, in the column that is headed by what they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from bot.detection.facts.place_names import names
from bot.detection.text.document import ActText, TextMatch
from bot.detection.text.segments import Block

_MOST = 80
"""Rows of one table. The largest decree known names 46 stations."""

_LONGEST = 100
"""Characters of a cell: longer is a sentence with a figure in it."""

_TITLE = 160
"""Characters above a table in which cameras or places are spoken of."""

_PLACE = (
    r"(?:sites?|lieux?|gares?|stations?|secteurs?|emplacements?|implantations?|localisations?|voies?|zones?|points? hauts?"
    r"|adresses?|designations?|libelles?)\b"
)
_RANK_HEAD = r"(?:(?:n\s?[°o]|no|num(?:ero)?s?|rang|rep(?:ere)?|ref(?:erence)?|code|id(?:entifiant)?|cameras?)\W{0,4}\s*)"
_NEXT_HEAD = r"\b(?:cameras?|types?|modeles?|nombre|nb|qte|quantites?)\b"
# "Site  Caméras  Évènements", "N°  Emplacement  Type": a kind of place heads the first column, or that after a rank or code.
_HEADER = re.compile(rf"^\W{{0,3}}{_RANK_HEAD}?{_PLACE}(?=[^\n]*{_NEXT_HEAD})[^\n.;:]{{0,120}}$", re.MULTILINE)
_CAMERAS = re.compile(r"\bcameras?\b")
_WATCHED = re.compile(r"\b(?:cameras?|lieux|sites|emplacements|perimetres?)\b")
_END = re.compile(r"\W{0,3}(?:(?:sous-)?totaux|(?:sous-)?total|article|annexe|fait a)\b")
_RANK = re.compile(r"(?:\d{1,3}\s?[.)°-]?|[A-Za-z]{1,4}[-_ ]?\d{1,4})\s+(?=\D)")
# Where a text layer keeps no columns, the first figure or the type of the camera begins the next one.
_COLUMN = re.compile(
    r"\t|\s{2,}|\s+(?=\d{1,4}\b)|\s+(?=(?:fixes?|mobiles?|d[ôo]mes?|ptz|panoramiques?|multi-?capteurs?)\s*$)", re.IGNORECASE
)


def tabled_places(document: ActText, block: Block) -> Iterator[TextMatch[str]]:
    """The places of the rows of the tables of one article or annex, in order. A row without a figure ends its table.

    A table is of places under watch where its header speaks of cameras, or what stands above it of cameras or places.
    """
    text = document.folded.text
    for header in islice(_HEADER.finditer(text, block.start, block.end), _MOST):
        above = _WATCHED.search(text, max(header.start() - _TITLE, block.start), header.start())
        if above is None and _CAMERAS.search(header.group()) is None:
            continue
        for start, end in islice(_rows(text, header.end(), block.end), _MOST):
            first, last = document.folded.span(start, end)
            row = document.source[first:last].strip()
            cell = _COLUMN.split(row[rank.end() :] if (rank := _RANK.match(row)) is not None else row, maxsplit=1)[0]
            found = list(names(cell)) if len(cell) <= _LONGEST else []
            if len(found) == 1:
                yield TextMatch(found[0], start, end)


def opens_table(text: str, position: int) -> bool:
    """True where the header of a table is the next thing after `position`."""
    while position < len(text) and text[position].isspace():
        position += 1
    return _HEADER.match(text, position) is not None


def _rows(text: str, start: int, limit: int) -> Iterator[tuple[int, int]]:
    while start < limit and text[start] == "\n":
        end = text.find("\n", start + 1, limit)
        end = end if end >= 0 else limit
        if _END.match(text, start + 1, end) is not None or re.search(r"\d", text[start + 1 : end]) is None:
            return
        yield start + 1, end
        start = end
