"""The bot under systemd, which is a socket here: what it is told, by a real process."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from bot.app import service
from bot.app.demo.replay import Replay
from bot.app.logs import sentences
from bot.app.service import Service
from bot.app.systemd import ALIVE, READY, STOPPING, ServiceManager
from bot.domain.posts import PostState
from bot.storage.store import open_store
from tests import clock
from tests.e2e.test_operations import SOON, Begin, Sites, bot, later
from tests.e2e.world import CHANNEL, World, keep_running, posts_in
from tests.processes import Zygote
from tests.servers.fake_bot_api import FakeBotApi
from tests.skipping import until

_FAILING = 0.3
"""Seconds that the loop stands still: a dozen ticks of the test."""


class Systemd:
    """What listens at NOTIFY_SOCKET, in the abstract namespace unless a file is given."""

    def __init__(self, address: str = "") -> None:
        self.address = address or f"@vigie-test-{os.getpid()}"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(f"\0{self.address[1:]}" if self.address.startswith("@") else self.address)
        self._socket.settimeout(SOON)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._socket.close()

    def next(self) -> str:
        return self._socket.recv(4096).decode()

    def told(self) -> list[str]:
        """What has come and was not looked at yet."""
        found = []
        self._socket.settimeout(0)
        try:
            while True:
                found.append(self.next())
        except BlockingIOError:
            return found
        finally:
            self._socket.settimeout(SOON)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


@pytest.fixture
def logged(log: Path) -> Callable[[], str]:
    """What it has logged so far."""
    return lambda: log.read_text("utf-8")


@pytest.fixture
def begin(zygote: Zygote, log: Path) -> Iterator[Begin]:
    """Begins a bot that logs there."""
    with log.open("wb", 0) as errors:
        yield lambda arguments, folder, environ: zygote.begin(arguments, folder, environ, (None, None, errors.fileno()))


async def test_it_is_ready_once_it_works_alive_while_the_database_answers_and_stopping_at_sigterm(
    begin: Begin, sites: Sites, telegram: FakeBotApi, folder: Path, monkeypatch: pytest.MonkeyPatch, logged: Callable[[], str]
) -> None:
    with open_store(f"sqlite:///{folder / 'vigie.db'}"):
        pass
    unknown = sentences()["poll.due_unknown"]
    with Systemd() as systemd, closing(sqlite3.connect(folder / "vigie.db", isolation_level=None)) as other:
        monkeypatch.setenv("NOTIFY_SOCKET", systemd.address)
        other.execute("BEGIN IMMEDIATE")
        with bot(begin, folder, "run") as running:
            await asyncio.to_thread(running.until, running.waits_for_a_lock)
            assert systemd.told() == []
            other.execute("ROLLBACK")
            assert [await asyncio.to_thread(systemd.next) for _ in range(2)] == [READY, ALIVE]
            other.execute("ALTER TABLE sources RENAME TO elsewhere")
            await until(lambda: unknown in logged())
            systemd.told()
            failed = logged().count(unknown)
            await until(lambda: logged().count(unknown) > failed)
            assert systemd.told() == []
            other.execute("ALTER TABLE elsewhere RENAME TO sources")
            assert await asyncio.to_thread(systemd.next) == ALIVE
            systemd.told()
            running.process.send(signal.SIGTERM)
            assert await asyncio.to_thread(systemd.next) == STOPPING
            assert running.process.wait(SOON) == 0


async def test_at_sighup_it_begins_anew_with_a_configuration_that_can_be_used(
    begin: Begin, sites: Sites, telegram: FakeBotApi, folder: Path, logged: Callable[[], str]
) -> None:
    config = folder / "config.toml"
    whole = config.read_text("utf-8")
    config.write_text(whole[: whole.index("[telegram]")], "utf-8")
    with bot(begin, folder, "run") as running:

        async def after(text: str, event: str) -> str:
            """The line of an event that comes once the configuration is this one."""
            config.write_text(text, "utf-8")
            known = logged().count(sentences()[event])
            running.process.send(signal.SIGHUP)
            await until(lambda: logged().count(sentences()[event]) > known)
            return [line for line in logged().splitlines() if sentences()[event] in line][-1]

        await until(lambda: sentences()["run.watching"] in logged())
        assert telegram.calls == []
        assert "http.intervall: unknown option" in await after("[http]\nintervall = 1\n", "config.not_reloaded")
        await after(whole[: whole.index("[telegram]")], "config.unchanged")
        assert sentences()["run.stopping"] not in logged()
        changed = await after(whole, "config.reloaded")
        assert "options='telegram.token, telegram.api_url, telegram.commands, destinations'" in changed
        await telegram.until(lambda: posts_in(telegram, CHANNEL), SOON)
        await until(lambda: logged().count(sentences()["run.watching"]) == 2)
        other = f'{whole}[database]\nurl = "sqlite:///other.db"\n'
        assert "database.url" in await after(other, "config.needs_restart")
        assert running.end() == 0
    assert not (folder / "other.db").exists()
    await later(folder, sites, telegram)


async def test_with_a_token_that_was_revoked_posts_wait_for_the_new_one(
    begin: Begin, sites: Sites, telegram: FakeBotApi, folder: Path, logged: Callable[[], str]
) -> None:
    config, kept = folder / "config.toml", folder / "telegram.token"
    config.write_text(config.read_text("utf-8").replace(f'token = "{telegram.token}"', 'token_file = "telegram.token"'), "utf-8")
    kept.write_text("123456:AArevoked", "utf-8")

    def waiting() -> int:
        with open_store(f"sqlite:///{folder / 'vigie.db'}", read_only=True) as store:
            return len(store.posts.listed(states=[PostState.PENDING]))

    with bot(begin, folder, "run") as running:
        await until(lambda: waiting() == 1 and sentences()["destination.needs_operator"] in logged())
        kept.write_text(telegram.token, "utf-8")
        running.process.send(signal.SIGHUP)
        await telegram.until(lambda: posts_in(telegram, CHANNEL), SOON)
        assert "AArevoked" not in logged()
        assert running.end() == 0
    await later(folder, sites, telegram)


async def test_nothing_is_told_while_the_loop_stands_still(
    sites: Sites, telegram: FakeBotApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "TICK", timedelta(milliseconds=20))
    told: list[str] = []
    with Replay(sites.resources) as replay:
        world = World(replay, tmp_path / "vigie.db", telegram, now=clock.now())
        async with world.bot(("26",)) as parts, keep_running(Service(parts, tell=told.append).run):
            await until(lambda: told.count(ALIVE) > 1)
            assert told[0] == READY
            before = len(told)
            # Not a nap: nothing else of this loop goes on meanwhile.
            threading.Event().wait(_FAILING)
            assert len(told) == before
            await until(lambda: len(told) > before)


def test_a_manager_at_a_path_is_told_too_and_one_that_is_gone_or_was_never_there_disturbs_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The path of a socket may have 107 characters.
    monkeypatch.chdir(tmp_path)
    with Systemd("notify") as systemd:
        ServiceManager({"NOTIFY_SOCKET": "notify"}).tell("STATUS=à l'écoute")
        assert systemd.told() == ["STATUS=à l'écoute"]
    ServiceManager({"NOTIFY_SOCKET": "notify"}).tell(ALIVE)
    ServiceManager({}).tell(ALIVE)
