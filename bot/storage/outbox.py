"""The outbox: every post is a row before it is a message.

One process at a time delivers: the one that holds the lock `work` (`bot.storage.locks`). What it finds SENDING when it begins was left by a
process that is gone, and is in doubt. Were the lock lost in the middle of a send, the number of attempts tells the send of one process from
that of the next: a late answer changes nothing, but for `sent`, which is true whoever says it.

The posts of a digest are one message: which they are is recorded before it is sent, and from then on they change together.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, insert, or_, select, true, update

from bot.domain import ChatHistory, Decree, Post, PostCause, PostState
from bot.domain.folding import clean
from bot.domain.identity.marks import as_text
from bot.domain.identity.shown import shown_by
from bot.storage import backlog, waiting
from bot.storage.backlog import Load
from bot.storage.database import Database, insert_or_ignore
from bot.storage.decree_rows import load_decrees
from bot.storage.outbox_rows import is_due, is_in_doubt, is_resting, load_messages, load_rows, of_message, require, values_of, with_reply
from bot.storage.schema import decrees, newest_messages, posts, searches
from bot.storage.withdrawing import refuse_withdrawn

SETTLE = timedelta(seconds=10)
"""Before a message is looked for that a process left SENDING: the platform may still be working on it."""

_OPEN = (PostState.SENDING, PostState.UNKNOWN)


class Outbox:
    """Posts of every destination, in the order they were recorded. Every method raises StorageError when the database cannot do it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, destination: str, now: datetime) -> Post | None:
        """The oldest due PENDING message of the destination, now SENDING. None while the destination is on hold.

        What would go out before a post of a decree that it changes is put off, and leaves its digest.
        """
        due = and_(posts.c.state == PostState.PENDING, is_due(now))
        with self._database.writing() as connection:
            refuse_withdrawn(connection, now)
            oldest = _oldest(destination, due, now).limit(1).with_for_update(skip_locked=True)
            while (first := connection.execute(oldest).scalar_one_or_none()) is not None:
                digest = select(posts.c.digest).where(posts.c.id == first).scalar_subquery()
                whole = and_(posts.c.state == PostState.PENDING, or_(posts.c.id == first, posts.c.digest == digest))
                # PostgreSQL: a person who decides of one of the same digest waits here.
                ids = list(connection.execute(select(posts.c.id).where(whole).order_by(posts.c.id).with_for_update()).scalars())
                ids = waiting.without_early(connection, ids, now)
                if ids:
                    values = {"state": PostState.SENDING.value, "attempts": posts.c.attempts + 1}
                    connection.execute(update(posts).where(posts.c.id.in_(ids)).values(values))
                    return next(iter(_about_to_be_told(connection, load_messages(connection, posts.c.id.in_(ids)))), None)
            return None

    def in_doubt(self, destination: str) -> bool:
        """Whether a message there is being sent, or may have been and is still to be looked for: what follows it would overtake it."""
        query = select(exists().where(posts.c.destination == destination, is_in_doubt(posts)))
        with self._database.reading() as connection:
            return bool(connection.execute(query).scalar_one())

    def unknown_due(self, destination: str, now: datetime) -> list[Post]:
        """The messages of the destination to look for now, oldest first: those UNKNOWN whose time has come. What was left SENDING is
        UNKNOWN from here on. Empty while the destination is on hold.
        """
        due = and_(posts.c.state == PostState.UNKNOWN, is_due(now))
        with self._database.writing() as connection:
            _recover(connection, posts.c.destination == destination, now)
            ids = list(connection.execute(_oldest(destination, due, now)).scalars())
            return load_messages(connection, posts.c.id.in_(ids))

    def sent(self, post_id: int, reference: str, now: datetime, cause: PostCause | None = None) -> None:
        """The platform has the message, under this id. Always accepted: it is true whoever says it. Raises NoSuchRow."""
        values: dict[str, Any] = {"state": PostState.SENT, "reference": clean(reference), "closed_at": now, "error": None}
        values |= {"not_before": None, "looks": 0} | ({} if cause is None else {"cause": cause.value})
        digest = select(posts.c.digest).where(posts.c.id == post_id).scalar_subquery()
        whole = or_(posts.c.id == post_id, posts.c.digest == digest)
        with self._database.writing() as connection:
            if not connection.execute(update(posts).where(whole, posts.c.state != PostState.SENT).values(values)).rowcount:
                require(connection, post_id)
            waiting.wake(connection, post_id)

    def move(
        self,
        post: Post,
        state: PostState,
        now: datetime,
        *,
        cause: PostCause | None = None,
        error: str | None = None,
        not_before: datetime | None = None,
        looks: int = 0,
    ) -> bool:
        """Take a message from the state that `post` tells to another; `cause` None leaves the last one.

        Changes nothing, and gives False, when another process or a person has taken over. Raises NoSuchRow.
        """
        values = values_of(state, now, cause=cause, error=error, not_before=not_before, looks=looks)
        # Certainly nothing is there: the next try shows what is known then.
        values |= {"shown": None} if state is PostState.REFUSED else {}
        with self._database.writing() as connection:
            changed = connection.execute(update(posts).where(_as_it_was(post)).values(values)).rowcount
            if not changed:
                require(connection, post.id)
            if state is PostState.REFUSED:
                waiting.wake(connection, post.id)
        return changed > 0

    def is_ours(self, post: Post) -> bool:
        """Whether a message that was claimed is still the caller's to send: no other process or person has taken over."""
        with self._database.reading() as connection:
            return bool(connection.execute(select(exists().where(_as_it_was(post)))).scalar_one())

    def recover(self, now: datetime) -> int:
        """Make UNKNOWN every post left SENDING, wherever it goes, and tell how many: for the process that has just become the one which
        delivers. `unknown_due` does it for what this process itself could not record.
        """
        with self._database.writing() as connection:
            return _recover(connection, true(), now)

    def hold(self, destination: str, until: datetime, now: datetime, cause: PostCause | None = None) -> None:
        """Give nothing to this destination before then. A later time already set stays, unless the clock was set back since."""
        with self._database.writing() as connection:
            waiting.hold(connection, destination, until, now, cause)

    def reopen(self, destination: str, now: datetime) -> None:
        """A check found that the destination can be used: make due what waits because it refused or did not answer."""
        with self._database.writing() as connection:
            waiting.reopen(connection, destination, now)

    def held_until(self, destination: str, now: datetime) -> datetime | None:
        """When the destination may be used again; None when it may be now."""
        with self._database.reading() as connection:
            return waiting.held_until(connection, destination, now)

    def idle_since(self, now: datetime) -> dict[str, datetime]:
        """Since when something has been due at each destination while nothing was tried there, by its name."""
        with self._database.reading() as connection:
            return waiting.idle_since(connection, now)

    def next_due(self, now: datetime, destinations: Collection[str] | None = None) -> datetime | None:
        """When there will next be something to do (never before `now`), None when nothing waits.

        Give the configured destinations: posts of one that is no longer configured stay, and would be due for ever.
        """
        with self._database.reading() as connection:
            return waiting.next_due(connection, now, destinations)

    def load(self, destination: str, now: datetime, since: datetime) -> Load:
        """How much waits for a destination, and how many messages it got after `since`."""
        with self._database.reading() as connection:
            return backlog.load(connection, destination, now, since)

    def sent_since(self, destination: str, since: datetime) -> list[datetime]:
        """When each message that a destination got after `since` was sent."""
        with self._database.reading() as connection:
            return backlog.sent_since(connection, destination, since)

    def single(self, destination: str, now: datetime) -> list[Post]:
        """The due PENDING posts of a destination that are in no digest, oldest first."""
        with self._database.reading() as connection:
            return load_rows(connection, backlog.is_single(destination, now))

    def gather(self, destination: str, digests: Sequence[Sequence[int]], now: datetime) -> None:
        """Make each of these lists of posts one message, all of them or none. What is no longer due and single is left out.

        Recorded before anything of it is sent: every try of a digest holds the same decrees under the same key.
        """
        with self._database.writing() as connection:
            backlog.gather(connection, destination, digests, now)

    def counts(self) -> dict[str, dict[PostState, int]]:
        """How many in each state, by destination. States and destinations without any are left out."""
        query = (
            select(posts.c.destination, posts.c.state, func.count())
            .group_by(posts.c.destination, posts.c.state)
            .order_by(posts.c.destination, posts.c.state)
        )
        result: dict[str, dict[PostState, int]] = {}
        with self._database.reading() as connection:
            for destination, state, number in connection.execute(query):
                result.setdefault(destination, {})[PostState(state)] = number
        return result


