"""Opens the database, runs transactions that read or write, and translates errors of its drivers."""

from __future__ import annotations

import json
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import (
    ARRAY,
    URL,
    ColumnElement,
    Connection,
    Dialect,
    Engine,
    Executable,
    QueuePool,
    Row,
    Table,
    Text,
    TypeDecorator,
    bindparam,
    create_engine,
    event,
    func,
    make_url,
    select,
    text,
    true,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError, SQLAlchemyError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

from bot.storage.errors import BadUrl, Conflict, Corrupt, DiskFull, Locked, NoSuchRow, NotWritable, StorageError, Unavailable
from bot.storage.schema import recueils

# PostgreSQL advisory locks, as two numbers: what is locked, and which of them.
_DECREES, _AUTHORITY = 0x76696701, 0x76696702
_LOCK = text("SELECT pg_advisory_xact_lock(:what, hashtext(:which))")

Used = Callable[[bool, float, StorageError | None], None]
"""Whether a transaction was one that writes, when it began (`time.monotonic`), and why it failed, None where it did not."""


class Database:
    """Runs transactions from several threads, each on its own connection. `name` is the masked address, for errors."""

    def __init__(self, engine: Engine, *, name: str, read_only: bool) -> None:
        self.engine = engine
        self.name = name
        self._read_only = read_only
        self._closed = False
        self.when_used: Used = lambda _writing, _began, _error: None
        """Called in the thread of each transaction when it has ended."""
        # SQLite makes waiting writers poll; between our own threads a lock is fairer and wakes at once.
        self._turn = threading.Lock() if engine.dialect.name == "sqlite" else nullcontext()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads (PostgreSQL: none, for statements that only read). Raises StorageError."""
        began = time.monotonic()
        try:
            with self._released_if_closed(), _reading(self.engine) as connection:
                yield connection
        except SQLAlchemyError as error:
            raise self._failed(error, began, writing=False) from error
        self.when_used(False, began, None)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open a writing transaction: committed whole, rolled back when the body raises. Raises StorageError."""
        if self._read_only:
            raise NotWritable(f"the database {self.name} was opened read-only")
        began = time.monotonic()
        try:
            with self._released_if_closed(), self._turn, begin_to_write(self.engine) as connection:
                yield connection
        except SQLAlchemyError as error:
            raise self._failed(error, began, writing=True) from error
        self.when_used(True, began, None)

    def rows(self, query: Executable, given: Mapping[str, Any] | None = None) -> Sequence[Row[Any]]:
        """Return all rows of one query with these parameters. Raises StorageError."""
        with self.reading() as connection:
            return connection.execute(query, given).all()

    def first(self, query: Executable) -> Row[Any] | None:
        """Return the first row of one query, None where there is none. Raises StorageError."""
        with self.reading() as connection:
            return connection.execute(query).first()

    def value(self, query: Executable) -> Any:
        """Return the first column of the first row of one query, None where there is none. Raises StorageError."""
        row = self.first(query)
        return None if row is None else row[0]

    def plain_value(self, statement: str) -> Any:
        """Return the first value of a statement without parameters, ten times as fast as a SQLAlchemy query. Raises StorageError."""
        began, dbapi = time.monotonic(), self.engine.dialect.loaded_dbapi
        try:
            with self._released_if_closed(), closing(self.engine.raw_connection()) as connection:
                cursor = connection.cursor()
                cursor.execute(statement)
                row = cursor.fetchone()
        except dbapi.Error as error:
            wrapped = DBAPIError.instance(statement, None, error, dbapi.Error, hide_parameters=True, dialect=self.engine.dialect)
            raise self._failed(wrapped, began, writing=False) from error
        except SQLAlchemyError as error:
            raise self._failed(error, began, writing=False) from error
        self.when_used(False, began, None)
        return None if row is None else row[0]

    def counts(self, outer: ColumnElement[Any], inner: ColumnElement[Any]) -> dict[str, dict[Any, int]]:
        """Count rows by `outer` and `inner`; NULLs are left out. Raises StorageError."""
        result: dict[str, dict[Any, int]] = {}
        query = select(outer, inner, func.count()).group_by(outer, inner).order_by(outer, inner)
        for one, other, number in map(tuple, self.rows(query)):
            result.setdefault(one, {})[other] = number
        return result

    def write(self, statement: Executable) -> int:
        """Carry out one statement, and return how many rows it changed. Raises StorageError."""
        with self.writing() as connection:
            return connection.execute(statement).rowcount

    def _failed(self, error: SQLAlchemyError, began: float, *, writing: bool) -> StorageError:
        found = translate(error, self.name)
        self.when_used(writing, began, found)
        return found

    def close(self) -> None:
        """Close idle connections now, and each other when its thread is done."""
        self._closed = True
        # Not `engine.dispose()`: it puts another pool in this one's place, and what is in use would come back to one that nobody empties.
        self.engine.pool.dispose()

    @contextmanager
    def _released_if_closed(self) -> Iterator[None]:
        try:
            yield
        finally:
            if self._closed:
                self.engine.pool.dispose()


class Repository:
    """A part of the store. Every method raises StorageError when the database cannot do it."""

    def __init__(self, database: Database) -> None:
        self._database = database


def among(column: ColumnElement[Any], wanted: Collection[Any] | None) -> ColumnElement[bool]:
    """One of these; None: any."""
    return true() if wanted is None else column.in_(sorted(wanted))


class ListOf(TypeDecorator[Collection[Any]]):
    """Binds values of one type as one parameter: a PostgreSQL array, a JSON list for SQLite."""

    impl = Text
    cache_ok = True

    def __init__(self, of: TypeEngine[Any]) -> None:
        super().__init__()
        self.of = of

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type of the parameter."""
        return ARRAY(self.of) if dialect.name == "postgresql" else Text()

    def process_bind_param(self, value: Collection[Any] | None, dialect: Dialect) -> Any:
        """Give a list of what the column holds."""
        values = list(value or ())
        if dialect.name == "postgresql":
            return values
        stored = self.of.dialect_impl(dialect).bind_processor(dialect)
        return json.dumps(values if stored is None else [stored(each) for each in values])


class one_of(FunctionElement[bool]):  # noqa: N801 - a function of SQL
    """Tests whether a column holds one of these values, or those bound to a name: one parameter, so that queries are compiled once."""

    # Of no type: a boolean would be compared with 1, and no index used.
    inherit_cache = True

    def __init__(self, column: ColumnElement[Any], values: Collection[Any] = (), *, given: str | None = None) -> None:
        kind = ListOf(column.type)
        super().__init__(column, bindparam(None, values, type_=kind) if given is None else bindparam(given, type_=kind))


@compiles(one_of, "postgresql")
def _any_of(element: one_of, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(each, **options) for each in element.clauses)
    return f"{column} = ANY ({values})"


@compiles(one_of, "sqlite")
def _in_json(element: one_of, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(each, **options) for each in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608 - both are rendered by SQLAlchemy


_RECUEIL = select(recueils).where(recueils.c.id == bindparam("recueil"))


def lock_recueil(connection: Connection, recueil: int, *, decrees: bool) -> Row[Any]:
    """Lock a recueil for recording, and return its row. Raises NoSuchRow.

    PostgreSQL serialises recordings of one authority, to detect duplicates, and all that hold decrees, to avoid conflicts of keys. SQLite
    locks the database already.
    """
    row = connection.execute(_RECUEIL, {"recueil": recueil}).one_or_none()
    if row is None:
        raise NoSuchRow(f"no recueil has the id {recueil}")
    if connection.dialect.name == "postgresql":
        if decrees:
            lock_decrees(connection)
        connection.execute(_LOCK, {"what": _AUTHORITY, "which": row.authority})
        # As the one before has left it.
        row = connection.execute(_RECUEIL, {"recueil": recueil}).one()
    return row


def lock_decrees(connection: Connection) -> None:
    """Wait until nobody else writes decrees, and let who is going to wait (PostgreSQL)."""
    if connection.dialect.name == "postgresql":
        connection.execute(_LOCK, {"what": _DECREES, "which": ""})


# Begin a transaction again when another program wrote at the same time.

_TRIES = 5

_Result = TypeVar("_Result")


def written(database: Database, work: Callable[[Connection], _Result]) -> _Result:
    """Return the result of `work` in a transaction, repeated after conflicts. Raises StorageError, and Conflict after several."""
    for _ in range(_TRIES - 1):
        try:
            with database.writing() as connection:
                return work(connection)
        except Conflict:
            continue
    with database.writing() as connection:
        return work(connection)


# INSERT … ON CONFLICT DO NOTHING: the same words in both databases, under two names in SQLAlchemy.


def insert_or_ignore(connection: Connection, table: Table) -> Any:
    """Return an INSERT that skips rows already there; `.returning(...)` returns inserted rows only."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()


def put(
    connection: Connection, table: Table, key: Mapping[str, Any], values: Mapping[str, Any], new: Mapping[str, Any] | None = None,
    *, where: ColumnElement[bool] | None = None,
) -> None:  # fmt: skip
    """Insert a row of `values` and `new`, or update an existing one that meets the condition with `values`."""
    make = _upsert if where is None else _upsert.__wrapped__
    connection.execute(make(connection.dialect.name, table, tuple(key), tuple(values), where), {**key, **values, **(new or {})})


@cache
def _upsert(dialect: str, table: Table, key: tuple[str, ...], values: tuple[str, ...], where: ColumnElement[bool] | None) -> Any:
    statement = (postgresql if dialect == "postgresql" else sqlite).insert(table)
    there = {name: statement.excluded[name] for name in values}
    return statement.on_conflict_do_update(index_elements=key, set_=there, where=where)


# Engines with foreign keys, WAL and busy timeout. Every writing transaction begins with BEGIN IMMEDIATE, as SQLite refuses a read
# transaction that turns to writing after another wrote (https://www.sqlite.org/lang_transaction.html); no engine event does so, as one
# slows every statement.

BUSY_TIMEOUT = 30.0
"""Seconds to wait for a lock held by another process."""

_BUSY_PAUSE = 0.02


@contextmanager
def begin_to_write(engine: Engine) -> Iterator[Connection]:
    """A transaction that is committed whole, or leaves no trace when the body raises."""
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield connection


@contextmanager
def _reading(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection:
        if engine.dialect.name != "sqlite":
            # Each statement sees what was committed before it, within a transaction or without; without, two exchanges less.
            connection.execution_options(isolation_level="AUTOCOMMIT")
        with connection.begin():
            if engine.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN")
            yield connection


def make_engine(url: URL, *, read_only: bool, busy_timeout: float = BUSY_TIMEOUT) -> Engine:
    """Return an engine for an address from `parse_url`. `busy_timeout` is in seconds. Raises Unavailable without the PostgreSQL driver."""
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, read_only=read_only, busy_timeout=busy_timeout)
    options = f"-c lock_timeout={int(busy_timeout * 1000)}"
    if read_only:
        options += " -c default_transaction_read_only=on"
    given = url.query.get("options")
    if given:
        options = f"{given if isinstance(given, str) else ' '.join(given)} {options}"
    arguments: dict[str, Any] = {"options": options, "connect_timeout": 10, "application_name": "vigie"}
    try:
        return create_engine(url.difference_update_query(["options"]), connect_args=arguments, pool_pre_ping=True, hide_parameters=True)
    except ModuleNotFoundError as error:
        raise Unavailable(f"{masked(url)} needs the PostgreSQL driver: pip install 'vigie-vsa[postgres]'") from error


def _sqlite(url: URL, *, read_only: bool, busy_timeout: float) -> Engine:
    arguments: dict[str, Any] = {"check_same_thread": False, "timeout": busy_timeout}
    pool: dict[str, Any] = {"poolclass": QueuePool, "pool_timeout": busy_timeout}
    if in_memory(url):
        # A database in memory is its connection: one, shared, and never given up.
        pool |= {"pool_size": 1, "max_overflow": 0}
    elif read_only:
        address = Path(url.database or "").absolute().as_uri()
        url = url.set(database=address).update_query_dict({"mode": "ro", "uri": "true"})
    engine = create_engine(url, connect_args=arguments, hide_parameters=True, **pool)

    @event.listens_for(engine, "connect")
    def _settings(connection: sqlite3.Connection, _record: object) -> None:
        # None stops the driver from beginning transactions of its own.
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys = ON")
        if read_only and not in_memory(url):
            connection.execute("PRAGMA query_only = ON")

    return engine


def use_wal(engine: Engine, busy_timeout: float = BUSY_TIMEOUT) -> None:
    """Switch a SQLite file to WAL for good; does nothing for PostgreSQL or in memory. SQLite ignores its busy timeout here, so this
    retries; raises sqlite3.OperationalError after `busy_timeout` seconds.
    """
    if engine.dialect.name != "sqlite" or in_memory(engine.url):
        return
    raw = engine.raw_connection()
    deadline = time.monotonic() + busy_timeout
    try:
        while True:
            try:
                raw.cursor().execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= deadline:
                    raise
                time.sleep(_BUSY_PAUSE)
            else:
                return
    finally:
        raw.close()


# `database.url`: what is accepted, and how it is shown.

_EXAMPLES = "examples: sqlite:///vigie.db, postgresql://user:password@host/vigie"
# Greedy on purpose: a password with an unescaped "@" must not show its second half.
_USER_INFO = re.compile(r"((?:://|^(?!.*://))[^:@/]*):.*@", re.DOTALL)
_PARAMETER = re.compile(r"(?<=password=)[^&\s]*", re.IGNORECASE)


def parse_url(text: str) -> URL:
    """Parse an address of SQLite (`sqlite:///relative.db`, `sqlite:////absolute.db`, `sqlite://` in memory) or PostgreSQL (`postgresql://`,
    `postgres://`; psycopg 3). Raises BadUrl, without the password.
    """
    try:
        url = make_url(text.strip())
    except (ArgumentError, ValueError):
        raise BadUrl(f"database.url is not a database address: {_mask(text)!r} ({_EXAMPLES})") from None
    if url.drivername in ("postgresql", "postgres", "postgresql+psycopg"):
        if text.count("@") > 1:
            raise BadUrl(f"database.url holds an '@' of its own, in the password perhaps: write it as %40 ({_mask(text)})")
        return url.set(drivername="postgresql+psycopg")
    if url.drivername not in ("sqlite", "sqlite+pysqlite"):
        raise BadUrl(f"database.url names {url.drivername!r}; only sqlite and postgresql are known ({_EXAMPLES})")
    if url.host or url.username or url.password or url.port:
        raise BadUrl(f"a SQLite address takes three slashes, or four before an absolute path: {masked(url)} ({_EXAMPLES})")
    if url.query:
        raise BadUrl(f"a SQLite address takes no options: {masked(url)} ({_EXAMPLES})")
    if in_memory(url):
        return url.set(drivername="sqlite", database=":memory:")
    return url.set(drivername="sqlite", database=str(Path(url.database or "").expanduser()))


def masked(url: URL) -> str:
    """The address as it may be shown and logged."""
    return _mask(url.render_as_string(hide_password=True))


def _mask(text: str) -> str:
    return _PARAMETER.sub("***", _USER_INFO.sub(r"\1:***@", text))


def in_memory(url: URL) -> bool:
    """True for a SQLite database that exists as long as the process."""
    return url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:")


# What the library or its driver reports, in words for an operator.

# https://www.sqlite.org/rescode.html (primary codes); the driver names the extended code, which starts with the primary one.
_SQLITE: tuple[tuple[str, type[StorageError], str], ...] = (
    ("SQLITE_BUSY", Locked, "is locked by another process; try again later"),
    ("SQLITE_LOCKED", Locked, "is locked by another process; try again later"),
    ("SQLITE_FULL", DiskFull, "cannot grow: the disk is full"),
    ("SQLITE_IOERR", DiskFull, "cannot be read or written: the file system failed"),
    ("SQLITE_READONLY", NotWritable, "cannot be written: check the permissions of the file and of its folder"),
    ("SQLITE_CANTOPEN", Unavailable, "cannot be opened: check that its folder exists and can be read and written"),
    ("SQLITE_PERM", Unavailable, "cannot be opened: permission denied"),
    ("SQLITE_CORRUPT", Corrupt, "is damaged; restore a backup"),
    ("SQLITE_NOTADB", Corrupt, "is not a Vigie database: the file holds something else"),
)

# https://www.postgresql.org/docs/current/errcodes-appendix.html, by prefix.
_POSTGRES: tuple[tuple[str, type[StorageError], str], ...] = (
    ("23", Conflict, "was written by another process at the same time"),
    ("40", Conflict, "was written by another process at the same time"),
    ("55P03", Locked, "is locked by another process; try again later"),
    ("25006", NotWritable, "was opened read-only"),
    ("42501", NotWritable, "refuses: the user lacks the right"),
    ("53100", DiskFull, "cannot grow: the disk is full"),
    ("XX001", Corrupt, "is damaged; restore a backup"),
    ("XX002", Corrupt, "is damaged; restore a backup"),
)

_START_SERVER = "Start the server, or have it reached from here (pg_isready -h HOST -p PORT); where it is elsewhere, correct database.url."
_SERVER_REMEDIES = (
    (r'database "[^"]*" does not exist', "Make it (createdb {database}), or correct its name in database.url."),
    (r"password|authentication|role ", "Correct the user and the password in database.url, or let the user in (pg_hba.conf)."),
    (r"resolve|translate host", "Correct the host in database.url, or look at the name server of this machine."),
    (r"too many|remaining connection slots", "End other programs that use the server, or raise its max_connections."),
)


def translate(error: SQLAlchemyError | sqlite3.Error, database: str) -> StorageError:
    """Translate a driver error into a StorageError. `database` is the masked address."""
    cause = error.orig if isinstance(error, StatementError) else error if isinstance(error, sqlite3.Error) else None
    if isinstance(cause, sqlite3.Error):
        return _of_sqlite(cause, database)
    state = getattr(cause, "sqlstate", None)
    if isinstance(state, str):
        for prefix, kind, words in _POSTGRES:
            if state.startswith(prefix):
                return kind(f"the database {database} {words}")
    if isinstance(error, PoolTimeout):
        return Locked(f"the database {database} is busy: no connection became free in time")
    first_line = next(iter(str(cause or type(error).__name__).splitlines()), "")
    if isinstance(error, OperationalError | InterfaceError):
        unavailable = Unavailable(f"the database {database} cannot be used: {first_line}")
        unavailable.remedy = _of_server(first_line)
        return unavailable
    return StorageError(f"the database {database} refused: {first_line}")


def _of_server(reason: str) -> str:
    """Return what to do where a server cannot be used, from its message, mostly English."""
    found = next((todo for pattern, todo in _SERVER_REMEDIES if re.search(pattern, reason)), _START_SERVER)
    return found.format(database=next(iter(re.findall(r'database "([^"]+)"', reason)), "NAME"))


def _of_sqlite(cause: sqlite3.Error, database: str) -> StorageError:
    code = getattr(cause, "sqlite_errorname", None) or ""
    if isinstance(cause, sqlite3.IntegrityError):
        return Conflict(f"the database {database} refused a value: {cause}")
    for prefix, kind, words in _SQLITE:
        if code.startswith(prefix):
            return kind(f"the database {database} {words}")
    return StorageError(f"the database {database} refused: {cause}")
