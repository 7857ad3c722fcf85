"""What the service promises of its parts, where no world is needed to show it."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC
from functools import partial

import pytest
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.app.service import _run_job, end_jobs


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


async def test_a_job_that_is_due_at_the_stop_ends_without_a_traceback(caplog: pytest.LogCaptureFixture) -> None:
    async def forever() -> None:
        await asyncio.Event().wait()

    scheduler = AsyncIOScheduler(timezone=UTC)
    scheduler.start()
    scheduler.add_job(partial(_run_job, forever, "nothing in particular"))  # handed over in the turn in which all ends
    with caplog.at_level(logging.ERROR, "apscheduler"):
        await end_jobs(scheduler)
        for _ in range(3):
            await asyncio.sleep(0)
    assert not scheduler.running
    assert caplog.records == []
