"""Which files of the program are entered: by this process, and by those that it starts to open a file.

Such a process is started by `sys.executable -s -P -m MODULE ARGUMENT`, confined, without a place to write. While files are noted a script
stands in for the interpreter: it opens a pipe that outlives the confinement and runs this module, which runs the other one.
"""

from __future__ import annotations

import os
import runpy
import shlex
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

CHECKOUT = Path(__file__).resolve().parents[1]
PACKAGES = tuple(f"{CHECKOUT / package}{os.sep}" for package in ("bot", "sources"))
_FUNCTION = 0x1
"""`CO_OPTIMIZED`: the code of a function, not that of a module or a class, which runs when it is imported."""
_PIPE = 9


class Entered:
    """The files entered so far, in order of their first entry, by paths from the checkout; those below `without` are not noted."""

    def __init__(self, without: str) -> None:
        self.files: list[str] = []
        self._without = without
        self._noting = False

    def note(self, path: str) -> None:
        """Add a file that is not known yet."""
        if self._noting and path not in self.files and not path.startswith(self._without):
            self.files.append(path)

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Note the files that are entered meanwhile."""
        self._noting = True
        try:
            yield
        finally:
            self._noting = False

    @contextmanager
    def watching(self, folder: Path) -> Iterator[None]:
        """Follow this thread, those started meanwhile, and the processes started meanwhile; `folder` holds what these need."""
        pipe, script = folder / "entered", folder / "python"
        os.mkfifo(pipe)
        script.write_text(
            f'#!/bin/sh\nexec {_PIPE}<>{shlex.quote(str(pipe))}\nshift 3\nexec {shlex.quote(sys.executable)} -s -P -m {__name__} "$@"\n'
        )
        script.chmod(0o700)
        # Held open for writing as well: there is no end of it before the last line, and that is ours.
        held = os.open(pipe, os.O_RDWR)
        listener = threading.Thread(target=self._listen, args=(pipe,), daemon=True)
        listener.start()
        interpreter, sys.executable = sys.executable, str(script)
        follow(self.note)
        try:
            yield
        finally:
            sys.setprofile(None)
            threading.setprofile(None)
            sys.executable = interpreter
            os.write(held, b"\n")
            listener.join()
            os.close(held)

    def _listen(self, pipe: Path) -> None:
        with pipe.open(encoding="utf-8") as lines:
            for line in lines:
                if line == "\n":
                    return
                self.note(line.rstrip("\n"))


def follow(note: Callable[[str], None]) -> None:
    """Call this with the path of a file at each entry of one of its functions, in this thread and those started later; from Python 3.12
    on also in those that exist already, such as the threads of an executor.
    """

    def profile(frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        if event == "call" and code.co_flags & _FUNCTION and code.co_filename.startswith(PACKAGES):
            note(os.path.relpath(code.co_filename, CHECKOUT))

    if sys.version_info >= (3, 12):
        threading.setprofile_all_threads(profile)
    else:
        threading.setprofile(profile)
        sys.setprofile(profile)


def _run(module: str) -> None:
    """Run a module as `python -m` does, and write each new file to the pipe."""
    known = set[str]()

    def note(path: str) -> None:
        if path not in known:
            known.add(path)
            os.write(_PIPE, f"{path}\n".encode())

    follow(note)
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    sys.argv.pop(0)
    _run(sys.argv[0])
