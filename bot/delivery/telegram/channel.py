"""Posts to one Telegram chat or channel."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Literal, TypeVar

import structlog
from telegram import InlineKeyboardMarkup, InputFile, LinkPreviewOptions, Message, ReplyParameters
from telegram.constants import ChatType, ParseMode
from telegram.error import BadRequest, ChatMigrated, TelegramError

from bot.delivery.channel import (
    DeliveryError,
    DeliveryUnknown,
    HoldForPerson,
    MessageComposer,
    Migrated,
    NotSent,
    PreparedPictures,
    Refused,
    SendAgain,
    Sent,
    before_sending,
    composing,
)
from bot.delivery.picture.wire import Picture
from bot.delivery.telegram.client import (
    CANNOT_PARSE,
    NO_TEXT,
    NOT_MODIFIED,
    ChatAddress,
    Search,
    SendingBot,
    Shows,
    check_chat,
    keyboard,
    reading_chat,
    says,
    shows_decree,
    shows_digest,
)
from bot.domain.acts import Decree
from bot.domain.posts import Post
from bot.domain.secrets import scrub
from bot.domain.tasks import run_to_completion
from bot.messages.announcement import Button, TelegramText, TooSmall, shows_number, telegram_link, telegram_text
from bot.messages.digests import digest_button, digest_language, digest_links, telegram_digest, telegram_room
from bot.messages.words import LANGUAGES, Language, inert, with_plain_spaces
from bot.storage.chats import ChatMessages

NO_PREVIEW = LinkPreviewOptions(is_disabled=True)

# A post as one photo with a caption and one button. Limits (`sendPhoto`): 10 MB, 10,000 pixels for both sides together, ratio 20.

_MOST_BYTES = 10_000_000
_MOST_PIXELS = 10_000
_MOST_RATIO = 20


def is_photo(picture: Picture) -> bool:
    """Return whether Telegram takes it for a photo."""
    sides = picture.width, picture.height
    return len(picture.data) <= _MOST_BYTES and sum(sides) <= _MOST_PIXELS and max(sides) <= _MOST_RATIO * min(sides)


log = structlog.get_logger()

T = TypeVar("T")

Reconcile = Literal["probe", "hold", "resend"]
"""What is done about a message whose answer was lost: looked for, left to a person, or sent again."""


class TelegramChannel:
    """Sends each decree as one message with one button, and can look for a message whose answer was lost."""

    def __init__(
        self,
        name: str,
        where: ChatAddress,
        sending: SendingBot,
        words: TelegramWords,
        messages: ChatMessages,
        pictured: PreparedPictures,
        reconcile: Reconcile = "probe",
    ) -> None:
        self.name = name
        self._where = where
        self.sending = sending
        self._words = words
        self._messages = messages
        self._pictured = pictured
        self._reconcile = reconcile
        self._sent: dict[str, int] = {}

    async def prepare(self, post: Post) -> None:
        """Draw the picture. See `PreparingChannel`."""
        await self._pictured.prepare(post)

    async def send(self, post: Post) -> Sent:
        """Send the post. Raises NotSent (Migrated: the chat moved), Refused (DestinationRefused: chat unreachable) or Unknown."""
        text, is_silent = self._words.text(post), self._words.composer.is_silent(post.decrees)
        async with self._answers():
            self.sending.ensure_alone()
        with before_sending():
            await self._begin(post)
        async with self._answers():
            reply = await self._reply(post)
            message = await self._send_photo(post, reply, is_silent) or await self._send_text(text, reply, is_silent)
        return self._remember(post, message.message_id)

    async def _begin(self, post: Post) -> None:
        """Record the message after which this one comes, for a search. Raises NotSent."""
        chat = await self._where.chat()
        with reading_chat():
            known = await asyncio.to_thread(self._messages.begin, post.id, chat)
        if known is not None or self._reconcile != "probe":
            return
        try:
            found = await Search(self.sending.bot, chat).near_the_end()
        except ChatMigrated as moved:
            raise await self._moved(moved) from None
        except (TelegramError, DeliveryUnknown):
            return  # the send itself reports what is wrong there
        if found is not None:
            with reading_chat():
                await asyncio.to_thread(self._messages.note, [str(chat)], found, self._words.composer.clock())
                await asyncio.to_thread(self._messages.begin, post.id, chat)

    async def _reply(self, post: Post) -> ReplyParameters | None:
        """Return the message replied to; if it is gone, the post goes without."""
        earlier = post.reply_to
        if earlier is None or not earlier.reference.isdecimal() or await self._where.moved_since(earlier.at):
            return None
        return ReplyParameters(int(earlier.reference), allow_sending_without_reply=True)

    async def edit(self, post: Post) -> Sent:
        """Update the message of a sent post to its decree. See `EditingChannel`."""
        if post.digest is not None or post.reference is None or not post.reference.isdecimal():
            raise Refused("Telegram: not a message that can be edited")
        text, caption = self._words.text(post), self._words.caption(post)
        chat = await self._where.chat()
        if post.closed_at is None or await self._where.moved_since(post.closed_at):
            raise Refused("Telegram: the chat has moved since, and its messages have other ids")
        async with self._answers():
            await self._edit(chat, int(post.reference), text, caption)
        return Sent(post.reference)

    async def check(self) -> str | None:
        """Check token, chat and rights. See `Checkable`."""
        async with self._answers():
            self.sending.ensure_alone()
            wrong = await check_chat(self.sending.bot, await self._where.chat())
        # Only who looks for lost messages needs to be without that right.
        return wrong if self._reconcile == "probe" else None

    async def describe(self) -> str:
        """Return what becomes of a post whose answer is lost. Raises DeliveryError."""
        if self._reconcile != "probe":
            return "waits for you" if self._reconcile == "hold" else "is sent again"
        async with self._answers():
            found = await self.sending.bot.get_chat(await self._where.chat())
        return "is looked for" if found.type == ChatType.CHANNEL else "waits for you: in channels only it can be looked for"

    async def room(self, decrees: Sequence[Decree]) -> int:
        """Return how many of these decrees one message holds."""
        return self._words.room(decrees)

    @asynccontextmanager
    async def _answers(self) -> AsyncIterator[None]:
        """Raise what Telegram answers as a DeliveryError, after noting a chat that has moved."""
        try:
            yield
        except ChatMigrated as moved:
            raise await self._moved(moved) from None
        except TelegramError as error:
            raise self.sending.failure(error) from None

    async def _moved(self, moved: ChatMigrated) -> Migrated:
        # Its messages have other ids there.
        self._sent.clear()
        return await self._where.moved(moved)

    def _remember(self, post: Post, message_id: int) -> Sent:
        self._sent[post.key] = message_id
        return Sent(str(message_id))

    async def _send_photo(self, post: Post, reply: ReplyParameters | None, is_silent: bool) -> Message | None:
        """Send the post as a photo; None if there is none or Telegram refuses it (nothing sent)."""
        picture = await self._pictured.take(post)
        if picture is None or not is_photo(picture):
            return None
        caption = self._words.caption(post)
        if caption is None:
            return None
        chat, markup = await self._where.chat(), markup_of(caption)

        async def send(shown: str, mode: ParseMode | None) -> Message:
            photo = InputFile(picture.data, filename="page.png")
            return await self.sending.bot.send_photo(
                chat,
                photo,
                caption=shown,
                parse_mode=mode,
                reply_parameters=reply,
                reply_markup=markup,
                disable_notification=is_silent,
            )

        try:
            return await self._html_or_plain(send, caption)
        except BadRequest as error:
            # Nothing was sent. A chat that takes no photos may take texts; one that takes nothing says so again.
            reason = scrub(error.message, self.sending.bot.token)
            log.warning("picture.refused", destination=self.name, error=reason)
            return None

    async def _send_text(self, text: TelegramText, reply: ReplyParameters | None, is_silent: bool) -> Message:
        chat, markup = await self._where.chat(), markup_of(text)

        async def send(shown: str, mode: ParseMode | None) -> Message:
            return await self.sending.bot.send_message(
                chat,
                shown,
                parse_mode=mode,
                reply_parameters=reply,
                reply_markup=markup,
                link_preview_options=NO_PREVIEW,
                disable_notification=is_silent,
            )

        return await self._html_or_plain(send, text)

    async def _edit(self, chat: int | str, message_id: int, text: TelegramText, caption: TelegramText | None) -> None:
        """Replace the text, or a photo's caption (both are tried), keeping the button; unchanged is fine. Raises TelegramError."""
        bot = self.sending.bot

        async def edit_text(shown: str, mode: ParseMode | None) -> None:
            markup = markup_of(text)
            await bot.edit_message_text(shown, chat, message_id, parse_mode=mode, reply_markup=markup, link_preview_options=NO_PREVIEW)

        async def edit_caption(shown: str, mode: ParseMode | None) -> None:
            await bot.edit_message_caption(chat, message_id, caption=shown, parse_mode=mode, reply_markup=markup_of(caption))

        try:
            try:
                await self._html_or_plain(edit_text, text)
            except BadRequest as error:
                if caption is None or not says(error, NO_TEXT):
                    raise
                await self._html_or_plain(edit_caption, caption)
        except BadRequest as error:
            if not says(error, NOT_MODIFIED):
                raise

    async def _html_or_plain(self, send: Callable[[str, ParseMode | None], Awaitable[T]], text: TelegramText) -> T:
        """Call `send` with HTML, or plain text if Telegram refuses that. Raises TelegramError."""
        try:
            return await send(text.html, ParseMode.HTML)
        except BadRequest as error:
            if not says(error, CANNOT_PARSE):
                raise
            reason = scrub(error.message, self.sending.bot.token)
            log.warning("post.sent_plain", destination=self.name, error=reason)
            return await send(text.plain, None)

    async def find(self, post: Post) -> Sent | None:
        """Find the post by its button after the last earlier message; only in channels without the right to edit others' posts (`Search`).
        Raises Unknown if impossible or unclear (HoldForPerson, SendAgain by configuration), NotSent if unreachable.
        """
        if post.key in self._sent:  # the answer came, but could not be recorded
            return Sent(str(self._sent[post.key]))
        if self._reconcile == "hold":
            raise HoldForPerson("Telegram: perhaps sent; look at the chat, then: vigie outbox resolve")
        if self._reconcile == "resend":
            raise SendAgain("Telegram: perhaps sent; sent again without looking")
        button, shows = self._words.marks(post)
        if button is None:
            raise DeliveryUnknown("Telegram: a post without a link cannot be looked for; look at the chat")
        chat = await self._where.chat()
        with reading_chat():
            history = await asyncio.to_thread(self._messages.history, post.id, chat)
        in_digest, search = False, Search(self.sending.bot, chat)

        def is_it(text: str, links: Collection[str]) -> bool:
            nonlocal in_digest
            in_digest |= post.sought_since is not None and button.url in links and digest_language(text) == self._words.composer.language
            return shows(text, links)

        known = replace(history, known=history.known.union(self._sent.values()))
        try:
            found = await self._asking(search.find(button, is_it, known, twin=partial(self._words.twin, post), rebuild=self._button_of))
        except DeliveryError:
            if search.searched_to is not None:
                with reading_chat():
                    await run_to_completion(self._messages.searched, post.id, search.searched_to)
            if not in_digest:
                raise
            found = None
        if found is None and in_digest:
            # Many that waited were perhaps sent as one, before the database was restored, which holds nothing of that digest.
            raise HoldForPerson(f"Telegram: it is in a digest there: vigie outbox resolve {post.id} --sent")
        return None if found is None else self._remember(post, found)

    async def _button_of(self, text: str, link: str) -> Button | None:
        """Return the button of another post by its decree; None if unknown."""
        try:
            return self._words.button_in(text, await asyncio.to_thread(self._messages.decrees_at, link))
        except Exception as error:  # its message must get a button all the same
            log.warning("post.button_rebuilt", destination=self.name, error=type(error).__name__)
            return None

    async def _asking(self, question: Awaitable[T]) -> T:
        """Make a request of a search; a lost answer only means a repetition."""
        try:
            return await question
        except ChatMigrated as moved:
            raise await self._moved(moved) from None
        except TelegramError as error:
            failure = self.sending.failure(error)
            if isinstance(failure, NotSent):
                raise failure from None
            raise (NotSent if isinstance(failure, DeliveryUnknown) else DeliveryUnknown)(str(failure)) from None

    async def close(self) -> None:
        """Release connections."""
        await self.sending.close()


