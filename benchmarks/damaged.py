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
_FONT = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
"""What is embedded. Where it is missing, a font that every reader has is named in its place."""

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
    family = "Courier" if embedded else "Helvetica"
    if embedded and _FONT.is_file():
        pdf.add_font(family := _FONT.stem, fname=_FONT)
    pdf.set_font(family, size=10)
    for number in (51, 52, 53):
        pdf.add_page()
        pdf.multi_cell(0, 13, _text(number))
    return bytes(pdf.output())


# The ways to damage them.

_STREAM = re.compile(rb"(<<(?:[^<>]|<<[^<>]*>>|<\w*>)*>>)(\s*stream\r?\n)(.*?)\r?\nendstream", re.DOTALL)
_OTHER = re.compile(rb"/Type\s*/(?:XRef|ObjStm)|/Subtype\s*/Image")
_OBJECT = rb"(?<!\d)(\d+ 0 obj.*?endobj)"
_PLACE = rb"(\d{10}) \d{5} n"
_NUMBER = rb"(?<!\d)(\d+) 0 obj"
_ENCRYPTED = b"/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O (%s) /U (%s) >> /Root" % (b"o" * 32, b"u" * 32)


def _cut_short(content: bytes, chance: Random) -> bytes:
    """As a download that ended early, or a disk that was full."""
    return content[: int(len(content) * chance.choice((chance.uniform(0.05, 0.9), chance.uniform(0.9, 0.999))))]


def _bytes_changed(content: bytes, chance: Random) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.choice((1, 4, 16, 64))):
        changed[chance.randrange(len(changed))] ^= chance.randrange(1, 256)
    return bytes(changed)


