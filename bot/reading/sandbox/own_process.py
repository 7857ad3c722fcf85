"""How a process that does one thing for its parent begins and ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import NoReturn


def run(main: Callable[[str], int]) -> NoReturn:
    """Call `main` with the one argument of the process, and end with the status that it returns; with 1 and a trace when it raises."""
    status = 1
    try:
        status = main(sys.argv[1])
    except BaseException:
        sys.excepthook(*sys.exc_info())
    # Not `sys.exit`: the listener may be inside standard input, which an orderly end would want to close.
    os._exit(status)
