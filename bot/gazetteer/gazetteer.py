"""Reads communes, departments and regions of the *code officiel géographique* from the packed file `france.txt.gz` (see `NOTICE`). Loaded
at first use, in some 0.2 s of processor time and 9 MB; lines are parsed on demand, as 35,000 objects would need three times the memory."""

from __future__ import annotations

import gzip
import re
import tomllib
from array import array
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from bot.domain.acts import Decree, department_of
from bot.domain.posts import Follow, FollowKind
from bot.domain.text import fold_words

ARTICLES = frozenset(("l", "la", "le", "les", "d", "de", "du", "des", "a", "au", "aux", "en", "dans"))
_IN_FULL = {"st": "saint", "ste": "sainte", "sts": "saints", "stes": "saintes"}
_ABBREVIATED_ON = re.compile(r"\bs\s*/\s*")
_ORDINAL = re.compile(r"(\d{1,2})(?:er|ere|eme|ieme|nd|nde|st|rd|th)")
_WORD = re.compile(r"[a-z0-9]+")
_WHOLE_CITIES = {"75000": "75056", "69000": "69123", "13000": "13055"}
"""Paris, Lyon and Marseille, by what people write for the whole of them: arrondissements have postcodes, these cities have none."""


@dataclass(frozen=True, slots=True)
class Commune:
    """Describes a commune of today, or an arrondissement of Paris, Lyon or Marseille, which is `part_of` that commune. `code` is from INSEE
    (`26198`), `department` that of its department (`26`, `2A`, `974`). `population` is None if unpublished."""

    code: str
    name: str
    department: str
    population: int | None
    postcodes: tuple[str, ...]
    part_of: str | None = None


@dataclass(frozen=True, slots=True)
class Department:
    """Describes a department, or a territory overseas that has a code like one (`975`). `region` is the code of its region."""

    code: str
    name: str
    region: str
    population: int


@dataclass(frozen=True, slots=True)
class Region:
    """Describes a region by its INSEE code (`84`), with the codes of its departments."""

    code: str
    name: str
    departments: tuple[str, ...]
    population: int


class NameIndex:
    """Names, folded and sorted, each with the row that it means: by the whole name or by what it begins with."""

    def __init__(self, named: Iterator[tuple[str, int]]) -> None:
        pairs = sorted(named)
        self.names = [name for name, _ in pairs]
        self.rows = array("I", (row for _, row in pairs))

    def exact(self, name: str) -> list[int]:
        """Return the rows of this name."""
        return self._between(name, name + "\0")

    def beginning(self, name: str) -> list[int]:
        """Return the rows of longer names that begin with these words."""
        return self._between(name + " ", name + "!")

    def completing(self, name: str) -> list[int]:
        """Return the rows of longer names whose first word, or last of the given ones, goes on."""
        return self._between(name + "0", name + "{")

    def _between(self, first_name: str, end_name: str) -> list[int]:
        return self.rows[bisect_left(self.names, first_name) : bisect_left(self.names, end_name)].tolist()


