"""Takes pages out of a PDF as a PDF of their own, in a confined process (`python -m bot.reading.sandbox.excerpt START`). The same file and
pages give the same bytes."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import sys
from pathlib import Path

import pypdfium2 as pdfium

from bot.reading.model import Unreadable
from bot.reading.sandbox.child import NotReadable, PdfDocument, run
from bot.reading.sandbox.process import NotUnderstood, StartOrder, confine, printable
from bot.reading.sandbox.worker import Worker

_CHILD = "bot.reading.sandbox.excerpt"
_SECONDS = 30.0
_MEMORY_BYTES = 1024**3
MOST_BYTES = 64 * 1024**2
"""Of pages of one act: thirty scanned ones take some ten megabytes."""
_MADE_AT = re.compile(rb"(?<=/CreationDate\()[^)]+")
_FILE_ID = re.compile(rb"/ID\[<[0-9A-F]{32}><[0-9A-F]{32}>\]")


async def excerpt(path: Path, first: int, last: int) -> bytes:
    """Return these pages (from 1, both included) of a PDF. Raises Unreadable."""
    try:
        async with asyncio.timeout(_SECONDS):
            return await _ordered(_start(path), first, last)
    except TimeoutError as error:
        raise Unreadable(f"more than {_SECONDS:g} s") from error


def _start(path: Path) -> StartOrder:
    # The process starts in another folder.
    return StartOrder(str(path.absolute()), _MEMORY_BYTES, round(_SECONDS))


async def _ordered(start: StartOrder, first: int, last: int) -> bytes:
    try:
        worker = await Worker.start(start, _CHILD)
    except OSError as error:
        raise Unreadable(error.strerror or type(error).__name__) from error
    try:
        worker.send(json.dumps([first, last]).encode() + b"\n")
        return await worker.stdout.readexactly(_size(await worker.stdout.readline()))
    except (NotUnderstood, ValueError, asyncio.IncompleteReadError) as error:
        raise Unreadable(f"{printable(str(error))}; {await worker.end()}") from error
    finally:
        await worker.end()


def _size(line: bytes) -> int:
    """Return how many bytes follow. Raises Unreadable, NotUnderstood, ValueError."""
    match json.loads(line or b'{"error": "the process was lost"}'):
        case {"error": str(reason)}:
            raise Unreadable(printable(reason))
        case {"bytes": int(size)} if 0 < size <= MOST_BYTES:
            return size
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


def main(argument: str) -> int:
    """Carry out the one order."""
    start = StartOrder.parse(argument)
    confine(start)
    first, last = json.loads(sys.stdin.buffer.readline())
    try:
        pdf = taken_out(Path(start.path), int(first), int(last))
    except NotReadable as error:
        answer = json.dumps({"error": str(error)}).encode("ascii") + b"\n"
    else:
        answer = json.dumps({"bytes": len(pdf)}).encode("ascii") + b"\n" + pdf
    sys.stdout.buffer.write(answer)
    sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    run(main)
