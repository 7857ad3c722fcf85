"""Calls the Bot API: a Bot for sending (one connection per request), meaning of errors, chats, and search of messages."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from http import HTTPStatus
from typing import Any, Literal
from urllib.parse import urlsplit

import httpx
import structlog
from telegram import Bot, ChatMemberAdministrator, ChatMemberRestricted, InlineKeyboardButton, InlineKeyboardMarkup, Message, MessageEntity
from telegram.constants import ChatMemberStatus, ChatType
from telegram.error import BadRequest, ChatMigrated, Conflict, Forbidden, InvalidToken, TelegramError, TimedOut
from telegram.request import HTTPXRequest

from bot.delivery.channel import (
    BEFORE_SENDING,
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
from bot.domain.posts import ChatHistory, chat_destination, is_shared
from bot.domain.secrets import is_loopback, scrub, web_base
from bot.domain.tasks import run_to_completion
from bot.messages.announcement import Button, shows_number
from bot.messages.digests import digest_language
from bot.messages.words import Language
from bot.storage.chats import ChatMessages, MovedChats

DEFAULT_API = "https://api.telegram.org"

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
    """Return the meaning of a failed send (not sent, refused, unknown) by its cause, without token; the library wraps all."""
    text = scrub(_described(error), token)
    if isinstance(error, TooManyRequests):
        return NotSent(text, error.retry_after, limited=True)
    if isinstance(error, Forbidden) or (isinstance(error, BadRequest) and says(error, CHAT_GONE)):
        return ChatClosed(text)
    if isinstance(error, BadRequest):
        return Refused(text)
    if isinstance(error, InvalidToken):
        return DestinationRefused(text)
    if isinstance(error, Conflict) or isinstance(error.__cause__, BEFORE_SENDING):
        return NotSent(text)
    return DeliveryUnknown(text)


def _described(error: TelegramError) -> str:
    cause = type(error.__cause__).__name__
    named = not isinstance(error.__cause__, httpx.HTTPError) or cause in error.message
    return f"Telegram: {error.message}" + ("" if named else f" ({cause})")


def says(error: TelegramError, phrases: Iterable[str]) -> bool:
    """Return whether Telegram says one of these."""
    message = error.message.lower()
    return any(phrase in message for phrase in phrases)


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
        self.is_shared = False
        """Whether another program polls with the same token: it may post what this one posts."""
        self.bot = Bot(token, base_url=f"{base}/bot", base_file_url=f"{base}/file/bot", request=request)
        self._request = request

    def ensure_alone(self) -> None:
        """Raise DestinationRefused while another program uses the token."""
        if self.is_shared:
            raise DestinationRefused("Telegram: another program polls with the same token (409), and may post the same: end it")

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
        """Record the new id of a chat, and return the error to raise. Raises NotSent if not recorded; it is reported again."""
        log.warning("chat.migrated", destination=self._destination, chat=moved.new_chat_id)
        with reading_chat():
            await run_to_completion(self._moves.moved, self._chat, moved.new_chat_id, self._clock())
        self._chat = moved.new_chat_id
        return Migrated(f"Telegram: the group is now {moved.new_chat_id}")


async def check_chat(bot: Bot, chat: int | str) -> str | None:
    """Return a defect of the bot's rights in a chat, or None. Sends nothing. Raises TelegramError, Forbidden if posts would fail."""
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


# Whether a message is there.

ABSENT_IN_A_ROW = 5
ABSENT_IN_A_ROW_FROM_THE_FIRST = 20
MOST_LOOKED_AT = 40
"""Ids tried in one search."""
MOST_IN_ALL = 4000
"""Ids tried in all before a person is needed: nothing else goes out there meanwhile."""
SEARCH_PAUSE = 15.0
"""Seconds between two looks of one search."""
_HOLE = 3
"""Ids in a row that are tried where `near_the_end` wants a message."""
_REFUSED = keyboard("·", "https://")
_UNLIKE = keyboard("…", "https://t.me/")
"""No message has it."""

Writer = Literal["bot", "other", "nobody"]
_WRITERS: dict[tuple[str, ...], Writer] = {ABSENT: "nobody", NOT_OURS: "other", BAD_BUTTON: "bot", NOT_MODIFIED: "bot"}

