"""One line per decree, for lists of answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.domain import Decree, Kind, LegalAdvice, Place
from bot.messages import html
from bot.messages.announcement import announce
from bot.messages.changes import first_link
from bot.messages.cleaning import cut
from bot.messages.dispatch import MessageInput
from bot.messages.lines import PostPart
from bot.messages.moments import period_text
from bot.messages.places import where_text
from bot.messages.standings import flag_lines, list_changes, list_standing
from bot.messages.words import Language, Words, words_in

LONGEST_LINE = 300
"""Characters a reader sees of one line: a page of ten stays far below what a platform takes."""

_LONGEST_PIECE = 80
_LONGEST_DOUBT = 160
"""Of what a decree is said to be, which may take two others to say."""


def decree_line(decree: Decree, place: Place, now: datetime, language: Language = "fr", legal_advice: LegalAdvice | None = None) -> str:
    """`[12] autorisation · Drôme (26) · du 19 au 22 avril 2024 · commence dans 14 h · SNCF · n° 2024-00493`, one line.

    With `legal_advice`, also what that says of its standing, and its flags in few words.
    """
    mark, kind, rest = _pieces(decree, place, now, language, legal_advice)
    return _fitting((mark + kind, *rest), LONGEST_LINE)


def decree_line_html(
    decree: Decree, place: Place, now: datetime, language: Language = "fr", legal_advice: LegalAdvice | None = None
) -> str:
    """The same for Telegram: escaped, the kind in bold and linked to the PDF."""
    mark, kind, rest = _pieces(decree, place, now, language, legal_advice)
    link = announce(MessageInput(decree, place, now, language)).link
    words = html.tagged("b", html.text(kind))
    linked = words if link is None else html.link(link, words)
    tail = _fitting(("", *rest), LONGEST_LINE - len(mark) - len(kind))
    return (html.text(mark) + linked + html.text(tail)).source


def _fitting(pieces: tuple[str, ...], longest: int) -> str:
    """The pieces in one text, whole ones left out from the end until it fits."""
    while len(pieces) > 2 and len(" · ".join(pieces)) > longest:  # the kind and the place stay
        pieces = pieces[:-1]
    return cut(" · ".join(pieces), longest)


def _pieces(
    decree: Decree, place: Place, now: datetime, language: Language, legal_advice: LegalAdvice | None
) -> tuple[str, str, tuple[str, ...]]:
    words = words_in(language)
    mark = "" if decree.id is None else f"[{decree.id}] "
    kind = getattr(words.short_kinds, decree.kind.value)
    where = where_text(place, words).split(", ")[0] if place.department else where_text(place, words)
    texts = {line.part: line.text for line in announce(MessageInput(decree, place, now, language)).lines}
    standing = list_standing(decree, place, now, words, legal_advice)
    changes = ", ".join(list_changes(decree, words))
    flags = () if legal_advice is None else tuple(line.brief for line in flag_lines(legal_advice, words))
    bond = None if decree.kind is Kind.AUTHORISATION else first_link(decree, words)
    known = (
        bond,
        _period(decree, words, legal_advice),
        standing,
        changes,
        *flags,
        texts.get(PostPart.OPERATORS),
        texts.get(PostPart.NUMBER),
    )
    facts = [cut(text, _LONGEST_DOUBT if text is standing else _LONGEST_PIECE) for text in known if text]
    told = {PostPart.PERIOD, PostPart.OPERATORS, PostPart.NUMBER} & texts.keys()
    if not told and bond is None and PostPart.TITLE in texts:
        facts.insert(0, cut(texts[PostPart.TITLE], 120))
    return mark, kind, (cut(where, _LONGEST_PIECE), *facts)


def _period(decree: Decree, words: Words, legal_advice: LegalAdvice | None) -> str | None:
    """The period that counts: as a later decree has modified it, where the legal advice says so."""
    facts = decree.facts
    if legal_advice is not None:
        facts = replace(facts, starts=legal_advice.starts or facts.starts, ends=legal_advice.ends or facts.ends)
    return period_text(facts, words)
