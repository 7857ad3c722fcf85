"""Reads what a source published since a day: by a walk through all its years, months, categories and pages, or by the national index."""

from __future__ import annotations

import asyncio
import csv
import json
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

from sources.catalogue.authority import INDEX_HOSTS, Source
from sources.crawl.lists import PageCache, VisitedPage
from sources.crawl.trail import GRACE, by_period, matches, sections, wanted
from sources.http.scratch import ScratchFolder
from sources.model import Download, Fetcher, FetchError, FileFetcher, Gone, ListingEntry, Page, Paused, Unusable, Validators
from sources.pages.links import PageLink, name_in
from sources.text import canonical, find_date

MAX_PAGES = 600
"""Pages one walk may read: ten years of twelve months of five pages. More means that it goes in circles."""

FAILURES = 3
"""Pages in a row that the site did not give, after which no more is requested of it. Those it has no more do not count."""

_ARCHIVES = re.compile(r"archive|ann[ée]es?[\s_-]+(?:pr[ée]c[ée]dente|ant[ée]rieure|pass[ée]e)|historique", re.IGNORECASE)
_YEAR = re.compile(r"(?<!\d)(20\d\d)(?!\d)")

OnPage = Callable[[int, int], None]
"""Called after each page with the pages read and the entries found so far."""


@dataclass(frozen=True, slots=True)
class PageTrouble:
    """Describes a page that could not be read, and why. `gone`: the site links it but no longer has it, so another request is useless."""

    url: str
    error: str
    gone: bool = False


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """Describes an entry, and the address of the page that lists it, as the site links that page."""

    listed: ListingEntry
    page: str


