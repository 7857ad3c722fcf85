"""Settings for the whole suite."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.processes import Zygote

# The suite must say the same twice, on a busy machine too: property tests take the same examples at each run, without a deadline for each.
# They are few enough for a run at every change; HYPOTHESIS_PROFILE=explore looks for new ones, and for many more.
settings.register_profile("steady", derandomize=True, deadline=None, max_examples=50)
settings.register_profile("explore", derandomize=False, deadline=None, max_examples=500)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


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
