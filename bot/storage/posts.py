"""Posts as values, the conditions that every query on them shares, and what a person decides of them.

An instant that waits for its time was set by a clock. Where that clock was set back since, the time to come may be far away: whatever was
set in the future of now is taken for due. No wait is thereby longer than the longest one that was meant.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Select, and_, case, delete, exists, func, literal, or_, select, true, update

from bot.domain.acts import CHANGING, Change, Decree
from bot.domain.folding import clean_or_none
from bot.domain.posts import Post, PostCause, PostState, SentMessage, as_first_sent
from bot.domain.routing import CHATS, followed_chat
from bot.storage.columns import Instant, value_of
from bot.storage.database import Repository, one_of
from bot.storage.decrees import load_decrees
from bot.storage.errors import NoSuchRow
from bot.storage.naming import load_changed
from bot.storage.schema import followers, holds, posts

OPEN = frozenset({PostState.PENDING, PostState.SENDING, PostState.UNKNOWN, PostState.HELD})
"""The states of a post that may still go out, or may be out."""

SKEW = timedelta(minutes=1)
"""By how much the clocks of two programs may differ before one is taken for set back."""


def is_due(now: datetime) -> ColumnElement[bool]:
    """A post whose time has come."""
    return or_(posts.c.not_before.is_(None), posts.c.not_before <= now, posts.c.changed_at > now + SKEW)


def due_at(now: datetime) -> ColumnElement[datetime]:
    """When a post's time comes, `now` where it has."""
    return case((is_due(now), literal(now, Instant())), else_=posts.c.not_before)


def lasts(now: datetime) -> ColumnElement[bool]:
    """A hold that is not over."""
    return and_(holds.c.until > now, or_(holds.c.set_at.is_(None), holds.c.set_at <= now + SKEW))


def is_in_doubt(table: FromClause) -> ColumnElement[bool]:
    """A row of `posts` (or of an alias of it) whose message is on its way, or may be there and is yet to be looked for. One of which
    nobody can determine is left behind: operators know of it, and the others go on.
    """
    undecided = or_(table.c.cause.is_(None), table.c.cause != PostCause.RECONCILE_UNCLEAR)
    # The few rows of these states are found by an index, which an alternative of two conditions would not be.
    return and_(table.c.state.in_((PostState.SENDING, PostState.UNKNOWN)), or_(table.c.state == PostState.SENDING, undecided))


_doubtful = posts.alias()
_IN_DOUBT = select(_doubtful.c.destination).where(is_in_doubt(_doubtful))
OTHER = posts.alias()
"""Another post, or the same, in one statement."""


def not_behind_doubt() -> ColumnElement[bool]:
    """A post of a destination where no message is in doubt. Asked once, and not of every post that waits."""
    return posts.c.destination.not_in(_IN_DOUBT)


def first_due(connection: Connection, waiting: Select[Any], now: datetime) -> datetime | None:
    """When the first of what waits is due, never before `now` nor while its destination rests. `waiting` selects destinations and when
    something is due there.
    """
    rows = connection.execute(waiting.group_by(posts.c.destination)).all()
    resting = select(holds.c.destination, holds.c.until).where(lasts(now))
    rests = {row.destination: row.until for row in connection.execute(resting)} if rows else {}
    return min((max(row.due, rests.get(row.destination, now), now) for row in rows), default=None)


def is_resting(destination: str, now: datetime) -> ColumnElement[bool]:
    """Whether this destination gets nothing now."""
    return exists().where(holds.c.destination == destination, lasts(now))


def of_message(post: Post) -> ColumnElement[bool]:
    """The rows of one message: one, or all of its digest."""
    own = posts.c.id == post.id
    return own if post.digest is None else or_(own, posts.c.digest == post.digest)


def load_rows(connection: Connection, which: ColumnElement[bool], *, limit: int | None = None) -> list[Post]:
    """One post for each row, oldest first: with its decree as it is known now, but for the marks of a message that may be there already."""
    rows = connection.execute(select(posts).where(which).order_by(posts.c.id).limit(limit)).all()
    found = load_decrees(connection, [row.decree_id for row in rows])
    noted = [row.recognised_by if row.state in OPEN else None for row in rows]
    return [value_of(Post, row, decree=as_first_sent(found[row.decree_id], marks)) for row, marks in zip(rows, noted, strict=True)]


