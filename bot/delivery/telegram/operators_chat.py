"""The operators' own chat on Telegram: plain texts, never where the public reads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import structlog
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions
from telegram.error import ChatMigrated, TelegramError

from bot.delivery.channel import DestinationRefused, NotSent, Unknown
from bot.delivery.telegram.answers import classify
from bot.delivery.telegram.client import DEFAULT_API, SendingBot
from bot.delivery.telegram.migration import check_chat
from bot.messages.cleaning import unlinked
from bot.storage.threads import run_to_completion

log = structlog.get_logger()

NAME = "telegram.operators_chat"
"""The name of the operators' chat among the destinations."""


@dataclass(frozen=True, slots=True)
class ChatButton:
    """A button under a question: what it says, and the data (at most 64 bytes) that comes back when it is pressed."""

    text: str
    data: str


class TelegramOperators:
    """Sends texts without markup: nothing in them can be taken for any, and only whole addresses lead anywhere.

    A chat has a name and a number. Before the first text it is looked up, so that no public channel is ever told what is meant for the
    operators because it is called otherwise in `public` (the chats of the destinations).
    """

    def __init__(
        self,
        chat: int | str,
        token: str,
        public: Collection[int | str],
        api_url: str = DEFAULT_API,
        *,
        now_at: Callable[[int | str], int | str] = lambda chat: chat,
        moved: Callable[[int | str, int], None] = lambda chat, new: None,
    ) -> None:
        """`now_at` gives the id that a chat has now, `moved` is told that it has another one; both are called in a thread.

        Raises UnsafeAddress when `api_url` is neither https nor this machine.
        """
        self._chat = chat
        self._now_at = now_at
        self._moved = moved
        self._located = False
        self._token = token
        self._public = frozenset(str(name).lower() for name in public)
        self._sending = SendingBot(token, api_url)
        self._checked = False

    async def send(self, text: str, choices: Sequence[ChatButton] = ()) -> None:
        """Send one text of at most 4096 UTF-16 units, with a button for each choice, side by side. Raises NotSent, Refused
        (DestinationRefused for a public chat) or Unknown, and what `now_at` and `moved` raise."""
        if not self._located:
            self._chat = await asyncio.to_thread(self._now_at, self._chat)
            self._located = True
        await self._check()
        try:
            await self._send(text, choices)
        except ChatMigrated as moved:
            log.warning("operators' group became a supergroup: set its new id in the configuration", chat=moved.new_chat_id)
            await run_to_completion(self._moved, self._chat, moved.new_chat_id)
            self._chat, self._checked = moved.new_chat_id, False
            await self._check()
            try:
                await self._send(text, choices)
            except TelegramError as error:
                raise classify(error, self._token) from None
        except TelegramError as error:
            raise classify(error, self._token) from None

    @property
    def name(self) -> str:
        """The option that names it."""
        return NAME

    async def check(self) -> None:
        """Whether the bot may write there. See `Checkable`."""
        try:
            await check_chat(self._sending.bot, await asyncio.to_thread(self._now_at, self._chat))
        except TelegramError as error:
            raise classify(error, self._token) from None
        await self._check()

    async def close(self) -> None:
        """Release connections."""
        await self._sending.close()

    async def _send(self, text: str, choices: Sequence[ChatButton]) -> None:
        buttons = InlineKeyboardMarkup([[InlineKeyboardButton(one.text, callback_data=one.data) for one in choices]]) if choices else None
        await self._sending.bot.send_message(
            self._chat, unlinked(text), reply_markup=buttons, link_preview_options=LinkPreviewOptions(is_disabled=True)
        )

    async def _check(self) -> None:
        if self._checked or not self._public:
            return
        try:
            found = await self._sending.bot.get_chat(self._chat)
        except TelegramError as error:
            failure = classify(error, self._token)
            # Nothing was sent, so nothing is in doubt.
            raise (NotSent(str(failure)) if isinstance(failure, Unknown) else failure) from None
        names = {str(found.id), *(f"@{name}".lower() for name in found.active_usernames or ()), f"@{found.username or ''}".lower()}
        if not self._public.isdisjoint(names):
            raise DestinationRefused("telegram.operators_chat is a public destination: it must be a chat of its own")
        self._checked = True
