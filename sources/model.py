"""Defines what the crawler needs of the web: a few methods, values, errors. `sources.http.client` implements it; tests serve pages from
memory."""

from __future__ import annotations

from dataclasses import dataclass, field
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
class AnswerHead:
    """Describes an answer that came: the address as requested, when the request was sent and the answer received by our clock, the status,
    and the headers `Date`, `Last-Modified` and `ETag`, None where absent."""

    url: str
    asked_at: datetime
    answered_at: datetime
    status: int
    server_date: datetime | None = None
    last_modified: str | None = None
    etag: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Describes one HTML page. `url` is the canonical address after redirects; `unchanged` means HTTP 304 (then `html` is empty)."""

    url: str
    html: str
    validators: Validators = Validators()
    unchanged: bool = False
    head: AnswerHead | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Download:
    """Describes one file on disk. `url` is the canonical address after redirects, `size` in bytes, `sha256` of the content (64 hex
    digits)."""

    url: str
    path: Path
    size: int
    sha256: str
    head: AnswerHead | None = field(default=None, compare=False)


class FetchError(Exception):
    """Raised by a request that gave nothing usable. The message is for an operator: it names the address and the cause, never a secret."""

    retry_after: float | None = None
    """Seconds that the server requests to wait, if any."""

    is_of_site = True
    """Whether the fault may be the site's own. False if its whole address fails or this machine has no network: the site is then polled no
    less often."""


class Unreachable(FetchError):
    """Raised when no answer came: name not found, refused, timed out, connection closed."""


class Paused(FetchError):
    """Raised without a request: the address rests after failures in a row (`retry_after` is for how long)."""

    is_of_site = False


class FetchRefused(FetchError):
    """Raised when the server refuses: 401, 403, 429, 5xx."""


class Blocked(FetchError):
    """Raised when a block or challenge page came instead of the real one (it may carry status 200)."""


class UnderMaintenance(FetchError):
    """Raised when the site says that it is under maintenance, whatever the status."""


class Gone(FetchError):
    """Raised for 404 or 410: the page has moved or is no more."""


class Unusable(FetchError):
    """Raised for an answer other than the requested one: wrong type, not a PDF, too large, redirected out of the catalogue, unsafe
    address."""


class NotAPage(Unusable):
    """Raised when a file came in place of a page."""


class MovedAway(Unusable):
    """Raised when the page redirects to a site that is not in the catalogue."""


class NeedsBrowser(FetchError):
    """Raised without a request when the site serves only browsers and there is none. The message names what to install."""


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
        """Return whether the PDF at an address differs from the one of `size` bytes fetched at an instant."""
        ...


# What can go wrong above a single request.


class LayoutChanged(FetchError):
    """Raised when pages came, but not as the catalogue describes them: no way to a listing, no document where one must be. A source that
    yields nothing is failing, not quiet."""


class Emptied(LayoutChanged):
    """Raised when a page that always had recueils has none, though it is still there: a new month may be empty, a known list may not."""


class CrawlFailed(Exception):
    """Raised when a poll could not go on. `cause` says why; `requests` counts the page requests before it (never negative)."""

    def __init__(self, cause: FetchError, requests: int) -> None:
        super().__init__(str(cause))
        self.cause = cause
        self.requests = requests


class CatalogueError(Exception):
    """Raised for faulty files of the catalogue. `problems` has one line each: `26-drome.toml:7: sources[0].root: must be an https URL`."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


# One entry of a listing.


class Origin(Enum):
    """Classifies the page of an entry, which decides whether an unknown entry is news."""

    CURRENT = auto()  # a page that polls read, or one that has just opened
    FIRST_READ = auto()  # a page that was there before the polls began, and that could not be read until now
    PAST = auto()  # a list of the past that no poll has read, taken because there is no current one


@dataclass(frozen=True, slots=True)
class ListingEntry:
    """Describes a recueil of a listing. `url` is canonical (absolute, https, percent-encoded one way only): of an HTML page with the PDF
    links when `is_detail`, else of the PDF. `published` is the date that the listing shows, if any. `origin` is set by a poll."""

    url: str
    title: str
    published: date | None = None
    is_detail: bool = False
    origin: Origin = Origin.CURRENT
