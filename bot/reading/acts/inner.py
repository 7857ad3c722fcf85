"""One identifier of the national template that holds many decrees -> an act for each of them. Pure.

"164 arrêtés préfectoraux issus de la commission … (492 pages)": a separator page, sometimes a table of contents of its own without page
numbers, then decree after decree. Where the cutting is doubtful the act stays whole.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

from bot.domain import Act, PageText, TextOrigin, Where
from bot.reading.acts.headings import decree_title
from bot.reading.acts.openings import openings

# `164 arrêtés …`, `Arrêtés préfectoraux issus de …`, `VIDEOPROTECTION - arrêtés du 12 mai`: the plural comes first, before any singular.
_MANY = re.compile(r"(?i)\b(?:arr[êe]t[ée]s|d[ée]cisions|arr[êe]t[ée]\s?\(s\))(?!\w)")
_ONE = re.compile(
    r"(?i)\b(?:arr[êe]t[ée]|d[ée]cision|d[ée]l[ée]gations?|subd[ée]l[ée]gations?|avis|r[ée]c[ée]piss[ée]s?|convention|portant|abrog\w*|modifi\w*)"
    r"(?![\w(])"
)
_HOW_MANY = re.compile(r"(?i)\b(\d{1,3})\s+(?:arr[êe]t[ée]s|d[ée]cisions)(?!\w)")
_LISTED = re.compile(r"(?im)^[^\w\n]*(?:arr[êe]t[ée]|d[ée]cision)\b(?!\s*(?:du|en date)\b)[^\n]*$")
_ENOUGH = 0.8
"""The share of the decrees that title or inner table announce from which the cutting counts as whole."""
_MOST_QUOTED = 2
"""Headings before the first decree up to which they are no table of contents."""


def cut_inner(act: Act) -> tuple[Act, ...]:
    """The decrees of an act that holds many, each with its own title and pages; the act itself, alone, where it does not.

    The pages before the first decree (separator, inner table of contents) are an act too: part 0, under the title of the whole.
    """
    if len(act.pages) < 3:
        return (act,)
    many, one = _MANY.search(act.title), _ONE.search(act.title)
    if one is not None and (many is None or one.start() < many.start()):
        return (act,)
    cuts = openings(act.pages, closed=True)
    listed = sum(len(_LISTED.findall(page.text)) for page in act.pages[: cuts[0]]) if cuts else 0
    announced = _HOW_MANY.search(act.title)
    # While pages are to be recognised most decrees were not met yet, and those that were are not to wait for them.
    pending = any(page.origin is TextOrigin.PENDING for page in act.pages)
    enough = 0.0 if pending else _ENOUGH * (int(announced[1]) if announced else listed)
    if len(cuts) < max(2, enough) or (many is None and listed <= _MOST_QUOTED):
        return (act,)
    front = (_part(act, 0, act.pages[: cuts[0]]),) if cuts[0] else ()
    decrees = (_titled(_part(act, part, act.pages[start:end])) for part, (start, end) in enumerate(pairwise([*cuts, len(act.pages)]), 1))
    return (*front, *decrees)


def _part(act: Act, part: int, pages: tuple[PageText, ...]) -> Act:
    return replace(act, first_page=pages[0].number, last_page=pages[-1].number, pages=pages, part=part)


def _titled(part: Act) -> Act:
    """A decree under its own title, or under that of the whole where it has none."""
    title = decree_title(part.pages[0].text)
    return replace(part, title=title, title_from=Where.TITLE, title_page=part.first_page) if title else part