@dataclass(frozen=True, slots=True)
class ListedHistory:
    """Holds what a walk found: the entries since the day, each address once. `requests` counts the page requests made."""

    found: tuple[HistoryEntry, ...]
    requests: int
    troubles: tuple[PageTrouble, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Return whether every page that could be read was: walking again would find nothing more."""
        return all(trouble.gone for trouble in self.troubles)


def ways_since(ways: Sequence[PageLink], since: date, today: date, *, year: int | None, always: Sequence[str] = ()) -> tuple[PageLink, ...]:
    """Return the ways to what was published since a day, newest first: periods that begin by `today` and end on or after `since` (with days
    of grace for late bulletins), the catalogue's `always`, and archives. If all periods end earlier, the newest: it distinguishes an empty
    history from an unknown layout. `year` completes labels without one."""
    timeless = [way for way in ways if way.period is None]
    followed = [way for way in timeless if matches(always, way.url, way.text) or _ARCHIVES.search(way.text)]
    begun = [(way, bounds) for way, bounds in by_period(ways, today, year=year) if bounds[0] <= today]
    chosen = [way for way, bounds in begun if bounds[1] >= since - GRACE] or [way for way, _ in begun[:1]]
    return (*chosen, *followed)


def belongs(entry: ListingEntry, since: date, *, page_ends: date | None = None) -> bool:
    """Return whether an entry counts as published since a day. `page_ends` is the last day of its page's period, None without one. An
    undated entry counts when its page reaches into the requested time, or almost (late publication), unless its title or file name names a
    past year."""
    if entry.published is not None:
        return entry.published >= since
    return (page_ends is None or page_ends >= since - GRACE) and may_be_since(entry.title, entry.url, since)


def may_be_since(title: str, url: str, since: date) -> bool:
    """Return whether something without a date may have been published since a day, by the years that its title and file name write."""
    years = [int(year) for text in (title, name_in(url)) for year in _YEAR.findall(text)]
    return not years or max(years) >= since.year


async def history(
    fetcher: Fetcher, source: Source, since: date, *, today: date, on_page: OnPage = lambda _pages, _found: None
) -> ListedHistory:
    """Walk a source's past. `today` is the authority's local date. Never raises for what the site does: the troubles say what failed."""
    walk = _Walk(PageCache(fetcher, source), source, since, today, on_page)
    await walk.run()
    return ListedHistory(tuple(walk.found.values()), walk.visits.requests, tuple(walk.troubles.values()))


@dataclass(slots=True)
class _Walk:
    visits: PageCache
    source: Source
    since: date
    today: date
    on_page: OnPage
    found: dict[str, HistoryEntry] = field(default_factory=dict)
    troubles: dict[str, PageTrouble] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)
    _pages: int = 0
    _failures: int = 0
    _has_met_entries: bool = False

    async def run(self) -> None:
        await self._follow(self.source.root, year=None, ends=None)
        if not self._has_met_entries and not self.troubles:
            root = self.source.root
            self.troubles[root] = PageTrouble(root, f"no listing found at {root}: no page on the way holds a document")

    async def _follow(self, url: str, *, year: int | None, ends: date | None) -> None:
        """Read a page with all pages of its list, then what it leads to. `ends` is the last day of the period that led here."""
        first = await self._page(url)
        if first is None:
            return
        year = first.year or year
        pages = await self._list(first)
        for page in pages:
            for entry in wanted(page.entries, self.source.only):
                if belongs(entry, self.since, page_ends=ends):
                    self.found.setdefault(entry.url, HistoryEntry(entry, page.asked))
        ways = tuple({way.url: way for page in pages for way in page.links.ways}.values())
        onward = ways_since(ways, self.since, self.today, year=year, always=self.source.follow)
        if not onward and not first.entries:
            onward = sections(ways, first.url, self.source.root)
        for way in onward:
            bounds = way.period.bounds(year) if way.period is not None else None
            below = way.period.first_year if way.period is not None else None
            await self._follow(way.url, year=below or year, ends=bounds[1] if bounds is not None else ends)

    async def _list(self, first: VisitedPage) -> list[VisitedPage]:
        """Read a list from one of its pages: back to the requested day if its order is known, else all of it. Pages that list ways are all
        read, as their order is arbitrary. A missing page allows no conclusion from others."""
        pages, has_gap = [first], False
        backwards = self.source.order == "oldest-first" and bool(first.entries)
        sorted_by_age = self.source.order in {"newest-first", "oldest-first"} and bool(first.entries)
        if sorted_by_age and not backwards and self._is_past(first):
            return pages
        waiting = dict(first.pager.pages)
        while waiting:
            offset = max(waiting) if backwards else min(waiting)
            url = waiting.pop(offset)
            if url in self._seen:
                continue
            page = await self._page(url)
            if page is None:
                has_gap = True
                continue
            pages.append(page)
            if sorted_by_age and not has_gap and self._is_past(page):
                break
            waiting |= {offset: url for offset, url in page.pager.pages if url not in self._seen}
        return pages

    def _is_past(self, page: VisitedPage) -> bool:
        """Return whether all that a page lists was published before the requested day."""
        return bool(page.entries) and not any(belongs(entry, self.since) for entry in page.entries)

    async def _page(self, url: str) -> VisitedPage | None:
        """Read a page that was not read before; None when it was, or when it cannot be read, which is then remembered."""
        if url in self._seen or self._is_over():
            return None
        self._seen.add(url)
        self._pages += 1
        try:
            page = await self.visits.page_of_way(url)
        except Gone as error:
            self.troubles[url] = PageTrouble(url, str(error), gone=url != self.source.root)
            return None
        except FetchError as error:
            self._failures += 1
            self.troubles[url] = PageTrouble(url, str(error))
            return None
        self._failures = 0
        if page.url != url and page.url in self._seen:
            return None  # redirected to where we have been
        self._seen.add(page.url)
        self._has_met_entries |= bool(page.entries)
        self.on_page(self._pages, len(self.found))
        return page

    def _is_over(self) -> bool:
        """Return whether no more is requested of this site, which is then reported once."""
        if self._failures >= FAILURES:
            reason = f"{self._failures} pages in a row could not be read: the rest was not asked"
        elif self._pages >= MAX_PAGES:
            reason = f"more than {MAX_PAGES} pages: the rest was not asked"
        else:
            return False
        root = self.source.root
        self.troubles.setdefault(f"{root}#rest", PageTrouble(root, f"{root}: {reason}"))
        return True


# A fetcher that waits while an address rests, for work that nobody waits for in minutes.

LONGEST = timedelta(minutes=40)
"""How long to wait in all, with no answer from anywhere in between. Pauses of the client are of 5 minutes."""

Answer = TypeVar("Answer")


class PatientFetcher:
    """Requests again once a pause is over, where a poll would rather come back later. `sleep` takes seconds."""

    def __init__(self, fetcher: FileFetcher, *, now: Callable[[], datetime], sleep: Callable[[float], Awaitable[object]]) -> None:
        self._fetcher = fetcher
        self._now = now
        self._sleep = sleep
        self._waiting_since: datetime | None = None

    def may_fetch(self, url: str) -> bool:
        """Return what the fetcher behind it does."""
        return self._fetcher.may_fetch(url)

    async def page(self, url: str, validators: Validators = Validators()) -> Page:  # noqa: B008 - the protocol's own signature
        """Fetch an HTML page. Raises `Paused` once patience is at its end, and any other FetchError at once."""
        return await self._ask(lambda: self._fetcher.page(url, validators))

    async def download(self, url: str, target: Path) -> Download:
        """Fetch a PDF to `target`. Raises as `page` does."""
        return await self._ask(lambda: self._fetcher.download(url, target))

    async def is_replaced(self, url: str, since: datetime, size: int) -> bool:
        """Return what the fetcher behind it does. Raises as `page` does."""
        return await self._ask(lambda: self._fetcher.is_replaced(url, since, size))

    async def _ask(self, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        while True:
            try:
                answer = await ask()
            except Paused as pause:
                now = self._now()
                self._waiting_since = self._waiting_since or now
                wait = pause.retry_after
                if wait is None or now + timedelta(seconds=wait) - self._waiting_since > LONGEST:
                    raise
                await self._sleep(wait)
            else:
                self._waiting_since = None
                return answer


# The national index: a table that data.gouv.fr makes every week of what departmental prefectures published. For completeness and history,
# not for speed. Licence ODbL.

METADATA = "https://www.data.gouv.fr/api/1/datasets/6a826c488feaf1584f1dba40/"
"""The metadata of the data set, as JSON. Its resources are fetched from their own addresses: robots.txt forbids the permanent redirects of
`/api/1/datasets/r/`."""

_COLUMNS = ("titre", "url", "departement", "mise_a_jour")
_DEPARTMENT = re.compile(r"(?!00)\d{2,3}|2[AB]")
# A quotation mark that is never closed makes one title of many rows.
_ROWS_IN_TITLE = re.compile(r"\n.*;https?://", re.DOTALL)


class IndexUnusable(Unusable):
    """Says that the index came, but is not what it must be: nothing can be concluded from it."""


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """Describes one recueil. `department` is the INSEE code, `url` canonical; `crawled_at` is when the index last saw it, not its
    publication."""

    title: str
    url: str
    department: str
    crawled_at: datetime | None = None

    @property
    def published(self) -> date | None:
        """Return the date that its title or file name writes, None where they write none."""
        return find_date(self.title) or find_date(name_in(self.url))


@dataclass(frozen=True, slots=True)
class IndexFile:
    """Describes the file the metadata name as the newest. `modified` is when it was put there."""

    url: str
    modified: datetime


NationalIndex = Mapping[str, tuple[IndexEntry, ...]]
"""The entries by department, in the order of the file, each address once."""


class DataFetcher(Protocol):
    """Fetches files that are not PDFs. Every method may raise any `FetchError`."""

    async def json(self, url: str, target: Path) -> Download:
        """Fetch a JSON document to `target` (written only when whole)."""
        ...

    async def csv(self, url: str, target: Path) -> Download:
        """Fetch a table of comma-separated values to `target` (written only when whole)."""
        ...


async def fetch_index(fetcher: DataFetcher) -> NationalIndex:
    """Return this week's index: its metadata, then the table they name, some 4 MB. Nothing is kept on the disk. Raises `IndexUnusable` when
    one of them is not what it must be, and any other `FetchError`."""
    with ScratchFolder() as folder:
        metadata = await fetcher.json(METADATA, folder / "index.json")
        resource = newest_table(await asyncio.to_thread(metadata.path.read_bytes))
        table = await fetcher.csv(resource.url, folder / "index.csv")
        return await asyncio.to_thread(read_index, table.path, resource)


def newest_table(metadata: bytes) -> IndexFile:
    """Return the newest CSV file; resources of an unexpected description are skipped. Raises `IndexUnusable` when none can be used, or when
    the newest is not on a host of data.gouv.fr."""
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
    """Return the table, read row by row; unusable rows are left out. Raises `IndexUnusable` when this is not the table: another header, an
    HTML page, no usable row."""
    entries: dict[str, dict[str, IndexEntry]] = {}
    bad: list[str] = []
    # Invalid bytes become U+FFFD: harmless in a title, and refused in an address.
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
        for row in _rows(lines, resource.url):
            if isinstance(row, str):
                bad.append(row)
            else:
                entries.setdefault(row.department, {}).setdefault(row.url, row)
    if not entries:
        raise IndexUnusable(f"{resource.url}: no usable row" + (f": {bad[0]}" if bad else ""))
    return {department: tuple(found.values()) for department, found in sorted(entries.items())}


def _table(described: dict[str, Any]) -> IndexFile | None:
    url = canonical("", described["url"]) if isinstance(described.get("url"), str) else None
    modified = _instant(described.get("last_modified") or described.get("created_at"))
    kind = str(described.get("format") or "").strip().lower()
    is_table = kind == "csv" or (not kind and url is not None and urlsplit(url).path.lower().endswith(".csv"))
    return IndexFile(url, modified) if is_table and url is not None and modified is not None else None


def _rows(lines: Iterator[str], url: str) -> Iterator[IndexEntry | str]:
    """Yield each row, or why it cannot be used."""
    table = csv.reader(lines, delimiter=";")
    places = _places(_next_row(table), url)
    while True:
        line = table.line_num + 1
        row = _next_row(table)
        if row is None:
            return
        if row:
            found = row if isinstance(row, str) else _entry(row, places)
            yield f"line {line}: {found}" if isinstance(found, str) else found


def _next_row(table: Any) -> list[str] | str | None:
    try:
        row: list[str] | None = next(table, None)
    except csv.Error as error:
        return f"not readable as CSV: {error}"
    return row


def _places(header: list[str] | str | None, url: str) -> dict[str, int]:
    """Return where each column is. Others may stand between them."""
    if header is None or isinstance(header, str):
        raise IndexUnusable(f"{url}: {header or 'empty'}")
    if header and header[0].lstrip().startswith("<"):
        raise IndexUnusable(f"{url}: a web page came in the place of the national index")
    names = [name.strip().lower() for name in header]
    if missing := [column for column in _COLUMNS if column not in names]:
        raise IndexUnusable(f"{url}: not the table that is known: no column {', '.join(missing)} in {';'.join(header)[:200]!r}")
    return {column: names.index(column) for column in _COLUMNS}


def _entry(row: list[str], places: Mapping[str, int]) -> IndexEntry | str:
    if len(row) <= max(places.values()):
        return f"{len(row)} columns"
    title, address, department, crawled = (row[places[column]].strip() for column in _COLUMNS)
    if _ROWS_IN_TITLE.search(title):
        return f"a quotation mark that is not closed takes {title.count(chr(10)) + 1} rows for one"
    department = department.upper().zfill(2)
    if not _DEPARTMENT.fullmatch(department):
        return f"not a department: {department[:20]!r}"
    url = None if "\ufffd" in address else canonical("", address)
    if url is None:
        return f"not a web address: {address[:80]!r}"
    return IndexEntry(" ".join(title.split()) or name_in(url), url, department, _instant(crawled))


def _instant(text: object) -> datetime | None:
    """Read an ISO time, as UTC where it names no zone."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found
