"""The pages of a list, by the number their addresses carry. Labels and classes (first, next, last) add nothing the numbers do not say."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from bs4 import Tag

from sources.pages.anchors import attribute
from sources.pages.links import Pager
from sources.text.urls import canonical, same_site

OFFSET = re.compile(r"/\(offset\)/(\d+)", re.IGNORECASE)
"""The end of an eZ Publish address: how many items come before the page."""

PAGE_LENGTH = 10
"""Items on one page of a paginated list, on every site of the national platform."""

_PAGE = re.compile(r"(?:^|&)page=([^&]*)")
_NUMBER = re.compile(r"\d+")
_DIGITS = 9


def by_offset(anchors: Iterable[Tag], url: str) -> Pager:
    """The pager of the page `url` of a site whose lists go by `/(offset)/10`, from the anchors that may belong to it."""
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
    """The pager of the page `url` of a site whose lists go by `?page=1`, from the anchors that may belong to it.

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
    """The path of a list, the same for all its pages, without a slash at its end."""
    return OFFSET.sub("", urlsplit(url).path).rstrip("/")


def _offset(url: str) -> int:
    match = OFFSET.search(url)
    return int(match[1][:_DIGITS]) if match else 0


def _page_number(url: str) -> int | None:
    match = _PAGE.search(urlsplit(url).query)
    numbers = _NUMBER.findall(match[1].replace("%2C", ",")) if match else []
    return int(numbers[-1][:_DIGITS]) if numbers else None
