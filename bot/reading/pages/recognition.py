"""Decides whether a page must be recognised, recognises it with Tesseract, and joins the result with the text layer. The thresholds were
measured on real recueils."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import re
import shutil
import subprocess
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from bot.domain.text import MOST_UNSURE, bare, fold_letters

ACT_ID = r"(?:(?:D?\d{2,3}|2[AB]|R\d{2}|[A-Z]{3})-\d{4}|(?<![\w-])20\d\d)-\d{2}-\d{2}-\d{3,5}"
BEFORE_ID = r"(?:(?i:acte)\s+(?:n\s?[°º]|(?i:publiable))\s?)?"
DASH = r"[-–—]"
MARK = re.compile(rf"(?P<dash>\s{DASH})\s+{BEFORE_ID}(?P<id>{ACT_ID})\s*{DASH}\s*")
"""What the running title of the national template holds, see `bot.reading.acts.titles`."""
_LONG_STAMP = 1200
"""Real titles have up to 1,000 characters."""
LITTLE_TEXT = 600
"""Characters, those of the running title aside, below which a page that shows an image may be a scan on which that title is stamped."""
HALF_A_PAGE = 1500
"""Characters below which a page of text has room for a scan that was pasted on it."""
NO_TEXT = 20
"""Characters below which a page has no text of its own: a page number at most."""
MUCH_IMAGE = 0.35
SOME_IMAGE = 0.02
MUCH_INK = 0.01
"""Share of the page darkened by something that is neither text nor background, above which that something may be letters."""
PASTED_INK = 0.02
"""Ink besides the text above which an image shows more than it says: a pasted scan has 0.04, a scan with its own text over it 0.0001."""
SOME_INK = 0.0002
"""Below this, a page without text is blank: the dust on a scan is less, and so is a page number; ten letters are more."""
TOO_MUCH_GARBAGE = 0.02
SOME_GARBAGE = 0.01
ENOUGH_TO_JUDGE = 200
"""Letters from which the absence of any French word means something."""
HARDLY_FRENCH = 0.06
"""Share of common words of two letters or more. 99 in 100 of 10,000 pieces of real recueils have more, most tables included; a text with
shifted letters has hardly any."""
FRENCH_ENOUGH = 0.25
"""Share of common words that 98 pages in 100 of real recueils reach, tables included; the old OCR of a scan often does not."""
TOO_ODD = 0.08
"""Marks of a poor OCR per word: good layers have 0.03 at most, addresses and codes included."""
_SAMPLE = 1500

# A font without a usable ToUnicode table comes out as glyph names (`/12 /3 □ /7`), as U+FFFD, or in the private use area.
_GLYPH_NAMES = re.compile(r"(?:(?:/g?\d{1,4}|\(cid:\d+\)|[□\ufffd])\s*){4,}")
_LETTERS_LOST = re.compile(r"[\ufffd\x00-\x08\x0e-\x1f\x7f-\x9f]|(?<=[^\s])[\ue000-\uf8ff]|[\ue000-\uf8ff](?=\S)")
# Quick and wider than the two above: most pages hold none of these.
_SUSPECT = re.compile(r"(?<!\d)/g?\d{1,4}\s*/|[□\ufffd\x00-\x08\x0e-\x1f\x7f-\x9f\ue000-\uf8ff]|\(cid:")

_COMMON_WORDS = frozenset(
    re.findall(
        r"\w+",
        "a à au aux article arrêté arrête arrete avec ce cette dans de des du dû d en est et il l la là le les ou où par pour"
        " préfet prefet préfète prefete préfecture prefecture que qui sa se ses son sur un une vu",
    )
)
_WORD = re.compile(r"[^\W\d_]+")
_ODD = re.compile(r"[a-zà-ÿ][A-ZÀ-Þ]|[A-Za-zÀ-ÿ]\d[A-Za-zÀ-ÿ]|[|\\<>{}~^¢£¥§]")


class Layer(Enum):
    """What a text layer is worth. `SHORT`: right, but the page may show much more than it says (a scan under a stamped running title)."""

    GOOD = "good"
    SHORT = "short"
    DOUBTFUL = "doubtful"
    GARBLED = "garbled"


@dataclass(frozen=True, slots=True)
class PageInk:
    """Measures what the page shows besides its text, as shares (0 to 1). `coverage`: of the page under images. `ink`: of the page darkened
    by anything but recognised text (curves, glyphs without meaning). `lost`: of its glyphs whose code has no meaning."""

    coverage: float = 0.0
    ink: float = 0.0
    lost: float = 0.0


def is_convincing(text: str) -> bool:
    """Return whether the words alone prove a right and whole layer, so that the rest need not be checked. False if images take much of the
    page and the text is less than `HALF_A_PAGE`: it may be a pasted scan."""
    return own_length(text) >= LITTLE_TEXT and not garbage_ratio(text) and french_share(text) >= FRENCH_ENOUGH and oddity(text) <= TOO_ODD


def judge(text: str, shown: PageInk) -> Layer:
    """Return what the layer is worth. "Skip the pages that have text" would miss every scan that carries the stamped running title."""
    length = len(text.strip())
    # A font that does not say which letters it draws is guessed at: often rightly, which only the words can tell.
    if shown.lost > TOO_MUCH_GARBAGE and not clearly_french(text):
        return Layer.GARBLED
    if length < NO_TEXT:
        return Layer.SHORT if shown.coverage > SOME_IMAGE or shown.ink > SOME_INK else Layer.GOOD
    garbage = garbage_ratio(text)
    if garbage > TOO_MUCH_GARBAGE:
        return Layer.GARBLED
    own = own_length(text)
    if own < LITTLE_TEXT and (shown.coverage > MUCH_IMAGE or shown.ink > MUCH_INK):
        return Layer.SHORT
    if garbage > SOME_GARBAGE or not reads_as_french(text) or (shown.lost > SOME_GARBAGE and not clearly_french(text)):
        return Layer.DOUBTFUL
    # The text that a scanner's software once put under its image.
    poor = french_share(text) < FRENCH_ENOUGH or oddity(text) > TOO_ODD
    pasted = own < HALF_A_PAGE and shown.ink > PASTED_INK
    return Layer.DOUBTFUL if shown.coverage > MUCH_IMAGE and length >= LITTLE_TEXT and (poor or pasted) else Layer.GOOD


def own_length(text: str) -> int:
    """Return how many characters a page has besides its stamped title, whose end one page does not show: from its identifier on, the length
    of a long title is left out."""
    length = len(text.strip())
    stamp = next(reversed(list(MARK.finditer(text))), None)
    return length if stamp is None else max(stamp.start(), length - _LONG_STAMP)


def garbage_ratio(text: str) -> float:
    """Return the share (0 to 1) of visible characters that are glyph numbers or lost letters. A lone bullet or a `l□article` is not one."""
    if not _SUSPECT.search(text):
        return 0.0
    visible = _visible(text)
    names = sum(_visible(run[0]) for run in _GLYPH_NAMES.finditer(text))
    rest = _GLYPH_NAMES.sub(" ", text)
    return (names + len(_LETTERS_LOST.findall(rest))) / visible if visible else 0.0


def french_share(text: str) -> float:
    """Return the share (0 to 1) of words that are among the commonest of French administrative writing."""
    words = _words(text)
    return sum(map(_COMMON_WORDS.__contains__, words)) / len(words) if words else 0.0


def oddity(text: str) -> float:
    """Return how often, per word of a sample, letters stand together that no word has (`aut0risation`, `|e`): marks of a poor OCR."""
    sample = text[:_SAMPLE]
    return len(_ODD.findall(sample)) / len(sample.split()) if sample.strip() else 0.0


def reads_as_french(text: str) -> bool:
    """Return False when there is enough text to judge and hardly any common French word in it (wrong letters, or a table of names)."""
    words = _words(text)
    common = sum(len(word) > 1 and word in _COMMON_WORDS for word in words)
    return sum(map(len, words)) < ENOUGH_TO_JUDGE or common >= HARDLY_FRENCH * len(words)


def clearly_french(text: str) -> bool:
    """Return whether there are sentences enough that the text can only be right, however its fonts were made."""
    return len(_words(text)) >= 20 and french_share(text) >= 0.15


def merit(text: str) -> float:
    """To compare two readings of one page: how much French is in it, less what only a bad reading holds."""
    return sum(map(_COMMON_WORDS.__contains__, _words(text))) * (1 - min(1.0, garbage_ratio(text) + oddity(text)))


def _visible(text: str) -> int:
    return len("".join(text.split()))


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


# The text as a reader sees it: what fonts and exports put in place of letters, put right.

# LibreOffice exports its "ti" and "tt" ligatures under these two letters, which no French word holds.
_LETTERS = {"Ɵ": "ti", "Ʃ": "tt", "\u00ad": "", "\u200b": "", "\u200c": "", "\u200d": "", "\u2060": "", "\ufeff": "", "\x00": ""}
# Compatibility forms are opened one by one: a whole NFKC would also flatten `n°`-like signs and superscripts into other words.
# Of other alphabets, where they look like the Latin ones.
_LETTERS |= dict(zip("АВЕЅІЈКМНОРСТУХаеѕіјорсухԁһԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧοϲϳ", "ABESIJKMHOPCTYXaesijopcyxdhqwABEZHIKMNOPTYXocj", strict=True))
_LETTERS |= {chr(code): unicodedata.normalize("NFKC", chr(code)) for code in range(0xFB00, 0xFB50)}
_TO_OPEN = re.compile("[" + "".join(_LETTERS) + "]")
# pdfium puts U+0002 (or the noncharacter U+FFFE) for "hyphen at the end of a line" and drops the line break.
_LINE_HYPHEN = re.compile("[\x02\ufffe]\n?")
# Covers and tables of contents made before mid-2024 show a box for each apostrophe (`l□emploi`).
_BOX_FOR_APOSTROPHE = re.compile(r"(?<=[^\W\d_])□(?=[^\W\d_])")


# A font whose encoding is lost is read in that of Adobe (ISO 32000-1, annex D): of French these letters come out as others.
_STANDARD = str.maketrans({"Ø": "é", "Ł": "è", "Œ": "ê", "ß": "û", "ø": "ù", "˚": "Ê", "¨": "È"})
_OTHER_ENCODING = re.compile(r"(?<=[a-zà-ÿ])[ØŁŒ]|[ØŁŒ](?=[a-zà-ÿ])")
_ENOUGH_OF_IT = 3
"""So many of its letters in words, and no `é`: a text in it, not the name of a Danish town."""


def repair(text: str) -> str:
    """Put a text right: ligatures opened, soft hyphens gone, boxes back to apostrophes, line breaks kept (always `\\n`)."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _TO_OPEN.sub(lambda found: _LETTERS[found[0]], text)
    if "□" in text:
        text = _BOX_FOR_APOSTROPHE.sub("'", text)
    text = _LINE_HYPHEN.sub("-\n", text)
    if "Ø" in text and "é" not in text and len(_OTHER_ENCODING.findall(text)) >= _ENOUGH_OF_IT:
        text = text.translate(_STANDARD)
    return unicodedata.normalize("NFC", text)


