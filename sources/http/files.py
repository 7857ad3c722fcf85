"""Saves files: checked, written as they stream, resumed where they were cut, and named only when whole."""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import errno
import hashlib
import os
import re
import tempfile
import threading
import zipfile
import zlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path
from types import TracebackType

import httpx

from sources.http.answers import (
    LOOK_WITHIN,
    Redirect,
    another_page,
    beginning_of,
    chunks,
    decode,
    is_html,
    is_packed,
    length_of,
    named_type,
    redirect_or_refusal,
)
from sources.http.politeness import date_of
from sources.model import Download, FetchError, Unreachable, Unusable

OVERLAP = 4096
"""Bytes that are requested a second time."""

_CLEARLY_BEFORE = timedelta(seconds=60)
"""A date identifies a version only if the file was at least this old when served, so that it cannot have changed within the same second
(RFC 9110, section 8.8.2.2, leaves the difference open; RFC 7232 had this one)."""

_STRONG_ETAG = re.compile(r'"[\x21\x23-\x7e]*"')
_CONTENT_RANGE = re.compile(r"bytes +(\d{1,15})-(\d{1,15})/(\d{1,15})", re.ASCII | re.IGNORECASE)

WORTH_RESUMING = 1024 * 1024
"""Bytes that a cut answer must bring for the rest to be requested, in its turn. Such a cut is no failure of the address."""

_JUDGED = 1024
"""Bytes at either end that decide the kind of a file. Readers of PDFs accept that much junk before the header and after the end (PDF 1.7,
ISO 32000-1, Annex H.3, notes 13 and 18)."""

_NAME_CHARACTERS = 40
"""Characters of the target's name that a part keeps: a file name has at most 255 bytes, and each may take four."""

_ZIP, _ZIP_END = b"PK\x03\x04", b"PK\x05\x06"
"""Marks of a zip: some sites publish the recueils of a month in one, in the place of a PDF."""

MOST_UNPACKED = 2_000_000_000
"""Bytes that the PDFs of a zip may have in all."""

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}

_VAGUE = {"", "application/octet-stream", "binary/octet-stream", "text/plain"}
"""Content types that servers send for any file, and that distinguish none."""

_CSV_TYPES = {*_VAGUE, "text/csv", "application/csv", "application/vnd.ms-excel"}


@dataclass(frozen=True, slots=True)
class FileKind:
    """Describes a kind of file, and how to distinguish it from a block or error page. `name` is for errors ("a PDF"); `accept` and
    `encoding` are headers of the request. `fits` judges the content type and the first bytes of an answer, `ends` whether its last bytes
    can end such a file."""

    name: str
    accept: str
    encoding: str
    fits: Callable[[str, bytes], bool]
    ends: Callable[[bytes], bool] = lambda _last: True


def _is_json(content_type: str, beginning: bytes) -> bool:
    # The type is judged by what the body begins with: an object or a list.
    return not is_html(content_type, beginning) and beginning.removeprefix(codecs.BOM_UTF8).lstrip()[:1] in {b"{", b"["}


def _is_csv(content_type: str, beginning: bytes) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return kind in _CSV_TYPES and not is_html("", beginning) and b"\0" not in beginning


# Recueils are packed already: to pack them again only costs the server time.
PDF = FileKind(
    "a PDF",
    "application/pdf",
    "identity",
    lambda _, beginning: b"%PDF" in beginning[:_JUDGED] or beginning.startswith(_ZIP),
    lambda last: b"%%EOF" in last or _ZIP_END in last,
)
JSON = FileKind("JSON", "application/json", "gzip", _is_json)
CSV = FileKind("CSV", "text/csv", "gzip", _is_csv)


# Whether a cut download may be resumed: pure decisions on headers (RFC 9110, sections 8.8, 13.1.5, 14 and 15.3.7). Never mix two versions
# of a file: resuming needs a strong validator, an answer of that very version, and an overlap whose bytes are the same.


@dataclass(frozen=True, slots=True)
class Version:
    """Identifies a version of the file at a canonical URL by its strong ETag or its `Last-Modified`. `total`: its bytes, if known."""

    url: str
    validator: str
    total: int | None


