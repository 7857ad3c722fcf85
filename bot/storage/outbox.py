"""The outbox: every post is a row before it is a message.

One process at a time delivers: the one that holds the lock `work` (`bot.storage.locks`). What it finds SENDING when it begins was left by a
process that is gone, and is in doubt. Were the lock lost in the middle of a send, the number of attempts distinguishes the send of
one process from that of the next: a late answer changes nothing, but for `sent`, which is true whoever says it.

The posts of a digest are one message: which they are is recorded before it is sent, and from then on they change together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Text, and_, case, cast, delete, exists, func, insert, or_, select, true, update

from bot.domain.acts import Decree
from bot.domain.folding import clean
from bot.domain.posts import ChatHistory, Post, PostCause, PostState, content_of, recognised_by
from bot.domain.routing import CHATS, SHARED, is_shared
from bot.storage.acts import refuse_withdrawn
from bot.storage.columns import Instant
from bot.storage.database import Repository, put
from bot.storage.decrees import load_decrees
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
from bot.storage.schema import decrees, edits, holds, moved_chats, newest_messages, posts, searches

AWAITED = timedelta(minutes=5)
"""After which a post is looked at again that waits for one to go out first. What makes that certain wakes it at once."""

SETTLE = timedelta(seconds=10)
"""Before a message is looked for that a process left SENDING: the platform may still be working on it."""

_OPEN = (PostState.SENDING, PostState.UNKNOWN)
_REFUSED_OR_DOWN = (PostCause.REFUSED_DESTINATION, PostCause.NOT_SENT, PostCause.CANNOT_ASK)
_MESSAGE = func.coalesce(posts.c.digest, posts.c.key)


@dataclass(frozen=True, slots=True)
class DestinationLoad:
    """How much there is for a destination: messages that are due, posts among them that are in no digest, messages sent lately."""

    waiting: int
    single: int
    sent: int


class Outbox(Repository):
    """Posts of every destination, in the order they were recorded."""

    def claim(self, destination: str, now: datetime) -> Post | None:
        """The oldest due PENDING message of the destination, now SENDING. None while the destination is on hold.

        What would go out before a post of a decree that it changes is put off, and leaves its digest.
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
        """Whether a message there is being sent, or may have been and is still to be looked for: what follows it would overtake it."""
        query = select(exists().where(posts.c.destination == destination, is_in_doubt(posts)))
        return bool(self._database.value(query))

    def unknown_due(self, destination: str, now: datetime) -> list[Post]:
        """The messages of the destination to look for now, oldest first: those UNKNOWN whose time has come. What was left SENDING is
        UNKNOWN from here on. Empty while the destination is on hold.
        """
        due = and_(posts.c.state == PostState.UNKNOWN, is_due(now))
        with self._database.writing() as connection:
            lock_chat(connection, destination)
            _recover(connection, posts.c.destination == destination, now)
            ids = list(connection.execute(_oldest(destination, due, now)).scalars())
            return load_messages(connection, posts.c.id.in_(ids))

    def sent(self, post_id: int, reference: str, now: datetime, cause: PostCause | None = None) -> None:
        """The platform has the message, under this id. Always accepted: it is true whoever says it. Raises NoSuchRow."""
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
        """Take a message from the state of `post` to another; `cause` None leaves the last one.

        Changes nothing, and gives False, when another process or a person has taken over. Raises NoSuchRow.
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
        """Whether a message that was claimed is still the caller's to send: no other process or person has taken over."""
        return bool(self._database.value(select(exists().where(_as_it_was(post)))))

    def recover(self, now: datetime) -> int:
        """Make UNKNOWN every post left SENDING, wherever it goes, and return how many: for the process that has just become the one which
        delivers. `unknown_due` does it for what this process itself could not record.
        """
        with self._database.writing() as connection:
            lock_chats(connection, posts.c.state == PostState.SENDING)
            return _recover(connection, true(), now)

    def hold(self, destination: str, until: datetime, now: datetime, cause: PostCause | None = None) -> None:
        """Give nothing to this destination before then. A later time already set stays, unless the clock was set back since."""
        values = {"until": until, "set_at": now, "cause": cause}
        earlier = or_(holds.c.until < until, holds.c.set_at > now + SKEW)
        with self._database.writing() as connection:
            put(connection, holds, {"destination": destination}, values, where=earlier)

    def reopen(self, destination: str, now: datetime) -> None:
        """A check found that the destination can be used: make due what waits because it refused or did not answer, its edits too. What
        the platform asked for lasts.
        """
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
        """Since when something has been due at each destination while nothing was tried there, by its name.

        What stands behind a message in doubt is due once that was looked for. Neither a rest nor a slow pace is idleness: the last rest and
        the last message sent count.
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
        """When there will next be something to do (never before `now`), None when nothing waits.

        Give the configured destinations: posts of one that is no longer configured stay, and would be due for ever. To be asked between two
        passes: a message that is still SENDING then was left so, and there is something to do at once.
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
        """Make each of these lists of posts one message, all of them or none. What is no longer due and single is left out.

        Recorded before anything of it is sent: every try of a digest holds the same decrees under the same key.
        """
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
        """How many in each state, by destination. States and destinations without any are left out."""
        query = (
            select(posts.c.destination, posts.c.state, func.count().label("number"))
            .group_by(posts.c.destination, posts.c.state)
            .order_by(posts.c.destination, posts.c.state)
        )
        result: dict[str, dict[PostState, int]] = {}
        for row in self._database.rows(query):
            result.setdefault(row.destination, {})[row.state] = row.number
        return result


