"""How a decree names the decrees that it changes, in the terms by which these are known."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

from bot.detection.facts.identity import deciding_authority
from bot.detection.facts.numbers import comparable
from bot.detection.rules.errata import erratum_in
from bot.detection.text.cues import load
from bot.detection.text.views import fold
from bot.domain import Act, Facts, Kind, Outcome, Reference, Verdict

_GRANTS = frozenset({Kind.AUTHORISATION, Kind.RENEWAL})


def prefix(reference: Reference, authority: str) -> str | None:
    """What the keys of the decree that is named begin with (`number:PP:2024-1017:`), None where only its day is named.

    `authority` is the code of the one whose decree names it: an authority changes its own decrees, but for those whose series tells
    another one. The keys are those of `bot.detection.facts.identity`.
    """
    if reference.number is None:
        return None
    return f"number:{deciding_authority(authority, reference.number, '')}:{comparable(reference.number)}:"


def prefixes(facts: Facts, authority: str) -> tuple[str | None, ...]:
    """The prefix of each reference of a decree that this authority decided, in order."""
    return tuple(prefix(reference, authority) for reference in facts.references)


def decided_by(publisher: str, facts: Facts, keys: tuple[str, ...]) -> str:
    """Code of the authority that decided: as the text tells it, as the key of its number has it, else whoever published it."""
    if facts.authority is not None:
        return facts.authority
    return next((key.split(":")[1] for key in keys if key.startswith("number:")), publisher)


def corrected(act: Act, verdict: Verdict) -> Verdict:
    """The verdict on an erratum: whatever the title that it repeats grants, it modifies the decree that it corrects.

    A number and a day that it prints as its own are those of that decree, by which it would be taken for one more sighting of it, and
    nobody would be told.
    """
    facts = verdict.facts
    if verdict.outcome is not Outcome.DECREE or verdict.kind is None or not _is_erratum(act):
        return verdict
    kind = Kind.MODIFICATION if verdict.kind in _GRANTS else verdict.kind
    if facts.references:
        # It has a number of its own, or none.
        return replace(verdict, kind=kind) if all(entry.change is kind for entry in facts.references) else verdict
    if facts.number is None:
        return verdict
    named = Reference(kind, facts.number, facts.signed)
    return replace(verdict, kind=kind, facts=replace(facts, number=None, signed=None, references=(named,)))


def _is_erratum(act: Act) -> bool:
    """By a word of its title, or by a line of its first page that begins with it before much else is said."""
    title, head = fold(act.title).text, fold(act.pages[0].text).text if act.pages else ""
    return _named().search(title) is not None or erratum_in(title) is not None or erratum_in(head) is not None


@cache
def _named() -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(load('links.toml')['erratum'])})\b")
