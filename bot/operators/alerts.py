"""Decides which alerts begin and end, by source health and unsent posts, and when operators are notified. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from bot.domain.health import Cause, SourceHealth, Status
from bot.domain.posts import DestinationCheck, DestinationTrouble, PostCause, PostState
from bot.domain.records import Alert, NewAlert
from bot.ingest.health import judge_destination, needs_person
from bot.storage.outbox import OpenPost
from bot.storage.posts import EditStatus
from bot.storage.reading_queue import QueueState


@dataclass(frozen=True, slots=True)
class Changes:
    """Lists changes of alerts. `closed`: ended, to report. `dropped`: ended without notice (replaced or no longer watched). `reopened`:
    went on before their end was reported.
    """

    opened: tuple[NewAlert, ...] = ()
    closed: tuple[Alert, ...] = ()
    dropped: tuple[Alert, ...] = ()
    reopened: tuple[Alert, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.opened or self.closed or self.dropped or self.reopened)


@dataclass(frozen=True, slots=True)
class DueAlerts:
    """Lists what the next message is about."""

    begun: tuple[Alert, ...] = ()
    ended: tuple[Alert, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.begun or self.ended)


@dataclass(frozen=True, slots=True)
class AlertDelays:
    """Delays before operators are notified, so that related alerts share a message. `settle`: wait after the first beginning. `companions`:
    wait of an end for the ends of alerts reported in the same message. `calm`: how long an alert must be over to end. `again`: interval of
    reminders, None for none.
    """

    settle: timedelta
    companions: timedelta = timedelta(0)
    calm: Callable[[Alert], timedelta] = lambda alert: timedelta(0)
    again: Callable[[Alert], timedelta | None] = lambda alert: None


def decide(unfinished: Sequence[Alert], now: datetime, waits: AlertDelays) -> DueAlerts:
    """Return the beginnings due once the first has settled, and the ends with those of their companions."""
    begun = tuple(alert for alert in unfinished if alert.closed_at is None and _is_to_be_sent(alert, now, waits))
    if not begun or not has_passed(waits.settle, min(alert.opened_at for alert in begun), now):
        begun = ()
    together: defaultdict[datetime, list[Alert]] = defaultdict(list)
    for alert in unfinished:
        if alert.notified_at is not None:
            together[alert.notified_at].append(alert)
    ended: list[Alert] = []
    for companions in together.values():
        over = [alert for alert in companions if alert.closed_at is not None and has_passed(waits.calm(alert), alert.closed_at, now)]
        first = min((alert.closed_at for alert in over if alert.closed_at), default=now)
        if len(over) == len(companions) or has_passed(waits.companions, first, now):
            ended += over
    return DueAlerts(begun, tuple(ended))


def _is_to_be_sent(alert: Alert, now: datetime, waits: AlertDelays) -> bool:
    if alert.notified_at is None:
        return True
    again = waits.again(alert)
    return again is not None and now - alert.notified_at >= again


def has_passed(span: timedelta, since: datetime, now: datetime) -> bool:
    """Return whether the span has passed; true if the clock was set back."""
    return not timedelta(0) <= now - since < span


# Alerts of sources: from when a trouble matters until the source works. Most sites share an address, whose block fails some ninety sources
# within the hour; so beginnings are grouped.

SOURCES_SETTLE = timedelta(minutes=10)
"""How long the first of several troubles waits for the others: a round over all of France takes some six minutes."""

CALM = timedelta(hours=1)
"""How long what ends by itself must be over before that counts: a site that comes and goes is one trouble, not ten a day."""

COMPANIONS = timedelta(hours=3)
"""How long an end waits for the ends of those that were in the same message: a source that fails is polled every two hours."""

ANEW = timedelta(days=1)
"""How long operators hear no more of misfiled or unlinked recueils of a source, or of files that end programs."""

_WITHOUT_END = frozenset({Cause.MISFILED.value, Cause.HOSTILE.value, Cause.UNLINKED.value})

CROWD = 5
"""Sources that fail at once in a way that a shared address makes fail: from here on it is one trouble, and all of them belong to it."""

PASSING = frozenset({Cause.UNREACHABLE, Cause.BLOCKED, Cause.CHALLENGE, Cause.MAINTENANCE, Cause.RESTING})
"""Causes that end by themselves more often than not, and that a shared address has in common."""

SOURCE_DELAYS: AlertDelays = AlertDelays(SOURCES_SETTLE, COMPANIONS, calm=lambda alert: CALM if alert.cause in PASSING else timedelta(0))


@dataclass(frozen=True, slots=True)
class AlertThresholds:
    """Sets when a trouble matters: failed polls in a row, and time since the first."""

    polls: int
    time: timedelta = timedelta(0)


PATIENCE: Mapping[Cause, AlertThresholds] = MappingProxyType(
    {
        Cause.UNREACHABLE: AlertThresholds(3, timedelta(hours=1)),
        Cause.BLOCKED: AlertThresholds(3, timedelta(hours=1)),
        Cause.CHALLENGE: AlertThresholds(2, timedelta(minutes=30)),
        Cause.MAINTENANCE: AlertThresholds(3, timedelta(hours=1)),
        Cause.RESTING: AlertThresholds(3, timedelta(hours=1)),
        # A page being edited may be gone or empty for a minute.
        Cause.MOVED: AlertThresholds(2),
        Cause.STRUCTURE: AlertThresholds(2),
        Cause.EMPTIED: AlertThresholds(2),
        Cause.UNUSABLE: AlertThresholds(2),
        # These do not go away by waiting.
        Cause.ROBOTS: AlertThresholds(1),
        Cause.NEEDS_BROWSER: AlertThresholds(1),
        Cause.UNEXPECTED: AlertThresholds(1),
        # Judged by its recueils, and not by its polls, which work.
        Cause.FILES: AlertThresholds(0),
    }
)


_SUBJECTS = {
    Cause.LATE.value: "rhythm",
    Cause.RELOCATED.value: "root",
    Cause.EMPTIED.value: "list",
    Cause.FILES.value: "files",
    Cause.MISFILED.value: "recueils",
    Cause.HOSTILE.value: "file",
    Cause.UNLINKED.value: "links",
}


def source_changes(sources: Sequence[SourceHealth], unfinished: Sequence[Alert], now: datetime) -> Changes:
    """Return which source alerts begin and end."""
    # The last one of each stands: by then the others are over.
    known = {(alert.subject, _about(alert.cause)): alert for alert in unfinished}
    watched = {source.key for source in sources}
    opened: list[NewAlert] = []
    closed: list[Alert] = []
    dropped = [alert for alert in unfinished if alert.subject not in watched or _is_forgotten(alert, now)]
    reopened: list[Alert] = []
    joining = _joining(sources, unfinished, now)
    seem_over = {alert.subject for alert in unfinished if alert.closed_at is not None and alert.cause in PASSING}
    for source in sources:
        for about, cause in _source_troubles(source, PASSING if source.key in seem_over else joining, now).items():
            before = known.get((source.key, about))
            if cause is None:
                closed += [before] if before and before.closed_at is None else []
            elif before is None or (before.cause in PASSING and cause not in PASSING):
                # It may be the same failing source as before, but now somebody must do something. Never the other way round: no to and fro.
                dropped += [before] if before else []
                opened.append(NewAlert(source.key, cause.value, _detail(source, cause)))
            elif before.closed_at is not None:
                reopened.append(before)
    return Changes(tuple(opened), tuple(closed), tuple(dropped), tuple(reopened))


def _is_forgotten(alert: Alert, now: datetime) -> bool:
    """Whether what has no end of its own may be reported anew."""
    return alert.cause in _WITHOUT_END and alert.closed_at is None and has_passed(ANEW, alert.notified_at or alert.opened_at, now)


def _source_troubles(source: SourceHealth, joining: Collection[Cause], now: datetime) -> dict[str, Cause | None]:
    """Return the trouble of each subject of a source, None where it is well; unknown subjects are left out and keep their alerts."""
    if source.status is Status.UNPOLLED:
        return {}
    if source.status is Status.FAILING:
        cause = source.cause or Cause.UNEXPECTED
        # Where only a list is empty, or only the files are missing, the site answers.
        answers = {} if _about(cause) == "access" else {"access": None}
        return answers | ({_about(cause): cause} if _matters(source, cause, now) or cause in joining else {})
    return {
        "access": None,
        "list": None,
        "files": None,
        "rhythm": Cause.LATE if source.status is Status.LATE else None,
        "root": Cause.RELOCATED if source.moved_to else None,
    }


def _about(cause: str) -> str:
    """Return the group of a cause: a source has at most one alert per group."""
    return _SUBJECTS.get(cause, "access")


def _matters(source: SourceHealth, cause: Cause, now: datetime) -> bool:
    patience = PATIENCE[cause]
    return source.failures >= patience.polls and (source.since is None or has_passed(patience.time, source.since, now))


def _joining(sources: Sequence[SourceHealth], unfinished: Sequence[Alert], now: datetime) -> Collection[Cause]:
    """Return the causes shared by many sources, whose next failing source joins without thresholds; once operators were notified, only
    resting sources do, since other errors are their own.
    """
    passing = [source for source in sources if source.status is Status.FAILING and source.cause in PASSING]
    if len(passing) < CROWD or not any(_matters(source, source.cause, now) for source in passing if source.cause):
        return ()
    notified = any(alert.notified_at is not None and alert.closed_at is None and alert.cause in PASSING for alert in unfinished)
    return (Cause.RESTING,) if notified else PASSING


def _detail(source: SourceHealth, cause: Cause) -> str:
    """Return a new address (relocated), the day of the last recueil in ISO 8601 (late), or the last error."""
    if cause is Cause.LATE:
        return source.last_published.isoformat() if source.last_published else ""
    return (source.moved_to if cause is Cause.RELOCATED else source.detail) or ""


# Alerts of posts. One alert per post refused, in doubt or not edited, as a person decides each; one per destination that fails or lags, one
# for all followers, one for the public pages. They end by the state of the outbox.

POSTS_SETTLE = timedelta(minutes=2)
"""How long the first of several troubles waits for the others: a refusal that concerns all posts meets them one after the other."""

REMINDED_AFTER = timedelta(hours=24)
"""A post of which only a person can say whether it is there is asked about again: what follows it waits for the answer."""


class PostTrouble(StrEnum):
    """Troubles of posts, in the order of messages."""

    REFUSED = "refused"
    IN_DOUBT = "in_doubt"
    NOT_EDITED = "not_edited"
    CLOSED = "closed"
    UNREACHABLE = "unreachable"
    RIGHTS = "rights"
    LATE = "late"
    CHATS_REFUSED = "chats_refused"
    CHATS_IN_DOUBT = "chats_in_doubt"
    PAGES = "pages"
    WORKERS = "workers"


UNREACHABLE_FOR = timedelta(hours=1)
"""How long a destination must have been out of reach before that is a trouble, where no post waits for it."""


FOLLOWERS = "followers"
"""The subject of what concerns chats that follow something."""
PAGES = "pages"
"""The subject of what concerns the public pages."""
WORKERS = "workers"
"""The subject of what concerns those who read what is queued for them."""


@dataclass(slots=True)
class PagesState:
    """State of the public pages. `fault`: why `listen` is unreachable, empty if reachable; None if unknown or served by another process."""

    listen: str
    fault: str | None = None

    @classmethod
    def of(cls, listen: str) -> PagesState:
        """Return the state before listening; fine without an address."""
        return cls(listen, None if listen else "")


POST_DELAYS: AlertDelays = AlertDelays(POSTS_SETTLE, again=lambda alert: REMINDED_AFTER if alert.cause == PostTrouble.IN_DOUBT else None)


def post_changes(
    unsent: Sequence[OpenPost],
    not_edited: Sequence[EditStatus],
    unfinished: Sequence[Alert],
    now: datetime,
    late_after: timedelta,
    checks: Mapping[str, DestinationCheck] = MappingProxyType({}),
    in_chats: Sequence[OpenPost] = (),
    pages: PagesState | None = None,
    queue: QueueState | None = None,
) -> Changes:
    """Return which alerts of delivery begin and end: unsent posts, failed edits, checks, followers' posts for a person (`in_chats`), public
    `pages` (None: none), reading `queue` (no posts).
    """
    troubles = _post_troubles(unsent, now, late_after, checks)
    if pages is not None and pages.fault:
        _add(troubles, PAGES, PostTrouble.PAGES, pages.listen, pages.fault)
    if queue is not None and queue.is_unattended:
        _add(troubles, WORKERS, PostTrouble.WORKERS, "vigie worker", f"{queue.waiting + queue.reading} PDF")
    for trouble, post in _first_of_each(in_chats).items():
        _add(troubles, FOLLOWERS, trouble, FOLLOWERS, f"{post.message}: {post.error or ''}")
    for edit in not_edited:
        # A server that shows what is edited to others is one trouble of its destination.
        subject = f"destination:{edit.destination}" if edit.cause is PostCause.EDIT_EXPOSED else f"post:{edit.post}"
        _add(troubles, subject, PostTrouble.NOT_EDITED, edit.destination, edit.error)
    # Whether the pages can be reached may not be known yet, nor to a command that serves none.
    judged = [alert for alert in unfinished if alert.subject != PAGES or (pages is not None and pages.fault is not None)]
    going_on = {(alert.subject, alert.cause): alert for alert in judged if alert.closed_at is None}
    shut = {alert.destination for alert in going_on.values() if _is_still_shut(alert, unsent)}
    opened = [
        new for key, new in troubles.items() if key not in going_on and not (new.cause == PostTrouble.LATE and new.destination in shut)
    ]
    closed = [alert for key, alert in going_on.items() if key not in troubles and not _is_still_shut(alert, unsent)]
    return Changes(tuple(opened), tuple(closed))


def _is_still_shut(alert: Alert, unsent: Sequence[OpenPost]) -> bool:
    """Return whether posts waiting since the destination refused still wait, for whatever cause."""
    if alert.cause != PostTrouble.CLOSED:
        return False
    return any(post.destination == alert.destination and post.created_at <= alert.opened_at and _of_post(post) is None for post in unsent)


def _post_troubles(
    unsent: Sequence[OpenPost], now: datetime, late_after: timedelta, checks: Mapping[str, DestinationCheck]
) -> dict[tuple[str, str], NewAlert]:
    found: dict[tuple[str, str], NewAlert] = {}
    for post in unsent:
        trouble = _of_post(post)
        if trouble is not None:
            _add(found, f"post:{post.message}", trouble, post.destination, post.error)
    for name in dict.fromkeys([*(post.destination for post in unsent), *checks]):
        check = checks.get(name)
        health = judge_destination(name, check, unsent, now, late_after)
        subject, is_late = f"destination:{name}", health.oldest is not None and now - health.oldest >= late_after
        if health.trouble is DestinationTrouble.REFUSED:
            _add(found, subject, PostTrouble.CLOSED, name, health.detail)
        elif check is not None and check.trouble is DestinationTrouble.UNREACHABLE and now - check.since >= UNREACHABLE_FOR:
            _add(found, subject, PostTrouble.UNREACHABLE, name, check.detail)
        elif is_late:
            _add(found, subject, PostTrouble.LATE, name, health.detail)
        if check is not None and check.trouble is DestinationTrouble.RIGHTS:
            _add(found, subject, PostTrouble.RIGHTS, name, check.detail)
    return found


def _of_post(post: OpenPost) -> PostTrouble | None:
    if not needs_person(post):
        return None
    return PostTrouble.REFUSED if post.state is PostState.REFUSED else PostTrouble.IN_DOUBT


def _first_of_each(in_chats: Sequence[OpenPost]) -> dict[PostTrouble, OpenPost]:
    """Return the first post of each trouble, as the chats, perhaps thousands, are not shown."""
    found: dict[PostTrouble, OpenPost] = {}
    for post in in_chats:
        found.setdefault(PostTrouble.CHATS_REFUSED if post.state is PostState.REFUSED else PostTrouble.CHATS_IN_DOUBT, post)
    return found


def _add(found: dict[tuple[str, str], NewAlert], subject: str, trouble: PostTrouble, destination: str, error: str | None) -> None:
    found.setdefault((subject, trouble.value), NewAlert(subject, trouble.value, error or "", destination))
