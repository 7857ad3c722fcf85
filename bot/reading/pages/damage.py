"""Finds damage in a PDF: pages of which something is lost or unreachable, and what a truncated file still holds. pdfium draws what it can
and reports nothing; a packed stream (Flate, RFC 1950) that does not unpack to its end is certain evidence, as it has a checksum."""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial, reduce
from mmap import MADV_DONTNEED, PAGESIZE, mmap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_MEBI = 1024**2
_BUDGET = 64 * _MEBI
"""Bytes that are unpacked of any file; `_RATIO` times its size more of a large one. Real ones need a tenth of it, a bomb takes a second."""
_RATIO = 16
_MOST_CONTENT = 16 * _MEBI
"""Bytes of one stream in which names are looked for, or the end of a text in one that is not packed."""
_FREE = 4_194_000
"""A number that no object has: nearly the highest that pdfium takes. The lowest free ones may be those of objects that are missing."""
_LONGEST_HEAD = 16 * 1024
_TAIL = 4096  # bytes at the end of a file in which pdfium looks for the place of its table
_WINDOW, _OVERLAP = 32 * _MEBI, 64
_BLANKS = b"\t\n\f\r "

# Below its version a file has a comment of bytes above 127 (ISO 32000-1, 7.5.2): without one of them it has lost the eighth bit of all.
_SEVEN_BITS = re.compile(rb"%PDF-\d\.\d\s{1,2}%[^\s\x80-\xff]{4,9}\s(?=[^\x80-\xff]*+\Z)")
_STREAM = re.compile(rb">>\s*stream\r?\n")
_FILTERS = re.compile(rb"/Filter\s*(?:/([^\s/<>\[\]()]+)|\[([^\]]*)\])")
_NOT_TEXT = re.compile(rb"/Subtype\s*/Image\b|/Type\s*/(?:XRef|EmbeddedFile|Metadata)\b")  # images, tables of the file, attachments
_FLATE = frozenset((b"FlateDecode", b"Fl"))
_UNPACKED = frozenset((b"FlateDecode", b"LZWDecode", b"ASCII85Decode", b"ASCIIHexDecode", b"RunLengthDecode", b"Crypt"))

# As pdfium writes them, in its own simple way.
_WRITTEN = re.compile(rb"(\d+) 0 obj\r\n(.*?)(?:(>>\s?stream\r\n)|\r\nendobj)", re.DOTALL)
_LENGTH = re.compile(rb"/Length (\d+)")
_CONTENTS = re.compile(rb"/Contents(?:\s+(\d+) 0 R|\s*\[([^\]]*)\])")
_RESOURCES = re.compile(rb"/Resources(?:\s+(\d+) 0 R|\s*(<<.*))", re.DOTALL)
_KIDS = re.compile(rb"/Kids\s*\[([^\]]*)\]")
_REFERENCE = re.compile(rb"(\d+) 0 R")
_SHOWS = re.compile(rb"/(?:Font|XObject)\s*<<\s*/")
_DRAWN = re.compile(rb"/([^\s/<>\[\](){}%]+)\s+Do\b")
_SHOWN = re.compile(rb"[^(<\[\s][)>\]]\s*(?:T[jJ]\b|['\"])")
_STRING = re.compile(reduce(lambda inner, _: rb"\((?:[^()\\]++|\\.|%s)*+\)" % inner, range(8), rb"(?!)"), re.DOTALL)
"""As deep as parentheses may stand in parentheses: more is no text."""
_INLINE_IMAGE = re.compile(rb"(?<![^\s\0>\])])BI(?=[\s\0/]).*?[\s\0>]EI(?![^\s\0])", re.DOTALL)
_WORD = re.compile(
    _STRING.pattern + rb"|<[0-9A-Fa-f\s\0]*>|%[^\r\n]*|/[^\s\0/<>\[\](){}%]*|<<|>>|[\[\]]|[^\s\0/<>\[\](){}%]+|[^\s\0]", re.DOTALL
)
_OPERAND = re.compile(rb"\(.|[<>/%\[\]]|[-+]*\d*\.?\d*-?\d*$|(?:true|false|null)$", re.DOTALL)
_ORDERS = frozenset(
    b"b B b* B* BDC BI BMC BT BX c cm CS cs d d0 d1 Do DP EI EMC ET EX f F f* G g gs h i ID j J K k l m M MP n q Q re RG rg ri s S SC sc "
    b"SCN scn sh T* Tc Td TD Tf Tj TJ TL Tm Tr Ts Tw Tz v w W W* y ' \"".split()
)
_OWN_LENGTH = re.compile(rb"/Length\s+(\d+)\b(?!\s+\d+\s+R)")
_TEXT_BEGIN = re.compile(rb"(?<![^\s\]>)])BT(?![^\s\[(</])")
_TEXT_END = re.compile(rb"(?<![^\s\]>)])ET(?![^\s\[(</])")
_FONT_CHOSEN = re.compile(rb"/([^\s/<>\[\](){}%]+)\s+[-+.\d]+\s+Tf\b")

