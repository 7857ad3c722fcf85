"""Measures how long decrees take from the list of their site to the channel, on a day of all of France: `python -m benchmarks.day`.

The bot is the real one, as `vigie run` wires and drives it; sites, platform, reading processes and time are simulated. Exit code 1 when a
decree was lost or posted twice, or a site asked with bad manners.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

from benchmarks.day.brackets import told
from benchmarks.day.clock import scratch
from benchmarks.day.figures import PARIS, judge, report
from benchmarks.day.reading import COSTS
from benchmarks.day.run import simulate
from benchmarks.day.sites import Plan
from sources.catalogue.authority import load_authorities

TUESDAY, MONDAY = datetime(2026, 11, 10, tzinfo=PARIS), datetime(2026, 11, 9, tzinfo=PARIS)
FIRST_TUESDAY = datetime(2026, 11, 3, tzinfo=PARIS)
HOLIDAY = date(2026, 11, 11)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, simulate, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.day", description=__doc__)
    when = parser.add_mutually_exclusive_group()
    when.add_argument("--week", action="store_true", help="from Monday 9 November 2026, of which the Wednesday is a holiday")
    when.add_argument("--first-week", action="store_true", help="Tuesday 3 November 2026, when October is watched too")
    when.add_argument("--days", type=float, help="from Monday 9 November 2026, with troubles: whether brackets of publication are true")
    parser.add_argument("--every-nth", type=int, default=1, metavar="N", help="of the authorities, one in so many (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="what chance is drawn from (%(default)s)")
    options = parser.parse_args(arguments)
    authorities = dict(list(load_authorities().items())[:: options.every_nth])
    first, days = (MONDAY, 7.0) if options.week else (FIRST_TUESDAY if options.first_week else TUESDAY, 1.0)
    # As many decrees as a quarter of the recueils of all of France: far more than there are, and no more than a channel shows in a day.
    plan = Plan(authorities, first, days, options.seed, frozenset({HOLIDAY}), min(1.0, 0.25 * options.every_nth))
    if options.days:
        plan = replace(plan, start=MONDAY, days=options.days, decrees=0.0, troubles=True)
    with scratch() as folder:
        record = simulate(plan, Path(folder), COSTS)
    if plan.troubles:
        print(told(record.brackets, record.stored, plan, sum(record.sites.values())))
        return 1 if not all(bracket.is_true for bracket in record.brackets) else 0
    figures = judge(record)
    print(report(figures, plan))
    return 1 if figures.faults else 0


if __name__ == "__main__":
    sys.exit(main())
