"""Finds where an act speaks of its topic, in which part of it, and how firmly; and the law that it names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product

from bot.detection.text.cues import LegalBasis, Pattern, name_of
from bot.detection.text.document import ActText, Block, CueMatch, DecreePart, Segment, TextMatch
from bot.detection.text.rows import lists, ticked_under
from bot.domain.topics import purposes_of

_AROUND, _BEHIND = 130, 60
"""Squeezed characters on each side of a mention that are its context, about a sentence; and behind it, where another thing is named."""

_SENTENCE_END = re.compile(r"(?<=[a-z0-9]{3})\.\s|;")

_TITLES = {DecreePart.TITLE, DecreePart.HEADING}
# "à l'occasion du Salon de l'intelligence artificielle et de l'analyse d'images": what an event is called is no object of the act.
_EVENT_NAME = re.compile(
    r"\b(?:a l'occasion|lors|en marge|dans le cadre) (?:du |de la |de l'|des )"
    r"(?:(?!\b(?:un|une|autoris\w*|mise?|mettre|emploi|employer|recour\w*|utilis\w*|usage|experiment\w*|deploy\w*|dont|qui|que|par"
    r"|et d[eu]s? traitements?)\b)"
    r"[^,;:.()])*"
)
_OF_AN_EVENT = "name of an event"
EXCLUDED = "said not to be there"
"""The cue of mentions that an act excludes."""

# A row of a form: "départ de feu    non", "☐ départ de feu"; and one with its tick in a column headed by a no.
_NO = r"(?:(?:non|sans)(?: (?:active|retenu|demande|recherche)e?s?)?|(?:refus|ecart|rejet|desactiv)ee?s?)"
_SAYS_NO = re.compile(rf"(?:\([^()\n]{{0,60}}\)|[^\n.;:,(]){{0,40}}(?<!\sx)(?<!oui)\s(?:{_NO}|-|✗|✘)[ ]?(?=\n|$)")
_NO_HEAD = re.compile(rf"{_NO}|(?:demand|sollicit)ee?s?")
UNTICKED = re.compile(r"☐[^\n☒☑]*$")
# After an item without a sign: what is said of the others bears on none above.
_NEXT_SENTENCE = re.compile(r"[.;]|\n[-•]|\n\W{0,3}(?:les?|la|tous?|toute|aucune?|nul(?:le)?)\s(?:les )?autres?\b")
_ENOUGH = 400
"""Most mentions in one decree: real ones have a dozen; limits hostile texts."""


@dataclass(frozen=True, slots=True)
class Mention:
    """Holds one mention, at `start:end` of the folded text; `cue` is what matched."""

    part: DecreePart
    strong: bool
    citation: bool
    start: int
    end: int
    cue: str

    @property
    def deciding(self) -> bool:
        """Return whether the part is one that decides."""
        return self.part in {DecreePart.TITLE, DecreePart.HEADING, DecreePart.ARTICLE} and not self.citation


@dataclass(frozen=True, slots=True)
class Mentions:
    """Holds the mentions of a segment in order, and rejected phrases, each with the cue against it."""

    found: tuple[Mention, ...]
    set_aside: tuple[TextMatch[str], ...] = ()


def mentions(document: ActText, segment: Segment) -> Mentions:
    """Return all mentions of a segment; those about other things (number plates, tax, a prohibition) are rejected."""
    found: list[Mention] = []
    aside: list[TextMatch[str]] = []
    taken: list[tuple[int, int]] = []
    cues = document.cues
    events = [match.span() for match in _EVENT_NAME.finditer(document.flat, segment.start, segment.end)]
    in_field = document.search(cues["around.field"], segment.start, segment.end) is not None or rests_on_the_law(document, segment)
    for strong, match in islice(_matches(document, segment, in_field), _ENOUGH):
        first, last = match.start, match.end
        if any(first < other_end and other_start < last for other_start, other_end in taken):
            continue
        taken.append((first, last))
        told = [first + word.start() for word in cues["around.program"].finditer(document.flat[first:last])]
        if told and all(any(opened <= word < closed for opened, closed in events) for word in told):
            aside.append(TextMatch(_OF_AN_EVENT, first, last))
            continue
        block, ending = segment.at(first), segment.at(last - 1)
        if (
            block.part in _TITLES
            and ending.part is DecreePart.ARTICLE
            and cues["around.program"].search(document.flat, first, block.end) is None
        ):
            # "… d'un système de vidéoprotection" and "… algorithmique" of an article are no mention of the title.
            block, first = ending, ending.start
        said, ends = sentence(document.flat, block, first, last)
        near = document.around(first, last, _AROUND, _BEHIND, (block.start, segment.end))
        beside = document.around(first, last, _AROUND, _AROUND, (said, max(ends, last)))
        against = document.search(cues["around.other_thing"], *near) or document.search(cues["around.said_not_to_be_there"], *beside)
        if against is not None:
            aside.append(TextMatch(name_of(against.value), min(first, against.start), max(last, against.end)))
            continue
        if block.part in _TITLES and ending.part not in _TITLES:
            last = block.end
        citation = document.search(cues["around.citation"], near[0], first) is not None
        # In a whole act, images without a camera anywhere are of another kind (X-rays, wildlife).
        firm = strong and (in_field or not segment.is_formal)
        found.append(Mention(block.part, firm, citation, first, last, name_of(match.value)))
    return Mentions(tuple(sorted(found, key=lambda mention: mention.start)), tuple(sorted(aside, key=lambda entry: entry.start)))


def rests_on_the_law(document: ActText, segment: Segment) -> bool:
    """Return whether an act rests on the law of its topic: it names the very article, its decree, or two of the purposes."""
    cited = legal_bases(document, segment.start, segment.end)
    return any(basis.alone for basis, _, _ in cited) or len(purposes_named(document, segment.start, segment.end)) >= 2


def sentence(flat: str, block: Block, start: int, end: int) -> tuple[int, int]:
    """Return the sentence around a mention, within its block: an exclusion in the next one does not apply."""
    first = max((match.end() for match in _SENTENCE_END.finditer(flat, max(block.start, start - 3 * _AROUND), start)), default=block.start)
    last = _SENTENCE_END.search(flat, end, block.end)
    return first, last.start() if last is not None else max(block.end, end)


def _matches(document: ActText, segment: Segment, in_field: bool) -> Iterator[tuple[bool, CueMatch]]:
    cues = document.cues
    whole, titles = [segment], list(segment.of(DecreePart.TITLE, DecreePart.HEADING))
    levels: list[tuple[bool, tuple[Pattern, ...], Sequence[Block | Segment]]] = [
        (True, cues.strong, whole),
        (True, cues.bare if in_field else (), whole),
        (False, cues.medium, whole),
        (False, (cues["objects.titled"], *((cues["objects.titled_in_field"],) if in_field else ())), titles),
    ]
    for strong, patterns, parts in levels:
        for entry, part in product(patterns, parts):
            yield from ((strong, match) for match in document.finditer(entry, part.start, part.end))


# What the law of a topic has that an act may name: its texts, from `law.toml`, and the purposes.

_NEAR = 330
"""Squeezed characters between a law's number and its article: its full title stands between them."""


