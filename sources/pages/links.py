"""What a reader of pages gives back: the links of one page sorted by what they lead to, and the pages of its list by their numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from bs4 import Tag

from sources.model import ListingEntry
from sources.pages.markup import attribute
from sources.text.periods import Period
from sources.text.urls import canonical, same_site


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
        """Return what this page lists.

        Where the site links its files, a link to a page is taken for a bulletin only when the page has neither file nor way onward.
        """
        if wants_details or not (self.documents or any(way.period for way in self.ways)):
            return self.documents + self.details
        return self.documents


Reader = Callable[[str | bytes, str], PageLinks]
"""HTML of a page and its canonical address -> its links. Pure; never raises on bad markup."""


OFFSET = re.compile(r"/\(offset\)/(\d+)", re.IGNORECASE)
"""The end of an eZ Publish address: how many items come before the page."""

PAGE_LENGTH = 10
"""Items on one page of a paginated list, on every site of the national platform."""

_PAGE = re.compile(r"(?:^|&)page=([^&]*)")
_NUMBER = re.compile(r"\d+")
_DIGITS = 9


def by_offset(anchors: Iterable[Tag], url: str) -> Pager:
    """Return the pager of the page `url` of a site whose lists go by `/(offset)/10`, from the anchors that may belong to it."""
    current = _offset(url)
    pages: dict[int, str] = {}
    for anchor in anchors:
        target = canonical(url, attribute(anchor, "href"))
        if target is None or not same_site(target, url):
            continue
        if OFFSET.search(target) or (current and path_of(target) == path_of(url)):
            pages.setdefault(_offset(target), target)
    if pages and 0 not in pages and current == 0:
        pages[0] = url
    before = max(current - PAGE_LENGTH, 0)
    if current and not any(before <= offset < current for offset in pages):
        pages[before] = OFFSET.sub(f"/(offset)/{before}" if before else "", url)
    return Pager(current, tuple(sorted(pages.items())))


def by_page_number(anchors: Iterable[Tag], url: str) -> Pager:
    """Return the pager of the page `url` of a site whose lists go by `?page=1`, from the anchors that may belong to it.

    An address without a number is the first page's. Drupal writes the numbers of all lists of a page (`page=0,3`): the last one counts.
    """
    current = _page_number(url) or 0
    pages: dict[int, str] = {}
    for anchor in anchors:
        target = canonical(url, attribute(anchor, "href"))
        if target is None or not same_site(target, url) or path_of(target) != path_of(url):
            continue
        number = _page_number(target)
        if number is not None or current:
            pages.setdefault(number or 0, target)
    if pages:
        pages.setdefault(current, url)
    return Pager(current, tuple(sorted(pages.items())))


def path_of(url: str) -> str:
    """Return the path of a list, the same for all its pages, without a slash at its end."""
    return OFFSET.sub("", urlsplit(url).path).rstrip("/")


def _offset(url: str) -> int:
    match = OFFSET.search(url)
    return int(match[1][:_DIGITS]) if match else 0


def _page_number(url: str) -> int | None:
    match = _PAGE.search(urlsplit(url).query)
    numbers = _NUMBER.findall(match[1].replace("%2C", ",")) if match else []
    return int(numbers[-1][:_DIGITS]) if numbers else None
