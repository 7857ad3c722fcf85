"""Says which facts are to be verified: the two readers do not agree on them, or the page on which they stand was badly read. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import compress, pairwise

from bot.detection.facts.equipment import listed_products, without_form
from bot.detection.facts.operators import beside_formality, only_told, operators_within
from bot.detection.facts.places import STREET_KIND, is_of_a_kind, names
from bot.detection.facts.tagging import TAGGED
from bot.detection.text.cues import fold
from bot.detection.text.document import ActText, TextMatch
from bot.detection.text.phrases import cleaned, joined
from bot.detection.text.rows import cells_of, has_gap, is_header
from bot.detection.text.segments import DecreePart, Segment
from bot.domain.acts import Evidence, Facts, FactValue

_LITTLE_WORDS = frozenset({"de", "du", "des", "la", "le", "les", "l", "d", "a", "au", "aux", "en", "et"})
# The other cells of a row, then the rank that may begin the next one.
_NEXT_ROW = re.compile(r"(?:[^\n.;:]|\.{3,}+){1,80}\n(?:[a-z]{0,2}\d{1,4}\W{1,3})?")
# What stands between two items of an enumeration: a remark on the first, a sign or "et", and the little words before the second.
_NEXT_ITEM = re.compile(
    r"(?:\s*\([^()\n]{1,60}\))?(?:\s*[,;/•–-]|\s+et\b|\s+ainsi que?\b|\s*\n)"
    r"\W*(?:(?:et|ainsi que?|aux?|a|en|dans|sur|l[ae]?s?|d[eu]?s?)\b\W*)*"
)
_REMARK = re.compile(r"\s+et\s+(?:ses|leurs)\s|\s+entre\s|,\s")
# A name and its complements, without a second clause.
_SPECIFIED = re.compile(r"[^,;:]{1,120}")
_STREET = STREET_KIND.replace("e", "[eé]")
# A name that goes on into the next column or clause, holds another one, or begins with what marks the item or stands before it.
_PART = re.compile(
    r"[A-Z]\s[a-zà-ÿ].*|.*[«»\"].*|.*[A-ZÀ-Þ][\w'’-]*[a-zà-ÿ]\s(?:C?\d{1,3}|[A-Z]\d.*)"
    rf"|(?:{_STREET}|stade|gare|hall)|.*\s(?:et|ou|par|est|sont|son|ses|qui|que|dont|afin|pour|avec|de|du|des|la|le|les|au|aux)"
    rf"|.*\s(?:où|qui|que|dont)\s.*|.*\b(?i:pr[ée]f[eè]t|polices?|gendarmerie|brigade|agents?|soci[ée]t[ée])\b(?!-).*|.*[A-ZÀ-Þ][\w'’-]*\s{_STREET}\s.*"
)
# What stands after the name of an event: a clause, or what is done; and after one of several words also a day, or a list.
_DAY = re.compile(
    r"\W*(?:(?:du|des|les?) \d|(?:le |les |du )?(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)\b|(?:prevu|organise)e?s?\b|est\b"
    r"|: )"
)
_CLAUSE = re.compile(r"\W*(?:et(?! \d)|ou|par|est|sont|qui|que|dont|afin|pour|dans|selon|sous)\b")
_FOR_PREFECT = re.compile(r"\b(?:(?:pour|p/|par delegation de) ?l[ae]|par delegation du) prefete?\b|\bpour (?:elle|lui),")
_OFFICE_GOES_ON = re.compile(r"\W{1,3}(?:et )?(?:adjoint|charge|direct|secretaire|delegue|chef|coordonn)")
_MORE_WORDS = 2
_SHORT_LINE = 60
_FROM_ONE_PAGE = (*TAGGED, "number", "signed", "cameras")
"""The facts that a badly read page makes doubtful, besides the period, of which the evidence has a name of its own."""


def doubtful(
    document: ActText, segment: Segment, facts: Facts, evidence: Iterable[Evidence], read: Mapping[str, FactValue]
) -> tuple[str, ...]:
    """Return the names of the facts that are to be verified, in the order of `Facts`. `read` is what the second reader makes of them. A
    product that only the rules see is sure beside a maker that both do."""
    poor = {quote.about for quote in evidence if document.is_poor(quote)}
    unsure = {*facts.doubtful, *(name for name in _FROM_ONE_PAGE if name in poor), *(("starts", "ends") if "period" in poor else ())}
    for name in TAGGED:
        value: FactValue = getattr(facts, name)
        if value and not agree(document, segment, name, value, read.get(name)):
            unsure.add(name)
    unseen = "software" in unsure - poor and not read.get("software")
    if unseen and facts.vendor and "vendor" not in unsure and _beside_maker(document, facts):
        unsure.remove("software")
    return tuple(name for name in Facts.__dataclass_fields__ if name in unsure and getattr(facts, name))


def second_values(document: ActText, found: Mapping[str, Sequence[TextMatch[str]]]) -> dict[str, FactValue]:
    """Return what the second reader makes of each fact, in the spelling of facts; of several, what it took most often."""
    values: dict[str, FactValue] = {}
    for name, matches in found.items():
        if name == "operators":
            values[name] = operators_within(document, [(match.start, match.end) for match in matches])
        elif name == "places":
            values[name] = tuple(dict.fromkeys(place for match in matches for place in _places_of(document, match)))
        else:
            spelt = [_spelt(name, match.value) for match in matches]
            words = [_words(value) for value in spelt]
            often = Counter(words)
            values[name] = max(zip(spelt, words, strict=True), key=lambda value: often[value[1]])[0]
    return values


def _places_of(document: ActText, match: TextMatch[str]) -> Iterator[str]:
    """Yield the places in what was tagged: those of a sentence, or of short lines and of the rows of a table the first cell of each."""
    text = document.folded.text
    lines: list[str] = []
    tabular = False
    for line in re.compile(r"[^\n]+").finditer(text, match.start, match.end):
        printed, opening = document.printed(*line.span()), text.rfind("\n", 0, line.start())
        head = is_header(document, opening + 1)
        ends_short = line.end() < match.end and line.end() - opening <= _SHORT_LINE
        tabular = tabular or head or ends_short or has_gap(printed)
        lines += [] if head else [cells_of(printed.strip())[0]]
    for piece in lines if tabular else [match.value]:
        yield from names(piece, item=True)


def _spelt(name: str, printed: str) -> str:
    if name not in {"software", "vendor"}:
        return cleaned(printed)
    printed = joined(printed)
    known = next((known for known, pattern in listed_products(name) if pattern.search(fold(printed).text) is not None), None)
    return known or without_form(printed)


def _is_cut(document: ActText, segment: Segment, name: str, value: FactValue) -> bool:
    """Return True for a value that shows that more than a name was read, or less: by itself, or wherever the act prints it."""
    if name == "places" and isinstance(value, tuple):
        return any(_PART.fullmatch(place) is not None for place in value)
    if name == "office":
        last = document.flat.rfind(fold(str(value)).text)
        if last >= 0 and _OFFICE_GOES_ON.match(document.flat, last + len(fold(str(value)).text)) is not None:
            return True
        return _words(str(value)) in {("prefet",), ("prefete",)} and _is_for_prefect(document, segment)
    if name == "vendor":
        after = [document.original(each.end(), each.end() + 12) for each in re.finditer(re.escape(fold(str(value)).text), document.flat)]
        return bool(after) and all(re.match(r"\s?(?:du|de la|des|&) [A-ZÀ-Þ]", words) for words in after)
    return False


def _is_for_prefect(document: ActText, segment: Segment) -> bool:
    return _FOR_PREFECT.search(document.flat, segment.start, segment.end) is not None


def _beside_maker(document: ActText, facts: Facts) -> bool:
    """Return True for a product named in one breath with its maker: "Perception (Videtics)", "Videtics (logiciel Perception)"."""
    names = [re.escape(fold(name or "").text) for name in (facts.software, facts.vendor)]
    return any(re.search(rf"\b{one}\b[a-z' ,(\"]{{0,60}}\b{two}\b", document.flat) for one, two in (names, reversed(names)))


def agree(document: ActText, segment: Segment, name: str, value: FactValue, other: FactValue) -> bool:
    """Return True where the second reader has the same fact, or nothing against one that it may miss, and it shows that it is whole."""
    if _is_cut(document, segment, name, value):
        return False
    if isinstance(value, tuple):
        theirs = other if isinstance(other, tuple) else ()
        if name == "places":
            return _same_places(document, segment, value, theirs)
        told = only_told(document, segment) if set(theirs).difference(value) else ()
        users = tuple(each for each in theirs if each in value or each not in told)
        return set(users) == set(value) or (not theirs and len(value) == 1)
    if name == "office":
        return _same_office(document, segment, str(value), str(other or ""))
    if other is None or (name == "event" and is_of_a_kind(str(other))):
        # An event that the tagger does not see, or takes a place for, may have a clause after it, or be none by name (capitals tell none).
        mine = str(value)
        named = mine not in {mine.lower(), mine.upper()} or len(_words(mine)) > 1
        return name == "vendor" or (name == "event" and named and "," not in mine)
    return _same_name(name, str(value), str(other))


def _same_name(fact: str, mine: str, theirs: str) -> bool:
    """Return True for one name, and for an event or product of which the second reader left out the end ("Lumières 2026") or the rank; not
    where it has more than the rules, nor where these have gone on into another clause."""
    ours, others = _words(mine), _words(theirs)
    if fact == "event" and len(ours) > 1 and others[: len(ours)] == ours and _DAY.match(fold(theirs).text[len(fold(mine).text) :]):
        return True
    longer = fact in {"event", "software"} and bool(others) and others in (ours[: len(others)], ours[1:])
    return ours == others or (longer and _SPECIFIED.fullmatch(mine) is not None and _CLAUSE.match(mine[len(theirs) :]) is None)


def _same_office(document: ActText, segment: Segment, mine: str, other: str) -> bool:
    """Return True where the second reader has the same office, be it with the name below, or that of the prefect for whom it signs."""
    ours, theirs = _words(mine), _words(other)
    delegated = theirs[:1] in {("prefet",), ("prefete",)} and _is_for_prefect(document, segment)
    return ours in (theirs[: len(ours)], theirs[-len(ours) :]) or ours[: len(theirs)] == theirs or (delegated and ours[:1] != theirs[:1])


def _same_places(document: ActText, segment: Segment, mine: tuple[str, ...], theirs: tuple[str, ...]) -> bool:
    """Return True where no place of either reader is without a counterpart. One that the second reader did not see is next to one that it
    saw, in a table or an enumeration, or named beside it. One that only it saw stands in the title or an article, holds no figure, and is
    of a kind, begins with a capital or is beside one of the rules: anything else it takes for a place is none."""
    # The tagger may leave out what is around a place ("et ses abords", "entre le pont de Sully et le pont Neuf"); the rules may not.
    ours = [{_words(each), _words(_REMARK.split(each)[0])} for each in mine]
    others = [(_words(each), is_of_a_kind(each)) for each in theirs]
    paired = [any(_same(one, other, known=known) for one in forms for other, known in others) for forms in ours]
    seen = list(compress(mine, paired))
    blocks = segment.of(DecreePart.TITLE, DecreePart.HEADING, DecreePart.ARTICLE, DecreePart.BODY)
    articles = [document.flat[kept.start : kept.end] for kept in beside_formality(document, blocks)]
    told = " ".join(articles)
    plain = [fold(each).text for each in mine]
    unpaired = {
        each: known
        for each, (words, known) in zip(theirs, others, strict=True)
        if not any(_same(one, words, known=known) for forms in ours for one in forms)
    }
    extra = {each: known for each, known in unpaired.items() if not re.search(r"\d", each) and _stands_apart(fold(each).text, told, plain)}
    # Of those that both have, another form ("Nord" of "gare du Nord") would stand between two neighbours.
    beside = set() if all(extra.values()) else _listed_with(document.folded.text, (*mine, *extra), mine)
    against = any(known or each[0].isupper() or each in beside for each, known in extra.items())
    linked = _listed_with(document.folded.text, mine, seen)
    shared = [text for text in articles if any(fold(each).text in text for each in seen)]
    return bool(seen) and not against and all(each in linked or _is_named(each, shared) for each in mine)


def _is_named(place: str, articles: Sequence[str]) -> bool:
    """Return True for a kind of place with a proper name, or a proper name alone, in one of these articles, in no brackets."""
    proper = place[0].isupper() and re.search(r"\d", place) is None
    named = proper or (is_of_a_kind(place) and place[1:] != place[1:].lower())
    return named and any(re.search(rf"(?<!\w){re.escape(fold(place).text)}(?!\w)(?![^()]{{0,80}}\))", text) for text in articles)


def _stands_apart(name: str, told: str, places: Sequence[str]) -> bool:
    """Return True for a name that the text has elsewhere than in these places: "cours Neuf" of "marché du cours Neuf"."""
    for place in places:
        told = told.replace(place, " ") if name in place else told
    return name in told


def _listed_with(text: str, places: tuple[str, ...], seen: Sequence[str]) -> set[str]:
    """Return the places that were seen, and those that are the next of a table or enumeration to one of these."""
    flat = text.replace("\n", " ")
    found = sorted((*match.span(), place) for place in places for match in re.finditer(re.escape(fold(place).text), flat))
    linked = set(seen)
    for pairs in (pairwise(found), pairwise(reversed(found))):
        for one, two in pairs:
            first, last = sorted((one, two))
            between = text[first[1] : max(last[0], first[1])]
            if one[2] in linked and (_NEXT_ROW.fullmatch(between) or _NEXT_ITEM.fullmatch(between)):
                linked.add(two[2])
    return linked


def _same(mine: tuple[str, ...], theirs: tuple[str, ...], *, known: bool) -> bool:
    """Return True for one name: "gare de Nîmes" is also the "Nîmes" of "les gares d'Arles et de Nîmes", and may have its town after it.
    "rue du Stade" is no "Stade du Nord" though: what the second reader names is of a `known` kind by itself."""
    if len(theirs) > 1 and mine[: len(theirs)] == theirs:
        return len(mine) - len(theirs) <= _MORE_WORDS
    return mine == theirs or (len(mine) > 1 and mine[1:] == theirs and not known) or (len(theirs) > 1 and theirs[1:] == mine)


def _words(name: str) -> tuple[str, ...]:
    return tuple(word.rstrip("s") for word in re.findall(r"\w+", fold(name).text) if word not in _LITTLE_WORDS)