# As any program writes them.
_OBJECT = re.compile(rb"(?<!\d)(\d{1,7})\s+\d{1,5}\s+obj\b")
_OBJECT_END = re.compile(rb"\bendobj\b|>>\s*stream\r?\n")
_KIND = re.compile(rb"/Type\s*/(Pages?|ObjStm)\b")
_NOT_ORDERS = re.compile(rb"/S\s+\d|/Type\s*/(?:XRef|EmbeddedFile|Metadata)\b|/Linearized\b")
"""Streams to which nothing need refer: tables, those for who reads a file from the web, and what no page shows."""
_REFERENCES = re.compile(rb"(\d+)\s+\d+\s+R\b")
_EMPTY_STREAM = re.compile(rb"[\t\n\f\r \0]{0,%d}+endstream" % _MOST_CONTENT)
_CONTENTS_KEY = re.compile(rb"/Contents\s*[\[\d]")
_PARENT = re.compile(rb"/Parent\s+(\d+)\s+\d+\s+R")
_LOCKED = re.compile(rb"/Filter\s*/Standard\b")
_NUMBER_OF = {key: re.compile(rb"/%s\s+(\d{1,7})\b(?!\s+\d+\s+R)" % key) for key in (b"N", b"First")}


def streams_unpack(content: mmap | bytes) -> bool:
    """Return False when damage is likely: a stream that may hold text does not unpack to its end, or begins a text without ending it, or
    the end of the file is missing. `content` is the file, not encrypted. Reads bytes, not objects: `damaged_pages` finds what is in use."""
    if content.rfind(b"startxref", max(0, len(content) - _TAIL)) < 0:
        return False
    left = _BUDGET + _RATIO * len(content)
    for head, start in _streams(content):
        packing = _first_filter(head)
        if (packing is not None and packing not in _FLATE) or _NOT_TEXT.search(head):
            continue
        last = len(content) if packing is not None else min(start + _MOST_CONTENT, len(content))
        end = content.find(b"endstream", start, last)
        if end < 0 and last < len(content):
            continue
        data = content[start:end] if end >= 0 else None
        unpacked = data if data is None or packing is None else unpack(data, at_most=left)
        if unpacked is None or (b" Tf" in unpacked and _is_cut(unpacked)):
            return False
        left -= len(unpacked)
        if left <= 0:
            break
    return True


