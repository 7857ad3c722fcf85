"""Set up a python-telegram-bot Bot for sending (patient, one connection for each request), what its errors say, and where its chats are."""

from __future__ import annotations

import asyncio
import json
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import httpx
import structlog
from telegram import Bot, ChatMemberAdministrator, ChatMemberRestricted, InlineKeyboardButton, InlineKeyboardMarkup
from telegram.constants import ChatMemberStatus, ChatType
from telegram.error import BadRequest, ChatMigrated, Conflict, Forbidden, InvalidToken, RetryAfter, TelegramError, TimedOut
from telegram.request import HTTPXRequest
from telegram.warnings import PTBDeprecationWarning

from bot.delivery.channel import (
    ONE_REQUEST_PER_CONNECTION,
    READS,
    ChatClosed,
    DeliveryError,
    DeliveryUnknown,
    DestinationRefused,
    Migrated,
    NotSent,
    Refused,
)
from bot.domain.secrets import is_loopback, scrub, web_base
from bot.domain.tasks import run_to_completion
from bot.storage.chats import MovedChats

DEFAULT_API = "https://api.telegram.org"

# Raised before the first byte of a request leaves: no connection, or none free.
_BEFORE_SENDING = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)

# What the Bot API's own server says (Client.cpp), without its "Bad Request: ".
CHAT_GONE = (
    "chat not found",
    "not enough rights",
    "have no rights",
    "need administrator rights",
    "chat_write_forbidden",
    "peer_id_invalid",
)
CANNOT_PARSE = ("can't parse entities",)
"""It did not understand the HTML."""
NOT_MODIFIED = ("message is not modified",)
"""The message is there and already as asked."""
ABSENT = ("message to edit not found", "message_id_invalid", "message identifier is not specified")
"""There is no message with that id."""
NO_TEXT = ("there is no text in the message",)
"""The message is a photo: its words are a caption."""
NOT_OURS = ("message can't be edited",)
"""There is a message with that id, and it is not the bot's."""
BAD_BUTTON = ("button url", "button_url_invalid")
"""The message is the bot's, and the address of the button is none."""


class TooManyRequests(TelegramError):
    """Says HTTP 429. In place of the library's RetryAfter, whose making warns of a deprecation."""

    def __init__(self, retry_after: float | None) -> None:
        super().__init__("Too Many Requests" + ("" if retry_after is None else f": retry after {retry_after:g} s"))
        self.retry_after = retry_after


def classify(error: TelegramError, token: str) -> DeliveryError:
    """Return what a failed send means: not sent, refused, or unknown. Its message never holds the token.

    The library wraps every failure of the network (TimedOut, NetworkError, and also BadRequest is a NetworkError there): what
    happened on the wire is in the cause.
    """
    text = scrub(_described(error), token)
    if isinstance(error, (TooManyRequests, RetryAfter)):
        return NotSent(text, _seconds(error) if isinstance(error, RetryAfter) else error.retry_after, limited=True)
    if isinstance(error, Forbidden) or (isinstance(error, BadRequest) and says(error, CHAT_GONE)):
        return ChatClosed(text)
    if isinstance(error, BadRequest):
        return Refused(text)
    if isinstance(error, InvalidToken):
        return DestinationRefused(text)
    if isinstance(error, Conflict) or isinstance(error.__cause__, _BEFORE_SENDING):
        return NotSent(text)
    return DeliveryUnknown(text)


def _described(error: TelegramError) -> str:
    cause = type(error.__cause__).__name__
    named = not isinstance(error.__cause__, httpx.HTTPError) or cause in error.message
    return f"Telegram: {error.message}" + ("" if named else f" ({cause})")


def _seconds(error: RetryAfter) -> float:
    with warnings.catch_warnings():  # the library is moving from int to timedelta
        warnings.simplefilter("ignore", PTBDeprecationWarning)
        wait: int | timedelta = error.retry_after
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)


def says(error: TelegramError, phrases: Iterable[str]) -> bool:
    """Return whether Telegram says one of these."""
    said = error.message.lower()
    return any(phrase in said for phrase in phrases)


