"""What an act does: the verb of a title, that of an article."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.detection.text.cues import cues
from bot.domain import Kind

_ASKED = 40
"""Squeezed characters before a verb that tell whether it was only asked for."""

USE = "use"
"""The cue of a title that names the use of VSA and has no verb: its articles tell more."""

_SECOND = 20
"""Squeezed characters after the beginning of a verb in which it is whole."""

_BESIDE = 90
"""Squeezed characters beside what forbids in which its object is told."""


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb and what it makes of the act. `start:end` are positions in the text that was searched; `cue` names what it met."""

    kind: Kind
    start: int
    end: int
    cue: str


def first_verb(text: str, start: int, stop: int) -> Verb | None:
    """The first verb of a title; of two that begin together, the longer. What was only asked for ("demande d'autorisation") is none."""
    matches = [
        Verb(kind, match.start(), match.end(), kind.value)
        for kind, verb in cues().titles.items()
        if (match := next((found for found in verb.finditer(text, start, stop) if not _asked(text, start, found)), None))
    ]
    return min(matches, key=lambda verb: (verb.start, -(verb.end - verb.start)), default=None)


def title_verb(text: str, start: int, said: int, stop: int) -> Verb | None:
    """What a title does. Beyond `said` it names the event: only what bears on another decree counts there."""
    decision = first_verb(text, start, said)
    if decision is None and (amending := cues().amending.search(text, said, stop)) is not None:
        decision = first_verb(text, amending.start(), stop)
    related = cues().related.search(text, start, said)
    if decision is not None:
        return None if related is not None and related.start() < decision.start else decision
    use = cues().use.search(text, start, said)
    if use is not None and cues().asked.search(text, start, use.start()) is None and (related is None or use.start() < related.start()):
        return Verb(Kind.AUTHORISATION, *use.span(), USE)
    return None


def plainly_used(text: str, start: int, verb: Verb) -> bool:
    """True where the use that a title names is its whole purport: "relatif à l'emploi…", "portant mise en œuvre…"."""
    return cues().plainly.search(text, start, verb.start) is not None


def stopped(text: str, start: int, stop: int) -> re.Match[str] | None:
    """What an article says to forbid or stop a use, unless it is of what no decree allows ("la reconnaissance faciale est interdite")."""
    for found in cues().otherwise.finditer(text, start, stop):
        if cues().never_allowed.search(text, max(found.start() - _BESIDE, start), min(found.end() + _BESIDE, stop)) is None:
            return found
    return None


def unsettled(text: str, start: int, stop: int, end: int) -> re.Match[str] | None:
    """What a title (`start:end`) says, beginning by `stop`, that leaves it to a person what becomes of VSA."""
    found = cues().unsettled.search(text, start, end)
    if found is None or found.start() > stop or cues().settled.search(text, found.end(), min(stop + _SECOND, end)) is not None:
        return None
    return found


def _asked(text: str, start: int, verb: re.Match[str]) -> bool:
    """True for a verb right after the words of a request."""
    return any(match.end() == verb.start() for match in cues().asked.finditer(text, max(start, verb.start() - _ASKED), verb.start()))


def article_verb(text: str, start: int, stop: int) -> Verb | None:
    """What an article decides: its first verb."""
    matches = [
        Verb(kind, match.start(), match.end(), kind.value)
        for kind, verb in cues().articles.items()
        if (match := verb.search(text, start, stop))
    ]
    return min(matches, key=lambda verb: (verb.start, verb.kind.value), default=None)


def decides_before(text: str, start: int, stop: int) -> bool:
    """True when a title decides before it mentions what is never a decree ("portant autorisation … et délégation")."""
    never = cues().never.search(text, start, stop)
    decision = first_verb(text, start, stop)
    return never is not None and decision is not None and decision.start < never.start()
