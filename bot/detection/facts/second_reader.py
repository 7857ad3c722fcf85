"""Reads seven facts a second time, by a sequence tagger trained on labelled acts (`make model`), independent of the rules; returns which
facts are to be verified: the readers disagree, or the page was badly read. Features: form, neighbours and part of the act of each word,
without visas and recitals, which cite other decrees."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from itertools import chain, pairwise

import pycrfsuite

from bot.detection.facts.equipment import listed_products, without_form
from bot.detection.facts.operators import beside_formality, only_told, operators_within
from bot.detection.facts.place_names import STREET_KIND, enumerated, is_of_a_kind, names
from bot.detection.text.cues import fold
from bot.detection.text.document import ActText, Block, DecreePart, Segment, TextMatch
from bot.detection.text.phrases import cleaned, joined
from bot.detection.text.rows import cells_of, has_gap, is_header
from bot.domain.acts import Evidence, Facts, FactValue
from bot.domain.facts import FACTS

TAGGED = ("places", "event", "software", "vendor", "operators", "office", "communes")
"""The facts that the tagger reads, by the names that `bot.domain.acts.Facts` gives them."""

OUTSIDE = "O"
"""The label of a word that belongs to no fact. The first word of `places` has the label `B-places`, each other `I-places`."""

_PARTS = frozenset({DecreePart.TITLE, DecreePart.HEADING, DecreePart.ARTICLE, DecreePart.BODY})
_WORD = re.compile(r"[a-z]+'(?=\w)|\w+(?:-\w+)*|[^\w\s]")
_GAP = re.compile(r"\t|\.{3}|…")
_DIGIT = re.compile(r"\d")
_SIGNED = re.compile(r"\bfait (?:a|le|en)\b|^\W{0,3}pour l\w{1,2}\W{1,2}(?:sous-)?prefete?", re.MULTILINE)
_REMEDIES = re.compile(r"\b(?:voies et delais|delais et voies|recours gracieux|recours contentieux|peut etre contestee?)")
_EXECUTES = re.compile(r"charge\w*[^.;]{0,120}\bexecution\b|recueil des actes")
_NEAR = (-3, -2, -1, 1, 2, 3)
_SHORT = 60
"""Letters of a line that ends an item or a row, rather than at the margin."""
_SENTENCE = 7
"""Words of the same sentence before a word, which are features without their order."""


@dataclass(frozen=True, slots=True)
class Word:
    """Holds a word or sign of the folded text, with its printed form. `opens_line`: first of its line; `after_short`: the line before ends
    far from the margin; `column`: in a table, from 0."""

    folded: str
    printed: str
    start: int
    end: int
    opens_line: bool
    after_short: bool
    column: int

    @property
    def shape(self) -> str:
        """Return its form: `Aa`, `AA`, `a`, `9`, or the sign itself."""
        if not self.printed[0].isalnum():
            return self.printed[0]
        if self.printed.isdigit():
            return "9"
        if len(self.printed) > 1 and self.printed.isupper():
            return "AA"
        return "Aa" if self.printed[0].isupper() else "a"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Holds one part of a decree for the tagger: its words, the zone of each, and the part."""

    words: tuple[Word, ...]
    zones: tuple[str, ...]
    rank: str

    @property
    def features(self) -> list[list[str]]:
        """Return the features of each word. A feature is a name and the words it is about."""
        folded = [word.folded for word in self.words]
        capitals = sum(word.shape == "AA" for word in self.words) > len(folded) * 0.6
        shapes = ["up" if capitals and word.shape == "AA" else word.shape for word in self.words]
        head = [word for word in folded[1:14] if word.isalpha() and len(word) > 3][:4] if self.rank.startswith("article") else []
        quoted, colon, before_quote = False, "-", "-"
        sentence: list[str] = []
        told: list[list[str]] = []
        for position, (word, shape, zone) in enumerate(zip(folded, shapes, self.zones, strict=True)):
            printed = self.words[position].printed
            if printed in {"«", "“"} or (word == '"' and not quoted):
                quoted, before_quote = True, "|".join(folded[max(position - 2, 0) : position])
            elif printed in {"»", "”"} or word == '"':
                quoted = False
            own = [f"is {word}", f"shape {shape}", f"zone {zone}", f"rank {self.rank}", f"zone {zone}|{shape}", f"zone {zone}|is {word}"]
            own += [f"ends {word[-3:]}", f"begins {word[:4]}", f"after colon {colon}", *_of_line(self.words[position], shape)]
            own += ["quoted", f"quoted after {before_quote}"] if quoted else []
            own += [*_around(folded, shapes, position), *(f"sentence {other}" for other in sentence[-_SENTENCE:])]
            told.append([*own, *(f"article on {other}" for other in head)])
            if word == ":":
                colon = next((other for other in reversed(folded[max(position - 3, 0) : position]) if len(other) > 3), ":")
            elif word == ".":
                colon = "-"
            if word in {".", ";"}:
                sentence = []
            elif len(word) > 2:
                sentence.append(word)
        return told


