"""Questions asked in Telegram: commands in private and in groups, paging by buttons.

The command's own language is the answer's: French, or English for the English twins. Only new messages are answered, not
edited ones. Nobody's words are logged.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

import structlog
from telegram import Bot, BotCommand, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions, Message, Update
from telegram.constants import ChatType, ParseMode
from telegram.error import BadRequest, TelegramError
from telegram.ext import Application, CallbackQueryHandler, CommandHandler, ContextTypes, MessageHandler, filters

from bot.domain.acts import Place
from bot.messages import LANGUAGES, Button, Language, decree_line, decree_line_html, telegram_decree
from bot.messages.cleaning import unlinked
from bot.messages.telegram import html_tag, html_text
from bot.queries.answers import Answer, DecreeList, OneDecree, Question, Topic
from bot.queries.phrases import message_of, plain_answer, title, withdrawal
from bot.queries.questions import Questions
from bot.queries.telegram.rate_limit import Grant, RateLimiter
from bot.queries.telegram.telegram_polling import Sleep, answered
from bot.queries.vocabulary import vocabulary

log = structlog.get_logger(__name__)

Ask = Callable[[Questions, str], Answer]
Handler = Callable[[Update, ContextTypes.DEFAULT_TYPE], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class ChatCommand:
    """One command. `ask` takes the words behind it; `aliases` work too, but are not among the commands that Telegram proposes."""

    name: str
    language: Language
    ask: Ask
    aliases: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Return whatever may stand after the slash."""
        return (self.name, *self.aliases)


def _recent(questions: Questions, words: str) -> Answer:
    return questions.recent()


COMMANDS = (
    ChatCommand("recents", "fr", _recent),
    ChatCommand("departement", "fr", Questions.department),
    ChatCommand("envigueur", "fr", Questions.in_force),
    ChatCommand("recherche", "fr", Questions.search),
    # What prefects take are arrêtés, and so people call them; Telegram allows no accent in a command.
    ChatCommand("decret", "fr", Questions.show, aliases=("arrete",)),
    ChatCommand("etat", "fr", Questions.state),
    ChatCommand("recent", "en", _recent),
    ChatCommand("department", "en", Questions.department),
    ChatCommand("inforce", "en", Questions.in_force),
    ChatCommand("search", "en", Questions.search),
    ChatCommand("decree", "en", Questions.show),
    ChatCommand("status", "en", Questions.state),
)
HELP: Mapping[str, Language] = {"aide": "fr", "help": "en"}

_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
_NEW = filters.UpdateType.MESSAGE


async def publish_commands(bot: Bot) -> None:
    """Tell Telegram the commands to propose: French ones by default, English ones to whoever uses it in English."""
    french, english = ([BotCommand(name, text) for name, text in vocabulary(tongue).commands.items()] for tongue in ("fr", "en"))
    await bot.set_my_commands(french)
    await bot.set_my_commands(french, language_code="fr")
    await bot.set_my_commands(english, language_code="en")


