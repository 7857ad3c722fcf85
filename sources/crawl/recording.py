"""Keeps recordings: the pages of one walk in a folder, with what the crawler must find in them, to test a mended source; explains a walk.

The folder holds `record.json` (the pages in order of request), the pages (`01-root.html`, …), `golden.json` (the expected result, reviewed
by a person) and, for a source outside the catalogue, its authority file (`99-exemple.toml`).
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from pydantic import AwareDatetime, TypeAdapter, ValidationError

from sources.catalogue.authority import Order, Source
from sources.crawl.crawler import Crawler
from sources.crawl.lists import VisitedPage
from sources.crawl.trail import Trail, choose, homes, is_below, matches, sections
from sources.model import CrawlFailed, Download, Fetcher, FetchError, Gone, ListingEntry, Page, Validators
from sources.pages import READERS
from sources.pages.links import PageLink, PageLinks
from sources.text import fold

RECORD, GOLDEN = "record.json", "golden.json"

_OFFSET = re.compile(r"/\(offset\)/(\d+)$")
_SLUG_LENGTH = 48


class BadRecording(Exception):
    """Raised for a folder that is not a recording, or a broken one. The message names the file."""


@dataclass(frozen=True, slots=True)
class RecordedPage:
    """Holds what an address answered: HTML at `final_url` (None: at the address itself, without a redirect), or 404 (`html` is None)."""

    url: str
    html: str | None
    final_url: str | None = None


@dataclass(frozen=True, slots=True)
class Recording:
    """Describes the pages that a walk requested on one day, and detail pages, in order. A second request of an address is kept if its
    answer differed: some sites show their list only with their cookie."""

    source: str
    today: date
    recorded_at: AwareDatetime
    pages: tuple[RecordedPage, ...]


@dataclass(frozen=True, slots=True)
class _PageEntry:
    url: str
    final_url: str | None = None
    file: str | None = None
    status: Literal[200, 404] = 200


@dataclass(frozen=True, slots=True)
class _Record:
    """Holds `record.json`."""

    version: Literal[1]
    source: str
    today: date
    recorded_at: AwareDatetime
    pages: tuple[_PageEntry, ...]


_RECORD: TypeAdapter[_Record] = TypeAdapter(_Record)


def read_recording(folder: Path) -> Recording:
    """Return the recording in a folder. Raises `BadRecording`."""
    try:
        record = _RECORD.validate_json((folder / RECORD).read_bytes())
        pages = tuple(_page(folder, entry) for entry in record.pages)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadRecording(f"{folder / RECORD}: {where}: {first['msg']}") from error
    except FileNotFoundError as error:
        raise BadRecording(f"{error.filename}: no such file") from error
    except (OSError, UnicodeDecodeError) as error:
        raise BadRecording(f"{folder}: {error}") from error
    return Recording(record.source, record.today, record.recorded_at, pages)


def write_recording(folder: Path, recording: Recording, golden: str | None) -> None:
    """Write a recording in place of the former one; other files of the folder (README, authority file) stay. The folder is replaced as a
    whole or not at all. Raises `BadRecording` when it holds something else than a recording, OSError when it cannot be written."""
    kept = _other_files(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as place:
        fresh, former = Path(place, "fresh"), Path(place, "former")
        fresh.mkdir()
        for file in kept:
            shutil.copy2(file, fresh)
        for name, text in files_of(recording, golden).items():
            (fresh / name).write_text(text, encoding="utf-8", newline="\n")
        if folder.exists():
            folder.rename(former)
        try:
            fresh.rename(folder)
        except OSError:
            if former.exists():
                former.rename(folder)
            raise


def files_of(recording: Recording, golden: str | None) -> dict[str, str]:
    """Name -> text of every file of a recording; without a `golden` there is no golden file."""
    texts: dict[str, str] = {}
    entries: list[_PageEntry] = []
    for rank, page in enumerate(recording.pages, 1):
        if page.html is None:
            entries.append(_PageEntry(page.url, page.final_url, status=404))
        else:
            entries.append(_PageEntry(page.url, page.final_url, file_name(rank, page.url)))
            # Line ends as an HTML parser takes them, so that a page is the same text on every machine.
            texts[file_name(rank, page.url)] = page.html.replace("\r\n", "\n").replace("\r", "\n")
    record = _Record(1, recording.source, recording.today, recording.recorded_at, tuple(entries))
    texts[RECORD] = as_text(_RECORD.dump_python(record, mode="json", exclude_defaults=True))
    return texts if golden is None else {**texts, GOLDEN: golden}


def as_text(value: object) -> str:
    """Return JSON for reading and for comparing line by line."""
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def file_name(rank: int, url: str) -> str:
    """Return the file name of the page requested as number `rank` (from 1): `03-aout-2026-page-2.html`. A walk begins at the root."""
    if rank == 1:
        return "01-root.html"
    offset = _OFFSET.search(url)
    segments = [segment for segment in urlsplit(url[: offset.start()] if offset else url).path.split("/") if segment]
    name = re.sub(r"[^a-z0-9]+", "-", fold(unquote(segments[-1]))).strip("-") if segments else ""
    name = name[:_SLUG_LENGTH].rstrip("-") or "page"
    return f"{rank:02}-{name}" + (f"-page-{int(offset[1]) // 10 + 1}" if offset else "") + ".html"


def _page(folder: Path, entry: _PageEntry) -> RecordedPage:
    if entry.status == 404:
        return RecordedPage(entry.url, None, entry.final_url)
    if entry.file is None or Path(entry.file).name != entry.file:
        raise BadRecording(f"{folder / RECORD}: pages: the page {entry.url} names no file of this folder")
    return RecordedPage(entry.url, (folder / entry.file).read_text(encoding="utf-8"), entry.final_url)


def _other_files(folder: Path) -> list[Path]:
    """Return what a person put beside a recording. Raises `BadRecording` when a folder with files is no recording."""
    if not folder.exists():
        return []
    if not folder.is_dir():
        raise BadRecording(f"{folder}: not a folder")
    present = sorted(folder.iterdir())
    if (folder / RECORD).exists():
        return [file for file in present if file.is_file() and file.name not in {RECORD, GOLDEN} and file.suffix != ".html"]
    if any(file.suffix not in {".toml", ".md"} for file in present):
        raise BadRecording(f"{folder}: holds something else than a recording; choose another folder")
    return present


# Making and replaying them.

_NEXT_POLL = timedelta(minutes=15)
_NO_VALIDATORS = Validators()


class NotRecorded(FetchError):
    """Raised for a page that the recording does not have: the way or the description of the source has changed. Record it again."""


class RecordingFetcher:
    """Passes requests on to a fetcher and keeps the answers. `watch`, if given, is called with each address before."""

    def __init__(self, fetcher: Fetcher, watch: Callable[[str], None] | None = None) -> None:
        self._fetcher = fetcher
        self._watch = watch
        self._answers: list[PageAnswer] = []

    @property
    def answers(self) -> tuple[PageAnswer, ...]:
        """Return what every request for a page gave, in order."""
        return tuple(self._answers)

    @property
    def pages(self) -> tuple[RecordedPage, ...]:
        """Return each answer of an address once; failures other than 404 are left out."""
        return tuple(dict.fromkeys(page for answer in self._answers if (page := _recorded(answer))))

    def may_fetch(self, url: str) -> bool:
        """Return whether the wrapped fetcher may request the address."""
        return self._fetcher.may_fetch(url)

    async def page(self, url: str, validators: Validators = _NO_VALIDATORS) -> Page:
        """Fetch a page and keep it."""
        if self._watch is not None:
            self._watch(url)
        try:
            page = await self._fetcher.page(url, validators)
        except FetchError as error:
            self._answers.append(PageAnswer(url, error=error))
            raise
        self._answers.append(PageAnswer(url, page))
        return page

    async def download(self, url: str, target: Path) -> Download:
        """Fetch a file; files are not kept."""
        return await self._fetcher.download(url, target)


class Playback:
    """Serves a recording. An address with several answers gives them in turn, then repeats the last. One that was only the target of a
    redirect gives the last answer of that redirect."""

    def __init__(self, recording: Recording) -> None:
        self._answers: dict[str, list[RecordedPage]] = defaultdict(list)
        for page in recording.pages:
            self._answers[page.url].append(page)
        for page in reversed(recording.pages):
            if page.final_url is not None:
                self._answers.setdefault(page.final_url, [page])
        self.asked: list[str] = []

    def may_fetch(self, url: str) -> bool:
        """Return whether an address may be requested: the hosts of the catalogue are not known here."""
        return True

    async def page(self, url: str, validators: Validators = _NO_VALIDATORS) -> Page:
        """Return the recorded answer, or "not modified" to the validators it gave before. Raises `Gone`, and `NotRecorded`."""
        self.asked.append(url)
        answers = self._answers.get(url)
        if not answers:
            raise NotRecorded(f"{url}: this page is not in the recording")
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if answer.html is None:
            raise Gone(f"{url}: 404 in the recording")
        current = Validators(etag=hashlib.sha256(answer.html.encode()).hexdigest()[:16])
        unchanged = validators == current
        return Page(answer.final_url or url, "" if unchanged else answer.html, current, unchanged=unchanged)

    async def download(self, url: str, target: Path) -> Download:
        """Recordings have no files. Raises `NotRecorded`."""
        raise NotRecorded(f"{url}: files are not recorded (wanted for {target.name})")


@dataclass(frozen=True, slots=True)
class Golden:
    """Holds the expected result of a recording: of a first walk, of the poll after it, and of the recorded detail pages. `polled` are the
    pages requested from then on; `moved_to` is the root's new address, if any."""

    walk_requests: int
    poll_requests: int
    polled: tuple[str, ...]
    listed: tuple[ListingEntry, ...]
    details: tuple[tuple[ListingEntry, tuple[ListingEntry, ...]], ...]
    moved_to: str | None = None

    def to_text(self) -> str:
        """Return the golden file."""
        return as_text(
            {
                "walk_requests": self.walk_requests,
                "poll_requests": self.poll_requests,
                "polled": list(self.polled),
                "moved_to": self.moved_to,
                "listed": [_entry_json(entry) for entry in self.listed],
                "details": [
                    {"url": detail.url, "documents": [_entry_json(document) for document in documents]}
                    for detail, documents in self.details
                ],
            }
        )


