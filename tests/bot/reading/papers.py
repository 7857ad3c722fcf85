"""PDFs written byte by byte, for what no PDF library would agree to write."""

from __future__ import annotations

import io
import zlib
from collections.abc import Mapping, Sequence
from datetime import date

import pypdfium2 as pdfium
from fpdf import FPDF

from bot.app.demo.pdfs import ActSpec, RecueilSpec, build_recueil

BODY = """PRÉFET DE LA DRÔME
Arrêté n° 26-2025-12
portant autorisation d'un traitement algorithmique des images

Le préfet de la Drôme,
Vu le code de la sécurité intérieure ;
Vu la loi n° 2023-380 du 19 mai 2023 relative aux jeux olympiques et paralympiques de 2024 ;
Considérant que la manifestation est exposée à des risques d'atteintes graves à la sécurité ;
ARRÊTE
Article 1er : la mise en oeuvre du traitement est autorisée pour la durée de la fête.
"""


HEADER = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
"""With the comment of bytes above 127 that ISO 32000-1 (7.5.2) asks for."""


def write(objects: Sequence[bytes], trailer: bytes = b"", root: int = 1) -> bytes:
    """A PDF of these objects, numbered from 1; `root` is the catalogue."""
    out = io.BytesIO()
    out.write(HEADER)
    offsets = []
    for number, content in enumerate(objects, start=1):
        offsets.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, content))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    for offset in offsets:
        out.write(b"%010d 00000 n \n" % offset)
    out.write(b"trailer\n<< /Size %d /Root %d 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, root, trailer, start))
    return out.getvalue()


def stream(data: bytes, entries: bytes = b"", *, compress: bool = False) -> bytes:
    if compress:
        data, entries = zlib.compress(data, 9), entries + b" /Filter /FlateDecode"
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(data), entries, data)


def text_content(text: str, size: int = 11) -> bytes:
    """A content stream that shows these lines from the top of an A4 page."""
    lines = [line.encode("cp1252").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)") for line in text.splitlines()]
    return b"BT /F1 %d Tf 60 780 Td 14 TL\n" % size + b"\n".join(b"(%s) '" % line for line in lines) + b"\nET"


FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
FONT_WITH_MAP = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding /ToUnicode 4 0 R >>"
PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> /Contents %d 0 R >>"


def pages_of(contents: Sequence[bytes], *, font: bytes = FONT, extra: Sequence[bytes] = (), catalogue: bytes = b"") -> bytes:
    """A PDF with one page per content stream (already a stream object). `extra` objects come from number 4 on."""
    first = 4 + len(extra)
    kids = b" ".join(b"%d 0 R" % (first + 2 * index) for index in range(len(contents)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R %s >>" % catalogue,
        b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, len(contents)),
        font,
        *extra,
    ]
    for index, content in enumerate(contents):
        objects += [PAGE % (first + 2 * index + 1), content]
    return write(objects)


def stamped(texts: Sequence[str], stamp: bytes = b"") -> bytes:
    """As the national software writes it: each page draws a form with its text, all of them share their resources, the root comes first."""
    count = len(texts)
    pages, forms = range(5, 5 + 2 * count, 2), range(5 + 2 * count, 5 + 3 * count)
    entries = b"/Type /XObject /Subtype /Form /BBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [%s] /Count %d >>" % (b" ".join(b"%d 0 R" % page for page in pages), count),
        FONT,
        b"<< /Font << /F1 3 0 R >> /XObject << %s >> >>" % b" ".join(b"/T%d %d 0 R" % each for each in enumerate(forms, 1)),
    ]
    for number, page in enumerate(pages, 1):
        objects.append(b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources 4 0 R /Contents %d 0 R >>" % (page + 1))
        objects.append(stream(b"q /T%d Do Q\n" % number + stamp, compress=True))
    return write([*objects, *(stream(text_content(text), entries, compress=True) for text in texts)])


def in_streams(contents: Sequence[bytes]) -> bytes:
    """A PDF with one page per content stream, all else in one packed stream of objects, under a packed table."""
    kids = range(4, 4 + len(contents))
    streams = range(4 + len(contents), 4 + 2 * len(contents))
    packed = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [%s] /Count %d >>" % (b" ".join(b"%d 0 R" % kid for kid in kids), len(contents)),
        FONT,
        *(PAGE % number for number in streams),
    ]
    out, rows = bytearray(HEADER), [b"\0" + bytes(4) + b"\xff"]
    last = streams.stop
    rows += [b"\2" + last.to_bytes(4, "big") + bytes((index,)) for index in range(len(packed))]
    starts = [sum(len(one) + 1 for one in packed[:index]) for index in range(len(packed))]
    places = b" ".join(b"%d %d" % each for each in enumerate(starts, 1)) + b"\n"
    entries = b"/Type /ObjStm /N %d /First %d" % (len(packed), len(places))
    for number, content in zip((*streams, last), (*contents, stream(places + b"\n".join(packed), entries, compress=True)), strict=True):
        rows.append(b"\1" + len(out).to_bytes(4, "big") + b"\0")
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    rows.append(b"\1" + len(out).to_bytes(4, "big") + b"\0")
    table = stream(b"".join(rows), b"/Type /XRef /Size %d /W [1 4 1] /Root 1 0 R" % len(rows), compress=True)
    return bytes(out) + b"%d 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (last + 1, table, len(out))


