"""Damages PDFs in many ways, reads each with the real reader, and counts words that are lost in silence: `python -m benchmarks.damaged`.

The words of each page of a damaged file are compared with those of the whole one. A file that is said to be complete, though a page of it
lost more than a fifth of its words, is named; the exit code is 1 then, but for streams that carry no checksum. The same seed gives the same
files.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
import tempfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random

from fpdf import FPDF

from benchmarks.reading.drawing import fonts
from benchmarks.reading.prose import DECREE, paragraphs
from bot.app.demo.pdfs import ActSpec, RecueilSpec, build_recueil
from bot.domain.acts import Reading
from bot.reading.model import ReadingLimits, Unreadable
from bot.reading.reader import read_pdf
from tests.bot.reading import papers
from tests.standalone import build_standalone

MOST_LOST = 0.2
"""Share of the words of a page that a file which is said to be complete may have lost."""
LIMITS = ReadingLimits(page_seconds=20)
_CREATED = datetime(2025, 1, 1, tzinfo=UTC)

Damage = Callable[[bytes, Random], bytes | None]
"""Gives the damaged file; None where it holds nothing that can be damaged so."""


# The files that are damaged.


def originals() -> dict[str, bytes]:
    """Return files as they are published: the national template, forms, scans, tables in streams, embedded fonts, encrypted and plain."""
    service = "Préfecture de la Drôme / Cabinet"
    acts = tuple(ActSpec(service, f"26-2025-07-15-{n:05d}", f"Arrêté n° {n}", (_text(n), _text(n + 10))) for n in (1, 2))
    scanned = ActSpec(service, "26-2025-07-15-00009", "Arrêté n° 9", (_text(9),), scanned=True)
    plain = [papers.text_content(_text(n)) for n in (21, 22, 23)]
    packed = [papers.stream(content, compress=True) for content in plain]
    return {
        "recueil": build_recueil(RecueilSpec("DRÔME", "26-2025-120", date(2025, 8, 1), acts)),
        "recueil with a scan": build_recueil(RecueilSpec("DRÔME", "26-2025-121", date(2025, 8, 1), (acts[0], scanned))),
        "forms": papers.stamped([_text(n) for n in (31, 32, 33)]),
        "scans": build_standalone([_text(41), _text(42)], scanned=True),
        "objects in streams": papers.in_streams(packed),
        "letters with a map": papers.pages_of(packed, font=papers.FONT_WITH_MAP, extra=[papers.whole_map()]),
        "embedded font": _drawn(embedded=True),
        "encrypted": _drawn(encrypted=True),
        "not packed": papers.pages_of([papers.stream(content) for content in plain]),
    }


def _text(number: int) -> str:
    """A page of its own words."""
    chance = Random(number)
    return "\n".join((*chance.sample(DECREE, 6), *(line for _, line in zip(range(5), paragraphs(chance), strict=False))))


def _drawn(*, embedded: bool = False, encrypted: bool = False) -> bytes:
    pdf = FPDF(unit="pt", format=(595, 842))
    pdf.core_fonts_encoding = "windows-1252"
    pdf.set_creation_date(_CREATED)
    if encrypted:
        pdf.set_encryption(owner_password="owner", user_password="")  # noqa: S106 - of a file made here
    font = fonts()[2 if embedded else 0]
    if font.file is not None:
        pdf.add_font(font.name, fname=font.file)
    pdf.set_font(font.name, size=10)
    for number in (51, 52, 53):
        pdf.add_page()
        pdf.multi_cell(0, 13, _text(number))
    return bytes(pdf.output())


# The ways to damage them. First what happens on the way or on a disk, to bytes that nobody understood.


def cut_short(content: bytes, chance: Random) -> bytes:
    """As a download that ended early, or a disk that was full."""
    return content[: int(len(content) * chance.choice((chance.uniform(0.05, 0.9), chance.uniform(0.9, 0.999))))]


def bytes_changed(content: bytes, chance: Random) -> bytes:
    """Some bytes, anywhere."""
    changed = bytearray(content)
    for _ in range(chance.choice((1, 4, 16, 64))):
        changed[chance.randrange(len(changed))] ^= chance.randrange(1, 256)
    return bytes(changed)


def block_of_zeros(content: bytes, chance: Random) -> bytes:
    """A sector that was never written."""
    start, size = _block(content, chance)
    return content[:start] + bytes(size) + content[start + size :]


def block_missing(content: bytes, chance: Random) -> bytes:
    """A packet that was left out."""
    start, size = _block(content, chance)
    return content[:start] + content[start + size :]


def block_twice(content: bytes, chance: Random) -> bytes:
    """A packet that was stored twice."""
    start, size = _block(content, chance)
    return content[: start + size] + content[start:]


def blocks_swapped(content: bytes, chance: Random) -> bytes:
    """Two packets in the wrong order."""
    start, size = _block(content, chance)
    half = size // 2
    return content[:start] + content[start + half : start + 2 * half] + content[start : start + half] + content[start + 2 * half :]


def page_inside(content: bytes, chance: Random) -> bytes:
    """An error page of a proxy in place of some of it."""
    start, size = _block(content, chance)
    page = b"<html><body><h1>504 Gateway Time-out</h1></body></html>\n"
    return content[:start] + page + content[start + size :]


def lines_ended_otherwise(content: bytes, _: Random) -> bytes:
    """As a transfer in text mode."""
    return content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def seven_bits(content: bytes, _: Random) -> bytes:
    """As a mail gateway of the past."""
    return content.translate(bytes(byte & 0x7F for byte in range(256)))


def taken_for_text(content: bytes, _: Random) -> bytes:
    """As a server that encodes a file again."""
    return content.decode("latin-1").encode()


def bytes_before(content: bytes, chance: Random) -> bytes:
    """What a script wrote before the file: no place in it is then where its table says."""
    return b"\n" * chance.choice((1, 3, 200)) + content


def numbers_changed(content: bytes, chance: Random) -> bytes:
    """Lengths, counts, sizes and references are what a reader trusts."""
    changed = bytearray(content)
    digits = [found.start() for stretch in _outside_streams(content) for found in re.finditer(rb"\d", content[slice(*stretch)])]
    starts = [start for start, end in _outside_streams(content) for _ in re.finditer(rb"\d", content[start:end])]
    for index in chance.sample(range(len(digits)), chance.choice((1, 4, 16))):
        changed[starts[index] + digits[index]] = chance.choice(b"0123456789")
    return bytes(changed)


# Then what a program that writes or repairs files does to their structure.


def table_misplaced(content: bytes, chance: Random) -> bytes | None:
    """The place of the table is wrong."""
    return _swap(content, chance, rb"startxref\s+(\d+)", lambda old: b"%0*d" % (len(old), chance.randrange(len(content))))


def places_shifted(content: bytes, chance: Random) -> bytes | None:
    """All places in the table are wrong by some bytes."""
    by = chance.choice((1, 7, 40))
    shifted = re.sub(rb"(\d{10}) (\d{5} n)", lambda found: b"%010d %s" % (int(found[1]) + by, found[2]), content)
    return shifted if shifted != content else None


def place_wrong(content: bytes, chance: Random) -> bytes | None:
    """One place in the table is another's."""
    places = re.findall(rb"(\d{10}) \d{5} n", content)
    return _swap(content, chance, rb"(\d{10}) \d{5} n", lambda _: chance.choice(places)) if places else None


