"""Makes of an act one text with its views, quoted with page numbers and without persons' names; and finds first whether it has any sign."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Generic, TypeVar

from bot.detection.text.cues import RewrittenText, cue, cues, damaged, fold, repair, squeeze
from bot.detection.text.phrases import excerpt
from bot.domain.acts import Act, Evidence, Where
from bot.domain.folding import fold_letters, fold_words
from bot.domain.pages import PageText, bare

_REACH = 14
"""Pages kept on each side of a sign: decrees on VSA have six or seven, annexes aside."""

_SURE_ENOUGH = 85
"""Mean confidence (0 to 100) of a recognised page below which accuracy falls under 99 %: a name of some words may be misread."""

HEADING_REACH = 400
"""Characters of a text in which its own title stands."""


def has_sign(text: str) -> bool:
    """Return True when a text, in any spelling, may speak of algorithmic video surveillance."""
    tight = fold_letters(text)
    return cue("gate").search(tight) is not None or bool(damaged(tight, cues().misreads[0]))


def signs(act: Act) -> bool:
    """Return True when the act has a sign anywhere, in its title or across two pages included."""
    heading = act.pages[0].text[:HEADING_REACH] if act.pages else ""
    if cue("jargon.title").search(fold_words(f"{act.title}\n{heading}")) is not None:
        return True
    return has_sign("\n".join([act.title, *(page.text for page in act.pages)]))


def relevant_pages(act: Act) -> tuple[PageText, ...]:
    """Return the pages worth a closer look: all, or in a bulk act of hundreds those around a sign, be it cut between two pages."""
    pages = act.pages
    if len(pages) <= 2 * _REACH:
        return pages
    near: set[int] = set()
    for index, page in enumerate(pages):
        following = pages[index + 1].text[:200] if index + 1 < len(pages) else ""
        if has_sign(page.text + "\n" + following):
            near.update(range(max(index - _REACH, 0), min(index + _REACH + 1, len(pages))))
    return tuple(pages[index] for index in sorted(near)) or pages


_QUOTE_LIMIT = 240
"""Characters of a quoted phrase: enough for the sentence that decides, too little to carry a page along."""

_PAGE_NUMBER = re.compile(r"(?<!\s)\s*\(\d{1,3}\s+pages?\)(?:\s+page\s+\d{1,4}\b)?", re.IGNORECASE)

# The last line of a page that numbers it, in the middle of a sentence: "1/3", "- 2 -", "Page 2 sur 4".
_FOOTER = re.compile(
    r"(?<!\s)\s*\n[ \t]*(?:(?:page\s*)?\d{1,3}\s?(?:/|sur)\s?\d{1,3}|page\s*\d{1,3}|[-–—]\s?\d{1,3}\s?[-–—])\s*\Z", re.IGNORECASE
)

# Tables drawn with characters: an upright line parts two columns.
_DRAWN = {**dict.fromkeys(range(0x2500, 0x2580), " "), **dict.fromkeys(map(ord, "|│┃║"), "\t")}

_RULE = re.compile(r"^[ \t+:=_-]{5,}$", re.MULTILINE)

# Justified lines of which the text layer prints every blank twice: no columns.
_SPREAD, _BLANK = re.compile(r"\S  (?=\S)"), re.compile(r"\S (?=\S)")


@dataclass(frozen=True, slots=True)
class ActText:
    """The title, then the pages. Positions given to its methods are positions in `folded.text` unless they say otherwise."""

    source: str
    page_starts: tuple[int, ...]
    page_numbers: tuple[int, ...]
    folded: RewrittenText
    flat: str
    """`folded.text` with its line breaks as blanks: same positions."""
    tight: RewrittenText
    """The squeezed view of `folded.text`."""
    mended: RewrittenText
    """`tight.text` with the words put back that OCR damages. The text to match cues against."""
    title_end: int
    part_starts: tuple[int, ...] = ()
    parts: tuple[Where, ...] = ()
    """What each stretch of `folded.text` is, from its beginning in `part_starts` on. Empty until the decrees in it are separated."""
    poor_pages: frozenset[int] = frozenset()
    """Pages of which letters may be misread: recognised with little confidence, or damaged."""
    unsure: Mapping[int, frozenset[str]] = field(default_factory=dict)
    """On the other recognised pages the words that may be."""

    def page(self, position: int) -> int:
        """Return the page of the file on which this position is."""
        return self.page_numbers[max(bisect_right(self.page_starts, self.folded.origin(position)) - 1, 0)]

    def where(self, position: int) -> Where | None:
        """Return the part of the act that holds this position; None before its parts are known."""
        rank = bisect_right(self.part_starts, position) - 1
        return self.parts[rank] if rank >= 0 else None

    def printed(self, start: int, end: int) -> str:
        """Return the original text of a stretch, with its blanks and line ends."""
        return self.source[slice(*self.folded.span(start, end))]

    def original(self, start: int, end: int) -> str:
        """Return the original text of a stretch, with its blanks collapsed."""
        return " ".join(self.printed(start, end).split())

    def in_capitals(self, start: int, end: int) -> bool:
        """Return True for a stretch all in capitals, in which a capital does not tell a name."""
        printed = self.original(start, end)
        return sum(map(str.islower, printed)) * 4 < sum(map(str.isupper, printed))

    def evidence(self, about: str, start: int, end: int, cue: str | None = None) -> Evidence:
        """Return a short quotation of the original, on whole words and without persons' names. `cue` is the name of the cue that it met."""
        first, last = self.folded.span(start, min(end, start + _QUOTE_LIMIT))
        while first > 0 and self.source[first - 1].isalnum() and self.source[first].isalnum():
            first -= 1
        while last < len(self.source) and self.source[last - 1].isalnum() and self.source[last].isalnum():
            last += 1
        return Evidence(about, self.page(start), " ".join(excerpt(self.source, first, last).split()), self.where(start), cue)

    def is_poor(self, quote: Evidence) -> bool:
        """Return True for a phrase that may be misread: its page was, or one of its words. A number or an office may be cut off there."""
        unsure, words = self.unsure.get(quote.page, frozenset()), [word for word in map(bare, quote.text.split()) if word]
        if quote.page in self.poor_pages or not unsure.isdisjoint(words):
            return True
        if quote.about == "number" and words:
            return any(word.startswith(words[-1]) for word in unsure)
        after = r"\W+".join(map(re.escape, words)) + r"[^\w\n]+(\S+)"
        return quote.about == "office" and any(bare(match[1]) in unsure for match in re.finditer(after, self.source))

    def loose(self, start: int, end: int) -> tuple[int, int]:
        """Return a stretch of the mended view as a stretch of the folded one."""
        first, last = self.mended.span(start, end)
        return self.tight.span(first, last)

    def mended_span(self, start: int, end: int) -> tuple[int, int]:
        """Return a stretch of the folded view as a stretch of the mended one."""
        return self.mended.position(self.tight.position(start)), self.mended.position(self.tight.position(end))


