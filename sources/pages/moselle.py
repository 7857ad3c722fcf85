"""Reads the site of the prefecture of Moselle (mc.moselle.gouv.fr, on DIMS): HTML -> links. Pure.

It publishes one row per act, and a list of bulletins. Without the cookie of `raa.html` it answers 200 with an unrelated page. Rows are read
in markup order, never by nesting: each ends with `<tr>` in place of `</tr>`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from bs4 import BeautifulSoup, Tag
from bs4.element import NavigableString

from sources.model import ListingEntry
from sources.pages.links import (
    MAX_LINKS,
    MAX_TITLE,
    PageLink,
    PageLinks,
    Pager,
    attribute,
    by_page_number,
    classes,
    name_in,
    nodes_in,
    parse,
    shown_title,
    tags_in,
    text_of,
)
from sources.text import canonical, find_date, fold

_HEADING = "liste des actes publies"
_ENTRY_PAGE = "/raa.html"
_ACTS, _BULLETINS = "raa-acte", "raa_rec"
_LISTS = {
    _ACTS: ("/index.php?op=raa&do=raa-acte", "Liste des actes publiés"),
    # The second question mark is the site's own.
    _BULLETINS: ("/raa.html?adminedit=1?op=raa&do=raa_rec&page=1", "Liste des recueils"),
}
_FILE = "doc_file_download"
_SWITCH = re.compile(r"dims_switchdisplay\(\s*['\"]([\w-]+)")
_ROW_CLASSES = frozenset({"li1", "li2"})
_DATE = re.compile(r"\d{1,2}/\d{1,2}/\d{4}")
_LABEL = "libelle"
_MAX_TAGS = 20 * MAX_LINKS
_NODES_OF_A_CELL = 64


def read(html: str | bytes, url: str) -> PageLinks:
    """Return the links of the page at canonical address `url`. `raa.html` gives the ways to both lists: its own links, else the known
    addresses. Any other page without a list is a stranger: the session is over, or the site has changed."""
    soup = parse(html, url)
    asked = _list_at(url)
    if soup is not None and asked is not None:
        # The title of the list of bulletins was never recorded; its rows open details, those of other lists do not.
        listed = _read_rows(soup, url, must_open=asked == _BULLETINS)
        if _has_heading(soup) if asked == _ACTS else listed:
            return PageLinks(documents=listed, pager=_pager(soup, url, asked))
    return PageLinks(ways=_ways(soup, url), is_stranger=asked is not None or urlsplit(url).path != _ENTRY_PAGE)


def _list_at(url: str) -> str | None:
    """Return which list an address is of."""
    wanted = parse_qs(urlsplit(url).query).get("do", [""])[-1]
    return wanted if wanted in _LISTS else None


def _has_heading(soup: BeautifulSoup) -> bool:
    """Return whether the page is titled as the list of acts; a link of that name is none."""
    return any(
        type(text) is NavigableString
        and _HEADING in " ".join(fold(text).split())
        and not (text.parent is not None and text.parent.name == "a")
        for text in soup.find_all(string=True)
    )


def _ways(soup: BeautifulSoup | None, url: str) -> tuple[PageLink, ...]:
    ways: dict[str, PageLink] = {}
    for anchor in soup.find_all("a", href=True, limit=MAX_LINKS) if soup is not None else ():
        target = canonical(url, attribute(anchor, "href"))
        if target is not None and (wanted := _list_at(target)) is not None:
            ways.setdefault(wanted, PageLink(target, text_of(anchor)[:MAX_TITLE] or _LISTS[wanted][1]))
    for wanted, (address, name) in _LISTS.items():
        target = canonical(url, address)
        if target is not None:
            ways.setdefault(wanted, PageLink(target, name))
    return tuple(ways[wanted] for wanted in _LISTS if wanted in ways)


def _pager(soup: BeautifulSoup, url: str, asked: str) -> Pager:
    anchors = soup.find_all("a", href=True, limit=MAX_LINKS)
    return by_page_number([anchor for anchor in anchors if _list_at(canonical(url, attribute(anchor, "href")) or "") == asked], url)


@dataclass(slots=True)
class _Row:
    """Collects a row: its cells without links, the words that open its details, the id of those details, its file."""

    cells: list[str] = field(default_factory=list)
    opens: bool = False
    reference: str | None = None
    details: str | None = None
    file: str | None = None

    def listed(self, labels: dict[str, str]) -> ListingEntry | None:
        """Return the entry, None for a row without a file. A row that opens nothing is called by its last words."""
        if self.file is None:
            return None
        words = [cell for cell in self.cells if not _DATE.fullmatch(cell)]
        name = self.reference or (words[-1] if words else name_in(self.file))
        label = labels.get(self.details or "")
        published = next((found for cell in self.cells if _DATE.fullmatch(cell) and (found := find_date(cell))), None)
        return ListingEntry(self.file, (f"{name} — {label}" if label else name)[:MAX_TITLE].rstrip(), published)


def _read_rows(soup: BeautifulSoup, url: str, *, must_open: bool) -> tuple[ListingEntry, ...]:
    rows: list[_Row] = []
    labels: dict[str, str] = {}
    details: str | None = None
    names_label = False
    for tag in soup.find_all(["tr", "td", "a", "div"], limit=_MAX_TAGS):
        if tag.name == "tr":
            if _ROW_CLASSES.intersection(classes(tag)):
                rows.append(_Row())
        elif tag.name == "div":
            details = attribute(tag, "id") or details
        elif tag.name == "td":
            text = _text_of_cell(tag)
            if names_label and details and text:
                labels.setdefault(details, text)
            names_label = fold(text).strip(" :") == _LABEL
            if rows and text and next(tags_in(tag, "a"), None) is None:
                rows[-1].cells.append(text)
        elif rows:
            _take_link(rows[-1], tag, url)
    entries: dict[str, ListingEntry] = {}
    for row in rows:
        entry = row.listed(labels) if row.opens or not must_open else None
        if entry is not None:
            entries.setdefault(entry.url, entry)
    return tuple(entries.values())


def _take_link(row: _Row, anchor: Tag, url: str) -> None:
    """Take a link: a row's first one opens its details, the next is its file."""
    href = attribute(anchor, "href")
    if href.strip().lower().startswith("javascript:"):
        switch = _SWITCH.search(attribute(anchor, "onclick"))
        row.opens = True
        row.reference = row.reference or shown_title(anchor)
        row.details = row.details or (switch[1] if switch else None)
        return
    target = canonical(url, href)
    if target is None or row.file is not None:
        return
    query = parse_qs(urlsplit(target).query)
    leads_to_page = any(value.startswith("raa") for value in query.get("op", []) + query.get("do", []))
    if _FILE in query.get("dims_op", []) or (row.opens and not leads_to_page):
        row.file = target


def _text_of_cell(cell: Tag) -> str:
    """Return the text of a cell on one line, empty for a cell that frames a table."""
    return "" if len(list(nodes_in(cell, at_most=_NODES_OF_A_CELL + 1))) > _NODES_OF_A_CELL else text_of(cell)