class Gazetteer:
    """All places of the packed file. Rows number the communes of today, in the order of their codes."""

    def __init__(self, packed: bytes) -> None:
        """Take `packed` apart (see `tools.gazetteer`). Raises ValueError where it is malformed."""
        source, regions, departments, today, former = gzip.decompress(packed).decode("utf-8").rstrip("\n").split("\n\n")
        self.source = source
        """Name and version of the package that the data comes from."""
        self._lines = today.split("\n")
        self._codes = [line[:5] for line in self._lines]
        self.populations = array("I", (self.at(row).population or 0 for row in range(len(self._lines))))
        self._successors = dict(self._former_codes())
        self.names = NameIndex((fold_name(line.split("\t", 2)[1]), row) for row, line in enumerate(self._lines))
        columns = [line.split("\t") for line in former.split("\n")]
        self._successors |= {code: successor for code, _, successor in columns}
        self.former = tuple((name, self.row(successor)) for _, name, successor in columns)
        """Names that communes of today had before, or a part of them, each with the row of that commune."""
        self.former_names = NameIndex((fold_name(name), position) for position, (name, _) in enumerate(self.former))
        people = Counter[str]()
        for row, line in enumerate(self._lines):
            if not _part_of(line):
                people[department_of(line[:5])] += self.populations[row]
        lines = [line.split("\t") for line in departments.split("\n")]
        self.departments = {code: Department(code, typographic(name), region, people[code]) for code, name, region in lines}
        self.regions = {code: self._region(code, name) for code, name in (line.split("\t") for line in regions.split("\n"))}

    def __len__(self) -> int:
        return len(self._lines)

    def at(self, row: int) -> Commune:
        """Return the commune of a row."""
        code, name, *others = self._lines[row].split("\t")
        population, postcodes, _, part_of = (*others, "", "", "", "")[:4]
        people = int(population) if population else None
        return Commune(code, typographic(name), department_of(code), people, tuple(postcodes.split()), part_of or None)

    def department_at(self, row: int) -> str:
        """Return the department of the commune of a row."""
        return department_of(self._codes[row])

    def commune(self, code: str) -> Commune | None:
        """Return the commune of an INSEE code, a former one included; None where nothing has or had it."""
        code = code.strip().upper()
        row = self._find(code)
        if row is None and code in self._successors:
            row = self._find(self._successors[code])
        return None if row is None else self.at(row)

    def department(self, code: str) -> Department | None:
        """Return the department of a code as it is printed (`01`, `2A`, `974`)."""
        return self.departments.get(code.strip().upper())

    def region(self, code: str) -> Region | None:
        """Return the region of an INSEE code (`84`)."""
        return self.regions.get(code.strip())

    def label(self, follow: Follow) -> str | None:
        """Return what a place that is followed is called (`Montélimar (26)`, `Drôme (26)`, `Bretagne`); None where there is none."""
        if follow.kind is FollowKind.COMMUNE:
            commune = self.commune(follow.value)
            return None if commune is None else f"{commune.name} ({commune.department})"
        if follow.kind is FollowKind.DEPARTMENT:
            department = self.department(follow.value)
            return None if department is None else f"{department.name} ({department.code})"
        region = self.region(follow.value) if follow.kind is FollowKind.REGION else None
        return None if region is None else region.name

    def with_postcode(self, postcode: str) -> list[int]:
        """Return the rows of the communes of a postcode; of a whole that is divided into arrondissements, those alone."""
        if postcode in _WHOLE_CITIES:
            return [self.row(_WHOLE_CITIES[postcode])]
        found = [row for row, line in enumerate(self._lines) if postcode in line and postcode in line.split("\t")[3:4][0].split()]
        wholes = {self.at(row).part_of for row in found}
        return [row for row in found if self._codes[row] not in wholes]

    def of_department(self, department: str) -> range:
        """Return the rows of the communes of a department."""
        return range(bisect_left(self._codes, department), bisect_left(self._codes, department + "~"))

    def arrondissements(self) -> Iterator[Commune]:
        """Yield the arrondissements of Paris, Lyon and Marseille, and of no other: those are subdivisions of the State."""
        for row, line in enumerate(self._lines):
            if _part_of(line):
                yield self.at(row)

    def row(self, code: str) -> int:
        """Return the row of a commune of today by its INSEE code. Raises ValueError where there is none."""
        row = self._find(code)
        if row is None:
            raise ValueError(f"no commune of today has the code {code}")
        return row

    def _find(self, code: str) -> int | None:
        row = bisect_left(self._codes, code)
        return row if row < len(self._codes) and self._codes[row] == code else None

    def _former_codes(self) -> Iterator[tuple[str, str]]:
        for line in self._lines:
            columns = line.split("\t")
            for former in columns[4].split() if len(columns) > 4 else ():
                yield former, columns[0]

    def _region(self, code: str, name: str) -> Region:
        theirs = [department for department in self.departments.values() if department.region == code]
        return Region(code, typographic(name), tuple(each.code for each in theirs), sum(each.population for each in theirs))


