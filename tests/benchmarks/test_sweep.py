"""The benchmark in a short form: it runs, compares like with like, and says what it measured."""

from __future__ import annotations

from datetime import timedelta

import pytest

import sources.crawl.lists
from benchmarks.sweep import main, report, watch
from tests.france import memory

EVERY = timedelta(minutes=30)


@pytest.fixture(autouse=True)
def _pages_are_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources.crawl.lists, "READERS", memory.READERS)


@pytest.mark.short_form
async def test_the_trail_finds_as_much_as_the_baseline_for_less_than_half() -> None:
    trail = await watch(1, EVERY, remembers=True)
    root = await watch(1, EVERY, remembers=False)
    assert (trail.found, root.found) == (trail.published, root.published)
    assert trail.published > 0
    assert trail.first.pages == root.first.pages
    assert trail.pages * 2 < root.pages
    assert trail.pages < 1.2 * trail.sources
    assert trail.minutes * 2 < root.minutes
    told = report(trail, root, EVERY)
    assert f"Simulated France: {trail.sources} sources behind one address, 1 h from 2026-09-16 08:00 UTC, a sweep every 30 minutes" in told
    [pages] = [line.split() for line in told.splitlines() if line.startswith("a sweep: requests for pages")]
    assert pages[-1] == f"{root.pages / trail.pages:.1f}"


@pytest.mark.parametrize("option", ["--days", "--every"])
def test_what_cannot_be_measured_is_refused(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main([option, "0"])
    assert "must be more than 0" in capsys.readouterr().err
