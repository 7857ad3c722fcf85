from __future__ import annotations

import hashlib
import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Date, Engine, TextClause, bindparam, inspect, select, text
from structlog.testing import capture_logs

from bot.detection.facts.identity import identities as identify
from bot.domain.acts import Facts
from bot.domain.identity import prefix_of
from bot.storage import migrate as module
from bot.storage.columns import to_json
from bot.storage.database import begin_to_write, make_engine, parse_url
from bot.storage.errors import DiskFull, WrongSchema
from bot.storage.migrate import VERSION_TABLE, migrate, revision
from bot.storage.schema import decisions, decrees, identities, metadata, recueils, sightings
from bot.storage.store import Store, open_store
from sources.text import canonical
from tests.bot.storage.building import one_recueil
from tests.processes import Zygote

pytestmark = pytest.mark.usefixtures("by_migrations")

RELEASED = [
    "0001",
    "0002",
    "0003",
    "0004",
    "0005",
    "0006",
    "0007",
    "0008",
    "0009",
    "0010",
    "0011",
    "0012",
    "0013",
    "0014",
    "0015",
    "0016",
    "0017",
    "0018",
    "0019",
    "0020",
    "0021",
    "0022",
    "0023",
    "0024",
    "0025",
    "0026",
]
"""Every schema that a release has had, oldest first: a database of each must be upgraded."""


@pytest.fixture
def engine(url: str) -> Any:
    engine = make_engine(parse_url(url), read_only=False)
    yield engine
    engine.dispose()


def _ours(name: str | None, kind: str, _parents: object) -> bool:
    return kind != "table" or not str(name).startswith("act_search")


def _known_here(connection: Connection) -> Any:
    def keep(item: Any, name: str | None, kind: str, *_rest: object) -> bool:
        # The GIN index exists in PostgreSQL only.
        return not (kind == "index" and name == "ix_act_terms_everything" and connection.dialect.name == "sqlite")

    return keep


def drift(connection: Connection) -> list[Any]:
    options = {
        "version_table": VERSION_TABLE, "compare_type": True, "compare_server_default": True, "include_name": _ours,
        "include_object": _known_here(connection),
    }  # fmt: skip
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))


def test_the_migrated_schema_is_the_one_of_the_program(engine: Engine) -> None:
    migrate(engine)
    with engine.connect() as connection:
        assert drift(connection) == []
        assert set(inspect(connection).get_table_names()) >= set(metadata.tables)
        connection.execute(text("ALTER TABLE holds ADD COLUMN strange INTEGER"))
        assert len(drift(connection)) == 1, "the comparison sees a column too many"


def test_foreign_keys_are_named_and_hold(engine: Engine) -> None:
    migrate(engine)
    with engine.connect() as connection:
        found = {
            (table, key["name"], key["referred_table"], key["options"].get("ondelete"))
            for table in metadata.tables
            for key in inspect(connection).get_foreign_keys(table)
        }
    expected = {
        (table.name, key.name, key.elements[0].column.table.name, key.ondelete)
        for table in metadata.tables.values()
        for key in table.foreign_key_constraints
    }
    assert found == expected


def test_migrating_again_changes_nothing(engine: Engine) -> None:
    migrate(engine)
    migrate(engine)
    with engine.connect() as connection:
        assert revision(connection) == RELEASED[-1]


TEXTS = ("Le préfet\narrête : l'été à Valence", "")


def insert_acts_as_text(connection: Connection) -> None:
    """Several batches of acts, as releases before 0003 stored them, each with what hangs on it."""
    texts = [*TEXTS, *(f"Arrêté n° {number}" for number in range(2, 450))]
    connection.execute(
        text(
            "INSERT INTO acts (id, recueil_id, position, title, first_page, last_page, outcome, evidence, text) "
            "VALUES (:id, 1, :id, 'Arrêté', 1, 1, 'uncertain', '[]', :text)"
        ),
        [{"id": 1000 + number, "text": each} for number, each in enumerate(texts)],
    )
    connection.execute(
        text("INSERT INTO reviews (act_id, created_at) VALUES (:id, '2024-04-19 18:30:00.000000')"),
        [{"id": 1000 + number} for number in range(len(texts))],
    )


