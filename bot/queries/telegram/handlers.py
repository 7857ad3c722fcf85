"""Questions asked in Telegram: commands and plain words, in private and in groups, and buttons.

Only new messages are answered, not edited ones. Nobody's words are logged.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog
from telegram import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, InputFile, LinkPreviewOptions, Message, Update
from telegram.constants import ChatType, ParseMode
from telegram.error import BadRequest
from telegram.ext import Application, CallbackQueryHandler, ContextTypes, InlineQueryHandler, MessageHandler, filters

from bot.domain.acts import Place
from bot.messages import LANGUAGES, Button, Language
from bot.queries.answers import BadInput, InputFault, OneDecree, Question, Topic
from bot.queries.following import about_us, run_by
from bot.queries.questions import Questions
from bot.queries.rate_limit import RateDecision, RateLimiter
from bot.queries.telegram.answering import CannotCheck, Sleep, answered, apology, guarded, is_in_charge
from bot.queries.telegram.commands import (
    COMMANDS,
    HELP,
    LANGUAGE,
    NAMES,
    START,
    Addressed,
    ChatLanguages,
    addressed,
    command_meant,
    commands_near,
    spoken,
)
from bot.queries.telegram.following import TWINS
from bot.queries.telegram.inline import CACHE_SECONDS, LONGEST, InlineOffer, inline_offer
from bot.queries.telegram.replies import (
    Callbacks,
    LanguageWanted,
    LetterWanted,
    Reply,
    help_reply,
    introduced,
    language_choice,
    letter_reply,
    said,
    telegram_reply,
)
from bot.queries.vocabulary import vocabulary

log = structlog.get_logger(__name__)

_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
_NEW = filters.UpdateType.MESSAGE & ~filters.StatusUpdate.ALL
_COMMANDS = {name: command for command in COMMANDS for name in command.names}
_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)
_DECREE_LINK = re.compile(r"n([0-9]{1,9})")
"""What stands behind `/start` where a link leads to a decree: t.me/bot?start=n12."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a chat asks: by the name that logs show, in the language in which it is answered, and how the answer is made."""

    name: str
    language: Language
    reply: Callable[[], Reply]


