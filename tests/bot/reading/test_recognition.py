"""Scanned pages read side by side, in the order that matters, whatever the processes do. The processes are stand-ins; all else is real."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import aclosing
from pathlib import Path

import pytest

from bot.domain.acts import Act, Reading
from bot.domain.text import PageText, TextOrigin
from bot.reading import reader
from bot.reading.model import ActComplete, IsConcerned, PageRead, ReadingDone, ReadingEvent, ReadingLimits
from bot.reading.pages.recognition import EngineKind
from bot.reading.reader import read_pdf, stream_pdf
from bot.reading.sandbox import worker
from bot.reading.sandbox.process import StartOrder
from tests.bot.reading import stand_in
from tests.bot.reading.stand_in import DIE, HANG, LIE
from tests.examples import by_day
from tests.skipping import HANGS, skip, until

Scan = Callable[..., Path]
CONTENTS = """Sommaire
Préfecture du Var / Cabinet
83-2025-07-07-00001 - Décision relative à la chasse (3 pages) Page 3
83-2025-07-07-00002 - Arrêté préfectoral n° 12 (3 pages) Page 6
83-2025-07-07-00003 - Arrêté autorisant la captation d'images (3 pages) Page 9
"""
STARTS = {3: "83-2025-07-07-00001", 6: "83-2025-07-07-00002", 9: "83-2025-07-07-00003"}
TITLES = {3: "Décision relative à la chasse", 6: "Arrêté préfectoral n° 12", 9: "Arrêté autorisant la captation d'images"}
SURVEY = {
    1: ("layer", "VAR\nRECUEIL DES ACTES\nADMINISTRATIFS\nN°83-2025-240\nPUBLIÉ LE 8 JUILLET 2025"),
    2: ("layer", CONTENTS),
    **dict.fromkeys(range(3, 12), ("pending", "")),
    **{number: ("layer", f"Préfecture du Var\n{STARTS[number]}\n{TITLES[number]}") for number in STARTS},
}
PENDING = [number for number, (origin, _) in SURVEY.items() if origin == "pending"]
PLAIN = {number: f"texte de la page {number}" for number in PENDING}
ONE = ReadingLimits(workers=1)


@pytest.fixture(autouse=True)
def started(monkeypatch: pytest.MonkeyPatch) -> list[StartOrder]:
    """Stand-ins start in place of reading processes: the orders that they are started with."""
    orders: list[StartOrder] = []

    def command(_: str, start: StartOrder) -> tuple[str, ...]:
        orders.append(start)
        return sys.executable, "-S", "-E", stand_in.__file__, start.argument()

    monkeypatch.setattr(worker, "child_command", command)
    monkeypatch.setattr(reader, "engine_kind", lambda: EngineKind.LIBRARY)
    return orders


@pytest.fixture
def scan(tmp_path: Path) -> Scan:
    def write(recognised: dict[int, str] | None = None, together: int = 1) -> Path:
        return stand_in.write(tmp_path / "recueil.pdf", SURVEY, PLAIN | (recognised or {}), together)

    return write


def says(word: str) -> Callable[[Act], bool]:
    return lambda act: any(word in page.text for page in act.pages)


async def nothing(_: ReadingEvent) -> None:
    pass


async def follow(
    path: Path,
    limits: ReadingLimits = ONE,
    *,
    is_concerned: IsConcerned = lambda _: False,
    at: Callable[[ReadingEvent], Awaitable[None]] = nothing,
) -> list[ReadingEvent]:
    """Read a file as the bot does: `at` is what is done at each event, before the next is taken."""
    seen: list[ReadingEvent] = []
    async with aclosing(stream_pdf(path, limits, is_concerned=is_concerned)) as events:
        async for event in events:
            seen.append(event)
            await at(event)
    return seen


def early(events: list[ReadingEvent]) -> list[Reading]:
    return [event.reading for event in events if isinstance(event, ActComplete)]


def stand_ins_running() -> Iterator[str]:
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = entry.read_text()
            parent = int((entry.parent / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            continue
        if "stand_in" in command and parent == os.getpid():
            yield command


async def test_every_act_is_opened_before_any_is_read_on_and_telling_titles_first(scan: Scan) -> None:
    path = scan()
    reading = await read_pdf(path, ONE)
    assert stand_in.pages_asked(path) == [10, 7, 4, 5, 8, 11]
    assert reading.complete
    assert reading.ocr_pages == tuple(PENDING)
    assert [page.text for page in reading.acts[1].pages[1:]] == ["texte de la page 7", "texte de la page 8"]


async def test_the_rest_of_an_act_that_is_concerned_comes_first_and_is_told_early(scan: Scan) -> None:
    path = scan({7: "un traitement algorithmique"})
    events = await follow(path, is_concerned=says("algorithmique"))
    assert stand_in.pages_asked(path) == [10, 7, 8, 4, 5, 11]
    (found,) = early(events)
    # Page 8 completed the act; by the time the reading was put together one more page may have come in.
    assert set(found.pending_pages) <= {4, 5, 11}
    assert found.pending_pages
    act = found.acts[1]
    assert [page.origin for page in act.pages] == [TextOrigin.LAYER, TextOrigin.OCR, TextOrigin.OCR]


async def test_an_act_concerned_by_its_title_is_read_whole_before_any_other(scan: Scan) -> None:
    path = scan()
    await follow(path, is_concerned=lambda act: "captation" in act.title)
    assert stand_in.pages_asked(path) == [10, 11, 7, 4, 5, 8]


async def test_nothing_is_told_early_when_nothing_else_is_pending(scan: Scan) -> None:
    # The very last page makes the act one that is concerned, and whole.
    events = await follow(scan({11: "un traitement algorithmique"}), is_concerned=says("algorithmique"))
    assert isinstance(events[-1], ReadingDone)
    assert events[-1].reading.complete
    assert early(events) == []


async def test_an_act_with_text_is_told_before_the_scans_are_read(tmp_path: Path) -> None:
    survey = SURVEY | {4: ("layer", "un traitement algorithmique"), 5: ("layer", "suite")}
    path = stand_in.write(tmp_path / "mixed.pdf", survey, PLAIN)
    (reading,) = early(await follow(path, is_concerned=says("algorithmique")))
    assert reading.pending_pages


async def test_two_processes_work_at_the_same_time_on_different_pages(scan: Scan) -> None:
    path = scan(together=2)
    assert (await read_pdf(path, ReadingLimits(workers=2))).complete
    asked = [entry for entry in stand_in.log(path) if entry[1].startswith("recognise")]
    # None was answered before a second one was asked of another process.
    assert len({process for process, _ in asked[:2]}) == 2
    assert sorted(stand_in.pages_asked(path)) == PENDING


async def test_the_workers_go_on_while_an_event_is_being_dealt_with(scan: Scan) -> None:
    path = scan({10: "un traitement algorithmique"})

    async def wait_for_all(event: ReadingEvent) -> None:
        # Every other page is asked for while this waits: a reader that stood still would wait for ever.
        if isinstance(event, ActComplete):
            await until(lambda: sorted(stand_in.pages_asked(path)) == PENDING)

    events = await follow(path, is_concerned=says("algorithmique"), at=wait_for_all)
    assert len(early(events)) == 1
    assert isinstance(events[-1], ReadingDone)
    assert events[-1].reading.complete


@pytest.mark.parametrize(("misdeed", "reason"), [(DIE, "status 9"), (LIE, "misbehaved"), (HANG, "too long")])
async def test_a_page_that_costs_its_process_is_the_only_one_lost(
    scan: Scan, misdeed: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = scan({7: misdeed})
    task = asyncio.create_task(read_pdf(path, ONE))
    if misdeed == HANG:
        await until(lambda: stand_in.pages_asked(path)[-1:] == [7])
        skip(ONE.silent_seconds)
    reading = await task
    assert reading.unreadable_pages == (7,)
    assert reading.ocr_pages == tuple(number for number in PENDING if number != 7)
    assert len({process for process, _ in stand_in.log(path)}) == 2
    assert reason in capsys.readouterr().out


async def test_too_many_lost_processes_end_it(scan: Scan) -> None:
    path = scan(dict.fromkeys(PENDING, DIE))
    reading = await read_pdf(path, ReadingLimits(workers=1, max_crashes=2))
    assert reading.unreadable_pages == tuple(PENDING)
    assert len(stand_in.pages_asked(path)) == 3


async def test_the_time_of_the_file_ends_it_and_says_so(scan: Scan, capsys: pytest.CaptureFixture[str]) -> None:
    path = scan({4: HANG})
    task = asyncio.create_task(read_pdf(path, ONE))
    await until(lambda: stand_in.pages_asked(path)[-1:] == [4])
    skip(ONE.seconds)
    reading = await task
    assert reading.ocr_pages == (7, 10)
    assert reading.unreadable_pages == (4, 5, 8, 11)
    assert "it took too long" in capsys.readouterr().out


async def test_the_text_of_all_processes_together_is_capped(scan: Scan) -> None:
    reading = await read_pdf(scan({10: "x" * 10_000}), ReadingLimits(workers=1, max_output_bytes=10_000))
    assert reading.ocr_pages == (10,)
    assert len(reading.unreadable_pages) == len(PENDING) - 1


async def test_processes_are_replaced_before_they_grow(scan: Scan) -> None:
    path = scan()
    assert (await read_pdf(path, ReadingLimits(workers=1, pages_per_worker=2))).complete
    processes = [process for process, order in stand_in.log(path) if order.startswith("recognise")]
    assert [processes.count(process) for process in dict.fromkeys(processes)] == [2, 2, 2]


async def test_pages_read_before_are_not_read_again(scan: Scan) -> None:
    path = scan()
    first = await read_pdf(path, ReadingLimits(workers=1, seconds=60))
    before = [page for page in first.pages if page.number not in (5, 11)]
    again = await read_pdf(path, ONE, known=[*before, PageText(5, "", TextOrigin.UNREADABLE), PageText(11, "", TextOrigin.PENDING)])
    assert again == first
    surveys = [order for _, order in stand_in.log(path) if order.startswith("survey")]
    assert surveys[1] == f"survey 1 known {[page.number for page in before]}"
    assert sorted(stand_in.pages_asked(path)[len(PENDING) :]) == [5, 11]


async def test_everything_known_needs_no_page(scan: Scan) -> None:
    path = scan()
    first = await read_pdf(path, ONE)
    assert await read_pdf(path, ONE, known=first.pages) == first
    assert len(stand_in.pages_asked(path)) == len(PENDING)


async def test_progress_is_told_page_by_page(scan: Scan) -> None:
    told = [event for event in await follow(scan()) if isinstance(event, PageRead)]
    assert [progress.page.number for progress in told] == [*range(1, 12), 10, 7, 4, 5, 8, 11]
    assert all(progress.pages == 11 for progress in told)
    assert [progress.read for progress in told[10:]] == [5, 6, 7, 8, 9, 10, 11]
    assert [progress.recognised for progress in told[10:]] == [0, 1, 2, 3, 4, 5, 6]
    assert told[10].seconds_left is None
    assert all(progress.seconds_left is not None and progress.seconds_left > 0 for progress in told[11:-1])
    assert told[-1].seconds_left == 0


class Fault(Exception):
    pass


async def fails(event: ReadingEvent) -> None:
    if isinstance(event, ActComplete):
        raise Fault("early")


def refuses(act: Act) -> bool:
    if any("texte de la page" in page.text for page in act.pages):
        raise Fault("concerned")
    return False


async def stumbles(event: ReadingEvent) -> None:
    if isinstance(event, PageRead) and event.recognised == 1:
        raise Fault("told")


@pytest.mark.parametrize(("is_concerned", "at"), [(says("page 10"), fails), (refuses, nothing), (says("nothing"), stumbles)])
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to look for processes")
async def test_a_fault_of_whoever_follows_ends_the_reading_and_is_raised(
    scan: Scan, is_concerned: IsConcerned, at: Callable[[ReadingEvent], Awaitable[None]]
) -> None:
    # The other pages hang: only the fault can end this.
    path = scan({4: HANG, 5: HANG, 8: HANG})
    async with asyncio.timeout(HANGS):
        with pytest.raises(Fault):
            await follow(path, ReadingLimits(workers=2), is_concerned=is_concerned, at=at)
    assert list(stand_ins_running()) == []
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to look for processes")
@pytest.mark.parametrize("when", by_day(range(0, 60, 4), 5))
async def test_cancelled_at_any_moment_nothing_is_left(scan: Scan, when: int) -> None:
    path = scan({8: HANG, 5: HANG})
    task = asyncio.create_task(follow(path, ReadingLimits(workers=2), is_concerned=says("page 10")))
    for _ in range(when):
        if when < 20:
            await asyncio.sleep(0)
        else:
            await asyncio.to_thread(os.getpid)
            await asyncio.sleep(0.002)
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert list(stand_ins_running()) == []
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_only_processes_that_recognise_may_start_programs(
    scan: Scan, started: list[StartOrder], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "engine_kind", lambda: EngineKind.COMMAND)
    path = scan()
    assert (await read_pdf(path, ONE)).complete
    assert [start.commands for start in started] == [False, True]
    assert [order.split()[0] for process, order in stand_in.log(path) if process == stand_in.log(path)[0][0]] == ["survey"]