# One text out of a page's text layer and its OCR: neither is lost, and what both hold is there once.

_ALIKE = 80.0
_MOST_STAMPED_LINES = 12


def combine(layer: str, worth: Layer, recognised: str) -> tuple[str, str]:
    """Return the text of the page, and its other text if neither is reliable alone (else empty). OCR replaces a garbled layer, and one
    without French words if OCR has them. A doubtful layer is kept beside OCR, the better first. A right one (a stamped running title)
    replaces the OCR lines that repeat it, and comes last."""
    if not recognised.strip():
        return layer, ""
    if not layer.strip():
        return recognised, ""
    if worth is Layer.GARBLED and (garbage_ratio(layer) > TOO_MUCH_GARBAGE or merit(recognised) > merit(layer)):
        return recognised, ""
    if worth is Layer.DOUBTFUL and not reads_as_french(layer) and clearly_french(recognised):
        return recognised, ""
    if worth in (Layer.GARBLED, Layer.DOUBTFUL):
        first, second = (recognised, layer) if merit(recognised) > merit(layer) else (layer, recognised)
        return first, "" if fold_letters(first) == fold_letters(second) else second
    lines = recognised.splitlines()
    start, end = _repeated(lines, layer)
    return "\n".join([*lines[start:end], layer.strip("\n")]).strip("\n"), ""