def _as_it_was(post: Post) -> ColumnElement[bool]:
    """The rows of this message, while it is in the state that it has here, at the same attempt."""
    attempts = select(OTHER.c.attempts).where(OTHER.c.id == post.id).scalar_subquery()
    return and_(of_message(post), posts.c.state == post.state, posts.c.state.in_(_OPEN), attempts == post.attempts)


def _recover(connection: Connection, where: ColumnElement[bool], now: datetime) -> int:
    error = "the program was stopped while sending"
    # Its request may have left a moment before it ended.
    values = values_of(PostState.UNKNOWN, now, cause=PostCause.KILLED, error=error, not_before=now + SETTLE)
    return connection.execute(update(posts).where(where, posts.c.state == PostState.SENDING).values(values)).rowcount


def _about_to_be_sent(connection: Connection, messages: Sequence[Post]) -> list[Post]:
    """With the message that each replies to. What they say is noted, so that it is known when there is more to say, and at the first
    try what they are recognised by.
    """
    for message in messages:
        for decree in message.decrees:
            this = and_(of_message(message), posts.c.decree_id == decree.id)
            connection.execute(update(posts).where(this).values(content=content_of(decree)))
            connection.execute(update(posts).where(this, posts.c.recognised_by.is_(None)).values(recognised_by=recognised_by(decree)))
    return [with_reply(connection, message) for message in messages]


def digest_key(keys: Iterable[str]) -> str:
    """The key of a digest, made from those of its posts: 32 hexadecimal digits, as theirs."""
    return hashlib.sha256("\0".join(["digest", *sorted(keys)]).encode()).hexdigest()[:32]


def _is_single(destination: str, now: datetime) -> ColumnElement[bool]:
    """A due post of this destination that is a message of its own so far."""
    return and_(posts.c.destination == destination, posts.c.state == PostState.PENDING, posts.c.digest.is_(None), is_due(now))


def _without_early(connection: Connection, ids: Sequence[int], now: datetime) -> list[int]:
    """Those of these posts of one message that may go out now; the others wait for the post of a decree that their own changes."""
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


# Telegram chats: the ids of groups that became supergroups, and the newest messages, among which a lost post is searched for.

_MOVES = 10
"""How far a chain of moves is followed."""


class MovedChats(Repository):
    """The ids of groups that moved, as they are now."""

    def now_at(self, chat: int | str) -> int | str:
        """The id that a chat has now: the one given where it never moved. A chain of moves is followed, a circle is not."""
        known: list[int | str] = [chat]
        with self._database.reading() as connection:
            for _ in range(_MOVES):
                query = select(moved_chats.c.moved_to).where(moved_chats.c.chat == _name(known[-1]))
                found = connection.execute(query).scalar_one_or_none()
                if found is None or found in known:
                    break
                known.append(int(found))
        return known[-1]

    def moved_at(self, chat: int | str) -> datetime | None:
        """When a chat got the id that it has now: its messages from before have other ids. None where it never moved."""
        now_at = self.now_at(chat)
        with self._database.reading() as connection:
            return _moved_at(connection, now_at)

    def moved(self, chat: int | str, new: int, now: datetime) -> None:
        """The platform says that a chat has another id now. The last word on a chat is the one that counts."""
        with self._database.writing() as connection:
            note_move(connection, chat, new, now)


def note_move(connection: Connection, chat: int | str, new: int, now: datetime) -> None:
    """Note that a chat has another id now. Whatever led away from the new id is no longer true."""
    connection.execute(delete(moved_chats).where(moved_chats.c.chat.in_((_name(chat), _name(new)))))
    connection.execute(insert(moved_chats), {"chat": _name(chat), "moved_to": new, "moved_at": now})


_LAST_SENT = 20
"""Posts among whose messages the newest one is looked for: ids grow with time, but for the clocks of two programs."""