def document(act: Act, pages: Sequence[PageText]) -> ActText:
    """Return the document made of the act's title and these of its pages."""
    # Where an entry of a table of contents takes two lines, its page number stands between its last words.
    parts = [_PAGE_NUMBER.sub(" ", act.title).strip() + "\n"]
    for printed in (page.text for page in pages):
        spread = len(_SPREAD.findall(printed)) > 5 * len(_BLANK.findall(printed))
        drawn = (printed.replace("  ", " ") if spread else printed).translate(_DRAWN)
        parts.append(_FOOTER.sub("", _RULE.sub(lambda rule: " " * len(rule.group()), drawn)) + "\n")
    source = "".join(parts)
    folded = fold(source)
    tight = squeeze(folded.text)
    mended = repair(tight.text, cues().misreads)
    poor = (page.number for page in pages if page.damaged or (page.confidence is not None and page.confidence < _SURE_ENOUGH))
    return ActText(
        source,
        tuple(accumulate(map(len, parts[:-1]), initial=0)),
        (act.title_page if act.title_page is not None else act.first_page, *(page.number for page in pages)),
        folded,
        folded.text.replace("\n", " "),
        tight,
        mended,
        folded.position(len(parts[0]) - 1),
        poor_pages=frozenset(poor),
        unsure={page.number: page.unsure for page in pages if page.unsure},
    )


# A value read in a text, with the stretch of the folded text it was read from.

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class TextMatch(Generic[T]):
    """`value`, read from `start:end` of the folded text."""

    value: T
    start: int
    end: int