def stretches(document: ActText, segment: Segment) -> Iterator[Stretch]:
    """Yield the parts of a decree that the tagger reads, in order."""
    articles = 0
    for block in segment.blocks:
        words = _words(document, block) if block.part in _PARTS else ()
        if not words:
            continue
        articles += block.part is DecreePart.ARTICLE
        rank = f"article {min(articles, 3)}" if block.part is DecreePart.ARTICLE else block.part.value
        yield Stretch(words, tuple(_zones(document.folded.text, block, words)), rank)


def tagged(document: ActText, segment: Segment, model: bytes | None = None) -> dict[str, list[TextMatch[str]]]:
    """Return the tagger's values of each fact, as printed and in order. `model` replaces the packaged one."""
    # Held to the end: the tagger reads in it, and what is cached may be replaced by another thread which asked for it at the same time.
    packed = _packaged() if model is None else model
    tagger = pycrfsuite.Tagger()
    tagger.open_inmemory(packed)
    found: dict[str, list[TextMatch[str]]] = {}
    for stretch in stretches(document, segment):
        for fact, first, last in spans(tagger.tag(stretch.features)):
            start, end = stretch.words[first].start, stretch.words[last].end
            found.setdefault(fact, []).append(TextMatch(document.original(start, end), start, end))
    return found


def spans(labels: Sequence[str]) -> Iterator[tuple[str, int, int]]:
    """Yield the facts in a sequence of labels, each with its first and last word."""
    first: int | None = None
    for position, label in enumerate(labels):
        following = labels[position + 1] if position + 1 < len(labels) else OUTSIDE
        if label == OUTSIDE:
            continue
        first = position if first is None or label.startswith("B-") else first
        if following != f"I-{label[2:]}":
            yield label[2:], first, position
            first = None


@cache
def _packaged() -> bytes:
    return files("bot.detection").joinpath("tagger.crfsuite").read_bytes()


def _words(document: ActText, block: Block) -> tuple[Word, ...]:
    text = document.folded.text
    words: list[Word] = []
    position, line, column, last = block.start, text.rfind("\n", 0, block.start) + 1, 0, 0
    for match in _WORD.finditer(text, block.start, block.end):
        before, (first, last) = last, document.folded.span(*match.span())
        end = text.find("\n", position, match.start())
        after_short = 0 <= end - line < _SHORT
        if end >= 0:
            line, column = text.rfind("\n", position, match.start()) + 1, 0
        elif words and _GAP.search(document.source, before, first) is not None:
            column += 1
        printed = document.source[first:last] or match.group()
        opens_line = not words or end >= 0
        words.append(Word(_DIGIT.sub("0", match.group()), printed, *match.span(), opens_line, after_short, column))
        position = match.end()
    return tuple(words)


