"""The labelled corpus: every act of it, then precision and recall over all, printed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.detection import judge
from bot.model import Facts, Outcome
from tests.bot.detection.samples import SEEDED, STEADY, Sample, corpus

SAMPLES = corpus()
POSITIVES = [sample for sample in SAMPLES if sample.outcome == "decree"]


def test_the_corpus_is_large_enough_to_mean_something() -> None:
    assert len(SAMPLES) >= 50
    assert len(POSITIVES) >= 25
    assert len({sample.name for sample in SAMPLES}) == len(SAMPLES)
    assert {sample.kind for sample in POSITIVES} == {"authorisation", "renewal", "modification", "abrogation", "suspension", "refusal"}


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_outcome_and_kind(sample: Sample) -> None:
    verdict = judge(sample.act())
    assert (verdict.outcome, verdict.kind) == (sample.outcome, sample.kind), verdict.evidence


@pytest.mark.parametrize("sample", POSITIVES, ids=lambda sample: sample.name)
def test_facts(sample: Sample) -> None:
    facts = judge(sample.act()).facts
    assert {name: shown(facts, name) for name in sample.expected} == sample.expected


@pytest.mark.parametrize("sample", POSITIVES, ids=lambda sample: sample.name)
def test_every_fact_has_its_evidence(sample: Sample) -> None:
    verdict = judge(sample.act())
    about = {quote.about for quote in verdict.evidence}
    assert "verdict" in about
    for name in Facts.__slots__:
        if getattr(verdict.facts, name):
            assert ("period" if name in {"starts", "ends"} else name) in about


@pytest.mark.parametrize("sample", [sample for sample in POSITIVES if sample.absent], ids=lambda sample: sample.name)
def test_no_name_of_a_person_is_shown(sample: Sample) -> None:
    verdict = judge(sample.act())
    shown = " ".join([repr(verdict.facts), *(quote.text for quote in verdict.evidence)]).lower()
    assert all(name.lower() in sample.text.lower() for name in sample.absent)
    assert [name for name in sample.absent if name.lower() in shown] == []


def test_precision_and_recall(capsys: pytest.CaptureFixture[str]) -> None:
    found = missed = false = queued = 0
    damages: list[tuple[str, Callable[[str], str]]] = [
        ("as written", str),
        *STEADY.items(),
        *((name, make(seed)) for name, make in SEEDED.items() for seed in range(3)),
    ]
    rows = []
    for name, damage in damages:
        verdicts = [(sample, judge(sample.act(damage)).outcome) for sample in SAMPLES]
        hits = sum(outcome is Outcome.DECREE for sample, outcome in verdicts if sample.outcome == "decree")
        wrong = sum(outcome is Outcome.DECREE for sample, outcome in verdicts if sample.outcome != "decree")
        dropped = sum(outcome is Outcome.NOT_CONCERNED for sample, outcome in verdicts if sample.outcome == "decree")
        rows.append((name, hits, wrong, dropped))
        found, false, missed = found + hits, false + wrong, missed + len(POSITIVES) - hits
        queued += sum(outcome is Outcome.UNCERTAIN for _, outcome in verdicts)
    precision, recall = found / (found + false), found / (found + missed)
    with capsys.disabled():
        print(f"\n{len(SAMPLES)} acts ({len(POSITIVES)} decrees) x {len(damages)} damages: precision {precision:.4f}, recall {recall:.4f}")
        for name, hits, wrong, dropped in rows:
            print(f"  {name:16} found {hits}/{len(POSITIVES)}, announced wrongly {wrong}, dropped {dropped}")
    as_written = rows[0]
    assert as_written[1:] == (len(POSITIVES), 0, 0)
    assert precision >= 0.99
    assert recall >= 0.97
    assert all(dropped == 0 for *_, dropped in rows)


def shown(facts: Facts, name: str) -> object:
    value = getattr(facts, name)
    if name == "purposes":
        return len(value)
    if name == "signed":
        return value and value.isoformat()
    if name in {"starts", "ends"}:
        return value and value.isoformat()
    return list(value) if isinstance(value, tuple) else value
