"""The process that opens one PDF: `python -m bot.reading.child ORDER`. It limits itself first, then streams one line per page."""

from __future__ import annotations

import os
import resource
import sys
import threading
from pathlib import Path

from bot.reading.ocr import Ocr, find_ocr
from bot.reading.wire import Failed, Opened, Order, encode

_OPEN_FILES = 64


def main(argument: str) -> int:
    """Carry out one order. Exit status 0 when every page was tried, 1 when the file cannot be opened."""
    order = Order.parse(argument)
    limit(order)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # Imported under the limits: the native library is what they are for.
    from bot.reading.pdf import Document, NotReadable  # noqa: PLC0415 - under the limits, see above

    def engine() -> Ocr | None:
        return find_ocr() if order.ocr else None

    try:
        document = Document(Path(order.path), engine)
    except NotReadable as error:
        _say(encode(Failed(str(error))))
        return 1
    _say(encode(Opened(len(document))))
    for page in document.pages(order.first_page):
        _say(encode(page))
    return 0


def limit(order: Order) -> None:
    """Cap what this process may take, for good: memory, processor time, files (none may grow: nothing is written), core dumps."""
    _cap(resource.RLIMIT_AS, order.memory_bytes)
    # One second more for the hard limit: the soft one tells what happened (SIGXCPU), the hard one kills.
    _cap(resource.RLIMIT_CPU, order.cpu_seconds, order.cpu_seconds + 1)
    _cap(resource.RLIMIT_FSIZE, 0)
    _cap(resource.RLIMIT_CORE, 0)
    _cap(resource.RLIMIT_NOFILE, _OPEN_FILES)


def _cap(kind: int, soft: int, hard: int | None = None) -> None:
    """Lower a limit; one that the system already holds lower stays, as only an administrator may raise it."""
    _, present = resource.getrlimit(kind)
    most = soft if hard is None else hard
    if present != resource.RLIM_INFINITY:
        most = min(most, present)
    resource.setrlimit(kind, (min(soft, most), most))


def _end_with_parent() -> None:
    """Standard input ends when the parent does, however it ended: nobody listens any more."""
    sys.stdin.buffer.read()
    os._exit(1)


def _say(line: bytes) -> None:
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