def table_without_an_object(content: bytes, chance: Random) -> bytes | None:
    """The table says that an object is free."""
    return _swap(content, chance, rb"\d{10} \d{5} (n)", lambda _: b"f")


def no_table(content: bytes, _: Random) -> bytes | None:
    """The table is missing, the trailer is there."""
    start, end = content.rfind(b"\nxref"), content.rfind(b"trailer")
    return content[: start + 1] + content[end:] if 0 <= start < end else None


def no_root(content: bytes, chance: Random) -> bytes | None:
    """The trailer names no root."""
    return _swap(content, chance, rb"(/Root)", lambda _: b"/Toor")


def object_removed(content: bytes, chance: Random) -> bytes | None:
    """An object is gone, with its bytes."""
    return _swap(content, chance, rb"(?<!\d)(\d+ 0 obj.*?endobj)", lambda _: b"")


def object_blanked(content: bytes, chance: Random) -> bytes | None:
    """An object is gone, all others are where they were."""
    return _swap(content, chance, rb"(?<!\d)(\d+ 0 obj.*?endobj)", lambda old: b" " * len(old))


def object_null(content: bytes, chance: Random) -> bytes | None:
    """An object is there, and holds nothing."""
    return _swap(content, chance, rb"(?<!\d)\d+ 0 obj(.*?)endobj", lambda old: b" null".ljust(len(old)))


