"""The places that an article lists: one a line after dashes, or in one sentence after "Lieux concernés :"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain, islice

from bot.detection.facts.place_names import is_of_a_kind, names
from bot.detection.facts.place_tables import opens_table
from bot.detection.text.document import ActText, TextMatch
from bot.detection.text.segments import Block

_LONGEST = 160
"""Characters of one place: longer is a paragraph, not a name."""

_MOST = 80
"""Places taken from one article, and openings of a list tried there. The largest decree known names 46 stations."""

_REACH = 6000
"""Characters of one list in a sentence."""

_GROUND = (
    r"(?:lieux?|perimetres?|sites?|emplacements?|stations?|gares?|rues?|voies?|zones?|secteurs?|cameras?|abords"
    r"|axes?|itineraires?|arteres?|quais?|espaces?)"
)
# What opens a list of places: a clause that names a kind of place and ends with a colon.
_LEAD = re.compile(rf"\b{_GROUND}\b[^.;:]{{0,140}}:(?=\s)|^{_GROUND}\b[^.;:\n]{{0,80}}(?=\n1\.)", re.MULTILINE)
# "Sont concernées :" tells of places where the first thing listed is called like one.
_THESE = re.compile(
    r"\b(?:sont|seront) (?:seule?s? )?(?:concern|vise|retenu|couvert|film|surveill|survol|equip|inclus|compri)\w*(?:,? \w+){0,3}\s?:(?=\s)"
)
# The same words also open lists of other things.
_OTHER = re.compile(
    r"\b(?:evenements?|signal\w*|detect\w*|agents?|destinataires?|affich\w*|panneau\w*|inform\w*|duree|horaires?|periode"
    r"|(?<!au )(?<!le )nombre"
    r"|finalites?|caracteristiques?|interdit\w*|personnes?|conserv\w*)\b"
)
_AUTHORISED = re.compile(r"\W*(?:article\s\w+\W+)?sont autorise")
# An article that is quoted has its marks before each item: "« – gare du Nord ;".
_ITEM = re.compile(r"(?:^|\n)[ ]?(?:\"\s{0,3})?(?:[-•▪*·o]\s|[-•▪·]|\d{1,2}\s?[°).]\s?|[a-z]\)\s)")
_END = re.compile(r";|\.\s|\.$|\n(?=article\b|fait a\b)")
_STOP = re.compile(r"\.(?:\s|$)|\n(?=article\b|fait a\b)")
_CAMERA = re.compile(r"^cameras?\s(?:n\s?[°o]\s?)?[\w./-]{1,12}\s?[,:-]\s?")
_DATED = re.compile(r"\b20\d\d\b|\d\s?h(?:eures?)?\b")


def listed_places(document: ActText, block: Block) -> Iterator[TextMatch[str]]:
    """The places that one article lists, in order, as it words them."""
    text = document.folded.text
    leads = chain(_LEAD.finditer(text, block.start, block.end), _THESE.finditer(text, block.start, block.end))
    for lead in islice(leads, _MOST):
        sentence = max(text.rfind(mark, block.start, lead.start()) + 1 for mark in ".;:") or block.start
        if _OTHER.search(text, sentence, lead.end()) or _AUTHORISED.match(text, sentence) or opens_table(text, lead.end()):
            continue
        first = _ITEM.search(text, lead.end() - 1, min(lead.end() + 4, block.end))
        items = _bullets(text, first.start(), block.end) if first is not None else _sentence(text, lead.end(), block.end)
        for count, (start, end) in enumerate(items):
            if count == _MOST:
                return
            found = list(_places(document, start, end))
            if count == 0 and lead.re is _THESE and not (found and is_of_a_kind(found[0].value)):
                break
            yield from found


def _bullets(text: str, start: int, limit: int) -> Iterator[tuple[int, int]]:
    while (item := _ITEM.match(text, start, limit)) is not None:
        following = _ITEM.search(text, item.end(), min(item.end() + _LONGEST, limit))
        closing = _END.search(text, item.end(), min(item.end() + _LONGEST, limit))
        stop = min(following.start() if following else limit, closing.start() if closing else limit)
        yield item.end(), stop
        if following is None or (closing is not None and text[closing.start()] != ";" and closing.start() < following.start()):
            return
        start = following.start()


def _sentence(text: str, start: int, limit: int) -> Iterator[tuple[int, int]]:
    limit = min(limit, start + _REACH)
    closing = _STOP.search(text, start, limit)
    yield start, closing.start() if closing is not None else limit


def _places(document: ActText, start: int, end: int) -> Iterator[TextMatch[str]]:
    camera = _CAMERA.match(document.flat[start:end])
    if camera is not None:
        start += camera.end()
    if end - start < 3 or _DATED.search(document.flat, start, end):
        return
    for name in names(document.original(start, end), item=True):
        yield TextMatch(name, start, end)
