"""Kills the program again and again while it delivers, and looks what is there: `python -m benchmarks.soak --runs 100`.

Everything is on loopback. Exit code 1 when a post was doubled, lost or out of order.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from benchmarks.soak.lives import Mother
from benchmarks.soak.plan import Mode, Plan, Step, draw
from benchmarks.soak.run import Outcome, lived
from benchmarks.soak.servers import load


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


def soak(plans: Iterable[Plan], folder: Path, *, beside: int = 1) -> list[Outcome]:
    """Live these runs, so many beside each other: most of the time they wait."""
    load()
    mothers: SimpleQueue[tuple[Mother, Mother]] = SimpleQueue()
    started = [Mother() for _ in range(2 * beside)]
    for pair in zip(started[::2], started[1::2], strict=True):
        mothers.put(pair)

    def one(plan: Plan) -> Outcome:
        own = folder / plan.name.replace("/", "-")
        own.mkdir()
        pair = mothers.get()
        try:
            return lived(plan, pair, own)
        finally:
            mothers.put(pair)

    try:
        with ThreadPoolExecutor(beside) as pool:
            return list(pool.map(one, plans))
    finally:
        for mother in started:
            mother.__exit__(None, None, None)


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw, live, report."""
    options = _options(arguments)
    numbers = range(options.runs) if options.only is None else [options.only]
    before = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="vigie-soak-") as name:
        folder = Path(options.keep or name)
        folder.mkdir(parents=True, exist_ok=True)
        outcomes = soak([draw(options.seed, number, options.reconcile) for number in numbers], folder, beside=options.beside)
    print(f"seed {options.seed}, reconcile = {options.reconcile}, {time.monotonic() - before:.0f} s")
    print(report(outcomes))
    return 0 if all(outcome.is_well for outcome in outcomes) else 1


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--runs", type=int, default=100, help="how many runs (100), with up to four kills each")
    parser.add_argument("--seed", type=int, default=1, help="what chance is drawn from (1)")
    parser.add_argument("--only", type=int, metavar="N", help="live only the N-th run of the seed, from 0")
    modes: tuple[Mode, ...] = ("probe", "hold", "resend")
    parser.add_argument("--reconcile", choices=modes, default="probe", help="telegram.reconcile (probe)")
    parser.add_argument("--beside", type=int, default=4, help="runs lived beside each other (4)")
    parser.add_argument("--keep", metavar="FOLDER", help="keep databases and logs there")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
