"""Addresses and what stands there, written when asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar


@dataclass(frozen=True, slots=True)
class Redirect:
    """The page is elsewhere on the site, at `path`."""

    path: str


Page = Callable[[], str]

Pages = dict[str, Page | Redirect]
"""Canonical addresses without the origin (`/Publications/RAA`) -> HTML, or where it is."""

PAGE_LENGTH = 10
"""Rows on a page of a list with a pager, on every platform here."""

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Content:
    """What a page holds (a function of the page's number, from 1, and how many pages it fills), and the pages below it."""

    blocks: Callable[[int], str]
    below: Pages
    length: int = 1


def chunks(rows: Sequence[Row]) -> list[Sequence[Row]]:
    """The rows of each page; an empty list has one empty page."""
    return [rows[start : start + PAGE_LENGTH] for start in range(0, len(rows), PAGE_LENGTH)] or [[]]