def _zones(text: str, block: Block, words: Sequence[Word]) -> list[str]:
    """Return for each word which part of the decree it stands in: an article on execution, a signature and remedies are parts too."""
    signed = _SIGNED.search(text, block.start, block.end) if block.part in {DecreePart.ARTICLE, DecreePart.BODY} else None
    closing = signed.start() if signed is not None else block.end
    remedies = _REMEDIES.search(text, closing, block.end)
    last = remedies.start() if remedies is not None else block.end
    own = "execution" if _EXECUTES.search(text, block.start, closing) is not None else block.part.value
    return [own if word.start < closing else "closing" if word.start < last else "remedies" for word in words]


def _of_line(word: Word, shape: str) -> Iterator[str]:
    """Yield the features of where a word stands in its line."""
    if word.opens_line:
        yield from ("opens line", f"opens line|{shape}", f"opens line after short {word.after_short}")
    if word.column:
        yield f"column {min(word.column, 2)}|{shape}"


def _around(folded: Sequence[str], shapes: Sequence[str], position: int) -> Iterator[str]:
    """Yield the features of the words before and after one."""
    word, shape = folded[position], shapes[position]
    for distance in _NEAR:
        other = position + distance
        if not 0 <= other < len(folded):
            yield f"{distance} edge"
            continue
        yield f"{distance} {folded[other]}"
        if abs(distance) < 3:
            yield f"{distance} shape {shapes[other]}"
    if position > 0:
        yield f"{folded[position - 1]}|{word}"
    if position > 1:
        yield f"{folded[position - 2]}|{folded[position - 1]}|{shape}"
    if position + 1 < len(folded):
        yield f"{word}|{folded[position + 1]}"
        yield f"{shape}|{shapes[position + 1]}|{folded[position + 1]}"


# What is sure.

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


def doubtful(
    document: ActText, segment: Segment, facts: Facts, evidence: Iterable[Evidence], read: Mapping[str, FactValue]
) -> tuple[str, ...]:
    """Return the names of the facts to be verified, in the order of `Facts`. `read` is the second reader's result. A product that only the
    rules find is certain beside a maker that both find; of communes only those are doubtful that the rules doubt themselves."""
    poor = {quote.about for quote in evidence if document.is_poor(quote)}
    unsure = {*facts.doubtful, *(fact.name for fact in FACTS if fact.from_page and fact.about in poor)}
    for name in TAGGED:
        value: FactValue = getattr(facts, name)
        agreed = not value or agree(document, segment, name, value, read.get(name))
        if name == "communes":
            unsure -= {name} if agreed else set()
        elif not agreed:
            unsure.add(name)
    unseen = "software" in unsure - poor and not read.get("software")
    if unseen and facts.vendor and "vendor" not in unsure and _beside_maker(document, facts):
        unsure.remove("software")
    return tuple(name for name in Facts.__dataclass_fields__ if name in unsure and getattr(facts, name))


# What may be a place: a few words with an article or a capital, no figure.
_ITEM = re.compile(r"(?=l[ae]s? |l['’]|.*[A-ZÀ-ÖØ-Þ])(?!.*(?:cam[ée]ras?|\bservice|\bpar\b))[^\d()]{4,60}")


_JOINED_TO = re.compile(r"(?<=[a-z])[,;]\s(?:et\s)?(?:d[eu]s?|de l[a']|l[ae]s?|l'|aux?|sur|a l[a'])\s?(?:l[ae]s?\s|l')?$")


def leaves_out(document: ActText, found: Sequence[TextMatch[str]]) -> bool:
    """Return whether an enumeration from which places were read has a part that gave none."""
    known = [fold(entry.value).text for entry in found]
    ends = {entry.end for entry in found}
    leads = (_JOINED_TO.search(document.flat, max(entry.start - 30, 0), entry.start) for entry in found)
    if any(lead is not None and ends.isdisjoint(range(lead.start(), lead.end() + 1)) for lead in leads):
        return True
    parts = chain.from_iterable(enumerated(document.original(*span)) for span in {(entry.start, entry.end) for entry in found})
    unread = (fold(part).text for part, read in parts if not read and _ITEM.fullmatch(part))
    return any(not any(name in part for name in known) for part in unread)


