"""A transaction that met another program's begins again, and leaves nothing of the try before."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Connection, insert, select

from bot.storage.database import written
from bot.storage.errors import Conflict, Locked, StorageError
from bot.storage.schema import search_rules
from bot.storage.store import Store

pytestmark = pytest.mark.postgresql


def writes(version: str, *troubles: StorageError) -> Callable[[Connection], str]:
    """Work that adds a row, and then meets each of these troubles once."""
    left = list(troubles)

    def work(connection: Connection) -> str:
        connection.execute(insert(search_rules), {"version": version})
        if left:
            raise left.pop(0)
        return version

    return work


def versions(store: Store) -> list[str]:
    with store.database.reading() as connection:
        return [one for one in connection.execute(select(search_rules.c.version)).scalars() if one.startswith("test")]


def test_the_last_try_counts_alone(store: Store) -> None:
    assert written(store.database, writes("test", *[Conflict("again")] * 4)) == "test"
    assert versions(store) == ["test"]


@pytest.mark.parametrize(("troubles", "raised"), [([Conflict("again")] * 5, Conflict), ([Locked("busy")], Locked)])
def test_what_goes_on_failing_is_told_and_leaves_nothing(store: Store, troubles: list[StorageError], raised: type[StorageError]) -> None:
    with pytest.raises(raised, match=str(troubles[0])):
        written(store.database, writes("test", *troubles))
    assert versions(store) == []


def test_a_key_that_another_has_taken_is_a_conflict_each_time(store: Store) -> None:
    written(store.database, writes("test"))
    tries: list[int] = []

    def work(connection: Connection) -> None:
        tries.append(1)
        connection.execute(insert(search_rules), {"version": "test"})

    with pytest.raises(Conflict):
        written(store.database, work)
    assert (len(tries), versions(store)) == (5, ["test"])
