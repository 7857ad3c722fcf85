"""Draws what a page says as a landscape picture, which networks and messengers show beside a link to the page."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from textwrap import wrap
from urllib.parse import urlsplit

from bot.queries.pictures import INK, PAPER, SOFT, Sheet
from bot.web.documents import Document, PageRequest, Preview, SiteContext
from bot.web.rendering import missing, web_words

WIDTH, HEIGHT = 1200, 630
_SIDE, _ROOM, _LAST = 60, 1080, 545
_SIGNAL, _MARK, _WHITE = "#a3330b", "#ffe566", "#ffffff"
_NARROW, _BROAD = frozenset("fijlrt.,:;'’!|()[]- "), frozenset("mwMW@%—…")
_DRAWN = 32
"""Pictures kept in memory, of some 50,000 bytes each."""


def drawn(make: Callable[[SiteContext, PageRequest], Document]) -> Callable[[SiteContext, PageRequest], Document]:
    """Return what makes the picture of the pages that `make` makes; where such a page has none, a page that says so."""

    def picture(site: SiteContext, request: PageRequest) -> Document:
        shown = make(site, request)
        if shown.preview is None:
            return missing(site, request, status=410 if shown.status == 410 else 404)
        host = urlsplit(site.settings.public_url).netloc
        foot = " · ".join(filter(None, (host, web_words(request.language)["page"]["unofficial"])))
        return Document(_png(shown.preview, site.settings.name, foot), "image/png", changes_at=shown.changes_at)

    return picture


@lru_cache(maxsize=_DRAWN)
def _png(shown: Preview, name: str, foot: str) -> bytes:
    sheet = Sheet(WIDTH, HEIGHT, PAPER)
    sheet.rectangle(_SIDE, 44, _SIDE + 60, 104, _MARK)
    for left in (_SIDE + 16, _SIDE + 36):
        sheet.rectangle(left, 54, left + 8, 62, INK)
        sheet.rectangle(left, 70, left + 8, 94, INK)
    sheet.write((_SIDE + 80, 88), name, 40, INK, bold=True)
    base = 190.0
    if shown.label is not None:
        running = shown.look == "now"
        sheet.rectangle(_SIDE, base - 42, _SIDE + _width(shown.label, 30) + 36, base + 12, _SIGNAL if running else INK)
        if not running:
            sheet.rectangle(_SIDE + 3, base - 39, _SIDE + _width(shown.label, 30) + 33, base + 9, PAPER)
        sheet.write((_SIDE + 18, base - 5), shown.label, 30, _WHITE if running else INK, bold=True)
        base += 88
    for text, size, bold in ((shown.title, 60, True), (shown.text, 37, False)):
        for line in _lines(text, size, 3 if bold else int(_LAST - base) // (size + 10) + 1):
            sheet.write((_SIDE, base), line, size, INK if bold else SOFT, bold=bold)
            base += size + 10
    sheet.rectangle(_SIDE, 562, WIDTH - _SIDE, 564, INK)
    sheet.write((_SIDE, 600), foot, 26, SOFT)
    return sheet.png()


def _lines(text: str, size: int, most: int) -> list[str]:
    """Return a text in at most so many lines; a long one is cut."""
    letters = _ROOM * len(text) / max(_width(text, size), 1)
    return wrap(text, max(int(letters), 2), max_lines=most, placeholder=" …", break_on_hyphens=False)


def _width(text: str, size: int) -> float:
    """Return about how wide a text is in bold Helvetica: a little too wide rather than too narrow."""
    return size * sum(0.33 if sign in _NARROW else 0.95 if sign in _BROAD else 0.73 if sign.isupper() else 0.57 for sign in text)
