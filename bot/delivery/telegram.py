"""Posts to one Telegram chat or channel."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import structlog
from telegram import LinkPreviewOptions, Message
from telegram.constants import ParseMode
from telegram.error import BadRequest, ChatMigrated, TelegramError

from bot.delivery.channel import NotSent, Sent, Unknown
from bot.delivery.safety import scrub
from bot.delivery.telegram_answers import cannot_parse, classify
from bot.delivery.telegram_bot import DEFAULT_API, SendingBot, keyboard
from bot.delivery.telegram_search import Search
from bot.messages import LANGUAGES, Button, Language, TelegramText, announce, place_for, telegram_button, telegram_text
from bot.messages.cleaning import inert
from bot.model import Place, Post

log = structlog.get_logger()

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class History:
    """What is recorded of a destination, to search it for one post: message ids, as `Sent.reference` gave them.

    `before` is the greatest id among the posts that were sent before that post existed in the outbox, None when there is
    none. It must not be newer: a search starts after it, and what it misses is sent again. `known` are the ids of all posts
    recorded as sent there: a search passes over them.
    """

    before: str | None = None
    known: frozenset[str] = frozenset()


class TelegramChannel:
    """Sends each decree as one message with one button, and can look for a message whose answer was lost.

    `history(post)` is called in a thread. What this process sends itself, the channel remembers.
    """

    def __init__(
        self,
        *,
        name: str,
        chat: int | str,
        token: str,
        places: Mapping[str, Place],
        clock: Callable[[], datetime],
        history: Callable[[Post], History],
        language: Language = "fr",
        api_url: str = DEFAULT_API,
        read_timeout: float = 30.0,
    ) -> None:
        """Raises UnsafeAddress when `api_url` is neither https nor this machine. `read_timeout` is in seconds."""
        self._name = name
        self._chat = chat
        self._token = token
        self._places = places
        self._clock = clock
        self._history = history
        self._language = language
        self._sending = SendingBot(token, api_url, read_timeout=read_timeout)
        self._sent: dict[str, int] = {}
        self._before: dict[str, int] = {}

    @property
    def name(self) -> str:
        """The destination's name in the configuration and in the outbox."""
        return self._name

    async def send(self, post: Post) -> Sent:
        """Send the post. Raises NotSent, Refused (DestinationRefused when the chat itself is out of reach) or Unknown."""
        place = place_for(self._places, post.decree.authority)
        text = telegram_text(post.decree, place, self._clock(), self._language)
        if self._sent:
            self._before[post.key] = max(self._sent.values())
        try:
            message = await self._send_following_migration(text)
        except TelegramError as error:
            raise classify(error, self._token) from None
        return self._remember(post, message.message_id)

    def _remember(self, post: Post, message_id: int) -> Sent:
        self._sent[post.key] = message_id
        self._before.pop(post.key, None)
        return Sent(str(message_id))

    async def _send_following_migration(self, text: TelegramText) -> Message:
        """A group that became a supergroup has another id: a new post goes there at once, nothing was sent to the old one."""
        try:
            return await self._send_html_or_plain(text)
        except ChatMigrated as moved:
            log.warning("group became a supergroup: set its new id in the configuration", destination=self._name, chat=moved.new_chat_id)
            self._chat = moved.new_chat_id
            return await self._send_html_or_plain(text)

    async def _send_html_or_plain(self, text: TelegramText) -> Message:
        try:
            return await self._send(text.html, ParseMode.HTML, text.button)
        except BadRequest as error:
            if not cannot_parse(error):
                raise
            reason = scrub(error.message, self._token)
            log.warning("sent as plain text: the platform could not read the HTML", destination=self._name, error=reason)
            return await self._send(text.plain, None, text.button)

    async def _send(self, text: str, parse_mode: str | None, button: Button | None) -> Message:
        return await self._sending.bot.send_message(
            self._chat,
            text,
            parse_mode=parse_mode,
            reply_markup=None if button is None else keyboard(button.text, button.url),
            link_preview_options=LinkPreviewOptions(is_disabled=True),
        )

    async def find(self, post: Post) -> Sent | None:
        """Look for the post by its button among the messages that follow the last one sent before it.

        See `telegram_search` for how, and for why only channels in which the bot cannot edit the posts of others can be
        searched. Raises Unknown where searching is impossible or tells nothing, NotSent when Telegram cannot be asked now.
        """
        if post.key in self._sent:  # the answer came, but could not be recorded
            return Sent(str(self._sent[post.key]))
        place = place_for(self._places, post.decree.authority)
        button = telegram_button(post.decree, place, self._clock(), self._language)
        if button is None:
            raise Unknown("Telegram: a post without a link cannot be looked for; look at the chat")
        history = await asyncio.to_thread(self._history, post)
        known = frozenset([*_ids(history.known), *self._sent.values()])
        starts = [*_ids(filter(None, [history.before])), *filter(None, [self._before.get(post.key)])]
        number = inert(post.decree.facts.number or "") or None
        search = Search(self._sending.bot, self._chat, button, number, known=known, twins=self._twins(post))
        found = await self._asking(search.after(max(starts, default=None)))
        return None if found is None else self._remember(post, found)

    def _twins(self, post: Post) -> dict[str, Button]:
        """The buttons of the same decree in the other languages, by the words of the link in the text."""
        decree, place, now = post.decree, place_for(self._places, post.decree.authority), self._clock()
        said = {language: announce(decree, place, now, language).link_label for language in LANGUAGES if language != self._language}
        buttons = {label: telegram_button(decree, place, now, language) for language, label in said.items()}
        return {label: button for label, button in buttons.items() if button is not None}

    async def _asking(self, question: Awaitable[T]) -> T:
        """While looking, nothing is sent: an answer lost on the way only means to ask again."""
        try:
            return await question
        except TelegramError as error:
            failure = classify(error, self._token)
            if isinstance(failure, NotSent):
                raise failure from None
            if isinstance(failure, Unknown):
                raise NotSent(str(failure)) from None
            raise Unknown(str(failure)) from None

    async def close(self) -> None:
        """Release connections."""
        await self._sending.close()


def _ids(references: Iterable[str]) -> Iterator[int]:
    return (int(reference) for reference in references if reference.isascii() and reference.isdigit())
