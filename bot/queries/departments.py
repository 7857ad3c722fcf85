"""Which department is meant by "26", "2a", "drome", "la Drôme" or a near miss. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from bot.domain.acts import Place
from bot.domain.folding import fold_words

_SUGGESTIONS = 3
_NEAR = 70
# Words that may stand before a name: "la Drôme", "département de l'Isère", "préfecture du Var".
_BEFORE = re.compile(r"^(?:(?:prefecture|departement|dept|de|du|des|d|la|le|les|l) )+(?=[a-z])")


@dataclass(frozen=True, slots=True)
class DepartmentMatch:
    """The department and the codes of every authority seated in it, or none and the nearest ones, best first."""

    place: Place | None
    authorities: frozenset[str] = frozenset()
    suggestions: tuple[Place, ...] = ()


def find_department(asked: str, places: Mapping[str, Place]) -> DepartmentMatch:
    """Look a department up by code, then by name, without regard to case, accents, hyphens and articles."""
    words = _fold(asked)
    code = words.replace(" ", "")
    by_code = {_fold(place.code).replace(" ", ""): place for place in places.values()}
    place = by_code.get(code) or by_code.get(code.zfill(2)) or _by_name(words, places)
    if place is not None:
        return DepartmentMatch(place, _seated_with(place, places))
    return DepartmentMatch(None, suggestions=_near(_bare(words), places))


def _by_name(words: str, places: Mapping[str, Place]) -> Place | None:
    """Find it by the department's name, else by the authority's own ("préfecture de police"); the lowest code first."""
    for names in ({_bare(_fold(p.department)): p for p in _ordered(places)}, {_bare(_fold(p.name)): p for p in _ordered(places)}):
        if found := names.get(_bare(words)):
            return found
    return None


def _ordered(places: Mapping[str, Place]) -> list[Place]:
    """Sort by code, highest first, so that a table built from it keeps the lowest."""
    return sorted(places.values(), key=lambda place: place.code, reverse=True)


def _seated_with(place: Place, places: Mapping[str, Place]) -> frozenset[str]:
    """Return all authorities of the department: in Paris the prefecture and the préfecture de police both decide, and both are meant."""
    department = _fold(place.department)
    return frozenset({place.code} | {other.code for other in places.values() if department and _fold(other.department) == department})


def _near(words: str, places: Mapping[str, Place]) -> tuple[Place, ...]:
    names = {place.code: _bare(_fold(place.department or place.name)) for place in places.values()}
    best = process.extract(words, names, scorer=fuzz.WRatio, score_cutoff=_NEAR, limit=_SUGGESTIONS) if len(words) > 2 else []
    return tuple(places[code] for _, _, code in best if code in places)


def _fold(text: str) -> str:
    """Fold to lower case, no accents, one space for anything that is neither letter nor digit, "st" in full."""
    words = re.sub(r"[^a-z0-9]+", " ", fold_words(text)).split()
    return " ".join("saint" if word == "st" else word for word in words)


def _bare(folded: str) -> str:
    return _BEFORE.sub("", folded)
