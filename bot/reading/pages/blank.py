"""A page on which nothing is seen: is it blank, or could what is on it not be shown? pdfium draws nothing where it fails, and says nothing.

What cannot be known: contents that the file does not hold, of a page that names no font and no image (pdfium takes them for none).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from ctypes import c_ubyte
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from bot.reading.pages.damage import unpack

_DEEPEST_FORM = 15
"""Forms in forms: real pages have three at most, and pdfium stops at 40."""
_BLANK_JBIG2_BYTES = 1000
"""A sheet all of one colour takes a tenth of it."""
_ENOUGH_OF_AN_IMAGE = 0.9
_PLAIN_FILTERS = frozenset({"FlateDecode", "LZWDecode", "ASCII85Decode", "ASCIIHexDecode"})
_MOST_IMAGE = 256 * 1024**2


def forms_are_shown(page: Any) -> bool:
    """False when forms hold one another too deep to be drawn."""
    level = [pdfium_c.FPDFPage_GetObject(page, index) for index in range(pdfium_c.FPDFPage_CountObjects(page))]
    for _ in range(_DEEPEST_FORM):
        level = [inner for item in level for inner in _inside(item)]
    return not level


def images_decode(page: Any) -> bool:
    """False when an image of the page is damaged, too large, or in a format that pdfium does not know: it leaves no trace on the page."""
    return all(map(_decodes, page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_IMAGE])))


def images_unpack(page: Any) -> bool:
    """False when a packed image of the page is damaged: what is recognised of it is a part of what it showed."""
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
