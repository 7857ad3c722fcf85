"""Measures how long recueils wait for a poll, and nothing else, in three weeks of all departments: `python -m benchmarks.day.polls`.

The rhythm is the real one (`bot.ingest.decisions`), of a bot that has watched for two months; each poll finds all that is there. What
is expected of any source is learned from those two months of all.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from random import Random
from statistics import mean
from zoneinfo import ZoneInfo

from benchmarks.day.figures import PARIS, quantile
from benchmarks.day.sites import KNOWN, is_measured
from bot.app.config.model import WatchSettings
from bot.domain.records import Publication
from bot.ingest.decisions import PublicationStats, interval, learn
from sources.catalogue.authority import load_authorities
from tests.france.publications import publications

START = datetime(2026, 11, 2, tzinfo=PARIS)

_ROUNDS = 5
"""What is expected of any source is learned from all of them, and they are learned anew by it: after some rounds it no longer changes."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What was seen of one source: the minutes that its recueils waited, in working hours and else, and its polls on each working day."""

    working: tuple[float, ...]
    other: tuple[float, ...]
    polls: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often to poll; `every_source` is what was learned of all of them before."""

    every: timedelta
    slowest: timedelta
    every_source: tuple[PublicationStats, ...] = ()


def known_of(name: str, host: str, zone: ZoneInfo) -> list[Publication]:
    """What was found of a source before."""
    ups = (recueil.up for recueil in publications(name, host, zone))
    return [Publication(up.date(), up + timedelta(minutes=7)) for up in ups if START - KNOWN < up < START]


def watch(name: str, host: str, zone: ZoneInfo, rhythm: Rhythm, *, days: int) -> Watched:
    """Poll a source for so many days."""
    chance, end, known = Random(name), START + timedelta(days=days), known_of(name, host, zone)
    waiting = [recueil.up for recueil in publications(name, host, zone) if START <= recueil.up < end]
    working, other, polls = list[float](), list[float](), Counter[date]()
    now, habits = START - timedelta(minutes=chance.uniform(0, 60)), learn(known, zone, START, rhythm.every_source)
    while now < end:
        local = now.astimezone(zone)
        if local.weekday() < 5 and now >= START:
            polls[local.date()] += 1
        found = list(_until(waiting, now))
        for up in found:
            is_working = up.weekday() < 5 and 8 <= up.hour < 20
            (working if is_working else other).append((now - up) / timedelta(minutes=1))
        if found:
            known += [Publication(up.date(), now) for up in found]
            # All of them publish on as this one does: what it publishes compared with them stays what it was.
            habits = replace(learn(known, zone, now, rhythm.every_source), volume=habits.volume)
        # The clock is looked at every five seconds, and the address may be busy.
        now += interval(habits, now, every=rhythm.every, slowest=rhythm.slowest) + timedelta(seconds=chance.uniform(2, 8))
    return Watched(tuple(working), tuple(other), tuple(polls.values()))


def _until(waiting: list[datetime], now: datetime) -> Iterator[datetime]:
    while waiting and waiting[0] <= now:
        yield waiting.pop(0)


def main(arguments: Sequence[str] | None = None) -> None:
    """Watch and print."""
    usual = WatchSettings()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.day.polls", description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--days", type=int, default=18, help="simulated days (%(default)s)")
    parser.add_argument("--every", type=float, default=usual.every_minutes, metavar="MINUTES", help="watch.every_minutes (%(default)g)")
    parser.add_argument(
        "--slowest", type=float, default=usual.slowest_minutes, metavar="MINUTES", help="watch.slowest_minutes (%(default)g)"
    )
    parser.add_argument("--seed", type=int, default=1, help="what sources publish, and when, is drawn from (%(default)s)")
    options = parser.parse_args(arguments)
    measured = [authority for authority in load_authorities().values() if is_measured(authority)]
    roots = [(authority.sources[0].root, ZoneInfo(authority.time_zone)) for authority in measured]
    sources = [(root if options.seed == 1 else f"{root} {options.seed}", root.split("/")[2], zone) for root, zone in roots]
    learned: tuple[PublicationStats, ...] = ()
    for _ in range(_ROUNDS):
        learned = tuple(learn(known_of(*source), source[2], START, learned) for source in sources)
    rhythm = Rhythm(timedelta(minutes=options.every), timedelta(minutes=options.slowest), learned)
    seen = [watch(*source, rhythm, days=options.days) for source in sources]
    polls = [count for one in seen for count in one.polls]
    print(f"{len(seen)} departments, {options.days} days: {mean(polls):.1f} polls of a source on a working day, {max(polls)} at most")
    print(f"{'minutes until a poll':24}{'recueils':>10}{'p50':>8}{'p95':>8}{'worst':>8}")
    for what, waits in (
        ("in working hours", [wait for one in seen for wait in one.working]),
        ("else", [w for one in seen for w in one.other]),
    ):
        print(f"{what:24}{len(waits):>10}{quantile(waits, 0.5):>8.2f}{quantile(waits, 0.95):>8.2f}{max(waits, default=0):>8.2f}")


if __name__ == "__main__":
    main()
