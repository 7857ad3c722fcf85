"""Keeps PDFs on disk, by content: those not wholly read, so that none is downloaded twice, and those of decrees, for good: prefectures
remove their PDFs, and an unreadable decree can hardly be contested."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import re
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote, unquote

import structlog

from bot.domain.acts import Decree
from bot.domain.records import Recueil
from bot.domain.tasks import run_to_completion
from bot.ingest.looks import look_of
from bot.ingest.reading_job import EndedProgram, OpenedPdf
from bot.reading.model import Unreadable
from bot.storage.backup import file_digest
from sources.http.files import NotSaved, pdfs_in, unpack_pdf
from sources.http.scratch import ScratchFolder
from sources.model import Download, FileFetcher

if TYPE_CHECKING:
    from bot.storage.decrees import Decrees
    from bot.storage.recueils import Contents
    from bot.storage.store import Store

log = structlog.get_logger()

KeepPdfs = Literal["decrees", "none", "all"]

UNREAD_FOR = 30 * 86_400.0
"""Seconds after which an unused file belongs to a recueil given up long ago."""

INCOMING_FOR = 86_400.0
"""Seconds after which a download that did not grow was left by a killed program."""

TIDIED_EVERY = 6 * 3_600.0
"""Seconds between two searches for what is to be removed, in a program that runs for months."""

LEFT_FOR = 86_400.0
"""Seconds after which a copy that did not grow was left by a killed program: a copy takes minutes at most."""

_PART = ".part"
_SHA256 = re.compile(r"[0-9a-f]{64}")
_PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ArchivedFile:
    """Describes the file a decree was read in: its SHA-256 (64 hexadecimal digits), when it came, and where it is kept, if it is."""

    sha256: str
    fetched_at: datetime | None
    path: Path | None


class PdfArchive:
    """Keeps two folders of `<SHA-256>.pdf`, for this user only; several programs may share them. `unread` (with downloads in `incoming/`)
    holds at most `most_bytes` besides files in use: the least recently used goes first. `kept` is never trimmed; `which` go there: those
    with `decrees`, `all` read, or `none`. Methods block for the disk. Raises ValueError for no SHA-256, and no OSError."""

    def __init__(self, unread: Path, kept: Path, *, most_bytes: int, which: KeepPdfs = "decrees") -> None:
        self.unread = unread
        self.kept = kept
        self._incoming = unread / "incoming"
        self._most_bytes = most_bytes
        self._which = which
        self._in_use: Counter[str] = Counter()
        self._logged: dict[Path, str] = {}
        self._tidied = time.time()

    # --- until it is wholly read -------------------------------------------------------------------------------------

    def incoming(self, authority: str, url: str) -> Path | None:
        """Return where to download this recueil to. None where the folder cannot be used, which is logged once."""
        try:
            _make_private(self.unread)
            _make_private(self._incoming)
            (self._incoming / ".writable").touch(mode=0o600)
        except OSError as error:
            self._log_unread(error)
            return None
        self._logged.pop(self.unread, None)
        return self._incoming / f"{hashlib.sha256(f'{authority} {url}'.encode()).hexdigest()[:32]}.pdf"

    def add(self, path: Path, sha256: str) -> Path:
        """Put a downloaded file under the name of its content, and use it: where it is from here on. Call `release` in the end."""
        unread = self._path(self.unread, sha256)
        try:
            path.chmod(0o600)
            path.replace(unread)
        except OSError as error:
            # Read from where it came; it is removed as a download that a killed program left.
            self._log_unread(error)
            unread = path
        self._in_use[sha256] += 1
        self._make_room()
        return unread

    def use(self, sha256: str) -> Path | None:
        """Return the file with this content and mark it as in use until `release`; None if there is none. A damaged file is logged and
        removed, to be fetched again."""
        path = self._path(self.unread, sha256)
        try:
            if file_digest(path) == sha256:
                path.touch()  # used now: the last to go
                self._in_use[sha256] += 1
                return path
            log.warning("archive.damaged", file=str(path))
            path.unlink(missing_ok=True)
        except FileNotFoundError:
            pass
        except OSError as error:
            log.warning("archive.unreadable", file=str(path), error=error.strerror)
        return None

    def release(self, sha256: str, *, wholly_read: bool) -> None:
        """End a use of the file. One that was `wholly_read` is not needed again."""
        self._in_use -= Counter({sha256: 1})
        if wholly_read and not self._in_use[sha256]:
            _remove(self._path(self.unread, sha256))
        if abs(time.time() - self._tidied) >= TIDIED_EVERY:
            self.tidy()
        else:
            self._make_room()

    # --- for good ----------------------------------------------------------------------------------------------------

    def has_kept(self) -> bool:
        """Return whether any PDF is kept for good: a program has found decrees."""
        return next(self.kept.glob("*.pdf"), None) is not None

    def wants(self, *, decrees: bool) -> bool:
        """Return whether a PDF in which decrees were found, or none were, is to be kept for good."""
        return self._which == "all" or (self._which == "decrees" and decrees)

    def keep(self, path: Path, sha256: str) -> Path | None:
        """Copy a file with this content and return the copy's path; None, logged once, if it cannot be kept. The caller may change or
        remove the original."""
        kept = self._path(self.kept, sha256)
        try:
            if not kept.is_file():
                _make_private(self.kept)
                _copy(path, kept, sha256)
        except OSError as error:
            if self._is_news(self.kept, error):
                log.warning("archive.decree_not_kept", folder=str(self.kept), error=_reason(error))
            return None
        self._logged.pop(self.kept, None)
        return kept

    def find(self, sha256: str) -> Path | None:
        """Return the file of this content that is kept for good, None where there is none."""
        path = self._path(self.kept, sha256)
        with suppress(OSError):
            return path if path.is_file() else None
        return None

    def remove(self, contents: Collection[str]) -> int:
        """Remove the files kept for good that have these contents, and return how many there were."""
        gone = [path for sha256 in contents if (path := self.find(sha256)) is not None]
        for path in gone:
            _remove(path)
        return len(gone)

    def describe(self, sha256: str, fetched_at: datetime | None) -> ArchivedFile:
        """Describe the file of this content."""
        return ArchivedFile(sha256, fetched_at, self.find(sha256))

    # --- what is removed ---------------------------------------------------------------------------------------------

    def tidy(self) -> None:
        """Remove old files that were given up, what exceeds the limit, and the partial copies of killed programs. Also runs by itself from
        time to time. Never fails: what cannot be removed stays."""
        now = self._tidied = time.time()
        for folder, age in ((self.unread, UNREAD_FOR), (self._incoming, INCOMING_FOR)):
            for modified, _, path in _files(folder):
                if now - modified > age and path.stem not in self._in_use:
                    _remove(path)
        self._make_room()
        for modified, _, path in _files(self.kept):
            # Those of a running program still grow.
            if path.suffix == _PART and now - modified > LEFT_FOR:
                _remove(path)

    def _make_room(self) -> None:
        # What is being downloaded counts, and is left to whoever downloads it.
        unread = _files(self.unread)
        size = sum(size for _, size, _ in (*unread, *_files(self._incoming)))
        for _, freed, path in sorted(unread):
            if size <= self._most_bytes:
                return
            if path.stem not in self._in_use and _SHA256.fullmatch(path.stem):
                _remove(path)
                size -= freed

    @staticmethod
    def _path(folder: Path, sha256: str) -> Path:
        if not _SHA256.fullmatch(sha256):
            raise ValueError("not the SHA-256 of a content")
        return folder / f"{sha256}.pdf"

    def _log_unread(self, error: OSError) -> None:
        if self._is_news(self.unread, error):
            log.warning("archive.folder_failed", folder=str(self.unread), error=_reason(error))

    def _is_news(self, folder: Path, error: OSError) -> bool:
        """Log the first failure of a folder, or one with another reason."""
        reason = _reason(error)
        before, self._logged[folder] = self._logged.get(folder), reason
        return reason != before


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__


def kept_file(archive: PdfArchive, decrees: Decrees, decree: Decree) -> Path | None:
    """Return the kept PDF that a decree was read in, None where there is none. Raises StorageError."""
    known = decrees.copy_of(decree)
    return None if known is None else archive.find(known[0])


def copy_by_content(source: Path, target: Path, on_file: Callable[[int, int], None]) -> tuple[int, int, list[Path]]:
    """Copy the PDFs of a folder that are named by their content and missing in the other. Return how many were copied, how many existed,
    and those whose content does not match their name before or after. `on_file` is called with the files done and their number. Raises
    OSError."""
    copied, there, failed = 0, 0, []
    wanted = sorted(path for path in source.glob("*.pdf") if _SHA256.fullmatch(path.stem)) if source.is_dir() else []
    for number, path in enumerate(wanted):
        on_file(number, len(wanted))
        copy = target / path.name
        if copy.is_file():
            there += 1
            continue
        _make_private(target)
        try:
            _copy(path, copy, path.stem)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            failed.append(path)
            continue
        if file_digest(copy) == path.stem:
            copied += 1
        else:
            _remove(copy)
            failed.append(path)
    return copied, there, failed


def _make_private(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # A folder that was there may be open to others: PDFs are public, which of them are read is nobody's business.
    folder.chmod(0o700)


def _copy(path: Path, kept: Path, sha256: str) -> None:
    """Copy whole or not at all, also when the machine stops in the middle. Raises OSError, also where that is not the content."""
    handle, name = tempfile.mkstemp(suffix=_PART, dir=kept.parent)
    try:
        digest = hashlib.sha256()
        with os.fdopen(handle, "wb") as target, path.open("rb") as source:
            while piece := source.read(_PIECE):
                digest.update(piece)
                target.write(piece)
            target.flush()
            os.fsync(target.fileno())
        if digest.hexdigest() != sha256:
            raise OSError(errno.EIO, "the file is not the one that was read any more")
        Path(name).replace(kept)
    finally:
        _remove(Path(name))


def _files(folder: Path) -> list[tuple[float, int, Path]]:
    """Return when each file of a folder was last changed, its size and its path. Never fails: another program may remove some meanwhile."""
    found = []
    with suppress(OSError):
        for path in folder.iterdir():
            with suppress(OSError):
                if path.is_file() and not path.is_symlink():
                    status = path.stat()
                    found.append((status.st_mtime, status.st_size, path))
    return found


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink(missing_ok=True)


# The file of one recueil: fetched once, unread until it is wholly read.


class RecueilFiles:
    """Files by recueil. Without an `archive` nothing is kept: they are in the temporary folder for as long as they are read."""

    def __init__(self, fetcher: FileFetcher, store: Store, archive: PdfArchive | None, clock: Callable[[], datetime]) -> None:
        self._fetcher = fetcher
        self._store = store
        self._archive = archive
        self._clock = clock

    @asynccontextmanager
    async def fetched(self, recueil: Recueil) -> AsyncIterator[OpenedPdf]:
        """Open the unread file, else fetch it. Raises FetchError, StorageError, and OSError if this machine has no room. The file stays
        unless it was wholly read, or could not be opened: the site may replace it."""
        if self._archive is not None:
            opened = await self._unread(self._archive, recueil) or await self._download(self._archive, recueil)
            if opened is not None:
                async with _in_use(self._archive, opened):
                    yield opened
                return
        with ScratchFolder() as folder:
            download = await self._fetch(recueil, folder / "recueil.pdf")
            await self._remember(recueil, download)
            yield OpenedPdf(download.path, download.sha256, download.size, silent=recueil.silent)

    @asynccontextmanager
    async def unread(self, recueil: Recueil) -> AsyncIterator[OpenedPdf | None]:
        """Open the unread file, None where there is none: nothing is fetched."""
        opened = None if self._archive is None else await self._unread(self._archive, recueil)
        if self._archive is None or opened is None:
            yield None
            return
        async with _in_use(self._archive, opened):
            yield opened

    async def unpacked(self, recueil: Recueil, opened: OpenedPdf) -> dict[str, str] | None:
        """Put the PDFs of a zip among the unread files; the SHA-256 of each by its address. None for what is no zip. Raises Unusable."""
        return await run_to_completion(self._unpack, recueil, opened)

    def _unpack(self, recueil: Recueil, opened: OpenedPdf) -> dict[str, str] | None:
        names, found = pdfs_in(opened.path), dict[str, str]()
        with ScratchFolder() as folder:
            for name in names or ():
                url = f"{recueil.url}#{quote(name)}"
                kept = self._archive and self._archive.incoming(recueil.authority, url)
                pdf = unpack_pdf(opened.path, name, kept or folder / "recueil.pdf")
                found[url] = pdf.sha256
                if self._archive is not None and kept is not None:
                    self._archive.add(pdf.path, pdf.sha256)
                    self._archive.release(pdf.sha256, wholly_read=False)
        return None if names is None else found

    async def is_replaced(self, recueil: Recueil) -> bool:
        """Return whether the site has put another file at its address. Raises FetchError, StorageError."""
        content = await asyncio.to_thread(self._store.contents.get, recueil.sha256 or "")
        if content is None or recueil.fetched_at is None:
            return False
        return await self._fetcher.is_replaced(recueil.url, recueil.fetched_at, content.size)

    async def keep(self, opened: OpenedPdf, *, decrees: bool) -> bool:
        """Keep the file for good if the configuration says so. False if that failed: the caller must then not remove the file."""
        if self._archive is None or not self._archive.wants(decrees=decrees):
            return True
        return await asyncio.to_thread(self._archive.keep, opened.path, opened.sha256) is not None

    async def _unread(self, archive: PdfArchive, recueil: Recueil) -> OpenedPdf | None:
        path = None if recueil.sha256 is None else await run_to_completion(archive.use, recueil.sha256)
        if path is not None and recueil.sha256 is not None:
            with suppress(FileNotFoundError):  # removed this very moment: it is fetched again
                return OpenedPdf(path, recueil.sha256, path.stat().st_size, silent=recueil.silent)
        return None

    async def _download(self, archive: PdfArchive, recueil: Recueil) -> OpenedPdf | None:
        target = await asyncio.to_thread(archive.incoming, recueil.authority, recueil.url)
        if target is None:
            return None
        try:
            download = await self._fetch(recueil, target)
        except NotSaved as error:
            # The temporary folder may be on another disk, with room.
            log.warning("archive.not_kept", error=str(error))
            return None
        # Remembered first: a file whose recueil does not know it would lie there unused.
        await self._remember(recueil, download)
        path = await run_to_completion(archive.add, download.path, download.sha256)
        return OpenedPdf(path, download.sha256, download.size, silent=recueil.silent)

    async def _fetch(self, recueil: Recueil, target: Path) -> Download:
        """Download the file, or the zip that it is in, as `…zip#name.pdf` says."""
        url, _, name = recueil.url.partition("#")
        if not name:
            return await self._fetcher.download(url, target)
        packed = await self._fetcher.download(url, target.with_suffix(".zip"))
        try:
            return replace(await run_to_completion(unpack_pdf, packed.path, unquote(name), target), head=packed.head)
        finally:
            _remove(packed.path)

    async def _remember(self, recueil: Recueil, download: Download) -> None:
        answer = look_of(download.head) if download.head is not None else None
        await asyncio.to_thread(self._store.contents.fetched, recueil.id, download.sha256, self._clock(), answer)


@asynccontextmanager
async def _in_use(archive: PdfArchive, opened: OpenedPdf) -> AsyncIterator[None]:
    wholly_read = False
    try:
        yield
        wholly_read = opened.wholly_read
    except Unreadable as error:
        wholly_read = not isinstance(error, EndedProgram)
        raise
    finally:
        await run_to_completion(archive.release, opened.sha256, wholly_read=wholly_read)


# Retention of pages of files, texts of acts, PDFs: only what no decree needs is dropped. Everything stays of a recueil with a decree, an
# act that waits for a person, or unread parts; titles and verdicts of all acts stay too.


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
