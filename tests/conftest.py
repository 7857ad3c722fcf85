"""Settings for the whole suite."""

from __future__ import annotations

import gc
import logging
import os
import sys
from collections.abc import Generator, Iterator
from email.utils import format_datetime
from functools import cache
from http.server import BaseHTTPRequestHandler

import pytest
import structlog
from structlog.dev import ConsoleRenderer, plain_traceback

from bot.messages import words
from bot.reading.pages.recognition import ocr_available
from tests import clock
from tests.bot.storage.ready import laid_out, share_statements
from tests.clients import prepare_clients
from tests.examples import load_profile
from tests.first_decree import recognise
from tests.forking import Forks
from tests.processes import Zygote, program
from tests.readers import forked_readers
from tests.servers import postgres
from tests.servers.mastodon import load_mock

load_profile()
clock.tell()
setattr(BaseHTTPRequestHandler, "date_time_string", lambda _, __=None: format_datetime(clock.now(), usegmt=True))  # noqa: B010 - of a library

# A log that nothing is set up for would show all variables of each frame of an error, in colours: 0.2 s for each error.
for processor in structlog.get_config()["processors"]:
    if isinstance(processor, ConsoleRenderer):
        processor.exception_formatter = plain_traceback

FIRST = (
    # Whole programs wait for each other, while others compute.
    "tests/bot/cli/",
    "tests/e2e/test_operations.py",
    "tests/e2e/test_two_processes.py",
    "tests/bot/ingest/test_queued_reading.py",
    "tests/e2e/test_early.py",
    "tests/sources/crawl/test_france.py",
    "tests/bot/detection/test_corpus.py",
    "tests/bot/delivery/picture/test_draw.py",
    "tests/bot/web/test_accessibility.py",
    "tests/bot/delivery/test_exactly_once.py",
    "tests/bot/ingest/test_outage.py",
    "tests/bot/ingest/test_misfiled.py",
    "tests/bot/ingest/test_poller.py",
    "tests/e2e/test_replay.py",
    "tests/bot/ingest/test_long_readings.py",
    "tests/bot/reading/test_sandbox.py",
    "tests/bot/reading/test_hostile_pages.py",
    "tests/bot/storage/test_links.py",
    "tests/bot/delivery/picture/test_hostile.py",
    "tests/bot/delivery/test_followers.py",
    "tests/bot/ingest/test_backfill.py",
    "tests/e2e/test_same_answers.py",
    "tests/e2e/test_conversations.py",
    "tests/bot/detection/test_shared.py",
)
"""What takes long, the longest first: files and folders of tests. They are handed out before the rest."""


MANY = 1000
"""Tests of a run for which it is worth while to load first what any of its processes may need."""


@cache
def place_of(module: str) -> int:
    """When the tests of a module are handed out."""
    return next((place for place, path in enumerate(FIRST) if module.startswith(path)), len(FIRST))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take `-n`."""
    parser.getgroup("processes")._addoption("-n", dest="processes", type=int, default=0, help="run tests in so many processes")


def pytest_configure(config: pytest.Config) -> None:
    """Let the driver of Chromium keep what it compiles of itself: a quarter of what it takes to start, in each of two dozen starts."""
    os.environ.setdefault("NODE_COMPILE_CACHE", str(config.rootpath / ".pytest_cache" / "node"))


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Run all tests, or leave it to pytest: where nothing is to be run, or in this process."""
    missing = [path for path in FIRST if not (session.config.rootpath / path).exists()]
    if missing:
        raise pytest.UsageError(f"FIRST in tests/conftest.py names what is not there: {missing}")
    most: int = session.config.getoption("processes")
    if most < 1 or session.testsfailed or session.config.getoption("collectonly"):
        return None
    if any("zygote" in getattr(item, "fixturenames", ()) for item in session.items):
        # Once for all that are forked from this process.
        program()
    if len(session.items) > MANY:
        # What most of them would load for themselves, while the program is loaded.
        recognise()
        load_mock()
        laid_out()
    Forks(session, most, place_of).run()
    return True


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Make the tests without walks of the garbage collector: all of them stay."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


def pytest_collection_finish() -> None:
    """Keep what is there before the first test, and to the end, out of the walks of the garbage collector; walk more seldom."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def pytest_unconfigure() -> None:
    """End what began for all processes of this run, and remove what one left that was killed."""
    if program.cache_info().currsize:
        program().close()
    postgres.remove(postgres.FOLDER)


@pytest.fixture
def restored_logging() -> Iterator[None]:
    """Undo what a test does to the log of this process: others wait for lines that a higher level would hide."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture(scope="session", autouse=True)
def shared_statements() -> Iterator[None]:
    """Compile each statement once in this process."""
    with pytest.MonkeyPatch.context() as patch:
        share_statements(patch)
        yield


@pytest.fixture(scope="session")
def zygote(tmp_path_factory: pytest.TempPathFactory) -> Zygote:
    """Starts the program without its imports, wherever a test asks for processes."""
    return Zygote(tmp_path_factory.mktemp("zygote"))


@pytest.fixture(scope="session", autouse=True)
def prepared_clients() -> Iterator[None]:
    """Let clients do once what is the same for all of them."""
    with pytest.MonkeyPatch.context() as patch:
        prepare_clients(patch)
        yield


@pytest.fixture(scope="session", autouse=True)
def readers() -> Iterator[None]:
    """Fork reading processes rather than start them."""
    with forked_readers():
        yield


@pytest.fixture(scope="session")
def with_ocr() -> None:
    if not ocr_available():
        pytest.skip("no Tesseract with French data (fra.traineddata) on this machine")


# Words of the program are compared with plain spaces, which can be seen and typed. The spaces that readers get have tests of their own
# (`tests/bot/messages/test_spaces.py`), and so have processes, which no fixture reaches.

_REAL_SPACES = words.no_break_spaces


@pytest.fixture(scope="session", autouse=True)
def plain_spaces() -> Iterator[None]:
    """Load words without no-break spaces."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(words, "no_break_spaces", str)
        yield


@pytest.fixture
def real_spaces(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Load words as the program does."""
    monkeypatch.setattr(words, "no_break_spaces", _REAL_SPACES)
    forget_words()
    yield
    forget_words()


def forget_words() -> None:
    """Empty every cache of the bot that may hold words."""
    for module in [module for name, module in sys.modules.items() if name.startswith("bot.")]:
        for value in list(vars(module).values()):
            if hasattr(value, "cache_clear"):
                value.cache_clear()
