"""Files whose pages are recognised one by one, when a test lets them: what the real reader does in minutes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path

from bot.domain.acts import Act, Cover, Reading
from bot.domain.text import PageText, TextOrigin
from bot.reading.model import ActComplete, IsConcerned, PageRead, ReadingDone, ReadingEvent


def scanned(pages: Sequence[PageText]) -> Reading:
    """A document with one act a page."""

    def of(origin: TextOrigin) -> tuple[int, ...]:
        return tuple(page.number for page in pages if page.origin is origin)

    acts = tuple(Act(None, f"Arrêté {page.number}", "Cabinet", page.number, page.number, (page,)) for page in pages)
    return Reading(len(pages), Cover(), acts, of(TextOrigin.OCR), of(TextOrigin.UNREADABLE), of(TextOrigin.PENDING), tuple(pages))


@dataclass
class Scan:
    """One file. Its first `urgent` pages are recognised at once, the others once `gate` is open. `unreadable` never are."""

    texts: Sequence[str]
    urgent: int = 1
    unreadable: frozenset[int] = frozenset()
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: asyncio.Event = field(default_factory=asyncio.Event)


class Scanner:
    """Reads files by what they hold: a name of `scans`. `known` tells, for each reading begun, how many pages it did not have to read."""

    def __init__(self, scans: dict[str, Scan]) -> None:
        self.scans = scans
        self.known: list[tuple[str, int]] = []
        self.recognised: list[tuple[str, int]] = []
        self.open = 0
        self.after_early: Callable[[], Awaitable[None]] | None = None

    async def __call__(self, path: Path, *, known: Sequence[PageText], is_concerned: IsConcerned) -> AsyncGenerator[ReadingEvent, None]:
        name = _content(path)
        scan = self.scans[name]
        self.known.append((name, len(known)))
        self.open += 1
        try:
            async with aclosing(self._read(name, scan, {page.number: page for page in known}, is_concerned)) as events:
                async for event in events:
                    yield event
        finally:
            self.open -= 1

    async def _read(
        self, name: str, scan: Scan, known: dict[int, PageText], is_concerned: IsConcerned
    ) -> AsyncGenerator[ReadingEvent, None]:
        pages = [known.get(number, PageText(number, "", TextOrigin.PENDING)) for number in range(1, len(scan.texts) + 1)]
        left = [page.number for page in pages if page.origin is TextOrigin.PENDING]
        for page in pages:
            yield PageRead(page, len(pages), len(known), len(left), 0)
        for place, number in enumerate(left):
            if number > scan.urgent and not scan.gate.is_set():
                scan.waiting.set()
                await scan.gate.wait()
            await asyncio.sleep(0)
            origin = TextOrigin.UNREADABLE if number in scan.unreadable else TextOrigin.OCR
            page = PageText(number, "" if number in scan.unreadable else scan.texts[number - 1], origin, confidence=90)
            self.recognised.append((name, number))
            pages[number - 1] = page
            yield PageRead(page, len(pages), len(known) + place + 1, len(left), place + 1)
            reading = scanned(pages)
            if reading.pending_pages and is_concerned(reading.acts[number - 1]):
                yield ActComplete(reading)
                if self.after_early is not None:
                    await self.after_early()
        yield ReadingDone(scanned(pages))


def _content(path: Path) -> str:
    return path.read_text()
