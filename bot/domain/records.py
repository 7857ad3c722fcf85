"""What the store gives and takes, besides the words of `bot.domain`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from bot.domain.acts import Decree, Evidence, FactValue, Judged, Kind, Outcome, Reading
from bot.domain.posts import Post
from bot.domain.text import PageText

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


@dataclass(frozen=True, slots=True)
class SourceState:
    """What is remembered of a source between polls. `key` is `<authority>:<route>`, `trail` the crawler's opaque JSON.

    While it fails, `failures` counts the polls in a row and `site_failures` those of them that may be the site's own fault, `cause` is a
    word of `bot.domain.health.Cause` and `error` the details. `last_new_at` is when something was published that the first poll had not
    seen; `moved_to` the address its root redirects to.
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


@dataclass(frozen=True, slots=True)
class NextPoll:
    """Holds of a `SourceState` what tells when it is to be polled: that is looked at every few seconds."""

    key: str
    next_check_at: datetime | None
    last_ok_at: datetime | None
    failures: int


@dataclass(frozen=True, slots=True)
class NewAlert:
    """A trouble that operators are to be notified of. Of a source `subject` is its key, `cause` a word of `bot.domain.health.Cause`; of the
    delivery `subject` is `post:<id>` or `destination:<name>`, `cause` a word of `bot.operators.alerts.PostTrouble`."""

    subject: str
    cause: str
    detail: str = ""
    destination: str = ""


@dataclass(frozen=True, slots=True)
class Alert:
    """A trouble as stored. It is over once closed; `notified_at` is when a message about its beginning had gone out."""

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
    """An item seen for the first time by an authority. `silent`: what is found in it is recorded and never posted."""

    authority: str
    source: str
    url: str
    title: str
    published: date | None
    is_detail: bool
    state: RecueilState
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Recueil:
    """One published item as stored. `published` is the day of the listing, from the first reading on that of its cover where this tells
    one. `error` is the last one; `digest` identifies the normalised text once read; `tried_at` is when it was last taken up; `sha256` is of
    the file that came at `fetched_at`; `pages_read` is how many of its pages its last reading had, None where none has ended. Of one that
    is read, `next_try_at` is when to see whether its file was replaced."""

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


@dataclass(frozen=True, slots=True)
class Content:
    """What was read of a file of `size` bytes: the `pages` that could be, all of them where it is `complete`.

    `rules` is the version of the rules they were read by, `unfinished` counts the readings that began and never ended, `error` says why
    nothing could be read at `read_at`, or why it waits since.
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


LAST_ID = 2**31 - 1
"""The largest number of anything stored that is looked for: what people type may be larger than a database takes."""


@dataclass(frozen=True, slots=True)
class HeldRecueil:
    """A recueil whose file ended the program, so that `unfinished` readings came to nothing. It is read again, alone, at `next_try_at`."""

    authority: str
    url: str
    next_try_at: datetime
    unfinished: int


@dataclass(frozen=True, slots=True)
class FailedRecueil:
    """A recueil that could not be read, or not wholly, and that nothing tries again by itself. `reason` says why, in words.

    It has waited to be read since `since`, when it was found, and was last tried at `tried_at`; `unreadable` of its `pages` are missing.
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
    """Recueils of one source that could not be fetched or opened since the last that could. `since` is when the first of them was found,
    `error` what happened to one of them."""

    number: int
    since: datetime
    error: str


@dataclass(frozen=True, slots=True)
class ReadResult:
    """One recueil read and judged, ready to be recorded in a single transaction.

    `digest` is the hash of the normalised text. `decrees` carry their identities; each entry pairs the decree with the
    position of its act in `judged`. With `early`, pages are still to be recognised: `judged` holds the acts of the decrees only, what is
    known of the others stays, and the recueil stays to be read, from `next_try_at` on unless its reader says otherwise. A reading that
    `gained` pages is not counted among those that used up a try.
    """

    recueil: Recueil
    reading: Reading
    digest: str
    judged: tuple[Judged, ...]
    decrees: tuple[tuple[int, Decree], ...]
    next_try_at: datetime | None  # when to read it again, as it is incomplete, or to see whether its file was replaced
    early: bool = False
    gained: bool = False


@dataclass(frozen=True, slots=True)
class RecordingResult:
    """What a recording changed: decrees never seen before (now with their id) and the posts queued for them.

    `lost` are the ids of those that an earlier reading of the recueil had found and this one did not: a person is asked.
    """

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
    """Holds one page of a list by the ids of its decrees, and how many the list has."""

    ids: tuple[int, ...]
    total: int


@dataclass(frozen=True, slots=True)
class PublishedCounts:
    """How many decrees were published from a day on. `months` has the authority, the first day of the month and their number; `naming` the
    authority and the communes (INSEE codes) of each decree that names some, of those authorities that decide in several departments."""

    months: tuple[tuple[str, date, int], ...]
    naming: tuple[tuple[str, frozenset[str]], ...] = ()


@dataclass(frozen=True, slots=True)
class CommuneCount:
    """How many decrees name a commune (its INSEE code), and the day on which the last of them was published, where that is known."""

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
    """An act that waits for a person. `id` is the number of the review; `notified_at` is when operators were asked; `decree` is the id of
    the stored decree that it was so far taken for. `token` is another for any other act, whatever its number (see `bot.storage.acts`).

    The title is the one read, which may name a private person: show it without names.
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

    @property
    def reread(self) -> bool:
        """Whether it waits because a later reading of its recueil does not find the decree that it is stored as."""
        return any(item.cue == REREAD for item in self.evidence)


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided of an act: `DECREE` of this `kind`, or `NOT_CONCERNED`. `by` says by which way, never who it was.

    `facts` are those that a person settled. Whoever settled nothing else said that it is a decree, and left its kind to the rules: None.
    """

    outcome: Outcome
    kind: Kind | None
    at: datetime
    by: str
    facts: Mapping[str, FactValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Accepted:
    """What accepting an act changed. `decrees` are the ids of those that it is or holds, new or known; `posts` were queued for new ones."""

    decision: Decision
    decrees: tuple[int, ...]
    posts: tuple[Post, ...] = ()


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A decree that was withdrawn. `out` are the destinations that have its post, or may have it: a person must correct it there."""

    decree: int
    out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rejected:
    """What rejecting changed. `withdrawn` is the decree that the act was stored as, if any."""

    decision: Decision
    withdrawn: Withdrawal | None = None


@dataclass(frozen=True, slots=True)
class RedetectionResult:
    """What judging an act again changed: the decrees that it is, those among them that were never seen before, and the posts queued."""

    decrees: tuple[int, ...]
    new: tuple[int, ...] = ()
    posts: tuple[Post, ...] = ()


@dataclass(frozen=True, slots=True)
class Publication:
    """One recueil: the day its site shows, and the instant it was found, where that tells when it came online (else None)."""

    published: date | None
    found_at: datetime | None
