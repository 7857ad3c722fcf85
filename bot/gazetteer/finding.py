"""Which places people mean by what they type: names, postcodes, numbers, with accents or without, and nearly right. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from rapidfuzz import fuzz, process

from bot.gazetteer.gazetteer import ARTICLES, Commune, Department, Region, aliases, fold_name, gazetteer, without_articles, words_of

_FOUND_KEPT = 32
"""Texts of which it is kept what they may mean: to answer one it is asked up to four times."""
MOST = 10
"""The most candidates of a kind that an answer holds."""
_LONGEST = 80
"""The longest name has 45 characters; what is added to one (a department, "commune de") has its place in the rest."""
_NEAR = 80
_ALMOST = 90
_MANY_TIMES = 10
_LONGEST_NAME = 9
"""Words of the longest name."""
_MANY_PEOPLE = 5_000
_MOST_WORDS_OF_DEPARTMENT = 4
_POSTCODE = re.compile(r"\d{5}")
_DEPARTMENT = re.compile(r"\d{1,3}|2[ab]")
_WHAT_IT_IS = frozenset(("ville", "commune", "mairie", "departement", "dept", "dpt", "dep", "prefecture", "region", "secteur"))


class Match(StrEnum):
    """Classifies how a place was found, best first: by its number, its postcode, its name, another name, a longer name that begins so, a
    similar one, a sentence that names it. Only the last three are guesses."""

    CODE = "code"
    POSTCODE = "postcode"
    NAME = "name"
    ALIAS = "alias"
    BEGINS = "begins"
    NEAR = "near"
    SENTENCE = "sentence"


_ORDER = tuple(Match)
_KINDS: tuple[type, ...] = (Department, Region, Commune)


@dataclass(frozen=True, slots=True)
class PlaceCandidate:
    """A place that may be meant. `matched` is the other name by which it was found: of a site in it (`Part-Dieu`), or a former one."""

    place: Commune | Department | Region
    how: Match
    matched: str | None = None


@dataclass(frozen=True, slots=True)
class PlaceMatches:
    """Places that may be meant, best first, ten of a kind at most; `communes` is how many communes may be, `others` how many others."""

    candidates: tuple[PlaceCandidate, ...] = ()
    communes: int = 0
    others: int = 0


@dataclass(frozen=True, slots=True)
class _Hit:
    """`key` is a row of a commune, or the code of a department or region. The lowest `rank` is shown first."""

    kind: type
    key: int | str
    how: Match
    population: int
    matched: str | None = None
    score: float = 100.0
    rank: int = 0


@lru_cache(maxsize=_FOUND_KEPT)
def find_places(text: str) -> PlaceMatches:
    """Return the places that a text may mean, best first: by exact name, longer name, similar name, name in a sentence (before similar ones
    unless one is almost the same). All are candidates: Romans is two villages and a town."""
    if len(text) > _LONGEST:
        return PlaceMatches()
    words = words_of(text)
    if not words:
        return PlaceMatches()
    name = ""
    finder = _Finder()
    hits: list[_Hit] = []
    for rest in _without_kind(words):
        name = " ".join(rest)
        hits = hits or finder.numbered(rest) or finder.named(name)
    if hits := hits or finder.within(words) or finder.completing(name):
        return _found(hits)
    near = finder.near(name)
    return _found(near if any(hit.score >= _ALMOST for hit in near) else finder.in_sentence(words) or near)


@dataclass(frozen=True, slots=True)
class PlaceMention:
    """Names places that words of a sentence may mean, where most people are first. `first` and `end` count words."""

    name: str
    first: int
    end: int
    places: tuple[Commune | Department | Region, ...]


_PREPOSITIONS = frozenset(["a", "au", "aux", "de", "d", "sur", "dans", "en", "in", "at"])
_NOT_FIRST = ARTICLES - {"la", "le", "les", "l"}


@lru_cache(maxsize=_FOUND_KEPT)
def mentions(text: str, ignored: frozenset[str]) -> tuple[PlaceMention, ...]:
    """Return the places that a sentence names for sure, by the names that they bear alone: the longest at each word. `ignored` words are no
    name alone. A small place must follow a preposition."""
    words = words_of(text)
    return tuple(
        PlaceMention(" ".join(words[first:end]), first, end, tuple(dict.fromkeys(map(_place, sorted(hits, key=_by_people)))))
        for first, end, hits in _Finder().mentioned(words, ignored)
    )


def _by_people(hit: _Hit) -> tuple[bool, int]:
    return hit.kind is Region, -hit.population


class _Finder:
    """Looks places up, each way on its own."""

    def __init__(self) -> None:
        self._places, self._aliases = gazetteer(), aliases()

    def numbered(self, words: list[str]) -> list[_Hit]:
        """Find by postcode, by number of department, else by INSEE code: a text that is a number and nothing else."""
        number = "".join(words)
        if _DEPARTMENT.fullmatch(number):
            wanted = ("2A", "2B") if number == "20" else (number.upper().zfill(2),)
            return [self._area(self._places.departments[code], Match.CODE) for code in wanted if code in self._places.departments]
        if not re.fullmatch(r"\d{5}|2[ab]\d{3}", number):
            return []
        if rows := self._places.with_postcode(number):
            return [self._commune(row, Match.POSTCODE) for row in rows]
        commune = self._places.commune(number)
        return [] if commune is None else [self._commune(self._places.row(commune.code), Match.CODE)]

    def named(self, name: str) -> list[_Hit]:
        """Find by the name, by another name, and communes by the words that their name begins with."""
        exact = [self._commune(row, Match.NAME) for row in self._places.names.exact(name)]
        longer = [self._commune(row, Match.BEGINS) for row in self._places.names.beginning(name)]
        largest = max((hit.population for hit in exact), default=0)
        # Two villages are called Romans; more people mean Romans-sur-Isère. Saint is a village too, and begins too many names.
        first, larger = _rank(Match.NAME), [hit for hit in longer if hit.population >= _MANY_TIMES * largest]
        if exact and len(larger) <= MOST:
            longer = [replace(hit, rank=first) if hit in larger else hit for hit in longer]
        return [*self._areas(name), *exact, *longer, *self._other_names(name)]

    def within(self, words: list[str]) -> list[_Hit]:
        """Find `Valence 26`, `26000 Valence`, `Romans (Drôme)`: a name with the postcode or the department in which it is looked for."""
        for place, rest in self._placed(words):
            name = " ".join(without_articles(rest))
            hits = [hit for hit in self.named(name) if isinstance(hit.key, int) and hit.key in place] if name else []
            if hits:
                return hits
            area = self._aliases.areas.get(name)
            if isinstance(area, Department) and place == frozenset(self._places.of_department(area.code)):
                return [self._area(area, Match.NAME)]
        return []

    def named_for_sure(self, words: list[str]) -> list[_Hit]:
        """Find by a name, by that of an area, by a postcode, or by a name with the department: what stands for a place in a sentence."""
        name = " ".join(words)
        if name in _WHAT_IT_IS or (words[0].isdigit() and not _POSTCODE.fullmatch(words[0])):
            return []
        if _POSTCODE.fullmatch(name):
            return self.numbered(words)
        exact = [
            hit
            for hit in self.named(name)
            if hit.rank <= _rank(Match.NAME) or (hit.how is Match.ALIAS and (hit.kind is not Commune or len(words) > 1))
        ]
        return exact or (self.within(words) if len(words) > 1 and words[-1] not in ARTICLES else [])

    def completing(self, name: str) -> list[_Hit]:
        """Find by a name that was not typed to its end."""
        rows = self._places.names.completing(name) if len(name) > 1 else []
        return [*self._areas_beginning(name), *(self._commune(row, Match.BEGINS) for row in rows)]

    def near(self, name: str) -> list[_Hit]:
        """Find by a similar name: typing errors."""
        if len(name) < 3:
            return []
        hits = [
            self._commune(self._places.names.rows[position], Match.NEAR, score=score)
            for _, score, position in _similar(name, self._places.names.names)
        ]
        for other, score, _ in _similar(name, self._aliases.areas):
            hits.append(self._area(self._aliases.areas[other], Match.NEAR, score=score))
        for other, score, _ in _similar(name, self._aliases.written):
            written = self._aliases.written[other]
            hits += [self._commune(row, Match.NEAR, written, score) for row in self._aliases.sites[written]]
        return hits

    def in_sentence(self, words: list[str]) -> list[_Hit]:
        """Find `est-ce utilisé à Valence`: what a sentence names, as guesses."""
        rank = _rank(Match.SENTENCE)
        return [replace(hit, how=Match.SENTENCE, rank=rank) for *_, hits in self.mentioned(words, frozenset()) for hit in hits]

    def mentioned(self, words: list[str], ignored: frozenset[str]) -> Iterator[tuple[int, int, list[_Hit]]]:
        """Yield the first word, that after the last, and the places of each name: after a preposition, or where many people are."""
        first = 0
        while first < len(words):
            end = first + 1
            for last in range(min(first + _LONGEST_NAME, len(words)), first, -1):
                part = words[first:last]
                if (len(part) == 1 and part[0] in ignored) or part[0] in _NOT_FIRST:
                    continue
                hits = self.named_for_sure(part)
                is_preceded = first > 0 and words[first - 1] in _PREPOSITIONS
                if any(is_preceded or hit.population >= _MANY_PEOPLE for hit in hits):
                    end = last
                    yield first, end, hits
                    for others in self._further_arrondissements(words, end, hits):
                        yield others
                        end = others[1]
                    break
            first = end

    def _further_arrondissements(self, words: list[str], end: int, hits: list[_Hit]) -> Iterator[tuple[int, int, list[_Hit]]]:
        """Yield `5e` after `Lyon 2e et`."""
        whole = self._places.at(hits[0].key).part_of if isinstance(hits[0].key, int) else None
        city = None if whole is None else self._places.commune(whole)
        while city is not None and (first := end + (words[end : end + 1] in (["et"], ["ou"], ["and"], ["or"]))) < len(words):
            others = [hit for hit in self.named(f"{fold_name(city.name)} {words[first]}") if hit.how in {Match.NAME, Match.ALIAS}]
            if not others:
                return
            end = first + 1
            yield first, end, others

    def _placed(self, words: list[str]) -> Iterator[tuple[frozenset[int], list[str]]]:
        for number, rest in ((words[-1], words[:-1]), (words[0], words[1:])):
            if _POSTCODE.fullmatch(number):
                yield frozenset(self._places.with_postcode(number)), rest
            elif _DEPARTMENT.fullmatch(number):
                place = frozenset(self._places.of_department(number.upper().zfill(2)))
                yield place, rest
                # `Romans-sur-Isère (Drôme, 26)`, as answers write it.
                yield from ((place, before) for there, before in self._in_department(rest) if there == place)
        yield from self._in_department(words)

    def _in_department(self, words: list[str]) -> Iterator[tuple[frozenset[int], list[str]]]:
        for length in range(1, min(_MOST_WORDS_OF_DEPARTMENT, len(words) - 1) + 1):
            area = self._aliases.areas.get(" ".join(without_articles(words[-length:])))
            if isinstance(area, Department):
                yield frozenset(self._places.of_department(area.code)), _without_last_articles(words[:-length])

    def _areas(self, name: str) -> list[_Hit]:
        area = self._aliases.areas.get(name)
        exact = [self._area(area, Match.NAME if fold_name(area.name) == name else Match.ALIAS)] if area is not None else []
        return exact or self._areas_beginning(name + " ")

    def _areas_beginning(self, name: str) -> list[_Hit]:
        return [self._area(area, Match.BEGINS) for other, area in self._aliases.areas.items() if len(name) > 2 and other.startswith(name)]

    def _other_names(self, name: str) -> list[_Hit]:
        written = self._aliases.written.get(name)
        sites = [self._commune(row, Match.ALIAS, written) for row in self._aliases.communes.get(name, ())]
        former = [self._places.former[position] for position in self._places.former_names.exact(name)]
        return [*sites, *(self._commune(row, Match.ALIAS, before) for before, row in former)]

    def _commune(self, row: int, how: Match, matched: str | None = None, score: float = 100.0) -> _Hit:
        return _Hit(Commune, row, how, self._places.populations[row], matched, score, _rank(how))

    def _area(self, area: Department | Region, how: Match, score: float = 100.0) -> _Hit:
        return _Hit(type(area), area.code, how, area.population, None, score, _rank(how))


def _found(hits: Iterable[_Hit]) -> PlaceMatches:
    """Put the best first, once each, and count them all."""
    once: dict[tuple[type, int | str], _Hit] = {}
    for hit in sorted(hits, key=_order):
        once.setdefault((hit.kind, hit.key), hit)
    shown = Counter[type]()
    candidates = []
    for hit in once.values():
        shown[hit.kind] += 1
        if shown[hit.kind] <= MOST:
            candidates.append(PlaceCandidate(_place(hit), hit.how, hit.matched))
    return PlaceMatches(tuple(candidates), shown[Commune], shown.total() - shown[Commune])


def _order(hit: _Hit) -> tuple[int, float, int, int]:
    return hit.rank, -hit.score, _KINDS.index(hit.kind), -hit.population


def _rank(how: Match) -> int:
    """Numbers and names are as good as each other."""
    return max(_ORDER.index(how), _ORDER.index(Match.NAME))


def _place(hit: _Hit) -> Commune | Department | Region:
    places = gazetteer()
    if isinstance(hit.key, int):
        return places.at(hit.key)
    return places.departments[hit.key] if hit.kind is Department else places.regions[hit.key]


def _similar(name: str, names: Iterable[str]) -> list[tuple[str, float, int]]:
    choices = names if isinstance(names, list) else list(names)
    return process.extract(name, choices, scorer=fuzz.ratio, score_cutoff=_NEAR, limit=None)


def _without_kind(words: list[str]) -> Iterator[list[str]]:
    """Yield the words without articles, then without each word that says what the place is: `ville de Cannes`, `Cannes`."""
    rest = without_articles(words)
    yield rest
    while len(rest) > 1 and rest[0] in _WHAT_IT_IS:
        rest = without_articles(rest[1:])
        yield rest


def _without_last_articles(words: list[str]) -> list[str]:
    """`romans dans la` -> `romans`: what stands before the name of a department."""
    last = next((position for position in range(len(words), 0, -1) if words[position - 1] not in ARTICLES), 0)
    return words[:last]
