from __future__ import annotations

import io

from rich.console import Console

from bot.cli.rounds import EVERY, showing
from bot.ingest.backfill import BackfillProgress

STEPS = [
    BackfillProgress(0, 2, doing="national index"),
    BackfillProgress(1, 2, 0, 60, 0, "26:site"),
    *(BackfillProgress(1, 2, done, 60 - done, done // 30, "26") for done in range(1, 61)),
    BackfillProgress(2, 2, 60, 0, 2, "83:[site]"),
]


def test_elsewhere_than_on_a_terminal_a_line_now_and_then() -> None:
    console = Console(file=io.StringIO(), force_terminal=False, width=200, highlight=False)
    with showing(console) as told:
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
    with showing(console) as told:
        for step in STEPS[:40]:
            told(step)
    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    assert "1/2 sources listed" in shown
    assert "38/60 read decrees: 1" in shown
    assert "0:00:" in shown
