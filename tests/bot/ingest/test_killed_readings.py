"""`kill -9` of a real process while it reads: nothing announced twice, nothing lost, and no page read again that was stored."""

from __future__ import annotations

import asyncio
import os
import signal
from datetime import timedelta
from pathlib import Path

from bot.domain.posts import PostState
from bot.domain.records import RecueilState
from bot.ingest.ingestor import IngestResult
from bot.storage.store import open_store
from tests.bot.ingest.test_long_readings import LONG, World, scan_with_a_decree, sha, unread_files, url
from tests.present import present
from tests.processes import Zygote

KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from tests.bot.ingest.test_killed_readings import MOMENTS, read_and_die
for moment in MOMENTS:
    if (child := os.fork()) == 0:
        asyncio.run(read_and_die(Path(sys.argv[1], moment), moment))
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL, moment
"""
MOMENTS = ("while the decree is recorded", "when the decree is recorded", "before the end is recorded", "when the end is recorded")


def _die(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def read_and_die(folder: Path, moment: str) -> None:
    """Read a scan with a decree on its first page, and be killed at that moment. Runs in a process of its own."""
    with open_store(f"sqlite:///{folder / 'vigie.db'}") as store:
        world = World(store, unread_files(folder / "pdfs"))
        scan = world.publish("99", 1, *scan_with_a_decree())
        record = store.recordings.record
        if moment == MOMENTS[0]:
            store.recordings.record = _die  # type: ignore[method-assign,assignment]  # a kill between two steps
        await world.poll("99")
        await asyncio.wait_for(scan.waiting.wait(), 60)
        if moment == MOMENTS[1]:
            _die()
        if moment == MOMENTS[2]:
            store.recordings.record = _die  # type: ignore[method-assign,assignment]
        elif moment == MOMENTS[3]:

            def record_and_die(*arguments: object) -> None:
                record(*arguments)  # type: ignore[arg-type]  # passed through
                _die()

            store.recordings.record = record_and_die  # type: ignore[method-assign,assignment]
        scan.gate.set()
        await world.watcher.finish()


async def test_killed_while_it_reads_nothing_is_doubled_and_nothing_is_lost(tmp_path: Path, zygote: Zygote) -> None:
    """The processes are forked from one that has the program loaded."""
    for moment in MOMENTS:
        (tmp_path / moment).mkdir()
    run = await asyncio.to_thread(zygote.run_script, KILLED, str(tmp_path))
    assert run.code == 0, run.err
    for moment in MOMENTS:
        await _goes_on(tmp_path / moment, moment)


async def _goes_on(folder: Path, moment: str) -> None:
    with open_store(f"sqlite:///{folder / 'vigie.db'}") as store:
        world = World(store, unread_files(folder / "pdfs"))
        world.publish("99", 1, *scan_with_a_decree()).gate.set()
        early = moment != MOMENTS[0]
        assert store.outbox.counts() == ({"console": {PostState.PENDING: 1}} if early else {})
        if moment in MOMENTS[1:3]:
            assert store.recueils.get(1).state is RecueilState.INCOMPLETE
            assert store.recueils.due(world.now) != [], "whoever works next goes on with it at once"

        world.now += timedelta(minutes=15)
        _, ingested = await world.poll("99")
        for late in await world.watcher.finish():
            ingested += late.ingested
        await world.watcher.stop()

        assert store.recueils.get(1).state is RecueilState.READ
        assert len(ingested.decrees) == (0 if early else 1)
        assert (store.outbox.counts(), store.decrees.recent(10).total) == ({"console": {PostState.PENDING: 1}}, 1)
        assert len({(act.first_page, act.last_page) for act in store.decrees.acts_of(1)}) == len(store.decrees.acts_of(1))
        known = dict(world.scanner.known)
        stored = {MOMENTS[0]: 1, MOMENTS[1]: 1}.get(moment)
        assert known == ({} if stored is None else {url("99", 1): stored}), "pages that were stored are not read again"
        assert world.sites.downloads == [], "and its file was kept"
        assert world.kept() == []
        content = present(store.contents.get(sha(url("99", 1))))
        assert (content.complete, len(content.pages), content.unfinished) == (True, LONG, 0)
        assert isinstance(ingested, IngestResult)
