"""A database of every earlier schema, filled as a program of that time fills it: opened by this one it loses nothing, and nothing of it is
posted, edited or notified anew."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Column, Connection, MetaData, Table, func, insert, inspect, select, text

from bot.detection.facts.identity import identities as identify
from bot.detection.facts.identity import prefixes
from bot.domain.acts import Facts, Kind, Outcome, Reference
from bot.domain.identity import prefix_of
from bot.domain.posts import PostState
from bot.storage import migrate as module
from bot.storage.columns import to_json, unpack_text
from bot.storage.database import begin_to_write, make_engine, parse_url
from bot.storage.migrate import revision
from bot.storage.store import Store, open_store
from tests.bot.storage.building import NOW, act, one_recueil, result_of, to
from tests.bot.storage.finding import reading_of
from tests.bot.storage.shared import drop
from tests.bot.storage.test_migrate import RELEASED, drift

EARLIER = NOW - timedelta(days=1)
LATER = NOW + timedelta(days=1)
EVIDENCE = [{"about": "verdict", "page": 3, "text": "traitement algorithmique des images"}]
FIRST = Facts("2024-1", signed=date(2024, 4, 12), cameras=4)
DECREES: Mapping[int, tuple[Facts, Kind, PostState]] = {
    1: (FIRST, Kind.AUTHORISATION, PostState.SENT),
    2: (Facts("2024-2", references=(Reference(Kind.SUSPENSION, "2024-1", FIRST.signed),)), Kind.SUSPENSION, PostState.SENT),
    3: (Facts("2024-3", signed=date(2024, 4, 12)), Kind.AUTHORISATION, PostState.PENDING),
    4: (Facts("2024-4", signed=date(2024, 4, 12)), Kind.AUTHORISATION, PostState.UNKNOWN),
    5: (Facts("2024-5", signed=date(2024, 4, 12)), Kind.AUTHORISATION, PostState.REFUSED),
    6: (Facts("2024-6", signed=date(2024, 4, 12)), Kind.AUTHORISATION, PostState.SENDING),
}  # fmt: skip
ASKED, UNASKED = 11, 12
"""Acts in doubt: of the first the operators were asked."""
SETTLED = {"facts": {"places": ["gare de Lens"], "event": None}}
SAID = {1: {"facts": ["cameras", "number", "signed"], "published": "2024-04-19", "changes": ["suspension:2"]}}
SAID |= {number: {"facts": ["number", "signed"], "published": "2024-04-19", "changes": []} for number in (4, 6)}
SAID[2] = {"facts": ["number"], "published": "2024-04-19", "changes": []}


def rows() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every row, with all the columns that any schema has of it, in an order that foreign keys allow."""
    yield "sources", {
        "key": "26:site", "trail": '{"urls": []}', "baseline_at": EARLIER, "next_check_at": NOW, "last_ok_at": EARLIER, "failures": 3,
        "site_failures": 2, "error": "no answer", "cause": "unreachable", "failing_since": EARLIER, "last_new_at": EARLIER,
    }  # fmt: skip
    states = dict.fromkeys(DECREES, "read") | {7: "read", 8: "incomplete", 9: "waiting", 10: "failed", 11: "known", 12: "duplicate"}
    for number, state in states.items():
        yield "recueils", {
            "id": number, "authority": "26", "source": "26:site", "url": f"https://prefecture.example/26/{number}.pdf", "title": "RAA",
            "published": date(2024, 4, 19), "is_detail": False, "state": state, "attempts": 1, "found_at": EARLIER, "tried_at": EARLIER,
            "page_count": 20, "ocr_pages": [], "unreadable_pages": [4] if state == "incomplete" else [], "silent": number == 7,
            "error": "no answer" if state == "failed" else None, "next_try_at": LATER if state == "incomplete" else None,
            "number": f"26-2024-04-19-{number:05}", "digest": f"{number:064}", "sha256": f"{number:064}", "fetched_at": EARLIER,
        }  # fmt: skip
    yield "contents", {
        "sha256": f"{8:064}", "size": 9, "page_count": 20, "pages": zlib.compress(b"[]"), "complete": False, "read_at": EARLIER,
        "rules": "1", "unfinished": 1, "error": None,
    }  # fmt: skip
    for number, (facts, kind, state) in DECREES.items():
        seen = {
            "authority": "26", "recueil_id": number, "url": f"https://prefecture.example/26/{number}.pdf", "page": 3,
            "facts": to_json(facts), "published": date(2024, 4, 19),
        }  # fmt: skip
        yield "decrees", {
            **seen, "id": number, "kind": kind, "title": f"Arrêté n° {facts.number}", "evidence": EVIDENCE, "found_at": EARLIER,
            "act_id": f"26-2024-04-12-{number:05}", "signed_on": facts.signed, "listed_on": date(2024, 4, 18), "gazetteer": "1",
            "notified_at": EARLIER if number == 1 else None,
        }  # fmt: skip
        for key in identify("26", None, facts, ""):
            yield "identities", {"key": key, "decree_id": number, "prefix": prefix_of(key)}
        yield "sightings", {**seen, "id": number, "decree_id": number, "seen_at": EARLIER}
        for position, (named, prefix) in enumerate(zip(facts.references, prefixes(facts, "26"), strict=True)):
            yield "links", {
                "decree_id": number, "position": position, "change": named.change, "number": named.number, "signed": named.signed,
                "prefix": prefix, "authority": "26",
            }  # fmt: skip
        yield "acts", _act(number, number, "decree", decree_id=number, kind=kind, act_id=f"26-2024-04-12-{number:05}")
        sent = state is PostState.SENT
        yield "posts", {
            "id": number, "key": f"key-{number}", "destination": "t", "decree_id": number, "state": state, "attempts": 1,
            "reference": str(number) if sent else None, "error": "refused" if state is PostState.REFUSED else None,
            "created_at": EARLIER, "closed_at": NOW if sent or state is PostState.REFUSED else None, "changed_at": NOW,
            "reconcile_attempts": 0,
            "cause": {PostState.UNKNOWN: "lost_answer", PostState.REFUSED: "refused_content"}.get(state), "content": SAID.get(number),
            "sought_since": EARLIER if state is PostState.UNKNOWN else None,
            "recognised_by": {"url": seen["url"], "page": 3, "number": facts.number} if sent or state is PostState.UNKNOWN else None,
        }  # fmt: skip
    yield "decree_communes", {"decree_id": 1, "commune": "26362", "how": "named", "evidence": "Valence"}
    yield "acts", _act(ASKED, 7, "uncertain")
    yield "acts", _act(UNASKED, 7, "uncertain")
    yield "acts", _act(13, 8, "not_concerned")
    yield "act_numbers", {"last": 13}
    yield "reviews", {"act_id": ASKED, "created_at": EARLIER, "notified_at": EARLIER}
    yield "reviews", {"act_id": UNASKED, "created_at": EARLIER}
    yield "decisions", {"key": "act:26-2024-04-12-00099", "outcome": "not_concerned", "decided_at": EARLIER, "decided_by": "cli"} | SETTLED
    yield "edits", {"post_id": 1, "state": "done", "attempts": 1, "tried_at": EARLIER, "changed_at": EARLIER}
    yield "edits", {"post_id": 2, "state": "given_up", "attempts": 1, "changed_at": EARLIER, "cause": "refused_content", "error": "gone"}
    yield "holds", {"destination": "m", "until": LATER, "set_at": NOW, "cause": "rate_limited"}
    yield "moved_chats", {"chat": "-100", "moved_to": -100200, "moved_at": EARLIER}
    yield "newest_messages", {"chat": "-100200", "message_id": 77, "noted_at": EARLIER}
    yield "searches", {"post_id": 4, "after": 70, "searched_to": 71}
    yield "destination_checks", {"destination": "t", "trouble": None, "since": EARLIER, "checked_at": EARLIER}
    for table, more in (("alerts", {"cause": "unreachable"}), ("post_alerts", {"trouble": "late", "destination": "t"})):
        for number, (notified, closed, ended) in enumerate(((EARLIER, None, None), (None, None, None), (EARLIER, NOW, None)), 1):
            times = {"opened_at": EARLIER, "notified_at": notified, "closed_at": closed, "end_notified_at": ended}
            yield table, {"id": number, "subject": f"26:{number}", "detail": "no answer", **times, **more}
    yield "backfills", {"source": "26:site", "since": date(2024, 1, 1), "listed_at": EARLIER}
    yield "addresses", {
        "address": "192.0.2.1", "updated_at": EARLIER, "next_start": NOW, "failures": 1, "failed_host": "prefecture.example",
        "retry_at": NOW, "reason": "no answer",
    }  # fmt: skip
    yield "robots", {"host": "prefecture.example", "text": "User-agent: *", "read_at": EARLIER}
    yield "requests", {"id": "1", "kind": "poll", "arguments": {"codes": ["26"]}}
    yield "followers", {"chat": 71, "language": "fr", "mode": "each", "since": date(2024, 4, 1)}
    yield "follows", {"chat": 71, "kind": "department", "value": "26"}
    yield "notices", {"chat": 71, "authority": "26", "state": "failing", "changed_at": EARLIER}
    yield "restores", {"restored_at": EARLIER - timedelta(days=90), "made_at": EARLIER - timedelta(days=91)}
    yield "mentions", {"destination": "m", "newest": "5"}


