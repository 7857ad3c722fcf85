"""Whatever cuts, servers and disks do, a download ends in the very bytes that the server has now, or in a FetchError."""

from __future__ import annotations

import asyncio
import hashlib
import random
import re
import ssl
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args
from unittest.mock import patch

import httpx
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from sources.http import Client, ClientOptions
from sources.http.download import part
from sources.model import FetchError
from tests.sources.http.conftest import HOST, SITE, Clock
from tests.sources.http.ranges import SERVED, Body, Network

URL = f"{SITE}/a.pdf"
TLS = ssl.create_default_context()
PIECE = 7000

Mode = Literal[
    "honest", "no ranges", "no If-Range", "other first", "other total", "unknown total", "no Content-Range", "several parts", "packed",
    "unsatisfiable", "down", "maintenance", "no validators", "weak", "shifted", "short", "long", "sent elsewhere",
]  # fmt: skip
Spoil = Literal["nothing", "grown", "shortened", "flipped", "noteless", "unreadable note"]


def _versions() -> list[bytes]:
    chance = random.Random(2026)
    first = b"%PDF-1.7\n" + chance.randbytes(90_000)
    alike = [first[:position] + bytes([first[position] ^ 1]) + first[position + 1 :] for position in (30, 45_000, len(first) - 1)]
    return [first, *alike, first[:60_000], first + b"more"]


VERSIONS = _versions()


@dataclass(frozen=True)
class Step:
    """One call of the client: what the server has then and how it behaves, where it cuts, and what befalls the disk afterwards."""

    version: int
    mode: Mode
    cut: int | None
    killed: bool
    spoil: Spoil


STEPS = st.builds(
    Step,
    st.sampled_from(range(len(VERSIONS))) | st.just(0),
    st.sampled_from(get_args(Mode)) | st.just("honest"),
    st.none() | st.integers(0, 95_000),
    st.booleans(),
    st.just("nothing") | st.sampled_from(get_args(Spoil)),
)


@dataclass
class World:
    """A server, and the folder that it can take a look at: what a program leaves that is killed while bytes come."""

    folder: Path
    dated: bool
    step: Step
    at_kill: dict[str, bytes] | None = None
    ranged: list[bool] = field(default_factory=list)

    def answer(self, request: httpx.Request) -> httpx.Response:
        mode, body = self.step.mode, VERSIONS[self.step.version]
        range_of = re.fullmatch(r"bytes=(\d+)-", request.headers.get("range", ""))
        self.ranged.append(range_of is not None)
        if mode == "down":
            return httpx.Response(503, stream=Body(self._stream(b"")))
        if mode == "maintenance":
            return httpx.Response(200, headers={"Content-Type": "text/html"}, stream=Body(self._stream(b"<h1>Maintenance")))
        if mode == "sent elsewhere" and request.url.path == "/a.pdf":
            return httpx.Response(302, headers={"Location": "/b.pdf"}, stream=Body(self._stream(b"")))
        if range_of is not None and mode == "unsatisfiable":
            return httpx.Response(416, headers={"Content-Range": f"bytes */{len(body)}"}, stream=Body(self._stream(b"")))
        validators = self._validators(self.step.version)
        wanted = request.headers.get("if-range") in validators.values() or mode == "no If-Range"
        if mode == "no validators":
            validators = {}
        elif mode == "weak":
            validators = {"ETag": f'W/"{self.step.version}"'}
        first = int(range_of[1]) if range_of is not None else 0
        if not first or not wanted or mode == "no ranges" or first >= len(body):
            return httpx.Response(
                200, headers={**validators, "Date": SERVED, "Content-Length": str(len(body))}, stream=Body(self._stream(body))
            )
        return self._part(body, first, validators)

    def _part(self, body: bytes, first: int, validators: dict[str, str]) -> httpx.Response:
        total, rest = len(body), body[first:]
        told = {"Content-Range": f"bytes {first}-{total - 1}/{total}"}
        match self.step.mode:
            case "other first":
                told = {"Content-Range": f"bytes {first + 1}-{total - 1}/{total}"}
            case "other total":
                told = {"Content-Range": f"bytes {first}-{total}/{total + 1}"}
            case "unknown total":
                told = {"Content-Range": f"bytes {first}-{total - 1}/*"}
            case "no Content-Range":
                told = {}
            case "several parts":
                told |= {"Content-Type": "multipart/byteranges; boundary=x"}
            case "packed":
                told |= {"Content-Encoding": "gzip"}
            case "shifted":
                rest = rest[1:] + rest[:1]
            case "short":
                rest = rest[:-1]
            case "long":
                rest += b"x"
            case _:
                pass
        return httpx.Response(206, headers={**validators, "Date": SERVED, **told}, stream=Body(self._stream(rest)))

    def _validators(self, version: int) -> dict[str, str]:
        return {"Last-Modified": f"Fri, 14 Aug 2026 0{version}:00:00 GMT"} if self.dated else {"ETag": f'"{version}"'}

    async def _stream(self, body: bytes) -> AsyncIterator[bytes]:
        cut = self.step.cut
        sent = body if cut is None else body[:cut]
        for start in range(0, len(sent), PIECE):
            yield sent[start : start + PIECE]
        if self.step.killed:
            self.at_kill = {path.name: path.read_bytes() for path in self.folder.iterdir()}
        if len(sent) < len(body):
            raise httpx.ReadError("cut")