def _repeated(lines: Sequence[str], layer: str) -> tuple[int, int]:
    """Return the bounds of `lines` without those at the bottom, else at the top, that repeat the whole of `layer`. Not further inside,
    where the document may have the words of its running title."""
    stamped = fold_letters(layer)
    most = min(len(lines), _MOST_STAMPED_LINES)
    bottom = {count: _alike(lines[-count:], stamped) for count in range(1, most + 1)}
    top = {count: _alike(lines[:count], stamped) for count in range(1, most + 1)}
    for found, bounds in ((bottom, lambda n: (0, len(lines) - n)), (top, lambda n: (n, len(lines)))):
        best = max(found, key=found.__getitem__, default=0)
        if best and found[best] >= _ALIKE:
            return bounds(best)
    return 0, len(lines)


def _alike(lines: Sequence[str], stamped: str) -> float:
    from rapidfuzz import fuzz  # noqa: PLC0415 - 10 ms that a PDF without scans does not owe

    return float(fuzz.ratio(fold_letters("".join(lines)), stamped))


# Tesseract: in process (tesserocr, with its own library) or by the `tesseract` command. Both need the system's `fra.traineddata` (Debian:
# `tesseract-ocr-fra`). 150 dpi is faster and more exact than 300 on administrative scans; only page segmentation mode 3 keeps columns
# apart.

