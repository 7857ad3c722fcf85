"""Limit how much one visitor may ask, without keeping who that is."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from datetime import date, datetime
from hashlib import blake2b
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from bot.domain.limits import RateDecision, RateLimiter

_Address = IPv4Address | IPv6Address
_HOUSEHOLD = 64
"""Bits of an IPv6 address that one line has: the others are its own to choose."""


def networks(texts: Sequence[str]) -> tuple[IPv4Network | IPv6Network, ...]:
    """Return addresses and networks (`127.0.0.1`, `10.0.0.0/8`) as networks. Raises ValueError."""
    return tuple(ip_network(text, strict=False) for text in texts)


def visitor_of(peer: str, forwarded: Sequence[str], proxies: Sequence[IPv4Network | IPv6Network]) -> str:
    """Return the address of who asks: that of the connection, or what a proxy of ours says of it.

    `forwarded` are the values of `X-Forwarded-For`, which anybody can send: only what a proxy of ours added to its right end counts. Of an
    IPv6 address only the network of one household is returned.
    """
    seen = _address(peer)
    if seen is None:
        return peer
    for text in reversed([part for value in forwarded for part in value.split(",")]):
        before = _address(text.strip())
        if before is None or not any(seen in network for network in proxies):
            break
        seen = before
    if isinstance(seen, IPv6Address):
        return str(IPv6Network((seen, _HOUSEHOLD), strict=False))
    return str(seen)


def _address(text: str) -> _Address | None:
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found


class VisitorLimits:
    """One bucket per visitor, under a hash that nobody can reverse once the day is over: its salt is forgotten. All of it is in memory."""

    def __init__(self, most: int, monotonic: Callable[[], float], proxies: Sequence[str] = ()) -> None:
        """`most` requests a minute; `proxies` are the addresses whose `X-Forwarded-For` is believed. Raises ValueError."""
        self._limiter = RateLimiter(most, monotonic)
        self._proxies = networks(proxies)
        self._day: date | None = None
        self._salt = b""

    def allows(self, peer: str, forwarded: Sequence[str], at: datetime) -> bool:
        """Return whether this visitor may have an answer now (aware)."""
        if at.date() != self._day:
            self._day, self._salt = at.date(), secrets.token_bytes(16)
        who = visitor_of(peer, forwarded, self._proxies).encode()
        return self._limiter.ask(blake2b(who, key=self._salt, digest_size=16).digest()) is RateDecision.ALLOWED
