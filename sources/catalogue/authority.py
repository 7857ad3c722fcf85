"""Who publishes and where: authorities and their sources, as the catalogue's files describe them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from sources.catalogue.schema import AuthorityFile, read_authority
from sources.catalogue.toml_lines import line_of
from sources.model import CatalogueError

Order = Literal["newest-first", "oldest-first", "one-page", "unknown"]
"""Where new entries appear: on the first page, on the last, on the only one, or not known (then at both ends)."""

_DETAIL_LISTINGS = frozenset({"card-detail", "select-detail", "plain-links-detail"})


@dataclass(frozen=True, slots=True)
class Browser:
    """What a real browser needs to be shown a source: the CSS selector of what stands on its real pages and on no challenge page, and
    the hosts besides the site's own from which its scripts may come."""

    wait_for: str
    script_hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """One way to an authority's publications.

    `root` is the canonical address where a walk begins; `navigation` the levels below it and `listing` the kind of list, in the words of
    the catalogue; `follow` and `ignore` are patterns (searched in address and text, in any case) of links without a period to follow,
    and of links to leave aside; with `only`, no entry counts but those that one of these patterns is found in. `unverified`: its
    pages were never seen, the general rule must find its way. `browser`: the site serves nothing to a plain client.
    """

    authority: str
    route: str
    reader: str
    root: str
    order: Order
    listing: str
    navigation: tuple[str, ...] = ()
    follow: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    browser: Browser | None = None
    unverified: bool = False
    notes: tuple[str, ...] = ()
    evidence: str = ""
    checked: date | None = None

    @property
    def key(self) -> str:
        """`<authority>:<route>`, as in `26:site`."""
        return f"{self.authority}:{self.route}"

    @property
    def wants_details(self) -> bool:
        """Whether the list links HTML pages that hold the files, rather than the files; it may, where the list was never seen."""
        return self.listing in _DETAIL_LISTINGS or self.listing == "unknown"

    @property
    def fingerprint(self) -> str:
        """Changes with whatever decides where the crawler goes, so that an old trail is not followed under a new description."""
        described = (self.reader, self.root, self.order, self.listing, self.follow, self.ignore, self.only)
        return hashlib.sha256(repr(described).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Authority:
    """Who publishes: a prefecture, the préfecture de police, a region's prefecture.

    `sources` are in order of preference; where there is none, `not_covered` tells why. The numbers of its acts and recueils begin with one
    of `prefixes` (its code, where there is none); `territory` has the departments in which it takes decrees, and in whose recueils it
    publishes.
    """

    code: str
    name: str
    department: str
    time_zone: str
    sources: tuple[Source, ...]
    not_covered: str | None = None
    prefixes: tuple[str, ...] = ()
    territory: tuple[str, ...] = ()


def load_authorities(folder: Path | None = None) -> dict[str, Authority]:
    """Every authority by code, sorted by file name, from the `*.toml` of `folder` (default: the catalogue of this package).

    Raises `CatalogueError`, which tells all problems of all files at once, with their lines.
    """
    place: Traversable = folder if folder is not None else files("sources") / "authorities"
    found: dict[str, Authority] = {}
    problems: list[str] = []
    if not place.is_dir():
        raise CatalogueError((f"{place}: no such folder",))
    for file in sorted((file for file in place.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name):
        content = file.read_bytes()
        try:
            authority = _authority(read_authority(file.name, content))
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


def hosts(authorities: Mapping[str, Authority]) -> frozenset[str]:
    """The host names of every source: the only ones a client may talk to."""
    return frozenset(urlsplit(source.root).hostname or "" for authority in authorities.values() for source in authority.sources)


def browser_hosts(authorities: Mapping[str, Authority]) -> dict[str, Browser]:
    """The hosts that some source says are only shown to a real browser, and what it needs there: any selector of its sources will do."""
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


def _authority(described: AuthorityFile) -> Authority:
    return Authority(
        code=described.code,
        name=described.name,
        department=described.department,
        time_zone=described.time_zone,
        not_covered=described.not_covered,
        prefixes=described.prefixes,
        territory=described.territory,
        sources=tuple(
            Source(
                authority=described.code,
                route=source.route,
                reader=source.reader,
                root=source.root,
                order=source.order,
                listing=source.listing,
                navigation=source.navigation,
                follow=source.follow,
                ignore=source.ignore,
                only=source.only,
                browser=Browser(source.browser.wait_for, source.browser.script_hosts) if source.browser else None,
                unverified=source.unverified,
                notes=source.notes,
                evidence=source.evidence,
                checked=source.checked,
            )
            for source in described.sources
        ),
    )
