"""The day a decree was signed: after its own number, else after "Fait à …, le", else beside the town that ends it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date

from bot.detection.facts.dates import ANY_DATE, HOUR, full
from bot.detection.rules.errata import erratum
from bot.detection.text.document import ActText, TextMatch
from bot.detection.text.segments import Block, DecreePart, Segment

_AFTER_NUMBER = re.compile(rf"\s*,?\s*(?:en date\s+)?du\s+(?P<day>{ANY_DATE})(?!\s*(?:a \d|au\b|jusqu))")
# A stamp leaves a dash where a digit would be: "le - 7 AOUT 2026".
_DONE = re.compile(rf"\bfait\s+a\s+[^\n,]{{2,40}}?\s*,?\s*le\s*[:\-]?\s*(?P<day>{ANY_DATE})")
_PLACE_ONLY = re.compile(rf"\bfait\s+a\s+[^\n,]{{2,40}}?(?:,?\s*le\b(?:\s*[:\-]?\s*{ANY_DATE})?|,|\n|$)")
_DATED_TITLE = re.compile(rf"\barrete(?:\s+(?:inter)?prefectoral)?\s+du\s+(?P<day>{ANY_DATE})(?!\s*(?:au\b|jusqu))")
_QUOTED = re.compile(r"(?:\bl[' ]?\s?|\b(?:les|cet|des|du|de|vu|par)\s)$")


def signed(document: ActText, segment: Segment, number: TextMatch[str] | None) -> TextMatch[date] | None:
    """The day of signature, None where the text does not show one. Never guessed from the identifier of the act.

    The day that an erratum prints in its title is of the decree it corrects.
    """
    text = document.folded.text
    if number is not None:
        match = _AFTER_NUMBER.match(text, number.end)
        day = full(match["day"]) if match is not None else None
        if match is not None and day is not None:
            return TextMatch(day, number.start, match.end())
    for block in segment.of(DecreePart.TITLE, DecreePart.HEADING) if erratum(document, segment) is None else ():
        for match in _DATED_TITLE.finditer(text, block.start, block.end):
            day = full(match["day"])
            if day is not None and not _QUOTED.search(text[max(match.start() - 8, 0) : match.start()]):
                return TextMatch(day, match.start(), match.end())
    done = [match for block in segment.blocks for match in _DONE.finditer(text, block.start, block.end)]
    articles = _lines(document, segment.of(DecreePart.ARTICLE))
    for match in (*reversed(done), *reversed(articles), *reversed(_lines(document, segment.of(DecreePart.HEADING, DecreePart.BODY)))):
        day = full(match["day"])
        if day is not None:
            return TextMatch(day, match.start(), match.end())
    return None


def signatures(document: ActText, segment: Segment) -> Iterator[tuple[int, int]]:
    """Where a decree is signed ("Fait à …, le …", whatever its day), the last first."""
    text = document.folded.text
    placed = [match for block in segment.blocks for match in _PLACE_ONLY.finditer(text, block.start, block.end)]
    lines = _lines(document, segment.of(*([DecreePart.ARTICLE] if segment.has_articles else [DecreePart.HEADING, DecreePart.BODY])))
    yield from (match.span() for match in (*reversed(placed), *reversed(lines)))


def _lines(document: ActText, blocks: Iterable[Block]) -> list[re.Match[str]]:
    return [match for block in blocks for match in signing_lines(document, block.start, block.end)]


# The line that dates a signature ("Toulon, le 5 mai 2026", "Fait le 5 mai 2026"), told from a sentence that a line end cuts so.
#
# "… des images de\nvidéoprotection, le 30 octobre 2026 de 16 h à 23 h" reads like one: its date is the period, not the signature.

# "Fait le" has no place where several sign, each in another: their places stand below, over their offices.
_PLACE = r"\W{0,3}(?:fait(?:\s+en\s[a-z' ]{4,30}?)?\s?,?|(?:a\s+)?[a-z][a-z' \-]{1,40}?\s?,)\s?"
_LINE = re.compile(rf"^{_PLACE}le\s*[:\-]?\s*(?P<day>{ANY_DATE})", re.MULTILINE)
_BEFORE_DAY = re.compile(_PLACE)
_FIRST_LETTER = re.compile(r"\W{0,3}(?:a\s+)?(?=[a-z])")
# A sentence that ends a line with one of these goes on.
_GOES_ON = re.compile(
    r"(?:\b(?:de|du|des|la|le|les|un|une|a|au|aux|en|et|ou|sur|sous|par|pour|dans|avec|entre|vers|chez|que|qui|dont|lors|ses?|son|sa|leurs?|est)"
    r"|\b[dlsn]')$"
)
# So does one that says more of the day; on the next line too, where it begins as no signatory does.
_MORE = rf"(?:(?:de|entre|a|au|des|jusqu'a|vers)\s?{HOUR}|(?:a partir|a compter|a l'occasion|jusqu'|afin)(?![a-z]))"
_AFTER_A_PERIOD = re.compile(rf"\s?,?\s?{_MORE}|[ ]?,?[ ]?(?:au(?= \d)|inclus|pour|lors|et|dans|sur|est|sont)(?![a-z])")
_LINE_END = re.compile(r"[ ]?(?:\n|$)")
_ARTICLE = re.compile(r"\W{0,3}a[rt][tl]ic[l1i]e\b")


def signing_lines(document: ActText, start: int, end: int) -> Iterator[re.Match[str]]:
    """The lines of one part (`start:end` of the folded text) that date a signature, in order, each with its `day`."""
    for match in _LINE.finditer(document.folded.text, start, end):
        if _stands_alone(document, match.start(), match.end(), end):
            yield match


def dates_signature(document: ActText, start: int, end: int, limit: int) -> bool:
    """True for a day ("le 5 mai 2026" at `start:end`) that is the one of a line of signature, in the part that ends at `limit`."""
    line = document.folded.text.rfind("\n", 0, start) + 1
    return _BEFORE_DAY.fullmatch(document.folded.text, line, start) is not None and _stands_alone(document, line, end, limit)


def _stands_alone(document: ActText, start: int, end: int, limit: int) -> bool:
    """True where no sentence goes on before the line or after its day, and the place begins with a capital.

    Where the line above ends without a stop or a blank line, no further article may follow the one that ends at `limit`; where it ends
    in the middle of a sentence, which may be of another layer of text, the day must end its line too.
    """
    text = document.folded.text
    first = _FIRST_LETTER.match(text, start, end)
    if first is None or not document.original(first.end(), first.end() + 1).isupper() or _AFTER_A_PERIOD.match(text, end):
        return False
    above = text[max(start - 60, 0) : start].rstrip()
    last = _ARTICLE.match(text, limit) is None
    if _GOES_ON.search(above):
        return last and _LINE_END.match(text, end) is not None
    # One line break of the folded text may stand for several.
    gap = document.source[document.folded.origin(max(start - 1, 0)) : document.folded.origin(start)]
    stopped = gap.count("\n") > 1 or not re.search(r"[a-z,]$", above)
    return stopped or last
