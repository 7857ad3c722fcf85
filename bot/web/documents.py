"""Define what the public pages are made of: a request in, a document out. Values only: nothing here opens, waits or reads a clock."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote, urlencode, urlsplit

from bot.domain.acts import Decree, Place
from bot.domain.health import Overview
from bot.messages.words import Language
from bot.queries.dossier import DossierInput
from bot.queries.questions import Questions
from bot.storage.browsing import Browsing
from bot.storage.decrees import Decrees
from bot.web.pictures import PagePictures

_NONE: Mapping[str, str] = MappingProxyType({})

HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Preview:
    """Holds what a page says in its picture: `label` and `look` of its state, if it has one, title and a sentence."""

    title: str
    text: str
    label: str | None = None
    look: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """Holds the answer to a request. `media_type`: the whole Content-Type. `changes_at` (aware): when it expires though nothing was stored
    (a standing changes, a day ends in some time zone). With `file` that file is the content, replaced whole, and
    `body` is empty. With `later` only the document it returns counts; slow, raises StorageError. `preview`: what its picture says."""

    body: bytes
    media_type: str = HTML
    status: int = 200
    changes_at: datetime | None = None
    headers: Mapping[str, str] = field(default_factory=dict, hash=False)
    file: Path | None = None
    later: Callable[[], Awaitable[Document]] | None = None
    preview: Preview | None = None


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Describes one request. `path`: the route's, without language; `parameters`: the names in its pattern; `query`: the parameters after
    the question mark, for a route that is not `strict` only its own names, each once. `at`: now, aware."""

    path: str
    parameters: Mapping[str, str]
    query: Mapping[str, str]
    language: Language
    at: datetime


LICENCES: Mapping[str, str] = MappingProxyType(
    {
        "etalab-2.0": "Licence Ouverte 2.0, https://www.etalab.gouv.fr/licence-ouverte-open-licence/",
        "ODbL-1.0": "Open Database License 1.0, https://opendatacommons.org/licenses/odbl/1-0/",
        "CC-BY-4.0": "Creative Commons BY 4.0, https://creativecommons.org/licenses/by/4.0/",
        "CC0-1.0": "Creative Commons CC0 1.0, https://creativecommons.org/publicdomain/zero/1.0/",
    }
)
"""The licences of data by their SPDX identifiers."""


OF_TOPICS = re.compile(r"/(?!arretes/|style-|icone|api/|donnees|apropos|mentions|accessibilite|sources)")
"""Paths at which something else is where a topic is chosen."""


@dataclass(frozen=True, slots=True)
class SiteSettings:
    """Holds the operator's settings, empty if unset. `public_url`: address without final slash; its path precedes every link. `telegram`:
    bot's name (`vigie_bot`); `mastodon`: account's page; `lists`: mailing lists by department; `licence`: SPDX identifier; `contact`;
    `mentions`: legal notice, with empty lines between paragraphs. `files`: a site of files, whose list
    pages are in the path. `topic`: the one that is chosen."""

    name: str = "Vigie"
    public_url: str = ""
    telegram: str = ""
    mastodon: str = ""
    lists: Mapping[str, str] = field(default_factory=dict, hash=False)
    licence: str = ""
    contact: str = ""
    mentions: str = ""
    files: bool = False
    topic: str = ""

    @property
    def licence_name(self) -> str:
        """Return what the licence is called, with the address of its text; empty where none is given."""
        return LICENCES.get(self.licence, self.licence)

    def href(self, path: str, language: Language = "fr", query: Mapping[str, object] = _NONE) -> str:
        """Return the address of a page on this site, from its root: `/communes/26198`, in English `/en/communes/26198`."""
        twin = "/en" if language == "en" else ""
        if self.files and "page" in query:
            path = f"{path.rstrip('/')}/page-{query['page']}"
            query = {name: value for name, value in query.items() if name != "page"}
        if self.topic and OF_TOPICS.match(path):
            query = {**query, "topic": self.topic}
        return f"{urlsplit(self.public_url).path}{twin}{quote(path)}" + (f"?{urlencode(query)}" if query else "")

    def address(self, path: str, language: Language = "fr", query: Mapping[str, object] = _NONE) -> str:
        """Return the whole address of a page, for feeds and canonical links; as `href` where the site's own address is not given."""
        parts = urlsplit(self.public_url)
        return (f"{parts.scheme}://{parts.netloc}" if parts.netloc else "") + self.href(path, language, query)


@dataclass(frozen=True, slots=True)
class SiteContext:
    """Holds what pages are made from. Synchronous; errors of the store pass through. `revision` returns a number that differs once anything
    shown of decrees has changed."""

    questions: Questions
    decrees: Decrees
    browsing: Browsing
    overview: Callable[[], Overview]
    places: Mapping[str, Place]
    revision: Callable[[], int]
    settings: SiteSettings
    open_data: Callable[[str], Path | None] | None = None
    """Returns the newest file of a name, None while there is none; None where no files are made."""
    pictures: PagePictures | None = None
    """None where decrees are shown without pictures."""
    dossier: Callable[[Decree, str], DossierInput] | None = None
    """Returns what is stored of a decree for its dossier, given its address; None where none are made."""

    @property
    def departments(self) -> list[str]:
        """Return the codes of the departments that have an authority of their own, in order."""
        return sorted(code for code, place in self.places.items() if not place.territory)

    def of(self, topic: str) -> SiteContext:
        """Return the same site, of the decrees of one topic alone."""
        of_topic = replace(self.settings, topic=topic)
        return replace(
            self, questions=self.questions.of(topic), decrees=self.decrees.of(topic), browsing=self.browsing.of(topic), settings=of_topic
        )


Parameters = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Route:
    """Connects the addresses of a pattern (`/communes/{code}`) with their documents. `query`: its parameters; others are ignored, but a
    `strict` route gets all, to refuse them. `listed` yields the parameters of the pages in a site of files; None: no page, or without
    parameters the page itself unless `dynamic`. `twins`: there is an English page under `/en`."""

    pattern: str
    make: Callable[[SiteContext, PageRequest], Document]
    listed: Callable[[SiteContext], Iterable[Parameters]] | None = None
    query: frozenset[str] = frozenset()
    strict: bool = False
    dynamic: bool = False
    twins: bool = True

    def paths(self, site: SiteContext) -> Iterator[str]:
        """Yield the paths of the pages that a site of files has, in French."""
        if not self.dynamic and "{" not in self.pattern:
            yield self.pattern
        elif not self.dynamic and self.listed is not None:
            yield from (self.pattern.format(**parameters) for parameters in self.listed(site))
