"""What detection says of an act: whether it concerns VSA, what it does, what it says."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from datetime import time as clock_time
from enum import StrEnum

from bot.domain.acts import Act, Where


class Kind(StrEnum):
    """What a decree does to the use of algorithmic video surveillance."""

    AUTHORISATION = "authorisation"
    RENEWAL = "renewal"
    MODIFICATION = "modification"
    ABROGATION = "abrogation"
    SUSPENSION = "suspension"
    REFUSAL = "refusal"


CHANGING = frozenset({Kind.RENEWAL, Kind.MODIFICATION, Kind.ABROGATION, Kind.SUSPENSION})
"""The kinds of decree that do something to an earlier one, of which its readers are told."""


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
        """The inverse of `isoformat`. Raises ValueError on anything else."""
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
    where its words tell neither ("mis fin", "annulé"). See `bot.domain.law.standing` for what follows from it.
    """

    change: Kind
    number: str | None = None
    signed: date | None = None
    retroactive: bool | None = None


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
