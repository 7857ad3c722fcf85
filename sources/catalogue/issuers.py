"""Whose act or recueil a number of the national template is, as the catalogue tells it. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sources.catalogue.authority import Authority

_NUMBER = re.compile(r"(\d{2,3}|2[AB]|R\d{2}|[A-Z]{3})-\d{4}-\d{1,4}(?:-\d{2}-\d{3,5})?", re.ASCII)
"""A number of the national template: of an act (`09-2026-11-20-00003`) or of a recueil (`09-2026-240`)."""


class Issuers:
    """Finds the authority whose act or recueil a number of the national template belongs to."""

    def __init__(self, authorities: Iterable[Authority]) -> None:
        self._known = {authority.code: authority for authority in authorities}
        self._by_prefix: defaultdict[str, set[str]] = defaultdict(set)
        for authority in self._known.values():
            for prefix in authority.prefixes or (authority.code,):
                self._by_prefix[prefix].add(authority.code)

    def issuer(self, number: str | None, publisher: str) -> str | None:
        """Return the code of the authority that this number belongs to, where it appears on the site of `publisher`.

        It is the publisher for its own numbers, for those of the departments in whose recueils it publishes, and for any number of
        another form, which says nothing. None where no known authority has such numbers, or several have.
        """
        prefix = prefix_of(number)
        if prefix is None or not self._known:
            return publisher
        owners = self._by_prefix.get(prefix, set())
        if any(self.publishes_in(publisher, owner) for owner in owners):
            return publisher
        return next(iter(owners)) if len(owners) == 1 else None

    def publishes_in(self, authority: str, other: str) -> bool:
        """Return whether the acts of an authority are expected in the recueils of this one: its own, or those of its territory."""
        return authority == other or other in self._territory(authority)

    def expected(self, authority: str, publisher: str) -> bool:
        """Whether the acts of an authority are expected on the site of `publisher`, which may show the recueils of its own territory."""
        return any(self.publishes_in(authority, other) for other in (publisher, *self._territory(publisher)))

    def name(self, authority: str) -> str:
        """Return what people call an authority; its code where the catalogue does not have it."""
        return self._known[authority].name if authority in self._known else authority

    def _territory(self, authority: str) -> tuple[str, ...]:
        return self._known[authority].territory if authority in self._known else ()


def prefix_of(number: str | None) -> str | None:
    """Return what a number of the national template begins with, None for a number of another form."""
    match = _NUMBER.fullmatch((number or "").strip().upper())
    return match[1] if match else None