@dataclass(frozen=True, slots=True)
class SiteRecording:
    """Describes a recording just made. `failure` says why it is not whole: it then has the pages that came."""

    recording: Recording
    failure: CrawlFailed | None


async def record(
    source: Source, fetcher: Fetcher, *, today: date, now: datetime, details: int = 0, watch: Callable[[str], None] | None = None
) -> SiteRecording:
    """Walk a source from its root as on `today` (the authority's local date) and keep the pages, with those of the newest `details`."""
    keeping = RecordingFetcher(fetcher, watch)
    failure: CrawlFailed | None = None
    try:
        crawler = Crawler(keeping)
        crawl = await crawler.poll(source, None, today=today, now=now)
        crawl.require_whole()
        wanted = [entry for entry in newest_first(crawl.listed, source.order) if entry.is_detail]
        for entry in wanted[:details]:
            await crawler.documents(source, entry)
    except CrawlFailed as error:
        failure = error
    return SiteRecording(Recording(source.key, today, now.replace(microsecond=0), keeping.pages), failure)


async def replay(recording: Recording, source: Source) -> Golden:
    """Return what the crawler finds in a recording. Raises `CrawlFailed`, with `NotRecorded` when it requests a page that is not there."""
    playback = Playback(recording)
    crawler = Crawler(playback)
    now = recording.recorded_at
    walk = await crawler.poll(source, None, today=recording.today, now=now)
    walk.require_whole()
    remembered = Trail.from_json(walk.trail.to_json())
    poll = await crawler.poll(source, remembered, today=recording.today, now=now + _NEXT_POLL)
    poll.require_whole()
    pages = {page.url for page in recording.pages}
    details = [entry for entry in walk.listed if entry.is_detail and entry.url in pages]
    return Golden(
        walk_requests=walk.requests,
        poll_requests=poll.requests,
        polled=tuple(page.url for page in walk.trail.pages),
        listed=walk.listed,
        moved_to=walk.moved_to,
        details=tuple([(entry, (await crawler.documents(source, entry)).documents) for entry in details]),
    )


