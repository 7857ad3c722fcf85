"""The process that draws one page: `python -m bot.delivery.picture.child START`. It confines itself first, as a reading process does.

The order comes on standard input, whose end is its own end: the parent is gone.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

from bot.delivery.picture.page import Engine, draw_page
from bot.delivery.picture.wire import Draw, NoPicture, Undrawn
from bot.reading.pages.ocr import InProcess, TesseractCommand, find_ocr
from bot.reading.sandbox.child import run
from bot.reading.sandbox.confinement import confine
from bot.reading.sandbox.wire import Start


def main(argument: str) -> int:
    """Carry out the one order, and wait to be ended."""
    start = Start.parse(argument)
    confine(start)
    order = Draw.parse(sys.stdin.buffer.readline())
    # After the confinement, which holds for the threads that are started in it.
    threading.Thread(target=_leave_with_the_parent, daemon=True).start()
    try:
        canvas, pixels = draw_page(Path(start.path), order, _engine if start.ocr else lambda: None)
    except NoPicture as none:
        answer = Undrawn(none.why, none.more).line()
    else:
        answer = canvas.line() + pixels
    sys.stdout.buffer.write(answer)
    sys.stdout.buffer.flush()
    return 0


def _engine() -> Engine | None:
    engine = find_ocr()
    return engine if isinstance(engine, InProcess | TesseractCommand) else None


def _leave_with_the_parent() -> None:
    try:
        while sys.stdin.buffer.read(1024):
            pass
    finally:
        os._exit(0)


if __name__ == "__main__":
    run(main)
