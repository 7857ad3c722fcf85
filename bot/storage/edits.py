"""Posts that are to be edited: rows, as posts are, but an edit may be made twice, so that nobody need hold one.

A post has one edit at most. It is wanted while the content of the post, as recorded, is outdated (`bot.domain.posts`);
what an edit said, or was given up for, is its content from then on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, exists, func, literal, or_, select, update

from bot.domain.acts import CHANGING, Decree, Kind
from bot.domain.folding import clean_or_none
from bot.domain.posts import UNRECORDED, Post, PostCause, PostContent, PostState, edited, is_outdated
from bot.storage.columns import Instant, to_json, value_of
from bot.storage.database import Repository, insert_or_ignore, one_of
from bot.storage.decrees import load_decrees
from bot.storage.naming import load_changed
from bot.storage.posts import SKEW, first_due, load_rows, lock_chat, lock_chats, not_behind_doubt, require, with_followers
from bot.storage.schema import decrees, edits, posts


@dataclass(frozen=True, slots=True)
class Edit:
    """A post to edit, with its decree as it is known now. `attempts` counts this one; `since` is when the first was made."""

    post: Post
    attempts: int
    since: datetime


@dataclass(frozen=True, slots=True)
class EditStatus:
    """What became of an edit: `state` is `pending`, `done` or `given_up`. `not_before` is when it is tried next."""

    post: int
    destination: str
    state: str
    attempts: int
    not_before: datetime | None
    cause: PostCause | None
    error: str | None


PENDING, DONE, GIVEN_UP = "pending", "done", "given_up"

_AT_ONCE = 50
"""Edits looked through in one transaction: there may be thousands that are no longer wanted, and others wait to write."""


class Edits(Repository):
    """The edits of posts: those to make, and what became of the others."""

    def next(self, destination: str, now: datetime) -> Edit | None:
        """The oldest edit of a sent post that is due there, with one more attempt; None where there is none. Where an edit has shown that
        the server lets others see what is edited, all are given up.
        """
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
        """The first of these that is still wanted; those before it, which are not, are done."""
        ids = connection.execute(some).scalars().all()
        loaded = {post.id: post for post in load_rows(connection, posts.c.id.in_(ids))}
        for post_id in ids:
            row = connection.execute(select(edits).where(_of(post_id))).one()
            post = loaded[post_id]
            if not is_outdated(_said(connection, post_id), post.decree, _age(post, now)):
                connection.execute(update(edits).where(_of(post_id)).values(state=DONE, not_before=None))
                continue
            since = row.tried_at if row.tried_at is not None and row.tried_at <= now else now
            tried = {"attempts": row.attempts + 1, "tried_at": since, "changed_at": now}
            connection.execute(update(edits).where(_of(post_id)).values(tried))
            return Edit(with_followers(connection, post), row.attempts + 1, since)
        return None

    def done(self, edit: Edit, now: datetime) -> None:
        """The post says all that its decree, as the edit had it, was known to say. Raises NoSuchRow where its chat was forgotten."""
        self._close(edit, DONE, now, None, None)

    def give_up(self, edit: Edit, now: datetime, cause: PostCause, error: str) -> None:
        """It is not tried again, unless more becomes known of the decree. Raises NoSuchRow where its chat was forgotten."""
        self._close(edit, GIVEN_UP, now, cause, error)

    def put_off(self, edit: Edit, now: datetime, not_before: datetime, cause: PostCause | None = None, error: str | None = None) -> None:
        """Not made, or not known to be: to be tried again. Without a cause it was not tried at all, and does not count."""
        values: dict[str, Any] = {
            "not_before": not_before,
            "changed_at": now,
            "cause": cause,
            "error": clean_or_none(error),
        }
        if cause is None:
            values |= {"attempts": edit.attempts - 1} | ({"tried_at": None} if edit.attempts <= 1 else {})
        self._database.write(update(edits).where(_of(edit.post.id), edits.c.state == PENDING).values(values))

    def rest(self, destination: str, now: datetime, until: datetime) -> None:
        """No edit of this destination is due before then. They count as not tried; one that waits for longer goes on waiting."""
        theirs = edits.c.post_id.in_(select(posts.c.id).where(posts.c.destination == destination))
        sooner = or_(edits.c.not_before.is_(None), edits.c.not_before < until)
        with self._database.writing() as connection:
            lock_chat(connection, destination)
            waits = update(edits).where(theirs, edits.c.state == PENDING, sooner)
            connection.execute(waits.values(not_before=until, changed_at=now))

    def next_due(self, now: datetime, destinations: Collection[str]) -> datetime | None:
        """When there will next be something to edit there (never before `now`); None when nothing waits, or only behind a message in doubt:
        the outbox says when that is looked for.
        """
        at = case((edit_is_due(now), literal(now, Instant())), else_=edits.c.not_before)
        ours = and_(posts.c.destination.in_(sorted(destinations)), can_be_edited(), edits.c.state == PENDING, not_behind_doubt())
        waiting = select(posts.c.destination, func.min(at).label("due")).join(posts, posts.c.id == edits.c.post_id).where(ours)
        with self._database.reading() as connection:
            # Asked at every tick, and mostly in vain: the rest goes through every post that was sent.
            if connection.execute(select(edits.c.post_id).where(edits.c.state == PENDING).limit(1)).first() is None:
                return None
            return first_due(connection, waiting, now)

    def _close(self, edit: Edit, state: str, now: datetime, cause: PostCause | None, error: str | None) -> None:
        values: dict[str, Any] = {"state": state, "not_before": None, "changed_at": now, "cause": cause}
        values |= {"error": clean_or_none(error)}
        with self._database.writing() as connection:
            lock_chat(connection, require(connection, edit.post.id))
            content = edited(_said(connection, edit.post.id), edit.post.decree)
            _record(connection, edit.post.id, content)
            (post,) = load_rows(connection, posts.c.id == edit.post.id)
            # More became known meanwhile: the row stays open for it.
            again = is_outdated(content, post.decree, _age(post, now))
            values |= {"state": PENDING, "attempts": 0, "tried_at": None} if again else {}
            connection.execute(update(edits).where(_of(edit.post.id)).values(values))

    # What people see of the edits, and decide of them.

    def unmade(self, destinations: Collection[str]) -> list[EditStatus]:
        """Those that wait, and those that were given up by other than a person. Give the destinations whose posts are edited."""
        waits = and_(edits.c.state == PENDING, can_be_edited())
        return self._found(and_(posts.c.destination.in_(sorted(destinations)), or_(waits, _was_given_up())))

    def given_up(self, destinations: Collection[str]) -> list[EditStatus]:
        """Those among them that are not tried again, and of which a person decided nothing yet."""
        return self._found(and_(posts.c.destination.in_(sorted(destinations)), _was_given_up()))

    def of(self, post_id: int) -> EditStatus | None:
        """That of one post; None where it says all that was ever known."""
        return next(iter(self._found(edits.c.post_id == post_id)), None)

    def retry(self, post_id: int, now: datetime) -> bool:
        """A person wants it made now: one that waits, or one that was given up, whatever its message says by now. False: there is none."""
        values: dict[str, Any] = {"state": PENDING, "attempts": 0, "not_before": None, "tried_at": None, "changed_at": now}
        values |= {"cause": PostCause.BY_PERSON, "error": None}
        own = and_(edits.c.post_id == post_id, edits.c.post_id.in_(select(posts.c.id).where(can_be_edited())))
        with self._database.writing() as connection:
            if connection.execute(update(edits).where(own, edits.c.state == GIVEN_UP).values(values)).rowcount:
                # Given up, it was taken for said: the message may say anything.
                _record(connection, post_id, replace(_said(connection, post_id), changes=None))
                return True
            return connection.execute(update(edits).where(own, edits.c.state == PENDING).values(values)).rowcount > 0

    def drop(self, post_id: int, now: datetime) -> bool:
        """A person gives it up: it is not made unless more becomes known, and nobody is notified of it any more. False where there is none.

        That an edit has shown its message to others stays noted, and keeps all others of that destination from being made.
        """
        exposed, by_person = PostCause.EDIT_EXPOSED, PostCause.BY_PERSON
        cause = case((edits.c.cause == exposed, exposed), else_=by_person)
        values = {"state": GIVEN_UP, "cause": cause, "not_before": None, "changed_at": now}
        with self._database.writing() as connection:
            open_one = update(edits).where(edits.c.post_id == post_id, edits.c.state != DONE)
            if not connection.execute(open_one.values(values)).rowcount:
                return False
            (post,) = load_rows(connection, posts.c.id == post_id)
            _record(connection, post_id, edited(_said(connection, post_id), post.decree))
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
    values = {"state": GIVEN_UP, "not_before": None, "changed_at": now, "cause": PostCause.EDIT_EXPOSED, "error": found.error}
    connection.execute(update(edits).where(theirs, edits.c.state == PENDING).values(values))
    return True


def _of(post_id: int) -> ColumnElement[bool]:
    return edits.c.post_id == post_id


def _said(connection: Connection, post_id: int) -> PostContent:
    content: PostContent | None = connection.execute(select(posts.c.content).where(posts.c.id == post_id)).scalar_one()
    return content or UNRECORDED


def _record(connection: Connection, post_id: int, content: PostContent) -> None:
    connection.execute(update(posts).where(posts.c.id == post_id).values(content=content))


def _age(post: Post, now: datetime) -> timedelta:
    return timedelta() if post.closed_at is None else now - post.closed_at


def edit_is_due(now: datetime) -> ColumnElement[bool]:
    """As of posts: what a clock that was since set back has put far away is due."""
    return and_(
        edits.c.state == PENDING,
        or_(edits.c.not_before.is_(None), edits.c.not_before <= now, edits.c.changed_at > now + SKEW),
    )


def can_be_edited() -> ColumnElement[bool]:
    """Sent, a message of its own, and of a decree that stands."""
    stands = exists().where(decrees.c.id == posts.c.decree_id, decrees.c.withdrawn_at.is_(None))
    return and_(posts.c.state == PostState.SENT, posts.c.reference.is_not(None), posts.c.digest.is_(None), stands)


def _was_given_up() -> ColumnElement[bool]:
    by_a_program = or_(edits.c.cause.is_(None), edits.c.cause != PostCause.BY_PERSON)
    return and_(edits.c.state == GIVEN_UP, by_a_program)


# Notes, where decrees are written, that posts may have to be edited. Within the transaction of the connection.


def changed_by(connection: Connection, written: Collection[int]) -> frozenset[int]:
    """The decrees that these ones change, as they stand now, and those that the decrees which they end had changed."""
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
    """These decrees and those that they change: what ends a suspension is news for readers of what was suspended."""
    return changed_by(connection, written).union(written)


_SHOWN = select(decrees.c.id, decrees.c.shown).where(one_of(decrees.c.id, given="ids"))


def note_changed(connection: Connection, touched: Collection[int], now: datetime) -> dict[int, Decree]:
    """Note that what is shown of these decrees is another than before, where it is, and return them. Give also those that they change."""
    before = {row.id: row.shown for row in connection.execute(_SHOWN, {"ids": touched})}
    found = load_decrees(connection, touched)
    for decree_id, decree in found.items():
        shown = _digest(decree)
        if shown != before[decree_id]:
            connection.execute(update(decrees).where(decrees.c.id == decree_id).values(shown=shown, changed_at=now))
            found[decree_id] = replace(decree, changed_at=now)
    return found


def _digest(decree: Decree) -> str:
    """Return 32 hexadecimal digits that are the same as long as all that is shown of a decree is."""
    shown = replace(decree, identities=(), reference_prefixes=(), found_at=None, changed_at=None)
    return hashlib.blake2b(json.dumps(to_json(shown), sort_keys=True).encode(), digest_size=16).hexdigest()


_THEIRS = (
    select(posts.c.id, posts.c.decree_id, posts.c.content)
    .where(one_of(posts.c.decree_id, given="ids"), posts.c.digest.is_(None), posts.c.state != PostState.REFUSED)
    .order_by(posts.c.id)
)


def want_edits(connection: Connection, touched: Collection[int]) -> None:
    """Note the posts of these decrees which do not say what is known by now. Give also the decrees that they change, and those that
    one was said to change before it was written.

    A post that is being sent is noted too, and one that waits, which another program may be about to send: whether there is still
    something to say is asked again before it is edited.
    """
    lock_chats(connection, one_of(posts.c.decree_id, touched))
    rows = connection.execute(_THEIRS, {"ids": touched}).all()
    stored = load_decrees(connection, {row.decree_id for row in rows})
    wanted = [row.id for row in rows if is_outdated(row.content or UNRECORDED, stored[row.decree_id])]
    if wanted:
        opened: list[dict[str, Any]] = [{"post_id": post, "state": PENDING, "attempts": 0} for post in wanted]
        connection.execute(insert_or_ignore(connection, edits), opened)
        again = {"state": PENDING, "attempts": 0, "not_before": None, "tried_at": None, "cause": None, "error": None}
        connection.execute(update(edits).where(edits.c.post_id.in_(wanted), edits.c.state != PENDING).values(again))
