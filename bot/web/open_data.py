"""Writes all decrees as files (CSV, JSON Lines, SQLite), keeps these up to date in a folder, and answers their addresses. Works in slices
for little memory; the files hold only what posts may show."""

from __future__ import annotations

import csv
import json
import os
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from hashlib import blake2b
from http import HTTPStatus
from pathlib import Path
from typing import IO, Annotated, Any

import structlog
from pydantic import AwareDatetime

from bot.detection.text.phrases import without_names
from bot.domain.acts import Decree, Place
from bot.domain.posts import FRANCE, operator_slug
from bot.domain.shape import FRENCH, Json, column
from bot.domain.topics import topics
from bot.gazetteer.gazetteer import gazetteer
from bot.messages.lines import place_for
from bot.messages.words import LANGUAGES, Language, clean, topic_words
from bot.queries.decree_shape import DecreeModel
from bot.storage.errors import StorageError
from bot.web.documents import Document, PageRequest, Route, SiteContext
from bot.web.rendering import missing

log = structlog.get_logger()

CSV, JSONL, SQLITE = "arretes.csv", "arretes.jsonl", "arretes.sqlite"
SLICE = 200
"""Decrees that are in memory at once."""
_BETWEEN = "; "
_TYPES = {"integer": "INTEGER"}
# What a spreadsheet takes for a formula: https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class ExportedDecree(DecreeModel):
    """A decree as the files have it."""

    exported_at: Annotated[AwareDatetime, column("Quand ce fichier a été fait.", "When this file was made.")]


@dataclass(frozen=True, slots=True)
class Column:
    """Describes one column in both languages. `type`: integer, text, day (2026-08-14), moment (a day, with the hour of the place where the
    decree gives one: 2026-08-15T14:00), instant (ISO 8601 in UTC), list (values with "; " between them)."""

    name: str
    type: str
    fr: str
    en: str

    def said(self, language: Language) -> str:
        """Return what it holds, in this language."""
        return self.en if language == "en" else self.fr


_OF_SCHEMA = {"array": "list", "integer": "integer", "date": "day", "date-time": "instant", "moment": "moment"}


@cache
def columns() -> tuple[Column, ...]:
    """Return the columns of a decree, in their order, which are its keys that have a description in both languages."""
    described = ExportedDecree.model_json_schema(mode="serialization")["properties"]
    return tuple(_column(name, schema) for name, schema in described.items() if FRENCH in schema)


def _column(name: str, schema: Json) -> Column:
    kind = next((one for one in schema.get("anyOf", ()) if one.get("type") != "null"), schema)
    return Column(name, _OF_SCHEMA.get(kind.get("format") or kind.get("type", ""), "text"), schema[FRENCH], schema["description"])


@dataclass(frozen=True, slots=True)
class ExportInput:
    """Holds what files are made from. `slices` yields the decrees that stand; `at` (aware) is the instant of all that depends on time,
    `about` the licence, address and instance."""

    slices: Callable[[int], Iterable[tuple[Decree, ...]]]
    places: Mapping[str, Place]
    at: datetime
    about: Mapping[str, str]


def write_files(folder: Path, given: ExportInput, pause: Callable[[], None] = lambda: None) -> int:
    """Write the files into a folder, each replaced once complete, and return their number of decrees. `pause` is called after each slice,
    so that others can work. Raises OSError, and the errors of reading decrees; the former files then remain."""
    names = (CSV, JSONL, SQLITE)
    parts = {name: folder / f".{name}.{os.getpid()}.part" for name in names}
    count = 0
    try:
        parts[SQLITE].unlink(missing_ok=True)
        with ExitStack() as stack:
            table = stack.enter_context(parts[CSV].open("w", encoding="utf-8-sig", newline=""))
            lines = stack.enter_context(parts[JSONL].open("w", encoding="utf-8", newline="\n"))
            database = stack.enter_context(closing(sqlite3.connect(parts[SQLITE], isolation_level=None)))
            _begin_database(database, given)
            rows = csv.writer(table)
            rows.writerow([column.name for column in columns()])
            for decrees in given.slices(SLICE):
                for decree in decrees:
                    count += 1
                    _write(decree, given, rows, lines, database)
                pause()
            database.executescript(_END)  # which ends the transaction first
            for file in (table, lines):
                file.flush()
                os.fsync(file.fileno())
        for name in names:
            parts[name].replace(folder / name)
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)
    return count


def _write(decree: Decree, given: ExportInput, rows: Any, lines: IO[str], database: sqlite3.Connection) -> None:
    shape = _shape_of(decree, given).model_dump(mode="json")
    lines.write(json.dumps(shape, ensure_ascii=False, separators=(",", ":")) + "\n")
    values = [_flat(shape[column.name]) for column in columns()]
    rows.writerow([_cell(value) for value in values])
    _insert(database, decree, values, given)


