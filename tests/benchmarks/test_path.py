"""The benchmark sees the way of a decree, in its order, through the processes too."""

from __future__ import annotations

import pytest

from benchmarks.path import SITES, follow_a_decree


@pytest.mark.short_form
async def test_the_way_of_a_decree_is_listed_in_its_order() -> None:
    files = await follow_a_decree()
    assert len(set(files)) == len(files)
    rooms = [file.rsplit("/", 1)[0] for file in files]
    firsts = [rooms.index(room) for room in ("sources/pages", "bot/reading/sandbox", "bot/detection/facts", "bot/messages")]
    assert firsts == sorted(firsts)
    # Of the confined process.
    assert "bot/reading/pages" in rooms
    assert not any(file.startswith(SITES) for file in files)
