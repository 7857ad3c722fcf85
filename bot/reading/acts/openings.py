"""Where one decree ends and the next one begins, in a run of pages without running titles. Pure.

A heading is not enough: decrees quote and annex others, and some repeat their own heading on every page.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.domain import PageText
from bot.domain.folding import fold_letters
from bot.reading.acts.headings import decree_title, opens_decree
from bot.reading.unread import UNREAD

_OPERATIVE = re.compile(
    r"(?m)^[^\w\n]*(?:A ?R ?R ?[EÊÉ] ?T ?[EÉ](?: ?N ?T)?|[Aa]rr[êe]te(?:nt)?|D ?[EÉ] ?C ?I ?D ?E|[Dd][ée]cide)[^\w\n]*$"
    r"|^[^\w\n]*(?i:art(?:icle|\.)[ \t]{0,3}(?:1(?!\d)|premier|unique|I(?![IVXivx])))"
)
# Their first letters are spelt out: the search then skips ten times faster over what begins otherwise.
_CLOSING = re.compile(r"\b[FfSsTt](?i:(?<=f)ait[ \t]{1,3}(?:à|a|en)\b|(?<=s)ign[ée]\b|(?<=t)ribunal[ \t]{1,3}administratif)")
_NUMBER = re.compile(r"(?i)\bn(?:\s?[°º]|o?(?=\s\d))\s?((?=[\w./-]*\d)[\w.]{1,30}(?:[/_-][\w.]{1,30}|\s?[/-]\s?\d[\w.]{0,30}){0,8})")


def openings(pages: Sequence[PageText], *, closed: bool) -> tuple[int, ...]:
    """The indices, in order, of the pages on which a decree begins.

    The first heading always counts. A later one does when the decree before it has an operative part, or another number. With `closed`,
    that decree must have its operative part and its end (signature, remedies): quoting another inside its articles then cuts nothing.
    A page that was not read may hold whatever is missing.
    """
    found: list[int] = []
    since = ""
    unread = False
    for index, page in enumerate(pages):
        if opens_decree(page.text) and (not found or _is_next(pages[found[-1]].text, page.text, since, unread=unread, closed=closed)):
            found.append(index)
            since, unread = "", False
        since += "\n" + _telling(page.text)
        unread = unread or page.origin in UNREAD
    return tuple(found)


def _is_next(earlier: str, later: str, since: str, *, unread: bool, closed: bool) -> bool:
    one, two = decree_title(earlier), decree_title(later)
    numbers = [number(one), number(two)]
    if numbers[0] is not None and numbers[0] == numbers[1]:
        return False
    if closed:
        return unread or ("operative" in since and "closing" in since)
    same = fold_letters(one) == fold_letters(two)
    return "operative" in since or (unread and not same) or (None not in numbers and numbers[0] != numbers[1])


def number(title: str) -> str | None:
    """The number in a title, as compared (`n° 2025-01006 ` -> `202501006`); None where it has none."""
    found = _NUMBER.search(title)
    return (fold_letters(found[1]) or None) if found else None


def _telling(text: str) -> str:
    return ("operative " if _OPERATIVE.search(text) else "") + ("closing" if _CLOSING.search(text) else "")
