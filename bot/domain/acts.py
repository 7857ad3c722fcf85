"""Holds what reading makes of a PDF, its acts, what detection says of an act, and the decree as stored."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from datetime import time as clock_time
from enum import StrEnum
from typing import Any, Protocol

from bot.domain.text import PageText


class Where(StrEnum):
    """Where in an act a phrase stood. A `RUNNING_TITLE` is printed on every page, a line of the `CONTENTS` opens the recueil."""

    TITLE = "title"
    RUNNING_TITLE = "running_title"
    CONTENTS = "contents"
    HEADING = "heading"
    VISA = "visa"
    RECITAL = "recital"
    OPERATIVE = "operative"
    BODY = "body"


@dataclass(frozen=True, slots=True)
class Act:
    """One decree, notice or receipt inside a recueil: a page range, with running titles already removed from its pages.

    `id` is the identifier of the national template (`83-2025-07-07-00001`) or None where there is none. Where one identifier holds many
    decrees, each is an act of its own: `part` is 1, 2, … for them and 0 for the pages before the first (separator page, inner table of
    contents). It is None for an act that has its identifier to itself. `title_from` is where the title was read, None where not told,
    `title_page` the page of the file on which it was read, None where that is not known.
    """

    id: str | None
    title: str
    service: str | None
    first_page: int
    last_page: int
    pages: tuple[PageText, ...] = field(repr=False)
    part: int | None = None
    title_from: Where | None = None
    title_page: int | None = None

    @property
    def text(self) -> str:
        """Return its pages joined by line breaks."""
        return "\n".join(page.text for page in self.pages)


@dataclass(frozen=True, slots=True)
class Cover:
    """What a recueil says of itself: department code of its number, number (`83-2025-240`), date of publication."""

    authority: str | None = None
    number: str | None = None
    published: date | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """One PDF, read. It is complete only when every page could be read. `pages` are as read, their running titles included.

    `unreadable_pages` could not be read, or not wholly: see `PageText.damaged`. `salvaged`: the file is cut short or its structure is
    damaged, and more may be missing than these pages.
    """

    page_count: int
    cover: Cover
    acts: tuple[Act, ...]
    ocr_pages: tuple[int, ...] = ()
    unreadable_pages: tuple[int, ...] = ()
    pending_pages: tuple[int, ...] = ()
    pages: tuple[PageText, ...] = field(default=(), repr=False)
    salvaged: bool = False

    @property
    def complete(self) -> bool:
        """False when a page could not be read, or not yet: "nothing found" must then never be concluded."""
        return not (self.unreadable_pages or self.pending_pages or self.salvaged)

    @property
    def damaged(self) -> bool:
        """True when these bytes are damaged: reading them again gives no more, another copy may."""
        return self.salvaged or any(page.damaged for page in self.pages)

    @property
    def lacks(self) -> tuple[str, ...]:
        """What of a sound file could not be read, each once: see `PageText.lacks`."""
        return tuple(dict.fromkeys(page.lacks for page in self.pages if page.lacks))


class Kind(StrEnum):
    """What a decree does to the use of algorithmic video surveillance."""

    AUTHORISATION = "authorisation"
    RENEWAL = "renewal"
    MODIFICATION = "modification"
    ABROGATION = "abrogation"
    SUSPENSION = "suspension"
    REFUSAL = "refusal"


GRANTS = frozenset({Kind.AUTHORISATION, Kind.RENEWAL})
"""The kinds of decree under which somebody is watched."""

ALLOWING = frozenset({Kind.AUTHORISATION, Kind.RENEWAL, Kind.MODIFICATION})
"""The kinds under which somebody may be watched. The period of the others is that of the decree that they end or refuse."""

CHANGING = frozenset({Kind.RENEWAL, Kind.MODIFICATION, Kind.ABROGATION, Kind.SUSPENSION})
"""The kinds of decree that do something to an earlier one, that its readers are shown."""


class Outcome(StrEnum):
    """What detection says of an act. `UNCERTAIN` means that a person must look: never a silent drop."""

    DECREE = "decree"
    NOT_CONCERNED = "not_concerned"
    UNCERTAIN = "uncertain"


class Purpose(StrEnum):
    """The eight events that an algorithm may be made to look for, in the order of article 3 of décret n° 2023-828 du 28 août 2023."""

    ABANDONED_OBJECT = "abandoned_object"
    WEAPON = "weapon"
    WRONG_WAY = "wrong_way"
    FORBIDDEN_ZONE = "forbidden_zone"
    PERSON_DOWN = "person_down"
    CROWD_MOVEMENT = "crowd_movement"
    CROWD_DENSITY = "crowd_density"
    FIRE = "fire"


class CameraType(StrEnum):
    """Whose images: those of a system of vidéoprotection, of which some cameras may move; `FIXED`, those of cameras that the act calls so;
    `DRONE`, those of cameras on aircraft."""

    VIDEOPROTECTION = "videoprotection"
    FIXED = "fixed"
    DRONE = "drone"


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """A day, with a wall-clock time of the authority's place where the decree gives one."""

    day: date
    time: clock_time | None = None

    def isoformat(self) -> str:
        """`2024-04-20` or `2024-04-20T14:00`."""
        return self.day.isoformat() if self.time is None else f"{self.day.isoformat()}T{self.time.isoformat('minutes')}"

    @classmethod
    def parse(cls, text: str) -> Moment:
        """Return the inverse of `isoformat`. Raises ValueError on anything else."""
        if "T" not in text:
            return cls(date.fromisoformat(text))
        day, clock = text.split("T", 1)
        return cls(date.fromisoformat(day), clock_time.fromisoformat(clock))


