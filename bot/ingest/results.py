"""What became of sources and recueils, as values: for whoever polls, backfills or shows it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from bot.domain.acts import Decree
from bot.domain.health import Cause
from bot.domain.posts import Post
from bot.domain.records import Recueil, UncertainAct
from sources.catalogue.authority import Source
from sources.model import ListingEntry


@dataclass(frozen=True, slots=True)
class Unread:
    """A recueil that was due and could not be fetched or opened; it stays due. `gone`: the site says that it is no longer there."""

    url: str
    error: str
    gone: bool = False


@dataclass(frozen=True, slots=True)
class IngestResult:
    """What one recueil, or many, gave. `unread` tells what could not be read, `incomplete` (canonical URLs) what was read in part, and
    `unfinished` what is still being read in the background. `opened` counts those that were read, wholly or in part."""

    decrees: tuple[Decree, ...] = ()
    uncertain: tuple[UncertainAct, ...] = ()
    posts: tuple[Post, ...] = ()
    unread: tuple[Unread, ...] = ()
    incomplete: tuple[str, ...] = ()
    requests: int = 0
    unfinished: tuple[str, ...] = ()
    opened: int = 0

    def __add__(self, other: IngestResult) -> IngestResult:
        return IngestResult(
            self.decrees + other.decrees,
            self.uncertain + other.uncertain,
            self.posts + other.posts,
            self.unread + other.unread,
            self.incomplete + other.incomplete,
            self.requests + other.requests,
            self.unfinished + other.unfinished,
            self.opened + other.opened,
        )

    def finished(self) -> IngestResult:
        """Return the same, once all that went on in the background has ended and was added."""
        return replace(self, unfinished=())


@dataclass(frozen=True, slots=True)
class BackgroundResult:
    """What a recueil gave that went on in the background."""

    recueil: Recueil
    harvest: IngestResult


@dataclass(frozen=True, slots=True)
class SourceReport:
    """One source in one round. `requests` counts HTTP requests for pages; `new` the recueils taken up for reading; `unfinished` names
    those that are still being read in the background. `unchanged`: the site says that its pages are what they were; nothing is `listed`.

    `cause` is set when the listing itself could not be read, or not wholly.
    """

    source: Source
    error: str | None = None
    requests: int = 0
    listed: tuple[ListingEntry, ...] = ()
    new: int = 0
    incomplete: tuple[str, ...] = ()
    unread: tuple[Unread, ...] = ()
    cause: Cause | None = None
    unfinished: tuple[str, ...] = ()
    unchanged: bool = False
    opened: int = 0

    @property
    def ok(self) -> bool:
        """True when the listing was read and every recueil that was due could be fetched and opened.

        One that the site itself has taken away (`Unread.gone`) is told, but does not make the source a failing one; where there is
        something new and nothing at all could be opened, it does.
        """
        return self.error is None

    def reading(self, harvest: IngestResult, done: Collection[str] = ()) -> SourceReport:
        """Return the report with what became of the recueils that were due, or of those that went on in the background, now `done`."""
        unread, opened = self.unread + harvest.unread, self.opened + harvest.opened
        unfinished = tuple(url for url in self.unfinished if url not in done) + harvest.unfinished
        is_all_gone = self.new > 0 and not opened and not unfinished
        return replace(
            self,
            error=self.error or next((item.error for item in unread if is_all_gone or not item.gone), None),
            requests=self.requests + harvest.requests,
            incomplete=self.incomplete + harvest.incomplete,
            unread=unread,
            unfinished=unfinished,
            opened=opened,
        )
