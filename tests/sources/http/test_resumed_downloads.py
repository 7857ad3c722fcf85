"""Downloads that are cut and gone on with, over real sockets: the same bytes in the end, and no more requests than needed."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import itertools
import random
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from sources.http import files
from sources.http.client import Client
from sources.http.files import OVERLAP, StorageFull
from sources.model import Download, Paused, Unreachable, Unusable
from tests.sources.http.conftest import SITE, Clock, MakeClient, content, names_in
from tests.sources.http.ranges import ETAG, LONG_AGO, Body, Network, Served
from tests.sources.http.server import Answer, Server, in_turn, raw, reply

PDF = b"%PDF-1.7\n" + random.Random(7).randbytes(400_000) + b"\n%%EOF\n"
OTHER = b"%PDF-1.7\n" + random.Random(8).randbytes(400_000) + b"\n%%EOF\n"
CUT = 250_000
URL = f"{SITE}/a.pdf"
PATH = "/var/a.pdf"


@pytest.fixture(autouse=True)
def worth_resuming(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "WORTH_RESUMING", 110_000)


def remove(path: Path) -> None:
    path.unlink()


def whole(target: Path, body: bytes = PDF, url: str = URL) -> Download:
    return Download(url, target, len(body), hashlib.sha256(body).hexdigest())


@pytest.mark.parametrize("validators", [{"ETag": ETAG}, {"Last-Modified": LONG_AGO}, {"ETag": ETAG, "Last-Modified": LONG_AGO}])
async def test_it_goes_on_where_it_was_cut(server: Server, client: Client, target: Path, validators: dict[str, str], clock: Clock) -> None:
    server.routes[PATH] = Served(PDF, validators, cuts=[120_000, 120_000])
    assert await client.download(URL, target) == whole(target)
    assert content(target) == PDF
    assert names_in(target.parent) == ["a.pdf"]
    asked = [(one.headers.get("range"), one.headers.get("if-range")) for one in server.asked]
    validator = next(iter(validators.values()))
    second = 120_000 - OVERLAP
    third = second + 120_000 - OVERLAP
    assert asked == [(None, None), (f"bytes={second}-", validator), (f"bytes={third}-", validator)]
    assert client.requests == 3
    assert len(clock.slept) == 2
    assert all(seconds >= 3 for seconds in clock.slept), "each in its turn"


async def test_a_cut_that_is_gone_on_with_is_no_failure_of_the_address(server: Server, make_client: MakeClient, target: Path) -> None:
    server.routes[PATH] = Served(PDF, cuts=[120_000] * 3)
    client = make_client(server, pause_after=1)
    assert await client.download(URL, target) == whole(target)


@pytest.mark.parametrize("cuts", [[100_000], [CUT, 100_000]])
async def test_an_answer_that_brings_little_ends_it(server: Server, client: Client, target: Path, cuts: list[int | None]) -> None:
    server.routes[PATH] = Served(PDF, cuts=[*cuts])
    with pytest.raises(Unreachable, match="cut short"):
        await client.download(URL, target)
    assert len(server.asked) == len(cuts)
    assert names_in(target.parent) == []
    assert await client.download(URL, target) == whole(target)
    assert "range" not in server.asked[-1].headers


@pytest.mark.parametrize(
    "then",
    [
        lambda: Served(OTHER, {"ETag": '"2"'}, cuts=[CUT]),
        lambda: in_turn(reply(b"", 416), Served(PDF, cuts=[CUT])),
        lambda: Served(PDF, instead={"Content-Range": None}, cuts=[CUT, CUT]),
    ],
    ids=["all again", "unsatisfiable", "unusable"],
)
async def test_the_rest_is_requested_in_vain_only_once(server: Server, client: Client, target: Path, then: Callable[[], Answer]) -> None:
    server.routes[PATH] = in_turn(Served(PDF, cuts=[CUT]), then())
    with pytest.raises(Unreachable, match="cut short"):
        await client.download(URL, target)
    assert sum("range" in one.headers for one in server.asked) == 1
    assert len(server.asked) <= 3


async def test_an_address_that_rests_is_not_asked_for_the_rest(server: Server, client: Client, target: Path) -> None:
    server.routes[PATH] = Served(PDF, cuts=[CUT])
    server.routes["/var/busy"] = reply("", 429, headers={"Retry-After": "50"})
    outcomes = await asyncio.gather(client.download(URL, target), client.page(f"{SITE}/busy"), return_exceptions=True)
    assert isinstance(outcomes[0], Paused)
    assert names_in(target.parent) == []


async def test_a_file_that_takes_long_is_gone_on_with_before_its_time_is_over(
    server: Server, make_client: MakeClient, target: Path, clock: Clock
) -> None:
    served = Served(PDF)
    started: list[float] = []

    async def pieces(body: bytes) -> AsyncIterator[bytes]:
        for start in range(0, len(body), 20_000):
            clock.time += 9
            await asyncio.sleep(0)
            yield body[start : start + 20_000]

    def answer(request: httpx.Request) -> httpx.Response:
        started.append(clock.time)
        first = int(request.headers.get("range", "bytes=0-")[6:-1])
        headers = {**served.validators, "Content-Length": str(len(PDF) - first)}
        headers |= {"Content-Range": f"bytes {first}-{len(PDF) - 1}/{len(PDF)}"} if first else {}
        return httpx.Response(206 if first else 200, headers=headers, stream=Body(pieces(PDF[first:])))

    client = make_client(server, file_seconds=100.0, outside={"transport": Network(answer)})
    assert await client.download(URL, target) == whole(target)
    assert [later - earlier for earlier, later in itertools.pairwise(started)] == [90.0, 90.0]


def dripping(clock: Clock, piece: bytes, seconds: float, total: int) -> Network:
    """A file that comes in such pieces, each after so many seconds of the client's clock."""

    async def pieces() -> AsyncIterator[bytes]:
        yield PDF[:100_000]
        for _ in range(100_000, total, len(piece)):
            clock.time += seconds
            await asyncio.sleep(0)
            yield piece

    headers = {"ETag": ETAG, "Content-Length": str(total), "Content-Type": "application/pdf"}
    return Network(lambda _request: httpx.Response(200, headers=headers, stream=Body(pieces())))


