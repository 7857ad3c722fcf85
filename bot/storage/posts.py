"""Maps posts to rows and values; holds conditions that queries share, and edits of sent posts. Times set in the future of now, before the
clock was set back, count as due, so that no wait gets longer.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Select, and_, case, exists, func, literal, or_, select, update

from bot.domain.acts import CHANGING, Decree, Kind, named_in
from bot.domain.posts import (
    CHATS,
    UNRECORDED,
    Post,
    PostCause,
    PostContent,
    PostState,
    SentMessage,
    as_first_sent,
    edited,
    followed_chat,
    is_outdated,
)
from bot.domain.text import clean_or_none
from bot.storage.columns import Instant, to_json, value_of
from bot.storage.database import Repository, insert_or_ignore, one_of
from bot.storage.decrees import load_decrees
from bot.storage.errors import NoSuchRow
from bot.storage.naming import load_changed
from bot.storage.schema import decrees, edits, followers, holds, posts
from bot.storage.search import words_held

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
    """Match rows of `posts` (or an alias) being sent, or UNKNOWN and still looked for, without those left to operators."""
    undecided = or_(table.c.cause.is_(None), table.c.cause != PostCause.RECONCILE_UNCLEAR)
    # The few rows of these states are found by an index, which an alternative of two conditions would not be.
    return and_(table.c.state.in_((PostState.SENDING, PostState.UNKNOWN)), or_(table.c.state == PostState.SENDING, undecided))


_doubtful = posts.alias()
_IN_DOUBT = select(_doubtful.c.destination).where(is_in_doubt(_doubtful))
OTHER = posts.alias()
"""Another post, or the same, in one statement."""


def not_behind_doubt() -> ColumnElement[bool]:
    """Match posts of destinations without a message in doubt; one subquery for all rows."""
    return posts.c.destination.not_in(_IN_DOUBT)


def first_due(connection: Connection, waiting: Select[Any], now: datetime) -> datetime | None:
    """Return when the first waiting post is due: at least `now` and its destination's rest. `waiting` selects destinations and times."""
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
    """Return one post per row, oldest first, with its decree as it is now, but with the link and number that its message was sent with."""
    rows = connection.execute(select(posts).where(which).order_by(posts.c.id).limit(limit)).all()
    found = load_decrees(connection, [row.decree_id for row in rows])
    chats = {row.destination: chat for row in rows if (chat := followed_chat(row.destination)) is not None}
    held = words_held(connection, {row.decree_id for row in rows if row.destination in chats}, chats.values())
    noted = [row.recognised_by if row.state in OPEN else None for row in rows]
    return [
        value_of(Post, row, decree=as_first_sent(found[row.decree_id], marks), words=held.get(row.decree_id, frozenset()))
        for row, marks in zip(rows, noted, strict=True)
    ]


def load_messages(connection: Connection, which: ColumnElement[bool]) -> list[Post]:
    """Return one post per message, oldest first: those of a digest are one, under its key."""
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
    """Return the state of a post that a lost database may have sent: UNKNOWN, or HELD in a follower's chat, where search is vain."""
    state = PostState.HELD if destination.startswith(CHATS) else PostState.UNKNOWN
    return {"state": state, "cause": PostCause.RESTORED, "error": "perhaps posted before the database was restored from a backup"}


def lock_chat(connection: Connection, destination: str) -> None:
    """Lock the follower's row before several of its posts are written (PostgreSQL), against deadlocks; see `bot.storage.chats.Follows`."""
    chat = followed_chat(destination)
    if chat is not None:
        connection.execute(locked(followers.c.chat == chat))


def lock_chats(connection: Connection, which: ColumnElement[bool]) -> None:
    """Lock all chats that have one of these posts, in order of id."""
    if connection.dialect.name == "postgresql":
        names = connection.execute(select(posts.c.destination).distinct().where(which, posts.c.destination.startswith(CHATS))).scalars()
        chats = [chat for name in names if (chat := followed_chat(name)) is not None]
        if chats:
            connection.execute(locked(one_of(followers.c.chat, chats)))


def locked(which: ColumnElement[bool], *columns: ColumnElement[Any]) -> Select[Any]:
    """Select followers to write about, in the order in which they are locked (PostgreSQL)."""
    return select(*(columns or (followers.c.chat,))).where(which).order_by(followers.c.chat).with_for_update(key_share=True)


