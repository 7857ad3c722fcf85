from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.app.demo.scenario import DROME
from tests.bot.storage.ready import copy_when_new
from tests.e2e.test_operations import Sites
from tests.e2e.world import CHANNEL, OPERATORS
from tests.servers.fake_bot_api import FakeBotApi


@pytest.fixture
def telegram() -> Iterator[FakeBotApi]:
    """Telegram, with a public channel and the operators' group."""
    with FakeBotApi() as running:
        running.add_channel(CHANNEL, "vsa")
        running.add_group(OPERATORS)
        yield running


@pytest.fixture
def sites() -> Iterator[Sites]:
    with Sites() as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path, sites: Sites, telegram: FakeBotApi) -> Path:
    """Where the process runs, with what it needs to know."""
    (tmp_path / "tmp").mkdir()
    (tmp_path / "config.toml").write_text(
        f'[http]\ninterval_seconds = 0\n[http.origins]\n"{DROME}" = "{sites.url}/{DROME.removeprefix("https://")}"\n'
        f'[watch]\nauthorities = ["26"]\n[telegram]\ntoken = "{telegram.token}"\napi_url = "{telegram.url}"\ncommands = false\n'
        f'[[destinations]]\nname = "channel"\nplatform = "telegram"\nchat = "{CHANNEL}"\n',
        encoding="utf-8",
    )
    return tmp_path


@pytest.fixture(scope="module", autouse=True)
def _new_databases_are_copies() -> Iterator[None]:
    """Their tables have tests of their own, in `tests/bot/storage`."""
    with pytest.MonkeyPatch.context() as patch:
        copy_when_new(patch)
        yield
