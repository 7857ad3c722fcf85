"""The keys by which an act is known again at a later reading, so that what a person decided of it holds. Pure."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.domain.acts import PageText
from bot.domain.folding import fold_letters

_SHORTEST = 200
"""Letters and digits below which a text is a title or a fragment that two acts may share."""


@dataclass(frozen=True, slots=True)
class ActText:
    """An act of a recueil, as far as it is known by: its identifier, title and first page, and its pages joined by line breaks.

    `other` is the same text where some of its pages have a second one.
    """

    act_id: str | None
    title: str
    first_page: int
    text: str
    other: str | None = None


def act_keys(url: str, acts: Sequence[ActText]) -> list[tuple[str, ...]]:
    """The keys of each of the acts of the recueil at `url`, all of which must be given.

    - `act:…`, the identifier of the national template, unless several of these acts have it: it is then that of none of them.
    - `text:…`, the hash of the squeezed text, when it is long enough to be an act of its own; wherever it is published again.
    - `at:…`, its place, for an act without identifier: a reading that gets one more page changes the text, not the place. Together with
      the title, and only where no other act begins on that page: a decision must never fall on another act than the one that was read.
    """
    shared, opened = Counter(act.act_id for act in acts), Counter(act.first_page for act in acts)
    return [_keys(url, act, alone=shared[act.act_id] == 1, first=opened[act.first_page] == 1) for act in acts]


def _keys(url: str, act: ActText, *, alone: bool, first: bool) -> tuple[str, ...]:
    keys: list[str] = []
    if act.act_id is not None and alone:
        keys.append(f"act:{act.act_id.strip().lower()}")
    for text in (act.text, act.other):
        tight = fold_letters(text or "")
        if len(tight) >= _SHORTEST:
            keys.append(f"text:{_digest(tight)}")
    if act.act_id is None and first:
        keys.append(f"at:{_digest(url)}:{act.first_page}:{_digest(fold_letters(act.title))}")
    return tuple(dict.fromkeys(keys))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:40]


# The identity of a document whose bytes change at every download (a timestamp, a token) while its words do not.


def text_digest(pages: Iterable[PageText]) -> str:
    """SHA-256 (64 hexadecimal digits) of the words of these pages: accents, case, spaces and punctuation do not count."""
    digest = hashlib.sha256()
    for page in pages:
        digest.update(fold_letters(page.text).encode())
    return digest.hexdigest()
