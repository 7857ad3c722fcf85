"""A small France on loopback: sites, a fake Bot API, a Mastodon server, and the real bot between them."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.app.config.model import Settings
from bot.app.demo.replay import Replay
from bot.app.wiring import Parts, assemble
from bot.delivery.deliverer import Delivered
from bot.ingest.ingestor import IngestResult
from bot.ingest.poller import SourceReport
from sources.catalogue.authority import load_authorities
from tests.servers.fake_bot_api import FakeBotApi
from tests.servers.fake_bot_chats import BotMessage
from tests.servers.mastodon import MastodonServer

NOON = datetime(2026, 8, 14, 12, 0, tzinfo=UTC)
CHANNEL = -1001111
OPERATORS = -1002222


@dataclass
class World:
    """What the bot lives in. `now` is the clock, which a test moves by hand."""

    replay: Replay
    database: Path
    telegram: FakeBotApi | None = None
    mastodon: MastodonServer | None = None
    now: datetime = NOON
    destinations: Sequence[Mapping[str, Any]] = ()
    commands: bool = False
    topics: Sequence[str] = ("vsa",)
    console: io.StringIO = field(default_factory=io.StringIO)

    def settings(self) -> Settings:
        """The configuration, as a file would give it."""
        document: dict[str, Any] = {
            "http": {"interval_seconds": 0, "origins": self.replay.origins},
            "database": {"url": f"sqlite:///{self.database}"},
            "destinations": list(self.destinations),
            "watch": {"topics": list(self.topics)},
        }
        if self.telegram is not None:
            document["telegram"] = {"token": self.telegram.token, "api_url": self.telegram.url, "commands": self.commands}
            document["telegram"] |= {"operators_chat": str(OPERATORS), "operators_language": "en"}
            document["destinations"] += [{"name": "channel", "platform": "telegram", "chat": str(CHANNEL)}]
        if self.mastodon is not None:
            document["mastodon"] = {"instance": self.mastodon.url, "token": self.mastodon.token}
        return Settings.model_validate(document)

    @asynccontextmanager
    async def bot(self, codes: Sequence[str], *, rehearsal: bool = False) -> AsyncIterator[Parts]:
        """The bot, from start to stop."""
        async with assemble(
            self.settings(), load_authorities(), watched=codes, console=self.console, rehearsal=rehearsal, clock=lambda: self.now
        ) as parts:
            yield parts

    async def round(self, codes: Sequence[str]) -> Round:
        """Start the bot, poll each of these authorities once, deliver, stop."""
        async with self.bot(codes) as parts:
            return await one_round(parts, codes)


@dataclass(frozen=True)
class Round:
    """What one round did."""

    reports: dict[str, SourceReport]
    ingested: IngestResult
    delivered: list[Delivered]


async def one_round(parts: Parts, codes: Sequence[str]) -> Round:
    """Poll each of these authorities once, and deliver what is due."""
    authorities = load_authorities()
    reports, ingested = {}, IngestResult()
    for code in codes:
        for source in authorities[code].sources:
            report, found = await parts.poller.poll(source)
            reports[code] = report
            ingested += found
    return Round(reports, ingested, await parts.deliverer.deliver_due())


@asynccontextmanager
async def keep_running(run: Callable[[asyncio.Event], Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    """What runs until its event is set, for as long as the block; its end is waited for."""
    stop = asyncio.Event()
    task = asyncio.create_task(run(stop))
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(task, 60)


def posts_in(telegram: FakeBotApi, chat: int) -> list[BotMessage]:
    """The bot's own messages in a chat: Telegram's service messages there are not posts."""
    return [message for message in telegram.messages if message.chat_id == chat]
