"""A PDF page by page, through pdfium: its text layer where that is good, OCR where it is not.

Runs in the child process only: pdfium is native code fed with files from outside.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from bot.model import PageText, TextOrigin
from bot.reading import quality
from bot.reading.ocr import Ocr, OcrFailed, Raster, recognise

MOST_PIXELS = 25_000_000
"""A map on A0 paper is drawn coarser rather than filling the memory."""
MOST_CHARACTERS = 500_000
"""A page with more is an attack, not a page: the fullest real one holds some 15,000."""
_INK_DPI = 36
_SAMPLES = 300
_SAMPLE_STEP = 31
_CONTRAST = 64
_POINTS_PER_INCH = 72


class NotReadable(Exception):
    """The file as a whole cannot be opened. The message says why, for an operator."""


class Document:
    """One open PDF. Pages are read in any order, one at a time."""

    def __init__(self, path: Path, ocr: Callable[[], Ocr | None]) -> None:
        """`ocr` gives the engine when a page first needs one. Raises NotReadable."""
        self._find_ocr = ocr
        self._ocr: Ocr | None = None
        self._ocr_sought = False
        try:
            self._pdf = pdfium.PdfDocument(path)
        except (pdfium.PdfiumError, OSError) as error:
            raise NotReadable(_why(error)) from error
        try:
            self._pdf.init_forms()
        except pdfium.PdfiumError:
            # A broken form does not make the pages unreadable: only the values of its fields.
            self._pdf.formenv = None

    def __len__(self) -> int:
        return len(self._pdf)

    def pages(self, first: int = 1) -> Iterator[PageText]:
        """Every page from number `first` on, in order."""
        for number in range(first, len(self) + 1):
            yield self.page(number)

    def page(self, number: int) -> PageText:
        """One page, by its number from 1. A page that pdfium cannot load is UNREADABLE; it never raises for one bad page."""
        try:
            self._flatten(number)
            with closing(self._pdf[number - 1]) as page:
                return self._read(page, number)
        except pdfium.PdfiumError:
            return PageText(number, "", TextOrigin.UNREADABLE)

    def close(self) -> None:
        """Release the file."""
        self._pdf.close()

    def _flatten(self, number: int) -> None:
        """The values typed in form fields are not page text until they are drawn on the page."""
        if not self._pdf.formenv:
            return
        with closing(self._pdf[number - 1]) as page:
            if pdfium_c.FPDFPage_GetAnnotCount(page) > 0:
                page.flatten()

    def _read(self, page: Any, number: int) -> PageText:
        with closing(page.get_textpage()) as textpage:
            count = textpage.count_chars()
            if count > MOST_CHARACTERS:
                return PageText(number, "", TextOrigin.UNREADABLE)
            text = quality.repair(textpage.get_text_bounded())
            lost = _lost_letters(textpage, count)
            length = len(text.strip())
            ink = _ink(page, textpage) if length < quality.LITTLE_TEXT else 0.0
        coverage = _image_coverage(page)
        if length < quality.NO_TEXT and ink <= quality.SOME_INK:
            # Nothing to see: either nothing is there, or an image that could not be drawn.
            if coverage > quality.SOME_IMAGE and not _images_decode(page):
                return PageText(number, "", TextOrigin.UNREADABLE)
            return PageText(number, text if length else "", TextOrigin.LAYER if length else TextOrigin.BLANK)
        # A font that does not say which letters it draws is guessed at: often rightly, which only the words can tell.
        if lost > quality.TOO_MUCH_GARBAGE and not quality.clearly_french(text):
            return self._recognise(page, number, "")
        if quality.needs_ocr(text, coverage, ink):
            return self._recognise(page, number, text)
        return PageText(number, text, TextOrigin.LAYER)

    def _recognise(self, page: Any, number: int, layer: str) -> PageText:
        engine = self._engine()
        if engine is None:
            return PageText(number, "", TextOrigin.UNREADABLE)
        try:
            recognised = recognise(engine, lambda dpi: _draw(page, dpi))
        except OcrFailed:
            return PageText(number, "", TextOrigin.UNREADABLE)
        text = quality.combine(layer, quality.repair(recognised.text))
        return PageText(number, text, TextOrigin.LAYER if layer and text == layer else TextOrigin.OCR)

    def _engine(self) -> Ocr | None:
        if not self._ocr_sought:
            self._ocr, self._ocr_sought = self._find_ocr(), True
        return self._ocr


def _why(error: Exception) -> str:
    code = getattr(error, "err_code", None)
    if code == pdfium_c.FPDF_ERR_PASSWORD:
        return "the PDF is locked with a password"
    if code == pdfium_c.FPDF_ERR_SECURITY:
        return "the PDF is protected in a way that cannot be opened"
    if isinstance(error, OSError):
        return f"the file cannot be opened: {error.strerror or type(error).__name__}"
    return "this is not a PDF, or it is damaged beyond reading"


def _lost_letters(textpage: Any, count: int) -> float:
    """The share of the page's glyphs whose code says nothing (broken ToUnicode table), on an even sample of them."""
    step = max(1, count // _SAMPLES)
    sampled = range(0, count, step)
    if not sampled:
        return 0.0
    lost = [index for index in sampled if pdfium_c.FPDFText_HasUnicodeMapError(textpage, index) == 1]
    return len(lost) / len(sampled)


def _image_coverage(page: Any) -> float:
    """The share (0 to 1) of the page under images; images that overlap count twice, which only errs towards OCR."""
    width, height = page.get_size()
    covered = 0.0
    for image in page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_IMAGE]):
        left, bottom, right, top = image.get_bounds()
        area = (right - left) * (top - bottom)
        # The bounds of an image inside a form are in the form's own units.
        container = image.container
        while container is not None:
            matrix = container.get_matrix()
            area *= abs(matrix.a * matrix.d - matrix.b * matrix.c)
            container = container.container
        covered += area
    return float(min(1.0, covered / (width * height))) if width and height else 0.0


