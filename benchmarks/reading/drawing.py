"""Pages of PDF: lines of text in several fonts, two columns written row by row, scans, running titles."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from statistics import NormalDist
from typing import Any

import pypdfium2 as pdfium
from fpdf import FPDF
from PIL import Image, ImageChops, ImageDraw, ImageFilter

LEFT, WIDTH, TOP = 20.0, 170.0, 22.0
LINE = 5.0
MOST_LINES = 46
GUTTER = 10.0
_FOOT = 277.0
_CREATED = datetime(2026, 11, 1, tzinfo=UTC)
_DEJAVU = (
    Path("/usr/share/fonts/truetype/dejavu"),
    Path("/usr/share/fonts/dejavu"),
    Path("/usr/share/fonts/TTF"),
    Path("/usr/share/fonts/dejavu-sans-fonts"),
    Path("/usr/local/share/fonts/dejavu"),
)
_LIGATURES = {"ffi": "\ufb03", "ffl": "\ufb04", "fi": "\ufb01", "fl": "\ufb02"}


@dataclass(frozen=True, slots=True)
class Font:
    """A font of the corpus. `file` is None for those that every reader has; `ligatures` writes `fi` as one letter (U+FB01)."""

    name: str
    size: float
    file: Path | None = None
    ligatures: bool = False


def fonts() -> tuple[Font, ...]:
    """The fonts of this machine's corpus: DejaVu with its ligatures where it is installed, Courier in its place elsewhere."""
    common = (Font("Helvetica", 10), Font("Times", 11))
    found = [(name, folder / f"{name}.ttf") for name in ("DejaVuSans", "DejaVuSerif") for folder in _DEJAVU]
    extra = tuple(Font(name, 9, file, ligatures=True) for name, file in found if file.is_file())
    return (*common, *(extra or (Font("Courier", 9),)))


class Paper:
    """A PDF being drawn, page by page. The same calls give the same bytes."""

    def __init__(self) -> None:
        self._pdf = FPDF(format="A4")
        self._pdf.core_fonts_encoding = "windows-1252"
        self._pdf.set_creation_date(_CREATED)
        self._pdf.set_auto_page_break(False)
        self._widths: dict[tuple[str, float, str], float] = {}
        self._embedded: set[str] = set()

    @property
    def page_count(self) -> int:
        """Pages so far."""
        return int(self._pdf.pages_count)

    def wrap(self, text: str, font: Font, width: float = WIDTH) -> list[str]:
        """The lines of a paragraph, cut between words."""
        self._use(font)
        lines: list[str] = []
        for word in text.split():
            longer = f"{lines[-1]} {word}" if lines else word
            if lines and self._width(longer, font) <= width:
                lines[-1] = longer
            else:
                lines.append(word)
        return lines

    def fill(self, must: Iterable[str], may: Iterator[str], font: Font, *, rows: int, width: float = WIDTH) -> list[list[str]]:
        """Paragraphs as lines: all that `must` be there, then of those that `may` as many as the rows hold, with an empty row after each.

        Raises ValueError when those that must do not fit.
        """
        kept = [self.wrap(text, font, width) for text in must]
        used = sum(len(lines) + 1 for lines in kept)
        if used > rows:
            raise ValueError("more text than the page holds")
        for text in may:
            lines = self.wrap(text, font, width)
            used += len(lines) + 1
            if used > rows:
                break
            kept.append(lines)
        return kept

    def page(self, lines: Sequence[str], font: Font, top: float = TOP) -> None:
        """A page of lines, one below the other."""
        self._pdf.add_page()
        self._use(font)
        for row, line in enumerate(lines):
            self._text(LEFT, top + row * LINE, line, font)

    def columns(self, left: Sequence[str], right: Sequence[str], font: Font) -> None:
        """A page of two columns, written row by row: the first line of the left one, the first of the right one, the second…"""
        self._pdf.add_page()
        self._use(font)
        for row in range(max(len(left), len(right))):
            for x, column in ((LEFT, left), (LEFT + (WIDTH + GUTTER) / 2, right)):
                if row < len(column):
                    self._text(x, TOP + row * LINE, column[row], font)

    def image(self, jpeg: bytes) -> None:
        """A page that is one image."""
        self._pdf.add_page()
        self._pdf.image(io.BytesIO(jpeg), x=0, y=0, w=210, h=297)

    def stamp(self, running_title: str) -> None:
        """The running title at the foot of the page drawn last, as text."""
        font = Font("Helvetica", 7)
        for row, line in enumerate(self.wrap(running_title, font)):
            self._text(LEFT, _FOOT + row * 3, line, font)

    def bytes(self) -> bytes:
        """The file."""
        return bytes(self._pdf.output())

    def _use(self, font: Font) -> None:
        if font.file is not None and font.name not in self._embedded:
            self._pdf.add_font(font.name, fname=font.file)
            self._embedded.add(font.name)
        self._pdf.set_font(font.name, size=font.size)

    def _text(self, x: float, y: float, line: str, font: Font) -> None:
        if line:
            self._pdf.text(x, y, _with_ligatures(line) if font.ligatures else line)

    def _width(self, line: str, font: Font) -> float:
        return sum(self._word_width(word, font) for word in line.split()) + line.count(" ") * self._word_width(" ", font)

    def _word_width(self, word: str, font: Font) -> float:
        key = (font.name, font.size, word)
        if key not in self._widths:
            self._widths[key] = self._pdf.get_string_width(word)
        return self._widths[key]


