"""Damage: what each does, that it is the same at each run, and that it keeps the letters it should keep."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.detection.evaluating import NOISES
from benchmarks.detection.labelled import Labelled, Printed
from benchmarks.detection.noises import STEADY
from bot.domain.acts import Kind, Outcome
from bot.domain.text import fold_words
from tests.benchmarks.detection.folders import AUTHORISATION, BODY
from tests.examples import examples

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
MISREADS = {"misread", "usual misreadings", "ligatures"}


def letters(printed: Printed) -> list[str]:
    """Letters and digits, in no order."""
    return sorted(letter for letter in fold_words(" ".join((printed.title, *printed.pages))) if letter.isalnum())


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


@settings(max_examples=examples(60), deadline=None)
@given(st.sampled_from(sorted(set(NOISES) - MISREADS - TAKES_AWAY - ADDS)), st.integers(0, 1000), st.text(max_size=80))
def test_no_letter_is_lost_where_none_should_be(name: str, seed: int, text: str) -> None:
    # Capitals of some alphabets have other letters: "ŉ" is two.
    strange = name == "capitals" and fold_words(text.upper()) != fold_words(text)
    act = replace(DECREE, printed=Printed(AUTHORISATION, (BODY, "" if strange else text)))
    damaged = NOISES[name].on(act, seed)
    assert damaged is None or letters(damaged) == letters(act.printed)


@pytest.mark.parametrize("name", sorted(ADDS))
def test_what_gets_between_takes_nothing_away(name: str) -> None:
    damaged = NOISES[name].on(DECREE)
    assert damaged is not None
    assert set(" ".join(DECREE.printed.pages).split()) <= set(" ".join(damaged.pages).split())
    assert set(AUTHORISATION.split()) <= set(damaged.title.split())


@pytest.mark.parametrize("name", ["running titles", "separator page"])
def test_an_act_that_bears_an_identifier_is_known_by_it(name: str) -> None:
    damaged = NOISES[name].on(DECREE)
    assert damaged is not None
    assert damaged.id is not None
    assert damaged.id in damaged.pages[0]
    assert damaged.act().id == damaged.id
    listed = replace(DECREE, printed=Printed(AUTHORISATION, (f"{ID}\n{BODY}",)))
    assert NOISES[name].on(listed) is None


def test_contents_only_keeps_the_title_alone() -> None:
    assert NOISES["contents only"].on(DECREE) == Printed(AUTHORISATION, ())


def test_a_lost_title_leaves_the_text_and_a_lost_heading_the_visas() -> None:
    assert NOISES["title lost"].on(DECREE) == Printed("", DECREE.printed.pages)
    without = NOISES["heading lost"].on(DECREE)
    assert without is not None
    assert without.title == AUTHORISATION
    assert without.pages[0].startswith("Vu la loi n° 2023-380")


@pytest.mark.parametrize("name", sorted(TAKES_AWAY))
def test_what_alone_tells_is_never_taken_away(name: str) -> None:
    silent = replace(DECREE, printed=Printed("Arrêté n° 2026-00100", (BODY.replace(AUTHORISATION, "Arrêté n° 2026-00100"),)))
    assert NOISES[name].on(silent) is None
    assert NOISES[name].on(replace(DECREE, outcome=Outcome.UNCERTAIN, kind=None)) is None


def test_a_noise_that_changes_nothing_does_not_apply() -> None:
    plain_act = Labelled("acts/a.txt", Printed("RUE", ("rue",)), Outcome.NOT_CONCERNED)
    assert [name for name in STEADY if NOISES[name].on(plain_act) is not None] == ["capitals"]
