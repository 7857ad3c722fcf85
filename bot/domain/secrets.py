"""Guards secrets: the addresses that may receive them, and texts without them. Pure."""

from __future__ import annotations

import html
import ipaddress
import json
import re
from collections.abc import Collection
from functools import cache
from typing import Any, TextIO
from urllib.parse import SplitResult, quote, quote_plus, urlsplit


def is_loopback(host: str) -> bool:
    """Return True for `localhost` and for addresses that never leave this machine (127.0.0.0/8, ::1)."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def web_base(value: str) -> str:
    """Return an address without query or final slash, https or (tokens travel there) http on loopback. Raises ValueError."""
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
    """Split an address. Raises ValueError for anything that could inject a header or confuse a parser."""
    text = value.strip()
    if not text.isprintable() or " " in text or "\\" in text:
        raise ValueError("must not hold spaces or control characters")
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise ValueError("is not a web address") from None
    return parts


# Secrets removed from texts that people may see: logs, stored errors, messages.

_HIDDEN = "[secret]"


def scrub(text: str, *secrets: str) -> str:
    """Replace each secret in the text, also as written in addresses, JSON, HTML and `repr`."""
    pattern = _pattern(frozenset(secrets))
    return text if pattern is None else pattern.sub(_HIDDEN, text)


class RedactedStream:
    """Wraps a text stream and removes secrets from writes. Wrapped again, it stays one layer, with the former secrets too."""

    def __init__(self, stream: TextIO | RedactedStream, secrets: Collection[str]) -> None:
        if isinstance(stream, RedactedStream):
            secrets = {*stream._secrets, *secrets}
            stream = stream._stream
        self._stream: TextIO = stream
        self._secrets: tuple[str, ...] = tuple(secrets)

    def write(self, text: str, /) -> int:
        """Write the text without the secrets."""
        self._stream.write(scrub(text, *self._secrets))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@cache
def _pattern(secrets: frozenset[str]) -> re.Pattern[str] | None:
    forms = {form for secret in secrets if secret for form in _forms(secret)}
    # The longest first: a token must not leave behind what a shorter secret is not part of.
    return re.compile("|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))) if forms else None


def _forms(secret: str) -> set[str]:
    addresses = {quote(secret, safe=""), quote(secret), quote_plus(secret)}
    lower = {re.sub("%[0-9A-F]{2}", lambda code: code[0].lower(), address) for address in addresses}
    return {secret, html.escape(secret), json.dumps(secret)[1:-1], repr(secret)[1:-1]} | addresses | lower
