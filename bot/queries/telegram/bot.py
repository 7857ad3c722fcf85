"""The Telegram face as a running thing: starts whenever Telegram lets it, polls through every outage, stops at once and in order.

python-telegram-bot's own updater sleeps up to 30 s between failures and cannot be woken from it, hence this loop of `getUpdates`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from datetime import timedelta
from typing import Any, Protocol, TypeVar

import structlog
from pydantic import SecretStr
from telegram import Bot, Update
from telegram.error import InvalidToken, TelegramError
from telegram.ext import Application, ContextTypes, MessageHandler, filters

from bot.domain.tasks import ended
from bot.messages import LANGUAGES
from bot.queries.telegram.answering import SECOND_POLLER, Sleep, cause_of, pause_after
from bot.queries.telegram.commands import publish_commands
from bot.queries.telegram.following import FollowCommands
from bot.queries.telegram.handlers import TelegramCommands

log = structlog.get_logger(__name__)

T = TypeVar("T")

LONG_POLL = timedelta(seconds=50)
"""How long Telegram may hold a request open while there is nothing new."""
UPDATES = ("message", "callback_query", "inline_query", "channel_post", "my_chat_member")
_CALM = 10
"""Successes in a row after which a second poller is believed gone."""
_FAREWELL = timedelta(seconds=2)


class StopRequested(Exception):
    """The stop event was set while waiting."""


async def unless(stop: asyncio.Event, work: Awaitable[T]) -> T:
    """Return the result of `work`; raise StopRequested, and cancel the work, as soon as `stop` is set."""
    working, stopping = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise StopRequested
    finally:
        await ended([working, stopping])


class PollingRetries:
    """Repeats a call until it succeeds. Each cause of an outage is logged once, and so is the end of the outage."""

    def __init__(self, stop: asyncio.Event, sleep: Sleep) -> None:
        self._stop = stop
        self._sleep = sleep
        self._failures = 0
        self._logged: set[str] = set()
        self._calm = 0

    async def attempt(self, what: str, call: Callable[[], Awaitable[T]]) -> T:
        """Call until it succeeds, and return the result. Raises StopRequested when `stop` is set."""
        while True:
            try:
                result = await unless(self._stop, call())
            except StopRequested:
                raise
            except Exception as error:  # the library's own errors, and those of an answer that it cannot digest
                await self._rest(what, error)
            else:
                self._succeeded(what)
                return result

    async def _rest(self, what: str, error: Exception) -> None:
        self._failures += 1
        self._calm = 0
        cause = cause_of(error)
        if cause not in self._logged:
            self._logged.add(cause)
            level = logging.ERROR if isinstance(error, InvalidToken) else logging.WARNING
            log.log(level, "telegram.unreachable", during=what, error=cause)
        await unless(self._stop, self._sleep(pause_after(error, self._failures)))

    def _succeeded(self, what: str) -> None:
        """Note a success. Two programs with one token are refused in turns: only a lasting calm ends that, any success another outage."""
        self._failures = 0
        self._calm += 1
        if self._logged and (SECOND_POLLER not in self._logged or self._calm >= _CALM):
            self._logged.clear()
            log.info("telegram.recovered", during=what)


async def poll(bot: Bot, queue: asyncio.Queue[object], stop: asyncio.Event, patience: PollingRetries) -> None:
    """Put every update in `queue` until `stop` is set; what is queued is confirmed to Telegram, what is not comes again."""
    offset: int | None = None

    async def fetch() -> tuple[Update, ...]:
        return await bot.get_updates(offset=offset, timeout=LONG_POLL, allowed_updates=UPDATES)

    try:
        while True:
            for update in await patience.attempt("getUpdates", fetch):
                await unless(stop, queue.put(update))
                offset = update.update_id + 1
    except StopRequested:
        await _confirm(bot, offset)


async def _confirm(bot: Bot, offset: int | None) -> None:
    """Tell Telegram that what was queued need not come again after a restart. Bounded: a stop is never held up by an outage."""
    if offset is None:
        return
    try:
        async with asyncio.timeout(_FAREWELL.total_seconds()):
            await bot.get_updates(offset=offset, limit=1, timeout=timedelta(), allowed_updates=UPDATES)
    except (TelegramError, TimeoutError) as error:
        log.debug("telegram.updates_not_confirmed", error=type(error).__name__)


# The bot.

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
