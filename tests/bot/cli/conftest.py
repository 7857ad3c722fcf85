"""The real command, and three prefecture sites that it asks."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.app.demo.replay import Replay
from tests import clock
from tests.processes import Done, Zygote, clean_environ
from tests.servers.fake_bot_api import FakeBotApi
from tests.servers.mastodon import MastodonServer
from tests.small_france import published

Vigie = Callable[..., Done]


@pytest.fixture
def vigie(tmp_path: Path, zygote: Zygote) -> Vigie:
    """Run the real command in a process of its own, in an empty folder. What Python itself reads of `environ` is read no more."""

    def run(*arguments: str, environ: dict[str, str] | None = None, given: str = "") -> Done:
        return zygote.run(arguments, tmp_path, clean_environ(environ), given=given)

    return run


@pytest.fixture
def replay() -> Iterator[Replay]:
    """Three prefecture sites, as of today."""
    with Replay(published(clock.today())) as running:
        yield running


@pytest.fixture
def mastodon() -> Iterator[MastodonServer]:
    with MastodonServer() as running:
        yield running


@pytest.fixture
def telegram() -> Iterator[FakeBotApi]:
    """Telegram with a channel of the bot, @vsa."""
    with FakeBotApi() as running:
        running.add_channel(-1001111, "vsa")
        yield running


@pytest.fixture
def config(tmp_path: Path, replay: Replay) -> str:
    """A configuration that asks the replay in place of the real sites."""
    return write_config(tmp_path, replay)


def write_config(folder: Path, replay: Replay, more: str = "") -> str:
    origins = "".join(f'"{origin}" = "{base}"\n' for origin, base in replay.origins.items())
    path = folder / "vigie.toml"
    path.write_text(
        f'[http]\ninterval_seconds = 0\n[http.origins]\n{origins}[watch]\nauthorities = ["26", "06", "02"]\n{more}', encoding="utf-8"
    )
    return str(path)


def mounted_read_only(folder: Path) -> Callable[[object], os.statvfs_result]:
    """What the system says of a file system that takes nothing from anybody."""
    flags = os.statvfs(folder)
    closed = os.statvfs_result((*flags[:8], flags.f_flag | os.ST_RDONLY, *flags[9:]))
    return lambda _: closed
