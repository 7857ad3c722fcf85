"""Holds locks of one process at a time; an ended process loses them. Databases in memory need none.

- SQLite: `flock` on a file beside the database, never removed; lost with the database file.
- PostgreSQL: a session advisory lock on an idle connection; lost when that is cut (`is_ours`), or within a minute of a machine's loss.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import socket
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import unquote, urlsplit

from sqlalchemy import URL, Connection, delete, insert, select, text, update
from sqlalchemy.exc import SQLAlchemyError

from bot.storage.columns import value_of
from bot.storage.database import Database, Repository, in_memory, translate
from bot.storage.errors import DiskFull, Locked, NotWritable, Unavailable
from bot.storage.schema import requests

_TRIES, _PAUSE = 5, 0.02
"""Whoever only looks holds the lock of a file for an instant."""

_NUMBERS = {"run": 0x76696710, "work": 0x76696711}
_KEY = "CAST(:number AS integer), hashtext(current_schema())"
_HOLDER = """SELECT application_name FROM pg_stat_activity WHERE pid IN (
    SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2 AND classid = CAST(:number AS oid)
    AND objid = CAST(CAST(hashtext(current_schema()) AS bigint) & 4294967295 AS oid)
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"""
_KEEPALIVES = ("tcp_keepalives_idle = 20", "tcp_keepalives_interval = 10", "tcp_keepalives_count = 3")


class LockName(StrEnum):
    """Names what only one process may be: the bot (`vigie run`), and whoever polls, reads and delivers (bot or command)."""

    RUN = "run"
    WORK = "work"


@dataclass(frozen=True, slots=True)
class LockHolder:
    """The process that holds a lock, as far as it can be known."""

    command: str = "another program"
    host: str = ""
    pid: int = 0
    since: str = ""

    def __str__(self) -> str:
        where = f" on host {self.host}, process {self.pid}" if self.pid else ""
        return f"{self.command}{where}" + (f", since {self.since[:16].replace('T', ' ')} UTC" if self.since else "")


class _Lock:
    """A lock that nobody else can hold: that of a database in memory."""

    def take(self, holder: LockHolder) -> bool:
        return True

    def is_ours(self) -> bool:
        return True

    def release(self) -> None:
        pass

    def holder(self) -> LockHolder | None:
        return None


class Locks:
    """Takes the locks of one database. Methods block briefly; they raise StorageError where locking fails."""

    def __init__(self, database: Database) -> None:
        self._locks: dict[LockName, _Lock] = {name: _lock_of(database, name) for name in LockName}

    def take(self, name: LockName, command: str) -> bool:
        """Take a free lock until `release` or the end of the process. `command` is shown to others."""
        since = datetime.now(UTC).isoformat(timespec="seconds")
        return self._locks[name].take(LockHolder(command, socket.gethostname(), os.getpid(), since))

    def is_ours(self, name: LockName) -> bool:
        """Whether a lock that was taken is still held."""
        return self._locks[name].is_ours()

    def release(self, name: LockName) -> None:
        """Give it up. Does nothing where it is not held."""
        self._locks[name].release()

    def holder(self, name: LockName) -> LockHolder | None:
        """Which process holds it, this one included; None where it is free."""
        return self._locks[name].holder()

    def close(self) -> None:
        """Give up all."""
        for lock in self._locks.values():
            lock.release()


@contextmanager
def holding_all_locks(locks: Locks, name: str, command: str) -> Iterator[None]:
    """Hold all locks of this database against a bot. Raises Locked where another program holds one."""
    try:
        for lock in LockName:
            if not locks.take(lock, command):
                raise Locked(f"{locks.holder(lock) or 'another program'} works on the database {name}: stop it first")
        yield
    finally:
        locks.close()


def has_lock_files(url: URL) -> bool:
    """Return whether a program has used this SQLite database, even if it was removed: lock files stay."""
    is_file = url.get_backend_name() == "sqlite" and not in_memory(url)
    return is_file and any(Path(f"{url.database}.{name}.lock").exists() for name in LockName)


def _lock_of(database: Database, name: LockName) -> _Lock:
    url = database.engine.url
    if url.get_backend_name() != "sqlite":
        return _Session(database, _NUMBERS[name])
    if in_memory(url):
        return _Lock()
    # That of a database which is opened to be read is an address (`file:///…`).
    path = unquote(urlsplit(url.database or "").path) if "uri" in url.query else url.database
    return _File(Path(f"{path}.{name}.lock").absolute(), Path(path or "").absolute())


class _File(_Lock):
    def __init__(self, path: Path, database: Path) -> None:
        self._path = path
        self._database = database
        with self._errors():
            self._opened = _file_at(database)
        self._held: int | None = None

    def take(self, holder: LockHolder) -> bool:
        with self._errors():
            if _file_at(self._database) != self._opened:
                raise Unavailable(
                    f"the file of the database {self._database} was removed, moved or replaced while this process had it open: "
                    "put it back where it was, or start again on what is there"
                )
            opened = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
            try:
                for attempt in range(_TRIES):
                    if self._locked(opened, fcntl.LOCK_EX) and self._is_there(opened):
                        os.ftruncate(opened, 0)
                        os.pwrite(opened, json.dumps(asdict(holder)).encode(), 0)
                        self._held, opened = opened, -1
                        return True
                    if attempt < _TRIES - 1:
                        time.sleep(_PAUSE)
                return False
            finally:
                if opened >= 0:
                    os.close(opened)

    def is_ours(self) -> bool:
        # Were the file removed, another process could lock a new one of this name.
        with suppress(OSError):
            return self._held is not None and self._is_there(self._held) and _file_at(self._database) == self._opened
        return False

    def release(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            os.close(held)

    def holder(self) -> LockHolder | None:
        with self._errors():
            try:
                opened = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                return None
            try:
                return None if self._locked(opened, fcntl.LOCK_SH) else _holder_in(os.pread(opened, 4096, 0))
            finally:
                os.close(opened)

    def _locked(self, opened: int, how: int) -> bool:
        try:
            fcntl.flock(opened, how | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _is_there(self, opened: int) -> bool:
        with suppress(OSError):
            return os.path.samestat(os.fstat(opened), self._path.stat())
        return False

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except PermissionError as error:
            raise NotWritable(f"the lock file {self._path} cannot be used: {error.strerror}") from error
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise DiskFull(f"the lock file {self._path} cannot be written: the disk is full") from error
            advice = "the database must be in a folder of this machine whose file system has file locks (flock)"
            raise Unavailable(f"the lock file {self._path} cannot be used: {error.strerror}; {advice}") from error


def _file_at(path: Path) -> tuple[int, int] | None:
    """Return device and inode of a file; None where it is missing. Raises OSError."""
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_dev, found.st_ino


def _holder_in(content: bytes) -> LockHolder:
    try:
        return LockHolder(**json.loads(content))
    except (ValueError, TypeError):
        return LockHolder()


class _Session(_Lock):
    def __init__(self, database: Database, number: int) -> None:
        self._database = database
        self._number = number
        self._held: Connection | None = None
        self._in_use = Lock()

    def take(self, holder: LockHolder) -> bool:
        if self.is_ours():
            return False
        with self._errors():
            connection = self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            try:
                taken: bool = self._ask(connection, f"SELECT pg_try_advisory_lock({_KEY})").scalar_one()
                if not taken:
                    return False
                # 63 bytes are kept of it.
                shown = f"{holder.command}|{holder.pid}|{holder.since}|{holder.host}"
                connection.execute(text("SELECT set_config('application_name', :shown, false)"), {"shown": shown})
                for setting in _KEEPALIVES:
                    connection.execute(text(f"SET {setting}"))
                # It never goes back to the others, which would take the lock with it.
                connection.detach()
                self._held = connection
                return True
            finally:
                if self._held is not connection:
                    connection.close()

    def is_ours(self) -> bool:
        held = self._held
        if held is None:
            return False
        try:
            with self._in_use:
                held.execute(text("SELECT 1"))
        except SQLAlchemyError:
            self.release()
            return False
        return True

    def release(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            # A question without an answer yet: the end of the process will do.
            if not self._in_use.acquire(timeout=1):
                return
            try:
                # Before it is closed: the server may take a moment to see that.
                with suppress(SQLAlchemyError):
                    held.execute(text("SELECT pg_advisory_unlock_all()"))
                with suppress(SQLAlchemyError):
                    held.close()
            finally:
                self._in_use.release()

    def holder(self) -> LockHolder | None:
        with self._database.reading() as connection:
            shown = self._ask(connection, _HOLDER).scalar_one_or_none()
        if shown is None:
            return None
        command, pid, since, host = [*shown.split("|", 3), "", "", ""][:4]
        return LockHolder(command, host, int(pid), since) if pid.isdecimal() else LockHolder()

    def _ask(self, connection: Connection, query: str) -> Any:
        return connection.execute(text(query), {"number": self._number})

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            raise translate(error, self._database.name) from error


# Work that a command hands to the process which holds the lock `work`, how far it is, and what came of it.


@dataclass(frozen=True, slots=True)
class WorkRequest:
    """All but the id is JSON. `result` is None until the work is done."""

    id: str
    kind: str
    arguments: Any
    progress: Any = None
    result: Any = None


class Requests(Repository):
    """Stores requests between processes; a row is deleted with its requester, or once its result is read."""

    def add(self, kind: str, arguments: Mapping[str, Any]) -> str:
        """Store a request and return its id, which is never reused."""
        number = uuid.uuid4().hex
        self._database.write(insert(requests).values(id=number, kind=kind, arguments=dict(arguments)))
        return number

    def get(self, request: str) -> WorkRequest | None:
        """One by its id, None where there is none any more."""
        row = self._database.first(select(requests).where(requests.c.id == request))
        return None if row is None else value_of(WorkRequest, row)

    def unanswered(self) -> list[WorkRequest]:
        """Those without a result."""
        query = select(requests).where(requests.c.result.is_(None))
        return [value_of(WorkRequest, row) for row in self._database.rows(query)]

    def report(self, request: str, progress: Any) -> None:
        """How far it is. Does nothing where nobody waits any more."""
        self._set(request, {"progress": progress})

    def answer(self, request: str, result: Mapping[str, Any]) -> None:
        """What came of it. Does nothing where nobody waits any more."""
        self._set(request, {"result": dict(result)})

    def remove(self, request: str) -> None:
        """Nobody waits for it any more."""
        self._database.write(delete(requests).where(requests.c.id == request))

    def clear(self) -> None:
        """Delete requests without a result, also of killed processes: whoever waits repeats them. Results stay until read."""
        self._database.write(delete(requests).where(requests.c.result.is_(None)))

    def _set(self, request: str, values: Mapping[str, Any]) -> None:
        self._database.write(update(requests).where(requests.c.id == request).values(**values))
