"""What could not be read, put back by an operator and read now."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bot.domain.records import Recueil
from bot.ingest.results import Harvest

if TYPE_CHECKING:
    from bot.ingest.poller import Watcher
    from bot.storage.store import Store


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which recueils to read again: of these authorities, and at these canonical URLs. With neither, all that were not wholly read."""

    authorities: frozenset[str] = frozenset()
    urls: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Retried:
    """The recueils that were put back, and what reading them gave."""

    recueils: tuple[Recueil, ...]
    harvest: Harvest


def wanted_of(words: Sequence[str], known_codes: Collection[str]) -> Wanted:
    """What an operator's words (`26`, `https://…/recueil.pdf`) name. Raises ValueError, with the words that name nothing."""
    urls = frozenset(word for word in words if "://" in word)
    codes = {word: word.upper() for word in words if word not in urls}
    unknown = [word for word, code in codes.items() if code not in known_codes]
    if unknown:
        raise ValueError(f"neither the code of an authority nor an address: {', '.join(unknown)}")
    return Wanted(frozenset(codes.values()), urls)


async def retry(watcher: Watcher, store: Store, wanted: Wanted, now: datetime) -> Retried:
    """Put them back and read them to their end, the files of detail pages included.

    What still cannot be read is tried again as if for the first time. Raises StorageError.
    """
    everything = not wanted.authorities and not wanted.urls
    back = await asyncio.to_thread(store.quarantine.retry, now, authorities=wanted.authorities, urls=wanted.urls, everything=everything)
    harvest = await watcher.read(back)
    for authority in sorted({recueil.authority for recueil in back if recueil.is_detail}):
        harvest += await watcher.read_due(authority)
    for late in await watcher.finish():
        harvest += late.harvest
    return Retried(tuple(back), harvest.finished())
