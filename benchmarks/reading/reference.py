"""The reference: how a recueil is read by giving it whole to OCR, as Attrap does. `python reference.py FILE OUTPUT`.

Form fields are made read-only so that they count as content (pypdf), every page goes through `ocrmypdf --redo-ocr`, what comes out is
extracted (pypdf), repaired (ftfy) and searched for keywords. A program of its own: it needs pypdf, ftfy, ocrmypdf, Tesseract with French
data and Ghostscript, none of which Vigie needs, and runs in an interpreter of its own.
"""

from __future__ import annotations

import json
import re
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import ftfy
from pypdf import PdfReader, PdfWriter
from pypdf.generic import NameObject, NumberObject

KEYWORDS = re.compile(r"vidéoprotection|vidéosurveillance|algorithmique|2023-380", re.IGNORECASE)
_OCR = (
    "-m", "ocrmypdf", "-l", "fra", "--output-type", "pdf", "--redo-ocr", "--skip-big", "250", "--max-image-mpixels", "250",
    "--invalidate-digital-signatures", "--optimize", "0",
)  # fmt: skip
_READ_ONLY = 1


def read(path: Path) -> list[str]:
    """The text of each page. Raises CalledProcessError when ocrmypdf gives up."""
    with tempfile.TemporaryDirectory() as folder:
        flat, recognised = Path(folder, "flat.pdf"), Path(folder, "recognised.pdf")
        _flatten(path, flat)
        subprocess.run([sys.executable, *_OCR, str(flat), str(recognised)], check=True)  # noqa: S603 - our own command, without a shell
        settings = ftfy.TextFixerConfig(unescape_html=False, explain=False)
        return [ftfy.fix_text(page.extract_text(), config=settings) for page in PdfReader(recognised).pages]


def _flatten(source: Path, target: Path) -> None:
    writer = PdfWriter(clone_from=source)
    for page in writer.pages:
        for annotation in page.annotations or ():
            annotation.get_object()[NameObject("/Ff")] = NumberObject(_READ_ONLY)
    writer.write(target)


def _cpu() -> float:
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(use.ru_utime + use.ru_stime for use in spent)


def _peak() -> int:
    """The bytes of this process at most, or of the largest that it waited for. (`ru_maxrss` of itself may be that of who started it.)"""
    own = next(line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
    return max(int(own), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) * 1024


def main(path: str, output: str) -> None:
    """Read one file and write what it took (seconds, imports excluded) and what was found."""
    before, start = _cpu(), perf_counter()
    pages = read(Path(path))
    hits = len(KEYWORDS.findall("\n".join(pages)))
    seconds, cpu = perf_counter() - start, _cpu() - before
    figures = {"seconds": seconds, "cpu": cpu, "whole_cpu": _cpu(), "peak": _peak(), "hits": hits, "pages": pages}
    Path(output).write_text(json.dumps(figures), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
