"""The process that opens one PDF: `python -m bot.reading.sandbox.child START`. It confines itself first, then does what it is told, line
by line.

Orders come on standard input, whose end is its own end: the parent is gone, or needs nothing more.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, NoReturn

from bot.domain.acts import PageText
from bot.reading.pages.pdf import NotReadable, PdfDocument
from bot.reading.sandbox.confinement import confine
from bot.reading.sandbox.wire import Failed, FileOpened, Recognise, Start, Survey, encode, parse_order

if TYPE_CHECKING:
    from bot.reading.pages.ocr import Ocr

# How a process that does one thing for its parent begins and ends.


def run(main: Callable[[str], int]) -> NoReturn:
    """Call `main` with the one argument of the process, and end with the status that it returns; with 1 and a trace when it raises."""
    status = 1
    try:
        status = main(sys.argv[1])
    except BaseException:
        sys.excepthook(*sys.exc_info())
    # Not `sys.exit`: the listener may be inside standard input, which an orderly end would want to close.
    os._exit(status)


_POLITE = 10
"""How much a process that recognises gives way to everything else: to reading texts, to answering people."""


def main(argument: str) -> int:
    """Carry out orders until there are none. Exit status 1 when the file cannot be opened."""
    start = Start.parse(argument)
    confine(start)
    orders: SimpleQueue[Survey | Recognise] = SimpleQueue()
    # After the confinement, which holds for the threads that are started in it.
    threading.Thread(target=_listen, args=(orders.put,), daemon=True).start()
    _give_time(start)
    try:
        document = PdfDocument(Path(start.path), _engine if start.ocr else lambda: None, trusting=start.trusting)
    except NotReadable as error:
        _say(encode(Failed(str(error))))
        return 1
    _say(encode(FileOpened(len(document), document.salvaged)))
    polite = False
    while True:
        order = orders.get()
        if isinstance(order, Recognise) and not polite:
            os.nice(_POLITE)
            polite = True
        _give_time(start)
        for page in _carry_out(document, order):
            _say(encode(page))
            _give_time(start)


def _carry_out(document: PdfDocument, order: Survey | Recognise) -> Iterator[PageText]:
    match order:
        case Survey(first, known):
            yield from (document.survey(number) for number in range(first, len(document) + 1) if number not in known)
        case Recognise(number):
            yield document.recognise(number)


def _give_time(start: Start) -> None:
    """From now on this process may take so much time of the processor; it ends by SIGPROF then, whatever code it is in."""
    signal.setitimer(signal.ITIMER_PROF, start.page_seconds)


def _engine() -> Ocr | None:
    # A document without scans does not owe this import.
    from bot.reading.pages.ocr import find_ocr  # noqa: PLC0415 - see above

    return find_ocr()


def _listen(put: Callable[[Survey | Recognise], None]) -> None:
    """Hand on the orders. Standard input ends when the parent does, however it ended: nobody listens any more."""
    try:
        for line in sys.stdin.buffer:
            put(parse_order(line))
    finally:
        os._exit(0)


def _say(line: bytes) -> None:
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    run(main)
