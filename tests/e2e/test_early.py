"""A decree in a scanned recueil, as the real program announces it: before the rest is read."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from bot.app.demo.replay import CannedAnswer
from bot.app.demo.scenario import demo_text
from tests.e2e.test_operations import Sites, bot
from tests.e2e.world import CHANNEL, posts_in
from tests.processes import Zygote
from tests.servers.fake_bot_api import FakeBotApi
from tests.skipping import HANGS

PAGES = 21
"""More than are quick. Before them there is one act more, the decree, on one page."""

REST = 5
"""The first page after it."""

HELD = f"""
import asyncio
from pathlib import Path

from bot.cli import main
from bot.reading.reader import OcrWorker

recognise = OcrWorker.recognise


async def held(worker, number):
    while number >= {REST} and not Path("go").exists():
        await asyncio.sleep(0.01)
    return await recognise(worker, number)


OcrWorker.recognise = held
main()
"""
"""The program, which recognises the rest once it may: the machine alone would decide which is first, the post or the last page."""


@pytest.fixture
def sites() -> Iterator[Sites]:
    with Sites() as running:
        running.resources |= {running.decree_pdf: scanned_recueil(running)}
        yield running


def scanned_recueil(sites: Sites) -> CannedAnswer:
    decree, road = (demo_text(name, sites.today, number="2026-1104") for name in ("authorisation", "road"))
    line = next(line for line in road.splitlines() if line.startswith("Considérant"))
    rest = sites.act(2, *(line,) * PAGES, title="Arrêté de voirie", scanned=True)
    return sites.recueil(302, sites.act(1, decree, scanned=True), rest)


def asked(folder: Path, question: str) -> tuple[str, str | None]:
    """One row of two columns of the bot's database."""
    with closing(sqlite3.connect(folder / "vigie.db")) as database:
        row: tuple[str, str | None] = database.execute(question).fetchone()
        return row


RECUEIL = "SELECT state, error FROM recueils WHERE url LIKE '%302.pdf'"
POST = "SELECT state, error FROM posts"


@pytest.mark.usefixtures("with_ocr")
@pytest.mark.parametrize("name", ["run", "poll"])
async def test_it_is_posted_before_the_rest_of_the_recueil_is_read(
    zygote: Zygote, sites: Sites, telegram: FakeBotApi, folder: Path, name: str
) -> None:
    gate = telegram.hold("sendPhoto", stored=True)
    with bot(partial(zygote.begin, script=HELD), folder, name) as running:
        await gate.reached(HANGS)
        state, said = asked(folder, RECUEIL)
        assert (state, (said or "").partition(":")[0]) == ("incomplete", "being read")
        gate.open()
        if name == "run":
            await asyncio.to_thread(running.until, lambda: asked(folder, POST) == ("sent", None))
            assert running.end() == 0
        else:
            (folder / "go").touch()
            assert await asyncio.to_thread(running.process.wait, 120) == 0
    if name == "run":
        # Stopped in the middle, it is read on from there at the next start, at once; what was read is left alone.
        with bot(zygote.begin, folder, "poll") as again:
            assert await asyncio.to_thread(again.process.wait, 120) == 0
    assert (asked(folder, RECUEIL), asked(folder, POST)) == (("read", None), ("sent", None))
    assert len(posts_in(telegram, CHANNEL)) == 1
