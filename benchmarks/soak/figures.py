"""What many runs came to. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from benchmarks.soak.plan import Step
from benchmarks.soak.run import Outcome


def report(outcomes: Sequence[Outcome]) -> str:
    """A table by step, the sums, and every run that went wrong with how to live it again. Faults of a run count for each of its steps."""
    head: tuple[str, ...] = ("killed at", "kills", "runs", "doubled", "lost", "out of order")
    rows = [head]
    for step in Step:
        runs = [outcome for outcome in outcomes if step in outcome.killed]
        kills = sum(Counter(outcome.killed)[step] for outcome in runs)
        rows.append((step.value, str(kills), *_faults(runs)))
    rows.append(("all", str(sum(len(outcome.killed) for outcome in outcomes)), *_faults(outcomes)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = [
        "  ".join(
            cell.ljust(width) if not place else cell.rjust(width) for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    lines.append(f"{sum(outcome.posts for outcome in outcomes)} posts; {sum(len(outcome.held) for outcome in outcomes)} held for a person")
    return "\n".join([*lines, *(_told(outcome) for outcome in outcomes if not outcome.is_well)])


def _faults(outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    sums = (
        sum(len(names) for names in found) for found in zip(*((one.doubled, one.lost, one.disordered) for one in outcomes), strict=True)
    )
    return (str(len(outcomes)), *(map(str, sums) if outcomes else ("0", "0", "0")))


def _told(outcome: Outcome) -> str:
    what = {
        "doubled": outcome.doubled,
        "lost": outcome.lost,
        "held": outcome.held,
        "out of order": outcome.disordered,
        "wrong": outcome.wrong,
    }
    said = "; ".join(f"{name}: {', '.join(those)}" for name, those in what.items() if those)
    return f"run {outcome.plan.name}: {said} (killed: {'; '.join(outcome.killed) or 'never'})"