LANGUAGE = "fra"
FIRST_DPI = 150
SECOND_DPI = 220
SURE_ENOUGH = 85
"""Mean confidence (0 to 100) below which a second, finer rendering is worth its time: below it, accuracy falls under 99 %."""
_SURE_WORD = 75
"""Confidence of a word below which a line or stamp may cross it. Misread numbers and days had at least one such word, clean scans hardly
any."""
_UPRIGHT = 60
"""Pages upside down or on their side are read with 29 to 50, upright ones with 75 and more, the hardest included."""
_ENOUGH_LETTERS = 20
"""Fewer say nothing of how the page lies: those that a photograph seems to hold."""
_OTHER_WAYS = (180, 90)
"""Tesseract finds by itself that lines run down the page; turned by half, those that ran up do. A quarter turn is for what it misses."""
_AUTOMATIC_LAYOUT = 3
_DATA_FOLDERS = (
    "/usr/share/tesseract-ocr/*/tessdata",
    "/usr/share/tesseract-ocr/tessdata",
    "/usr/share/tessdata",
    "/usr/share/tesseract/tessdata",
    "/usr/local/share/tessdata",
    "/opt/homebrew/share/tessdata",
)


@dataclass(frozen=True, slots=True)
class Raster:
    """A page as an image: 8-bit grey, `stride` bytes a row, `dpi` dots per inch."""

    data: bytes
    width: int
    height: int
    stride: int
    dpi: int


