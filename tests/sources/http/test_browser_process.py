"""The browser as a guest of the program: in its turn, bounded, and gone in the end whatever happens."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from sources.catalogue.authority import Browser
from sources.http.client import Client
from sources.http.scratch import remove_abandoned
from sources.model import NeedsBrowser, Unreachable, Unusable
from tests.sources.http.chromium import (
    behind_challenge,
    browsers,
    environment,
    is_running,
    needs_chromium,
    needs_processes,
    processes,
    until,
)
from tests.sources.http.conftest import HOST, OTHER, OTHER_HOST, SITE, Clock, MakeClient, names_in
from tests.sources.http.server import Server, held, reply, stall

pytestmark = [needs_chromium, needs_processes]

LIST = reply("<ul id=list>")

LONGEST_END = 60
"""Seconds after which an end is taken for hung, however busy the machine."""
BROWSERS = {HOST: Browser("#list"), OTHER_HOST: Browser("#list")}


def browse(make_client: MakeClient, server: Server, **options: Any) -> Client:
    return make_client(server, **{"browsers": BROWSERS, "interval_seconds": 0.0, **options})


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where everything temporary goes, of Python and of its children. Short: sockets are made there."""
    with tempfile.TemporaryDirectory(prefix="v") as folder:
        monkeypatch.setenv("TMPDIR", folder)
        monkeypatch.setattr(tempfile, "tempdir", None)
        yield Path(folder)


def _have_ended(started: set[int]) -> bool:
    return started.isdisjoint(processes())


