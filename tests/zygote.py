"""A process that has imported the program, and forks for each command of a test.

Each command is a process of its own all the same, with its own folder, environment and streams, and ends as any. Only the second that its
imports take is not paid a hundred times over, nor the taking apart of all of them at the end. It may run a script of a test instead.
`python -m tests.zygote SOCKET`. Orders come as `tests.reading_zygote` takes them.
"""

from __future__ import annotations

import atexit
import gc
import io
import logging
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import apprise
import httpx
import pytest
import structlog

from bot.app.demo.replay import Replay
from bot.cli import context, main
from bot.cli.main import COMMANDS, app
from bot.reading.sandbox import probe
from sources.catalogue.authority import load_authorities
from tests import clock
from tests.bot.cli.conftest import write_config
from tests.bot.storage.ready import copy_when_new, share_statements
from tests.clients import prepare_clients
from tests.first_decree import recognise
from tests.huge_pages import collapse
from tests.readers import fork_readers
from tests.reading_zygote import immortalise, serve
from tests.small_france import published

LOADED_LATE = ("anyio._backends._asyncio", "certifi", "h11", "httpcore", "rich.markdown", "rich.status")
NOBODY = """
[telegram]
token = "1:of-nobody"
api_url = "http://127.0.0.1:1"
channel = "@nobody"
commands = false
"""


def load() -> None:
    """Have all there that commands need."""
    for module, _ in COMMANDS.values():
        import_module(f"bot.cli.{module}")
    # Under nohup a bot does not hear it, and its tests send it.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    _warm()
    # What is loaded stays: a child whose collector walked through it would copy every page of it.
    immortalise()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    # A command took 15 ms for its copy of the tables of single pages.
    collapse()


def _warm() -> None:
    """Load what the program loads with its first request and its first decree: modules, patterns, places: nothing that commands change."""
    for module in LOADED_LATE:
        import_module(module)
    load_authorities()
    copy_when_new(pytest.MonkeyPatch())
    fork_readers(pytest.MonkeyPatch(), "bot.reading.sandbox.child", "bot.reading.sandbox.excerpt", "bot.delivery.picture.child")
    prepare_clients(pytest.MonkeyPatch())
    for trust_env in (True, False):
        httpx.create_ssl_context(trust_env=trust_env)
    # Knows its services only then.
    apprise.Apprise.instantiate("json://127.0.0.1")
    recognise()
    share_statements(pytest.MonkeyPatch())
    clock.tell()
    pytest.MonkeyPatch().setattr(probe, "subprocess", SimpleNamespace(run=_probed))
    _rehearse()


def _probed(command: Sequence[str], **options: Any) -> subprocess.CompletedProcess[bytes]:
    """Let a process that need not be started anew find out what it may do in confinement. It is started in `tests/bot/reading`."""
    if threading.active_count() > 1:
        return subprocess.run(command, **options)  # noqa: PLW1510 - its caller says
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            sys.stdout = io.TextIOWrapper(io.FileIO(theirs, "w"))
            probe.main(command[-1])
            sys.stdout.flush()
            os._exit(0)
        finally:
            os._exit(1)
    os.close(theirs)
    with os.fdopen(ours, "rb") as stream:
        said = stream.read()
    return subprocess.CompletedProcess(command, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), said)


def _rehearse() -> None:
    """Run commands here, to the end: what they compile, load and import is there for all."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    with TemporaryDirectory() as folder, Replay(published(clock.today())) as replay:
        config = write_config(Path(folder), replay, NOBODY)
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            for words in (["poll", "26"], ["status"]):
                with suppress(SystemExit):
                    app(["--config", config, *words])
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


def run(order: dict[str, Any]) -> None:
    """The command, or the script, to its end. Its modules are not taken apart then: that took as much as a whole command."""
    os.chdir(order["folder"])
    tempfile.tempdir = None
    # What those of the zygote could do, such as seek, is theirs.
    sys.stdin, sys.stdout = os.fdopen(0, closefd=False), os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", 1, closefd=False)
    context.stderr.is_interactive = context.stderr.is_terminal
    sys.argv = ["vigie", *order["arguments"]]
    try:
        if order["script"] is None:
            main()
        else:
            exec(order["script"], {"__name__": "__main__"})  # noqa: S102 - a script of our tests
            sys.exit(0)
    except SystemExit as end:
        if not isinstance(end.code, int):
            raise
        # What Python does before it takes them apart: it waits for threads, then carries out what was asked for.
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(end.code)


if __name__ == "__main__":
    load()
    run(serve(socket.socket(fileno=int(sys.argv[1]))))
