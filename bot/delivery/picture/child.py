"""Draws one page in grey, with its placed text, in a confined process (`python -m bot.delivery.picture.child START`). The order comes on
standard input, whose end ends the process.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from ctypes import byref, c_double
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from rapidfuzz.fuzz import partial_ratio_alignment

from bot.delivery.picture.wire import Box, Canvas, Draw, NoPicture, NoPictureReason, inked, paint
from bot.detection.text.phrases import spans_of_names
from bot.domain.text import TextOrigin, fold_letters
from bot.reading.pages.drawing import draw as draw_grey
from bot.reading.pages.layer import count_visible
from bot.reading.pages.recognition import (
    FIRST_DPI,
    InProcess,
    Line,
    OcrFailed,
    RecognisedWord,
    TesseractCommand,
    find_ocr,
    mean_confidence,
    repair,
)
from bot.reading.sandbox.child import NotReadable, PdfDocument, answer_one, run
from bot.reading.sandbox.process import StartOrder

# A text of which every letter has its place on the picture: what stands where, and what of it is covered.


@dataclass(frozen=True, slots=True)
class PlacedText:
    """A text, and a box for each of its characters; None for blanks and for what has no place. Lines end with a line feed."""

    text: str
    boxes: tuple[Box | None, ...]


@dataclass(frozen=True, slots=True)
class PlacedLine:
    """One line of a placed text that has a place."""

    text: str
    box: Box


def strips(placed: PlacedText, start: int, end: int) -> tuple[Box, ...]:
    """Return the boxes of a stretch, those that stand side by side on one line joined."""
    found: list[Box] = []
    for box in placed.boxes[start:end]:
        if box is None or not all(map(math.isfinite, box)):
            continue
        if found and _same_line(found[-1], box):
            found[-1] = around((found[-1], box))
        else:
            found.append(box)
    return tuple(found)


def lines(placed: PlacedText) -> Iterator[PlacedLine]:
    """Yield the lines of the text in its own order."""
    start = 0
    for text in placed.text.split("\n"):
        end = start + len(text)
        boxes = strips(placed, start, end)
        if boxes:
            yield PlacedLine(text, around(boxes))
        start = end + 1


def around(boxes: Iterable[Box]) -> Box:
    """Return the smallest box that holds these, of which there is one at least."""
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def padded(box: Box, share: float) -> Box:
    """Return the box with a margin of a share of its shorter side on every side."""
    margin = share * min(box[2] - box[0], box[3] - box[1]) + 1
    return box[0] - margin, box[1] - margin, box[2] + margin, box[3] + margin


def _same_line(one: Box, other: Box) -> bool:
    """They overlap by half of the smaller one's height, and the other does not begin before the first nor a column's gap after it."""
    height = min(one[3] - one[1], other[3] - other[1])
    overlap = min(one[3], other[3]) - max(one[1], other[1])
    tallest = max(one[3] - one[1], other[3] - other[1], 1.0)
    return overlap >= height / 2 and one[0] - tallest < other[0] < one[2] + 4 * tallest


# The words that an engine read on a page, as a placed text.

_LONG_WORD = 4


def placed_words(words: Iterable[RecognisedWord], scale: float) -> PlacedText:
    """Return the text of these words, line by line. `scale`: pixels of the picture for one of the image that was read."""
    text: list[str] = []
    boxes: list[Box | None] = []
    line: Line | None = None
    for word in words:
        if line is not None:
            text.append(" " if word.line == line else "\n")
            boxes.append(None)
        line = word.line
        text.append(word.text)
        left, top, right, bottom = word.box
        boxes += [(left * scale, top * scale, right * scale, bottom * scale)] * len(word.text)
    return PlacedText("".join(text), tuple(boxes))


def lie_on_their_side(words: Iterable[RecognisedWord]) -> bool:
    """Return whether most words of four letters and more are taller than wide: Tesseract also reads lines that run down the page."""
    tall = [word.box[3] - word.box[1] > word.box[2] - word.box[0] for word in words if len(word.text) >= _LONG_WORD]
    return sum(tall) > len(tall) / 2


# Where a phrase stands in the text of a page, however that is broken into lines, accented or misread.

_LONG = 24
"""Letters and digits from which a phrase is also looked for with misread letters, or for its beginning alone."""
_ALIKE = 88.0
"""Per cent of letters in common: a recognised line with one letter in ten misread passes, another clause of the same style does not."""
_BEGINNINGS = (0.75, 0.5)
"""Shares of a phrase that runs on to the next page, or was cut there by a running title."""


@dataclass(frozen=True, slots=True)
class Letters:
    """The letters and digits of a text, without case and accents, and from which character of it each comes."""

    text: str
    origins: tuple[int, ...]


def letters_of(text: str) -> Letters:
    """Take the letters and digits out of a text."""
    pairs = [(letter, index) for index, character in enumerate(text) for letter in _opened(character)]
    return Letters("".join(letter for letter, _ in pairs), tuple(index for _, index in pairs))


def find(page: Letters, phrase: str) -> tuple[int, int] | None:
    """Return the first stretch of the page's text (first character, one after the last) that says the phrase; None where none does."""
    sought = letters_of(phrase).text
    if not sought:
        return None
    for wanted in _wanted(sought):
        at = page.text.find(wanted)
        if at >= 0:
            return _stretch(page, at, at + len(wanted))
    if len(sought) >= _LONG and len(page.text) >= len(sought):
        alike = partial_ratio_alignment(sought, page.text, score_cutoff=_ALIKE)
        if alike is not None and alike.dest_end > alike.dest_start:
            return _stretch(page, *_whole_words(page, alike.dest_start, alike.dest_end))
    return None


