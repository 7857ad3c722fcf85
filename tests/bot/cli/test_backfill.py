"""`vigie backfill`, as a person or a script runs it, against sites and an index on loopback."""

from __future__ import annotations

import io
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from rich.console import Console

from bot.app.demo.replay import CannedAnswer, Replay
from bot.cli.progress import EVERY, showing_steps
from bot.ingest.backfill import BackfillProgress
from tests import clock
from tests.bot.cli.conftest import Vigie, write_config
from tests.bot.cli.national_index import pdf, serve_index
from tests.processes import Forked, Zygote
from tests.small_france import published

TODAY = clock.today()
SINCE = (TODAY - timedelta(days=10)).isoformat()


@pytest.fixture
def replay() -> Iterator[Replay]:
    """Three prefecture sites that have published nothing for days: what is newer is left to the first poll."""
    with Replay(published(TODAY - timedelta(days=5))) as running:
        yield running


@pytest.fixture
def indexed(tmp_path: Path, replay: Replay) -> str:
    """A configuration, with an index that knows the Drôme's recueil."""
    serve_index(replay, f"recueil;{pdf(replay, '302.pdf')};26;2026-08-17T00:25:43.000Z")
    return write_config(tmp_path, replay)


def rows(folder: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(folder / "vigie.db")) as database:
        return database.execute(query).fetchall()


def test_history_is_read_in_silence(vigie: Vigie, indexed: str, tmp_path: Path) -> None:
    done = vigie("--config", indexed, "backfill", "--since", SINCE, "26", "02", "--json")
    assert done.code == 0
    found = done.json
    assert (found["since"], found["announce"], found["read"], found["remaining"], found["elsewhere"]) == (SINCE, False, 2, 0, 0)
    assert [(each["code"], each["complete"], each["skipped"], each["troubles"]) for each in found["sources"]] == [
        ("26", True, False, []), ("02", True, False, []),
    ]  # fmt: skip
    assert found["index"] == {"error": None, "authorities": [{"code": "26", "new": 0, "left_to_polls": 0, "elsewhere": 0}]}
    # The Aisne's list shows no date: its newest are the first poll's.
    assert [(each["new"], each["left_to_polls"]) for each in found["sources"]] == [(2, 0), (0, 1)]
    assert [(decree["authority"], decree["kind"]) for decree in found["decrees"]] == [("26", "authorisation")]
    assert found["posts"] == found["unread"] == []
    assert rows(tmp_path, "SELECT count(*) FROM posts") == [(0,)]
    assert "1/2 sources listed" in done.err

    # Nor does a poll post what a backfill found.
    polled = vigie("--config", indexed, "poll", "26", "02", "--json")
    assert polled.code == 0
    assert [(decree["authority"], decree["kind"]) for decree in polled.json["decrees"]] == [("02", "abrogation")]
    assert len(polled.json["posts"]) == 1
    again = vigie("--config", indexed, "backfill", "--since", SINCE, "26")
    assert again.code == 0
    assert "listed less than a day ago" in again.out
    assert "recueils read: 0, new decrees: 0, nothing posted" in again.out


def test_announce_posts_once(vigie: Vigie, indexed: str) -> None:
    done = vigie("--config", indexed, "backfill", "--since", SINCE, "--announce", "26")
    assert done.code == 0
    assert "Autorisation de vidéosurveillance algorithmique" in done.out
    assert "posts queued: 1" in done.out
    assert "vidéosurveillance" not in vigie("--config", indexed, "poll", "26").out


def test_failures_are_told_and_stop_nothing(vigie: Vigie, config: str, replay: Replay) -> None:
    resources = replay.resources
    assert isinstance(resources, dict)
    broken = pdf(replay, "302.pdf")
    resources[broken] = CannedAnswer(b"<html>maintenance")
    done = vigie("--config", config, "backfill", "--since", SINCE, "26")
    assert done.code == 3
    assert "no national index: https://www.data.gouv.fr/" in done.out
    assert f"not read: {broken}: not a PDF but 'text/html'" in done.out
    assert "recueils read: 1" in done.out


def test_wrong_use(vigie: Vigie) -> None:
    assert vigie("backfill", "26").code == 2
    assert "is in the future" in vigie("backfill", "--since", "2999-01-01").err
    assert vigie("backfill", "--since", SINCE, "99x").code == 2
    badly_written = vigie("backfill", "--since", "hier")
    assert (badly_written.code, "write a day as 2025-01-31" in badly_written.err) == (2, True)


def test_ctrl_c_and_the_next_run_goes_on(vigie: Vigie, zygote: Zygote, indexed: str, tmp_path: Path) -> None:
    def interrupt(process: Forked, shown: str) -> None:
        if "telechargement" in shown and not interrupted:
            process.send(signal.SIGINT)
            interrupted.append(process)

    interrupted: list[Forked] = []
    code, _ = zygote.on_a_terminal(tmp_path, ["--config", indexed, "--verbose", "backfill", "--since", SINCE, "26"], interrupt)
    assert code == 130
    assert rows(tmp_path, "SELECT DISTINCT silent FROM recueils") == [(1,)]
    done = vigie("--config", indexed, "backfill", "--since", SINCE, "26", "--json")
    assert done.code == 0
    assert rows(tmp_path, "SELECT DISTINCT state FROM recueils") == [("read",)]
    assert rows(tmp_path, "SELECT count(*) FROM decrees") == [(1,)]


STEPS = [
    BackfillProgress(0, 2, doing="national index"),
    BackfillProgress(1, 2, 0, 60, 0, "26:site"),
    *(BackfillProgress(1, 2, done, 60 - done, done // 30, "26") for done in range(1, 61)),
    BackfillProgress(2, 2, 60, 0, 2, "83:[site]"),
]


def test_elsewhere_than_on_a_terminal_a_line_now_and_then() -> None:
    console = Console(file=io.StringIO(), force_terminal=False, width=200, highlight=False)
    with showing_steps(console) as told:
        for step in STEPS:
            told(step)
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue().splitlines() == [
        "1/2 sources listed, 0/60 read, decrees: 0: 26:site",
        f"1/2 sources listed, {EVERY}/60 read, decrees: 0: 26",
        f"1/2 sources listed, {2 * EVERY}/60 read, decrees: 1: 26",
        "2/2 sources listed, 60/60 read, decrees: 2: 83:[site]",
    ]


def test_on_a_terminal_a_bar_with_the_time_left() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=200, highlight=False, color_system=None)
    with showing_steps(console) as told:
        for step in STEPS[:40]:
            told(step)
    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    assert "1/2 sources listed" in shown
    assert "38/60 read, decrees: 1" in shown
    assert "0:00:" in shown
