"""Damage: what each does, that it is the same at each run, and that it keeps the letters it should keep."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from benchmarks.detection.evaluating import NOISES
from benchmarks.detection.labelled import Labelled, Printed
from benchmarks.detection.noises import STEADY
from bot.domain.acts import Kind, Outcome
from tests.benchmarks.detection.folders import AUTHORISATION, BODY

ID = "75-2024-05-31-00004"
TEXT = (
    f"Arrêté n° 2024-00699 de l’œuvre du 1er août 2024 ({ID})\n"
    "Vu l'article L. 251-1 ;\n  ARRÊTE :\n1° des traitements algorithmiques particulièrement vidéoprotection, événements prédéterminés"
)
DECREE = Labelled(
    "acts/decree.txt", Printed(AUTHORISATION, (BODY, "Voies et délais\nde recours\nun\ndeux\ntrois\nquatre")), Outcome.DECREE, Kind.RENEWAL
)
TAKES_AWAY = {"contents only", "title lost", "heading lost"}
ADDS = {"running titles", "separator page", "page number in title"}


@pytest.mark.parametrize(
    ("name", "damaged"),
    [
        ("squares", "l□œuvre"),
        ("replacement characters", "l\ufffdœuvre"),
        ("acute apostrophes", "l´article"),
        ("no apostrophes", "Vu l article"),
        ("no accents", "evenements predetermines"),
        ("decomposed", "Arre\u0302te\u0301"),
        ("capitals", "ÉVÉNEMENTS"),
        ("double blanks", "Vu  l'article  L."),
        ("ligatures", "l’ceuvre"),
        ("windows lines", ";\r\n  ARRÊTE"),
        ("no degree signs", "Arrêté n 2024"),
        ("spaced numbers", "n° 2024 -00699"),
        ("spaced capitals", "\n  A R R Ê T E :"),
        ("usual misreadings", "Arrété n° 2024-00699 de I’ceuvre du 1* aovt"),
    ],
)
def test_steady_damage_does_what_it_says(name: str, damaged: str) -> None:
    assert damaged in STEADY[name](TEXT, Random(0))
    assert damaged not in TEXT
    assert ID in STEADY[name](TEXT, Random(0))


@pytest.mark.parametrize("name", NOISES)
def test_each_noise_changes_something_and_is_the_same_at_each_run(name: str) -> None:
    text = replace(DECREE, printed=Printed(f"{AUTHORISATION} 1°", (f"{BODY}\n{TEXT.replace(ID, '')}", *DECREE.printed.pages[1:])))
    once = NOISES[name].on(text, seed=3)
    assert once is not None
    assert once != text.printed
    assert NOISES[name].on(text, seed=3) == once


@pytest.mark.parametrize("name", sorted(ADDS))
def test_what_gets_between_takes_nothing_away(name: str) -> None:
    damaged = NOISES[name].on(DECREE)
    assert damaged is not None
    assert set(" ".join(DECREE.printed.pages).split()) <= set(" ".join(damaged.pages).split())
    assert set(AUTHORISATION.split()) <= set(damaged.title.split())


@pytest.mark.parametrize("name", sorted(TAKES_AWAY))
def test_what_alone_tells_is_never_taken_away(name: str) -> None:
    silent = replace(DECREE, printed=Printed("Arrêté n° 2026-00100", (BODY.replace(AUTHORISATION, "Arrêté n° 2026-00100"),)))
    assert NOISES[name].on(silent) is None
    assert NOISES[name].on(replace(DECREE, outcome=Outcome.UNCERTAIN, kind=None)) is None