def whole_map() -> bytes:
    """A ToUnicode table that is right for Western letters."""
    return stream(
        b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def\n"
        b"1 begincodespacerange <00> <FF> endcodespacerange\n2 beginbfrange <20> <7E> <0020> <A0> <FF> <00A0> endbfrange\n"
        b"endcmap CMapName currentdict /CMap defineresource pop end end",
        compress=True,
    )


def private_map() -> bytes:
    """A ToUnicode table that sends every letter to the private use area, as a broken export does."""
    return stream(
        b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def\n"
        b"1 begincodespacerange <00> <FF> endcodespacerange\n1 beginbfrange <20> <FF> <E020> endbfrange\n"
        b"endcmap CMapName currentdict /CMap defineresource pop end end"
    )


def shifted_map(by: int) -> bytes:
    """A ToUnicode table that makes each letter the one that is so many places after it."""
    return stream(
        b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def\n"
        b"1 begincodespacerange <00> <FF> endcodespacerange\n2 beginbfrange <20> <40> <0020> <41> <FF> <%04X> endbfrange\n"
        b"endcmap CMapName currentdict /CMap defineresource pop end end" % (0x41 + by)
    )


def lost_map() -> bytes:
    """A ToUnicode table that sends every letter to U+FFFD."""
    entries = b"\n".join(b"<%02X> <FFFD>" % code for code in range(0x20, 0x7F))
    return stream(
        b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def\n"
        b"1 begincodespacerange <00> <FF> endcodespacerange\n95 beginbfchar\n" + entries + b"\nendbfchar\n"
        b"endcmap CMapName currentdict /CMap defineresource pop end end"
    )


def nameless_font() -> tuple[bytes, bytes]:
    """A font whose glyphs have names that mean nothing, without ToUnicode: its codes are right all the same."""
    names = b" ".join(b"/g%d" % code for code in range(32, 127))
    encoding = b"<< /Type /Encoding /BaseEncoding /WinAnsiEncoding /Differences [32 %s] >>" % names
    return b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding 4 0 R >>", encoding


def mute_font() -> tuple[bytes, bytes]:
    """A composite font without ToUnicode: its codes are glyph numbers, read as whatever letters have these numbers."""
    metrics = b"/Flags 4 /FontBBox [0 0 1000 1000] /ItalicAngle 0 /Ascent 800 /Descent 0 /CapHeight 700 /StemV 80"
    order = b"<< /Registry (Adobe) /Ordering (Identity) /Supplement 0 >>"
    descriptor = b"<< /Type /FontDescriptor /FontName /ABC %s >>" % metrics
    descendant = b"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /ABC /CIDSystemInfo %s /FontDescriptor %s >>" % (order, descriptor)
    return b"<< /Type /Font /Subtype /Type0 /BaseFont /ABC /Encoding /Identity-H /DescendantFonts [4 0 R] >>", descendant


def logo_in_a_form(text: str) -> bytes:
    """A page as the national software wraps it: in a form, whose own units are a hundred times smaller, with a small image."""
    form_entries = b"/Type /XObject /Subtype /Form /BBox [0 0 60000 85000] /Resources << /XObject << /L 6 0 R >> >>"
    resources = b"<< /Font << /F1 3 0 R >> /XObject << /W 5 0 R >> >>"
    image = b"/Type /XObject /Subtype /Image /Width 1 /Height 1 /BitsPerComponent 8 /ColorSpace /DeviceGray"
    return write([
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [4 0 R] /Count 1 >>",
        FONT,
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources %s /Contents 7 0 R >>" % resources,
        stream(b"q 5000 0 0 5000 2000 78000 cm /L Do Q", form_entries),
        stream(b"\xf0", image),
        stream(b"q .01 0 0 .01 0 0 cm /W Do Q\n" + text_content(text)),
    ])  # fmt: skip


def form(values: Mapping[tuple[int, int], str], *, drawn: bool = True) -> bytes:
    """One page with labels at the left, and form fields filled at these places, in appearances of their own or without."""
    fonts = b"/Font << /F1 3 0 R >>"
    entries = b"/Type /XObject /Subtype /Form /BBox [0 0 200 20] /Resources << %s >>" % fonts
    texts = [text.encode("cp1252") for text in values.values()]
    fields = b" ".join(b"%d 0 R" % (6 + index) for index in range(len(values)))
    field = b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (f%d) /V (%s) /DA (/F1 11 Tf) /Rect [%d %d %d %d] /F 4 /P 4 0 R %s >>"
    looks = [b"/AP << /N %d 0 R >>" % (6 + len(values) + index) if drawn else b"" for index in range(len(values))]
    return write([
        b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [%s] /DA (/F1 11 Tf) /DR << %s >> >> >>" % (fields, fonts),
        b"<< /Type /Pages /Kids [4 0 R] /Count 1 >>",
        FONT,
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << %s >> /Contents 5 0 R /Annots [%s] >>" % (fonts, fields),
        stream(text_content(BODY) + b" BT /F1 11 Tf 60 305 Td (Commune :) Tj 0 -20 Td (Lieu :) Tj ET"),
        *(field % (n, text, x, y, x + 200, y + 20, looks[n]) for n, (text, (x, y)) in enumerate(zip(texts, values, strict=True))),
        *(stream(b"/Tx BMC BT /F1 11 Tf 2 5 Td (%s) Tj ET EMC" % text, entries) for text in texts if drawn),
    ])  # fmt: skip


