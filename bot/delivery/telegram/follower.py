"""Posts to one follower: a person, or a group whose administrators asked.

A lost message is searched by id (`Search`), then content, which costs unrecorded answers their buttons. Private chats and basic groups
share one id sequence (Telegram's protocol): messages elsewhere and this process's answers are skipped. Absent within `AHEAD` ids, it is
sent again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from telegram.error import ChatMigrated, TelegramError

from bot.delivery.channel import (
    ChatClosed,
    DeliveryError,
    DeliveryUnknown,
    DestinationRefused,
    HoldForPerson,
    MessageComposer,
    Migrated,
    NotSent,
    PreparedPictures,
    Sent,
    composing,
)
from bot.delivery.telegram.channel import TelegramChannel, TelegramWords
from bot.delivery.telegram.client import (
    MOST_IN_ALL,
    MOST_LOOKED_AT,
    SEARCH_PAUSE,
    ChatAddress,
    Mailbox,
    Search,
    SendingBot,
    Shows,
    reading_chat,
)
from bot.domain.acts import CHANGING, Decree
from bot.domain.posts import Follower, FollowTargets, Post, chat_destination, is_shared, reasons
from bot.domain.tasks import run_to_completion
from bot.messages.announcement import Button, TelegramText, telegram_text
from bot.messages.digests import telegram_digest, telegram_room
from bot.messages.following import COMMANDS, FollowNames, foot_length, footed, reason_text
from bot.messages.words import TEXT_LIMIT, html_text
from bot.storage.chats import ChatMessages

AHEAD = 40
"""Ids after the newest one known that are asked for too: what came in the seconds of a send."""

_PAUSE = "/pause"
"""What stands below every message to a chat that follows something, in any language: see `bot.messages.following`."""


class FollowerWords(TelegramWords):
    """What a decree says to one chat: with why it came, and how to stop it."""

    def __init__(
        self, composer: MessageComposer, follower: Follower, targets: Callable[[Decree], FollowTargets], name_of: FollowNames
    ) -> None:
        super().__init__(composer)
        self._follower = follower
        self._targets = targets
        self._name_of = name_of

    def text(self, post: Post) -> TelegramText:
        """Return the message. Raises Refused."""
        with composing("Telegram"):
            foot = self._foot(post)
            room = TEXT_LIMIT - foot_length(foot)
            if post.digest is not None:
                message = telegram_digest(post.decrees, self.composer.places, self.composer.language, limit=room)
            else:
                message = telegram_text(self.composer.input_of(post), limit=room)
            return footed(message, foot)

    def caption(self, post: Post) -> TelegramText | None:
        """Return None: these messages are texts."""
        return None

    def room(self, decrees: Sequence[Decree]) -> int:
        """Return how many of these decrees one message holds."""
        limit = TEXT_LIMIT - foot_length(reason_text((), self._name_of, self.composer.language))
        return telegram_room(decrees, self.composer.places, self.composer.language, limit=limit)

    def marks(self, post: Post) -> tuple[Button | None, Shows]:
        """Return the button of the message, and its recogniser by text and links; answers lack the last line on how to pause."""
        button, shows_it = super().marks(post)
        return button, lambda text, links: shows_it(text, links) and _PAUSE in text

    def _foot(self, post: Post) -> str:
        language = self.composer.language
        if post.digest is not None:
            return reason_text((), self._name_of, language)
        is_change = any(change.kind in CHANGING for change in post.decree.changes)
        why = reasons(self._follower.follows, replace(self._targets(post.decree), words=post.words))
        return reason_text(why, self._name_of, language, is_change=is_change)


class FollowerChannel(TelegramChannel):
    """Sends decrees to one chat. `trouble` is the last error that was met there which says more than that one message failed."""

    def __init__(
        self, follower: Follower, where: ChatAddress, sending: SendingBot, words: FollowerWords, messages: ChatMessages, mailbox: Mailbox
    ) -> None:
        super().__init__(chat_destination(follower.chat), where, sending, words, messages, PreparedPictures(None))
        self._chat_messages = messages
        self._mailbox = mailbox
        self.follower = follower
        self.moved_to: int | None = None
        self.trouble: DeliveryError | None = None

    @property
    def is_closed(self) -> bool:
        """Whether the chat takes nothing from the bot any more."""
        return isinstance(self.trouble, ChatClosed)

    async def is_everyones(self) -> bool:
        """Return whether other chats would fail too: Telegram unreachable, rate limit, token refused. A limit in a group, or a failure
        while Telegram answers otherwise, counts for that chat only.
        """
        if isinstance(self.trouble, (ChatClosed, Migrated)):
            return False
        if isinstance(self.trouble, NotSent) and self.trouble.limited:
            return self.follower.chat > 0
        if isinstance(self.trouble, (NotSent, DeliveryUnknown)):
            return not await self._telegram_answers()
        return isinstance(self.trouble, DestinationRefused)

    async def _telegram_answers(self) -> bool:
        try:
            await self.sending.bot.get_me()
        except TelegramError:
            return False
        return True

    async def send(self, post: Post) -> Sent:
        """Send the post. See `TelegramChannel.send`."""
        try:
            sent = await super().send(post)
        except Migrated:  # nothing was sent, wherever the program ends now: it is not looked for among the old ids
            await self._begin(post)
            raise
        self._mailbox.sent(self.follower.chat, int(sent.reference))
        return sent

    async def say(self, words: str) -> None:
        """Send words that are about no decree. Raises as `send` does; nothing is looked for where the answer is lost."""
        text = html_text(words, COMMANDS)
        async with self._answers():
            message = await self._send_text(TelegramText(text.source, text.text, None), None, self._words.composer.is_silent(()))
        self._mailbox.note(self.follower.chat, message.message_id)

    async def _begin(self, post: Post) -> None:
        chat = int(await self._where.chat())
        with reading_chat():
            newest = self._mailbox.newest_in(chat)
            shared = is_shared(chat_destination(chat))
            known = None if shared else await asyncio.to_thread(self._chat_messages.begin, post.id, chat)
            if shared or (newest is not None and newest > (known or 0)):
                await asyncio.to_thread(self._chat_messages.begin_after, post.id, newest)

    async def find(self, post: Post) -> Sent | None:
        """Look for the post among the messages that may be it. Raises Unknown where nobody can tell (HoldForPerson where looking again
        finds out no more), NotSent where it goes on later, or Telegram cannot be reached now."""
        shared = is_shared(self.name)
        with reading_chat():
            if shared:
                history = await asyncio.to_thread(self._chat_messages.shared_history, post.id)
            else:
                history = await asyncio.to_thread(self._chat_messages.history, post.id, self.follower.chat)
        if not history.is_begun:  # the program ended before it sent anything
            return None
        if history.before is None:
            raise HoldForPerson("Telegram: no message is known from before this one; look at the chat")
        newest = max(history.before, history.newest or 0, self._mailbox.newest_in(self.follower.chat) or 0)
        known = history.known | self._mailbox.others_in(self.follower.chat)
        candidates = [one for one in range(max(history.before, history.searched_to or 0) + 1, newest + AHEAD + 1) if one not in known]
        if newest - history.before > MOST_IN_ALL:
            raise DeliveryUnknown("Telegram: too many messages since the last one known")
        search = Search(self.sending.bot, await self._where.chat())
        button, shows = self._words.marks(post)
        for message_id in candidates[:MOST_LOOKED_AT]:
            if button is None:
                is_it = await self._asking(search.writer(message_id)) == "bot"
            else:
                is_it = await self._asking(search.is_post(message_id, button, shows))
            if is_it:
                return self._remember(post, message_id)
        if len(candidates) <= MOST_LOOKED_AT:
            return None
        with reading_chat():
            await run_to_completion(self._chat_messages.searched, post.id, candidates[MOST_LOOKED_AT - 1])
        raise NotSent(f"Telegram: looked for among the messages up to {candidates[MOST_LOOKED_AT - 1]}, goes on", SEARCH_PAUSE)

    @asynccontextmanager
    async def _answers(self) -> AsyncIterator[None]:
        try:
            async with super()._answers():
                yield
        except DeliveryError as error:
            self.trouble = error
            raise

    async def _moved(self, moved: ChatMigrated) -> Migrated:
        migrated = await super()._moved(moved)
        self.moved_to = moved.new_chat_id
        return migrated

    async def close(self) -> None:
        """Do nothing: the connection is shared by all chats."""
