"""A page on which nothing is seen: is it blank, or could what is on it not be shown? pdfium draws nothing where it fails, and says nothing.

What cannot be known: contents that the file does not hold, of a page that names no font and no image (pdfium takes them for none).
"""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

_DEEPEST_FORM = 15
"""Forms in forms: real pages have three at most, and pdfium stops at 40."""
_BLANK_JBIG2_BYTES = 1000
"""A sheet all of one colour takes a tenth of it."""
_ENOUGH_OF_AN_IMAGE = 0.9
_PLAIN_FILTERS = frozenset({"FlateDecode", "LZWDecode", "ASCII85Decode", "ASCIIHexDecode"})
_CONTENTS = re.compile(rb"/Contents(?:\s+(\d+) 0 R|\s*\[([^\]]*)\])")
_REFERENCE = re.compile(rb"(\d+) 0 R")
_USED = re.compile(rb"/(?:Font|XObject)\s*<<\s*/")
_FILTERS = re.compile(rb"/Filter\s*(?:/([^\s/<>\[\]()]+)|\[([^\]]*)\])")
_UNPACKED = frozenset((b"FlateDecode", b"LZWDecode", b"ASCII85Decode", b"ASCIIHexDecode", b"RunLengthDecode", b"Crypt"))
_BLANKS = b"\0\t\n\f\r "


def forms_are_shown(page: Any) -> bool:
    """False when forms hold one another too deep to be drawn."""
    level = [pdfium_c.FPDFPage_GetObject(page, index) for index in range(pdfium_c.FPDFPage_CountObjects(page))]
    for _ in range(_DEEPEST_FORM):
        level = [inner for item in level for inner in _inside(item)]
    return not level


def images_decode(page: Any) -> bool:
    """False when an image of the page is damaged, too large, or in a format that pdfium does not know: it leaves no trace on the page."""
    return all(map(_decodes, page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_IMAGE])))


def content_decodes(document: Any, number: int) -> bool:
    """False when the drawing orders of a page are lost, or packed in a way that cannot be undone: pdfium takes what it gets, or nothing."""
    out = io.BytesIO()
    with closing(pdfium.PdfDocument.new()) as alone:
        # pdfium writes the page anew, in its own simple way, but leaves streams as they are.
        alone.import_pages(document, [number - 1])
        alone.save(out)
    written = out.getvalue()
    references = _content_references(written)
    if not references:
        # An empty page needs no fonts and no images: what used them is lost.
        return _USED.search(written) is None
    return all(_unpacks(written, reference) for reference in references)


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


def _content_references(written: bytes) -> list[bytes]:
    found = _CONTENTS.search(written)
    if found is None:
        return []
    return [found[1]] if found[1] else _REFERENCE.findall(found[2])


def _unpacks(written: bytes, reference: bytes) -> bool:
    head = re.search(rb"\n%s 0 obj\r?\n(<<.*?>>)\s?stream\r?\n" % reference, written, re.DOTALL)
    length = head and re.search(rb"/Length (\d+)", head[1])
    if not head or not length:
        return False
    found = _FILTERS.search(head[1])
    filters = [found[1]] if found and found[1] else found[2].replace(b"/", b" ").split() if found else []
    if not _UNPACKED.issuperset(filters):
        return False
    if filters != [b"FlateDecode"]:
        # The others have nothing to be checked by.
        return True
    unpacking = zlib.decompressobj()
    rest = written[head.end() : head.end() + int(length[1])]
    try:
        while rest and not unpacking.eof:
            unpacking.decompress(rest, 1024**2)
            rest = unpacking.unconsumed_tail
    except zlib.error:
        return False
    return unpacking.eof or not written[head.end() : head.end() + int(length[1])].strip(_BLANKS)
