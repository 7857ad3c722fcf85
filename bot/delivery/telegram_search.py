"""Is a message there? The Bot API has neither idempotency key nor history, but an edit that changes nothing tells.

Every post carries a button that is unique to its decree. Asking, message id after message id, to give a message that very
button (`editMessageReplyMarkup`) is answered

- "message is not modified": it is there, with that button: found;
- "message to edit not found": no such message (never sent, or deleted);
- "message can't be edited": a message of somebody else;
- success: another message of the bot, which now has the wrong button. Its text holds its own link: its button is made
  again from it. If that link is ours, the message is the one sought, unless its words are of another language: the same decree, posted
  there for another destination.

A digest has a button of its own, and is recognised by all its links: see `shows_digest`.

Messages already known to be other posts are passed over. An edit must never touch a person's message. Telegram refuses
that, except in a channel whose administrators gave the bot the right to edit the posts of others; and in groups and private
chats the bot's answers to commands, which have buttons of their own, are among the messages. So a search is made in channels
only, and only without that right, and only among ids greater than the last one known to be sent before: everywhere else the
answer is "cannot tell".

Ids of a channel follow one another, deleted messages leave holes: several absent ids in a row end the search. Where no
message was ever known to be sent, the search starts with the channel's first message, needs more absent ids in a row, and
must have met some message before: a young channel can be searched, an old one answers "cannot tell".
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from telegram import Bot, ChatMemberAdministrator, Message, MessageEntity
from telegram.constants import ChatType
from telegram.error import BadRequest

from bot.delivery.channel import Unknown
from bot.delivery.telegram_answers import is_absent, is_not_ours, is_unmodified
from bot.delivery.telegram_bot import keyboard
from bot.messages import Button, Language, shows_number
from bot.messages.digests import digest_language

ABSENT_IN_A_ROW = 5
ABSENT_IN_A_ROW_FROM_THE_FIRST = 20
MOST_LOOKED_AT = 40


class Search:
    """One search for one button in one chat. Every method may raise a TelegramError when Telegram cannot be asked."""

    def __init__(
        self,
        bot: Bot,
        chat: int | str,
        button: Button,
        shows: Callable[[str, Collection[str]], bool],
        *,
        known: frozenset[int] = frozenset(),
        twins: Mapping[str, Button],
    ) -> None:
        """`shows` tells the message by its text and its links; `known` are ids of the bot's other messages.

        `twins` are the buttons of the same decree in the other languages, by the words of the link in the text.
        """
        self._bot = bot
        self._known = known
        self._chat = chat
        self._button = button
        self._shows = shows
        self._twins = twins
        self._markup = keyboard(button.text, button.url)

    async def after(self, start: int | None) -> int | None:
        """The id of the message with the button among those after `start`; None when it certainly is not there.

        Raises Unknown when the chat cannot be searched without risk, or when too many messages have come since.
        """
        await self._ensure_harmless()
        enough = ABSENT_IN_A_ROW_FROM_THE_FIRST if start is None else ABSENT_IN_A_ROW
        absent, asked, met, message_id = 0, 0, start is not None, start or 0
        while asked < MOST_LOOKED_AT:
            message_id += 1
            if message_id in self._known:
                absent, met = 0, True
                continue
            asked += 1
            match await self._look(message_id):
                case "found":
                    return message_id
                case "absent":
                    absent += 1
                    if absent >= enough and met:
                        return None
                case "other":
                    absent, met = 0, True
        raise Unknown("Telegram: too many messages since the last one known; look at the chat")

    async def _ensure_harmless(self) -> None:
        chat = await self._bot.get_chat(self._chat)
        if chat.type != ChatType.CHANNEL:
            raise Unknown("Telegram: a post can be looked for in channels only; look at the chat")
        me = await self._bot.get_me()
        member = await self._bot.get_chat_member(self._chat, me.id)
        if not isinstance(member, ChatMemberAdministrator) or member.can_edit_messages:
            raise Unknown('Telegram: looking for a post needs the bot without the right "edit messages of others"; look at the chat')

    async def _look(self, message_id: int) -> str:
        try:
            message = await self._bot.edit_message_reply_markup(self._chat, message_id, reply_markup=self._markup)
        except BadRequest as error:
            if is_unmodified(error):
                return "found"
            if is_absent(error):
                return "absent"
            if is_not_ours(error):
                return "other"
            raise
        if not isinstance(message, Message):
            return "other"
        links = _links(message)
        own = links[-1] if links else None
        text = message.text or message.caption or ""
        if self._shows(text, [url for _, url in links]):
            twin = next((button for label, button in self._twins.items() if label in text), None)
            if twin is None:
                return "found"
            own = twin.text, twin.url
        await self._bot.edit_message_reply_markup(self._chat, message_id, reply_markup=keyboard(*own) if own else None)
        return "other"


def shows_decree(link: str, number: str | None, text: str, links: Collection[str]) -> bool:
    """Whether a message is the post of the decree with this link and this number (as posts show it), in any language."""
    if link not in links or digest_language(text) is not None:
        return False
    return number is None or shows_number(text, number)


def shows_digest(wanted: Collection[str], language: Language, text: str, links: Collection[str]) -> bool:
    """Whether a message is the digest that shows all these links."""
    return digest_language(text) == language and set(wanted) <= set(links)


def _links(message: Message) -> list[tuple[str, str]]:
    """Words and address of the links in a message's text or caption; the words of a bare address are the address."""
    parse = message.parse_entities if message.text is not None else message.parse_caption_entities
    found = parse([MessageEntity.TEXT_LINK, MessageEntity.URL]) if message.text or message.caption else {}
    return [(words, entity.url or words) for entity, words in found.items()]
