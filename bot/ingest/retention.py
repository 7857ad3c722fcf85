"""What is kept for how long: pages of files, texts of acts, PDFs. Only what no decree needs is ever dropped.

Of a recueil in which a decree was ever found, of which an act waits for a person, or that is not wholly read, everything stays, and so do
the titles and verdicts of all acts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from bot.ingest.archive import PdfArchive
    from bot.storage.recueils import Contents

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class KeptFor:
    """Says how many days after its file came something is kept; 0: for good."""

    pages: int
    texts: int
    pdfs: int


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Counts what was dropped: files whose pages were, acts whose texts were, and PDFs."""

    pages: int = 0
    texts: int = 0
    pdfs: int = 0


class Retention:
    """Drops what is older than the configuration keeps it."""

    def __init__(self, contents: Contents, archive: PdfArchive, kept_for: KeptFor, clock: Callable[[], datetime]) -> None:
        self._contents = contents
        self._archive = archive
        self._kept_for = kept_for
        self._clock = clock

    def apply(self) -> Forgotten:
        """Drop it, and log how much that was. Raises StorageError."""
        kept = self._kept_for
        found = Forgotten(
            self._contents.forget(self._before(kept.pages)) if kept.pages else 0,
            self._contents.forget_texts(self._before(kept.texts)) if kept.texts else 0,
            self._archive.remove(self._contents.unneeded(self._before(kept.pdfs))) if kept.pdfs else 0,
        )
        if found != Forgotten():
            log.info("retention.applied", pages=found.pages, texts=found.texts, pdfs=found.pdfs)
        return found

    def _before(self, days: int) -> datetime:
        return self._clock() - timedelta(days=days)
