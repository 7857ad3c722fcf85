"""How many pages of a PDF are out of reach, because the file says that it has fewer.

pdfium believes the number that a file gives of its pages (`/Count` of the root of its page tree, ISO 32000-1 7.7.3.2): those beyond it
are never seen. So every page that it sees is deleted from a copy in memory, whose pages are then counted: none must be left.
"""

from __future__ import annotations

import io
import os
import re
from contextlib import closing
from ctypes import sizeof
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

_HEADER_WITHIN = 1024
_MARK = b"e\0m\0p\0t\0y\0\0\0"
"""Put where the language of a document is named, in UTF-16."""
_OBJECT = re.compile(rb"(\d+) 0 obj\r?\n(.*?)\r?\nendobj", re.DOTALL)
_ROOT = re.compile(rb"/Pages (\d+) 0 R")
_KIDS = re.compile(rb"/Kids\[((?:\s*\d+ 0 R\s*)*)\]")
_REFERENCE = re.compile(rb"(\d+) 0 R")


def pages_out_of_reach(path: Path) -> int:
    """How many pages the file has beyond those it says. 0 too for a file that cannot be opened, or whose tree cannot be taken apart."""
    try:
        with path.open("rb") as file:
            # What stands before the header counts for nothing in the places that the file gives.
            start = max(0, file.read(_HEADER_WITHIN).find(b"%PDF-"))
            with closing(_Changed(file, start)) as changed:
                if not _emptied(path, changed) or _none_left(bytes(changed.tail)):
                    return 0
                return _left(changed)
    except (pdfium.PdfiumError, OSError):
        return 0


def _emptied(path: Path, changed: _Changed) -> bool:
    """Delete every page, and write what that changes. False when there are fewer than the file says: each will be found unreadable."""
    with closing(pdfium.PdfDocument(changed if changed.start else path)) as document:
        # From the first on: the others are then not walked through each time.
        for _ in range(len(document)):
            pdfium_c.FPDFPage_Delete(document, 0)
        if len(document):
            return False
        pdfium_c.FPDFCatalog_SetLanguage(document, _as_text(_MARK))
        document.save(changed, flags=pdfium_c.FPDF_INCREMENTAL)
        return True


def _none_left(tail: bytes) -> bool:
    """True when the page tree, as pdfium has just written it anew, is plainly empty. False is a suspicion only."""
    written = {found[1]: found[2] for found in _OBJECT.finditer(tail)}
    root = _ROOT.search(tail)
    waiting, seen = [root[1]] if root else [b""], set[bytes]()
    while waiting:
        node = waiting.pop()
        kids = _KIDS.search(written.get(node, b""))
        if node in seen or kids is None:
            return False
        seen.add(node)
        waiting += _REFERENCE.findall(kids[1])
    return True


def _left(changed: _Changed) -> int:
    # Opening costs: where no page is left, pdfium takes the whole file for damaged and looks through it.
    try:
        with closing(pdfium.PdfDocument(changed)) as rest:
            language = _as_text(bytes(len(_MARK)))
            pdfium_c.FPDFCatalog_GetLanguage(rest, language, sizeof(language))
            # Else it is the file as it was that was opened again.
            return len(rest) if bytes(language) == _MARK else 0
    except pdfium.PdfiumError:
        return 0


def _as_text(units: bytes) -> Any:
    return (pdfium_c.FPDF_WCHAR * (len(units) // 2)).from_buffer_copy(units)


class _Changed(io.RawIOBase):
    """A file from `start` on and what was appended to it, which alone is kept in memory: a recueil may have hundreds of megabytes."""

    def __init__(self, file: BinaryIO, start: int) -> None:
        self.start = start
        self._file, self._size = file, os.fstat(file.fileno()).st_size - start
        self._written, self._at = 0, 0
        self.tail = bytearray()

    def write(self, data: ReadableBuffer, /) -> int:
        """Take the whole file again, which is passed over, then what comes after it."""
        piece = memoryview(data)
        if self._written + piece.nbytes > self._size:
            self.tail += piece.cast("B")[max(0, self._size - self._written) :]
        self._written += piece.nbytes
        return piece.nbytes

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """As any file."""
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size + len(self.tail)}[whence]
        self._at = start + offset
        return self._at

    def tell(self) -> int:
        """As any file."""
        return self._at

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """As any file."""
        into = memoryview(buffer).cast("B")
        done = 0
        if self._at < self._size:
            self._file.seek(self.start + self._at)
            done = self._file.readinto(into[: self._size - self._at])  # type: ignore[attr-defined]
        start = self._at + done - self._size
        if start >= 0:
            piece = self.tail[start : start + len(into) - done]
            into[done : done + len(piece)] = piece
            done += len(piece)
        self._at += done
        return done
