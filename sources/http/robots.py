"""The Robots Exclusion Protocol (RFC 9309): which paths a site asks robots to leave alone. Protego parses; copies last a day.

`Crawl-delay` is no part of the RFC: the spacing of requests is the queue's.
"""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from protego import Protego

from sources.http.politeness import PolitenessStore, RobotsCopy
from sources.model import FetchError, Unusable

MAX_BYTES = 500 * 1024
"""What is read of a robots.txt: the least a crawler must parse (RFC 9309, section 2.5); the rest is ignored."""

FRESH = timedelta(hours=24)
"""How long a copy is used without asking again (RFC 9309, section 2.4)."""


class Disallowed(FetchError):
    """The site's robots.txt asks us not to fetch this."""


class RobotsGate:
    """Lets a request through only where the site's robots.txt does.

    `read` fetches the text of the robots.txt at a canonical URL, empty where there is none; `token` is our name in it.

    A robots.txt that leads out of the catalogue counts as none (RFC 9309, section 2.3.1.2, leaves it to us). One that cannot be had
    for now (no answer, 5xx) closes the site, as section 2.3.1.4 demands, unless an older copy is at hand. That is not remembered: the
    error is the site's own (Unreachable, FetchRefused), and the next request tries again.
    """

    def __init__(self, read: Callable[[str], Awaitable[str]], token: str, store: PolitenessStore, now: Callable[[], datetime]) -> None:
        self._read = read
        self._token = token
        self._store = store
        self._now = now
        self._parsed: dict[str, tuple[datetime, Protego]] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def require_allowed(self, url: str) -> None:
        """Return where the canonical URL may be fetched. Raises Disallowed, or why the robots.txt cannot be had."""
        host = urlsplit(url).netloc
        async with self._locks[host]:
            parsed = self._parsed.get(host)
            if parsed is None or not self._is_fresh(parsed[0]):
                copy = await self._copy(url, host)
                parsed = self._parsed[host] = copy.read_at, parse(copy.text)
        if not parsed[1].can_fetch(url, self._token):
            raise Disallowed(f"{url}: the site's robots.txt asks robots not to fetch this")

    async def _copy(self, url: str, host: str) -> RobotsCopy:
        kept = await self._store.robots(host)
        if kept is not None and self._is_fresh(kept.read_at):
            return kept
        address = f"https://{host}/robots.txt"
        try:
            text = await self._read(address)
        except Unusable:
            text = ""
        except FetchError as cause:
            if kept is not None:
                return kept
            error = type(cause)(f"{url}: {str(cause).removeprefix(f'{address}: ')}, when asked for its robots.txt")
            error.retry_after, error.is_of_site = cause.retry_after, cause.is_of_site
            raise error from cause
        copy = RobotsCopy(text, self._now())
        await self._store.keep_robots(host, copy)
        return copy

    def _is_fresh(self, read_at: datetime) -> bool:
        # A copy of the future was read before the clock was set back.
        return timedelta(0) <= self._now() - read_at < FRESH


def parse(text: str) -> Protego:
    """Return the rules of a robots.txt. Protego takes a byte order mark for a part of the first line."""
    return Protego.parse(text.removeprefix("\ufeff"))


def product_token(user_agent: str) -> str:
    """Return the name a robots.txt may call us by: letters, `-` and `_` at the start of the User-Agent (section 2.2.1)."""
    found = re.match(r"[A-Za-z_-]+", user_agent)
    return found[0] if found else ""
