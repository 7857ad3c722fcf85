"""The steps of one walk: the pages it asks on its way, no more than a layout that is understood takes."""

from __future__ import annotations

from sources.errors import LayoutChanged
from sources.visit import Visited, Visits

MAX_PAGES = 12
"""Pages one walk may read on its way. More means that the layout is not understood."""


class TooManyPages(LayoutChanged):
    """The walk is over: the rest of the way is not asked."""


class Steps:
    """Asks the pages of the way. `met` has those that came, by the address they were asked at."""

    def __init__(self, visits: Visits, root: str) -> None:
        self.met: dict[str, Visited] = {}
        self._visits = visits
        self._root = root
        self._taken = 0

    async def to(self, url: str) -> Visited:
        """A page on the way. Raises `TooManyPages`, `LayoutChanged` where the site gives another page, and any other `FetchError`."""
        page = await self._ask(url)
        if page.links.is_stranger:
            page = await self._ask(url)  # the answer to the first request brought the session
        if page.links.is_stranger:
            raise LayoutChanged(f"{url}: the site gives another page than the one asked for")
        self.met[url] = page
        return page

    async def _ask(self, url: str) -> Visited:
        if not self._visits.has_read(url):
            self._taken += 1
            if self._taken > MAX_PAGES:
                raise TooManyPages(f"no listing found within {MAX_PAGES} pages from {self._root}")
        return await self._visits.page(url)
