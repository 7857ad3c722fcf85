"""A post in Mastodon's form: plain text in which every link counts the same, whatever its length."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.messages.announcement import Announcement, announce
from bot.messages.dispatch import Dispatch
from bot.messages.layout import fit, plain
from bot.messages.threads import further, left_out

_LINK = re.compile(r"https?://\S+")


@dataclass(frozen=True, slots=True)
class StatusLimits:
    """What an instance allows (`configuration.statuses` of its instance document; the defaults are Mastodon's own).

    `per_url` is what a link counts for, None on servers that count links in full.
    """

    characters: int = 500
    per_url: int | None = 23


def mastodon_length(text: str, limits: StatusLimits = StatusLimits()) -> int:
    """Length as the instance counts it. Code points are counted, never fewer than the grapheme clusters that Mastodon counts."""
    if limits.per_url is None:
        return len(text)
    return len(text) + sum(limits.per_url - len(link) for link in _LINK.findall(text))


def mastodon_status(dispatch: Dispatch, *, limits: StatusLimits = StatusLimits()) -> str:
    """A decree as a status within `limits`. Raises `layout.TooSmall` when an instance leaves no room for a link."""
    return plain(_fitted(announce(dispatch), limits))


def mastodon_thread(dispatch: Dispatch, *, limits: StatusLimits = StatusLimits()) -> tuple[str, ...]:
    """The status as `mastodon_status` gives it, then what it had no room for, each text within `limits`. Raises `layout.TooSmall`."""
    whole = announce(dispatch)
    shown = _fitted(whole, limits)
    more = further(left_out(whole, shown), lambda text: mastodon_length(text, limits), limits.characters)
    return (plain(shown), *more)


def _fitted(whole: Announcement, limits: StatusLimits) -> Announcement:
    def measure(said: Announcement) -> int:
        return mastodon_length(plain(said), limits)

    return fit(whole, measure, limits.characters)
