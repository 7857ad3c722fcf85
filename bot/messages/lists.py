"""One line per decree, for lists of answers."""

from __future__ import annotations

from datetime import datetime

from bot.messages import html
from bot.messages.announcement import Part, announce, where_text
from bot.messages.cleaning import cut
from bot.messages.words import Language, words_in
from bot.model import Decree, Place

LONGEST_LINE = 300
"""Characters a reader sees of one line: a page of ten stays far below what a platform takes."""


def decree_line(decree: Decree, place: Place, now: datetime, language: Language = "fr") -> str:
    """`[12] Drôme (26) · autorisation · du 19 au 22 avril 2024 · Commence dans 14 h · SNCF · n° 2024-00493`, one line."""
    mark, kind, rest = _pieces(decree, place, now, language)
    return cut(" · ".join((mark + kind, *rest)), LONGEST_LINE)


def decree_line_html(decree: Decree, place: Place, now: datetime, language: Language = "fr") -> str:
    """The same for Telegram: escaped, the kind in bold and linked to the PDF."""
    mark, kind, rest = _pieces(decree, place, now, language)
    link = announce(decree, place, now, language).link
    words = html.tagged("b", html.text(kind))
    linked = words if link is None else html.link(link, words)
    tail = cut(" · ".join(("", *rest)), LONGEST_LINE - len(mark) - len(kind))
    return (html.text(mark) + linked + html.text(tail)).source


def _pieces(decree: Decree, place: Place, now: datetime, language: Language) -> tuple[str, str, tuple[str, ...]]:
    words = words_in(language)
    said = announce(decree, place, now, language)
    mark = "" if decree.id is None else f"[{decree.id}] "
    kind = getattr(words.short_kinds, decree.kind.value)
    where = where_text(place, words).split(", ")[0] if place.department else where_text(place, words)
    texts = {line.part: line.text for line in said.lines}
    wanted = (texts.get(Part.PERIOD), said.timing, texts.get(Part.OPERATORS), texts.get(Part.NUMBER))
    facts = [cut(text, 80) for text in wanted if text]
    if not facts and Part.TITLE in texts:
        facts = [cut(texts[Part.TITLE], 120)]
    return mark, kind, (where, *facts)
