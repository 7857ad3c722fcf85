"""The pictures of decrees, drawn one at a time and when they are first wanted: each destination of a decree wants the same."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import structlog

from bot.delivery.picture.alt import alt_text
from bot.delivery.picture.choice import Choice, choose
from bot.delivery.picture.drawing import draw
from bot.delivery.picture.model import Drawing, Drawn, NoPicture, Picture, Why
from bot.domain import Decree, Place, Post
from bot.messages import Language, place_for

log = structlog.get_logger()

_KEPT = 8
"""Pictures kept in memory, a fraction of a megabyte each: a decree goes to all its destinations within minutes, and is tried again."""
_REMEMBERED = 64
_TRIED_AGAIN_AFTER = 600.0
"""Seconds after which a page that gave no picture is tried again: its other destinations do not each wait for it to fail once more."""
_USUAL = Drawing()


class Album:
    """Makes pictures out of the PDFs that `locate` finds on disk; it is called in a thread, and gives None for what is not kept."""

    def __init__(
        self,
        *,
        locate: Callable[[Decree], Path | None],
        places: Mapping[str, Place],
        drawing: Drawing = _USUAL,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        """`seconds` tells the time since any moment: by it a page that gave no picture is tried again."""
        self._seconds = seconds
        self._locate = locate
        self._places = places
        self._drawing = drawing
        self._one_at_a_time = asyncio.Lock()
        self._kept: OrderedDict[tuple[Path, Choice], Drawn] = OrderedDict()
        self._failed: OrderedDict[tuple[Path, Choice], tuple[float, Why, str]] = OrderedDict()

    def for_posts(self, language: Language) -> Callable[[Post], Awaitable[Picture | None]]:
        """For a channel of this language: the picture of a post, None where there is none, which is logged."""

        async def picture(post: Post) -> Picture | None:
            try:
                return await self.of(post.decree, language)
            except NoPicture as none:
                tell = log.info if none.why is Why.NO_FILE else log.warning
                tell("a decree is posted without a picture", decree=post.decree.id, url=post.decree.url, why=str(none))
                return None

        return picture

    async def of(self, decree: Decree, language: Language) -> Picture:
        """The picture of a decree with its alt text. Raises NoPicture."""
        path = await asyncio.to_thread(self._locate, decree)
        if path is None:
            raise NoPicture(Why.NO_FILE)
        choice = choose(decree)
        drawn = await self._drawn(path, choice)
        alt = alt_text(
            decree,
            place_for(self._places, decree.authority),
            language,
            page=choice.page,
            highlighted=[choice.phrases[position] for position in drawn.found],
            covered=drawn.covered > 0,
        )
        return Picture(drawn.png, drawn.width, drawn.height, alt)

    async def _drawn(self, path: Path, choice: Choice) -> Drawn:
        async with self._one_at_a_time:
            # A file is named by its content: the same name is the same picture.
            key = path, choice
            if key not in self._kept:
                self._kept[key] = await self._draw(path, choice)
            self._kept.move_to_end(key)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
            return self._kept[key]

    async def _draw(self, path: Path, choice: Choice) -> Drawn:
        """Draw the page, unless that failed a short while ago. Raises NoPicture."""
        known = self._failed.get((path, choice))
        if known is not None and self._seconds() - known[0] < _TRIED_AGAIN_AFTER:
            raise NoPicture(known[1], known[2])
        try:
            return await draw(path, choice.page, choice.phrases, self._drawing)
        except NoPicture as none:
            self._failed[path, choice] = self._seconds(), none.why, none.more
            self._failed.move_to_end((path, choice))
            while len(self._failed) > _REMEMBERED:
                self._failed.popitem(last=False)
            raise
