"""The places of a table: one a row, in its first column, beside how many cameras each has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from bot.detection.document import Document
from bot.detection.found import Found
from bot.detection.place_names import names
from bot.detection.segments import Block

_MOST = 80
"""Rows of one table. The largest decree known names 46 stations."""

_LONGEST = 100
"""Characters of a first column: longer is a sentence with a figure in it."""

# "Site  Caméras  Évènements": a kind of place opens the line, and cameras have a column.
_HEADER = re.compile(
    r"^\W{0,3}(?:sites?|lieux?|gares?|stations?|secteurs?|emplacements?|implantations?|localisations?|voies?|zones?|points? hauts?"
    r"|adresses?)\b(?=[^\n]*\bcameras?\b)[^\n.;:]{0,120}$",
    re.MULTILINE,
)
_END = re.compile(r"\W{0,3}(?:(?:sous-)?totaux|(?:sous-)?total|article|annexe|fait a)\b")
_RANK = re.compile(r"\d{1,3}\s?[.)°-]?\s+(?=\D)")
# Where a text layer keeps no columns, the first figure begins the next one.
_COLUMN = re.compile(r"\t|\s{2,}|\s+(?=\d{1,4}\b)")


def tabled_places(document: Document, block: Block) -> Iterator[Found[str]]:
    """The places of the rows of the tables of one article or annex, in order. A row without a figure ends its table."""
    for header in islice(_HEADER.finditer(document.folded.text, block.start, block.end), _MOST):
        for start, end in islice(_rows(document.folded.text, header.end(), block.end), _MOST):
            first, last = document.folded.span(start, end)
            row = document.source[first:last].strip()
            cell = _COLUMN.split(row[rank.end() :] if (rank := _RANK.match(row)) is not None else row, maxsplit=1)[0]
            found = list(names(cell)) if len(cell) <= _LONGEST else []
            if len(found) == 1:
                yield Found(found[0], start, end)


def _rows(text: str, start: int, limit: int) -> Iterator[tuple[int, int]]:
    while start < limit and text[start] == "\n":
        end = text.find("\n", start + 1, limit)
        end = end if end >= 0 else limit
        if _END.match(text, start + 1, end) is not None or re.search(r"\d", text[start + 1 : end]) is None:
            return
        yield start + 1, end
        start = end
