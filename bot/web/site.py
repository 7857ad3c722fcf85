"""Answer an address: find its route, normalise what was asked, make the document. The same for the server and for a site of files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from re import Pattern
from types import MappingProxyType
from urllib.parse import parse_qsl

from starlette.routing import compile_path

from bot.messages import Language
from bot.web.api import API
from bot.web.documents import Document, Route, Site, Visit
from bot.web.open_data import OPEN_DATA
from bot.web.pages import PAGES
from bot.web.rendering import missing, style, style_path
from bot.web.subscriptions import FEEDS

LONGEST_PATH = 300
"""Bytes of a path; no page has a longer one."""
LONGEST_QUERY = 600
"""Bytes of what follows the question mark: a search of 200 characters, each of which may take three."""
_MOST_PARAMETERS = 20


def _style(_site: Site, _visit: Visit) -> Document:
    return Document(style(), "text/css; charset=utf-8", headers={"Cache-Control": "public, max-age=31536000, immutable"})


@cache
def routes() -> tuple[Route, ...]:
    """Return every route of the site, in the order in which they are tried."""
    return (*PAGES, *FEEDS, *OPEN_DATA, *API, Route(style_path(), _style, twins=False))


@cache
def _compiled() -> tuple[tuple[Pattern[str], Route], ...]:
    return tuple((compile_path(route.pattern)[0], route) for route in routes())


@dataclass(frozen=True, slots=True)
class Address:
    """Describes what an address means: a route and its parameters, None where no page has this address."""

    route: Route | None
    path: str
    parameters: Mapping[str, str]
    query: tuple[tuple[str, str], ...]
    language: Language

    @property
    def key(self) -> tuple[str, tuple[tuple[str, str], ...], str]:
        """Return the same value for all addresses of one document."""
        return self.path, self.query, self.language


def address_of(path: str, query: str) -> Address:
    """Return what an address means. `path` is without percent signs, `query` as it was sent.

    Of a parameter that is given twice the first counts; those that a page does not take are left out, unless its route is strict.
    """
    language, inner = _language(path)
    for pattern, route in _compiled():
        found = pattern.match(inner)
        if found is not None and (route.twins or language == "fr"):
            return Address(route, inner, found.groupdict(), _normalised(route, query), language)
    return Address(None, inner, {}, (), language)


def _language(path: str) -> tuple[Language, str]:
    return ("en", path.removeprefix("/en")) if path.startswith("/en/") else ("fr", path)


def _normalised(route: Route, query: str) -> tuple[tuple[str, str], ...]:
    given: dict[str, str] = {}
    # What cannot be text is not text: it becomes the sign for that, and is found nowhere.
    for name, value in parse_qsl(query, keep_blank_values=True, errors="replace")[:_MOST_PARAMETERS]:
        if route.strict or name in route.query:
            given.setdefault(name, value)
    return tuple(sorted(given.items()))


def visit_to(address: Address, at: datetime) -> Visit:
    """Return the visit that a page function gets."""
    return Visit(address.path, MappingProxyType(dict(address.parameters)), MappingProxyType(dict(address.query)), address.language, at)


def respond(site: Site, address: Address, at: datetime) -> Document:
    """Return the document of an address at this time (aware); a page that says so where there is none. What the store raises passes
    through."""
    visit = visit_to(address, at)
    return missing(site, visit) if address.route is None else address.route.make(site, visit)