def require(connection: Connection, post_id: int) -> str:
    """Return the destination of a post. Raises NoSuchRow for the id of none."""
    destination: str | None = connection.execute(select(posts.c.destination).where(posts.c.id == post_id)).scalar_one_or_none()
    if destination is None:
        raise NoSuchRow(f"no post has the id {post_id}")
    return destination


# Which message of a destination a post follows, and which follow it.


def with_reply(connection: Connection, post: Post) -> Post:
    """Return the post with the last message sent there of a decree that its own changes; a digest has none."""
    changed = named_in(post.decree.changes)
    if post.digest is not None or not changed:
        return post
    newest = (
        select(posts.c.reference, posts.c.closed_at).where(_sent_there(post, changed)).order_by(posts.c.closed_at.desc(), posts.c.id.desc())
    )
    found = connection.execute(newest.limit(1)).one_or_none()
    return post if found is None else replace(post, reply_to=SentMessage(found.reference, found.closed_at))


def awaited(connection: Connection, rows: Sequence[Post]) -> dict[int, int]:
    """Return, by row id of this message, the post that must go first: same destination, of a decree that its own changes directly or at
    second hand, still to be sent. Posts refused or given up do not count. Of decrees that change each other, the one found first goes
    first.
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
    """Return the post with the later decrees that change its own and were sent there after it."""
    changing = named_in(post.decree.changed_by)
    if not changing or post.closed_at is None:
        return post
    later = select(posts.c.decree_id).where(_sent_there(post, changing), posts.c.closed_at >= post.closed_at, posts.c.id != post.id)
    return replace(post, below=frozenset(connection.execute(later).scalars()))


def _sent_there(post: Post, decrees: Collection[int]) -> ColumnElement[bool]:
    return and_(
        posts.c.destination == post.destination,
        posts.c.decree_id.in_(sorted(decrees)),
        posts.c.state == PostState.SENT,
        posts.c.reference.is_not(None),
        posts.c.closed_at.is_not(None),
    )


def wake(connection: Connection, post_id: int) -> None:
    """Look again at once at the posts waiting at this post's destination."""
    here = posts.c.destination == select(OTHER.c.destination).where(OTHER.c.id == post_id).scalar_subquery()
    waits = and_(here, posts.c.state == PostState.PENDING, posts.c.cause == PostCause.AWAITS_EARLIER)
    connection.execute(update(posts).where(waits).values(not_before=None))


# Edits: at most one row per post; making one twice is harmless, so none is locked. An edit is wanted while the recorded content of its
# post is outdated (`bot.domain.posts`); what an edit said, or was given up for, becomes that content.


@dataclass(frozen=True, slots=True)
class Edit:
    """Holds a post to edit with its decree as it is now. `attempts` includes this one; `since` is when the first was made."""

    post: Post
    attempts: int
    since: datetime


@dataclass(frozen=True, slots=True)
class EditStatus:
    """Gives the status of an edit: `state` is `pending`, `done` or `given_up`; `not_before` is the next try."""

    post: int
    destination: str
    state: str
    attempts: int
    not_before: datetime | None
    cause: PostCause | None
    error: str | None


EDIT_PENDING, EDIT_DONE, EDIT_GIVEN_UP = "pending", "done", "given_up"

_AT_ONCE = 50
"""Edits looked through in one transaction: there may be thousands that are no longer wanted, and others wait to write."""


