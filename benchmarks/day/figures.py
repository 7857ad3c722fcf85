"""What a day says: how long decrees took and where, what was asked of the sites, what it cost the processors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import mean
from zoneinfo import ZoneInfo

from benchmarks.day.papers import Paper
from benchmarks.day.run import Record
from benchmarks.day.sites import Plan

PARIS = ZoneInfo("Europe/Paris")

PARTS = ("waiting for a poll", "its turn", "download", "reading", "sending")


@dataclass(frozen=True, slots=True)
class Way:
    """The way of one decree, in seconds: from its site's list to the channel, part by part."""

    number: str
    is_scanned: bool
    in_working_hours: bool
    parts: tuple[float, ...]

    @property
    def seconds(self) -> float:
        """All of it."""
        return sum(self.parts)


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured. `lost` are numbers of decrees that no post showed, `doubled` of those that several did."""

    days: int
    sources: int
    recueils: int
    pages: int
    scans: int
    ways: tuple[Way, ...]
    lost: tuple[str, ...]
    doubled: tuple[str, ...]
    requests: Mapping[str, float]
    """Requests a source on a day: of each day and host, by `2026-11-10 www.ain.gouv.fr`."""
    closest: float
    """Seconds between two requests to the address that sites share, at the least."""
    processor: Mapping[str, float]
    """Seconds a day, by who took them."""
    failing: int
    polls: tuple[float, ...]
    """Seconds from the list of the site to the poll that saw it, of all recueils put on line in working hours."""

    @property
    def faults(self) -> tuple[str, ...]:
        """What must not be, in words."""
        found = []
        if self.lost:
            found.append(f"{len(self.lost)} decrees never posted: {', '.join(self.lost[:5])}")
        if self.doubled:
            found.append(f"{len(self.doubled)} decrees posted twice: {', '.join(self.doubled[:5])}")
        if self.closest < _INTERVAL:
            found.append(f"two requests to the shared address {self.closest:.2f} s apart")
        if self.failing:
            found.append(f"{self.failing} sources failed at the end")
        return tuple(found)


_INTERVAL = 2.99


def judge(record: Record) -> Figures:
    """Work the figures out."""
    plan = record.plan
    ways = {paper.decree: _way(record, paper) for paper in record.papers if paper.decree is not None}
    shared = [asked.at for asked in record.asked if asked.host in record.shared]
    days = max(1, round(plan.days))
    return Figures(
        days=days,
        sources=sum(record.sites.values()),
        recueils=len(record.papers),
        pages=sum(paper.page_count for paper in record.papers),
        scans=sum(paper.scans for paper in record.papers),
        ways=tuple(way for way in ways.values() if way is not None),
        lost=tuple(number for number, way in ways.items() if way is None),
        doubled=tuple(number for number, moments in record.posted.items() if len(moments) > 1),
        requests=_requests(record),
        closest=min((after - before for before, after in pairwise(shared)), default=0.0),
        processor={name: seconds / plan.days for name, seconds in record.processor.items()},
        failing=sum(state.failures > 0 for state in record.states),
        polls=tuple(
            (seen.listed - paper.recueil.up).total_seconds()
            for paper in record.papers
            if plan.is_working(paper.recueil.up) and (seen := record.seen.get(paper.name)) is not None and seen.listed is not None
        ),
    )


def _way(record: Record, paper: Paper) -> Way | None:
    seen, number = record.seen.get(paper.name), paper.decree or ""
    recorded, posted = record.recorded.get(number), record.posted.get(number)
    if seen is None or seen.listed is None or seen.asked is None or seen.came is None or recorded is None or posted is None:
        return None
    moments: Sequence[datetime] = (paper.recueil.up, seen.listed, seen.asked, seen.came, recorded, posted[0])
    parts = tuple((after - before).total_seconds() for before, after in pairwise(moments))
    return Way(number, paper.is_decree_scanned, record.plan.is_working(paper.recueil.up), parts)


def _requests(record: Record) -> dict[str, float]:
    """Of each whole day: every request to a host, files and robots.txt too, over the sources that look at it."""
    counted: Counter[str] = Counter()
    for asked in record.asked:
        at = record.plan.start + timedelta(seconds=asked.at - record.began)
        if record.plan.start <= at < record.plan.end:
            counted[f"{at.astimezone(PARIS).date()} {asked.host}"] += 1
    return {name: number / record.sites[name.split(" ")[1]] for name, number in counted.items()}


def quantile(values: Sequence[float], share: float) -> float:
    """The value that this share of them does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def report(figures: Figures, plan: Plan) -> str:
    """All of it in words."""
    lines = [
        f"Simulated France: {figures.sources} sources, {figures.days} day(s) from {plan.start:%Y-%m-%d %H:%M}, seed {plan.seed}",
        f"{figures.recueils} recueils of {figures.pages} pages, of which {figures.scans} are scans; {len(figures.ways)} decrees posted",
        "",
        f"{'minutes from list to channel':42}{'decrees':>8}{'p50':>8}{'p95':>8}{'worst':>8}",
    ]
    working = [way for way in figures.ways if way.in_working_hours]
    rows = (
        ("in working hours", working),
        ("at other times", [way for way in figures.ways if not way.in_working_hours]),
    )
    lines += [_row(name, [way.seconds for way in ways]) for name, ways in rows if ways]
    lines += ["", f"{'of it, in working hours':42}"]
    lines += [_row(f"  {part}", [way.parts[index] for way in working]) for index, part in enumerate(PARTS)]
    lines += ["", f"{'all recueils':42}{'recueils':>8}"]
    lines.append(_row("  waiting for a poll, in working hours", figures.polls))
    worst = max(figures.requests, key=lambda name: figures.requests[name], default="")
    lines += [
        "",
        f"requests a source on a day: {mean(figures.requests.values()):.1f}, at most {figures.requests[worst]:.0f} ({worst})",
        "processor seconds a day: " + ", ".join(f"{name} {seconds:.0f}" for name, seconds in figures.processor.items()),
    ]
    return "\n".join([*lines, "", *(f"NOT AS PROMISED: {fault}" for fault in figures.faults)]).rstrip()


def _row(name: str, seconds: Sequence[float]) -> str:
    minutes = [each / 60 for each in seconds]
    return f"{name:42}{len(minutes):>8}{quantile(minutes, 0.5):>8.2f}{quantile(minutes, 0.95):>8.2f}{max(minutes):>8.2f}"
