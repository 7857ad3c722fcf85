"""Makes backups of the database while programs write: atomic, verified, and removed by age.

SQLite copies itself as of one instant, `pg_dump` exports PostgreSQL. Each is written under a temporary name, which the next backup removes
after a kill.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import URL

from bot.storage.database import Database, in_memory, make_engine, masked, parse_url, translate
from bot.storage.errors import Corrupt, DiskFull, Locked, StorageError, Unavailable
from bot.storage.reading_queue import ReadingQueue

DAYS, WEEKS, MONTHS = 7, 4, 12
"""Backups that are kept: the last one of each of so many days, weeks and months that have one."""

_NAME = re.compile(r"vigie-(\d{8}T\d{6}Z)\.(?:db|dump)")
_MOMENT = "%Y%m%dT%H%M%SZ"
_PART = ".part"


@dataclass(frozen=True, slots=True)
class Backup:
    """Describes a verified backup, and the older ones that it replaced."""

    path: Path
    size: int
    removed: tuple[Path, ...]


def back_up(url: str, folder: Path, now: datetime) -> Backup:
    """Back up the database into this folder, creating it if missing, and remove expired backups. One at a time per folder. Raises
    StorageError, and OSError where the folder cannot be used.
    """
    address = parse_url(url)
    is_sqlite = address.get_backend_name() == "sqlite"
    require_file(url)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = folder / f"vigie-{stamp(now)}.{'db' if is_sqlite else 'dump'}"
    with _folder_lock(folder):
        for left in folder.glob(f".vigie-*{_PART}"):
            left.unlink(missing_ok=True)
        if is_sqlite:
            with whole(target) as part:
                copy_checked(file_of(address), part)
        else:
            _dump(address, target)
        note = f"{file_digest(target)}  {target.name}\n"
        with whole(target.with_name(f"{target.name}.sha256")) as part:
            part.write_text(note, "ascii")
        # Never the one just made, however many are of later days by a clock that was wrong.
        removed = tuple(path for path in to_remove(backups_in(folder)) if path != target)
        for old in removed:
            old.unlink(missing_ok=True)
            old.with_name(f"{old.name}.sha256").unlink(missing_ok=True)
    return Backup(target, target.stat().st_size, removed)


def backups_in(folder: Path) -> dict[Path, datetime]:
    """Return the backups in a folder, each with when it was made, oldest first. Raises OSError."""
    found = ((path, _NAME.fullmatch(path.name)) for path in sorted(folder.iterdir()))
    return {path: datetime.strptime(name[1], _MOMENT).replace(tzinfo=UTC) for path, name in found if name is not None}


def to_remove(made: Mapping[Path, datetime]) -> list[Path]:
    """Return the backups that have expired. Pure: days without a backup do not count."""
    newest_first = sorted(made, key=lambda path: made[path], reverse=True)
    kept: set[Path] = set()
    for many, period in ((DAYS, "%Y-%m-%d"), (WEEKS, "%G-%V"), (MONTHS, "%Y-%m")):
        last: dict[str, Path] = {}
        for path in newest_first:
            last.setdefault(made[path].strftime(period), path)
        kept.update(list(last.values())[:many])
    return [path for path in made if path not in kept]


def verify(path: Path) -> None:
    """Compare a backup with the hash stored beside it, if any. Raises Corrupt, OSError."""
    note = path.with_name(f"{path.name}.sha256")
    if note.is_file() and note.read_text("ascii", "replace").split()[:1] != [file_digest(path)]:
        raise Corrupt(f"{path} is not as it was written: its hash is not the one in {note.name}; take another backup")


def newest_of(place: Path) -> Path:
    """Return this file, or the newest backup of this folder. Raises Unavailable where there is none."""
    found = list(backups_in(place)) if place.is_dir() else [place] if place.is_file() else []
    if not found:
        raise Unavailable(f"there is no backup at {place}")
    return found[-1]


def stamp(now: datetime) -> str:
    """Return an instant as it stands in names of files; they sort by it."""
    return now.astimezone(UTC).strftime(_MOMENT)


# SQLite.


def copy_checked(source: Path, copy: Path) -> None:
    """Copy a database into an empty file and verify the copy. Raises StorageError."""
    if not source.is_file():
        raise Unavailable(f"there is no database at {source}")
    try:
        with closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as origin, closing(sqlite3.connect(copy)) as goal:
            # All pages in one step: writers go on, and none of them makes it begin again.
            origin.backup(goal)
            # One file without a log beside it, wherever it is carried.
            goal.execute("PRAGMA journal_mode = DELETE")
            found = goal.execute("PRAGMA integrity_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        is_full = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL  # only the copy grows
        raise translate(error, str(copy if is_full else source)) from error
    if found != "ok":
        raise Corrupt(f"the database {source} is damaged, and was not copied: {found}")


def shrink(address: URL) -> tuple[int, int]:
    """Return the free space of a SQLite database to the disk; return its size before and after. Nobody may use it meanwhile. Raises Locked,
    and DiskFull without room for a second copy.
    """
    file = file_of(address)
    with closing(sqlite3.connect(file, timeout=1)) as raw:
        try:
            # What it answers where somebody reads what was before: the room could not be given back.
            if raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                raise Locked(f"another program reads the database {file} (vigie serve?): stop it first")
            before = file.stat().st_size
            if lacks := _lacks_room(file, 2 * before):
                raise DiskFull(f"the disk has no room to compact {file}: {lacks}")
            raw.execute("VACUUM")
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as error:
            raise translate(error, str(file)) from error
    return before, file.stat().st_size


def _lacks_room(file: Path, needed: int) -> str:
    """Return how many bytes of `needed` the disk of this file lacks, in words; empty where there is room."""
    free = shutil.disk_usage(file.absolute().parent).free
    return f"{needed / 1e6:.0f} MB are needed, {free / 1e6:.0f} MB are free" if free < needed else ""


def require_file(url: str) -> None:
    """Raise Unavailable where there is no SQLite file; opening one would create it."""
    address = parse_url(url)
    if address.get_backend_name() == "sqlite" and not file_of(address).is_file():
        raise Unavailable(f"there is no database at {file_of(address)}")


def file_of(address: URL) -> Path:
    """Return the file of a SQLite database. Raises Unavailable for one in memory."""
    if in_memory(address):
        raise Unavailable("a database in memory has no file")
    return Path(address.database or "")


# PostgreSQL, by its own programs.


def _dump(address: URL, target: Path) -> None:
    database = Database(make_engine(address, read_only=True), name=masked(address), read_only=True)
    # By its name: another program, or an instance, may have one that ends so too.
    queue = ReadingQueue(database).quoted
    database.close()
    with whole(target) as part:
        run_client("pg_dump", address, "--format=custom", "--no-owner", "--no-privileges", f"--exclude-schema={queue}", f"--file={part}")
        # Reads all of it, and writes nothing.
        run_client("pg_restore", None, f"--file={os.devnull}", str(part))


def run_client(program: str, address: URL | None, *arguments: str) -> str:
    """Run a PostgreSQL client program on a database, and return its output. Raises StorageError with its error output."""
    environ = dict(os.environ)
    where: tuple[str, ...] = ()
    if address is not None:
        # Not among the arguments, which every user of the machine sees.
        password = address.password or address.query.get("password")
        environ |= {"PGPASSWORD": str(password)} if password else {}
        bare = URL.create("postgresql", address.username, None, address.host, address.port, address.database, address.query)
        bare = bare.difference_update_query(["password"])
        where = (f"--dbname={bare.render_as_string()}",)
    try:
        done = subprocess.run(  # noqa: S603 - our own arguments, no shell
            [program, *where, *arguments],
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except FileNotFoundError:
        advice = "install the client of PostgreSQL (Debian: apt-get install postgresql-client)"
        raise Unavailable(f"{program} is not installed: {advice}") from None
    if done.returncode:
        error_line = next((line for line in reversed(done.stderr.splitlines()) if "error" in line.lower()), done.stderr.strip()[-200:])
        name = "" if address is None else f" of the database {masked(address)}"
        raise StorageError(f"{program}{name} failed: {error_line or f'exit code {done.returncode}'}")
    return done.stdout


# Files that are whole.


@contextmanager
def whole(target: Path) -> Iterator[Path]:
    """Yield a temporary path; rename it to the target after the body, or remove it when the body raises."""
    part = target.with_name(f".{target.name}{_PART}")
    # A log that a kill left would be written into the new file.
    files = [Path(f"{part}{suffix}") for suffix in ("", "-journal", "-wal", "-shm")]
    for left in files:
        left.unlink(missing_ok=True)
    try:
        part.touch(mode=0o600)
        yield part
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.replace(target)
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    finally:
        for left in files:
            left.unlink(missing_ok=True)


@contextmanager
def _folder_lock(folder: Path) -> Iterator[None]:
    opened = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Unavailable(f"another backup is being made in {folder}") from None
        yield
    finally:
        os.close(opened)


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file, 64 hexadecimal digits. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
