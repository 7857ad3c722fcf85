"""Every fact that was read in a decree, a line each, in the English of the command line: what the act itself says stays in French. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain import Facts, Kind, Reference
from bot.messages import printable, words_in


def fact_lines(facts: Facts, kind: Kind | None) -> Iterator[str]:
    """`number: 2026-2`, one line per fact that was found. Days are `2026-08-14`, hours wall-clock hours of the place."""
    words = words_in("en")
    period = [None if moment is None else moment.isoformat() for moment in (facts.starts, facts.ends)]
    for label, value in (
        ("number", facts.number),
        ("signed", facts.signed and facts.signed.isoformat()),
        ("signed by", facts.office),
        ("decided by", facts.authority),
        *((words.short_kinds.model_dump()[reference.change.value], _named(reference)) for reference in facts.references),
        ("period", f"{period[0] or '?'} to {period[1] or '?'}" if any(period) else None),
        ("event", facts.event),
        # A refusal sets nothing going: whoever is named asked for it.
        ("requested by" if kind is Kind.REFUSAL else "operators", ", ".join(facts.operators)),
        ("places", "; ".join(facts.places)),
        ("purposes", "; ".join(getattr(words.purposes, purpose.value) for purpose in facts.purposes)),
        ("software", " / ".join(filter(None, (facts.software, facts.vendor)))),
        ("cameras", None if facts.cameras is None else str(facts.cameras)),
        ("camera types", ", ".join(getattr(words.cameras, each.value) for each in facts.camera_types)),
        ("legal basis", "; ".join(facts.legal_basis)),
        ("court", facts.court),
    ):
        if value:
            yield f"{label}: {printable(value)}"


def _named(reference: Reference) -> str:
    """`of n° 2026-1 of 2026-08-01 (withdrawn)`: the decree that this one bears on, and how it ends it where the text tells."""
    number = None if reference.number is None else f"n° {reference.number}"
    signed = None if reference.signed is None else reference.signed.isoformat()
    named = " of ".join(text for text in (number, signed) if text) or "another decree"
    how = {True: " (withdrawn, as if it had never been)", False: " (for the time to come)", None: ""}[reference.retroactive]
    return f"of {named}{how}"
