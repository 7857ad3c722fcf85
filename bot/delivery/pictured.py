"""The picture of a post, which must never cost the post: without one, the text goes out alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import structlog

from bot.delivery.errors import StoppedBefore
from bot.delivery.picture.model import Picture
from bot.domain import Post

log = structlog.get_logger()

Pictures = Callable[[Post], Awaitable[Picture | None]]
"""The picture of a post, None where there is none."""


@contextmanager
def before_sending() -> Iterator[None]:
    """Whoever is stopped in here has sent nothing: raises StoppedBefore in place of a plain cancellation."""
    try:
        yield
    except asyncio.CancelledError as stopped:
        raise StoppedBefore(*stopped.args) from stopped


class Pictured:
    """The pictures of one destination, which sends one post after the other: the one that is ready is kept until it is taken.

    A digest has none: it is about many decrees.
    """

    def __init__(self, pictures: Pictures | None) -> None:
        self._pictures = pictures
        self._ready: tuple[str, Picture | None] | None = None

    async def prepare(self, post: Post) -> None:
        """Make the picture ready. Raises StoppedBefore when cancelled."""
        self._ready = post.key, await self._made(post)

    async def take(self, post: Post) -> Picture | None:
        """The picture, made now where it is not ready. Raises StoppedBefore when cancelled."""
        ready, self._ready = self._ready, None
        return ready[1] if ready is not None and ready[0] == post.key else await self._made(post)

    async def _made(self, post: Post) -> Picture | None:
        return None if post.digest is not None else await picture_of(post, self._pictures)


async def picture_of(post: Post, pictures: Pictures | None) -> Picture | None:
    """The picture of a post, None also where making it fails by a fault of ours. Nothing was sent then.

    Raises StoppedBefore when cancelled.
    """
    if pictures is None:
        return None
    try:
        with before_sending():
            return await pictures(post)
    except Exception as fault:
        log.exception("picture not made by a fault of the program", post=post.id, fault=type(fault).__name__)
        return None
