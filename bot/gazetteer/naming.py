"""Finds the communes that a decree names in its facts (title, event, operators, places, communes), never in its text, where nearly every
page names the seats of prefecture and court. Pure. A wrong commune is worse than a missing one: capitals, article and neighbouring words
must show that a name is the place."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from hashlib import sha256

from bot.domain.acts import Decree, NamedCommune, Naming, Place
from bot.domain.posts import FollowTargets, decided_in, departments_of, targets_of
from bot.domain.text import fold_words
from bot.gazetteer.gazetteer import ARTICLES, Commune, aliases, fold_name, folded_word, gazetteer, packed_file, region_of

RULES = "4"
"""Version of the rules of this module and of `bot.storage.naming`: after a change the communes of every stored decree are found again."""

_MOST_WORDS = 9
_MOST_LOOKED_BACK = 4
_LARGE = 10_000
_WORD = re.compile(r"[^\W_]+")
_ORDINAL = re.compile(r"\d{1,2}e")
_POSTCODE = re.compile(r"\d{5}")
_ENDS_A_PHRASE = re.compile(r"[,;:.()«»\"“”/\n]| [-–—] ")
_ENDS_A_SENTENCE = re.compile(r"[,;:()]")
_WITH_ARTICLE = {
    "le": frozenset(("le", "du", "au")),
    "la": frozenset(("la",)),
    "les": frozenset(("les", "des", "aux")),
    "l": frozenset(("l",)),
}
_ANY_ARTICLE = frozenset().union(*_WITH_ARTICLE.values())
_GOES_ON = frozenset(("sur", "les", "lez", "sous", "le", "la", "en", "de", "du", "des", "d", "l", "aux", "au", "aeroport"))
_GOES_ON_AFTER_A_BLANK = frozenset(("sur", "lez", "sous"))
_BEFORE_A_PLACE = frozenset(("a", "dans", "en", "vers", "entre", "depuis", "sur", "et", "ou"))


@dataclass(frozen=True, slots=True)
class _Token:
    """A word as written and as compared. `joint` is what stands between it and the word before, empty at the beginning."""

    written: str
    folded: str
    joint: str
    start: int

    @property
    def begins_a_phrase(self) -> bool:
        return not self.joint or _ENDS_A_PHRASE.search(self.joint) is not None


class _Namer:
    """Finds the communes that decrees name."""

    def __init__(self) -> None:
        self._places, self._aliases = gazetteer(), aliases()
        lists: dict[str, list[str]] = tomllib.loads(packed_file("naming.toml").decode("utf-8"))
        self._refuse_after, self._teams_after, self._sure_after, self._ordinary = (
            frozenset(lists[name]) for name in ("refuse_after", "teams_after", "sure_after", "ordinary")
        )
        self._nothing = frozenset(_folded(phrase) for phrase in lists["nothing"])
        self._sites = {_folded(name): rows for name, rows in self._aliases.sites.items()}

    def communes_of(self, decree: Decree, departments: Collection[str]) -> tuple[NamedCommune, ...]:
        """Return the communes of these departments that the facts of a decree name, each once, in order. Facts to be verified count, so
        that a follower of a town misses no decree. An arrondissement adds its city."""
        facts = decree.facts
        texts = [(decree.title, False), (facts.event or "", False), *((text, True) for text in facts.operators)]
        found: dict[str, NamedCommune] = {}
        for text, whole in [*texts, *((text, False) for text in facts.places)]:
            tokens = _tokens(text)
            for first, end, rows, how in self._named(tokens, frozenset(departments), whole=whole):
                self._add(found, rows, how, _evidence(text, tokens, first, end))
        for name in facts.communes:
            rows, how = self._whole_name(name, frozenset(departments))
            self._add(found, rows, how, name)
        return tuple(found.values())

    def _add(self, found: dict[str, NamedCommune], rows: Collection[int], how: Naming, evidence: str) -> None:
        for commune in map(self._places.at, rows):
            for code in filter(None, (commune.code, commune.part_of)):
                if code not in found or (found[code].how is Naming.ALIAS and how is Naming.NAMED):
                    found[code] = NamedCommune(code, how, evidence)

    def _whole_name(self, name: str, departments: frozenset[str]) -> tuple[tuple[int, ...], Naming]:
        """Return the commune that bears this name, or bore it; none where there are two."""
        folded = fold_name(name)
        rows = self._within(self._places.names.exact(folded), departments)
        tokens = _tokens(name)
        several = self._arrondissements(tokens, 0, len(tokens), departments) if len(tokens) > 1 else ()
        if several:
            return several, Naming.NAMED
        how = Naming.NAMED if rows else Naming.ALIAS
        rows = rows or self._within({self._places.former[position][1] for position in self._places.former_names.exact(folded)}, departments)
        return rows if len(rows) == 1 else (), how

    def _named(self, tokens: list[_Token], departments: frozenset[str], *, whole: bool) -> Iterator[_Named]:
        """Yield what is named, the longest name at each word. `whole`: a name that goes on, as in "Commune de Port-Clair", is another."""
        position = 0
        while position < len(tokens):
            longest = min(_MOST_WORDS, len(tokens) - position)
            found = next(filter(None, (self._at(tokens, position, length, departments) for length in range(longest, 0, -1))), None)
            if found is None:
                position += 1
                continue
            first, end, rows, how = found
            commune = self._places.at(rows[0]) if rows and how is Naming.NAMED else None
            if rows and not (whole and _goes_on(tokens, end)) and self._counts(tokens, first, end, commune):
                yield found
            position = end

    def _at(self, tokens: list[_Token], first: int, length: int, departments: frozenset[str]) -> _Named | None:
        """Return what these words name; with no rows where they are a name that means no commune."""
        end = first + length
        words = tuple(token.folded for token in tokens[first:end])
        if words in self._nothing:
            return first, end, (), Naming.NAMED
        if arrondissements := self._arrondissements(tokens, first, end, departments):
            return first, end, arrondissements, Naming.NAMED
        rows = self._within(self._sites.get(words, ()), departments)
        if rows and any(token.written[0].isupper() for token in tokens[first:end]):
            return first, end, rows, Naming.ALIAS
        return self._by_name(tokens, first, end, departments)

    def _by_name(self, tokens: list[_Token], first: int, end: int, departments: frozenset[str]) -> _Named | None:
        """Return the commune that bears this name, or bore it where the words before say that it is one."""
        if not tokens[first].written[0].isupper() or any(token.begins_a_phrase for token in tokens[first + 1 : end]):
            return None
        name = " ".join(token.folded for token in tokens[first:end])
        rows = self._within(self._places.names.exact(name), departments)
        if rows and (start := _beginning(tokens, first, end, self._places.at(rows[0]).name)) is not None:
            # Two communes of a region may have one name: neither is certain.
            return start, end, rows if len(rows) == 1 else (), Naming.NAMED
        for before, row in (self._places.former[position] for position in self._places.former_names.exact(name)):
            start = _beginning(tokens, first, end, before)
            if start is not None and self._within((row,), departments) and self._is_sure(tokens, start):
                return start, end, (row,), Naming.ALIAS
        return None

    def _arrondissements(self, tokens: list[_Token], first: int, end: int, departments: frozenset[str]) -> tuple[int, ...]:
        """Return those of `8e et 16e arrondissements`, `3e arrondissement de Lyon`, `75012 Paris`; none where a city is not certain."""
        words = [token.folded for token in tokens[first:end]]
        if len(words) == 2 and _POSTCODE.fullmatch(words[0]) and words[1] in ("paris", "lyon", "marseille"):
            rows = self._within(self._places.with_postcode(words[0]), departments)
            return tuple(row for row in rows if self._places.at(row).part_of)
        if len(words) > 1 and words[0] in ("paris", "lyon", "marseille") and _ORDINAL.fullmatch(words[-1]) and words[-1] != words[1]:
            words = [*words[1:], "arrondissement", "de", words[0]]  # `Lyon 1er, 2e et 5e`
        city = " ".join(words[-2:]) if words[-2:-1] == ["de"] else ""
        ordinals, last = (words[:-3], words[-3]) if city and len(words) > 3 else (words[:-1], words[-1])
        if not last.startswith("arrondissement") or not ordinals or not _ORDINAL.fullmatch(ordinals[0]):
            return ()
        named = [word for word in ordinals if word != "et"]
        rows_of = [self._within(self._aliases.communes.get(f"{word} arrondissement {city}".strip(), ()), departments) for word in named]
        return tuple(rows[0] for rows in rows_of) if all(len(rows) == 1 for rows in rows_of) else ()

    def _within(self, rows: Collection[int], departments: frozenset[str]) -> tuple[int, ...]:
        return tuple(row for row in rows if self._places.department_at(row) in departments)

    def _counts(self, tokens: list[_Token], first: int, end: int, commune: Commune | None) -> bool:
        """Return whether the words around a name allow the place. `commune` is None for a site."""
        if commune is not None and _is_part_of_a_name(tokens, first, end, large=(commune.population or 0) >= _LARGE):
            return False
        if self._is_sure(tokens, first):
            return True
        if self._is_refused(tokens, first):
            return False
        return commune is None or self._is_certain_alone(tokens, first, commune)

    def _is_certain_alone(self, tokens: list[_Token], first: int, commune: Commune) -> bool:
        """Return whether a name alone means the commune: not a common word, nor a saint's name after a building of his."""
        words = [token.folded for token in _tokens(commune.name) if token.folded not in ARTICLES]
        if len(words) == 1 and (words[0] in self._ordinary or (commune.population or 0) < _LARGE):
            return False
        if words[0] in ("saint", "sainte") and first > 0 and not tokens[first].begins_a_phrase:
            before = tokens[first - 1].folded
            return before in ARTICLES or before in _BEFORE_A_PLACE
        return True

    def _is_sure(self, tokens: list[_Token], first: int) -> bool:
        """Whether the name follows "commune de", "gare de", "à": directly, but for an article."""
        if tokens[first].folded in ("au", "aux"):
            return True
        before = [token.folded for token in _same_phrase_before(tokens, first)]
        while before and before[0] in ("de", "d", "du", "des", "la", "le", "les", "l"):
            before = before[1:]
        return bool(before) and before[0] in self._sure_after

    def _is_refused(self, tokens: list[_Token], first: int) -> bool:
        looked = 0
        for token in _same_phrase_before(tokens, first):
            if token.folded in _BEFORE_A_PLACE:
                break
            if token.folded in self._refuse_after:
                return True
            looked += token.folded not in ARTICLES
            if looked == _MOST_LOOKED_BACK:
                break
        for position in range(first - 1, -1, -1):
            if _ENDS_A_SENTENCE.search(tokens[position + 1].joint):
                break
            if tokens[position].written in self._teams_after:
                return True
        return False


