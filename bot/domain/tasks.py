"""Runs asynchronous work beside other work, ends and awaits it, and computes retry waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def ended(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks and wait until all have ended, whatever they raise."""
    every = list(tasks)
    for task in every:
        task.cancel()
    await asyncio.gather(*every, return_exceptions=True)


@asynccontextmanager
async def beside(work: Coroutine[Any, Any, object]) -> AsyncIterator[None]:
    """Run work while entered; at the end it is cancelled and awaited. An earlier failure of it is ignored."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        await ended([task])


async def when(event: asyncio.Event, act: Callable[[], object]) -> None:
    """Call a function once the event is set."""
    await event.wait()
    act()


async def first_of(work: Coroutine[Any, Any, T], event: asyncio.Event) -> T | None:
    """Run work until done, or cancel it when the event is set; then return None once it has ended."""
    working, waiting = asyncio.ensure_future(work), asyncio.ensure_future(event.wait())
    try:
        await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        await ended([working, waiting])


async def carried_through(work: Coroutine[Any, Any, T] | asyncio.Task[T], *, undo: Callable[[T], Awaitable[object]] | None = None) -> T:
    """Run work to its end even if cancelled, then raise the cancellation (caused by its failure, if any); `undo` gets its result."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is None:
        return task.result()
    failure = task.exception()
    if failure is None and undo is not None:
        await undo(task.result())
    raise cancelled from failure


async def run_to_completion(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a blocking call in a thread to its end, even if cancelled (`carried_through`)."""
    return await carried_through(asyncio.to_thread(call, *args, **kwargs))


_DOUBLINGS = 16


def backoff(attempt: int, *, first: timedelta, cap: timedelta, jitter: float = 0.0) -> timedelta:
    """Return the wait after the `attempt`-th failure in a row (from 1): `first`, doubled each time up to `cap`, plus a part `jitter`."""
    return min(first * (1 << min(max(attempt - 1, 0), _DOUBLINGS)), cap) * (1 + jitter)


AGAIN = 60.0
"""Seconds until an address is tried again at which nothing can listen."""


async def once_opened(
    open_: Callable[[], T], failed: Callable[[str], object], sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
) -> T:
    """Return what opens, tried again after pauses; `failed` is told each new reason why it does not."""
    reason = ""
    while True:
        try:
            return open_()
        except OSError as error:
            said = error.strerror or str(error)
        if said != reason:
            failed(said)
        reason = said
        await sleep(AGAIN)
