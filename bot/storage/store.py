"""The store: one database, opened and divided into small repositories."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from contextlib import AbstractContextManager, ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from sqlalchemy import URL, ColumnElement, Connection, Table, and_, or_, select, true
from sqlalchemy.exc import SQLAlchemyError

from bot.storage.alerts import Alerts, AnsweredMentions, DestinationChecks, Notices
from bot.storage.baseline import has_tables, lay_out
from bot.storage.browsing import Browsing
from bot.storage.chats import ChatMessages, FollowerMoves, Follows, MovedChats
from bot.storage.database import BUSY_TIMEOUT, Database, in_memory, make_engine, masked, parse_url, translate, use_wal
from bot.storage.decrees import Decrees
from bot.storage.errors import Corrupt, NotWritable, StorageError, Unavailable, WrongSchema
from bot.storage.locks import Locks, Requests, has_lock_files
from bot.storage.looks import Looks
from bot.storage.measures import Measures
from bot.storage.naming import CommuneNamer, renew_some_communes
from bot.storage.outbox import Outbox, Posts
from bot.storage.posts import Edits
from bot.storage.recording import Recordings
from bot.storage.recueils import Backfills, Contents, Recueils, SourceStates
from bot.storage.reviews import Rejudging, Reviews
from bot.storage.schema import acts, alerts, decisions, decree_communes, decrees, identities, links, post_alerts, recueils, sightings
from bot.storage.search import renew_some_terms
from bot.storage.timestamps import Timestamps


class Store(AbstractContextManager["Store"]):
    """Holds the database, for several threads and programs; `locks` show which program works."""

    def __init__(self, database: Database, namer: CommuneNamer | None = None) -> None:
        self.database = database
        self.sources = SourceStates(database)
        self.recueils = Recueils(database)
        self.recordings = Recordings(database, namer)
        self.decrees = Decrees(database)
        self.browsing = Browsing(database)
        self.reviews = Reviews(database, namer)
        self.outbox = Outbox(database)
        self.posts = Posts(database)
        self.edits = Edits(database)
        self.post_alerts = Alerts(database, post_alerts, "trouble")
        self.destination_checks = DestinationChecks(database)
        self.mentions = AnsweredMentions(database)
        self.moved_chats = MovedChats(database)
        self.follower_moves = FollowerMoves(database)
        self.chat_messages = ChatMessages(database)
        self.follows = Follows(database)
        self.notices = Notices(database)
        self.locks = Locks(database)
        self.requests = Requests(database)
        self.alerts = Alerts(database, alerts, "cause")
        self.backfills = Backfills(database)
        self.contents = Contents(database)
        self.looks = Looks(database)
        self.measures = Measures(database)
        self.timestamps = Timestamps(database)
        self.rejudging = Rejudging(database, namer)

    def close(self) -> None:
        """Release every lock and connection."""
        self.locks.close()
        self.database.close()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def open_store(
    url: str,
    *,
    read_only: bool = False,
    existing: bool = False,
    busy_timeout: float = BUSY_TIMEOUT,
    namer: CommuneNamer | None = None,
    now: datetime | None = None,
    was_there: bool = False,
) -> Store:
    """Open the database at `url`, creating missing tables. `busy_timeout` is in seconds. `namer` finds communes; without it they stay.
    `read_only`: nothing is written; a missing database is an empty one in memory, with `existing` an error. `was_there`: lock files show a
    lost database, whose posts are looked for since `now` (aware). Raises StorageError: BadUrl, Unavailable, Locked, NotWritable, Full,
    Corrupt, WrongSchema.
    """
    address = parse_url(url)
    try:
        opened = _open_to_read(address, busy_timeout) if read_only else _open_to_write(address, busy_timeout, namer, now, was_there)
    except (Unavailable, NotWritable, Corrupt, WrongSchema) as error:
        # A server may be there a minute later; a file does not get better by waiting.
        error.is_lasting = isinstance(error, WrongSchema) or address.get_backend_name() == "sqlite"
        raise
    if existing and in_memory(opened.database.engine.url):
        opened.close()
        raise Unavailable(f"there is no database at {masked(address)} yet: `vigie run` makes it")
    return opened


def _open_to_write(url: URL, busy_timeout: float, namer: CommuneNamer | None, now: datetime | None, was_there: bool) -> Store:
    if url.get_backend_name() == "sqlite" and not in_memory(url):
        _require_folder(url)
        with suppress(OSError):  # what SQLite says of a file that cannot be made is as clear
            # Readable by its owner only, as it holds follows; SQLite's other files inherit the mode.
            Path(url.database or "").touch(mode=0o600, exist_ok=False)
    database = Database(make_engine(url, read_only=False, busy_timeout=busy_timeout), name=masked(url), read_only=False)
    try:
        use_wal(database.engine, busy_timeout)
        lay_out(database.engine, (now or datetime.now(UTC)) if was_there or has_lock_files(url) else None)
        _begin_to_renew(database, namer)
    except StorageError:
        database.close()
        raise
    except (SQLAlchemyError, sqlite3.Error) as error:
        database.close()
        raise translate(error, database.name) from error
    return Store(database, namer)


def _begin_to_renew(database: Database, namer: CommuneNamer | None) -> None:
    """Update one slice of what other rules derived: all of a small database; the rest beside other work."""
    if renew_some_terms(database):
        renew_some_terms(database)
    if namer is not None:
        renew_some_communes(database, namer)


def _open_to_read(url: URL, busy_timeout: float) -> Store:
    if url.get_backend_name() == "sqlite" and (in_memory(url) or not _exists(url)):
        return _empty(url)
    database = Database(make_engine(url, read_only=True, busy_timeout=busy_timeout), name=masked(url), read_only=True)
    try:
        with database.reading() as connection:
            exists = has_tables(connection, database.name)
    except StorageError:
        database.close()
        raise
    if exists:
        return Store(database)
    database.close()
    return _empty(url)


def _empty(url: URL) -> Store:
    engine = make_engine(parse_url("sqlite://"), read_only=False)
    lay_out(engine)
    return Store(Database(engine, name=masked(url), read_only=True))


def _exists(url: URL) -> bool:
    try:
        return Path(url.database or "").exists()
    except OSError as error:
        raise Unavailable(f"the database {masked(url)} cannot be reached: {error.strerror}") from error


def _require_folder(url: URL) -> None:
    folder = Path(url.database or "").parent
    if not folder.is_dir():
        raise Unavailable(f"the folder of the database {masked(url)} does not exist: create it first")


# A store to rehearse on: what the real one holds, in memory, so that a dry run takes the very same path and writes nothing.

_ROWS_AT_ONCE = 1000


def rehearsal_store(url: str, authorities: Collection[str], *, namer: CommuneNamer | None = None) -> Store:
    """Return an in-memory store with the trails, recueils and decrees of `authorities` from the database at `url`, without posts or other
    acts; empty where there is none. `namer`, StorageError: as in `open_store`.
    """
    with ExitStack() as on_failure:
        stage = on_failure.enter_context(open_store("sqlite://", namer=namer))
        with open_store(url, read_only=True) as real:
            for state in real.sources.all():
                if state.key.split(":", 1)[0] in authorities:
                    stage.sources.save(state)
            with real.database.reading() as source, stage.database.writing() as target:
                for table, condition in _known(authorities):
                    _copy(source, target, table, condition)
        on_failure.pop_all()
    return stage


def _known(authorities: Collection[str]) -> tuple[tuple[Table, ColumnElement[bool]], ...]:
    """Return what to copy, in the order of foreign keys. All decrees are copied, so that known ones stay known."""
    watched = recueils.c.authority.in_(sorted(authorities))
    return (
        (recueils, or_(watched, recueils.c.id.in_(select(decrees.c.recueil_id)), recueils.c.id.in_(select(sightings.c.recueil_id)))),
        (decrees, true()),
        (decree_communes, true()),
        (identities, true()),
        (sightings, true()),
        (links, true()),
        (decisions, true()),
        # A second reading of an incomplete recueil recognises its decrees by their place.
        (acts, and_(acts.c.decree_id.is_not(None), acts.c.recueil_id.in_(select(recueils.c.id).where(watched)))),
    )


def _copy(source: Connection, target: Connection, table: Table, condition: ColumnElement[bool]) -> None:
    for batch in source.execute(select(table).where(condition)).mappings().partitions(_ROWS_AT_ONCE):
        target.execute(table.insert(), [dict(row) for row in batch])
