"""PDFs made to harm whoever reads them: files cut short, structures that lie, loop or never end. See papers.py for how they are written."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import UTC, datetime

from fpdf import FPDF

from tests.bot.reading.papers import BODY, FONT, repeated, stream, text_content, write

GOOD = stream(text_content(BODY))
_FONTS = b"/Font << /F1 3 0 R >>"
_BOX = b"/MediaBox [0 0 595 842]"


def beside(
    content: bytes, resources: bytes = b"", page: bytes = b"", extra: Sequence[bytes] = (), catalogue: bytes = b"", box: bytes = _BOX
) -> bytes:
    """Two pages: one with this content stream (an object), then a good one. `extra` objects come from number 8 on."""
    bad = b"<< /Type /Page /Parent 2 0 R %s /Resources << %s %s >> /Contents 7 0 R %s >>" % (box, _FONTS, resources, page)
    return write([
        b"<< /Type /Catalog /Pages 2 0 R %s >>" % catalogue,
        b"<< /Type /Pages /Kids [6 0 R 4 0 R] /Count 2 >>",
        FONT,
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << %s >> /Contents 5 0 R >>" % _FONTS,
        GOOD,
        bad,
        content,
        *extra,
    ])  # fmt: skip


def tree(kids: bytes, count: bytes, extra: Sequence[bytes] = (), first: bytes = b"") -> bytes:
    """Good pages 4 and 6 with a page tree of our own. `extra` objects come from number 8 on; `first` goes before the first object."""
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << %s >> /Contents %d 0 R >>"
    return write([
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [%s] %s >>" % (kids, count),
        FONT,
        page % (_FONTS, 5),
        GOOD,
        page % (_FONTS, 7),
        GOOD,
        *extra,
    ])  # fmt: skip


def deep_tree(depth: int) -> bytes:
    """A good page at the bottom of so many nodes that hold one another, after one at the top."""
    nodes = [b"<< /Type /Pages /Parent %d 0 R /Kids [%d 0 R] /Count 1 >>" % (7 + level, 9 + level) for level in range(depth)]
    nodes[-1] = b"<< /Type /Pages /Kids [6 0 R] /Count 1 >>"
    return tree(b"4 0 R 8 0 R", b"/Count 2", nodes)


def linearized(says: int) -> bytes:
    """Two good pages in a file made for the web whose first object says that there are so many. Its length is right, so that it counts."""

    def attempt(length: int) -> bytes:
        page = b"<< /Type /Page /Parent 3 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 4 0 R >> >> /Contents %d 0 R >>"
        lines = [
            b"<< /Linearized 1 /L %08d /H [0 0] /O 5 /E %08d /N %d /T %08d >>" % (length, length, says, length),
            b"<< /Type /Catalog /Pages 3 0 R >>",
            b"<< /Type /Pages /Kids [5 0 R 7 0 R] /Count 2 >>",
            FONT,
            page % 6,
            GOOD,
            page % 8,
            GOOD,
        ]
        return write(lines, root=2)

    return attempt(len(attempt(0)))


def previous_cycle() -> bytes:
    """A cross-reference table that follows itself."""
    content = write([b"<< /Type /Catalog /Pages 2 0 R >>", *_two_pages()])
    start = content.rindex(b"xref\n0 ")
    return write([b"<< /Type /Catalog /Pages 2 0 R >>", *_two_pages()], b"/Prev %d" % start)


def xref_stream(entries: bytes = b"", *, in_itself: bool = False) -> bytes:
    """Two good pages under a cross-reference stream; `in_itself`: it says that an object stream stands inside itself."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", *_two_pages()]
    out = b"%PDF-1.7\n"
    rows = [b"\0" + bytes(4) + b"\xff"]
    for number, content in enumerate(objects, start=1):
        rows.append(b"\1" + len(out).to_bytes(4, "big") + b"\0")
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    last = len(objects) + 1
    if in_itself:
        rows.append(b"\2" + last.to_bytes(4, "big") + b"\0")
        rows[6] = b"\2" + last.to_bytes(4, "big") + b"\1"
    else:
        rows.append(b"\1" + len(out).to_bytes(4, "big") + b"\0")
    size = len(rows)
    start = len(out)
    entries = entries.replace(b"SELF", b"%d" % start)
    table = zlib.compress(b"".join(rows))
    head = b"<< /Type /XRef /Size %d /W [1 4 1] /Root 1 0 R /Filter /FlateDecode /Length %d %s >>" % (size, len(table), entries)
    return out + b"%d 0 obj\n%s\nstream\n%s\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % (size, head, table, start)


