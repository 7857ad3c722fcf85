"""The file of a recueil: fetched once, kept until it is wholly read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from bot.domain.records import Recueil
from bot.ingest.archive import Shelf
from bot.ingest.reading_job import Hostile
from bot.reading.model import Unreadable
from bot.storage.threads import run_to_completion
from sources.http import NotSaved
from sources.http.scratch import ScratchFolder
from sources.model import Fetcher

if TYPE_CHECKING:
    from bot.storage.store import Store

log = structlog.get_logger()


@dataclass(slots=True)
class OpenedPdf:
    """A file on disk, for as long as it is read. Whoever has read all that it holds sets `wholly_read`: nobody will need it again."""

    path: Path
    sha256: str
    size: int
    wholly_read: bool = False


class Files:
    """Files by recueil. Without a `shelf` nothing is kept: they are in the temporary folder for as long as they are read."""

    def __init__(self, *, fetcher: Fetcher, store: Store, shelf: Shelf | None, clock: Callable[[], datetime]) -> None:
        self._fetcher = fetcher
        self._store = store
        self._shelf = shelf
        self._clock = clock

    @asynccontextmanager
    async def of(self, recueil: Recueil) -> AsyncIterator[OpenedPdf]:
        """The file that was kept, else fetched. Raises FetchError, StorageError, and OSError where this machine has no room for it.

        It is kept unless it was wholly read, or could not be opened: the site may put another in its place.
        """
        shelf = self._shelf
        if shelf is not None:
            kept = await self._kept(shelf, recueil)
            target = None if kept is not None else await asyncio.to_thread(shelf.incoming, recueil.authority, recueil.url)
            if kept is None and target is not None:
                try:
                    kept = await self._fetched(shelf, recueil, target)
                except NotSaved as error:
                    # The temporary folder may be on another disk, with room.
                    log.warning("a PDF cannot be kept, it is read from the temporary folder", error=str(error))
            if kept is not None:
                async with _in_use(shelf, kept):
                    yield kept
                return
        with ScratchFolder() as folder:
            download = await self._fetcher.download(recueil.url, folder / "recueil.pdf")
            await self._remember(recueil, download.sha256)
            yield OpenedPdf(download.path, download.sha256, download.size)

    @asynccontextmanager
    async def kept(self, recueil: Recueil) -> AsyncIterator[OpenedPdf | None]:
        """The file where it was kept, None where it was not: nothing is fetched."""
        shelf = self._shelf
        opened = await self._kept(shelf, recueil) if shelf is not None else None
        if shelf is None or opened is None:
            yield None
            return
        async with _in_use(shelf, opened):
            yield opened

    async def _kept(self, shelf: Shelf, recueil: Recueil) -> OpenedPdf | None:
        if recueil.sha256 is None:
            return None
        path = await run_to_completion(shelf.take, recueil.sha256)
        with suppress(FileNotFoundError):  # removed this very moment: it is fetched again
            return None if path is None else OpenedPdf(path, recueil.sha256, path.stat().st_size)
        return None

    async def _fetched(self, shelf: Shelf, recueil: Recueil, target: Path) -> OpenedPdf:
        download = await self._fetcher.download(recueil.url, target)
        # Remembered first: a file whose recueil does not know it would lie there unused.
        await self._remember(recueil, download.sha256)
        path = await run_to_completion(shelf.keep, download.path, download.sha256)
        return OpenedPdf(path, download.sha256, download.size)

    async def _remember(self, recueil: Recueil, sha256: str) -> None:
        await asyncio.to_thread(self._store.contents.fetched, recueil.id, sha256, self._clock())


@asynccontextmanager
async def _in_use(shelf: Shelf, opened: OpenedPdf) -> AsyncIterator[None]:
    keep = True
    try:
        yield
        keep = not opened.wholly_read
    except Unreadable as error:
        keep = isinstance(error, Hostile)
        raise
    finally:
        await run_to_completion(shelf.release, opened.sha256, keep=keep)