def second_values(document: ActText, found: Mapping[str, Sequence[TextMatch[str]]]) -> dict[str, FactValue]:
    """Return the second reader's value of each fact, spelt as facts are; of several the most frequent."""
    values: dict[str, FactValue] = {}
    for name, matches in found.items():
        if name == "operators":
            values[name] = operators_within(document, [(match.start, match.end) for match in matches])
        elif name == "communes":
            values[name] = tuple(dict.fromkeys(cleaned(match.value) for match in matches))
        elif name == "places":
            values[name] = tuple(dict.fromkeys(place for match in matches for place in _places_of(document, match)))
        else:
            spelt = [_spelt(name, match.value) for match in matches]
            often = Counter(map(_words_of, spelt))
            values[name] = max(spelt, key=lambda value: often[_words_of(value)])
    return values


def _places_of(document: ActText, match: TextMatch[str]) -> Iterator[str]:
    """Yield the tagged places: of a sentence, of short lines, and of the first cell in each row of a table."""
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
    """Return whether a value has more than a name, or less: by itself, or wherever the act prints it."""
    if name == "places" and isinstance(value, tuple):
        # "place Foch - halle - rue Haute" beside "place Foch": a cell with dashes of its own.
        return any(_PART.fullmatch(place) or place.startswith(tuple(f"{other} - " for other in value)) for place in value)
    if name == "office":
        last = document.flat.rfind(fold(str(value)).text)
        if last >= 0 and _OFFICE_GOES_ON.match(document.flat, last + len(fold(str(value)).text)) is not None:
            return True
        return _words_of(str(value)) in {("prefet",), ("prefete",)} and _is_for_prefect(document, segment)
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
    """Return whether the second reader has the same whole fact, or misses one that it may miss."""
    if _is_cut(document, segment, name, value):
        return False
    if isinstance(value, tuple):
        theirs = other if isinstance(other, tuple) else ()
        if name in {"places", "communes"}:
            shared = not set(map(_words_of, theirs)).isdisjoint(map(_words_of, value))
            return shared if name == "communes" else _same_places(document, segment, value, theirs)
        told = only_told(document, segment) if set(theirs).difference(value) else ()
        users = tuple(each for each in theirs if each in value or each not in told)
        return set(users) == set(value) or (not theirs and len(value) == 1)
    if name == "office":
        return _same_office(document, segment, str(value), str(other or ""))
    if other is None or (name == "event" and is_of_a_kind(str(other))):
        # An event that the tagger does not see, or takes a place for, may have a clause after it, or be none by name (capitals tell none).
        mine = str(value)
        named = mine not in {mine.lower(), mine.upper()} or len(_words_of(mine)) > 1
        return name == "vendor" or (name == "event" and named and "," not in mine)
    return _same_name(name, str(value), str(other))


def _same_name(fact: str, mine: str, theirs: str) -> bool:
    """Return whether two readings are one name, or an event or product of which the second reader omits the end ("Lumières 2026") or the
    rank; not if it has more than the rules, or if the rules continue into another clause."""
    ours, others = _words_of(mine), _words_of(theirs)
    if fact == "event" and len(ours) > 1 and others[: len(ours)] == ours and _DAY.match(fold(theirs).text[len(fold(mine).text) :]):
        return True
    longer = fact in {"event", "software"} and bool(others) and others in (ours[: len(others)], ours[1:])
    return ours == others or (longer and _SPECIFIED.fullmatch(mine) is not None and _CLAUSE.match(mine[len(theirs) :]) is None)