class Edits(Repository):
    """The edits of posts: those to make, and what became of the others."""

    def next(self, destination: str, now: datetime) -> Edit | None:
        """Take the oldest due edit there, counting an attempt; None without one. Gives all up where edits expose messages."""
        mine = and_(posts.c.destination == destination, can_be_edited(), edit_is_due(now))
        some = select(edits.c.post_id).join(posts, posts.c.id == edits.c.post_id).where(mine).order_by(edits.c.post_id).limit(_AT_ONCE)
        while True:
            with self._database.reading() as connection:
                if connection.execute(some.limit(1)).first() is None:
                    return None
            with self._database.writing() as connection:
                lock_chat(connection, destination)
                if _give_up_exposed(connection, destination, now):
                    return None
                found = self._first_wanted(connection, some, now)
            if found is not None:
                return found

    def _first_wanted(self, connection: Connection, some: Select[int], now: datetime) -> Edit | None:
        """Return the first of these edits that is still wanted; mark those before it done."""
        ids = connection.execute(some).scalars().all()
        loaded = {post.id: post for post in load_rows(connection, posts.c.id.in_(ids))}
        for post_id in ids:
            row = connection.execute(select(edits).where(_of(post_id))).one()
            post = loaded[post_id]
            if not is_outdated(_recorded_content(connection, post_id), post.decree, _age(post, now)):
                connection.execute(update(edits).where(_of(post_id)).values(state=EDIT_DONE, not_before=None))
                continue
            since = row.tried_at if row.tried_at is not None and row.tried_at <= now else now
            tried = {"attempts": row.attempts + 1, "tried_at": since, "changed_at": now}
            connection.execute(update(edits).where(_of(post_id)).values(tried))
            return Edit(with_followers(connection, post), row.attempts + 1, since)
        return None

    def done(self, edit: Edit, now: datetime) -> None:
        """Mark an edit done: the post shows all that was known of its decree. Raises NoSuchRow where its chat was deleted."""
        self._close(edit, EDIT_DONE, now, None, None)

    def give_up(self, edit: Edit, now: datetime, cause: PostCause, error: str) -> None:
        """Give an edit up until more becomes known of the decree. Raises NoSuchRow where its chat was deleted."""
        self._close(edit, EDIT_GIVEN_UP, now, cause, error)

    def put_off(self, edit: Edit, now: datetime, not_before: datetime, cause: PostCause | None = None, error: str | None = None) -> None:
        """Postpone an edit not made or not known to be. Without a cause it was not tried, and is not counted."""
        values: dict[str, Any] = {"not_before": not_before, "changed_at": now, "cause": cause, "error": clean_or_none(error)}
        if cause is None:
            values |= {"attempts": edit.attempts - 1} | ({"tried_at": None} if edit.attempts <= 1 else {})
        self._database.write(update(edits).where(_of(edit.post.id), edits.c.state == EDIT_PENDING).values(values))

    def rest(self, destination: str, now: datetime, until: datetime) -> None:
        """Postpone all edits of this destination until then, uncounted; later times stay."""
        theirs = edits.c.post_id.in_(select(posts.c.id).where(posts.c.destination == destination))
        sooner = or_(edits.c.not_before.is_(None), edits.c.not_before < until)
        with self._database.writing() as connection:
            lock_chat(connection, destination)
            waits = update(edits).where(theirs, edits.c.state == EDIT_PENDING, sooner)
            connection.execute(waits.values(not_before=until, changed_at=now))

    def next_due(self, now: datetime, destinations: Collection[str]) -> datetime | None:
        """Return when the next edit is due there, at least `now`; None without one, or behind a message in doubt (see the outbox)."""
        at = case((edit_is_due(now), literal(now, Instant())), else_=edits.c.not_before)
        ours = and_(posts.c.destination.in_(sorted(destinations)), can_be_edited(), edits.c.state == EDIT_PENDING, not_behind_doubt())
        waiting = select(posts.c.destination, func.min(at).label("due")).join(posts, posts.c.id == edits.c.post_id).where(ours)
        with self._database.reading() as connection:
            # Asked at every tick, and mostly in vain: the rest goes through every post that was sent.
            if connection.execute(select(edits.c.post_id).where(edits.c.state == EDIT_PENDING).limit(1)).first() is None:
                return None
            return first_due(connection, waiting, now)

    def _close(self, edit: Edit, state: str, now: datetime, cause: PostCause | None, error: str | None) -> None:
        values: dict[str, Any] = {"state": state, "not_before": None, "changed_at": now, "cause": cause}
        values |= {"error": clean_or_none(error)}
        with self._database.writing() as connection:
            lock_chat(connection, require(connection, edit.post.id))
            content = edited(_recorded_content(connection, edit.post.id), edit.post.decree)
            _record(connection, edit.post.id, content)
            (post,) = load_rows(connection, posts.c.id == edit.post.id)
            # More became known meanwhile: the row stays open for it.
            again = is_outdated(content, post.decree, _age(post, now))
            values |= {"state": EDIT_PENDING, "attempts": 0, "tried_at": None} if again else {}
            connection.execute(update(edits).where(_of(edit.post.id)).values(values))

    # What people see of the edits, and decide of them.

    def unmade(self, destinations: Collection[str]) -> list[EditStatus]:
        """Return edits waiting or failed for good at these destinations (with edited posts), but those given up by a person."""
        waits = and_(edits.c.state == EDIT_PENDING, can_be_edited())
        return self._found(and_(posts.c.destination.in_(sorted(destinations)), or_(waits, _was_given_up())))

    def given_up(self, destinations: Collection[str]) -> list[EditStatus]:
        """Return edits that failed for good and that no person decided."""
        return self._found(and_(posts.c.destination.in_(sorted(destinations)), _was_given_up()))

    def of(self, post_id: int) -> EditStatus | None:
        """That of one post; None where it says all that was ever known."""
        return next(iter(self._found(edits.c.post_id == post_id)), None)

    def retry(self, post_id: int, now: datetime) -> bool:
        """Make an edit due now, waiting or given up; return false where there is none."""
        values: dict[str, Any] = {"state": EDIT_PENDING, "attempts": 0, "not_before": None, "tried_at": None, "changed_at": now}
        values |= {"cause": PostCause.BY_PERSON, "error": None}
        own = and_(edits.c.post_id == post_id, edits.c.post_id.in_(select(posts.c.id).where(can_be_edited())))
        with self._database.writing() as connection:
            if connection.execute(update(edits).where(own, edits.c.state == EDIT_GIVEN_UP).values(values)).rowcount:
                # Given up, it was taken for said: the message may say anything.
                _record(connection, post_id, replace(_recorded_content(connection, post_id), changes=None))
                return True
            return connection.execute(update(edits).where(own, edits.c.state == EDIT_PENDING).values(values)).rowcount > 0

    def drop(self, post_id: int, now: datetime) -> bool:
        """Give an edit up for a person, without further alerts, until more becomes known; false where there is none. That edits expose
        messages stays noted, and blocks those of the destination.
        """
        exposed, by_person = PostCause.EDIT_EXPOSED, PostCause.BY_PERSON
        cause = case((edits.c.cause == exposed, exposed), else_=by_person)
        values = {"state": EDIT_GIVEN_UP, "cause": cause, "not_before": None, "changed_at": now}
        with self._database.writing() as connection:
            open_one = update(edits).where(edits.c.post_id == post_id, edits.c.state != EDIT_DONE)
            if not connection.execute(open_one.values(values)).rowcount:
                return False
            (post,) = load_rows(connection, posts.c.id == post_id)
            _record(connection, post_id, edited(_recorded_content(connection, post_id), post.decree))
            return True

    def _found(self, which: ColumnElement[bool]) -> list[EditStatus]:
        query = select(edits, posts.c.destination).join(posts, posts.c.id == edits.c.post_id).where(which).order_by(edits.c.post_id)
        return [value_of(EditStatus, row, post=row.post_id) for row in self._database.rows(query)]


