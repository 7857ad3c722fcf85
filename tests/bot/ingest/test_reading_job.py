"""Several recueils with the same bytes, and the places they hold."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import pytest

from bot.domain.acts import Reading
from bot.ingest.reading_job import LocalReading, OpenedPdf, ReadingJob, ReadingTimeouts, WorkerSlots
from bot.reading.model import ReadingDone, ReadingEvent, Unreadable
from bot.storage.store import open_store
from tests.bot.ingest.test_long_readings import sha, soon
from tests.bot.ingest.test_poller import NOON
from tests.bot.scans import scanned


async def test_the_third_to_come_keeps_no_place_that_the_second_waits_for(tmp_path: Path) -> None:
    """It comes at the very moment at which the first has let go of the content and the second does not have it yet."""
    begun, fail = asyncio.Event(), asyncio.Event()
    first_is_over = False

    async def read(*_: object, **__: object) -> AsyncGenerator[ReadingEvent, None]:
        begun.set()
        await fail.wait()
        for error in (Unreadable("broken"),):
            raise error
        yield ReadingDone(scanned([]))

    async def early(_: Reading) -> None:
        pass

    (tmp_path / "scan.pdf").touch()
    with open_store("sqlite://") as store:
        job = ReadingJob(LocalReading(read, store, lambda: NOON, ReadingTimeouts(quick=0, urgent=60)), store)
        slots = WorkerSlots(quick=1, slow=1)
        ways = [slots.slot() for _ in range(3)]

        async def read_one(number: int, may_come: Callable[[], bool] = lambda: True) -> None:
            nonlocal first_is_over
            async with ways[number]:
                while not may_come():  # noqa: ASYNC110 - at every turn of the loop: an event would wake it too late
                    await asyncio.sleep(0)
                try:
                    await job.read(OpenedPdf(tmp_path / "scan.pdf", sha("scan"), 4), ways[number], early)
                finally:
                    first_is_over = True

        tasks = [asyncio.create_task(read_one(0))]
        await soon(begun.wait())
        await soon(ways[0].left.wait())
        tasks.append(asyncio.create_task(read_one(1)))
        await soon(ways[1].left.wait())
        tasks.append(asyncio.create_task(read_one(2, lambda: first_is_over)))
        fail.set()
        for task in tasks:
            with pytest.raises(Unreadable, match="broken"):
                await soon(task)


async def test_a_file_that_vanishes_is_no_fault_of_its_content(tmp_path: Path) -> None:
    path = tmp_path / "scan.pdf"
    path.touch()

    def read(path: Path, **_: object) -> AsyncGenerator[ReadingEvent, None]:
        path.unlink()
        raise Unreadable("the file cannot be opened: No such file or directory")

    async def early(_: Reading) -> None:
        pass

    with open_store("sqlite://") as store:
        job = ReadingJob(LocalReading(read, store, lambda: NOON), store)
        async with WorkerSlots(quick=1, slow=1).slot() as way:
            with pytest.raises(Unreadable, match="removed from this machine while it was read"):
                await job.read(OpenedPdf(path, sha("scan"), 4), way, early)
        content = store.contents.get(sha("scan"))
        assert content is not None
        assert (content.error, content.unfinished) == (None, 0)
