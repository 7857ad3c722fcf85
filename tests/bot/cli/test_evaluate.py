"""`vigie evaluate`, as a person or a script runs it."""

from __future__ import annotations

from pathlib import Path

from tests.bot.cli.conftest import Vigie
from tests.bot.evaluation.folders import DECREE, ROAD, folder


def test_a_corpus_that_is_met_ends_well(vigie: Vigie, tmp_path: Path) -> None:
    folder(tmp_path / "corpus")
    done = vigie("evaluate", "corpus")
    assert (done.code, done.err) == (0, "")
    assert "2 acts: 1 decrees, 0 uncertain, 1 not concerned" in done.out
    assert "errors on the acts as they are: 0" in done.out
    assert "\nall noises " in done.out
    assert list(tmp_path.iterdir()) == [tmp_path / "corpus"]


def test_a_label_that_is_missed_is_told_by_the_exit_code_too(vigie: Vigie, tmp_path: Path) -> None:
    folder(tmp_path / "corpus", DECREE.replace("2026-05-06", "2026-05-07") + ROAD.replace("not_concerned", "uncertain"))
    done = vigie("evaluate", "corpus", "--no-noise", "--json")
    assert (done.code, done.err) == (1, "")
    assert done.json["folder"] == "corpus"
    assert (done.json["noises"], done.json["all_noises"], done.json["noisy_mistakes"]) == ([], None, [])
    assert [(mistake["at"], mistake["about"], mistake["expected"], mistake["found"]) for mistake in done.json["mistakes"]] == [
        ("labels/some.toml:1", "ends", "2026-05-07", "2026-05-06"),
        ("labels/some.toml:12", "outcome", "uncertain", "not_concerned"),
    ]
    shown = vigie("evaluate", "corpus", "--no-noise", "-n", "1")
    assert shown.code == 1
    assert "ends: expected 2026-05-07, found 2026-05-06" in shown.out
    assert "and 1 more (--errors)" in shown.out
    assert "all noises" not in shown.out


def test_wrong_use_is_told(vigie: Vigie, tmp_path: Path) -> None:
    folder(tmp_path / "bad", DECREE.replace('"decree"', '"decret"') + ROAD)
    (tmp_path / "empty").mkdir()
    for name, problem in {
        "absent": "absent: no such folder",
        "empty": "empty: no label file",
        "bad": "labels/some.toml:4: outcome: must be one of decree, not_concerned, uncertain, not 'decret'",
    }.items():
        done = vigie("evaluate", name, "--json")
        assert (done.code, done.out) == (2, "")
        assert problem in done.err
    assert vigie("evaluate").code == 2


def test_neither_configuration_nor_database_is_looked_at(vigie: Vigie, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[nonsense]\n", encoding="utf-8")
    folder(tmp_path / "corpus")
    assert vigie("evaluate", "corpus", "--no-noise", environ={"VIGIE_DATABASE__URL": "nowhere://"}).code == 0
