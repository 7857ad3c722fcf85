"""Understands plain words, for every face: places, a number, a day, help, else a search. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache

from rapidfuzz import fuzz, process

from bot.domain.acts import Place
from bot.domain.text import fold_words
from bot.gazetteer.finding import Match, PlaceCandidate, PlaceMatches, PlaceMention, find_places, mentions
from bot.gazetteer.gazetteer import Commune, Department, Region, fold_name, gazetteer
from bot.messages.words import LANGUAGES, cut, data_file, inert, topic_words
from bot.queries.answers import (
    BadInput,
    HelpRequest,
    InputFault,
    ListKind,
    NotCovered,
    PlaceChoice,
    PlaceChoices,
    PlaceQuestions,
    Question,
    SubjectCard,
    UnknownPlace,
)
from bot.queries.days import MONTHS, Days, days_in
from bot.queries.departments import DepartmentMatch, find_departments, is_all_of_france

MOST_CHOICES = 8
"""Places offered for one name."""

_WORDS: Mapping[str, frozenset[str]] = {
    name: frozenset(words.split()) for name, words in data_file("bot.queries", "words", "questions.toml").items()
}
_HELP, _THANKS, _SUBJECT, _NEWEST, _WHERE, _FILLERS, _GENERAL = (
    _WORDS[name] for name in ("help", "thanks", "subject", "newest", "where", "fillers", "general")
)
_NO_PLACE = _HELP | _THANKS | _SUBJECT | _WHERE | _FILLERS
_NO_NAME = _NO_PLACE | _GENERAL
_INSULT = re.compile(rf"\b(?:{'|'.join(sorted(_WORDS['insults'])).replace('_', ' ')})\b")
_LISTS: Mapping[str, ListKind] = {
    **dict.fromkeys(("aujourd hui", "aujourdhui", "maintenant", "en ce moment", "today", "now", "right now"), ListKind.TODAY),
    **dict.fromkeys(("en cours", "en vigueur", "a venir", "bientot", "in force", "upcoming"), ListKind.IN_FORCE),
}
"""Words that ask for a list by when it is."""
_HERE = re.compile(
    r"\b(?:ici|here|near me)\W*$|\bchez (?:moi|nous)\b|\b(?:m[ay]|mon|notre|our) (?:ville|commune|quartier|village|rue|town|city|street)\b"
)
_AROUND = " \t\n.?!;:,«»“”\"'"
_OFFICIAL = re.compile(
    r"(?:d?\d{2,3}|2[ab]|[a-z]{1,4})-20\d\d-\d\d-\d\d-\d{1,6}"  # of an act: 26-2026-11-28-00033
    r"|(?:[a-z]{2,8}[ -])?(?:19|20)\d\d[-/]\d{1,6}",  # of an authority: 2026-1104, DUPA 2024-1017
    re.IGNORECASE,
)
_NAMED_AS_NUMBER = re.compile(
    r"(?:#|\[|n[°ºo]\s*|(?:arrete|decret|decree|acte)s? +(?:prefectoral +)?(?:n[°ºo]?\s*)?)[0-9][0-9a-z/ -]*\]?(?:[,;:.('].*)?"
)
_OWN_PAGE = re.compile(r"(?:/en)?/(arretes|communes|departements)/([0-9A-Za-z-]+)/?(?:[?#]\S*)?")
_PAGES: Mapping[str, ListKind] = {"arretes": ListKind.NUMBER, "communes": ListKind.TOWN, "departements": ListKind.DEPARTMENT}
"""FollowTargets of pages of the instance, by what stands in their address."""
_SCHEME = re.compile(r"https?://", re.IGNORECASE)
_ADDRESS = re.compile(rf"{_SCHEME.pattern}\S+", re.IGNORECASE)
_FILE = re.compile(r"\S[^/\\]*\.pdf", re.IGNORECASE)
_RECUEIL = re.compile(r"(?:raa|recueil)\s*(?:sp[ée]cial\s*)?(?:n[°ºo]?\.?\s*)?\d[\w./-]*(?: \w*\d\w*)*", re.IGNORECASE)
"""How recueils are asked for: by address, by the name of a file, by number."""
_DAY_AND_MONTH = re.compile(r"(?<![\w/°-])(?<!° )(\d{1,2})/(0?[1-9]|1[0-2])(?![\w/-])")
_CODES = re.compile(r"(?:\d{2,3}|2[ab])(?: (?:\d{2,3}|2[ab]))*")
_REGION = re.compile(r"r-?([0-9]{2})", re.IGNORECASE)
_DIGITS = re.compile(r"[0-9]{1,18}")
_POSTCODE_DIGITS = 5
_SURE = frozenset((Match.CODE, Match.POSTCODE, Match.NAME, Match.ALIAS))


@dataclass(frozen=True, slots=True)
class SearchWithFallback:
    """Holds words to search, and what is meant if no decree has them: places, or the request to name one in a question about "here".
    `is_named`: the words are more than the name of the place, which alone is then answered."""

    question: Question
    otherwise: PlaceMeaning | BadInput | None
    is_named: bool = False


PlaceMeaning = Question | PlaceChoices | PlaceQuestions | NotCovered
"""What asks about one place, about several, or which one is meant."""
Meaning = PlaceMeaning | SearchWithFallback | HelpRequest | SubjectCard | BadInput


def civil(text: str) -> str:
    """Return a text without its insults, which no answer repeats."""
    folded = fold_words(text)
    if len(folded) != len(text):
        return text if _INSULT.search(folded) is None else ""
    kept, last = [], 0
    for found in _INSULT.finditer(folded):
        kept.append(text[last : found.start()])
        last = found.end()
    return " ".join("".join((*kept, text[last:])).split()) if kept else text


def echo(text: str, most: int) -> str:
    """Return what somebody asked as answers repeat it."""
    return cut(inert(" ".join(civil(text).split()) or "…"), most)


def topic_named(words: str, topics: Iterable[str]) -> tuple[str, str]:
    """Return which of these topics words name, and the words without its name; no topic, and the words, where they name none or several."""
    folded = fold_words(words)
    named = [(topic, found) for topic in topics if (found := _names_of(topic).search(folded)) is not None]
    if len(named) != 1:
        return "", words
    [(topic, found)] = named
    kept = words if len(folded) == len(words) else folded
    return topic, " ".join(f"{kept[: found.start()]} {kept[found.end() :]}".split())


_BEFORE = r"(?:les?|la|des?|du|sur|un|une|the|on)[\W_]+"
_AFTER = r"[\W_]+(?:a|au|aux|de|dans|en|in|at|around)\b(?![\W_]+(?:cours|vigueur|venir|force|ce)\b)"
"""Words before and after the name of a topic that go with it."""


@cache
def _names_of(topic: str) -> re.Pattern[str]:
    names = "|".join(topic_words(topic, language).asked for language in LANGUAGES).replace(" ", r"[\W_]+")
    return re.compile(rf"\b(?:{_BEFORE})*(?:{names})\b(?:{_AFTER})?")


def understood(words: str, places: Mapping[str, Place], today: date, public_url: str = "") -> Meaning:
    """Return what is asked by plain words, of which at least one character is a letter or digit. `today` is where the question is,
    `public_url` the address of this instance's pages."""
    asked = _DAY_AND_MONTH.sub(lambda day: f"{day[1]} {MONTHS[int(day[2]) - 1]}", " ".join(civil(words).split()).strip(_AROUND))
    folded = " ".join(re.findall(r"[a-z0-9]+", fold_words(asked)))
    if not folded:
        return BadInput(InputFault.NO_QUESTION)
    by_form = Question(_LISTS[folded]) if folded in _LISTS else _own_page(asked, public_url) or _by_form(asked, places)
    if by_form is not None:
        return by_form
    days, rest = days_in(folded, today)
    alone = None if days is not None else _alone(asked, places)
    if alone is not None:
        return alone
    left = [word for word in rest.split() if word not in _FILLERS]
    if not left and days is not None:
        return Question(ListKind.DAY, str(days))
    is_insult = civil(words) != words
    itself = _about_itself(asked, left, is_polite=not _THANKS.intersection(folded.split()))
    meant = itself or _sentence(asked, rest, days, places)
    named = choices_of(meant, asked, places)
    is_named = named is not None and named.sure
    return BadInput(InputFault.NO_QUESTION) if is_insult and not is_named and not isinstance(meant, SubjectCard) else meant


