"""Secrets removed from texts that people may see: logs, stored errors, messages."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Collection
from functools import cache
from typing import Any, TextIO
from urllib.parse import quote, quote_plus

_HIDDEN = "[secret]"


def scrub(text: str, *secrets: str) -> str:
    """Replace each secret in the text, as it is or as addresses, JSON, HTML and `repr` write it."""
    pattern = _pattern(frozenset(secrets))
    return text if pattern is None else pattern.sub(_HIDDEN, text)


class RedactedStream:
    """Wraps a text stream and removes secrets from all that is written to it. Everything else is the stream's own.

    One that is wrapped again, at each new configuration, is one layer still, and removes the secrets of before too.
    """

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
