"""What commands share that work on catalogue and database: loading both, handing work over, delivering while they still read."""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TextIO

from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from bot.app.instance import PAUSE
from bot.cli.context import stderr
from bot.delivery.deliverer import Delivered
from bot.domain.acts import Decree
from bot.domain.posts import Post, PostState
from bot.domain.tasks import ended, first_of
from bot.storage.locks import LockHolder

if TYPE_CHECKING:
    from bot.app.wiring import Parts


def console_for(*, as_json: bool) -> TextIO:
    """Return where the console destination writes. Its posts must not mix with JSON: there they count as sent, and are in it."""
    return io.StringIO() if as_json else sys.stdout


def nowhere(_: Decree) -> Sequence[str]:
    """Route a decree to no destination: it is recorded and not posted."""
    return ()


def all_sent(delivered: Sequence[Delivered]) -> bool:
    """Return whether every post was sent."""
    return all(item.state is PostState.SENT for item in delivered)


@contextmanager
def progress(on: str, *, quiet: bool = False) -> Iterator[Callable[[str, int, int], None]]:
    """Show on a terminal what takes a while, and for how long it has. What is yielded is told what is under way, how much of it is done,
    and of how much where that is known (else 0). Any thread may call it.
    """
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(bar_width=24), TimeElapsedColumn())
    with Progress(*columns, console=stderr, transient=True, disable=quiet or not stderr.is_terminal) as shown:
        task = shown.add_task(on, total=None)

        def update(what: str, done: int, of: int) -> None:
            shown.update(task, description=f"{what} {done:,}" + (f"/{of:,}" if of else ""), completed=done, total=of or None)

        yield update


# Posts go out while a command is still reading: a long scan keeps no decree waiting, nor does one destination that is slow.

LONGEST_NAP = timedelta(minutes=1)
"""How long a command that has all but ended waits for the next post to have its turn."""


@dataclass
class Delivery:
    """Describes the posts of a command, which go out as decrees are found. `over`: no more will be."""

    waiting: Mapping[str, asyncio.Event]
    """By destination: set when there may be something for it."""
    over: bool = False
    done: list[Delivered] = field(default_factory=list)

    def found(self) -> None:
        """Wake all destinations: posts are queued."""
        for destination in self.waiting.values():
            destination.set()


@asynccontextmanager
async def delivering(parts: Parts, give_way: asyncio.Event) -> AsyncIterator[Delivery]:
    """Deliver what is due each time that polls or a backfill found posts, and in the end until all had their turn, or until this process is
    to give way to another, which delivers the rest.
    """
    await asyncio.to_thread(parts.tidy)
    delivery = Delivery({destination: asyncio.Event() for destination in parts.deliverer.destinations})
    parts.recorder.on_queued = delivery.found
    work = [asyncio.create_task(_deliver(parts, delivery, destination, give_way)) for destination in delivery.waiting]
    try:
        yield delivery
        delivery.over = True
        delivery.found()
        await asyncio.gather(*work)
    finally:
        await ended(work)


async def _deliver(parts: Parts, delivery: Delivery, destination: str, give_way: asyncio.Event) -> None:
    over, sent, found = False, False, delivery.waiting[destination]
    while not over:
        await found.wait()
        found.clear()
        # Looked at before, not after: what is queued while a delivery is under way may not be part of it.
        over = delivery.over
        sent = await _pass(parts, delivery, destination)
    # Many posts for one destination go one by one. What does not go out at all is left to the next round.
    while sent and not give_way.is_set() and (nap := await _nap(parts, destination)) is not None:
        await first_of(asyncio.sleep(nap), give_way)
        sent = await _pass(parts, delivery, destination)


async def _pass(parts: Parts, delivery: Delivery, destination: str) -> bool:
    """Deliver what is due there, and return whether anything was sent."""
    done = await parts.deliverer.deliver_due(destination)
    delivery.done += done
    return any(item.state is PostState.SENT for item in done)


async def _nap(parts: Parts, destination: str) -> float | None:
    """Return the seconds until something is due there again; None where nothing is within `LONGEST_NAP`."""
    now = parts.clock()
    due = await parts.deliverer.next_due(now, destination)
    return None if due is None or due - now > LONGEST_NAP else max((due - now).total_seconds(), 0.0)


async def became_of(parts: Parts, posts: Sequence[Post]) -> list[Delivered]:
    """Return what became of posts that this process delivers all the while, once each had its turn; a minute is waited for that."""
    ids, until = [post.id for post in posts], parts.clock() + LONGEST_NAP
    while True:
        found = await asyncio.to_thread(parts.store.posts.listed, states=(), also=ids)
        waits = any(post.state is PostState.SENDING or (post.state is PostState.PENDING and post.error is None) for post in found)
        if not waits or parts.clock() >= until:
            return [Delivered(post, post.state, post.error) for post in found]
        await asyncio.sleep(PAUSE)


@contextmanager
def waiting() -> Iterator[Callable[[Any], None]]:
    """Show, while entered, to whom the work was handed and how far it is."""
    # Started where there is progress to show: a command that does the work itself shows its own.
    status = stderr.status("")

    def on_progress(what: Any) -> None:
        if isinstance(what, LockHolder):
            stderr.print(
                f"vigie: handed to {what}, which works on this database; waiting for what comes of it", markup=False, soft_wrap=True
            )
        elif stderr.is_terminal:
            status.update(str(what))
            status.start()

    try:
        yield on_progress
    finally:
        status.stop()