def _shape_of(decree: Decree, given: ExportInput) -> ExportedDecree:
    """Return a decree as the files have it. Names of persons, which no stored title or phrase should have, are removed again: copies of a
    file cannot be taken back."""
    evidence = tuple(replace(phrase, text=without_names(phrase.text)) for phrase in decree.evidence)
    nameless = replace(decree, title=without_names(decree.title), evidence=evidence)
    return ExportedDecree.at(nameless, place_for(given.places, decree.authority), given.at, exported_at=given.at)


# One row of a decree.


def _flat(value: Any) -> str | int | None:
    match value:
        case None | int():
            return value
        case list():
            return _BETWEEN.join(clean(_item(item)) for item in value) or None
        case _:
            return clean(str(value)) or None


def _item(item: Any) -> str:
    """Return an item of a list: of what another decree does, its kind and the id of that decree."""
    return item if isinstance(item, str) else " ".join(str(item[name]) for name in ("kind", "decree") if item[name] is not None)


def _cell(value: str | int | None) -> str | int:
    """Return a value as CSV has it: empty for none; a text that a spreadsheet would run gets an apostrophe before it."""
    if value is None:
        return ""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


# The database: `decrees` as in CSV, and tables of what it names.

_TABLES = """
PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -2000;
BEGIN;
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE columns (name TEXT PRIMARY KEY, type TEXT NOT NULL, fr TEXT NOT NULL, en TEXT NOT NULL);
CREATE TABLE authorities (code TEXT PRIMARY KEY, name TEXT NOT NULL, department TEXT NOT NULL, time_zone TEXT NOT NULL);
CREATE TABLE operators (slug TEXT PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE purposes (code TEXT PRIMARY KEY, fr TEXT NOT NULL, en TEXT NOT NULL);
CREATE TABLE communes (code TEXT PRIMARY KEY, name TEXT NOT NULL, department TEXT NOT NULL, population INTEGER);
CREATE TABLE decrees ({columns}, FOREIGN KEY (authority) REFERENCES authorities (code));
CREATE TABLE decree_operators (
    decree INTEGER NOT NULL REFERENCES decrees (id), operator TEXT NOT NULL REFERENCES operators (slug), PRIMARY KEY (decree, operator));
CREATE TABLE decree_purposes (
    decree INTEGER NOT NULL REFERENCES decrees (id), purpose TEXT NOT NULL REFERENCES purposes (code), PRIMARY KEY (decree, purpose));
CREATE TABLE decree_communes (
    decree INTEGER NOT NULL REFERENCES decrees (id), commune TEXT NOT NULL REFERENCES communes (code), PRIMARY KEY (decree, commune));
CREATE TABLE places (decree INTEGER NOT NULL REFERENCES decrees (id), position INTEGER NOT NULL, name TEXT NOT NULL,
    PRIMARY KEY (decree, position));
"""
_END = """
CREATE INDEX decrees_authority ON decrees (authority);
CREATE INDEX decrees_published ON decrees (published);
CREATE INDEX decree_operators_operator ON decree_operators (operator);
CREATE INDEX decree_purposes_purpose ON decree_purposes (purpose);
CREATE INDEX decree_communes_commune ON decree_communes (commune);
CREATE VIRTUAL TABLE decrees_fts USING fts5 (title, event, number, operators, places, office, software, content="decrees",
    content_rowid="id", tokenize="unicode61 remove_diacritics 2");
INSERT INTO decrees_fts (decrees_fts) VALUES ('rebuild');
INSERT INTO decrees_fts (decrees_fts) VALUES ('optimize');
"""


def _begin_database(database: sqlite3.Connection, given: ExportInput) -> None:
    # A file that is replaced as a whole needs no journal; what is half written is removed.
    kinds = (f"{column.name} {_TYPES.get(column.type, 'TEXT')}" for column in columns())
    database.executescript(_TABLES.format(columns=", ".join(kinds).replace("id INTEGER", "id INTEGER PRIMARY KEY", 1)))
    about = {"exported_at": given.at.isoformat(), **given.about}
    database.executemany("INSERT INTO about VALUES (?, ?)", about.items())
    database.executemany("INSERT INTO columns VALUES (?, ?, ?, ?)", ((one.name, one.type, one.fr, one.en) for one in columns()))
    places = ((place.code, place.name, place.department, place.time_zone) for place in given.places.values())
    database.executemany("INSERT INTO authorities VALUES (?, ?, ?, ?)", places)
    database.executemany("INSERT INTO purposes VALUES (?, ?, ?)", _purposes())


def _purposes() -> Iterator[tuple[str, str, str]]:
    for topic in topics().values():
        own = [topic_words(topic.name, language).purposes for language in LANGUAGES]
        yield from ((code, own[0][code], own[1][code]) for code in topic.purposes)


