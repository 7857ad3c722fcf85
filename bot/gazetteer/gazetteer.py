"""The places of France as the rest of the program uses them: loaded on first use, some 0.2 s of processor time and 9 MB of memory."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cache, lru_cache, partial
from hashlib import sha256
from importlib.resources import files

from bot.domain.acts import Decree, NamedCommune, Place
from bot.domain.routing import Follow, FollowKind, Topics, decided_in, departments_of, topics_of
from bot.gazetteer.finding import PlaceMatches, find
from bot.gazetteer.naming import RULES, Namer
from bot.gazetteer.places import Aliases, Commune, Department, Places, Region

_FOUND_KEPT = 32
"""Texts of which it is kept what they may mean: to answer one it is asked up to four times."""


class Gazetteer:
    """Communes, departments and regions by code, by what people type, and by what decrees name."""

    def __init__(self, packed: bytes, aliases: str, words: str) -> None:
        """Take `packed` apart (see `tools.gazetteer`), with the TOML texts of the aliases and of the words around names.

        Raises ValueError or KeyError where one is malformed.
        """
        self._places = Places(packed)
        self._aliases = Aliases(self._places, aliases)
        self._namer = Namer(self._places, self._aliases, words)
        self._found = lru_cache(maxsize=_FOUND_KEPT)(partial(find, self._places, self._aliases))

    @property
    def source(self) -> str:
        """Name and version of the package that the data comes from."""
        return self._places.source

    def commune(self, code: str) -> Commune | None:
        """Return the commune of an INSEE code; of a former code, the commune of today. None where no commune has or had it."""
        return self._places.commune(code)

    def communes_in(self, department: str) -> Iterator[Commune]:
        """Yield the communes of a department, by their codes."""
        return map(self._places.at, self._places.of_department(department))

    def department(self, code: str) -> Department | None:
        """Return the department of a code as it is printed (`01`, `2A`, `974`)."""
        return self._places.departments.get(code.strip().upper())

    def region(self, code: str) -> Region | None:
        """Return the region of an INSEE code (`84`)."""
        return self._places.regions.get(code.strip())

    def find(self, text: str) -> PlaceMatches:
        """Return the places that a text may mean, best first. Every one is a candidate: Romans is two villages and a town."""
        return self._found(text)

    def communes_of(self, decree: Decree, departments: Collection[str]) -> tuple[NamedCommune, ...]:
        """Return the communes that the facts of a decree name, of the departments in which its authority decides."""
        return self._namer.communes_of(decree, departments)

    def label(self, follow: Follow) -> str | None:
        """Return what a place that is followed is called (`Montélimar (26)`, `Drôme (26)`, `Bretagne`); None where there is none."""
        if follow.kind is FollowKind.COMMUNE:
            commune = self.commune(follow.value)
            return None if commune is None else f"{commune.name} ({commune.department})"
        if follow.kind is FollowKind.DEPARTMENT:
            department = self.department(follow.value)
            return None if department is None else f"{department.name} ({department.code})"
        region = self.region(follow.value) if follow.kind is FollowKind.REGION else None
        return None if region is None else region.name


@cache
def gazetteer() -> Gazetteer:
    """Return the places of the packed file, loaded once."""
    packed, aliases, words = _files()
    return Gazetteer(packed, aliases.decode("utf-8"), words.decode("utf-8"))


def communes_named(places: Mapping[str, Place], decree: Decree) -> tuple[NamedCommune, ...]:
    """Return the communes that a decree names, in the departments in which its authority decides."""
    return gazetteer().communes_of(decree, departments_of(decree.authority, places))


def topics_in(places: Mapping[str, Place]) -> Callable[[Decree], Topics]:
    """Return what finds out what a decree is about. The last ones are kept: thousands of messages are made of one decree."""

    @lru_cache(maxsize=64)
    def topics(decree: Decree) -> Topics:
        departments = decided_in(decree, places)
        regions = {code: region for code in departments if (region := region_of(code)) is not None}
        # Those of what it changes are stored with it.
        named = gazetteer().communes_of(decree, departments) or decree.communes
        return topics_of(decree, places, regions, [commune.code for commune in named])

    return topics


def find_places(words: str) -> PlaceMatches:
    """Return the places of France that a text may mean."""
    return gazetteer().find(words)


def region_of(department: str) -> str | None:
    """Return the code of the region of a department; None for what is no department."""
    found = gazetteer().department(department)
    return None if found is None else found.region


def departments_of_region(code: str) -> Sequence[str]:
    """Return the codes of the departments of a region, by its INSEE code."""
    region = gazetteer().region(code)
    return () if region is None else region.departments


def data_version() -> str:
    """Return what names the data and the rules, without loading them: with another version, decrees may name other communes."""
    return f"{RULES} {sha256(b'|'.join(_files())).hexdigest()[:16]}"


def _files() -> tuple[bytes, ...]:
    folder = files("bot.gazetteer")
    return tuple(folder.joinpath(name).read_bytes() for name in ("france.txt.gz", "aliases.toml", "naming.toml"))
