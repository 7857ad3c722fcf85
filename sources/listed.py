"""One entry of a listing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Listed:
    """A recueil as a listing shows it.

    `url` is canonical (absolute, https, percent-encoded one way only). When `is_detail` is true it is an HTML page that
    holds the PDF links, else the PDF itself. `published` is the date the listing shows, None where it shows none.
    """

    url: str
    title: str
    published: date | None = None
    is_detail: bool = False
