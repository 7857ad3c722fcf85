"""How many pages of a PDF are out of reach, because the file says that it has fewer.

pdfium believes the number that a file gives of its pages (`/Count` of the root of its page tree, ISO 32000-1 7.7.3.2): those beyond it
are never seen. So every page that it sees is deleted from a copy in memory, and what it then writes of the tree must be empty.
"""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_OBJECT = re.compile(rb"(\d+) 0 obj\r?\n(.*?)\r?\nendobj", re.DOTALL)
_ROOT = re.compile(rb"/Pages (\d+) 0 R")
_KIDS = re.compile(rb"/Kids(?:\s*\[([^\]]*)\]|\s+(\d+) 0 R)")
_REFERENCE = re.compile(rb"(\d+) 0 R")


def pages_out_of_reach(path: Path) -> int:
    """How many pages, or branches of pages, the file has beyond those it says; 0 too where that cannot be known.

    That is for a file that cannot be opened, or whose tree cannot be taken apart: the numbers of its branches are wrong too.
    """
    try:
        with closing(pdfium.PdfDocument(path)) as document:
            # From the first on: the others are then not walked through each time.
            for _ in range(len(document)):
                pdfium_c.FPDFPage_Delete(document, 0)
            if len(document):
                # It says more than it has: each page that is missing will be found unreadable.
                return 0
            changes = _Changes(path.stat().st_size)
            document.save(changes, flags=pdfium_c.FPDF_INCREMENTAL)
    except (pdfium.PdfiumError, OSError):
        return 0
    return _left(bytes(changes.tail))


def _left(tail: bytes) -> int:
    """The leaves of the page tree, as pdfium has just written it anew (in its own simple way): none where all pages were deleted."""
    written = {found[1]: found[2] for found in _OBJECT.finditer(tail)}
    root = _ROOT.search(tail)
    waiting, seen, leaves = [root[1]] if root else [], set[bytes](), 0
    while waiting:
        node = waiting.pop()
        if node in seen:
            continue
        seen.add(node)
        kids = _KIDS.search(written.get(node, b""))
        if kids:
            waiting += _REFERENCE.findall(kids[1] if kids[2] is None else written.get(kids[2], b""))
        elif len(seen) > 1 and written.get(node, b"").strip() != b"null":
            leaves += 1
    return leaves


class _Changes:
    """What is appended to a file when it is written again. Only that is kept: a recueil may have hundreds of megabytes."""

    def __init__(self, size: int) -> None:
        self._ahead = size
        self.tail = bytearray()

    def write(self, data: ReadableBuffer) -> None:
        """Take the whole file again, which is passed over, then what comes after it."""
        piece = memoryview(data).cast("B")
        if len(piece) > self._ahead:
            self.tail += piece[self._ahead :]
        self._ahead = max(0, self._ahead - len(piece))
