"""Provides the command `vigie`. Exit codes: 0 done, 1 failed, 2 wrong use or configuration, 3 done but a source failed, 130 interrupted."""

import signal
import threading

# Loading the program takes seconds on a small machine: Ctrl-C ends it then as it does later, without a traceback.
_LOADS_ALONE = threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) is signal.default_int_handler
if _LOADS_ALONE:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from bot.cli.main import main  # noqa: E402

if _LOADS_ALONE:
    signal.signal(signal.SIGINT, signal.default_int_handler)

__all__ = ["main"]
