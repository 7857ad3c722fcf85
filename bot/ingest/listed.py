"""The table at the head of a bulk act lists decrees that are acts of their own: it is none of them. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from bot.detection.text.cues import VerdictReason
from bot.detection.text.document import has_sign
from bot.domain import Evidence, Judged, Outcome, Verdict

Group = tuple[Judged, ...]

_ENTRY = re.compile(r"(?im)^[^\w\n]*(?:arr[êe]t[ée]|d[ée]cision)(?!\w)")
"""Where a line of the table begins: a title runs over several lines of the page."""


def without_listed(groups: Sequence[Group]) -> tuple[Group, ...]:
    """The acts of a document with their verdicts, where no table is told for the decrees that it lists.

    Part 0 of a bulk act (see `Act.part`) that speaks of VSA is not concerned as soon as as many of the decrees after it are decrees on VSA,
    or wait for a person, as its table lists. Where fewer are a person must look: one was cut off, or not recognised. Where none is, the
    table is all that tells of it, and its verdict stands.
    """
    return tuple(_settled(group, _after(groups, place)) if group[0].act.part == 0 else group for place, group in enumerate(groups))


def _after(groups: Sequence[Group], place: int) -> int:
    """How many decrees on VSA, or acts in doubt, follow under the identifier of the table at this place."""
    count = 0
    for group in groups[place + 1 :]:
        if not group[0].act.part or group[0].act.id != groups[place][0].act.id:
            break
        count += sum(item.verdict.outcome is not Outcome.NOT_CONCERNED for item in group)
    return count


def _settled(table: Group, found: int) -> Group:
    outcome = table[0].verdict.outcome
    if outcome is Outcome.NOT_CONCERNED or found == 0:
        return table
    act, quotes = table[0].act, tuple(quote for item in table for quote in item.verdict.evidence if quote.about == "verdict")
    told = quotes[0] if quotes else Evidence("verdict", act.first_page, "")
    if found >= _listed("\n".join(page.text for page in act.pages)):
        why = replace(told, about="against", cue=VerdictReason.LISTED.value)
        return (Judged(act, Verdict(Outcome.NOT_CONCERNED, evidence=(*quotes, why))),)
    why = replace(told, about="doubt", cue=VerdictReason.LISTED_ONLY.value)
    return (Judged(act, Verdict(Outcome.UNCERTAIN, evidence=(*quotes, why))),)


def _listed(text: str) -> int:
    """How many lines of the table may speak of VSA: one where only the whole of it does."""
    starts = [match.start() for match in _ENTRY.finditer(text)]
    entries = (text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True))
    return sum(has_sign(entry) for entry in entries) or 1
