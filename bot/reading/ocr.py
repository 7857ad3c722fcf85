"""Optical character recognition with Tesseract: in process (tesserocr, which carries its own library) or by the `tesseract` command.

Both need the French data `fra.traineddata` of the system (`tesseract-ocr-fra` in Debian). Measured on administrative scans: 150 dpi is
both faster and more exact than 300, and only page segmentation mode 3 keeps two columns apart.
"""

from __future__ import annotations

import csv
import io
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

LANGUAGE = "fra"
FIRST_DPI = 150
SECOND_DPI = 220
SURE_ENOUGH = 85
"""Mean confidence (0 to 100) below which a second, finer rendering is worth its time: below it, accuracy falls under 99 %."""
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
    """What was read, and how sure the engine is of it (0 to 100, mean over the words)."""

    text: str
    confidence: int


class OcrFailed(Exception):
    """The engine gave no answer for this page."""


class Ocr(Protocol):
    """One engine. `read` raises OcrFailed."""

    def read(self, image: Raster) -> Recognised:
        """Read one page."""
        ...


def find_data(environment: Mapping[str, str]) -> Path | None:
    """The folder that holds the French data: `TESSDATA_PREFIX` (or its `tessdata`) first, then where systems put it."""
    prefix = environment.get("TESSDATA_PREFIX")
    given = [Path(prefix), Path(prefix) / "tessdata"] if prefix else []
    usual = [folder for pattern in _DATA_FOLDERS for folder in sorted(Path("/").glob(pattern.lstrip("/")), reverse=True)]
    return next((folder for folder in [*given, *usual] if (folder / f"{LANGUAGE}.traineddata").is_file()), None)


def find_ocr(environment: Mapping[str, str] | None = None) -> Ocr | None:
    """The best engine of this machine, or None when there is no engine or no French data."""
    data = find_data(os.environ if environment is None else environment)
    if data is None:
        return None
    try:
        return InProcess(data)
    except (ImportError, RuntimeError):
        # Not installed, or a library or data file it cannot load.
        command = shutil.which("tesseract")
        return Command(command, data) if command else None


def recognise(engine: Ocr, render: Callable[[int], Raster]) -> Recognised:
    """Read a page once, and once more on a finer rendering when the engine is not sure; the surer reading is kept.

    `render` draws the page at the dpi it is given. Raises OcrFailed when the first reading fails.
    """
    first = engine.read(render(FIRST_DPI))
    if first.confidence >= SURE_ENOUGH or not first.text.strip():
        return first
    try:
        second = engine.read(render(SECOND_DPI))
    except OcrFailed:
        return first
    return second if second.confidence > first.confidence else first


class InProcess:
    """Tesseract loaded once in this process: no start-up cost per page, no second process."""

    def __init__(self, data: Path) -> None:
        """Raises ImportError where tesserocr is not installed, RuntimeError where it cannot use the data."""
        import tesserocr  # noqa: PLC0415 - an optional extra, and 50 ms that a PDF without scans does not owe

        self._api: Any = tesserocr.PyTessBaseAPI(path=str(data), lang=LANGUAGE, psm=tesserocr.PSM.AUTO)

    def read(self, image: Raster) -> Recognised:
        """Read one page. Raises OcrFailed."""
        try:
            self._api.SetImageBytes(image.data, image.width, image.height, 1, image.stride)
            self._api.SetSourceResolution(image.dpi)
            text = self._api.GetUTF8Text()
            return Recognised(text, int(self._api.MeanTextConf()))
        except RuntimeError as error:
            raise OcrFailed(str(error)) from error
        finally:
            self._api.Clear()


class Command:
    """The `tesseract` command, one process a page."""

    def __init__(self, command: str, data: Path) -> None:
        self._command = (command, "stdin", "stdout", "--tessdata-dir", str(data), "-l", LANGUAGE, "--psm", str(_AUTOMATIC_LAYOUT))
        # Its own threads fight over small pages: without this limit a page takes ten times longer.
        self._environment = {"PATH": os.defpath, "OMP_THREAD_LIMIT": "1"}

    def read(self, image: Raster) -> Recognised:
        """Read one page. Raises OcrFailed."""
        command = (*self._command, "--dpi", str(image.dpi), "tsv")
        done = subprocess.run(command, input=_pgm(image), capture_output=True, env=self._environment, check=False)  # noqa: S603 - our own command, without a shell
        if done.returncode != 0:
            raise OcrFailed(f"tesseract ended with status {done.returncode}: {done.stderr[-200:].decode(errors='replace').strip()}")
        return _from_tsv(done.stdout.decode("utf-8", "replace"))


def _pgm(image: Raster) -> bytes:
    rows = (image.data[row * image.stride : row * image.stride + image.width] for row in range(image.height))
    return b"P5 %d %d 255\n" % (image.width, image.height) + b"".join(rows)


def _from_tsv(table: str) -> Recognised:
    """The words of Tesseract's table put back in lines; an empty line between two paragraphs, as its plain text has."""
    lines: dict[tuple[str, str, str], list[str]] = {}
    confidences: list[float] = []
    for row in csv.DictReader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE):
        word, confidence = row["text"], float(row["conf"])
        if confidence < 0 or not word.strip():
            continue
        lines.setdefault((row["block_num"], row["par_num"], row["line_num"]), []).append(word)
        confidences.append(confidence)
    text, paragraph = "", None
    for (block, par, _), words in lines.items():
        text += ("\n" if paragraph not in (None, (block, par)) else "") + " ".join(words) + "\n"
        paragraph = (block, par)
    return Recognised(text, round(sum(confidences) / len(confidences)) if confidences else 0)