def _whole_words(page: Letters, start: int, end: int) -> tuple[int, int]:
    """Widen a stretch to whole words: it was compared as long as the phrase, of which misread letters may have pushed the ends out."""
    while start > 0 and page.origins[start] - page.origins[start - 1] <= 1:
        start -= 1
    while end < len(page.origins) and page.origins[end] - page.origins[end - 1] <= 1:
        end += 1
    return start, end


def _wanted(sought: str) -> Iterator[str]:
    yield sought
    for share in _BEGINNINGS:
        beginning = sought[: int(len(sought) * share)]
        if len(beginning) >= _LONG:
            yield beginning


def _stretch(page: Letters, start: int, end: int) -> tuple[int, int]:
    return page.origins[start], page.origins[end - 1] + 1


@lru_cache(maxsize=4096)
def _opened(character: str) -> str:
    """Return the letters that a character stands for: none for blanks and signs, two for ligatures."""
    return fold_letters(repair(character))


# Covered: names that `bot.detection.text.phrases` finds, wherever two of their words follow each other; and signatures: all below the line
# of place and date, to the next running text. Names that it finds nowhere (no civility, office, rank), or only in an image, stay.

_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_SHORTEST_WORD = 3
"""Letters: a civility or a particle is no name."""
_SIGNED_AT = re.compile(r"\s*Fait\b.{0,60}?,?\s+le\b", re.IGNORECASE)
_SIGNED_BY = re.compile(r"\s*(?:Original\s+)?(?:Signé|SIGNÉ|SIGNE)\b")
_RUNNING_TEXT = 45
"""Letters and digits of a line from which it is no part of a signature: an office, a name, a delegation are shorter."""
_TALLEST = 0.25
"""Share of the page's height that a signature takes at most: 7 cm of an A4 page."""
_NAME_MARGIN, _LINE_MARGIN = 0.25, 0.3


def names(placed: PlacedText) -> tuple[Box, ...]:
    """Return the boxes of persons' names."""
    spans = _with_repeats(placed.text, spans_of_names(placed.text))
    return tuple(padded(strip, _NAME_MARGIN) for start, end in spans for strip in strips(placed, start, end))


