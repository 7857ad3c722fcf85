"""Starts and ends Chromium as a process."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import resource
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Self

from playwright.async_api import Browser, BrowserContext, Error, Playwright, async_playwright

from sources.http.browser.policy import AllowedHost, of_driver, resolver_rules
from sources.http.connection import Address
from sources.http.scratch import ScratchFolder

_START_SECONDS = 30.0
_CLOSE_SECONDS = 1.0
"""For each of two steps, after which the process is killed. With the end of a tab before them (tab.py) they fit into the five seconds that
a service has to stop."""

_LONGEST_FOLDER = 56
"""Characters. Chromium puts a socket into its temporary folder, and dies where the whole name is too long for one (108 on Linux)."""

_NO_WAY_OUT = "socks5://nowhere.invalid:1"
"""The proxy of every page, an address that does not exist: only places that bypass it are reached."""

_ARGUMENTS = (
    # WebRTC uses no such proxy: without this a page sends UDP wherever it likes. The first is the name that older ones have for it.
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--disable-quic",
    "--disable-shared-workers",  # nobody is notified of what they request
    "--disable-gpu",
    "--js-flags=--max-old-space-size=512",  # MiB that scripts of one page may hold
)
FEATURES_OFF = "--disable-features=" + ",".join(
    (
        # Playwright's own, as a second switch replaces the first.
        "AvoidUnnecessaryBeforeUnloadCheckSync",
        "DestroyProfileOnBrowserClose",
        "HttpsUpgrades",
        "HttpsFirstBalancedModeAutoEnable",
        "LensOverlay",
        "MediaRouter",
        "PaintHolding",
        "ThirdPartyStoragePartitioning",
        "AvoidCorsURLLoaderRestartOnRedirect",
        "TcpPortRandomizationWin",
        "OptimizationHints",
        "NetworkTimeServiceQuerying",
        "AimEnabled",
        "PreconnectToSearch",
        "msForceBrowserSignIn",
        "msEdgeUpdateLaunchServicesPreferredVersion",
        # A process that waits for a next page, which gets a context of its own here, and a process of that.
        "SpareRendererForSitePerProcess",
        # What is suggested below the address bar: two pages of the browser's own with each window, which took as much as all the rest.
        "WebUIOmniboxAimPopup",
        "WebUIOmniboxPopup",
    )
)
"""Features of Chromium that are switched off."""

_NOT_TAKEN_OFF = ("--disable-ipc-flooding-protection", "--disable-popup-blocking")
"""Limits of Chromium that Playwright would switch off: 200 navigations by script in ten seconds, and no windows."""

_PROFILE = re.compile(r"--user-data-dir=(/.*?)(?= --|$)")

_PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH")
"""Variables of the environment that Chromium inherits: none that could be a secret."""


class Chromium:
    """Runs one Chromium: `start` it, and always `close` it. `pins` are the only places it can reach, each at its checked address: any other
    name is not found, whoever requests it (frame, worker, WebSocket, service of the browser), and no name is looked up twice."""

    def __init__(self, executable: str, user_agent: str, pins: Mapping[AllowedHost, Address]) -> None:
        self.pins = pins
        self._executable = executable
        self._user_agent = user_agent
        self._home = ScratchFolder("chromium")
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None
        self._pid: int | None = None
        self._driver: int | None = None
        self._waiting: list[Callable[[], None]] = []

    async def start(self) -> Self:
        """Start it. Raises BrowserFailure when it does not; nothing of it is then left."""
        try:
            async with asyncio.timeout(_START_SECONDS):
                await self._start_driver()
                await self._launch()
        except (Error, OSError, TimeoutError) as error:
            await self.close()
            raise of_driver(error) from error
        except BaseException:
            await self.close()
            raise
        return self

    @property
    def has_sandbox(self) -> bool:
        """Return whether its pages run in a sandbox, which Chromium does not have for root."""
        return os.geteuid() != 0

    @property
    def is_alive(self) -> bool:
        """Return whether it runs and answers."""
        return self._browser is not None and self._browser.is_connected()

    @contextlib.contextmanager
    def on_end(self, call: Callable[[], None]) -> Iterator[None]:
        """Call `call` within the context when the browser ends, whatever ended it."""
        self._waiting.append(call)
        try:
            yield
        finally:
            self._waiting.remove(call)

    async def new_context(self, places: Iterable[AllowedHost]) -> BrowserContext:
        """Return a context with cookies of its own that reaches these places, and nothing else. Raises Playwright's Error."""
        if self._browser is None:
            raise Error("not running")
        return await self._browser.new_context(
            user_agent=self._user_agent,
            locale="fr-FR",
            proxy={"server": _NO_WAY_OUT, "bypass": ",".join(["<-loopback>", *map(str, places)])},
            accept_downloads=False,
            service_workers="block",
        )

    async def close(self) -> None:
        """End it, by force if it does not answer, and remove its files. May be called twice."""
        browser, self._browser = self._browser, None
        playwright, self._playwright = self._playwright, None
        try:
            if browser is not None:
                with contextlib.suppress(Error, OSError):  # a failure is an end too, and so is TimeoutError, an OSError
                    async with asyncio.timeout(_CLOSE_SECONDS):
                        await browser.close()
        finally:
            self._kill(browser)
            try:
                if playwright is not None:
                    await self._stop_driver(playwright)
            finally:
                self._home.remove()

    async def kill(self) -> None:
        """Kill it, as it does not answer, then do as `close` does."""
        self._kill(self._browser)
        await self.close()

    def _kill(self, browser: Browser | None) -> None:
        if browser is not None and browser.is_connected() and self._pid is not None:
            _end_now(self._pid)  # its own processes end with it

    async def _start_driver(self) -> None:
        """Start Playwright's own process. A cancelled start is still waited for: a half-started process could not be ended."""
        starting = asyncio.ensure_future(async_playwright().start())
        try:
            await asyncio.wait({starting})
        finally:
            if not starting.done():
                await asyncio.wait({starting}, timeout=_CLOSE_SECONDS)
            if starting.done() and not starting.exception():
                self._playwright = starting.result()
        await starting

    async def _stop_driver(self, playwright: Playwright) -> None:
        """Stop it, by force if needed, and wait for its end: no process remains when the caller closes the loop."""
        stopping = asyncio.ensure_future(playwright.stop())
        try:
            await asyncio.wait({stopping}, timeout=_CLOSE_SECONDS)
            if not stopping.done() and self._driver is not None:
                _end_now(self._driver)
                await asyncio.wait({stopping}, timeout=_CLOSE_SECONDS)
        finally:
            stopping.cancel()
            with contextlib.suppress(Error, OSError, asyncio.CancelledError):
                await stopping

    async def _launch(self) -> None:
        if self._playwright is None:
            raise Error("not running")
        self._browser = await self._playwright.chromium.launch(
            executable_path=self._executable,
            chromium_sandbox=self.has_sandbox,
            args=[*_ARGUMENTS, FEATURES_OFF, f"--host-resolver-rules={resolver_rules(self.pins)}"],
            ignore_default_args=list(_NOT_TAKEN_OFF),
            env=_environment(str(self._home.path)),
            # Signals are the program's: it closes what it opened. If it is killed, Playwright sees it and ends Chromium.
            handle_sigint=False,
            handle_sigterm=False,
            handle_sighup=False,
        )
        self._browser.once("disconnected", self._ended)
        session = await self._browser.new_browser_cdp_session()
        processes = (await session.send("SystemInfo.getProcessInfo"))["processInfo"]
        self._pid = next(process["id"] for process in processes if process["type"] == "browser")
        self._driver = parent_of(self._pid)
        await asyncio.to_thread(limit, self._pid)
        # Playwright removes its profile, unless it is killed.
        profile = _PROFILE.search((await session.send("SystemInfo.getInfo"))["commandLine"])
        if profile is not None:
            await asyncio.to_thread(self._home.take_along, Path(profile[1]))
        version = await session.send("Browser.getVersion")
        self._user_agent = f"{version['userAgent']} {self._user_agent}"  # honestly: the browser's own as it is, and who drives it
        await session.detach()

    def _ended(self, _: Browser) -> None:
        for call in tuple(self._waiting):
            call()


