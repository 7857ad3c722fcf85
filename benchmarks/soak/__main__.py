"""Kills the program again and again while it delivers, and looks what is there: `python -m benchmarks.soak --runs 100`.

Everything is on loopback. Exit code 1 when a post was doubled, lost or out of order.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from benchmarks.soak.figures import report
from benchmarks.soak.lives import Mother
from benchmarks.soak.plan import Mode, Plan, draw
from benchmarks.soak.run import Outcome, lived
from benchmarks.soak.servers import load


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
