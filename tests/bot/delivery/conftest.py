from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.bot.delivery.memory import Clock
from tests.servers.fake_bot_api import FakeBotApi
from tests.servers.mastodon import MastodonServer


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def api() -> AsyncIterator[FakeBotApi]:
    async with FakeBotApi() as server:
        yield server


@pytest.fixture
async def mastodon() -> AsyncIterator[MastodonServer]:
    async with MastodonServer() as server:
        yield server
