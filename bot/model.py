"""The words of the field as frozen dataclasses. This module imports nothing of the project.

Dates are `datetime.date`; instants are timezone-aware `datetime` in UTC; page numbers start at 1 and count the
pages of the PDF file (not the printed numbers).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum


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


class TextOrigin(StrEnum):
    """How the text of a page was obtained. `PENDING`: it is still to be recognised, and the document is read in part until then."""

    LAYER = "layer"
    OCR = "ocr"
    BLANK = "blank"
    PENDING = "pending"
    UNREADABLE = "unreadable"


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
    """Whose images: `FIXED`, those of a system of vidéoprotection; `DRONE`, those of cameras on aircraft."""

    FIXED = "fixed"
    DRONE = "drone"


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
class PageText:
    """The text of one page. An `UNREADABLE` page has an empty text that means "could not read", not "nothing there".

    A `PENDING` page has what its text layer holds, a stamped running title at most. `other` is a second text of the same page, where
    neither the layer nor the recognised one can be trusted alone: what is looked for may stand in either. `confidence` is the engine's own
    (0 to 100, mean over the words) of a recognised page; `seconds` is what the page took.
    """

    number: int
    text: str
    origin: TextOrigin = TextOrigin.LAYER
    other: str = ""
    confidence: int | None = None
    seconds: float = field(default=0.0, compare=False)


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


@dataclass(frozen=True, slots=True)
class Cover:
    """What a recueil says of itself: department code of its number, number (`83-2025-240`), date of publication."""

    authority: str | None = None
    number: str | None = None
    published: date | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """One PDF, read. It is complete only when every page could be read. `pages` are as read, their running titles included."""

    page_count: int
    cover: Cover
    acts: tuple[Act, ...]
    ocr_pages: tuple[int, ...] = ()
    unreadable_pages: tuple[int, ...] = ()
    pending_pages: tuple[int, ...] = ()
    pages: tuple[PageText, ...] = field(default=(), repr=False)

    @property
    def complete(self) -> bool:
        """False when a page could not be read, or not yet: "nothing found" must then never be concluded."""
        return not self.unreadable_pages and not self.pending_pages


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """A day, with a wall-clock time of the authority's place where the decree gives one."""

    day: date
    time: time | None = None

    def isoformat(self) -> str:
        """`2024-04-20` or `2024-04-20T14:00`."""
        return self.day.isoformat() if self.time is None else f"{self.day.isoformat()}T{self.time.isoformat('minutes')}"

    @classmethod
    def parse(cls, text: str) -> Moment:
        """The inverse of `isoformat`. Raises ValueError on anything else."""
        if "T" not in text:
            return cls(date.fromisoformat(text))
        day, clock = text.split("T", 1)
        return cls(date.fromisoformat(day), time.fromisoformat(clock))


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
    """What a decree says it does to another one, which it names by number or day of signature."""

    change: Kind
    number: str | None = None
    signed: date | None = None


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


@dataclass(frozen=True, slots=True)
class Sighting:
    """One place where a decree appears: `authority` published the recueil at `url`, the act begins on `page`."""

    authority: str
    url: str
    page: int
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """What one stored decree does to another.

    `decree` is the id of the other one, None while it was never seen; `number` is how it is named.
    `since` is the day from which it counts: the beginning of the period of the decree that changes, else the day of its signature, else
    that of its publication; None where none is known. `starts` and `ends` are the period of the decree that changes, if it has one.
    `undone_by` is what ends the decree that changes, each with what ends it in turn: from then on it changes nothing.
    """

    kind: Kind
    decree: int | None = None
    number: str | None = None
    since: date | None = None
    starts: Moment | None = None
    ends: Moment | None = None
    undone_by: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Decree:
    """An act that concerns VSA, as found: enough to store it, to post it and to answer a question about it.

    `id` is None until it is stored. `url` is the canonical address of the PDF, `page` the first page of the act in it,
    `published` the date of the recueil (cover first, listing else); of a stored one that was seen in several, the earliest.
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


@dataclass(frozen=True, slots=True)
class Court:
    """The court competent for a decree. `name` is `named` in the decree where one is, else `by_seat`; None where neither is known.

    By law the court is that of the seat of the authority that took the decision (article R. 312-1 of the code de justice administrative),
    wherever the decision applies. Where the decree names another one (`differs`), both are to be shown.
    """

    name: str | None
    named: str | None
    by_seat: str | None

    @property
    def differs(self) -> bool:
        """True when the decree names another court than that of its authority's seat."""
        return self.named is not None and self.by_seat is not None and self.named != self.by_seat


class Flag(StrEnum):
    """The closed list of flags.

    `OUTSIDE_WINDOW`: it begins, or where that is not known was signed, on a day for which no known text allowed VSA (`law.toml`).
    `LONGER_THAN_ALLOWED`: it authorises for longer than its law allows at once, where the law sets a limit.
    `PUBLISHED_AFTER_START`: the recueil is dated after the day on which the authorisation began.
    """

    OUTSIDE_WINDOW = "outside_window"
    LONGER_THAN_ALLOWED = "longer_than_allowed"
    PUBLISHED_AFTER_START = "published_after_start"


