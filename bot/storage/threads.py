"""A blocking call that a cancellation does not leave half done."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def run_to_completion(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `call` in a thread and wait for its end, whatever happens; a cancellation received meanwhile is raised after it.

    It is raised even where the call failed, as the cause of it: whoever stands a failure would else never learn to stop.
    """
    task = asyncio.ensure_future(asyncio.to_thread(call, *args, **kwargs))
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            cancelled = error
        except Exception:  # noqa: S110 - raised by result() below
            pass
    if cancelled is not None:
        raise cancelled from task.exception()
    return task.result()
