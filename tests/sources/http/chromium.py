"""What the tests of the browser share: is there one, which processes run, and a site that lets only those in who run its script."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import ClassVar, Self

import pytest
import pytest_asyncio

from sources.http.browser import fetcher
from sources.http.browser.installed import what_is_missing
from sources.http.browser.process import Chromium
from tests.sources.http.conftest import Clock, MakeClient, clients
from tests.sources.http.server import Answer, Asked, Server, reply

needs_chromium = pytest.mark.skipif(what_is_missing(None) is not None, reason=f"to install: {what_is_missing(None)}")
needs_processes = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked for in /proc")

CHALLENGE = """<title>Just a moment...</title><p>cloudflare</p>
<script>document.cookie = "pass=1; path=/"; setTimeout(() => location.reload(), 20)</script>"""
"""Sets a cookie and asks again."""

LIST = """<h1>Recueils</h1><script>
  const list = document.createElement("ul");
  list.id = "list";
  list.innerHTML = '<li><a href="/contenu/telechargement/1/2/file/RAA.pdf">RAA n°1</a>';
  setTimeout(() => document.body.append(list), 20);
</script>"""
"""A page that has nothing to read before its script has run."""


def behind_challenge(answer: Answer) -> Answer:
    """The answer for who shows the cookie of the challenge, the challenge for the others."""

    async def choose(asked: Asked, writer: asyncio.StreamWriter) -> None:
        passed = "pass=1" in asked.headers.get("cookie", "")
        await (answer if passed else reply(CHALLENGE, 403))(asked, writer)

    return choose


class KeptChromium(Chromium):
    """One that stays for the next client that wants the same of it: for tests of what it shows, each in a context of its own."""

    kept: ClassVar[KeptChromium | None] = None

    async def start(self) -> Self:
        kept = KeptChromium.kept
        if isinstance(kept, type(self)) and kept.is_alive and kept.pins == self.pins and kept._user_agent.endswith(self._user_agent):
            return kept
        await KeptChromium.end()
        await super().start()
        KeptChromium.kept = self
        return self

    async def close(self) -> None:
        """Leave it to the next, unless it is not kept."""
        if KeptChromium.kept is not self:
            await super().close()

    @classmethod
    async def end(cls) -> None:
        """Let there be none."""
        kept, KeptChromium.kept = KeptChromium.kept, None
        if kept is not None:
            await kept.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def kept_chromium() -> AsyncIterator[int]:
    """Let one Chromium serve all tests of a module, whose servers are all at this port."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fetcher, "Chromium", KeptChromium)
        async with Server() as server:
            port = server.port
        yield port
        await KeptChromium.end()


@pytest_asyncio.fixture(loop_scope="module")
async def server(kept_chromium: int) -> AsyncIterator[Server]:
    """The server of one test."""
    async with Server(port=kept_chromium) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def make_client(kept_chromium: int, clock: Clock) -> AsyncIterator[MakeClient]:
    """What makes the clients of one test."""
    async with clients(clock) as make:
        yield make


def processes(*, of: int | None = None) -> dict[int, str]:
    """The command lines of all running processes below one (by default, this one), by pid."""
    parents: dict[int, int] = {}
    for pid, (state, parent) in _all():
        if state not in "ZX":
            parents[pid] = parent
    found: dict[int, str] = {}
    root = of or os.getpid()
    for pid in parents:
        above = parents.get(pid)
        while above is not None and above != root:
            above = parents.get(above)
        if above == root:
            found[pid] = _command(pid)
    return found


def browsers(*, kind: str | None = None) -> list[int]:
    """The processes of Chromium below this one: those of a kind (`renderer`), or its main process."""
    wanted = f"--type={kind}" if kind else "--remote-debugging-pipe"
    return [pid for pid, line in processes().items() if wanted in line and (kind is not None or "--type=" not in line)]


def is_running(pid: int) -> bool:
    """Whether a process lives; one that only waits to be buried does not."""
    return any(other == pid and state not in "ZX" for other, (state, _) in _all())


async def until(true: Callable[[], object]) -> None:
    """Wait for something that tells nobody: the end of a process that is not our child."""
    async with asyncio.timeout(60):
        while not true():  # noqa: ASYNC110 - such an end is no event of ours
            await asyncio.sleep(0.02)


def _all() -> Iterator[tuple[int, tuple[str, int]]]:
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                stat = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            yield int(folder.name), (stat[0], int(stat[1]))


def environment(pid: int) -> str:
    """The environment of a process."""
    return _read(pid, "environ")


def _command(pid: int) -> str:
    return _read(pid, "cmdline")


def _read(pid: int, file: str) -> str:
    try:
        return Path(f"/proc/{pid}/{file}").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""
