"""What pdfium passes over in silence: pages that the file hides, and what is on a page that it could not draw."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from ctypes import c_ubyte
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from bot.reading.pages.damage import unpack

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

# How many pages are out of reach, because the file says that it has fewer.
#
# pdfium believes the number that a file gives of its pages (`/Count` of the root of its page tree, ISO 32000-1 7.7.3.2): those beyond it
# are never seen. So every page that it sees is deleted from a copy in memory, and what it then writes of the tree must be empty.

_OBJECT = re.compile(rb"(\d+) 0 obj\r?\n(.*?)\r?\nendobj", re.DOTALL)
_ROOT = re.compile(rb"/Pages (\d+) 0 R")
_KIDS = re.compile(rb"/Kids(?:\s*\[([^\]]*)\]|\s+(\d+) 0 R)")
_REFERENCE = re.compile(rb"(\d+) 0 R")


def pages_out_of_reach(path: Path) -> int:
    """Return how many pages, or branches of pages, the file has beyond those it says; 0 too where that cannot be known.

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
    """Return the leaves of the page tree, as pdfium has just written it anew (in its own simple way): none where all pages were deleted."""
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


# A page on which nothing is seen: is it blank, or could what is on it not be shown? pdfium draws nothing where it fails, and says nothing.
#
# What cannot be known: contents that the file does not hold, of a page that names no font and no image (pdfium takes them for none).

_DEEPEST_FORM = 15
"""Forms in forms: real pages have three at most, and pdfium stops at 40."""
_BLANK_JBIG2_BYTES = 1000
"""A sheet all of one colour takes a tenth of it."""
_ENOUGH_OF_AN_IMAGE = 0.9
_PLAIN_FILTERS = frozenset({"FlateDecode", "LZWDecode", "ASCII85Decode", "ASCIIHexDecode"})
_MOST_IMAGE = 256 * 1024**2


def forms_are_shown(page: Any) -> bool:
    """Return False when forms hold one another too deep to be drawn."""
    level = [pdfium_c.FPDFPage_GetObject(page, index) for index in range(pdfium_c.FPDFPage_CountObjects(page))]
    for _ in range(_DEEPEST_FORM):
        level = [inner for item in level for inner in _inside(item)]
    return not level


def images_decode(page: Any) -> bool:
    """Return False when an image is damaged, too large, or in a format that pdfium does not know: it leaves no trace on the page."""
    return all(map(_decodes, page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_IMAGE])))


def images_unpack(page: Any) -> bool:
    """Return False when a packed image of the page is damaged: what is recognised of it is a part of what it showed."""
    return all(map(_unpacks, page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_IMAGE])))


def _inside(item: Any) -> Iterator[Any]:
    if pdfium_c.FPDFPageObj_GetType(item) == pdfium_c.FPDF_PAGEOBJ_FORM:
        for index in range(pdfium_c.FPDFFormObj_CountObjects(item)):
            yield pdfium_c.FPDFFormObj_GetObject(item, index)


def _decodes(image: Any) -> bool:
    bitmap = pdfium_c.FPDFImageObj_GetBitmap(image)
    if not bitmap:
        return False
    with closing(pdfium.PdfBitmap.from_raw(bitmap)) as drawn:
        filters = image.get_filters()
        if filters and filters[-1] == "JBIG2Decode":
            # A damaged one comes out as an empty sheet.
            pixels = bytes(drawn.buffer)
            packed = int(pdfium_c.FPDFImageObj_GetImageDataRaw(image, None, 0))
            return packed <= _BLANK_JBIG2_BYTES or bool(pixels.translate(None, pixels[:1]))
    if not _PLAIN_FILTERS.issuperset(filters):
        return True
    shape = image.get_metadata()
    given = 8 * int(pdfium_c.FPDFImageObj_GetImageDataDecoded(image, None, 0))
    return bool(given >= _ENOUGH_OF_AN_IMAGE * shape.width * shape.height * shape.bits_per_pixel)


def _unpacks(image: Any) -> bool:
    if image.get_filters() != ["FlateDecode"]:
        return True
    size = int(pdfium_c.FPDFImageObj_GetImageDataRaw(image, None, 0))
    packed = (c_ubyte * size)()
    pdfium_c.FPDFImageObj_GetImageDataRaw(image, packed, size)
    return unpack(bytes(packed), at_most=_MOST_IMAGE) is not None
