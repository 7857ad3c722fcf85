"""What the crawler remembers of a source between two polls, and when that is no longer enough. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from pydantic import AwareDatetime, TypeAdapter, ValidationError

from sources.fetch import Validators
from sources.listed import Listed
from sources.pages import PageLinks
from sources.route import Choice

WALK_EVERY = timedelta(days=1)
"""The longest time between two walks from the root."""

_EACH_END = 10
"""Entries remembered of each end of a list: enough to see that two readings overlap."""


@dataclass(frozen=True, slots=True)
class Polled:
    """A page asked at every poll, under the address the site links. `marks` identify entries it had, none when it had none."""

    url: str
    validators: Validators
    marks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trail:
    """The way that was found. `known` are all addresses met on it; `catalogue` changes when the source's description does."""

    catalogue: str
    walked_at: AwareDatetime
    walked_on: date
    polled_on: date
    pages: tuple[Polled, ...]
    known: tuple[str, ...]
    version: Literal[1] = 1

    def to_json(self) -> str:
        """One line of JSON."""
        return _ADAPTER.dump_json(self).decode()

    @staticmethod
    def from_json(text: str | None) -> Trail | None:
        """The trail `to_json` wrote; None for anything else, which only means that the way must be walked again."""
        if text is None:
            return None
        try:
            trail = _ADAPTER.validate_json(text)
        except ValidationError:
            return None
        return trail if trail.pages else None

    @property
    def marks(self) -> frozenset[str]:
        """The entries remembered of all pages."""
        return frozenset(mark for page in self.pages for mark in page.marks)


_ADAPTER: TypeAdapter[Trail] = TypeAdapter(Trail)


def must_walk(trail: Trail | None, catalogue: str, today: date, now: datetime) -> bool:
    """Whether to walk from the root whatever the pages say: nothing remembered, month or year turned, a day gone by, clock set back."""
    return (
        trail is None
        or trail.catalogue != catalogue
        or (trail.walked_on.year, trail.walked_on.month) != (today.year, today.month)
        or not timedelta(0) <= now - trail.walked_at < WALK_EVERY
    )


def is_outdated(polled: Polled, links: PageLinks, entries: Sequence[Listed], choice: Choice, trail: Trail, *, grows: bool) -> bool:
    """Whether a page polled by the trail no longer says what the trail was built on.

    It lost or replaced all its entries, got its first ones, shows a way for today that was not there, or (when its list `grows` at
    the end) a further page.
    """
    if bool(polled.marks) != bool(entries) or (entries and not overlap(entries, polled.marks)):
        return True
    known = set(trail.known)
    if any(way.url not in known for way in choice.current):
        return True
    return grows and links.pager.last is not None and links.pager.last not in known


def overlap(entries: Iterable[Listed], marks: Iterable[str]) -> bool:
    """Whether an entry is among those remembered."""
    remembered = frozenset(marks)
    return any(_mark(entry) in remembered for entry in entries)


def marks_of(entries: Sequence[Listed]) -> tuple[str, ...]:
    """What to remember of a list: some entries of both ends."""
    chosen = entries if len(entries) <= 2 * _EACH_END else (*entries[:_EACH_END], *entries[-_EACH_END:])
    return tuple(dict.fromkeys(_mark(entry) for entry in chosen))


def _mark(entry: Listed) -> str:
    return hashlib.sha256(entry.url.encode()).hexdigest()[:12]
