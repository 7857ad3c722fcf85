"""What the store gives and takes, besides the words of `bot.domain`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from bot.domain.acts import Decree, Evidence, FactValue, Judged, Kind, Outcome, Reading
from bot.domain.posts import Post
from bot.domain.publication import FileStatement, Online
from bot.domain.text import PageText
from bot.domain.topics import WatchedTopics, first_topic

REREAD = "was a decree, re-read as not concerned"
"""The cue of what made an act a decree, where a later reading of its recueil does not find it any more."""


class RecueilState(StrEnum):
    """Life of one published item."""

    KNOWN = "known"  # listed when the source was first seen: left unread, to a backfill
    WAITING = "waiting"  # to be fetched and read, or read again, at `next_try_at`
    RESOLVED = "resolved"  # a detail page whose PDFs have rows of their own
    READ = "read"
    INCOMPLETE = "incomplete"  # read in part; tried again at `next_try_at` while there is hope
    DUPLICATE = "duplicate"  # the same recueil under another address
    FAILED = "failed"  # given up after many attempts: an operator must look


READ_WHOLE = (RecueilState.READ, RecueilState.DUPLICATE)
CHECKED = (*READ_WHOLE, RecueilState.RESOLVED)
"""States in which a recueil is due only to see whether its file was replaced."""


@dataclass(frozen=True, slots=True)
class SourceState:
    """State of a source between polls. `key`: `<authority>:<route>`; `trail`: the crawler's JSON. `failures`: failed polls in a row, of
    which `site_failures` may be the site's own; `cause`: a `bot.domain.health.Cause`, `error`: details. `last_new_at`: last publication
    that the first poll had not seen; `moved_to`: where its root redirects; `looks`: the newest run of each page, as JSON.
    """

    key: str
    trail: str | None = None
    baseline_at: datetime | None = None
    next_check_at: datetime | None = None
    last_ok_at: datetime | None = None
    failures: int = 0
    site_failures: int = 0
    error: str | None = None
    cause: str | None = None
    failing_since: datetime | None = None
    last_new_at: datetime | None = None
    moved_to: str | None = None
    looks: str | None = None


@dataclass(frozen=True, slots=True)
class NextPoll:
    """Holds what decides when a source is polled; read every few seconds."""

    key: str
    next_check_at: datetime | None
    last_ok_at: datetime | None
    failures: int


@dataclass(frozen=True, slots=True)
class NewAlert:
    """Trouble to report. `subject`, `cause`: source key and `bot.domain.health.Cause`, or `post:<id>`, `destination:<name>` and
    `bot.operators.alerts.PostTrouble`.
    """

    subject: str
    cause: str
    detail: str = ""
    destination: str = ""


@dataclass(frozen=True, slots=True)
class Alert:
    """A stored alert, over once closed; `notified_at`: when its beginning had been sent."""

    id: int
    subject: str
    cause: str
    detail: str
    opened_at: datetime
    notified_at: datetime | None = None
    closed_at: datetime | None = None
    destination: str = ""


@dataclass(frozen=True, slots=True)
class NewRecueil:
    """An item first seen at an authority. `silent`: its decrees are recorded, never posted."""

    authority: str
    source: str
    url: str
    title: str
    published: date | None
    is_detail: bool
    state: RecueilState
    silent: bool = False
    online: Online | None = None


@dataclass(frozen=True, slots=True)
class Recueil:
    """A stored recueil. `published`: day of the listing, then of the cover. `error`: the last; `digest`: of its normalised text;
    `tried_at`: last taken up; `sha256`: of the file from `fetched_at`; `pages_read`: pages read last, None before. `next_try_at` of a READ
    one: when to check whether its file was replaced.
    """

    id: int
    authority: str
    source: str
    url: str
    title: str
    published: date | None
    is_detail: bool
    state: RecueilState
    attempts: int
    next_try_at: datetime | None
    error: str | None
    number: str | None
    digest: str | None
    silent: bool = False
    tried_at: datetime | None = None
    sha256: str | None = None
    fetched_at: datetime | None = None
    pages_read: int | None = None
    found_at: datetime | None = None
    online: Online | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """What was read of a file of `size` bytes: its readable `pages`, all if `complete`. `rules`: version of the rules used; `unfinished`:
    readings begun and never ended; `error`: why nothing could be read at `read_at`, or why it waits since. `made`: what it states of
    itself.
    """

    sha256: str
    size: int
    page_count: int | None
    pages: tuple[PageText, ...]
    complete: bool
    read_at: datetime | None
    rules: str
    unfinished: int
    error: str | None = None
    made: FileStatement | None = None


LAST_ID = 2**31 - 1
"""The largest number of anything stored that is looked for: what people type may be larger than a database takes."""


@dataclass(frozen=True, slots=True)
class HeldRecueil:
    """A recueil whose file ended the program in `unfinished` readings; read again, alone, at `next_try_at`."""

    authority: str
    url: str
    next_try_at: datetime
    unfinished: int


@dataclass(frozen=True, slots=True)
class FailedRecueil:
    """A recueil not read, or not wholly, without further tries, for `reason`. `since`: when it was found; `tried_at`: last try;
    `unreadable` of its `pages` are missing.
    """

    id: int
    authority: str
    url: str
    title: str
    state: RecueilState
    reason: str
    since: datetime
    tried_at: datetime | None
    pages: int | None
    unreadable: int


@dataclass(frozen=True, slots=True)
class FailureStreak:
    """Failures of a source's recueils since the last success: `since` the first was found, one's `error`."""

    number: int
    since: datetime
    error: str


@dataclass(frozen=True, slots=True)
class ReadResult:
    """One recueil read and judged, to be recorded in one transaction.

    `digest`: hash of the text. `decrees`: each with the position of its act in `judged`. `early`: pages are pending; `judged` has the acts
    of decrees only, others stay. A reading that `gained` pages uses no try. What is stored for topics that are not `watched` stays.
    """

    recueil: Recueil
    reading: Reading
    digest: str
    judged: tuple[Judged, ...]
    decrees: tuple[tuple[int, Decree], ...]
    next_try_at: datetime | None  # when to read it again, as it is incomplete, or to see whether its file was replaced
    early: bool = False
    gained: bool = False
    watched: WatchedTopics = field(default_factory=WatchedTopics)


@dataclass(frozen=True, slots=True)
class RecordingResult:
    """Result of a recording: new decrees with ids, and their posts. `lost`: ids of earlier ones not found again (a person is asked)."""

    decrees: tuple[Decree, ...]
    posts: tuple[Post, ...]
    duplicate: bool = False
    lost: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class PageOfDecrees:
    """One page of an answer, newest first. `total` counts all pages."""

    decrees: tuple[Decree, ...]
    total: int


@dataclass(frozen=True, slots=True)
class PageOfIds:
    """One page of decree ids, and the length of the list."""

    ids: tuple[int, ...]
    total: int


@dataclass(frozen=True, slots=True)
class PublishedCounts:
    """Counts decrees published from a day on. `months`: by authority and first of the month; `naming`: authority and communes (INSEE codes)
    of each decree that names some, for authorities of several departments.
    """

    months: tuple[tuple[str, date, int], ...]
    naming: tuple[tuple[str, frozenset[str]], ...] = ()


@dataclass(frozen=True, slots=True)
class CommuneCount:
    """Number of decrees naming a commune (INSEE code), and the last publication, if known."""

    code: str
    decrees: int
    last: date | None


@dataclass(frozen=True, slots=True)
class UncertainAct:
    """An act a person must look at."""

    authority: str
    url: str
    page: int
    act_id: str | None
    title: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """An act that waits for a person. `id`: of the review; `notified_at`: operators were asked; `decree`: the stored decree that it was;
    `token`: unique to the act (`bot.storage.reviews.token_of`). The title may name a private person: show it without names.
    """

    id: int
    recueil_id: int
    authority: str
    url: str
    page: int
    act_id: str | None
    title: str
    evidence: tuple[Evidence, ...]
    created_at: datetime
    token: str
    notified_at: datetime | None = None
    decree: int | None = None
    topic: str = field(default_factory=first_topic)

    @property
    def reread(self) -> bool:
        """Return whether it waits because a later reading did not find its stored decree."""
        return any(item.cue == REREAD for item in self.evidence)


@dataclass(frozen=True, slots=True)
class Decision:
    """A person's decision on an act: `DECREE` of this `kind` (None: by rules) or `NOT_CONCERNED`, and `facts`. `by`: the way, never who."""

    outcome: Outcome
    kind: Kind | None
    at: datetime
    by: str
    facts: Mapping[str, FactValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A withdrawn decree. `out`: destinations that may have its post, to be corrected by a person."""

    decree: int
    out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settled:
    """Result of a review. `decree`: of an accepted act, new or known, with its queued `posts`; `withdrawn`: the decree that a rejected act
    was; `already`: it was decided before, and this answer changed nothing."""

    decision: Decision
    decree: int | None = None
    posts: tuple[Post, ...] = ()
    already: bool = False
    withdrawn: Withdrawal | None = None


@dataclass(frozen=True, slots=True)
class RedetectionResult:
    """Result of redetection: the act's decree, known or new, and queued posts."""

    decree: int | None
    is_new: bool = False
    posts: tuple[Post, ...] = ()


@dataclass(frozen=True, slots=True)
class Publication:
    """A recueil's day on its site, and when it was found if that shows when it appeared."""

    published: date | None
    found_at: datetime | None
