"""The edge to the web, as the crawler sees it: a few methods, values in and out, errors that say what happened.

`sources.http.client` has the real implementation; tests give the crawler one that serves pages from memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum, auto
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Validators:
    """What a server gave to ask "has it changed?": the raw `ETag` and `Last-Modified` header values."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One HTML page. `url` is the canonical address after redirects; `unchanged` means HTTP 304 (then `html` is empty)."""

    url: str
    html: str
    validators: Validators = Validators()
    unchanged: bool = False


@dataclass(frozen=True, slots=True)
class Download:
    """One file on disk. `url` is the canonical address after redirects, `size` is in bytes, `sha256` is of the content (64 hex digits)."""

    url: str
    path: Path
    size: int
    sha256: str


class FetchError(Exception):
    """A request that gave nothing usable. The message is for an operator: it names the address and the cause, never a secret."""

    retry_after: float | None = None
    """Seconds the server asked us to wait, where it said so."""

    is_of_site = True
    """Whether the fault may be the site's own. False where its whole address is at fault, or this machine has no network: then it is no
    reason to ask the site less often."""


class Unreachable(FetchError):
    """No answer: name not found, refused, timed out, connection closed."""


class Paused(FetchError):
    """Not asked at all: the address is resting after failures in a row (`retry_after` says for how long)."""

    is_of_site = False


class FetchRefused(FetchError):
    """The server answered that it will not serve us: 401, 403, 429, 5xx."""


class Blocked(FetchError):
    """A block or challenge page came instead of the real one (it may carry status 200)."""


class UnderMaintenance(FetchError):
    """The site says that it is under maintenance, in place of the page and whatever the status."""


class Gone(FetchError):
    """404 or 410: the page has moved or is no more."""


class Unusable(FetchError):
    """An answer that is not what was asked for: wrong type, not a PDF, too large, redirected out of the catalogue, unsafe address."""


class MovedAway(Unusable):
    """Redirected to a site that is not in the catalogue."""


class NeedsBrowser(FetchError):
    """The site serves only real browsers, and there is none: not asked at all. The message says what to install."""


class Fetcher(Protocol):
    """Fetches pages and files of the catalogue's hosts. Every method that asks may raise any `FetchError`."""

    def may_fetch(self, url: str) -> bool:
        """Whether a canonical address is on a host that may be asked."""
        ...

    async def page(self, url: str, validators: Validators = Validators()) -> Page:
        """Fetch an HTML page, conditionally when validators are given."""
        ...

    async def download(self, url: str, target: Path) -> Download:
        """Fetch a PDF to `target`, written only when whole."""
        ...


# What can go wrong above a single request.


class LayoutChanged(FetchError):
    """Pages came, but not as the catalogue describes them: no way to a listing, no document where one must be.

    A source that yields nothing is failing, not quiet.
    """


class Emptied(LayoutChanged):
    """A page that always had recueils has none any more, though it is still there: a new month may be empty, a known list may not."""


class CrawlFailed(Exception):
    """A poll that did not end. `cause` says why; `requests` counts the page requests made before it (never negative)."""

    def __init__(self, cause: FetchError, requests: int) -> None:
        super().__init__(str(cause))
        self.cause = cause
        self.requests = requests


class CatalogueError(Exception):
    """A file of the catalogue is wrong. `problems` has one line each: `26-drome.toml:7: sources[0].root: must be an https URL`."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


# One entry of a listing.


class Origin(Enum):
    """On what kind of page an entry was found, which decides whether it is news when nobody has seen it before."""

    CURRENT = auto()  # a page that polls read, or one that has just opened
    FIRST_READ = auto()  # a page that was there before the polls began, and that could not be read until now
    PAST = auto()  # a list of the past that no poll has read, taken because there is no current one


@dataclass(frozen=True, slots=True)
class ListingEntry:
    """A recueil as a listing shows it.

    `url` is canonical (absolute, https, percent-encoded one way only). When `is_detail` is true it is an HTML page that
    holds the PDF links, else the PDF itself. `published` is the date the listing shows, None where it shows none.
    `origin` is set by a poll.
    """

    url: str
    title: str
    published: date | None = None
    is_detail: bool = False
    origin: Origin = Origin.CURRENT