class TelegramCommands:
    """The handlers of messages and buttons. Each is guarded: an error is answered politely and logged without anybody's words."""

    def __init__(
        self,
        questions: Questions,
        places: Mapping[str, Place],
        limiter: RateLimiter,
        callbacks: Callbacks,
        languages: ChatLanguages,
        sleep: Sleep = asyncio.sleep,
        contact: str = "",
    ) -> None:
        """`sleep` is in seconds. `contact`: of whoever runs this instance, a mail or web address."""
        self._questions = questions
        self._places = places
        self._limiter = limiter
        self._callbacks = callbacks
        self._languages = languages
        self._sleep = sleep
        self._contact = contact

    def register(self, application: Application[Any, Any, Any, Any, Any, Any]) -> None:
        """Add the handlers of messages and of the buttons of answers."""
        application.add_handler(CallbackQueryHandler(self._pressed))
        application.add_handler(InlineQueryHandler(self._typed))
        application.add_handler(MessageHandler(_NEW, self._written))

    async def _written(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        message = update.message
        if message is None:
            return
        meant = addressed(message, context.bot.username, context.bot.id, NAMES)
        if meant is not None:
            await self._answer(message, meant)

    async def _answer(self, message: Message, meant: Addressed) -> None:
        asked: _Asked | None = None

        def apologise(error: Exception) -> Awaitable[object]:
            language = "fr" if asked is None else asked.language
            return self._send(message, said(apology(error, language)), language)

        async with guarded(lambda: "message" if asked is None else asked.name, apologise):
            person = (message.sender_chat or message.from_user or message.chat).id
            decision = self._limiter.ask(person, message.chat.id)
            if decision is RateDecision.REFUSED:
                return
            asked = self._understood(meant, spoken(message.from_user), await asyncio.to_thread(self._languages.chosen, message.chat.id))
            if decision is RateDecision.ALLOWED:
                await self._send(message, await asyncio.to_thread(asked.reply), asked.language)
            else:
                await self._send(message, said(vocabulary(asked.language).slow_down), asked.language)

    def _understood(self, meant: Addressed, own: Language | None, chosen: Language | None) -> _Asked:
        """Return what is asked. A command is answered in its own language, anything else in the person's, or as the chat chose."""
        language: Language = chosen or own or "fr"
        if meant.command is None:
            return _Asked("plain", language, partial(self._plain, meant.words, language))
        typed, words = meant.command.name, meant.command.words
        name = command_meant(typed, NAMES)
        if name is None:
            return _Asked("unknown", language, partial(self._unknown, typed, language))
        if name == START:
            return _Asked(START, language, partial(self._start, words, (language,) if chosen or own else LANGUAGES))
        if name in HELP:
            language = chosen or HELP[name]
            return _Asked(name, language, partial(help_reply, (language,)))
        if name in LANGUAGE:
            return _Asked(name, language, partial(language_choice, language))
        command = _COMMANDS[name]
        language = chosen or command.language
        return _Asked(command.name, language, partial(self._command, command.ask, words, language))

    def _command(self, ask: Callable[[Questions, str], Any], words: str, language: Language) -> Reply:
        answer = ask(self._questions, words)
        if answer == BadInput(InputFault.NO_NUMBER):
            return said(vocabulary(language).chat.no_number)
        return telegram_reply(answer, self._places, language)

    def _plain(self, words: str, language: Language) -> Reply:
        if not words:
            return said(vocabulary(language).chat.not_text)
        return telegram_reply(self._questions.plain(words), self._places, language)

    def _unknown(self, typed: str, language: Language) -> Reply:
        of_language = [command.name for command in COMMANDS if command.language == language]
        of_language += TWINS[language].values()
        near = commands_near(typed, [*of_language, *(name for table in (HELP, LANGUAGE) for name in table if table[name] == language)])
        words = vocabulary(language)
        if not near:
            return said(words.not_understood)
        return said(words.chat.unknown_command.format(name=typed[:32], names=", ".join(f"/{name}" for name in near)))

    def _start(self, payload: str, languages: tuple[Language, ...]) -> Reply:
        link = _DECREE_LINK.fullmatch(payload)
        if link is not None:
            reply = telegram_reply(self._questions.show(link[1]), self._places, languages[0])
            return introduced(reply, about_us(languages[0], self._contact))
        return introduced(help_reply(languages), "\n".join(filter(None, (run_by(each, self._contact) for each in languages))))

    async def _typed(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Offer decrees while somebody types in any chat. Whoever types too fast is answered at the next letter."""
        query = update.inline_query
        if query is None:
            return
        # Each letter is a question: they are counted apart, so that typing does not use up what a person may ask.
        if self._limiter.ask(-query.from_user.id) is not RateDecision.ALLOWED:
            return
        language: Language = spoken(query.from_user) or "fr"
        async with guarded(lambda: "inline"):
            offer = await asyncio.to_thread(self._offer, query.query[:LONGEST], language)
            await query.answer(offer.articles, cache_time=CACHE_SECONDS, is_personal=True, button=offer.button)

    def _offer(self, words: str, language: Language) -> InlineOffer:
        answers = [self._questions.plain(words) if words.strip() else self._questions.recent()]
        if _NUMBER.fullmatch(words.strip()):  # of a department or of a decree
            answers.append(self._questions.show(words))
        return inline_offer(answers, self._questions.ask, self._places, self._questions.now(), language)

    async def _pressed(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer a button: a list in the place of the one under which it is, a decree or a letter below it."""
        query = update.callback_query
        if query is None:
            return
        pressed = self._callbacks.decode(query.data or "")
        language: Language = pressed[1] if pressed else spoken(query.from_user) or "fr"
        words = vocabulary(language)

        def apologise(error: Exception) -> Awaitable[object]:
            return query.answer(apology(error, language), show_alert=isinstance(error, CannotCheck))

        async with guarded(lambda: "button", apologise):
            chat = query.message.chat.id if query.message is not None else None
            if self._limiter.ask(query.from_user.id, chat) is not RateDecision.ALLOWED:
                await query.answer(words.slow_down)
            elif pressed is None:
                await query.answer(words.expired, show_alert=True)
            elif (
                isinstance(pressed[0], LanguageWanted)
                and query.message is not None
                and not await is_in_charge(context.bot, query.message.chat, query.from_user.id, self._sleep)
            ):
                await query.answer(words.chat.language_admins, show_alert=True)
            else:
                await self._carry_out(query, pressed[0], language)
                await query.answer()

    async def _carry_out(self, query: CallbackQuery, asked: Question | LetterWanted | LanguageWanted, language: Language) -> None:
        if isinstance(asked, LanguageWanted):
            if query.message is not None:
                await asyncio.to_thread(self._languages.choose, query.message.chat.id, language)
            await self._deliver(query.edit_message_text, said(vocabulary(language).chat.language_chosen), language)
            return
        if isinstance(asked, LetterWanted):
            reply = await asyncio.to_thread(self._letter, asked, language)
        else:
            answer = await asyncio.to_thread(self._questions.ask, asked)
            reply = telegram_reply(answer, self._places, language)
        is_below = isinstance(asked, LetterWanted) or asked.topic is Topic.NUMBER
        if is_below and isinstance(query.message, Message):
            await self._send(query.message, reply, language, quote=False)
        else:
            await self._deliver(query.edit_message_text, reply, language)

    def _letter(self, wanted: LetterWanted, language: Language) -> Reply:
        answer = self._questions.show(str(wanted.number))
        if isinstance(answer, OneDecree):
            return letter_reply(wanted, answer, self._places, language)
        return telegram_reply(answer, self._places, language)

    async def _send(self, message: Message, reply: Reply, language: Language, *, quote: bool = True) -> None:
        quoted = quote and message.chat.type != ChatType.PRIVATE
        options: dict[str, Any] = {"do_quote": quoted, "allow_sending_without_reply": True if quoted else None}
        if reply.document is not None:
            file = InputFile(reply.document.content, reply.document.name)
            await answered(partial(message.reply_document, file, caption=reply.plain, **options), self._sleep)
            return
        if reply.photo is not None:
            picture = InputFile(reply.photo.content, reply.photo.name)
            try:
                await answered(partial(message.reply_photo, picture, caption=reply.plain, **options), self._sleep)
            except BadRequest as error:  # a group may forbid pictures: the words say the same
                log.debug("telegram.photo_refused", error=type(error).__name__)
            else:
                return
        await self._deliver(partial(message.reply_text, **options), reply, language)

    async def _deliver(self, act: Callable[..., Awaitable[Any]], reply: Reply, language: Language) -> None:
        """Send or edit with markup; in plain text should Telegram be unable to parse it."""
        keyboard = self._keyboard(reply, language)
        options = {"reply_markup": keyboard, "link_preview_options": _NO_PREVIEW}
        try:
            await answered(partial(act, reply.markup, parse_mode=ParseMode.HTML, **options), self._sleep)
        except BadRequest as error:
            if "message is not modified" in error.message.lower():  # the page is already shown: the button was pressed twice
                return
            if "can't parse entities" not in error.message.lower():
                raise
            await answered(partial(act, reply.plain, **options), self._sleep)

    def _keyboard(self, reply: Reply, language: Language) -> InlineKeyboardMarkup | None:
        rows = [
            [
                InlineKeyboardButton(button.text, url=button.url)
                if isinstance(button, Button)
                else InlineKeyboardButton(button.text, callback_data=self._callbacks.encode(button.asked, button.language or language))
                for button in row
            ]
            for row in reply.rows
        ]
        return InlineKeyboardMarkup(rows) if rows else None