def version_of(url: str, headers: Mapping[str, str]) -> Version | None:
    """Return the version that a 200 of lower-case `headers` brings, None if it cannot be resumed."""
    if is_packed(headers) or headers.get("accept-ranges", "").strip().lower() == "none":
        return None
    etag, date = headers.get("etag"), headers.get("last-modified")
    if etag is not None:  # a client that has a weak one must not fall back on the date (section 13.1.5)
        return Version(url, etag, length_of(headers)) if _STRONG_ETAG.fullmatch(etag) else None
    if date is None or not _is_strong(date, headers.get("date")):
        return None
    return Version(url, date, length_of(headers))


def conditions(version: Version, size: int) -> dict[str, str]:
    """Return the headers that request what follows the first `size` bytes, or the whole of another version."""
    return {"Range": f"bytes={size - OVERLAP}-", "If-Range": version.validator}


def total_with(version: Version, size: int, headers: Mapping[str, str]) -> int | None:
    """Return the length of the whole file when a 206 of lower-case `headers` brings all that was requested of `version`, else None. A 206
    without the requested date is not trusted: some servers know ranges and no `If-Range`."""
    found = _CONTENT_RANGE.fullmatch(headers.get("content-range", "").strip())
    if found is None or is_packed(headers) or headers.get("content-type", "").strip().lower().startswith("multipart/"):
        return None
    first, last, total = (int(number) for number in found.groups())
    fits = (
        first == size - OVERLAP
        and size <= total == last + 1
        and version.total in {None, total}
        and length_of(headers) in {None, total - first}
        and headers.get("etag" if version.validator.startswith('"') else "last-modified") == version.validator
    )
    return total if fits else None


def _is_strong(date: str, served: str | None) -> bool:
    try:
        return (
            parsedate_to_datetime(served or "") - parsedate_to_datetime(date) >= _CLEARLY_BEFORE and date.isascii() and date.isprintable()
        )
    except (ValueError, TypeError, OverflowError):
        return False


# The file on the disk, and the answers that fill it.


class NotSaved(FetchError):
    """Raised when the file could not be written here: missing folder, no permission, disk failure. Not the site's fault."""


class StorageFull(NotSaved):
    """Raised when the disk, or the quota on it, is full."""


