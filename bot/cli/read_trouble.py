"""Why pages of a document could not be read, and what to do about it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.cli.read_pages import page_ranges


@dataclass(frozen=True, slots=True)
class Circumstances:
    """How a file was read: whether OCR was wanted (`reading.ocr`) and is on this machine, seconds it took and might have taken.

    `damaged`: the file is, see `Reading.damaged`.
    """

    ocr_wanted: bool
    ocr_there: bool
    seconds: float
    most_seconds: float
    damaged: bool = False


def trouble_lines(unread: Sequence[int], had: Circumstances) -> Iterator[str]:
    """What is unread and why, nothing when all was read."""
    if not unread and not had.damaged:
        return
    if had.damaged:
        lost = f", could not read or not whole: pages {page_ranges(unread)}" if unread else ""
        yield f"INCOMPLETE, the file is damaged or cut short{lost}"
        yield "  why: part of what it holds is lost; download it again"
        return
    yield f"INCOMPLETE, could not read: pages {page_ranges(unread)}"
    if not had.ocr_wanted:
        yield "  why: OCR is off in the configuration; set ocr = true under [reading] to have scanned pages read"
    elif not had.ocr_there:
        yield "  why: OCR is not on this machine; to have scanned pages read:"
        yield "    apt-get install tesseract-ocr-fra   (Tesseract's French data, fra.traineddata)"
        yield "    pip install 'vigie-vsa[ocr]'        (or the program itself: apt-get install tesseract-ocr)"
    elif had.seconds >= had.most_seconds:
        yield f"  why: the {had.most_seconds:g} s allowed for one file were over; raise timeout_seconds under [reading]"
    else:
        yield "  why: damaged, or too much for the process that reads them in the time and memory a page may take; look at them yourself"