def spoiled_streams(content: mmap | bytes) -> frozenset[bytes]:
    """Return the drawing orders that are unpacked, hence without checksum, and altered: their length differs, they contain no order (ISO
    32000-1 annex A), or the file has seven bits. `content` is the file, not encrypted."""
    spoiled, is_cut = set[bytes](), _SEVEN_BITS.match(content) is not None
    for head, start in _streams(content):
        if not head or _FILTERS.search(head) or _NOT_TEXT.search(head):
            continue
        end = content.find(b"endstream", start, start + _MOST_CONTENT)
        if end < 0:
            continue
        orders, length = content[start:end], _OWN_LENGTH.search(head)
        is_as_long = length is None or 0 <= len(orders) - int(length[1]) <= len(b"\r\n")
        if b" Tf" in orders and (is_cut or not (is_as_long and _is_orderly(orders))):
            spoiled.add(orders.strip(_BLANKS))
    return frozenset(spoiled)


def _is_orderly(orders: bytes) -> bool:
    words = (word for word in _WORD.findall(_INLINE_IMAGE.sub(b"", orders)) if not _OPERAND.match(word))
    return all(word in _ORDERS for word in words)


def _streams(content: mmap | bytes) -> Iterator[tuple[bytes, int]]:
    """Yield the head of each stream, empty where it is not found, and where the stream begins. What was passed of a large file need not
    stay in memory."""
    for window in range(0, len(content), _WINDOW):
        for found in _STREAM.finditer(content, window, window + _WINDOW + _OVERLAP):
            if found.start() < window + _WINDOW:
                start = content.rfind(b"obj", max(0, found.start() - _LONGEST_HEAD), found.start())
                yield content[start : found.start()] if start >= 0 else b"", found.end()
        if isinstance(content, mmap) and len(content) > _WINDOW:
            content.madvise(MADV_DONTNEED, window, min(_WINDOW, len(content) - window))