def _act(number: int, recueil: int, outcome: str, **more: Any) -> dict[str, Any]:
    return {
        "id": number, "recueil_id": recueil, "position": number, "title": f"Arrêté {number}", "first_page": 3, "last_page": 3,
        "outcome": outcome, "evidence": EVIDENCE, "text": zlib.compress(f"Le préfet arrête l'œuvre {number}".encode()), **more,
    }  # fmt: skip


NAMES_BEFORE = {
    ("0016", "notified_at"): "told_at", ("0016", "end_notified_at"): "end_told_at", ("0013", "recognised_by"): "shown",
    ("0013", "content"): "told", ("0021", "reconcile_attempts"): "looks",
}  # fmt: skip
"""What a column was called before a schema."""


def as_of(schema: str, table: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as programs of this schema wrote it; it may have columns that came later."""
    names = {now: before for (since, now), before in NAMES_BEFORE.items() if schema < since}
    values = {names.get(name, name): value for name, value in row.items()}
    if table == "acts" and schema < "0003":
        values["text"] = zlib.decompress(values["text"]).decode()
    if table == "posts" and schema < "0005":
        values["state"] = "queued" if values["state"] is PostState.PENDING else values["state"]
    if table == "posts" and schema < "0013" and (said := values["told"]) is not None:
        marks = [*said["facts"], f"published:{said['published']}", *(f"changed_by:{change}" for change in said["changes"])]
        values["told"] = " ".join(sorted(marks))
    return values


Tables = Mapping[str, Table]


def fill(connection: Connection, schema: str, tables: Tables) -> None:
    for name, row in rows():
        if name in tables:
            known = {column: value for column, value in as_of(schema, name, row).items() if column in tables[name].c}
            connection.execute(insert(tables[name]), known)
    if connection.dialect.name == "postgresql":
        for table in ("recueils", "decrees", "sightings", "acts", "posts"):
            highest = connection.execute(select(func.max(tables[table].c.id))).scalar_one()
            connection.execute(text("SELECT setval(pg_get_serial_sequence(:table, 'id'), :highest)"), {"table": table, "highest": highest})


def contents(connection: Connection, tables: Tables) -> dict[tuple[str, tuple[Any, ...]], dict[str, Any]]:
    """Every row by its table and its key."""
    return {
        (table.name, tuple(row[column.name] for column in table.primary_key)): dict(row)
        for table in tables.values()
        for row in connection.execute(select(table)).mappings()
    }


def _reflected(connection: Connection) -> Tables:
    """The tables that have rows: their columns, and which of these are the key."""
    seen, found = inspect(connection), MetaData()
    names = sorted({name for name, _ in rows()} & set(seen.get_table_names()))
    columns, keys = seen.get_multi_columns(filter_names=names), seen.get_multi_pk_constraint(filter_names=names)
    for name in names:
        key = keys[None, name]["constrained_columns"]
        Table(name, found, *(Column(one["name"], one["type"], primary_key=one["name"] in key) for one in columns[None, name]))
    return {name: found.tables[name] for name in names}


_TODAY: dict[str, tuple[object, Tables]] = {}
"""The schema of today, in the words of the database, and its tables, by the kind of database. It was compared with that of the program."""

_IN_WORDS = {
    "sqlite": ["SELECT type, name, sql FROM sqlite_schema ORDER BY 1, 2"],
    "postgresql": [
        """SELECT table_name, column_name, ordinal_position, data_type, character_maximum_length, is_nullable, column_default
        FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2""",
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid <> 0 ORDER BY 1, 2",
        "SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2",
    ],
}


def in_words(connection: Connection) -> object:
    """The whole schema, as the database tells it."""
    return [connection.execute(text(question)).fetchall() for question in _IN_WORDS[connection.dialect.name]]


def tables_of_today(connection: Connection) -> Tables:
    """The tables of the program. Fails where the schema is not that of the program, to which one is compared once."""
    words = in_words(connection)
    if connection.dialect.name not in _TODAY:
        assert drift(connection) == []
        _TODAY[connection.dialect.name] = words, _reflected(connection)
    same, tables = _TODAY[connection.dialect.name]
    assert words == same or drift(connection) == []
    return tables


def unchanged(schema: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """The columns of a row that hold something else than before, under the names that they have now."""
    now = {old: new for (since, new), old in NAMES_BEFORE.items() if schema < since}
    for name, value in before.items():
        new = after.get(now.get(name, name), value)
        if name == "text" and schema < "0003" and isinstance(new, bytes):
            new = unpack_text(new)
        if name == "told" and schema < "0013":
            continue  # see SAID
        if new != value and (name, value, new) != ("state", "queued", "pending"):
            yield f"{name}: {value!r} became {new!r}"


def copies(url: str) -> list[Path]:
    """The copies that were made before upgrades, oldest first."""
    database = Path(url.removeprefix("sqlite:///"))
    return sorted(path for path in database.parent.iterdir() if path.name.startswith(f"{database.name}.2"))


def copied(path: Path, tables: Tables) -> tuple[str | None, dict[tuple[str, tuple[Any, ...]], dict[str, Any]]]:
    """The schema of a copy, and its rows."""
    engine = make_engine(parse_url(f"sqlite:///{path}"), read_only=True)
    with engine.begin() as connection:
        found = revision(connection), contents(connection, tables)
    engine.dispose()
    return found


@cache
def empty_of(schema: str) -> bytes:
    """An empty SQLite database of a schema: that of the one before, and one script more. To make each from nothing runs 351 scripts."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "vigie.db"
        path.write_bytes(empty_of(RELEASED[RELEASED.index(schema) - 1]) if schema != RELEASED[0] else b"")
        engine = make_engine(parse_url(f"sqlite:///{path}"), read_only=False)
        with module._one_at_a_time, begin_to_write(engine) as connection:
            module.upgrade_to(connection, schema)
        engine.dispose()
        return path.read_bytes()


@pytest.fixture(params=RELEASED)
def schema(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def oldest(server: str) -> Iterator[str]:
    """The name of a PostgreSQL database that is upgraded from one test to the next, and copied for each."""
    name = f"vigie_every_schema_{os.getpid()}"
    with psycopg.connect(server.format(database="postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    yield name
    drop(server, name)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path, schema: str) -> Iterator[str]:
    """The address of an empty database of a schema."""
    if request.param == "sqlite":
        path = tmp_path / "vigie.db"
        path.write_bytes(empty_of(schema))
        yield f"sqlite:///{path}"
        return
    oldest, server = request.getfixturevalue("oldest"), request.getfixturevalue("server")
    engine = make_engine(parse_url(server.format(database=oldest)), read_only=False)
    with module._one_at_a_time, begin_to_write(engine) as connection:
        module.upgrade_to(connection, schema)
        assert revision(connection) == schema
    engine.dispose()
    name = f"{oldest}_{schema}"
    with psycopg.connect(server.format(database="postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(oldest)))
    yield server.format(database=name)
    drop(server, name)


@pytest.fixture
def upgraded(url: str, schema: str) -> Iterator[Store]:
    """What a program of the schema left behind, opened by this one. What it holds is compared first."""
    engine = make_engine(parse_url(url), read_only=False)
    with module._one_at_a_time, begin_to_write(engine) as connection:
        tables = _reflected(connection)
        fill(connection, schema, tables)
        before = contents(connection, tables)
    engine.dispose()
    with open_store(url) as store:
        if url.startswith("sqlite"):
            assert [copied(path, tables) for path in copies(url)] == ([(schema, before)] if schema != RELEASED[-1] else [])
        with store.database.reading() as connection:
            assert revision(connection) == RELEASED[-1]
            after = contents(connection, tables_of_today(connection))
        assert set(before) <= set(after)
        assert {key: changed for key, row in before.items() if (changed := list(unchanged(schema, row, after[key])))} == {}
        yield store


def test_nothing_is_lost_posted_edited_or_notified_anew(upgraded: Store, schema: str) -> None:
    store = upgraded
    posts = {post.id: post for post in store.posts.listed(states=tuple(PostState))}
    assert {number: post.state for number, post in posts.items()} == {number: state for number, (_, _, state) in DECREES.items()}
    assert {number: post.decree.facts for number, post in posts.items()} == {number: facts for number, (facts, _, _) in DECREES.items()}
    assert {(post.reconcile_attempts, post.digest) for post in posts.values()} == {(0, None)}
    assert store.outbox.held_until("m", NOW) == LATER
    assert [(change.kind, change.number) for change in posts[1].decree.changed_by] == (
        [(Kind.SUSPENSION, "2024-2")] if schema >= "0004" else []
    )
    edits = {number: edit.state for number in DECREES if (edit := store.edits.of(number)) is not None}

    # Read again, each of them is the decree that it was.
    for number, (facts, kind, _) in DECREES.items():
        again = store.recordings.record(reading_of(store.recueils.get(number), facts, kind), to("t", "m"), NOW)
        assert (again.posts, again.decrees) == ((), ())
    edited = {number: edit.state for number in DECREES if (edit := store.edits.of(number)) is not None}
    # Nobody knows whether posts of before 0006 say what later decrees do.
    assert edited == ({1: "pending"} if schema < "0006" else edits)

    # One post waits; one whose answer was lost, and one that was being sent, are looked for.
    assert store.outbox.recover(NOW) == 1
    waits = store.outbox.claim("t", LATER)
    assert waits is not None
    assert waits.id == 3
    assert store.outbox.claim("t", LATER) is None
    assert [post.id for post in store.outbox.unknown_due("t", LATER)] == [4, 6]

    # Operators: whoever was notified is not notified again.
    if schema >= "0004":
        assert [review.id for review in store.reviews.not_notified(9)] == [UNASKED]
    assert {review.id for review in store.reviews.waiting(9)} == {ASKED, UNASKED}
    notified = [(1, EARLIER), (2, None), (3, EARLIER)]
    assert schema < "0002" or [(alert.id, alert.notified_at) for alert in store.alerts.unfinished()] == notified
    assert schema < "0005" or [(alert.id, alert.notified_at) for alert in store.post_alerts.unfinished()] == notified

    # And what comes next is new: it has ids of its own, and is posted.
    new = store.recordings.record(result_of(one_recueil(store, "new"), act("Drone")), to("t"), NOW)
    assert [post.decree.id for post in new.posts] == [7]
    assert store.decrees.search("drone", 1).total == 1
    decided = store.recordings.decided(["act:26-2024-04-12-00099"]).values()
    assert [decision.outcome for decision in decided] == ([Outcome.NOT_CONCERNED] if schema >= "0004" else [])
    settled = {"places": ("gare de Lens",), "event": None} if schema >= "0025" else {}
    assert all(decision.facts == settled for decision in decided)
    unasked = [decree.id for decree in store.reviews.unasked(EARLIER)]
    assert unasked == [number for number in (*DECREES, 7) if number != 1 or schema < "0025"]
