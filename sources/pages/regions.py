"""Reads the sites of regional prefectures (prefectures-regions.gouv.fr, one template): HTML -> links. Pure. A list of news names the years,
a dossier's table of contents the months; both kinds of page link documents, found by address or by the class `link-download`. The anchor of
a month (`/Aout/#titre`) is dropped."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from itertools import islice
from urllib.parse import urlsplit

from bs4 import Tag

from sources.model import ListingEntry
from sources.pages.links import (
    MAX_LINKS,
    MAX_SPANS,
    PageLink,
    PageLinks,
    Pager,
    ancestors,
    attribute,
    by_offset,
    classes,
    name_in,
    parse,
    path_of,
    published,
    shown_title,
    tags_in,
)
from sources.text import canonical, find_date, label_of, same_site

_DOCUMENT = re.compile(r"/irecontenu/telechargement/", re.IGNORECASE)
# Seen where a region's prefix was put before an address that had it already.
_REPEATED_PREFIX = re.compile(r"^(https://[^/]+/([^/]+))(?:/\2)+(?=/irecontenu/)")
_CONTENTS = frozenset({"news-list-title", "sommaire-content", "sommaire-bloc"})
_AROUND = frozenset({"header", "footer", "nav", "aside"})
_PAGER = "pagination"
"""The pager of an index. The `pager` ("page 8/13") of a dossier leads from month to month."""


def read(html: str | bytes, url: str) -> PageLinks:
    """Return the links of the page at canonical address `url`."""
    soup = parse(html, url)
    if soup is None:
        return PageLinks()
    documents: dict[str, Tag] = {}
    loose: dict[str, Tag] = {}
    ways: dict[str, PageLink] = {}
    anchors = soup.find_all("a", href=True, limit=MAX_LINKS)
    for anchor in anchors:
        target = _target(url, anchor)
        if target is None:
            continue
        if _DOCUMENT.search(urlsplit(target).path) or "link-download" in classes(anchor):
            if _inside(anchor, {"article"}):
                _keep(documents, target, anchor)
            elif not _inside(anchor, _AROUND):
                _keep(loose, target, anchor)
        elif _in_contents(anchor) and same_site(target, url) and path_of(target) != path_of(url):
            text = shown_title(anchor) or name_in(target)
            ways.setdefault(target, PageLink(target, text, label_of(target, text).period))
    # Broken markup may close the article before its content. On a page that leads on, files beside the article are no bulletins.
    found = documents or ({} if ways else loose)
    return PageLinks(_as_documents(found, url), ways=tuple(ways.values()), pager=_pager(anchors, url))


def _target(url: str, anchor: Tag) -> str | None:
    target = canonical(url, attribute(anchor, "href"))
    return _REPEATED_PREFIX.sub(r"\1", target) if target is not None else None


def _keep(found: dict[str, Tag], target: str, anchor: Tag) -> None:
    if target not in found or _title(found[target]) is None:
        found[target] = anchor


def _inside(anchor: Tag, names: Set[str]) -> bool:
    return any(parent.name in names for parent in ancestors(anchor))


def _in_contents(anchor: Tag) -> bool:
    return any(attribute(parent, "id") in _CONTENTS or _CONTENTS.intersection(classes(parent)) for parent in ancestors(anchor))


def _title(anchor: Tag) -> str | None:
    """Return the words of its span, which stands beside an image and the size, or of the whole link."""
    return next((title for span in islice(tags_in(anchor, "span"), MAX_SPANS) if (title := shown_title(span))), None) or shown_title(anchor)


def _as_documents(found: dict[str, Tag], url: str) -> tuple[ListingEntry, ...]:
    period = label_of(url, "").period
    year = period.year if period is not None else None
    listed = []
    for target, anchor in found.items():
        title = _title(anchor) or name_in(target)
        # `1er_mars_25`: editors of files shorten the year.
        short = (day for text in (title, name_in(target)) if (day := find_date(text, short_years=True)))
        listed.append(ListingEntry(target, title, published(anchor, target, title, year=year) or next(short, None)))
    return tuple(listed)


def _pager(anchors: Sequence[Tag], url: str) -> Pager:
    """Return the pages by offsets or, should the site number its pages in another way, the next page alone."""
    inside = [anchor for anchor in anchors if any(_PAGER in classes(parent) for parent in ancestors(anchor))]
    pager = by_offset(inside, url)
    if pager.pages:
        return pager
    following = (_target(url, anchor) for anchor in inside if any("next" in classes(parent) for parent in ancestors(anchor)))
    target = next((target for target in following if target is not None and target != url and same_site(target, url)), None)
    return Pager(0, ((0, url), (1, target))) if target is not None else Pager()