def markup_of(text: TelegramText | None) -> InlineKeyboardMarkup | None:
    """Return the button of a text, None where it has none."""
    return None if text is None or text.button is None else keyboard(text.button.text, text.button.url)


# What the posts of one Telegram chat say, and what they are recognised by there.

CAPTION_LIMIT = 1024
"""UTF-16 code units of a photo's caption, after entity parsing (Bot API, `sendPhoto`)."""


class TelegramWords:
    """Composes a decree as `composer` does; of a digest as its decrees are."""

    def __init__(self, composer: MessageComposer) -> None:
        self.composer = composer

    def text(self, post: Post) -> TelegramText:
        """Return the message. Raises Refused."""
        with composing("Telegram"):
            if post.digest is not None:
                return telegram_digest(post.decrees, self.composer.places, self.composer.language)
            return telegram_text(self.composer.input_of(post))

    def caption(self, post: Post) -> TelegramText | None:
        """Return the post shortened to a caption; None if its link does not fit."""
        with composing("Telegram"):
            try:
                return telegram_text(self.composer.input_of(post), limit=CAPTION_LIMIT)
            except TooSmall:
                return None

    def room(self, decrees: Sequence[Decree]) -> int:
        """Return how many of these decrees one message holds."""
        return telegram_room(decrees, self.composer.places, self.composer.language)

    def marks(self, post: Post) -> tuple[Button | None, Shows]:
        """Return the button of the message, and what recognises it by its text and links."""
        if post.digest is not None:
            return digest_button(post.decrees, self.composer.language), partial(
                shows_digest, digest_links(post.decrees), self.composer.language
            )
        link = telegram_link(post.decree, self.composer.place(post.decree), self.composer.clock(), self.composer.language)
        button = None if link is None else link[1]
        number = inert(post.decree.facts.number or "") or None
        return button, partial(shows_decree, "" if button is None else button.url, number)

    def button_in(self, text: str, decrees: Sequence[Decree]) -> Button | None:
        """Return the button of the message with this text, which leads to one of these decrees; None where it is about none of them."""
        digest, shown = digest_language(text), with_plain_spaces(text)
        for decree in decrees:
            number = inert(decree.facts.number or "")
            if digest is not None and number in shown:
                return digest_button([decree], digest)
            if digest is not None or (number and not shows_number(text, number)):
                continue
            button = self._button_shown(decree, shown, LANGUAGES)
            if button is not None:
                return button
        return None

    def twin(self, post: Post, text: str) -> Button | None:
        """Return the button of a message with this text that shows the same link and number in another language, posted for another
        destination; None for the post itself. Digests say their language."""
        others = [language for language in LANGUAGES if language != self.composer.language]
        return None if post.digest is not None else self._button_shown(post.decree, with_plain_spaces(text), others)

    def _button_shown(self, decree: Decree, shown: str, languages: Sequence[Language]) -> Button | None:
        """Return the button that a decree's post has in the one of these languages whose words are in the text; None where none is."""
        place, now = self.composer.place(decree), self.composer.clock()
        links = (telegram_link(decree, place, now, language) for language in languages)
        return next((link[1] for link in links if link is not None and with_plain_spaces(link[0]) in shown), None)