def communes_of(decree: Decree, departments: Collection[str]) -> tuple[NamedCommune, ...]:
    """Return the communes that the facts of a decree name, of these departments."""
    return _namer().communes_of(decree, departments)


_namer = cache(_Namer)


def communes_named(places: Mapping[str, Place], decree: Decree) -> tuple[NamedCommune, ...]:
    """Return the communes that a decree names, in the departments in which its authority decides."""
    return communes_of(decree, departments_of(decree.authority, places))


def targets_in(places: Mapping[str, Place]) -> Callable[[Decree], FollowTargets]:
    """Return a function that returns a decree's targets; recent results are cached, as many messages are made of one decree."""

    @lru_cache(maxsize=64)
    def targets(decree: Decree) -> FollowTargets:
        departments = decided_in(decree, places)
        regions = {code: region for code in departments if (region := region_of(code)) is not None}
        # Those of what it changes are stored with it.
        named = communes_of(decree, departments) or decree.communes
        return targets_of(decree, places, regions, [commune.code for commune in named])

    return targets


def data_version() -> str:
    """Return what names the data and the rules, without loading them: with another version, decrees may name other communes."""
    packed = map(packed_file, ("france.txt.gz", "aliases.toml", "naming.toml"))
    return f"{RULES} {sha256(b'|'.join(packed)).hexdigest()[:16]}"


