"""The outbox as people see it: what waits, what is in trouble, and what a person decides of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Text, and_, cast, delete, func, insert, or_, select, true, update

from bot.domain import Post, PostCause, PostState
from bot.domain.folding import clean
from bot.storage import waiting
from bot.storage.database import Database
from bot.storage.errors import NoSuchRow
from bot.storage.outbox_rows import cause_of, load_messages, load_rows, of_message, values_of
from bot.storage.schema import holds, moved_chats, posts

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


class Posts:
    """Every method raises StorageError when the database cannot do it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def listed(
        self,
        *,
        states: Collection[PostState] | None = None,
        destination: str | None = None,
        also: Collection[int] = (),
        limit: int | None = None,
    ) -> list[Post]:
        """One for each row, oldest first; `states` None: all but those sent. `also`: the ids of posts to list whatever their state."""
        wanted = or_(posts.c.state.in_(sorted(UNSENT if states is None else states)), posts.c.id.in_(sorted(also)))
        there = true() if destination is None else posts.c.destination == destination
        with self._database.reading() as connection:
            return load_rows(connection, and_(wanted, there), limit=limit)

    def get(self, post_id: int) -> Post:
        """One row. Raises NoSuchRow."""
        with self._database.reading() as connection:
            found = load_rows(connection, posts.c.id == post_id)
        if not found:
            raise NoSuchRow(f"no post has the id {post_id}")
        return found[0]

    def message(self, post_id: int) -> Post:
        """The whole message that a row is part of: its digest, if it is in one. Raises NoSuchRow."""
        digest = select(posts.c.digest).where(posts.c.id == post_id).scalar_subquery()
        with self._database.reading() as connection:
            found = load_messages(connection, or_(posts.c.id == post_id, posts.c.digest == digest))
        if not found:
            raise NoSuchRow(f"no post has the id {post_id}")
        return found[0]

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
        """A person takes a message from the state that `post` tells to another; a process that looks for it changes nothing more.

        Changes nothing, and gives False, when its state is another by now. Given a row as `get` gives it, a drop takes that row alone out
        of its digest. Its destination rests no longer, unless the platform asked for that.
        """
        values = values_of(state, now, cause=cause, error=None, not_before=not_before)
        whole = of_message(post)
        if state is PostState.SENT:
            values |= {"closed_at": now, "reference": None if reference is None else clean(reference)}
        if state is PostState.REFUSED:
            # What was there last time is still why.
            values |= {"error": posts.c.error, "digest": None}
            whole = posts.c.id == post.id
        with self._database.writing() as connection:
            changed = connection.execute(update(posts).where(whole, posts.c.state == post.state).values(values)).rowcount
            if changed and state is PostState.PENDING:
                ours = or_(holds.c.cause.is_(None), holds.c.cause != PostCause.RATE_LIMITED.value)
                connection.execute(delete(holds).where(holds.c.destination == post.destination, ours))
            waiting.wake(connection, post.id)
        return changed > 0

    def unsent(self, destinations: Collection[str]) -> list[OpenPost]:
        """What was not sent to these destinations, oldest first, without what a person gave up."""
        by_person = and_(posts.c.state == PostState.REFUSED, posts.c.cause.is_not(None), posts.c.cause == PostCause.BY_PERSON.value)
        # Not "other than SENT", for which every post ever sent would be looked at.
        unsent = posts.c.state.in_(sorted(UNSENT))
        query = select(posts).where(posts.c.destination.in_(sorted(destinations)), unsent, ~by_person).order_by(posts.c.id)
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        firsts: dict[str, int] = {}
        for row in rows:
            firsts.setdefault(row.digest or row.key, row.id)
        return [
            OpenPost(
                id=row.id,
                message=firsts[row.digest or row.key],
                destination=row.destination,
                state=PostState(row.state),
                cause=cause_of(row),
                error=row.error,
                created_at=row.created_at,
                decree=row.decree_id,
            )
            for row in rows
        ]


# Telegram groups that became supergroups: their new ids, remembered so that a restart knows them.

_MOVES = 10
"""How far a chain of moves is followed."""


class MovedChats:
    """Every method raises StorageError when the database cannot do it."""

    def __init__(self, database: Database) -> None:
        self._database = database

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
        query = select(func.max(moved_chats.c.moved_at)).where(cast(moved_chats.c.moved_to, Text) == str(self.now_at(chat)))
        with self._database.reading() as connection:
            found: datetime | None = connection.execute(query).scalar_one()
        return found

    def moved(self, chat: int | str, new: int, now: datetime) -> None:
        """The platform says that a chat has another id now. The last word on a chat is the one that counts."""
        with self._database.writing() as connection:
            # Whatever led away from the new id is no longer true.
            connection.execute(delete(moved_chats).where(moved_chats.c.chat.in_((_name(chat), _name(new)))))
            connection.execute(insert(moved_chats), {"chat": _name(chat), "moved_to": new, "moved_at": now})


def _name(chat: int | str) -> str:
    return str(chat).lower()