def legal_bases(document: ActText, start: int, end: int) -> list[tuple[LegalBasis, int, int]]:
    """Return the texts cited in a stretch of the folded text, each once, with its position."""
    found: dict[str, tuple[LegalBasis, int, int]] = {}
    for basis in document.cues.legal_bases:
        if basis.unless in found:
            continue
        for match in document.finditer(basis.pattern, start, end):
            last = match.end
            if basis.article is not None:
                near = document.search(basis.article, *document.around(match.start, match.end, 80, _NEAR, (start, end)))
                if near is None:
                    continue
                last = max(near.end, last)
            found[basis.label] = (basis, match.start, last)
            break
    return list(found.values())


def purposes_named(document: ActText, start: int, end: int, *, listed: bool = False) -> list[tuple[str, int, int]]:
    """Return the events named in a stretch of the folded text, in the order of the law, each with its position. With `listed`, for a known
    list of events, single words count too ("densité")."""
    every = document.cues.purposes
    matches = ((each.code, document.search(each.listed if listed else each.named, start, end)) for each in every)
    found = [(purpose, match.start, match.end) for purpose, match in matches if match is not None]
    words = ((each.code, each.words.search(document.flat, start, end)) for each in every if listed and each.words is not None)
    return [*found, *((purpose, *match.span()) for purpose, match in words if match is not None)]


def purposes_numbered(document: ActText, start: int, end: int) -> list[tuple[str, int, int]]:
    """Return the events that a stretch gives only by their numbers in the law, each with its position."""
    found: list[tuple[str, int, int]] = []
    for match in document.cues["purposes.numbered"].finditer(document.flat, start, end):
        first = 0
        for to, number in re.findall(r"(\ba\s)?([1-8])", match["numbers"]):
            found += [
                (purpose, *match.span()) for purpose in purposes_of(document.cues.topic)[first if to else int(number) - 1 : int(number)]
            ]
            first = int(number)
    return found


def is_excluded(document: ActText, first: int, last: int, start: int, end: int) -> bool:
    """Return whether the sentence of an event at `first:last`, within `start:end`, excludes it from detection."""
    text = document.folded.text
    if _SAYS_NO.match(text, last, end) is not None or UNTICKED.search(text, start, last) is not None:
        return True
    if _NO_HEAD.search(text, start, first) is not None and ticked_under(document, start, end, first, _NO_HEAD):
        return True
    excluded, excluding = document.cues["purposes.excluded"], document.cues["purposes.excluding"]
    # Its sentence, or item of a list.
    opening = max(text.rfind(mark, start, first) for mark in (". ", ".\n", ";", ":"))
    closing = _NEXT_SENTENCE.search(text, last, end)
    after = document.squeezed(last, closing.start() if closing is not None else end)
    if excluded.search(after) is not None or excluding.search(document.squeezed(max(opening, start), first)) is not None:
        return True
    says = document.search(excluded, start, first) is not None
    around = (found for found in lists(document, start, end) if found.opened <= first < found.items[-1][1]) if says else ()
    return any(document.search(excluded, found.start, found.opened) for found in around)
