"""The recorded texts of the Var, cut back into pages, and their tables of contents read in another way than the project reads them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from bot.domain.text import PageText
from bot.reading.pages.recognition import repair

_ID = r"\d{2}-\d{4}-\d{2}-\d{2}-\d{5}"
_ENTRY = re.compile(rf"({_ID}) - ((?:(?!{_ID} - ).)+?) ?\( ?(\d+) pages? ?\) Page (\d+)")


@dataclass(frozen=True, slots=True)
class Announced:
    """An act as its table of contents announces it: separator page, then `length` pages."""

    id: str
    title: str
    page: int
    length: int

    @property
    def pages(self) -> tuple[int, int]:
        return self.page, self.page + self.length


def words(text: str) -> str:
    """A title as compared: without its blanks, which line ends move."""
    return "".join(text.split())


def text_of(path: Path) -> str:
    content = path.read_bytes()
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def announced(front: str) -> list[Announced]:
    """The table of contents in what comes before the first separator, all blanks joined. Its own page numbers are alone on a line."""
    joined = " ".join(re.sub(r"(?m)^\d$", "", front).split())
    entries: list[Announced] = []
    for one, title, length, page in _ENTRY.findall(joined):
        after = entries[-1].pages[1] + 1 if entries else 0
        # One table ends with its page number glued to that of its last act.
        number = after if int(page) != after and page[:-1] == str(after) else int(page)
        entries.append(Announced(one, title, number, int(length)))
    return entries


def front_of(text: str) -> str:
    first = re.search(rf"(?m)^{_ID}$", text)
    return text[: first.start()] if first else ""


def pages_of(text: str) -> list[PageText]:
    """The pages of a recueil, cut after each running title (its act's whole title, then the page number).

    AssertionError when the numbers do not follow each other: then these are not the pages.
    """
    front = front_of(text)
    titles = {one.id: words(one.title) for one in announced(front)}
    ends = [
        end for found in re.finditer(rf"-\s({_ID})\s-\s", text) if (end := _stamp_end(text, found.end(), titles.get(found[1]))) is not None
    ]
    if not ends:
        return [PageText(1, repair(text))]
    texts = _front_pages(text, front, announced(front)[0].page - 1)
    start = sum(map(len, texts))
    numbers = []
    for position, number in ends:
        texts.append(text[start:position])
        numbers.append(number)
        start = position
    assert not text[start:].strip()
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert numbers[0] == len(texts) - len(numbers) + 1
    return [PageText(number, repair(page.strip("\n"))) for number, page in enumerate(texts, 1)]


def _front_pages(text: str, front: str, count: int) -> list[str]:
    """The cover and so many pages less one of a table of contents, each of which ends with its number, alone on a line or glued."""
    cuts = [0, text.index("Sommaire")]
    while len(cuts) <= count:
        own = len(cuts)
        found = re.compile(rf"(?m)^{own}$").search(front, cuts[-1]) or re.compile(rf"(?m)(?<=Page \d\d){own}$").search(front, cuts[-1])
        assert found
        cuts.append(found.end())
    return [text[start:end] for start, end in pairwise(cuts)]


def _stamp_end(text: str, position: int, title: str | None) -> tuple[int, int] | None:
    if title is None:
        return None
    matched = 0
    while matched < len(title) and position < len(text):
        if not text[position].isspace():
            if text[position] != title[matched]:
                return None
            matched += 1
        position += 1
    number = re.compile(r"\s*(\d{1,4})(?=\n|\Z)").match(text, position)
    return (number.end(), int(number[1])) if number else None
