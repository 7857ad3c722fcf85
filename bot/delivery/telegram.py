"""Posts to one Telegram chat or channel."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Literal, Protocol, TypeVar

import structlog
from telegram import LinkPreviewOptions, Message, ReplyParameters
from telegram.constants import ParseMode
from telegram.error import BadRequest, ChatMigrated, TelegramError

from bot.counsel import counsel
from bot.delivery.channel import NotSent, Refused, Sent, Unknown
from bot.delivery.errors import HoldForPerson, Migrated, SendAgain
from bot.delivery.pictured import Pictured, Pictures
from bot.delivery.safety import scrub
from bot.delivery.telegram_answers import cannot_parse, classify
from bot.delivery.telegram_bot import DEFAULT_API, SendingBot, keyboard
from bot.delivery.telegram_edit import edit_message
from bot.delivery.telegram_photo import caption, is_photo, send_photo
from bot.delivery.telegram_search import Search, shows_decree, shows_digest
from bot.messages import LANGUAGES, Beside, Button, Dispatch, Language, TelegramText, announce, place_for, telegram_button, telegram_text
from bot.messages.cleaning import inert
from bot.messages.digests import digest_button, digest_links, telegram_digest, telegram_room
from bot.messages.layout import TooSmall
from bot.model import Decree, Place, Post
from bot.uninterrupted import uninterrupted

log = structlog.get_logger()

T = TypeVar("T")

Reconcile = Literal["probe", "hold", "resend"]
"""What is done about a message whose answer was lost: looked for, left to a person, or sent again."""


class Moves(Protocol):
    """Where chats are now that have moved. Synchronous; called in a thread."""

    def now_at(self, chat: int | str, /) -> int | str:
        """The id that a chat has now."""
        ...

    def moved_at(self, chat: int | str, /) -> datetime | None:
        """When it got that id: its messages from before have other ids. None where it never moved."""
        ...

    def moved(self, chat: int | str, new: int, now: datetime, /) -> None:
        """It has another one."""
        ...


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
        moves: Moves | None = None,
        reconcile: Reconcile = "probe",
        picture: Pictures | None = None,
        public_url: str | None = None,
    ) -> None:
        """Raises UnsafeAddress when `api_url` is neither https nor this machine. `read_timeout` is in seconds.

        `public_url` is where decrees have pages of their own: see `Beside`.

        Without `moves` a chat that moves is followed until the program ends.
        """
        self._name = name
        self._chat = chat
        self._moves = moves
        self._moved_at: datetime | None = None
        self._is_located = moves is None
        self._reconcile = reconcile
        self._pictured = Pictured(picture)
        self._beside = Beside(public_url)
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

    async def prepare(self, post: Post) -> None:
        """Draw the picture. See `PreparingChannel`."""
        await self._pictured.prepare(post)

    async def send(self, post: Post) -> Sent:
        """Send the post. Raises NotSent (Migrated when the chat has moved), Refused (DestinationRefused when the chat itself is out of
        reach) or Unknown."""
        try:
            text = self._text(post)
        except TooSmall as error:
            raise Refused(f"Telegram: {error}") from None
        await self._locate()
        if self._sent:
            self._before[post.key] = max(self._sent.values())
        try:
            reply = await self._reply(post)
            message = await self._send_photo(post, reply) or await self._send_html_or_plain(text, reply)
        except ChatMigrated as moved:
            raise await self._moved(moved) from None
        except TelegramError as error:
            raise classify(error, self._token) from None
        return self._remember(post, message.message_id)

    async def _reply(self, post: Post) -> ReplyParameters | None:
        """What the message replies to. Where that is gone it goes out all the same."""
        told = post.reply_to
        if told is None or not told.reference.isdecimal() or await self._moved_since(told.at):
            return None
        return ReplyParameters(int(told.reference), allow_sending_without_reply=True)

    async def _moved_since(self, sent: datetime) -> bool:
        """Whether the chat gives its messages other ids than it did then."""
        moved = self._moved_at if self._moves is None else await asyncio.to_thread(self._moves.moved_at, self._chat)
        return moved is not None and moved >= sent

    async def edit(self, post: Post) -> Sent:
        """Let the message of a sent post tell of its decree as it is known now, with what later decrees do to it. See `EditingChannel`."""
        if post.digest is not None or post.reference is None or not post.reference.isdecimal():
            raise Refused("Telegram: not a message that can be edited")
        beside = replace(self._beside, edited=True, below=post.below)
        try:
            text = self._text(post, beside)
        except TooSmall as error:
            raise Refused(f"Telegram: {error}") from None
        words = caption(post.decree, place_for(self._places, post.decree.authority), self._clock(), self._language, beside)
        await self._locate()
        if post.closed_at is None or await self._moved_since(post.closed_at):
            raise Refused("Telegram: the chat has moved since, and its messages have other ids")
        try:
            await edit_message(self._sending.bot, self._chat, int(post.reference), text, words)
        except ChatMigrated as moved:
            raise await self._moved(moved) from None
        except TelegramError as error:
            raise classify(error, self._token) from None
        return Sent(post.reference)

    def _text(self, post: Post, beside: Beside | None = None) -> TelegramText:
        if post.digest is not None:
            return telegram_digest(post.decrees, self._places, self._language)
        decree, now = post.decree, self._clock()
        place = place_for(self._places, decree.authority)
        return telegram_text(Dispatch(decree, place, now, self._language, counsel(decree, place, now), beside or self._beside))

    async def room(self, decrees: Sequence[Decree]) -> int:
        """How many of these decrees one message holds."""
        return telegram_room(decrees, self._places, self._language)

    async def _locate(self) -> None:
        """Where the chat is now, as noted by whoever met its move."""
        if not self._is_located and self._moves is not None:
            self._chat = await asyncio.to_thread(self._moves.now_at, self._chat)
            self._is_located = True

    async def _moved(self, moved: ChatMigrated) -> Migrated:
        """A group that became a supergroup has another id. It is noted before anything is sent there: nothing was sent to the old one."""
        log.warning("group became a supergroup: set its new id in the configuration", destination=self._name, chat=moved.new_chat_id)
        if self._moves is not None:
            await uninterrupted(self._moves.moved, self._chat, moved.new_chat_id, self._clock())
        self._chat = moved.new_chat_id
        self._moved_at = self._clock()
        # Its messages have other ids there.
        self._sent.clear()
        self._before.clear()
        return Migrated(f"Telegram: the group is now {moved.new_chat_id}")

    def _remember(self, post: Post, message_id: int) -> Sent:
        self._sent[post.key] = message_id
        self._before.pop(post.key, None)
        return Sent(str(message_id))

    async def _send_photo(self, post: Post, reply: ReplyParameters | None) -> Message | None:
        """The post as one photo with a caption; None where there is no picture, or Telegram refuses it: nothing was sent then."""
        picture = await self._pictured.take(post)
        if picture is None or not is_photo(picture):
            return None
        text = caption(post.decree, place_for(self._places, post.decree.authority), self._clock(), self._language, self._beside)
        if text is None:
            return None
        return await send_photo(self._sending.bot, self._chat, picture, text, destination=self._name, reply=reply)

    async def _send_html_or_plain(self, text: TelegramText, reply: ReplyParameters | None) -> Message:
        try:
            return await self._send(text.html, ParseMode.HTML, text.button, reply)
        except BadRequest as error:
            if not cannot_parse(error):
                raise
            reason = scrub(error.message, self._token)
            log.warning("sent as plain text: the platform could not read the HTML", destination=self._name, error=reason)
            return await self._send(text.plain, None, text.button, reply)

    async def _send(self, text: str, parse_mode: str | None, button: Button | None, reply: ReplyParameters | None) -> Message:
        return await self._sending.bot.send_message(
            self._chat,
            text,
            parse_mode=parse_mode,
            reply_parameters=reply,
            reply_markup=None if button is None else keyboard(button.text, button.url),
            link_preview_options=LinkPreviewOptions(is_disabled=True),
        )

    async def find(self, post: Post) -> Sent | None:
        """Look for the post by its button among the messages that follow the last one sent before it.

        See `telegram_search` for how, and for why only channels in which the bot cannot edit the posts of others can be
        searched. Raises Unknown where searching is impossible or tells nothing (HoldForPerson, SendAgain where it is not wanted), NotSent
        when Telegram cannot be asked now.
        """
        if post.key in self._sent:  # the answer came, but could not be recorded
            return Sent(str(self._sent[post.key]))
        if self._reconcile == "hold":
            raise HoldForPerson("Telegram: perhaps sent; look at the chat, then: vigie outbox resolve")
        if self._reconcile == "resend":
            raise SendAgain("Telegram: perhaps sent; sent again without looking")
        button, shows = self._marks(post)
        if button is None:
            raise Unknown("Telegram: a post without a link cannot be looked for; look at the chat")
        await self._locate()
        history = await asyncio.to_thread(self._history, post)
        known = frozenset([*_ids(history.known), *self._sent.values()])
        starts = [*_ids(filter(None, [history.before])), *filter(None, [self._before.get(post.key)])]
        search = Search(self._sending.bot, self._chat, button, shows, known=known, twins=self._twins(post))
        found = await self._asking(search.after(max(starts, default=None)))
        return None if found is None else self._remember(post, found)

    def _marks(self, post: Post) -> tuple[Button | None, Callable[[str, Collection[str]], bool]]:
        """The button of the message, and what tells it by its text and links."""
        if post.digest is not None:
            return digest_button(post.decrees, self._language), partial(shows_digest, digest_links(post.decrees), self._language)
        button = telegram_button(post.decree, place_for(self._places, post.decree.authority), self._clock(), self._language)
        number = inert(post.decree.facts.number or "") or None
        return button, partial(shows_decree, "" if button is None else button.url, number)

    def _twins(self, post: Post) -> dict[str, Button]:
        """The buttons of the same decree in the other languages, by the words of the link in the text. Digests say their language."""
        if post.digest is not None:
            return {}
        decree, place, now = post.decree, place_for(self._places, post.decree.authority), self._clock()
        said = {
            language: announce(Dispatch(decree, place, now, language)).link_label for language in LANGUAGES if language != self._language
        }
        buttons = {label: telegram_button(decree, place, now, language) for language, label in said.items()}
        return {label: button for label, button in buttons.items() if button is not None}

    async def _asking(self, question: Awaitable[T]) -> T:
        """While looking, nothing is sent: an answer lost on the way only means to ask again."""
        try:
            return await question
        except ChatMigrated as moved:
            raise await self._moved(moved) from None
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