class TelegramCommands:
    """The handlers of commands and paging buttons. Each is guarded: an error is answered politely and logged without anybody's words."""

    def __init__(
        self,
        questions: Questions,
        places: Mapping[str, Place],
        limiter: RateLimiter,
        callbacks: Callbacks,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """`sleep` is in seconds."""
        self._questions = questions
        self._places = places
        self._limiter = limiter
        self._callbacks = callbacks
        self._sleep = sleep

    def register(self, application: Application[Any, Any, Any, Any, Any, Any]) -> None:
        """Add the handlers of every command, of the paging buttons, and a hint for what is not understood in private."""
        for command in COMMANDS:
            application.add_handler(CommandHandler(command.names, self._answering(command), filters=_NEW))
        for name, language in HELP.items():
            application.add_handler(CommandHandler(name, self._saying(name, vocabulary(language).help, language), filters=_NEW))
        application.add_handler(CommandHandler("start", self._welcoming(), filters=_NEW))
        application.add_handler(CallbackQueryHandler(self._turn_page))
        application.add_handler(MessageHandler(_NEW & filters.ChatType.PRIVATE & filters.TEXT, self._hinting()))

    def _answering(self, command: ChatCommand) -> Handler:
        async def reply(message: Message, words: str) -> None:
            answer = await asyncio.to_thread(command.ask, self._questions, words)
            await self._send(message, telegram_reply(answer, self._places, command.language), command.language)

        return self._guarded(command.name, command.language, reply)

    def _saying(self, name: str, text: str, language: Language) -> Handler:
        async def reply(message: Message, words: str) -> None:
            await self._send(message, said(text), language)

        return self._guarded(name, language, reply)

    def _welcoming(self) -> Handler:
        async def reply(message: Message, words: str) -> None:
            language = _spoken(message)
            texts = [vocabulary(tongue).help for tongue in ("fr", "en") if language in {None, tongue}]
            await self._send(message, said("\n\n".join(texts)), language or "fr")

        return self._guarded("start", "fr", reply)

    def _hinting(self) -> Handler:
        async def reply(message: Message, words: str) -> None:
            language = _spoken(message) or "fr"
            await self._send(message, said(vocabulary(language).not_understood), language)

        return self._guarded("other", "fr", reply)

    async def _turn_page(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Put another page in the place of the one under which the button is."""
        query = update.callback_query
        if query is None:
            return
        asked = self._callbacks.decode(query.data or "")
        language: Language = asked[1] if asked else ("fr" if (query.from_user.language_code or "fr").startswith("fr") else "en")
        words = vocabulary(language)
        try:
            if self._limiter.ask(query.from_user.id) is not Grant.GRANTED:
                await query.answer(words.slow_down)
                return
            if asked is None:
                await query.answer(words.expired, show_alert=True)
                return
            answer = await asyncio.to_thread(self._questions.ask, asked[0])
            reply = telegram_reply(answer, self._places, language)
            await self._deliver(query.edit_message_text, reply, language)
            await query.answer()
        except TelegramError as error:
            _log_failure("page", error)
        except Exception as error:
            _log_failure("page", error)
            await _quietly(query.answer(words.failed))

    def _guarded(self, name: str, language: Language, reply: Callable[[Message, str], Awaitable[None]]) -> Handler:
        async def handle(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
            message = update.message
            if message is None:
                return
            try:
                grant = self._limiter.ask((message.sender_chat or message.from_user or message.chat).id)
                if grant is Grant.GRANTED:
                    await reply(message, " ".join(context.args or ()))
                elif grant is Grant.REFUSED_FIRST:
                    await self._send(message, said(vocabulary(language).slow_down), language)
            except TelegramError as error:  # the reply itself did not go out, after several tries: another would not either
                _log_failure(name, error)
            except Exception as error:
                _log_failure(name, error)
                await _quietly(self._send(message, said(vocabulary(language).failed), language))

        return handle

    async def _send(self, message: Message, reply: Reply, language: Language) -> None:
        async def send(text: str, **options: Any) -> Any:
            in_group = message.chat.type != ChatType.PRIVATE
            return await message.reply_text(text, do_quote=in_group, allow_sending_without_reply=True if in_group else None, **options)

        await self._deliver(send, reply, language)

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
        row = [
            InlineKeyboardButton(button.text, url=button.url)
            if isinstance(button, Button)
            else InlineKeyboardButton(button.text, callback_data=self._callbacks.encode(button.question, language))
            for button in reply.buttons
        ]
        return InlineKeyboardMarkup([row]) if row else None


def _spoken(message: Message) -> Language | None:
    """Return the language of the person's Telegram, None where it is not told."""
    code = message.from_user.language_code if message.from_user else None
    if not code:
        return None
    return "fr" if code.lower().startswith("fr") else "en"


def _log_failure(name: str, error: Exception) -> None:
    """Log type and place only: the text of an error may hold what a person wrote, or a token."""
    trace, place = error.__traceback__, ""
    while trace is not None:
        place = f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}"
        trace = trace.tb_next
    log.warning("telegram.command_failed", command=name, error=type(error).__name__, at=place)


async def _quietly(sending: Awaitable[Any]) -> None:
    """Send a last word that may fail too."""
    try:
        await sending
    except TelegramError as error:
        log.debug("telegram.reply_failed", error=type(error).__name__)


# What a paging button carries: the question itself where it fits, else the key of a question kept in memory.
#
# Telegram gives a button 64 bytes (Bot API, `InlineKeyboardButton.callback_data`). Buttons thus survive a restart, except those
# of long searches, which then ask to be asked again.

LIMIT_BYTES = 64
_TOPICS = {"r": Topic.RECENT, "d": Topic.DEPARTMENT, "s": Topic.SEARCH, "f": Topic.IN_FORCE}
_LETTERS = {topic: letter for letter, topic in _TOPICS.items()}
_KEPT = "k"
_FORM = re.compile(r"1(?P<language>fr|en)(?P<topic>[rdsfk])(?P<page>[0-9]{1,6}):(?P<words>.*)", re.ASCII | re.DOTALL)


class Callbacks:
    """Turns questions into button data and back. Remembers at most `limit` long searches, the least used go first."""

    def __init__(self, limit: int = 1000) -> None:
        self._limit = limit
        self._kept: OrderedDict[str, str] = OrderedDict()

    def encode(self, question: Question, language: Language) -> str:
        """Return at most 64 bytes of UTF-8."""
        data = f"1{language}{_LETTERS[question.topic]}{question.page}:{question.words}"
        if len(data.encode()) <= LIMIT_BYTES:
            return data
        key = hashlib.blake2b(question.words.encode(), digest_size=16).hexdigest()
        self._remember(key, question.words)
        return f"1{language}{_KEPT}{question.page}:{key}"

    def decode(self, data: str) -> tuple[Question, Language] | None:
        """Return the question and its language; None for one forgotten since, or for data that no button of ours carries."""
        match = _FORM.fullmatch(data)
        if match is None:
            return None
        language: Language = "en" if match["language"] == "en" else "fr"
        page, words = int(match["page"]), match["words"]
        if match["topic"] != _KEPT:
            return Question(_TOPICS[match["topic"]], words, page), language
        kept = self._kept.get(words)
        if kept is None:
            return None
        self._remember(words, kept)
        return Question(Topic.SEARCH, kept, page), language

    def _remember(self, key: str, words: str) -> None:
        self._kept[key] = words
        self._kept.move_to_end(key)
        while len(self._kept) > self._limit:
            self._kept.popitem(last=False)


# An answer in Telegram's form. Pure: markup is built from escaped parts only, buttons are values.


@dataclass(frozen=True, slots=True)
class PageButton:
    """A button that asks the same question for another page."""

    text: str
    question: Question


@dataclass(frozen=True, slots=True)
class Reply:
    """`markup` for `parse_mode=HTML`, the same in plain text for when it cannot be parsed, and a row of buttons."""

    markup: str
    plain: str
    buttons: tuple[PageButton | Button, ...] = ()


def telegram_reply(answer: Answer, places: Mapping[str, Place], language: Language) -> Reply:
    """Build the reply to a question. At most 4096 UTF-16 units as long as a page has no more decrees than `TELEGRAM_PAGE`."""
    match answer:
        case DecreeList():
            return _list(answer, places, language)
        case OneDecree(decree=decree, at=at):
            message = message_of(decree, places, at, language)
            gone = withdrawal(decree, message.place, language)
            if gone is not None:
                # The line of a list, not the message of an announcement: it is none.
                markup = "\n\n".join((html_text(gone).source, decree_line_html(message)))
                return Reply(markup, unlinked(f"{gone}\n\n{decree_line(message)}"))
            text = telegram_decree(message, places)
            return Reply(text.html, text.plain, () if text.button is None else (text.button,))
        case _:
            return said(plain_answer(answer, places, language))


def said(words: str) -> Reply:
    """Return words of the bot itself, without markup: the commands in them are its own."""
    return Reply(html_text(words, _own_commands()).source, unlinked(words, _own_commands()))


@cache
def _own_commands() -> frozenset[str]:
    return frozenset(name for language in LANGUAGES for name in re.findall(r"/(\w+)", vocabulary(language).help))


def _list(answer: DecreeList, places: Mapping[str, Place], language: Language) -> Reply:
    words = vocabulary(language)
    heading = html_tag("b", html_text(title(answer, language))).source
    lines = (decree_line_html(message_of(decree, places, answer.at, language)) for decree in answer.decrees)
    markup = "\n\n".join((heading, *lines, html_text(words.more_hint, _own_commands()).source))
    plain = f"{unlinked(plain_answer(answer, places, language))}\n\n{words.more_hint}"
    page = answer.question.page
    turns = ((words.previous, page - 1, page > 1), (words.next, page + 1, page < answer.pages))
    buttons = tuple(PageButton(text, replace(answer.question, page=to)) for text, to, there in turns if there)
    return Reply(markup, plain, buttons)
