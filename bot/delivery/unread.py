"""Notifies chats that follow a department once that its recueils cannot be read for days, and once that they can again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import structlog

from bot.delivery.channel import DeliveryError, DestinationRefused, NotSent
from bot.delivery.followers import OpenChannel
from bot.delivery.limiter import Limiter
from bot.domain.acts import Place
from bot.domain.follows import FRANCE, departments_of
from bot.domain.health import Overview, Status, nobody_answers
from bot.messages import Language
from bot.messages.following import read_again_text, unread_text
from bot.storage.database import run_to_completion
from bot.storage.follows import Follows
from bot.storage.notices import Notices, UnreadNotice

log = structlog.get_logger()

UNREAD_AFTER = timedelta(days=3)
"""How long the recueils of an authority must have been unreadable."""

_READABLE = frozenset({Status.FINE, Status.LATE, Status.PARTLY})
"""What an authority must be for its recueils to be read again: one that nobody watches any more, or that fails for another reason since
yesterday, is neither."""

_AT_ONCE = 500
"""Notices sent in one look: posts go on meanwhile, and the rest waits for the next look."""


def unread_since(overview: Overview, after: timedelta = UNREAD_AFTER) -> dict[str, datetime] | None:
    """Return the authorities none of whose sources can be read, for so long, and since when. Pure. None where nothing can be said: the bot
    was stopped, or no site at all answers, so that it is this machine that has no network.
    """
    watched = [route for route in overview.sources if route.status is not Status.UNWATCHED]
    if overview.asleep_since is not None or overview.polled_in_future is not None or nobody_answers([route.cause for route in watched]):
        return None
    failing = [one for one in overview.authorities if one.status is Status.FAILING and one.main is not None]
    since = {one.code: one.main.since for one in failing if one.main is not None and one.main.since is not None}
    return {code: at for code, at in since.items() if overview.at - at >= after}


@dataclass(frozen=True, slots=True)
class UnreadNotices:
    """Finds out what chats are to be notified of, and sends it. `overview` tells how the sources are."""

    notices: Notices
    follows: Follows
    open_channel: OpenChannel
    limiter: Limiter
    overview: Callable[[], Overview]
    places: Mapping[str, Place]
    clock: Callable[[], datetime]

    async def notify(self) -> None:
        """Look at the sources once, and send what is due. Raises StorageError."""
        overview = await asyncio.to_thread(self.overview)
        unread = unread_since(overview)
        if unread is None:
            return
        decides = {code: departments_of(code, self.places) for code in unread}
        readable = {one.code for one in overview.authorities if one.status in _READABLE}
        await run_to_completion(self.notices.update, decides, readable, self.clock())
        for notice in await asyncio.to_thread(self.notices.due, _AT_ONCE):
            since = unread.get(notice.authority)
            if (notice.is_end or since is not None) and not await self._send(notice, since):
                return

    async def _send(self, notice: UnreadNotice, since: datetime | None) -> bool:
        """Send one; false where the next would meet the same, and all wait for the next look."""
        follower = await asyncio.to_thread(self.follows.get, notice.chat)
        if follower is None or not await run_to_completion(self.notices.claim, notice, self.clock()):
            return True
        channel = self.open_channel(follower)
        language: Language = "en" if follower.language == "en" else "fr"
        if wait := self.limiter.wait(channel.name, 1):
            await asyncio.sleep(wait)
        self.limiter.note(channel.name)
        try:
            await channel.say(self._text(notice, since, language))
        except DeliveryError as error:
            log.debug("follower.notice_failed", error=type(error).__name__)
            surely_not = isinstance(error, (NotSent, DestinationRefused)) and not channel.is_closed
            await run_to_completion(self.notices.put_back if surely_not else self.notices.sent, notice, self.clock())
            if channel.is_closed:
                await run_to_completion(self.follows.block, notice.chat, self.clock())
            elif channel.moved_to is not None:
                await run_to_completion(self.follows.moved, notice.chat, channel.moved_to)
            return not channel.is_everyones
        await run_to_completion(self.notices.sent, notice, self.clock())
        return True

    def _text(self, notice: UnreadNotice, since: datetime | None, language: Language) -> str:
        place = self.places.get(notice.authority)
        where = notice.authority if place is None else place.name if place.territory else f"{place.department} ({place.code})"
        if since is None:
            return read_again_text(where, language)
        day: date = since.astimezone(FRANCE).date()
        return unread_text(where, day, language)
