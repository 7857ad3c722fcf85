from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.bot.storage.ready import copy_when_new
from tests.e2e.world import CHANNEL, OPERATORS
from tests.servers.fake_bot_api import FakeBotApi


@pytest.fixture
def telegram() -> Iterator[FakeBotApi]:
    """Telegram, with a public channel and the operators' group."""
    with FakeBotApi() as running:
        running.add_channel(CHANNEL, "vsa")
        running.add_group(OPERATORS)
        yield running


@pytest.fixture(scope="module", autouse=True)
def _new_databases_are_copies() -> Iterator[None]:
    """Their tables have tests of their own, in `tests/bot/storage`."""
    with pytest.MonkeyPatch.context() as patch:
        copy_when_new(patch)
        yield
