"""Which department is meant by "26", "2a", "drome", "la Drôme" or a near miss. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz, process

from bot.domain.acts import Place, deciding_in
from bot.domain.text import fold_words

_SUGGESTIONS = 3
_NEAR = 80
# Words that may stand before a name: "la Drôme", "département de l'Isère", "préfecture du Var".
_BEFORE = re.compile(r"^(?:(?:prefecture|departement|dept|de|du|des|d|la|le|les|l) )+(?=[a-z])")
_BETWEEN = re.compile(r"\s*[,;/+&]\s*|\s+(?:et|and|ou|or)\s+", re.IGNORECASE)
_FORMER = {"20": ("2A", "2B")}
"""Departments by the code that they had together: Corsica until 1976, and still in postcodes."""
_ALL = re.compile(r"(?:(?:dans )?(?:toute|all)(?: of)? )?(?:la |en |in )?france(?: entiere)?|tout|partout|all|everything|everywhere")
_MOST = 12
"""Departments in one question: there are no more in a region but one, which has a name."""


def is_all_of_france(asked: str) -> bool:
    """Return whether every department is meant: `France`, "toute la France", "partout", "everywhere"."""
    return _ALL.fullmatch(_fold(asked)) is not None


@dataclass(frozen=True, slots=True)
class DepartmentMatch:
    """Holds the departments found and the codes of all authorities that decide there (None: any); or none, the `unknown` words, and the
    nearest departments, best first."""

    places: tuple[Place, ...]
    authorities: frozenset[str] | None = frozenset()
    departments: frozenset[str] | None = None
    """In which the communes lie that a decree may name, None where any: a préfet de police, or a region, decides in many departments."""
    unknown: str = ""
    suggestions: tuple[Place, ...] = ()

    @property
    def codes(self) -> str:
        """Return the codes of the places with commas between them, by which they are found again."""
        return ",".join(place.code for place in self.places)


EVERYWHERE = DepartmentMatch((), None)


def find_departments(asked: str, places: Mapping[str, Place]) -> DepartmentMatch:
    """Look one or several departments up ("26", "la Drôme", "26, 07", "Drôme et Isère", "26 07"), all or none."""
    whole = " ".join(asked.split())
    alone = _find(whole, places)
    if alone:
        return _match(alone, places)
    parts = [part for part in _BETWEEN.split(whole) if part]
    if len(parts) == 1 and all(part.isalnum() and any(map(str.isdigit, part)) for part in whole.split()):
        parts = whole.split()
    found = {part: _find(part, places) for part in parts[: _MOST + 1]}
    meant = [place for several in found.values() for place in several]
    if 1 < len(parts) <= _MOST and all(found.values()):
        return _match(list(dict.fromkeys(meant)), places)
    unknown = next((part for part, several in found.items() if not several), whole) if meant else whole
    return DepartmentMatch((), unknown=unknown, suggestions=_near(_bare(_fold(unknown)), places))


def _match(meant: list[Place], places: Mapping[str, Place]) -> DepartmentMatch:
    authorities = frozenset[str]().union(*(authorities_of(place, places) for place in meant))
    if any(place.territory and not _is_region(place) for place in meant):
        return DepartmentMatch(tuple(meant), authorities)
    return DepartmentMatch(tuple(meant), authorities, frozenset[str]().union(*(place.territory or {place.code} for place in meant)))


def _find(asked: str, places: Mapping[str, Place]) -> list[Place]:
    """Find a department by code, then by name, ignoring case, accents, hyphens and articles; by a former code, all its successors."""
    words = _fold(asked)
    code = words.replace(" ", "")
    by_code = {_folded(place.code).replace(" ", ""): place for place in places.values()}
    found = by_code.get(code) or by_code.get(code.zfill(2)) or _by_name(words, places) or _labelled(words, places)
    return [found] if found is not None else [places[one] for one in _FORMER.get(code, ()) if one in places]


def authorities_of(place: Place, places: Mapping[str, Place]) -> frozenset[str]:
    """Return all who decide there: of a region, in any of its departments; of the préfet de police asked for by name, he alone."""
    if not place.territory:
        return deciding_in({place.code}, places)
    return deciding_in({place.code, *place.territory}, places) if _is_region(place) else frozenset({place.code})


def place_label(place: Place) -> str:
    """Return `Drôme (26)`; of a region and of a préfet de police the name alone: their codes are Vigie's own."""
    if not place.territory:
        return f"{place.department or place.name} ({place.code})"
    return place.department if _is_region(place) else place.name


def _is_region(place: Place) -> bool:
    return place.code.startswith("R-")


def _by_name(words: str, places: Mapping[str, Place]) -> Place | None:
    """Find it by the department's name, else by the authority's own ("préfecture de police"); the lowest code first."""
    for names in ({_bare(_folded(p.department)): p for p in _ordered(places)}, {_bare(_folded(p.name)): p for p in _ordered(places)}):
        if found := names.get(_bare(words)):
            return found
    return None


def _labelled(words: str, places: Mapping[str, Place]) -> Place | None:
    """Find `Drôme (26)`, as answers and lists write it: a name with its own code."""
    name, _, code = words.rpartition(" ")
    found = _by_name(name, places) if name else None
    return found if found is not None and _folded(found.code) == code.zfill(2) else None


def _ordered(places: Mapping[str, Place]) -> list[Place]:
    """Sort by code, highest first, so that a table built from it keeps the lowest."""
    return sorted(places.values(), key=lambda place: place.code, reverse=True)


def _near(words: str, places: Mapping[str, Place]) -> tuple[Place, ...]:
    names = {place.code: _bare(_folded(place.department or place.name)) for place in places.values()}
    best = process.extract(words, names, scorer=fuzz.WRatio, score_cutoff=_NEAR, limit=_SUGGESTIONS) if len(words) > 2 else []
    return tuple(places[code] for _, _, code in best if code in places)


@lru_cache(maxsize=1024)
def _folded(name: str) -> str:
    """Fold a name of the catalogue: the same hundred for every question."""
    return _fold(name)


def _fold(text: str) -> str:
    """Fold to lower case, no accents, one space for anything that is neither letter nor digit, "st" in full."""
    words = re.sub(r"[^a-z0-9]+", " ", fold_words(text)).split()
    return " ".join("saint" if word == "st" else word for word in words)


def _bare(folded: str) -> str:
    return _BEFORE.sub("", folded)
