"""A topic is a folder: one that a host adds is judged and posted like those of Vigie; what is wrong in one is said with file and line."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from benchmarks.detection.__main__ import main
from benchmarks.detection.corpus import load_corpus
from bot.app.config.errors import ConfigError
from bot.app.config.loading import read_configuration
from bot.app.config.topics import check_topics
from bot.detection.judging import judge_topics
from bot.domain.acts import Judged, Kind, Outcome
from bot.domain.topics import topics, use_topics_of
from bot.ingest.judging import decree_of
from bot.messages.announcement import announce, plain
from bot.messages.lines import MessageInput
from tests.bot.messages.samples import DROME
from tools.topics import main as make_check

OWN = Path(__file__).parent / "own_topics"
CORPUS = OWN / "body_cameras" / "corpus"


@pytest.fixture(autouse=True)
def _only_those_of_vigie_afterwards() -> Iterator[None]:
    yield
    use_topics_of(None)


def configured(folder: Path, topics_folder: Path) -> None:
    (folder / "config.toml").write_text(f'[watch]\ntopics_folder = "{topics_folder}"\n', encoding="utf-8")


def test_a_topic_is_added_by_a_folder(tmp_path: Path) -> None:
    configured(tmp_path, OWN)
    read_configuration(tmp_path / "config.toml", {}, known_codes=None)
    assert [*topics()] == ["vsa", "drones", "perimeters", "body_cameras"]
    authorisation, *_ = load_corpus(CORPUS)
    act = authorisation.printed.act()
    [verdict] = judge_topics(act, tuple(topics()))
    assert (verdict.topic, verdict.outcome, verdict.kind) == ("body_cameras", Outcome.DECREE, Kind.AUTHORISATION)
    decree = decree_of("26", "https://www.drome.gouv.fr/a.pdf", date(2025, 2, 25), Judged(act, verdict))
    post = plain(announce(MessageInput(decree, DROME, datetime(2025, 2, 25, 12, tzinfo=UTC), "fr")))
    assert post.startswith("📢 Autorisation de caméras-piétons\nDrôme (26), Préfecture de la Drôme\n")
    assert (
        "Quand : du 1er mars 2025 au 28 février 2026\n"
        "Autorisation donnée à : Police municipale de Valence\n"
        "Pour : prévention des incidents, constat des infractions, formation des agents\n"
        "Caméras : 12\n"
    ) in post
    assert post.endswith("\n#CamérasPiétons #Drôme #dept26")


def test_its_labelled_acts_are_met_and_those_of_vigie_s_topics_are_not_taken_for_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(CORPUS), "--no-noise"]) == 2
    assert "topic: unknown topic 'body_cameras'; there are vsa, drones, perimeters" in capsys.readouterr().err
    assert main(["--topics", str(OWN), str(CORPUS), "--no-noise"]) == 0
    assert "6 acts: 3 decrees, 0 uncertain, 3 not concerned" in capsys.readouterr().out


WRONG = [
    ("topic.toml", "rank = 10", 'rank = "first"', "topic.toml:3: rank: expected a whole number"),
    ("topic.toml", "without", "witout", 'topic.toml:5: witout: unknown section; did you mean "without"?'),
    ("topic.toml", "evidence =", "rescue =", "topic.toml:11: purposes.rescue: drones has a purpose of this code"),
    ("topic.toml", '"camera_types"', '"camera_type"', "topic.toml:5: without[2]: must be one of "),
    ("topic.toml", "checked = 2026-12-02", "", "topic.toml:15: window[0].checked: is required"),
    ("topic.toml", "rank = 10", "rank = ", "topic.toml:3: not valid TOML: invalid value (column 8)"),
    ("cues.toml", "misreads", "misread", "cues.toml:4: misread: no cue has this name; there are: gate, misread_signs, misreads"),
    (
        "cues.toml",
        "[around]",
        '[around]\nfields = ["police"]',
        "cues.toml:16: around.fields: no cue has this name; there are: field, seen,",
    ),
    ("cues.toml", '["police municipale", "policiers municipaux", "interventions?"]', "[]", "cues.toml:16: around.field: is empty"),
    ("cues.toml", '"policiers municipaux"', '"policiers (municipaux"', "cues.toml:16: around.field: does not compile: missing ), unterm"),
    ("cues.toml", '["audiovisuel", "cameras?"]', '"cameras?"', "cues.toml:18: around.seen: must be a list of patterns: [ … ]"),
    (
        "cues.toml",
        "recording_of_interventions",
        "recording-of",
        "cues.toml:7: objects.strong.recording-of: is no name: letters, digits and _",
    ),
    ("purposes.toml", 'code = "training"', 'code = "train"', "purposes.toml:13: purpose[2].code: is not in topic.toml"),
    ("purposes.toml", 'code = "training"', 'code = "train"', "purpose: no words for training, which is in topic.toml"),
    ("purposes.toml", '"formation des agents"', '"formation des (agents"', "purposes.toml:14: purpose[2].patterns[1]: does not compile: "),
    ("law.toml", "(?!\\\\d)", "(?!\\\\d", "law.toml:4: legal_basis[0].pattern: does not compile: missing ), unterminated subpattern"),
    ("fr.toml", 'short = "caméras-piétons"', "", "fr.toml:1: short: is missing"),
    ("en.toml", 'refusal = "⛔ Body cameras refused"', "", "en.toml:14: kinds.refusal: is missing"),
    (
        "en.toml",
        'training = "training of officers"',
        'teaching = "training of officers"',
        "en.toml:33: purposes.teaching: no word has this name; there are: incidents, evidence, training",
    ),
    ("en.toml", 'training = "training of officers"', 'teaching = "training of officers"', "en.toml:30: purposes.training: is missing"),
    ("en.toml", 'short = "body cameras"', "short = 1", "en.toml:2: short: must be a text"),
    ("en.toml", "body ?cam(", "body ?cam(((", "en.toml:10: asked: does not compile: missing ), unterminated subpattern"),
    ("en.toml", 'texts = ["', 'texts = ["", "', "en.toml:50: about.texts: is empty"),
    ("fr.toml", "[card]", "[cards]", "fr.toml:54: cards: no word has this name"),
    ("en.toml", "[facts]", "[fact]", "en.toml:40: fact: no word has this name; there are: short, name, noun, on"),
]


@pytest.mark.parametrize(("file", "right", "wrong", "said"), WRONG)
def test_what_is_wrong_in_a_folder_is_said_with_file_and_line(tmp_path: Path, file: str, right: str, wrong: str, said: str) -> None:
    shutil.copytree(OWN, tmp_path / "own")
    changed = tmp_path / "own" / "body_cameras" / file
    text = changed.read_text("utf-8")
    assert right in text
    changed.write_text(text.replace(right, wrong, 1), encoding="utf-8")
    configured(tmp_path, tmp_path / "own")
    with pytest.raises(ConfigError) as raised:
        read_configuration(tmp_path / "config.toml", {}, known_codes=None)
    assert [line for line in raised.value.problems if f"body_cameras/{said}" in line or line.endswith(said)], raised.value.problems
    assert [*topics()] == ["vsa", "drones", "perimeters"]


def test_a_folder_that_is_none_of_a_topic_is_said(tmp_path: Path) -> None:
    (tmp_path / "own" / "vsa").mkdir(parents=True)
    named, *missing = check_topics(tmp_path / "own")
    assert named.endswith("own/vsa: Vigie has a topic of this name")
    assert [line.rpartition("/")[2] for line in missing] == [
        f"{name}.toml: cannot be read: No such file or directory" for name in ("topic", "cues", "purposes", "law", "fr", "en")
    ]
    configured(tmp_path, tmp_path / "absent")
    with pytest.raises(ConfigError, match=r"config.toml:2: watch.topics_folder: there is no folder .*absent, or it cannot be entered"):
        read_configuration(tmp_path / "config.toml", {}, known_codes=None)


def test_make_check_says_it_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert make_check([]) == 0
    assert make_check([str(tmp_path)]) == 2
    assert "holds no folder of a topic" in capsys.readouterr().err
