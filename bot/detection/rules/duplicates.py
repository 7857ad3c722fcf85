"""Which of the decrees found inside one act are the same: a line of a table of contents, a separator page, the decree itself."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any

from bot.detection.facts.numbers import without_service
from bot.detection.text.segments import Segment
from bot.domain.acts import Facts, Moment, Verdict

_FACTS = tuple(entry.name for entry in fields(Facts))
_DATES = ("signed", "starts")
_TELLING = ("signed", "starts", "ends", "operators", "event", "places")

_MORNING = 9
"""Hour until which the end of an evening is told as of the day before."""


@dataclass(slots=True)
class _Kept:
    segment: Segment
    verdict: Verdict
    number: str | None


def deduplicate(decrees: list[tuple[Segment, Verdict]]) -> tuple[Verdict, ...]:
    """Return each decree once, in the order of the act, with every fact that any of its appearances told.

    A wrong merge would lose a decree, so two are one only when their identifiers agree, or their numbers and dates, or, where
    one has no number, when nothing they both tell differs.
    """
    kept: list[_Kept] = []
    numbered: dict[str, list[_Kept]] = {}
    unnumbered: list[_Kept] = []
    for segment, verdict in sorted(decrees, key=lambda entry: (entry[0].has_articles, _wealth(entry[1])), reverse=True):
        number = verdict.facts.number
        entry = _Kept(segment, verdict, without_service(number) if number is not None else None)
        candidates = kept if entry.number is None else [*numbered.get(entry.number, ()), *unnumbered]
        twin = next((other for other in candidates if _same(entry, other)), None)
        if twin is not None:
            twin.verdict = _completed(twin.verdict, verdict)
            continue
        kept.append(entry)
        if entry.number is None:
            unnumbered.append(entry)
        else:
            numbered.setdefault(entry.number, []).append(entry)
    return tuple(entry.verdict for entry in sorted(kept, key=lambda entry: entry.segment.start))


def _same(one: _Kept, two: _Kept) -> bool:
    if one.verdict.kind is not two.verdict.kind:
        return False
    if one.segment.act_id is not None and two.segment.act_id is not None:
        return one.segment.act_id == two.segment.act_id
    if one.number is not None and two.number is not None:
        return one.number == two.number and not _differing(one, two, _DATES)
    if _differing(one, two, _TELLING):
        return False
    return not (one.segment.has_articles and two.segment.has_articles) or _agreeing(one, two)


def _pairs(one: _Kept, two: _Kept, names: tuple[str, ...]) -> list[tuple[Any, Any]]:
    """Return the facts that both tell."""
    pairs = [(getattr(one.verdict.facts, name), getattr(two.verdict.facts, name)) for name in names]
    return [(left, right) for left, right in pairs if left and right]


def _differing(one: _Kept, two: _Kept, names: tuple[str, ...]) -> bool:
    return any(left != right for name in names for left, right in _pairs(one, two, (name,)) if not _same_day(name, left, right))


def _same_day(name: str, one: Any, two: Any) -> bool:
    """Return True for moments of which one only has its day: "du 5 au 8 décembre" is also until 1 a.m. of the 9th."""
    if not isinstance(one, Moment) or not isinstance(two, Moment) or (one.time is None) is (two.time is None):
        return False
    day, exact = (one.day, two) if one.time is None else (two.day, one)
    night = name == "ends" and exact.time is not None and exact.time.hour < _MORNING and exact.day == day + timedelta(days=1)
    return day == exact.day or night


def _agreeing(one: _Kept, two: _Kept) -> bool:
    return any(left == right for left, right in _pairs(one, two, _TELLING))


def _completed(fuller: Verdict, other: Verdict) -> Verdict:
    """Return the fuller verdict with the facts that only the other one had, and their evidence."""
    missing = {name: value for name in _FACTS if not getattr(fuller.facts, name) and (value := getattr(other.facts, name))}
    if not missing:
        return fuller
    values = {name: getattr(fuller.facts, name) for name in _FACTS} | missing
    about = {"period" if name in {"starts", "ends"} else name for name in missing}
    evidence = (*fuller.evidence, *(quote for quote in other.evidence if quote.about in about))
    return Verdict(fuller.outcome, fuller.kind, Facts(**values), evidence)


def _wealth(verdict: Verdict) -> int:
    return sum(bool(getattr(verdict.facts, name)) for name in _FACTS)
