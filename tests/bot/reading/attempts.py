"""Reads a hostile file as the tests do: within small limits, and seeing that nothing is left behind."""

from __future__ import annotations

from pathlib import Path

from bot.domain.acts import Reading
from bot.domain.text import PageText, TextOrigin
from bot.reading.model import ReadingLimits
from bot.reading.reader import read_pdf
from tests.bot.reading.papers import BODY
from tests.bot.reading.processes import reading_children

LIMITS = ReadingLimits(ocr=False, seconds=600, page_seconds=3.0, memory_bytes=400 * 1024**2)
"""Only the processor time of a page is short: a busy machine changes nothing of what is read."""


def kinds(reading: Reading) -> str:
    """What became of each page."""
    return " ".join(map(kind_of, reading.pages))


def kind_of(page: PageText) -> str:
    """`read` when the page holds the text that stands there and no other, `text` when it holds another, `damaged` or `partly` when part of
    it is lost or cannot be read."""
    if page.text and not page.is_whole:
        return "damaged" if page.damaged else "partly"
    if page.origin is TextOrigin.LAYER:
        return "read" if page.text.split() == BODY.split() else "text"
    assert not page.text
    return page.origin.value


def state(path: Path) -> tuple[list[str], int, int]:
    """What would show that something was written where the file is."""
    about = path.stat()
    return sorted(entry.name for entry in path.parent.iterdir()), about.st_size, about.st_mtime_ns


async def read(path: Path, limits: ReadingLimits = LIMITS) -> Reading:
    """Read within the limits, leaving no process and no file behind."""
    before = state(path)
    try:
        return await read_pdf(path, limits)
    finally:
        assert list(reading_children()) == []
        assert state(path) == before