def typographic(name: str) -> str:
    """Return a name with the apostrophe of print."""
    return name.replace("'", "’")


def words_of(text: str) -> list[str]:
    """Return the words of a name as they are compared: without accents and signs, "St" in full, "s/" as "sur", "1er" as "1e"."""
    return [folded_word(word) for word in _WORD.findall(_ABBREVIATED_ON.sub("sur ", fold_words(text)))]


def folded_word(word: str) -> str:
    """Return a word that is already without case and accents as it is compared."""
    return _IN_FULL.get(word) or _ORDINAL.sub(r"\1e", word)


def fold_name(text: str) -> str:
    """Return the words of a name in one string, without the articles that stand before it."""
    return " ".join(without_articles(words_of(text)))


def without_articles(words: list[str]) -> list[str]:
    """Leave out the articles and prepositions before a name; never the last word."""
    first = next((position for position, word in enumerate(words[:-1]) if word not in ARTICLES), len(words) - 1)
    return words[first:] if words else words


def _part_of(line: str) -> str:
    return line.rpartition("\t")[2] if line.count("\t") == 5 else ""


# Other names: of regions and departments by what people call them, of quarters, halls and stations by the communes they lie in.


class Aliases:
    """`communes` has the rows of communes by another name, `areas` departments and regions by every name, folded; not regions of one
    department, whose name means the department."""

    def __init__(self, places: Gazetteer, text: str) -> None:
        """Raises ValueError for a table that names what does not exist, or a name twice."""
        tables = tomllib.loads(text)
        self.sites = {name: tuple(places.row(code) for code in codes) for name, codes in tables["sites"].items()}
        """Quarters, halls, stadiums and stations as they are written, with the rows of their communes."""
        self.written = {fold_name(name): name for name in self.sites}
        of_sites = [(fold_name(name), rows) for name, rows in self.sites.items()]
        self.communes: Mapping[str, tuple[int, ...]] = _once([*of_sites, *self._of_arrondissements(places)])
        self.areas: Mapping[str, Department | Region] = self._areas(places, tables["regions"])

    def _of_arrondissements(self, places: Gazetteer) -> list[tuple[str, tuple[int, ...]]]:
        """`paris 15`, `15e arrondissement de paris`; `15e`, which may be of three cities."""
        names = defaultdict[str, list[int]](list)
        for arrondissement in places.arrondissements():
            row = places.row(arrondissement.code)
            city, ordinal = fold_name(arrondissement.name).split()
            number = ordinal.removesuffix("e")
            alone = f"{ordinal} arrondissement"
            for name in (f"{city} {number}", f"{city} {alone}", f"{alone} de {city}", ordinal, alone):
                names[name].append(row)
        return [(name, tuple(rows)) for name, rows in names.items()]

    @staticmethod
    def _areas(places: Gazetteer, regions: Mapping[str, str]) -> dict[str, Department | Region]:
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


# What the program is packed with.


@cache
def gazetteer() -> Gazetteer:
    """Return the places of France, loaded once."""
    return Gazetteer(packed_file("france.txt.gz"))


@cache
def aliases() -> Aliases:
    """Return their other names, loaded once."""
    return Aliases(gazetteer(), packed_file("aliases.toml").decode("utf-8"))


def packed_file(name: str) -> bytes:
    """Read a file of this folder."""
    return files("bot.gazetteer").joinpath(name).read_bytes()


def named_communes(decree: Decree) -> list[Commune]:
    """Return the communes that are stored with a decree, in the order in which it names them."""
    return [commune for named in decree.communes if (commune := gazetteer().commune(named.code)) is not None]


def region_of(department: str) -> str | None:
    """Return the code of the region of a department; None for what is no department."""
    found = gazetteer().department(department)
    return None if found is None else found.region


def departments_of_region(code: str) -> Sequence[str]:
    """Return the codes of the departments of a region, by its INSEE code."""
    region = gazetteer().region(code)
    return () if region is None else region.departments
