"""An evaluation, told to people line by line, and to programs as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from benchmarks.detection.evaluating import Evaluation
from benchmarks.detection.labelled import LABELLED
from benchmarks.detection.score import Marks, Mistake, Tally
from bot.domain.acts import Kind
from bot.messages.words import clean


def lines(evaluation: Evaluation, errors: int) -> Iterator[str]:
    """The tables, then the first `errors` mistakes of the clean part, and as many of the damaged ones."""
    tally = evaluation.clean
    others = tally.acts - tally.decrees - tally.doubtful
    yield f"{tally.acts} acts: {tally.decrees} decrees, {tally.doubtful} uncertain, {others} not concerned"
    yield ""
    yield from _outcomes(evaluation)
    yield ""
    yield from _kinds(tally)
    yield ""
    yield from _facts(tally)
    yield ""
    yield from _mistakes("as they are", evaluation.mistakes, errors)
    if evaluation.noisy:
        yield ""
        yield from _mistakes("damaged (outcomes and kinds)", evaluation.noisy_mistakes, errors)


def evaluation_json(folder: str, evaluation: Evaluation) -> dict[str, Any]:
    """What `--json` prints. Keys are a contract (add, never rename): those of `score.Tally` with `precision` and `recall` (null where they
    mean nothing) for `clean`, each of `noises` and `all_noises` (null without noise), and those of `score.Mistake`.
    """

    def counted(tally: Tally) -> dict[str, Any]:
        return {**asdict(tally), "precision": tally.precision, "recall": tally.recall}

    return {
        "folder": folder,
        "seed": evaluation.seed,
        "clean": counted(evaluation.clean),
        "noises": [{"noise": noise, **counted(tally)} for noise, tally in evaluation.noisy.items()],
        "all_noises": counted(evaluation.all_noises) if evaluation.noisy else None,
        "mistakes": list(map(asdict, evaluation.mistakes)),
        "noisy_mistakes": list(map(asdict, evaluation.noisy_mistakes)),
    }


def _outcomes(evaluation: Evaluation) -> Iterator[str]:
    yield (
        f"{'decree or not':<24}{'precision':>9}{'recall':>9}{'decrees':>9}{'found':>7}{'false':>7}{'dropped':>9}"
        f"{'uncertain':>20}{'kind wrong':>12}{'facts right':>13}"
    )
    rows = {"as they are": evaluation.clean, **evaluation.noisy}
    if evaluation.noisy:
        rows["all noises"] = evaluation.all_noises
    for name, tally in rows.items():
        # Uncertain verdicts where the label says so are right: they are told beside the others.
        uncertain = f"{tally.queued} ({tally.doubtful_right}/{tally.doubtful})"
        yield (
            f"{name:<24}{_share(tally.precision):>9}{_share(tally.recall):>9}{tally.decrees:>9}{tally.found:>7}{tally.false:>7}{tally.dropped:>9}"
            f"{uncertain:>20}{tally.found - tally.kinds_right:>12}{_right(tally.all_facts):>13}"
        )
    yield "uncertain: verdicts that ask a person to look, and of the acts labelled so how many. dropped: decrees said to be not concerned."


def _kinds(tally: Tally) -> Iterator[str]:
    yield f"{'kind':<24}{'right':>9}"
    for kind in Kind:
        if kind.value not in tally.kinds:
            continue
        said = tally.kinds[kind.value]
        others = ", ".join(f"{count} as {name}" for name, count in sorted(said.items()) if name != kind.value)
        right = f"{said.get(kind.value, 0)}/{sum(said.values())}"
        yield f"{kind.value:<24}{right:>9}{f'   {others}' if others else ''}"


def _facts(tally: Tally) -> Iterator[str]:
    yield f"{'fact':<24}{'right':>9}{'wrong':>9}{'missing':>9}{'invented':>9}"
    for name in (fact.name for fact in LABELLED):
        marks = tally.facts.get(name)
        if marks is not None:
            yield f"{name:<24}{marks.right:>9}{marks.wrong:>9}{marks.missing:>9}{marks.invented:>9}"


def _mistakes(where: str, mistakes: Sequence[Mistake], errors: int) -> Iterator[str]:
    yield f"errors on the acts {where}: {len(mistakes)}"
    for mistake in mistakes[:errors]:
        noise = f" [{mistake.noise}]" if mistake.noise else ""
        # What is found is text of the act, whatever it is: it never moves the cursor of a terminal.
        yield f"  {clean(f'{mistake.file}{noise} ({mistake.at}) {mistake.about}: expected {mistake.expected}, found {mistake.found}')}"
    if len(mistakes) > errors:
        yield f"  and {len(mistakes) - errors} more (--errors)"


def _share(share: float | None) -> str:
    # Rounded down: 1.0000 is when nothing is missed.
    return "-" if share is None else f"{int(share * 10_000) / 10_000:.4f}"


def _right(marks: Marks) -> str:
    labelled = marks.right + marks.wrong + marks.missing
    return f"{marks.right}/{labelled}" if labelled else "-"
