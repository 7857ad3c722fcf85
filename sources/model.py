"""The edge to the web, as the crawler sees it: a few methods, values in and out, errors that say what happened.

`sources.http.client` has the real implementation; tests give the crawler one that serves pages from memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum, auto
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Validators:
    """Holds what a server gave to request a page only if it has changed: the raw `ETag` and `Last-Modified` header values."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Describes one HTML page. `url` is the canonical address after redirects; `unchanged` means HTTP 304 (then `html` is empty)."""

    url: str
    html: str
    validators: Validators = Validators()
    unchanged: bool = False


@dataclass(frozen=True, slots=True)
class Download:
    """Describes one file on disk. `url` is the canonical address after redirects, `size` is in bytes, `sha256` is of the content (64 hex
    digits)."""

    url: str
    path: Path
    size: int
    sha256: str


class FetchError(Exception):
    """Raised by a request that gave nothing usable. The message is for an operator: it names the address and the cause, never a secret."""

    retry_after: float | None = None
    """Seconds the server wants us to wait, where it said so."""

    is_of_site = True
    """Whether the fault may be the site's own. False where its whole address is at fault, or this machine has no network: then it is no
    reason to poll the site less often."""


class Unreachable(FetchError):
    """Says that no answer came: name not found, refused, timed out, connection closed."""


class Paused(FetchError):
    """Says that nothing was requested: the address is resting after failures in a row (`retry_after` says for how long)."""

    is_of_site = False


class FetchRefused(FetchError):
    """Says that the server answered that it will not serve us: 401, 403, 429, 5xx."""


class Blocked(FetchError):
    """Says that a block or challenge page came instead of the real one (it may carry status 200)."""


class UnderMaintenance(FetchError):
    """Reports that the site says that it is under maintenance, in place of the page and whatever the status."""


class Gone(FetchError):
    """Reports 404 or 410: the page has moved or is no more."""


class Unusable(FetchError):
    """Rejects an answer that is not what was requested: wrong type, not a PDF, too large, redirected out of the catalogue, unsafe
    address."""


class NotAPage(Unusable):
    """Says that a file came in the place of a page."""


class MovedAway(Unusable):
    """Says that the page redirects to a site that is not in the catalogue."""


class NeedsBrowser(FetchError):
    """Says that the site serves only real browsers, and there is none: nothing was requested. The message says what to install."""


class Fetcher(Protocol):
    """Fetches pages and files of the catalogue's hosts. Every method that requests something may raise any `FetchError`."""

    def may_fetch(self, url: str) -> bool:
        """Return whether a canonical address is on a host that may be requested."""
        ...

    async def page(self, url: str, validators: Validators = Validators()) -> Page:
        """Fetch an HTML page, conditionally when validators are given."""
        ...

    async def download(self, url: str, target: Path) -> Download:
        """Fetch a PDF to `target`, written only when whole."""
        ...


class FileFetcher(Fetcher, Protocol):
    """Fetches as a `Fetcher` does, and requests a file again only to see whether it is still the same."""

    async def is_replaced(self, url: str, since: datetime, size: int) -> bool:
        """Return whether the PDF at an address is another than the one of `size` bytes that came at an instant."""
        ...


# What can go wrong above a single request.


class LayoutChanged(FetchError):
    """Says that pages came, but not as the catalogue describes them: no way to a listing, no document where one must be.

    A source that yields nothing is failing, not quiet.
    """


class Emptied(LayoutChanged):
    """Says that a page that always had recueils has none any more, though it is still there: a new month may be empty, a known list may
    not."""


class CrawlFailed(Exception):
    """Ends a poll that could not go on. `cause` says why; `requests` counts the page requests made before it (never negative)."""

    def __init__(self, cause: FetchError, requests: int) -> None:
        super().__init__(str(cause))
        self.cause = cause
        self.requests = requests


class CatalogueError(Exception):
    """Says that files of the catalogue are wrong. `problems` has one line each: `26-drome.toml:7: sources[0].root: must be an https
    URL`."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


# One entry of a listing.


class Origin(Enum):
    """Says on what kind of page an entry was found, which decides whether it is news when nobody has seen it before."""

    CURRENT = auto()  # a page that polls read, or one that has just opened
    FIRST_READ = auto()  # a page that was there before the polls began, and that could not be read until now
    PAST = auto()  # a list of the past that no poll has read, taken because there is no current one


@dataclass(frozen=True, slots=True)
class ListingEntry:
    """Describes a recueil as a listing shows it.

    `url` is canonical (absolute, https, percent-encoded one way only). When `is_detail` is true it is an HTML page that
    holds the PDF links, else the PDF itself. `published` is the date the listing shows, None where it shows none.
    `origin` is set by a poll.
    """

    url: str
    title: str
    published: date | None = None
    is_detail: bool = False
    origin: Origin = Origin.CURRENT
