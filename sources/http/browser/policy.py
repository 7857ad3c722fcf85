"""Decides what a page may load, and how to classify an answer to the browser. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from sources.http.answers import REDIRECTS, is_html
from sources.http.connection import Address, BrowserFailure, Target

MOST_DOCUMENTS = 4
"""Most documents of one request: a challenge, its answer, the page. Limits a block page that reloads without end."""

MOST_REQUESTS = 100
"""Requests that one page may make with all its scripts."""

MOST_ATTEMPTS = 1000
"""Requests that one page may try to make; beyond, it is dropped, as each one costs even if it is refused."""

_MOST_COOKIES = 60
_MOST_COOKIE_CHARACTERS = 8000
"""Most servers accept no longer header: a page that set more cookies would block us from its site."""

_NEVER = frozenset({"image", "media", "font"})
_IN_THE_PAGE = frozenset({"about", "blob", "data"})
_DEFAULT_PORT = {"https": 443, "http": 80}
_LEFT_TO_THE_PAGE = frozenset({"content-encoding", "content-length", "etag", "last-modified", "set-cookie", "transfer-encoding"})
"""Headers on the bytes on the wire, which the browser has unpacked, or on the cookies, which it keeps."""


@dataclass(frozen=True, slots=True)
class AllowedHost:
    """Names a host and port that connections may go to."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def places(target: Target, script_hosts: Collection[str]) -> frozenset[AllowedHost]:
    """Return where the requests of one page may go: its own site, and the declared hosts of its scripts, over https."""
    return frozenset({AllowedHost(target.host, target.port), *(AllowedHost(host, 443) for host in script_hosts)})


def resolver_rules(pins: Mapping[AllowedHost, Address]) -> str:
    """Return the rules that map each place to its address, and nothing else. The first match counts."""
    found = [f"MAP {place} {f'[{address}]' if address.version == 6 else address}" for place, address in pins.items()]
    return ", ".join([*found, "MAP * ~NOTFOUND"])


def may_load(kind: str, url: str, target: Target, script_hosts: Collection[str]) -> bool:
    """Return whether a page of `target` may make a request. `kind` is Playwright's resource type. Pictures, films and fonts are never
    loaded: the text does not depend on them."""
    parts = _split(url)
    if kind in _NEVER or parts is None:
        return False
    if parts.scheme in _IN_THE_PAGE or _is_of(parts, target):
        return True
    return (parts.scheme, _port(parts)) == ("https", 443) and parts.hostname in script_hosts


def may_go(method: str, url: str, target: Target) -> bool:
    """Return whether a script of the page may navigate within the same request, as challenges do: to the same path again, or by a POST on
    the site. Any other page needs a request of its own, in its turn and under robots.txt."""
    parts = _split(url)
    return parts is not None and _is_of(parts, target) and (method == "POST" or _path(parts) == target.path.partition("?")[0])


def has_moved(url: str, target: Target) -> bool:
    """Return whether a page ended at another path than the requested one, where its links mean something else. A challenge changes the
    query only."""
    parts = _split(url)
    return parts is not None and _path(parts) != target.path.partition("?")[0]


def is_rendered(status: int, headers: Mapping[str, str]) -> bool:
    """Return whether a browser would show this answer as an HTML page. Names of `headers` are in lower case."""
    if status in {*REDIRECTS, 204, 205, 304} or is_to_be_saved(headers):
        return False
    return is_html(headers.get("content-type", ""), b"<")


def is_to_be_saved(headers: Mapping[str, str]) -> bool:
    """Return whether the answer is a download by its headers (RFC 6266, section 4.2)."""
    return headers.get("content-disposition", "").strip().lower().startswith("attachment")


def asks_to_wait(status: int, headers: Mapping[str, str]) -> bool:
    """Return whether a refusal has a `Retry-After`, which no challenge has: then no script has to run."""
    return status in {429, 503} and "retry-after" in headers


def unpacked(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that hold for the unpacked body: the length only if it was not packed on the wire."""
    kept = {name: value for name, value in headers.items() if name not in _LEFT_TO_THE_PAGE}
    if "content-encoding" not in headers and "content-length" in headers:
        kept["content-length"] = headers["content-length"]
    return kept


def are_too_many(cookies: Collection[Mapping[str, Any]]) -> bool:
    """Return whether a site has set too many cookies (`name`, `value`) to be sent back."""
    return len(cookies) > _MOST_COOKIES or sum(len(one["name"]) + len(one["value"]) for one in cookies) > _MOST_COOKIE_CHARACTERS


def _is_of(parts: SplitResult, target: Target) -> bool:
    return (parts.scheme, parts.hostname, _port(parts)) == (target.scheme, target.host, target.port)


def _path(parts: SplitResult) -> str:
    return parts.path or "/"


def _port(parts: SplitResult) -> int | None:
    return parts.port or _DEFAULT_PORT.get(parts.scheme)


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - reading it checks it
    except ValueError:
        return None
    return parts


# Failures of the browser, and those it reports of the network, in the words of `sources.http.connection`.

_SAID = re.compile(r"^.*\[err\] *(\S.*)$", re.MULTILINE)
_BY_CODE = {
    "ERR_EMPTY_RESPONSE": "connection closed without an answer",
    "ERR_CONNECTION_CLOSED": "connection closed during the answer",
    "ERR_CONNECTION_RESET": "connection reset by the server",
    "ERR_CONNECTION_REFUSED": "connection refused",
    "ERR_CONNECTION_TIMED_OUT": "connection timed out",
    "ERR_ADDRESS_UNREACHABLE": "host unreachable",
    "ERR_INTERNET_DISCONNECTED": "network unreachable",
    "ERR_NETWORK_CHANGED": "connection failed",
    "ERR_TIMED_OUT": "connection timed out",
    "ERR_CONTENT_LENGTH_MISMATCH": "answer cut short",
    "ERR_INCOMPLETE_CHUNKED_ENCODING": "answer cut short",
    "ERR_HTTP2_PROTOCOL_ERROR": "not a valid HTTP answer",
    "ERR_INVALID_HTTP_RESPONSE": "not a valid HTTP answer",
    "ERR_SSL_PROTOCOL_ERROR": "TLS failure: protocol error",
    "ERR_CONTENT_DECODING_FAILED": "not readable as it was packed",
}


def of_network(text: str) -> BrowserFailure:
    """Return the failure that Chromium's `net::ERR_…` means."""
    code = text.removeprefix("net::")
    if code.startswith("ERR_CERT_"):
        return BrowserFailure(f"TLS failure: certificate not trusted ({code})")
    return BrowserFailure(_BY_CODE.get(code, f"the browser could not load it ({code[:80]})"))


def of_driver(error: Exception) -> BrowserFailure:
    """Return an error of Playwright's own: the last words of a browser that did not start, or else the first line."""
    text = str(error).strip() or type(error).__name__
    last_words = _SAID.findall(text)
    return BrowserFailure(f"the browser failed: {(last_words[-1] if last_words else text.splitlines()[0])[:200]}")