def _about_itself(asked: str, left: Sequence[str], *, is_polite: bool) -> Question | HelpRequest | SubjectCard | BadInput | None:
    """Answer a sentence that asks about no place and no decree (`left` is without fillers); None for another."""
    for asking, list_kind in ((_WHERE, ListKind.IN_FORCE), (_NEWEST, ListKind.RECENT)):
        if asking.intersection(left) and (_WHERE | _NEWEST | _SUBJECT | _HELP).issuperset(left):
            return Question(list_kind)
    if not _NO_PLACE.issuperset(left) or _HERE.search(fold_words(asked)):
        return None
    if _SUBJECT.intersection(left):
        return SubjectCard()
    return HelpRequest() if is_polite else BadInput(InputFault.NO_QUESTION)


def _sentence(asked: str, rest: str, days: Days | None, places: Mapping[str, Place]) -> Meaning:
    """Return what a sentence asks: its places (`rest` is without its days), else its words."""
    core = " ".join(word for word in rest.split() if word not in _NO_PLACE)
    areas = areas_named(core, places).codes if _CODES.fullmatch(core) else ""
    if areas:
        of_areas = Question(ListKind.DEPARTMENT, areas)
        return of_areas if days is None else _on_days(of_areas, days)
    if is_all_of_france(core):
        return Question(ListKind.IN_FORCE, "") if days is None else Question(ListKind.DAY, str(days))
    named = mentions(rest, _NO_NAME)
    found = PlaceMatches() if days is not None else find_places(asked)
    # A mistyped name is near no place together with the words around it.
    is_alone = days is not None or bool(found.candidates) or not re.search(rf"\b(?:a|au|aux|de|en|in|at) {core}$", rest)
    found = found if is_alone else find_places(core)
    is_site = any(one.how in _SURE and one.matched is not None for one in found.candidates)
    # `Paris 21e`: an arrondissement that there is not, rather than the city.
    guess = next((one for one in found.candidates if one.how in {Match.BEGINS, Match.NEAR}), None)
    is_guess = bool(named) and guess is not None and fold_name(guess.place.name).startswith(f"{named[0].name} ")
    if not named or is_site or is_guess:
        is_here = not is_site and all(one.how is Match.NEAR for one in found.candidates) and _HERE.search(fold_words(asked))
        on_days = None if days is None else Question(ListKind.DAY, str(days))
        choices = _choices(asked if is_alone else core, found, places)
        otherwise = BadInput(InputFault.NO_TOWN) if is_here else on_days or (choices and _single(choices))
        return SearchWithFallback(Question(ListKind.SEARCH, asked if days is None else core), otherwise, is_named=days is not None)
    meant = _of_mentions(named, asked, places)
    if days is not None:
        return _on_days(meant, days)
    words = rest.split()
    covered = {position for one in named for position in range(one.first, one.end)}
    left = [word for position, word in enumerate(words) if position not in covered and word not in _NO_PLACE]
    if not left or len(named) > 1:
        return meant
    return SearchWithFallback(Question(ListKind.SEARCH, asked), meant, is_named=True)


