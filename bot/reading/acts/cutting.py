"""Pages of text -> the acts of a document. Pure.

Three kinds of document: the national template (running titles, separator pages, table of contents), other recueils (cut at the headings of
their decrees), and a decree alone. Whatever the kind, every page after the table of contents belongs to an act.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from bot.domain.acts import Act, Cover, PageText, Reading, TextOrigin, Where
from bot.reading.acts.bulletins import cut_at_headings, one_act
from bot.reading.acts.front_matter import FrontMatter, read_cover, read_front_matter, read_table
from bot.reading.acts.headings import decree_title, first_line, listed_on, openings
from bot.reading.acts.national import national_acts, read_signs
from bot.reading.acts.running_titles import read_separator


def cut_acts(pages: Sequence[PageText]) -> tuple[Act, ...]:
    """Return the acts of a document, in page order; `pages` are all its pages in order, numbered from 1.

    Works as well while some of them are `PENDING`: what the table of contents and the running titles say of them counts already.
    A file that holds a cover or a table of contents and nothing else is one act without an identifier: its own pages.
    """
    if not pages:
        return ()
    separators = {page.number: found for page in pages if (found := read_separator(page.text))}
    front = read_front_matter(pages, separators)
    body = pages[front.pages :]
    if not any(page.text.strip() or page.is_unread for page in body) and front.pages:
        first = front.contents[0] if front.contents else pages[0]
        where = Where.CONTENTS if front.contents else None
        return (replace(one_act(pages), title=first_line(first.text), title_from=where, title_page=first.number),)
    signs = read_signs(front.entries, body, separators)
    if signs.known:
        return tuple(part for act in national_acts(body, signs) for part in cut_inner(_placed(act, front)))
    table = read_table([page.text for page in front.contents])
    return tuple(_placed(act, front) for act in cut_at_headings(body, table, is_recueil=front.pages > 0))


def _placed(act: Act, front: FrontMatter) -> Act:
    """Return the act with the page on which its line of the table of contents stands, where its title comes from there."""
    if act.title_from is not Where.CONTENTS:
        return act
    return replace(act, title_page=listed_on(act.id, act.title, front.contents))


# One identifier of the national template that holds many decrees -> an act for each of them.
#
# "164 arrêtés préfectoraux issus de la commission … (492 pages)": a separator page, sometimes a table of contents of its own without page
# numbers, then decree after decree. Where the cutting is doubtful the act stays whole.

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
    """Return the decrees of an act that holds many, each with its own title and pages; the act itself, alone, where it does not.

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
    """Return a decree under its own title, or under that of the whole where it has none."""
    title = decree_title(part.pages[0].text)
    return replace(part, title=title, title_from=Where.TITLE, title_page=part.first_page) if title else part


# The pages of a PDF, read -> what is in it.


def assemble(pages: Sequence[PageText], *, salvaged: bool = False) -> Reading:
    """Put the pages of one document together (all of them, in order, numbered from 1; ValueError otherwise). `salvaged` as in `Reading`."""
    if [page.number for page in pages] != list(range(1, len(pages) + 1)):
        raise ValueError("the pages of a document are numbered from 1, in order, without a gap")
    return Reading(
        page_count=len(pages),
        cover=read_cover(pages[0].text) if pages else Cover(),
        acts=cut_acts(pages),
        ocr_pages=tuple(page.number for page in pages if page.origin is TextOrigin.OCR),
        unreadable_pages=tuple(page.number for page in pages if page.origin is not TextOrigin.PENDING and not page.is_whole),
        pending_pages=tuple(page.number for page in pages if page.origin is TextOrigin.PENDING),
        pages=tuple(pages),
        salvaged=salvaged,
    )
