"""What answers cost, on a store that is small enough for the suite: the questions are all answered, and none reads the whole store."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from benchmarks.queries import MOST, fill, main, measure, table
from bot.storage.schema import acts, decree_communes, search_rules
from bot.storage.search import RULES
from bot.storage.store import open_store


def test_the_table_is_printed_and_the_store_kept_for_the_next_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["--acts", "120", "--decrees", "60", "--asked", "1", "--keep", str(tmp_path)]
    main(command)
    first = capsys.readouterr()
    assert "120 acts, 60 of them decrees" in first.err
    assert [line.split()[-1] for line in first.out.splitlines()[1:]] == ["1"] * 19
    main(command)
    assert capsys.readouterr().err == "", "nothing is filled again"


def test_a_store_of_four_hundred_decrees_is_whole_and_answers_cheaply() -> None:
    with open_store("sqlite://") as store:
        fill(store, 1_200, 400)
        assert store.decrees.recent(1).total == 400
        page = store.decrees.search("vidéoprotection", 5, 395)
        assert (page.total, len(page.decrees)) == (400, 5)
        with store.database.reading() as connection:
            assert len(connection.execute(select(acts.c.id)).all()) == 1_200
            named = connection.execute(select(decree_communes.c.decree_id).distinct()).all()
            assert len(named) > 200, "most of the generated decrees name a commune"
            assert connection.execute(select(search_rules)).all() == [(RULES, None, None)]
        costs = measure(store, 2)
    assert [cost for cost in costs if cost.p50 > MOST] == []
    assert len(table(costs)) == len(costs) + 1
