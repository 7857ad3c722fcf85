"""Stores the outbox: every post is a row before it is a message; the posts of a digest are recorded, and change, together.

Only the holder of the lock `work` delivers (`bot.storage.locks`); what it finds SENDING at its start is in doubt. The attempt number
distinguishes sends if the lock is lost: a late answer changes nothing, except `sent`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, delete, exists, func, or_, select, true, update

from bot.domain.posts import CHATS, Post, PostCause, PostState, content_of, recognised_by
from bot.domain.text import clean, clean_or_none
from bot.storage.acts import refuse_withdrawn
from bot.storage.columns import Instant, value_of
from bot.storage.database import Repository, put
from bot.storage.posts import (
    OTHER,
    SKEW,
    awaited,
    due_at,
    first_due,
    is_due,
    is_in_doubt,
    is_resting,
    lasts,
    load_messages,
    load_rows,
    lock_chat,
    lock_chats,
    not_behind_doubt,
    of_message,
    require,
    values_of,
    wake,
    with_reply,
)
from bot.storage.schema import edits, holds, posts

AWAITED = timedelta(minutes=5)
"""After which a post is looked at again that waits for one to go out first. What makes that certain wakes it at once."""

SETTLE = timedelta(seconds=10)
"""Before a message is looked for that a process left SENDING: the platform may still be working on it."""

_OPEN = (PostState.SENDING, PostState.UNKNOWN)
_REFUSED_OR_DOWN = (PostCause.REFUSED_DESTINATION, PostCause.NOT_SENT, PostCause.CANNOT_ASK)
_MESSAGE = func.coalesce(posts.c.digest, posts.c.key)


@dataclass(frozen=True, slots=True)
class DestinationLoad:
    """Counts for a destination due messages, due posts in no digest, and messages sent lately."""

    waiting: int
    single: int
    sent: int


class Outbox(Repository):
    """Posts of every destination, in the order they were recorded."""

    def claim(self, destination: str, now: datetime) -> Post | None:
        """Take the oldest due PENDING message of the destination and make it SENDING; None while on hold. Posts that would precede one of a
        decree that they change are postponed, out of their digest.
        """
        due = and_(posts.c.state == PostState.PENDING, is_due(now))
        with self._database.writing() as connection:
            lock_chat(connection, destination)
            refuse_withdrawn(connection, posts.c.destination == destination, now)
            oldest = _oldest(destination, due, now).limit(1).with_for_update(skip_locked=True)
            while (first := connection.execute(oldest).scalar_one_or_none()) is not None:
                digest = select(posts.c.digest).where(posts.c.id == first).scalar_subquery()
                whole = and_(posts.c.state == PostState.PENDING, or_(posts.c.id == first, posts.c.digest == digest))
                # PostgreSQL: a person who decides of one of the same digest waits here.
                ids = list(connection.execute(select(posts.c.id).where(whole).order_by(posts.c.id).with_for_update()).scalars())
                ids = _without_early(connection, ids, now)
                if ids:
                    values = {"state": PostState.SENDING, "attempts": posts.c.attempts + 1}
                    connection.execute(update(posts).where(posts.c.id.in_(ids)).values(values))
                    return next(iter(_about_to_be_sent(connection, load_messages(connection, posts.c.id.in_(ids)))), None)
            return None

    def in_doubt(self, destination: str) -> bool:
        """Return whether a message there is SENDING or UNKNOWN and to be looked for, so that nothing may follow."""
        query = select(exists().where(posts.c.destination == destination, is_in_doubt(posts)))
        return bool(self._database.value(query))

    def unknown_due(self, destination: str, now: datetime) -> list[Post]:
        """Return the UNKNOWN messages to look for now, oldest first, after making those left SENDING UNKNOWN. Empty while on hold."""
        due = and_(posts.c.state == PostState.UNKNOWN, is_due(now))
        with self._database.writing() as connection:
            lock_chat(connection, destination)
            _recover(connection, posts.c.destination == destination, now)
            ids = list(connection.execute(_oldest(destination, due, now)).scalars())
            return load_messages(connection, posts.c.id.in_(ids))

    def sent(self, post_id: int, reference: str, now: datetime, cause: PostCause | None = None) -> None:
        """Record that the platform has the message, under this id. Always accepted. Raises NoSuchRow."""
        values: dict[str, Any] = {"state": PostState.SENT, "reference": clean(reference), "closed_at": now, "error": None}
        values |= {"not_before": None, "reconcile_attempts": 0} | ({} if cause is None else {"cause": cause})
        digest = select(posts.c.digest).where(posts.c.id == post_id).scalar_subquery()
        whole = or_(posts.c.id == post_id, posts.c.digest == digest)
        with self._database.writing() as connection:
            lock_chat(connection, require(connection, post_id))
            connection.execute(update(posts).where(whole, posts.c.state != PostState.SENT).values(values))
            wake(connection, post_id)

    def move(
        self,
        post: Post,
        state: PostState,
        now: datetime,
        *,
        cause: PostCause | None = None,
        error: str | None = None,
        not_before: datetime | None = None,
        reconcile_attempts: int = 0,
    ) -> bool:
        """Move a message from the state of `post` to another; `cause` None keeps the last. Returns false, changing nothing, where a process
        or person has taken over. Raises NoSuchRow.
        """
        values = values_of(state, now, cause=cause, error=error, not_before=not_before, reconcile_attempts=reconcile_attempts)
        # Certainly nothing is there: the next try shows what is known then.
        values |= {"recognised_by": None} if state is PostState.REFUSED else {}
        with self._database.writing() as connection:
            lock_chat(connection, post.destination)
            changed = connection.execute(update(posts).where(_as_it_was(post)).values(values)).rowcount
            if not changed:
                require(connection, post.id)
            if state is PostState.REFUSED:
                wake(connection, post.id)
        return changed > 0

    def is_ours(self, post: Post) -> bool:
        """Return whether a claimed message is still the caller's to send."""
        return bool(self._database.value(select(exists().where(_as_it_was(post)))))

    def recover(self, now: datetime) -> int:
        """Make every post left SENDING UNKNOWN, and return how many. Only for the process that has just taken the lock `work`."""
        with self._database.writing() as connection:
            lock_chats(connection, posts.c.state == PostState.SENDING)
            return _recover(connection, true(), now)

    def hold(self, destination: str, until: datetime, now: datetime, cause: PostCause | None = None) -> None:
        """Pause a destination until then. A later pause stays, unless the clock was set back since."""
        values = {"until": until, "set_at": now, "cause": cause}
        earlier = or_(holds.c.until < until, holds.c.set_at > now + SKEW)
        with self._database.writing() as connection:
            put(connection, holds, {"destination": destination}, values, where=earlier)

    def reopen(self, destination: str, now: datetime) -> None:
        """Make posts and edits due that waited for a destination that a check found usable; waits requested by the platform stay."""
        due = {"not_before": now, "changed_at": now}
        waits = and_(posts.c.state.in_((PostState.PENDING, PostState.UNKNOWN)), posts.c.cause.in_(_REFUSED_OR_DOWN))
        theirs = edits.c.post_id.in_(select(posts.c.id).where(posts.c.destination == destination))
        with self._database.writing() as connection:
            connection.execute(delete(holds).where(holds.c.destination == destination, holds.c.cause.in_(_REFUSED_OR_DOWN)))
            connection.execute(update(posts).where(posts.c.destination == destination, waits, posts.c.not_before > now).values(due))
            connection.execute(update(edits).where(theirs, edits.c.cause.in_(_REFUSED_OR_DOWN), edits.c.not_before > now).values(due))

    def held_until(self, destination: str, now: datetime) -> datetime | None:
        """When the destination may be used again; None when it may be now."""
        query = select(holds.c.until).where(holds.c.destination == destination, lasts(now))
        until: datetime | None = self._database.value(query)
        return until

    def idle_since(self, now: datetime) -> dict[str, datetime]:
        """Return, by destination, since when something is due there and nothing was tried. Rests and the last message sent count as
        activity; posts behind a message in doubt are due after its search.
        """
        waits = or_(is_in_doubt(posts), and_(posts.c.state == PostState.PENDING, not_behind_doubt()))
        since = case(
            (posts.c.not_before <= now, posts.c.not_before), (posts.c.changed_at <= now, posts.c.changed_at), else_=posts.c.created_at
        )
        due = select(posts.c.destination, func.min(since, type_=Instant()).label("due")).where(waits, is_due(now))
        found = {}
        with self._database.reading() as connection:
            rests = {row.destination: row.until for row in connection.execute(select(holds.c.destination, holds.c.until))}
            for destination, first in connection.execute(due.group_by(posts.c.destination)).all():
                mine = and_(posts.c.destination == destination, posts.c.state == PostState.SENT)
                sent = connection.execute(select(func.max(posts.c.closed_at, type_=Instant())).where(mine)).scalar_one()
                found[destination] = max(at for at in (first, sent, rests.get(destination)) if at is not None)
        return found

    def next_due(self, now: datetime, destinations: Collection[str] | None = None) -> datetime | None:
        """Return when work is next due at these configured destinations, at least `now`; None when nothing waits. Call it between passes: a
        message then still SENDING is due at once.
        """
        due = and_(posts.c.state.in_((*_OPEN, PostState.PENDING)), or_(posts.c.state.in_(_OPEN), not_behind_doubt()))
        if destinations is not None:
            due = and_(due, posts.c.destination.in_(sorted(destinations)))
        with self._database.reading() as connection:
            return first_due(connection, select(posts.c.destination, func.min(due_at(now)).label("due")).where(due), now)

    def load(self, destination: str, now: datetime, since: datetime) -> DestinationLoad:
        """How much waits for a destination, and how many messages it got after `since`."""
        mine = posts.c.destination == destination
        due = select(func.count(_MESSAGE.distinct()), func.count() - func.count(posts.c.digest)).where(
            mine, posts.c.state == PostState.PENDING, is_due(now)
        )
        sent = select(func.count(_MESSAGE.distinct())).where(mine, posts.c.state == PostState.SENT, posts.c.closed_at > since)
        with self._database.reading() as connection:
            waiting, single = connection.execute(due).one()
            return DestinationLoad(waiting, single, connection.execute(sent).scalar_one())

    def sent_since(self, destination: str, since: datetime) -> list[datetime]:
        """When each message that a destination got after `since` was sent, in order."""
        query = select(func.max(posts.c.closed_at, type_=Instant()).label("sent_at")).where(
            posts.c.destination == destination, posts.c.state == PostState.SENT, posts.c.closed_at > since
        )
        return sorted(row.sent_at for row in self._database.rows(query.group_by(_MESSAGE)))

    def single(self, destination: str, now: datetime) -> list[Post]:
        """The due PENDING posts of a destination that are in no digest, oldest first."""
        with self._database.reading() as connection:
            return load_rows(connection, _is_single(destination, now))

    def gather(self, destination: str, digests: Sequence[Sequence[int]], now: datetime) -> None:
        """Record digests: each of these lists, without posts not due and single, all or none. Every try has the same decrees and key."""
        # The rows are locked: another program that is about to send one of them has it, or waits.
        query = select(posts.c.id, posts.c.key).where(_is_single(destination, now)).with_for_update(skip_locked=True)
        with self._database.writing() as connection:
            free = {row.id: row.key for row in connection.execute(query)}
            for ids in digests:
                kept = [one for one in ids if one in free]
                if len(kept) > 1:
                    key = digest_key(free[one] for one in kept)
                    connection.execute(update(posts).where(posts.c.id.in_(kept)).values(digest=key))

    def counts(self) -> dict[str, dict[PostState, int]]:
        """Count posts by destination and state; zeros are left out."""
        return self._database.counts(posts.c.destination, posts.c.state)


