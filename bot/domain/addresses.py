"""Web addresses that secrets and trusted pages may travel to: https, or this very machine. Pure."""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult, urlsplit


def is_loopback(host: str) -> bool:
    """Return True for `localhost` and for addresses that never leave this machine (127.0.0.0/8, ::1)."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def web_base(value: str) -> str:
    """Return an address without query to which paths are appended, with no trailing slash.

    https anywhere; plain http only to loopback, for what travels there is secret (a token) or trusted (decrees). Raises ValueError.
    """
    parts = split_address(value)
    host = parts.hostname or ""
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError("plain http is allowed only to this machine (127.0.0.1, localhost); use https")
    if parts.scheme not in {"http", "https"} or not host:
        raise ValueError('must be an address that starts with "https://"')
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not hold a user name or a password")
    if parts.query or parts.fragment:
        raise ValueError("must be an address without ? or #")
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path.rstrip('/')}"


def split_address(value: str) -> SplitResult:
    """Split an address. Raises ValueError for anything that could smuggle a header or confuse a parser."""
    text = value.strip()
    if not text.isprintable() or " " in text or "\\" in text:
        raise ValueError("must not hold spaces or control characters")
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise ValueError("is not a web address") from None
    return parts