def outlines(text: str) -> bytes:
    """The page of a text drawn as curves: nothing to extract and no image either. Squares stand for the letters' strokes."""
    marks = [
        b"%d %d 3 7 re f" % (60 + 5 * column, 780 - 14 * row)
        for row, line in enumerate(text.splitlines())
        for column, letter in enumerate(line)
        if letter != " "
    ]
    return pages_of([stream(b"\n".join(marks))])


def locked(password: str) -> bytes:
    pdf = FPDF()
    pdf.set_encryption(owner_password="owner", user_password=password)
    pdf.set_font("Helvetica")
    pdf.add_page()
    pdf.cell(text="Vu le code")
    return bytes(pdf.output())


def sideways(scan: bytes) -> bytes:
    """The same scanned page, its image turned a quarter and /Rotate set so that readers turn it back."""
    with pdfium.PdfDocument(scan) as document:
        image = document[0].render(scale=200 / 72, grayscale=True).to_pil().rotate(90, expand=True)
    jpeg = io.BytesIO()
    image.save(jpeg, "JPEG", quality=70)
    pdf = FPDF(unit="pt", format=(842, 595))
    pdf.set_margin(0)
    pdf.add_page(orientation="P")
    pdf.image(jpeg, x=0, y=0, w=pdf.w, h=pdf.h)
    return turned(bytes(pdf.output()), 90)


def turned(content: bytes, degrees: int, pages: Sequence[int] = (1,)) -> bytes:
    """A PDF with these of its pages turned by /Rotate."""
    with pdfium.PdfDocument(content) as document:
        for number in pages:
            document[number - 1].set_rotation(degrees)
        out = io.BytesIO()
        document.save(out)
    return out.getvalue()


def recueil(count: int = 3) -> bytes:
    """A recueil of so many acts of two pages below their separator pages."""
    acts = (
        ActSpec("Préfecture de la Drôme / Cabinet", f"26-2025-07-15-{n:05d}", f"Arrêté n° {n}", (BODY, BODY)) for n in range(1, count + 1)
    )
    return build_recueil(RecueilSpec("DRÔME", "26-2025-120", date(2025, 8, 1), tuple(acts)))


def undrawable() -> bytes:
    """A page under one image that no reader has the memory to draw."""
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /XObject << /I 5 0 R >> >> /Contents 4 0 R >>"
    image = b"/Type /XObject /Subtype /Image /Width 60000 /Height 60000 /BitsPerComponent 8 /ColorSpace /DeviceRGB"
    return write([
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        page,
        stream(b"q 595 0 0 842 0 0 cm /I Do Q"),
        stream(bytes(1000), image, compress=True),
    ])  # fmt: skip


def slow(pages: int) -> bytes:
    """Pages that each take a good fraction of a second, in a file that stays small."""
    kids = b" ".join(b"%d 0 R" % number for number in range(5, 5 + pages))
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R /F%d 3 0 R >> >> /Contents 4 0 R >>"
    return write([
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, pages),
        FONT,
        stream(b"q " * 2_000_000 + text_content(BODY), compress=True),
        *(page % number for number in range(2, 2 + pages)),
    ])  # fmt: skip


def repeated(piece: bytes, times: int, before: bytes = b"") -> bytes:
    """The piece so many times, packed: it is packed once, and what that gives repeated."""
    packer = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    first, packed = (packer.compress(part) + packer.flush(zlib.Z_FULL_FLUSH) for part in (before, piece))
    checksum = zlib.adler32(before)
    for _ in range(times):
        checksum = zlib.adler32(piece, checksum)
    return b"x\xda" + first + packed * times + packer.flush() + checksum.to_bytes(4, "big")


def bomb() -> bytes:
    """A content stream of half a megabyte that unfolds to 360 million bytes of drawing."""
    data = repeated(b"0 0 m " * 600_000, 100)
    return b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(data), data)


def endless_tree() -> bytes:
    """A page tree that holds itself."""
    return write([b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 5 >>"])


def endless_form() -> bytes:
    """A page that draws a form that draws itself, twice."""
    form_entries = b"/Type /XObject /Subtype /Form /BBox [0 0 595 842] /Resources << /XObject << /I 5 0 R >> >>"
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /XObject << /I 5 0 R >> >> /Contents 4 0 R >>"
    return write([
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        page,
        stream(b"/I Do"),
        stream(b"/I Do /I Do", form_entries),
    ])  # fmt: skip
