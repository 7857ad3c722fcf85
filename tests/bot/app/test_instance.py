"""Who works on a database, and what becomes of the work of the others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.app.instance import AlreadyRunning, Json, OnProgress, WorkOrder, run_alone, serve, work_alone
from bot.domain.posts import PostState
from bot.storage.errors import HandedOverFailed, Locked, Unavailable
from bot.storage.locks import LockHolder, LockName
from bot.storage.store import Store, open_store
from tests.bot.storage.building import NOW
from tests.bot.storage.test_outbox import claimed, queue

PAUSE = 0.01
POLL = WorkOrder("poll", {"codes": ["26"]})


@pytest.fixture
def opener(tmp_path: Path) -> Iterator[Callable[[], Store]]:
    """The same database as another process would open it."""
    with ExitStack() as stores:
        yield lambda: stores.enter_context(open_store(f"sqlite:///{tmp_path / 'vigie.db'}"))


class Process:
    """A command that works until it is told to go on, and notes what happens to it."""

    def __init__(self, store: Store, order: WorkOrder = POLL) -> None:
        self.store = store
        self.order = order
        self.begun = asyncio.Event()
        self.go_on = asyncio.Event()
        self.told: list[Any] = []
        self.heard = asyncio.Event()
        self.times = 0

    async def work(self, give_way: asyncio.Event) -> Json | None:
        self.times += 1
        self.begun.set()
        waits = [asyncio.ensure_future(event.wait()) for event in (give_way, self.go_on)]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        return {"by": self.order.kind, "times": self.times} if self.go_on.is_set() else None

    def tell(self, what: Any) -> None:
        self.told.append(what)
        self.heard.set()

    def start(self) -> asyncio.Task[Json]:
        return asyncio.create_task(work_alone(self.store, lambda: NOW, self.order, self.work, self.tell, pause=PAUSE))


class Bot:
    """`vigie run`, which carries out polls."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.stop = asyncio.Event()
        self.working = asyncio.Event()
        self.asked = asyncio.Event()
        self.answer = asyncio.Event()
        self.begun = 0
        self.stopped = asyncio.Event()
        self.fault: Exception | None = None

    async def handle(self, arguments: Json, told: OnProgress) -> Json:
        told("begun")
        self.asked.set()
        try:
            await self.answer.wait()
        except asyncio.CancelledError:
            self.stopped.set()
            raise
        if self.fault is not None:
            raise self.fault
        return {"by": "the bot", "codes": arguments["codes"]}

    async def work(self, ending: asyncio.Event) -> None:
        self.begun += 1
        self.working.set()
        serving = asyncio.create_task(serve(self.store, {"poll": self.handle, "backfill": self.handle}, pause=PAUSE))
        await ending.wait()
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving
        self.working.clear()

    @asynccontextmanager
    async def runs(self) -> AsyncIterator[asyncio.Task[None]]:
        running = asyncio.create_task(run_alone(self.store, lambda: NOW, self.stop, self.work, pause=PAUSE))
        try:
            yield running
        finally:
            self.stop.set()
            await running


async def until(condition: Callable[[], bool]) -> None:
    """Look until something is true of what another process, as it were, has written."""
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(PAUSE)


async def test_a_second_bot_is_told_where_the_first_is_and_since_when(opener: Callable[[], Store]) -> None:
    first = Bot(opener())
    async with first.runs():
        await first.working.wait()
        with pytest.raises(AlreadyRunning, match=r"vigie run on host .*, process \d+, since 20.*Stop it first"):
            await run_alone(opener(), lambda: NOW, asyncio.Event(), Bot(opener()).work, pause=PAUSE)
    assert first.store.locks.holder(LockName.RUN) is None
    assert first.store.locks.holder(LockName.WORK) is None


async def test_where_nobody_works_a_command_does_it_itself(opener: Callable[[], Store]) -> None:
    process = Process(opener())
    process.go_on.set()
    (post,) = queue(process.store, "A")
    claimed(process.store)
    process.store.requests.add("backfill", {"of": "a process that was killed"})
    assert await process.start() == {"by": "poll", "times": 1}
    assert process.told == []
    assert process.store.locks.holder(LockName.WORK) is None
    assert process.store.requests.unanswered() == []
    assert process.store.posts.get(post.id).state is PostState.UNKNOWN, "whoever was sending it is gone"


async def test_beside_a_bot_a_command_hands_its_work_over_and_shows_what_came_of_it(opener: Callable[[], Store]) -> None:
    bot, process = Bot(opener()), Process(opener())
    async with bot.runs():
        await bot.working.wait()
        waiting = process.start()
        await bot.asked.wait()
        await until(lambda: "begun" in process.told)
        bot.answer.set()
        assert await waiting == {"by": "the bot", "codes": ["26"]}
    assert isinstance(process.told[0], LockHolder)
    assert process.told[0].command == "vigie run"
    assert process.times == 0
    assert process.store.requests.unanswered() == []


