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
from structlog.testing import capture_logs

from bot.app.config.model import Settings
from bot.app.instance import delivering
from bot.app.service import DatabaseLog, StatusLogger, _run_job, end_jobs
from bot.app.wiring import Parts, open_archive
from bot.domain.posts import PostState
from bot.domain.records import SourceState
from bot.ingest.ingestor import IngestResult
from bot.ingest.poller import SourceReport
from bot.storage.errors import Conflict, DiskFull, StorageError, Unavailable
from bot.storage.store import Store
from sources.catalogue.authority import Source


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


# What the log says of the whole.


NOON = datetime(2026, 8, 14, 12, tzinfo=UTC)
KEYS = tuple(f"{number:02}:site" for number in range(1, 6))


def bulletin(store: Store) -> StatusLogger:
    return StatusLogger(watched=KEYS, store=store)


def save(store: Store, cause: str | None, *keys: str) -> None:
    for key in keys:
        failing = {"failures": 2, "cause": cause, "error": "no"} if cause else {}
        store.sources.save(SourceState(key, last_ok_at=NOON, next_check_at=NOON, **failing))  # type: ignore[arg-type]  # each by its name


async def test_a_start_tells_what_does_not_work_of_what_is_watched(store: Store) -> None:
    save(store, "blocked", *KEYS[:4], "77:site")
    save(store, None, KEYS[4])
    with capture_logs() as logs:
        await bulletin(store).start()
    told = [(line["event"], line.get("source") or line.get("sources")) for line in logs]
    assert told == [*(("source.still_failing", key) for key in KEYS[:4]), ("run.watching", 5)]
    assert logs[0]["next_check"] == "2026-08-14T12:00+00:00"
    assert (logs[-1]["sources"], logs[-1]["failing"]) == (5, 4)


async def test_that_no_site_answers_is_told_once_and_so_is_its_end(store: Store) -> None:
    now = bulletin(store)
    with capture_logs() as logs:
        save(store, "unreachable", *KEYS[:4])
        await now.round_up()
        assert logs == [], "one of them was not asked yet"
        save(store, "resting", KEYS[4])
        await now.round_up()
        await now.round_up()
        save(store, None, KEYS[0])
        await now.round_up()
        await now.round_up()
    assert [(line["log_level"], line["event"]) for line in logs] == [
        ("error", "network.down"),
        ("info", "network.recovered"),
    ]


async def test_it_says_that_it_goes_on_and_what_was_done_since_the_last_time(store: Store) -> None:
    now = bulletin(store)
    source = Source("01", "site", "national", "https://www.exemple.gouv.fr/", "one-page", "download-list")
    with capture_logs() as logs:
        now.note(SourceReport(source, new=2), IngestResult())
        now.note(SourceReport(source, error="no"), IngestResult())
        save(store, "moved", KEYS[0])
        await now.go_on()
        await now.go_on()
    assert [(line["event"], line["failing"], line["polls"], line["new"], line["decrees"]) for line in logs] == [
        ("run.progress", 1, 2, 2, 0),
        ("run.progress", 1, 0, 0, 0),
    ]


def test_a_database_that_cannot_be_used_is_told_once_and_so_is_its_end() -> None:
    now = 0.0
    told = DatabaseLog(monotonic=lambda: now)
    happened: list[tuple[float, float, bool, StorageError | None, str | None]] = [
        (0, 0, False, None, None),
        (1, 1, True, Conflict("twice"), None),  # of one transaction
        (2, 2, False, Unavailable("gone"), "database.unavailable"),
        (3, 3, True, Unavailable("gone"), None),
        (9, 9, False, None, None),
        (10, 10, False, Unavailable("gone"), None),
        (11, 11, True, None, None),
        (12, 12, False, None, "database.recovered"),
        (13, 11, True, Unavailable("gone"), None),  # it began before the end of the outage
        (14, 13, False, Unavailable("gone"), "database.unavailable"),
        (14.5, 12.5, False, None, None),  # it began before the outage, which is not over
        (15, 15, False, None, "database.recovered"),
        (20, 20, True, DiskFull("full"), "database.unavailable"),
        (30, 30, True, None, None),  # nothing was to be added
        (40, 40, True, DiskFull("full"), None),
        (700, 700, True, None, "database.recovered"),
    ]
    for at, began, writing, error, expected in happened:
        now = at
        with capture_logs() as logs:
            told.used(writing, began, error)
        assert [line["event"] for line in logs] == ([expected] if expected else [])
