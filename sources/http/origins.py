"""Where a canonical URL is really fetched: at itself, or at the replacement an operator chose (a mirror, a rehearsal on loopback).

The replacement lives in the transport only: every URL that leaves the client is canonical.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import SplitResult, urljoin, urlsplit

from sources.text.urls import canonical


@dataclass(frozen=True, slots=True)
class Target:
    """Where one canonical URL is asked for. `path` starts with `/` and holds the query; `chosen` means an operator's replacement."""

    scheme: str
    host: str
    port: int
    path: str
    chosen: bool

    @property
    def authority(self) -> str:
        """The value of the `Host` header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORT[self.scheme] else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class _Base:
    scheme: str
    host: str
    port: int
    prefix: str

    def path_of(self, parts: SplitResult) -> str | None:
        """The part of an absolute URL that is below this base, None where it is not."""
        if (parts.scheme, parts.hostname, parts.port or _DEFAULT_PORT.get(parts.scheme)) != (self.scheme, self.host, self.port):
            return None
        return _below(self.prefix, parts)


_DEFAULT_PORT = {"https": 443, "http": 80}


class Origins:
    """The replacements in force. Raises ValueError, naming the entry, when one is not usable."""

    def __init__(self, replacements: Mapping[str, str] = MappingProxyType({})) -> None:
        self._bases = {_origin_key(origin): _base(origin, base) for origin, base in replacements.items()}

    def target(self, url: str) -> Target:
        """Where to ask for a canonical URL."""
        parts = urlsplit(url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        base = self._bases.get(f"https://{parts.netloc}")
        if base is None:
            return Target("https", parts.hostname or "", parts.port or 443, path, chosen=False)
        return Target(base.scheme, base.host, base.port, base.prefix + path, chosen=True)

    def follow(self, url: str, location: str) -> str | None:
        """The canonical URL a `Location` header of the answer to `url` leads to, None when it is not a web address.

        The server behind a replacement may speak of itself in its own terms (absolute, or root-relative with its path prefix)
        or in canonical ones.
        """
        location = location.strip()
        own = self._bases.get("https://" + urlsplit(url).netloc)
        try:
            absolute = urljoin(f"{own.scheme}:" if own else "https:", location) if location.startswith("//") else location
            parts = urlsplit(absolute)
            if parts.netloc:
                return canonical(url, self._unmapped(parts, own) or absolute, is_redirect=True)
            if own is not None and location.startswith("/") and (below := _below(own.prefix, parts)) is not None:
                return canonical(url, below, is_redirect=True)
        except ValueError:
            return None
        return canonical(url, location, is_redirect=True)

    def _unmapped(self, parts: SplitResult, own: _Base | None) -> str | None:
        """The canonical form of an absolute URL that lies below one of the bases: the asked site's own first, then the longest."""
        if parts.username is not None or parts.password is not None:
            return None
        ordered = sorted(self._bases.items(), key=lambda item: (item[1] is not own, -len(item[1].prefix)))
        for origin, base in ordered:
            if (below := base.path_of(parts)) is not None:
                return origin + below
        return None


def _below(prefix: str, parts: SplitResult) -> str | None:
    if parts.path != prefix and not parts.path.startswith(prefix + "/"):
        return None
    return (parts.path[len(prefix) :] or "/") + (f"?{parts.query}" if parts.query else "")


def _origin_key(origin: str) -> str:
    parts = urlsplit(origin)
    plain = canonical("", origin)
    if parts.scheme != "https" or plain is None or parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise ValueError(f"origins: {origin!r} must be the https address of a site, without a path (https://www.example.gouv.fr)")
    return plain.removesuffix("/")


def _base(origin: str, base: str) -> _Base:
    where = f"origins: the replacement of {origin!r}"
    try:
        parts = urlsplit(base)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f"{where} is not a valid address") from error
    if parts.scheme not in _DEFAULT_PORT or not host:
        raise ValueError(f"{where} must be an https address, or an http one of this machine")
    if parts.username is not None or parts.password is not None:
        raise ValueError(f"{where} must not hold a name or a password")
    if parts.query or parts.fragment:
        raise ValueError(f"{where} must not have a query or a fragment")
    if parts.scheme == "http" and not _names_this_machine(host):
        raise ValueError(f"{where} is plain http to {host!r}: that is allowed to this machine only (127.0.0.1, ::1, localhost)")
    return _Base(parts.scheme, host, port or _DEFAULT_PORT[parts.scheme], parts.path.rstrip("/"))


def _names_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
