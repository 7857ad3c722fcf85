"""What the service promises of its parts, where no world is needed to show it."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import AsyncMock

import pytest
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.app.config.model import Settings
from bot.app.instance import delivering
from bot.app.service import _run_job, end_jobs
from bot.app.wiring import Parts, open_archive
from bot.domain.posts import PostState


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


# Where PDFs are kept: beside the database, unless the configuration says where.


@pytest.mark.parametrize(
    ("database", "kept", "expected"),
    [
        ("sqlite:////srv/vigie/vigie.db", "", "/srv/vigie/vigie-pdfs"),
        ("sqlite:////srv/vigie/other.sqlite", "/mnt/pdfs", "/mnt/pdfs"),
        ("postgresql://user@host/vigie", "", "/home/state/vigie-pdfs"),
    ],
)
def test_they_are_beside_the_database(database: str, kept: str, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/home/state")
    settings = Settings.model_validate({"database": {"url": database}, "reading": {"kept_folder": kept}})
    assert open_archive(settings).unread == Path(expected)


NOW = datetime(2031, 4, 19, 22, 0, tzinfo=UTC)


class Outbox:
    """Delivers what was queued when it was asked; each delivery waits to be let go."""

    destinations: tuple[str, ...] = ("t",)

    def __init__(self) -> None:
        self.queued: list[str] = []
        self.paced: list[str] = []
        self.state = PostState.SENT
        self.naps: list[timedelta | None] = []
        self.asked = asyncio.Event()
        self.go = asyncio.Event()

    async def deliver_due(self, destination: str) -> list[Any]:
        due, self.queued = self.queued, []
        self.asked.set()
        await self.go.wait()
        return [SimpleNamespace(name=name, post=SimpleNamespace(id=name), state=self.state) for name in due]

    async def next_due(self, now: datetime, destination: str) -> datetime | None:
        self.queued += self.paced[:1]
        del self.paced[:1]
        return None if not self.naps or (nap := self.naps.pop(0)) is None else now + nap


def parts_of(outbox: Outbox) -> Parts:
    recorder = SimpleNamespace(on_queued=lambda: None)
    poller = SimpleNamespace(stop=AsyncMock())
    return cast("Parts", SimpleNamespace(recorder=recorder, deliverer=outbox, poller=poller, clock=lambda: NOW, tidy=lambda: None))


async def test_what_is_found_goes_out_at_once_and_what_is_found_meanwhile_in_the_end() -> None:
    outbox = Outbox()
    parts = parts_of(outbox)
    async with delivering(parts, asyncio.Event()) as delivered:
        outbox.queued.append("first")
        parts.recorder.on_queued()
        await outbox.asked.wait()
        assert outbox.queued == []
        # Queued while the first is on its way, right before the end.
        outbox.queued.append("last")
        asyncio.get_running_loop().call_soon(outbox.go.set)
    assert [cast("Any", item).name for item in delivered.values()] == ["first", "last"]


@pytest.mark.parametrize(
    ("naps", "state", "expected"),
    [
        ([timedelta(), timedelta(), None], PostState.SENT, ["a", "b", "c"]),
        ([timedelta(), timedelta(hours=1)], PostState.SENT, ["a", "b"]),  # that long nobody waits
        ([timedelta(), timedelta()], PostState.PENDING, ["a"]),  # nothing goes out: it is left to the next round
    ],
)
async def test_posts_that_go_one_by_one_all_have_their_turn(naps: list[timedelta | None], state: PostState, expected: list[str]) -> None:
    outbox = Outbox()
    outbox.go.set()
    outbox.queued, outbox.paced, outbox.naps, outbox.state = ["a"], ["b", "c"], naps, state
    parts = parts_of(outbox)
    async with delivering(parts, asyncio.Event()) as delivered:
        pass
    assert [cast("Any", item).name for item in delivered.values()] == expected


async def test_a_destination_that_is_slow_keeps_nothing_from_the_others() -> None:
    class Two(Outbox):
        destinations = ("slow", "fast")

        async def deliver_due(self, destination: str) -> list[Any]:
            if destination == "slow":
                await self.go.wait()
                return []
            due, self.queued = self.queued, []
            self.asked.set()
            return [SimpleNamespace(name=name, post=SimpleNamespace(id=name), state=self.state) for name in due]

    outbox = Two()
    parts = parts_of(outbox)
    async with delivering(parts, asyncio.Event()) as delivered:
        for name in ("first", "second"):
            outbox.queued.append(name)
            outbox.asked.clear()
            parts.recorder.on_queued()
            await asyncio.wait_for(outbox.asked.wait(), 60)
        outbox.go.set()
    assert [cast("Any", item).name for item in delivered.values()] == ["first", "second"]
