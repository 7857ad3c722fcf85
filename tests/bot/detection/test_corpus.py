"""The labelled corpus: every act of it as it is, of which the figures are printed, then a share of the damage, which is larger at night."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import cycle

import pytest

from benchmarks.detection import evaluating
from benchmarks.detection.evaluating import NOISES, assess, evaluate, judged, lines, trials
from benchmarks.detection.labelled import Labelled
from bot.detection import judging
from bot.detection.text.cues import reason_words
from bot.detection.text.document import signs
from bot.domain.acts import Act, Facts, Kind, Outcome, Verdict
from bot.domain.facts import FACTS
from tests.bot.detection.samples import ABOUT, corpus
from tests.examples import PROFILE

ACTS = corpus()
DECREES = [act for act in ACTS if act.outcome is Outcome.DECREE]
DAMAGED = ACTS[::5] if PROFILE == "steady" else ACTS
# Each is judged once in a process.
ONCE = cache(judged)


def test_the_corpus_is_large_enough_to_mean_something() -> None:
    assert len(ACTS) >= 250
    assert len(DECREES) >= 100
    assert sum(act.outcome is Outcome.UNCERTAIN for act in ACTS) >= 10
    assert {act.kind for act in DECREES} == set(Kind)
    assert sum(len(act.printed.pages) > 1 for act in ACTS) >= 5


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.file)
def test_every_label_is_met_and_every_verdict_says_what_it_rests_on(act: Labelled) -> None:
    """Outcome, kind, every fact and no other, no name of a person; each fact and reason with its evidence. One judgement for all."""
    given = act.printed.act()
    verdicts = ONCE(given)
    missed = [(mistake.about, mistake.expected, mistake.found) for mistake in assess(act, verdicts).mistakes]
    assert missed == [], (act.at, act.note)
    for verdict in verdicts:
        _says_what_it_rests_on(given, verdict)


def _says_what_it_rests_on(given: Act, verdict: Verdict) -> None:
    about = {quote.about for quote in verdict.evidence}
    match verdict.outcome:
        case Outcome.DECREE:
            facts = {fact.about for fact in FACTS if getattr(verdict.facts, fact.name)}
            assert {"verdict", "verb", *facts} <= about
        case Outcome.UNCERTAIN:
            assert any(reason_words(quote.cue) for quote in verdict.evidence)
        case Outcome.NOT_CONCERNED:
            assert bool(verdict.evidence) is bool(signs(given, ["vsa"]))
    if verdict.outcome is not Outcome.DECREE:
        assert (verdict.kind, verdict.facts) == (None, Facts())
    assert all(quote.where is not None for quote in verdict.evidence)
    assert all(quote.cue for quote in verdict.evidence if quote.about in ABOUT)


def test_precision_and_recall(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Each act meets one noise besides, and each noise many acts. `make evaluate` takes them all, with the facts of all."""
    clean = list(trials(ACTS, ()))
    met = [(act, noise.name, noise.on(act)) for act, noise in zip(DAMAGED, cycle(NOISES.values()), strict=False)]
    noisy = [(act, name, damaged) for act, name, damaged in met if damaged is not None]
    for _, _, printed in (*clean, *noisy[::5]):
        ONCE(printed.act())
    # What is asserted of the other damaged acts is whether they are decrees.
    monkeypatch.setattr(judging, "facts_of", lambda *_: (Facts(), ()))
    monkeypatch.setattr(evaluating, "judged", ONCE)
    evaluation = evaluate([*clean, *noisy])
    with capsys.disabled():
        print("", *lines(replace(evaluation, noisy={}), 0), sep="\n")
    assert set(evaluation.noisy) == set(NOISES)
    assert evaluation.clean.precision == evaluation.clean.recall == 1
    assert evaluation.clean.dropped == evaluation.all_noises.dropped == 0
    assert evaluation.all_noises.precision is not None
    assert evaluation.all_noises.recall is not None
    assert evaluation.all_noises.precision >= 0.99
    assert evaluation.all_noises.recall >= 0.99


@pytest.mark.parametrize(
    ("noise", "name"),
    [
        ("interleaved layers", "n-ministere-decret-reproduit"),
        ("heading lost", "b-ministerial-text"),
        ("running titles", "b-aside-circulaire-relative-a-la-videoprotection"),
        ("separator page", "b-aside-circulaire-relative-a-la-videoprotection"),
    ],
)
def test_a_text_of_the_state_is_announced_under_no_damage(noise: str, name: str) -> None:
    act = next(act for act in ACTS if act.file == f"acts/{name}.txt")
    damaged = NOISES[noise].on(act)
    assert damaged is not None
    assert all(verdict.outcome is not Outcome.DECREE for verdict in judged(damaged.act()))