def _on_days(meant: PlaceMeaning, days: Days) -> PlaceMeaning:
    """Ask the same about days: what is in force then."""

    def then(question: Question) -> Question:
        code = f"c{question.words}" if question.list_kind is ListKind.TOWN else question.words
        return Question(ListKind.DAY, str(replace(days, place=code)))

    match meant:
        case Question():
            return then(meant)
        case PlaceQuestions():
            return PlaceQuestions(tuple(map(then, meant.questions)))
        case PlaceChoices():
            return replace(meant, choices=tuple(replace(choice, question=then(choice.question)) for choice in meant.choices))
        case NotCovered():
            return meant


def _of_mentions(named: Sequence[PlaceMention], asked: str, places: Mapping[str, Place]) -> PlaceMeaning:
    """Return the question about one place, as if it were asked by its name alone, or about each of several."""
    areas = {place.code for one in named for place in one.places if isinstance(place, Department)}
    sure = {place.department for one in named for place in one.places if isinstance(place, Commune) and len(one.places) == 1}
    towns = [one for one in named if any(isinstance(place, Commune) for place in one.places)]
    if len(named) == 1:
        name = _as_written(named[0].name, asked)
        alone = _by_form(name, places) or _alone(name, places) or places_named(name, places)
        if alone is not None:
            return _single(alone) if isinstance(alone, PlaceChoices) else alone
    chosen = [_likely(one.places, areas if towns and len(towns) < len(named) else sure) for one in (towns or named)]
    questions = dict.fromkeys(choice.question for place in chosen if (choice := _choice(PlaceCandidate(place, Match.NAME), places)))
    if not questions:
        return NotCovered(chosen[0].name)
    return next(iter(questions)) if len(questions) == 1 else PlaceQuestions(tuple(questions)[:MOST_CHOICES])


