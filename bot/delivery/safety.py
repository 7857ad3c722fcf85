"""Connections that tokens may be sent over."""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx

from bot.domain.loopback import is_loopback

READS = 6
"""A whole request may take as long as so many reads that each use up their time-out: three minutes, by default. A picture of 10 MB goes up
in that time on a slow line."""

# A kept connection that the other side has closed meanwhile loses a request in a way that looks the same as a lost answer.
# Posts are rare: each gets a connection of its own.
ONE_REQUEST_PER_CONNECTION = httpx.Limits(max_connections=8, max_keepalive_connections=0)


class UnsafeAddress(ValueError):
    """Says that a token must not be sent to an address."""


def checked_base(address: str) -> str:
    """Return the address without its trailing slash. Raises UnsafeAddress unless it is https, or http to this very machine."""
    base = address.strip().rstrip("/")
    try:
        parts = urlsplit(base)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError as error:
        raise UnsafeAddress(f"not a web address: {address!r}") from error
    if not host or parts.username is not None or parts.query or parts.fragment:
        raise UnsafeAddress("expected an address such as https://example.org, without user, query or fragment")
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)):
        return base
    raise UnsafeAddress(f"{parts.scheme}://{host}: https is required (plain http only to this machine)")