def _insert(database: sqlite3.Connection, decree: Decree, values: list[str | int | None], given: ExportInput) -> None:
    place = place_for(given.places, decree.authority)
    known = (place.code, place.name, place.department, place.time_zone)
    database.execute("INSERT OR IGNORE INTO authorities VALUES (?, ?, ?, ?)", known)
    database.execute(f"INSERT INTO decrees VALUES ({', '.join('?' * len(values))})", values)  # noqa: S608 - only question marks
    named = {slug: clean(name) for name in reversed(decree.facts.operators) if (slug := operator_slug(name))}
    database.executemany("INSERT OR IGNORE INTO operators VALUES (?, ?)", named.items())
    database.executemany("INSERT INTO decree_operators VALUES (?, ?)", ((decree.id, slug) for slug in named))
    purposes = dict.fromkeys(decree.facts.purposes)
    database.executemany("INSERT INTO decree_purposes VALUES (?, ?)", ((decree.id, purpose) for purpose in purposes))
    places = enumerate(map(clean, decree.facts.places))
    database.executemany("INSERT INTO places VALUES (?, ?, ?)", ((decree.id, position, name) for position, name in places))
    for code in dict.fromkeys(commune.code for commune in decree.communes):
        commune = gazetteer().commune(code)
        if commune is not None:
            row = (code, commune.name, commune.department, commune.population)
            database.execute("INSERT OR IGNORE INTO communes VALUES (?, ?, ?, ?)", row)
            database.execute("INSERT INTO decree_communes VALUES (?, ?)", (decree.id, code))


# The folder, and the addresses.

AT_MOST_EVERY = timedelta(minutes=10)
"""How often the files are made at most."""
_LOOKED_EVERY = 60.0
"""Seconds after which it is asked again whether they are out of date."""
_PAUSE = 0.02
"""Seconds after each slice, in which others work."""
_MANIFEST = "manifest.json"
_MEDIA = {CSV: "text/csv; charset=utf-8", JSONL: "application/jsonl", SQLITE: "application/vnd.sqlite3"}


class _Stopped(Exception):
    """The program ends while files are being made."""


@dataclass(slots=True, eq=False)
class OpenData:
    """Keeps the files in one folder, which several processes may share: each replaces them as a whole. `given` returns their content at an
    instant; `revision` differs whenever decrees have changed."""

    folder: Path
    given: Callable[[datetime], ExportInput]
    revision: Callable[[], object]
    clock: Callable[[], datetime]
    _stop: threading.Event = field(default_factory=threading.Event, init=False)

    def file(self, name: str) -> Path | None:
        """Return the newest file of this name, None while there is none."""
        path = self.folder / name
        return path if path.is_file() else None

    def refresh(self) -> bool:
        """Make outdated files anew, and return whether any was. Raises OSError and StorageError: the former files then remain."""
        at = self.clock()
        given = self.given(at)
        state = _state(self.revision(), given)
        if not is_due(self._manifest(), state, at) and all(map(self.file, _MEDIA)):
            return False
        self.folder.mkdir(parents=True, exist_ok=True)
        # The state is that of before reading: what changes meanwhile makes them out of date again.
        count = write_files(self.folder, given, self._pause)
        part = self.folder / f".{_MANIFEST}.{os.getpid()}.part"
        part.write_text(json.dumps({"made_at": at.isoformat(), "decrees": count, **state}), encoding="utf-8")
        part.replace(self.folder / _MANIFEST)
        return True

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Keep the files up to date in a thread of their own, until the end of the block."""
        thread = threading.Thread(target=self._keep, name="open-data", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()

    def _keep(self) -> None:
        while not self._stop.is_set():
            try:
                self.refresh()
            except _Stopped:
                return
            except (OSError, StorageError) as error:
                log.warning("web.no_open_data", error=str(error))
            self._stop.wait(_LOOKED_EVERY)

    def _pause(self) -> None:
        if self._stop.wait(_PAUSE):
            raise _Stopped

    def _manifest(self) -> Mapping[str, Any]:
        try:
            found = json.loads((self.folder / _MANIFEST).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}


def _state(revision: object, given: ExportInput) -> dict[str, str]:
    """Return what the files depend on. Of the time it is the day: a standing that changes within it shows on the next."""
    rest = json.dumps([dict(given.about), [asdict(column) for column in columns()], sorted(given.places)])
    return {"revision": str(revision), "day": str(given.at.astimezone(FRANCE).date()), "rest": blake2b(rest.encode()).hexdigest()[:16]}


def is_due(made: Mapping[str, Any], state: Mapping[str, str], at: datetime) -> bool:
    """Return whether files that were made so are to be made anew at this instant (aware)."""
    if all(made.get(name) == value for name, value in state.items()):
        return False
    try:
        since = at - datetime.fromisoformat(made["made_at"])
    except (KeyError, TypeError, ValueError):
        return True
    return not timedelta() <= since < AT_MOST_EVERY


def _offered(name: str) -> Callable[[SiteContext, PageRequest], Document]:
    def made(site: SiteContext, request: PageRequest) -> Document:
        path = None if site.open_data is None else site.open_data(name)
        if path is None:
            document = missing(site, request, status=HTTPStatus.SERVICE_UNAVAILABLE)
            return replace(document, headers={**document.headers, "Retry-After": "60"})
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Access-Control-Allow-Origin": "*"}
        return Document(b"", _MEDIA[name], headers=headers, file=path)

    return made


OPEN_DATA: tuple[Route, ...] = tuple(Route(f"/donnees/{name}", _offered(name), twins=False) for name in _MEDIA)
