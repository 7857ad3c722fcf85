from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, MetaData, inspect, select, text

from bot.storage.baseline import lay_out, schema_version
from bot.storage.database import make_engine, parse_url
from bot.storage.errors import WrongSchema
from bot.storage.schema import decree_revision, metadata
from bot.storage.store import Store, open_store
from tests.bot.storage.building import one_recueil
from tests.processes import Zygote

pytestmark = [pytest.mark.postgresql, pytest.mark.usefixtures("laid_out")]


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    engine = make_engine(parse_url(url), read_only=False)
    yield engine
    engine.dispose()


def test_a_new_database_has_the_tables_and_one_revision_of_decrees(engine: Engine) -> None:
    lay_out(engine)
    lay_out(engine)
    with engine.connect() as connection:
        assert set(inspect(connection).get_table_names()) >= set(metadata.tables)
        assert [tuple(row) for row in connection.execute(select(decree_revision))] == [(1, 0, 0)]


def test_foreign_keys_are_named_and_hold(engine: Engine) -> None:
    lay_out(engine)
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


def test_the_version_changes_with_the_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    before = schema_version()
    changed = MetaData()
    for table in metadata.sorted_tables:
        table.to_metadata(changed)
    changed.tables["posts"].c.error.nullable = False
    monkeypatch.setattr("bot.storage.baseline.metadata", changed)
    assert schema_version.__wrapped__() != before


def test_a_database_of_another_version_is_left_alone(url: str, store: Store, engine: Engine) -> None:
    one_recueil(store)
    with engine.begin() as connection:
        connection.execute(text("UPDATE vigie_schema SET version_num = '0026'"))
    for read_only in (False, True):
        with pytest.raises(WrongSchema, match=r"of another version of Vigie \(schema 0026, not \w{12}\).* put the database aside"):
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
