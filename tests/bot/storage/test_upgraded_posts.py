"""Posts sent by the version before: none of them is posted anew, or edited for what it says already. `data/schema_0012.json` is what that
version wrote into its database, row by row.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import JSON, Boolean, Connection, Date, DateTime, Engine, LargeBinary, MetaData, Table, func, insert, select, text
from sqlalchemy.types import TypeEngine

from bot.domain.acts import Facts, Kind, Reference
from bot.domain.posts import UNRECORDED, content_of
from bot.storage import migrate as module
from bot.storage.database import begin_to_write, make_engine, parse_url
from bot.storage.posts import want_edits, with_changed
from bot.storage.schema import edits, posts
from bot.storage.store import Store, open_store
from tests.bot.messages.samples import FULL
from tests.bot.storage.building import NOW, to
from tests.bot.storage.finding import found, reading_of, stored

ROWS = Path(__file__).parent / "data" / "schema_0012.json"
SENT = range(1, 10)
STATES = {1: "done", 2: "done", 5: "pending", 6: "given_up", 10: "pending"}
LATER = NOW + timedelta(hours=2)


def value(stored: Any, kind: TypeEngine[Any]) -> Any:
    """What is written in the file, for a column of this type."""
    if isinstance(kind, DateTime):
        return datetime.fromisoformat(stored).replace(tzinfo=UTC)
    if isinstance(kind, Date):
        return date.fromisoformat(stored)
    if isinstance(kind, JSON):
        return json.loads(stored)
    if isinstance(kind, LargeBinary):
        return bytes.fromhex(stored)
    return bool(stored) if isinstance(kind, Boolean) else stored


def fill(connection: Connection) -> None:
    for name, rows in json.loads(ROWS.read_text(encoding="utf-8")).items():
        table = Table(name, MetaData(), autoload_with=connection, resolve_fks=False)
        for row in rows:
            connection.execute(insert(table), {column: value(stored, table.c[column].type) for column, stored in row.items()})
        if connection.dialect.name == "postgresql" and "id" in table.c:
            highest = connection.execute(select(func.max(table.c.id))).scalar_one()
            connection.execute(text("SELECT setval(pg_get_serial_sequence(:table, 'id'), :highest)"), {"table": name, "highest": highest})


@pytest.fixture
def upgraded(url: str) -> Any:
    engine: Engine = make_engine(parse_url(url), read_only=False)
    with module._one_at_a_time, begin_to_write(engine) as connection:
        module.upgrade_to(connection, "0012")
        fill(connection)
    engine.dispose()
    with open_store(url) as store:
        yield store


def states(store: Store) -> dict[int, str]:
    with store.database.reading() as connection:
        return {row.post_id: row.state for row in connection.execute(select(edits))}


def test_what_a_post_said_is_kept(upgraded: Store) -> None:
    with upgraded.database.reading() as connection:
        rows = {row.id: row for row in connection.execute(select(posts))}
    whole = [number for number in (*SENT, 12) if number not in (4, 5, 12)]
    assert {number: rows[number].content for number in whole} == {number: content_of(stored(upgraded, number)) for number in whole}
    assert rows[1].content.changes == {"suspension:2", "suspension:2:3"}
    # Sent before its content was recorded, and not sent yet.
    assert rows[4].content is rows[12].content is None
    # Nobody knows what it says of later decrees.
    assert (rows[11].content.changes, rows[11].content.facts, UNRECORDED.changes) == (None, {"number", "signed"}, frozenset())
    assert rows[1].recognised_by == {"url": "https://prefecture.example/26/grant.pdf", "page": 3, "number": "2024-123"}
    assert rows[4].recognised_by is None


def test_nothing_is_posted_anew_nor_edited_for_what_it_says(upgraded: Store) -> None:
    assert states(upgraded) == STATES
    with upgraded.database.writing() as connection:
        want_edits(connection, with_changed(connection, range(1, 13)))
    # 11 is the one of which nobody knows what it says: it was to be edited before too.
    assert states(upgraded) == {**STATES, 11: "pending"}
    waits = upgraded.outbox.claim("t", LATER)
    assert waits is not None
    assert waits.id == 12
    assert upgraded.outbox.claim("t", LATER) is None
    made = []
    while (edit := upgraded.edits.next("t", LATER)) is not None:
        made.append((edit.post.id, edit.post.decree.facts.cameras))
        upgraded.edits.done(edit, LATER)
    assert made == [(5, 12), (11, None)]
    (sought,) = upgraded.outbox.unknown_due("t", LATER)
    assert (sought.id, sought.decree.page, sought.decree.facts.number) == (10, 3, None)


def test_a_reading_of_the_same_says_nothing_new_and_what_is_new_is_said(upgraded: Store) -> None:
    facts = Facts(**{**{name: getattr(FULL, name) for name in FULL.__slots__}, "number": "2024-123", "signed": date(2024, 4, 12)})
    again = reading_of(upgraded.recueils.get(1), facts)
    assert upgraded.recordings.record(again, to("t"), NOW).posts == ()
    assert states(upgraded) == STATES
    found(upgraded, Facts("2024-150", references=(Reference(Kind.MODIFICATION, "2024-123", date(2024, 4, 12)),)), Kind.MODIFICATION)
    assert states(upgraded) == {**STATES, 1: "pending"}
