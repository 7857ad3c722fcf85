"""The pages of a PDF, read -> what is in it. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from bot.domain import Cover, PageText, Reading, TextOrigin
from bot.domain.folding import fold_letters
from bot.reading.acts.cover import read_cover
from bot.reading.acts.cutting import cut_acts


def assemble(pages: Sequence[PageText], *, salvaged: bool = False) -> Reading:
    """Put the pages of one document together (all of them, in order, numbered from 1; ValueError otherwise). `salvaged` as in `Reading`."""
    if [page.number for page in pages] != list(range(1, len(pages) + 1)):
        raise ValueError("the pages of a document are numbered from 1, in order, without a gap")
    return Reading(
        page_count=len(pages),
        cover=read_cover(pages[0].text) if pages else Cover(),
        acts=cut_acts(pages),
        ocr_pages=tuple(page.number for page in pages if page.origin is TextOrigin.OCR),
        unreadable_pages=tuple(page.number for page in pages if page.origin is not TextOrigin.PENDING and not page.is_whole),
        pending_pages=tuple(page.number for page in pages if page.origin is TextOrigin.PENDING),
        pages=tuple(pages),
        salvaged=salvaged,
    )


# The identity of a document whose bytes change at every download (a timestamp, a token) while its words do not.


def text_digest(pages: Iterable[PageText]) -> str:
    """SHA-256 (64 hexadecimal digits) of the words of these pages: accents, case, spaces and punctuation do not count."""
    digest = hashlib.sha256()
    for page in pages:
        digest.update(fold_letters(page.text).encode())
    return digest.hexdigest()
