"""Damaged files: what is lost is never passed over, what is left is read, and what is whole is never taken for damaged."""

from __future__ import annotations

import base64
import random
import re
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.domain.acts import Reading
from bot.domain.text import TextOrigin
from bot.reading.model import ReadingLimits, Unreadable
from bot.reading.pages.damage import streams_unpack
from bot.reading.pages.recognition import Recognised
from bot.reading.reader import read_pdf
from bot.reading.sandbox.child import PdfDocument
from tests.bot.reading import hostile, hostile_pages, papers
from tests.bot.reading.papers import BODY, FONT, stream, text_content, write
from tests.bot.reading.test_pages import Fixed, picture, scanned
from tests.standalone import build_standalone

Save = Callable[[bytes], Path]
LIMITS = ReadingLimits(ocr=False)
PACKED = stream(text_content(BODY), compress=True)


def stamped(count: int = 3, stamp: bytes = b"") -> bytes:
    return papers.stamped([f"{BODY}Page {number}\n" for number in range(1, count + 1)], stamp)


def in_ascii() -> bytes:
    data = base64.a85encode(zlib.compress(text_content(BODY))) + b"~>"
    return b"<< /Length %d /Filter [/ASCII85Decode /FlateDecode] >>\nstream\n%s\nendstream" % (len(data), data)


def packed_as(data: bytes, length: int | None = None, entries: bytes = b"/Filter /FlateDecode") -> bytes:
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(data) if length is None else length, entries, data)


def hit(content: bytes, at: int) -> bytes:
    return content[:at] + bytes((content[at] ^ 0x55,)) + content[at + 1 :]


def in_stream(content: bytes, index: int) -> range:
    """The bytes of the stream of this index in the file."""
    starts = [found.end() for found in re.finditer(rb">>\s*stream\r?\n", content)]
    return range(starts[index], content.index(b"endstream", starts[index]) - 1)


async def read(content: bytes, saved: Save) -> Reading:
    return await read_pdf(saved(content), LIMITS)


def shared(orders: bytes, *others: bytes) -> bytes:
    """Two pages that draw the same stream, and objects that nothing uses."""
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> /Contents 4 0 R >>"
    tree = b"<< /Type /Pages /Kids [5 0 R 6 0 R] /Count 2 >>"
    return write([b"<< /Type /Catalog /Pages 2 0 R >>", tree, FONT, orders, page, page, *others])


BLANK = b"/Resources << /Font << /F1 3 0 R >> >> /Contents 7 0 R"
ODD = b"q BI/W 2/H 2/BPC 8/CS/G ID \xff\xfe(<\nEI Q\0q\r% (un mot\n/Span<</MCID 0>>BDC BT /F1 9 Tf 60 40 Td(a (b (c (d) e) f) g)Tj ET EMC Q"