def _befall(world: World) -> None:
    """What the disk looks like before the next call."""
    folder = world.folder
    if world.at_kill is not None:
        for path in folder.iterdir():
            path.unlink()
        for name, content in world.at_kill.items():
            (folder / name).write_bytes(content)
    for path in [*folder.glob(".*.part")]:
        content = path.read_bytes()
        match world.step.spoil:
            case "grown":
                path.write_bytes(content + b"junk" * 30_000)
            case "shortened":
                path.write_bytes(content[:-1])
            case "flipped" if content:
                middle = len(content) // 2
                path.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
            case "noteless":
                path.with_suffix(".note").unlink(missing_ok=True)
            case "unreadable note":
                path.with_suffix(".note").write_text('{"version"')
            case _:
                pass


async def _story(folder: Path, steps: list[Step], *, dated: bool) -> None:
    target = folder / "a.pdf"
    clock = Clock()
    world = World(folder, dated, steps[0])
    options = ClientOptions(frozenset({HOST}), "Vigie/1", interval_seconds=0, respect_robots=False, pause_after=1000)
    outside = {"monotonic": clock.monotonic, "now": clock.now, "sleep": clock.sleep, "transport": Network(world.answer)}

    async def resolver(host: str, port: int) -> list[str]:
        return ["93.184.215.14"]

    calm = Step(1, "honest", None, killed=False, spoil="nothing")
    async with Client(options, resolver=resolver, tls=TLS, **outside) as client:  # type: ignore[arg-type]  # a table of several types
        for step in [*steps, calm]:
            world.step, world.at_kill, world.ranged = step, None, []
            saved = None
            try:
                saved = await client.download(URL, target)
            except FetchError:
                event("an error")
            assert len(world.ranged) <= 3  # never more than one request too many, and a redirect
            if saved is None:
                assert step is not calm
                assert "a.pdf" not in names_in(folder)
            else:
                content = take(target)
                assert content == VERSIONS[step.version]
                assert (saved.size, saved.sha256) == (len(content), hashlib.sha256(content).hexdigest())
                if world.ranged[-1]:
                    event("gone on with")
            _befall(world)
    assert [name for name in names_in(folder) if not re.fullmatch(r"\..*\.(part|note)", name)] == []


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def take(path: Path) -> bytes:
    content = path.read_bytes()
    path.unlink()
    return content


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(STEPS, min_size=1, max_size=6), st.booleans())
def test_the_very_bytes_or_an_error(steps: list[Step], dated: bool) -> None:
    # A killed program loses nothing that it has written: only a machine that stops does, and that is not shown here.
    with tempfile.TemporaryDirectory() as folder, patch.object(part, "_VOUCHED_EVERY", 20_000), patch("os.fsync"):
        asyncio.run(_story(Path(folder), steps, dated=dated))
