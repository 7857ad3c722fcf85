"""What is known of Telegram chats: the ids of groups that became supergroups, and the newest messages, for who looks there for one post."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import Connection, Text, and_, cast, delete, func, insert, select

from bot.domain.acts import Decree
from bot.domain.posts import ChatHistory, PostState
from bot.storage.database import Repository, put
from bot.storage.decree_rows import load_decrees
from bot.storage.posts import require
from bot.storage.schema import decrees, moved_chats, newest_messages, posts, searches

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
        query = select(func.max(moved_chats.c.moved_at)).where(cast(moved_chats.c.moved_to, Text) == str(self.now_at(chat)))
        found: datetime | None = self._database.value(query)
        return found

    def moved(self, chat: int | str, new: int, now: datetime) -> None:
        """The platform says that a chat has another id now. The last word on a chat is the one that counts."""
        with self._database.writing() as connection:
            # Whatever led away from the new id is no longer true.
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
            for chat in {_name(chat) for chat in chats}:
                put(connection, newest_messages, {"chat": chat}, values, where=newest_messages.c.message_id < message_id)

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
            put(connection, searches, {"post_id": post_id}, {"after": newest, "searched_to": None})
            return newest

    def searched(self, post_id: int, to: int) -> None:
        """The message of this post is none of those up to this id."""
        with self._database.writing() as connection:
            put(connection, searches, {"post_id": post_id}, {"searched_to": to})

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