@dataclass(frozen=True, slots=True)
class Recognised:
    """Holds what was read, how sure the engine is of it (0 to 100, mean over the words), and of which words it is not."""

    text: str
    confidence: int
    unsure: frozenset[str] = frozenset()

    @property
    def letters(self) -> int:
        """How many visible characters were read."""
        return len("".join(self.text.split()))


class OcrFailed(Exception):
    """The engine gave no answer for this page."""


Line = tuple[str, str, str]
"""Block, paragraph and line of a page, as Tesseract numbers them."""


@dataclass(frozen=True, slots=True)
class RecognisedWord:
    """One word as read: its line, its place on the image (left, top, right, bottom, in pixels), how sure the engine is of it (0 to 100)."""

    text: str
    line: Line
    box: tuple[float, float, float, float]
    confidence: float


class Ocr(Protocol):
    """One engine. `read` raises OcrFailed."""

    def read(self, image: Raster) -> Recognised:
        """Read one page."""
        ...


def find_data(environment: Mapping[str, str] = os.environ) -> Path | None:
    """Return the folder of the French data: `TESSDATA_PREFIX` (or its `tessdata`), else the systems' usual folders. For the parent of a
    reading process, which may not read these folders."""
    prefix = environment.get("TESSDATA_PREFIX")
    given = [Path(prefix).absolute(), Path(prefix).absolute() / "tessdata"] if prefix else []
    usual = [folder for pattern in _DATA_FOLDERS for folder in sorted(Path("/").glob(pattern.lstrip("/")), reverse=True)]
    return next((folder for folder in [*given, *usual] if (folder / f"{LANGUAGE}.traineddata").is_file()), None)


def find_ocr(data: Path | None) -> InProcess | TesseractCommand | None:
    """Return the best engine of this machine with the French data of this folder, or None when there is no engine or no data."""
    if data is None:
        return None
    try:
        return InProcess(data)
    except (ImportError, RuntimeError):
        # Not installed, or a library or data file it cannot load.
        command = shutil.which("tesseract")
        return TesseractCommand(command, data) if command else None


def recognise(engine: Ocr, render: Callable[[int, int], Raster]) -> Recognised:
    """Read a page, again upside down when hardly a word was sure, and at a finer resolution when the engine is still unsure: four readings
    at most. `render` draws the page at a dpi, turned clockwise by so many degrees. Raises OcrFailed when the first reading fails."""
    best, best_turn = engine.read(render(FIRST_DPI, 0)), 0
    if best.letters >= _ENOUGH_LETTERS:
        for turn in _OTHER_WAYS:
            if best.confidence >= _UPRIGHT:
                break
            best, best_turn = _surer(best, best_turn, _try(engine, render, FIRST_DPI, turn), turn)
    if best.confidence >= SURE_ENOUGH or not best.letters:
        return best
    return _surer(best, best_turn, _try(engine, render, SECOND_DPI, best_turn), best_turn)[0]


def _try(engine: Ocr, render: Callable[[int, int], Raster], dpi: int, turn: int) -> Recognised:
    try:
        return engine.read(render(dpi, turn))
    except OcrFailed:
        return Recognised("", 0)


def _surer(old: Recognised, old_turn: int, new: Recognised, turn: int) -> tuple[Recognised, int]:
    # One sure word is not worth a page of doubtful ones.
    better = new.confidence > old.confidence and 2 * new.letters >= old.letters
    return (new, turn) if better else (old, old_turn)