def _give_up_exposed(connection: Connection, destination: str, now: datetime) -> bool:
    theirs = edits.c.post_id.in_(select(posts.c.id).where(posts.c.destination == destination))
    exposed = select(edits.c.error).where(theirs, edits.c.cause == PostCause.EDIT_EXPOSED).limit(1)
    found = connection.execute(exposed).one_or_none()
    if found is None:
        return False
    values = {"state": EDIT_GIVEN_UP, "not_before": None, "changed_at": now, "cause": PostCause.EDIT_EXPOSED, "error": found.error}
    connection.execute(update(edits).where(theirs, edits.c.state == EDIT_PENDING).values(values))
    return True


def _of(post_id: int) -> ColumnElement[bool]:
    return edits.c.post_id == post_id


def _recorded_content(connection: Connection, post_id: int) -> PostContent:
    content: PostContent | None = connection.execute(select(posts.c.content).where(posts.c.id == post_id)).scalar_one()
    return content or UNRECORDED


def _record(connection: Connection, post_id: int, content: PostContent) -> None:
    connection.execute(update(posts).where(posts.c.id == post_id).values(content=content))


def _age(post: Post, now: datetime) -> timedelta:
    return timedelta() if post.closed_at is None else now - post.closed_at


def edit_is_due(now: datetime) -> ColumnElement[bool]:
    """Match due edits, including those moved far ahead by a clock since set back."""
    return and_(
        edits.c.state == EDIT_PENDING, or_(edits.c.not_before.is_(None), edits.c.not_before <= now, edits.c.changed_at > now + SKEW)
    )


