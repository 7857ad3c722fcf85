"""The numbers of acts, which are those of reviews too: none is given twice, so that what a person answers never falls on another act."""

from __future__ import annotations

from sqlalchemy import Connection, delete, func, insert, select

from bot.storage.schema import act_numbers, acts


def new_numbers(connection: Connection, count: int) -> list[dict[str, int]]:
    """As many new values of `acts.id`, to add to the rows. To be called before acts are deleted, even where no new one follows.

    PostgreSQL has a sequence, which never goes back: nothing is to be added there. SQLite would give the number of a deleted act again, as
    soon as no higher one is left (https://www.sqlite.org/autoinc.html), so the highest that was ever given is kept.
    """
    if connection.dialect.name != "sqlite":
        return [{} for _ in range(count)]
    given = connection.execute(select(act_numbers.c.last)).scalar() or 0
    given = max(given, connection.execute(select(func.max(acts.c.id))).scalar() or 0)
    connection.execute(delete(act_numbers))
    connection.execute(insert(act_numbers), {"last": given + count})
    return [{"id": given + number} for number in range(1, count + 1)]
