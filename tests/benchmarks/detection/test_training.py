"""The tagger as it is packaged, and how it is taught."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.detection.by_writer import READERS, by_writer, lines_by_writer
from benchmarks.detection.corpus import load_corpus
from benchmarks.detection.training import MODEL, hashes, lessons, main
from tests.benchmarks.detection.folders import BODY, DECREE, ROAD, folder

ROOT = Path(__file__).resolve().parents[3]


def test_the_packaged_tagger_is_what_these_acts_teach() -> None:
    """Whatever changes what the tagger is taught with (a label, how an act is cut, what it is told of a word) asks for `make model`."""
    folders = [ROOT / "tests" / "corpus", ROOT / "tests" / "unseen", *sorted((ROOT / "tests" / "topics").glob("*/*/"))]
    taught = lessons(act for folder in folders for act in load_corpus(folder))
    told = (ROOT / MODEL).with_suffix(".sha256").read_text("ascii")
    assert told == hashes(taught, (ROOT / MODEL).read_bytes()), "run `make model`"


def test_a_lesson_has_the_writer_each_label_and_what_is_told_of_each_word(tmp_path: Path) -> None:
    folder(tmp_path)
    [lesson] = lessons(load_corpus(tmp_path))
    [(stretch, labels), *others] = lesson.taught
    other_label = replace(lesson, taught=((stretch, ("B-event", *labels[1:])), *others))
    other_word = replace(lesson, taught=((replace(stretch, rank="annex"), labels), *others))
    other_writer = replace(lesson, act=replace(lesson.act, writer="another"))
    assert len({hashes([each], b"model") for each in (lesson, other_label, other_word, other_writer)}) == 4
    assert hashes([lesson], b"another model") != hashes([lesson], b"model")


def test_the_same_corpus_gives_the_same_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder(tmp_path / "corpus")
    models = []
    for name in ("one", "two"):
        assert main([str(tmp_path / "corpus"), "--model", str(tmp_path / name)]) == 0
        models.append((tmp_path / name).read_bytes())
    assert models[0] == models[1]
    assert (tmp_path / "one.sha256").read_text("ascii") == hashes(lessons(load_corpus(tmp_path / "corpus")), models[0])
    assert "kB" in capsys.readouterr().out
    assert main([str(tmp_path / "nowhere")]) == 2


def test_each_writer_is_read_by_a_tagger_that_never_met_it(tmp_path: Path) -> None:
    folder(tmp_path / "corpus", 'writer = "one"\n' + DECREE + ROAD)
    (tmp_path / "corpus" / "acts" / "other.txt").write_text(BODY, "utf-8")
    (tmp_path / "corpus" / "labels" / "other.toml").write_text('writer = "two"\n' + DECREE.replace("decree.txt", "other.txt"), "utf-8")
    acts = load_corpus(tmp_path / "corpus")
    found = by_writer(acts)
    assert [found.scores[reader]["operators"]["right"] for reader in READERS] == [2, 2, 2], "each writes what the other one does"
    assert any(line.startswith("operators") for line in lines_by_writer(found))
