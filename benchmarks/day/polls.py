"""Measures how long recueils wait for a poll, and nothing else, in three weeks of all departments: `python -m benchmarks.day.polls`.

The rhythm is the real one (`bot.ingest.decisions`), of a bot that has watched for two months; each poll finds all that is there.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from statistics import mean
from zoneinfo import ZoneInfo

from benchmarks.day.figures import PARIS, quantile
from benchmarks.day.sites import KNOWN, is_measured
from bot.app.config.model import WatchSettings
from bot.domain.records import Publication
from bot.ingest.decisions import interval, learn
from sources.catalogue.authority import load_authorities
from tests.france.publications import publications

START = datetime(2026, 11, 2, tzinfo=PARIS)


@dataclass(frozen=True, slots=True)
class Watched:
    """What was seen of one source: the minutes that its recueils waited, in working hours and else, and its polls on each working day."""

    working: tuple[float, ...]
    other: tuple[float, ...]
    polls: tuple[int, ...]


def watch(name: str, host: str, zone: ZoneInfo, *, days: int, every: timedelta, slowest: timedelta) -> Watched:
    """Poll a source for so many days."""
    chance, end, ups = Random(name), START + timedelta(days=days), [recueil.up for recueil in publications(name, host, zone)]
    known = [Publication(up.date(), up + timedelta(minutes=7)) for up in ups if START - KNOWN < up < START]
    waiting = [up for up in ups if START <= up < end]
    working, other, polls = list[float](), list[float](), Counter[date]()
    now, habits = START - timedelta(minutes=chance.uniform(0, 60)), learn(known, zone, START)
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
            habits = learn(known, zone, now)
        # The clock is looked at every five seconds, and the address may be busy.
        now += interval(habits, now, every=every, slowest=slowest) + timedelta(seconds=chance.uniform(2, 8))
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
    options = parser.parse_args(arguments)
    every, slowest = timedelta(minutes=options.every), timedelta(minutes=options.slowest)
    sources = [(authority.sources[0], ZoneInfo(authority.time_zone)) for authority in load_authorities().values() if is_measured(authority)]
    seen = [
        watch(source.root, source.root.split("/")[2], zone, days=options.days, every=every, slowest=slowest) for source, zone in sources
    ]
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