def _images_decode(page: Any) -> bool:
    """False when an image of the page is damaged, too large, or in a format that pdfium does not know: it leaves no trace on the page."""
    for image in page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_IMAGE]):
        try:
            image.get_bitmap().close()
        except pdfium.PdfiumError:
            return False
    return True


def _ink(page: Any, textpage: Any) -> float:
    """The share (0 to 1) of the page that is dark once the recognised text is painted over."""
    with closing(page.render(scale=_scale(page, _INK_DPI), grayscale=True)) as bitmap:
        converter = bitmap.get_posconv(page)
        for index in range(textpage.count_rects()):
            left, bottom, right, top = textpage.get_rect(index)
            corners = converter.to_bitmap(left, bottom), converter.to_bitmap(right, top)
            xs, ys = sorted(x for x, _ in corners), sorted(y for _, y in corners)
            bitmap.fill_rect((255, 255, 255, 255), xs[0] - 1, ys[0] - 1, xs[1] - xs[0] + 3, ys[1] - ys[0] + 3)
        raster = _raster(bitmap, _INK_DPI)
    rows = [raster.data[row * raster.stride : row * raster.stride + raster.width] for row in range(raster.height)]
    pixels = b"".join(rows)
    if not pixels:
        return 0.0
    # Paper need not be white: it is the commonest grey of a sample.
    paper = Counter(pixels[::_SAMPLE_STEP]).most_common(1)[0][0]
    like_paper = bytes(level for level in range(256) if abs(level - paper) <= _CONTRAST)
    return len(pixels.translate(None, like_paper)) / len(pixels)


def _draw(page: Any, dpi: int) -> Raster:
    scale = _scale(page, dpi)
    with closing(page.render(scale=scale, grayscale=True)) as bitmap:
        return _raster(bitmap, round(scale * _POINTS_PER_INCH))


def _scale(page: Any, dpi: int) -> float:
    width, height = page.get_size()
    scale = dpi / _POINTS_PER_INCH
    most = math.sqrt(MOST_PIXELS / max(1.0, width * height))
    return float(min(scale, most))


def _raster(bitmap: Any, dpi: int) -> Raster:
    return Raster(bytes(bitmap.buffer), bitmap.width, bitmap.height, bitmap.stride, dpi)
