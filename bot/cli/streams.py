"""Standard streams that can be relied upon, however the program was started."""

from __future__ import annotations

import errno
import io
import os
import sys
from pathlib import Path


class Closed(io.TextIOBase):
    """Stands for a standard output that was closed: who writes is told so, and no post is taken for shown."""

    def writable(self) -> bool:
        """It says so, to fail at the write with a reason."""
        return True

    def write(self, _text: str, /) -> int:
        """Raises OSError."""
        raise OSError(errno.EBADF, "standard output is closed")


def make_streams_sound() -> None:
    """Replace streams that were closed by the caller (`>&-`), and never fail for a letter that the terminal cannot show."""
    # A database opened in the place of descriptor 1 or 2 could be written to by a library that prints.
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(number, True)
    os.close(number)
    if sys.stdout is None:
        sys.stdout = Closed()
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - for as long as the program runs
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