def load_messages(connection: Connection, which: ColumnElement[bool]) -> list[Post]:
    """One post for each message, oldest first: those of a digest are one, under the key of the digest."""
    messages: defaultdict[str, list[Post]] = defaultdict(list)
    for row in load_rows(connection, which):
        messages[row.digest or row.key].append(row)
    return [replace(first, key=key, also=tuple(row.decree for row in rest)) for key, (first, *rest) in messages.items()]


# The columns of a post that change with its state, and whether there is such a post.


def values_of(
    state: PostState, now: datetime, *, cause: PostCause | None, error: str | None, not_before: datetime | None, reconcile_attempts: int = 0
) -> dict[str, Any]:
    """The columns of a post in a new state other than SENT."""
    values: dict[str, Any] = {"state": state, "not_before": not_before, "changed_at": now, "reconcile_attempts": reconcile_attempts}
    values |= {"error": clean_or_none(error), "closed_at": now if state is PostState.REFUSED else None}
    values |= {"sought_since": None} if state is PostState.PENDING else {}  # certainly not there
    return values | ({} if cause is None else {"cause": cause})


def perhaps_sent(destination: str) -> dict[str, Any]:
    """The state of a post that a program may have sent whose database was lost: it is looked for, but in a chat that follows something,
    where among all that was said since nothing shows which message it is. There a person decides."""
    state = PostState.HELD if destination.startswith(CHATS) else PostState.UNKNOWN
    return {"state": state, "cause": PostCause.RESTORED, "error": "perhaps posted before the database was restored from a backup"}


def lock_chat(connection: Connection, destination: str) -> None:
    """Wait, before anything of several posts of a chat that follows something is written, for whoever writes of that chat, and let it wait
    (PostgreSQL): each would else have some of the posts of one message, and wait for the others. See `bot.storage.follows.Follows`."""
    chat = followed_chat(destination)
    if chat is not None:
        connection.execute(locked(followers.c.chat == chat))


def lock_chats(connection: Connection, which: ColumnElement[bool]) -> None:
    """The same of all chats that have one of these posts, in the order of their numbers."""
    if connection.dialect.name == "postgresql":
        names = connection.execute(select(posts.c.destination).distinct().where(which, posts.c.destination.startswith(CHATS))).scalars()
        chats = [chat for name in names if (chat := followed_chat(name)) is not None]
        if chats:
            connection.execute(locked(one_of(followers.c.chat, chats)))


def locked(which: ColumnElement[bool], *columns: ColumnElement[Any]) -> Select[Any]:
    """Followers of whom something is about to be written, in the order in which they are locked (PostgreSQL)."""
    return select(*(columns or (followers.c.chat,))).where(which).order_by(followers.c.chat).with_for_update(key_share=True)


def require(connection: Connection, post_id: int) -> str:
    """Return the destination of a post. Raises NoSuchRow for the id of none."""
    destination: str | None = connection.execute(select(posts.c.destination).where(posts.c.id == post_id)).scalar_one_or_none()
    if destination is None:
        raise NoSuchRow(f"no post has the id {post_id}")
    return destination


# Which message of a destination a post follows, and which follow it.


def with_reply(connection: Connection, post: Post) -> Post:
    """The post, with the last message sent there of a decree that its own changes. A digest replies to none: it is about many."""
    changed = named_in(post.decree.changes)
    if post.digest is not None or not changed:
        return post
    newest = (
        select(posts.c.reference, posts.c.closed_at).where(_sent_there(post, changed)).order_by(posts.c.closed_at.desc(), posts.c.id.desc())
    )
    found = connection.execute(newest.limit(1)).one_or_none()
    return post if found is None else replace(post, reply_to=SentMessage(found.reference, found.closed_at))


