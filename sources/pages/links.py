"""What a reader of pages gives back: the links of one page, sorted by what they lead to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from sources.model import ListingEntry
from sources.text.periods import Period


@dataclass(frozen=True, slots=True)
class PageLink:
    """A link that may lead to a listing. `period` is the stretch of time its label announces, None when it announces none."""

    url: str
    text: str
    period: Period | None = None


@dataclass(frozen=True, slots=True)
class Pager:
    """The pages of one list by a number that grows along it: the offset of their first item, or their rank.

    `current` is the page being read. The first page has the lowest number, usually 0.
    """

    current: int = 0
    pages: tuple[tuple[int, str], ...] = ()

    @property
    def next(self) -> str | None:
        """The page after this one."""
        return next((url for offset, url in self.pages if offset > self.current), None)

    @property
    def previous(self) -> str | None:
        """The page before this one."""
        return next((url for offset, url in reversed(self.pages) if offset < self.current), None)

    @property
    def last(self) -> str | None:
        """The last page, when it is not this one."""
        return self.pages[-1][1] if self.pages and self.pages[-1][0] > self.current else None


@dataclass(frozen=True, slots=True)
class PageLinks:
    """The links of one page in page order, each address once.

    `documents` are files; `details` are HTML pages that name one bulletin and hold its files; `ways` are all other links of the content.
    `is_stranger`: the site gave another page than the one asked for, as it does to who comes without its session cookie.
    """

    documents: tuple[ListingEntry, ...] = ()
    details: tuple[ListingEntry, ...] = ()
    ways: tuple[PageLink, ...] = ()
    pager: Pager = field(default_factory=Pager)
    is_stranger: bool = False

    def entries(self, *, wants_details: bool) -> tuple[ListingEntry, ...]:
        """What this page lists.

        Where the site links its files, a link to a page is taken for a bulletin only when the page has neither file nor way onward.
        """
        if wants_details or not (self.documents or any(way.period for way in self.ways)):
            return self.documents + self.details
        return self.documents


Reader = Callable[[str | bytes, str], PageLinks]
"""HTML of a page and its canonical address -> its links. Pure; never raises on bad markup."""
