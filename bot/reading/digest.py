"""The identity of a document whose bytes change at every download (a timestamp, a token) while its words do not."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from bot.domain import PageText
from bot.domain.folding import fold_letters


def text_digest(pages: Iterable[PageText]) -> str:
    """SHA-256 (64 hexadecimal digits) of the words of these pages: accents, case, spaces and punctuation do not count."""
    digest = hashlib.sha256()
    for page in pages:
        digest.update(fold_letters(page.text).encode())
    return digest.hexdigest()
