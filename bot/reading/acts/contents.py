"""The table of contents ("Sommaire") of the national template. Pure.

An entry is `<id> - <title> (N pages) Page M`, cut anywhere by line ends, under headings `<service> / <sub-service>`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.folding import one_line
from bot.reading.acts.identifiers import ACT_ID, DASH

_START = re.compile(rf"(?m)^[ \t]*(?P<id>{ACT_ID})\s+{DASH}\s+")
_PLACE = re.compile(r"\(\s*(?P<length>\d{1,4})\s*pages?\s*\)\s*Page\s*(?P<page>\d{1,4})")
_TAIL = re.compile(r"pages?\s*\)\s*Page\s*\d")
# The end of an entry that was cut just before it. A body page may say "Page 2" too, but not as its first words and with hardly any others.
_REST = re.compile(r"\s*Page\s+\d{1,4}[ \t]*(?:\n|\Z)")
_SHORT = 300
_PAGE_NUMBER = re.compile(r"\n[ \t]*\d{1,3}[ \t]*\Z")
_HEADING = re.compile(r"(?im)^[^\w\n]*sommaire[^\w\n]*$")
_LONE_NUMBER = re.compile(r"(?m)^[ \t]*\d{1,3}[ \t]*$")


@dataclass(frozen=True, slots=True)
class Entry:
    """One act as the table of contents announces it. `page` is the printed number of its separator page, None where it is cut off."""

    id: str
    title: str
    service: str | None
    page: int | None


def is_contents(text: str, *, continued: bool) -> bool:
    """True for a page of the table of contents. On one that continues it, the end of an entry is enough."""
    if _HEADING.search(text[:400]):
        return True
    if continued:
        return bool(_TAIL.search(text) or _START.search(text) or (len(text) <= _SHORT and _REST.match(text)))
    return _PLACE.search(text) is not None and _START.search(text) is not None


def read_contents(pages: Sequence[str]) -> tuple[Entry, ...]:
    """The entries of these pages (those of the table of contents only), in order; an identifier comes once."""
    # The number of the page cuts the entry that runs over its end.
    text = "\n".join(_PAGE_NUMBER.sub("", f"\n{page.rstrip()}") for page in pages)
    heading = _HEADING.search(text)
    position = heading.end() if heading else 0
    starts = list(_START.finditer(text, position))
    entries: dict[str, Entry] = {}
    service: str | None = None
    expected = len(pages) + 2
    for index, start in enumerate(starts):
        service = _service(text[position : start.start()]) or service
        end = starts[index + 1].start() if index + 1 < len(starts) else len(text)
        place = _PLACE.search(text, start.end(), end)
        title = text[start.end() : place.start()] if place else _first_lines(text[start.end() : end])
        position = place.end() if place else end
        page = _printed(place["page"], expected, len(pages)) if place else None
        if place and page is not None:
            expected = page + int(place["length"]) + 1
        entries.setdefault(start["id"], Entry(start["id"], one_line(title), service, page))
    return tuple(entries.values())


def _printed(figures: str, expected: int, contents: int) -> int:
    """The number of a page, without that of the page of the table glued to its end (`Page 532`: 53, on page 2 of the file)."""
    glued = {f"{expected}{own}" for own in range(2, contents + 2)}
    return expected if figures in glued else int(figures)


def _service(between: str) -> str | None:
    joined = one_line(_LONE_NUMBER.sub("", between)).rstrip(" /")
    return joined or None


def _first_lines(text: str) -> str:
    return "\n".join(text.splitlines()[:6])
