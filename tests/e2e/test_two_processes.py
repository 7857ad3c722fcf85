"""Several processes of the real program on one database: nothing is asked twice, nothing is lost, and each shows what came of its work."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from bot.app.demo.replay import CannedAnswer
from bot.app.demo.scenario import DROME, DemoLink, demo_text, downloads
from bot.domain.posts import PostState
from bot.domain.records import RecueilState
from bot.storage.locks import LockName
from bot.storage.store import Store, open_store
from tests.bot.real_acts import DOUBTFUL_TEXT
from tests.e2e.test_operations import Bot, Sites, bot, publish
from tests.e2e.world import CHANNEL, posts_in
from tests.processes import Done, Zygote, clean_environ
from tests.servers.fake_bot_api import FakeBotApi
from tests.servers.loopback import Gate

MANY = 12


class Counting(Sites):
    """Counts what it is asked for. While `gate` is set every PDF waits for it."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: Counter[str] = Counter()
        self.gate: Gate | None = None

    def publish_many(self) -> None:
        """Replace what is on the page by `MANY` recueils, all of them of today."""
        links = []
        for number in range(MANY):
            address = f"/contenu/telechargement/1400/{number}/file/recueil-26-{self.today.year}-{400 + number}.pdf"
            road = demo_text("road", self.today, number=str(number))
            self.resources[DROME + address] = self.recueil(400 + number, self.act(number, road))
            links.append(DemoLink(address, f"recueil {400 + number}", self.today))
        self.resources[self.listing] = CannedAnswer(downloads("Recueils", links).encode())

    async def _answer(self, request: Request) -> Response:
        url = "https://" + request.path_params["address"]
        self.asked[url] += 1
        if self.gate is not None and url.endswith(".pdf"):
            await self.gate.wait()
        return await super()._answer(request)

    @property
    def pdfs_asked(self) -> Counter[str]:
        return Counter({url: times for url, times in self.asked.items() if url.endswith(".pdf")})


@pytest.fixture
def sites() -> Iterator[Counting]:
    with Counting() as running:
        yield running
        if running.gate is not None:
            running.gate.open()


def database(folder: Path) -> Store:
    return open_store(f"sqlite:///{folder / 'vigie.db'}")


def run(zygote: Zygote, folder: Path, *arguments: str) -> Done:
    environ = clean_environ({"TMPDIR": str(folder / "tmp")})
    return zygote.run(["--config", str(folder / "config.toml"), *arguments], folder, environ)


def works(folder: Path, process: Bot) -> bool:
    if not (folder / "vigie.db").exists():
        return False
    with open_store(f"sqlite:///{folder / 'vigie.db'}", read_only=True) as store:
        holder = store.locks.holder(LockName.WORK)
    return holder is not None and holder.pid == process.process.pid


@asynccontextmanager
async def working(zygote: Zygote, folder: Path) -> AsyncIterator[Bot]:
    """A bot that has polled the site, and ends well."""
    with bot(zygote.begin, folder, "run") as running:
        await asyncio.to_thread(running.until, lambda: works(folder, running) and is_polled(folder))
        yield running
        assert running.end() == 0


def has_handed_over(folder: Path) -> bool:
    with database(folder) as store:
        return store.requests.unanswered() != []


def is_polled(folder: Path) -> bool:
    with database(folder) as store:
        states = store.sources.all()
        return any(state.last_ok_at is not None for state in states) and store.recueils.due(states[0].next_check_at or _never()) == []


def _never() -> Any:
    raise AssertionError("a source that was polled is due again some day")


def states_in(folder: Path) -> Counter[RecueilState]:
    with database(folder) as store:
        return Counter(recueil.state for recueil in store.recueils.of("26"))


async def test_two_polls_at_once(zygote: Zygote, sites: Counting, folder: Path) -> None:
    sites.publish_many()
    codes = []
    with bot(zygote.begin, folder, "poll") as one, bot(zygote.begin, folder, "poll") as other:
        codes = [await asyncio.to_thread(process.process.wait) for process in (one, other)]
    assert codes == [0, 0]
    assert states_in(folder) == {RecueilState.READ: MANY}
    assert set(sites.pdfs_asked.values()) == {1}
    with database(folder) as store:
        assert {recueil.error for recueil in store.recueils.of("26")} == {None}


async def test_killed_while_another_waits_the_other_does_the_rest(zygote: Zygote, sites: Counting, folder: Path) -> None:
    sites.publish_many()
    sites.gate = Gate()
    with bot(zygote.begin, folder, "poll") as killed:
        await sites.gate.reached(30)
        with bot(zygote.begin, folder, "poll") as other:
            await asyncio.to_thread(other.until, lambda: has_handed_over(folder))
            killed.process.send(signal.SIGKILL)
            killed.process.wait(10)
            await asyncio.to_thread(other.until, lambda: works(folder, other))
            sites.gate.open()
            assert await asyncio.to_thread(other.process.wait) == 0
    assert states_in(folder) == {RecueilState.READ: MANY}