WHOLE: dict[str, Callable[[], bytes]] = {
    "a recueil": papers.recueil,
    "forms in shared resources": stamped,
    "a standalone decree": lambda: build_standalone([BODY, BODY]),
    "bytes after a stream": lambda: papers.pages_of([packed_as(zlib.compress(text_content(BODY)) + b"\r\n  more")]),
    "a length that lies": lambda: papers.pages_of([packed_as(zlib.compress(text_content(BODY)), length=10)]),
    "no checksum": lambda: papers.pages_of([packed_as(zlib.compress(text_content(BODY))[:-4])]),
    "BT in a name and in an image": lambda: papers.pages_of(
        [
            packed_as(zlib.compress(text_content(BODY) + b"\n/BT1 gs")),
            packed_as(zlib.compress(text_content(BODY) + b"\nq 9 0 0 9 0 0 cm BI /W 2 /H 2 /CS /G /BPC 8 ID xBTx EI Q")),
        ]
    ),
    "an empty packed stream": lambda: hostile.beside(packed_as(b"")).replace(b"/Font << /F1 3 0 R >>  >>", b">>".rjust(25)),
    "pages that share their orders": lambda: shared(PACKED),
    "pages that are alike": lambda: papers.pages_of([PACKED, PACKED]),
    "a blank page with fonts": lambda: papers.pages_of([PACKED, stream(b"", compress=True)]),
    "a blank page alone": lambda: papers.pages_of([stream(b"", compress=True)]),
    "a blank page with an empty list of orders": lambda: papers.pages_of([PACKED] * 2).replace(BLANK, b"/Contents []".ljust(len(BLANK))),
    "orders of all sorts that are not packed": lambda: papers.pages_of([stream(b"%s\n%s" % (ODD, text_content(BODY)))]),
    "pages that share their orders, beside what no page shows": lambda: shared(PACKED, stream(b"<x:xmpmeta/>", b"/Type /Metadata")),
    "packed twice": lambda: papers.pages_of([hostile.nested_filters(text_content(BODY), 2)]),
    "packed in ASCII": lambda: papers.pages_of([in_ascii()]),
    "no compression": lambda: papers.pages_of([hostile.GOOD] * 3),
    "table and pages in streams": lambda: hostile.object_stream(
        stream(b"6 0 " + papers.PAGE % 7, b"/Type /ObjStm /N 1 /First 4", compress=True)
    ),
    "made for the web": lambda: hostile.linearized(2),
    "encrypted": lambda: hostile.locked_tree(says=3),
    "a form with values": lambda: papers.form({(130, 300): "Valence"}),
    "a logo in a form": lambda: papers.logo_in_a_form(BODY),
    "notes": lambda: hostile_pages.notes(20),
    "a damaged stream that nothing uses": lambda: papers.pages_of([PACKED] * 2, extra=[hit(PACKED, len(PACKED) // 2)]),
}


@pytest.mark.parametrize("name", WHOLE)
async def test_a_whole_file_is_not_taken_for_damaged(name: str, saved: Save) -> None:
    reading = await read(WHOLE[name](), saved)
    assert (reading.complete, reading.damaged) == (True, False)


async def test_a_page_that_lost_its_second_half_is_not_complete(saved: Save) -> None:
    content = papers.pages_of([PACKED, PACKED, PACKED])
    at = in_stream(content, 1)
    whole = await read(content, saved)
    reading = await read(hit(content, at[len(at) // 2]), saved)
    lost = reading.pages[1]
    assert (reading.complete, reading.damaged, reading.unreadable_pages) == (False, True, (2,))
    assert (lost.damaged, lost.origin) == (True, TextOrigin.LAYER)
    assert 0 < len(lost.text.split()) < len(whole.pages[1].text.split())
    assert reading.pages[0] == whole.pages[0]
    assert reading.pages[2] == whole.pages[2]


@pytest.mark.parametrize("build", [papers.recueil, stamped, lambda: hostile.locked_tree(says=3)], ids=["recueil", "forms", "encrypted"])
async def test_wherever_a_byte_of_a_text_is_hit_its_page_is_not_complete(build: Callable[[], bytes], saved: Save) -> None:
    content, chance = build(), random.Random(16)
    whole = await read(content, saved)
    assert whole.complete
    streams = list(re.finditer(rb"/Filter /FlateDecode.*?stream\n(.*?)\nendstream", content, re.DOTALL))
    for found in chance.sample(streams, 3):
        reading = await read(hit(content, chance.randrange(*found.span(1))), saved)
        changed = {page.number for page, before in zip(reading.pages, whole.pages, strict=True) if page.text != before.text}
        assert changed <= set(reading.unreadable_pages)
        assert not reading.complete
        assert len(reading.unreadable_pages) == 1, "the pages beside it are whole"


async def test_letters_of_a_damaged_table_are_not_trusted(saved: Save) -> None:
    table = papers.lost_map()
    data = zlib.compress(table[table.index(b"stream\n") + 7 : table.rindex(b"\nendstream")])
    content = papers.pages_of([PACKED] * 2, font=papers.FONT_WITH_MAP, extra=[packed_as(data)])
    reading = await read(hit(content, in_stream(content, 0)[len(data) // 2]), saved)
    assert all(page.damaged for page in reading.pages)


OTHER = stream(text_content(BODY.replace("12", "13")), compress=True)
PLAIN = stream(text_content(BODY))
SEVEN_BITS = bytes(byte & 0x7F for byte in range(256))
CUT = stream(text_content(BODY)[: len(text_content(BODY)) // 2], compress=True)


@pytest.mark.parametrize(
    ("content", "lost"),
    [
        pytest.param(papers.pages_of([PACKED, OTHER]).replace(b"6 0 R]", b"4 0 R]"), (2,), id="the first page in the place of the second"),
        pytest.param(papers.pages_of([PACKED, OTHER]).replace(b"/Contents 7", b"/Contents 5"), (2,), id="its orders, too"),
        pytest.param(papers.pages_of([PACKED]).replace(b"/Pages 2", b"/Pages 3"), (1,), id="the page tree"),
        pytest.param(papers.pages_of([PLAIN, PLAIN.replace(b"Arr\xeat\xe9", b"")]), (2,), id="some letters, of orders that are not packed"),
        pytest.param(papers.pages_of([PLAIN, PLAIN.replace(b"Tf", b"Tg", 1)]), (2,), id="an order that is none, not packed"),
        pytest.param(papers.pages_of([PLAIN, PLAIN]).translate(SEVEN_BITS), (1, 2), id="the eighth bit of all, not packed"),
        pytest.param(papers.pages_of([PACKED, CUT]), (2,), id="a text that does not end, packed anew"),
        pytest.param(papers.pages_of([PACKED, stream(b"")]), (2,), id="no orders any more"),
        pytest.param(papers.pages_of([PACKED, packed_as(bytes(400))]), (2,), id="orders that were never written"),
    ],
)
async def test_what_is_lost_without_a_wrong_checksum_is_told(content: bytes, lost: tuple[int, ...], saved: Save) -> None:
    reading = await read(content, saved)
    assert (reading.complete, reading.unreadable_pages) == (False, lost)


@pytest.mark.parametrize("orders", [b"/Contents 5", b"/Contents 7"])
async def test_a_page_in_the_place_of_another_is_told_at_the_next_reading_too(orders: bytes, saved: Save) -> None:
    """That one goes on from the pages that were whole."""
    content = papers.pages_of([PACKED, OTHER, PACKED]).replace(b"6 0 R 8", b"4 0 R 8").replace(b"/Contents 7", orders)
    before = await read(content, saved)
    assert (before.complete, before.unreadable_pages) == (False, (2,))
    again = await read_pdf(saved(content), LIMITS, known=[page for page in before.pages if page.is_whole])
    assert (again.complete, again.unreadable_pages) == (False, (2,))


def test_a_jpeg_image_that_ends_too_early_is_damaged(saved: Save) -> None:
    content = scanned(picture(BODY))
    at = content.index(b"\xff\xd8\xff")
    image = content[at : content.index(b"endstream", at)]
    half = content.replace(image, image[: len(image) // 2] + bytes(len(image) - len(image) // 2))
    page = PdfDocument(saved(half), lambda: Fixed(Recognised(BODY, 90))).recognise(1)
    assert (page.origin, page.damaged) == (TextOrigin.OCR, True)


async def test_a_page_that_lost_its_scan_is_not_its_running_title(saved: Save) -> None:
    content = scanned(picture(BODY), stamp="Préfecture de la Drôme - 26-2025-07-15-00001 - Arrêté n° 1 2")
    reading = await read(content.replace(b"/XObject", b"/XObjekt"), saved)
    assert reading.unreadable_pages == (1,)


async def test_letters_of_a_font_without_its_encoding_are_put_right(saved: Save) -> None:
    content = papers.pages_of([PACKED])
    reading = await read(content.replace(b"/WinAnsiEncoding", b"/WinAnsiEncodink"), saved)
    [page], [whole] = reading.pages, (await read(content, saved)).pages
    assert "préfet" in page.text
    assert len(set(whole.text.split()) - set(page.text.split())) <= len(set(whole.text.split())) / 20


def test_a_damaged_scan_is_recognised_and_not_taken_for_whole(saved: Save) -> None:
    image = zlib.compress(picture(BODY).tobytes())
    width, height = picture(BODY).size
    entries = b"/Width %d /Height %d /BitsPerComponent 8 /ColorSpace /DeviceGray /Filter /FlateDecode" % (width, height)
    content = hostile_pages.image(entries, image, text=False)
    at = content.index(image)
    page = PdfDocument(saved(hit(content, at + len(image) * 9 // 10)), lambda: Fixed(Recognised(BODY, 90))).recognise(1)
    assert (page.origin, page.damaged) == (TextOrigin.OCR, True)
    assert not PdfDocument(saved(content), lambda: Fixed(Recognised(BODY, 90))).recognise(1).damaged
    assert not PdfDocument(saved(scanned(picture(BODY))), lambda: Fixed(Recognised(BODY, 90))).recognise(1).damaged


def test_what_a_bomb_holds_is_not_unpacked_to_its_end() -> None:
    data = papers.repeated(bytes(1024**2), 400)
    # A damaged stream after it is not reached any more: the budget of the file is spent.
    assert streams_unpack(papers.pages_of([packed_as(data), hit(PACKED, len(PACKED) // 2)]))


# Files cut short


def cuts(content: bytes) -> list[int]:
    return [len(content) * share // 1000 for share in (400, 600, 800, 900, 950, 990, 999)]


@pytest.mark.parametrize("build", [papers.recueil, stamped, lambda: build_standalone([BODY] * 9)], ids=["recueil", "forms", "standalone"])
async def test_what_a_truncated_file_still_holds_is_read(build: Callable[[], bytes], saved: Save) -> None:
    content = build()
    whole = await read(content, saved)
    read_whole = 0
    for end in cuts(content):
        try:
            reading = await read(content[:end], saved)
        except Unreadable:
            continue
        # Only what stands after the table of objects is missing: then nothing is.
        assert reading.complete != reading.salvaged
        texts = [page.text for page in reading.pages if page.is_whole]
        assert texts == [page.text for page in whole.pages][: len(texts)]
        assert len(texts) >= read_whole
        read_whole = len(texts)
    assert read_whole == whole.page_count


async def test_missing_pages_are_counted_where_their_number_is_known(saved: Save) -> None:
    content = stamped(10)
    reading = await read(content[: content.index(b"29 0 obj")], saved)
    assert reading.page_count == 10
    assert reading.unreadable_pages == (5, 6, 7, 8, 9, 10)


async def test_a_file_whose_table_comes_first_and_whose_end_is_missing_is_not_whole(saved: Save) -> None:
    """pdfium opens it by itself, and shows the stamps of pages whose form is missing."""
    content = stamped(10, text_content("Préfecture de la Drôme - Arrêté n° 12")).replace(
        b"1 0 obj", b"trailer\n<< /Size 40 /Root 1 0 R >>\n1 0 obj", 1
    )
    reading = await read(content[: content.index(b"29 0 obj")], saved)
    assert (reading.salvaged, reading.unreadable_pages) == (False, (5, 6, 7, 8, 9, 10))
    assert not reading.complete


async def test_pages_whose_root_is_lost_are_found(saved: Save) -> None:
    """The root of the page tree stands after its pages."""
    page = b"<< /Type /Page /Parent 9 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 1 0 R >> >> /Contents %d 0 R >>"
    objects = [FONT, page % 3, PACKED, page % 5, PACKED, page % 7, PACKED, b"<< /Type /Catalog /Pages 9 0 R >>"]
    content = write([*objects, b"<< /Type /Pages /Kids [2 0 R 4 0 R 6 0 R] /Count 3 >>"], root=8)
    reading = await read(content[: content.index(b"9 0 obj")], saved)
    assert [page.text.split() for page in reading.pages] == [BODY.split()] * 3
    assert not reading.complete


@pytest.mark.parametrize("compress", [True, False])
async def test_pages_in_an_object_stream_are_found(saved: Save, compress: bool) -> None:
    content = WHOLE["table and pages in streams"]() if compress else hostile.object_stream(
        stream(b"6 0 " + papers.PAGE % 7, b"/Type /ObjStm /N 1 /First 4")
    )  # fmt: skip
    reading = await read(content[: content.index(b"9 0 obj")], saved)
    assert [page.text.split() for page in reading.pages] == [BODY.split()] * 2


async def test_half_a_page_at_the_end_is_kept(saved: Save) -> None:
    content = papers.pages_of([PACKED] * 3)
    at = in_stream(content, 2)
    reading = await read(content[: at[len(at) // 2]], saved)
    assert [page.damaged for page in reading.pages] == [False, False, True]
    assert "PRÉFET DE LA DRÔME" in reading.pages[2].text


@pytest.mark.parametrize("end", [30, 200])
async def test_nothing_is_made_of_an_encrypted_file_without_its_end(saved: Save, end: int) -> None:
    with pytest.raises(Unreadable, match="damaged beyond reading"):
        await read(hostile.locked_tree(says=3)[:-end], saved)
