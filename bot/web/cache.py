"""Keep documents as they are sent: compressed once, until the store or the hour makes them out of date. Memory is bounded."""

from __future__ import annotations

import gzip
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import blake2b

from bot.web.documents import Document

LONGEST = timedelta(minutes=5)
"""How long a document is kept at most: what it says of the sources is not older."""
_SMALLEST = 500
"""Bytes of a body that compression makes smaller."""
_TEXTS = (
    "text/",
    "application/json",
    "application/atom+xml",
    "application/xml",
    "application/feed+json",
    "application/problem",
    "image/svg",
)
_OVERHEAD = 1_000
"""Bytes that an entry takes besides its body."""


@dataclass(frozen=True, slots=True)
class Packed:
    """Holds a document as it is sent: `document.body` is compressed where `gzipped`. `tag` is its weak ETag: it names the content, in
    whichever encoding that is sent."""

    document: Document
    tag: str
    gzipped: bool

    def body(self, *, accepts_gzip: bool) -> bytes:
        """Return the bytes to send to a client that takes gzip, or does not."""
        return gzip.decompress(self.document.body) if self.gzipped and not accepts_gzip else self.document.body

    def is_known_to(self, tags: str) -> bool:
        """Return whether a client has this content already, by its `If-None-Match`."""
        known = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
        return self.tag.removeprefix("W/") in known or "*" in known


def pack(document: Document) -> Packed:
    """Return a document as it is sent."""
    tag = f'W/"{blake2b(document.body, digest_size=12).hexdigest()}"'
    if len(document.body) < _SMALLEST or not document.media_type.startswith(_TEXTS):
        return Packed(document, tag, gzipped=False)
    # Without the time: the same content has the same bytes.
    return Packed(replace(document, body=gzip.compress(document.body, 6, mtime=0)), tag, gzipped=True)


@dataclass(frozen=True, slots=True)
class _Entry:
    packed: Packed
    revision: int
    made_at: datetime
    until: datetime

    def holds(self, revision: int, at: datetime) -> bool:
        # A clock that is set back makes it young again: it is not believed.
        return self.revision == revision and self.made_at <= at < self.until

    @property
    def size(self) -> int:
        return len(self.packed.document.body) + _OVERHEAD


class Cache:
    """Documents by what was asked. What was used longest ago goes first where there are too many bytes."""

    def __init__(self, most_bytes: int = 6_000_000) -> None:
        self._most = most_bytes
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()
        self._bytes = 0

    @property
    def size(self) -> int:
        """Return how many bytes are kept."""
        return self._bytes

    def get(self, key: Hashable, revision: int, at: datetime) -> Packed | None:
        """Return what is kept under this key and still true, for a store of this revision, at this time (aware)."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if not entry.holds(revision, at):
            self._drop(key)
            return None
        self._entries.move_to_end(key)
        return entry.packed

    def put(self, key: Hashable, packed: Packed, revision: int, at: datetime) -> None:
        """Keep a document that was made at this time, from a store that had this revision before it was made. A file, a fault that may
        pass, and what is too large are not kept."""
        document = packed.document
        until = min(at + LONGEST, document.changes_at or at + LONGEST)
        entry = _Entry(packed, revision, at, until)
        if document.status >= 500 or document.file is not None or until <= at or entry.size > self._most // 4:
            return
        if key in self._entries:
            self._drop(key)
        self._entries[key] = entry
        self._bytes += entry.size
        while self._bytes > self._most:
            self._drop(next(iter(self._entries)))

    def _drop(self, key: Hashable) -> None:
        self._bytes -= self._entries.pop(key).size


def accepts_gzip(header: str) -> bool:
    """Return whether a client takes gzip, by its `Accept-Encoding`."""
    for part in header.lower().split(","):
        name, _, quality = part.strip().partition(";")
        if name.strip() in {"gzip", "x-gzip", "*"}:
            return quality.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False
