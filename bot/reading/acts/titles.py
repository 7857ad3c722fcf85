"""Finds the titles of acts: running titles and separator pages of the national template, and the headings of decrees. Pure.

A running title is `<service> - <act id> - <title> <page>` on every page. It names the act of a page for free, and must be removed before
anything is searched for in the text: it cuts sentences and repeats the title on every page. It is often glued to the end of the previous
line, and the page number to its own end.

Act identifiers are `83-2025-07-07-00001`, `2A-2024-…`, `R93-2025-…`, `IDF-2024-…`; the last group had three digits until about 2020.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from rapidfuzz import process
from rapidfuzz.distance import Hamming

from bot.domain.acts import Where
from bot.domain.text import PageText, end_of, fold_letters, one_line, start_of
from bot.reading.pages.quality import ACT_ID, MARK

ACT_ID_ALONE = re.compile(rf"(?m)^[ \t]*({ACT_ID})[ \t]*$")
_NUMBER = re.compile(r"[^\w\n]*\s*(\d{1,4})(?!\d)")
_LAST_ON_LINE = re.compile(r"[^\w\n]*[ \t]*\d{1,4}(?=[ \t]*(?:\n|\Z))")
_LAST_ON_PAGE = re.compile(r"[^\w\n]*\n[ \t]*\d{1,4}[ \t]*\Z")
_CLOSING = re.compile(r"[^\w\n]*(?=\n|\Z)")
_MOST_TITLE_LINES = 6
_LONGEST_SERVICE = 200
_LONGEST_TITLE = 2000
_MOST_MARKS = 10
"""Running titles looked at on one page, which has one or two: more is an attack on our time."""
_MOST_SERVICES = 200


@dataclass(frozen=True, slots=True)
class Separator:
    """The page that opens an act: service, identifier alone on its line, title."""

    id: str
    service: str | None
    title: str


@dataclass(frozen=True, slots=True)
class Names:
    """What running titles of one recueil may say: the services, and the titles of each act. All folded, longest first."""

    services: tuple[str, ...]
    titles: Mapping[str, tuple[str, ...]]


def marked_ids(text: str) -> tuple[str, ...]:
    """Return the identifiers of the running titles on a page, in order of appearance (the stamped one comes last)."""
    return tuple(found["id"] for found in MARK.finditer(text))


def read_separator(text: str) -> Separator | None:
    """Return the separator page this text is, or None."""
    alone = ACT_ID_ALONE.search(text)
    if alone is None:
        return None
    before = text[: alone.start()]
    # A separator holds nothing but the service above the identifier and the title below it.
    if len(before) > 400:
        return None
    after = text[alone.end() :]
    mark = MARK.search(after)
    title = after[: mark.start()].rpartition("\n")[0] if mark else after
    if len(title) > (_LONGEST_TITLE if mark else 800):
        return None
    service = one_line(before)
    return Separator(alone[1], service if 0 < len(service) <= _LONGEST_SERVICE else None, one_line(title))


def names(services: Iterable[str | None], titles: Iterable[tuple[str, str]], pages: Sequence[str], known: Collection[str]) -> Names:
    """Gather what running titles may say, from the table of contents and separators (`services`, `titles` by id) and the pages themselves.

    `pages` add the service as the running titles print it: the shortest text met before an identifier (longer ones have body text glued).
    """
    folded = {fold_letters(service) for service in services if service}
    folded |= {fold_letters(service.rsplit(" / ", 1)[0]) for service in services if service}
    shortest: dict[str, str] = {}
    for page in pages:
        for found in islice(MARK.finditer(page), _MOST_MARKS):
            act = nearest(found["id"], known)
            line = fold_letters(page[page.rfind("\n", 0, found.start()) + 1 : found.start()])
            if act and line and (act not in shortest or len(line) < len(shortest[act])):
                shortest[act] = line
    # One that ends with a name already known is that name with body text glued to it.
    candidates = set(islice(folded, _MOST_SERVICES)) | set(islice(shortest.values(), _MOST_SERVICES))
    lines = islice(shortest.values(), _MOST_SERVICES)
    folded |= {line for line in lines if not any(line != other and line.endswith(other) for other in candidates if other)}
    by_id: dict[str, set[str]] = {}
    for act, title in titles:
        if fold_letters(title):
            by_id.setdefault(act, set()).add(fold_letters(title))
    return Names(
        services=tuple(sorted(filter(None, folded), key=len, reverse=True)[:_MOST_SERVICES]),
        titles={act: tuple(sorted(some, key=len, reverse=True)) for act, some in by_id.items()},
    )


def strip_running_titles(text: str, page: int, known: Collection[str], said: Names) -> str:
    """Return a text without its running titles. `page` is the number printed at their end, when the recueil is numbered as its PDF."""
    kept, position = "", 0
    for found in islice(MARK.finditer(text), _MOST_MARKS):
        act = nearest(found["id"], known)
        if act is None or found.start() < position:
            continue
        start = max(position, _service_start(text, found.start("dash"), said.services))
        kept += text[position:start]
        position = _title_end(text, found.end(), page, said.titles.get(act, ()))
    kept += text[position:]
    return kept.rstrip() if position else kept


def printed_title(text: str, act: str) -> str:
    """Return the title as the running title of this act prints it, page number removed; empty where there is none."""
    for found in MARK.finditer(text):
        if found["id"] == act:
            lines = "\n".join(text[found.end() :].splitlines()[:3])
            return re.sub(r"\s*\d{1,4}\s*\Z", "", one_line(lines))
    return ""


def _service_start(text: str, dash: int, services: Sequence[str]) -> int:
    for service in services:
        start = start_of(service, text, dash)
        if start is not None:
            return start
    return text.rfind("\n", 0, dash) + 1


def _title_end(text: str, start: int, page: int, titles: Sequence[str]) -> int:
    for title in titles:
        end = end_of(title, text, start)
        if end is not None:
            return _after_number(text, end, page)
    # A title that was abridged or misread: the stamp is the last thing on a page, so a short rest belongs to it.
    rest = text[start:]
    longest = max(map(len, titles), default=200)
    if rest.count("\n") <= _MOST_TITLE_LINES and len(fold_letters(rest)) <= longest + 40:
        return len(text)
    line_end = text.find("\n", start)
    return len(text) if line_end < 0 else line_end


def _after_number(text: str, end: int, page: int) -> int:
    own = _NUMBER.match(text, end)
    if own and int(own[1]) == page:
        return own.end()
    found = _LAST_ON_LINE.match(text, end) or _LAST_ON_PAGE.match(text, end)
    if found:
        return found.end()
    closing = _CLOSING.match(text, end)
    return closing.end() if closing else end


# Identifiers that an OCR misread.

_MISREAD = 2
"""Characters an OCR may get wrong in an identifier that still differs from its neighbours."""
_MOST_KNOWN = 300
"""Identifiers of one recueil among which a misread one is looked for; real recueils hold a hundred, and more is an attack on our time."""


def nearest(found: str, known: Collection[str]) -> str | None:
    """Return the known identifier that was meant: the same one, else the only one that differs by a misread character or two.

    `known` is best a set or the keys of a dict: an identifier that was read right is then found at once.
    """
    if found in known:
        return found
    if len(known) > _MOST_KNOWN:
        return None
    same_length = [one for one in known if len(one) == len(found)]
    close = process.extract(found, same_length, scorer=Hamming.distance, score_cutoff=_MISREAD, limit=2)
    if not close or (len(close) > 1 and close[0][1] == close[1][1]):
        return None
    return str(close[0][0])


# The headings of decrees, for documents outside the national template: titles, and where one decree ends and the next begins.
#
# A decree opens with `ARRÊTÉ n° 2025-01006 / portant …` and its visas (`Vu le code …`) follow; the operative word (`ARRÊTE`) comes
# after the visas. In a run of pages a heading is not enough: decrees quote and annex others, and some repeat their own on every page.

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
_LONGEST_HEADING = 500


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
    return one_line(rest[: stop.start() if stop else _LONGEST_HEADING])[:_LONGEST_HEADING].strip(" -–—:;,*_")


def first_visa(text: str) -> int | None:
    """Return where the visas begin (`Vu le code …`), which decrees alone have; None where there are none."""
    found = _VISA.search(text)
    return found.start() if found else None


def first_line(text: str) -> str:
    """Return the first line with words in it, whitespace collapsed: a poor title, better than none."""
    return next((line for line in map(one_line, text.splitlines()) if sum(map(str.isalpha, line)) >= 4), "")[:_LONGEST_HEADING]


def _line_after(text: str, position: int) -> str:
    return text[position : position + 200].partition("\n")[0]


def _heading(text: str) -> int | None:
    head = text[:_FAR]
    limit = first_visa(head)
    for opening in _OPENING.finditer(head):
        if limit is None or opening.start() > limit:
            return None
        if _SUBJECT.search(head[opening.start() : min(limit, opening.start() + _LONGEST_HEADING)]):
            return opening.start()
    return None


# The title of an act, with the place where it was read.

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
_CLOSING_WORDS = re.compile(r"\b[FfSsTt](?i:(?<=f)ait[ \t]{1,3}(?:à|a|en)\b|(?<=s)ign[ée]\b|(?<=t)ribunal[ \t]{1,3}administratif)")
_DECREE_NUMBER = re.compile(r"(?i)\bn(?:\s?[°º]|o?(?=\s\d))\s?((?=[\w./-]*\d)[\w.]{1,30}(?:[/_-][\w.]{1,30}|\s?[/-]\s?\d[\w.]{0,30}){0,8})")


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
    found = _DECREE_NUMBER.search(title)
    return (fold_letters(found[1]) or None) if found else None


def _telling(text: str) -> str:
    return ("operative " if _OPERATIVE.search(text) else "") + ("closing" if _CLOSING_WORDS.search(text) else "")