def _with_ligatures(line: str) -> str:
    for letters, ligature in _LIGATURES.items():
        line = line.replace(letters, ligature)
    return line


DPI = 200
# A page as a scanner leaves it: a 200 dpi grey JPEG, a little askew, clean or hard to read.

_MOST_ASKEW = 0.7
_QUALITY = 70
_BLUR = 0.9
_NOISE_SIGMA = 12.0
_SPECKS = 40
# Ink is no longer black, nor paper white.
_DARKEST, _LIGHTEST = 78, 214
_LOW_CONTRAST = [round(_DARKEST + level * (_LIGHTEST - _DARKEST) / 255) for level in range(256)]
# Even bytes become normal ones, so that the noise is the same on every machine (Pillow's own cannot be seeded).
_NORMAL = bytes(max(0, min(255, round(128 + _NOISE_SIGMA * NormalDist().inv_cdf((byte + 0.5) / 256)))) for byte in range(256))


def scan(pdf: bytes, random: Random, *, hard: frozenset[int]) -> list[bytes]:
    """Every page of a PDF as a JPEG; those whose index is in `hard` are blurred, pale, noisy and specked."""
    document = pdfium.PdfDocument(pdf)
    try:
        return [_one(document[index], random, hard=index in hard) for index in range(len(document))]
    finally:
        document.close()


def _one(page: Any, random: Random, *, hard: bool) -> bytes:
    drawn: Image.Image = page.render(scale=DPI / 72, grayscale=True).to_pil()
    angle = random.uniform(-_MOST_ASKEW, _MOST_ASKEW)
    image = drawn.rotate(angle, Image.Resampling.BICUBIC, fillcolor=255)
    if hard:
        image = _specked(image.filter(ImageFilter.GaussianBlur(_BLUR)).point(_LOW_CONTRAST), random)
        noise = Image.frombytes("L", image.size, random.randbytes(image.width * image.height).translate(_NORMAL))
        image = ImageChops.add(image, noise, offset=-128)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=_QUALITY, dpi=(DPI, DPI))
    return out.getvalue()


def _specked(image: Image.Image, random: Random) -> Image.Image:
    pen = ImageDraw.Draw(image)
    for _ in range(_SPECKS):
        x, y, size = random.randrange(image.width), random.randrange(image.height), random.randint(0, 2)
        pen.ellipse((x, y, x + size, y + size), fill=random.randint(60, 150))
    return image
