"""Holds what is stored of when recueils went online against when they really did, in days with troubles."""

from __future__ import annotations

import random
import zlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from statistics import median

import httpx
from sqlalchemy import text

from benchmarks.day.clock import Stretch
from benchmarks.day.sites import Day, Plan
from bot.domain.publication import Online
from bot.storage.store import Store
from sources.catalogue.authority import Source
from tests.france.national import file_path
from tests.france.serving import Interference

HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Bracket:
    """When a recueil really went online, what is stored of it, and why nothing may be known of before."""

    up: datetime
    online: Online | None
    why_open: str

    @property
    def is_true(self) -> bool:
        """Whether the true instant lies in the bracket."""
        return self.online is None or ((self.online.after or self.up) <= self.up <= self.online.until)


def is_new(source: Source) -> bool:
    """Whether the bot begins to watch a source with the days that are simulated: one in eight."""
    return zlib.crc32(source.key.encode()) % 8 == 0


def wrong_clock(days: float) -> Mapping[Stretch, float]:
    """Three hours ahead for six hours, an hour behind for ten: from a third of the time on, and from two thirds on."""
    first, second = (days * share * 24 * HOUR for share in (1 / 3, 2 / 3))
    return {Stretch(first, first + 6 * HOUR): 3 * HOUR, Stretch(second, second + 10 * HOUR): -HOUR}


def outages(plan: Plan, monotonic: Callable[[], float]) -> Interference:
    """Each site is down about once a week, for three hours on average."""

    @cache
    def down(host: str) -> Sequence[Stretch]:
        chance = random.Random(f"{plan.seed} {host}")
        starts = [chance.uniform(0, plan.days * 24 * HOUR) for _ in range(round(plan.days / 7) or 1)]
        return [Stretch(start, start + chance.expovariate(1 / (3 * HOUR))) for start in starts]

    def interfere(host: str, target: str) -> None:
        if any(stretch.holds(monotonic()) for stretch in down(host)):
            raise httpx.ConnectError(f"{host} is down ({target})")

    return interfere


def brackets_of(store: Store, day: Day) -> list[Bracket]:
    """All recueils that polls found since the plan began, and the list of a source that was new, by the address of their page or file."""
    found = []
    for source in day.sources:
        ups = dict[str, datetime]()
        for recueil in day.online(source, since=None if is_new(source) else day.plan.start):
            address = day.address(source, recueil)
            ups |= {address: recueil.up, f"https://{address.split('/')[2]}{file_path(recueil)}": recueil.up}
        mine = [row for row in store.recueils.of(source.authority) if row.source == source.key and row.url in ups]
        why = ("not proved", "there at the first poll")
        found += [Bracket(ups[row.url], row.online, why[ups[row.url] < day.plan.start]) for row in mine]
    return found


def stored_bytes(store: Store) -> dict[str, float]:
    """Bytes of columns, with the keys of runs: runs that ended, newest runs, what is stored of a recueil; and files that were replaced."""
    columns = ("source", "page", "first_at", "last_at", '"first"', '"last"', "digest", "source", "page", "first_at", "last_at")
    each = {
        "runs": f"select sum({' + '.join(f'length(cast({name} as text))' for name in columns)}) from looks",  # noqa: S608 - names
        "newest": "select sum(length(looks)) from sources",
        "recueil": "select avg(length(cast(online as text))) from recueils where online is not null",
        "replaced": "select count(*) from recueils where cast(online as text) like '%\"replaced\"%'",
    }
    with store.database.reading() as connection:
        return {name: float(connection.scalar(text(query)) or 0) for name, query in each.items()}


def told(brackets: Sequence[Bracket], stored: Mapping[str, float], plan: Plan, sources: int) -> str:
    """The figures in words."""
    closed = [(each, each.online.until - each.online.after) for each in brackets if each.online and each.online.after]
    working = [width / timedelta(minutes=1) for each, width in closed if plan.is_working(each.up)]
    why = Counter(each.why_open for each in brackets if not (each.online and each.online.after))
    return f"""{len(brackets)} brackets of recueils; the true instant lies outside of {sum(not each.is_true for each in brackets)}
closed {len(closed)}, of six hours or more {sum(width >= timedelta(hours=6) for _, width in closed)}
median width in working hours {median(working or [0.0]):.1f} minutes; open: {", ".join(f"{n} {reason}" for reason, n in why.items())}
replaced files {stored["replaced"]:.0f}; bytes a source: {stored["runs"] * 365 / plan.days / sources:.0f} a year for runs that ended,
{stored["newest"] / sources:.0f} for the newest of its pages; {stored["recueil"]:.0f} a recueil"""
