"""Draws recueils as PDFs for `vigie demo` and tests, in the layout of the national template: cover, contents, a separator page per act,
running titles `<service> - <act id> - <title> <page>`.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

import pypdfium2 as pdfium
from fpdf import FPDF

MONTHS = ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre")


@dataclass(frozen=True, slots=True)
class ActSpec:
    """Describes one act: the text of its pages (a text too long for one page runs over to the next). `scanned` pages are images."""

    service: str
    id: str
    title: str
    pages: tuple[str, ...]
    scanned: bool = False


@dataclass(frozen=True, slots=True)
class RecueilSpec:
    """Describes one recueil. `department` is printed on the cover (`VAR`), `number` is the one of the cover (`83-2025-240`)."""

    department: str
    number: str
    published: date
    acts: tuple[ActSpec, ...]


@dataclass(frozen=True, slots=True)
class _Placed:
    act: ActSpec
    first_page: int
    bodies: tuple[tuple[str, ...], ...]


def build_recueil(spec: RecueilSpec) -> bytes:
    """Return the PDF of a recueil, the same bytes for the same `spec`. Raises ValueError for letters outside Windows-1252."""
    pdf = new_pdf(datetime.combine(spec.published, time(), UTC))
    bodies = [tuple(lines_by_page(pdf, act.pages)) for act in spec.acts]
    contents = _contents(pdf, spec.acts, bodies)
    _cover(pdf, spec)
    for index, lines in enumerate(contents):
        add_page(pdf, lines)
        write(pdf, 280, [str(index + 2)])
    for placed in _place(spec.acts, bodies, first_page=2 + len(contents)):
        _act(pdf, placed)
    return bytes(pdf.output())


def _cover(pdf: FPDF, spec: RecueilSpec) -> None:
    day = "1ER" if spec.published.day == 1 else str(spec.published.day)
    published = f"PUBLIÉ LE {day} {MONTHS[spec.published.month - 1].upper()} {spec.published.year}"
    pdf.add_page()
    write(pdf, 60, [spec.department, "RECUEIL DES ACTES", "ADMINISTRATIFS", f"N°{spec.number}", published])


def _contents(pdf: FPDF, acts: Sequence[ActSpec], bodies: Sequence[tuple[tuple[str, ...], ...]]) -> list[list[str]]:
    """Return the contents by page, repeated until its own length settles the page numbers."""
    pages: list[list[str]] = [[]]
    for _ in range(4):
        before = len(pages)
        lines = ["Sommaire"]
        service = ""
        for placed in _place(acts, bodies, first_page=2 + before):
            if placed.act.service != service:
                service = placed.act.service
                lines += wrapped(pdf, service)
            length = len(placed.bodies)
            count = f"({length} page)" if length == 1 else f"({length} pages)"
            lines += wrapped(pdf, f"{placed.act.id} - {placed.act.title} {count} Page {placed.first_page}")
        pages = [lines[start : start + LINES_PER_PAGE] for start in range(0, len(lines), LINES_PER_PAGE)]
        if len(pages) == before:
            return pages
    raise ValueError("the table of contents does not settle")


def _place(acts: Sequence[ActSpec], bodies: Sequence[tuple[tuple[str, ...], ...]], first_page: int) -> Iterator[_Placed]:
    for act, body in zip(acts, bodies, strict=True):
        yield _Placed(act, first_page, body)
        first_page += 1 + len(body)


def _act(pdf: FPDF, placed: _Placed) -> None:
    act = placed.act
    service = act.service.split(" / ", 1)[0]
    add_page(pdf, [*wrapped(pdf, service), act.id, *wrapped(pdf, act.title)])
    _running_title(pdf, service, act, placed.first_page)
    for number, lines in enumerate(placed.bodies, start=placed.first_page + 1):
        if act.scanned:
            add_scan(pdf, lines)
        else:
            add_page(pdf, lines)
        _running_title(pdf, service, act, number)


def _running_title(pdf: FPDF, service: str, act: ActSpec, page: int) -> None:
    pdf.set_font_size(7)
    write(pdf, 297 - BOTTOM + 5, wrapped(pdf, f"{service} - {act.id} - {act.title} {page}"), height=3)
    pdf.set_font_size(10)


# Sheets with lines of text on them, printed or as a scanner leaves them. Sizes are in millimetres.


_MARGIN = 20.0
BOTTOM = 25.0
LINE = 5.0
LINES_PER_PAGE = 46
_SCAN_DPI = 200
_SCAN_QUALITY = 70
# The fonts every reader has know the Western alphabet of Windows only.
_ENCODING = "windows-1252"


def new_pdf(created: datetime) -> FPDF:
    """Return a PDF without pages. The same instant gives the same bytes."""
    pdf = FPDF(format="A4")
    pdf.core_fonts_encoding = _ENCODING
    pdf.set_creation_date(created)
    pdf.set_auto_page_break(False)
    pdf.set_margins(_MARGIN, _MARGIN)
    pdf.set_font("Helvetica", size=10)
    return pdf


def lines_by_page(pdf: FPDF, texts: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Yield the lines of each page: a text too long for one runs over to the next. Raises ValueError as `wrapped`."""
    for text in texts:
        lines = [line for paragraph in text.splitlines() for line in (wrapped(pdf, paragraph) or [""])] or [""]
        for start in range(0, len(lines), LINES_PER_PAGE):
            yield tuple(lines[start : start + LINES_PER_PAGE])


def wrapped(pdf: FPDF, text: str) -> list[str]:
    """Return the text as lines that are no wider than a page. Raises ValueError for letters outside Windows-1252."""
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
    """Add a printed page."""
    pdf.add_page()
    write(pdf, _MARGIN, lines)


def write(pdf: FPDF, top: float, lines: Sequence[str], height: float = LINE) -> None:
    """Print lines on the last page, the first of them at `top`."""
    for index, line in enumerate(lines):
        if line.strip():
            pdf.set_xy(_MARGIN, top + index * height)
            pdf.cell(text=line)


def add_scan(pdf: FPDF, lines: Sequence[str]) -> None:
    """Add a page as a scanner leaves it: an image of the text, no text."""
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
