"""Decide which destination wants which decree. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from bot.domain.acts import Decree, Filter
from bot.domain.folding import fold_words

Platform = Literal["console", "telegram", "mastodon", "apprise"]
Visibility = Literal["public", "unlisted", "private", "direct"]


@dataclass(frozen=True, slots=True)
class Destination:
    """Says where posts go, and which decrees are wanted there. `chat` is a Telegram chat id or `@channel`."""

    name: str
    platform: Platform
    filter: Filter = field(default_factory=Filter)
    chat: int | str | None = None


def destinations_for(destinations: Iterable[Destination], decree: Decree) -> tuple[str, ...]:
    """Return the names of the destinations that want a decree, in the order given."""
    return tuple(destination.name for destination in destinations if wants(destination.filter, decree))


def wants(wish: Filter, decree: Decree) -> bool:
    """Whether a filter lets a decree through; every non-empty set must agree.

    A department is met by the decrees of its authority, and by what that authority publishes in a recueil of its own number: a decree of
    several prefects bears the number of one of them. A decree whose operators could not be read passes a filter on operators: one post
    too many is better than one that is missing.
    """
    if wish.kinds and decree.kind not in wish.kinds:
        return False
    if wish.departments and wish.departments.isdisjoint(decree.authorities):
        return False
    return not wish.operators or not decree.facts.operators or _met_operators(wish.operators, decree.facts.operators)


def _met_operators(wanted: frozenset[str], operators: tuple[str, ...]) -> bool:
    names = [_folded(operator) for operator in operators]
    return any(_folded(wish) in name for wish in wanted for name in names)


def _folded(text: str) -> str:
    """Return a text without case, accents or uneven spaces."""
    return " ".join(fold_words(text).split())
