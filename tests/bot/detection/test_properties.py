"""Damage never makes a decree disappear, what only looks different is judged the same, and no text makes detection fail."""

from __future__ import annotations

import re
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.detection.labelled import Labelled, Printed
from benchmarks.detection.noises import SEEDED, STEADY, Damage
from bot.detection.facts.identity import identities
from bot.detection.judging import judge
from bot.domain.acts import Act, Kind, Outcome
from bot.domain.text import PageText, TextOrigin, fold_letters
from tests.bot.detection.samples import act, corpus
from tests.examples import examples

ACTS = corpus()
POSITIVES = [act for act in ACTS if act.outcome is Outcome.DECREE]
NEGATIVES = [act for act in ACTS if act.outcome is Outcome.NOT_CONCERNED]
WRITTEN = [act for act in POSITIVES if "traitement algorithmique" in act.printed.title]
LOSSLESS = {name: damage for name, damage in {**STEADY, **SEEDED}.items() if name not in {"misread", "usual misreadings"}}
LOOKS = ("squares", "no apostrophes", "no accents", "decomposed", "capitals", "double blanks", "windows lines", "hyphenated", "rewrapped")
"""Damage to blanks, accents, apostrophes, case and line ends: all the letters are there."""


def damages(*names: str) -> st.SearchStrategy[list[tuple[Damage, int]]]:
    one = st.tuples(st.sampled_from(names).map(LOSSLESS.__getitem__), st.integers(0, 10_000))
    return st.lists(one, min_size=1, max_size=3)


def damaged(printed: Printed, several: list[tuple[Damage, int]]) -> Printed:
    for damage, seed in several:
        chance = Random(seed)
        printed = Printed(damage(printed.title, chance), tuple(damage(page, chance) for page in printed.pages))
    return printed


def said(printed: Printed) -> tuple[Outcome, Kind | None]:
    verdict = judge(printed.act())
    return verdict.outcome, verdict.kind


@pytest.mark.parametrize("acts", [POSITIVES, NEGATIVES], ids=["positives", "negatives"])
def test_what_only_looks_different_is_judged_the_same(acts: list[Labelled]) -> None:
    @settings(max_examples=examples(75), deadline=None)
    @given(st.sampled_from(acts), damages(*LOOKS))
    def check(labelled: Labelled, several: list[tuple[Damage, int]]) -> None:
        assert said(damaged(labelled.printed, several)) == said(labelled.printed)

    check()


@settings(max_examples=examples(75), deadline=None)
@given(st.sampled_from(POSITIVES), damages(*LOSSLESS))
def test_no_damage_makes_a_decree_not_concerned(labelled: Labelled, several: list[tuple[Damage, int]]) -> None:
    assert said(damaged(labelled.printed, several))[0] is not Outcome.NOT_CONCERNED


@settings(max_examples=examples(75), deadline=None)
@given(st.sampled_from(WRITTEN), st.data())
def test_two_letters_misread_in_a_title_never_hide_a_decree(labelled: Labelled, data: st.DataObject) -> None:
    title = labelled.printed.title
    letters = [index for index, letter in enumerate(title) if letter.isalpha()]
    for index in data.draw(st.lists(st.sampled_from(letters), min_size=1, max_size=2, unique=True)):
        title = title[:index] + data.draw(st.sampled_from("lic0eo□")) + title[index + 1 :]
    assert said(Printed(title, labelled.printed.pages))[0] is not Outcome.NOT_CONCERNED


@settings(max_examples=examples(75), deadline=None)
@given(st.sampled_from(POSITIVES), st.text(max_size=300), st.text(max_size=300))
def test_strange_pages_around_a_decree_do_not_hide_it(labelled: Labelled, before: str, after: str) -> None:
    printed = Printed(labelled.printed.title, (before, *labelled.printed.pages, after))
    assert said(printed)[0] is not Outcome.NOT_CONCERNED


@settings(max_examples=examples(75), deadline=None)
@given(
    st.text(max_size=120),
    st.lists(st.tuples(st.text(max_size=300), st.sampled_from(TextOrigin)), max_size=4),
    st.booleans(),
)
def test_any_text_gets_a_verdict(title: str, contents: list[tuple[str, TextOrigin]], stand_alone: bool) -> None:
    pages = tuple(PageText(number, text, origin) for number, (text, origin) in enumerate(contents, start=1))
    anything = Act(None, title, None, 1, max(len(pages), 1), pages)
    verdict = judge(anything, stand_alone=stand_alone)
    assert (verdict.kind is not None) == (verdict.outcome is Outcome.DECREE)
    keys = identities("83", "83-2025-07-07-00001", verdict.facts, title)
    assert keys[0] == "act:83-2025-07-07-00001"
    assert len(set(keys)) == len(keys)


OWN_WORDS = re.split(
    ";",
    """algorithmique ;traitement ;images ;vidéoprotection ;arrêté n° ;Vu la loi ;
ARRÊTE
Article 1er : ;est autorisée ;du 31 février 2024 ;au 99 mai 2024 ;n° 2023-828 ;commune de ;« ;Fait à X, le ;
75-2024-01-01-00001 - """,
)


@settings(max_examples=examples(75), deadline=None)
@given(st.lists(st.sampled_from(OWN_WORDS), max_size=60))
def test_its_own_words_in_any_order_never_break_it(words: list[str]) -> None:
    text = "".join(words)
    verdict = judge(act(text, text[:80]))
    original = fold_letters(text[:80] + text)
    for quote in verdict.evidence:
        assert quote.page == 1
        assert all(part in original for part in (fold_letters(piece) for piece in quote.text.split("[…]")))