def _find(content: mmap | bytes, word: bytes, start: int) -> int:
    """Return where a word stands at or after `start`, -1 where it does not. What was passed need not stay in memory."""
    while (found := content.find(word, start, start + _WINDOW + len(word))) < 0 and start + _WINDOW < len(content):
        if isinstance(content, mmap):
            content.madvise(MADV_DONTNEED, -(-start // PAGESIZE) * PAGESIZE, _WINDOW - PAGESIZE)
        start += _WINDOW
    return found


def is_encrypted(document: Any) -> bool:
    """Return whether the file is encrypted, be it with an empty password."""
    return bool(pdfium_c.FPDF_GetSecurityHandlerRevision(document) != -1)


def decrypted(document: Any) -> bytes:
    """Return the whole file as pdfium writes it anew, without its encryption."""
    out = io.BytesIO()
    document.save(out, flags=pdfium_c.FPDF_REMOVE_SECURITY)
    return out.getvalue()


def damaged_pages(
    document: Any,
    numbers: Sequence[int],
    *,
    letters: bool = True,
    twice: bool = False,
    blanks: bool = False,
    spoiled: frozenset[bytes] = frozenset(),
) -> frozenset[int]:
    """Return those of these pages (from 1) that lost something: drawing orders, forms, images, fonts, or their own content where an earlier
    page is the same, in a file that may name a page `twice`. Without `letters`, fonts are not checked. With `blanks`, a page with fonts or
    images but no order is blank. `spoiled` are altered drawing orders."""
    try:
        copy = _Copy.of(document, numbers)
    except pdfium.PdfiumError:
        if len(numbers) == 1:
            return frozenset(numbers)
        one = partial(damaged_pages, document, letters=letters, blanks=blanks, spoiled=spoiled)
        return frozenset(number for each in numbers for number in one((each,)))
    pages = copy.pages()
    first: dict[object, int] = {}
    for number, page in zip(numbers, pages, strict=True):
        if twice and (drawn := copy.drawn(page)):
            first.setdefault(drawn, number)
    return frozenset(
        number
        for number, page in zip(numbers, pages, strict=True)
        if first.get(copy.drawn(page), number) != number or not copy.is_whole(page, letters=letters, blanks=blanks, spoiled=spoiled)
    )


def has_orders(document: Any, number: int) -> bool:
    """Return whether a page has drawing orders, be they lost. False where that cannot be looked at."""
    return any(_CONTENTS.search(page) for _, page in _alone(document, number))


def draws_letters(document: Any, number: int) -> bool:
    """Return whether the drawing orders of a page hold text. False where they cannot be looked at."""
    return any(copy.shows_text(page) for copy, page in _alone(document, number))


def _alone(document: Any, number: int) -> Iterator[tuple[_Copy, bytes]]:
    """Yield a page in a copy that has no other; nothing where it cannot be copied."""
    with suppress(pdfium.PdfiumError):
        copy = _Copy.of(document, (number,))
        yield from ((copy, page) for page in copy.pages())


@dataclass(frozen=True, slots=True)
class _Object:
    head: bytes
    data: bytes | None


@dataclass(frozen=True, slots=True)
class _Copy:
    """Some pages as pdfium writes them anew: without encryption, one object after the other, streams as they are."""

    objects: Mapping[bytes, _Object]

    @classmethod
    def of(cls, document: Any, numbers: Sequence[int]) -> _Copy:
        """Copy these pages. Raises PdfiumError."""
        out = io.BytesIO()
        with closing(pdfium.PdfDocument.new()) as alone:
            alone.import_pages(document, [number - 1 for number in numbers])
            alone.save(out)
        return cls(dict(_written_objects(out.getvalue())))

    def pages(self) -> list[bytes]:
        """Return the heads of the pages, in order."""
        root = next(each.head for each in self.objects.values() if b"/Type/Pages" in each.head)
        kids = _KIDS.search(root)
        return [self.objects[kid].head for kid in _REFERENCE.findall(kids[1])] if kids else []

    def drawn(self, page: bytes) -> tuple[bytes, ...]:
        """Return which objects a page draws, and with what: two pages share them where one was taken for the other. Empty: blank."""
        references = tuple(self._contents(page))
        contents = (self._unpacked(self.objects.get(reference)) for reference in references)
        shows = any(_SHOWN.search(content) or _DRAWN.search(content) for content in contents if content)
        return (*references, self._resources(page)) if shows else ()

    def shows_text(self, page: bytes) -> bool:
        """Return whether the page's own orders draw letters, be they only spaces."""
        contents = (self._unpacked(self.objects.get(reference)) for reference in self._contents(page))
        return any(content is not None and _SHOWN.search(content) for content in contents)

    def is_whole(self, page: bytes, *, letters: bool, blanks: bool, spoiled: frozenset[bytes]) -> bool:
        """Return whether all that the page uses is there and unpacks. `blanks` and `spoiled`: as in `damaged_pages`."""
        resources = self._resources(page)
        references = list(self._contents(page))
        if not references:
            # An empty page needs no fonts and no images: what used them is lost.
            return _SHOWS.search(resources) is None
        contents = [self._unpacked(self.objects.get(reference)) for reference in references]
        orders = b"\n".join(content or b"" for content in contents)
        is_blank = not orders.strip(b"\0" + _BLANKS)
        if _is_cut(orders) or (is_blank and not blanks and self._checked(references) and _SHOWS.search(resources)):
            return False
        waiting: list[tuple[bytes | None, bytes]] = [(content, resources) for content in contents]
        seen = set[bytes]()
        while waiting:
            content, resources = waiting.pop()
            if content is None or content.strip(_BLANKS) in spoiled:
                return False
            if letters and not all(self._font_is_whole(name, resources) for name in set(_FONT_CHOSEN.findall(content))):
                return False
            for name in set(_DRAWN.findall(content)):
                used = _named(name, resources, b"XObject")
                drawn = [self.objects.get(reference) for reference in used if reference not in seen]
                if not used or None in drawn:
                    return False
                seen.update(used)
                forms = [form for form in drawn if form and b"/Subtype/Form" in form.head]
                waiting += [(self._unpacked(form), self._resources(form.head) or resources) for form in forms]
        return True

    def _checked(self, references: Iterable[bytes]) -> bool:
        """Return whether what these streams hold is known: some ways of packing are not undone here."""
        packings = (_FILTERS.search(self._head(reference)) for reference in references)
        return all(found is None or (len(_names(found)) == 1 and _FLATE.issuperset(_names(found))) for found in packings)

    def _contents(self, page: bytes) -> Iterator[bytes]:
        found = _CONTENTS.search(page)
        for reference in _REFERENCE.findall(found[1] + b" 0 R" if found[1] else found[2]) if found else ():
            listed = self.objects.get(reference)
            if listed is not None and listed.data is None and listed.head.startswith(b"["):
                yield from _REFERENCE.findall(listed.head)
            else:
                yield reference

    def _resources(self, head: bytes) -> bytes:
        """Return all that stands in the resources, those parts included that are objects of their own."""
        found = _RESOURCES.search(head)
        if found is None:
            return b""
        own = found[2] or self._head(found[1])
        parts = re.findall(rb"/(Font|XObject) (\d+) 0 R", own)
        return b"".join((own, *(b"/%s%s" % (kind, self._head(part)) for kind, part in parts)))

    def _head(self, reference: bytes) -> bytes:
        found = self.objects.get(reference)
        return b"" if found is None else found.head

    def _font_is_whole(self, name: bytes, resources: bytes) -> bool:
        """Also what it looks like counts: where glyphs are lost, pdfium takes spaces and digits for others."""
        waiting, seen = _named(name, resources, b"Font"), set[bytes]()
        if not waiting:
            # One that stands in the resources themselves has been read with them.
            return re.search(rb"/%s\s*<<" % re.escape(name), resources) is not None
        while waiting:
            reference = waiting.pop()
            part = self.objects.get(reference)
            if part is None or part.head.strip() == b"null" or (part.data is not None and self._unpacked(part) is None):
                return False
            seen.add(reference)
            waiting += [each for each in _REFERENCE.findall(part.head) if each not in seen]
        return True

    @staticmethod
    def _unpacked(item: _Object | None) -> bytes | None:
        """Return what a stream holds; empty where it is packed in a way that cannot be checked; None where it is lost."""
        if item is None or item.data is None:
            return None
        found = _FILTERS.search(item.head)
        filters = _names(found) if found else []
        if not _UNPACKED.issuperset(filters):
            return None
        if not filters:
            return item.data
        if filters[0] not in _FLATE:
            return b""
        content = unpack(item.data, at_most=_MOST_CONTENT)
        return b"" if content is not None and len(filters) > 1 else content


def _written_objects(written: bytes) -> Iterator[tuple[bytes, _Object]]:
    position = 0
    while found := _WRITTEN.search(written, position):
        number, head, stream = found.groups()
        data, position = None, found.end()
        if stream:
            length = _LENGTH.search(head)
            data = written[found.end() : found.end() + int(length[1])] if length else b""
            position += len(data)
        yield number, _Object(head, data)


def _is_cut(orders: bytes) -> bool:
    """Return whether drawing orders end in the middle of a text (ISO 32000-1 9.4.1)."""
    last = orders.rfind(b"BT")
    while last >= 0 and not _TEXT_BEGIN.match(orders, last):
        # In a name, or among the bytes of an image.
        last = orders.rfind(b"BT", 0, last)
    return last >= 0 and _TEXT_END.search(_STRING.sub(b"()", orders[last:])) is None


def _named(name: bytes, resources: bytes, kind: bytes) -> list[bytes]:
    listed = re.finditer(rb"/%s\s*<<((?:[^<>]|<<[^<>]*>>|<[^<>]*>)*)>>" % kind, resources)
    return [number for each in listed for number in re.findall(rb"/%s (\d+) 0 R" % re.escape(name), each[1])]


def _first_filter(head: bytes) -> bytes | None:
    found = _FILTERS.search(head)
    return next(iter(_names(found)), None) if found else None


def _names(filters: re.Match[bytes]) -> list[bytes]:
    return [filters[1]] if filters[1] else filters[2].replace(b"/", b" ").split()


def unpack(packed: bytes, *, at_most: int) -> bytes | None:
    """Return what is packed, or as much of it as `at_most`; None when it is damaged or ends too early. Only its checksum may be missing."""
    if not packed.strip(_BLANKS):
        return b""
    try:
        unpacking = zlib.decompressobj()
        content = unpacking.decompress(packed, at_most)
        if unpacking.eof or len(content) >= at_most:
            return content
        bare = zlib.decompressobj(-zlib.MAX_WBITS)
        bare.decompress(packed[2:], at_most)
    except zlib.error:
        return None
    return content if bare.eof else None


def completed(content: mmap | bytes) -> bytes | None:
    """Return a file that pdfium cannot open with a new page tree and trailer; None without any page. A truncated file has lost its table of
    objects, at its end, and often the root of its page tree. An encrypted one cannot be opened without its trailer."""
    found = _Found()
    end = found.look(content)
    if found.locked or not found.nodes:
        return None
    tops = [number for number, (parent, _) in found.nodes.items() if parent not in found.nodes]
    root, tree = tops[0], b""
    if len(tops) > 1 or found.nodes[root][1]:
        leaves = sum(is_page for _, is_page in found.nodes.values())
        root, kids = _FREE, b" ".join(b"%d 0 R" % top for top in tops)
        tree = b"%d 0 obj\n<< /Type /Pages /Kids [%s] /Count %d >>\nendobj\n" % (root, kids, leaves)
    # Where an object is cut it ends with a name that nothing has: one that is not packed must not pass for whole.
    tail = b"\n/Missing Do\nendstream\nendobj\n%s%d 0 obj\n<< /Type /Catalog /Pages %d 0 R >>\nendobj\n" % (tree, _FREE + 1, root)
    tail += b"trailer\n<< /Root %d 0 R /Size %d >>\nstartxref\n0\n%%%%EOF\n" % (_FREE + 1, _FREE + 2)
    return b"".join((memoryview(content)[:end], tail))


def may_repeat_pages(content: mmap | bytes) -> bool:
    """Return whether one page may replace another: the page tree names it twice, or nothing uses a stream that was another's. Pages of a
    sound file may be alike and share all they draw. `content` is the file, not encrypted."""
    found = _Found()
    found.look(content)
    return bool(found.streams - found.used) or any(len(set(kids)) < len(kids) for kids in found.kids.values())


def has_empty_streams(content: mmap | bytes) -> bool:
    """Return whether a stream is empty or has only zeros. A packed blank page has bytes, whose checksum proves that no order was lost.
    pdfium packs all anew."""
    return any(_EMPTY_STREAM.match(content, start) for _, start in _streams(content))


def has_drawn_pages(content: mmap | bytes) -> bool:
    """Return whether pages with drawing orders stand anywhere in a file that is not encrypted, be they in its page tree or not."""
    found = _Found()
    found.look(content)
    return bool(found.drawn)


class _Found:
    """Holds the objects of a file without its table, and its page tree: node -> parent, and whether it is a page; node -> children; pages
    with drawing orders; streams that may be drawing orders; all objects referred to."""

    def __init__(self) -> None:
        self.nodes: dict[int, tuple[int, bool]] = {}
        self.kids: dict[int, list[bytes]] = {}
        self.drawn = set[int]()
        self.streams = set[int]()
        self.used = set[int]()
        self.locked = False
        self._left = _BUDGET

    def look(self, content: mmap | bytes) -> int:
        """Go through the objects. Gives where the file is to end: before an object that is only begun, unless it is one that holds text."""
        position = 0
        while found := _OBJECT.search(content, position):
            over = _OBJECT_END.search(content, found.end())
            if over is None:
                return found.start()
            head, position = content[found.end() : over.start()], over.end()
            self._take(int(found[1]), head)
            if over[0] == b"endobj":
                continue
            position = _find(content, b"endstream", over.end())
            if position < 0:
                return found.start() if _NOT_TEXT.search(head) else len(content)
            kind = _KIND.search(head)
            if kind and kind[1] == b"ObjStm":
                self._look_inside(head, content[over.end() : position])
            elif not _NOT_ORDERS.search(head):
                self.streams.add(int(found[1]))
        return len(content)

    def _take(self, number: int, head: bytes) -> None:
        self.locked = self.locked or _LOCKED.search(head) is not None
        self.nodes.pop(number, None)
        self.kids.pop(number, None)
        self.drawn.discard(number)
        self.streams.discard(number)
        self.used.update(map(int, _REFERENCES.findall(head)))
        kind = _KIND.search(head)
        if kind and kind[1] != b"ObjStm":
            parent, kids = _PARENT.search(head), _KIDS.search(head)
            self.nodes[number] = int(parent[1]) if parent else 0, kind[1] == b"Page"
            if kids:
                self.kids[number] = _REFERENCES.findall(kids[1])
            if _CONTENTS_KEY.search(head):
                self.drawn.add(number)

    def _look_inside(self, head: bytes, packed: bytes) -> None:
        """The objects of an object stream (ISO 32000-1 7.5.7): their numbers and places come before them."""
        count, first = (found and int(found[1]) for found in (_NUMBER_OF[key].search(head) for key in (b"N", b"First")))
        content = unpack(packed, at_most=max(1, self._left)) if _first_filter(head) in _FLATE else packed
        if not content or not count or not first:
            return
        self._left -= len(content)
        places = [int(word) for word in content[:first].split() if word.isdigit()][: 2 * count]
        starts = [first + place for place in places[1::2]]
        for number, start, end in zip(places[::2], starts, [*starts[1:], len(content)], strict=False):
            self._take(number, content[start:end])


# How many pages are out of reach: pdfium trusts the file's number of pages (`/Count` of the root, ISO 32000-1 7.7.3.2) and never sees those
# beyond. So all pages it sees are deleted from a copy, and the tree it then writes must be empty.

_ROOT = re.compile(rb"/Pages (\d+) 0 R")
_WRITTEN_KIDS = re.compile(rb"/Kids(?:\s*\[([^\]]*)\]|\s+(\d+) 0 R)")


def pages_out_of_reach(file: Path | bytes) -> int:
    """Return how many pages, or branches of pages, the file has beyond those it declares; also 0 if unknown: for a file that cannot be
    opened, or whose tree cannot be taken apart, as its branches' numbers are wrong too."""
    try:
        with closing(pdfium.PdfDocument(file)) as document:
            # From the first on: the others are then not walked through each time.
            for _ in range(len(document)):
                pdfium_c.FPDFPage_Delete(document, 0)
            if len(document):
                # It says more than it has: each page that is missing will be found unreadable.
                return 0
            changes = _Changes(len(file) if isinstance(file, bytes) else file.stat().st_size)
            document.save(changes, flags=pdfium_c.FPDF_INCREMENTAL)
    except (pdfium.PdfiumError, OSError):
        return 0
    return _left(bytes(changes.tail))


def _left(tail: bytes) -> int:
    """Return the leaves of the page tree, as pdfium has just written it anew: none where all pages were deleted."""
    written = {number: item.head for number, item in _written_objects(tail)}
    root = _ROOT.search(tail)
    waiting, seen, leaves = [root[1]] if root else [], set[bytes](), 0
    while waiting:
        node = waiting.pop()
        if node in seen:
            continue
        seen.add(node)
        kids = _WRITTEN_KIDS.search(written.get(node, b""))
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
