"""A decree that is a PDF of its own, as some prefectures publish them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time

from bot.app.demo.pdfs import add_page, add_scan, lines_by_page, new_pdf


def build_standalone(pages: Sequence[str], *, scanned: bool = False, created: date = date(2025, 1, 1)) -> bytes:
    """The PDF of one decree alone, without cover or running title. Raises ValueError as `build_recueil`."""
    pdf = new_pdf(datetime.combine(created, time(), UTC))
    for lines in lines_by_page(pdf, pages):
        if scanned:
            add_scan(pdf, lines)
        else:
            add_page(pdf, lines)
    return bytes(pdf.output())
