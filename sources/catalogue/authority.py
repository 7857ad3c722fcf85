"""Reads authorities and their sources from the TOML files of the catalogue, checks them, and finds whose act a number is. Errors name file,
line and key."""

from __future__ import annotations

import difflib
import hashlib
import re
import tomllib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError, ValidationInfo
from pydantic_core import ErrorDetails

from sources.catalogue.toml_lines import line_of
from sources.model import CatalogueError
from sources.text import canonical

_WRITTEN = ("evidence", "checked")
"""Keys that a source must have in a file, though the class has a default."""

READER_NAMES = ("moselle", "national", "police", "regions")
"""The keys of `sources.pages.READERS`, repeated here as that import is slow and judging acts does not need it."""

_STRICT = ConfigDict(extra="forbid", str_strip_whitespace=True)


def _https(url: str) -> str:
    address = canonical(url, url) if url.startswith("https://") else None
    if address is None:
        raise ValueError("must be an https URL")
    return address


def _pattern(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"is not a regular expression: {error}") from error
    return pattern


def _known_reader(reader: str) -> str:
    if reader not in READER_NAMES:
        raise ValueError(f"unknown reader {reader!r}: {_one_of(READER_NAMES)}")
    return reader


def _known_zone(zone: str) -> str:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # a folder of the database ("Europe") is an OSError
        raise ValueError(f"unknown time zone {zone!r}: must be an IANA name such as Europe/Paris") from error
    return zone


def _one_of(names: Sequence[str]) -> str:
    return f"must be {names[0]}" if len(names) == 1 else f"must be one of {', '.join(names)}"


def _of_file(table: Any, info: ValidationInfo) -> Any:
    """Complete a `[[sources]]` table: add its authority's code, and None for each missing required key."""
    if not isinstance(table, dict):
        return table
    if "authority" in table:
        raise ValueError("a source is that of the authority of its file: remove the key `authority`")
    return {**dict.fromkeys(_WRITTEN), **table, "authority": info.data.get("code", "")}


def _with_different_routes(sources: tuple[Source, ...]) -> tuple[Source, ...]:
    routes = [source.route for source in sources]
    for position, route in enumerate(routes):
        if route in routes[:position]:
            raise ValueError(f"two sources have the route {route!r}")
    return sources


def _has_sources_or_says_why_not(authority: Authority) -> Authority:
    if bool(authority.sources) == (authority.not_covered is not None):
        raise ValueError("must have either at least one [[sources]] or `not_covered`, which tells why it has none")
    return authority


