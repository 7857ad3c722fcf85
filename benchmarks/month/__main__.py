"""Lets a month pass in which pages vanish, hosts swap and the shared address goes down: `python -m benchmarks.month`.

The bot that polls, reads, judges, stores and queues is the real one; sites and clock are simulated, and what a PDF holds is given as text.
Exit code 1 when anything was missed, posted wrongly, not noticed, or asked for with bad manners.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks.month.figures import judge, report, to_json
from benchmarks.month.plan import LEAST_SOURCES, draw
from benchmarks.month.run import EVERY, scratch, simulate


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw, let pass, judge, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.month", description=__doc__)
    parser.add_argument("--sources", type=int, default=40, help=f"how many, {LEAST_SOURCES} at least (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="what chance is drawn from (%(default)s)")
    parser.add_argument("--days", type=float, default=30, help="simulated days, 4 at least (%(default)s)")
    parser.add_argument(
        "--every", type=float, default=EVERY / timedelta(minutes=1), metavar="MINUTES", help="watch.every_minutes (%(default)g)"
    )
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args(arguments)
    if options.days < 4 or options.every <= 0:
        parser.error("--days must be 4 or more, and --every must be more than 0")
    try:
        plan = draw(options.seed, options.sources, options.days)
    except ValueError as error:
        parser.error(str(error))
    before = time.monotonic()

    def on_day(now: datetime) -> None:
        print(f"{now:%Y-%m-%d}, after {time.monotonic() - before:.0f} s", file=sys.stderr)

    with scratch() as folder:
        record = asyncio.run(simulate(plan, Path(folder), every=timedelta(minutes=options.every), on_day=on_day))
    figures = judge(record)
    print(json.dumps(to_json(figures), ensure_ascii=False, indent=2) if options.json else report(figures))
    return 1 if figures.faults else 0


if __name__ == "__main__":
    sys.exit(main())