def object_stream(stream_object: bytes) -> bytes:
    """Two pages, the second of which stands in this object stream (number 8)."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", *_two_pages(), stream_object]
    out = b"%PDF-1.7\n"
    rows = [b"\0" + bytes(4) + b"\xff"]
    for number, content in enumerate(objects, start=1):
        inside = number == 6
        rows.append(b"\2" + (8).to_bytes(4, "big") + b"\0" if inside else b"\1" + len(out).to_bytes(4, "big") + b"\0")
        out += b"" if inside else b"%d 0 obj\n%s\nendobj\n" % (number, content)
    rows.append(b"\1" + len(out).to_bytes(4, "big") + b"\0")
    table = b"".join(rows)
    head = b"<< /Type /XRef /Size %d /W [1 4 1] /Root 1 0 R /Length %d >>" % (len(rows), len(table))
    return out + b"9 0 obj\n%s\nstream\n%s\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % (head, table, len(out))


def bomb_in_object_stream(inside: bytes = b"<< >>") -> bytes:
    """An object stream of 300 kB that unfolds to 300 MB."""
    first = b"6 0 "
    data = repeated(bytes(1024**2), 300, before=first + inside)
    entries = b"/Type /ObjStm /N 1 /First %d /Filter /FlateDecode /Length %d" % (len(first), len(data))
    return b"<< %s >>\nstream\n%s\nendstream" % (entries, data)


def nested_filters(data: bytes, times: int) -> bytes:
    """A stream compressed so many times."""
    for _ in range(times):
        data = zlib.compress(data, 9)
    return b"<< /Length %d /Filter [%s] >>\nstream\n%s\nendstream" % (len(data), b"/FlateDecode " * times, data)


def nested_tree(count: bytes) -> bytes:
    """Four good pages in two branches, under a root that says so many."""
    branch = b"<< /Type /Pages /Parent 2 0 R /Kids [%s] /Count 2 >>"
    root = b"<< /Type /Pages /Kids [12 0 R 13 0 R] %s >>" % count
    return write([b"<< /Type /Catalog /Pages 2 0 R >>", root, FONT, *_pages(4), branch % b"4 0 R 6 0 R", branch % b"8 0 R 10 0 R"])


def locked_tree(says: int) -> bytes:
    """Three good pages, encrypted with an empty password."""
    pdf = FPDF(unit="pt", format=(595, 842))
    # The file is otherwise another at each run.
    pdf.set_creation_date(datetime(2025, 1, 1, tzinfo=UTC))
    pdf.set_encryption(owner_password="owner", user_password="")
    pdf.set_font("Helvetica", size=11)
    for _ in range(3):
        pdf.add_page()
        pdf.multi_cell(0, 14, BODY)
    return bytes(pdf.output()).replace(b"/Count 3", b"/Count %d" % says)


def trailer_first(*, cut: bool) -> bytes:
    """Three good pages whose trailer comes before them, as in files made for the web; `cut` after the first one."""
    content = write([b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [4 0 R 6 0 R 8 0 R] /Count 3 >>", FONT, *_pages(3)])
    content = content.replace(b"1 0 obj", b"trailer\n<< /Size 10 /Root 1 0 R >>\n1 0 obj", 1)
    return content[: content.index(b"6 0 obj")] if cut else content


def _pages(count: int) -> list[bytes]:
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << %s >> /Contents %d 0 R >>"
    return [one for index in range(count) for one in (page % (_FONTS, 5 + 2 * index), GOOD)]


def _two_pages() -> list[bytes]:
    return [b"<< /Type /Pages /Kids [4 0 R 6 0 R] /Count 2 >>", FONT, *_pages(2)]