def _block(change: Callable[[bytes], bytes]) -> Damage:
    """A packet or sector that is another."""

    def damage(content: bytes, chance: Random) -> bytes:
        size = min(len(content) // 3, chance.choice((64, 512, 1460, 4096)))
        start = chance.randrange(len(content) - size)
        return content[:start] + change(content[start : start + size]) + content[start + size :]

    return damage


def _swapped(block: bytes) -> bytes:
    half = len(block) // 2
    return block[half : 2 * half] + block[:half] + block[2 * half :]


def _numbers_changed(content: bytes, chance: Random) -> bytes:
    """Lengths, counts, sizes and references are what a reader trusts."""
    changed = bytearray(content)
    digits = [found.start() for start, end in _outside_streams(content) for found in re.compile(rb"\d").finditer(content, start, end)]
    for index in chance.sample(range(len(digits)), chance.choice((1, 4, 16))):
        changed[digits[index]] = chance.choice(b"0123456789")
    return bytes(changed)


def _places_shifted(content: bytes, chance: Random) -> bytes:
    """All places in the table are wrong by some bytes."""
    by = chance.choice((1, 7, 40))
    return re.sub(rb"(\d{10}) (\d{5} n)", lambda found: b"%010d %s" % (int(found[1]) + by, found[2]), content)


def _no_table(content: bytes, _: Random) -> bytes | None:
    """The table is missing, the trailer is there."""
    start, end = content.rfind(b"\nxref"), content.rfind(b"trailer")
    return content[: start + 1] + content[end:] if 0 <= start < end else None


def _two_tables(content: bytes, chance: Random) -> bytes | None:
    """A second table that holds little, and says that the first is where it is not."""
    root = re.search(rb"/Root (\d+ 0 R)", content)
    tail = b"\nxref\n0 1\n0000000000 65535 f \ntrailer\n<< /Size 99 /Root %s /Prev %d >>\nstartxref\n%d\n%%%%EOF\n"
    return root and content + tail % (root[1], chance.choice((0, 9, len(content) // 2)), len(content) + 1)


def _number_after(named: bytes) -> Callable[[bytes, Random, bytes], bytes | None]:
    return lambda old, _, file: (found := re.search(named, file)) and found[1].rjust(len(old))


def _key_lost(name: bytes) -> Damage:
    """One key or name is misspelt."""
    return _swap(rb"(/%s)\b" % name, lambda old, *_: old[:-1] + b"~")


def _text_cut_and_packed(content: bytes, chance: Random) -> bytes | None:
    """The drawing orders of a page end in the middle, in a stream that is itself whole."""
    whole = [found for found in _STREAM.finditer(content) if b"/FlateDecode" in found[1] and not _OTHER.search(found[1])]
    texts = [found for found in whole if b" Tf" in _unpacked(found[3])]
    if not texts:
        return None
    found = chance.choice(texts)
    text = _unpacked(found[3])
    return _put(content, found, zlib.compress(text[: len(text) // 2]), tells=True)


def _encryption_changed(content: bytes, chance: Random) -> bytes | None:
    """A flag, a version or the key itself."""
    if b"/Encrypt" not in content:
        return None
    pattern = rb"/(?:V|R|P|Length) (-?\d+)" if chance.random() < 0.5 else rb"/[OU] ?<(\w+)"
    return _swap(pattern, lambda old, *_: old[:-1] + b"1")(content, chance)


def _outside_streams(content: bytes) -> Iterator[tuple[int, int]]:
    start = 0
    for found in _STREAM.finditer(content):
        yield start, found.start(3)
        start = found.end(3)
    yield start, len(content)


def _swap(pattern: bytes, new: Callable[[bytes, Random, bytes], bytes | None]) -> Damage:
    """Change what one of the matches holds in its group, outside the data of streams. `new` gets it, and the file; None where it cannot."""

    def damage(content: bytes, chance: Random) -> bytes | None:
        outside = list(_outside_streams(content))
        matches = re.compile(pattern, re.DOTALL).finditer(content)
        found = [match for match in matches if any(start <= match.start(1) < end for start, end in outside)]
        if not found:
            return None
        one = chance.choice(found)
        put = new(one[1], chance, content)
        return None if put is None else content[: one.start(1)] + put + content[one.end(1) :]

    return damage


def _stream(change: Callable[[bytes, Random], bytes], of: bytes = b"", *, tells: bool = False) -> Damage:
    """Change the data of one stream. `tells`: its length is changed too."""

    def damage(content: bytes, chance: Random) -> bytes | None:
        found = [match for match in _STREAM.finditer(content) if of in match[1] and match[3]]
        if not found:
            return None
        one = chance.choice(found)
        return _put(content, one, change(one[3], chance), tells=tells)

    return damage


def _put(content: bytes, found: re.Match[bytes], data: bytes, *, tells: bool) -> bytes:
    head = re.sub(rb"/Length \d+", b"/Length %d" % len(data), found[1]) if tells else found[1]
    return content[: found.start()] + head + found[2] + data + content[found.end(3) :]


def _unpacked(data: bytes) -> bytes:
    try:
        return zlib.decompress(data)
    except zlib.error:
        return b""


WAYS: Mapping[str, Damage] = {
    # What happens on the way or on a disk, to bytes that nobody understood.
    "cut short": _cut_short,
    "cut short, again": _cut_short,
    "bytes changed": _bytes_changed,
    "bytes changed, again": _bytes_changed,
    "a block of zeros": _block(lambda block: bytes(len(block))),
    "a block missing": _block(lambda _: b""),
    "a block twice": _block(lambda block: block + block),
    "blocks swapped": _block(_swapped),
    "an error page inside": _block(lambda _: b"<html><body><h1>504 Gateway Time-out</h1></body></html>\n"),
    "lines ended otherwise": lambda content, _: content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"),
    "seven bits": lambda content, _: content.translate(bytes(byte & 0x7F for byte in range(256))),
    "encoded again": lambda content, _: content.decode("latin-1").encode(),
    "bytes before it": lambda content, chance: b"\n" * chance.choice((1, 3, 200)) + content,
    "half of it after it": lambda content, _: content + content[: len(content) // 2],
    "numbers changed": _numbers_changed,
    "numbers changed, again": _numbers_changed,
    # What a program that writes or repairs files does to their structure.
    "table misplaced": _swap(rb"startxref\s+(\d+)", lambda old, chance, file: b"%0*d" % (len(old), chance.randrange(len(file)))),
    "places shifted": _places_shifted,
    "a place wrong": _swap(_PLACE, lambda _, chance, file: chance.choice(re.findall(_PLACE, file))),
    "an object said to be free": _swap(rb"\d{10} \d{5} (n)", lambda *_: b"f"),
    "no table": _no_table,
    "no root": _swap(rb"(/Root)", lambda *_: b"/Toor"),
    "two tables": _two_tables,
    "an object removed": _swap(_OBJECT, lambda *_: b""),
    "an object blanked": _swap(_OBJECT, lambda old, *_: b" " * len(old)),
    "an object null": _swap(rb"(?<!\d)\d+ 0 obj(.*?)endobj", lambda old, *_: b" null".ljust(len(old))),
    "a number twice": _swap(_NUMBER, lambda old, chance, file: chance.choice([n for n in re.findall(_NUMBER, file) if len(n) == len(old)])),
    "an end missing": _swap(rb"(endstream|endobj)", lambda old, *_: b" " * len(old)),
    "page tree in itself": _swap(rb"/Kids\s*\[\s*(?:\d+ 0 R\s+)*?(\d+) 0 R", _number_after(rb"/Pages (\d+) 0 R")),
    "a page named twice": _swap(rb"/Kids\s*\[(?:\s*\d+ 0 R)+\s+(\d+) 0 R", _number_after(rb"/Kids\s*\[\s*(\d+)")),
    "a page not named": _swap(rb"/Kids\s*\[(?:\s*\d+ 0 R)*?\s*(\d+ 0 R)", lambda old, *_: b" " * len(old)),
    "fewer pages said": _swap(rb"/Count (\d+)", lambda old, *_: b"%d" % max(1, int(old) - 1)),
    "more pages said": _swap(rb"/Count (\d+)", lambda old, *_: b"%d" % min(9, int(old) + 2)),
    "a reference to nothing": _swap(rb"(?<!\d)(\d+) 0 R", lambda old, *_: b"9" * len(old)),
    "contents lost": _key_lost(b"Contents"),
    "resources lost": _key_lost(b"Resources"),
    "fonts lost": _key_lost(b"Font"),
    "forms and images lost": _key_lost(b"XObject"),
    "map of letters lost": _key_lost(b"ToUnicode"),
    "encoding lost": _key_lost(b"Encoding"),
    "filter lost": _key_lost(b"FlateDecode"),
    "a length halved": _swap(rb"/Length (\d{2,})", lambda old, *_: b"%0*d" % (len(old), int(old) // 2)),
    "a length doubled": _swap(rb"/Length (\d{2,})", lambda old, *_: (b"%d" % (int(old) * 2))[: len(old)]),
    "a stream changed": _stream(_bytes_changed),
    "a stream cut": _stream(lambda data, chance: data[: int(len(data) * chance.uniform(0.1, 0.9))], tells=True),
    "a stream emptied": _stream(lambda *_: b"", tells=True),
    "a stream of zeros": _stream(lambda data, _: bytes(len(data))),
    "text cut, then packed": _text_cut_and_packed,
    "an image changed": _stream(_bytes_changed, b"/Image"),
    "an image cut": _stream(lambda data, chance: data[: int(len(data) * chance.uniform(0.1, 0.7))], b"/Image", tells=True),
    "half an image": _stream(lambda data, _: data[: len(data) // 2] + bytes(len(data) - len(data) // 2), b"/Image"),
    "an image of another size": _swap(
        rb"/(?:Width|Height) (\d+)", lambda old, chance, _: b"%0*d" % (len(old), int(old) // chance.choice((2, 3)))
    ),
    # The trailer names an encryption that the file does not have.
    "said to be encrypted": _swap(rb"(/Root)", lambda _, __, file: None if b"/Encrypt" in file else _ENCRYPTED),
    "encryption changed": _encryption_changed,
}


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
