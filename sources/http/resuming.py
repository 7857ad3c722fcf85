"""Whether a download that was cut may go on where it stopped: pure decisions on headers (RFC 9110, sections 8.8, 13.1.5, 14 and 15.3.7).

A file put together of two versions is worse than one fetched twice. So only a strong validator allows to go on, the rest must say that
it is of that very version, and it is requested from a little before the end of what came: the bytes that come twice must be the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime

from sources.http.body import is_packed, length_of

OVERLAP = 4096
"""Bytes that are requested a second time."""

_CLEARLY_BEFORE = timedelta(seconds=60)
"""A date tells versions apart only if nothing can have changed within its second: when the file was old already as it was served (section
8.8.2.2, which leaves the difference to us; RFC 7232 had this one)."""

_STRONG_ETAG = re.compile(r'"[\x21\x23-\x7e]*"')
_CONTENT_RANGE = re.compile(r"bytes +(\d{1,15})-(\d{1,15})/(\d{1,15})", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Version:
    """Identifies a version of the file at a canonical URL by its strong ETag or its `Last-Modified`. `total`: its bytes, if known."""

    url: str
    validator: str
    total: int | None

    @property
    def is_dated(self) -> bool:
        """Return whether the validator is a date."""
        return not self.validator.startswith('"')


def version_of(url: str, headers: Mapping[str, str]) -> Version | None:
    """Return the version that a 200 of lower-case `headers` brings, None where it could not be gone on with."""
    if is_packed(headers) or headers.get("accept-ranges", "").strip().lower() == "none":
        return None
    etag, date = headers.get("etag"), headers.get("last-modified")
    if etag is not None:  # a client that has a weak one must not fall back on the date (section 13.1.5)
        return Version(url, etag, length_of(headers)) if _STRONG_ETAG.fullmatch(etag) else None
    if date is None or not _is_strong(date, headers.get("date")):
        return None
    return Version(url, date, length_of(headers))


def conditions(version: Version, size: int) -> dict[str, str]:
    """Return the headers that request what follows the first `size` bytes, or the whole of another version."""
    return {"Range": f"bytes={size - OVERLAP}-", "If-Range": version.validator}


def total_with(version: Version, size: int, headers: Mapping[str, str]) -> int | None:
    """Return how long the whole file is, when a 206 of lower-case `headers` brings all that was requested of `version`. Else None.

    A 206 need not repeat the date that it was requested with; then it is not believed: some servers know ranges and no `If-Range`.
    """
    found = _CONTENT_RANGE.fullmatch(headers.get("content-range", "").strip())
    if found is None or is_packed(headers) or headers.get("content-type", "").strip().lower().startswith("multipart/"):
        return None
    first, last, total = (int(number) for number in found.groups())
    fits = (
        first == size - OVERLAP
        and size <= total == last + 1
        and version.total in {None, total}
        and length_of(headers) in {None, total - first}
        and headers.get("last-modified" if version.is_dated else "etag") == version.validator
    )
    return total if fits else None


def _is_strong(date: str, served: str | None) -> bool:
    try:
        return (
            parsedate_to_datetime(served or "") - parsedate_to_datetime(date) >= _CLEARLY_BEFORE and date.isascii() and date.isprintable()
        )
    except (ValueError, TypeError, OverflowError):
        return False
