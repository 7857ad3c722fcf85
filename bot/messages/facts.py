"""What a decree says of itself, one line per fact; what was not found in it is left out."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from bot.domain import CameraType, Decree, Facts, Kind
from bot.messages.cleaning import clean
from bot.messages.lines import FactLine, PostPart, line
from bot.messages.moments import date_text, period_text
from bot.messages.words import Words


def title_line(decree: Decree, words: Words) -> Iterator[FactLine]:
    """The title of the act, as printed."""
    yield from line(PostPart.TITLE, "", (decree.title,), words)


def fact_lines(decree: Decree, words: Words) -> Iterator[FactLine]:
    """Period, event, places, operators, purposes, software, cameras."""
    facts, labels = decree.facts, words.labels
    yield from line(PostPart.PERIOD, labels.period, (period_text(facts, words),), words)
    yield from line(PostPart.EVENT, labels.event, (facts.event,), words)
    yield from line(PostPart.PLACES, labels.places, facts.places, words)
    # A refusal sets nothing going: whoever is named asked for it, and its cameras feed no algorithm.
    refused = decree.kind is Kind.REFUSAL
    yield from line(PostPart.OPERATORS, labels.requested if refused else labels.operators, facts.operators, words)
    yield from line(PostPart.PURPOSES, labels.purposes, tuple(getattr(words.purposes, purpose.value) for purpose in facts.purposes), words)
    yield from line(PostPart.SOFTWARE, labels.software, (_software(facts),), words)
    yield from line(PostPart.CAMERAS, labels.cameras, (_cameras(facts, words, typed=not refused),), words)


def reference_lines(decree: Decree, words: Words) -> Iterator[FactLine]:
    """By what the decree is called: number, day of signature, day of publication."""
    facts, labels = decree.facts, words.labels
    if facts.number and clean(facts.number):
        yield from line(PostPart.NUMBER, "", (labels.number.format(number=clean(facts.number)),), words)
    if facts.signed is not None:
        yield from line(PostPart.SIGNED, "", (labels.signed.format(date=date_text(facts.signed, words.dates)),), words)
    if decree.published is not None:
        yield from line(PostPart.PUBLISHED, "", (labels.published.format(date=date_text(decree.published, words.dates)),), words)


def _software(facts: Facts) -> str | None:
    if facts.software and facts.vendor:
        return f"{facts.software} ({facts.vendor})"
    return facts.software or facts.vendor


def _cameras(facts: Facts, words: Words, *, typed: bool) -> str | None:
    """`118`, `118 (de vidéoprotection et sur drones)`, `sur drones`."""
    types = _camera_types(facts.camera_types, words) if typed else None
    if facts.cameras is None or types is None:
        return types if facts.cameras is None else str(facts.cameras)
    if facts.cameras == 1 and len(set(facts.camera_types)) == 1:
        types = {CameraType.FIXED: words.cameras.one_fixed, CameraType.DRONE: words.cameras.one_drone}.get(facts.camera_types[0], types)
    return words.cameras.counted.format(count=facts.cameras, types=types)


def _camera_types(types: Collection[CameraType], words: Words) -> str | None:
    said = [getattr(words.cameras, kind.value) for kind in CameraType if kind in types]
    return words.cameras.both.format(one=", ".join(said[:-1]), other=said[-1]) if len(said) > 1 else next(iter(said), None)
