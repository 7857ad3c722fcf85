"""What a post had no room for, in further texts of a thread. Lines are cut between words, and only where they do not fit as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from bot.messages.announcement import Announcement
from bot.messages.layout import labelled

_MOST = 20
"""Texts of one thread: nobody reads more."""

_COUNTER = " (20/20)"


def left_out(whole: Announcement, shown: Announcement) -> tuple[str, ...]:
    """The lines of the whole that are not shown as they are, in their order."""
    return tuple(labelled(line, whole.label) for line in whole.lines if line not in shown.lines)


def further(lines: Sequence[str], measure: Callable[[str], int], limit: int) -> tuple[str, ...]:
    """These lines as texts that `measure` finds within `limit`, each with its place in the thread, of which the first is the post itself.

    Empty where there are no lines, or the limit has no room for a word.
    """
    room = limit - len(_COUNTER) - 1
    texts: list[str] = []
    for piece in _pieces(lines, measure, room):
        joined = f"{texts[-1]}\n{piece}" if texts else piece
        if texts and measure(joined) <= room:
            texts[-1] = joined
        else:
            texts.append(piece)
    texts = texts[: _MOST - 1]
    return tuple(f"{text}\n({number}/{len(texts) + 1})" for number, text in enumerate(texts, start=2))


def _pieces(lines: Sequence[str], measure: Callable[[str], int], room: int) -> Iterator[str]:
    if room < len(_COUNTER):
        return
    for line in lines:
        rest = line
        while measure(rest) > room:
            space = rest.rfind(" ", 1, room + 1)
            end = space if space > 0 else room
            yield rest[:end].rstrip()
            rest = rest[end:].lstrip()
        if rest:
            yield rest