async def test_a_poll_beside_a_running_bot_shows_what_that_found(
    zygote: Zygote, sites: Counting, telegram: FakeBotApi, folder: Path
) -> None:
    async with working(zygote, folder) as running:
        publish(sites)
        before = Counter(sites.asked)
        done = await asyncio.to_thread(run, zygote, folder, "poll", "26", "--json")
        assert (done.code, done.err.count("handed to vigie run on host"), "Traceback" in done.err) == (0, 1, False)
        assert f"process {running.process.pid}" in done.err
        [source] = done.json["sources"]
        assert (source["ok"], source["new"], source["unfinished"]) == (True, 1, [])
        assert [(decree["number"], decree["kind"]) for decree in done.json["decrees"]] == [("2026-1200", "abrogation")]
        assert [(post["destination"], post["state"]) for post in done.json["posts"]] == [("channel", "sent")]
        assert sites.asked[sites.listing] - before[sites.listing] == 1
        other = await asyncio.to_thread(run, zygote, folder, "poll", "26")
        assert (other.code, "nothing changed" in other.out or "0 new" in other.out) == (0, True)
    assert len(posts_in(telegram, CHANNEL)) == 2
    assert max(sites.pdfs_asked.values()) == 1


@pytest.mark.parametrize("beside", ["run", None])
async def test_what_a_person_accepts_is_sent_by_whoever_works(
    zygote: Zygote, sites: Counting, telegram: FakeBotApi, folder: Path, beside: str | None
) -> None:
    act = sites.act(302, DOUBTFUL_TEXT, title="Arrêté relatif à la sécurité de la gare")
    sites.resources[sites.decree_pdf] = sites.recueil(302, act)
    assert (await asyncio.to_thread(run, zygote, folder, "poll")).code == 0
    gate = telegram.hold("sendPhoto", stored=True)
    with bot(zygote.begin, folder, beside) if beside else nullcontext() as running:
        if running is not None:
            await asyncio.to_thread(running.until, lambda: works(folder, running))
        [waiting] = (await asyncio.to_thread(run, zygote, folder, "review", "list", "--json")).json
        accepting = asyncio.create_task(asyncio.to_thread(run, zygote, folder, "review", "accept", str(waiting["id"]), "--json"))
        await gate.reached()
        # While its upload is slow, whoever works is the one that sends it: nobody takes it for a message in doubt.
        with database(folder) as store:
            holder = store.locks.holder(LockName.WORK)
            assert holder is not None
            assert [post.state for post in store.posts.listed()] == [PostState.SENDING]
        assert holder.command == ("vigie run" if beside else "vigie deliver")
        gate.open()
        done = await accepting
    assert (done.code, [post["state"] for post in done.json["posts"]]) == (0, ["sent"])
    assert ("handed to vigie run" in done.err) is (beside is not None)
    assert len(posts_in(telegram, CHANNEL)) == 1


async def test_a_poll_that_is_interrupted_while_it_waits_leaves_nothing(zygote: Zygote, sites: Counting, folder: Path) -> None:
    async with working(zygote, folder) as running:
        publish(sites)
        sites.gate = Gate()
        with bot(zygote.begin, folder, "poll") as waiting:
            await sites.gate.reached(30)
            assert has_handed_over(folder)
            assert waiting.end(signal.SIGINT) == 130
        assert not has_handed_over(folder)
        sites.gate.open()
        await asyncio.to_thread(running.until, lambda: states_in(folder) == {RecueilState.READ: 3})


async def test_a_backfill_beside_a_running_bot_is_made_by_that(zygote: Zygote, sites: Counting, folder: Path) -> None:
    async with working(zygote, folder):
        publish(sites)
        before = Counter(sites.asked)
        done = await asyncio.to_thread(run, zygote, folder, "backfill", "--since", f"{sites.today.year}-01-01", "26", "--json")
        # There is no national index here.
        assert (done.code, "handed to vigie run" in done.err) == (3, True)
        assert done.json["index"]["error"] is not None
        assert [(source["code"], source["complete"]) for source in done.json["sources"]] == [("26", True)]
        assert done.json["sources"][0]["left_to_polls"] == 1, "what is new is for the polls"
        assert sites.asked[sites.listing] > before[sites.listing]


async def test_a_bot_that_starts_takes_over_from_a_poll(zygote: Zygote, sites: Counting, folder: Path) -> None:
    sites.publish_many()
    sites.gate = Gate()
    with bot(zygote.begin, folder, "poll", "--json") as polling:
        await sites.gate.reached(30)
        with bot(zygote.begin, folder, "run") as running:
            await asyncio.to_thread(running.until, lambda: works(folder, running) and has_handed_over(folder))
            sites.gate.open()
            assert await asyncio.to_thread(polling.process.wait) == 0
            assert running.end() == 0
    assert states_in(folder) == {RecueilState.READ: MANY}