def _as_it_was(post: Post) -> ColumnElement[bool]:
    """The rows of this message, while it is in the state that it tells, at the same attempt."""
    first = posts.alias()
    attempts = select(first.c.attempts).where(first.c.id == post.id).scalar_subquery()
    return and_(of_message(post), posts.c.state == post.state, posts.c.state.in_(_OPEN), attempts == post.attempts)


def _recover(connection: Connection, where: ColumnElement[bool], now: datetime) -> int:
    error = "the program was stopped while sending"
    # Its request may have left a moment before it ended.
    values = values_of(PostState.UNKNOWN, now, cause=PostCause.KILLED, error=error, not_before=now + SETTLE)
    return connection.execute(update(posts).where(where, posts.c.state == PostState.SENDING).values(values)).rowcount


def _about_to_be_told(connection: Connection, messages: Sequence[Post]) -> list[Post]:
    """With the message that each replies to. What they tell is noted, so that it is known when there is more to tell, and at the first
    try what they are recognised by.
    """
    for message in messages:
        for decree in message.decrees:
            this = and_(of_message(message), posts.c.decree_id == decree.id)
            connection.execute(update(posts).where(this).values(told=as_text(None, decree)))
            connection.execute(update(posts).where(this, posts.c.shown.is_(None)).values(shown=shown_by(decree)))
    return [with_reply(connection, message) for message in messages]


