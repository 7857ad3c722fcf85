"""What of the past a backfill takes, and what it leaves: pure decisions."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit

from bot.domain.records import Recueil
from bot.ingest.decisions import newest
from sources.catalogue.authority import Authority, Order
from sources.crawl.history import HistoryEntry, may_be_since
from sources.crawl.index import IndexEntry
from sources.model import ListingEntry
from sources.pages.links import name_in
from sources.text.dates import fold

LISTED_FOR = timedelta(days=1)
"""How long a source that was listed completely need not be listed again."""

RECENT = timedelta(days=3)
"""How far behind the last good poll the date of something never seen may lie, for the next poll to be the one that must meet it."""

LATE_UPLOADS = 2
"""Recueils that may have been uploaded later than one that is newer than they: more of them show the age of what bears no date."""

SHORTEST_NAME = 6
"""Characters of a file name that may distinguish a file from another: "raa-12" may be of any year."""

_NOT_WORD = re.compile(r"[^a-z0-9]+")
_UPLOAD = re.compile(r"contenu/telechargement/(\d+)/")


@dataclass(frozen=True, slots=True)
class PollCoverage:
    """Says what polls have seen of a source: the day of the last good one, in the authority's own time, and the pages they read.

    Where the source was never polled `until` is today: its first poll is still to come, and may announce what is `recent`.
    """

    until: date
    pages: Collection[str] = ()
    recent: timedelta = RECENT

    def expects(self, published: date | None, page: str | None) -> bool:
        """Return whether the next poll must meet something never seen before, and announce it. A backfill that took it would silence it.

        So it is on a page that polls read, whose entries were all seen then; and with what is dated later than the last of them.
        """
        return page in self.pages or (published is not None and published >= self.until - self.recent)


@dataclass(frozen=True, slots=True)
class BackfillIntake:
    """Holds what was never seen before: what the backfill takes, and what it leaves to the next poll."""

    taken: tuple[ListingEntry, ...]
    left: tuple[ListingEntry, ...] = ()


def must_list(listed_at: datetime | None, now: datetime) -> bool:
    """Return whether a source is to be listed: never completely so, a day ago, or the clock was set back."""
    return listed_at is None or not timedelta(0) <= now - listed_at < LISTED_FOR


def undated_at_baseline(found: Sequence[HistoryEntry], order: Order) -> frozenset[str]:
    """Return the addresses without a date that the first poll of the source will read, as it has nothing else to go by."""
    undated = [each.listed for each in found if each.listed.published is None]
    # A walk reads an oldest-first list from its end: only the numbers of its files still show which came last.
    known = "unknown" if order == "oldest-first" else order
    return frozenset(listed.url for listed in newest(undated, known))


def take_in(found: Iterable[HistoryEntry], unseen: Collection[str], watch: PollCoverage, undated: Collection[str] = ()) -> BackfillIntake:
    """Sort what a walk found and nobody had seen. `undated` is what the first poll of a source will read besides (see above)."""
    fresh = [each for each in found if each.listed.url in unseen]
    expected = {each.listed.url for each in fresh if watch.expects(each.listed.published, each.page)}.union(undated)
    return BackfillIntake(
        tuple(each.listed for each in fresh if each.listed.url not in expected),
        tuple(each.listed for each in fresh if each.listed.url in expected),
    )


def take_from_index(
    entries: Sequence[IndexEntry], recorded: Sequence[Recueil], since: date, *, hosts: Collection[str], watch: PollCoverage
) -> tuple[BackfillIntake, int]:
    """Sort what the national index has since a day and was never seen, and how many of these lead to hosts that are not requested.

    The index is a week late: what it met before the last good poll is no news that the next one may bring.
    """
    files, ages = KnownFiles(recorded), AgeEstimate(since, dates_of(recorded, entries))
    fresh = [entry for entry in entries if ages.is_since(entry.published, entry.title, entry.url) and entry not in files]
    ours = [entry for entry in fresh if urlsplit(entry.url).netloc in hosts]
    taken: list[ListingEntry] = []
    left: list[ListingEntry] = []
    for entry in ours:
        is_news = entry.crawled_at is not None and entry.crawled_at.date() > watch.until
        expected = is_news or watch.expects(entry.published, None)
        (left if expected else taken).append(ListingEntry(entry.url, entry.title, entry.published))
    return BackfillIntake(tuple(taken), tuple(left)), len(fresh) - len(ours)


def still_to_read(left: Sequence[Recueil], recorded: Sequence[Recueil], since: date) -> list[Recueil]:
    """Return those of the rows left to a backfill that it is about."""
    ages = AgeEstimate(since, dates_of(recorded))
    return [recueil for recueil in left if ages.is_since(recueil.published, recueil.title, recueil.url)]


def dates_of(recorded: Iterable[Recueil], entries: Iterable[IndexEntry] = ()) -> dict[str, date]:
    """Return the dates that are known, by address."""
    dated = {entry.url: entry.published for entry in entries} | {recueil.url: recueil.published for recueil in recorded}
    return {url: day for url, day in dated.items() if day is not None}


class KnownFiles:
    """Describes the files an authority is known to have published: those recorded by their address, and those of detail pages by their
    name."""

    def __init__(self, recorded: Iterable[Recueil]) -> None:
        recorded = tuple(recorded)
        self._urls = {recueil.url for recueil in recorded}
        pages = [recueil for recueil in recorded if recueil.is_detail]
        self._names = {name for page in pages for name in (_name(page.title), _name(name_in(page.url))) if len(name) > SHORTEST_NAME}

    def __contains__(self, entry: IndexEntry) -> bool:
        return entry.url in self._urls or not self._names.isdisjoint({_name(entry.title), _name(name_in(entry.url))})


class AgeEstimate:
    """Decides what may have been published since a day, from its date, else from the years it names, else from when it was uploaded.

    The national platform numbers its files in the order of their upload: what bears a lower number than several that are dated before the
    day is older still.
    """

    def __init__(self, since: date, dates: Mapping[str, date]) -> None:
        """Learn from the files of the same authority: `dates` are those known of files of the same authority, by address."""
        self._since = since
        before = sorted((number for url, day in dates.items() if day < since and (number := _upload(url)) is not None), reverse=True)
        self._first = before[LATE_UPLOADS] if len(before) > LATE_UPLOADS else None

    def is_since(self, published: date | None, title: str, url: str) -> bool:
        """Return whether it counts. What nothing dates does: reading too much loses nothing."""
        if published is not None:
            return published >= self._since
        number = _upload(url)
        if number is not None and self._first is not None and number < self._first:
            return False
        return may_be_since(title, url, self._since)


def _name(text: str) -> str:
    return _NOT_WORD.sub("-", fold(text)).strip("-")


def _upload(url: str) -> int | None:
    found = _UPLOAD.search(url)
    return int(found[1]) if found else None


# Is anything missing? What the national index has of an authority, against what the bot has seen. Pure.


@dataclass(frozen=True, slots=True)
class Audit:
    """Describes one authority: how many recueils the index has, and those never seen, newest first. `is_polled`: polled at least once."""

    authority: Authority
    indexed: int
    missing: tuple[IndexEntry, ...]
    is_polled: bool

    @property
    def seen(self) -> int:
        """Return how many of them the bot saw."""
        return self.indexed - len(self.missing)

    @property
    def share(self) -> float | None:
        """Return the part of them that the bot saw, from 0 to 1; None where the index has none."""
        return self.seen / self.indexed if self.indexed else None

    @property
    def is_gap(self) -> bool:
        """Return whether something is missing that the bot is meant to see."""
        return bool(self.missing) and self.authority.not_covered is None


def audit(
    authority: Authority, entries: Sequence[IndexEntry], recorded: Sequence[Recueil], since: date | None, *, is_polled: bool
) -> Audit:
    """Compare. With `since`, only what is dated since that day counts, and what bears no date but may be as new (see
    `bot.ingest.scope.AgeEstimate`)."""
    files, ages = KnownFiles(recorded), AgeEstimate(since or date.min, dates_of(recorded, entries))
    wanted = [entry for entry in entries if ages.is_since(entry.published, entry.title, entry.url)]
    missing = sorted((entry for entry in wanted if entry not in files), key=_age)
    return Audit(authority, len(wanted), tuple(missing), is_polled)


def _age(entry: IndexEntry) -> tuple[int, int]:
    """Dated ones first, the newest on top; then the others, those met last first."""
    if entry.published is not None:
        return 0, -entry.published.toordinal()
    return 1, -int(entry.crawled_at.timestamp()) if entry.crawled_at is not None else 0
