"""Lets a request through only where the site's robots.txt does, keeping a copy of each for a day."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from sources.client.robots import FRESH_SECONDS, Disallowed, Rules, parse
from sources.fetch import FetchError, Unusable


@dataclass(frozen=True, slots=True)
class _Copy:
    rules: Rules
    read_at: float


class RobotsGate:
    """`read` fetches the text of the robots.txt at a canonical URL, empty where there is none; `token` is our name in it.

    A robots.txt that leads out of the catalogue counts as none (RFC 9309, section 2.3.1.2, leaves it to us). One that cannot be had
    for now (no answer, 5xx) closes the site, as section 2.3.1.4 demands, unless an older copy is at hand. That is not remembered: the
    error is the site's own (Unreachable, Refused), and the next request asks again.
    """

    def __init__(self, read: Callable[[str], Awaitable[str]], token: str, monotonic: Callable[[], float]) -> None:
        self._read = read
        self._token = token
        self._monotonic = monotonic
        self._copies: dict[str, _Copy] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def pass_through(self, url: str) -> None:
        """Return if the canonical URL may be fetched. Raises Disallowed, or why the robots.txt cannot be had."""
        host = urlsplit(url).netloc
        async with self._locks[host]:
            copy = self._copies.get(host)
            if copy is None or self._monotonic() - copy.read_at >= FRESH_SECONDS:
                copy = self._copies[host] = await self._renewed(url, f"https://{host}/robots.txt", copy)
        if not copy.rules.allows(url):
            raise Disallowed(f"{url}: the site's robots.txt asks robots not to fetch this")

    async def _renewed(self, url: str, address: str, old: _Copy | None) -> _Copy:
        try:
            text = await self._read(address)
        except Unusable:
            text = ""
        except FetchError as cause:
            if old is not None:
                return old
            error = type(cause)(f"{url}: {str(cause).removeprefix(f'{address}: ')}, when asked for its robots.txt")
            error.retry_after = cause.retry_after
            raise error from cause
        return _Copy(parse(text, self._token), self._monotonic())
