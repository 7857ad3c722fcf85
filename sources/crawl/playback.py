"""Walking through recorded pages: a fetcher that keeps what it is given, one that serves what was kept, and what is found in it."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from sources.catalogue.authority import Order, Source
from sources.crawl.crawler import Crawler
from sources.crawl.explain import PageAnswer
from sources.crawl.recording import RecordedPage, Recording, as_text
from sources.crawl.trail import Trail
from sources.model import CrawlFailed, Download, Fetcher, FetchError, Gone, ListingEntry, Page, Validators

_NEXT_POLL = timedelta(minutes=15)
_NO_VALIDATORS = Validators()


class NotRecorded(FetchError):
    """A page that the recording does not have: the way has changed since, or the description of the source has. Record it again."""


class RecordingFetcher:
    """Passes requests on to a fetcher and keeps what came of them. `watch`, where given, is told of each address before it is asked."""

    def __init__(self, fetcher: Fetcher, watch: Callable[[str], None] | None = None) -> None:
        self._fetcher = fetcher
        self._watch = watch
        self._answers: list[PageAnswer] = []

    @property
    def answers(self) -> tuple[PageAnswer, ...]:
        """What every request for a page gave, in order."""
        return tuple(self._answers)

    @property
    def pages(self) -> tuple[RecordedPage, ...]:
        """What is worth recording: each answer of an address once. Failures other than 404 are none."""
        return tuple(dict.fromkeys(page for answer in self._answers if (page := _recorded(answer))))

    def may_fetch(self, url: str) -> bool:
        """As the fetcher behind it."""
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
    """Serves a recording. An address that answered several times gives its answers in turn, and then the last again."""

    def __init__(self, recording: Recording) -> None:
        self._answers: dict[str, list[RecordedPage]] = defaultdict(list)
        for page in recording.pages:
            self._answers[page.url].append(page)
        self.asked: list[str] = []

    def may_fetch(self, url: str) -> bool:
        """Whether an address may be asked: the hosts of the catalogue are not known here."""
        return True

    async def page(self, url: str, validators: Validators = _NO_VALIDATORS) -> Page:
        """The recorded answer, or "not modified" to the validators it gave before. Raises `Gone`, and `NotRecorded`."""
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
    """What is to be found in a recording: by a first walk, by the poll after it, and on the detail pages that were recorded.

    `polled` are the pages asked from then on; `moved_to` is where the root is now, when it is not where the catalogue says.
    """

    walk_requests: int
    poll_requests: int
    polled: tuple[str, ...]
    listed: tuple[ListingEntry, ...]
    details: tuple[tuple[ListingEntry, tuple[ListingEntry, ...]], ...]
    moved_to: str | None = None

    def to_text(self) -> str:
        """The golden file."""
        return as_text(
            {
                "walk_requests": self.walk_requests,
                "poll_requests": self.poll_requests,
                "polled": list(self.polled),
                "moved_to": self.moved_to,
                "listed": [_entry(entry) for entry in self.listed],
                "details": [
                    {"url": detail.url, "documents": [_entry(document) for document in documents]} for detail, documents in self.details
                ],
            }
        )


@dataclass(frozen=True, slots=True)
class SiteRecording:
    """A recording just made. `failure` tells why it is not whole: then it has the pages that came, for whoever mends the source."""

    recording: Recording
    failure: CrawlFailed | None


async def record(
    source: Source,
    fetcher: Fetcher,
    *,
    today: date,
    now: datetime,
    details: int = 0,
    watch: Callable[[str], None] | None = None,
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
    """What the crawler finds in a recording. Raises `CrawlFailed`, with `NotRecorded` when it asks for a page that is not there."""
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
    """By date; entries without one come after the others, in the order that the source's list has (`order`)."""
    in_order = listed[::-1] if order == "oldest-first" else listed
    return sorted(in_order, key=lambda entry: entry.published or date.min, reverse=True)


def _recorded(answer: PageAnswer) -> RecordedPage | None:
    if answer.page is None:
        return RecordedPage(answer.url, None) if isinstance(answer.error, Gone) else None
    if answer.page.unchanged:
        return None
    return RecordedPage(answer.url, answer.page.html, answer.page.url if answer.page.url != answer.url else None)


def _entry(entry: ListingEntry) -> dict[str, object]:
    published = None if entry.published is None else entry.published.isoformat()
    return {"url": entry.url, "title": entry.title, "published": published, "is_detail": entry.is_detail}
