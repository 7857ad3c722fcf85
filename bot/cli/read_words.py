"""How the ways to read a page are called."""

from __future__ import annotations

from bot.domain import TextOrigin

METHODS = {
    TextOrigin.LAYER: "text layer",
    TextOrigin.OCR: "ocr",
    TextOrigin.BLANK: "blank",
    TextOrigin.PENDING: "not read yet",
    TextOrigin.UNREADABLE: "NOT READ",
}
