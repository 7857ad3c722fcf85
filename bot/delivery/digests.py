"""When many decrees wait for one destination: which of them become digests. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from bot.domain import Post

DAY = timedelta(hours=24)
"""Over which messages are counted, up to now."""


def needs_digest(sent: int, single: int, most: int) -> bool:
    """Whether the `single` posts that wait are to be told together: each on its own, they would make more than `most` messages in a day.

    A lone decree goes out on its own in any case: whoever wants to contest it has hours, and waiting for others would take them.
    """
    return single > 1 and sent + single > most


def split(waiting: Sequence[Post], room: int) -> tuple[tuple[Post, ...], tuple[Post, ...]]:
    """What the next digest holds, and what is left; `room` is how many fit. No message has a single decree if that can be avoided."""
    room = max(room, 1)
    if len(waiting) - room == 1 and room > 2:
        room -= 1
    return tuple(waiting[:room]), tuple(waiting[room:])
