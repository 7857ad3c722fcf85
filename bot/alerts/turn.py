"""One program at a time tells operators something: `vigie run` and a `vigie poll` beside it would both tell what neither has recorded yet.

A message is no row of its own: what begins and ends is told together. So not the rows are claimed, but the telling of them, in the
database, before anything is sent; what is told is read once the turn is ours. A program that was killed meanwhile is taken over from, at
once on the same machine, elsewhere when its turn is stale.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from bot.instance import Leases, here, is_gone
from bot.uninterrupted import uninterrupted


class Turn:
    """The turn to tell of one matter, such as `posts`. Methods raise StorageError."""

    def __init__(self, leases: Leases, matter: str, clock: Callable[[], datetime]) -> None:
        """`matter` is at most 24 characters long, and the same in every program."""
        self._leases = leases
        self._name = f"telling {matter}"
        self._clock = clock
        self._holder = uuid.uuid4().hex
        self._place = str(here())

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[bool]:
        """Whether it is ours while entered; false while another program tells, which is done before long."""
        is_ours = await self.renewed()
        try:
            yield is_ours
        finally:
            if is_ours:
                await uninterrupted(self._leases.release, self._name, self._holder)

    async def renewed(self) -> bool:
        """Take it, or keep it for longer; whether it is ours."""
        taken = asyncio.to_thread(self._leases.take, self._name, self._holder, self._place, self._clock(), is_gone=is_gone)
        return await taken is None
