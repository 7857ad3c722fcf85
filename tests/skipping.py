"""Time that passes at once, for what waits by the clock of the event loop: no test waits for it itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

HANGS = 120.0
"""Seconds after which a test that waits for an event is taken for hung, however busy the machine."""


def skip(seconds: float) -> None:
    """Put the clock of the running loop forward: whoever waits for a time that has passed now is woken."""
    loop = asyncio.get_running_loop()
    before = loop.time
    loop.time = lambda: before() + seconds  # type: ignore[method-assign]  # of this loop only, which ends with the test
    loop.call_soon(lambda: None)


async def until(condition: Callable[[], object]) -> None:
    """Wait for what another process does, of which nothing tells us."""
    async with asyncio.timeout(HANGS):
        while not condition():  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.005)