def _as_it_was(post: Post) -> ColumnElement[bool]:
    """Match the rows of this message while its state and attempt are unchanged."""
    attempts = select(OTHER.c.attempts).where(OTHER.c.id == post.id).scalar_subquery()
    return and_(of_message(post), posts.c.state == post.state, posts.c.state.in_(_OPEN), attempts == post.attempts)


def _recover(connection: Connection, where: ColumnElement[bool], now: datetime) -> int:
    error = "the program was stopped while sending"
    # Its request may have left a moment before it ended.
    values = values_of(PostState.UNKNOWN, now, cause=PostCause.KILLED, error=error, not_before=now + SETTLE)
    return connection.execute(update(posts).where(where, posts.c.state == PostState.SENDING).values(values)).rowcount


def _about_to_be_sent(connection: Connection, messages: Sequence[Post]) -> list[Post]:
    """Load messages about to be sent with what they reply to, and record what they say and, at the first try, what identifies them."""
    for message in messages:
        for decree in message.decrees:
            this = and_(of_message(message), posts.c.decree_id == decree.id)
            connection.execute(update(posts).where(this).values(content=content_of(decree)))
            connection.execute(update(posts).where(this, posts.c.recognised_by.is_(None)).values(recognised_by=recognised_by(decree)))
    return [with_reply(connection, message) for message in messages]


