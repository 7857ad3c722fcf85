"""Answers questions in Telegram: commands, plain words and buttons, in private and in groups. Only new messages are answered, not edited
ones; no words of users are logged. Polls through every outage, and stops at once, in order: python-telegram-bot's updater sleeps up to 30 s
between failures and cannot be woken, hence a loop of `getUpdates`."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, Protocol, TypeVar

import structlog
from pydantic import SecretStr
from telegram import Bot, CallbackQuery, Chat, InlineKeyboardButton, InlineKeyboardMarkup, InputFile, LinkPreviewOptions, Message, Update
from telegram.constants import ChatType, ParseMode
from telegram.error import BadRequest, InvalidToken, TelegramError
from telegram.ext import Application, CallbackQueryHandler, ContextTypes, InlineQueryHandler, MessageHandler, filters

from bot.domain.acts import Place
from bot.domain.tasks import ended
from bot.messages.announcement import Button
from bot.messages.words import LANGUAGES, Language
from bot.queries.answers import BadInput, HelpRequest, InputFault, ListKind, OneDecree, PlaceChoices, PlaceQuestions, Question
from bot.queries.following import about_us, run_by
from bot.queries.plain_words import civil
from bot.queries.questions import Questions, RateDecision, RateLimiter
from bot.queries.telegram.commands import (
    COMMANDS,
    HELP,
    LANGUAGE,
    NAMES,
    SECOND_POLLER,
    START,
    Addressed,
    CannotCheck,
    ChatLanguages,
    Sleep,
    TypedCommand,
    addressed,
    answered,
    apology,
    cause_of,
    command_meant,
    commands_near,
    folded_name,
    guarded,
    is_in_charge,
    language_named,
    pause_after,
    publish_commands,
    spoken,
)
from bot.queries.telegram.following import TWINS, FollowCommands
from bot.queries.telegram.replies import (
    CACHE_SECONDS,
    LONGEST_INLINE,
    Callbacks,
    InlineOffer,
    LanguageWanted,
    LetterWanted,
    Reply,
    help_reply,
    inline_offer,
    introduced,
    language_choice,
    letter_reply,
    said,
    telegram_reply,
)
from bot.queries.vocabulary import vocabulary

log = structlog.get_logger(__name__)

T = TypeVar("T")

# The answers.

_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
_NEW = filters.UpdateType.MESSAGE & ~filters.StatusUpdate.ALL
_COMMANDS = {name: command for command in COMMANDS for name in command.names}
_ALONE = frozenset({"arrete", "carte", "chiffres", "etat", "map", "figures", "status"})
"""Commands that are understood without the slash; those of lists are in `bot.queries.plain_words`."""
_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)
_DECREE_LINK = re.compile(r"n([0-9]{1,9})")
"""What stands behind `/start` where a link leads to a decree: t.me/bot?start=n12."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a chat asks: by the name that logs show, in the language in which it is answered, and how the answer is made."""

    name: str
    language: Language
    reply: Callable[[], Reply]


