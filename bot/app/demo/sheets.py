"""Sheets of a PDF with lines of text on them, printed or as a scanner leaves them. Sizes are in millimetres."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pypdfium2 as pdfium
from fpdf import FPDF

_MARGIN = 20.0
BOTTOM = 25.0
LINE = 5.0
LINES_PER_PAGE = 46
_SCAN_DPI = 200
_SCAN_QUALITY = 70
# The fonts every reader has know the Western alphabet of Windows only.
_ENCODING = "windows-1252"


def new_pdf(created: datetime) -> FPDF:
    """A PDF without pages. The same instant gives the same bytes."""
    pdf = FPDF(format="A4")
    pdf.core_fonts_encoding = _ENCODING
    pdf.set_creation_date(created)
    pdf.set_auto_page_break(False)
    pdf.set_margins(_MARGIN, _MARGIN)
    pdf.set_font("Helvetica", size=10)
    return pdf


def lines_by_page(pdf: FPDF, texts: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """The lines of each page: a text too long for one runs over to the next. Raises ValueError as `wrapped`."""
    for text in texts:
        lines = [line for paragraph in text.splitlines() for line in (wrapped(pdf, paragraph) or [""])] or [""]
        for start in range(0, len(lines), LINES_PER_PAGE):
            yield tuple(lines[start : start + LINES_PER_PAGE])


def wrapped(pdf: FPDF, text: str) -> list[str]:
    """The text as lines that are no wider than a page. Raises ValueError for letters outside Windows-1252."""
    try:
        text.encode(_ENCODING)
    except UnicodeEncodeError as error:
        raise ValueError(f"the demo's fonts have no {text[error.start]!r}") from error
    if not pdf.pages:
        pdf.add_page()
        lines = wrapped(pdf, text)
        pdf.pages.clear()
        pdf.page = 0
        return lines
    found: Any = pdf.multi_cell(210 - 2 * _MARGIN, LINE, text, dry_run=True, output="LINES", align="L")
    # The lines come back in the bytes of the font, read as Latin-1.
    return [str(line).encode("latin-1").decode(_ENCODING) for line in found]


def add_page(pdf: FPDF, lines: Sequence[str]) -> None:
    """One more page, printed."""
    pdf.add_page()
    write(pdf, _MARGIN, lines)


def write(pdf: FPDF, top: float, lines: Sequence[str], height: float = LINE) -> None:
    """Print lines on the last page, the first of them at `top`."""
    for index, line in enumerate(lines):
        if line.strip():
            pdf.set_xy(_MARGIN, top + index * height)
            pdf.cell(text=line)


def add_scan(pdf: FPDF, lines: Sequence[str]) -> None:
    """One more page, as a scanner leaves it: an image of the text, no text."""
    drawn = new_pdf(datetime(2025, 1, 1, tzinfo=UTC))
    add_page(drawn, lines)
    document = pdfium.PdfDocument(bytes(drawn.output()))
    try:
        image = document[0].render(scale=_SCAN_DPI / 72, grayscale=True).to_pil()
    finally:
        document.close()
    jpeg = io.BytesIO()
    image.save(jpeg, "JPEG", quality=_SCAN_QUALITY)
    pdf.add_page()
    pdf.image(jpeg, x=0, y=0, w=210, h=297)
