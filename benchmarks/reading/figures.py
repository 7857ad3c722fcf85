"""From runs to figures: medians, ratios, targets. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.reading.sample import Sample
from benchmarks.reading.ways import Found, Run


@dataclass(frozen=True, slots=True)
class Figure:
    """The median of some runs, and the extremes."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Measured:
    """One document, read so many times in each way. `recognition` is in CPU seconds; None where it was not measured."""

    sample: Sample
    reference: tuple[Run, ...]
    bot: tuple[Run, ...]
    command: tuple[Run, ...]
    recognition: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """What is aimed at, what was measured (a ratio, or phrases), and whether that is enough."""

    words: str
    value: float
    least: float

    @property
    def reached(self) -> bool:
        """True when what was measured is at least what is aimed at."""
        return self.value >= self.least


def figure(values: Iterable[float | None]) -> Figure | None:
    """The median of those values that there are; None where there is none."""
    there = [value for value in values if value is not None]
    return Figure(median(there), min(there), max(there)) if there else None


def ratio(reference: Sequence[Run], ours: Sequence[Run], what: Callable[[Run], float | None]) -> float | None:
    """How many times more the reference takes, medians compared."""
    theirs, mine = figure(map(what, reference)), figure(map(what, ours))
    return theirs.value / mine.value if theirs and mine and mine.value else None


def worst(runs: Sequence[Run]) -> Found | None:
    """The phrases found in the run that found fewest."""
    found = [run.found for run in runs if run.found is not None]
    return min(found, key=lambda one: (one.close, one.folded, one.exact)) if found else None


def sooner(measured: Measured) -> float | None:
    """How many times sooner Vigie knows of the decree than the reference has finished."""
    alert, end = figure(run.alert for run in measured.bot), figure(run.seconds for run in measured.reference)
    return end.value / alert.value if alert and end else None


def recognition_share(measured: Measured) -> float | None:
    """The share (0 to 1) of Vigie's CPU that recognition alone takes; None without scans."""
    least, spent = figure(measured.recognition), figure(run.cpu for run in measured.bot)
    return least.value / spent.value if least and spent and spent.value else None


_LEAST = {"text": 150.0, "scan": 2.5, "mixed": 10.0}
_LEAST_SOONER = 12.0


def targets(results: Sequence[Measured]) -> list[Target]:
    """What is aimed at, for the documents that were measured."""
    aims: list[Target] = []
    for one in results:
        name = one.sample.name
        for words, value, least in (
            (f"{name}: times less wall clock than the reference", ratio(one.reference, one.bot, lambda run: run.seconds), _LEAST.get(name)),
            (f"{name}: times less CPU than the reference", ratio(one.reference, one.bot, lambda run: run.cpu), _LEAST.get(name)),
            (f"{name}: first alert, times sooner", sooner(one), _LEAST_SOONER if one.sample.decree_page is not None else None),
        ):
            if value is not None and least is not None:
                aims.append(Target(words, value, least))
        found = worst(one.bot)
        if found is not None:
            aims.append(Target(f"{name}: phrases found (exact, or a letter here and there misread)", found.close, found.known))
    return aims
