"""List the pages of a site of files: the same documents as a server gives, under names that any static hosting serves. Pure."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

from bot.web.documents import Document, SiteContext, SiteSettings
from bot.web.site import Address, Addresses, respond

_NUMBERED = re.compile(r"(?P<path>.*)/page-(?P<page>[0-9]{1,6})")
_NO_SEGMENT = frozenset({"", ".", ".."})


@dataclass(frozen=True, slots=True)
class SiteFile:
    """Holds one file: its name relative to the folder, with slashes, and what is in it."""

    name: str
    document: Document


@dataclass(frozen=True, slots=True)
class BrokenLink:
    """Describes a link to an address of the site at which a site of files has nothing; `page` is where it stands, None where the site lists
    it itself."""

    page: str | None
    link: str


def files_of(site: SiteContext, table: Addresses, at: datetime) -> Iterator[SiteFile | BrokenLink]:
    """Yield every page that the site lists, and every one to which a page links, as of this time (aware). `site.settings.files` is set.

    What the store raises passes through.
    """
    waiting: deque[tuple[str | None, str]] = deque((None, path) for path in _listed(site, table))
    seen: set[str] = set()
    while waiting:
        page, path = waiting.popleft()
        if path in seen:
            continue
        seen.add(path)
        document = _document(site, table, path, at)
        if document is None:
            # What the operator gives no words for has no page; a page that links to it says so.
            if page is not None:
                yield BrokenLink(page, path)
            continue
        name = _name(path, document)
        if name is None:
            yield BrokenLink(page, path)
            continue
        yield SiteFile(name, document)
        if document.media_type.startswith("text/html"):
            waiting.extend((path, link) for link in _links(document, site.settings))
    yield SiteFile("404.html", respond(site, Address(None, "/", {}, (), "fr"), at))


def _listed(site: SiteContext, table: Addresses) -> Iterator[str]:
    for route in table.routes:
        paths: Iterator[str] = iter(())
        if not route.dynamic and "{" not in route.pattern:
            paths = iter((route.pattern,))
        elif not route.dynamic and route.listed is not None:
            paths = (route.pattern.format(**parameters) for parameters in route.listed(site))
        for path in paths:
            yield path
            if route.twins:
                yield f"/en{path}"


def _document(site: SiteContext, table: Addresses, path: str, at: datetime) -> Document | None:
    if "?" in path:
        return None
    numbered = _NUMBERED.fullmatch(path)
    if numbered is not None:
        root: dict[str, str] = {"": "/", "/en": "/en/"}
        address = table.find(root.get(numbered["path"], numbered["path"]), f"page={numbered['page']}")
    else:
        address = table.find(path)
    if address.route is None or address.route.dynamic:
        return None
    document = respond(site, address, at)
    return document if document.status == 200 else None


def _name(path: str, document: Document) -> str | None:
    """Return the name of the file: a page is the index of its folder. None where no file can bear it."""
    segments = path.strip("/").split("/") if path.strip("/") else []
    if not _NO_SEGMENT.isdisjoint(segments) or any(len(one.encode()) > 200 or "\0" in one for one in segments):
        return None
    return "/".join([*segments, "index.html"] if document.media_type.startswith("text/html") else segments)


def _links(document: Document, settings: SiteSettings) -> Iterator[str]:
    """Yield the paths to which a page links on this site, without its base; one with a question mark has it still."""
    base = urlsplit(settings.public_url)
    found = _LinkParser()
    found.feed(document.body.decode("utf-8"))
    for link in found.links:
        parts = urlsplit(link)
        here = (parts.scheme, parts.netloc) in {("", ""), (base.scheme, base.netloc)}
        if here and parts.path.startswith("/") and parts.path.startswith(base.path):
            yield unquote(parts.path.removeprefix(base.path)) + (f"?{parts.query}" if parts.query else "")


class _LinkParser(HTMLParser):
    """Collects what a page of ours refers to."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []

    def handle_starttag(self, _tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value for name, value in attrs if name in {"href", "src", "action"} and value]
