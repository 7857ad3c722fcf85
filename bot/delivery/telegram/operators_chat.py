"""Send to the operators' own chat on Telegram: plain texts, never where the public reads."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions
from telegram.error import ChatMigrated, TelegramError

from bot.delivery.channel import DeliveryUnknown, DestinationRefused, NotSent
from bot.delivery.telegram.client import ChatAddress, SendingBot, check_chat
from bot.domain.posts import OPERATORS
from bot.messages.words import unlinked


@dataclass(frozen=True, slots=True)
class ChatButton:
    """Describes a button under a question: what it says, and the data (at most 64 bytes) that comes back when it is pressed."""

    text: str
    data: str


class TelegramOperators:
    """Sends plain text. Looks the chat up by name and number first, so that it is none of the `public` chats."""

    def __init__(self, where: ChatAddress, sending: SendingBot, public: Collection[int | str]) -> None:
        self._where = where
        self._sending = sending
        self._public = frozenset(str(name).lower() for name in public)
        self._checked = False
        self.name = OPERATORS

    async def send(self, text: str, choices: Sequence[ChatButton] = ()) -> None:
        """Send one text of at most 4096 UTF-16 units, with a button for each choice, side by side. Raises NotSent, Refused
        (DestinationRefused for a public chat) or Unknown."""
        try:
            try:
                await self._send(text, choices)
            except ChatMigrated as moved:
                await self._where.moved(moved)
                self._checked = False
                await self._send(text, choices)
        except TelegramError as error:
            raise self._sending.failure(error) from None

    async def check(self) -> None:
        """Check whether the bot may write there. See `Checkable`."""
        try:
            await check_chat(self._sending.bot, await self._where.chat())
        except TelegramError as error:
            raise self._sending.failure(error) from None
        await self._check()

    async def close(self) -> None:
        """Release connections."""
        await self._sending.close()

    async def _send(self, text: str, choices: Sequence[ChatButton]) -> None:
        await self._check()
        buttons = InlineKeyboardMarkup([[InlineKeyboardButton(one.text, callback_data=one.data) for one in choices]]) if choices else None
        await self._sending.bot.send_message(
            await self._where.chat(), unlinked(text), reply_markup=buttons, link_preview_options=LinkPreviewOptions(is_disabled=True)
        )

    async def _check(self) -> None:
        if self._checked or not self._public:
            return
        try:
            found = await self._sending.bot.get_chat(await self._where.chat())
        except TelegramError as error:
            failure = self._sending.failure(error)
            # Nothing was sent, so nothing is in doubt.
            raise (NotSent(str(failure)) if isinstance(failure, DeliveryUnknown) else failure) from None
        names = {str(found.id), *(f"@{name}".lower() for name in found.active_usernames or ()), f"@{found.username or ''}".lower()}
        if not self._public.isdisjoint(names):
            raise DestinationRefused("telegram.operators_chat is a public destination: it must be a chat of its own")
        self._checked = True
