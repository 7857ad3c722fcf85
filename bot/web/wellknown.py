"""Make what programs look for at fixed addresses: robots.txt, the map of the site, security.txt."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from itertools import chain
from xml.sax.saxutils import escape

from bot.web.documents import Document, PageRequest, Route, SiteContext
from bot.web.pages import PAGES
from bot.web.rendering import missing

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
    return _addresses(site, chain.from_iterable(route.paths(site) for route in mapped))


def map_of_decrees(site: SiteContext, request: PageRequest) -> Document:
    """Return the addresses of some decrees, the newest in the first part."""
    part = request.parameters["part"]
    if not part.isascii() or not part.isdecimal() or not 0 < int(part[:6]) < 10_000:
        return missing(site, request)
    ids = site.browsing.ids(_PART, (int(part) - 1) * _PART)
    return _addresses(site, (f"/arretes/{one}" for one in ids)) if ids else missing(site, request)


def security(site: SiteContext, request: PageRequest) -> Document:
    """Return whom to write to about a weakness of the site (RFC 9116); nothing where the operator gives no address."""
    contact = site.settings.contact
    if not contact:
        return missing(site, request)
    expires = (request.at + _EXPIRES).strftime("%Y-%m-%dT00:00:00Z")
    uri = contact if "://" in contact else f"mailto:{contact}"
    lines = (f"Contact: {uri}", f"Expires: {expires}", "Preferred-Languages: fr, en", "")
    return Document("\n".join(lines).encode(), _TEXT)


def _addresses(site: SiteContext, paths: Iterable[str]) -> Document:
    def row(path: str) -> str:
        french, english = (escape(site.settings.address(path, language), {'"': "&quot;"}) for language in ("fr", "en"))
        twins = "".join(f'<xhtml:link rel="alternate" hreflang="{code}" href="{at}"/>' for code, at in (("fr", french), ("en", english)))
        return "".join(f"<url><loc>{at}</loc>{twins}</url>" for at in (french, english))

    return _xml("urlset", "".join(map(row, paths)))


def _xml(name: str, rows: str) -> Document:
    return Document(f'<?xml version="1.0" encoding="UTF-8"?>\n<{name} {_NAMESPACES}>{rows}</{name}>\n'.encode(), _MAP)


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
)
