"""All the sites of the catalogue at one moment, behind one door: a request in, an answer out."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Protocol
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from sources.catalogue.authority import Authority, Source
from sources.crawl.trail import matches
from sources.text import canonical
from tests.france.elsewhere import SESSION, Moselle, Police, Regions, stranger
from tests.france.national import National, as_it_may_be
from tests.france.pages import Content, Page, Pages, Redirect
from tests.france.paper import pdf
from tests.france.publications import Recueil, publications
from tests.france.words import alternatives, example, spelling
from tests.sources.markup import grey_card

ROBOTS = "User-agent: *\nDisallow: /recherche\nDisallow: /content/search\n"
"""What every site asks of robots, but for those told otherwise."""

_HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a site answers. `headers` come besides Content-Type and Content-Length.

    `pieces`: what comes in the place of the body, in its own time; its length is not announced."""

    status: int
    body: bytes = b""
    content_type: str = _HTML
    headers: tuple[tuple[str, str], ...] = ()
    pieces: Callable[[], AsyncIterator[bytes]] | None = None


class Template(Protocol):
    """How a kind of site writes its pages."""

    def content(self, recueils: Sequence[Recueil]) -> Content: ...

    def address(self, recueil: Recueil) -> str: ...

    def pages(self, path: str, title: str, content: Content) -> Pages: ...


@dataclass(frozen=True, slots=True)
class Branch:
    """What one publisher puts on a site. Several sources may look at it, each with patterns of its own (`only`)."""

    sources: tuple[Source, ...]
    zone: ZoneInfo
    label: str
    recueils: tuple[Recueil, ...]

    def online(self, now: datetime) -> tuple[Recueil, ...]:
        """What is there, in the order in which it came."""
        return self.recueils[: bisect_right(self.recueils, now, key=lambda recueil: recueil.up)]

    def template(self, today: date) -> Template:
        """The site of the day."""
        source = as_it_may_be(self.sources[0])
        path = _path(source.root)
        match source.reader:
            case "moselle":
                return Moselle(source, path)
            case "regions":
                return Regions(source, path, today, self.label)
            case "police":
                return Police(source, path)
        return National(source, spelling(source.root), today, path)


def sparse_before(day: date) -> Callable[[Recueil], bool]:
    """For `is_kept`: of what was published before, one in five."""
    return lambda recueil: recueil.day >= day or recueil.number % 5 == 0


