"""What pages cost, in a store that is small enough for the suite: every kind of page is answered, and kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.web import main, measure, table
from bot.storage.store import open_store


@pytest.mark.short_form
def test_every_kind_of_page_is_answered_and_kept_pages_cost_less(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["--decrees", "300", "--asked", "3", "--keep", str(tmp_path)]
    main(command)
    printed = capsys.readouterr().out.splitlines()
    assert "memory that pages took" in printed[-1]
    with open_store(f"sqlite:///{tmp_path / 'queries.db'}", read_only=True) as store:
        costs, _ = measure(store, 3)
    assert len(printed) == len(table(costs)) + 1
    assert [cost.kind for cost in costs if cost.kept[0] > cost.anew[0]] == []