async def test_requests_keep_the_queue_of_their_address_and_secrets_of_the_environment_stay_out(
    server: Server, make_client: MakeClient, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIGIE_TELEGRAM__TOKEN", "1:secret")
    for path in ("/var/", "/var/b", "/drome/"):
        server.routes[path] = LIST
    client = browse(make_client, server, interval_seconds=3.0, jitter=0.2)
    await asyncio.gather(client.page(SITE), client.page(OTHER), client.page(f"{SITE}/b"))
    assert server.paths == ["/var/", "/drome/", "/var/b"]
    assert clock.slept == [pytest.approx(3.3, abs=0.01)] * 2
    assert server.most_at_once == 1
    assert client.requests == 3
    (pid,) = browsers()
    assert "PATH=" in environment(pid)
    assert "secret" not in environment(pid)
    of_playwright, all_ = (set(off.split(",")) for off in re.findall(r"--disable-features=(\S+)", processes()[pid]))
    assert of_playwright < all_, "the second switch replaces the first"


async def test_a_site_elsewhere_waits_for_a_browser_that_can_reach_it_and_cuts_nobody(server: Server, make_client: MakeClient) -> None:
    release, begun = asyncio.Event(), asyncio.Event()
    server.routes["/var/"] = held(release, LIST, begun)
    async with Server({"/": LIST}, host="127.0.0.2") as elsewhere:
        client = browse(make_client, server, origins={SITE: f"{server.base}/var", OTHER: elsewhere.base})
        first = asyncio.create_task(client.page(SITE))
        await begun.wait()
        second = asyncio.create_task(client.page(OTHER))
        await asyncio.sleep(0.2)  # room for a request that must not come
        assert elsewhere.paths == []
        assert not any("--top-chrome-webui" in line for line in processes().values()), "no page of the browser's own is loaded"
        release.set()
        assert 'id="list"' in (await first).html
        assert 'id="list"' in (await second).html
        running = browsers()
        await asyncio.gather(client.page(SITE), client.page(OTHER))
        assert browsers() == running, "it can reach both now"


async def test_a_browser_that_dies_costs_one_request(server: Server, make_client: MakeClient) -> None:
    server.routes["/var/"] = LIST
    client = browse(make_client, server)
    for kind, words in ((None, "the browser ended unexpectedly"), ("renderer", "made the browser crash")):
        begun = asyncio.Event()
        server.routes["/var/slow"] = held(asyncio.Event(), LIST, begun)
        # The page is there, its script is not: both processes are at work on it.
        server.routes["/var/page"] = reply("<ul id=list></ul><script src=/var/slow></script>")
        asking = asyncio.create_task(client.page(f"{SITE}/page"))
        await begun.wait()
        for pid in browsers(kind=kind):
            os.kill(pid, signal.SIGKILL)
        with pytest.raises(Unreachable, match=words):
            await asking
        assert 'id="list"' in (await client.page(SITE)).html


async def shown_at_last(client: Client) -> str:
    """The page, asked for until it comes: on a busy machine a second may be too short for a page that ends."""
    for _ in range(30):
        with contextlib.suppress(Unusable, Unreachable):
            return (await client.page(SITE)).html
    return (await client.page(SITE)).html


async def test_a_page_that_never_ends_costs_one_request(server: Server, make_client: MakeClient, tmp_path: Path) -> None:
    server.routes["/var/"] = LIST
    server.routes["/var/hang"] = reply("<ul id=list></ul><script>for (;;) {}</script>")
    server.routes["/var/mute"] = stall()
    server.routes["/var/slow"] = stall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nContent-Type: application/pdf\r\n\r\n%PDF")
    client = browse(make_client, server, browser_seconds=1.0, timeout_seconds=1.5, pause_after=99)
    for path in ("hang", "mute"):
        with pytest.raises(Unreachable, match="timed out waiting for the answer"):
            await client.page(f"{SITE}/{path}")
    assert 'id="list"' in await shown_at_last(client)
    with pytest.raises(Unreachable, match="timed out waiting for the answer"):
        await client.download(f"{SITE}/slow", tmp_path / "a.pdf")
    assert 'id="list"' in await shown_at_last(client)


@pytest.mark.night
@pytest.mark.usefixtures("temporary")
async def test_what_does_not_listen_any_more_is_ended_in_time_and_replaced(server: Server, make_client: MakeClient) -> None:
    others = set(processes())
    server.routes["/var/"] = LIST
    client = browse(make_client, server)
    for who in ("--remote-debugging-pipe", "run-driver"):  # the browser, then the driver of the one that replaced it
        begun = asyncio.Event()
        server.routes["/var/slow"] = held(asyncio.Event(), LIST, begun)
        asking = asyncio.create_task(client.page(f"{SITE}/slow"))
        await begun.wait()
        started = set(processes()) - others
        stopped = next(pid for pid, line in processes().items() if who in line and "--type=" not in line)
        os.kill(stopped, signal.SIGSTOP)
        asking.cancel()
        async with asyncio.timeout(LONGEST_END):
            with pytest.raises(asyncio.CancelledError):
                await asking
        with pytest.raises(ChildProcessError):  # its end was seen, if it was a child of this process
            os.waitpid(stopped, os.WNOHANG)  # noqa: ASYNC222 - it does not wait
        await until(partial(_have_ended, started))
        assert 'id="list"' in (await client.page(SITE)).html


async def test_a_cancelled_request_and_a_close_leave_nothing(server: Server, make_client: MakeClient, temporary: Path) -> None:
    begun, others = asyncio.Event(), set(processes())
    server.routes["/var/"] = held(asyncio.Event(), LIST, begun)
    client = browse(make_client, server)
    asking = asyncio.create_task(client.page(SITE))
    await begun.wait()
    started = set(processes()) - others
    assert browsers()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await client.close()
    await until(lambda: not started & set(processes()))
    assert names_in(temporary) == []


async def test_an_idle_browser_ends_and_its_cookies_are_kept_and_root_is_warned_once_that_there_is_no_sandbox(
    server: Server, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    server.routes["/var/"] = behind_challenge(LIST)
    with capture_logs() as logs:
        client = browse(make_client, server, browser_idle_seconds=0.05)
        for requests in (2, 1):
            before = len(server.asked)
            await client.page(SITE)
            assert len(server.asked) == before + requests
            assert all("--no-sandbox" in line for line in processes().values() if "--remote-debugging-pipe" in line)
            await until(lambda: not browsers())
    (warning,) = [entry for entry in logs if entry["log_level"] == "warning"]
    assert warning["event"] == "browser.no_sandbox"


_PROGRAM = """
import asyncio, sys
from sources.catalogue.authority import Browser
from sources.http.connection import ClientOptions
from sources.http.client import Client
async def main():
    origin = "https://www.var.gouv.fr"
    options = ClientOptions(frozenset({"www.var.gouv.fr"}), "Vigie/1", origins={origin: sys.argv[1]}, respect_robots=False,
                            browsers={"www.var.gouv.fr": Browser("#list")})
    async with Client(options) as client:
        await client.page(origin)
asyncio.run(main())
"""


async def test_a_killed_program_takes_its_browser_along(server: Server, temporary: Path) -> None:
    begun = asyncio.Event()
    server.routes["/"] = held(asyncio.Event(), LIST, begun)
    program = await asyncio.create_subprocess_exec(sys.executable, "-c", _PROGRAM, server.base)
    await asyncio.wait_for(begun.wait(), 60)
    started = set(processes(of=program.pid))
    assert started
    program.kill()
    await program.wait()
    await until(lambda: not any(is_running(pid) for pid in started))
    await until(lambda: all(name.startswith("vigie-chromium-") for name in names_in(temporary)))  # the profile is gone
    assert await asyncio.to_thread(remove_abandoned) == 1  # as the next start does
    assert names_in(temporary) == []


@pytest.mark.night
async def test_all_of_it_is_killed_at_once_and_its_profile_is_gone_at_the_next_start(server: Server, temporary: Path) -> None:
    begun = asyncio.Event()
    server.routes["/"] = held(asyncio.Event(), LIST, begun)
    program = await asyncio.create_subprocess_exec(sys.executable, "-c", _PROGRAM, server.base)
    await asyncio.wait_for(begun.wait(), 20)
    started = set(processes(of=program.pid))
    # Stopped first: none of them can do anything about the end of another.
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid in (program.pid, *started):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
    await program.wait()
    await until(lambda: not any(is_running(pid) for pid in started))
    assert any("profile" in name for name in names_in(temporary))
    assert await asyncio.to_thread(remove_abandoned) == 1
    assert not any("profile" in name for name in names_in(temporary))


async def test_a_browser_that_does_not_start_is_told_as_such(server: Server, make_client: MakeClient, tmp_path: Path) -> None:
    false = tmp_path / "chromium"
    false.write_text("#!/bin/sh\necho no display >&2\nexit 1\n")
    false.chmod(0o755)
    with pytest.raises(NeedsBrowser, match=f"{SITE}/: not asked, {false} does not start: .*no display"):
        await browse(make_client, server, browser_path=str(false)).page(SITE)
    assert server.asked == []
