"""Reads the site of the préfecture de police de Paris (Drupal): HTML -> links. Pure. Each decree is one entry, in its own block; title and
date of publication are inside the link to the file, and dates in the title are those of the event."""

from __future__ import annotations

import re
from datetime import date
from itertools import islice
from urllib.parse import urlsplit

from bs4 import Tag

from sources.model import ListingEntry
from sources.pages.links import (
    MAX_LINKS,
    MAX_SPANS,
    MAX_TITLE,
    PageLinks,
    ancestors,
    attribute,
    by_page_number,
    classes,
    name_in,
    parse,
    shown_title,
    tags_in,
    text_of,
)
from sources.text import canonical, find_date

_BLOCK = "block-decree-list-block"
_DECREE = "node--type--tc13-decree"
_DATE_FIELD = "field--type-datetime"
_DATE = re.compile(r"\d{1,2}/\d{1,2}/\d{4}")
_DATE_AT_AN_END = re.compile(rf"^{_DATE.pattern}\s*|\s*{_DATE.pattern}$")


def read(html: str | bytes, url: str) -> PageLinks:
    """Return the links of the page at canonical address `url`: none at all where neither the block nor a decree is on it."""
    soup = parse(html, url)
    if soup is None:
        return PageLinks()
    anchors = soup.find_all("a", href=True, limit=MAX_LINKS)
    documents: dict[str, ListingEntry] = {}
    for anchor in anchors:
        target = canonical(url, attribute(anchor, "href"))
        if target is None:
            continue
        if (content := _decree(anchor, target)) is not None:
            documents.setdefault(target, ListingEntry(target, _title(content) or name_in(target), _published(content)))
    return PageLinks(tuple(documents.values()), pager=by_page_number(anchors, url))


def _decree(anchor: Tag, target: str) -> Tag | None:
    """Return the tag that shows the decree of a link: the link, or the entry around it. None for any other link."""
    around = list(ancestors(anchor))
    entry = next((tag for tag in around if _DECREE in classes(tag)), None)
    if entry is not None and len(list(islice(tags_in(entry, "a"), 2))) == 1:
        return entry
    if any(_DECREE in classes(tag) for tag in tags_in(anchor)):
        return anchor
    in_list = entry is not None or any(attribute(tag, "id").startswith(_BLOCK) for tag in around)
    return anchor if in_list and urlsplit(target).path.lower().endswith(".pdf") else None


def _title(content: Tag) -> str | None:
    titles = (shown_title(span) for span in islice(tags_in(content, "span"), MAX_SPANS))
    title = next((title for title in titles if title and not _DATE.fullmatch(title)), None)
    return title or _DATE_AT_AN_END.sub("", text_of(content))[:MAX_TITLE].rstrip() or None


def _published(content: Tag) -> date | None:
    fields = (tag for tag in tags_in(content) if _DATE_FIELD in classes(tag))
    return next((found for field in fields if (found := find_date(text_of(field)))), None)
