"""Decide which alerts begin and end, by the posts that were not sent. Pure.

A trouble of one post (refused, in doubt, not edited) is one for each, for a person has to decide of each. What concerns a whole destination
(it takes nothing, its posts wait for long) is one trouble, however many posts wait there; so is what concerns the chats that follow
something, however many they are. What stands in the outbox says when it is over. The public pages are one destination more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from bot.domain.posts import DestinationCheck, DestinationTrouble, PostCause, PostState
from bot.domain.records import Alert, NewAlert
from bot.ingest.health import judge_destination, needs_person
from bot.operators.alerts import AlertDelays, Changes
from bot.storage.outbox import OpenPost
from bot.storage.posts import EditStatus
from bot.storage.reading_queue import QueueState

SETTLE = timedelta(minutes=2)
"""How long the first of several troubles waits for the others: a refusal that concerns all posts meets them one after the other."""

REMINDED_AFTER = timedelta(hours=24)
"""A post of which only a person can say whether it is there is asked about again: what follows it waits for the answer."""


class PostTrouble(StrEnum):
    """Lists what can be wrong with posts, in the order in which a message lists them."""

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
    """Holds how the public pages are: `fault` is why nobody can reach them at `listen`, empty while people can; None before that is known,
    and where another process serves them."""

    listen: str
    fault: str | None = None

    @classmethod
    def of(cls, listen: str) -> PagesState:
        """Return the state before the address was tried. Where there is none, nobody misses the pages."""
        return cls(listen, None if listen else "")


POST_DELAYS: AlertDelays = AlertDelays(SETTLE, again=lambda alert: REMINDED_AFTER if alert.cause == PostTrouble.IN_DOUBT else None)


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
    """Return which troubles begin and which are over, from the posts not sent, the edits given up, the alerts that are not finished, and
    the last check of each destination. `in_chats`: posts at chats that follow something of which a person decides. Without `pages` there
    are none. `queue`: what workers are to read; nobody is posted what waits there."""
    troubles = _troubles(unsent, now, late_after, checks)
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
    """Whether what waited when a destination began to refuse still waits, if for another reason by now: it has not opened."""
    if alert.cause != PostTrouble.CLOSED:
        return False
    return any(post.destination == alert.destination and post.created_at <= alert.opened_at and _of_post(post) is None for post in unsent)


def _troubles(
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
    """The first post of each trouble. Of which chat it is nobody needs to see; one trouble may be that of thousands."""
    found: dict[PostTrouble, OpenPost] = {}
    for post in in_chats:
        found.setdefault(PostTrouble.CHATS_REFUSED if post.state is PostState.REFUSED else PostTrouble.CHATS_IN_DOUBT, post)
    return found


def _add(found: dict[tuple[str, str], NewAlert], subject: str, trouble: PostTrouble, destination: str, error: str | None) -> None:
    found.setdefault((subject, trouble.value), NewAlert(subject, trouble.value, error or "", destination))
