"""Recognises the text of pages with Tesseract: in process (tesserocr, which carries its own library) or by the `tesseract` command.

Both need the French data `fra.traineddata` of the system (`tesseract-ocr-fra` in Debian). Measured on administrative scans: 150 dpi is
both faster and more exact than 300, and only page segmentation mode 3 keeps two columns apart.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from bot.domain.text import MOST_UNSURE, bare

LANGUAGE = "fra"
FIRST_DPI = 150
SECOND_DPI = 220
SURE_ENOUGH = 85
"""Mean confidence (0 to 100) below which a second, finer rendering is worth its time: below it, accuracy falls under 99 %."""
_SURE_WORD = 75
"""Confidence of a word below which a line or a stamp may run through it. Of numbers and days that were misread so one word at least had
less, of those on clean scans hardly one."""
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


def find_data(environment: Mapping[str, str]) -> Path | None:
    """Return the folder that holds the French data: `TESSDATA_PREFIX` (or its `tessdata`) first, then where systems put it."""
    prefix = environment.get("TESSDATA_PREFIX")
    given = [Path(prefix), Path(prefix) / "tessdata"] if prefix else []
    usual = [folder for pattern in _DATA_FOLDERS for folder in sorted(Path("/").glob(pattern.lstrip("/")), reverse=True)]
    return next((folder for folder in [*given, *usual] if (folder / f"{LANGUAGE}.traineddata").is_file()), None)


def find_ocr(environment: Mapping[str, str] | None = None) -> InProcess | TesseractCommand | None:
    """Return the best engine of this machine, or None when there is no engine or no French data."""
    data = find_data(os.environ if environment is None else environment)
    if data is None:
        return None
    try:
        return InProcess(data)
    except (ImportError, RuntimeError):
        # Not installed, or a library or data file it cannot load.
        command = shutil.which("tesseract")
        return TesseractCommand(command, data) if command else None


def recognise(engine: Ocr, render: Callable[[int, int], Raster]) -> Recognised:
    """Read a page, again the other way up when hardly a word was sure, and on a finer rendering when the engine is still not sure.

    `render` draws the page at the dpi it is given, turned by so many degrees clockwise. Four readings at most. Raises OcrFailed when the
    first one fails.
    """
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
    """Return False when a JPEG image ends too early or holds what its decoder must pass over: a part of it shows something else.

    pdfium draws such an image and says nothing. True where tesserocr, whose image library is asked, is not installed.
    """
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
    """Return the words of which the engine is not sure, but for short ones without a figure, and those with a figure beside them: where a
    number or a day may be cut.
    """
    found: set[str] = set()
    for position, word in enumerate(words):
        if word.confidence >= _SURE_WORD:
            continue
        near = words[max(position - 1, 0) : position + 2]
        cut = {bare(other.text) for other in near if other.line == word.line and any(map(str.isdigit, other.text))}
        found |= cut | ({bare(word.text)} if len(word.text) >= _TELLING_WORD else set())
    return frozenset(sorted(found - {""})[:MOST_UNSURE])


def ocr_available() -> bool:
    """Return whether scanned pages can be read on this machine: a Tesseract engine and its French data are there."""
    return find_ocr() is not None


def ocr_lacks() -> str | None:
    """Return what this machine lacks to read scanned pages, with what to type; None where it can."""
    if ocr_available():
        return None
    if find_data(os.environ) is None:
        return "Tesseract's French data: apt-get install tesseract-ocr-fra"
    return "Tesseract: pip install 'vigie-vsa[ocr]'"


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
    engine = find_ocr()
    if engine is None:
        return None
    return EngineKind.LIBRARY if isinstance(engine, InProcess) else EngineKind.COMMAND