def can_be_edited() -> ColumnElement[bool]:
    """Sent, a message of its own, and of a decree that stands."""
    stands = exists().where(decrees.c.id == posts.c.decree_id, decrees.c.withdrawn_at.is_(None))
    return and_(posts.c.state == PostState.SENT, posts.c.reference.is_not(None), posts.c.digest.is_(None), stands)


def _was_given_up() -> ColumnElement[bool]:
    by_a_program = or_(edits.c.cause.is_(None), edits.c.cause != PostCause.BY_PERSON)
    return and_(edits.c.state == EDIT_GIVEN_UP, by_a_program)


# Notes, where decrees are written, that posts may have to be edited. Within the transaction of the connection.


def changed_by(connection: Connection, written: Collection[int]) -> frozenset[int]:
    """Return the decrees that these change, as they stand now, and those changed by the decrees that these end."""
    found: set[int] = set()
    step = set(written)
    while step:
        changes = load_changed(connection, step)
        changed = {decree for kind, decree in changes if kind in CHANGING} - found
        # What is ended changes nothing any more, and what it had ended changes again what that had changed.
        step = changed & {decree for kind, decree in changes if kind is Kind.ABROGATION}
        found |= changed
    return frozenset(found)


def with_changed(connection: Connection, written: Collection[int]) -> frozenset[int]:
    """Return these decrees and those that they change."""
    return changed_by(connection, written).union(written)


_SHOWN = select(decrees.c.id, decrees.c.shown).where(one_of(decrees.c.id, given="ids"))


def note_changed(connection: Connection, touched: Collection[int], now: datetime) -> dict[int, Decree]:
    """Record which of these decrees (with those that they change) are shown differently now, and return them."""
    before = {row.id: row.shown for row in connection.execute(_SHOWN, {"ids": touched})}
    found = load_decrees(connection, touched)
    for decree_id, decree in found.items():
        shown = _digest(decree)
        if shown != before[decree_id]:
            connection.execute(update(decrees).where(decrees.c.id == decree_id).values(shown=shown, changed_at=now))
            found[decree_id] = replace(decree, changed_at=now)
    return found


def _digest(decree: Decree) -> str:
    """Return a digest of all that is shown of a decree: 32 hexadecimal digits."""
    shown = replace(decree, identities=(), reference_prefixes=(), found_at=None, changed_at=None)
    return hashlib.blake2b(json.dumps(to_json(shown), sort_keys=True).encode(), digest_size=16).hexdigest()


_THEIRS = (
    select(posts.c.id, posts.c.decree_id, posts.c.content)
    .where(one_of(posts.c.decree_id, given="ids"), posts.c.digest.is_(None), posts.c.state != PostState.REFUSED)
    .order_by(posts.c.id)
)


def want_edits(connection: Connection, touched: Collection[int]) -> None:
    """Queue edits of the posts of these decrees that are outdated. `touched` includes the decrees that they change or changed before. Posts
    being sent or waiting are queued too, and checked again before the edit.
    """
    lock_chats(connection, one_of(posts.c.decree_id, touched))
    rows = connection.execute(_THEIRS, {"ids": touched}).all()
    stored = load_decrees(connection, {row.decree_id for row in rows})
    wanted = [row.id for row in rows if is_outdated(row.content or UNRECORDED, stored[row.decree_id])]
    if wanted:
        opened: list[dict[str, Any]] = [{"post_id": post, "state": EDIT_PENDING, "attempts": 0} for post in wanted]
        connection.execute(insert_or_ignore(connection, edits), opened)
        again = {"state": EDIT_PENDING, "attempts": 0, "not_before": None, "tried_at": None, "cause": None, "error": None}
        connection.execute(update(edits).where(edits.c.post_id.in_(wanted), edits.c.state != EDIT_PENDING).values(again))
