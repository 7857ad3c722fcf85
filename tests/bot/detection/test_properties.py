"""Damage never makes a decree disappear, and no text makes detection fail."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.detection import identities, judge, judge_each
from bot.detection.text import squeezed
from bot.model import Act, Outcome, PageText, TextOrigin
from tests.bot.detection.samples import SEEDED, STEADY, act, corpus

POSITIVES = [sample for sample in corpus() if sample.outcome == "decree"]
WRITTEN = [sample for sample in POSITIVES if "traitement algorithmique" in sample.title]
WITHOUT_LOSS = {name: make for name, make in SEEDED.items() if name != "misread"}

damages = st.one_of(
    st.sampled_from(sorted(STEADY)).map(STEADY.__getitem__),
    st.tuples(st.sampled_from(sorted(WITHOUT_LOSS)), st.integers(0, 10_000)).map(lambda pair: WITHOUT_LOSS[pair[0]](pair[1])),
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(POSITIVES), st.lists(damages, max_size=3))
def test_no_damage_makes_a_decree_not_concerned(sample, several) -> None:  # type: ignore[no-untyped-def]  # hypothesis gives the types
    text, title = sample.text, sample.title
    for damage in several:
        text, title = damage(text), damage(title)
    assert judge(act(text, title)).outcome is not Outcome.NOT_CONCERNED


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(WRITTEN), st.data())
def test_two_letters_misread_in_a_title_never_hide_a_decree(sample, data) -> None:  # type: ignore[no-untyped-def]  # hypothesis gives the types
    letters = [index for index, letter in enumerate(sample.title) if letter.isalpha()]
    title = sample.title
    for index in data.draw(st.lists(st.sampled_from(letters), min_size=1, max_size=2, unique=True)):
        title = title[:index] + data.draw(st.sampled_from("lic0eo□")) + title[index + 1 :]
    assert judge(act(sample.text, title)).outcome is not Outcome.NOT_CONCERNED


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(POSITIVES), st.text(max_size=300), st.text(max_size=300))
def test_strange_pages_around_a_decree_do_not_hide_it(sample, before: str, after: str) -> None:  # type: ignore[no-untyped-def]  # hypothesis gives the types
    pages = tuple(PageText(number, text) for number, text in enumerate([before, sample.text, after], start=1))
    assert judge(Act(None, sample.title, None, 1, 3, pages)).outcome is not Outcome.NOT_CONCERNED


@settings(max_examples=150, deadline=None)
@given(
    st.text(max_size=120),
    st.lists(st.tuples(st.text(max_size=300), st.sampled_from(TextOrigin)), max_size=4),
    st.booleans(),
)
def test_any_text_gets_a_verdict(title: str, contents: list[tuple[str, TextOrigin]], stand_alone: bool) -> None:
    pages = tuple(PageText(number, text, origin) for number, (text, origin) in enumerate(contents, start=1))
    anything = Act(None, title, None, 1, max(len(pages), 1), pages)
    verdicts = judge_each(anything, stand_alone=stand_alone)
    assert verdicts
    for verdict in verdicts:
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


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(OWN_WORDS), max_size=60))
def test_its_own_words_in_any_order_never_break_it(words: list[str]) -> None:
    text = "".join(words)
    verdict = judge(act(text, text[:80]))
    original = squeezed(text[:80] + text)
    for quote in verdict.evidence:
        assert quote.page == 1
        assert all(part in original for part in (squeezed(piece) for piece in quote.text.split("[…]")))
