"""What the service promises of its parts, where no world is needed to show it."""

from __future__ import annotations

import asyncio

from bot.app.service import _run_job


async def test_stopping_in_the_middle_of_a_look_is_no_failure() -> None:
    begun = asyncio.Event()

    async def look() -> None:
        begun.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(_run_job(look, "nothing in particular"))
    await begun.wait()
    task.cancel()
    await task  # APScheduler would print the traceback of whatever this raises
    assert not task.cancelled()
