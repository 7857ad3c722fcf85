"""Pages made to harm whoever reads them, each before a good one, which must be read all the same.

Never "blank" where the truth is "could not read".
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bot.reading import hostile, papers
from tests.bot.reading import hostile_pages as pages
from tests.bot.reading.attempts import kinds, read
from tests.bot.reading.hostile import beside
from tests.bot.reading.hostile_pages import TEXT, cmap
from tests.bot.reading.papers import stream

Save = Callable[[bytes], Path]
Build = Callable[[], bytes]
MEBI = 1024**2
GREY = b"/Width 1000 /Height 1000 /ColorSpace /DeviceGray /BitsPerComponent 8 "


def drawn(content: bytes, page: bytes = b"") -> bytes:
    """A page of these drawing orders, beside a good one."""
    return beside(stream(content, compress=len(content) > 10_000), page=page)


def image(entries: bytes, data: bytes = b"\xff\xd8 garbage" * 300, *, compress: bool = False) -> bytes:
    return pages.image(entries, data, text=False, compress=compress)


def damaged(content: bytes) -> bytes:
    """The only packed stream of the file starts with bytes that nothing packs to."""
    return content.replace(b"x\xda", b"xz")


def half(content: bytes) -> bytes:
    """A packed stream that ends in its middle."""
    data = content[content.index(b"stream\n") + 7 : content.rindex(b"\nendstream")]
    data = data[: len(data) // 2]
    return b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(data), data)


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        # Drawing orders.
        pytest.param(lambda: drawn(b"/x " + b"<</a " * 200_000 + b"BDC " + TEXT), "read", id="dictionaries"),
        pytest.param(lambda: drawn(b"BT " * 300_000 + TEXT), "read", id="texts"),
        pytest.param(lambda: drawn(b"/x BMC " * 300_000 + TEXT), "unreadable", id="marks"),
        pytest.param(lambda: drawn(TEXT, page=b"/X " + b"[" * 100_000), "read", id="an open array in the page"),
        pytest.param(lambda: drawn(TEXT, page=b"/X " + b"<</A " * 100_000 + b"1" + b">>" * 100_000), "read", id="dictionaries in the page"),
        pytest.param(lambda: pages.deep_forms(12), "read", id="forms"),
        pytest.param(lambda: pages.deep_forms(60), "unreadable", id="forms too deep to be drawn"),
        pytest.param(lambda: pages.forms(12), "unreadable", id="forms that multiply"),
        pytest.param(lambda: beside(papers.bomb()), "unreadable", id="a bomb of orders"),
        pytest.param(lambda: beside(hostile.nested_filters(TEXT, 10)), "read", id="packed ten times"),
        pytest.param(lambda: beside(hostile.nested_filters(bytes(50 * MEBI), 10)), "blank", id="50 MB of zeros packed ten times"),
        pytest.param(lambda: beside(damaged(stream(TEXT, compress=True))), "unreadable", id="orders that do not unpack"),
        pytest.param(lambda: drawn(TEXT).replace(b"/Contents 7 0 R", b"/Contents 99 0 R"), "unreadable", id="orders that are not there"),
        pytest.param(lambda: beside(b"<< /Length 9 >>"), "unreadable", id="orders that are no stream"),
        pytest.param(
            lambda: beside(stream(TEXT, compress=True).replace(b"FlateDecode", b"Folded")),
            "unreadable",
            id="orders packed in an unknown way",
        ),
        pytest.param(lambda: beside(stream(b"q Q", compress=True)), "blank", id="no order"),
        pytest.param(lambda: beside(stream(b"")), "unreadable", id="nothing, though it has fonts"),
        pytest.param(lambda: drawn(b"BT /F1 1 Tf " + b"(a) Tj 1 1 Td " * 1_000_000 + b"ET"), "unreadable", id="a million letters"),
        pytest.param(lambda: drawn(TEXT.replace(b"60 780 Td", b"6000 780 Td")), "unreadable", id="a text beside the sheet"),
        # Images.
        pytest.param(lambda: image(GREY, b"\xff" * MEBI, compress=True), "blank", id="white"),
        pytest.param(lambda: image(GREY.replace(b"Gray", b"RGB"), b"\xff" * 3 * MEBI, compress=True), "blank", id="white in colours"),
        pytest.param(lambda: image(GREY.replace(b"1000", b"60000")), "unreadable", id="a declared size that lies"),
        pytest.param(
            lambda: image(b"/Width -5 /Height 2000000000 /ColorSpace /DeviceGray /BitsPerComponent 8"), "unreadable", id="negative"
        ),
        pytest.param(lambda: image(GREY, bytes(3000)), "unreadable", id="three lines of a thousand"),
        *(
            pytest.param(lambda name=name: image(GREY + b"/Filter /" + name), "unreadable", id=f"broken {name.decode()}")
            for name in (
                b"FlateDecode",
                b"DCTDecode",
                b"JPXDecode",
                b"JBIG2Decode",
                b"CCITTFaxDecode",
                b"LZWDecode",
                b"RunLengthDecode",
                b"X",
            )
        ),
        pytest.param(
            lambda: image(GREY.replace(b"1000", b"30000"), bytes(1_000_000), compress=True), "unreadable", id="30,000 by 30,000 greys"
        ),
        pytest.param(
            lambda: image(GREY.replace(b"1000", b"30000").replace(b"8", b"1"), bytes(112_500_000), compress=True),
            "unreadable",
            id="30,000 by 30,000 dots",
        ),
        # Fonts and paints.
        pytest.param(
            lambda: pages.with_font(b"<< /Type /Font /Subtype /TrueType /BaseFont /Nowhere-Zz /Encoding /WinAnsiEncoding >>"),
            "read",
            id="unknown",
        ),
        pytest.param(lambda: pages.with_font(b"(x)"), "read", id="not a font"),
        pytest.param(
            lambda: pages.with_font(b"<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /Identity-H /DescendantFonts [8 0 R] >>"),
            "unreadable",
            id="its own descendant",
        ),
        *(
            pytest.param(lambda kind=kind, key=key, start=start: pages.embedded(kind, key, start + bytes(range(256)) * 40), "read", id=name)
            for name, kind, key, start in (
                ("TrueType", b"TrueType", b"/FontFile2", b"\0\1\0\0\0\xff"),
                ("CFF", b"Type1", b"/FontFile3 10 0 R /X", b"\1\0\4\4"),
                ("Type 1", b"Type1", b"/FontFile", b"%!PS-AdobeFont-1.0: X\n"),
                ("no font program", b"TrueType", b"/FontFile2", b""),
            )
        ),
        pytest.param(pages.recursive_type3, "text", id="letters drawn with themselves"),
        pytest.param(pages.recursive_pattern, "blank", id="a pattern painted with itself"),
        pytest.param(pages.recursive_shading, "blank", id="a shading made of itself"),
        pytest.param(pages.recursive_mask, "blank", id="a mask under itself"),
    ],
)
async def test_a_page_costs_no_other(saved: Save, build: Build, expected: str) -> None:
    assert kinds(await read(saved(build()))) == f"{expected} read"


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        pytest.param(lambda: stream(cmap(b"") + bytes(60 * MEBI), compress=True), "read", id="a bomb"),
        pytest.param(
            lambda: stream(cmap(b"1 beginbfrange <00000000> <7fffffff> <0041> endbfrange " * 1000), compress=True),
            "unreadable",
            id="a long range",
        ),
        pytest.param(lambda: stream(cmap(b"1 beginbfchar <65> <" + b"0041" * 200_000 + b"> endbfchar")), "unreadable", id="a long letter"),
        pytest.param(lambda: stream(cmap(b"1 beginbfrange <20> <FF> <D800> endbfrange")), "unreadable", id="half pairs only"),
        pytest.param(lambda: stream(cmap(b"1 beginbfrange <20> <FF> <0000> endbfrange")), "unreadable", id="zeros only"),
        pytest.param(lambda: stream(cmap(b"3 beginbfchar <65> <D83> <61> <> <62> <zz> endbfchar")), "read", id="malformed"),
    ],
)
async def test_tables_of_letters(saved: Save, table: Build, expected: str) -> None:
    assert kinds(await read(saved(pages.to_unicode(table())))) == f"{expected} read"


@pytest.mark.parametrize("letter", ["D83D", "DE00", "0000", "0007", "009B", "202E", "2066", "200F", "FFFF"])
async def test_no_text_holds_what_harms_whoever_shows_it(saved: Save, letter: str) -> None:
    content = pages.to_unicode(stream(cmap(b"1 beginbfchar <78> <%s> endbfchar" % letter.encode())))
    text = (await read(saved(content))).pages[0].text
    assert "Considérant que" in text
    assert chr(int(letter, 16)) not in text
    text.encode()


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        *((box, "read") for box in ("", "/MediaBox (x)", "/MediaBox [0 0]", "/MediaBox [0 0 0 0]", "/MediaBox [0 0 nan inf]")),
        *((f"/MediaBox [0 0 {size} {size}]", "read") for size in ("1000000000", "9" * 30)),
        *((f"/MediaBox [0 0 595 842] {more}", "read") for more in ("/UserUnit 1000000000", "/UserUnit -1", "/Rotate 37")),
        # Nothing of the text stands on these sheets, or the sheet is none.
        ("/MediaBox [0 0 .001 .001]", "unreadable"),
        ("/MediaBox [0 0 -595 -842]", "unreadable"),
        ("/MediaBox [0 0 595 842] /CropBox [9000 9000 9100 9100]", "unreadable"),
    ],
)
async def test_sheets_of_any_size(saved: Save, box: str, expected: str) -> None:
    assert kinds(await read(saved(beside(stream(TEXT), box=box.encode())))) == f"{expected} read"


async def test_orders_that_end_in_the_middle(saved: Save) -> None:
    """The rest of them still unpacks: pdfium takes what is there, and reports nothing."""
    assert kinds(await read(saved(beside(half(stream(TEXT, compress=True)))))) == "damaged read"
