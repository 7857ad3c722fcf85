"""What people decided holds for decrees that are told before their recueil is read to its end."""

from __future__ import annotations

from collections.abc import Collection

import pytest
from structlog.testing import capture_logs

from bot.domain.acts import Outcome
from bot.domain.records import Decision
from bot.storage.errors import Locked
from tests.bot.ingest import test_long_readings as long
from tests.bot.ingest.test_long_readings import World, scan_with_a_decree, soon
from tests.bot.ingest.test_poller import NOON

store, world = long.store, long.world


def rejected(keys: Collection[str]) -> dict[str, Decision]:
    """All of them, by a person."""
    return dict.fromkeys(keys, Decision(Outcome.NOT_CONCERNED, None, NOON, "cli"))


async def test_what_a_person_rejected_is_not_told_early_nor_late(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world.store.recordings, "decided", rejected)
    scan = world.publish("99", 1, *scan_with_a_decree())
    await world.poll("99")
    await soon(scan.waiting.wait())
    assert world.posts() == []
    scan.gate.set()
    [late] = await soon(world.watcher.finish())
    assert (late.ingested.decrees, world.posts()) == ((), [])
    assert {act.outcome for act in world.store.decrees.acts_of(late.recueil.id)} == {Outcome.NOT_CONCERNED}


async def test_where_nobody_can_tell_what_was_decided_the_end_of_the_reading_tells(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    decided, asked = world.store.recordings.decided, 0

    def locked_at_first(keys: tuple[str, ...]) -> object:
        nonlocal asked
        asked += 1
        if asked == 1:
            raise Locked("locked by another program")
        return decided(keys)

    monkeypatch.setattr(world.store.recordings, "decided", locked_at_first)
    scan = world.publish("99", 1, *scan_with_a_decree())
    with capture_logs() as logs:
        await world.poll("99")
        await soon(scan.waiting.wait())
    assert world.posts() == []
    assert len([line for line in logs if line["event"] == "decree.early_not_judged"]) == 1
    scan.gate.set()
    [late] = await soon(world.watcher.finish())
    assert [decree.facts.number for decree in late.ingested.decrees] == ["2026-1"]
    assert len(world.posts()) == 1
