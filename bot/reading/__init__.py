"""PDF bytes -> pages of text -> acts."""

from bot.reading.assemble import assemble
from bot.reading.digest import text_digest
from bot.reading.ocr import find_ocr
from bot.reading.sandbox import Limits, Unreadable, read_pdf

__all__ = ["Limits", "Unreadable", "assemble", "ocr_available", "read_pdf", "text_digest"]


def ocr_available() -> bool:
    """True when scanned pages can be read on this machine: a Tesseract engine and its French data are there."""
    return find_ocr() is not None
