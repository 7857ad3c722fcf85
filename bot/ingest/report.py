"""What is asked of a backfill, how far it is, and what it did."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date

from bot.domain.records import Recueil
from bot.ingest.results import Harvest
from sources.catalogue.authority import Authority, Source
from sources.crawl.history import Trouble


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked: everything published since a day, by the authorities with these codes (None: by all). `announce` queues posts; `limit`
    bounds the recueils read in this run.
    """

    since: date
    announce: bool = False
    limit: int | None = None
    codes: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class SourceListing:
    """The past of one source. `new` were never seen before and taken; `left` are left to the next poll, which must meet them.

    `skipped`: it was listed completely less than a day ago.
    """

    source: Source
    found: int = 0
    new: int = 0
    left: int = 0
    requests: int = 0
    troubles: tuple[Trouble, ...] = ()
    skipped: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether all of it could be listed. A page that the site links and does not have is told, but is no reason to list again."""
        return all(trouble.gone for trouble in self.troubles)


@dataclass(frozen=True, slots=True)
class FromIndex:
    """What the national index knew of one authority and was never seen. `elsewhere` leads to hosts that are not in the catalogue."""

    authority: str
    new: int
    left: int
    elsewhere: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a backfill is. `done` were read or tried, `waiting` are known to be left; more come as sources are listed."""

    listed: int = 0
    sources: int = 0
    done: int = 0
    waiting: int = 0
    decrees: int = 0
    doing: str = ""


@dataclass(frozen=True, slots=True)
class BackfillReport:
    """What a backfill did. `read` counts recueils, `resolved` the pages that gave their files, `elsewhere` what another backfill took up,
    `remaining` what `limit` left to the next run. `index_error` tells why there is no national index.
    """

    wanted: Wanted
    listings: tuple[SourceListing, ...]
    index: tuple[FromIndex, ...]
    index_error: str | None
    not_covered: tuple[Authority, ...]
    harvest: Harvest
    read: int
    resolved: int
    elsewhere: int
    remaining: int

    @property
    def ok(self) -> bool:
        """Whether nothing is missing for a failure. What a site has taken away is told, and is no failure."""
        listed = all(listing.is_complete for listing in self.listings)
        return listed and self.index_error is None and all(unread.gone for unread in self.harvest.unread)


@dataclass(slots=True)
class Tally:
    """What has been done so far; `told` is called at each step."""

    wanted: Wanted
    told: Callable[[Progress], None]
    sources: int
    listings: list[SourceListing] = field(default_factory=list)
    index: list[FromIndex] = field(default_factory=list)
    harvest: Harvest = field(default_factory=Harvest)
    begun: int = 0
    done: int = 0
    read: int = 0
    resolved: int = 0
    elsewhere: int = 0
    remaining: int = 0
    waiting: int = 0

    def tell(self, doing: str) -> None:
        """Tell how far it is. `doing` says what is being done."""
        self.told(Progress(len(self.listings), self.sources, self.done, self.waiting, len(self.harvest.decrees), doing))

    def found(self, left: Sequence[Recueil]) -> None:
        """These are to be read. Detail pages are not counted: their files will be."""
        self.waiting += sum(not recueil.is_detail for recueil in left)

    def may_begin(self, recueil: Recueil) -> bool:
        """Whether one more may be taken up; it is then counted."""
        if self.wanted.limit is not None and self.begun >= self.wanted.limit:
            self.remaining += 1
            self.waiting -= not recueil.is_detail
            return False
        self.begun += not recueil.is_detail
        return True

    def ended(self, recueil: Recueil, harvest: Harvest | None) -> None:
        """What one gave; None where another backfill had taken it up."""
        if harvest is None:
            self.elsewhere += 1
        else:
            self.harvest += harvest
            self.read += not (recueil.is_detail or harvest.unread)
            self.resolved += recueil.is_detail and not harvest.unread
        self.done += not recueil.is_detail
        self.waiting -= not recueil.is_detail
        self.tell(recueil.authority)

    def report(self, authorities: Sequence[Authority], index_error: str | None) -> BackfillReport:
        """All of it, at the end, in the order of the authorities."""
        sources = {source.key: place for place, source in enumerate(source for each in authorities for source in each.sources)}
        codes = {authority.code: place for place, authority in enumerate(authorities)}
        return BackfillReport(
            wanted=self.wanted,
            listings=tuple(sorted(self.listings, key=lambda listing: sources[listing.source.key])),
            index=tuple(sorted(self.index, key=lambda each: codes[each.authority])),
            index_error=index_error,
            not_covered=tuple(authority for authority in authorities if not authority.sources),
            harvest=self.harvest,
            read=self.read,
            resolved=self.resolved,
            elsewhere=self.elsewhere,
            remaining=self.remaining,
        )