class PartialFile(contextlib.AbstractContextManager["PartialFile"]):
    """Writes the file at `url` beside `target` (`.<name>.<random>.part`), and names it only when whole. A context manager: leaving it
    removes what was not committed. Methods raise NotSaved or StorageFull."""

    def __init__(self, target: Path, url: str) -> None:
        self.target = target
        self.size = 0
        self.version: Version | None = None
        self._url = url
        self._hash = hashlib.sha256()
        self._committing = threading.Lock()
        with self._saving():
            descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:_NAME_CHARACTERS]}.", suffix=".part")
        self._path = Path(name)
        self._file = os.fdopen(descriptor, "w+b")

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with self._committing:
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # closing flushes, and the disk may be full: what is buffered is unwanted anyway
                self._file.close()

    @property
    def sha256(self) -> str:
        """Return the SHA-256 of what was written so far, 64 hex digits."""
        return self._hash.hexdigest()

    def begin(self, version: Version | None) -> None:
        """Write from the beginning. Without a `version` the file cannot be resumed."""
        with self._saving():
            self._file.seek(0)
            self._file.truncate()
        self._hash = hashlib.sha256()
        self.size = 0
        self.version = version

    def write(self, piece: bytes) -> None:
        """Append a piece."""
        with self._saving():
            self._file.write(piece)
        self._hash.update(piece)
        self.size += len(piece)

    def last(self, count: int) -> bytes:
        """Return the last bytes that were written."""
        with self._saving():
            self._file.seek(max(self.size - count, 0))
            return self._file.read(count)

    def commit(self) -> None:
        """Write the file through to the disk, then rename it to the target in one step. Slow as a disk: call it in a thread. Leaving the
        context waits for it."""
        with self._committing, self._saving():
            self._file.flush()
            os.fsync(self._file.fileno())
            self._path.replace(self.target)
            folder = os.open(self.target.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    @contextlib.contextmanager
    def _saving(self) -> Iterator[None]:
        folder = self.target.parent
        try:
            yield
        except OSError as error:
            if error.errno in _FULL:
                raise StorageFull(f"{self._url}: no space left to save it in {folder}") from error
            raise NotSaved(f"{self._url}: cannot be saved in {folder}: {error.strerror or type(error).__name__}") from error


class RequestAgain:
    """Request the file again: the rest, or all of it if it cannot be resumed."""


class FileReceiver:
    """Receives the answers to the requests of one download until the file is whole. `gives_way` returns whether the request for a URL must
    end for now: a file that can be resumed is then cut. `max_bytes` limits it."""

    def __init__(self, part: PartialFile, kind: FileKind, max_bytes: int, gives_way: Callable[[str], bool]) -> None:
        self._part = part
        self._kind = kind
        self._max_bytes = max_bytes
        self._gives_way = gives_way
        self._resumes = True

    def headers(self, url: str) -> dict[str, str]:
        """Return the headers of the next request: for the rest if a part of this URL exists, else for all."""
        version = self._resumable(url)
        rest = conditions(version, self._part.size) if version is not None else {}
        return {"Accept": self._kind.accept, "Accept-Language": "fr", "Accept-Encoding": self._kind.encoding, **rest}

    async def __call__(self, url: str, response: httpx.Response) -> Download | Redirect | RequestAgain:
        """Return the saved file. Raises FetchError, or `httpx.TransportError` when the network fails during the body."""
        version = self._resumable(url)
        if version is not None and response.status_code in {206, 416}:
            return await self._rest(url, response, version)
        if redirect := await redirect_or_refusal(url, response):
            return redirect
        if version is not None:
            self._resumes = False  # a server that sends all again in place of the rest would do so at each turn
        async with contextlib.aclosing(chunks(response, url=url, at_most=self._max_bytes)) as pieces:
            beginning = await beginning_of(pieces, _JUDGED)
            if not self._kind.fits(response.headers.get("content-type", ""), beginning):
                beginning += await beginning_of(pieces, LOOK_WITHIN)
                raise _not_of_kind(self._kind, url, response, beginning)
            self._part.begin(version_of(url, response.headers))
            return await self._saved(url, response, beginning, pieces, length_of(response.headers))

    async def _rest(self, url: str, response: httpx.Response, version: Version) -> Download | RequestAgain:
        size = self._part.size
        total = total_with(version, size, response.headers) if response.status_code == 206 else None
        if total is not None:
            async with contextlib.aclosing(chunks(response, url=url, at_most=self._max_bytes - size + OVERLAP)) as pieces:
                beginning = await beginning_of(pieces, OVERLAP)
                if beginning.startswith(self._part.last(OVERLAP)):
                    return await self._saved(url, response, beginning[OVERLAP:], pieces, total)
        self._resumes = False
        return RequestAgain()

    async def _saved(
        self, url: str, response: httpx.Response, beginning: bytes, pieces: AsyncIterator[bytes], total: int | None
    ) -> Download | RequestAgain:
        part, before = self._part, self._part.size
        try:
            part.write(beginning)
            if await self._gave_way(url, pieces, total):
                return RequestAgain()
        except (Unreachable, httpx.TransportError):
            if part.size - before >= WORTH_RESUMING and self._resumable(url):
                return RequestAgain()
            raise
        # A damaged file is the readers' to repair. But where nothing else distinguishes the end of a body from a cut connection, the file
        # must.
        if total is None and _ends_with_the_connection(response) and not self._kind.ends(part.last(_JUDGED)):
            if self._resumable(url):
                return RequestAgain()  # the rest, if there is any, comes with its length
            raise Unreachable(f"{url}: answer cut short (no length was announced, and {self._kind.name} does not end like this)")
        await asyncio.to_thread(part.commit)
        return Download(url, part.target, part.size, part.sha256)

    async def _gave_way(self, url: str, pieces: AsyncIterator[bytes], total: int | None) -> bool:
        """Write the body, to its end or until it gives way. Raises Unusable or Unreachable if it is not what was announced."""
        part = self._part
        async for piece in pieces:
            part.write(piece)
            if total is not None and part.size > total:
                break
            if part.size != total and self._resumable(url) and self._gives_way(url):
                return True
        if total is not None and part.size > total:
            raise Unusable(f"{url}: longer than announced ({total} bytes)")
        if total is not None and part.size < total:
            raise Unreachable(f"{url}: answer cut short ({part.size} of {total} bytes)")
        return False

    def _resumable(self, url: str) -> Version | None:
        """Return the version of which enough came to request only the rest, if any."""
        version = self._part.version
        return version if version is not None and version.url == url and self._resumes and self._part.size > OVERLAP else None


def _not_of_kind(kind: FileKind, url: str, response: httpx.Response, beginning: bytes) -> FetchError:
    """Return what it is that came in place of a file, by its first bytes."""
    content_type = response.headers.get("content-type", "")
    if not beginning:
        return Unusable(f"{url}: not {kind.name} but an empty answer")
    looks_like_html = is_html(content_type, beginning) or is_html("", beginning)
    error = another_page(url, response, decode(beginning, content_type) if looks_like_html else "")
    return error or Unusable(f"{url}: not {kind.name} but {named_type(content_type)}")


def _ends_with_the_connection(response: httpx.Response) -> bool:
    """Return whether the connection's end ends the body (RFC 9112, section 6.3). A browser and HTTP/2 have their own marks."""
    is_http_1 = response.extensions.get("http_version") in {b"HTTP/1.0", b"HTTP/1.1"}
    headers = response.headers
    return is_http_1 and not is_packed(headers) and "content-length" not in headers and "transfer-encoding" not in headers


# Whether the file at an address is still the one that came from there.


def unless_modified(kind: FileKind, since: datetime) -> dict[str, str]:
    """Return the headers that request the beginning of a file, if it was modified since an instant."""
    packing = {"Accept": kind.accept, "Accept-Encoding": kind.encoding}
    return {**packing, "If-Modified-Since": format_datetime(since.astimezone(UTC), usegmt=True), "Range": f"bytes=0-{_JUDGED - 1}"}


class ReplacementReceiver:
    """Takes the answer to that request. `since` and `size` are of the file that came before."""

    def __init__(self, kind: FileKind, since: datetime, size: int) -> None:
        self._kind = kind
        self._since = since
        self._size = size

    async def __call__(self, url: str, response: httpx.Response) -> bool | Redirect:
        """Return whether it is another file; true if no header decides it, as then only the content does. Raises FetchError."""
        if response.status_code == 304:
            return False
        if response.status_code != 206 and (redirect := await redirect_or_refusal(url, response)):
            return redirect
        async with contextlib.aclosing(chunks(response, url=url, at_most=1 << 60)) as pieces:
            beginning = await beginning_of(pieces, _JUDGED)
        if not self._kind.fits(response.headers.get("content-type", ""), beginning):
            raise _not_of_kind(self._kind, url, response, beginning)
        of_all = _CONTENT_RANGE.fullmatch(response.headers.get("content-range", "").strip())
        length = length_of(response.headers) if response.status_code == 200 else int(of_all[3]) if of_all else None
        modified = date_of(response.headers.get("last-modified", ""))
        return length != self._size or (modified is not None and modified > self._since)


# PDFs in a zip.


def pdfs_in(path: Path) -> tuple[str, ...] | None:
    """Return the names of the PDFs in a zip, None for a file that is none. Raises Unusable where it has none, or too much to unpack."""
    with path.open("rb") as file:
        if not file.read(len(_ZIP)).startswith(_ZIP):
            return None
    with _opened_zip(path) as packed:
        found = [info for info in packed.infolist() if info.filename.lower().endswith(".pdf") and not info.filename.startswith("__MACOSX")]
    if not found or sum(info.file_size for info in found) > MOST_UNPACKED:
        raise Unusable(f"a zip with {'more than can be unpacked' if found else 'no PDF in it'}")
    return tuple(dict.fromkeys(info.filename for info in found))


def unpack_pdf(path: Path, name: str, target: Path) -> Download:
    """Write a PDF of a zip to `target`. Its name there is no path here. Raises Unusable, and OSError where it cannot be written."""
    digest = hashlib.sha256()
    with _opened_zip(path) as packed, packed.open(name) as member, target.open("wb") as file:
        while piece := member.read(LOOK_WITHIN):  # no more than its declared size
            digest.update(piece)
            file.write(piece)
    return Download(name, target, target.stat().st_size, digest.hexdigest())


@contextlib.contextmanager
def _opened_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as packed:
            yield packed
    except (zipfile.BadZipFile, zlib.error, KeyError, EOFError, NotImplementedError, RuntimeError) as error:
        raise Unusable(f"a zip that cannot be unpacked: {error}") from error