def digest_key(keys: Iterable[str]) -> str:
    """Return the key of a digest from those of its posts: 32 hexadecimal digits."""
    return hashlib.sha256("\0".join(["digest", *sorted(keys)]).encode()).hexdigest()[:32]


def _is_single(destination: str, now: datetime) -> ColumnElement[bool]:
    """Match due posts of this destination that are in no digest yet."""
    return and_(posts.c.destination == destination, posts.c.state == PostState.PENDING, posts.c.digest.is_(None), is_due(now))


def _without_early(connection: Connection, ids: Sequence[int], now: datetime) -> list[int]:
    """Return those of these posts of a message that may go now; postpone those whose decree changes one whose post is still to be sent."""
    left = list(ids)
    while left and (early := awaited(connection, load_rows(connection, posts.c.id.in_(left)))):
        for post, first in early.items():
            error, again = f"it waits for post {first}, of a decree that this one changes", now + AWAITED
            values = values_of(PostState.PENDING, now, cause=PostCause.AWAITS_EARLIER, error=error, not_before=again) | {"digest": None}
            connection.execute(update(posts).where(posts.c.id == post).values(values))
        left = [post for post in left if post not in early]
    return left


def _oldest(destination: str, due: ColumnElement[bool], now: datetime) -> Select[int]:
    return select(posts.c.id).where(posts.c.destination == destination, due, ~is_resting(destination, now)).order_by(posts.c.id)


