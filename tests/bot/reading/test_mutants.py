"""Good PDFs spoiled at random, always the same way, through the real reading process: pages may be lost, nothing else.

The short form takes some of each; VIGIE_MUTANTS=1000 takes so many.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from bot.domain.acts import Reading
from bot.domain.text import PageText, TextOrigin
from bot.reading.model import ReadingLimits, Unreadable
from bot.reading.reader import read_pdf
from tests.bot.reading import hostile, hostile_pages, papers
from tests.bot.reading.papers import BODY
from tests.bot.reading.processes import reading_children
from tests.skipping import HANGS

COUNT = int(os.environ.get("VIGIE_MUTANTS", "40"))
SEED = 26
# As in use, but for the time: a page that never ends is to show, not to make the suite wait.
LIMITS = ReadingLimits(ocr=False, page_seconds=5)


def originals() -> list[bytes]:
    return [
        papers.recueil(2),
        papers.pages_of([hostile.GOOD] * 5),
        hostile.xref_stream(),
        hostile.locked_tree(says=3),
        papers.form({(130, 300): "Valence"}),
        hostile_pages.image(b"/Width 100 /Height 100 /ColorSpace /DeviceRGB /BitsPerComponent 8", bytes(range(250)) * 120, compress=True),
        hostile_pages.notes(20),
        papers.logo_in_a_form(BODY),
    ]


def flipped(content: bytearray, chance: random.Random) -> None:
    for _ in range(chance.choice((1, 4, 16, 64))):
        content[chance.randrange(len(content))] = chance.randrange(256)


def swapped(content: bytearray, chance: random.Random) -> None:
    size = chance.randrange(1, max(2, len(content) // 8))
    one, other = (chance.randrange(len(content) - size) for _ in range(2))
    content[one : one + size], content[other : other + size] = content[other : other + size], content[one : one + size]


def shortened(content: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(content))
    del content[start : chance.choice((len(content), start + chance.randrange(1, 200)))]


def numbers_changed(content: bytearray, chance: random.Random) -> None:
    """The lengths, counts, sizes and references are what a reader trusts."""
    digits = [index for index, byte in enumerate(content) if 48 <= byte <= 57]
    for index in chance.sample(digits, min(len(digits), chance.choice((1, 5, 20)))):
        content[index] = 48 + chance.randrange(10)


def mutants(count: int) -> Iterator[bytes]:
    chance = random.Random(SEED)
    whole, ways = originals(), (flipped, swapped, shortened, numbers_changed)
    for number in range(count):
        content = bytearray(whole[number % len(whole)])
        chance.choice(ways)(content, chance)
        yield bytes(content)


async def outcome(path: Path) -> str:
    try:
        async with asyncio.timeout(LIMITS.seconds + HANGS):
            reading = await read_pdf(path, LIMITS)
    except Unreadable:
        return "unreadable"
    check(reading)
    return "whole" if reading.complete else "in part"


def check(reading: Reading) -> None:
    assert [page.number for page in reading.pages] == list(range(1, reading.page_count + 1))
    assert reading.unreadable_pages == tuple(page.number for page in reading.pages if not page.is_whole)
    assert not any(map(said_in_spite, reading.pages))


def said_in_spite(page: PageText) -> bool:
    return bool(page.text) and page.origin in (TextOrigin.UNREADABLE, TextOrigin.BLANK)


async def test_mutants_cost_their_own_pages_only(saved: Callable[[bytes], Path]) -> None:
    seen = Counter[str]()
    for number, content in enumerate(mutants(COUNT)):
        try:
            seen[await outcome(saved(content))] += 1
        except Exception as error:
            raise AssertionError(f"mutant {number} of seed {SEED}") from error
    assert list(reading_children()) == []
    print(dict(seen))
    # They are spoiled, and not so much that nothing is tried.
    assert seen["whole"]
    assert seen["unreadable"]