def _environment(home: str) -> dict[str, str | float | bool]:
    passed_on: dict[str, str | float | bool] = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return {**passed_on, "HOME": home, **({"TMPDIR": home} if len(home) <= _LONGEST_FOLDER else {})}


def _end_now(pid: int) -> None:
    with contextlib.suppress(OSError):
        os.kill(pid, signal.SIGKILL)


# The processes of Chromium: what they may take of this machine, whatever a page does, and who started them.

MOST_MEMORY = 2 * 1024 * 1024 * 1024
"""Bytes of writable memory for one process, which crashes beyond. An ordinary page has 0.7 GB, mostly untouched."""


def limit(pid: int) -> None:
    """Limit the memory of a process and of all its present and future children; none of them leaves a core file. Chromium's own limits need
    its sandbox and reach 16 GB. Does nothing on systems without `prlimit` (all but Linux)."""
    prlimit = getattr(resource, "prlimit", None)
    if prlimit is None:
        return
    for one in _with_those_below(pid):
        with contextlib.suppress(OSError, ValueError):  # it has ended meanwhile, or is limited to less
            prlimit(one, resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))
            prlimit(one, resource.RLIMIT_CORE, (0, 0))


def parent_of(pid: int) -> int | None:
    """Return the process that started this one, None where the system does not say (it does on Linux)."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return None


def _with_those_below(pid: int) -> Iterator[int]:
    """Yield each process before its children are searched for: later children inherit its limits."""
    yield pid
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = file.read_text().split()
        except OSError:
            continue
        for child in children:
            yield from _with_those_below(int(child))