Shows = Callable[[str, Collection[str]], bool]
"""Whether a message with this text and these links is the one that is looked for."""

Rebuild = Callable[[str, str], Awaitable[Button | None]]
"""Returns the button of the post with this text and this link, None where no such post is known."""


class Search:
    """Searches a channel for a message by its button, as the Bot API has no history (`docs/delivery.md`). Ids after the last known one get
    a refused keyboard, which changes nothing and shows the author; the bot's messages then get the button sought: "message is not modified"
    is a hit. Absent ids in a row end it. Raises TelegramError.
    """

    def __init__(self, bot: Bot, chat: int | str) -> None:
        self._bot = bot
        self._chat = chat
        self.searched_to: int | None = None
        """Holds the id up to which the message is none, as far as that was found."""

    async def find(
        self,
        button: Button,
        shows: Shows,
        history: ChatHistory,
        *,
        twin: Callable[[str], Button | None],
        rebuild: Rebuild,
    ) -> int | None:
        """Return the message with this button; None if certainly absent. `shows` recognises it by text and links; `twin` returns the button
        in another language; `rebuild` restores other messages' buttons. Raises Unknown if unsafe or unclear, NotSent to continue later from
        `searched_to`.
        """
        await self._ensure_harmless()
        start, newest = history.before or 0, history.newest or 0
        enough = ABSENT_IN_A_ROW if history.before else ABSENT_IN_A_ROW_FROM_THE_FIRST
        message_id = max(start, history.searched_to or 0)
        met, absent, asked = message_id > 0 or newest > 0, 0, 0
        while asked < MOST_LOOKED_AT:
            message_id += 1
            is_there = message_id in history.known
            if not is_there:
                asked += 1
                writer: Writer | Literal["sought"] = await self.writer(message_id)
                if writer == "bot":
                    writer = await self._compared(message_id, button, shows, twin, rebuild)
                if writer == "sought":
                    return message_id
                is_there = writer != "nobody"
            absent = 0 if is_there or message_id <= newest else absent + 1
            met = met or is_there
            if absent == 0:
                self.searched_to = message_id
            elif absent >= enough and met:
                return None
        if not met or message_id - start > MOST_IN_ALL:
            raise DeliveryUnknown("Telegram: too many messages since the last one known; look at the chat")
        raise NotSent(f"Telegram: looked for among the messages up to {message_id}, goes on", SEARCH_PAUSE)

    async def near_the_end(self) -> int | None:
        """Return the id of an existing message, a late one if few were deleted, or None. Raises Unknown if a search is unsafe."""
        await self._ensure_harmless()
        last, step, grows = 0, 1, True
        while step:
            found = await self._first_there(last + step)
            grows = grows and found is not None
            last = last if found is None else found
            step = step * 2 if grows else step // 2
        return last or None

    async def _first_there(self, start: int) -> int | None:
        for message_id in range(start, start + _HOLE):
            if await self.writer(message_id) != "nobody":
                return message_id
        return None

    async def writer(self, message_id: int) -> Writer:
        """Return whose message has this id in the chat. Nothing is changed."""
        given = await self._given(message_id, _REFUSED)
        return "bot" if isinstance(given, Message) else given

    async def _given(self, message_id: int, markup: InlineKeyboardMarkup | None) -> Message | Writer:
        """Give a message this keyboard; return it as it is then, `bot` where it is the bot's and was not changed, or whose it is."""
        try:
            changed = await self._bot.edit_message_reply_markup(self._chat, message_id, reply_markup=markup)
        except BadRequest as error:
            for phrase, writer in _WRITERS.items():
                if says(error, phrase):
                    return writer
            raise
        return changed if isinstance(changed, Message) else "other"

    async def _compared(
        self,
        message_id: int,
        button: Button,
        shows: Shows,
        twin: Callable[[str], Button | None],
        rebuild: Rebuild,
    ) -> Writer | Literal["sought"]:
        """Find out whether a message that seems to be the bot's is the one looked for."""
        given = await self._given(message_id, keyboard(button.text, button.url))
        if not isinstance(given, Message):
            return "sought" if given == "bot" else given
        text, links = _shown(given)
        own = links[-1] if links else None
        if shows(text, [link.url for link in links]):
            other = twin(text)
            if other is None:
                return "sought"
            own = other
        elif own is not None:
            own = await rebuild(text, own.url) or own
        await self._given(message_id, keyboard(own.text, own.url) if own else None)
        return "bot"

    async def is_post(self, message_id: int, button: Button, shows: Shows) -> bool:
        """Return whether a message, where the bot also answers, is the post that `shows` recognises; removes buttons of others."""
        if await self.writer(message_id) != "bot":
            return False
        given = await self._given(message_id, _UNLIKE)
        if given == "bot":  # interrupted here before
            given = await self._given(message_id, None)
        if not isinstance(given, Message):
            return False
        text, links = _shown(given)
        is_sought = shows(text, [link.url for link in links])
        await self._given(message_id, keyboard(button.text, button.url) if is_sought else None)
        return is_sought

    async def _ensure_harmless(self) -> None:
        chat = await self._bot.get_chat(self._chat)
        if chat.type != ChatType.CHANNEL:
            raise DeliveryUnknown("Telegram: a post can be looked for in channels only; look at the chat")
        me = await self._bot.get_me()
        member = await self._bot.get_chat_member(self._chat, me.id)
        if not isinstance(member, ChatMemberAdministrator) or member.can_edit_messages:
            raise DeliveryUnknown(
                'Telegram: looking for a post needs the bot without the right "edit messages of others"; look at the chat'
            )