def _oldest(destination: str, due: ColumnElement[bool], now: datetime) -> Select[int]:
    return select(posts.c.id).where(posts.c.destination == destination, due, ~is_resting(destination, now)).order_by(posts.c.id)


# The messages that are known in a Telegram chat, for who looks there for one post.

_LAST_SENT = 20
"""Posts among whose messages the newest one is looked for: ids grow with time, but for the clocks of two programs."""


class ChatMessages:
    """Every method raises StorageError when the database cannot do it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, chats: Collection[str], message_id: int, now: datetime) -> None:
        """A message with this id is, or was, in the chat that these names and numbers mean."""
        values = {"message_id": message_id, "noted_at": now}
        with self._database.writing() as connection:
            for chat in {_name(chat) for chat in chats}:
                connection.execute(insert_or_ignore(connection, newest_messages), {"chat": chat, **values})
                older = and_(newest_messages.c.chat == chat, newest_messages.c.message_id < message_id)
                connection.execute(update(newest_messages).where(older).values(values))

    def begin(self, post_id: int, chat: int | str) -> int | None:
        """Note the newest message known in the chat of a post that is about to be sent: its own message can only come after it. Gives its
        id, None where none is known. Raises NoSuchRow.
        """
        with self._database.writing() as connection:
            require(connection, post_id)
            this = posts.alias()
            here = posts.c.destination == select(this.c.destination).where(this.c.id == post_id).scalar_subquery()
            last = select(posts.c.reference).where(here, posts.c.state == PostState.SENT)
            sent = connection.execute(last.order_by(posts.c.closed_at.desc()).limit(_LAST_SENT)).scalars()
            newest = max([*_numbers(sent), *filter(None, [_newest(connection, chat)])], default=None)
            values = {"after": newest, "searched_to": None}
            if not connection.execute(update(searches).where(searches.c.post_id == post_id).values(values)).rowcount:
                connection.execute(insert(searches), {"post_id": post_id, **values})
            return newest

    def searched(self, post_id: int, to: int) -> None:
        """The message of this post is none of those up to this id."""
        with self._database.writing() as connection:
            connection.execute(insert_or_ignore(connection, searches), {"post_id": post_id})
            connection.execute(update(searches).where(searches.c.post_id == post_id).values(searched_to=to))

    def history(self, post_id: int, chat: int | str) -> ChatHistory:
        """What is known of the chat, to look there for this post. Raises NoSuchRow."""
        this = posts.alias()
        # The id too: programs whose clocks disagree must not make a later post an earlier one.
        earlier = and_(posts.c.closed_at < this.c.created_at, posts.c.id < this.c.id)
        sent = select(posts.c.reference, earlier.label("earlier")).join(
            this, and_(this.c.destination == posts.c.destination, this.c.id == post_id)
        )
        with self._database.reading() as connection:
            require(connection, post_id)
            rows = connection.execute(sent.where(posts.c.state == PostState.SENT)).all()
            search = connection.execute(select(searches).where(searches.c.post_id == post_id)).one_or_none()
            newest = _newest(connection, chat)
        after = None if search is None else search.after
        before = max([*_numbers(row.reference for row in rows if row.earlier), *filter(None, [after])], default=None)
        searched_to = None if search is None else search.searched_to
        return ChatHistory(before, frozenset(_numbers(row.reference for row in rows)), newest, searched_to)

    def decrees_at(self, link: str) -> list[Decree]:
        """The decrees whose posts have this link, `…pdf#page=3`."""
        url, _, page = link.rpartition("#page=")
        if not page.isdecimal():
            return []
        query = select(decrees.c.id).where(decrees.c.url == url, decrees.c.page == int(page)).order_by(decrees.c.id)
        with self._database.reading() as connection:
            found = load_decrees(connection, connection.execute(query).scalars().all())
        return list(found.values())


def _newest(connection: Connection, chat: int | str) -> int | None:
    query = select(newest_messages.c.message_id).where(newest_messages.c.chat == _name(chat))
    found: int | None = connection.execute(query).scalar_one_or_none()
    return found


def _numbers(references: Iterable[str | None]) -> list[int]:
    return [int(one) for one in references if one is not None and one.isascii() and one.isdigit()]


def _name(chat: int | str) -> str:
    return str(chat).lower()
