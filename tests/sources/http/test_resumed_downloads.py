"""Downloads that are cut and asked for again, over real sockets: the same bytes in the end, and no more requests than needed."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from sources.http import Client, StorageFull
from sources.http.download.part import PartialFile
from sources.http.download.part_files import note_of, stable_path
from sources.http.download.resuming import OVERLAP
from sources.model import Download, FetchError, Gone, Paused, UnderMaintenance, Unreachable, Unusable
from tests.sources.http.chromium import needs_chromium
from tests.sources.http.conftest import SITE, Clock, MakeClient
from tests.sources.http.ranges import ETAG, LONG_AGO, SERVED, Body, Network, Served
from tests.sources.http.server import Answer, Server, drop, in_turn, raw, redirect, reply, stall

PDF = b"%PDF-1.7\n" + random.Random(7).randbytes(400_000) + b"\n%%EOF\n"
OTHER = b"%PDF-1.7\n" + random.Random(8).randbytes(400_000) + b"\n%%EOF\n"
CUT = 250_000
URL = f"{SITE}/a.pdf"
PATH = "/var/a.pdf"


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "a.pdf"


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def content(path: Path) -> bytes:
    return path.read_bytes()


def remove(path: Path) -> None:
    path.unlink()


def size_of(path: Path) -> int:
    return path.stat().st_size


def whole(target: Path, body: bytes = PDF, url: str = URL) -> Download:
    return Download(url, target, len(body), hashlib.sha256(body).hexdigest())


async def cut_once(server: Server, client: Client, target: Path, served: Served | None = None) -> None:
    """The first attempt, which leaves a part."""
    server.routes[PATH] = served or Served(PDF, cuts=[CUT])
    with pytest.raises(Unreachable, match="cut short"):
        await client.download(URL, target)
    assert size_of(stable_path(target, URL)) == CUT


@pytest.mark.parametrize("validators", [{"ETag": ETAG}, {"Last-Modified": LONG_AGO}, {"ETag": ETAG, "Last-Modified": LONG_AGO}])
async def test_it_goes_on_where_it_was_cut(server: Server, client: Client, target: Path, validators: dict[str, str]) -> None:
    await cut_once(server, client, target, Served(PDF, validators, cuts=[CUT, 100_000]))
    assert "a.pdf" not in names_in(target.parent)
    with pytest.raises(Unreachable, match="cut short"):
        await client.download(URL, target)
    assert await client.download(URL, target) == whole(target)
    assert content(target) == PDF
    assert names_in(target.parent) == ["a.pdf"]
    asked = [(one.headers.get("range"), one.headers.get("if-range")) for one in server.asked]
    validator = next(iter(validators.values()))
    second = CUT - OVERLAP
    third = second + 100_000 - OVERLAP
    assert asked == [(None, None), (f"bytes={second}-", validator), (f"bytes={third}-", validator)]
    assert client.requests == 3


@pytest.mark.parametrize(
    "validators",
    [{}, {"ETag": 'W/"1"'}, {"Last-Modified": SERVED}, {"ETag": ETAG, "Accept-Ranges": "none"}],
    ids=["none", "weak", "too new", "no ranges"],
)
async def test_nothing_is_kept_that_could_not_be_known_again(
    server: Server, client: Client, target: Path, validators: dict[str, str]
) -> None:
    server.routes[PATH] = Served(PDF, validators, cuts=[CUT])
    with pytest.raises(Unreachable):
        await client.download(URL, target)
    assert names_in(target.parent) == []
    assert await client.download(URL, target) == whole(target)
    assert "range" not in server.asked[1].headers


Change = Callable[[], Served]


@pytest.mark.parametrize(
    ("then", "requests"),
    [
        (lambda: Served(OTHER, {"ETag": '"2"'}), 1),  # changed: the whole comes at once
        (lambda: Served(OTHER[:100_000], {"ETag": '"2"'}), 1),  # shorter than what is kept
        (lambda: Served(OTHER, {"ETag": '"2"'}, honours_if_range=False), 2),
        (lambda: Served(OTHER, {"ETag": ETAG}), 2),  # the tag lies: the overlap does not
        (lambda: Served(OTHER[:-9], {"ETag": ETAG}), 2),
        (lambda: Served(OTHER, {}, honours_if_range=False), 2),
        (lambda: Served(OTHER, shift=1), 2),
        (lambda: Served(OTHER, instead={"Content-Range": "bytes 5-9/10"}), 2),
        (lambda: Served(OTHER, instead={"Content-Type": "multipart/byteranges; boundary=x"}), 2),
        (lambda: Served(OTHER, instead={"Content-Encoding": "gzip"}), 2),
        (lambda: in_turn(reply(b"", 416, headers={"Content-Range": "bytes */9"}), Served(OTHER)), 2),
    ],
)
async def test_what_is_not_the_rest_starts_again_at_once(
    server: Server, client: Client, target: Path, then: Callable[[], Answer], requests: int
) -> None:
    await cut_once(server, client, target)
    expected = OTHER
    answer = server.routes[PATH] = then()
    if isinstance(answer, Served):
        expected = answer.content
    assert await client.download(URL, target) == whole(target, expected)
    assert content(target) == expected
    assert names_in(target.parent) == ["a.pdf"]
    assert client.requests == 1 + requests
    assert server.asked[1].headers["range"] == f"bytes={CUT - OVERLAP}-"
    assert requests == 1 or "range" not in server.asked[2].headers


async def test_asking_again_takes_its_turn(server: Server, client: Client, target: Path, clock: Clock) -> None:
    await cut_once(server, client, target)
    server.routes[PATH] = in_turn(reply(b"", 416), Served(PDF))
    await client.download(URL, target)
    assert len(clock.slept) == 2
    assert all(seconds >= 3 for seconds in clock.slept)


async def test_a_part_is_not_believed_further_than_its_note(server: Server, client: Client, target: Path) -> None:
    part = stable_path(target, URL)
    for spoil, ranged in (
        (lambda: part.write_bytes(content(part) + b"more"), True),
        (lambda: part.write_bytes(content(part) + OTHER), True),  # beyond the end of the file, too
        (lambda: part.write_bytes(content(part)[:-1]), False),
        (lambda: part.write_bytes(b"x" + content(part)[1:]), False),
        (lambda: part.write_bytes(content(part)[:-1] + b"x"), False),
        (part.unlink, False),
        (lambda: note_of(part).write_text("{}"), False),
        (lambda: note_of(part).write_bytes(b"\xff"), False),
        (lambda: note_of(part).unlink(), False),
    ):
        await cut_once(server, client, target)
        server.asked.clear()
        spoil()
        assert await client.download(URL, target) == whole(target)
        assert content(target) == PDF
        assert ("range" in server.asked[0].headers) is ranged
        assert names_in(target.parent) == ["a.pdf"]
        remove(target)


async def test_a_failure_on_the_way_back_costs_nothing_of_what_is_kept(server: Server, client: Client, target: Path) -> None:
    await cut_once(server, client, target)
    walls: list[tuple[Answer, type[FetchError]]] = [
        (reply("<h1>Maintenance", 503), UnderMaintenance),
        (reply("<h1>Maintenance"), UnderMaintenance),
        (drop, Unreachable),
        (reply("<script>window._cf_chl_opt={}</script>", 403), FetchError),
    ]
    for answer, error in walls:
        server.routes[PATH] = answer
        with pytest.raises(error):
            await client.download(URL, target)
    server.routes[PATH] = Served(PDF, cuts=[OVERLAP - 1])  # not even the overlap
    with pytest.raises(Unreachable):
        await client.download(URL, target)
    server.routes[PATH] = Served(PDF)
    assert await client.download(URL, target) == whole(target)
    assert "range" in server.asked[-1].headers


async def test_what_is_gone_leaves_no_part(server: Server, client: Client, target: Path) -> None:
    await cut_once(server, client, target)
    server.routes[PATH] = reply("", 404)
    with pytest.raises(Gone):
        await client.download(URL, target)
    assert names_in(target.parent) == []


async def test_a_part_belongs_to_the_end_of_the_redirects(server: Server, client: Client, target: Path) -> None:
    server.routes["/var/go"] = redirect("/a.pdf")
    server.routes[PATH] = Served(PDF, cuts=[CUT])
    with pytest.raises(Unreachable):
        await client.download(f"{SITE}/go", target)
    assert await client.download(f"{SITE}/go", target) == whole(target)
    assert [one.headers.get("range") for one in server.asked] == [None, None, None, f"bytes={CUT - OVERLAP}-"]


async def test_a_part_is_of_one_address_and_one_target(server: Server, client: Client, target: Path) -> None:
    await cut_once(server, client, target)
    server.routes["/var/b.pdf"] = Served(OTHER)
    assert await client.download(f"{SITE}/b.pdf", target) == whole(target, OTHER, f"{SITE}/b.pdf")
    elsewhere = target.with_name("c.pdf")
    server.routes[PATH] = Served(PDF)
    await client.download(URL, elsewhere)
    assert [one.headers.get("range") for one in server.asked[1:]] == [None, None]
    assert await client.download(URL, target) == whole(target)
    assert "range" in server.asked[-1].headers


async def test_a_part_in_use_is_left_alone(server: Server, client: Client, target: Path) -> None:
    await cut_once(server, client, target)
    with PartialFile(target, URL, may_resume=True) as other:
        other.look()
        assert other.kept is not None
        server.routes[PATH] = Served(PDF, cuts=[CUT])
        with pytest.raises(Unreachable):
            await client.download(URL, target)
        assert await client.download(URL, target) == whole(target)
        assert [one.headers.get("range") for one in server.asked] == [None, None, None]
        assert len(names_in(target.parent)) == 3  # the file, the other's part and its note
    server.routes[PATH] = Served(PDF)
    assert await client.download(URL, target) == whole(target)
    assert "range" in server.asked[-1].headers


async def test_a_part_that_was_not_looked_at_stays(server: Server, client: Client, target: Path) -> None:
    await cut_once(server, client, target)
    PartialFile(target, URL, may_resume=True).close()  # as when it is cancelled before it has begun
    server.routes[PATH] = Served(PDF)
    assert await client.download(URL, target) == whole(target)
    assert "range" in server.asked[-1].headers
    PartialFile(target, URL, may_resume=True).close()
    assert names_in(target.parent) == ["a.pdf"]


async def test_two_at_once_give_the_same_file(server: Server, client: Client, target: Path) -> None:
    server.routes[PATH] = Served(PDF)
    first, second = await asyncio.gather(client.download(URL, target), client.download(URL, target))
    assert first == second == whole(target)
    assert names_in(target.parent) == ["a.pdf"]


async def test_a_time_limit_and_a_cancellation_keep_what_came(server: Server, make_client: MakeClient, target: Path) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(PDF)}\r\nETag: {ETAG}\r\n\r\n".encode()
    server.routes[PATH] = stall(head + PDF[:CUT])
    with pytest.raises(Unreachable, match="took longer"):
        await make_client(server, file_seconds=0.5).download(URL, target)
    assert size_of(stable_path(target, URL)) == CUT
    client = make_client(server)
    first = CUT - OVERLAP
    head = f"HTTP/1.1 206 OK\r\nContent-Range: bytes {first}-{len(PDF) - 1}/{len(PDF)}\r\nETag: {ETAG}\r\n\r\n".encode()
    server.routes[PATH] = stall(head + PDF[first : CUT + 50_000])
    task = asyncio.create_task(client.download(URL, target))
    async with asyncio.timeout(60):
        while size_of(stable_path(target, URL)) <= CUT:  # noqa: ASYNC110 - a file has no event to wait for
            await asyncio.sleep(0.001)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert size_of(stable_path(target, URL)) > CUT
    server.routes[PATH] = Served(PDF)
    assert await client.download(URL, target) == whole(target)
    assert int(server.asked[-1].headers["range"][6:-1]) > first


async def test_an_address_that_rests_is_not_asked_and_the_part_stays(server: Server, client: Client, target: Path) -> None:
    await cut_once(server, client, target)
    server.routes[PATH] = drop
    for _ in range(2):
        with pytest.raises(Unreachable):
            await client.download(URL, target)
    with pytest.raises(Paused):
        await client.download(URL, target)
    assert len(names_in(target.parent)) == 2


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


async def test_a_file_that_drips_is_given_up(server: Server, make_client: MakeClient, target: Path, clock: Clock) -> None:
    client = make_client(server, outside={"transport": dripping(clock, b"x", 1.0, 50_000_000)})
    before = clock.time
    with pytest.raises(Unreachable, match=r"a\.pdf: too slow \(less than 2 kB/s for 60 s\)"):
        await client.download(URL, target)
    assert clock.time - before == 60
    assert len(names_in(target.parent)) == 2  # what came is kept all the same


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
    damaged = PDF[:CUT]
    server.routes[PATH] = raw(f"HTTP/1.1 200 OK\r\nETag: {ETAG}\r\n\r\n".encode() + damaged)
    with pytest.raises(Unreachable, match="no length was announced"):
        await client.download(URL, target)
    server.routes[PATH] = Served(damaged, instead={"Content-Length": None}, cuts=[len(damaged)])
    assert await client.download(URL, target) == whole(target, damaged)
    assert "range" in server.asked[-1].headers


async def test_bytes_after_the_end_are_never_part_of_the_next_file(server: Server, client: Client, target: Path) -> None:
    async def too_long(asked: object, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(PDF)}\r\n\r\n".encode() + PDF + OTHER[:5000])
        await writer.drain()

    server.routes[PATH] = too_long
    server.routes["/var/b.pdf"] = Served(OTHER)
    assert await client.download(URL, target) == whole(target)
    assert await client.download(f"{SITE}/b.pdf", target) == whole(target, OTHER, f"{SITE}/b.pdf")


async def test_a_file_that_turns_out_too_large_leaves_nothing(server: Server, make_client: MakeClient, target: Path) -> None:
    await cut_once(server, make_client(server), target)
    first = CUT - OVERLAP
    head = f"HTTP/1.1 206 OK\r\nContent-Range: bytes {first}-{len(PDF) - 1}/{len(PDF)}\r\nETag: {ETAG}\r\n\r\n".encode()
    server.routes[PATH] = raw(head + PDF[first:] + b"more")
    with pytest.raises(Unusable, match="longer than announced"):
        await make_client(server).download(URL, target)
    assert names_in(target.parent) == []


@pytest.mark.usefixtures("small_files")
async def test_a_disk_that_fills_up_keeps_nothing(server: Server, client: Client, target: Path) -> None:
    server.routes[PATH] = Served(PDF)
    with pytest.raises(StorageFull):
        await client.download(URL, target)
    assert names_in(target.parent) == []
    server.routes[PATH] = Served(PDF, cuts=[90_000])
    with pytest.raises(Unreachable):
        await client.download(URL, target)
    assert len(names_in(target.parent)) == 2
    server.routes[PATH] = Served(PDF)
    with pytest.raises(StorageFull):
        await client.download(URL, target)
    assert names_in(target.parent) == []


@needs_chromium
async def test_the_browser_starts_again(server: Server, browse: Callable[..., Client], target: Path) -> None:
    server.routes[PATH] = Served(PDF, cuts=[CUT])
    client = browse()
    with pytest.raises(Unreachable):
        await client.download(URL, target)
    assert names_in(target.parent) == []
    assert await client.download(URL, target) == whole(target)
    assert "range" not in server.asked[-1].headers
