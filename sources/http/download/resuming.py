"""Whether a download that was cut may go on where it stopped: pure decisions on headers (RFC 9110, sections 8.8, 13.1.5, 14 and 15.3.7).

A file put together of two versions is worse than one fetched twice. So only a strong validator allows to go on, the rest must say that
it is of that very version, and it is asked from a little before the end of what is kept: the bytes that come twice must be the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

OVERLAP = 4096
"""Bytes that are asked for a second time. What is not longer than this is not worth keeping."""

_CLEARLY_BEFORE = timedelta(seconds=60)
"""A date tells versions apart only if nothing can have changed within its second: when the file was old already as it was served (section
8.8.2.2, which leaves the difference to us; RFC 7232 had this one)."""

_STRONG_ETAG = re.compile(r'"[\x21\x23-\x7e]*"')
_CONTENT_RANGE = re.compile(r"bytes +(\d{1,15})-(\d{1,15})/(\d{1,15})", re.ASCII | re.IGNORECASE)
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Version:
    """One version of the file at a canonical URL. `validator` is its strong ETag or its `Last-Modified`; `total` its bytes, if known."""

    url: str
    validator: str
    total: int | None

    @property
    def is_dated(self) -> bool:
        """Whether the validator is a date."""
        return not self.validator.startswith('"')


@dataclass(frozen=True, slots=True)
class Note:
    """What is vouched for of a part: its first `size` bytes are those of `version`, and have this SHA-256 (64 hex digits)."""

    version: Version
    size: int
    sha256: str

    def to_json(self) -> str:
        """The note as it is written beside the part."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Note | None:
        """The note, None where the text is not one."""
        try:
            value = json.loads(text)
            version = Version(**value.pop("version"))
            note = cls(version=version, **value)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None
        return note if _makes_sense(note) else None


def version_of(url: str, headers: Mapping[str, str]) -> Version | None:
    """The version that a 200 of lower-case `headers` brings, None where it could not be gone on with."""
    if is_packed(headers) or headers.get("accept-ranges", "").strip().lower() == "none":
        return None
    etag, date = headers.get("etag"), headers.get("last-modified")
    if etag is not None:  # a client that has a weak one must not fall back on the date (section 13.1.5)
        return Version(url, etag, length_of(headers)) if _STRONG_ETAG.fullmatch(etag) else None
    if date is None or not _is_strong(date, headers.get("date")):
        return None
    return Version(url, date, length_of(headers))


def conditions(note: Note) -> dict[str, str]:
    """The headers that ask for the rest, or for the whole of another version."""
    return {"Range": f"bytes={start_of(note)}-", "If-Range": note.version.validator}


def start_of(note: Note) -> int:
    """The first byte that is asked for."""
    return note.size - OVERLAP


def total_with(note: Note, headers: Mapping[str, str]) -> int | None:
    """How long the whole file is, when a 206 of lower-case `headers` brings all the rest of the version of `note`. Else None.

    A 206 need not repeat the date that it was asked with; then it is not believed: some servers know ranges and no `If-Range`.
    """
    found = _CONTENT_RANGE.fullmatch(headers.get("content-range", "").strip())
    if found is None or is_packed(headers) or headers.get("content-type", "").strip().lower().startswith("multipart/"):
        return None
    first, last, total = (int(number) for number in found.groups())
    length = length_of(headers)
    version = note.version
    fits = (
        first == start_of(note)
        and note.size <= total == last + 1
        and version.total in {None, total}
        and length in {None, total - first}
        and headers.get("last-modified" if version.is_dated else "etag") == version.validator
    )
    return total if fits else None


def length_of(headers: Mapping[str, str]) -> int | None:
    """The bytes of the body as announced, None where they are not: absent, unreadable, or overruled by chunks (RFC 9112, section 6.3)."""
    text = headers.get("content-length", "")
    if "transfer-encoding" in headers or is_packed(headers) or not text.isascii() or not text.isdigit() or len(text) > 15:
        return None
    return int(text)


def is_packed(headers: Mapping[str, str]) -> bool:
    """Whether the bytes on the wire are not those of the file."""
    return headers.get("content-encoding", "").strip().lower() not in {"", "identity"}


def _is_strong(date: str, served: str | None) -> bool:
    try:
        return (
            parsedate_to_datetime(served or "") - parsedate_to_datetime(date) >= _CLEARLY_BEFORE and date.isascii() and date.isprintable()
        )
    except (ValueError, TypeError, OverflowError):
        return False


def _makes_sense(note: Any) -> bool:
    """Whether a note, made of whatever the file held, is one."""
    version = note.version
    return (
        all(isinstance(text, str) for text in (version.url, version.validator, note.sha256))
        and version.validator.isascii()
        and version.validator.isprintable()
        and type(note.size) is int
        and note.size > OVERLAP
        and (version.total is None or (type(version.total) is int and version.total >= note.size))
        and _SHA256.fullmatch(note.sha256) is not None
    )
