"""The national index of recueils: a table that data.gouv.fr makes every week of what departmental prefectures published.

A week late by design: good for completeness and history, never for speed. Licence ODbL.
"""

from __future__ import annotations

import asyncio
import csv
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol
from urllib.parse import urlsplit

from sources.http.scratch import ScratchFolder
from sources.model import Download, Unusable
from sources.pages.links import name_in
from sources.text import canonical, find_date

METADATA = "https://www.data.gouv.fr/api/1/datasets/6a826c488feaf1584f1dba40/"
"""What the site says of the data set, as JSON. Its resources are fetched from where they are: the redirects of `/api/1/datasets/r/`,
which stay the same from week to week, are closed to robots."""

INDEX_HOSTS = frozenset({"www.data.gouv.fr", "static.data.gouv.fr", "object.files.data.gouv.fr"})
"""The hosts of data.gouv.fr: its API, the files put on it, and its storage of large ones."""

_COLUMNS = ("titre", "url", "departement", "mise_a_jour")
_DEPARTMENT = re.compile(r"(?!00)\d{2,3}|2[AB]")
# A quotation mark that is never closed makes one title of many rows.
_ROWS_IN_TITLE = re.compile(r"\n.*;https?://", re.DOTALL)


class IndexUnusable(Unusable):
    """Says that the index came, but is not what it must be: nothing can be concluded from it."""


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """Describes one recueil. `department` is the INSEE code, `url` canonical. `crawled_at` is when the index last met it, not when it was
    published."""

    title: str
    url: str
    department: str
    crawled_at: datetime | None = None

    @property
    def published(self) -> date | None:
        """Return the date that its title or file name writes, None where they write none."""
        return find_date(self.title) or find_date(name_in(self.url))


