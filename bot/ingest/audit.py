"""Is anything missing? What the national index knows of an authority, against what the bot has seen. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bot.domain.records import Recueil
from bot.ingest.scope import Ages, Files, dates_of
from sources.catalogue.authority import Authority
from sources.crawl.index import IndexEntry


@dataclass(frozen=True, slots=True)
class Audit:
    """One authority: how many recueils the index knows, and those never seen, newest first. `is_polled`: polled at least once."""

    authority: Authority
    indexed: int
    missing: tuple[IndexEntry, ...]
    is_polled: bool

    @property
    def seen(self) -> int:
        """How many of them the bot saw."""
        return self.indexed - len(self.missing)

    @property
    def share(self) -> float | None:
        """The part of them that the bot saw, from 0 to 1; None where the index knows none."""
        return self.seen / self.indexed if self.indexed else None

    @property
    def is_gap(self) -> bool:
        """Whether something is missing that the bot is meant to see."""
        return bool(self.missing) and self.authority.not_covered is None


def audit(
    authority: Authority, entries: Sequence[IndexEntry], recorded: Sequence[Recueil], since: date | None, *, is_polled: bool
) -> Audit:
    """Compare. With `since`, only what is dated since that day counts, and what bears no date but may be as new (see
    `bot.ingest.scope.Ages`)."""
    files, ages = Files(recorded), Ages(since or date.min, dates_of(recorded, entries))
    wanted = [entry for entry in entries if ages.is_since(entry.published, entry.title, entry.url)]
    missing = sorted((entry for entry in wanted if entry not in files), key=_age)
    return Audit(authority, len(wanted), tuple(missing), is_polled)


def _age(entry: IndexEntry) -> tuple[int, int]:
    """Dated ones first, the newest on top; then the others, those met last first."""
    if entry.published is not None:
        return 0, -entry.published.toordinal()
    return 1, -int(entry.crawled_at.timestamp()) if entry.crawled_at is not None else 0
