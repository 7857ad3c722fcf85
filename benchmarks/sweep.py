"""What it costs to watch the whole of France: `python -m benchmarks.sweep`.

Every source of the catalogue is a simulated site (`tests.france`), all behind one address. The same hours are lived twice, once with the
trail that Vigie remembers of each source, once by the baseline: the same crawler with no memory, which begins at the root each time. The
clock is simulated, so that the figures depend on no machine; requests and bytes are counted where they arrive.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import mean

from sources.catalogue.authority import load_authorities
from tests.france.country import France
from tests.france.serving import Shortcut
from tests.france.sweep import Clock, Sweep, Sweeper, client

START = datetime(2026, 9, 16, 8, 0, tzinfo=UTC)
"""A Wednesday at 10 in Paris, in the middle of a month (in its first week the month before is asked too)."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What some hours of watching cost. `published` counts the recueils that came until the last sweep, `found` those of them it listed."""

    sources: int
    hours: float
    first: Sweep
    sweeps: tuple[Sweep, ...]
    published: int
    found: int

    @property
    def pages(self) -> float:
        """Requests for pages in one sweep, on average."""
        return mean(sweep.pages for sweep in self.sweeps)

    @property
    def fewest(self) -> int:
        """Requests for pages in the sweep in which least was new."""
        return min(sweep.pages for sweep in self.sweeps)

    @property
    def kilobytes(self) -> float:
        """The size of the answers to one sweep, on average, not compressed."""
        return mean(sweep.bytes for sweep in self.sweeps) / 1024

    @property
    def minutes(self) -> float:
        """Simulated time from the first request of a sweep to its last, on average."""
        return mean(sweep.seconds for sweep in self.sweeps) / 60

    @property
    def shortest(self) -> float:
        """Minutes of the sweep in which least was new."""
        return min(sweep.seconds for sweep in self.sweeps) / 60


async def watch(hours: float, every: timedelta, *, remembers: bool) -> Cost:
    """Live these hours in France, a sweep each `every` (or one after the other, where a sweep takes longer)."""
    france = France(load_authorities(), START)
    clock = Clock(START, france)
    door = Shortcut(france, clock.monotonic)
    sweeps: list[Sweep] = []
    async with client(france, door, clock) as polite:
        sweeper = Sweeper(france, door, clock, polite, remembers=remembers)
        first = await sweeper()
        seen = _listed(first)
        last = START
        while france.now < START + timedelta(hours=hours):
            clock.advance(max(timedelta(0), START + (len(sweeps) + 1) * every - france.now))
            last = france.now
            sweep = await sweeper()
            if sweep.failed:
                raise RuntimeError(f"not a fair run: {next(iter(sweep.failed.values()))}")
            seen |= _listed(sweep)
            sweeps.append(sweep)
    # What came during the last sweep itself is for the next one to find.
    france.at(last)
    published = {
        (source.key, france.address(source, recueil)) for source in france.sources for recueil in france.online(source, since=START)
    }
    return Cost(len(france.sources), hours, first, tuple(sweeps), len(published), len(published & seen))


def _listed(sweep: Sweep) -> set[tuple[str, str]]:
    return {(key, entry.url) for key, crawl in sweep.crawls.items() for entry in crawl.listed}


def report(trail: Cost, root: Cost, every: timedelta) -> str:
    """The two beside each other, with the ratio of the baseline to Vigie."""
    rows = (
        ("first look: requests for pages", trail.first.pages, root.first.pages),
        ("a sweep: requests for pages", trail.pages, root.pages),
        ("  for each source", trail.pages / trail.sources, root.pages / root.sources),
        ("  where least was new", trail.fewest, root.fewest),
        ("a sweep: kilobytes", trail.kilobytes, root.kilobytes),
        ("a sweep: minutes at the default rate", trail.minutes, root.minutes),
        ("  where least was new", trail.shortest, root.shortest),
        ("new recueils listed", trail.found, root.found),
        ("new recueils published meanwhile", trail.published, root.published),
    )
    head = (
        f"Simulated France: {trail.sources} sources behind one address, {trail.hours:g} h from {START:%Y-%m-%d %H:%M} UTC, "
        f"a sweep every {every.total_seconds() / 60:g} minutes ({len(trail.sweeps)} and {len(root.sweeps)} sweeps)"
    )
    lines = [head, "", f"{'':40}{'trail':>10}{'from root':>12}{'ratio':>8}"]
    lines += [f"{name:40}{_number(ours):>10}{_number(theirs):>12}{theirs / ours:>8.1f}" for name, ours, theirs in rows if ours]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sweep", description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--days", type=float, default=0.5, help="simulated days to watch (default: %(default)s)")
    parser.add_argument("--every", type=float, default=120, metavar="MINUTES", help="from one sweep to the next (default: %(default)s)")
    options = parser.parse_args(arguments)
    if options.days <= 0 or options.every <= 0:
        parser.error("--days and --every must be more than 0")
    every = timedelta(minutes=options.every)
    trail, root = (asyncio.run(watch(24 * options.days, every, remembers=remembers)) for remembers in (True, False))
    print(report(trail, root, every))


def _number(value: float) -> str:
    return f"{value:.0f}" if isinstance(value, int) or value >= 100 else f"{value:.2f}"


if __name__ == "__main__":
    main()
