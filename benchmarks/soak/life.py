"""One life of the program: its own service, wired by its own composition root, on a clock that hurries.

Where the program would nap, its clock is put forward to what is due next; when nothing is, it ends. All the rest is as in `vigie run`, or
in a `vigie review accept` that has queued all that waits.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from bot.app.config.model import Settings
from bot.app.delivering import DELIVER, deliver, handed_delivery
from bot.app.instance import run_alone
from bot.app.service import Service
from bot.app.wiring import assemble
from bot.delivery.deliverer import Delivered, Deliverer
from bot.delivery.followers import UNREAD_AFTER, FollowerPool, UnreadNotices
from bot.domain.health import AuthorityHealth, Cause, Overview, SourceHealth, Status
from bot.domain.posts import PostState
from bot.storage.posts import OPEN
from bot.storage.store import Store
from sources.catalogue.authority import Authority
from tests.clock import now

STAY, UNREAD = "stay", "unread"
"""Files beside the clock: the life does not end by itself; a source cannot be read."""


class Clock:
    """The time plus what it was put forward by, which a file keeps from life to life."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def _ahead(self) -> float:
        return float(self._file.read_text(encoding="ascii")) if self._file.exists() else 0.0

    def __call__(self) -> datetime:
        """Now. Lives side by side have the same."""
        return now() + timedelta(seconds=self._ahead())

    def put(self, seconds: float) -> None:
        """Forward, or back where it is less than 0. Whole or not at all: whoever does it may be killed."""
        ahead = self._ahead() + seconds
        new = self._file.with_suffix(f".{os.getpid()}")
        new.write_text(str(ahead), encoding="ascii")
        new.replace(self._file)


class Hurried(Deliverer):
    """A deliverer that never waits for a time to come. It has nothing of its own: all is done by the one that it is made of.

    Its destinations are served together: the clock is put forward when none of them is at work.
    """

    def __init__(
        self,
        deliverer: Deliverer,
        followers: FollowerPool | None,
        unread: UnreadNotices | None,
        clock: Clock,
        stop: asyncio.Event,
        stay: Path,
    ) -> None:
        """While there is a file `stay`, the life goes on when nothing is due: somebody is about to write."""
        self._deliverer = deliverer
        self._followers = followers
        self._unread = unread
        self._stay = stay
        self._hurried = clock
        self._stop = stop

    @property
    def destinations(self) -> tuple[str, ...]:
        """One, which stands for all."""
        return ("all",)

    async def deliver_due(self, *destinations: str) -> list[Delivered]:
        """As it does, then the chats that follow something, with what they are to be notified of."""
        done = await self._deliverer.deliver_due()
        if self._unread is not None:
            await self._unread.notify()
        while self._followers is not None and (await self._followers.deliver_round()).messages:
            pass
        return done

    async def next_due(self, now: datetime, *destinations: str) -> datetime | None:
        """Now, whenever that was."""
        found = [await self._deliverer.next_due(now), None if self._followers is None else await self._followers.next_due(now)]
        due = min((at for at in found if at is not None), default=None)
        if due is None and self._stay.exists():
            return now + timedelta(seconds=1)
        if due is None:
            self._stop.set()
        elif due > now:
            self._hurried.put((due - now).total_seconds())
        return None if due is None else now


def live(document: Mapping[str, Any], clock_file: Path, authorities: dict[str, Authority], command: str) -> None:
    """Until everything is delivered."""
    asyncio.run(_live(Settings.model_validate(document), Clock(clock_file), authorities, command, clock_file.parent))


async def _live(settings: Settings, clock: Clock, authorities: dict[str, Authority], command: str, folder: Path) -> None:
    stop = asyncio.Event()
    async with assemble(settings, authorities, watched=(), console=sys.stdout, clock=clock) as parts:
        serves = command == "run" and parts.followers is not None
        unread = replace(parts.unread, overview=partial(_sources, folder / UNREAD, clock)) if serves and parts.unread else None
        hurried = Hurried(parts.deliverer, parts.followers if serves else None, unread, clock, stop, folder / STAY)
        hasty = replace(parts, deliverer=hurried, followers=None)
        if command == "run":
            service = Service(hasty, {DELIVER: partial(handed_delivery, hasty)})
            await run_alone(parts.store, clock, stop, service.run)
        while not stop.is_set() and (waiting := await asyncio.to_thread(_waiting, parts.store)):
            # As `vigie review accept` does with what it has queued.
            await deliver(hasty, waiting, lambda _: None)


def _waiting(store: Store) -> list[int]:
    return [post.id for post in store.posts.listed() if post.state in OPEN - {PostState.HELD}]


def _sources(unread: Path, clock: Clock) -> Overview:
    """How the sources are: that of the Drôme cannot be read while there is such a file."""
    status, since = (Status.FAILING, clock() - 2 * UNREAD_AFTER) if unread.exists() else (Status.OK, None)
    source = SourceHealth("26:site", status, None if since is None else Cause.STRUCTURE, since)
    return Overview(
        clock(), (AuthorityHealth("26", status, (source,)), AuthorityHealth("38", Status.OK, (SourceHealth("38:site", Status.OK),)))
    )
