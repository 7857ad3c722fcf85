"""The facts of a decree, each with the phrase and the page it was read on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from bot.detection import equipment, places
from bot.detection.courts import courts_named
from bot.detection.document import Document
from bot.detection.events import purposes_named
from bot.detection.found import Found
from bot.detection.law import hooks
from bot.detection.mentions import Mention
from bot.detection.numbers import number
from bot.detection.operators import operators
from bot.detection.period import period
from bot.detection.privacy import without_names
from bot.detection.segments import Block, Part, Segment
from bot.detection.signature import signed
from bot.model import Evidence, Facts, Purpose

T = TypeVar("T")


def gather(document: Document, segment: Segment, mentions: tuple[Mention, ...]) -> tuple[Facts, tuple[Evidence, ...]]:
    """Read every fact of one decree. What is not found stays None or empty."""
    speaking = _speaking(segment, mentions)
    evidence: list[Evidence] = []

    def noted(about: str, found: Found[Any] | None) -> Any:
        if found is None:
            return None
        evidence.append(document.evidence(about, found.start, found.end))
        return without_names(found.value) if type(found.value) is str else found.value

    def all_noted(about: str, found: Sequence[Found[T]]) -> tuple[T, ...]:
        return tuple(noted(about, entry) for entry in found)

    own_number = number(document, segment)
    courts = all_noted("court", courts_named(document, segment))
    starts, ends = noted("period", period(document, segment)) or (None, None)
    facts = Facts(
        number=noted("number", own_number),
        signed=noted("signed", signed(document, segment, own_number)),
        starts=starts,
        ends=ends,
        event=noted("event", places.event(document, segment, speaking)),
        operators=all_noted("operators", operators(document, segment, speaking)),
        places=all_noted("places", places.places(document, segment, speaking)),
        purposes=all_noted("purposes", _purposes(document, segment)),
        software=noted("software", equipment.software(document, segment)),
        vendor=noted("vendor", equipment.vendor(document, segment)),
        cameras=noted("cameras", equipment.cameras(document, segment)),
        legal_basis=all_noted("legal_basis", [Found(hook.label, *span) for hook, *span in hooks(document, segment.start, segment.end)]),
        # Of several, none is the court: each is in the evidence, and the law decides by the authority's seat.
        court=courts[0] if len(courts) == 1 else None,
    )
    return facts, tuple(evidence)


def _speaking(segment: Segment, mentions: tuple[Mention, ...]) -> tuple[Block, ...]:
    """The articles that speak of the algorithm, in order; failing those, the first article."""
    spoken = [segment.at(mention.start) for mention in mentions if mention.part in {Part.ARTICLE, Part.BODY} and not mention.citation]
    blocks = list(dict.fromkeys(spoken)) or list(segment.of(Part.ARTICLE))[:1]
    return tuple(blocks)


def _purposes(document: Document, segment: Segment) -> list[Found[Purpose]]:
    """The events to detect, in the operative part; in a text without articles, anywhere but in visas."""
    parts = (Part.ARTICLE,) if segment.has_articles else (Part.TITLE, Part.HEADING, Part.BODY)
    found: dict[Purpose, Found[Purpose]] = {}
    for block in segment.of(*parts):
        # Other words are looser in an article that already names an event.
        listed = block.part is Part.ARTICLE and bool(purposes_named(document, block.start, block.end))
        for purpose, start, end in purposes_named(document, block.start, block.end, listed=listed):
            found.setdefault(purpose, Found(purpose, start, end))
    return list(found.values())
