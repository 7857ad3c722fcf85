"""Draws pages with pdfium, measures what is on them (images, ink, what could not be drawn), and writes pixels as a PNG."""

from __future__ import annotations

import math
import struct
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from ctypes import byref, c_float, c_ubyte
from dataclasses import dataclass
from functools import reduce
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from bot.reading.pages.damage import unpack
from bot.reading.pages.recognition import MUCH_IMAGE, Raster, jpeg_is_whole

MOST_PIXELS = 12_000_000
"""A map on A0 paper is drawn coarser rather than filling the memory: A3 at 220 dpi is 9.4 million."""
_SAMPLE_STEP = 31
_POINTS_PER_INCH = 72
DEEPEST_FORM = 15
"""Forms in forms: real pages have three at most, and pdfium stops at 40."""


@dataclass(frozen=True, slots=True)
class InkScale:
    """How closely a page is looked at: drawn at `dpi`, what differs from the paper by more than `contrast` of 255 greys is ink."""

    dpi: int
    contrast: int


GLANCE = InkScale(36, 64)
"""Enough to tell whether something is drawn on a page of text."""
CLOSE = InkScale(72, 30)
"""Separates one short faint line of a scan (0.0003 of an A4 page) from dust (0.00014 for 40 specks). Text 33 greys from its paper, which
OCR reads without fault, measures 0.003; at a contrast of 40 it passed for blank."""
_DARK = 80
"""Greys between paper and what neither dust nor noise makes of a hundredth of a page. Ten lines of text do."""
_PLAIN_INK = 0.01
_LEAST_INK = 3e-6
"""Share of the page that a letter darkens: a tenth of what small ones do."""
_EVERY = 7
"""Pixels of a drawing looked at: one in so many. The width of an A4 page at 150 dpi is no multiple of it."""


def draw(page: Any, dpi: int, turn: int = 0) -> Raster:
    """Return the page in grey at `dpi`, turned by so many degrees clockwise (0, 90, 180, 270); coarser where it would be too large."""
    scale = _scale(page, dpi)
    with closing(page.render(scale=scale, grayscale=True, rotation=turn)) as bitmap:
        return _raster(bitmap, round(scale * _POINTS_PER_INCH))


# Coloured ink: what a stamp or a pen left over the words.

_INK_DPI = 36
"""Coarse enough that the fringes of colour which scanners leave around black letters are grey."""
_COLOURED = 32
"""How far apart the three colours of a pixel are: those of a stamp half as strong as its ink are, those of yellowed paper are not."""
_GREY_BITS = 8
_SOME_COLOUR, _MUCH_COLOUR = 0.0003, 0.3
"""Shares of the page: the letters of a day take 0.0005, a signature 0.001, a stamp 0.004; more than the second is a photograph, a map or
coloured paper."""


def has_coloured_ink(page: Any) -> bool:
    """Return whether something like a stamp or signature in colour is on a scan. Of one in grey that is known without drawing it."""
    images = page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_IMAGE], max_depth=DEEPEST_FORM)
    shapes = (image.get_metadata() for image in images)
    if all(shape.bits_per_pixel <= _GREY_BITS and shape.colorspace != pdfium_c.FPDF_COLORSPACE_INDEXED for shape in shapes):
        return False
    try:
        counts = _inks(page, _INK_DPI, 0)[1].histogram()
    except ImportError:
        return False
    return bool(_SOME_COLOUR <= sum(counts[_COLOURED:]) / sum(counts) <= _MUCH_COLOUR)


def draw_in_black(page: Any, dpi: int, turn: int = 0) -> Raster:
    """Return the page as `draw` does, without coloured ink: of what stands under a stamp, what was printed in black."""
    black, _ = _inks(page, dpi, turn)
    return Raster(black.tobytes(), black.width, black.height, black.width, round(_scale(page, dpi) * _POINTS_PER_INCH))


def _inks(page: Any, dpi: int, turn: int) -> tuple[Any, Any]:
    """Return two images in grey: the page with its colours as light as paper, and how much colour each pixel has."""
    from PIL import ImageChops  # noqa: PLC0415 - comes with the optional extra `ocr`, and only a scan in colour needs it

    with closing(page.render(scale=_scale(page, dpi), rotation=turn)) as bitmap:
        bands = bitmap.to_pil().split()
    lightest = reduce(ImageChops.lighter, bands)
    colour = ImageChops.subtract(lightest, reduce(ImageChops.darker, bands))
    return ImageChops.add(lightest, colour), colour


