"""What questions need of the store."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Protocol

from bot.domain import Decree
from bot.domain.records import PageOfDecrees


class DecreeReader(Protocol):
    """The stored decrees, as questions see them. Synchronous: a face in an event loop calls from a thread."""

    def recent(self, limit: int, offset: int, authorities: frozenset[str] | None = None, /) -> PageOfDecrees:
        """Newest found first; of some authorities only where they are given."""
        ...

    def get(self, decree_id: int, /) -> Decree | None:
        """One decree by its id."""
        ...

    def search(self, words: str, limit: int, offset: int, /) -> PageOfDecrees:
        """Decrees whose text has these words, in any form the language gives them."""
        ...

    def current(self, on: date, authorities: Collection[str] | None = None, /) -> tuple[Decree, ...]:
        """Decrees that may be in force on that day or later; of some authorities only where they are given."""
        ...
