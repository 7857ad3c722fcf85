"""What operators are told of the delivery, and when: pure decisions over the posts that were not sent and the alerts that are open.

A trouble of one post (refused, in doubt, not edited) is told for each, for a person has to decide of each. What concerns a whole
destination (it takes nothing, its posts wait for long) is one trouble, however many posts wait there. What stands in the outbox tells
when it is over.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.model import PostCause, PostState
from bot.storage.edits_told import EditTold
from bot.storage.post_alerts import NewPostAlert, PostAlert
from bot.storage.posts import OpenPost

SETTLE = timedelta(minutes=2)
"""How long the first of several troubles waits for the others: a refusal that concerns all posts meets them one after the other."""

REMINDED_AFTER = timedelta(hours=24)
"""A post of which only a person can say whether it is there is asked about again: what follows it waits for the answer."""


class Trouble(StrEnum):
    """The closed list, in the order in which they are told."""

    REFUSED = "refused"
    IN_DOUBT = "in_doubt"
    NOT_EDITED = "not_edited"
    CLOSED = "closed"
    LATE = "late"


_DOUBTFUL = frozenset({PostCause.RECONCILE_UNCLEAR})


@dataclass(frozen=True, slots=True)
class PostChanges:
    """What begins and what is over."""

    opened: tuple[NewPostAlert, ...] = ()
    closed: tuple[PostAlert, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.opened or self.closed)


@dataclass(frozen=True, slots=True)
class PostMessage:
    """What one message tells."""

    begun: tuple[PostAlert, ...] = ()
    ended: tuple[PostAlert, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.begun or self.ended)


def post_changes(
    unsent: Sequence[OpenPost], not_edited: Sequence[EditTold], unfinished: Sequence[PostAlert], now: datetime, late_after: timedelta
) -> PostChanges:
    """Which troubles begin and which are over, from the posts not sent, the edits given up and the alerts that are not finished."""
    troubles = _troubles(unsent, now, late_after)
    for edit in not_edited:
        # A server that shows what is edited to others is one trouble of its destination.
        subject = f"destination:{edit.destination}" if edit.cause is PostCause.EDIT_EXPOSED else f"post:{edit.post}"
        _add(troubles, subject, Trouble.NOT_EDITED, edit.destination, edit.error)
    going_on = {(alert.subject, alert.trouble): alert for alert in unfinished if alert.closed_at is None}
    shut = {alert.destination for alert in going_on.values() if _is_still_shut(alert, unsent)}
    opened = [new for key, new in troubles.items() if key not in going_on and not (new.trouble == Trouble.LATE and new.destination in shut)]
    closed = [alert for key, alert in going_on.items() if key not in troubles and not _is_still_shut(alert, unsent)]
    return PostChanges(tuple(opened), tuple(closed))


def posts_to_tell(unfinished: Sequence[PostAlert], now: datetime, *, settle: timedelta = SETTLE) -> PostMessage:
    """What is ripe to be told: all that has begun once the first of it is `settle` old, and every end of what was told; what is in doubt
    again after a day.
    """
    begun = tuple(alert for alert in unfinished if alert.closed_at is None and (alert.told_at is None or _is_forgotten(alert, now)))
    if begun and timedelta() <= now - min(alert.opened_at for alert in begun) < settle:
        begun = ()
    return PostMessage(begun, tuple(alert for alert in unfinished if alert.told_at is not None and alert.closed_at is not None))


def _is_forgotten(alert: PostAlert, now: datetime) -> bool:
    return alert.trouble == Trouble.IN_DOUBT and alert.told_at is not None and now - alert.told_at >= REMINDED_AFTER


def _is_still_shut(alert: PostAlert, unsent: Sequence[OpenPost]) -> bool:
    """Whether what waited when a destination began to refuse still waits, if for another reason by now: it has not opened."""
    if alert.trouble != Trouble.CLOSED:
        return False
    return any(post.destination == alert.destination and post.created_at <= alert.opened_at and _of_post(post) is None for post in unsent)


def _troubles(unsent: Sequence[OpenPost], now: datetime, late_after: timedelta) -> dict[tuple[str, str], NewPostAlert]:
    found: dict[tuple[str, str], NewPostAlert] = {}
    by_destination: defaultdict[str, list[OpenPost]] = defaultdict(list)
    for post in unsent:
        trouble = _of_post(post)
        if trouble is None:
            by_destination[post.destination].append(post)
        else:
            _add(found, f"post:{post.message}", trouble, post.destination, post.error)
    for name, posts in by_destination.items():
        shut = next((post for post in posts if post.cause is PostCause.REFUSED_DESTINATION), None)
        late = [post for post in posts if now - post.created_at >= late_after]
        if shut is not None:
            _add(found, f"destination:{name}", Trouble.CLOSED, name, shut.error)
        elif late:
            _add(found, f"destination:{name}", Trouble.LATE, name, late[0].error)
    return found


def _of_post(post: OpenPost) -> Trouble | None:
    if post.state is PostState.REFUSED:
        return Trouble.REFUSED
    if post.state is PostState.HELD or (post.state is PostState.UNKNOWN and post.cause in _DOUBTFUL):
        return Trouble.IN_DOUBT
    return None


def _add(found: dict[tuple[str, str], NewPostAlert], subject: str, trouble: Trouble, destination: str, error: str | None) -> None:
    found.setdefault((subject, trouble.value), NewPostAlert(subject, trouble.value, destination, error or ""))
