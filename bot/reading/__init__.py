"""PDF bytes -> pages of text -> acts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.lazily import face

if TYPE_CHECKING:
    from bot.reading.assembly import assemble
    from bot.reading.digest import text_digest
    from bot.reading.limits import Limits, Unreadable
    from bot.reading.reader import read_pdf

__all__ = ["Limits", "Unreadable", "assemble", "ocr_available", "read_pdf", "text_digest"]

if not TYPE_CHECKING:  # a type checker knows what there is, and what there is not
    # A reading process imports one module of this package, and would wait for all of them.
    __getattr__ = face(
        __name__,
        {"Limits": "limits", "Unreadable": "limits", "assemble": "assembly", "read_pdf": "reader", "text_digest": "digest"},
    )


def ocr_available() -> bool:
    """True when scanned pages can be read on this machine: a Tesseract engine and its French data are there."""
    from bot.reading.ocr import find_ocr  # noqa: PLC0415 - who only reads texts does not wait for it

    return find_ocr() is not None
