"""How much memory the reading of large files takes, in the processes that read and in the one that waits for them.

Each measure is taken in a process of its own, whose highest resident size is that of nothing else. VIGIE_LONG=1 reads the whole files.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from fpdf import FPDF
from PIL import Image, ImageDraw

from tests.bot.reading import papers
from tests.bot.reading.papers import BODY

LONG = os.environ.get("VIGIE_LONG") == "1"
MEBI = 1024**2
READ = """
import asyncio, json, resource, sys
from pathlib import Path
from bot.reading.model import ReadingLimits
from bot.reading.reader import read_pdf

limits = ReadingLimits(**json.loads(sys.argv[2]))
reading = asyncio.run(read_pdf(Path(sys.argv[1]), limits))
# Not RUSAGE_SELF, which starts with the size of the process that started this one.
parent = int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(json.dumps([reading.page_count, reading.complete, parent, child]))
"""
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="sizes are looked up in /proc")


def measured(path: Path, **limits: object) -> tuple[int, int, int]:
    """Pages read, and the highest resident sizes in MiB: of the parent, and of the largest of its processes. All pages must be read."""
    command = [sys.executable, "-c", READ, str(path), json.dumps(limits)]
    done = subprocess.run(command, capture_output=True, check=True, timeout=300)
    count, complete, parent, child = json.loads(done.stdout.splitlines()[-1])
    assert complete
    print(f"{path.stat().st_size / MEBI:.1f} MiB, {count} pages: parent {parent // 1024} MiB, largest process {child // 1024} MiB")
    return count, parent // 1024, child // 1024


@pytest.mark.night
def test_a_long_text(saved: Callable[[bytes], Path]) -> None:
    count = 3000 if LONG else 300
    path = saved(papers.pages_of([papers.stream(papers.text_content(BODY * 5, size=8))] * count))
    pages, parent, child = measured(path, ocr=False)
    assert pages == count
    assert parent < 150
    assert child < 150


def test_a_file_of_400_megabytes(tmp_path: Path) -> None:
    """Three pages and a stream that nothing uses; the file takes no room on a disk that leaves holes out."""
    content = papers.pages_of([papers.stream(papers.text_content(BODY))] * 3)
    at = content.rindex(b"xref\n0 ")
    path, size = tmp_path / "recueil.pdf", 400 * MEBI
    with path.open("wb") as file:
        file.write(content[:at] + b"99 0 obj\n<< /Length %d >>\nstream\n" % size)
        file.seek(size, os.SEEK_CUR)
        file.write(b"\nendstream\nendobj\n")
        end = content[at:].replace(b"startxref\n%d" % at, b"startxref\n%d" % file.tell())
        file.write(end)
    pages, parent, child = measured(path, ocr=False, seconds=30)
    assert pages == 3
    assert parent < 150
    assert child < 150


def scan(width: int, height: int) -> bytes:
    """A coloured scan at 300 dots per inch, as a scanner's JPEG; sizes in dots."""
    image = Image.new("RGB", (width, height), (250, 248, 240))
    draw = ImageDraw.Draw(image)
    for row, line in enumerate(BODY.splitlines() * (3 if LONG else 1)):
        draw.text((200, 300 + 90 * row), line, fill=(20, 20, 60), font_size=50)
    out = BytesIO()
    image.save(out, "JPEG", quality=80)
    return out.getvalue()


@pytest.mark.night
@pytest.mark.usefixtures("with_ocr")
def test_scans_in_colour(saved: Callable[[bytes], Path]) -> None:
    pdf = FPDF(unit="pt")
    for _ in range(6 if LONG else 1):
        pdf.add_page(format=(595, 842))
        pdf.image(BytesIO(scan(2480, 3508)), x=0, y=0, w=595, h=842)
    pdf.add_page(format=(842, 1191))
    pdf.image(BytesIO(scan(3508, 4961)), x=0, y=0, w=842, h=1191)
    pages, parent, child = measured(saved(bytes(pdf.output())), workers=1)
    assert pages == pdf.pages_count
    assert parent < 150
    assert child < 250
