"""What a folder of labels must be, and how it is told what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.detection.corpus import BadCorpus, load_corpus, pages_of
from bot.domain.acts import Kind, Outcome
from tests.benchmarks.detection.folders import AUTHORISATION, DECREE, ROAD, folder

REFERENCES = DECREE + '[[act.references]]\nchange = "abrogation"\nnumber = "2026-7"\nsigned = "2026-01-02"\n'


def test_acts_are_loaded_with_their_texts_and_labels(tmp_path: Path) -> None:
    labels = 'topic = "vsa"\n' + REFERENCES.replace("partial", 'communes = ["Paris"]\npartial') + ROAD
    decree, road = load_corpus(folder(tmp_path, labels, road="Première page\n\f\nSeconde page\n"))
    assert (decree.file, decree.at, decree.printed.title) == ("acts/decree.txt", "labels/some.toml:2", AUTHORISATION)
    assert (decree.outcome, decree.kind, decree.partial) == (Outcome.DECREE, Kind.AUTHORISATION, True)
    assert decree.topic == road.topic == "vsa"
    assert decree.facts == {
        "number": "2026-00100",
        "signed": "2026-05-02",
        "starts": "2026-05-03",
        "ends": "2026-05-06",
        "operators": ("SNCF",),
        "communes": ("Paris",),
        "references": ("abrogation n° 2026-7 of 2026-01-02",),
    }
    assert (road.outcome, road.kind, road.facts, road.at) == (Outcome.NOT_CONCERNED, None, {}, "labels/some.toml:18")
    assert road.printed.pages == ("Première page", "Seconde page")
    assert [page.number for page in road.printed.act().pages] == [1, 2]


@pytest.mark.parametrize(
    ("text", "pages"),
    [
        ("", ()),
        (" \n", ()),
        ("un\ndeux\n", ("un\ndeux",)),
        ("un\n\f\ndeux\n\f\ntrois", ("un", "deux", "trois")),
        ("un\n\f\n\f\ntrois", ("un", "", "trois")),
        ("un \f deux", ("un \f deux",)),
    ],
)
def test_a_form_feed_alone_on_a_line_ends_a_page(text: str, pages: tuple[str, ...]) -> None:
    assert pages_of(text) == pages


@pytest.mark.parametrize(
    ("labels", "problem"),
    [
        (DECREE.replace('"authorisation"', '"authorization"'), "labels/some.toml:5: kind: Input should be 'authorisation', 'renewal',"),
        (DECREE.replace("number =", "numero ="), "labels/some.toml:6: numero: Extra inputs are not permitted"),
        (DECREE.replace("2026-05-02", "2 mai 2026"), "labels/some.toml:7: signed: Invalid isoformat string: '2 mai 2026'"),
        (DECREE.replace("2026-05-06", "2025-05-06"), "labels/some.toml:9: ends: before `starts`"),
        (DECREE.replace('["SNCF"]', '["Keolis"]'), "labels/some.toml:10: operators: not in the closed list"),
        (DECREE + 'absent = ["Personne"]\n', "labels/some.toml:12: absent: Personne does not stand in the text"),
        (ROAD + 'kind = "refusal"\n', "labels/some.toml:5: kind: only a decree has it"),
        (ROAD.replace("acts/road.txt", "../road.txt"), "labels/some.toml:2: file: outside the folder"),
        (ROAD + ROAD, "labels/some.toml:6: file: acts/road.txt is already labelled at labels/some.toml:1"),
        (ROAD, "acts/decree.txt: no label names this text"),
        ('topic = "other"\n' + DECREE, "labels/some.toml:1: topic: unknown topic 'other'; there are vsa"),
        ("topic = 1\n" + DECREE, "labels/some.toml:1: topic: unknown topic 1; there are vsa"),
        ("[[act]\n", "labels/some.toml: not valid TOML: "),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, labels: str, problem: str) -> None:
    with pytest.raises(BadCorpus) as raised:
        load_corpus(folder(tmp_path, labels))
    assert [line for line in raised.value.problems if line.startswith(problem)], raised.value.problems


def test_a_text_that_cannot_be_judged_is_told(tmp_path: Path) -> None:
    root = folder(tmp_path, DECREE + ROAD.replace("Arrêté portant interdiction de circuler", " "), road="\n")
    (root / "acts" / "decree.txt").write_bytes(b"arr\xeat\xe9")
    with pytest.raises(BadCorpus) as raised:
        load_corpus(root)
    assert raised.value.problems == (
        "labels/some.toml:2: file: acts/decree.txt: not UTF-8",
        "labels/some.toml:13: file: acts/road.txt is empty, and there is no title: nothing to judge",
    )


def test_a_folder_without_an_act_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "bare").mkdir()
    hollow = folder(tmp_path / "hollow", "# nothing yet\n")
    for text in (hollow / "acts").iterdir():
        text.unlink()
    for name, problem in {"absent": "no such folder", "file": "not a folder", "bare": "no label file", "hollow": "hold no [[act]]"}.items():
        with pytest.raises(BadCorpus, match=problem.replace("[", r"\[")):
            load_corpus(tmp_path / name)
