"""The cheap question asked of every act: is there any sign at all?"""

from __future__ import annotations

from bot.detection.text.cues import cues
from bot.detection.text.views import holds_damaged
from bot.domain import Act, PageText
from bot.domain.folding import fold_letters

_REACH = 14
"""Pages kept on each side of a sign: decrees on VSA have six or seven, annexes aside."""

_SMALL = 2 * _REACH
"""Acts up to this many pages are looked at whole."""


def has_sign(text: str) -> bool:
    """True when a text, in any spelling, may speak of algorithmic video surveillance."""
    tight = fold_letters(text)
    return cues().gate.search(tight) is not None or holds_damaged(tight, cues().misreads[0])


def signs(act: Act) -> bool:
    """True when the act has a sign anywhere, in its title or across two pages included."""
    return has_sign("\n".join([act.title, *(page.text for page in act.pages)]))


def relevant_pages(act: Act) -> tuple[PageText, ...]:
    """The pages worth a closer look: all of them, or in a bulk act of hundreds those around a sign.

    A word cut between two pages counts for both.
    """
    pages = act.pages
    if len(pages) <= _SMALL:
        return pages
    near: set[int] = set()
    for index, page in enumerate(pages):
        following = pages[index + 1].text[:200] if index + 1 < len(pages) else ""
        if has_sign(page.text + "\n" + following):
            near.update(range(max(index - _REACH, 0), min(index + _REACH + 1, len(pages))))
    return tuple(pages[index] for index in sorted(near))
