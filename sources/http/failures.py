"""Failures of the network in plain words, for an operator who will never read a stack trace."""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator

import httpx


class BrowserFailure(httpx.TransportError):
    """No whole answer came by way of the browser. The message is in plain words already."""


_BY_ERRNO = {
    errno.ECONNREFUSED: "connection refused",
    errno.ECONNRESET: "connection reset by the server",
    errno.EPIPE: "connection closed by the server",
    errno.ECONNABORTED: "connection aborted",
    errno.ETIMEDOUT: "connection timed out",
    errno.ENETUNREACH: "network unreachable",
    errno.ENETDOWN: "network unreachable",
    errno.EHOSTUNREACH: "host unreachable",
    errno.EADDRNOTAVAIL: "network unreachable",
    errno.EMFILE: "too many open files on this machine",
    errno.ENFILE: "too many open files on this machine",
}

_NO_NETWORK = frozenset({errno.ENETUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL})

_BY_TYPE: tuple[tuple[type[BaseException], str], ...] = (
    (httpx.ConnectTimeout, "connection timed out"),
    (httpx.ReadTimeout, "timed out waiting for the answer"),
    (httpx.WriteTimeout, "timed out sending the request"),
    (httpx.PoolTimeout, "timed out waiting for a connection"),
    (httpx.ConnectError, "connection failed"),
    (httpx.ReadError, "connection closed during the answer"),
    (httpx.WriteError, "connection closed during the request"),
    (httpx.NetworkError, "connection failed"),
    (httpx.ProtocolError, "not a valid HTTP exchange"),
    (TimeoutError, "timed out"),
)


def in_plain_words(error: BaseException) -> str:
    """Return what went wrong, from the most precise exception of the chain: `name not found`, `connection refused`, `TLS failure: …`."""
    chain = list(_chain(error))
    for one in chain:
        if words := _precise(one):
            return words
    for one in chain:
        for kind, words in _BY_TYPE:
            if isinstance(one, kind):
                return words
    return f"{type(error).__name__}"


def is_of_this_machine(error: BaseException) -> bool:
    """Return whether it is this machine that has no network, rather than a site that does not answer."""
    return any(
        one.errno == socket.EAI_AGAIN if isinstance(one, socket.gaierror) else isinstance(one, OSError) and one.errno in _NO_NETWORK
        for one in _chain(error)
    )


def _precise(error: BaseException) -> str | None:
    words: str | None = None
    match error:
        case socket.gaierror(errno=socket.EAI_AGAIN):
            words = "name not found: the look-up failed, is there a network?"
        case socket.gaierror():
            words = "name not found"
        case BrowserFailure():
            words = str(error)
        case UnicodeError():
            words = "name not found: not a valid host name"
        case ssl.SSLError():
            words = f"TLS failure: {_tls(error)}"
        case httpx.RemoteProtocolError():
            words = _protocol(str(error))
        case OSError(errno=int(number)):
            words = _BY_ERRNO.get(number)
    return words


def _tls(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate not trusted ({error.verify_message})"
    if isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
        return "connection closed by the server"
    reason = getattr(error, "reason", None)  # absent where the exception was not raised by OpenSSL itself
    return reason.replace("_", " ").lower() if isinstance(reason, str) else "protocol error"


def _protocol(message: str) -> str:
    if "incomplete" in message or "without sending complete" in message:
        return "answer cut short"
    if "disconnected" in message or "closed" in message:
        return "connection closed without an answer"
    return "not a valid HTTP answer"


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        if isinstance(one, BaseExceptionGroup):
            waiting.extend(one.exceptions)
        waiting.extend(next_one for next_one in (one.__cause__, one.__context__) if next_one is not None)
