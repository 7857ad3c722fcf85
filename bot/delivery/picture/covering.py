"""What of a page is covered: persons' names, and the block of the signature. Pure.

Whoever signs a decree is a public official, whose office posts tell. His or her name and hand add nothing to that and are what forgeries
are made of: whatever is written or drawn under the line that says where and when it was signed is covered, down to the next line of
running text.
A name that `bot.detection.text.privacy` recognises is covered wherever else the page has two of its words in a row, as running titles do.
One that it recognises nowhere on the page (without civility, office or rank), or that only an image shows on a page whose text is good,
stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from bot.delivery.picture.finding import letters_of
from bot.delivery.picture.placed import Box, Line, Placed, lines, padded, strips
from bot.detection.text.privacy import spans_of_names

_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_SHORTEST_WORD = 3
"""Letters: a civility or a particle is no name."""
_SIGNED_AT = re.compile(r"\s*Fait\b.{0,60}?,?\s+le\b", re.IGNORECASE)
_SIGNED_BY = re.compile(r"\s*(?:Original\s+)?(?:Signé|SIGNÉ|SIGNE)\b")
_RUNNING_TEXT = 45
"""Letters and digits of a line from which it is no part of a signature: an office, a name, a delegation are shorter."""
_TALLEST = 0.25
"""Share of the page's height that a signature takes at most: 7 cm of an A4 page."""
_NAME_MARGIN, _LINE_MARGIN = 0.25, 0.3


def names(placed: Placed) -> tuple[Box, ...]:
    """The boxes of persons' names."""
    spans = _with_repeats(placed.text, spans_of_names(placed.text))
    return tuple(padded(strip, _NAME_MARGIN) for start, end in spans for strip in strips(placed, start, end))


def _with_repeats(text: str, spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """These names, and wherever else two words of one of them follow each other, in any order and case."""
    yield from spans
    words = [(letters_of(found[0]).text, found.span()) for found in _WORD.finditer(text)]
    for start, end in spans:
        own = {word for word, (first, _) in words if start <= first < end and len(word) >= _SHORTEST_WORD}
        for (one, (first, _)), (other, (_, last)) in pairwise(words):
            if one != other and one in own and other in own and not start <= first < end:
                yield first, last


def signatures(placed: Placed, width: int, height: int) -> Iterator[Box]:
    """The boxes in which whoever signed left name and hand, of a picture of so many pixels; there may be more paper in them than ink."""
    found = [*lines(placed)]
    for line in found:
        if _SIGNED_AT.match(line.text) is not None:
            top = padded(line.box, _LINE_MARGIN)[3]
        elif _SIGNED_BY.match(line.text) is not None and not _runs_on(line):
            top = padded(line.box, _LINE_MARGIN)[1]
        else:
            continue
        below = [padded(other.box, _LINE_MARGIN)[1] for other in found if _runs_on(other) and other.box[1] >= top]
        bottom = min(*below, top + _TALLEST * height, height) if below else min(top + _TALLEST * height, height)
        if bottom > top:
            yield 0.0, top, float(width), bottom


def _runs_on(line: Line) -> bool:
    return len(re.findall(r"[^\W_]", line.text)) >= _RUNNING_TEXT
