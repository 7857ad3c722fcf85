"""Polls and backfills as the program wires them, with what a test puts in the place of sites, readers and disks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta

from bot.domain.acts import Decree
from bot.ingest.archive import PdfArchive, RecueilFiles
from bot.ingest.health import PublicationHistory
from bot.ingest.ingestor import BackgroundTasks, Ingestor, Recorder
from bot.ingest.poller import Poller, PollSchedule
from bot.ingest.queued_reading import AHEAD
from bot.ingest.reading_job import USUAL_PACE, FileReading, LocalReading, Reader, ReadingJob, ReadingTimeouts, WorkerSlots
from bot.storage.recording import Route
from bot.storage.store import Store
from sources.catalogue.authority import Authority, Catalogue
from sources.crawl.crawler import Crawler
from sources.model import FileFetcher

QUARTER = timedelta(minutes=15)


def to_console(_: Decree) -> tuple[str, ...]:
    return ("console",)


def make_ingestor(
    catalogue: Catalogue,
    fetcher: FileFetcher,
    read: Reader,
    store: Store,
    clock: Callable[[], datetime],
    *,
    route: Route = to_console,
    recorder: Recorder | None = None,
    archive: PdfArchive | None = None,
    timeouts: ReadingTimeouts = USUAL_PACE,
    queued: FileReading | None = None,
    careful: Reader | None = None,
) -> Ingestor:
    reading = queued or LocalReading(read, store, clock, timeouts, careful)
    files, job = RecueilFiles(fetcher, store, archive, clock), ReadingJob(reading, store)
    recorder = recorder or Recorder(catalogue, store, route, clock)
    return Ingestor(catalogue, Crawler(fetcher), files, job, recorder, store, clock)


def make_poller(
    authorities: Mapping[str, Authority],
    fetcher: FileFetcher,
    read: Reader,
    store: Store,
    clock: Callable[[], datetime],
    *,
    watched: Collection[str] | None = None,
    crawler: Crawler | None = None,
    history: PublicationHistory | None = None,
    slowest: timedelta = QUARTER,
    workers: int = 2,
    route: Route = to_console,
    on_queued: Callable[[], None] = lambda: None,
    archive: PdfArchive | None = None,
    timeouts: ReadingTimeouts = USUAL_PACE,
    queued: FileReading | None = None,
    careful: Reader | None = None,
) -> Poller:
    catalogue = Catalogue(authorities, watched)
    recorder = Recorder(catalogue, store, route, clock)
    recorder.on_queued = on_queued
    ingestor = make_ingestor(
        catalogue, fetcher, read, store, clock, recorder=recorder, archive=archive, timeouts=timeouts, queued=queued, careful=careful
    )
    background = BackgroundTasks(ingestor, WorkerSlots(quick=workers, slow=1 if queued is None else AHEAD), clock)
    schedule = PollSchedule(every=QUARTER, slowest=slowest, announce_since=timedelta(days=2))
    return Poller(catalogue, crawler or Crawler(fetcher), background, store, history or PublicationHistory(store), schedule, clock)