class _Request(HTTPXRequest):
    """Says "too many requests" in our own words: the library's RetryAfter warns of a deprecation when it is made. And each request ends."""

    longest: float
    """Seconds."""

    async def do_request(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        """See `HTTPXRequest`; raises TooManyRequests on HTTP 429, and TimedOut where the whole takes too long."""
        try:
            async with asyncio.timeout(self.longest):
                code, payload = await super().do_request(*args, **kwargs)
        except TimeoutError:
            raise TimedOut("no whole answer in time") from None
        if code == HTTPStatus.TOO_MANY_REQUESTS:
            raise TooManyRequests(_retry_after(payload))
        return code, payload


def _retry_after(payload: bytes) -> float | None:
    """Return the seconds in `parameters.retry_after` of the answer (Bot API, ResponseParameters); None where it is not said."""
    try:
        return float(json.loads(payload)["parameters"]["retry_after"])
    except (ValueError, KeyError, TypeError):
        return None


class SendingBot:
    """Holds a Bot whose requests end, and its connections."""

    def __init__(self, token: str, api_url: str = DEFAULT_API, *, read_timeout: float = 30.0) -> None:
        """Raises ValueError when `api_url` is neither https nor this machine. `read_timeout` is in seconds."""
        base = web_base(api_url).removesuffix("/bot")
        # Proxies of the environment are for the outside world.
        trust_env = not is_loopback(urlsplit(base).hostname or "")
        request = _Request(
            connect_timeout=10.0,
            read_timeout=read_timeout,
            write_timeout=30.0,
            pool_timeout=10.0,
            httpx_kwargs={"trust_env": trust_env, "limits": ONE_REQUEST_PER_CONNECTION},
        )
        request.longest = read_timeout * READS
        self.bot = Bot(token, base_url=f"{base}/bot", base_file_url=f"{base}/file/bot", request=request)
        self._request = request

    def failure(self, error: TelegramError) -> DeliveryError:
        """Return what a failed send means. Its message never holds the token."""
        return classify(error, self.bot.token)

    async def close(self) -> None:
        """Release connections. May be called more than once."""
        await self._request.shutdown()


def keyboard(text: str, url: str) -> InlineKeyboardMarkup:
    """Return one button that leads to `url`."""
    return InlineKeyboardMarkup([[InlineKeyboardButton(text, url=url)]])


# Where a chat is: a group that becomes a supergroup gets another id, and its messages other ids with it.

log = structlog.get_logger()


class ChatAddress:
    """Holds the chat of one destination, as `moves` remembers where it has moved to."""

    def __init__(self, chat: int | str, moves: MovedChats, clock: Callable[[], datetime], *, destination: str) -> None:
        self._chat = chat
        self._moves = moves
        self._clock = clock
        self._destination = destination
        self._is_located = False

    async def chat(self) -> int | str:
        """Return where it is now, as noted by whoever met its move. Raises NotSent where that cannot be read."""
        if not self._is_located:
            with reading_chat():
                self._chat = await asyncio.to_thread(self._moves.now_at, self._chat)
            self._is_located = True
        return self._chat

    async def moved_since(self, sent: datetime) -> bool:
        """Return whether the chat gives its messages other ids than it did then. Raises NotSent where that cannot be read."""
        with reading_chat():
            moved = await asyncio.to_thread(self._moves.moved_at, self._chat)
        return moved is not None and moved >= sent

    async def moved(self, moved: ChatMigrated) -> Migrated:
        """Note its new id, before anything is sent there: nothing was sent to the old one. Return what is to be raised of that. Raises
        NotSent where that cannot be noted: the old one says it again.
        """
        log.warning("chat.migrated", destination=self._destination, chat=moved.new_chat_id)
        with reading_chat():
            await run_to_completion(self._moves.moved, self._chat, moved.new_chat_id, self._clock())
        self._chat = moved.new_chat_id
        return Migrated(f"Telegram: the group is now {moved.new_chat_id}")


async def check_chat(bot: Bot, chat: int | str) -> str | None:
    """Return what is wrong with the bot's rights in a chat although it can write there; None where nothing is. Sends nothing. Raises
    TelegramError: Forbidden too where Telegram says that a message would be refused.
    """
    me = await bot.get_me()
    found = await bot.get_chat(chat)
    if found.type == ChatType.PRIVATE:
        return None
    member = await bot.get_chat_member(found.id, me.id)
    if member.status in {ChatMemberStatus.LEFT, ChatMemberStatus.BANNED}:
        raise Forbidden("the bot is not in the chat")
    if isinstance(member, ChatMemberRestricted) and not member.can_send_messages:
        raise Forbidden("the bot may not write in the chat")
    if found.type != ChatType.CHANNEL:
        return None
    if not isinstance(member, ChatMemberAdministrator) or not member.can_post_messages:
        raise Forbidden("the bot is not an administrator of the channel with the right to post messages")
    if member.can_edit_messages:
        return "the bot has the right to edit messages of others: take it away, with it a post whose answer was lost cannot be looked for"
    return None


@contextmanager
def reading_chat() -> Iterator[None]:
    """Raise NotSent where the store fails: nothing was sent yet, and no post is left in doubt."""
    try:
        yield
    except Exception as error:
        raise NotSent(f"Telegram: what is known of the chat cannot be read or noted ({type(error).__name__})") from error