def _as_written(name: str, asked: str) -> str:
    """Return a folded name as the person wrote it."""
    folded = fold_words(asked)
    found = re.search(r"\b" + r"[\W_]+".join(map(re.escape, name.split())) + r"\b", folded)
    return name if found is None or len(folded) != len(asked) else asked[found.start() : found.end()]


def _likely(found: Sequence[Commune | Department | Region], departments: Collection[str]) -> Commune | Department | Region:
    """Return the place that is meant beside others: the one in their department, else the first, where most people are."""
    return next((place for place in found if isinstance(place, Commune) and place.department in departments), found[0])


def _alone(asked: str, places: Mapping[str, Place]) -> Question | PlaceChoices | NotCovered | None:
    """Return what is asked by a name, a postcode or a number that stands alone; None for other words."""
    is_number = _DIGITS.fullmatch(asked) is not None
    outside = not_covered(asked, places)
    if outside is not None:
        return outside
    found = find_places(asked)
    choices = _choices(asked, found, places)
    # A station or a hall is named in decrees as it was typed: only where none has it, its town is the answer.
    is_site = bool(found.candidates) and all(one.matched is not None for one in found.candidates)
    if choices is not None and choices.sure and not is_site and (not is_number or len(asked) == _POSTCODE_DIGITS):
        return _single(choices)
    return Question(ListKind.NUMBER, asked) if is_number else None


def _own_page(asked: str, public_url: str) -> Question | None:
    """Return what a page of this instance is about; None for other words and addresses."""
    home, typed = (_SCHEME.sub("", address, count=1) for address in (public_url.rstrip("/"), asked))
    page = _OWN_PAGE.fullmatch(typed[len(home) :]) if home and typed.lower().startswith(home.lower()) else None
    return None if page is None else Question(_PAGES[page[1]], page[2])


def _by_form(asked: str, places: Mapping[str, Place]) -> Question | None:
    """Return what is asked by an address, a number of a decree, all of France, or departments; None for other words."""
    if _ADDRESS.fullmatch(asked) or _FILE.fullmatch(asked) or _RECUEIL.fullmatch(asked):
        return Question(ListKind.RECUEIL, asked)
    if _OFFICIAL.fullmatch(asked) or _NAMED_AS_NUMBER.fullmatch(fold_words(asked)):
        return Question(ListKind.NUMBER, asked)
    if is_all_of_france(asked):
        return Question(ListKind.IN_FORCE, "")
    areas = areas_named(asked, places)
    is_sure = bool(areas.places) and not (len(areas.places) == 1 and _namesakes(asked))
    return Question(ListKind.DEPARTMENT, areas.codes) if is_sure else None


