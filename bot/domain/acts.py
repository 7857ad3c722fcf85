"""Holds what reading makes of a PDF, its acts, the verdict of detection on an act, and the decree as stored."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from enum import StrEnum
from typing import Any, Protocol

from bot.domain.publication import FileStatement, Online
from bot.domain.text import PageText
from bot.domain.topics import first_topic


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
    """Holds one decree, notice or receipt of a recueil, with its pages without running titles.

    `id`: identifier of the national template (`83-2025-07-07-00001`) or None. `part`: None for an act with an identifier to itself; 1, 2, …
    for decrees that share one, 0 for the pages before (separator, contents). `title_from`, `title_page`: where the title was read, None if
    unknown.
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
    """Holds the cover of a recueil: department code, number (`83-2025-240`), date of publication."""

    authority: str | None = None
    number: str | None = None
    published: date | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """Holds one PDF as read; `pages` include running titles. `unreadable_pages` could not be read, or not wholly (`PageText.damaged`).
    `salvaged`: the file is cut short or damaged, and more than these pages may be missing. `made`: what the file states of itself.
    """

    page_count: int
    cover: Cover
    acts: tuple[Act, ...]
    ocr_pages: tuple[int, ...] = ()
    unreadable_pages: tuple[int, ...] = ()
    pending_pages: tuple[int, ...] = ()
    pages: tuple[PageText, ...] = field(default=(), repr=False)
    salvaged: bool = False
    made: FileStatement | None = field(default=None, compare=False)

    @property
    def complete(self) -> bool:
        """Return false when a page could not be read, or not yet: "nothing found" must then never be concluded."""
        return not (self.unreadable_pages or self.pending_pages or self.salvaged)

    @property
    def damaged(self) -> bool:
        """Return true when the file is damaged: rereading it is useless, another copy may help."""
        return self.salvaged or any(page.damaged for page in self.pages)

    @property
    def lacks(self) -> tuple[str, ...]:
        """What of a sound file could not be read, each once: see `PageText.lacks`."""
        return tuple(dict.fromkeys(page.lacks for page in self.pages if page.lacks))


class Kind(StrEnum):
    """Names what a decree does to the use that it is about."""

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
    """The verdict of detection on an act. `UNCERTAIN`: a person must look."""

    DECREE = "decree"
    NOT_CONCERNED = "not_concerned"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """A day, with a wall-clock time at the authority's place where the decree gives one."""

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


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """Hours of each day from `first` to `last` (of these `weekdays`, 0 for Monday; of all where none is given), by the clock of the
    authority's place. It ends the next morning where `closes` is not after `opens`."""

    first: date
    last: date
    opens: clock_time
    closes: clock_time
    weekdays: tuple[int, ...] = ()

    @property
    def days(self) -> Iterator[date]:
        """Yield the days on which it opens."""
        every = (self.first + timedelta(days=count) for count in range((self.last - self.first).days + 1))
        return (day for day in every if not self.weekdays or day.weekday() in self.weekdays)

    def __str__(self) -> str:
        """Return `2027-01-08 to 2027-01-30, 22:00-02:00 (Fri, Sat)`."""
        days = f"{self.first}" if self.first == self.last else f"{self.first} to {self.last}"
        of_week = ", ".join(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[day] for day in self.weekdays)
        return f"{days}, {self.opens:%H:%M}-{self.closes:%H:%M}" + (f" ({of_week})" if of_week else "")

    def closing(self, day: date) -> Moment:
        """Return when it ends that opens on this day."""
        return Moment(day if self.closes > self.opens else day + timedelta(days=1), self.closes)


@dataclass(frozen=True, slots=True)
class Evidence:
    """A phrase of the act and its page. `about`: the fact that it supports (`verdict`, `number`, `period`…). `where`: its part of the act.
    `cue`: the cue matched (`bot/detection/cues.toml`). None where not known.
    """

    about: str
    page: int
    text: str
    where: Where | None = None
    cue: str | None = None


def is_decided(evidence: Iterable[Evidence]) -> bool:
    """Return whether a person decided what the act is of which this is the evidence."""
    return any(quote.about == "decided" for quote in evidence)


