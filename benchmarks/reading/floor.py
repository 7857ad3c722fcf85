"""The physical limit: recognition alone. `python -m benchmarks.reading.floor FILE OUTPUT PAGE…`.

One pass of Tesseract over each page at 150 dpi, in one process that does nothing else: no reader of scans that uses this engine can
take less. Drawing the pages is measured apart.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from time import process_time
from typing import Any

import pypdfium2 as pdfium
import tesserocr

from bot.reading.pages.recognition import LANGUAGE, find_data

DPI = 150


def measure(path: Path, pages: Sequence[int]) -> dict[str, float]:
    """CPU seconds of recognition and of drawing. Raises RuntimeError without French data."""
    data = find_data()
    if data is None:
        raise RuntimeError("no French data for Tesseract")
    recognition = drawing = 0.0
    document = pdfium.PdfDocument(path)
    api: Any
    with tesserocr.PyTessBaseAPI(path=str(data), lang=LANGUAGE, psm=tesserocr.PSM.AUTO) as api:
        for number in pages:
            start = process_time()
            bitmap = document[number - 1].render(scale=DPI / 72, grayscale=True)
            image = bytes(bitmap.buffer)
            drawn = process_time()
            api.SetImageBytes(image, bitmap.width, bitmap.height, 1, bitmap.stride)
            api.SetSourceResolution(DPI)
            api.GetUTF8Text()
            drawing += drawn - start
            recognition += process_time() - drawn
    document.close()
    return {"recognition": recognition, "drawing": drawing}


def main(path: str, output: str, *pages: str) -> None:
    """Measure and write."""
    Path(output).write_text(json.dumps(measure(Path(path), [int(page) for page in pages])), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