# The outbox as people see it: what waits, what is in trouble, and what a person decides of it.

UNSENT = tuple(state for state in PostState if state is not PostState.SENT)


@dataclass(frozen=True, slots=True)
class OpenPost:
    """Summarises an unsent post. `message` is the id of the first post of its message."""

    id: int
    message: int
    destination: str
    state: PostState
    cause: PostCause | None
    error: str | None
    created_at: datetime
    decree: int


class Posts(Repository):
    """Posts as people see them, one by one."""

    def listed(
        self,
        *,
        states: Collection[PostState] | None = None,
        destination: str | None = None,
        also: Collection[int] = (),
        limit: int | None = None,
        chats: bool = False,
    ) -> list[Post]:
        """List posts by row, oldest first: in `states` (None: all unsent) or `also` (ids); followers' with `chats` or as `destination`."""
        wanted = or_(posts.c.state.in_(sorted(UNSENT if states is None else states)), posts.c.id.in_(sorted(also)))
        everywhere = true() if chats else ~posts.c.destination.startswith(CHATS)
        there = everywhere if destination is None else posts.c.destination == destination
        with self._database.reading() as connection:
            return load_rows(connection, and_(wanted, there), limit=limit)

    def get(self, post_id: int) -> Post:
        """One row. Raises NoSuchRow."""
        with self._database.reading() as connection:
            require(connection, post_id)
            return load_rows(connection, posts.c.id == post_id)[0]

    def message(self, post_id: int) -> Post:
        """Return the whole message of a row, with its digest, if any. Raises NoSuchRow."""
        digest = select(posts.c.digest).where(posts.c.id == post_id).scalar_subquery()
        with self._database.reading() as connection:
            require(connection, post_id)
            return load_messages(connection, or_(posts.c.id == post_id, posts.c.digest == digest))[0]

    def decide(
        self,
        post: Post,
        state: PostState,
        now: datetime,
        *,
        cause: PostCause,
        not_before: datetime | None = None,
        reference: str | None = None,
    ) -> bool:
        """Move a message from the state of `post` as a person decided, and end its destination's rest unless the platform requested it.
        Dropping a single row removes it from its digest. Returns false, changing nothing, where the state differs.
        """
        values = values_of(state, now, cause=cause, error=None, not_before=not_before)
        whole = of_message(post)
        if state is PostState.SENT:
            values |= {"closed_at": now, "reference": clean_or_none(reference)}
        if state is PostState.REFUSED:
            # What was there last time is still why.
            values |= {"error": posts.c.error, "digest": None}
            whole = posts.c.id == post.id
        with self._database.writing() as connection:
            lock_chat(connection, post.destination)
            changed = connection.execute(update(posts).where(whole, posts.c.state == post.state).values(values)).rowcount
            if changed and state is PostState.PENDING:
                ours = or_(holds.c.cause.is_(None), holds.c.cause != PostCause.RATE_LIMITED)
                connection.execute(delete(holds).where(holds.c.destination == post.destination, ours))
            wake(connection, post.id)
        return changed > 0

    def unsent(self, destinations: Collection[str]) -> list[OpenPost]:
        """Return what was not sent to these destinations and not given up, oldest first."""
        by_person = and_(posts.c.state == PostState.REFUSED, posts.c.cause.is_not(None), posts.c.cause == PostCause.BY_PERSON)
        # Not "other than SENT", for which every post ever sent would be looked at.
        unsent = posts.c.state.in_(sorted(UNSENT))
        return self._open(posts.c.destination.in_(sorted(destinations)), unsent, ~by_person)

    def in_trouble(self) -> list[OpenPost]:
        """Return followers' posts refused, or in doubt and not found, and not given up, oldest first."""
        cause = func.coalesce(posts.c.cause, "")
        troubled = case(
            (posts.c.state == PostState.REFUSED, cause != PostCause.BY_PERSON),
            (posts.c.state == PostState.UNKNOWN, cause == PostCause.RECONCILE_UNCLEAR),
            else_=posts.c.state == PostState.HELD,
        )
        states = posts.c.state.in_((PostState.REFUSED, PostState.UNKNOWN, PostState.HELD))
        return self._open(posts.c.destination.startswith(CHATS), states, troubled)

    def _open(self, *which: ColumnElement[bool]) -> list[OpenPost]:
        rows = self._database.rows(select(posts).where(*which).order_by(posts.c.id))
        firsts: dict[str, int] = {}
        for row in rows:
            firsts.setdefault(row.digest or row.key, row.id)
        return [value_of(OpenPost, row, message=firsts[row.digest or row.key], decree=row.decree_id) for row in rows]