def newest_first(listed: Sequence[ListingEntry], order: Order) -> list[ListingEntry]:
    """Sort by date; entries without one come after the others, in the order that the source's list has (`order`)."""
    in_order = listed[::-1] if order == "oldest-first" else listed
    return sorted(in_order, key=lambda entry: entry.published or date.min, reverse=True)


def _recorded(answer: PageAnswer) -> RecordedPage | None:
    if answer.page is None:
        return RecordedPage(answer.url, None) if isinstance(answer.error, Gone) else None
    if answer.page.unchanged:
        return None
    return RecordedPage(answer.url, answer.page.html, answer.page.url if answer.page.url != answer.url else None)


def _entry_json(entry: ListingEntry) -> dict[str, object]:
    published = None if entry.published is None else entry.published.isoformat()
    return {"url": entry.url, "title": entry.title, "published": published, "is_detail": entry.is_detail}


# Why a walk took its way: the pages its fetcher received, read again with the crawler's rules. Pure.


class LinkReason(StrEnum):
    """Classifies a way on the day of the walk."""

    TODAY = "covers today"
    PATTERN = "follow pattern of the catalogue"
    RECENT = "ended within the last week"
    PART = "names a part of the recueil"
    HOME = "names the recueil, which may have moved there"
    EARLIER = "earlier"
    TO_COME = "to come"
    NO_PERIOD = "no period in its label"
    IGNORED = "ignore pattern of the catalogue"