def areas_named(asked: str, places: Mapping[str, Place]) -> DepartmentMatch:
    """Return the departments that are asked for, or the region; a region also by its INSEE code (`R-84`), which its recueils bear."""
    code = _REGION.fullmatch(asked.strip())
    region = None if code is None else gazetteer().region(code[1])
    return find_departments(asked if region is None else region.name, places)


def not_covered(asked: str, places: Mapping[str, Place]) -> NotCovered | None:
    """Return the territory that is asked for by number or name where no authority of the catalogue decides there (`988`)."""
    found = [one.place for one in find_places(asked).candidates if one.how in {Match.CODE, Match.NAME, Match.ALIAS}]
    if not found or any(isinstance(place, Commune) or _codes_of(place, places) for place in found):
        return None
    place = found[0]
    return NotCovered(f"{place.name} ({place.code})" if isinstance(place, Department) else place.name)


def town_of(words: str, places: Mapping[str, Place]) -> Question | PlaceChoices | NotCovered | UnknownPlace:
    """Return which town is meant, where one must be: by name, postcode or INSEE code; a department or region where that is what it is."""
    asked = " ".join(words.split()).strip(_AROUND)
    commune = gazetteer().commune(asked) if re.fullmatch(r"\d{5}|2[abAB]\d{3}", asked) else None
    found = find_places(asked)
    by_postcode = any(one.how is Match.POSTCODE for one in found.candidates)
    if commune is not None and not by_postcode:
        return Question(ListKind.TOWN, commune.code)
    outside = not_covered(asked, places)
    if outside is not None:
        return outside
    only_towns = tuple(one for one in found.candidates if isinstance(one.place, Commune))
    choices = _choices(asked, PlaceMatches(only_towns, found.communes) if only_towns else found, places)
    return UnknownPlace(asked) if choices is None else _single(choices)


def _single(choices: PlaceChoices) -> Question | PlaceChoices:
    """Return the question about a place that is the only one, for sure; else the choices."""
    return choices.choices[0].question if choices.sure and len(choices.choices) == 1 else choices


def places_named(words: str, places: Mapping[str, Place]) -> PlaceChoices | None:
    """Return all places that these words may mean, one alone too; None where there is none."""
    return _choices(words, find_places(words), places)


def choices_of(meaning: Meaning, asked: str, places: Mapping[str, Place]) -> PlaceChoices | None:
    """Return the places of a meaning as choices; None where it is about no place."""
    match meaning:
        case SearchWithFallback(otherwise=otherwise):
            return None if otherwise is None else choices_of(otherwise, asked, places)
        case PlaceChoices():
            return meaning
        case Question() | PlaceQuestions():
            questions = (meaning,) if isinstance(meaning, Question) else meaning.questions
            known = tuple(choice for one in questions for choice in _choices_of_question(one, asked, places))
            return PlaceChoices(asked, known, len(known), sure=True, in_sentence=len(questions) > 1) if known else None
        case _:
            return None


def _choices_of_question(question: Question, asked: str, places: Mapping[str, Place]) -> Iterator[PlaceChoice]:
    if question.list_kind is ListKind.TOWN and (commune := gazetteer().commune(question.words)) is not None:
        yield PlaceChoice(commune, question)
    elif question.list_kind is ListKind.DEPARTMENT:
        codes = question.words.split(",")
        departments = [area for code in codes if (area := gazetteer().department(code)) is not None]
        if departments:
            yield from (PlaceChoice(area, Question(ListKind.DEPARTMENT, area.code)) for area in departments)
        elif (named := places_named(asked, places)) is not None:
            yield from named.choices


