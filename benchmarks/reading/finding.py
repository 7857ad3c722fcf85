"""Which of the known phrases a reading holds. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from bot.domain.folding import fold_letters

_CLOSE = 85.0


@dataclass(frozen=True, slots=True)
class Found:
    """Of `known` phrases, so many were found on their page letter by letter (`exact`).

    `folded` are those found without regard to accents, case, spaces and punctuation; `close` those of which besides a letter here and there
    was misread (a similarity of 85 of 100, at which no phrase that is not there was found).
    """

    known: int
    exact: int
    folded: int
    close: int


def find(pages: Sequence[str], phrases: Sequence[tuple[int, str]]) -> Found:
    """Look for each phrase on its own page (numbers from 1); a line end counts as a space."""
    plain = [" ".join(page.split()) for page in pages]
    tight = [fold_letters(page) for page in pages]
    there = [(page, phrase) for page, phrase in phrases if page <= len(pages)]
    return Found(
        known=len(phrases),
        exact=sum(phrase in plain[page - 1] for page, phrase in there),
        folded=sum(fold_letters(phrase) in tight[page - 1] for page, phrase in there),
        close=sum(fuzz.partial_ratio(fold_letters(phrase), tight[page - 1]) >= _CLOSE for page, phrase in there),
    )
