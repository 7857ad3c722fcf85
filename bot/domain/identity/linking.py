"""Which stored decree another one names. Pure decisions, so that the order in which decrees are found does not matter."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date

from bot.domain import Change, Facts, Kind, Reference

_YEAR = re.compile(r"20\d\d")
_ENDS = frozenset({Kind.ABROGATION, Kind.SUSPENSION, Kind.REFUSAL})


@dataclass(frozen=True, slots=True)
class Candidate:
    """A stored decree that may be the one named: its number keys, the authority that decided it and the day of its signature."""

    decree: int
    keys: tuple[str, ...]
    authority: str
    signed: date | None = None

    def signed_as(self, prefix: str) -> frozenset[date]:
        """Return the days of signature known of the decree of this number; empty where none is."""
        marked = [key.removeprefix(f"{prefix}signed:") for key in self.keys if key.startswith(f"{prefix}signed:")]
        days = {day for text in marked if (day := _day(text)) is not None}
        return frozenset(days | ({self.signed} if self.signed is not None else set()))


@dataclass(frozen=True, slots=True)
class ReferenceLink:
    """A reference as stored: `prefix` is what the keys of the decree it names begin with, `authority` whose decree that is."""

    decree: int
    reference: Reference
    prefix: str | None
    authority: str


def prefix_of(key: str) -> str | None:
    """Return what a key of a number begins with: `number:PP:2024-1017:`, by which references name it. None for every other key.

    A key that shows no date holds the number as printed (`number:PP:dupa-2024-01017`): its series and zeros go, as in the dated ones.
    """
    parts = key.split(":", 3)
    if parts[0] != "number" or len(parts) < 3:
        return None
    # The separators at which it was cut leave the `n` of `n°`.
    number = parts[2] if len(parts) == 4 else comparable(re.sub(r"(?:^|-)n-(?=\d)", "-", parts[2]))
    return f"number:{parts[1]}:{number}:"


def linked(link: ReferenceLink, candidates: Iterable[Candidate]) -> int | None:
    """Return the id of the decree that a link means, None where none or more than one may be meant.

    By its number: of several decrees of one number, the one signed on the day that is named. A day that contradicts every candidate means
    another decree, of another year or series, that was never seen; one whose own day is not known contradicts nothing. A number without
    a year and without a day is every year's, and means none. By its day alone: the only decree of that authority signed on it.
    """
    signed = link.reference.signed
    others = [candidate for candidate in candidates if candidate.decree != link.decree]
    if link.reference.number is None:
        return _only(one for one in others if signed is not None and one.authority == link.authority and one.signed == signed)
    prefix = link.prefix
    if prefix is None:
        return None
    numbered = [one for one in others if any(prefix_of(key) == prefix for key in one.keys)]
    if signed is None:
        return _only(numbered) if _YEAR.search(link.reference.number) else None
    same_day = [one for one in numbered if signed in one.signed_as(prefix)]
    return _only(same_day or (one for one in numbered if not one.signed_as(prefix)))


@dataclass(frozen=True, slots=True)
class Party:
    """What a change tells of a decree that takes part in it."""

    decree: int
    facts: Facts
    published: date | None


def change(link: ReferenceLink, changing: Party, changed: Party | None, *, shown: Party | None) -> Change:
    """Return what `changing` does to `changed`, told with the id of `shown`, which is one of the two or None: never seen.

    A decree that ends another one often repeats the period that it ends: that is then not the day from which it counts.
    """
    facts = changing.facts
    starts, ends = facts.starts, facts.ends
    day = starts.day if starts is not None else None
    if changed is not None and link.reference.change in _ENDS and starts is not None and starts == changed.facts.starts:
        day = facts.signed or changing.published or day
    number = link.reference.number if shown is not changing else None
    return Change(
        kind=link.reference.change,
        decree=shown.decree if shown is not None else None,
        number=number or (shown.facts.number if shown is not None else None),
        since=day or facts.signed or changing.published,
        starts=starts,
        ends=ends,
        retroactive=_retroactive(facts, link.reference),
    )


def _retroactive(facts: Facts, stored: Reference) -> bool | None:
    """As the facts of the decree that changes tell it: the row of a link tells only whom it means."""
    mine = (entry for entry in facts.references if replace(entry, retroactive=None) == stored)
    return next((entry.retroactive for entry in mine), None)


def in_order(changes: Collection[Change]) -> tuple[Change, ...]:
    """Return each once, by the day from which it counts; those of which none is known first, as they are when they are told."""
    return tuple(sorted(dict.fromkeys(changes), key=lambda entry: entry.since or date.min))


def _only(found: Iterable[Candidate]) -> int | None:
    ids = {one.decree for one in found}
    return ids.pop() if len(ids) == 1 else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def comparable(number: str) -> str:
    """Return a number without what changes from one print to the next.

    The series word before the year goes (`DUPA 2024-1017` is printed `2024-1017` inside the same act), blanks and kinds of
    separators too, and leading zeros (`2025-001006` is `2025-01006`). Keys that are stored hold this form.
    """
    tokens = re.findall(r"[a-z]+|\d+", re.sub(r"\bn\s?[°º]", " ", number.lower()))
    while len(tokens) > 1 and tokens[0].isalpha() and tokens[1].isdigit() and len(tokens[1]) >= 4:
        tokens = tokens[1:]
    return "-".join(token.lstrip("0") or "0" if token.isdigit() else token for token in tokens)