_Named = tuple[int, int, tuple[int, ...], Naming]
"""The first word, that after the last, the rows of the communes, and how they are named."""


def _tokens(text: str) -> list[_Token]:
    found, last = [], 0
    for match in _WORD.finditer(text):
        found.append(_Token(match[0], folded_word(fold_words(match[0])), text[last : match.start()], match.start()))
        last = match.end()
    return found


def _folded(phrase: str) -> tuple[str, ...]:
    return tuple(token.folded for token in _tokens(phrase))


def _same_phrase_before(tokens: list[_Token], first: int) -> Iterator[_Token]:
    """Yield the words before a name, the nearest first, as far as its phrase goes."""
    for position in range(first - 1, -1, -1):
        if tokens[position + 1].begins_a_phrase:
            return
        yield tokens[position]


def _beginning(tokens: list[_Token], first: int, end: int, name: str) -> int | None:
    """Return where the name begins, with its article; None if the words are not written as the name is. A commune without article has none
    before it: "la Mayenne" is a river. Accents count, except on a first letter: "Loiré" is not the Loire."""
    official = _tokens(name)
    article = official[0].folded if len(official) > end - first else None
    words = official[1:] if article else official
    if len(words) != end - first or not all(map(_is_written_as, tokens[first:end], words)):
        return None
    before = tokens[first - 1].folded if first > 0 and not tokens[first].begins_a_phrase else ""
    if article is None:
        return None if before in _ANY_ARTICLE else first
    return first - 1 if before in _WITH_ARTICLE.get(article, ()) else None


def _is_written_as(token: _Token, official: _Token) -> bool:
    if official.written[0].isupper() and not token.written[0].isupper():
        return False
    if token.written.isupper() or len(token.written) != len(official.written):
        return True
    return token.written.casefold()[1:] == official.written.casefold()[1:]


def _is_part_of_a_name(tokens: list[_Token], first: int, end: int, *, large: bool) -> bool:
    """Whether a hyphen or a word like "sur" makes it a part of a longer name. Of a large town a station may be: `Nanterre-Université`."""
    if tokens[first].joint == "-":
        return True
    if end == len(tokens):
        return False
    after = tokens[end]
    if after.joint == "-":
        return after.folded in _GOES_ON or not large
    return (
        after.joint == " "
        and after.folded in _GOES_ON_AFTER_A_BLANK
        and any(token.written[0].isupper() for token in tokens[end + 1 : end + 2])
    )


def _goes_on(tokens: list[_Token], end: int) -> bool:
    return end < len(tokens) and not tokens[end].begins_a_phrase and tokens[end].folded != "et"


def _evidence(text: str, tokens: list[_Token], first: int, end: int) -> str:
    """Return the name with at most four words before it."""
    begin = first
    while begin > 0 and first - begin < _MOST_LOOKED_BACK and not tokens[begin].begins_a_phrase:
        begin -= 1
    last = tokens[end - 1]
    return text[tokens[begin].start : last.start + len(last.written)]
