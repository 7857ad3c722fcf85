"""A site that changes from one dated step to the next, and what the poll of each step must find."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from sources.catalogue.authority import Source
from tests.sources.markup import HOST, ROOT, grey_card
from tests.sources.poller import AUGUST, JULY, YEAR, Poller, cards, file_urls, files, source
from tests.sources.site import MemorySite


@dataclass(frozen=True)
class To:
    """A redirect."""

    url: str


Changes = Mapping[str, str | To | None]
"""By address: the page as it is now, a redirect, or None for a page that is gone."""

SAME: Changes = {}
BY_YEAR: Changes = {ROOT: cards(YEAR), YEAR: files(2, 1)}
BY_MONTH: Changes = {ROOT: cards(YEAR), YEAR: cards(JULY, AUGUST), JULY: files(1), AUGUST: files(2)}


def card(url: str, text: str) -> str:
    return grey_card(url.removeprefix(HOST), text)


@dataclass(frozen=True)
class At:
    """One poll: its day, what changed on the site before it, what it lists (numbers of files, or addresses), the requests it takes.

    `then`: the requests of the next poll on the same day, when nothing has changed. `vanished` are the pages that are told to be gone.
    """

    day: str
    changes: Changes
    lists: list[int | str]
    requests: int
    then: int = 1
    moved_to: str | None = None
    emptied: tuple[str, ...] = ()
    vanished: tuple[str, ...] = ()


@dataclass(frozen=True)
class Case:
    """What happens, on which site, step by step."""

    name: str
    steps: tuple[At, ...]
    source: Source = field(default_factory=source)

    def __str__(self) -> str:
        return self.name


def case(name: str, *steps: At, source: Source | None = None) -> Case:
    return Case(name, steps, source) if source is not None else Case(name, steps)


async def play(case: Case) -> None:
    """Poll step by step, and once more after each: that poll must find nothing new and still say what is wrong."""
    site = MemorySite({})
    poll = Poller(site, case.source)
    for step in case.steps:
        _change(site, step.changes)
        crawl = await poll(date.fromisoformat(step.day))
        expected = [entry if isinstance(entry, str) else file_urls(entry)[0] for entry in step.lists]
        assert tuple(str(error) for error in crawl.unread) == tuple(f"{url}: 404" for url in step.vanished), f"{step.day}: {site.asked}"
        told = (sorted(entry.url for entry in crawl.listed), crawl.requests, crawl.moved_to, crawl.emptied)
        assert told == (sorted(expected), step.requests, step.moved_to, step.emptied), f"{step.day}: {site.asked}"
        again = await poll(date.fromisoformat(step.day))
        assert [str(error) for error in again.unread] == [f"{url}: 404" for url in step.vanished], f"{step.day}, again: {site.asked}"
        told_again = (again.unchanged, again.requests, again.moved_to, again.emptied)
        assert told_again == (True, step.then, step.moved_to, step.emptied), f"{step.day}, again: {site.asked}"


def _change(site: MemorySite, changes: Changes) -> None:
    for url, change in changes.items():
        site.pages.pop(url, None)
        site.redirects.pop(url, None)
        if isinstance(change, To):
            site.redirects[url] = change.url
        elif change is not None:
            site.pages[url] = change