class InProcess:
    """Tesseract loaded once in this process: no start-up cost per page, no second process."""

    def __init__(self, data: Path) -> None:
        """Raises ImportError where tesserocr is not installed, RuntimeError where it cannot use the data."""
        import tesserocr  # noqa: PLC0415 - an optional extra, and 50 ms that a PDF without scans does not owe

        self._api: Any = tesserocr.PyTessBaseAPI(path=str(data), lang=LANGUAGE, psm=tesserocr.PSM.AUTO)
        # tesserocr sends Tesseract's remarks to /dev/null, which a confined process cannot open: the first remark would end it (SIGSEGV).
        self._api.SetVariable("debug_file", "")

    def read(self, image: Raster) -> Recognised:
        """Read one page. Raises OcrFailed."""
        with self._holding(image) as api:
            text = api.GetUTF8Text()
            # The table takes a seventieth of what the page took, so that it is asked for where a word is doubtful only.
            is_sure = min(api.AllWordConfidences(), default=0) >= _SURE_WORD
            unsure = frozenset[str]() if is_sure else unsure_of(words_of(str(api.GetTSVText(0))))
            # Of no word at all, Tesseract is quite sure.
            return Recognised(text, int(api.MeanTextConf()) if text.strip() else 0, unsure)

    def words(self, image: Raster) -> list[RecognisedWord]:
        """Read one page, word by word. Raises OcrFailed."""
        with self._holding(image) as api:
            return words_of(str(api.GetTSVText(0)))

    @contextmanager
    def _holding(self, image: Raster) -> Iterator[Any]:
        try:
            self._api.SetImageBytes(image.data, image.width, image.height, 1, image.stride)
            self._api.SetSourceResolution(image.dpi)
            yield self._api
        except RuntimeError as error:
            raise OcrFailed(str(error)) from error
        finally:
            self._api.Clear()


_NO_REMARKS = 6
"""The severity (of Leptonica) above which there is nothing to say."""
_EIGHTH = 8
"""How much smaller an image is decoded: all of its data is gone through, and a page takes a few milliseconds."""


@lru_cache(maxsize=1)
def _leptonica() -> Any:
    """Return the image library that tesserocr carries beside its Tesseract; None where there is none."""
    found = importlib.util.find_spec("tesserocr")
    folders = [] if found is None or found.origin is None else [each / "tesserocr.libs" for each in Path(found.origin).parents[:2]]
    file = next((file for folder in folders for file in folder.glob("libleptonica*")), None)
    if file is None:
        return None
    library = ctypes.CDLL(str(file))
    library.setMsgSeverity(_NO_REMARKS)
    number, pointer = ctypes.c_int, ctypes.POINTER
    library.pixReadMemJpeg.restype = ctypes.c_void_p
    library.pixReadMemJpeg.argtypes = [ctypes.c_char_p, ctypes.c_size_t, number, number, pointer(number), number]
    library.pixDestroy.argtypes = [pointer(ctypes.c_void_p)]
    return library


def jpeg_is_whole(data: bytes) -> bool:
    """Return False when a JPEG ends too early or holds what its decoder must skip, as a part of it is then wrong; pdfium draws it without
    an error. True without tesserocr, whose image library decides."""
    library = _leptonica()
    if library is None:
        return True
    warnings = ctypes.c_int(0)
    image = ctypes.c_void_p(library.pixReadMemJpeg(data, len(data), 0, _EIGHTH, ctypes.byref(warnings), 0))
    if image.value:
        library.pixDestroy(ctypes.byref(image))
    return warnings.value == 0


class TesseractCommand:
    """The `tesseract` command, one process a page."""

    def __init__(self, command: str, data: Path) -> None:
        self._command = (command, "stdin", "stdout", "--tessdata-dir", str(data), "-l", LANGUAGE, "--psm", str(_AUTOMATIC_LAYOUT))
        # Its own threads fight over small pages: without this limit a page takes ten times longer.
        self._environment = {"PATH": os.defpath, "OMP_THREAD_LIMIT": "1"}

    def read(self, image: Raster) -> Recognised:
        """Read one page. Raises OcrFailed."""
        return in_lines(self.words(image))

    def words(self, image: Raster) -> list[RecognisedWord]:
        """Read one page, word by word. Raises OcrFailed."""
        # Not the configuration file `tsv`, which says the same: a folder that holds the French data alone has none.
        command = (*self._command, "--dpi", str(image.dpi), "-c", "tessedit_create_tsv=1")
        done = subprocess.run(command, input=_pgm(image), capture_output=True, env=self._environment, check=False)  # noqa: S603 - our own command, without a shell
        if done.returncode != 0:
            raise OcrFailed(f"tesseract ended with status {done.returncode}: {done.stderr[-200:].decode(errors='replace').strip()}")
        return words_of(done.stdout.decode("utf-8", "replace"))


