"""The edits as people see them: what waits, what was given up, and what a person decides of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, or_, select, update

from bot.domain import PostCause
from bot.domain.identity.marks import as_text, as_untold
from bot.storage.database import Database
from bot.storage.editing import DONE, GIVEN_UP, PENDING
from bot.storage.edits import can_be_edited
from bot.storage.outbox_rows import cause_of, load_rows
from bot.storage.schema import edits, posts


@dataclass(frozen=True, slots=True)
class EditTold:
    """What is told of an edit: `state` is `pending`, `done` or `given_up`. `not_before` is when it is tried next."""

    post: int
    destination: str
    state: str
    attempts: int
    not_before: datetime | None
    cause: PostCause | None
    error: str | None


class EditsTold:
    """Every method raises StorageError when the database cannot do it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def unmade(self, destinations: Collection[str]) -> list[EditTold]:
        """Those that wait, and those that were given up by other than a person. Give the destinations whose posts are edited."""
        waits = and_(edits.c.state == PENDING, can_be_edited())
        return self._found(and_(posts.c.destination.in_(sorted(destinations)), or_(waits, _was_given_up())))

    def given_up(self, destinations: Collection[str]) -> list[EditTold]:
        """Those among them that are not tried again, and of which a person decided nothing yet."""
        return self._found(and_(posts.c.destination.in_(sorted(destinations)), _was_given_up()))

    def of(self, post_id: int) -> EditTold | None:
        """That of one post; None where it has told all that was ever known."""
        return next(iter(self._found(edits.c.post_id == post_id)), None)

    def retry(self, post_id: int, now: datetime) -> bool:
        """A person wants it made now: one that waits, or one that was given up, whatever its message tells by now. False: there is none."""
        values: dict[str, Any] = {"state": PENDING, "attempts": 0, "not_before": None, "tried_at": None, "changed_at": now}
        values |= {"cause": PostCause.BY_PERSON.value, "error": None}
        own = and_(edits.c.post_id == post_id, edits.c.post_id.in_(select(posts.c.id).where(can_be_edited())))
        with self._database.writing() as connection:
            if connection.execute(update(edits).where(own, edits.c.state == GIVEN_UP).values(values)).rowcount:
                # Given up, it was taken for told: the message may say anything.
                _tell(connection, post_id, as_untold(_told(connection, post_id)))
                return True
            return connection.execute(update(edits).where(own, edits.c.state == PENDING).values(values)).rowcount > 0

    def drop(self, post_id: int, now: datetime) -> bool:
        """A person gives it up: it is not made unless more becomes known, and nobody is told of it any more. False where there is none.

        That an edit has shown its message to others stays noted, and keeps all others of that destination from being made.
        """
        exposed, by_person = PostCause.EDIT_EXPOSED.value, PostCause.BY_PERSON.value
        cause = case((edits.c.cause == exposed, exposed), else_=by_person)
        values = {"state": GIVEN_UP, "cause": cause, "not_before": None, "changed_at": now}
        with self._database.writing() as connection:
            open_one = update(edits).where(edits.c.post_id == post_id, edits.c.state != DONE)
            if not connection.execute(open_one.values(values)).rowcount:
                return False
            (post,) = load_rows(connection, posts.c.id == post_id)
            _tell(connection, post_id, as_text(_told(connection, post_id), post.decree))
            return True

    def _found(self, which: ColumnElement[bool]) -> list[EditTold]:
        query = select(edits, posts.c.destination).join(posts, posts.c.id == edits.c.post_id).where(which).order_by(edits.c.post_id)
        with self._database.reading() as connection:
            return [
                EditTold(
                    post=row.post_id,
                    destination=row.destination,
                    state=row.state,
                    attempts=row.attempts,
                    not_before=row.not_before,
                    cause=cause_of(row),
                    error=row.error,
                )
                for row in connection.execute(query)
            ]


def _was_given_up() -> ColumnElement[bool]:
    by_a_program = or_(edits.c.cause.is_(None), edits.c.cause != PostCause.BY_PERSON.value)
    return and_(edits.c.state == GIVEN_UP, by_a_program)


def _told(connection: Connection, post_id: int) -> str | None:
    told: str | None = connection.execute(select(posts.c.told).where(posts.c.id == post_id)).scalar_one()
    return told


def _tell(connection: Connection, post_id: int, told: str) -> None:
    connection.execute(update(posts).where(posts.c.id == post_id).values(told=told))
