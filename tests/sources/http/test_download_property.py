"""Whatever cuts and servers do, a download ends in the very bytes that the server has now, or in a FetchError."""

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

from sources.http import files
from sources.http.client import Client
from sources.http.connection import ClientOptions
from sources.model import FetchError
from tests.examples import examples
from tests.sources.http.conftest import HOST, SITE, Clock, names_in
from tests.sources.http.ranges import SERVED, Body, Network

URL = f"{SITE}/a.pdf"
TLS = ssl.create_default_context()
PIECE = 7000
WORTH_RESUMING = 20_000

Mode = Literal[
    "honest", "no ranges", "no If-Range", "other first", "other total", "unknown total", "no Content-Range", "several parts", "packed",
    "unsatisfiable", "down", "maintenance", "no validators", "weak", "shifted", "short", "long", "sent elsewhere",
]  # fmt: skip


def _versions() -> list[bytes]:
    chance = random.Random(2026)
    first = b"%PDF-1.7\n" + chance.randbytes(90_000)
    alike = [first[:position] + bytes([first[position] ^ 1]) + first[position + 1 :] for position in (30, 45_000, len(first) - 1)]
    return [first, *alike, first[:60_000], first + b"more"]


VERSIONS = _versions()


@dataclass(frozen=True)
class Step:
    """One answer: which version the server has then, how it behaves, and where it cuts."""

    version: int
    mode: Mode
    cut: int | None


STEPS = st.builds(
    Step,
    st.sampled_from(range(len(VERSIONS))) | st.just(0),
    st.sampled_from(get_args(Mode)) | st.just("honest"),
    st.none() | st.integers(0, 95_000) | st.integers(20_000, 60_000),
)
BEGUN = st.builds(Step, st.just(0), st.just("honest"), st.integers(WORTH_RESUMING, 60_000))
CALLS = st.lists(STEPS, min_size=1, max_size=5) | st.builds(
    lambda first, others: [first, *others], BEGUN, st.lists(STEPS, min_size=1, max_size=4)
)
CALM = Step(1, "honest", None)


@dataclass
class World:
    """A server that answers the requests of one call in turn, the last way for ever."""

    dated: bool
    steps: list[Step] = field(default_factory=list)
    step: Step = CALM
    ranged: list[bool] = field(default_factory=list)

    def answer(self, request: httpx.Request) -> httpx.Response:
        if self.steps:
            self.step = self.steps.pop(0)
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
        if len(sent) < len(body):
            raise httpx.ReadError("cut")


async def _story(folder: Path, calls: list[list[Step]], *, dated: bool) -> None:
    target = folder / "a.pdf"
    clock = Clock()
    world = World(dated)
    options = ClientOptions(frozenset({HOST}), "Vigie/1", interval_seconds=0, respect_robots=False, pause_after=1000)

    async def resolver(host: str, port: int) -> list[str]:
        return ["93.184.215.14"]

    async with Client(options, clocks=clock.all(), resolver=resolver, tls=TLS, transport=Network(world.answer)) as client:
        for steps in [*calls, [CALM]]:
            world.steps, world.ranged = [*steps], []
            try:
                saved = await client.download(URL, target)
            except FetchError:
                event("an error")
                assert steps != [CALM]
            else:
                content = take(target)
                assert content == VERSIONS[world.step.version]
                assert (saved.size, saved.sha256) == (len(content), hashlib.sha256(content).hexdigest())
                if world.ranged[-1]:
                    event("gone on with")
            assert names_in(folder) == []
            # Each cut answer brought its share, and there is one request too many at most, and a redirect.
            assert len(world.ranged) <= max(map(len, VERSIONS)) // WORTH_RESUMING + 4


def take(path: Path) -> bytes:
    content = path.read_bytes()
    path.unlink()
    return content


@settings(max_examples=examples(80), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(CALLS, min_size=1, max_size=5), st.booleans())
def test_the_very_bytes_or_an_error(calls: list[list[Step]], dated: bool) -> None:
    with tempfile.TemporaryDirectory() as folder, patch.object(files, "WORTH_RESUMING", WORTH_RESUMING), patch("os.fsync"):
        asyncio.run(_story(Path(folder), calls, dated=dated))
