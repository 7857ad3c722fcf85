"""Where a phrase stands in the text of a page, however that is broken into lines, accented or misread. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.fuzz import partial_ratio_alignment

from bot.domain.folding import fold_letters
from bot.reading.pages.repair import repair

_LONG = 24
"""Letters and digits from which a phrase is also looked for with misread letters, or for its beginning alone."""
_ALIKE = 88.0
"""Per cent of letters in common: a recognised line with one letter in ten misread passes, another clause of the same style does not."""
_BEGINNINGS = (0.75, 0.5)
"""Shares of a phrase that runs on to the next page, or was cut there by a running title."""


@dataclass(frozen=True, slots=True)
class Letters:
    """The letters and digits of a text, without case and accents, and from which character of it each comes."""

    text: str
    origins: tuple[int, ...]


def letters_of(text: str) -> Letters:
    """Take the letters and digits out of a text."""
    pairs = [(letter, index) for index, character in enumerate(text) for letter in _opened(character)]
    return Letters("".join(letter for letter, _ in pairs), tuple(index for _, index in pairs))


def find(page: Letters, phrase: str) -> tuple[int, int] | None:
    """The first stretch of the page's text (first character, one after the last) that says the phrase; None where none does."""
    sought = letters_of(phrase).text
    if not sought:
        return None
    for wanted in _wanted(sought):
        at = page.text.find(wanted)
        if at >= 0:
            return _stretch(page, at, at + len(wanted))
    if len(sought) >= _LONG and len(page.text) >= len(sought):
        alike = partial_ratio_alignment(sought, page.text, score_cutoff=_ALIKE)
        if alike is not None and alike.dest_end > alike.dest_start:
            return _stretch(page, *_whole_words(page, alike.dest_start, alike.dest_end))
    return None


def _whole_words(page: Letters, start: int, end: int) -> tuple[int, int]:
    """The window that was compared is as long as the phrase: misread letters may have pushed the ends of it out."""
    while start > 0 and page.origins[start] - page.origins[start - 1] <= 1:
        start -= 1
    while end < len(page.origins) and page.origins[end] - page.origins[end - 1] <= 1:
        end += 1
    return start, end


def _wanted(sought: str) -> Iterator[str]:
    yield sought
    for share in _BEGINNINGS:
        beginning = sought[: int(len(sought) * share)]
        if len(beginning) >= _LONG:
            yield beginning


def _stretch(page: Letters, start: int, end: int) -> tuple[int, int]:
    return page.origins[start], page.origins[end - 1] + 1


@lru_cache(maxsize=4096)
def _opened(character: str) -> str:
    """The letters that a character stands for: none for blanks and signs, two for ligatures."""
    return fold_letters(repair(character))
