"""The whole: acts judged as they are and damaged, and how it is told."""

from __future__ import annotations

from pathlib import Path

from benchmarks.detection.corpus import load_corpus
from benchmarks.detection.evaluating import NOISES, Mark, evaluate, lines, trials
from tests.benchmarks.detection.folders import DECREE, ROAD, folder


def test_every_act_is_judged_as_it_is_and_under_each_noise(tmp_path: Path) -> None:
    acts = load_corpus(folder(tmp_path))
    tried = tuple(trials(acts, NOISES.values()))
    evaluation = evaluate(tried)
    assert [noise for _, noise, _ in tried[:3]] == [None, None, "squares"]
    assert set(evaluation.noisy) == set(NOISES)
    assert evaluation.clean.acts == 2
    assert evaluation.all_noises.acts == sum(tally.acts for tally in evaluation.noisy.values()) == len(tried) - 2
    assert (evaluation.clean.precision, evaluation.clean.recall, evaluation.mistakes) == (1, 1, ())
    assert evaluation.clean.facts["operators"][Mark.RIGHT] == 1


def test_a_wrong_label_is_told_with_its_place(tmp_path: Path) -> None:
    acts = load_corpus(folder(tmp_path, DECREE.replace('"authorisation"', '"refusal"').replace('"2026-00100"', '"2026-00101"') + ROAD))
    evaluation = evaluate(tuple(trials(acts, [NOISES["squares"]])))
    told = list(lines(evaluation, 10))
    assert told[0] == "2 acts: 1 decrees, 0 uncertain, 1 not concerned"
    assert any(line.split() == ["refusal", "0/1", "1", "as", "authorisation"] for line in told)
    assert any(line.split() == ["number", "0", "1", "0", "0"] for line in told)
    assert "errors on the acts as they are: 2" in told
    assert "  acts/decree.txt (labels/some.toml:1) kind: expected refusal, found authorisation" in told
    assert "  acts/decree.txt (labels/some.toml:1) number: expected 2026-00101, found 2026-00100" in told
    assert "  acts/decree.txt [squares] (labels/some.toml:1) kind: expected refusal, found authorisation" in told
    few = list(lines(evaluation, 1))
    assert "  and 1 more (--errors)" in few
    assert len(few) == len(told)
