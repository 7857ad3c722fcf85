"""The running title of the national template: `<service> - <act id> - <title> <page>` on every page. Pure.

It tells the act of a page for free, and must be gone before anything is looked for in the text: it cuts sentences and repeats the
title on every page. It is often glued to the end of the previous line, and the page number to its own end.

Act identifiers are `83-2025-07-07-00001`, `2A-2024-…`, `R93-2025-…`, `IDF-2024-…`; the last group had three digits until about 2020.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from bot.domain.folding import end_of, fold_letters, one_line, start_of

ACT_ID = r"(?:\d{2,3}|2[AB]|R\d{2}|[A-Z]{3})-\d{4}-\d{2}-\d{2}-\d{3,5}"
ACT_ID_ALONE = re.compile(rf"(?m)^[ \t]*({ACT_ID})[ \t]*$")
DASH = r"[-–—]"
_MARK = re.compile(rf"(?P<dash>\s{DASH})\s+(?P<id>{ACT_ID})\s*{DASH}\s*")
_NUMBER = re.compile(r"[^\w\n]*\s*(\d{1,4})(?!\d)")
_LAST_ON_LINE = re.compile(r"[^\w\n]*[ \t]*\d{1,4}(?=[ \t]*(?:\n|\Z))")
_LAST_ON_PAGE = re.compile(r"[^\w\n]*\n[ \t]*\d{1,4}[ \t]*\Z")
_CLOSING = re.compile(r"[^\w\n]*(?=\n|\Z)")
_MOST_TITLE_LINES = 6
_LONGEST_SERVICE = 200
_LONGEST_TITLE = 2000
_LONG_STAMP = 1200
"""Real titles have up to 1,000 characters."""
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
    return tuple(found["id"] for found in _MARK.finditer(text))


def own_length(text: str) -> int:
    """Return how many characters a page has besides the title that is stamped on it.

    Where that title ends is not known from one page: as much as a long one takes is not counted, from its identifier on.
    """
    length = len(text.strip())
    stamp = next(reversed(list(_MARK.finditer(text))), None)
    return length if stamp is None else max(stamp.start(), length - _LONG_STAMP)


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
    mark = _MARK.search(after)
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
        for found in islice(_MARK.finditer(page), _MOST_MARKS):
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
    for found in islice(_MARK.finditer(text), _MOST_MARKS):
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
    for found in _MARK.finditer(text):
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
"""Characters an OCR may get wrong in an identifier that is still told apart from its neighbours."""


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
    # Here: the process that reads the pages looks for none, and does not owe the 10 ms these take.
    from rapidfuzz import process  # noqa: PLC0415
    from rapidfuzz.distance import Hamming  # noqa: PLC0415

    same_length = [one for one in known if len(one) == len(found)]
    close = process.extract(found, same_length, scorer=Hamming.distance, score_cutoff=_MISREAD, limit=2)
    if not close or (len(close) > 1 and close[0][1] == close[1][1]):
        return None
    return str(close[0][0])