def _same_office(document: ActText, segment: Segment, mine: str, other: str) -> bool:
    """Return whether the second reader has the same office, possibly with the name below it, or that of the represented prefect."""
    ours, theirs = _words_of(mine), _words_of(other)
    delegated = theirs[:1] in {("prefet",), ("prefete",)} and _is_for_prefect(document, segment)
    return ours in (theirs[: len(ours)], theirs[-len(ours) :]) or ours[: len(theirs)] == theirs or (delegated and ours[:1] != theirs[:1])


def _same_places(document: ActText, segment: Segment, mine: tuple[str, ...], theirs: tuple[str, ...]) -> bool:
    """Return whether every place of each reader has a counterpart. A place only of the rules must be beside a common one (table,
    enumeration or sentence). A place only of the second reader counts only in the title or an article, without figure, with a known kind, a
    capital, or a rules' place beside it."""
    seen = [each for each in mine if any(_same(each, other) for other in theirs)]
    blocks = segment.of(DecreePart.TITLE, DecreePart.HEADING, DecreePart.ARTICLE, DecreePart.BODY)
    articles = [document.flat[kept.start : kept.end] for kept in beside_formality(document, blocks)]
    told = " ".join(articles)
    plain = [fold(each).text for each in mine]
    unpaired = (each for each in theirs if not re.search(r"\d", each) and not any(_same(one, each) for one in mine))
    extra = [each for each in unpaired if _stands_apart(fold(each).text, told, plain)]
    # Of those that both have, another form ("Nord" of "gare du Nord") would stand between two neighbours.
    beside = set() if all(map(is_of_a_kind, extra)) else _listed_with(document.folded.text, (*mine, *extra), mine)
    against = any(is_of_a_kind(each) or each[0].isupper() or each in beside for each in extra)
    linked = _listed_with(document.folded.text, mine, seen)
    shared = [text for text in articles if any(fold(each).text in text for each in seen)]
    return bool(seen) and not against and all(each in linked or _is_named(each, shared) for each in mine)


def _is_named(place: str, articles: Sequence[str]) -> bool:
    """Return whether a place has a known kind and a proper name, or a proper name alone, outside brackets in one of these articles."""
    proper = place[0].isupper() and re.search(r"\d", place) is None
    named = proper or (is_of_a_kind(place) and place[1:] != place[1:].lower())
    return named and any(re.search(rf"(?<!\w){re.escape(fold(place).text)}(?!\w)(?![^()]{{0,80}}\))", text) for text in articles)


def _stands_apart(name: str, told: str, places: Sequence[str]) -> bool:
    """Return whether the text has the name outside these places: not "cours Neuf" if only in "marché du cours Neuf"."""
    for place in places:
        told = told.replace(place, " ") if name in place else told
    return name in told


def _listed_with(text: str, places: tuple[str, ...], seen: Sequence[str]) -> set[str]:
    """Return the seen places, and their neighbours in a table or enumeration."""
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


def _same(mine: str, theirs: str) -> bool:
    """Return whether two names are one place: "gare de Nîmes" is also the "Nîmes" of "les gares d'Arles et de Nîmes", and may have its town
    after it; "rue du Stade" is not "Stade du Nord". The second reader, but not the rules, may omit the surroundings ("et ses abords",
    "entre le pont de Sully et le pont Neuf")."""
    other = _words_of(theirs)
    for name in (_words_of(mine), _words_of(_REMARK.split(mine)[0])):
        if len(other) > 1 and name[: len(other)] == other:
            if len(name) - len(other) <= _MORE_WORDS:
                return True
        elif name == other or (name[1:] == other != () and not is_of_a_kind(theirs)) or (len(other) > 1 and other[1:] == name):
            return True
    return False


@lru_cache(1024)
def _words_of(name: str) -> tuple[str, ...]:
    return tuple(word.rstrip("s") for word in re.findall(r"\w+", fold(name).text) if word not in _LITTLE_WORDS)