class France:
    """Every source of `authorities`, as its site is at the moment given to `at`.

    A source that needs a browser is served to any client here: what a challenge page does is the client's own tests' business. Of what was
    published only what `is_kept` is there: long lists take long to write and to read.
    """

    def __init__(self, authorities: Mapping[str, Authority], now: datetime, *, is_kept: Callable[[Recueil], bool] = lambda _: True) -> None:
        self.sources = tuple(replace(source, browser=None) for authority in authorities.values() for source in authority.sources)
        self.zones = {source.key: ZoneInfo(authorities[source.authority].time_zone) for source in self.sources}
        self.robots: dict[str, str] = {}
        self._branches = [
            replace(branch, recueils=tuple(filter(is_kept, branch.recueils))) for branch in _branches(self.sources, self.zones)
        ]
        self._by_source = {source.key: branch for branch in self._branches for source in branch.sources}
        self._hosts: dict[str, list[Branch]] = defaultdict(list)
        for branch in self._branches:
            self._hosts[_host(branch.sources[0].root)].append(branch)
        self._templates: dict[tuple[str, date], Template] = {}
        self._shown: dict[str, tuple[object, Pages]] = {}
        self._written: dict[tuple[str, str], tuple[Page, bytes]] = {}
        self.now = now

    @property
    def hosts(self) -> tuple[str, ...]:
        """The names of all sites."""
        return tuple(self._hosts)

    def at(self, now: datetime) -> None:
        """Let time pass, or go back."""
        self.now = now

    def today(self, source: Source) -> date:
        """The authority's own date."""
        return self.now.astimezone(self.zones[source.key]).date()

    def online(self, source: Source, *, since: datetime | None = None) -> tuple[Recueil, ...]:
        """What this source has published so far (after `since`), the oldest first: of a site seen through `only`, what concerns it."""
        branch = self._by_source[source.key]
        template = branch.template(self.today(source))
        return tuple(
            recueil
            for recueil in branch.online(self.now)
            if (since is None or recueil.up > since)
            if not source.only or matches(source.only, recueil.title, _url(source.root, template.address(recueil)))
        )

    def address(self, source: Source, recueil: Recueil) -> str:
        """The canonical address that the source's list links for one of its recueils."""
        key = source.key, self.today(source)
        template = self._templates.get(key) or self._templates.setdefault(key, self._by_source[source.key].template(key[1]))
        return _url(source.root, template.address(recueil))

    def answer(self, host: str, target: str, headers: Mapping[str, str]) -> Answer:
        """What the site `host` answers to a GET of `target` (path and query). Header names are in lower case."""
        if target == "/robots.txt":
            return Answer(200, self.robots.get(host, ROBOTS).encode(), "text/plain")
        if host not in self._hosts:
            return Answer(404, b"no such site", "text/plain")
        url = _url(f"https://{host}/", target)
        if "telechargement/" in url or url.endswith(".pdf") or "doc_file_download" in url:
            return Answer(200, pdf(url), "application/pdf")
        page = self._pages(host).get(url)
        if isinstance(page, Redirect):
            return Answer(302, headers=(("Location", page.path),))
        return Answer(404, b"<h1>Page introuvable</h1>") if page is None else self._page(host, url, page, headers)

    def _page(self, host: str, url: str, page: Page, headers: Mapping[str, str]) -> Answer:
        session: tuple[tuple[str, str], ...] = ()
        if self._hosts[host][0].sources[0].reader == "moselle":
            if not url.endswith("/raa.html") and SESSION not in headers.get("cookie", ""):
                return Answer(200, stranger().encode())
            session = (("Set-Cookie", f"{SESSION}=a1b2c3; path=/"), ("Set-Cookie", "nocache=1"))
        body = self._body(host, url, page)
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        is_known = headers.get("if-none-match") == etag
        return Answer(304 if is_known else 200, b"" if is_known else body, headers=(("ETag", etag), *session))

    def _pages(self, host: str) -> Pages:
        """All addresses of a site, made anew when it published something or the day turned."""
        branches = self._hosts[host]
        state = self._state(host, branches)
        known = self._shown.get(host)
        if known is None or known[0] != state:
            known = self._shown[host] = (state, self._site(host, branches))
        return known[1]

    def _state(self, host: str, branches: Sequence[Branch]) -> object:
        """What the addresses of a site depend on."""
        return [(self.now.astimezone(branch.zone).date(), len(branch.online(self.now))) for branch in branches]

    def _site(self, host: str, branches: Sequence[Branch]) -> Pages:
        roots: dict[str, list[Branch]] = defaultdict(list)
        for branch in branches:
            roots[branch.sources[0].root].append(branch)
        pages: Pages = {}
        for root, publishers in roots.items():
            path = _path(root)
            templates = [(publisher.template(self.now.astimezone(publisher.zone).date()), publisher) for publisher in publishers]
            contents = [template.content(publisher.online(self.now)) for template, publisher in templates]
            pages |= templates[0][0].pages(path, "Recueil des actes administratifs", _side_by_side(contents, _decoys(publishers, path)))
        return {_url(f"https://{host}/", path): page for path, page in pages.items()}

    def _body(self, host: str, url: str, page: Page) -> bytes:
        known = self._written.get((host, url))
        if known is None or known[0] is not page:
            known = self._written[host, url] = (page, page().encode())
        return known[1]


def _branches(sources: Sequence[Source], zones: Mapping[str, ZoneInfo]) -> list[Branch]:
    """Sources with one root look at one site; where they ignore different things, at different publishers of it."""
    roots: dict[str, list[Source]] = defaultdict(list)
    for source in sources:
        roots[source.root].append(source)
    found = []
    for root, sharing in roots.items():
        views: dict[tuple[str, ...], list[Source]] = defaultdict(list)
        for source in sharing:
            views[source.ignore].append(source)
        for ignore, looking in views.items():
            others = [pattern for other in views if other != ignore for pattern in other]
            label = example(others[0]).strip("/-") if others else "Recueils"
            notes = tuple(example(pattern) for source in looking for pattern in source.only)
            recueils = publications(f"{root} {label}", _host(root), zones[looking[0].key], tuple(dict.fromkeys(notes)))
            found.append(Branch(tuple(looking), zones[looking[0].key], label, recueils))
    return found


def _decoys(publishers: Sequence[Branch], path: str) -> str:
    """A card for what the catalogue says to ignore, where no other publisher stands for it."""
    if len(publishers) > 1:
        return ""
    names = [text for source in publishers[0].sources for pattern in source.ignore for text in alternatives(pattern)]
    return "".join(grey_card(f"{path}/{name.strip('/').replace(' ', '-')}", name) for name in names)


def _side_by_side(contents: Sequence[Content], decoys: str) -> Content:
    below: Pages = {}
    for content in contents:
        below |= content.below
    return Content(lambda number: decoys + "".join(content.blocks(number) for content in contents), below, contents[0].length)


@lru_cache(maxsize=1 << 17)
def _url(base: str, target: str) -> str:
    url = canonical(base, target)
    assert url is not None, target
    return url


def _host(url: str) -> str:
    return urlsplit(url).netloc


def _path(url: str) -> str:
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")
