"""Gathers the facts of a decree, each with the phrase and the page it was read on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, TypeVar

from bot.detection.facts.doubts import doubtful, second_values
from bot.detection.facts.equipment import camera_types, cameras, software, vendor
from bot.detection.facts.identity import POLICE, number, of_police_series, police_decides
from bot.detection.facts.operators import event, operators
from bot.detection.facts.period import is_whole, period
from bot.detection.facts.places import places
from bot.detection.facts.references import CHANGES, amended, amended_things, references, unless_gone
from bot.detection.facts.signature import courts_named, first_prefect, office, signed
from bot.detection.facts.tagging import tagged
from bot.detection.text.document import ActText, TextMatch
from bot.detection.text.mentions import Mention, every_purpose, is_excluded, legal_bases, lists_events, purposes_named, purposes_numbered
from bot.detection.text.phrases import without_names
from bot.detection.text.segments import Block, DecreePart, Segment
from bot.domain.acts import Evidence, Facts, Kind, Purpose

T = TypeVar("T")


def facts_of(
    document: ActText, segment: Segment, mentions: tuple[Mention, ...], kind: Kind | None = None
) -> tuple[Facts, tuple[Evidence, ...]]:
    """Read every fact of one decree of this kind, and say which are to be verified. What is not found stays None or empty."""
    facts, evidence = gather(document, segment, mentions, kind)
    left = amended(document, segment)
    return replace(facts, doubtful=doubtful(left, segment, facts, evidence, second_values(left, tagged(left, segment)))), evidence


def gather(
    document: ActText, segment: Segment, mentions: tuple[Mention, ...], kind: Kind | None = None
) -> tuple[Facts, tuple[Evidence, ...]]:
    """Read every fact by the rules alone."""
    things, gone = amended_things(document, segment)
    document = amended(document, segment)
    speaking = _speaking(segment, mentions)
    mentioning = tuple(dict.fromkeys(segment.at(mention.start) for mention in mentions if not mention.citation))
    evidence: list[Evidence] = []

    def noted(about: str, found: TextMatch[Any] | None) -> Any:
        if found is None:
            return None
        evidence.append(document.evidence(about, found.start, found.end))
        return without_names(found.value) if type(found.value) is str else found.value

    def all_noted(about: str, found: Sequence[TextMatch[T]]) -> tuple[T, ...]:
        return tuple(noted(about, entry) for entry in found)

    own_number = number(document, segment)
    courts = all_noted("court", courts_named(document, segment))
    own_signature = signed(document, segment, own_number)
    signed_on = own_signature.value if own_signature is not None else None
    own_event = event(document, segment, speaking, mentioning if kind in CHANGES else ())
    occasion = own_event.value if own_event is not None else None
    own_period = period(document, segment, speaking, signed_on)
    if own_period is not None and kind in {Kind.ABROGATION, Kind.SUSPENSION}:
        first, last = own_period.value
        if last is not None and (kind is Kind.ABROGATION or first == last):
            own_period = None  # an end has a first day only, and a suspension lasts: any other day is of what happened before
    starts, ends = noted("period", own_period) or (None, None)
    counted = cameras(document, segment, speaking)
    recited = counted is not None and segment.at(counted.start).part in {DecreePart.VISA, DecreePart.RECITAL}
    counted = None if recited and kind is Kind.REFUSAL else counted  # what was only asked for
    whole = own_period is None or is_whole(document, segment, own_period, signed_on)
    facts = Facts(
        number=noted("number", own_number),
        signed=noted("signed", own_signature),
        starts=starts,
        ends=ends,
        event=noted("event", own_event),
        operators=all_noted("operators", operators(document, segment, speaking, mentioning, occasion)),
        places=all_noted("places", places(document, segment, speaking)),
        purposes=all_noted("purposes", _purposes(document, segment, kind)),
        software=noted("software", unless_gone(things, gone, segment, software(things, segment))),
        vendor=noted("vendor", unless_gone(things, gone, segment, vendor(things, segment))),
        cameras=noted("cameras", counted),
        legal_basis=all_noted(
            "legal_basis", [TextMatch(basis.label, *span) for basis, *span in legal_bases(document, segment.start, segment.end)]
        ),
        # Of several, none is the court: each is in the evidence, and the law decides by the authority's seat.
        court=courts[0] if len(courts) == 1 else None,
        camera_types=all_noted("camera_types", camera_types(document, segment, mentioning)),
        office=noted("office", office(document, segment)),
        references=all_noted("references", references(document, segment, kind, own_number.value if own_number is not None else None)),
        authority=noted("authority", _authority(document, segment, own_number)),
        doubtful=(*(() if whole else ("starts", "ends")), *(("cameras",) if recited else ())),
    )
    return facts, tuple(evidence)


def _speaking(segment: Segment, mentions: tuple[Mention, ...]) -> tuple[Block, ...]:
    """Return the articles that speak of the algorithm, in order; failing those, the first article."""
    telling = (mention for mention in mentions if mention.part in {DecreePart.ARTICLE, DecreePart.BODY} and not mention.citation)
    spoken = dict.fromkeys(segment.at(mention.start) for mention in telling)
    return tuple(spoken or islice(segment.of(DecreePart.ARTICLE), 1))


def _authority(document: ActText, segment: Segment, number: TextMatch[str] | None) -> TextMatch[str] | None:
    """Return the first named of several prefects, or the préfet de police where text or number show that he decides."""
    if (first_named := first_prefect(document, segment)) is not None:
        return first_named
    if number is not None and of_police_series(number.value):
        return TextMatch(POLICE, number.start, number.end)
    tight = document.tight
    # The title says what is decided, not by whom.
    first, last = (tight.position(position) for position in (max(segment.start, document.title_end), segment.end))
    span = police_decides(tight.text[first:last])
    return TextMatch(POLICE, *tight.span(first + span[0], first + span[1])) if span is not None else None


_AS_ABOVE = re.compile(
    r"\b(?:evenements?|detections?|finalites?|situations?)\b[^.;:]{0,60}\b(?:ci-dessus|sus-?(?:vis|mentionn|enonc)ee?s?|precitee?s?"
    r"|aux? (?:considerants?|motifs))\b"
)


def _purposes(document: ActText, segment: Segment, kind: Kind | None) -> list[TextMatch[Purpose]]:
    """Return the events to detect, or of a refusal those refused, in the operative part; in a text without articles, anywhere but in
    visas. Articles may only refer to the one recital that names them."""
    parts = (DecreePart.ARTICLE,) if segment.has_articles else (DecreePart.TITLE, DecreePart.HEADING, DecreePart.BODY)
    found: dict[Purpose, TextMatch[Purpose]] = {}
    excluded: dict[Purpose, TextMatch[Purpose]] = {}
    for block in segment.of(*parts):
        if (every := every_purpose(document, block.start, block.end)) is not None:
            return [TextMatch(purpose, *every) for purpose in Purpose]
        # Other words are looser in an article that already names an event, or says what is looked for.
        listed = block.part is DecreePart.ARTICLE and (
            lists_events(document, block.start, block.end) or bool(purposes_named(document, block.start, block.end))
        )
        numbered = purposes_numbered(document, block.start, block.end)
        for purpose, start, end in (*purposes_named(document, block.start, block.end, listed=listed), *numbered):
            kept = excluded if is_excluded(document, start, end, block.start, block.end) else found
            kept.setdefault(purpose, TextMatch(purpose, start, end))
    if not found and any(_AS_ABOVE.search(document.flat, block.start, block.end) for block in segment.of(DecreePart.ARTICLE)):
        recited = [purposes_named(document, block.start, block.end) for block in segment.of(DecreePart.RECITAL)]
        told = [named for named in recited if named]
        found = {purpose: TextMatch(purpose, start, end) for named in told if not told[1:] for purpose, start, end in named}
    found = found or (excluded if kind is Kind.REFUSAL else {})
    return [found[purpose] for purpose in Purpose if purpose in found]