class ChatMessages(Repository):
    """The newest messages known in chats, and where a lost one was looked for."""

    def note(self, chats: Collection[str], message_id: int, now: datetime) -> None:
        """A message with this id is, or was, in the chat that these names and numbers mean."""
        values = {"message_id": message_id, "noted_at": now}
        with self._database.writing() as connection:
            for chat in sorted({_name(chat) for chat in chats}):
                put(connection, newest_messages, {"chat": chat}, values, where=newest_messages.c.message_id < message_id)

    def begin(self, post_id: int, chat: int | str) -> int | None:
        """Note the newest message known in the chat of a post that is about to be sent: its own message can only come after it. Gives its
        id, None where none is known, 0 where the chat has moved and none is known since. Raises NoSuchRow.
        """
        with self._database.writing() as connection:
            require(connection, post_id)
            moved = _moved_at(connection, chat)
            here = posts.c.destination == select(OTHER.c.destination).where(OTHER.c.id == post_id).scalar_subquery()
            last = select(posts.c.reference).where(here, *_sent_since(moved))
            sent = connection.execute(last.order_by(posts.c.closed_at.desc()).limit(_LAST_SENT)).scalars()
            first = None if moved is None else 0
            newest = max([*_numbers(sent), *filter(None, [_newest(connection, chat)])], default=first)
            put(connection, searches, {"post_id": post_id}, {"after": newest, "searched_to": None})
            return newest

    def begin_after(self, post_id: int, newest: int | None) -> None:
        """Note the newest message known in the row of ids that private chats share, as `begin` does of one chat."""
        with self._database.writing() as connection:
            require(connection, post_id)
            put(connection, searches, {"post_id": post_id}, {"after": newest, "searched_to": None})

    def newest_shared(self) -> int | None:
        """Return the greatest message id known in that row, None where none is."""
        chats = posts.c.destination.startswith(CHATS)
        after = select(func.max(searches.c.after)).join(posts, posts.c.id == searches.c.post_id).where(chats)
        last = select(posts.c.destination, posts.c.reference).where(chats, posts.c.state == PostState.SENT).order_by(posts.c.id.desc())
        with self._database.reading() as connection:
            rows = connection.execute(last.limit(_LAST_SENT)).all()
            newest = [*_numbers(row.reference for row in rows if is_shared(row.destination)), connection.execute(after).scalar_one()]
            newest.append(_newest(connection, SHARED))
        return max((one for one in newest if one is not None), default=None)

    def searched(self, post_id: int, to: int) -> None:
        """The message of this post is none of those up to this id."""
        with self._database.writing() as connection:
            put(connection, searches, {"post_id": post_id}, {"searched_to": to})

    def history(self, post_id: int, chat: int | str) -> ChatHistory:
        """What is known of the chat, to look there for this post. Raises NoSuchRow."""
        # The id too: programs whose clocks disagree must not make a later post an earlier one.
        earlier = and_(
            posts.c.closed_at < func.coalesce(OTHER.c.sought_since, OTHER.c.created_at, type_=Instant()), posts.c.id < OTHER.c.id
        )
        sent = select(posts.c.reference, earlier.label("earlier")).join(
            OTHER, and_(OTHER.c.destination == posts.c.destination, OTHER.c.id == post_id)
        )
        with self._database.reading() as connection:
            require(connection, post_id)
            rows = connection.execute(sent.where(*_sent_since(_moved_at(connection, chat)))).all()
            search = connection.execute(select(searches).where(searches.c.post_id == post_id)).one_or_none()
            newest = _newest(connection, chat)
        after = None if search is None else search.after
        before = max([*_numbers(row.reference for row in rows if row.earlier), *([] if after is None else [after])], default=None)
        searched_to = None if search is None else search.searched_to
        return ChatHistory(before, frozenset(_numbers(row.reference for row in rows)), newest, searched_to, is_begun=search is not None)

    def shared_history(self, post_id: int) -> ChatHistory:
        """Return what is known of all chats whose messages have ids of the shared row, to look for a post among them. Raises NoSuchRow."""
        meanwhile = posts.c.closed_at >= select(OTHER.c.created_at).where(OTHER.c.id == post_id).scalar_subquery()
        sent = select(posts.c.destination, posts.c.reference).where(
            posts.c.destination.startswith(CHATS), posts.c.state == PostState.SENT, meanwhile
        )
        with self._database.reading() as connection:
            require(connection, post_id)
            known = _numbers(row.reference for row in connection.execute(sent) if is_shared(row.destination))
            search = connection.execute(select(searches).where(searches.c.post_id == post_id)).one_or_none()
        after, searched_to = (None, None) if search is None else (search.after, search.searched_to)
        return ChatHistory(after, frozenset(known), max(known, default=None), searched_to, is_begun=search is not None)

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


def _moved_at(connection: Connection, chat: int | str) -> datetime | None:
    """When a chat got the id that it has: its messages from before have other ids. None where it has not moved."""
    found: datetime | None = connection.execute(
        select(func.max(moved_chats.c.moved_at)).where(cast(moved_chats.c.moved_to, Text) == str(chat))
    ).scalar_one()
    return found


def _sent_since(moved: datetime | None) -> list[ColumnElement[bool]]:
    """Posts whose messages have ids that the chat still gives."""
    return [posts.c.state == PostState.SENT, *([] if moved is None else [posts.c.closed_at > moved])]


def _numbers(references: Iterable[str | None]) -> list[int]:
    return [int(one) for one in references if one is not None and one.isascii() and one.isdigit()]


def _name(chat: int | str) -> str:
    return str(chat).lower()