def object_numbered_as_another(content: bytes, chance: Random) -> bytes | None:
    """Two objects have one number."""
    numbers = re.findall(rb"(?<!\d)(\d+) 0 obj", content)
    return _swap(content, chance, rb"(?<!\d)(\d+) 0 obj", lambda old: chance.choice([n for n in numbers if len(n) == len(old)]))


def object_not_ended(content: bytes, chance: Random) -> bytes | None:
    """An object or a stream has no end."""
    return _swap(content, chance, rb"(endstream|endobj)", lambda old: b" " * len(old))


def tree_in_itself(content: bytes, chance: Random) -> bytes | None:
    """A node of the page tree holds the root of it."""
    root = re.search(rb"/Pages (\d+) 0 R", content)
    return root and _swap(content, chance, rb"/Kids\s*\[\s*(?:\d+ 0 R\s+)*?(\d+) 0 R", lambda old: root[1].rjust(len(old)))


def page_named_twice(content: bytes, chance: Random) -> bytes | None:
    """One page stands in the place of another."""
    kids = re.search(rb"/Kids\s*\[\s*(\d+)", content)
    return kids and _swap(content, chance, rb"/Kids\s*\[(?:\s*\d+ 0 R)+\s+(\d+) 0 R", lambda old: kids[1].rjust(len(old)))


def page_not_named(content: bytes, chance: Random) -> bytes | None:
    """The page tree has lost a page, and counts as before."""
    return _swap(content, chance, rb"/Kids\s*\[(?:\s*\d+ 0 R)*?\s*(\d+ 0 R)", lambda old: b" " * len(old))


def fewer_pages_said(content: bytes, chance: Random) -> bytes | None:
    """The page tree counts too few."""
    return _swap(content, chance, rb"/Count (\d+)", lambda old: b"%d" % max(1, int(old) - 1))


def more_pages_said(content: bytes, chance: Random) -> bytes | None:
    """The page tree counts too many."""
    return _swap(content, chance, rb"/Count (\d+)", lambda old: b"%d" % min(9, int(old) + 2))


def key_lost(name: bytes) -> Damage:
    """Return the damage that misspells one key or name."""
    return lambda content, chance: _swap(content, chance, rb"(/%s)\b" % name, lambda old: old[:-1] + b"~")


def reference_to_nothing(content: bytes, chance: Random) -> bytes | None:
    """Something that is used does not exist."""
    return _swap(content, chance, rb"(?<!\d)(\d+) 0 R", lambda old: b"9" * len(old))