_LAST = 1000


class Mailbox:
    """The newest message ids known: in the row that private chats and basic groups share, and in each supergroup that the bot has met since
    it began; and the last messages that are no posts. Use it in one event loop only."""

    def __init__(self, newest: int | None = None) -> None:
        self.newest = newest
        self._own: dict[int, int] = {}
        self._others: deque[tuple[int, int]] = deque(maxlen=_LAST)

    def note(self, chat: int, message_id: int) -> None:
        """Note a message of any chat that is no post: what a person wrote, or an answer of the bot."""
        self.sent(chat, message_id)
        self._others.append((chat, message_id))

    def others_in(self, chat: int) -> frozenset[int]:
        """Return the last messages of a chat that are no posts."""
        return frozenset(message_id for where, message_id in self._others if where == chat)

    def sent(self, chat: int, message_id: int) -> None:
        """Note a post that was sent to a chat."""
        if is_shared(chat_destination(chat)):
            self.newest = max(message_id, self.newest or 0)
        else:
            self._own[chat] = max(message_id, self._own.get(chat, 0))

    def newest_in(self, chat: int) -> int | None:
        """Return the newest id known in the row that the messages of a chat are in."""
        return self.newest if is_shared(chat_destination(chat)) else self._own.get(chat)


def record_message(
    messages: ChatMessages, chats: Collection[int | str], clock: Callable[[], datetime], names: Collection[str], message_id: int
) -> None:
    """Record a message in the chat that has these names, where it is one of `chats`: a search passes it over. Raises StorageError."""
    if not {str(chat).lower() for chat in chats}.isdisjoint(name.lower() for name in names):
        messages.note(names, message_id, clock())


def shows_decree(link: str, number: str | None, text: str, links: Collection[str]) -> bool:
    """Whether a message is the post of the decree with this link and this number (as posts show it), in any language."""
    if link not in links or digest_language(text) is not None:
        return False
    return number is None or shows_number(text, number)


def shows_digest(wanted: Collection[str], language: Language, text: str, links: Collection[str]) -> bool:
    """Whether a message is the digest that shows all these links."""
    return digest_language(text) == language and set(wanted) <= set(links)


def _shown(message: Message) -> tuple[str, list[Button]]:
    """Return the text or caption of a message, and words and address of its links; the words of a bare address are the address."""
    parse = message.parse_entities if message.text is not None else message.parse_caption_entities
    found = parse([MessageEntity.TEXT_LINK, MessageEntity.URL]) if message.text or message.caption else {}
    return message.text or message.caption or "", [Button(words, entity.url or words) for entity, words in found.items()]