def image_coverage(page: Any) -> float:
    """Return the share (0 to 1) of the page under images; images that overlap count twice, which only errs towards OCR."""
    width, height = page.get_size()
    if not (width and height):
        return 0.0
    count = pdfium_c.FPDFPage_CountObjects(page)
    covered = sum(_image_area(pdfium_c.FPDFPage_GetObject(page, index), DEEPEST_FORM) for index in range(count))
    return float(min(1.0, covered / (width * height)))


def ink(page: Any, textpage: Any, look: InkScale) -> float:
    """Return the share (0 to 1) of the page that is dark once the recognised text is painted over."""
    with closing(page.render(scale=_scale(page, look.dpi), grayscale=True)) as bitmap:
        converter = bitmap.get_posconv(page)
        for index in range(textpage.count_rects()):
            left, bottom, right, top = textpage.get_rect(index)
            corners = converter.to_bitmap(left, bottom), converter.to_bitmap(right, top)
            xs, ys = sorted(x for x, _ in corners), sorted(y for _, y in corners)
            bitmap.fill_rect((255, 255, 255, 255), xs[0] - 1, ys[0] - 1, xs[1] - xs[0] + 3, ys[1] - ys[0] + 3)
        raster = _raster(bitmap, look.dpi)
    pixels = b"".join(_rows(raster))
    if not pixels:
        return 0.0
    return _dark_share(pixels, look.contrast)


def hidden_text(page: Any, textpage: Any) -> str:
    """Return the text that is invisible where it stands: not drawn, in the colour below it, or covered. OCR text over a scan need not match
    its letters: ink anywhere will do."""
    if _scale(page, GLANCE.dpi) * _POINTS_PER_INCH < GLANCE.dpi:
        return ""
    with closing(page.render(scale=_scale(page, GLANCE.dpi), grayscale=True)) as bitmap:
        converter, rows = bitmap.get_posconv(page), list(_rows(_raster(bitmap, GLANCE.dpi)))
    least = _LEAST_INK * textpage.count_chars()
    if image_coverage(page) > MUCH_IMAGE and _dark_share(b"".join(rows), GLANCE.contrast) > least:
        return ""
    found = []
    for box in map(textpage.get_rect, range(textpage.count_rects())):
        corners = converter.to_bitmap(*box[:2]), converter.to_bitmap(*box[2:])
        (left, right), (top, bottom) = (sorted(max(0, corner[axis]) for corner in corners) for axis in (0, 1))
        pixels = b"".join(row[left : right + 1] for row in rows[top : bottom + 1])
        if not pixels or max(pixels) - min(pixels) <= CLOSE.contrast:
            found.append(textpage.get_text_bounded(*box))
    return "".join(found)


def is_plainly_inked(page: Any, textpage: Any, drawn: Raster) -> bool:
    """Return True where a page that was drawn to be recognised shows so much besides its text that `ink` need not be measured."""
    width, height = page.get_size()
    boxes = (textpage.get_rect(index) for index in range(textpage.count_rects()))
    text = sum((right - left) * (top - bottom) for left, bottom, right, top in boxes) / max(1.0, width * height)
    return bool(_dark_share(drawn.data[::_EVERY], _DARK) - text >= _PLAIN_INK)


def _dark_share(pixels: bytes, contrast: int) -> float:
    # Paper need not be white: it is the commonest grey of a sample.
    paper = Counter(pixels[::_SAMPLE_STEP]).most_common(1)[0][0]
    like_paper = bytes(level for level in range(256) if abs(level - paper) <= contrast)
    return len(pixels.translate(None, like_paper)) / len(pixels)


