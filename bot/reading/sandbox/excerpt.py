"""Takes pages out of a PDF as a PDF of their own, in a confined process (`python -m bot.reading.sandbox.excerpt START`). The same file and
pages give the same bytes."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from functools import partial
from pathlib import Path

import pypdfium2 as pdfium

from bot.reading.model import Unreadable
from bot.reading.sandbox.child import NotReadable, PdfDocument, answer_one, run
from bot.reading.sandbox.process import NotUnderstood, StartOrder, parsed, printable
from bot.reading.sandbox.worker import Lost, carried_out

_CHILD = "bot.reading.sandbox.excerpt"
_SECONDS = 30.0
_MEMORY_BYTES = 1024**3
MOST_BYTES = 64 * 1024**2
"""Of pages of one act: thirty scanned ones take some ten megabytes."""
_MADE_AT = re.compile(rb"(?<=/CreationDate\()[^)]+")
_FILE_ID = re.compile(rb"/ID\[<[0-9A-F]{32}><[0-9A-F]{32}>\]")


async def excerpt(path: Path, first: int, last: int) -> bytes:
    """Return these pages (from 1, both included) of a PDF. Raises Unreadable."""
    start = StartOrder(str(path), _MEMORY_BYTES, round(_SECONDS))
    try:
        async with asyncio.timeout(_SECONDS):
            _, pdf = await carried_out(start, _CHILD, json.dumps([first, last]).encode() + b"\n", _parse_answer)
    except TimeoutError as error:
        raise Unreadable(f"more than {_SECONDS:g} s") from error
    except (Lost, NotUnderstood) as error:
        raise Unreadable(printable(str(error))) from error
    return pdf


def _parse_answer(line: bytes) -> tuple[None, int]:
    """Return how many bytes follow. Raises Unreadable, NotUnderstood."""
    match parsed(line):
        case {"error": str(reason)}:
            raise Unreadable(printable(reason))
        case {"bytes": int(size)} if 0 < size <= MOST_BYTES:
            return None, size
    raise NotUnderstood("a line of an unknown kind")


def taken_out(path: Path, first: int, last: int) -> bytes:
    """Return pages of a file as a PDF; in the confined process only. Raises NotReadable."""
    document = PdfDocument(path, lambda: None, trusting=True)
    if not 1 <= first <= last <= len(document):
        raise NotReadable(f"pages {first} to {last} of {len(document)}")
    try:
        pdf = document.excerpt(first, last)
    except pdfium.PdfiumError as error:
        raise NotReadable("pages that are damaged") from error
    if len(pdf) > MOST_BYTES:
        raise NotReadable(f"{len(pdf)} bytes, more than the {MOST_BYTES} allowed")
    return _without_instant(pdf)


def _without_instant(pdf: bytes) -> bytes:
    """Return a file that pdfium wrote without when that was, and with an identifier that is made of its content."""
    body, mark, trailer = _MADE_AT.sub(lambda found: b"D:19800101000000Z".ljust(len(found[0])), pdf, count=1).rpartition(b"trailer")
    name = hashlib.sha256(body).hexdigest()[:32].upper().encode()
    return body + mark + _FILE_ID.sub(b"/ID[<%s><%s>]" % (name, name), trailer)


def _work(start: StartOrder, order: bytes) -> bytes:
    first, last = json.loads(order)
    try:
        pdf = taken_out(Path(start.path), int(first), int(last))
    except NotReadable as error:
        return json.dumps({"error": str(error)}).encode("ascii") + b"\n"
    return json.dumps({"bytes": len(pdf)}).encode("ascii") + b"\n" + pdf


main = partial(answer_one, _work)

if __name__ == "__main__":
    run(main)