@dataclass(frozen=True, slots=True)
class Reference:
    """Holds what a decree does to another, named by number or day of signature. `retroactive`, of an end: True for a retrait ("retiré",
    "rapporté"), False for an abrogation, None where unclear ("mis fin", "annulé"); see `bot.domain.law`.
    """

    change: Kind
    number: str | None = None
    signed: date | None = None
    retroactive: bool | None = None


FactValue = str | tuple[str, ...] | None
"""Stands for a fact that a person may settle, as `Facts` has it."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Holds the facts of a decree. None or an empty tuple means "not found in the text", never "does not exist"."""

    number: str | None = None
    signed: date | None = None
    starts: Moment | None = None
    ends: Moment | None = None
    event: str | None = None
    operators: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    communes: tuple[str, ...] = ()
    """The communes in which the decree applies, by the names that it prints."""
    purposes: tuple[str, ...] = ()
    """The codes of what it is for, as its topic has them: see `bot.domain.topics`."""
    software: str | None = None
    vendor: str | None = None
    cameras: int | None = None
    legal_basis: tuple[str, ...] = ()
    court: str | None = None
    """The administrative court that the remedies name, as in `Tribunal administratif de Toulon`."""
    camera_types: tuple[str, ...] = ()
    """The sources of images, by the codes of `bot.domain.facts`."""
    office: str | None = None
    """The office of whoever signed, as in `Le préfet de police`. Never a person's name."""
    slots: tuple[Slot, ...] = ()
    """The hours of each day, where a period of several days has them: it then runs from the first opening to the last closing."""
    references: tuple[Reference, ...] = ()
    """The other decrees of its topic that this one renews, modifies, suspends or ends."""
    authority: str | None = None
    """Code of the authority that decided, where the text tells that it is another than any publisher (`PP`); None where it does not."""
    doubtful: tuple[str, ...] = ()
    """The names of those of the facts above that are to be verified: read, but not surely."""
    settled: tuple[str, ...] = ()
    """Lists the names of those that a person settled. One that is empty: the decree does not say it."""

    @property
    def sure(self) -> Facts:
        """Return the facts without those to be verified, for filters, deadlines and flags."""
        return replace(self.without(self.doubtful), doubtful=()) if self.doubtful else self

    def without(self, names: Iterable[str]) -> Facts:
        """Return the facts, those of these names as if they had not been found."""
        empty: dict[str, Any] = {name: () if isinstance(getattr(self, name), tuple) else None for name in names}
        return replace(self, **empty)

    def settle(self, answers: Mapping[str, FactValue]) -> Facts:
        """Return the facts with these answers of a person."""
        values: dict[str, Any] = dict(answers)
        doubtful = tuple(name for name in self.doubtful if name not in answers)
        return replace(self, **values, doubtful=doubtful, settled=tuple(dict.fromkeys((*self.settled, *answers))))


@dataclass(frozen=True, slots=True)
class Verdict:
    """Holds the verdict on one act and its evidence. `kind` and `facts` are set for decrees only."""

    outcome: Outcome
    kind: Kind | None = None
    facts: Facts = field(default_factory=Facts)
    evidence: tuple[Evidence, ...] = ()
    topic: str = field(default_factory=first_topic)


@dataclass(frozen=True, slots=True)
class Judged:
    """An act with its verdict."""

    act: Act
    verdict: Verdict


# A decree as stored: where it was seen, what it changes, what changes it; and the filters of destinations.


@dataclass(frozen=True, slots=True)
class Sighting:
    """Locates a decree: recueil `recueil` (number of the cover, or None) at `url`, site of `authority`, first page. `online`:
    when that recueil went online, where looks at its listing tell."""

    authority: str
    url: str
    page: int
    seen_at: datetime
    recueil: str | None = None
    online: Online | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """Holds what one stored decree does to another.

    `decree`: id of the other, None if never seen; `number`: its number. `since`: beginning of the changing decree's period, else its
    signature, else publication, or None. `starts`, `ends`: its period. `revoked_by`: what ends it, recursively; `bot.domain.law` applies
    it. `retroactive`: as in `Reference`. `cameras`: how many it counts, if sure.
    """

    kind: Kind
    decree: int | None = None
    number: str | None = None
    since: date | None = None
    starts: Moment | None = None
    ends: Moment | None = None
    revoked_by: tuple[Change, ...] = ()
    retroactive: bool | None = None
    cameras: int | None = None


