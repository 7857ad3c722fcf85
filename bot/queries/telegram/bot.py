"""The Telegram face as a running thing: starts whenever Telegram lets it, polls, stops at once and in order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from typing import Any, Protocol

import structlog
from pydantic import SecretStr
from telegram import Update
from telegram.error import TelegramError
from telegram.ext import Application, ContextTypes, MessageHandler, filters

from bot.messages import LANGUAGES
from bot.queries.telegram.commands import publish_commands
from bot.queries.telegram.following import FollowCommands
from bot.queries.telegram.handlers import TelegramCommands
from bot.queries.telegram.long_polling import PollingRetries, Sleep, StopRequested, poll

log = structlog.get_logger(__name__)

_QUEUE = 100
"""Updates fetched but not yet answered: beyond, Telegram keeps them."""
_TOGETHER = 4
"""Questions answered at the same time."""
_STOP_SECONDS = 2
"""For answers on their way at the stop."""
# These write the address of each request, which holds the token.
_TALKATIVE = {"httpx": logging.WARNING, "httpcore": logging.WARNING, "telegram.Bot": logging.INFO, "telegram.ext.ExtBot": logging.INFO}

Seen = Callable[[Collection[str], int], None]
"""Takes the id of a message of a channel, with the number and the name of the channel."""


class MoreButtons(Protocol):
    """Buttons that something else than the answers of this package put under its messages."""

    def register(self, application: Application[Any, Any, Any, Any, Any, Any], /) -> None:
        """Add the handlers. Called before those that take any button."""
        ...

    def when_posted(self, posted: Callable[[], None], /) -> None:
        """Have `posted` called, in the event loop, each time that an answer queued posts."""
        ...


class TelegramBot:
    """Answers questions on Telegram."""

    def __init__(
        self,
        token: SecretStr,
        api_url: str,
        commands: TelegramCommands,
        *,
        reviews: MoreButtons | None = None,
        following: FollowCommands | None = None,
        seen: Seen | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """`api_url` is the Bot API server without `/bot`; `sleep` is in seconds. `seen` is called in a thread."""
        self._token = token
        self._api_url = api_url.rstrip("/").removesuffix("/bot")
        self._commands = commands
        self._sleep = sleep
        self._reviews = reviews
        self._following = following
        self._seen = seen

    def when_posted(self, posted: Callable[[], None]) -> None:
        """Have `posted` called, in the event loop, each time that an operator's answer queued posts, or a chat has something to get."""
        for more in (self._reviews, self._following):
            if more is not None:
                more.when_posted(posted)

    async def run(self, stop: asyncio.Event) -> None:
        """Answer until `stop` is set, through every outage of Telegram, and whatever it says of the token."""
        _silence()
        application = self._build()
        patience = PollingRetries(stop, self._sleep)
        try:
            await patience.attempt("getMe", application.initialize)
            await patience.attempt("deleteWebhook", application.bot.delete_webhook)
            await application.start()
            await _publish(application, following=self._following is not None)
            await poll(application.bot, application.update_queue, stop, patience)
        except StopRequested:
            log.debug("telegram.stopped_early")
        finally:
            await _shut_down(application)

    def _build(self) -> Application[Any, Any, Any, Any, Any, Any]:
        queue: asyncio.Queue[object] = asyncio.Queue(_QUEUE)
        application = (
            Application.builder()
            .token(self._token.get_secret_value())
            .base_url(f"{self._api_url}/bot")
            .base_file_url(f"{self._api_url}/file/bot")
            .updater(None)
            .job_queue(None)
            .update_queue(queue)
            .concurrent_updates(_TOGETHER)
            .connect_timeout(10)
            .read_timeout(30)
            .write_timeout(30)
            .pool_timeout(10)
            .get_updates_read_timeout(15)
            .build()
        )
        # Before the messages and buttons of answers, which take any other.
        for more in (self._reviews, self._following):
            if more is not None:
                more.register(application)
        self._commands.register(application)
        application.add_handler(MessageHandler(filters.UpdateType.CHANNEL_POSTS, self._note_post))
        application.add_error_handler(_log_error)
        return application

    async def _note_post(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Note that somebody wrote in a channel: where a post of ours is searched for there, that message is passed over."""
        message = update.channel_post
        if message is None or self._seen is None:
            return
        chats = [str(message.chat.id), *([f"@{message.chat.username}"] if message.chat.username else [])]
        try:
            await asyncio.to_thread(self._seen, chats, message.message_id)
        except Exception as error:  # a convenience: a search takes longer without it
            log.debug("telegram.message_not_recorded", error=type(error).__name__)


async def _publish(application: Application[Any, Any, Any, Any, Any, Any], *, following: bool) -> None:
    more = {language: FollowCommands.proposed(language) for language in LANGUAGES} if following else None
    try:
        await publish_commands(application.bot, more)
    except TelegramError as error:  # a convenience: the commands work without it
        log.warning("telegram.menu_failed", error=type(error).__name__)


async def _shut_down(application: Application[Any, Any, Any, Any, Any, Any]) -> None:
    if application.running:
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await application.stop()
        except TimeoutError:
            log.warning("telegram.answers_unsent")
    await application.shutdown()
    await application.bot.shutdown()  # also when it never got as far as being initialised


async def _log_error(update: object, context: ContextTypes.DEFAULT_TYPE) -> None:
    log.error("telegram.update_failed", error=type(context.error).__name__)


def _silence() -> None:
    for name, level in _TALKATIVE.items():
        logger = logging.getLogger(name)
        logger.setLevel(max(logger.level, level))
