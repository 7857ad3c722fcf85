"""`vigie poll` and `vigie check` as cron runs them: each round a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.demo.replay import Replay
from tests.bot.cli.conftest import Vigie, write_config
from tests.e2e.world import OPERATORS
from tests.servers.fake_bot_api import FakeBotApi
from tests.small_france import published


@pytest.fixture
def telegram() -> Iterator[FakeBotApi]:
    with FakeBotApi() as running:
        running.add_group(OPERATORS)
        yield running


def test_a_round_from_cron_tells_the_operators_at_its_end(telegram: FakeBotApi, tmp_path: Path, vigie: Vigie) -> None:
    """What it knows of the round before is in the database."""
    told = (
        f'[telegram]\ntoken = "{telegram.token}"\napi_url = "{telegram.url}"\noperators_chat = "{OPERATORS}"\noperators_language = "en"\n'
    )

    def said() -> list[str]:
        return [message.text.splitlines()[0] for message in telegram.messages_in(OPERATORS)]

    pages = published(datetime.now(UTC).astimezone().date())
    with Replay(dict(pages)) as replay:
        config = write_config(tmp_path, replay, told)
        assert vigie("--config", config, "poll", "26").code == 0
        assert isinstance(replay.resources, dict)
        replay.resources.clear()
        for _ in range(2):
            assert vigie("--config", config, "check", "26").code == 3
        assert said() == []
        codes = [vigie("--config", config, "poll", "26", "--json").code for _ in range(3)]
        assert (codes, said()) == ([3, 3, 3], ["⚠️ Vigie: a source needs a look"])
        replay.resources |= pages
        assert vigie("--config", config, "poll", "26").code == 0
    assert said()[1:] == ["✅ Vigie: a trouble is over"]
