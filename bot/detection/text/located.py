"""What each stretch of a document is to its reader: title, visa, article…, so that every quotation says where it stood."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from bot.detection.text.document import Document
from bot.detection.text.segments import Part, Segment
from bot.domain import Where

# A line of a table of contents of the national template, from its identifier to its page: `75-2026-05-03-00001 - … (6 pages) Page 3`.
_CONTENTS_LINE = re.compile(
    r"\W{0,3}\d{2,3}[ab]?-\d{4}-\d{2}-\d{2}-\d{3,5}\s+-\s.{0,1200}?\(\s?\d{1,4}\s?pages?\s?\)\s?page\s?\d{1,4}", re.DOTALL
)

_WHERE = {
    Part.HEADING: Where.HEADING,
    Part.VISA: Where.VISA,
    Part.RECITAL: Where.RECITAL,
    Part.ARTICLE: Where.OPERATIVE,
    Part.BODY: Where.BODY,
}


def located(document: Document, cut: Iterable[Segment], title_from: Where | None) -> Document:
    """The document with what each of its stretches is. `title_from` is where the title was read, where that is told."""
    stretches = [*_stretches(document.folded.text, cut, title_from or Where.TITLE)]
    return replace(document, part_starts=tuple(start for start, _ in stretches), parts=tuple(where for _, where in stretches))


def _stretches(text: str, cut: Iterable[Segment], title: Where) -> Iterator[tuple[int, Where]]:
    for segment in cut:
        line = _CONTENTS_LINE.match(text, segment.start, segment.end)
        for block in segment.blocks:
            if line is not None and block.start < line.end():
                yield block.start, Where.CONTENTS
                if line.end() < block.end:
                    yield line.end(), _WHERE.get(block.part, title)
            else:
                yield block.start, _WHERE.get(block.part, title)
