"""Settings for the whole suite."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from tests.examples import load_profile
from tests.processes import Zygote

load_profile()


def pytest_collection_finish() -> None:
    """Keep what is there before the first test, and to the end, out of the walks of the garbage collector; walk more seldom."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.fixture(scope="session")
def zygote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zygote]:
    """Starts the program without its imports, wherever a test asks for processes."""
    running = Zygote(tmp_path_factory.mktemp("zygote"))
    yield running
    running.close()
