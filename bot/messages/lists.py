"""One line per decree, for lists of answers."""

from __future__ import annotations

from dataclasses import replace

from bot.domain import Kind
from bot.messages import html
from bot.messages.announcement import announce
from bot.messages.changes import first_link
from bot.messages.cleaning import cut, fitting
from bot.messages.lines import PostPart
from bot.messages.message_input import MessageInput
from bot.messages.moments import period_text
from bot.messages.places import short_where
from bot.messages.standings import current_period, flag_lines, list_changes, list_standing

LONGEST_LINE = 300
"""Characters a reader sees of one line: a page of ten stays far below what a platform takes."""

_LONGEST_PIECE = 80
_LONGEST_DOUBT = 160
"""Of what a decree is said to be, which may take two others to say."""


def decree_line(message: MessageInput) -> str:
    """Return `[12] autorisation · Drôme (26) · du 19 au 22 avril 2024 · commence dans 14 h · SNCF · n° 2024-00493`, one line.

    With `legal_advice`, also what that says of its standing, and its flags in few words.
    """
    mark, kind, rest = _pieces(message)
    return fitting((mark + kind, *rest), LONGEST_LINE)


def decree_line_html(message: MessageInput) -> str:
    """Return the same for Telegram: escaped, the kind in bold and linked to the PDF."""
    mark, kind, rest = _pieces(message)
    link = announce(replace(message, legal_advice=None)).link
    words = html.tagged("b", html.text(kind))
    linked = words if link is None else html.link(link, words)
    tail = fitting(("", *rest), LONGEST_LINE - len(mark) - len(kind))
    return (html.text(mark) + linked + html.text(tail)).source


def _pieces(message: MessageInput) -> tuple[str, str, tuple[str, ...]]:
    decree, place, advice, words = message.decree, message.place, message.legal_advice, message.words
    mark = "" if decree.id is None else f"[{decree.id}] "
    kind = getattr(words.short_kinds, decree.kind.value)
    where = short_where(place, words)
    texts = {line.part: line.text for line in announce(replace(message, legal_advice=None)).lines}
    standing = list_standing(message)
    changes = ", ".join(list_changes(decree, words))
    flags = () if advice is None else tuple(line.brief for line in flag_lines(advice, words))
    bond = None if decree.kind is Kind.AUTHORISATION else first_link(decree, words)
    period = period_text(current_period(message), words)
    known = (bond, period, standing, changes, *flags, texts.get(PostPart.OPERATORS), texts.get(PostPart.NUMBER))
    facts = [cut(text, _LONGEST_DOUBT if text is standing else _LONGEST_PIECE) for text in known if text]
    told = {PostPart.PERIOD, PostPart.OPERATORS, PostPart.NUMBER} & texts.keys()
    if not told and bond is None and PostPart.TITLE in texts:
        facts.insert(0, cut(texts[PostPart.TITLE], 120))
    return mark, kind, (cut(where, _LONGEST_PIECE), *facts)
