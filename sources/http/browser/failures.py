"""Failures of the browser, and those it reports of the network, in the words of `sources.http.failures`."""

from __future__ import annotations

import re

from sources.http.failures import BrowserFailure

_SAID = re.compile(r"^.*\[err\] *(\S.*)$", re.MULTILINE)
_BY_CODE = {
    "ERR_EMPTY_RESPONSE": "connection closed without an answer",
    "ERR_CONNECTION_CLOSED": "connection closed during the answer",
    "ERR_CONNECTION_RESET": "connection reset by the server",
    "ERR_CONNECTION_REFUSED": "connection refused",
    "ERR_CONNECTION_TIMED_OUT": "connection timed out",
    "ERR_TIMED_OUT": "connection timed out",
    "ERR_CONTENT_LENGTH_MISMATCH": "answer cut short",
    "ERR_INCOMPLETE_CHUNKED_ENCODING": "answer cut short",
    "ERR_HTTP2_PROTOCOL_ERROR": "not a valid HTTP answer",
    "ERR_INVALID_HTTP_RESPONSE": "not a valid HTTP answer",
    "ERR_SSL_PROTOCOL_ERROR": "TLS failure: protocol error",
    "ERR_CONTENT_DECODING_FAILED": "not readable as it was packed",
}


class NoConnection(BrowserFailure):
    """The door (door.py) could make no connection, and knows why."""


def of_network(text: str) -> BrowserFailure:
    """What Chromium's `net::ERR_…` means."""
    code = text.removeprefix("net::")
    if code in {"ERR_SOCKS_CONNECTION_FAILED", "ERR_SOCKS_CONNECTION_HOST_UNREACHABLE"}:
        return NoConnection("connection failed")
    if code.startswith("ERR_CERT_"):
        return BrowserFailure(f"TLS failure: certificate not trusted ({code})")
    return BrowserFailure(_BY_CODE.get(code, f"the browser could not load it ({code[:80]})"))


def of_driver(error: Exception) -> BrowserFailure:
    """An error of Playwright's own: the last words of a browser that did not start, or else the first line."""
    text = str(error).strip() or type(error).__name__
    last_words = _SAID.findall(text)
    return BrowserFailure(f"the browser failed: {(last_words[-1] if last_words else text.splitlines()[0])[:200]}")
