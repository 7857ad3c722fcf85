from __future__ import annotations

import asyncio
import contextlib
import threading

import pytest

from bot.domain.tasks import run_to_completion


async def test_the_result_and_the_error_come_through() -> None:
    assert await run_to_completion(lambda a, b: a + b, 1, b=2) == 3
    with pytest.raises(ZeroDivisionError):
        await run_to_completion(lambda: 1 // 0)


async def test_a_cancellation_is_raised_after_the_call_has_ended() -> None:
    started, go_on, ended = threading.Event(), threading.Event(), threading.Event()

    def record() -> None:
        started.set()
        go_on.wait(60)
        ended.set()

    task = asyncio.create_task(run_to_completion(record))
    await asyncio.to_thread(started.wait, 10)
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    assert not task.done()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()


async def test_a_cancellation_is_not_lost_where_the_call_fails() -> None:
    started, go_on = threading.Event(), threading.Event()

    def fail() -> None:
        started.set()
        go_on.wait(60)
        raise OSError("disk full")

    async def try_again() -> None:
        for _ in range(2):
            with contextlib.suppress(OSError):
                await run_to_completion(fail)

    task = asyncio.create_task(try_again())
    await asyncio.to_thread(started.wait, 10)
    task.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
