"""What plain words ask: a department, a town, a postcode, a number, help, else a search. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from bot.domain.acts import Place
from bot.domain.text import fold_words
from bot.gazetteer.finding import Match, PlaceCandidate, PlaceMatches, find_places
from bot.gazetteer.gazetteer import Commune, Department, Region, gazetteer
from bot.queries.answers import BadInput, HelpRequest, InputFault, NotCovered, PlaceChoice, PlaceChoices, Question, Topic, UnknownPlace
from bot.queries.departments import DepartmentMatch, find_departments, is_all_of_france

MOST_CHOICES = 8
"""Places offered for one name."""

# Whoever greets, thanks, answers or only asks what this is gets the help, which says it.
_HELP = frozenset(
    (
        *(
            "aide",
            "help",
            "aidez moi",
            "a l aide",
            "start",
            "bonjour",
            "bonsoir",
            "salut",
            "coucou",
            "hello",
            "hi",
            "hey",
            "bonjour a tous",
        ),
        *(
            "merci",
            "merci beaucoup",
            "thank you",
            "thanks",
            "oui",
            "non",
            "ok",
            "d accord",
            "yes",
            "no",
            "stop",
            "au revoir",
            "test",
            "menu",
        ),
        *("c est quoi", "c est quoi la vsa", "qu est ce que c est", "what is this", "what is it", "a quoi ca sert", "comment ca marche"),
        *("qui es tu", "qui etes vous", "who are you", "how does it work", "how does this work", "c est quoi ce bot", "commandes", "infos"),
        *("contact", "qui gere ce bot", "qui est derriere ce bot", "who runs this", "que sais tu faire", "what can you do"),
    )
)
_LISTS: Mapping[str, Topic] = {
    **dict.fromkeys(("recents", "derniers arretes", "les derniers arretes", "nouveautes", "quoi de neuf", "liste"), Topic.RECENT),
    **dict.fromkeys(("recent", "latest", "latest decrees", "what s new", "news"), Topic.RECENT),
    **dict.fromkeys(("aujourd hui", "aujourdhui", "maintenant", "en ce moment", "today", "now", "right now"), Topic.TODAY),
    **dict.fromkeys(("en cours", "en vigueur", "a venir", "bientot", "demain", "ce week end", "cette semaine"), Topic.IN_FORCE),
    **dict.fromkeys(("in force", "upcoming", "tomorrow", "this weekend", "this week"), Topic.IN_FORCE),
}
"""Words that ask for a list by when it is."""
# "Est-ce utilisé à Valence ?", "Are there cameras in Lyon?": a question, and where what it asks about may begin and end.
_QUESTION = re.compile(
    r"(?:(?:bonjour|bonsoir|salut|hello|hi)\W+)?"
    r"(?:(?:est[- ]ce|c['’ ]?est|(?:il )?y[- ](?:en[- ])?a|quel(?:le)?s?|combien|et|je|is|are|how|what|and)\b)"
)
_WHERE = re.compile(r"\b(?:à|a|au|aux|en|dans|sur|pour|in|at|about|for)\s+", re.IGNORECASE)
_TIMES = (
    r"(?:aujourd['’]hui|demain|maintenant|en ce moment|actuellement|cette semaine|ce week[- ]end|s['’]il (?:vous|te) pla[iî]t|svp|stp"
    r"|en cours|en vigueur|à venir|today|tomorrow|now|this weekend|in force|please)"
)
_WHEN = re.compile(rf"^{_TIMES}\s+|\s+{_TIMES}$", re.IGNORECASE)
_HERE = re.compile(
    r"\b(?:ici|here|near me)\W*$|\bchez (?:moi|nous)\b|\b(?:m[ay]|mon|notre|our) (?:ville|commune|quartier|village|town|city)\b"
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
_REGION = re.compile(r"r-?([0-9]{2})", re.IGNORECASE)
_DIGITS = re.compile(r"[0-9]{1,18}")
_POSTCODE_DIGITS = 5
_SURE = frozenset((Match.CODE, Match.POSTCODE, Match.NAME, Match.ALIAS))


@dataclass(frozen=True, slots=True)
class SearchWithFallback:
    """Holds words to search, and the answer `otherwise` if no decree has them: the possible places, or the request to name the place in a
    question about "here"."""

    question: Question
    otherwise: PlaceChoices | BadInput | None


def understood(words: str, places: Mapping[str, Place]) -> Question | PlaceChoices | SearchWithFallback | NotCovered | HelpRequest:
    """Return what is asked by plain words, of which at least one character is a letter or digit."""
    asked = " ".join(words.split()).strip(_AROUND) or words
    folded = " ".join(re.findall(r"[a-z0-9]+", fold_words(asked)))
    if folded in _HELP:
        return HelpRequest()
    if folded in _LISTS:
        return Question(_LISTS[folded], "")
    asked = asked_about(asked) or asked
    by_form = _by_form(asked, places)
    if by_form is not None:
        return by_form
    is_number = _DIGITS.fullmatch(asked) is not None
    outside = not_covered(asked, places)
    if outside is not None:
        return outside
    found = find_places(asked)
    choices = _choices(asked, found, places)
    # A station or a hall is named in decrees as it was typed: only where none has it, its town is the answer.
    is_site = bool(found.candidates) and all(one.matched is not None for one in found.candidates)
    if choices is not None and choices.sure and not is_site and (not is_number or len(asked) == _POSTCODE_DIGITS):
        return choices.choices[0].question if len(choices.choices) == 1 else choices
    is_here = all(one.how is Match.NEAR for one in found.candidates) and _HERE.search(fold_words(asked))
    otherwise = BadInput(InputFault.NO_TOWN) if is_here else choices
    return Question(Topic.NUMBER, asked) if is_number else SearchWithFallback(Question(Topic.SEARCH, asked), otherwise)


def _by_form(asked: str, places: Mapping[str, Place]) -> Question | None:
    """Return what is asked by a number of a decree, all of France, or departments; None for other words."""
    if _OFFICIAL.fullmatch(asked) or _NAMED_AS_NUMBER.fullmatch(fold_words(asked)):
        return Question(Topic.NUMBER, asked)
    if is_all_of_france(asked):
        return Question(Topic.IN_FORCE, "")
    areas = areas_named(asked, places)
    is_sure = bool(areas.places) and not (len(areas.places) == 1 and _namesakes(asked))
    return Question(Topic.DEPARTMENT, areas.codes) if is_sure else None


def asked_about(asked: str) -> str | None:
    """Return the one place at the end of a question (`est-ce utilisé à Valence`), or named with a time (`Valence demain`); None without
    one, or with several."""
    asked, whole = _WHEN.sub("", asked.strip(_AROUND)), asked.strip(_AROUND)
    if asked != whole and any(one.how in _SURE for one in find_places(asked).candidates):
        return _WHERE.sub("", asked, count=1) if _WHERE.match(asked) else asked
    if _QUESTION.match(fold_words(whole)) is None:
        return None
    for start in _WHERE.finditer(asked):
        place = asked[start.end() :]
        if any(one.how in _SURE for one in find_places(place).candidates):
            before = find_places(asked[: start.start()]).candidates
            return None if any(one.how is Match.SENTENCE for one in before) else place
    return None


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
        return Question(Topic.TOWN, commune.code)
    outside = not_covered(asked, places)
    if outside is not None:
        return outside
    only_towns = tuple(one for one in found.candidates if isinstance(one.place, Commune))
    choices = _choices(asked, PlaceMatches(only_towns, found.communes) if only_towns else found, places)
    if choices is None:
        return UnknownPlace(asked)
    if choices.sure and len(choices.choices) == 1:
        return choices.choices[0].question
    return choices


def places_named(words: str, places: Mapping[str, Place]) -> PlaceChoices | None:
    """Return all places that these words may mean, one alone too; None where there is none."""
    return _choices(words, find_places(words), places)


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
        return PlaceChoice(place, Question(Topic.TOWN, place.code), candidate.matched)
    codes = _codes_of(place, places)
    return PlaceChoice(place, Question(Topic.DEPARTMENT, codes), candidate.matched) if codes else None


def _codes_of(place: Department | Region, places: Mapping[str, Place]) -> str:
    """Return the codes for a query of the decrees of a place, empty if no authority is known: of a department its code, of a region its
    name, as its code may be a department's."""
    if isinstance(place, Department) and place.code in places:
        return place.code
    return find_departments(place.name, places).codes


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
