"""The line in front of an address, with a clock that only sleeping moves."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from sources.http.politeness import AddressQueue, Clocks, MemoryPoliteness, RateLimit
from sources.model import Paused
from tests.sources.http.conftest import SITE, Clock, MakeClient
from tests.sources.http.server import Server, reply

LIMIT = RateLimit(interval=3.0, jitter=0.2)


def queue_of(clock: Clock, limit: RateLimit = LIMIT, chance: float = 0.5) -> AddressQueue:
    return AddressQueue("192.0.2.1", limit, MemoryPoliteness(), Clocks(clock.monotonic, clock.now, clock.sleep, lambda: chance))


async def test_starts_are_spaced_in_the_order_of_arrival(clock: Clock) -> None:
    queue = queue_of(clock)
    starts: list[int] = []
    times: list[float] = []

    async def one(number: int) -> None:
        async with queue.turn("u"):
            starts.append(number)
            times.append(clock.time)
            await asyncio.sleep(0)

    await asyncio.gather(*(one(number) for number in range(4)))
    assert starts == [0, 1, 2, 3]
    assert times == pytest.approx([1000, 1003.3, 1006.6, 1009.9])


@pytest.mark.parametrize(("chance", "gap"), [(0.0, 3.0), (1.0, 3.6)])
async def test_jitter_only_adds(clock: Clock, chance: float, gap: float) -> None:
    queue = queue_of(clock, chance=chance)
    for _ in range(2):
        async with queue.turn("u"):
            pass
    assert clock.slept == [pytest.approx(gap)]


async def test_a_long_request_leaves_no_further_wait_and_zero_means_none(clock: Clock) -> None:
    queue = queue_of(clock)
    async with queue.turn("u"):
        clock.time += 10
    async with queue.turn("u"):
        pass
    free = queue_of(clock, RateLimit(interval=0))
    for _ in range(3):
        async with free.turn("u"):
            pass
    assert clock.slept == []


async def test_a_cancelled_waiter_leaves_the_line(clock: Clock) -> None:
    queue = queue_of(clock)
    release, order = asyncio.Event(), []

    async def one(name: str) -> None:
        async with queue.turn("u"):
            order.append(name)
            await release.wait()

    tasks = [asyncio.create_task(one(name)) for name in "abcd"]
    await asyncio.sleep(0)
    tasks[1].cancel()
    tasks[0].cancel()  # the one whose turn it is
    await asyncio.sleep(0)
    release.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert order == ["a", "c", "d"]


async def test_one_cancelled_while_the_spacing_runs_frees_the_line() -> None:
    waiting = asyncio.Event()

    async def sleep(seconds: float) -> None:
        waiting.set()
        await asyncio.Event().wait()

    clock = Clock()
    queue = AddressQueue("192.0.2.1", LIMIT, MemoryPoliteness(), Clocks(clock.monotonic, clock.now, sleep, lambda: 0.0))
    async with queue.turn("u"):
        pass

    async def one() -> None:
        async with queue.turn("u"):
            raise AssertionError("its turn never came")

    task = asyncio.create_task(one())
    await waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    clock.time += 6  # its start is not given to another
    async with queue.turn("u"):
        pass


async def test_a_resting_address_answers_at_once(clock: Clock) -> None:
    queue = queue_of(clock)
    assert await queue.asked_to_wait(50) == 50
    with pytest.raises(Paused, match=r"u: not asked, 192\.0\.2\.1 is resting for another 50 s: the server asked to wait") as caught:
        async with queue.turn("u"):
            pass
    assert caught.value.retry_after == 50
    assert clock.slept == []


async def test_the_client_spaces_the_requests_of_all_sites_of_an_address(server: Server, make_client: MakeClient, clock: Clock) -> None:
    for path in ("/var/", "/var/b", "/drome/"):
        server.routes[path] = reply("<p>")
    client = make_client(server, interval_seconds=3.0, jitter=0.2)
    await asyncio.gather(client.page(SITE), client.page("https://www.drome.gouv.fr"), client.page(f"{SITE}/b"))
    assert server.paths == ["/var/", "/drome/", "/var/b"]
    assert clock.slept == [pytest.approx(3.3, abs=0.01)] * 2
    assert server.most_at_once == 1


async def test_a_pace_for_this_machine_is_not_that_of_a_site_beside_it(server: Server, make_client: MakeClient, clock: Clock) -> None:
    async def resolver(host: str, port: int) -> list[str]:
        return ["93.184.215.14"]

    server.routes["/var/"] = reply("<p>")
    network = httpx.MockTransport(lambda _: httpx.Response(200, headers={"Content-Type": "text/html"}, stream=httpx.ByteStream(b"<p>")))
    origins = {SITE: f"{server.base}/var"}
    client = make_client(server, origins=origins, interval_seconds=0, outside={"resolver": resolver, "transport": network})
    for site in (SITE, SITE, "https://www.drome.gouv.fr", "https://www.drome.gouv.fr"):
        await client.page(site)
    assert clock.slept == [pytest.approx(3.0, abs=0.1)]


async def test_two_addresses_do_not_wait_for_each_other(server: Server, make_client: MakeClient, clock: Clock) -> None:
    try:
        async with Server({"/": reply("<p>")}, host="127.0.0.2") as elsewhere:
            server.routes["/"] = reply("<p>")
            client = make_client(server, origins={SITE: server.base, "https://www.drome.gouv.fr": elsewhere.base})
            await client.page(SITE)
            await client.page("https://www.drome.gouv.fr")
    except OSError as error:
        pytest.skip(f"no second loopback address here: {error}")
    assert clock.slept == []
