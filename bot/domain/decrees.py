"""A decree as stored: where it was seen, what it changes, what changes it; and who wants to be told."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from bot.domain.acts import Evidence, Facts, Kind, Moment


@dataclass(frozen=True, slots=True)
class Sighting:
    """One place where a decree appears: the recueil at `url`, on the site of `authority`, where the act begins on `page`.

    `recueil` is the number on the cover, None where none was read.
    """

    authority: str
    url: str
    page: int
    seen_at: datetime
    recueil: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What one stored decree does to another.

    `decree` is the id of the other one, None while it was never seen; `number` is how it is named.
    `since` is the day from which it counts: the beginning of the period of the decree that changes, else the day of its signature, else
    that of its publication; None where none is known. `starts` and `ends` are the period of the decree that changes, if it has one.
    `undone_by` is what ends the decree that changes, each with what ends it in turn; what then becomes of the change
    `bot.domain.law.standing` tells. `retroactive` is as of a `Reference`.
    """

    kind: Kind
    decree: int | None = None
    number: str | None = None
    since: date | None = None
    starts: Moment | None = None
    ends: Moment | None = None
    undone_by: tuple[Change, ...] = ()
    retroactive: bool | None = None


@dataclass(frozen=True, slots=True)
class Decree:
    """An act that concerns VSA, as found: enough to store it, to post it and to answer a question about it.

    `id` is None until it is stored. `authority` is the code of whose act it is, whoever's site shows it. `url` is the canonical address of
    the PDF, `page` the first page of the act in it, `published` the date of the recueil (cover first, listing else); of a stored one that
    was seen in several, the earliest that is not before its signature.
    """

    authority: str
    kind: Kind
    title: str
    facts: Facts
    evidence: tuple[Evidence, ...]
    url: str
    page: int
    published: date | None
    act_id: str | None = None
    id: int | None = None
    found_at: datetime | None = None
    identities: tuple[str, ...] = ()
    """Keys under which this decree is the same wherever it appears (authority and number, act id, text)."""
    reference_prefixes: tuple[str | None, ...] = ()
    """For each of `facts.references`, what the keys of a decree of that number begin with; None where it names no number. Not read back."""
    sightings: tuple[Sighting, ...] = ()
    """Everywhere it was seen, the first one first; empty until it is stored."""
    changes: tuple[Change, ...] = ()
    """What it does to the decrees that it names."""
    changed_by: tuple[Change, ...] = ()
    """What later decrees do to it."""
    withdrawn_at: datetime | None = None
    """When a person judged that it does not concern VSA; None for a decree that stands."""

    @property
    def publisher(self) -> str:
        """Code of the authority on whose site it was first seen."""
        return next((seen.authority for seen in self.sightings if seen.url == self.url), self.authority)


@dataclass(frozen=True, slots=True)
class Place:
    """How people call an authority: `26`, `Préfecture de la Drôme`, `Drôme`. IANA name of its time zone, for hours in decrees.

    `territory` has the codes of the departments in which it decides besides its own: those of a region, the four of the préfet de police.
    """

    code: str
    name: str
    department: str
    time_zone: str = "Europe/Paris"
    territory: frozenset[str] = frozenset()


def deciding_in(departments: Collection[str], places: Mapping[str, Place]) -> frozenset[str]:
    """Return the codes of all authorities whose decrees count in one of these departments (codes), among those in `places`.

    In 75, 92, 93 and 94 the préfet de police decides too (décret n° 2023-828, article 13), everywhere the prefect of the region may.
    """
    wanted = frozenset(departments)
    return frozenset(code for code, place in places.items() if code in wanted or not wanted.isdisjoint(place.territory))


@dataclass(frozen=True, slots=True)
class Filter:
    """Which decrees a destination wants. An empty set means "all". Operators match without case or accents, as substrings."""

    departments: frozenset[str] = frozenset()
    kinds: frozenset[Kind] = frozenset()
    operators: frozenset[str] = frozenset()
