"""What hostile files and dying processes may do: nothing but lose their own pages."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.domain.acts import Reading
from bot.domain.publication import FileStatement
from bot.domain.text import PageText, TextOrigin
from bot.reading.model import ReadingLimits, Unreadable
from bot.reading.reader import ListeningStopped, listen, read_pdf
from bot.reading.sandbox.process import (
    MOST_STATED,
    Failed,
    FileOpened,
    NotUnderstood,
    RecogniseOrder,
    StartOrder,
    TextLayerOrder,
    decode,
    encode,
    parse_order,
)
from bot.reading.sandbox.worker import PageBuffer, child_environment
from tests.bot.reading import papers
from tests.bot.reading.papers import BODY
from tests.bot.reading.processes import reading_children
from tests.skipping import HANGS, skip, until

Save = Callable[[bytes], Path]
GOOD = papers.stream(papers.text_content(BODY))
MEBI = 1024**2
FAR = 1e12


@pytest.mark.usefixtures("started_readers")
async def test_a_page_that_kills_its_process_costs_that_page_only(saved: Save) -> None:
    content = papers.pages_of([GOOD, papers.bomb(), GOOD])
    reading = await read_pdf(saved(content), ReadingLimits(memory_bytes=300 * MEBI, ocr=False))
    assert reading.unreadable_pages == (2,)
    assert [page.text.split() for page in reading.acts[0].pages] == [BODY.split(), [], BODY.split()]


async def test_a_page_in_the_place_of_another_is_told_after_a_process_has_died_between_them(saved: Save) -> None:
    content = papers.pages_of([GOOD, papers.bomb(), GOOD]).replace(b" 8 0 R]", b" 4 0 R]")
    reading = await read_pdf(saved(content), ReadingLimits(memory_bytes=300 * MEBI, ocr=False))
    assert reading.unreadable_pages == (2, 3)


async def test_too_many_deadly_pages_leave_the_rest_unread(saved: Save) -> None:
    content = papers.pages_of([GOOD, papers.bomb(), papers.bomb(), GOOD])
    reading = await read_pdf(saved(content), ReadingLimits(memory_bytes=300 * MEBI, ocr=False, max_crashes=1))
    assert reading.unreadable_pages == (2, 3, 4)


async def test_nothing_at_all_before_the_crash(saved: Save) -> None:
    # Python itself does not fit: it dies before the first page.
    with pytest.raises(Unreadable, match="no page could be read"):
        await read_pdf(saved(papers.pages_of([GOOD])), ReadingLimits(memory_bytes=8 * MEBI, ocr=False))


@pytest.mark.parametrize("content", [papers.endless_tree(), papers.endless_form()])
async def test_endless_structures_end(saved: Save, content: bytes) -> None:
    reading = await read_pdf(saved(content), ReadingLimits(memory_bytes=300 * MEBI, ocr=False))
    assert reading.page_count >= 1
    assert all(not page.text for act in reading.acts for page in act.pages)


async def test_no_time_at_all(saved: Save) -> None:
    with pytest.raises(Unreadable, match="took too long"):
        await read_pdf(saved(papers.pages_of([GOOD])), ReadingLimits(seconds=0.0, ocr=False))


async def test_the_text_is_capped(saved: Save) -> None:
    reading = await read_pdf(saved(papers.pages_of([GOOD] * 20)), ReadingLimits(max_output_bytes=2000, ocr=False))
    assert 20 in reading.unreadable_pages
    assert 1 not in reading.unreadable_pages


def buffer(limits: ReadingLimits | None = None) -> PageBuffer:
    return PageBuffer(limits or ReadingLimits())


async def heard_of(stdout: asyncio.StreamReader, kept: PageBuffer, deadline: float = FAR) -> list[PageText]:
    return [page async for page in listen(stdout, kept, deadline)]


def heard(*messages: FileOpened | Failed | PageText, end: bool = True) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    for message in messages:
        reader.feed_data(encode(message))
    if end:
        reader.feed_eof()
    return reader


async def test_a_page_that_takes_too_long() -> None:
    kept = buffer(ReadingLimits(silent_seconds=0.01))
    with pytest.raises(ListeningStopped, match="page 2 took too long"):
        await heard_of(heard(FileOpened(3), PageText(1, "un"), end=False), kept)
    assert kept.next_page == 2


async def test_a_file_that_takes_too_long() -> None:
    kept = buffer()
    deadline = asyncio.get_running_loop().time() + 0.01
    with pytest.raises(ListeningStopped, match="it took too long"):
        await heard_of(heard(FileOpened(3), end=False), kept, deadline)


@pytest.mark.parametrize(
    "lines",
    [
        [encode(PageText(1, "before the header"))],
        [encode(FileOpened(2)), encode(PageText(2, "out of order"))],
        [encode(FileOpened(1)), encode(FileOpened(2))],
        [encode(FileOpened(2)), encode(PageText(1, "recognised, which nobody asked for", TextOrigin.OCR))],
        [encode(FileOpened(2)), b"not JSON\n"],
        [encode(FileOpened(2)), b"[" * 100_000 + b"\n"],
        [encode(FileOpened(2)), b'{"number":1,"text":"","origin":"magic"}\n'],
        [encode(FileOpened(2)), b'{"pages":-1}\n'],
        [b'{"pages":2,"made":["D:2026",7,""]}\n'],
        [encode(FileOpened(2)), b"{}\n"],
        [encode(FileOpened(2)), b"x" * 200_000 + b"\n"],
    ],
)
async def test_a_child_taken_over_by_a_file_is_not_believed(lines: list[bytes]) -> None:
    reader = asyncio.StreamReader()
    for line in lines:
        reader.feed_data(line)
    reader.feed_eof()
    with pytest.raises(ListeningStopped, match="misbehaved"):
        await heard_of(reader, buffer())


def test_messages_come_back_as_sent() -> None:
    made = FileStatement("D:20260814101500+02'00'", "", "Éditeur 3")
    for message in (FileOpened(3, salvaged=True, made=made), Failed("why"), PageText(2, "é\n\u2028", TextOrigin.OCR)):
        assert encode(message).count(b"\n") == 1
        assert decode(encode(message)) == message
    assert decode(b'{"number":1,"text":"\\ud800","origin":"layer","other":"","confidence":null,"seconds":0}') == PageText(1, "?")
    long = FileStatement("\u202e" + "9" * 500, "a\nb\0", "\ud800")
    assert decode(encode(FileOpened(3, made=long))) == FileOpened(3, made=FileStatement("9" * MOST_STATED, "a b", "?"))
    with pytest.raises(NotUnderstood):
        decode(b"null")
    start = StartOrder("/tmp/été.pdf", 10, 20, data=Path("/data"), topics=Path("/own"))  # noqa: S108 - never opened
    assert StartOrder.parse(start.argument()) == start
    for order in (TextLayerOrder(4, frozenset({5, 7})), RecogniseOrder(3)):
        assert order.line().count(b"\n") == 1
        assert parse_order(order.line()) == order
    with pytest.raises(ValueError, match="not an order"):
        parse_order(b'{"survey":"all"}')


def test_the_child_gets_no_secret() -> None:
    given = {
        "PATH": "/bin",
        "HOME": "/root",
        "VIGIE_TELEGRAM__TOKEN": "12345:SECRET",
        "HTTPS_PROXY": "http://user:SECRET@proxy",
        "PYTHONPATH": "/elsewhere",
    }
    environment = child_environment(given)
    assert "SECRET" not in repr(environment)
    assert set(environment) == {"PATH", "LANG", "OMP_THREAD_LIMIT", "PYTHONPATH"}
    assert environment["PYTHONPATH"] != "/elsewhere"


def environment_of(process: int) -> bytes:
    return Path(f"/proc/{process}/environ").read_bytes()


def has_open(process: int, path: Path) -> bool:
    try:
        return any(file.samefile(path) for file in Path(f"/proc/{process}/fd").iterdir() if file.exists())
    except OSError:
        return False


async def running_child(path: Path) -> int:
    """The reading process once it has opened the file: it is at work, and we listen."""
    found: list[int] = []

    def opened() -> list[int]:
        found[:] = [child for child in reading_children() if has_open(child, path)]
        return found

    await until(opened)
    return found[0]


@pytest.fixture
def long_document(saved: Save) -> Path:
    return saved(papers.slow(pages=500))


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc to look at a process from outside")
@pytest.mark.usefixtures("started_readers")
async def test_cancelling_ends_the_process_and_it_never_held_a_token(long_document: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIGIE_TELEGRAM__TOKEN", "12345:SECRET")
    task = asyncio.create_task(read_pdf(long_document, ReadingLimits(ocr=False)))
    child = await running_child(long_document)
    environment = environment_of(child)
    assert b"OMP_THREAD_LIMIT=1" in environment
    assert b"SECRET" not in environment
    assert os.getpgid(child) == child
    task.cancel()
    # Left alone, it would read for minutes.
    async with asyncio.timeout(HANGS):
        with pytest.raises(asyncio.CancelledError):
            await task
    assert list(reading_children()) == []


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc to find the process")
@pytest.mark.usefixtures("started_readers")
async def test_killed_from_outside(saved: Save) -> None:
    path = saved(papers.slow(pages=3))
    task = asyncio.create_task(read_pdf(path, ReadingLimits(ocr=False)))
    os.kill(await running_child(path), signal.SIGKILL)
    (outcome,) = await asyncio.gather(task, return_exceptions=True)
    # A second process went on after the page the first one died on, or from the first where it had not yet said how many there are.
    assert isinstance(outcome, Reading), outcome
    assert outcome.page_count == 3
    assert len(outcome.unreadable_pages) <= 1


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc to find the process")
async def test_a_good_page_on_a_busy_machine_is_read(saved: Save) -> None:
    """The process gets no processor for longer than its pages may take: nothing of it is lost."""
    limits = ReadingLimits(ocr=False, page_seconds=60)
    path = saved(papers.slow(pages=3))
    task = asyncio.create_task(read_pdf(path, limits))
    child = await running_child(path)
    os.kill(child, signal.SIGSTOP)
    skip(limits.page_seconds * 2)
    for _ in range(10):
        await asyncio.sleep(0)
    os.kill(child, signal.SIGCONT)
    assert (await task).complete


def test_the_child_ends_with_its_parent(long_document: Path) -> None:
    start = StartOrder(str(long_document), 1024**3, 600)
    command = [sys.executable, "-m", "bot.reading.sandbox.child", start.argument()]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(TextLayerOrder().line())
        child.stdin.flush()
        assert child.stdout.readline(), "it has the file open"
        # What the system does to a pipe when the process at its other end is killed.
        child.stdin.close()
        assert child.wait(timeout=HANGS) == 0