@dataclass(frozen=True, slots=True)
class PageAnswer:
    """Holds what one request gave: a page or an error."""

    url: str
    page: Page | None = None
    error: FetchError | None = None


@dataclass(frozen=True, slots=True)
class LinkReport:
    """Describes a link that may lead to a listing; whether the walk requested it."""

    url: str
    text: str
    reason: LinkReason
    followed: bool


@dataclass(frozen=True, slots=True)
class PageReport:
    """Describes one request of a walk. `url` is the address after redirects; `entries` are listed, `ignored` left aside by the catalogue.
    `is_paged`: its list has other pages. `is_stranger`: another page came than the requested one."""

    asked: str
    url: str
    error: FetchError | None = None
    documents: int = 0
    details: int = 0
    entries: tuple[ListingEntry, ...] = ()
    ignored: tuple[ListingEntry, ...] = ()
    ways: tuple[LinkReport, ...] = ()
    is_paged: bool = False
    is_stranger: bool = False

    @property
    def is_redirected(self) -> bool:
        """Return whether the site answered at another address than the one requested."""
        return self.url != self.asked


def explain(source: Source, today: date, answers: Sequence[PageAnswer]) -> tuple[PageReport, ...]:
    """Describe a walk, request by request, from the answers it was given in order. `today` is the day it was made for."""
    asked = {answer.url for answer in answers}
    years: dict[str, int | None] = {}
    reports: list[PageReport] = []
    for answer in answers:
        if answer.page is None:
            reports.append(PageReport(answer.url, answer.url, answer.error))
            continue
        links = READERS[source.reader](answer.page.html, answer.page.url)
        found = links.entries(wants_details=source.wants_details)
        ignored = tuple(entry for entry in found if matches(source.ignore, entry.url, entry.title))
        entries = tuple(entry for entry in found if entry not in ignored)
        page = VisitedPage(answer.url, answer.page.url, answer.page.validators, entries, links)
        year = page.year or years.get(answer.url)
        ways = tuple(_ways(source, page, links, year, today, asked))
        for way in links.ways:
            years.setdefault(way.url, way.period.first_year or year if way.period else year)
        for _, url in links.pager.pages:
            years.setdefault(url, year)
        reports.append(
            PageReport(
                answer.url,
                answer.page.url,
                documents=len(links.documents),
                details=len(links.details),
                entries=() if links.is_stranger else entries,
                ignored=ignored,
                ways=ways,
                is_paged=len(links.pager.pages) > 1 or links.pager.current > 0,
                is_stranger=links.is_stranger,
            )
        )
    return tuple(reports)


def _ways(source: Source, page: VisitedPage, links: PageLinks, year: int | None, today: date, asked: set[str]) -> Iterator[LinkReport]:
    open_ways = tuple(way for way in links.ways if not matches(source.ignore, way.url, way.text))
    choice = choose(open_ways, today, year=year, always=source.follow)
    parts, moved = set(sections(open_ways, page.url, source.root)), set(homes(open_ways, source.root))
    for way in links.ways:
        if way not in open_ways:
            reason = LinkReason.IGNORED
        elif way in choice.current:
            reason = LinkReason.TODAY if way.period else LinkReason.PATTERN
        elif way in choice.recent:
            reason = LinkReason.RECENT
        elif way in choice.earlier:
            reason = LinkReason.EARLIER
        else:
            reason = _undated(way, parts, moved, is_above=is_below(source.root, page.url), followed=way.url in asked)
        yield LinkReport(way.url, way.text, reason, followed=way.url in asked)


def _undated(way: PageLink, parts: set[PageLink], moved: set[PageLink], *, is_above: bool, followed: bool) -> LinkReason:
    """Return the reason of a way that the day does not choose. `is_above`: its page is the folder in which the root stands."""
    if way.period is not None:
        return LinkReason.TO_COME
    if not followed or way not in parts | moved:
        return LinkReason.NO_PERIOD
    return LinkReason.PART if way in parts and not is_above else LinkReason.HOME
