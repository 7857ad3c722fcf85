"""The two platforms of the soak, each with traps, and what is really there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from starlette.types import ASGIApp

from benchmarks.soak.traps import Traps
from tests.servers.fake_bot_api import BotMessage, FakeBotApi
from tests.servers.mastodon import MastodonServer

CHANNEL = -1001111
FIRST_COMMANDS = 5
"""Messages in private chats before the first life."""
SEND = {"telegram": r"POST /bot[^/]+/sendMessage", "mastodon": r"POST /api/v1/statuses"}
LOOK = {"telegram": r"POST /bot[^/]+/editMessageReplyMarkup", "mastodon": r"GET /api/v1/accounts/[^/]+/statuses"}
_FILE = re.compile(r"/recueil-(\d+)\.pdf")


class Told(NamedTuple):
    """A decree in a message: its number, the id of the message, and of the one that this replies to."""

    reference: str
    number: int
    reply_to: str | None = None


class Telegram(FakeBotApi):
    """A channel in which the bot may not edit the posts of others, as the documentation advises."""

    def __init__(self, chats: Sequence[int] = ()) -> None:
        super().__init__()
        self.traps = Traps()
        self.add_channel(CHANNEL)
        for chat in chats:
            self.add_private(chat)
        for _ in range(FIRST_COMMANDS if chats else 0):
            self.person_posts(chats[0], "/suivre 26")

    def app(self) -> ASGIApp:
        """With traps."""
        return self.traps.around(super().app())

    def first_of_bot(self, chat: int) -> BotMessage:
        """The oldest message of the bot in a chat: one about no decree, which a press of its button may change."""
        return next(one for one in self.messages if one.chat_id == chat and one.from_bot)

    def take_back(self, chat: int) -> None:
        """A person who blocked the bot takes messages again."""
        with self._lock:
            self._chats.by_id[chat].gone = None

    def told(self, chat: int = CHANNEL) -> list[Told]:
        """What is there in a chat, oldest first: one for each decree that a message leads to."""
        return [
            Told(str(message.message_id), number, None if message.reply_to is None else str(message.reply_to))
            for message in self.messages
            if message.chat_id == chat and (chat == CHANNEL or "/pause" in message.text)  # else an answer
            for number in _numbers(f"{message.html} {message.buttons}")
        ]


class Mastodon(MastodonServer):
    """An account."""

    def __init__(self, *, ignores_keys: bool) -> None:
        super().__init__(ignores_idempotency=ignores_keys)
        self.traps = Traps()

    def app(self) -> ASGIApp:
        """With traps."""
        return self.traps.around(super().app())

    def told(self) -> list[Told]:
        """As on Telegram."""
        return [
            Told(status["id"], number, status["in_reply_to_id"])
            for status in reversed(self.statuses())
            if status["in_reply_to_id"] is None or _FILE.search(status["content"])  # else the rest of a thread
            for number in _numbers(status["content"])
        ]


def load() -> None:
    """Call it once, before there are threads.

    The mock loads SQLAlchemy's ORM when it is started first, and whoever uses SQLAlchemy in another thread meanwhile finds half of it.
    """
    with Mastodon(ignores_keys=False):
        pass


def _numbers(text: str) -> list[int]:
    found = list(dict.fromkeys(int(number) for number in _FILE.findall(text)))
    if not found:
        raise ValueError(f"a message of the bot without a decree: {text}")
    return found
