"""Telegram groups that became supergroups: their new ids, remembered so that a restart knows them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Text, cast, delete, func, insert, select

from bot.storage.database import Database
from bot.storage.schema import moved_chats

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
