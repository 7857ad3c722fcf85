"""The process that draws one page: `python -m bot.delivery.picture.child START`. It confines itself first, as a reading process does.

A page of the PDF is drawn in grey, with the text on it in its place. The order comes on standard input, whose end is its own end: the
parent is gone.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from ctypes import byref, c_double
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from bot.delivery.picture.placed import (
    Box,
    Placed,
    find,
    letters_of,
    lie_on_their_side,
    names,
    padded,
    placed_words,
    signatures,
    strips,
)
from bot.delivery.picture.png import inked, paint
from bot.delivery.picture.wire import Canvas, Draw, NoPicture, Undrawn, Why
from bot.domain.acts import TextOrigin
from bot.reading.pages.drawing import draw as draw_grey
from bot.reading.pages.layer import count_visible
from bot.reading.pages.ocr import FIRST_DPI, InProcess, OcrFailed, RecognisedWord, TesseractCommand, find_ocr, mean_confidence
from bot.reading.sandbox.child import NotReadable, PdfDocument, run
from bot.reading.sandbox.confinement import confine
from bot.reading.sandbox.wire import Start

Engine = InProcess | TesseractCommand

MOST_CHARACTERS = 60_000
"""Of one page: the fullest real one holds some 15,000."""
_MOST_DPI = 200
_POINTS_PER_INCH = 72
_LONGEST_RATIO = 10.0
"""Of the sides of a picture. Telegram takes 20; a real page is at most 4 (a map on a roll)."""
_SMALLEST_SIDE = 100
_UPRIGHT = 60.0
"""Mean confidence of the engine under which a page may lie on its side: see `bot.reading.pages.ocr`."""
_OTHER_WAYS = (180, 90, 270)
_MARKER_MARGIN = 0.15


@dataclass(frozen=True, slots=True)
class _Read:
    """What an engine read on the page, turned by so many degrees clockwise and drawn so many pixels wide."""

    words: Sequence[RecognisedWord] = ()
    turn: int = 0
    width: int = 1


def draw_page(path: Path, order: Draw, engine: Callable[[], Engine | None]) -> tuple[Canvas, bytes]:
    """Draw a page of a file. `engine` is asked for where the page is to be recognised. Raises NoPicture."""
    try:
        document = PdfDocument(path, lambda: None, trusting=True)
    except NotReadable as error:
        raise NoPicture(Why.NOT_READABLE, str(error)) from error
    if not 1 <= order.page <= len(document):
        raise NoPicture(Why.NO_SUCH_PAGE, f"{order.page} of {len(document)}")
    # The reader's own judgement of the layer: of a scan it says that it is to be recognised, whatever is stamped on it.
    origin = document.survey(order.page).origin
    if origin is TextOrigin.BLANK:
        raise NoPicture(Why.BLANK)
    try:
        with document.opened(order.page) as page:
            return _drawn(page, order, engine, in_layer=origin is TextOrigin.LAYER)
    except pdfium.PdfiumError as error:
        raise NoPicture(Why.NOT_READABLE, f"page {order.page} is damaged") from error


def _drawn(page: Any, order: Draw, engine: Callable[[], Engine | None], *, in_layer: bool) -> tuple[Canvas, bytes]:
    read = None if in_layer else _recognised(page, engine())
    if not in_layer and read is None and not order.unread:
        raise NoPicture(Why.UNREAD)
    turn = 0 if read is None else read.turn
    with closing(page.render(scale=_scale(page, turn, order), grayscale=True, rotation=turn)) as bitmap:
        width, height = min(bitmap.width, order.width), min(bitmap.height, order.height)
        placed = _in_layer(page, bitmap) if read is None else placed_words(read.words, bitmap.width / read.width)
        if not placed.text.strip() and not order.unread:
            raise NoPicture(Why.UNREAD)
        spans = _spans(placed, order.phrases)
        marked = [padded(strip, _MARKER_MARGIN) for span in spans.values() for strip in strips(placed, *span)]
        grey = bytes(bitmap.buffer)
        signed = (inked(grey, width, height, bitmap.stride, box) for box in signatures(placed, width, height))
        hidden = [*names(placed), *(box for box in signed if box is not None)]
        pixels = paint(grey, width, height, bitmap.stride, marked, hidden)
    return Canvas(width, height, tuple(spans), len(hidden)), pixels


def _spans(placed: Placed, phrases: tuple[str, ...]) -> dict[int, tuple[int, int]]:
    letters = letters_of(placed.text)
    found = {position: find(letters, phrase) for position, phrase in enumerate(phrases)}
    return {position: span for position, span in found.items() if span is not None}


def _scale(page: Any, turn: int, order: Draw) -> float:
    width, height = page.get_size()
    if turn % 180:
        width, height = height, width
    if not (width > 0 and height > 0) or max(width, height) > _LONGEST_RATIO * min(width, height):
        raise NoPicture(Why.SHAPE, f"{width:.0f} × {height:.0f} points")
    # Rounding up to a whole pixel must not go beyond what was ordered.
    scale = min((order.width - 1) / width, (order.height - 1) / height, _MOST_DPI / _POINTS_PER_INCH)
    if min(width, height) * scale < _SMALLEST_SIDE:
        raise NoPicture(Why.SHAPE, f"{width:.0f} × {height:.0f} points")
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


def _in_layer(page: Any, bitmap: Any) -> Placed:
    """Return the text of the layer in the order of the file, a character each unit, with its boxes on the bitmap."""
    with closing(page.get_textpage()) as textpage:
        count = textpage.count_chars()
        if count > MOST_CHARACTERS:
            raise NoPicture(Why.TOO_MUCH_TEXT, f"{count} characters")
        if not count_visible(textpage, count):
            return Placed("", ())
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
        return Placed("".join(text), tuple(boxes))


def _character(code: int) -> str:
    """Return one character for each code, so that positions in the text are those in the layer; ends of line are line feeds."""
    if code in (0x0D, 0x02, 0xFFFE):
        # A carriage return comes before a line feed; the others are hyphens at the end of a line, which pdfium glues to the next one.
        return " " if code == 0x0D else "-"
    return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else " "


def main(argument: str) -> int:
    """Carry out the one order, and wait to be ended."""
    start = Start.parse(argument)
    confine(start)
    order = Draw.parse(sys.stdin.buffer.readline())
    # After the confinement, which holds for the threads that are started in it.
    threading.Thread(target=_leave_with_the_parent, daemon=True).start()
    try:
        canvas, pixels = draw_page(Path(start.path), order, find_ocr if start.ocr else lambda: None)
    except NoPicture as none:
        answer = Undrawn(none.why, none.more).line()
    else:
        answer = canvas.line() + pixels
    sys.stdout.buffer.write(answer)
    sys.stdout.buffer.flush()
    return 0


def _leave_with_the_parent() -> None:
    try:
        while sys.stdin.buffer.read(1024):
            pass
    finally:
        os._exit(0)


if __name__ == "__main__":
    run(main)