@dataclass(frozen=True, slots=True)
class TelegramCommands:
    """Handles messages and buttons: an error is answered politely and logged without words of users. `sleep` is in seconds. `contact`: of
    this instance's operator, a mail or web address. `answered_in` receives the chat and the id of each answer."""

    questions: Questions
    places: Mapping[str, Place]
    limiter: RateLimiter
    callbacks: Callbacks
    languages: ChatLanguages
    sleep: Sleep = asyncio.sleep
    contact: str = ""
    answered_in: Callable[[int, int], None] = lambda _chat, _id: None

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
            decision = self.limiter.ask(person, message.chat.id)
            if decision is RateDecision.REFUSED:
                return
            asked = self._understood(meant, message, await asyncio.to_thread(self.languages.chosen, message.chat.id))
            if decision is RateDecision.ALLOWED:
                await self._send(message, await asyncio.to_thread(asked.reply), asked.language)
            else:
                await self._send(message, said(vocabulary(asked.language).slow_down), asked.language)

    def _understood(self, meant: Addressed, message: Message, chosen: Language | None) -> _Asked:
        """Return what is asked. A command is answered in its own language, anything else in the person's, or as the chat chose."""
        own = spoken(message.from_user)
        language: Language = chosen or own or "fr"
        command = meant.command or _named(meant.words)
        if command is None:
            return _Asked("plain", language, partial(self._plain, meant.words, language))
        typed, words = command.name, command.words
        name = command_meant(typed, NAMES)
        if name is None:
            return _Asked("unknown", language, partial(self._unknown, command, language))
        if name == START:
            return _Asked(START, language, partial(self._start, words, (language,) if chosen or own else LANGUAGES))
        if name in HELP:
            language = chosen or HELP[name]
            return _Asked(name, language, partial(self._help, (language,)))
        if name in LANGUAGE:
            return _Asked(name, language, partial(self._language, words, language, message.chat))
        asked = _COMMANDS[name]
        language = chosen or asked.language if meant.command is not None else language
        return _Asked(asked.name, language, partial(self._command, asked.ask, words, language))

    def _language(self, words: str, language: Language, chat: Chat) -> Reply:
        """Answer in the language that is named from now on; else, and in groups, where its administrators choose, ask which one."""
        wanted = language_named(words)
        if wanted is None or chat.type != ChatType.PRIVATE:
            return language_choice(language)
        self.languages.choose(chat.id, wanted)
        return said(vocabulary(wanted).chat.language_chosen)

    def _command(self, ask: Callable[[Questions, str], Any], words: str, language: Language) -> Reply:
        answer = self.questions.ask_about(words, ask)
        if answer == BadInput(InputFault.NO_NUMBER):
            return said(vocabulary(language).chat.no_number)
        return telegram_reply(answer, self.places, language)

    def _plain(self, words: str, language: Language) -> Reply:
        if not words:
            return said(vocabulary(language).chat.not_text)
        answer = self.questions.plain(words)
        return self._help((language,)) if isinstance(answer, HelpRequest) else telegram_reply(answer, self.places, language)

    def _help(self, languages: Sequence[Language]) -> Reply:
        """Return what can be asked, and who runs this."""
        return introduced(
            help_reply(languages, self.questions.watched), "\n".join(filter(None, (run_by(each, self.contact) for each in languages)))
        )

    def _unknown(self, command: TypedCommand, language: Language) -> Reply:
        """Answer `/valence` and `/26` as the words behind the slash; suggest commands for what no command and no place is called."""
        typed, text = command.name, f"{command.name} {command.words}".strip()
        meant = self.questions.understood(text)
        if isinstance(meant, Question | PlaceQuestions) or (isinstance(meant, PlaceChoices) and meant.sure):
            return self._plain(text, language)
        of_language = [command.name for command in COMMANDS if command.language == language]
        of_language += TWINS[language].values()
        near = commands_near(typed, [*of_language, *(name for table in (HELP, LANGUAGE) for name in table if table[name] == language)])
        words = vocabulary(language)
        if not near or civil(typed) != typed:
            return said(words.not_understood)
        return said(words.chat.unknown_command.format(name=typed[:32], names=", ".join(f"/{name}" for name in near)))

    def _start(self, payload: str, languages: tuple[Language, ...]) -> Reply:
        link = _DECREE_LINK.fullmatch(payload)
        if link is not None:
            reply = telegram_reply(self.questions.show(link[1]), self.places, languages[0])
            return introduced(reply, about_us(languages[0], self.contact))
        return self._help(languages)

    async def _typed(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Offer decrees while somebody types in any chat. Whoever types too fast is answered at the next letter."""
        query = update.inline_query
        if query is None:
            return
        # Each letter is a question: they are counted apart, so that typing does not use up what a person may ask.
        if self.limiter.ask(-query.from_user.id) is not RateDecision.ALLOWED:
            return
        language: Language = spoken(query.from_user) or "fr"
        async with guarded(lambda: "inline"):
            offer = await asyncio.to_thread(self._offer, query.query[:LONGEST_INLINE], language)
            await query.answer(offer.articles, cache_time=CACHE_SECONDS, is_personal=True, button=offer.button)

    def _offer(self, words: str, language: Language) -> InlineOffer:
        answers = [self.questions.plain(words) if words.strip() else self.questions.recent()]
        if _NUMBER.fullmatch(words.strip()):  # of a department or of a decree
            answers.append(self.questions.show(words))
        return inline_offer(answers, self.questions.ask, self.places, self.questions.now(), language)

    async def _pressed(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer a button: a list in the place of the one under which it is, a decree or a letter below it."""
        query = update.callback_query
        if query is None:
            return
        pressed = self.callbacks.decode(query.data or "")
        language: Language = pressed[1] if pressed else spoken(query.from_user) or "fr"
        words = vocabulary(language)

        def apologise(error: Exception) -> Awaitable[object]:
            return query.answer(apology(error, language), show_alert=isinstance(error, CannotCheck))

        async with guarded(lambda: "button", apologise):
            chat = query.message.chat.id if query.message is not None else None
            if self.limiter.ask(query.from_user.id, chat) is not RateDecision.ALLOWED:
                await query.answer(words.slow_down)
            elif pressed is None:
                await query.answer(words.expired, show_alert=True)
            elif (
                isinstance(pressed[0], LanguageWanted)
                and query.message is not None
                and not await is_in_charge(context.bot, query.message.chat, query.from_user.id, self.sleep)
            ):
                await query.answer(words.chat.language_admins, show_alert=True)
            else:
                await self._carry_out(query, pressed[0], language)
                await query.answer()

    async def _carry_out(self, query: CallbackQuery, asked: Question | LetterWanted | LanguageWanted, language: Language) -> None:
        if isinstance(asked, LanguageWanted):
            if query.message is not None:
                await asyncio.to_thread(self.languages.choose, query.message.chat.id, language)
            await self._deliver(query.edit_message_text, said(vocabulary(language).chat.language_chosen), language)
            return
        if isinstance(asked, LetterWanted):
            reply = await asyncio.to_thread(self._letter, asked, language)
        else:
            answer = await asyncio.to_thread(self.questions.ask, asked)
            reply = telegram_reply(answer, self.places, language)
        is_below = isinstance(asked, LetterWanted) or asked.list_kind is ListKind.NUMBER
        if is_below and isinstance(query.message, Message):
            await self._send(query.message, reply, language, quote=False)
        else:
            await self._deliver(query.edit_message_text, reply, language)

    def _letter(self, wanted: LetterWanted, language: Language) -> Reply:
        answer = self.questions.show(str(wanted.number))
        if isinstance(answer, OneDecree):
            return letter_reply(wanted, answer, self.places, language)
        return telegram_reply(answer, self.places, language)

    async def _send(self, message: Message, reply: Reply, language: Language, *, quote: bool = True) -> None:
        quoted = quote and message.chat.type != ChatType.PRIVATE
        options: dict[str, Any] = {"do_quote": quoted, "allow_sending_without_reply": True if quoted else None}
        if reply.document is not None:
            file = InputFile(reply.document.content, reply.document.name)
            await self._give(partial(message.reply_document, file, caption=reply.plain, **options))
            return
        if reply.photo is not None:
            picture = InputFile(reply.photo.content, reply.photo.name)
            try:
                await self._give(partial(message.reply_photo, picture, caption=reply.plain, **options))
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
            await self._give(partial(act, reply.markup, parse_mode=ParseMode.HTML, **options))
        except BadRequest as error:
            if "message is not modified" in error.message.lower():  # the page is already shown: the button was pressed twice
                return
            if "can't parse entities" not in error.message.lower():
                raise
            await self._give(partial(act, reply.plain, **options))

    async def _give(self, act: Callable[[], Awaitable[Any]]) -> None:
        sent = await answered(act, self.sleep)
        if isinstance(sent, Message):
            self.answered_in(sent.chat.id, sent.message_id)

    def _keyboard(self, reply: Reply, language: Language) -> InlineKeyboardMarkup | None:
        rows = [
            [
                InlineKeyboardButton(button.text, url=button.url)
                if isinstance(button, Button)
                else InlineKeyboardButton(button.text, callback_data=self.callbacks.encode(button.asked, button.language or language))
                for button in row
            ]
            for row in reply.rows
        ]
        return InlineKeyboardMarkup(rows) if rows else None


def _named(words: str) -> TypedCommand | None:
    """Return the command that plain words name: `carte`, a language; None for others."""
    if folded_name(words) in _ALONE:
        return TypedCommand(folded_name(words), None, "")
    return TypedCommand(next(iter(LANGUAGE)), None, words) if language_named(words) else None


# Polling.

LONG_POLL = timedelta(seconds=50)
"""How long Telegram may hold a request open while there is nothing new."""
UPDATES = ("message", "callback_query", "inline_query", "channel_post", "my_chat_member")
_CALM = 10
"""Successes in a row after which a second poller is believed gone."""
_FAREWELL = timedelta(seconds=2)


class StopRequested(Exception):
    """The stop event was set while waiting."""


async def unless(stop: asyncio.Event, work: Awaitable[T]) -> T:
    """Return the result of `work`; raise StopRequested, and cancel the work, as soon as `stop` is set."""
    working, stopping = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise StopRequested
    finally:
        await ended([working, stopping])


class PollingRetries:
    """Repeats a call until it succeeds. Each cause of an outage is logged once, and so is the end of the outage."""

    def __init__(self, stop: asyncio.Event, sleep: Sleep, shared: Callable[[bool], object] = bool) -> None:
        """`shared` takes whether another program polls with the same token, when that is met and when it is over."""
        self._shared = shared
        self._stop = stop
        self._sleep = sleep
        self._failures = 0
        self._logged: set[str] = set()
        self._calm = 0

    async def attempt(self, what: str, call: Callable[[], Awaitable[T]]) -> T:
        """Call until it succeeds, and return the result. Raises StopRequested when `stop` is set."""
        while True:
            try:
                result = await unless(self._stop, call())
            except StopRequested:
                raise
            except Exception as error:  # the library's own errors, and those of an answer that it cannot digest
                await self._rest(what, error)
            else:
                self._succeeded(what)
                return result

    async def _rest(self, what: str, error: Exception) -> None:
        self._failures += 1
        self._calm = 0
        cause = cause_of(error)
        if cause not in self._logged:
            self._logged.add(cause)
            level = logging.ERROR if isinstance(error, InvalidToken) else logging.WARNING
            log.log(level, "telegram.unreachable", during=what, error=cause)
            if cause == SECOND_POLLER:
                self._shared(True)
        await unless(self._stop, self._sleep(pause_after(error, self._failures)))

    def _succeeded(self, what: str) -> None:
        """Note a success. Two programs with one token are refused in turns: only a lasting calm ends that, any success another outage."""
        self._failures = 0
        self._calm += 1
        if self._logged and (SECOND_POLLER not in self._logged or self._calm >= _CALM):
            self._logged.clear()
            self._shared(False)
            log.info("telegram.recovered", during=what)


async def poll(bot: Bot, queue: asyncio.Queue[object], stop: asyncio.Event, patience: PollingRetries) -> None:
    """Put every update in `queue` until `stop` is set; what is queued is confirmed to Telegram, what is not comes again."""
    offset: int | None = None

    async def fetch() -> tuple[Update, ...]:
        return await bot.get_updates(offset=offset, timeout=LONG_POLL, allowed_updates=UPDATES)

    try:
        while True:
            for update in await patience.attempt("getUpdates", fetch):
                await unless(stop, queue.put(update))
                offset = update.update_id + 1
    except StopRequested:
        await _confirm(bot, offset)


async def _confirm(bot: Bot, offset: int | None) -> None:
    """Tell Telegram that what was queued need not come again after a restart. Bounded: a stop is never held up by an outage."""
    if offset is None:
        return
    try:
        async with asyncio.timeout(_FAREWELL.total_seconds()):
            await bot.get_updates(offset=offset, limit=1, timeout=timedelta(), allowed_updates=UPDATES)
    except (TelegramError, TimeoutError) as error:
        log.debug("telegram.updates_not_confirmed", error=type(error).__name__)


# The bot.

_QUEUE = 100
"""Updates fetched but not yet answered: beyond, Telegram keeps them."""
_TOGETHER = 4
"""Questions answered at the same time."""
_STOP_SECONDS = 2
"""For answers on their way at the stop."""
# These write the address of each request, which holds the token.
_TALKATIVE = {"httpx": logging.WARNING, "httpcore": logging.WARNING, "telegram.Bot": logging.INFO, "telegram.ext.ExtBot": logging.INFO}

Seen = Callable[[Collection[str], int], None]
"""Takes the id of a message of a channel, with the number and the name of the channel."""


class MoreButtons(Protocol):
    """Buttons that something else than the answers of this package put under its messages."""

    posted: Callable[[], None]
    """Called in the event loop each time that an answer queued posts, or a chat has something to get."""

    def register(self, application: Application[Any, Any, Any, Any, Any, Any], /) -> None:
        """Add the handlers. Called before those that take any button."""
        ...


class TelegramBot:
    """Answers questions on Telegram."""

    def __init__(
        self,
        token: SecretStr,
        api_url: str,
        commands: TelegramCommands,
        *,
        reviews: MoreButtons | None = None,
        following: FollowCommands | None = None,
        seen: Seen | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """`api_url` is the Bot API server without `/bot`; `sleep` is in seconds. `seen` is called in a thread."""
        self.when_shared: Callable[[bool], object] = bool
        """Called as `shared` of `PollingRetries`."""
        self._token = token
        self._api_url = api_url.rstrip("/").removesuffix("/bot")
        self._commands = commands
        self._sleep = sleep
        self._reviews = reviews
        self._following = following
        self._seen = seen

    def when_posted(self, posted: Callable[[], None]) -> None:
        """Have `posted` called, in the event loop, each time that an operator's answer queued posts, or a chat has something to get."""
        for more in filter(None, (self._reviews, self._following)):
            more.posted = posted

    async def run(self, stop: asyncio.Event) -> None:
        """Answer until `stop` is set, through every outage of Telegram, and whatever it says of the token."""
        for name, level in _TALKATIVE.items():
            logging.getLogger(name).setLevel(max(logging.getLogger(name).level, level))
        application = self._build()
        patience = PollingRetries(stop, self._sleep, self.when_shared)
        try:
            await patience.attempt("getMe", application.initialize)
            await patience.attempt("deleteWebhook", application.bot.delete_webhook)
            await application.start()
            await _publish(application, following=self._following is not None)
            await poll(application.bot, application.update_queue, stop, patience)
        except StopRequested:
            log.debug("telegram.stopped_early")
        finally:
            await _shut_down(application)

    def _build(self) -> Application[Any, Any, Any, Any, Any, Any]:
        queue: asyncio.Queue[object] = asyncio.Queue(_QUEUE)
        application = (
            Application.builder()
            .token(self._token.get_secret_value())
            .base_url(f"{self._api_url}/bot")
            .base_file_url(f"{self._api_url}/file/bot")
            .updater(None)
            .job_queue(None)
            .update_queue(queue)
            .concurrent_updates(_TOGETHER)
            .connect_timeout(10)
            .read_timeout(30)
            .write_timeout(30)
            .pool_timeout(10)
            .get_updates_read_timeout(15)
            .build()
        )
        # Before the messages and buttons of answers, which take any other.
        for more in filter(None, (self._reviews, self._following)):
            more.register(application)
        self._commands.register(application)
        application.add_handler(MessageHandler(filters.UpdateType.CHANNEL_POSTS, self._note_post))
        application.add_error_handler(_log_error)
        return application

    async def _note_post(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Note that somebody wrote in a channel: where a post of ours is searched for there, that message is passed over."""
        message = update.channel_post
        if message is None or self._seen is None:
            return
        chats = [str(message.chat.id), *([f"@{message.chat.username}"] if message.chat.username else [])]
        try:
            await asyncio.to_thread(self._seen, chats, message.message_id)
        except Exception as error:  # a convenience: a search takes longer without it
            log.debug("telegram.message_not_recorded", error=type(error).__name__)


async def _publish(application: Application[Any, Any, Any, Any, Any, Any], *, following: bool) -> None:
    more = {language: FollowCommands.proposed(language) for language in LANGUAGES} if following else None
    try:
        await publish_commands(application.bot, more)
    except TelegramError as error:  # a convenience: the commands work without it
        log.warning("telegram.menu_failed", error=type(error).__name__)


async def _shut_down(application: Application[Any, Any, Any, Any, Any, Any]) -> None:
    if application.running:
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await application.stop()
        except TimeoutError:
            log.warning("telegram.answers_unsent")
    await application.shutdown()
    await application.bot.shutdown()  # also when it never got as far as being initialised


async def _log_error(update: object, context: ContextTypes.DEFAULT_TYPE) -> None:
    log.error("telegram.update_failed", error=type(context.error).__name__)