def length_halved(content: bytes, chance: Random) -> bytes | None:
    """A stream says that it is shorter."""
    return _swap(content, chance, rb"/Length (\d{2,})", lambda old: b"%0*d" % (len(old), int(old) // 2))


def length_doubled(content: bytes, chance: Random) -> bytes | None:
    """A stream says that it is longer."""
    return _swap(content, chance, rb"/Length (\d{2,})", lambda old: (b"%d" % (int(old) * 2))[: len(old)])


def stream_changed(content: bytes, chance: Random) -> bytes | None:
    """Some bytes of one stream."""
    return _in_stream(content, chance, lambda data: bytes_changed(data, chance))


def stream_cut(content: bytes, chance: Random) -> bytes | None:
    """One stream ends early; its length is true."""
    return _in_stream(content, chance, lambda data: data[: int(len(data) * chance.uniform(0.1, 0.9))], tells=True)


def stream_emptied(content: bytes, chance: Random) -> bytes | None:
    """One stream is there, and holds nothing; its length is true."""
    return _in_stream(content, chance, lambda _: b"", tells=True)


def stream_of_another(content: bytes, chance: Random) -> bytes | None:
    """One stream holds zeros."""
    return _in_stream(content, chance, lambda data: bytes(len(data)))


def text_cut_and_packed(content: bytes, chance: Random) -> bytes | None:
    """The drawing orders of a page end in the middle, in a stream that is itself whole."""
    whole = [found for found in _STREAM.finditer(content) if b"/FlateDecode" in found[1] and not _OTHER.search(found[1])]
    texts = [found for found in whole if b" Tf" in _unpacked(found[3])]
    if not texts:
        return None
    found = chance.choice(texts)
    text = _unpacked(found[3])
    return _put(content, found, zlib.compress(text[: len(text) // 2]), tells=True)


def image_changed(content: bytes, chance: Random) -> bytes | None:
    """Some bytes of an image."""
    return _in_stream(content, chance, lambda data: bytes_changed(data, chance), of=b"/Image")


def image_cut(content: bytes, chance: Random) -> bytes | None:
    """An image ends early; its length is true."""
    return _in_stream(content, chance, lambda data: data[: int(len(data) * chance.uniform(0.1, 0.7))], of=b"/Image", tells=True)


def image_of_zeros(content: bytes, chance: Random) -> bytes | None:
    """The second half of an image was never written."""
    return _in_stream(content, chance, lambda data: data[: len(data) // 2] + bytes(len(data) - len(data) // 2), of=b"/Image")


def image_of_another_size(content: bytes, chance: Random) -> bytes | None:
    """An image says another size."""
    return _swap(content, chance, rb"/(?:Width|Height) (\d+)", lambda old: b"%0*d" % (len(old), int(old) // chance.choice((2, 3))))


def said_to_be_encrypted(content: bytes, chance: Random) -> bytes | None:
    """The trailer names an encryption that the file does not have."""
    if b"/Encrypt" in content:
        return None
    keys = b"/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O (%s) /U (%s) >> /Root" % (b"o" * 32, b"u" * 32)
    return _swap(content, chance, rb"(/Root)", lambda _: keys)


def encryption_changed(content: bytes, chance: Random) -> bytes | None:
    """A flag, a version or the key itself."""
    pattern = rb"/(?:V|R|P|Length) (-?\d+)" if chance.random() < 0.5 else rb"/[OU] ?<(\w+)"
    return _swap(content, chance, pattern, lambda old: old[:-1] + b"1") if b"/Encrypt" in content else None


def two_tables(content: bytes, chance: Random) -> bytes | None:
    """A second table that holds little, and says that the first is where it is not."""
    root = re.search(rb"/Root (\d+ 0 R)", content)
    tail = b"\nxref\n0 1\n0000000000 65535 f \ntrailer\n<< /Size 99 /Root %s /Prev %d >>\nstartxref\n%d\n%%%%EOF\n"
    return root and content + tail % (root[1], chance.choice((0, 9, len(content) // 2)), len(content) + 1)


def end_of_another(content: bytes, _: Random) -> bytes:
    """Two downloads in one file: the second is cut."""
    return content + content[: len(content) // 2]


WAYS: Mapping[str, Damage] = {
    "cut short": cut_short,
    "cut short, again": cut_short,
    "bytes changed": bytes_changed,
    "bytes changed, again": bytes_changed,
    "a block of zeros": block_of_zeros,
    "a block missing": block_missing,
    "a block twice": block_twice,
    "blocks swapped": blocks_swapped,
    "an error page inside": page_inside,
    "lines ended otherwise": lines_ended_otherwise,
    "seven bits": seven_bits,
    "encoded again": taken_for_text,
    "bytes before it": bytes_before,
    "half of it after it": end_of_another,
    "numbers changed": numbers_changed,
    "numbers changed, again": numbers_changed,
    "table misplaced": table_misplaced,
    "places shifted": places_shifted,
    "a place wrong": place_wrong,
    "an object said to be free": table_without_an_object,
    "no table": no_table,
    "no root": no_root,
    "two tables": two_tables,
    "an object removed": object_removed,
    "an object blanked": object_blanked,
    "an object null": object_null,
    "a number twice": object_numbered_as_another,
    "an end missing": object_not_ended,
    "page tree in itself": tree_in_itself,
    "a page named twice": page_named_twice,
    "a page not named": page_not_named,
    "fewer pages said": fewer_pages_said,
    "more pages said": more_pages_said,
    "a reference to nothing": reference_to_nothing,
    "contents lost": key_lost(b"Contents"),
    "resources lost": key_lost(b"Resources"),
    "fonts lost": key_lost(b"Font"),
    "forms and images lost": key_lost(b"XObject"),
    "map of letters lost": key_lost(b"ToUnicode"),
    "encoding lost": key_lost(b"Encoding"),
    "filter lost": key_lost(b"FlateDecode"),
    "a length halved": length_halved,
    "a length doubled": length_doubled,
    "a stream changed": stream_changed,
    "a stream cut": stream_cut,
    "a stream emptied": stream_emptied,
    "a stream of zeros": stream_of_another,
    "text cut, then packed": text_cut_and_packed,
    "an image changed": image_changed,
    "an image cut": image_cut,
    "half an image": image_of_zeros,
    "an image of another size": image_of_another_size,
    "said to be encrypted": said_to_be_encrypted,
    "encryption changed": encryption_changed,
}

_STREAM = re.compile(rb"(<<(?:[^<>]|<<[^<>]*>>|<\w*>)*>>)(\s*stream\r?\n)(.*?)\r?\nendstream", re.DOTALL)
_OTHER = re.compile(rb"/Type\s*/(?:XRef|ObjStm)|/Subtype\s*/Image")


def _block(content: bytes, chance: Random) -> tuple[int, int]:
    size = min(len(content) // 3, chance.choice((64, 512, 1460, 4096)))
    return chance.randrange(len(content) - size), size


def _outside_streams(content: bytes) -> Iterator[tuple[int, int]]:
    start = 0
    for found in _STREAM.finditer(content):
        yield start, found.start(3)
        start = found.end(3)
    yield start, len(content)


def _swap(content: bytes, chance: Random, pattern: bytes, new: Callable[[bytes], bytes]) -> bytes | None:
    """Change what one of the matches holds in its group, outside the data of streams."""
    outside = list(_outside_streams(content))
    matches = re.compile(pattern, re.DOTALL).finditer(content)
    found = [match for match in matches if any(start <= match.start(1) < end for start, end in outside)]
    if not found:
        return None
    one = chance.choice(found)
    changed = content[: one.start(1)] + new(one[1]) + content[one.end(1) :]
    return None if changed == content else changed


def _in_stream(content: bytes, chance: Random, change: Callable[[bytes], bytes], of: bytes = b"", *, tells: bool = False) -> bytes | None:
    """Change the data of one stream. `tells`: its length is changed too."""
    found = [match for match in _STREAM.finditer(content) if of in match[1] and match[3]]
    if not found:
        return None
    one = chance.choice(found)
    return _put(content, one, change(one[3]), tells=tells)


def _put(content: bytes, found: re.Match[bytes], data: bytes, *, tells: bool) -> bytes:
    head = re.sub(rb"/Length \d+", b"/Length %d" % len(data), found[1]) if tells else found[1]
    return content[: found.start()] + head + found[2] + data + content[found.end(3) :]


def _unpacked(data: bytes) -> bytes:
    try:
        return zlib.decompress(data)
    except zlib.error:
        return b""


# What became of each.


@dataclass(frozen=True, slots=True)
class Damaged:
    """One damaged file. `loss`: the greatest share of its words that a page lost; 1 where it is missing."""

    original: str
    way: str
    said: str
    loss: float

    @property
    def is_silent(self) -> bool:
        """True of a file that is said to be complete and is not."""
        return self.said == "complete" and self.loss > MOST_LOST


def damaged_files(seed: int) -> Iterator[tuple[str, str, bytes]]:
    """Yield each original in each way that there is for it: names of both, and the bytes."""
    for original, content in originals().items():
        for way, damage in WAYS.items():
            damaged = damage(content, Random(f"{seed}/{original}/{way}"))
            if damaged is not None and damaged != content:
                yield original, way, damaged


def words(reading: Reading) -> list[Counter[str]]:
    """Return the words of each page, in whichever of its texts."""
    return [Counter(page.text.split()) | Counter(page.other.split()) for page in reading.pages]


def loss(whole: Sequence[Counter[str]], left: Sequence[Counter[str]]) -> float:
    """Return the greatest share of its words that a page lost."""
    pages = [*left, *[Counter[str]()] * len(whole)]
    return max((before - after).total() / before.total() for before, after in zip(whole, pages, strict=False) if before)


async def measure(files: Sequence[tuple[str, str, bytes]], folder: Path, beside: int = 2) -> list[Damaged]:
    """Read the whole files, then the damaged ones, so many at once."""
    whole = {}
    for name, content in originals().items():
        reading = await _read(folder / "whole.pdf", content)
        if reading is None or not reading.complete:
            raise ValueError(f"the whole file is not complete: {name}")
        whole[name] = words(reading)
    at_once = asyncio.Semaphore(beside)

    async def one(number: int, original: str, way: str, content: bytes) -> Damaged:
        async with at_once:
            reading = await _read(folder / f"{number}.pdf", content)
        said = "refused" if reading is None else "complete" if reading.complete else "incomplete"
        return Damaged(original, way, said, 1.0 if reading is None else loss(whole[original], words(reading)))

    return await asyncio.gather(*(one(number, *each) for number, each in enumerate(files)))


async def _read(path: Path, content: bytes) -> Reading | None:
    await asyncio.to_thread(path.write_bytes, content)
    try:
        return await read_pdf(path, LIMITS)
    except Unreadable:
        return None


def report(found: Sequence[Damaged]) -> str:
    """Return the table by way, its sums, and each file that lost words in silence."""
    head = ("damage", "files", "complete", "incomplete", "refused", "lost in silence", "most lost of a complete one")
    ways = list(dict.fromkeys(one.way.removesuffix(", again") for one in found))
    rows = [head, *(_row(way, [one for one in found if one.way.removesuffix(", again") == way]) for way in ways), _row("all", found)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = ["  ".join((row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:]))) for row in rows]
    return "\n".join([*lines, *(f"lost in silence: {one.original}, {one.way}: {one.loss:.0%}" for one in found if one.is_silent)])


def _row(name: str, found: Sequence[Damaged]) -> tuple[str, ...]:
    said = Counter(one.said for one in found)
    most = max((one.loss for one in found if one.said == "complete"), default=None)
    silent = sum(one.is_silent for one in found)
    sums = (len(found), said["complete"], said["incomplete"], said["refused"], silent)
    return (name, *map(str, sums), "-" if most is None else f"{most:.0%}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Damage, read, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.damaged", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seed", type=int, default=1, help="what chance is drawn from (1)")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="leave the damaged files there, numbered as they were made")
    parser.add_argument("--only", default="", metavar="WORDS", help="originals or ways whose name holds these words")
    options = parser.parse_args(arguments)
    files = [each for each in damaged_files(options.seed) if options.only in f"{each[0]} / {each[1]}"]
    with tempfile.TemporaryDirectory(prefix="vigie-damaged-") as name:
        folder = options.keep or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        found = asyncio.run(measure(files, folder))
    print(report(found))
    return 1 if any(one.is_silent for one in found) else 0


if __name__ == "__main__":
    sys.exit(main())
