"""What can go wrong above a single request."""

from __future__ import annotations

from sources.model import FetchError


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
