"""Draw one page of a PDF in a confined process, which may crash, hang or fill its memory without harm."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from bot.delivery.picture.model import Drawing, Drawn, NoPicture, Why
from bot.delivery.picture.png import encode
from bot.delivery.picture.wire import Canvas, Draw, Undrawn, parse_answer
from bot.reading.pages.ocr import EngineKind, engine_kind
from bot.reading.sandbox.wire import NotUnderstood, Start, printable
from bot.reading.sandbox.worker import Worker

_CHILD = "bot.delivery.picture.child"
_USUAL = Drawing()


async def draw(path: Path, page: int, phrases: tuple[str, ...] = (), drawing: Drawing = _USUAL) -> Drawn:
    """Draw a page (from 1) of a PDF file with these phrases highlighted where they stand on it. Raises NoPicture.

    The same file and order give the same bytes on the same machine: fonts that a file does not hold are the system's.
    """
    kind = await asyncio.to_thread(engine_kind) if drawing.ocr else None
    start = Start(_absolute(path), drawing.memory_bytes, max(1, round(drawing.seconds)), ocr=kind is EngineKind.LIBRARY)
    order = Draw(page, phrases, drawing.width, drawing.height, unread=drawing.unread and kind is not EngineKind.COMMAND)
    try:
        async with asyncio.timeout(drawing.seconds):
            try:
                canvas, pixels = await _ordered(start, order)
            except NoPicture as none:
                if none.why is not Why.UNREAD or kind is not EngineKind.COMMAND:
                    raise
                # Only a page that must be recognised is given to a process that may start a program.
                again = replace(start, ocr=True, commands=True)
                canvas, pixels = await _ordered(again, replace(order, unread=drawing.unread))
    except TimeoutError as error:
        raise NoPicture(Why.TOO_SLOW, f"more than {drawing.seconds:g} s") from error
    # In a thread: compressing takes some tenths of a second.
    png = await asyncio.to_thread(encode, pixels, canvas.width, canvas.height, drawing.most_bytes)
    return Drawn(png, canvas.width, canvas.height, canvas.found, canvas.covered)


def _absolute(path: Path) -> str:
    # The process starts in another folder.
    return str(path.absolute())


async def _ordered(start: Start, order: Draw) -> tuple[Canvas, bytes]:
    try:
        worker = await Worker.start(start, _CHILD)
    except OSError as error:
        raise NoPicture(Why.LOST, error.strerror or type(error).__name__) from error
    try:
        worker.tell(order)
        answer = parse_answer(line, order) if (line := await worker.stdout.readline()) else None
        if isinstance(answer, Canvas):
            return answer, await worker.stdout.readexactly(answer.width * answer.height)
    except (NotUnderstood, ValueError) as error:
        # ValueError: a line beyond the limit of the stream.
        raise NoPicture(Why.MISBEHAVED, str(error)) from error
    except asyncio.IncompleteReadError:
        answer = None
    finally:
        ended = await worker.end()
    if isinstance(answer, Undrawn):
        raise NoPicture(answer.why, printable(answer.more))
    raise NoPicture(Why.LOST, ended)
