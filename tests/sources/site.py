"""A site in memory: a `Fetcher` that serves pages, answers conditional requests and remembers what it was asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from sources.model import AnswerHead, Download, FetchError, Gone, Page, Paused, Validators


class MemorySite:
    """`pages` maps canonical addresses to HTML. `redirects` and `failures` apply by address; `asked` lists the requests sent; of `foreign`
    hosts nothing may be fetched. `now`, if given, is the clock by which answers are sent and received.
    """

    def __init__(self, pages: Mapping[str, str], *, conditional: bool = True) -> None:
        self.pages = dict(pages)
        self.redirects: dict[str, str] = {}
        self.failures: dict[str, FetchError] = {}
        self.foreign: tuple[str, ...] = ()
        self.asked: list[str] = []
        self.now: Callable[[], datetime] | None = None
        self._conditional = conditional

    def may_fetch(self, url: str) -> bool:
        return not url.startswith(self.foreign)

    async def page(self, url: str, validators: Validators = Validators()) -> Page:  # noqa: B008 - the protocol's own signature
        failure = self.failures.get(url)
        if not isinstance(failure, Paused):
            self.asked.append(url)
        if failure is not None:
            raise failure
        target = self.redirects.get(url, url)
        if target not in self.pages:
            raise Gone(f"{target}: 404")
        html = self.pages[target]
        current = Validators(etag=f"{hash(html):x}") if self._conditional else Validators()
        if validators.etag is not None and validators == current:
            return Page(target, "", current, unchanged=True, head=self.head(target, 304))
        return Page(target, html, current, head=self.head(target, 200))

    def head(self, url: str, status: int) -> AnswerHead | None:
        """Of an answer, at once."""
        return None if self.now is None else AnswerHead(url, self.now(), self.now(), status)

    async def download(self, url: str, target: Path) -> Download:
        raise AssertionError(f"the crawler downloads nothing: {url} to {target}")

    async def is_replaced(self, url: str, since: datetime, size: int) -> bool:
        raise AssertionError(f"the crawler requests no file again: {url}")

    def forget(self) -> None:
        """Start counting anew."""
        self.asked.clear()
