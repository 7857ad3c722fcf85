"""The words that Tesseract read on a page, as a placed text. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.delivery.picture.placed import Box, Placed

_COLUMNS = 12
"""Of Tesseract's table: level, page, block, paragraph, line, word, left, top, width, height, confidence, text."""
_LONG_WORD = 4


def placed_words(table: str, scale: float) -> Placed:
    """The text of a table of words, line by line. `scale`: pixels of the picture for one of the image that was read."""
    text: list[str] = []
    boxes: list[Box | None] = []
    line: Sequence[str] | None = None
    for own_line, word, box in _words(table):
        if line is not None:
            text.append(" " if own_line == line else "\n")
            boxes.append(None)
        line = own_line
        text.append(word)
        scaled = (box[0] * scale, box[1] * scale, box[2] * scale, box[3] * scale)
        boxes += [scaled] * len(word)
    return Placed("".join(text), tuple(boxes))


def sureness(table: str) -> float:
    """The mean confidence of the words (0 to 100), 0 where there is none."""
    found = [float(row[10]) for row in _rows(table)]
    return sum(found) / len(found) if found else 0.0


def lies_on_its_side(table: str) -> bool:
    """Tesseract also reads lines that run down the page: most words of four letters and more are then taller than wide."""
    found = [box[3] - box[1] > box[2] - box[0] for _, word, box in _words(table) if len(word) >= _LONG_WORD]
    return sum(found) > len(found) / 2


def _words(table: str) -> Iterator[tuple[Sequence[str], str, Box]]:
    for row in _rows(table):
        left, top, width, height = (float(value) for value in row[6:10])
        yield row[2:5], row[11].strip(), (left, top, left + width, top + height)


def _rows(table: str) -> Iterator[list[str]]:
    """The rows of words: neither headings nor blocks, nor what holds no letter."""
    for line in table.splitlines():
        row = line.split("\t", _COLUMNS - 1)
        if len(row) == _COLUMNS and row[0] == "5" and row[11].strip() and float(row[10]) >= 0:
            yield row