@dataclass(frozen=True, slots=True)
class Evidence:
    """A phrase of the act and the page it was read on. `about` names the fact it supports (`verdict`, `number`, `period`…).

    `where` is the part of the act it stood in, `cue` the name of the cue that it met (see `bot/detection/cues.toml`); None where not known.
    """

    about: str
    page: int
    text: str
    where: Where | None = None
    cue: str | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """What a decree says it does to another one, which it names by number or day of signature.

    `retroactive` is of what ends another: True where it says so by retrait ("retiré", "rapporté"), False where it says abrogation, None
    where its words tell neither ("mis fin", "annulé"). See `bot.domain.law` for what follows from it.
    """

    change: Kind
    number: str | None = None
    signed: date | None = None
    retroactive: bool | None = None


FactValue = str | tuple[str, ...] | None
"""Stands for a fact that a person may settle, as `Facts` has it."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a decree says. None or an empty tuple means "not found in the text", never "does not exist"."""

    number: str | None = None
    signed: date | None = None
    starts: Moment | None = None
    ends: Moment | None = None
    event: str | None = None
    operators: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    purposes: tuple[Purpose, ...] = ()
    software: str | None = None
    vendor: str | None = None
    cameras: int | None = None
    legal_basis: tuple[str, ...] = ()
    court: str | None = None
    """The administrative court that the remedies name, as in `Tribunal administratif de Toulon`."""
    camera_types: tuple[CameraType, ...] = ()
    office: str | None = None
    """The office of whoever signed, as in `Le préfet de police`. Never a person's name."""
    references: tuple[Reference, ...] = ()
    """The other decrees on VSA that this one renews, modifies, suspends or ends."""
    authority: str | None = None
    """Code of the authority that decided, where the text tells that it is another than any publisher (`PP`); None where it does not."""
    doubtful: tuple[str, ...] = ()
    """The names of those of the facts above that are to be verified: read, but not surely."""
    settled: tuple[str, ...] = ()
    """Lists the names of those that a person settled. One that is empty: the decree does not say it."""

    @property
    def sure(self) -> Facts:
        """Return them without those that are to be verified: what filters, deadlines and flags may rest on."""
        if not self.doubtful:
            return self
        empty: dict[str, Any] = {name: () if isinstance(getattr(self, name), tuple) else None for name in self.doubtful}
        return replace(self, **empty, doubtful=())

    def settle(self, answers: Mapping[str, FactValue]) -> Facts:
        """Return them as a person says that they are; what the others are is left."""
        values: dict[str, Any] = dict(answers)
        doubtful = tuple(name for name in self.doubtful if name not in answers)
        return replace(self, **values, doubtful=doubtful, settled=tuple(dict.fromkeys((*self.settled, *answers))))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What detection says of one act, always with the phrases that led to it. `kind` and `facts` are set for decrees only."""

    outcome: Outcome
    kind: Kind | None = None
    facts: Facts = field(default_factory=Facts)
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """An act with its verdict."""

    act: Act
    verdict: Verdict


# A decree as stored: where it was seen, what it changes, what changes it; and the filters of destinations.


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
    `revoked_by` is what ends the decree that changes, each with what ends it in turn; what then becomes of the change
    `bot.domain.law` tells. `retroactive` is as of a `Reference`.
    """

    kind: Kind
    decree: int | None = None
    number: str | None = None
    since: date | None = None
    starts: Moment | None = None
    ends: Moment | None = None
    revoked_by: tuple[Change, ...] = ()
    retroactive: bool | None = None


class Naming(StrEnum):
    """How a decree names a commune: by its name, or by another name: that of a site in it, or one that the commune had. `CHANGED`: it
    names none, and this one is named by a decree that it changes."""

    NAMED = "named"
    ALIAS = "alias"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class NamedCommune:
    """A commune that a decree names. `code` is its INSEE code, `evidence` the words of the decree's facts that name it."""

    code: str
    how: Naming
    evidence: str


class DecreePeriod(Protocol):
    """Tells whether, when and where a decree counts: all that is read of those of which only some are shown, or none."""

    @property
    def id(self) -> int | None:
        """As of `Decree`, like the others."""
        ...

    @property
    def authority(self) -> str: ...  # noqa: D102

    @property
    def kind(self) -> Kind: ...  # noqa: D102

    @property
    def facts(self) -> Facts: ...  # noqa: D102

    @property
    def changed_by(self) -> tuple[Change, ...]: ...  # noqa: D102

    @property
    def communes(self) -> tuple[NamedCommune, ...]: ...  # noqa: D102


def department_of(commune: str) -> str:
    """Return the department of a commune by its INSEE code: `26198` -> `26`, `2A004` -> `2A`, `97411` -> `974`."""
    return commune[:3] if commune.startswith(("97", "98")) else commune[:2]


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
    communes: tuple[NamedCommune, ...] = ()
    """The communes that its facts name, by their codes; empty until it is stored."""
    changed_at: datetime | None = field(default=None, compare=False)
    """When what is shown of it last changed: what it says, where it was seen, or what later decrees do to it; None where not known."""

    @property
    def publisher(self) -> str:
        """Code of the authority on whose site it was first seen."""
        return next((seen.authority for seen in self.sightings if seen.url == self.url), self.authority)

    @property
    def authorities(self) -> tuple[str, ...]:
        """Codes of the authorities among whose decrees it counts: its own, and each that published it in a recueil of its own number, for a
        decree of several prefects bears the number of one of them."""
        published = (seen.authority for seen in self.sightings if (seen.recueil or "").startswith(f"{seen.authority}-"))
        return tuple(dict.fromkeys((self.authority, *published)))


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
