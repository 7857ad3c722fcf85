"""Other names of places: regions and departments by what people call them, quarters, halls and stations by the communes they lie in."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Mapping

from bot.gazetteer.places import Department, Places, Region, fold_name


class Aliases:
    """`communes` has the rows of communes by another name, `areas` departments and regions by every name; names are folded.

    A region that is one department is left out: its name means the department.
    """

    def __init__(self, places: Places, text: str) -> None:
        """Raises ValueError for a table that names what does not exist, or a name twice."""
        tables = tomllib.loads(text)
        self.sites = {name: tuple(places.row(code) for code in codes) for name, codes in tables["sites"].items()}
        """Quarters, halls, stadiums and stations as they are written, with the rows of their communes."""
        self.written = {fold_name(name): name for name in self.sites}
        of_sites = [(fold_name(name), rows) for name, rows in self.sites.items()]
        self.communes: Mapping[str, tuple[int, ...]] = _once([*of_sites, *self._of_arrondissements(places)])
        self.areas: Mapping[str, Department | Region] = self._areas(places, tables["regions"])

    def _of_arrondissements(self, places: Places) -> list[tuple[str, tuple[int, ...]]]:
        """`paris 15`, `15e arrondissement de paris`; `15e`, which may be of three cities."""
        names = defaultdict[str, list[int]](list)
        for arrondissement in places.arrondissements():
            row = places.row(arrondissement.code)
            city, ordinal = fold_name(arrondissement.name).split()
            number = ordinal.removesuffix("e")
            for name in (f"{city} {number}", f"{city} {ordinal} arrondissement", f"{ordinal} arrondissement de {city}"):
                names[name].append(row)
            for name in (ordinal, f"{ordinal} arrondissement"):
                names[name].append(row)
        return [(name, tuple(rows)) for name, rows in names.items()]

    @staticmethod
    def _areas(places: Places, regions: Mapping[str, str]) -> dict[str, Department | Region]:
        areas: dict[str, Department | Region] = {
            fold_name(region.name): region for region in places.regions.values() if len(region.departments) > 1
        }
        areas |= {fold_name(name): places.regions[code] for name, code in regions.items()}
        return areas | {fold_name(department.name): department for department in places.departments.values()}


def _once(named: list[tuple[str, tuple[int, ...]]]) -> dict[str, tuple[int, ...]]:
    names = dict(named)
    if len(names) < len(named):
        raise ValueError("a name stands twice in the table of aliases")
    return names