@pytest.mark.parametrize("released", [one for one in RELEASED if one < "0003"])
def test_texts_of_acts_are_packed_from_0003_on(url: str, engine: Engine, released: str) -> None:
    with module._one_at_a_time, begin_to_write(engine) as connection:
        module.upgrade_to(connection, released)
        connection.execute(
            text(
                "INSERT INTO recueils (id, authority, source, url, title, is_detail, state, attempts, found_at) "
                "VALUES (1, '26', '26:site', 'https://prefecture.example/a.pdf', 'RAA', :no, 'waiting', 0, '2024-04-19 18:30:00.000000')"
            ),
            {"no": False},
        )
        insert_acts_as_text(connection)
    with open_store(url) as store:
        stored = store.decrees.acts_of(1)
        assert [one.text for one in stored] == [TEXTS[0], TEXTS[1], *[f"Arrêté n° {number}" for number in range(2, 450)]]
        assert len(store.reviews.waiting(1000)) == 450, "what hangs on an act stays"


def test_every_script_is_a_release_or_will_be_one() -> None:
    scripts = Path(module.__file__).with_name("migrations") / "versions"
    assert len(list(scripts.glob("r*.py"))) == len(RELEASED)


def test_a_schema_of_a_newer_program_is_left_alone(url: str, store: Store, engine: Engine) -> None:
    one_recueil(store)
    with engine.begin() as connection:
        connection.execute(text("UPDATE vigie_schema SET version_num = '9999'"))
    for read_only in (False, True):
        with pytest.raises(WrongSchema, match=r"of a newer Vigie \(schema 9999\)"):
            open_store(url, read_only=read_only)


