"""The headings of decrees, for documents outside the national template: titles, and where one decree ends and the next begins. Pure.

A decree opens with `ARRÊTÉ n° 2025-01006 / portant …` and its visas (`Vu le code …`) follow; the operative word (`ARRÊTE`) comes
after the visas. In a run of pages a heading is not enough: decrees quote and annex others, and some repeat their own on every page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.domain.acts import PageText, Where
from bot.domain.folding import fold_letters, one_line

_OPENING = re.compile(r"(?m)^[^\w\n]*(?:arr[êeé]t[ée]s?|d[ée]cision|ordonnance)\b(?=[^\n]*)", re.IGNORECASE)
_SUBJECT = re.compile(
    r"(?i)\bn\s?[°ºo]\s?\S|\b(?:portant|autorisant|r[ée]glementant|fixant|relatif|relative|modifiant|instituant|interdisant|prorogeant|abrogeant"
    r"|accordant|suspendant|refusant|renouvelant|d[ée]livrant)\b"
)
# A stamp on annexes begins like a visa: "Vu pour être annexé à l'arrêté".
_VISA = re.compile(r"(?m)^[^\w\n]*(?:VU|Vu)\b(?!\s+pour\b)")
_ANNEX = re.compile(r"(?im)^[^\w\n]*annexes?\b")
_TITLE_STOP = re.compile(
    r"(?m)^[^\w\n]*(?:VU|Vu)\b|^[^\w\n]*(?:le|la|l['’]|les)\s*(?:pr[ée]f[èe]te?|ministre|directeur|directrice|secr[ée]taire|sous-pr[ée]f)",
    re.IGNORECASE,
)
_FAR = 4000
_LONGEST_TITLE = 500


def opens_decree(text: str) -> bool:
    """Return whether a decree starts on this page: heading and subject first, visas below, and no annex announced above."""
    start = _heading(text)
    return start is not None and _ANNEX.search(text, 0, start) is None


def decree_title(text: str) -> str:
    """Return the title of the decree that starts here, whitespace collapsed; empty when no heading is found."""
    start = _heading(text)
    if start is None:
        # A title only, not a place to cut: columns read in the wrong order put the visas first.
        start = next(
            (one.start() for one in _OPENING.finditer(text[:_FAR]) if _SUBJECT.search(one[0] + _line_after(text, one.end()))), None
        )
    if start is None:
        return ""
    rest = text[start:]
    first_line = rest.find("\n")
    stop = _TITLE_STOP.search(rest, first_line + 1) if first_line >= 0 else None
    return one_line(rest[: stop.start() if stop else _LONGEST_TITLE])[:_LONGEST_TITLE].strip(" -–—:;,*_")


def first_visa(text: str) -> int | None:
    """Return where the visas begin (`Vu le code …`), which decrees alone have; None where there are none."""
    found = _VISA.search(text)
    return found.start() if found else None


def first_line(text: str) -> str:
    """Return the first line with words in it, whitespace collapsed: a poor title, better than none."""
    return next((line for line in map(one_line, text.splitlines()) if sum(map(str.isalpha, line)) >= 4), "")[:_LONGEST_TITLE]


def _line_after(text: str, position: int) -> str:
    return text[position : position + 200].partition("\n")[0]


def _heading(text: str) -> int | None:
    head = text[:_FAR]
    limit = first_visa(head)
    for opening in _OPENING.finditer(head):
        if limit is None or opening.start() > limit:
            return None
        if _SUBJECT.search(head[opening.start() : min(limit, opening.start() + _LONGEST_TITLE)]):
            return opening.start()
    return None


# The title of an act, with the place where it was read. Pure.

_COMPARED = 40
"""Letters of a title by which its line is known again: the rest may be on the next page."""


@dataclass(frozen=True, slots=True)
class Title:
    """A title as read. `where` is None for words that merely stand in for one; `page` is that of the file, None where not known."""

    text: str
    where: Where | None = None
    page: int | None = None


def title_of(pages: Sequence[PageText]) -> Title:
    """Return the title of the decree that these pages hold, else their first line with words; empty where there is none."""
    headings = (Title(decree_title(page.text), Where.TITLE, page.number) for page in pages)
    lines = (Title(one_line(first_line(page.text)), None, page.number) for page in pages)
    return _first_given(headings) or _first_given(lines) or Title("")


def best_title(listed: str, opened: Title, stamped: Title) -> Title | None:
    """Return the title of an act that stands in up to three places, the first that gives it; None where none does.

    `listed` is that of the table of contents, `opened` that of the separator page, `stamped` that of a running title. Where one of the
    act's own pages begins with the words of the table, they count as read there: that is where a reader finds them again.
    """
    chosen = _first_given((Title(listed, Where.CONTENTS), opened, stamped))
    if chosen is None or chosen.where is not Where.CONTENTS:
        return chosen
    words = fold_letters(chosen.text)
    again = next((own for own in (opened, stamped) if words and fold_letters(own.text).startswith(words)), chosen)
    return Title(chosen.text, again.where, again.page)


def listed_on(act_id: str | None, title: str, contents: Sequence[PageText]) -> int | None:
    """Return the page of the table of contents that holds the line of this act; None where its beginning stands on none of them."""
    if act_id is not None:
        return next((page.number for page in contents if act_id in page.text), None)
    words = fold_letters(title)[:_COMPARED]
    return next((page.number for page in contents if words and words in fold_letters(page.text)), None)


def _first_given(titles: Iterable[Title]) -> Title | None:
    return next((title for title in titles if title.text), None)


# Where one decree ends and the next one begins, in a run of pages without running titles.

_OPERATIVE = re.compile(
    r"(?m)^[^\w\n]*(?:A ?R ?R ?[EÊÉ] ?T ?[EÉ](?: ?N ?T)?|[Aa]rr[êe]te(?:nt)?|D ?[EÉ] ?C ?I ?D ?E|[Dd][ée]cide)[^\w\n]*$"
    r"|^[^\w\n]*(?i:art(?:icle|\.)[ \t]{0,3}(?:1(?!\d)|premier|unique|I(?![IVXivx])))"
)
# Their first letters are spelt out: the search then skips ten times faster over what begins otherwise.
_CLOSING = re.compile(r"\b[FfSsTt](?i:(?<=f)ait[ \t]{1,3}(?:à|a|en)\b|(?<=s)ign[ée]\b|(?<=t)ribunal[ \t]{1,3}administratif)")
_NUMBER = re.compile(r"(?i)\bn(?:\s?[°º]|o?(?=\s\d))\s?((?=[\w./-]*\d)[\w.]{1,30}(?:[/_-][\w.]{1,30}|\s?[/-]\s?\d[\w.]{0,30}){0,8})")


def openings(pages: Sequence[PageText], *, closed: bool) -> tuple[int, ...]:
    """Return the indices, in order, of the pages on which a decree begins.

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
        unread = unread or page.is_unread
    return tuple(found)


def _is_next(earlier: str, later: str, since: str, *, unread: bool, closed: bool) -> bool:
    one, two = decree_title(earlier), decree_title(later)
    numbers = [title_number(one), title_number(two)]
    if numbers[0] is not None and numbers[0] == numbers[1]:
        return False
    if closed:
        return unread or ("operative" in since and "closing" in since)
    same = fold_letters(one) == fold_letters(two)
    return "operative" in since or (unread and not same) or (None not in numbers and numbers[0] != numbers[1])


def title_number(title: str) -> str | None:
    """Return the number in a title, as compared (`n° 2025-01006 ` -> `202501006`); None where it has none."""
    found = _NUMBER.search(title)
    return (fold_letters(found[1]) or None) if found else None


def _telling(text: str) -> str:
    return ("operative " if _OPERATIVE.search(text) else "") + ("closing" if _CLOSING.search(text) else "")
