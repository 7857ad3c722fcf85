"""What ends the decrees that change others: the suspension that a decree ordered ends with that decree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from sqlalchemy import Connection, and_

from bot.domain import CHANGING, Change, Kind
from bot.domain.identity.linking import Link, Party, change, in_order
from bot.storage.named import Known, links_to, load_known, load_links
from bot.storage.schema import links

_DEEPEST = 3
"""Ends of ends that are followed: real ones go no deeper, and decrees that were misread may name each other in circles."""


@dataclass(frozen=True, slots=True)
class Undoing:
    """By the id of a decree, the links that end it, each with the two that take part."""

    ends: Mapping[int, Collection[tuple[Link, Party, Party]]]

    def of(self, decree: int, changed: int | None) -> tuple[Change, ...]:
        """What ends this decree, each with what ends it in turn. What it changes itself (`changed`) does not end it."""
        return self._of(decree, frozenset({decree, changed}))

    def _of(self, decree: int, passed: frozenset[int | None]) -> tuple[Change, ...]:
        if len(passed) > _DEEPEST + 1:
            return ()
        theirs = [entry for entry in self.ends.get(decree, ()) if entry[0].decree not in passed]
        return in_order(
            [
                replace(change(link, ending, ended, shown=ending), undone_by=self._of(link.decree, passed | {link.decree}))
                for link, ending, ended in theirs
            ]
        )


def load_undoing(connection: Connection, found: Collection[Link], known: Known) -> Undoing:
    """What ends the decrees whose links were found, and what ends that. One query where nothing does, three more for each step."""
    ends: dict[int, list[tuple[Link, Party, Party]]] = defaultdict(list)
    step = {link.decree for link in found if link.reference.change in CHANGING}
    seen: set[int] = set()
    for _ in range(_DEEPEST):
        if not step:
            break
        seen |= step
        prefixes = {prefix for decree in step for prefix in known.prefixes[decree]}
        days = {known.parties[decree].facts.signed for decree in step}
        ending = load_links(connection, and_(links.c.change == Kind.ABROGATION, links_to(prefixes, days)))
        if not ending:
            break
        known = load_known(connection, ending)
        for link in ending:
            meant = known.meant(link)
            if meant in step:
                ends[meant].append((link, known.parties[link.decree], known.parties[meant]))
        step = {link.decree for its in ends.values() for link, _, _ in its} - seen
    return Undoing(ends)
