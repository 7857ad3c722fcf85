"""Search for a message. The Bot API has neither idempotency key nor history, but an edit that changes nothing shows whether it is there.

Every post carries a button that is unique to its decree. Message id after message id is tried with a button that Telegram always
refuses (`editMessageReplyMarkup` with an address that is none), which changes nothing, whoever wrote the message:

- "message to edit not found": no such message (never sent, or deleted);
- "message can't be edited": a message of somebody else;
- the button is refused: a message of the bot. It is then given the very button that is looked for:
  "message is not modified" says that it has it: found. Success says that it is another one, which now has a wrong button. Its own is made
  again from its decree, which its text and link name. If these are ours, the message is the one sought, unless its words
  are of another language: the same decree, posted there for another destination. Words of an earlier version are ours too: its button is
  given back to it.

A digest has a button of its own, and is recognised by all its links: see `shows_digest`.

Messages already known to be other posts are passed over. An edit must never touch a person's message. Telegram refuses
that, except in a channel whose administrators gave the bot the right to edit the posts of others; and in groups and private
chats the bot's answers to commands, which have buttons of their own, are among the messages. So a search is made in channels
only, and only without that right, and only among ids greater than the last one known to be sent before: everywhere else the
answer is "cannot tell".

Ids of a channel follow one another, deleted messages leave holes: several absent ids in a row, after the newest message known there, end
the search. Which messages are known is recorded (`ChatHistory`): its own, those that Telegram reports while it listens, and where none is
one that is searched for before the first post is sent (`near_the_end`). Where even that failed, the search starts with the channel's first
message and needs more absent ids in a row. A search tries some ids only; the next one goes on from there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from telegram import Bot, ChatMemberAdministrator, Message, MessageEntity
from telegram.constants import ChatType
from telegram.error import BadRequest

from bot.delivery.channel import DeliveryUnknown, NotSent
from bot.delivery.telegram.client import ABSENT, BAD_BUTTON, NOT_MODIFIED, NOT_OURS, keyboard, says
from bot.domain.posts import ChatHistory, chat_destination, is_shared
from bot.messages import Button, Language, shows_number
from bot.messages.digests import digest_language
from bot.storage.chats import ChatMessages

ABSENT_IN_A_ROW = 5
ABSENT_IN_A_ROW_FROM_THE_FIRST = 20
MOST_LOOKED_AT = 40
"""Ids tried in one search."""
MOST_IN_ALL = 4000
"""Ids tried in all before a person is needed: nothing else goes out there meanwhile."""
_PAUSE = 15.0
"""Seconds between two looks of one search."""
_HOLE = 3
"""Ids in a row that are tried where `near_the_end` wants a message."""
_REFUSED = keyboard("·", "https://")

Rebuild = Callable[[str, str], Awaitable[Button | None]]
"""The button of the post with this text and this link, None where no such post is known."""


@dataclass(frozen=True, slots=True)
class OtherWording:
    """Holds the same decree in other words, and the button that goes with them.

    `is_sought`: of an earlier version, in the language that is looked for; else in another language, posted for another destination.
    """

    button: Button
    is_sought: bool


class Search:
    """Makes one search in one chat. Every method may raise a TelegramError when Telegram cannot be reached."""

    def __init__(self, bot: Bot, chat: int | str) -> None:
        self._bot = bot
        self._chat = chat
        self.searched_to: int | None = None
        """The message is none of those up to this id, as far as that was found."""

    async def find(
        self,
        button: Button,
        shows: Callable[[str, Collection[str]], bool],
        history: ChatHistory,
        *,
        twin: Callable[[str], OtherWording | None],
        rebuild: Rebuild,
    ) -> int | None:
        """Return the id of the message with this button; None when it certainly is not there.

        `shows` recognises the message by its text and its links, `twin` whether a text has other words for it; `rebuild` gives a message
        the button back that was its own. Raises Unknown when the chat cannot be searched without risk, or gives no answer, and NotSent when
        the search is to go on later, from `searched_to`.
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
                writer = await self.writer(message_id)
                if writer == "bot" and await self._has(message_id, button, shows, twin, rebuild):
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
        raise NotSent(f"Telegram: looked for among the messages up to {message_id}, goes on", _PAUSE)

    async def near_the_end(self) -> int | None:
        """Return the id of a message that exists, of the last ones where few were deleted; None where none is found. Raises Unknown where
        a search is not without risk.
        """
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

    async def writer(self, message_id: int) -> Literal["bot", "other", "nobody"]:
        """Return whose message has this id in the chat. Nothing is changed."""
        try:
            await self._bot.edit_message_reply_markup(self._chat, message_id, reply_markup=_REFUSED)
        except BadRequest as error:
            if says(error, ABSENT):
                return "nobody"
            if says(error, NOT_OURS):
                return "other"
            if not says(error, BAD_BUTTON):
                raise
        return "bot"

    async def _has(
        self,
        message_id: int,
        button: Button,
        shows: Callable[[str, Collection[str]], bool],
        twin: Callable[[str], OtherWording | None],
        rebuild: Rebuild,
    ) -> bool:
        """Whether this message of the bot is the one looked for."""
        try:
            message = await self._bot.edit_message_reply_markup(self._chat, message_id, reply_markup=keyboard(button.text, button.url))
        except BadRequest as error:
            if says(error, NOT_MODIFIED):
                return True
            if says(error, ABSENT):
                return False
            raise
        if not isinstance(message, Message):
            return False
        links, text = _links(message), message.text or message.caption or ""
        own = links[-1] if links else None
        is_sought = shows(text, [link.url for link in links])
        if is_sought:
            other = twin(text)
            if other is None:
                return True
            own, is_sought = other.button, other.is_sought
        elif own is not None:
            own = await rebuild(text, own.url) or own
        await self._bot.edit_message_reply_markup(self._chat, message_id, reply_markup=keyboard(own.text, own.url) if own else None)
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


class Mailbox:
    """The newest message ids known: in the row that private chats and basic groups share, and in each supergroup that the bot has met since
    it began. Use it in one event loop only."""

    def __init__(self, newest: int | None = None) -> None:
        self.newest = newest
        self._own: dict[int, int] = {}

    def note(self, chat: int, message_id: int) -> None:
        """Note a message of any chat."""
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


def _links(message: Message) -> list[Button]:
    """Return words and address of the links in a message's text or caption; the words of a bare address are the address."""
    parse = message.parse_entities if message.text is not None else message.parse_caption_entities
    found = parse([MessageEntity.TEXT_LINK, MessageEntity.URL]) if message.text or message.caption else {}
    return [Button(words, entity.url or words) for entity, words in found.items()]