def awaited(connection: Connection, rows: Sequence[Post]) -> dict[int, int]:
    """By the id of a row of this message, the post that must go out before it: of the same destination, of a decree that its own changes,
    at first or second hand, and not yet known to be there. What a platform refused, or a person gave up, is waited for no more.

    Decrees that were misread may change each other: of those the one that was found first goes first.
    """
    here = rows[0].destination
    waits = and_(posts.c.destination == here, posts.c.state.in_(sorted(OPEN)), posts.c.id.not_in([row.id for row in rows]))
    if here.startswith(CHATS):
        # A channel waits until a person says whether that one is there; nobody says it of thousands of chats.
        waits = and_(waits, or_(is_in_doubt(posts), posts.c.state == PostState.PENDING))
    if not connection.execute(select(exists().where(waits))).scalar_one():
        return {}
    found: dict[int, int] = {}
    for row in rows:
        changed = _changed_by(connection, row.decree)
        theirs = and_(waits, posts.c.decree_id.in_(sorted(changed)))
        both = row.decree.id in changed
        first = connection.execute(select(func.min(posts.c.id)).where(theirs, *([posts.c.id < row.id] if both else []))).scalar_one()
        if first is not None:
            found[row.id] = first
    return found


def _changed_by(connection: Connection, decree: Decree) -> set[int]:
    found: set[int] = set()
    step = named_in(decree.changes)
    while step:
        found |= step
        step = {changed for kind, changed in load_changed(connection, step) if kind in CHANGING} - found
    return found


def with_followers(connection: Connection, post: Post) -> Post:
    """The post, with the later decrees that change its own and were sent there after it."""
    changing = named_in(post.decree.changed_by)
    if not changing or post.closed_at is None:
        return post
    later = select(posts.c.decree_id).where(_sent_there(post, changing), posts.c.closed_at >= post.closed_at, posts.c.id != post.id)
    return replace(post, below=frozenset(connection.execute(later).scalars()))


def named_in(changes: Collection[Change]) -> set[int]:
    """The stored decrees that these changes concern."""
    return {change.decree for change in changes if change.decree is not None and change.kind in CHANGING}


def _sent_there(post: Post, decrees: Collection[int]) -> ColumnElement[bool]:
    return and_(
        posts.c.destination == post.destination,
        posts.c.decree_id.in_(sorted(decrees)),
        posts.c.state == PostState.SENT,
        posts.c.reference.is_not(None),
        posts.c.closed_at.is_not(None),
    )


def wake(connection: Connection, post_id: int) -> None:
    """Look again at once at what waits at the destination of this post: it is out, or given up."""
    here = posts.c.destination == select(OTHER.c.destination).where(OTHER.c.id == post_id).scalar_subquery()
    waits = and_(here, posts.c.state == PostState.PENDING, posts.c.cause == PostCause.AWAITS_EARLIER)
    connection.execute(update(posts).where(waits).values(not_before=None))


# The outbox as people see it: what waits, what is in trouble, and what a person decides of it.

UNSENT = tuple(state for state in PostState if state is not PostState.SENT)


@dataclass(frozen=True, slots=True)
class OpenPost:
    """A post that was not sent, in few words. `message` is the id of the first post of the same message."""

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
        """One for each row, oldest first; `states` None: all but those sent. `also`: the ids of posts to list whatever their state. Those
        to chats that follow something, which may be thousands, only with `chats` or where one of them is the `destination`.
        """
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
        """The whole message that a row is part of: its digest, if it is in one. Raises NoSuchRow."""
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
        """A person takes a message from the state of `post` to another; a process that looks for it changes nothing more.

        Changes nothing, and gives False, when its state is another by now. Given a row as `get` gives it, a drop takes that row alone out
        of its digest. Its destination rests no longer, unless the platform asked for that.
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
        """What was not sent to these destinations, oldest first, without what a person gave up."""
        by_person = and_(posts.c.state == PostState.REFUSED, posts.c.cause.is_not(None), posts.c.cause == PostCause.BY_PERSON)
        # Not "other than SENT", for which every post ever sent would be looked at.
        unsent = posts.c.state.in_(sorted(UNSENT))
        return self._open(posts.c.destination.in_(sorted(destinations)), unsent, ~by_person)

    def in_trouble(self) -> list[OpenPost]:
        """What was refused at chats that follow something, or may be there and cannot be found, oldest first, without what a person gave
        up."""
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
