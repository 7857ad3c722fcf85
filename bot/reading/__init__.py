"""PDF bytes -> pages of text -> acts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.reading.assembly import assemble
    from bot.reading.digest import text_digest
    from bot.reading.limits import Limits, Unreadable
    from bot.reading.reader import read_pdf

__all__ = ["Limits", "Unreadable", "assemble", "ocr_available", "read_pdf", "text_digest"]

_PLACES = {
    "Limits": "limits",
    "Unreadable": "limits",
    "assemble": "assembly",
    "read_pdf": "reader",
    "text_digest": "digest",
}


def ocr_available() -> bool:
    """True when scanned pages can be read on this machine: a Tesseract engine and its French data are there."""
    from bot.reading.ocr import find_ocr  # noqa: PLC0415 - see `__getattr__`

    return find_ocr() is not None


def __getattr__(name: str) -> Any:
    """Import on first use: a reading process imports one module of this package, and would wait for all of them."""
    from importlib import import_module  # noqa: PLC0415 - as above

    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
    globals()[name] = found
    return found