def _image_area(item: Any, depth: int) -> float:
    """In square points. Of a form: of the images in it, whose bounds are in the form's own units."""
    kind = pdfium_c.FPDFPageObj_GetType(item)
    if kind == pdfium_c.FPDF_PAGEOBJ_IMAGE:
        left, bottom, right, top = c_float(), c_float(), c_float(), c_float()
        if not pdfium_c.FPDFPageObj_GetBounds(item, byref(left), byref(bottom), byref(right), byref(top)):
            return 0.0
        return (right.value - left.value) * (top.value - bottom.value)
    if kind != pdfium_c.FPDF_PAGEOBJ_FORM or not depth:
        return 0.0
    count = pdfium_c.FPDFFormObj_CountObjects(item)
    inside = sum(_image_area(pdfium_c.FPDFFormObj_GetObject(item, index), depth - 1) for index in range(count))
    matrix = pdfium_c.FS_MATRIX()
    if not inside or not pdfium_c.FPDFPageObj_GetMatrix(item, byref(matrix)):
        return inside
    return float(inside * abs(matrix.a * matrix.d - matrix.b * matrix.c))


def _scale(page: Any, dpi: int) -> float:
    width, height = page.get_size()
    scale = dpi / _POINTS_PER_INCH
    most = math.sqrt(MOST_PIXELS / max(1.0, width * height))
    return float(min(scale, most))


def _raster(bitmap: Any, dpi: int) -> Raster:
    return Raster(bytes(bitmap.buffer), bitmap.width, bitmap.height, bitmap.stride, dpi)


def _rows(raster: Raster) -> Iterator[bytes]:
    for row in range(raster.height):
        yield raster.data[row * raster.stride : row * raster.stride + raster.width]


# A page that shows nothing: blank, or not drawn, as pdfium draws nothing and reports nothing when it fails? Contents missing from the file
# of a page without font and image cannot be detected.

_BLANK_JBIG2_BYTES = 1000
"""A sheet all of one colour takes a tenth of it."""
_ENOUGH_OF_AN_IMAGE = 0.9
_PLAIN_FILTERS = frozenset({"FlateDecode", "LZWDecode", "ASCII85Decode", "ASCIIHexDecode"})
_MOST_IMAGE = 256 * 1024**2


def forms_are_shown(page: Any) -> bool:
    """Return False when forms hold one another too deep to be drawn."""
    level = [pdfium_c.FPDFPage_GetObject(page, index) for index in range(pdfium_c.FPDFPage_CountObjects(page))]
    for _ in range(DEEPEST_FORM):
        level = [inner for item in level for inner in _inside(item)]
    return not level


def images_decode(page: Any) -> bool:
    """Return False when an image is damaged, too large, or in a format that pdfium does not know: it leaves no trace on the page."""
    return all(map(_decodes, page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_IMAGE])))


def image_sizes(page: Any) -> tuple[int, ...]:
    """Return how many bytes each image of the page takes in the file."""
    images = page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_IMAGE])
    return tuple(int(pdfium_c.FPDFImageObj_GetImageDataRaw(image, None, 0)) for image in images)


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
    filters = image.get_filters()
    if filters not in (["FlateDecode"], ["DCTDecode"]):
        return True
    size = int(pdfium_c.FPDFImageObj_GetImageDataRaw(image, None, 0))
    packed = (c_ubyte * size)()
    pdfium_c.FPDFImageObj_GetImageDataRaw(image, packed, size)
    if filters == ["DCTDecode"]:
        return jpeg_is_whole(bytes(packed))
    return unpack(bytes(packed), at_most=_MOST_IMAGE) is not None


# Pixels as a PNG, of the four chunks that it takes: the same pixels always give the same bytes. See RFC 2083.

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_NO_FILTER = b"\x00"
_LEVEL = 6
"""Of compression. The next ones take up to six times as long for a page of text, and make its file 6 to 18 % smaller."""
_TRUE_COLOUR, _BY_PALETTE = 2, 3


def png(rows: Iterable[bytes], width: int, height: int, palette: bytes | None = None) -> bytes:
    """Return the PNG of `height` rows of `width` pixels: three bytes each (red, green, blue); one, with a `palette` of such threes."""
    kind = _TRUE_COLOUR if palette is None else _BY_PALETTE
    parts = [_SIGNATURE, _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0))]
    if palette is not None:
        parts.append(_chunk(b"PLTE", palette))
    pixels = b"".join(_NO_FILTER + row for row in rows)
    return b"".join((*parts, _chunk(b"IDAT", zlib.compress(pixels, _LEVEL)), _chunk(b"IEND", b"")))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