def _namesakes(asked: str) -> bool:
    """Return whether a commune of another department bears the name that was asked: Vienne is in the Isère too."""
    candidates = find_places(asked).candidates
    named = [one.place for one in candidates if one.how is Match.NAME]
    areas = {place.code for place in named if not isinstance(place, Commune)}
    return bool(areas) and any(isinstance(place, Commune) and place.department not in areas for place in named)


def _choices(asked: str, found: PlaceMatches, places: Mapping[str, Place]) -> PlaceChoices | None:
    """Return the places that may be meant; of those named exactly, only they and those that far more people mean."""
    candidates = _sure(found.candidates)
    sure = bool(candidates)
    if not sure:
        candidates = found.candidates
    known = [choice for one in candidates if (choice := _choice(one, places)) is not None]
    if not known:
        return None
    total = len(known) if sure else max(len(known), found.communes + found.others)
    in_sentence = all(one.how is Match.SENTENCE for one in candidates)
    return PlaceChoices(asked, tuple(known[:MOST_CHOICES]), total, sure, in_sentence=in_sentence)


def _sure(candidates: Sequence[PlaceCandidate]) -> tuple[PlaceCandidate, ...]:
    """Return those of exactly this name, number or alias, with those before them in the order: places that far more people mean."""
    last = max((position for position, one in enumerate(candidates) if one.how in _SURE), default=-1)
    return tuple(candidates[: last + 1])


def _choice(candidate: PlaceCandidate, places: Mapping[str, Place]) -> PlaceChoice | None:
    place = candidate.place
    if isinstance(place, Commune):
        return PlaceChoice(place, Question(ListKind.TOWN, place.code), candidate.matched)
    codes = _codes_of(place, places)
    return PlaceChoice(place, Question(ListKind.DEPARTMENT, codes), candidate.matched) if codes else None


def _codes_of(place: Department | Region, places: Mapping[str, Place]) -> str:
    """Return the codes for a query of the decrees of a place, empty if no authority is known: of a department its code, of a region its
    name, as its code may be a department's."""
    if isinstance(place, Department) and place.code in places:
        return place.code
    return find_departments(place.name, places).codes


def specific(asked: str) -> Iterator[str]:
    """Yield the words of a search without those that only make a sentence of them, then without those that are no name of an operator or
    an event (`métro`, `fête`); nothing where a place is named by them."""
    if mentions(asked, _NO_NAME) or any(one.how in _SURE for one in find_places(asked).candidates):
        return
    words = re.findall(r"[^\W_]+", asked)
    for left_out, is_number in ((_NO_PLACE, str.isspace), (_NO_NAME, str.isdigit)):
        left = [word for word in words if fold_words(word) not in left_out and not is_number(word)]
        if left and len(left) < len(words):
            yield " ".join(left)


_SHORTEST_MISTYPED = 4
"""Letters of a word below which another one is not the same word mistyped."""
_NEAR_WORD = 75


def corrected(words: str, known: Callable[[], Mapping[str, str]], is_found: Callable[[str], bool]) -> str | None:
    """Return the words with unknown ones (not `is_found`) replaced by the nearest known ones; None if none can be. `known` returns the
    words of decrees by their folded form; it is only called for a possible typing error."""
    meant = [_nearest(word, known, is_found) for word in words.split()]
    return " ".join(meant) if meant != words.split() else None


def _nearest(word: str, known: Callable[[], Mapping[str, str]], is_found: Callable[[str], bool]) -> str:
    folded = fold_words(word)
    if len(folded) < _SHORTEST_MISTYPED or not folded.isalpha() or is_found(word):
        return word
    folds = known()
    near = process.extractOne(folded, folds.keys(), scorer=fuzz.ratio, score_cutoff=_NEAR_WORD)
    return word if near is None else folds[near[0]]