def _pgm(image: Raster) -> bytes:
    rows = (image.data[row * image.stride : row * image.stride + image.width] for row in range(image.height))
    return b"P5 %d %d 255\n" % (image.width, image.height) + b"".join(rows)


_TELLING_WORD = 4
_COLUMNS = 12
"""Of Tesseract's table: level, page, block, paragraph, line, word, left, top, width, height, confidence, text."""


def words_of(table: str) -> list[RecognisedWord]:
    """Return the words of Tesseract's table (TSV): neither headings nor blocks, nor what holds no letter."""
    found = []
    for line in table.splitlines():
        row = line.split("\t", _COLUMNS - 1)
        if len(row) == _COLUMNS and row[0] == "5" and row[11].strip() and float(row[10]) >= 0:
            left, top, width, height = map(float, row[6:10])
            found.append(RecognisedWord(row[11].strip(), (row[2], row[3], row[4]), (left, top, left + width, top + height), float(row[10])))
    return found


def mean_confidence(words: Sequence[RecognisedWord]) -> float:
    """Return the mean confidence of the words (0 to 100), 0 where there is none."""
    return sum(word.confidence for word in words) / len(words) if words else 0.0


def in_lines(words: Sequence[RecognisedWord]) -> Recognised:
    """Put words back in lines; an empty line between two paragraphs, as Tesseract's plain text has."""
    lines: dict[Line, list[str]] = {}
    for word in words:
        lines.setdefault(word.line, []).append(word.text)
    text, paragraph = "", None
    for (block, par, _), texts in lines.items():
        text += ("\n" if paragraph not in (None, (block, par)) else "") + " ".join(texts) + "\n"
        paragraph = (block, par)
    return Recognised(text, round(mean_confidence(words)), unsure_of(words))


def unsure_of(words: Sequence[RecognisedWord]) -> frozenset[str]:
    """Return the words that the engine is unsure of, except short ones without a figure, and unsure words with a figure beside them, where
    a number or a day may be cut."""
    found: set[str] = set()
    for position, word in enumerate(words):
        if word.confidence >= _SURE_WORD:
            continue
        near = words[max(position - 1, 0) : position + 2]
        cut = {bare(other.text) for other in near if other.line == word.line and any(map(str.isdigit, other.text))}
        found |= cut | ({bare(word.text)} if len(word.text) >= _TELLING_WORD else set())
    return frozenset(sorted(found - {""})[:MOST_UNSURE])


def ocr_available() -> bool:
    """Return whether a Tesseract engine and its French data are on this machine. `bot.reading.sandbox.probe` has a reader try them."""
    return find_ocr(find_data()) is not None


# Which engine the reading processes will find, as seen from their parent, which never lets it read anything.


class EngineKind(Enum):
    """How an engine runs: inside the reading process, or as a program of its own that this process must be allowed to start."""

    LIBRARY = "library"
    COMMAND = "command"


def engine_kind() -> EngineKind | None:
    """Return the kind of engine of this machine, None where there is none. Loads the engine the first time (some 50 ms)."""
    prefix = os.environ.get("TESSDATA_PREFIX")
    kind = _kind(prefix)
    if kind is None:
        # It may be installed while the bot runs.
        _kind.cache_clear()
    return kind


@lru_cache(maxsize=1)
def _kind(_prefix: str | None) -> EngineKind | None:
    engine = find_ocr(find_data())
    if engine is None:
        return None
    return EngineKind.LIBRARY if isinstance(engine, InProcess) else EngineKind.COMMAND