def test_tables_of_another_program_are_left_alone(url: str, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE posts (id INTEGER)"))
    for read_only in (False, True):
        with pytest.raises(WrongSchema, match=r"tables of another program, or of a restore that is not over \(posts\)"):
            open_store(url, read_only=read_only)
    with engine.connect() as connection:
        assert inspect(connection).get_table_names() == ["posts"]


# They have nothing left to import: all of them open the database within a millisecond.
MANY = """
import os, sys
from importlib import reload
from bot.storage import store

# As the program has it: the process that this one was forked from copies databases that are new.
open_store = reload(store).open_store
ready, begin = os.pipe(), os.pipe()
children = []
for _ in range(4):
    child = os.fork()
    if child == 0:
        os.close(begin[1])
        os.write(ready[1], b".")
        os.read(begin[0], 1)
        open_store(sys.argv[1]).close()
        sys.exit()
    children.append(child)
for _ in children:
    os.read(ready[0], 1)
os.close(begin[1])
print([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children])
"""


def test_many_processes_that_start_at_once_make_one_schema(url: str, zygote: Zygote) -> None:
    run = zygote.run_script(MANY, url)
    assert run.out == "[0, 0, 0, 0]\n", run.err
    with open_store(url) as store:
        assert store.recueils.counts() == {}


FACTS_BEFORE_0004 = {
    1: (
        {"number": "2026-123", "signed": "2026-08-12", "starts": "2026-08-14T14:00", "ends": "2026-08-16T02:00"},
        ("2026-08-14", "2026-08-16", "2026-08-12"),
    ),
    2: ({"starts": "2026-08-14", "ends": "2026-08-13"}, ("2026-08-14", None, None)),
    3: ({"starts": "2026-08-14T20:00", "ends": "2026-08-14T02:00"}, ("2026-08-14", None, None)),
    4: ({"starts": "2026-08-14T20:00", "ends": "2026-08-14"}, ("2026-08-14", "2026-08-14", None)),
    5: ({"starts": "2026-08-14", "ends": "2026-08-14T02:00"}, ("2026-08-14", "2026-08-14", None)),
    6: ({"ends": "2026-08-14"}, (None, "2026-08-14", None)),
    7: ({}, (None, None, None)),
    8: ({"number": "CAB/SPAS/2026/n°624", "signed": "2026-08-12"}, (None, None, "2026-08-12")),
}  # fmt: skip
PUBLISHED_BEFORE_0004: dict[int, tuple[str | None, str | None]] = {
    # The day of the decree so far, and the earliest of its sightings: of its other recueil the 13th is listed, of its own no day.
    1: ("2026-08-20", "2026-08-13"), 2: ("2026-08-12", "2026-08-12"), 3: (None, "2026-08-13"), 8: ("2026-08-11", "2026-08-13"),
}  # fmt: skip
KEYS_BEFORE_0004 = {
    "number:26:2026-123:signed:2026-08-12": "number:26:2026-123:",
    "number:PP:dupa-2024-01017": "number:PP:2024-1017:",
    "number:PP:dupa-n-2024-1691": "number:PP:2024-1691:",
    "number:26:ab": "number:26:ab:",
    "act:26-2026-08-12-00001": None,
    "number": None,
    "text:abc": None,
}  # fmt: skip


def dated(statement: str) -> TextClause:
    return text(statement).bindparams(bindparam("published", type_=Date()))


NOISY = "https://www.test.gouv.fr/contenu/telechargement/{0}/9{0}/file/raa {0}.pdf".replace(" ", "%20")


def test_documents_have_one_address_from_0011_on(url: str, engine: Engine) -> None:
    """Else what was seen under an address with a session number would be new under the plain one."""
    rows = {
        1: ("26", NOISY.format(1) + ";jsessionid=A1", "known"),
        2: ("26", NOISY.format(2) + ";jsessionid=B1", "waiting"),
        3: ("26", NOISY.format(2) + "?sid=b2", "read"),
        4: ("26", NOISY.format(2) + "?sid=b3", "duplicate"),
        5: ("26", NOISY.format(3), "known"),
        6: ("26", NOISY.format(3) + "?sid=c2", "read"),
        7: ("07", NOISY.format(3) + "?sid=c3", "read"),
        8: ("26", "https://www.test.gouv.fr/index.php?sid=1", "known"),
        9: ("26", NOISY.format(4) + "?version=2&PHPSESSID=1", "read"),
    }
    at = {address: "at:" + hashlib.sha256(address.encode()).hexdigest()[:40] for address in (rows[3][1], NOISY.format(2))}
    with module._one_at_a_time, begin_to_write(engine) as connection:
        module.upgrade_to(connection, "0006")
        for recueil, (authority, address, state) in rows.items():
            connection.execute(
                text(
                    "INSERT INTO recueils (id, authority, source, url, title, is_detail, state, attempts, found_at) "
                    "VALUES (:id, :authority, '26:site', :url, 'RAA', :no, :state, 1, '2026-08-12 18:30:00.000000')"
                ),
                {"id": recueil, "authority": authority, "url": address, "no": False, "state": state},
            )
        connection.execute(
            text(
                "INSERT INTO decisions (key, outcome, decided_at, decided_by) VALUES (:key, 'not_concerned', '2026-08-12 18:30:00', 'cli')"
            ),
            {"key": f"{at[rows[3][1]]}:4:abc"},
        )
    with open_store(url) as store, store.database.reading() as connection:
        urls = {row.id: row.url for row in connection.execute(select(recueils))}
        plain = {1: NOISY.format(1), 3: NOISY.format(2), 7: NOISY.format(3), 9: NOISY.format(4) + "?version=2"}
        assert urls == {number: plain.get(number, row[1]) for number, row in rows.items()}
        assert all(canonical(address, address) == address for address in plain.values()), "the program names them as the migration does"
        assert store.recueils.unseen("26", [NOISY.format(number) for number in (1, 2, 3, 5)]) == {NOISY.format(5)}
        assert connection.execute(select(decisions.c.key)).scalars().all() == [f"{at[NOISY.format(2)]}:4:abc"]


def test_what_stored_decrees_hold_fills_the_columns_of_0004(url: str, engine: Engine) -> None:
    with module._one_at_a_time, begin_to_write(engine) as connection:
        module.upgrade_to(connection, "0003")
        for recueil, day in ((1, None), (2, date(2026, 8, 13))):
            connection.execute(
                dated(
                    "INSERT INTO recueils (id, authority, source, url, title, is_detail, state, attempts, found_at, published) "
                    "VALUES (:id, '26', '26:site', :url, 'RAA', :no, 'read', 1, '2026-08-12 18:30:00.000000', :published)"
                ),
                {"id": recueil, "url": f"https://prefecture.example/{recueil}.pdf", "no": False, "published": day},
            )
        for decree, (facts, _) in FACTS_BEFORE_0004.items():
            before, _ = PUBLISHED_BEFORE_0004.get(decree, (None, None))
            connection.execute(
                dated(
                    "INSERT INTO decrees (id, authority, kind, title, facts, evidence, recueil_id, url, page, found_at, published) "
                    "VALUES (:id, '26', 'authorisation', 'A', :facts, '[]', 1, 'https://a.example/1.pdf', 3, '2026-08-12 18:30:00', "
                    ":published)"
                ),
                {"id": decree, "facts": json.dumps(facts), "published": None if before is None else date.fromisoformat(before)},
            )
            for recueil in (1, 2):
                connection.execute(
                    text(
                        "INSERT INTO sightings (decree_id, recueil_id, authority, url, page, seen_at) "
                        "VALUES (:decree, :recueil, '26', 'https://prefecture.example/1.pdf', 3, '2026-08-12 18:30:00.000000')"
                    ),
                    {"decree": decree, "recueil": recueil},
                )
        many = [f"number:26:2026-{number}:starts:2026-08-14" for number in range(200, 650)]
        for key in (*KEYS_BEFORE_0004, *many):
            connection.execute(text("INSERT INTO identities (key, decree_id) VALUES (:key, 1)"), {"key": key})
        connection.execute(text("INSERT INTO identities (key, decree_id) VALUES ('number:26:cab-spas-2026-n-624:signed:2026-08-12', 8)"))
    with open_store(url) as store, store.database.reading() as connection:
        rows = connection.execute(select(decrees)).all()
        days = {row.id: tuple(None if day is None else str(day) for day in (row.starts_on, row.ends_on, row.signed_on)) for row in rows}
        assert days == {decree: days for decree, (_, days) in FACTS_BEFORE_0004.items()}
        named = {row.key: row.prefix for row in connection.execute(select(identities))}
        assert {key: named[key] for key in KEYS_BEFORE_0004} == KEYS_BEFORE_0004
        assert all(named[key] == prefix_of(key) for key in named), "the program names them as the migration does"
        of_a_sign = {row.key for row in connection.execute(select(identities).where(identities.c.decree_id == 8))}
        assert of_a_sign == {f"number:26:cab-spas-2026-{number}:signed:2026-08-12" for number in ("n-624", "624")}
        # One key in common is enough: a sighting of today has more.
        assert identify("26", None, Facts("CAB/SPAS/2026/n°624", signed=date(2026, 8, 12)), "")[0] in of_a_sign
        seen = {
            (row.decree_id, row.recueil_id): None if row.facts is None else to_json(row.facts)
            for row in connection.execute(select(sightings))
        }
        assert seen == {
            (decree, recueil): facts if recueil == 1 else None for decree, (facts, _) in FACTS_BEFORE_0004.items() for recueil in (1, 2)
        }
        published = {row.id: None if row.published is None else str(row.published) for row in rows}
        assert published == {decree: PUBLISHED_BEFORE_0004.get(decree, (None, "2026-08-13"))[1] for decree in FACTS_BEFORE_0004}
        there = {(row.decree_id, row.recueil_id): row.published for row in connection.execute(select(sightings))}
        assert [there[1, recueil] for recueil in (1, 2)] == [date(2026, 8, 20), date(2026, 8, 13)]
        assert [there[3, recueil] for recueil in (1, 2)] == [None, date(2026, 8, 13)]
        assert store.decrees.get(1) is not None


LISTED_FROM_0017 = {
    # Published, signed, and the day by which lists order what was found on the 12th.
    1: ("2026-08-10", "2026-08-01", "2026-08-10"), 2: (None, "2026-08-01", "2026-08-01"), 3: (None, None, "2026-08-12"),
    4: ("2026-08-20", None, "2026-08-12"),
}  # fmt: skip


def test_stored_decrees_are_listed_by_the_same_days_from_0017_on(url: str, engine: Engine) -> None:
    with module._one_at_a_time, begin_to_write(engine) as connection:
        module.upgrade_to(connection, "0016")
        connection.execute(
            text(
                "INSERT INTO recueils (id, authority, source, url, title, is_detail, state, attempts, found_at) "
                "VALUES (1, '26', '26:site', 'https://prefecture.example/1.pdf', 'RAA', :no, 'read', 1, '2026-08-12 18:30:00.000000')"
            ),
            {"no": False},
        )
        for decree, days in LISTED_FROM_0017.items():
            published, signed, _ = (None if day is None else date.fromisoformat(day) for day in days)
            connection.execute(
                text(
                    "INSERT INTO decrees "
                    "(id, authority, kind, title, facts, evidence, recueil_id, url, page, found_at, published, signed_on) VALUES "
                    "(:id, '26', 'authorisation', 'A', '{}', '[]', 1, 'https://a.example/1.pdf', 3, '2026-08-12 18:30:00.000000', "
                    ":published, :signed)"
                ).bindparams(bindparam("published", type_=Date()), bindparam("signed", type_=Date())),
                {"id": decree, "published": published, "signed": signed},
            )
    with open_store(url) as store, store.database.reading() as connection:
        listed = {row.id: str(row.listed_on) for row in connection.execute(select(decrees))}
        assert listed == {decree: day for decree, (_, _, day) in LISTED_FROM_0017.items()}
        assert [decree.id for decree in store.decrees.recent(9).decrees] == [4, 3, 1, 2]


def earlier(database: Path) -> Engine:
    """A database of the first schema."""
    engine = make_engine(parse_url(f"sqlite:///{database}"), read_only=False)
    with module._one_at_a_time, begin_to_write(engine) as connection:
        module.upgrade_to(connection, "0001")
    return engine


def test_without_room_for_a_copy_nothing_is_upgraded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = earlier(tmp_path / "vigie.db")
    usage = shutil.disk_usage(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
        with pytest.raises(DiskFull, match="was not upgraded: the disk has no room"):
            open_store(f"sqlite:///{tmp_path / 'vigie.db'}")
    with engine.begin() as connection:
        assert revision(connection) == "0001"
    engine.dispose()
    open_store(f"sqlite:///{tmp_path / 'vigie.db'}").close()


def test_the_last_two_copies_stay(tmp_path: Path) -> None:
    for day in ("20260101T000000Z", "20260102T000000Z"):
        (tmp_path / f"vigie.db.{day}.schema-0000").write_text("of before")
    (tmp_path / "vigie.db.keep").write_text("mine")
    earlier(tmp_path / "vigie.db").dispose()
    open_store(f"sqlite:///{tmp_path / 'vigie.db'}").close()
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names[:2] == ["vigie.db", "vigie.db.20260102T000000Z.schema-0000"]
    assert (names[2].endswith("Z.schema-0001"), names[3:]) == (True, ["vigie.db.keep"])


def test_of_postgresql_the_log_says_that_none_was_made(engine: Engine, url: str) -> None:
    with module._one_at_a_time, begin_to_write(engine) as connection:
        module.upgrade_to(connection, "0001")
    with capture_logs() as lines:
        open_store(url).close()
    expected = "database.upgraded" if url.startswith("sqlite") else "database.upgraded_uncopied"
    assert [(line["event"], line["schema"]) for line in lines if line["event"].startswith("database.")] == [(expected, "0001")]