class Recourse(StrEnum):
    """Where the period of a decree stands, for whoever thinks of an urgent application (articles L. 521-1 and L. 521-2).

    `FUTURE`: it has not begun. `RUNNING`: it has, and is not over. `OVER`: the decree is executed and a judge no longer suspends it; only
    its annulment can be asked for, until `last_day`. `UNKNOWN`: what is known of the period does not tell.
    """

    FUTURE = "future"
    RUNNING = "running"
    OVER = "over"
    UNKNOWN = "unknown"


class Standing(StrEnum):
    """Where what a decree allows stands on a day, later decrees that change it taken into account.

    `UPCOMING`, `IN_FORCE` and `OVER` tell of its period; `ENDED` and `SUSPENDED` of a later decree. `CHANGE` is a decree that only changes
    another one and `REFUSED` one that allows nothing: neither is in force in the sense that somebody is watched under it. `UNKNOWN`: the
    period could not be read.
    """

    UPCOMING = "upcoming"
    IN_FORCE = "in_force"
    OVER = "over"
    ENDED = "ended"
    SUSPENDED = "suspended"
    CHANGE = "change"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Counsel:
    """What a reader of a decree is told besides what it says: information to verify, with its source, never legal advice.

    `last_day` is the last day for third parties to contest it, None where the day of publication is not known; `late` how many days
    after its beginning it was published, where that is flagged. `months` is how many its law allows at once, where it is flagged as longer.
    `starts` and `ends` are its period as the last decree that modifies it says.
    """

    standing: Standing
    recourse: Recourse
    court: Court
    last_day: date | None
    flags: tuple[Flag, ...]
    late: int | None = None
    months: int | None = None
    starts: Moment | None = None
    ends: Moment | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """How people call an authority: `26`, `Préfecture de la Drôme`, `Drôme`. IANA name of its time zone, for hours in decrees."""

    code: str
    name: str
    department: str
    time_zone: str = "Europe/Paris"


class PostState(StrEnum):
    """Life of one post. `UNKNOWN`: sent, answer lost; it is looked for at the destination before any retry. `HELD`: a person must say
    whether it is there. `REFUSED`: given up until a person looks, or by a person."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    HELD = "held"


class PostCause(StrEnum):
    """The closed list of why a post is in its state: the last thing that happened to it besides being sent."""

    NOT_SENT = "not_sent"  # no connection was made
    RATE_LIMITED = "rate_limited"  # the platform asks for patience
    REFUSED_CONTENT = "refused_content"  # the platform does not take this message
    REFUSED_DESTINATION = "refused_destination"  # it takes nothing from us there: token, rights, chat
    MIGRATED = "migrated"  # the chat has another id now
    LOST_ANSWER = "lost_answer"  # perhaps sent
    FAULT = "fault"  # perhaps sent: a fault of the program itself
    KILLED = "killed"  # perhaps sent: the program ended without a word
    STOPPED = "stopped"  # the program was told to stop: in the middle of it (perhaps sent), or before it began
    RECONCILE_FOUND = "reconcile_found"  # looked for, and there
    RECONCILE_ABSENT = "reconcile_absent"  # looked for, and not there: to be sent again
    RECONCILE_UNCLEAR = "reconcile_unclear"  # looked for, and nobody can tell
    CANNOT_ASK = "cannot_ask"  # the platform could not be asked
    AWAITS_PERSON = "awaits_person"  # not looked for, as configured
    RESENT = "resent"  # sent again without looking, as configured: it may be there twice
    BY_PERSON = "by_person"


@dataclass(frozen=True, slots=True)
class Told:
    """A message that was sent: the platform's id of it, and when."""

    reference: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Post:
    """One message of a destination, as stored in the outbox: one decree, or where there are too many for a day, a digest of several.

    `key` never changes: it is the idempotency key. A digest has a key of its own, `digest`, the id of the first of its posts, and the
    decrees of the others in `also`. `reference` is the platform's id of the message once sent; `not_before` is when to try
    next; `looks` counts the times in a row that it was looked for and nobody could tell. `closed_at` is when it was sent, or given up.
    `reply_to` is the message of the decree that this one changes, where that was told there too; set for a post that is about to be sent.
    `below` are the ids of later decrees that change this one and were told there after it; set for a post that is about to be edited.
    """

    id: int
    key: str
    destination: str
    decree: Decree
    state: PostState
    attempts: int = 0
    not_before: datetime | None = None
    reference: str | None = None
    error: str | None = None
    cause: PostCause | None = None
    looks: int = 0
    created_at: datetime | None = None
    closed_at: datetime | None = None
    digest: str | None = None
    also: tuple[Decree, ...] = ()
    reply_to: Told | None = None
    below: frozenset[int] = frozenset()

    @property
    def decrees(self) -> tuple[Decree, ...]:
        """Every decree that the message tells of."""
        return (self.decree, *self.also)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which decrees a destination wants. An empty set means "all". Operators match without case or accents, as substrings."""

    departments: frozenset[str] = frozenset()
    kinds: frozenset[Kind] = frozenset()
    operators: frozenset[str] = frozenset()