async def test_it_counts_how_it_comes_now(server: Server, make_client: MakeClient, target: Path, clock: Clock) -> None:
    slow_since: list[float] = []

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield PDF
            clock.time += 10
        slow_since.append(clock.time)
        while True:
            clock.time += 10
            await asyncio.sleep(0)
            yield b"x"

    network = Network(lambda _request: httpx.Response(200, headers={"Content-Length": "50000000"}, stream=Body(pieces())))
    with pytest.raises(Unreachable, match="too slow"):
        await make_client(server, outside={"transport": network}).download(URL, target)
    assert clock.time - slow_since[0] <= 120


@pytest.mark.parametrize(
    ("piece", "seconds", "options"),
    [(60_000, 29.0, {}), (4_000, 1.9, {}), (1_000, 29.0, {"slowest_bytes_per_second": 0})],
)
async def test_a_slow_file_may_come(
    server: Server, make_client: MakeClient, target: Path, clock: Clock, piece: int, seconds: float, options: dict[str, Any]
) -> None:
    client = make_client(server, outside={"transport": dripping(clock, b"x" * piece, seconds, 700_000)}, **options)
    assert (await client.download(URL, target)).size == 700_000


async def test_a_file_is_whole_even_if_its_end_was_slow(server: Server, make_client: MakeClient, target: Path, clock: Clock) -> None:
    client = make_client(server, outside={"transport": dripping(clock, b"x", 70.0, 100_001)})
    assert (await client.download(URL, target)).size == 100_001


async def test_lengths_that_lie(server: Server, client: Client, target: Path) -> None:
    def answer(declared: str, body: bytes) -> Answer:
        return raw(f"HTTP/1.1 200 OK\r\n{declared}\r\nETag: {ETAG}\r\n\r\n".encode() + body)

    half = b"%x\r\n" % CUT + PDF[:CUT] + b"\r\n"
    for liar in (
        answer(f"Content-Length: {len(PDF) + 1}", PDF),
        answer("Transfer-Encoding: chunked", half),
        answer("Transfer-Encoding: chunked", b"%x\r\n" % len(PDF) + PDF[:CUT]),
        answer("Connection: close", PDF[:CUT]),  # no length at all: nothing but the end of the file tells
    ):
        server.routes[PATH] = liar
        with pytest.raises(Unreachable, match="cut short"):
            await client.download(URL, target)
        assert "a.pdf" not in names_in(target.parent)
        server.routes[PATH] = Served(PDF)
        assert await client.download(URL, target) == whole(target)
        remove(target)
    server.routes[PATH] = answer("Connection: close", PDF)
    assert await client.download(URL, target) == whole(target)
    no_end = PDF[:CUT]
    server.routes[PATH] = reply(no_end)  # as long as announced: damaged, not cut
    assert await client.download(URL, target) == whole(target, no_end)


async def test_a_damaged_file_of_unknown_length_is_taken_once_its_length_is_known(server: Server, client: Client, target: Path) -> None:
    damaged = PDF[:5_000]
    unknown = raw(f"HTTP/1.1 200 OK\r\nETag: {ETAG}\r\n\r\n".encode() + damaged)
    server.routes[PATH] = in_turn(unknown, Served(damaged, instead={"Content-Length": None}, cuts=[len(damaged)]))
    assert await client.download(URL, target) == whole(target, damaged)
    assert "range" in server.asked[-1].headers
    server.routes[PATH] = unknown
    with pytest.raises(Unreachable, match="no length was announced"):
        await client.download(URL, target)


async def test_a_rest_counts_for_the_limit(server: Server, make_client: MakeClient, target: Path) -> None:
    unlimited = raw(f"HTTP/1.1 200 OK\r\nETag: {ETAG}\r\n\r\n".encode() + PDF[:CUT])
    server.routes[PATH] = in_turn(unlimited, Served(PDF))
    with pytest.raises(Unusable, match="larger than"):
        await make_client(server, max_file_bytes=len(PDF) - 1).download(URL, target)
    assert names_in(target.parent) == []


@pytest.mark.usefixtures("small_files")
async def test_a_disk_that_fills_up_keeps_nothing(server: Server, client: Client, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "WORTH_RESUMING", 50_000)
    for cuts in ([], [90_000]):
        server.routes[PATH] = Served(PDF, cuts=[*cuts])
        with pytest.raises(StorageFull, match="no space left") as caught:
            await client.download(URL, target)
        assert isinstance(caught.value.__cause__, OSError)
        assert caught.value.__cause__.errno == errno.EFBIG
        assert names_in(target.parent) == []
