"""Answers an address: finds its route, normalises the request, makes the document; also the fixed addresses that programs request. The same
for the server and for a site of files, listed here under names that any static hosting serves."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from html.parser import HTMLParser
from http import HTTPStatus
from importlib.resources import files
from itertools import chain
from types import MappingProxyType
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit
from xml.sax.saxutils import escape

from starlette.routing import compile_path

from bot.domain.topics import topics
from bot.messages.words import Language
from bot.web.api import API, problem
from bot.web.documents import Document, PageRequest, Route, SiteContext, SiteSettings
from bot.web.feeds import FEEDS
from bot.web.open_data import OPEN_DATA
from bot.web.pages import PAGES
from bot.web.rendering import missing, style, style_path, web_words

# At fixed addresses: robots.txt, the map of the site, security.txt, and how pages look.

_PART = 2_000
"""Decrees in one part of the map: the protocol allows 50,000 addresses, and one part is to be made within milliseconds."""
_MAP = "application/xml; charset=utf-8"
_TEXT = "text/plain; charset=utf-8"
_NAMESPACES = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:xhtml="http://www.w3.org/1999/xhtml"'
_LISTED = ("/departements/{code}", "/communes/{code}")
_EXPIRES = timedelta(days=180)


def robots(site: SiteContext, _request: PageRequest) -> Document:
    """Return what search engines may request: all but what changes with each question."""
    href = site.settings.href
    closed = (href("/recherche"), href("/recherche", "en"), href("/api/"))
    lines = ("User-agent: *", *(f"Disallow: {path}" for path in closed), "", f"Sitemap: {site.settings.address('/sitemap.xml')}", "")
    return Document("\n".join(lines).encode(), _TEXT)


def site_map(site: SiteContext, _request: PageRequest) -> Document:
    """Return the addresses of the parts of the map: one of pages, and as many of decrees as are needed (https://www.sitemaps.org)."""
    total = site.decrees.recent(1, 0).total
    parts = ["pages", *(f"arretes-{number}" for number in range(1, -(-total // _PART) + 1))]
    rows = "".join(f"<sitemap><loc>{escape(site.settings.address(f'/sitemap-{part}.xml'))}</loc></sitemap>" for part in parts)
    return _xml("sitemapindex", rows)


def map_of_pages(site: SiteContext, _request: PageRequest) -> Document:
    """Return the addresses of all pages but those of decrees, in both languages."""
    mapped = (route for route in PAGES if "{" not in route.pattern or route.pattern in _LISTED)
    return _mapped(site, chain.from_iterable(route.paths(site) for route in mapped))


def map_of_decrees(site: SiteContext, request: PageRequest) -> Document:
    """Return the addresses of some decrees, the newest in the first part."""
    part = request.parameters["part"]
    if not part.isascii() or not part.isdecimal() or not 0 < int(part[:6]) < 10_000:
        return missing(site, request)
    ids = site.browsing.ids(_PART, (int(part) - 1) * _PART)
    return _mapped(site, (f"/arretes/{one}" for one in ids)) if ids else missing(site, request)


def security(site: SiteContext, request: PageRequest) -> Document:
    """Return whom to write to about a weakness of the site (RFC 9116); nothing where the operator gives no address."""
    contact = site.settings.contact
    if not contact:
        return missing(site, request)
    expires = (request.at + _EXPIRES).strftime("%Y-%m-%dT00:00:00Z")
    uri = contact if "://" in contact else f"mailto:{contact}"
    lines = (f"Contact: {uri}", f"Expires: {expires}", "Preferred-Languages: fr, en", "")
    return Document("\n".join(lines).encode(), _TEXT)


def _mapped(site: SiteContext, paths: Iterable[str]) -> Document:
    def row(path: str) -> str:
        french, english = (escape(site.settings.address(path, language), {'"': "&quot;"}) for language in ("fr", "en"))
        twins = "".join(f'<xhtml:link rel="alternate" hreflang="{code}" href="{at}"/>' for code, at in (("fr", french), ("en", english)))
        return "".join(f"<url><loc>{at}</loc>{twins}</url>" for at in (french, english))

    return _xml("urlset", "".join(map(row, paths)))


def _xml(name: str, rows: str) -> Document:
    return Document(f'<?xml version="1.0" encoding="UTF-8"?>\n<{name} {_NAMESPACES}>{rows}</{name}>\n'.encode(), _MAP)


def _style(_site: SiteContext, _request: PageRequest) -> Document:
    return Document(style(), "text/css; charset=utf-8", headers={"Cache-Control": "public, max-age=31536000, immutable"})


def _icon(_site: SiteContext, _request: PageRequest) -> Document:
    icon = files("bot.web").joinpath("icon.svg").read_bytes()
    return Document(icon, "image/svg+xml", headers={"Cache-Control": "public, max-age=604800"})


WELL_KNOWN: tuple[Route, ...] = (
    Route("/robots.txt", robots, twins=False),
    Route("/sitemap.xml", site_map, twins=False),
    Route("/sitemap-pages.xml", map_of_pages, twins=False),
    Route(
        "/sitemap-arretes-{part}.xml",
        map_of_decrees,
        lambda site: ({"part": str(n)} for n in range(1, -(-site.decrees.recent(1, 0).total // _PART) + 1)),
        twins=False,
    ),
    Route("/.well-known/security.txt", security, twins=False),
    Route(style_path(), _style, twins=False),
    Route("/icone.svg", _icon, twins=False),
)

# Addresses of people and programs.

LONGEST_PATH = 300
"""Characters of a path; no page has a longer one."""
LONGEST_QUERY = 2_000
"""Bytes of what follows the question mark: a search of 200 characters, each of which may take nine."""
_MOST_PARAMETERS = 20


@dataclass(frozen=True, slots=True)
class Address:
    """Describes an address: a route and its parameters; None if no page has it, with the one probably `meant`, if any."""

    route: Route | None
    path: str
    parameters: Mapping[str, str]
    query: tuple[tuple[str, str], ...]
    language: Language
    meant: Address | None = None

    @property
    def key(self) -> tuple[object, ...]:
        """Return the same value for all addresses of one document."""
        return self.path, self.query, self.language, self.route is None, None if self.meant is None else self.meant.key

    def request(self, at: datetime) -> PageRequest:
        """Return the request that a page function gets at this time (aware)."""
        return PageRequest(self.path, MappingProxyType(dict(self.parameters)), MappingProxyType(dict(self.query)), self.language, at)


class Addresses:
    """Finds the route of an address, in the order of the table."""

    def __init__(self, table: Iterable[Route]) -> None:
        self.routes = tuple(table)
        self._compiled = [(compile_path(route.pattern)[0], route) for route in self.routes]

    def find(self, path: str, query: str = "") -> Address:
        """Return the route of an address. `path` is without percent signs, `query` as it was sent. Of a repeated parameter the first
        counts; unknown ones are left out, unless the route is strict."""
        found = self._route(path, query)
        if found is not None:
            return found
        # One page for all that are wrong, which shows nothing of the address.
        language: Language = "en" if path.startswith("/en/") else "fr"
        return Address(None, "/", {}, (), language, self._meant(path, query))

    def _route(self, path: str, query: str) -> Address | None:
        language: Language = "en" if path.startswith("/en/") else "fr"
        inner = path.removeprefix("/en") if language == "en" else path
        for pattern, route in self._compiled:
            match = pattern.match(inner)
            if match is not None and (route.twins or language == "fr"):
                return Address(route, inner, match.groupdict(), _normalised(route, query), language)
        return None

    def _meant(self, path: str, query: str) -> Address | None:
        """Return the page of whoever ends its address in another way: `/communes/26198/`, `/en`."""
        other = "/en/" if path == "/en" else path.rstrip("/")
        return None if other == path else self._route(other, query)


@cache
def addresses() -> Addresses:
    """Return the addresses of the site."""
    return Addresses((*PAGES, *FEEDS, *OPEN_DATA, *API, *WELL_KNOWN))


def _normalised(route: Route, query: str) -> tuple[tuple[str, str], ...]:
    given: dict[str, str] = {}
    # What cannot be text is not text: it becomes the sign for that, and is found nowhere.
    for name, value in parse_qsl(query, keep_blank_values=True, errors="replace")[:_MOST_PARAMETERS]:
        if route.strict or name in route.query or (name == "topic" and value in topics()):
            given.setdefault(name, value)
    return tuple(sorted(given.items()))


def fault(site: SiteContext, address: Address, status: int, at: datetime) -> Document:
    """Return what answers an address where the server itself cannot or will not (405, 429, 500, 503 …): a page, of the API a problem."""
    if address.path.startswith("/api/"):
        return problem(HTTPStatus(status), web_words("en")["errors"][str(status)]["text"])
    return missing(site, address.request(at), status=status)


def respond(site: SiteContext, address: Address, at: datetime) -> Document:
    """Return the document of an address at this time (aware), or a page that reports that there is none. Errors of the store pass
    through."""
    if address.meant is not None:
        to = address.meant
        query = f"?{urlencode(to.query)}" if to.query else ""
        return Document(b"", status=308, headers={"Location": site.settings.href(to.path, to.language) + query})
    request, topic = address.request(at), dict(address.query).get("topic", "")
    site = site.of(topic) if topic in topics() else site
    return missing(site, request) if address.route is None else address.route.make(site, request)


# A site of files: the same documents as a server gives. Pure.

_NUMBERED = re.compile(r"(?P<path>.*)/page-(?P<page>[0-9]{1,6})")
_NO_SEGMENT = frozenset({"", ".", ".."})


@dataclass(frozen=True, slots=True)
class SiteFile:
    """Holds one file: its name relative to the folder, with slashes, and what is in it."""

    name: str
    document: Document


@dataclass(frozen=True, slots=True)
class BrokenLink:
    """Describes a link to an address at which a site of files has nothing; `page` contains it, None if the site itself lists the
    address."""

    page: str | None
    link: str


def files_of(site: SiteContext, table: Addresses, at: datetime) -> Iterator[SiteFile | BrokenLink]:
    """Yield every page that the site lists or a page links to, as of this time (aware). Requires `site.settings.files`. Errors of the store
    pass through."""
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
        for path in route.paths(site):
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
