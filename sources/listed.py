"""One entry of a listing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum, auto


class Origin(Enum):
    """On what kind of page an entry was found, which decides whether it is news when nobody has seen it before."""

    CURRENT = auto()  # a page that polls read, or one that has just opened
    FIRST_READ = auto()  # a page that was there before the polls began, and that could not be read until now
    PAST = auto()  # a list of the past that no poll has read, taken because there is no current one


@dataclass(frozen=True, slots=True)
class Listed:
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