@dataclass(frozen=True, slots=True)
class BadRow:
    """Describes a row that cannot be used: its line in the file and what is wrong with it."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class IndexFile:
    """Describes the file the metadata name as the newest. `modified` is when it was put there."""

    url: str
    modified: datetime


@dataclass(frozen=True, slots=True)
class NationalIndex:
    """Describes the entries by department, in the order of the file, each address once; and the rows that could not be used."""

    resource: IndexFile
    entries: Mapping[str, tuple[IndexEntry, ...]]
    bad_rows: tuple[BadRow, ...] = ()

    def of(self, department: str) -> tuple[IndexEntry, ...]:
        """Return those of one department, none where the index has none."""
        return self.entries.get(department, ())

    def __len__(self) -> int:
        return sum(len(entries) for entries in self.entries.values())


class DataFetcher(Protocol):
    """Fetches files that are not PDFs. Every method may raise any `FetchError`."""

    async def json(self, url: str, target: Path) -> Download:
        """Fetch a JSON document to `target` (written only when whole)."""
        ...

    async def csv(self, url: str, target: Path) -> Download:
        """Fetch a table of comma-separated values to `target` (written only when whole)."""
        ...


async def fetch_index(fetcher: DataFetcher) -> NationalIndex:
    """Return the index of this week: its metadata, then the table they name, some 4 MB. Nothing is kept on the disk.

    Raises `IndexUnusable` when one of them is not what it must be, and any other `FetchError`.
    """
    with ScratchFolder() as folder:
        metadata = await fetcher.json(METADATA, folder / "index.json")
        resource = newest_table(await asyncio.to_thread(metadata.path.read_bytes))
        table = await fetcher.csv(resource.url, folder / "index.csv")
        return await asyncio.to_thread(read_index, table.path, resource)


def newest_table(metadata: bytes) -> IndexFile:
    """Return the CSV file that was put there last. Resources that are described otherwise than expected are passed over.

    Raises `IndexUnusable` when none can be used, or when the newest is on a host that is not one of data.gouv.fr.
    """
    try:
        document: Any = json.loads(metadata)
    except (ValueError, RecursionError) as error:  # the latter: nested a thousand times
        raise IndexUnusable(f"{METADATA}: not readable as JSON: {error}") from error
    described = document.get("resources") if isinstance(document, dict) else None
    if not isinstance(described, list):
        raise IndexUnusable(f"{METADATA}: names no resources; the data set may have been withdrawn or the API changed")
    found = [resource for each in described if isinstance(each, dict) and (resource := _table(each)) is not None]
    if not found:
        raise IndexUnusable(f"{METADATA}: none of its {len(described)} resources is a CSV file with an address and a date")
    newest = max(found, key=lambda resource: resource.modified)
    host = urlsplit(newest.url).hostname
    if host not in INDEX_HOSTS:
        raise IndexUnusable(f"{newest.url}: the national index has moved to {host}, which is not a host of data.gouv.fr known here")
    return newest


def read_index(path: Path, resource: IndexFile) -> NationalIndex:
    """Return the table, read row by row. Rows that cannot be used are reported, never fatal.

    Raises `IndexUnusable` when this is not the table: another header, an HTML page, nothing at all.
    """
    entries: dict[str, dict[str, IndexEntry]] = {}
    bad: list[BadRow] = []
    # Invalid bytes become U+FFFD: harmless in a title, and refused in an address.
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
        for row in _rows(lines, resource.url):
            if isinstance(row, BadRow):
                bad.append(row)
            else:
                entries.setdefault(row.department, {}).setdefault(row.url, row)
    if not entries:
        raise IndexUnusable(f"{resource.url}: no usable row" + (f": line {bad[0].line}: {bad[0].reason}" if bad else ""))
    by_department = {department: tuple(found.values()) for department, found in sorted(entries.items())}
    return NationalIndex(resource, MappingProxyType(by_department), tuple(bad))


def _table(described: dict[str, Any]) -> IndexFile | None:
    url = canonical("", described["url"]) if isinstance(described.get("url"), str) else None
    modified = _instant(described.get("last_modified") or described.get("created_at"))
    kind = str(described.get("format") or "").strip().lower()
    is_table = kind == "csv" or (not kind and url is not None and urlsplit(url).path.lower().endswith(".csv"))
    return IndexFile(url, modified) if is_table and url is not None and modified is not None else None


def _rows(lines: Iterator[str], url: str) -> Iterator[IndexEntry | BadRow]:
    table = csv.reader(lines, delimiter=";")
    places = _places(_next(table), url)
    while True:
        line = table.line_num + 1
        row = _next(table)
        if row is None:
            return
        if row:
            yield row if isinstance(row, BadRow) else _entry(row, places, line)


def _next(table: Any) -> list[str] | BadRow | None:
    try:
        row: list[str] | None = next(table, None)
    except csv.Error as error:
        return BadRow(table.line_num, f"not readable as CSV: {error}")
    return row


def _places(header: list[str] | BadRow | None, url: str) -> dict[str, int]:
    """Return where each column is. Others may stand between them."""
    if header is None or isinstance(header, BadRow):
        raise IndexUnusable(f"{url}: {'empty' if header is None else header.reason}")
    if header and header[0].lstrip().startswith("<"):
        raise IndexUnusable(f"{url}: a web page came in the place of the national index")
    names = [name.strip().lower() for name in header]
    if missing := [column for column in _COLUMNS if column not in names]:
        raise IndexUnusable(f"{url}: not the table that is known: no column {', '.join(missing)} in {';'.join(header)[:200]!r}")
    return {column: names.index(column) for column in _COLUMNS}


def _entry(row: list[str], places: Mapping[str, int], line: int) -> IndexEntry | BadRow:
    if len(row) <= max(places.values()):
        return BadRow(line, f"{len(row)} columns")
    title, address, department, crawled = (row[places[column]].strip() for column in _COLUMNS)
    if _ROWS_IN_TITLE.search(title):
        return BadRow(line, f"a quotation mark that is not closed takes {title.count(chr(10)) + 1} rows for one")
    department = department.upper().zfill(2)
    if not _DEPARTMENT.fullmatch(department):
        return BadRow(line, f"not a department: {department[:20]!r}")
    url = None if "\ufffd" in address else canonical("", address)
    if url is None:
        return BadRow(line, f"not a web address: {address[:80]!r}")
    return IndexEntry(" ".join(title.split()) or name_in(url), url, department, _instant(crawled))


def _instant(text: object) -> datetime | None:
    """Read an ISO time, as UTC where it names no zone."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found
