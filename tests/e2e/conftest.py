from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.world import CHANNEL, OPERATORS
from tests.servers.fake_bot_api import FakeBotApi


@pytest.fixture
def telegram() -> Iterator[FakeBotApi]:
    """Telegram, with a public channel and the operators' group."""
    with FakeBotApi() as running:
        running.add_channel(CHANNEL, "vsa")
        running.add_group(OPERATORS)
        yield running
