"""The documents of the benchmark: recueils drawn as those of `vigie demo`, with known phrases, whose scans are then made worse."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from statistics import NormalDist

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from benchmarks.reading.prose import DECREE, carriers, lines_of, paragraphs, phrases
from bot.app.demo.pdfs import LINES_PER_PAGE, ActSpec, RecueilSpec, build_recueil, new_pdf, wrapped
from tests.standalone import build_standalone

_DAY = date(2026, 11, 25)
_SERVICES, _TITLES = lines_of("services.txt"), lines_of("titles.txt")
_MUTE = "Arrêté n° 2026-BSP-OP-117"
_TELLING = (
    f"{_MUTE} portant autorisation de mise en œuvre d'un traitement algorithmique sur des images issues d'un système de vidéoprotection"
)
_SHORT_ROWS = 12
_SHEET = new_pdf(datetime(2026, 11, 25, tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class Sample:
    """One PDF: its pages, which of them are scans, which phrase stands on which page (from 1), and where the decree on VSA starts."""

    name: str
    path: str
    pages: int
    scans: tuple[int, ...]
    phrases: tuple[tuple[int, str], ...]
    decree_page: int | None = None


@dataclass(frozen=True, slots=True)
class _Shape:
    """Pages of the acts with text and of those that are scans, phrases on either. `decree` titles the last act but one, a decree on VSA."""

    texts: tuple[int, ...]
    scans: tuple[int, ...]
    phrases: tuple[int, int]
    decree: str | None = None


_SCANNED = (5, 6, 4, 7, 5, 6, 5, 4, 7, 6, 5, 6, 6, 6, 5)
_SHAPES = {
    "text": _Shape((4, 3, 3, 3) * 5 + (4, 3, 3), (), (258, 0)),
    "scan": _Shape((), (22,), (0, 60)),
    "mixed": _Shape((4, 5, 4, 5, 4, 5, 4, 4), (1,) * 15, (146, 40)),
    "scanned-recueil": _Shape((), _SCANNED, (0, 164), _TELLING),
    "scanned-recueil-mute": _Shape((), _SCANNED, (0, 164), _MUTE),
}
NAMES = tuple(_SHAPES)


def build(folder: Path, names: Sequence[str], *, quick: bool) -> list[Sample]:
    """Draw these documents and write them there. `quick`: a few acts of one short page, whose figures are real, and compare to nothing."""
    return [_built(folder / f"{name}.pdf", _SHAPES[name], quick=quick) for name in NAMES if name in names]


def _built(path: Path, shape: _Shape, *, quick: bool) -> Sample:
    chance, is_recueil = Random(1), path.stem != "scan"
    wanted = phrases(chance, sum(shape.phrases))
    in_text, on_scans = wanted[: shape.phrases[0]], wanted[shape.phrases[0] :]
    dealt = {False: _deal(in_text, sum(shape.texts)), True: _deal(on_scans, sum(shape.scans) - (shape.decree is not None))}
    lengths = [*((count, False) for count in shape.texts), *((count, True) for count in shape.scans)]
    if quick:
        lengths = [(1, is_scanned) for _, is_scanned in (*lengths[:1], *lengths[-2:])]
    acts, number, firsts, scans, found = list[ActSpec](), 0, list[int](), list[int](), list[tuple[int, str]]()
    for index, (count, is_scanned) in enumerate(lengths):
        is_decree, texts = shape.decree is not None and index == len(lengths) - 2, list[str]()
        number += is_recueil  # the separator page
        firsts.append(number)
        for _ in range(count):
            number += 1
            scans += [number] * is_scanned
            if is_decree and not texts:
                texts.append("\n".join(DECREE))
                continue
            words = next(dealt[is_scanned])
            found += [(number, phrase) for phrase in words]
            texts.append(_page(chance, words, _SHORT_ROWS if quick else LINES_PER_PAGE))
        title = shape.decree if is_decree and shape.decree else _TITLES[index % len(_TITLES)]
        service = _SERVICES[index * len(_SERVICES) // len(lengths)]
        acts.append(ActSpec(service, f"99-2026-11-20-{index + 1:05d}", title, tuple(texts), is_scanned))
    if is_recueil:
        content = build_recueil(RecueilSpec("VAL-FLEURI", "99-2026-187", _DAY, tuple(acts)))
    else:
        content = build_standalone([text for act in acts for text in act.pages], scanned=True)
    path.write_bytes(_scanned(content, Random(2)))
    pages = len(pdfium.PdfDocument(path))
    before = pages - number  # cover and table of contents
    return Sample(
        path.stem,
        str(path),
        pages,
        tuple(page + before for page in scans),
        tuple((page + before, phrase) for page, phrase in found),
        firsts[-2] + before if shape.decree else None,
    )


def _deal(some: tuple[str, ...], pages: int) -> Iterator[tuple[str, ...]]:
    """The phrases dealt out page by page, as evenly as can be."""
    return (some[index::pages] for index in range(pages))


def _page(chance: Random, words: tuple[str, ...], rows: int) -> str:
    """A page with a paragraph around each phrase, filled with others: some 2,000 characters, as real recueils have."""
    kept = carriers(chance, words)
    used = sum(map(_rows, kept))
    for paragraph in paragraphs(chance):
        used += _rows(paragraph)
        if used > rows:
            break
        kept.append(paragraph)
    return "\n\n".join(chance.sample(kept, len(kept)))


def _rows(paragraph: str) -> int:
    """The lines of a paragraph, and an empty one."""
    return len(wrapped(_SHEET, paragraph)) + 1


# A page as a scanner leaves it: a little askew, every other one hard to read.

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


def _scanned(pdf: bytes, chance: Random) -> bytes:
    """The file with its images as scanners leave them."""
    document, out, number = pdfium.PdfDocument(pdf), io.BytesIO(), 0
    for page in document:
        for image in page.get_objects([pdfium_c.FPDF_PAGEOBJ_IMAGE]):
            if isinstance(image, pdfium.PdfImage):
                image.load_jpeg(_spoilt(image.get_bitmap().to_pil(), chance, hard=number % 2 == 1), inline=True)
                number += 1
        page.gen_content()
    if not number:
        return pdf
    document.save(out)
    return out.getvalue()


def _spoilt(drawn: Image.Image, chance: Random, *, hard: bool) -> io.BytesIO:
    image = drawn.rotate(chance.uniform(-_MOST_ASKEW, _MOST_ASKEW), Image.Resampling.BICUBIC, fillcolor=255)
    if hard:
        image = image.filter(ImageFilter.GaussianBlur(_BLUR)).point(_LOW_CONTRAST)
        pen = ImageDraw.Draw(image)
        for _ in range(_SPECKS):
            x, y, size = chance.randrange(image.width), chance.randrange(image.height), chance.randint(0, 2)
            pen.ellipse((x, y, x + size, y + size), fill=chance.randint(60, 150))
        noise = Image.frombytes("L", image.size, chance.randbytes(image.width * image.height).translate(_NORMAL))
        image = ImageChops.add(image, noise, offset=-128)
    jpeg = io.BytesIO()
    image.save(jpeg, "JPEG", quality=_QUALITY)
    return jpeg