@pytest.mark.parametrize("kind", ["poll", "backfill"])
async def test_a_backfill_that_nobody_waits_for_any_more_is_stopped_and_a_poll_goes_on(opener: Callable[[], Store], kind: str) -> None:
    bot, process = Bot(opener()), Process(opener(), WorkOrder(kind, {"codes": ["26"]}))
    async with bot.runs():
        await bot.working.wait()
        waiting = process.start()
        await bot.asked.wait()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert process.store.requests.unanswered() == []
        # The next one is served all the same.
        bot.asked.clear()
        other = Process(opener())
        waiting = other.start()
        await bot.asked.wait()
        await until(lambda: "begun" in other.told)
        assert bot.stopped.is_set() is (kind == "backfill")
        bot.answer.set()
        assert await waiting == {"by": "the bot", "codes": ["26"]}


@pytest.mark.parametrize(("fault", "told"), [(Locked("the database is locked"), "is locked"), (RuntimeError("secret"), "RuntimeError")])
async def test_what_fails_there_is_told_here(opener: Callable[[], Store], fault: Exception, told: str) -> None:
    bot, process = Bot(opener()), Process(opener())
    bot.fault = fault
    bot.answer.set()
    async with bot.runs():
        await bot.working.wait()
        with pytest.raises(HandedOverFailed, match=rf"vigie run on host .*{told}") as failed:
            await process.start()
    assert "secret" not in str(failed.value)


async def test_two_commands_that_do_the_same_do_it_once(opener: Callable[[], Store]) -> None:
    first, second, third = Process(opener()), Process(opener()), Process(opener(), WorkOrder("poll", {"codes": ["38"]}))
    running = first.start()
    await first.begun.wait()
    others = [second.start(), third.start()]
    await until(lambda: len(first.store.requests.unanswered()) == 2)
    first.go_on.set()
    third.go_on.set()
    assert await running == await others[0] == {"by": "poll", "times": 1}
    assert await others[1] == {"by": "poll", "times": 1}
    assert (first.times, second.times, third.times) == (1, 0, 1), "what is not the same is done afterwards"


async def test_where_the_holder_is_killed_the_one_that_waits_does_it(opener: Callable[[], Store]) -> None:
    killed, process = opener(), Process(opener())
    assert killed.locks.take(LockName.WORK, "vigie poll")
    waiting = process.start()
    await process.heard.wait()
    process.go_on.set()
    killed.locks.close()  # what the system does
    assert await waiting == {"by": "poll", "times": 1}


async def test_a_command_gives_way_to_a_bot_that_starts_and_hands_over_the_rest(opener: Callable[[], Store]) -> None:
    bot, process = Bot(opener()), Process(opener())
    bot.answer.set()
    working = process.start()
    await process.begun.wait()
    async with bot.runs():
        await bot.working.wait()
        assert await working == {"by": "the bot", "codes": ["26"]}
    assert process.times == 1, "begun, and given up"


async def test_a_bot_says_for_whom_it_waits_and_can_be_stopped_meanwhile(opener: Callable[[], Store]) -> None:
    bot, other = Bot(opener()), opener()
    assert other.locks.take(LockName.WORK, "vigie poll")
    with capture_logs() as logs:
        async with bot.runs():
            await until(lambda: logs != [])
    assert [(line["event"], line["holder"].split(" on ")[0]) for line in logs] == [("lock.waiting", "vigie poll")]
    assert bot.begun == 0


async def test_a_bot_that_loses_a_lock_stops_until_it_has_it_again(
    opener: Callable[[], Store], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("bot.app.instance.WATCH", PAUSE)
    bot = Bot(opener())
    async with bot.runs():
        await bot.working.wait()
        take, down = bot.store.locks.take, [Unavailable("no server"), Unavailable("no server"), Unavailable("it is starting up")]

        def take_when_up(name: LockName, command: str) -> bool:
            if down:
                raise down.pop()
            return take(name, command)

        monkeypatch.setattr(bot.store.locks, "take", take_when_up)
        with capture_logs() as logs:
            (tmp_path / "vigie.db.work.lock").unlink()
            await until(lambda: bot.begun == 2)
        await bot.working.wait()
    assert [line["event"] for line in logs] == ["lock.lost", "run.interrupted", "run.resumed"], "however often it was tried meanwhile"


async def test_a_command_that_loses_its_lock_begins_again(
    opener: Callable[[], Store], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("bot.app.instance.WATCH", PAUSE)
    process = Process(opener())
    working = process.start()
    await process.begun.wait()
    process.begun.clear()
    (tmp_path / "vigie.db.work.lock").unlink()
    await process.begun.wait()
    process.go_on.set()
    assert await working == {"by": "poll", "times": 2}


async def test_locks_that_cannot_be_had_at_all_are_told_at_the_start(opener: Callable[[], Store], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> bool:
        raise Unavailable("no file locks here")

    bot, process = Bot(opener()), Process(opener())
    for store in (bot.store, process.store):
        monkeypatch.setattr(store.locks, "take", refuse)
    with pytest.raises(Unavailable):
        await run_alone(bot.store, lambda: NOW, bot.stop, bot.work, pause=PAUSE)
    with pytest.raises(Unavailable):
        await process.start()
