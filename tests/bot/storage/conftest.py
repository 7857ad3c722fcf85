"""One suite, two databases. Every test that asks for `url` or `store` runs on SQLite, and at night on a real PostgreSQL server.

Those marked `postgresql` run there each time: together they use every statement of the store, and all that two programs do at once.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from bot.storage.store import Store, open_store
from tests.bot.storage.ready import ready_store
from tests.bot.storage.shared import SharedDatabase, drop
from tests.examples import PROFILE

_number = itertools.count(1)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Say on which databases a test runs that does not say it itself."""
    own = any("url" in marker.args[0] for marker in metafunc.definition.iter_markers("parametrize"))
    if "url" in metafunc.fixturenames and not own:
        both = PROFILE != "steady" or metafunc.definition.get_closest_marker("postgresql")
        metafunc.parametrize("url", ["sqlite", "postgresql"] if both else ["sqlite"], indirect=True)


@pytest.fixture
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database; where the test asks for a `store` too, or for an `opener`, of one with tables."""
    has_tables = not {"store", "opener"}.isdisjoint(request.fixturenames)
    if request.param == "sqlite":
        if has_tables:
            ready_store(tmp_path).close()
        yield f"sqlite:///{tmp_path / 'vigie.db'}"
    elif has_tables:
        database: SharedDatabase = request.getfixturevalue("shared")
        yield database.ready()
        database.empty()
    else:
        server: str = request.getfixturevalue("server")
        name = f"vigie_{os.getpid()}_{next(_number)}"
        with psycopg.connect(server.format(database="postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield server.format(database=name)
        drop(server, name)


@pytest.fixture
def opener(url: str) -> Iterator[Callable[[], Store]]:
    """Opens the same database again, as another program would; everything is closed at the end."""
    with ExitStack() as stores:
        yield lambda: stores.enter_context(open_store(url))


@pytest.fixture
def store(opener: Callable[[], Store]) -> Store:
    """An empty store."""
    return opener()
