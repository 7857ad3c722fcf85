"""Where a Telegram chat is: a group that becomes a supergroup gets another id, and its messages other ids with it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import structlog
from telegram import Bot, ChatMemberAdministrator, ChatMemberRestricted
from telegram.constants import ChatMemberStatus, ChatType
from telegram.error import ChatMigrated, Forbidden

from bot.delivery.channel import Migrated, NotSent
from bot.storage.chats import MovedChats
from bot.storage.threads import run_to_completion

log = structlog.get_logger()


class Whereabouts:
    """The chat of one destination, as `moves` remembers where it has moved to."""

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
        log.warning("group became a supergroup: set its new id in the configuration", destination=self._destination, chat=moved.new_chat_id)
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