Text = Annotated[str, Field(min_length=1)]
Pattern = Annotated[str, Field(min_length=1), AfterValidator(_pattern)]
Host = Annotated[str, Field(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$")]
Code = Annotated[str, Field(pattern=r"^[0-9A-Z]+(-[0-9A-Z]+)*$")]
PathName = Annotated[str, Field(pattern=r"^[a-z0-9_-]*$")]
Prefix = Annotated[str, Field(pattern=r"^(\d{2,3}|2[AB]|R\d{2}|[A-Z]{3})$")]
Level = Literal[
    "section-card", "year-card", "year-select", "year-link", "period-card", "category-card", "month-card", "month-link", "session"
]
Listing = Literal[
    "download-list", "card-pdf", "card-detail", "downloads-group", "select-detail", "plain-links", "plain-links-detail", "custom", "unknown"
]
Order = Literal["newest-first", "oldest-first", "one-page", "unknown"]
"""Where new entries appear: on the first page, on the last, on the only one, or not known (then at both ends)."""

_DETAIL_LISTINGS = frozenset({"card-detail", "select-detail", "plain-links-detail", "unknown"})


@dataclass(frozen=True, slots=True)
class Browser:
    """Holds what a browser needs to show a source: the CSS selector of an element that its real pages have and no challenge page has, and
    the hosts besides the site's own that its scripts may come from."""

    __pydantic_config__ = _STRICT

    wait_for: Text
    script_hosts: tuple[Host, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """Describes one way to an authority's publications: a `[[sources]]` table. `root`: canonical address of the first page; `navigation`:
    levels below it; `listing`: kind of list. Patterns (in address or text, any case): `follow` for links without a period, `ignore` for
    links to leave aside, `only` for the entries that count. `unverified`: no page seen yet. `browser`: only browsers are served."""

    __pydantic_config__ = _STRICT

    authority: str
    route: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
    reader: Annotated[str, AfterValidator(_known_reader)]
    root: Annotated[str, AfterValidator(_https)]
    order: Order
    listing: Listing
    navigation: tuple[Level, ...] = ()
    follow: tuple[Pattern, ...] = ()
    ignore: tuple[Pattern, ...] = ()
    only: tuple[Pattern, ...] = ()
    browser: Browser | None = None
    unverified: bool = False
    notes: tuple[Text, ...] = ()
    evidence: Text = ""
    checked: date = date.min

    @property
    def key(self) -> str:
        """Return `<authority>:<route>`, as in `26:site`."""
        return f"{self.authority}:{self.route}"

    @property
    def wants_details(self) -> bool:
        """Return whether the list links, or if it was never seen may link, HTML pages that hold the files."""
        return self.listing in _DETAIL_LISTINGS

    @property
    def way(self) -> tuple[object, ...]:
        """Return what decides the crawler's way: sources with the same value read the same pages."""
        return self.reader, self.root, self.order, self.listing, self.follow, self.ignore

    @property
    def fingerprint(self) -> str:
        """A key that changes with the way and with what counts on it, so that no old trail is followed under a new description."""
        return hashlib.sha256(repr((*self.way, self.only)).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Authority:
    """Describes who publishes: a prefecture, the préfecture de police, a region's prefecture; one file. `sources` are in order of
    preference; `not_covered` says why there is none. Numbers of its acts and recueils begin with one of `prefixes` (default: its code).
    `territory`: the departments in which it takes decrees, and in whose recueils it publishes. `madada`: its
    MaDada name."""

    __pydantic_config__ = _STRICT

    code: Code
    name: Text
    department: Text
    time_zone: Annotated[str, AfterValidator(_known_zone)] = "Europe/Paris"
    sources: Annotated[tuple[Annotated[Source, BeforeValidator(_of_file)], ...], AfterValidator(_with_different_routes)] = ()
    not_covered: Text | None = None
    prefixes: tuple[Prefix, ...] = ()
    territory: tuple[Code, ...] = ()
    madada: PathName = ""


_ADAPTER: TypeAdapter[Authority] = TypeAdapter(Annotated[Authority, AfterValidator(_has_sources_or_says_why_not)])


def load_authorities(folder: Path | None = None) -> dict[str, Authority]:
    """Return every authority by code, sorted by file name, from the `*.toml` of `folder` (default: this package's, read once in a process).
    Raises `CatalogueError` with all problems of all files and their lines."""
    return dict(_packaged()) if folder is None else _read_catalogue(folder)


@cache
def _packaged() -> dict[str, Authority]:
    return _read_catalogue(files("sources") / "authorities")


def _read_catalogue(place: Traversable) -> dict[str, Authority]:
    found: dict[str, Authority] = {}
    problems: list[str] = []
    if not place.is_dir():
        raise CatalogueError((f"{place}: no such folder",))
    for file in sorted((file for file in place.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name):
        content = file.read_bytes()
        try:
            authority = read_authority(file.name, content)
        except CatalogueError as error:
            problems.extend(error.problems)
            continue
        if authority.code in found:
            line = line_of(content.decode(), ("code",))
            problems.append(f"{file.name}:{line}: code: {authority.code!r} is already described by another file")
        found.setdefault(authority.code, authority)
    if not found and not problems:
        problems.append(f"{place}: no *.toml file")
    if problems:
        raise CatalogueError(tuple(problems))
    return found


def read_authority(name: str, content: bytes) -> Authority:
    """Check one file. `name` is its file name, which must begin with the code (`26-drome.toml`). Raises `CatalogueError`."""
    try:
        text = content.decode("utf-8")
        values = tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise CatalogueError((f"{name}: must be UTF-8 text ({error.reason} at byte {error.start})",)) from error
    except tomllib.TOMLDecodeError as error:
        raise CatalogueError((_syntax_problem(name, str(error)),)) from error
    try:
        authority = _ADAPTER.validate_python(values)
    except ValidationError as error:
        raise CatalogueError(tuple(_problem(name, text, detail) for detail in error.errors(include_url=False))) from error
    if not name.lower().startswith(f"{authority.code.lower()}-"):
        problem = f"the file name must begin with the code ({authority.code.lower()}-….toml)"
        raise CatalogueError((f"{name}:{line_of(text, ('code',))}: code: {problem}",))
    return authority


def hosts(authorities: Mapping[str, Authority]) -> frozenset[str]:
    """Return the host names of every source: the only ones a client may talk to."""
    return frozenset(urlsplit(source.root).hostname or "" for authority in authorities.values() for source in authority.sources)


INDEX_HOSTS = frozenset({"www.data.gouv.fr", "static.data.gouv.fr", "object.files.data.gouv.fr"})
"""The hosts of data.gouv.fr: its API, the files put on it, and its storage of large ones."""


def browser_hosts(authorities: Mapping[str, Authority]) -> dict[str, Browser]:
    """Return the hosts that need a real browser, each with its needs: any selector of its sources."""
    found: dict[str, Browser] = {}
    for authority in authorities.values():
        for source in authority.sources:
            if source.browser is not None:
                host = urlsplit(source.root).hostname or ""
                found[host] = source.browser if host not in found else _both(found[host], source.browser)
    return found


def _both(one: Browser, other: Browser) -> Browser:
    selectors = one.wait_for if other.wait_for in one.wait_for.split(", ") else f"{one.wait_for}, {other.wait_for}"
    return Browser(selectors, tuple(dict.fromkeys(one.script_hosts + other.script_hosts)))


def _syntax_problem(name: str, message: str) -> str:
    match = re.search(r"^(.*) \(at line (\d+), column \d+\)$", message)
    return f"{name}:{match[2]}: not valid TOML: {match[1]}" if match else f"{name}: not valid TOML: {message}"


def _problem(name: str, text: str, detail: ErrorDetails) -> str:
    path = detail["loc"]
    line = line_of(text, path)
    where = name if line is None else f"{name}:{line}"
    dotted = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")
    return ": ".join(part for part in (where, dotted, _explained(detail, path)) if part)


def _explained(detail: ErrorDetails, path: tuple[str | int, ...]) -> str:
    if detail["type"] == "missing" or detail["input"] is None:  # TOML has no null: `_of_file` wrote it
        return "is missing"
    if detail["type"] == "unexpected_keyword_argument":
        described = Browser if "browser" in path else Source if path[0] == "sources" else Authority
        names = sorted({field.name for field in fields(described)} - {"authority"})
        close = difflib.get_close_matches(str(path[-1]), names, n=1)
        return f"unknown key, did you mean {close[0]}?" if close else f"unknown key, {_one_of(names)}"
    message = detail["msg"].removeprefix("Value error, ")
    return message if detail["type"] == "value_error" else message[:1].lower() + message[1:]


# Whose act or recueil a number of the national template is, as the catalogue describes it. Pure.

_NUMBER = re.compile(r"D?(\d{2,3}|2[AB]|R\d{2}|[A-Z]{3})-\d{4}-\d{1,4}(?:-\d{1,3}(?:-\d{1,5})?)?(?: (?:BIS|TER|QUATER))?", re.ASCII)
"""A number of the national template: of an act (`09-2026-11-20-00003`, `D77-…`) or of a recueil (`09-2026-240`, `93-2026-12-20`)."""


class Issuers:
    """Finds the authority whose act or recueil a number of the national template belongs to."""

    def __init__(self, authorities: Iterable[Authority]) -> None:
        self._known = {authority.code: authority for authority in authorities}
        self._by_prefix: defaultdict[str, set[str]] = defaultdict(set)
        for authority in self._known.values():
            for prefix in authority.prefixes or (authority.code,):
                self._by_prefix[prefix].add(authority.code)

    def issuer(self, number: str | None, publisher: str) -> str | None:
        """Return the code of the authority that a number on the site of `publisher` belongs to: the publisher for its own numbers, for
        those of departments in whose recueils it publishes, and for numbers of another form. None if no known authority, or several, have
        such numbers."""
        prefix = prefix_of(number)
        if prefix is None or not self._known:
            return publisher
        owners = self._by_prefix.get(prefix, set())
        if any(self.publishes_in(publisher, owner) for owner in owners):
            return publisher
        return next(iter(owners)) if len(owners) == 1 else None

    def publishes_in(self, authority: str, other: str) -> bool:
        """Return whether the acts of an authority are expected in the recueils of this one: its own, or those of its territory."""
        return authority == other or other in self._territory(authority)

    def expected(self, authority: str, publisher: str) -> bool:
        """Return whether acts of an authority may appear on the site of `publisher`, which may show the recueils of its own territory."""
        return any(self.publishes_in(authority, other) for other in (publisher, *self._territory(publisher)))

    def name(self, authority: str) -> str:
        """Return what people call an authority; its code where the catalogue does not have it."""
        return self._known[authority].name if authority in self._known else authority

    def _territory(self, authority: str) -> tuple[str, ...]:
        return self._known[authority].territory if authority in self._known else ()


def prefix_of(number: str | None) -> str | None:
    """Return what a number of the national template begins with, None for a number of another form."""
    match = _NUMBER.fullmatch((number or "").strip().upper())
    return match[1] if match else None


class Catalogue:
    """Finds sources, time zones and issuers. `watched` are the sources that are polled when they are due: any may be polled on request."""

    def __init__(self, authorities: Mapping[str, Authority], watched: Collection[str] | None = None) -> None:
        """Index the sources; `watched` are the codes of the authorities whose sources are polled, all where it is None."""
        self.authorities = authorities
        self.issuers = Issuers(authorities.values())
        self.watched = tuple(source for code in (authorities if watched is None else watched) for source in authorities[code].sources)
        self._by_key = {source.key: source for authority in authorities.values() for source in authority.sources}

    def source_of(self, code: str, key: str) -> Source | None:
        """Return the source of this key; the first of its authority's sources where the catalogue has renamed or dropped that one."""
        authority = self.authorities.get(code)
        return self._by_key.get(key) or next(iter(authority.sources if authority else ()), None)

    def zone(self, code: str) -> ZoneInfo:
        """Return the time zone of an authority."""
        return ZoneInfo(self.authorities[code].time_zone)

    def today(self, code: str, now: datetime) -> date:
        """Return the local date of an authority."""
        return now.astimezone(self.zone(code)).date()