def named_in(changes: Collection[Change]) -> set[int]:
    """Return the stored decrees that these changes concern."""
    return {change.decree for change in changes if change.decree is not None and change.kind in CHANGING}


class Naming(StrEnum):
    """How a decree names a commune: by its name, by another (a site's or former name), or, `CHANGED`, through a decree that it changes."""

    NAMED = "named"
    ALIAS = "alias"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class NamedCommune:
    """A commune that a decree names: INSEE `code`, and as `evidence` the words of its facts."""

    code: str
    how: Naming
    evidence: str


class DecreePeriod(Protocol):
    """Gives whether, when and where a decree applies, without its other data."""

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
    """Return the department of an INSEE code: `26198` -> `26`, `2A004` -> `2A`, `97411` -> `974`."""
    return commune[:3] if commune.startswith(("97", "98")) else commune[:2]


@dataclass(frozen=True, slots=True)
class Decree:
    """Holds an act that concerns a watched topic, for storage, posts and answers. `id`: None until stored. `authority`: whose act it is,
    whoever's site shows it. `url`: canonical address of the PDF; `page`: first page of the act. `published`: date of the recueil (cover,
    else listing); of several, the earliest not before the signature.
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
    """When a person judged that it does not concern its topic; None for a decree that stands."""
    communes: tuple[NamedCommune, ...] = ()
    """The communes that its facts name, by their codes; empty until it is stored."""
    changed_at: datetime | None = field(default=None, compare=False)
    """When what is shown of it last changed: what it says, where it was seen, or what later decrees do to it; None where not known."""
    topic: str = field(default_factory=first_topic)
    """What it is about. One act may be a decree of each of two topics."""

    @property
    def publisher(self) -> str:
        """Code of the authority on whose site it was first seen."""
        return next((seen.authority for seen in self.sightings if seen.url == self.url), self.authority)

    @property
    def online(self) -> Online | None:
        """Return when the recueil at `url` went online, None where that is not known."""
        return next((seen.online for seen in self.sightings if seen.url == self.url), None)

    @property
    def authorities(self) -> tuple[str, ...]:
        """Return its authority and those that published it in a recueil of their own number, as do several prefects of one decree."""
        published = (seen.authority for seen in self.sightings if (seen.recueil or "").startswith(f"{seen.authority}-"))
        return tuple(dict.fromkeys((self.authority, *published)))


@dataclass(frozen=True, slots=True)
class Place:
    """Holds names of an authority (`26`, `Préfecture de la Drôme`, `Drôme`) and its IANA time zone. `territory`: further departments in
    which it decides: those of a region, the four of the préfet de police. `recueils`: address of its own list of recueils, if known.
    `madada`: its name in addresses of MaDada, where requests for documents are public, if known.
    """

    code: str
    name: str
    department: str
    time_zone: str = "Europe/Paris"
    territory: frozenset[str] = frozenset()
    recueils: str = ""
    madada: str = ""


def deciding_in(departments: Collection[str], places: Mapping[str, Place]) -> frozenset[str]:
    """Return the authorities among `places` whose decrees apply in one of these departments (codes): in 75, 92, 93 and 94 also the préfet
    de police (décret n° 2023-828, article 13), everywhere the prefect of the region.
    """
    wanted = frozenset(departments)
    return frozenset(code for code, place in places.items() if code in wanted or not wanted.isdisjoint(place.territory))


@dataclass(frozen=True, slots=True)
class Filter:
    """Filters decrees for a destination. An empty set means all; operators match as substrings, without case or accents."""

    departments: frozenset[str] = frozenset()
    kinds: frozenset[Kind] = frozenset()
    operators: frozenset[str] = frozenset()
    topics: frozenset[str] = frozenset()
