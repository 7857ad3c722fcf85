"""A post in Mastodon's form: plain text in which every link counts the same, whatever its length."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bot.messages.announcement import Announcement, announce, fit, labelled, plain
from bot.messages.lines import MessageInput

_LINK = re.compile(r"https?://\S+")


@dataclass(frozen=True, slots=True)
class StatusLimits:
    """What an instance allows (`configuration.statuses` of its instance document; the defaults are Mastodon's own).

    `per_url` is what a link counts for, None on servers that count links in full.
    """

    characters: int = 500
    per_url: int | None = 23


def mastodon_length(text: str, limits: StatusLimits = StatusLimits()) -> int:
    """Return the length as the instance counts it. Code points are counted, never fewer than the grapheme clusters that Mastodon counts."""
    if limits.per_url is None:
        return len(text)
    return len(text) + sum(limits.per_url - len(link) for link in _LINK.findall(text))


def mastodon_status(message: MessageInput, *, limits: StatusLimits = StatusLimits()) -> str:
    """Return a decree as a status within `limits`. Raises `announcement.TooSmall` when an instance leaves no room for a link."""
    return plain(_fitted(announce(message), limits))


def mastodon_thread(message: MessageInput, *, limits: StatusLimits = StatusLimits()) -> tuple[str, ...]:
    """Return the status as `mastodon_status` gives it, then what it had no room for, each text within `limits`. Raises
    `announcement.TooSmall`.
    """
    whole = announce(message)
    shown = _fitted(whole, limits)
    more = further(left_out(whole, shown), lambda text: mastodon_length(text, limits), limits.characters)
    return (plain(shown), *more)


def _fitted(whole: Announcement, limits: StatusLimits) -> Announcement:
    def measure(said: Announcement) -> int:
        return mastodon_length(plain(said), limits)

    return fit(whole, measure, limits.characters)


# What a post had no room for, in further texts of a thread. Lines are cut between words, and only where they do not fit as a whole.

_MOST = 20
"""Texts of one thread: nobody reads more."""

_COUNTER = " (20/20)"


def left_out(whole: Announcement, shown: Announcement) -> tuple[str, ...]:
    """Return the lines of the whole that are not shown as they are, in their order."""
    return tuple(labelled(line, whole.label) for line in whole.lines if line not in shown.lines)


def further(lines: Sequence[str], measure: Callable[[str], int], limit: int) -> tuple[str, ...]:
    """Return these lines as texts that `measure` finds within `limit`, each with its place in the thread, of which the first is the post
    itself.

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
