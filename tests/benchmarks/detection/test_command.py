"""`python -m benchmarks.detection`, as a person or a script runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.detection.__main__ import main
from tests.benchmarks.detection.folders import DECREE, ROAD, folder


def test_a_corpus_that_is_met_ends_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder(tmp_path / "corpus")
    assert main([str(tmp_path / "corpus")]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "2 acts: 1 decrees, 0 uncertain, 1 not concerned" in out
    assert "errors on the acts as they are: 0" in out
    assert "\nall noises " in out
    assert list(tmp_path.iterdir()) == [tmp_path / "corpus"]


def test_a_label_that_is_missed_is_reported_by_the_exit_code_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    corpus = str(tmp_path / "corpus")
    folder(tmp_path / "corpus", DECREE.replace("2026-05-06", "2026-05-07") + ROAD.replace("not_concerned", "uncertain"))
    assert main([corpus, "--no-noise"]) == 1
    shown = capsys.readouterr().out
    assert "(labels/some.toml:1) ends: expected 2026-05-07, found 2026-05-06" in shown
    assert "(labels/some.toml:12) outcome: expected uncertain, found not_concerned" in shown
    assert main([corpus, "--no-noise", "-n", "1"]) == 1
    shown = capsys.readouterr().out
    assert "ends: expected 2026-05-07, found 2026-05-06" in shown
    assert "and 1 more (--errors)" in shown
    assert "all noises" not in shown


def test_wrong_use_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder(tmp_path / "bad", DECREE.replace('"decree"', '"decret"') + ROAD)
    (tmp_path / "empty").mkdir()
    for name, problem in {
        "absent": "absent: no such folder",
        "empty": "empty: no label file",
        "bad": "labels/some.toml:4: outcome: Input should be 'decree', 'not_concerned' or 'uncertain'",
    }.items():
        assert main([str(tmp_path / name)]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert problem in err
    with pytest.raises(SystemExit, match="2"):
        main([])
