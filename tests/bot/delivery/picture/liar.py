"""A drawing process that was taken over: it does what the phrases of its order say, and never what it is there for."""

from __future__ import annotations

import os
import signal
import sys

from bot.delivery.picture.wire import Canvas, Draw

ANSWERS = {
    "garbage": b"\x89PNG\r\n",
    "list": b"[1, 2]\n",
    "wide": Canvas(5000, 10, (), 0).line() + bytes(50_000),
    "flat": Canvas(0, 10, (), 0).line(),
    "unasked": Canvas(10, 10, (7,), 0).line() + bytes(100),
    "negative": Canvas(10, 10, (), -1).line() + bytes(100),
    "short": Canvas(10, 10, (), 0).line() + bytes(99),
    "mute": b"",
    "unknown": b'{"why": "BECAUSE", "more": ""}\n',
    "endless": b"x" * 20_000_000,
}

if __name__ == "__main__":
    (what,) = Draw.parse(sys.stdin.buffer.readline()).phrases
    if what == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "hangs":
        signal.pause()
    sys.stdout.buffer.write(ANSWERS[what])
    sys.stdout.buffer.flush()