def _with_repeats(text: str, spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """These names, and wherever else two words of one of them follow each other, in any order and case."""
    yield from spans
    words = [(letters_of(found[0]).text, found.span()) for found in _WORD.finditer(text)]
    for start, end in spans:
        own = {word for word, (first, _) in words if start <= first < end and len(word) >= _SHORTEST_WORD}
        for (one, (first, _)), (other, (_, last)) in pairwise(words):
            if one != other and one in own and other in own and not start <= first < end:
                yield first, last


def signatures(placed: PlacedText, width: int, height: int) -> Iterator[Box]:
    """Yield the boxes in which whoever signed left name and hand, of a picture of so many pixels; they may hold more paper than ink."""
    found = [*lines(placed)]
    for line in found:
        if _SIGNED_AT.match(line.text) is not None:
            top = padded(line.box, _LINE_MARGIN)[3]
        elif _SIGNED_BY.match(line.text) is not None and not _runs_on(line):
            top = padded(line.box, _LINE_MARGIN)[1]
        else:
            continue
        below = [padded(other.box, _LINE_MARGIN)[1] for other in found if _runs_on(other) and other.box[1] >= top]
        bottom = min(*below, top + _TALLEST * height, height) if below else min(top + _TALLEST * height, height)
        if bottom > top:
            yield 0.0, top, float(width), bottom


def _runs_on(line: PlacedLine) -> bool:
    return len(re.findall(r"[^\W_]", line.text)) >= _RUNNING_TEXT


Engine = InProcess | TesseractCommand

MOST_CHARACTERS = 60_000
"""Of one page: the fullest real one holds some 15,000."""
_MOST_DPI = 200
_POINTS_PER_INCH = 72
_LONGEST_RATIO = 10.0
"""Of the sides of a picture. Telegram takes 20; a real page is at most 4 (a map on a roll)."""
_SMALLEST_SIDE = 100
_UPRIGHT = 60.0
"""Mean confidence of the engine under which a page may lie on its side: see `bot.reading.pages.recognition`."""
_OTHER_WAYS = (180, 90, 270)
_MARKER_MARGIN = 0.15


@dataclass(frozen=True, slots=True)
class _Read:
    """What an engine read on the page, turned by so many degrees clockwise and drawn so many pixels wide."""

    words: Sequence[RecognisedWord] = ()
    turn: int = 0
    width: int = 1


def draw_page(path: Path, order: Draw, engine: Callable[[], Engine | None]) -> tuple[Canvas, bytes]:
    """Draw a page of a file. `engine` is called where the page is to be recognised. Raises NoPicture."""
    try:
        document = PdfDocument(path, lambda: None, trusting=True)
    except NotReadable as error:
        raise NoPicture(NoPictureReason.NOT_READABLE, str(error)) from error
    if not 1 <= order.page <= len(document):
        raise NoPicture(NoPictureReason.NO_SUCH_PAGE, f"{order.page} of {len(document)}")
    # The reader's own judgement of the layer: of a scan it says that it is to be recognised, whatever is stamped on it.
    origin = document.survey(order.page).origin
    if origin is TextOrigin.BLANK:
        raise NoPicture(NoPictureReason.BLANK)
    try:
        with document.opened(order.page) as page:
            return _drawn(page, order, engine, in_layer=origin is TextOrigin.LAYER)
    except pdfium.PdfiumError as error:
        raise NoPicture(NoPictureReason.NOT_READABLE, f"page {order.page} is damaged") from error


def _drawn(page: Any, order: Draw, engine: Callable[[], Engine | None], *, in_layer: bool) -> tuple[Canvas, bytes]:
    read = None if in_layer else _recognised(page, engine())
    if not in_layer and read is None:
        raise NoPicture(NoPictureReason.UNREAD)
    turn = 0 if read is None else read.turn
    with closing(page.render(scale=_scale(page, turn, order), grayscale=True, rotation=turn)) as bitmap:
        width, height = min(bitmap.width, order.width), min(bitmap.height, order.height)
        placed = _in_layer(page, bitmap) if read is None else placed_words(read.words, bitmap.width / read.width)
        if not placed.text.strip():
            raise NoPicture(NoPictureReason.UNREAD)
        spans = _spans(placed, order.phrases)
        marked = [padded(strip, _MARKER_MARGIN) for span in spans.values() for strip in strips(placed, *span)]
        grey = bytes(bitmap.buffer)
        signed = (inked(grey, width, height, bitmap.stride, box) for box in signatures(placed, width, height))
        hidden = [*names(placed), *(box for box in signed if box is not None)]
        pixels = paint(grey, width, height, bitmap.stride, marked, hidden)
    return Canvas(width, height, tuple(spans), len(hidden)), pixels


def _spans(placed: PlacedText, phrases: tuple[str, ...]) -> dict[int, tuple[int, int]]:
    letters = letters_of(placed.text)
    found = {position: find(letters, phrase) for position, phrase in enumerate(phrases)}
    return {position: span for position, span in found.items() if span is not None}


def _scale(page: Any, turn: int, order: Draw) -> float:
    width, height = page.get_size()
    if turn % 180:
        width, height = height, width
    if not (width > 0 and height > 0) or max(width, height) > _LONGEST_RATIO * min(width, height):
        raise NoPicture(NoPictureReason.SHAPE, f"{width:.0f} × {height:.0f} points")
    # Rounding up to a whole pixel must not go beyond what was ordered.
    scale = min((order.width - 1) / width, (order.height - 1) / height, _MOST_DPI / _POINTS_PER_INCH)
    if min(width, height) * scale < _SMALLEST_SIDE:
        raise NoPicture(NoPictureReason.SHAPE, f"{width:.0f} × {height:.0f} points")
    return float(scale)


def _recognised(page: Any, engine: Engine | None) -> _Read | None:
    """Return the words on the page, turned until it is upright; None where there is no engine."""
    if engine is None:
        return None
    best, surest, ways = _Read(), -1.0, [0, *_OTHER_WAYS]
    while ways:
        turn = ways.pop(0)
        raster = draw_grey(page, FIRST_DPI, turn)
        try:
            words = engine.words(raster)
        except OcrFailed:
            continue
        sure = mean_confidence(words)
        if lie_on_their_side(words):
            ways.sort(key=lambda way: (way - turn) % 180 == 0)
            # Read well, and yet not to be shown like this while another way is read at all.
            sure /= 4
        if sure > surest:
            best, surest = _Read(words, turn, raster.width), sure
        if surest >= _UPRIGHT:
            break
    return best


def _in_layer(page: Any, bitmap: Any) -> PlacedText:
    """Return the text of the layer in the order of the file, a character each unit, with its boxes on the bitmap."""
    with closing(page.get_textpage()) as textpage:
        count = textpage.count_chars()
        if count > MOST_CHARACTERS:
            raise NoPicture(NoPictureReason.TOO_MUCH_TEXT, f"{count} characters")
        if not count_visible(textpage, count):
            return PlacedText("", ())
        to_bitmap = bitmap.get_posconv(page).to_bitmap
        left, right, bottom, top = c_double(), c_double(), c_double(), c_double()
        at = byref(left), byref(right), byref(bottom), byref(top)
        text: list[str] = []
        boxes: list[Box | None] = []
        for index in range(count):
            character = _character(pdfium_c.FPDFText_GetUnicode(textpage.raw, index))
            box: Box | None = None
            if not character.isspace() and pdfium_c.FPDFText_GetCharBox(textpage.raw, index, *at):
                xs, ys = zip(to_bitmap(left.value, bottom.value), to_bitmap(right.value, top.value), strict=True)
                box = min(xs), min(ys), max(xs), max(ys)
            text.append(character)
            boxes.append(box)
        return PlacedText("".join(text), tuple(boxes))


def _character(code: int) -> str:
    """Return one character for each code, so that positions in the text are those in the layer; ends of line are line feeds."""
    if code in (0x0D, 0x02, 0xFFFE):
        # A carriage return comes before a line feed; the others are hyphens at the end of a line, which pdfium glues to the next one.
        return " " if code == 0x0D else "-"
    return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else " "


def _work(start: StartOrder, order: bytes) -> bytes:
    try:
        canvas, pixels = draw_page(Path(start.path), Draw.parse(order), partial(find_ocr, start.data))
    except NoPicture as none:
        return none.line()
    return canvas.line() + pixels


main = partial(answer_one, _work)

if __name__ == "__main__":
    run(main)
