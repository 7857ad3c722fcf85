"""The damaged files in short: one of each way, and that a loss would be told."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.damaged import Damaged, damaged_files, loss, measure, report


def test_words_that_are_lost_are_counted() -> None:
    whole = [Counter("abcd"), Counter("ef")]
    assert loss(whole, whole) == 0
    assert loss(whole, [Counter("abcx"), whole[1]]) == 0.25
    assert loss(whole, whole[:1]) == 1


def test_what_is_lost_in_silence_is_told() -> None:
    found = [Damaged("forms", "cut short", "complete", 0.5), Damaged("forms", "cut short", "incomplete", 1)]
    assert "lost in silence: forms, cut short: 50%" in report(found)
    assert [one.is_silent for one in found] == [True, False]
    assert "lost in silence:" not in report(found[1:])


@pytest.mark.short_form
def test_no_file_loses_words_in_silence(tmp_path: Path) -> None:
    """The scans are left to the long form: they are recognised."""
    texts = [each for each in damaged_files(1) if "scan" not in each[0]]
    found = asyncio.run(measure(texts[::5], tmp_path))
    assert {one.said for one in found} == {"complete", "incomplete", "refused"}
    assert [one for one in found if one.is_silent] == []
