"""Defines the commands: names, common misspellings, Telegram's menu, the language of a chat. Sends answers: with retries, with a check of
who may ask, and with an apology after a failure."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TypeVar

import structlog
from rapidfuzz import fuzz, process
from telegram import Bot, BotCommand, BotCommandScopeAllGroupChats, BotCommandScopeDefault, Chat, Message, User
from telegram.constants import ChatMemberStatus, ChatType
from telegram.error import BadRequest, Conflict, InvalidToken, NetworkError, RetryAfter, TelegramError

from bot.domain.recent import Recent
from bot.domain.tasks import backoff
from bot.domain.text import fold_words
from bot.messages.words import LANGUAGES, Language
from bot.queries.answers import Answer
from bot.queries.following import follow_answers
from bot.queries.questions import Questions
from bot.queries.vocabulary import vocabulary

log = structlog.get_logger(__name__)

T = TypeVar("T")

Ask = Callable[[Questions, str], Answer]


@dataclass(frozen=True, slots=True)
class ChatCommand:
    """A command that asks a question. `ask` takes the words behind it; `aliases` work too, but Telegram does not propose them."""

    name: str
    language: Language
    ask: Ask
    aliases: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Return whatever may stand after the slash."""
        return (self.name, *self.aliases)


_QUESTIONS: tuple[tuple[str, str, Ask, tuple[str, ...]], ...] = (
    ("ville", "town", Questions.town, ("commune",)),
    ("departement", "department", Questions.department, ()),
    ("envigueur", "inforce", Questions.in_force, ("encours",)),
    ("aujourdhui", "today", Questions.today, ()),
    ("recents", "recent", lambda questions, _: questions.recent(), ()),
    ("recherche", "search", Questions.search, ()),
    # What prefects take are arrêtés; Telegram allows no accent in a command that it proposes.
    ("arrete", "decree", Questions.show, ("decret",)),
    ("carte", "map", lambda questions, _: questions.map_of_france(), ()),
    ("chiffres", "figures", lambda questions, _: questions.chart(), ()),
    ("etat", "status", Questions.state, ("statut",)),
)
"""Each question with its command in French and in English, and the aliases of the French one."""

COMMANDS = (
    *(ChatCommand(french, "fr", ask, aliases) for french, _, ask, aliases in _QUESTIONS),
    *(ChatCommand(english, "en", ask) for _, english, ask, _ in _QUESTIONS),
)
HELP: Mapping[str, Language] = {"aide": "fr", "help": "en"}
START = "start"
LANGUAGE: Mapping[str, Language] = {"langue": "fr", "language": "en"}

NAMES = (*(name for command in COMMANDS for name in command.names), *HELP, *LANGUAGE, START)
"""Whatever is a command, but those of `bot.queries.telegram.following`."""

_MEANT = 80
"""Likeness (0 to 100) from which a name is taken for a misspelt command."""
_NEAR = 50
"""Likeness from which a command is suggested."""
_MOST_SUGGESTED = 3
_SHORTEST_BEGINNING = 3
_MOST_KEPT = 10_000
"""Languages that chats chose, of those of which nothing is stored."""
_NAMED_LANGUAGE = re.compile(r"(?:en|in|to|speak)?(?P<name>fr|francais|french|en|anglais|english)(?:please|svp|stp|silvousplait)?")
_FORM = re.compile(r"/(?P<name>[^\W_][\w'’-]*)(?:@(?P<bot>\w+))?(?:\s+(?P<words>.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class TypedCommand:
    """A command as it was typed. `bot` is the name of the bot that it is for, None where none is named."""

    name: str
    bot: str | None
    words: str


def typed_command(text: str) -> TypedCommand | None:
    """Read `/départements@vigie_bot 26`; None for a text that is no command."""
    match = _FORM.fullmatch(text.strip())
    return None if match is None else TypedCommand(match["name"], match["bot"], " ".join((match["words"] or "").split()))


def folded_name(name: str) -> str:
    """Return the name of a command as the table has it: `Récents` -> `recents`, `aujourd’hui` -> `aujourdhui`."""
    return re.sub(r"[^a-z0-9]", "", fold_words(name))


def command_meant(name: str, known: Iterable[str]) -> str | None:
    """Return which known command is meant: in any writing, shortened (`dep`), in the plural, or nearly right; None for none of them."""
    names, folded = list(known), folded_name(name)
    for form in (folded, folded.removesuffix("s")):
        if form in names:
            return form
    if len(folded) < _SHORTEST_BEGINNING:
        return None
    begun = [one for one in names if one.startswith(folded)]
    if begun:
        return begun[0]
    near = process.extractOne(folded, names, scorer=fuzz.ratio, score_cutoff=_MEANT)
    return None if near is None else near[0]


def commands_near(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """Return the commands to suggest for one that does not exist, the nearest first."""
    near = process.extract(folded_name(name), list(known), scorer=fuzz.ratio, score_cutoff=_NEAR, limit=_MOST_SUGGESTED)
    return tuple(one for one, _, _ in near)


async def publish_commands(bot: Bot, more: Mapping[Language, Sequence[BotCommand]] | None = None) -> None:
    """Publish the commands that Telegram proposes: in French by default, in English to users of that language; in groups without the
    language, which all share, and without `more`, which is for private chats."""
    for scope in (BotCommandScopeDefault(), BotCommandScopeAllGroupChats()):
        in_groups = isinstance(scope, BotCommandScopeAllGroupChats)
        proposed = {language: _proposed(language, in_groups=in_groups) for language in LANGUAGES}
        if more is not None and not in_groups:
            proposed = {language: [*proposed[language], *more.get(language, ())] for language in LANGUAGES}
        await bot.set_my_commands(proposed["fr"], scope=scope)
        for language in LANGUAGES:
            await bot.set_my_commands(proposed[language], scope=scope, language_code=language)


def _proposed(language: Language, *, in_groups: bool) -> list[BotCommand]:
    texts = {**vocabulary(language).commands, **vocabulary(language).chat.commands}
    names = [command.name for command in COMMANDS if command.language == language]
    others = [name for table in ((HELP,) if in_groups else (LANGUAGE, HELP)) for name, spoken in table.items() if spoken == language]
    return [BotCommand(name, texts[name]) for name in (*names, *others)]


# What of a chat is meant for the bot: all in a private chat, in a group what names it, answers it, or is one of its commands. Pure.


@dataclass(frozen=True, slots=True)
class Addressed:
    """A message for the bot: a command, known or not, or plain words. All is empty for a photo, a place, a voice message."""

    command: TypedCommand | None = None
    words: str = ""


def addressed(message: Message, bot: str, bot_id: int, known: Collection[str]) -> Addressed | None:
    """Return what a message asks of the bot named `bot` (without `@`); None if it is meant for others. In a group a command that does not
    name the bot must be exactly one of the `known` ones, as other bots are there too."""
    text = message.text or message.caption or ""
    command = typed_command(text) if message.text else None
    if command is not None and command.bot is not None:
        return Addressed(command) if command.bot.lower() == bot.lower() else None
    is_private = message.chat.type == ChatType.PRIVATE
    if command is not None and (is_private or folded_name(command.name) in known):
        return Addressed(command)
    name = re.compile(rf"(?<!\w)@{re.escape(bot)}(?!\w)", re.IGNORECASE)
    replied = message.reply_to_message
    is_reply = replied is not None and replied.from_user is not None and replied.from_user.id == bot_id
    if not is_private and not is_reply and name.search(text) is None:
        return None
    rest = name.sub(" ", text).strip()
    inner = typed_command(rest)
    if inner is not None and command_meant(inner.name, known) is not None:
        return Addressed(inner)
    sent = message.document.file_name if message.document is not None else None
    return Addressed(words=sent if sent is not None and sent.lower().endswith(".pdf") else rest)


# In which language a chat is answered: as it chose, else as its command is written, else as its Telegram is.

_Read = Callable[[int], str | None]
_Write = Callable[[int, str], None]


class ChatLanguages:
    """Holds the chosen languages of chats: stored (`read`, `write`) only for chats that are stored anyway; in memory for the most recent
    others."""

    def __init__(self, read: _Read = lambda chat: None, write: _Write = lambda chat, language: None) -> None:
        """`read` and `write` may take a moment: every method is called in a thread. `write` does nothing for a chat that is not stored."""
        self._read = read
        self._write = write
        self._kept = Recent[int, Language](_MOST_KEPT)

    def chosen(self, chat: int) -> Language | None:
        """Return what this chat chose, None where it did not."""
        stored = _known(self._read(chat))
        kept = self._kept.get(chat)
        if stored is None and kept is not None:
            self._kept[chat] = kept
        return stored or kept

    def choose(self, chat: int, language: Language) -> None:
        """Answer this chat in this language from now on."""
        self._write(chat, language)
        self._kept[chat] = language

    def forget(self, chat: int) -> None:
        """Drop what this chat chose."""
        self._kept.pop(chat, None)


def spoken(person: User | None) -> Language | None:
    """Return the language of a person's Telegram, None where it is not given."""
    code = person.language_code if person else None
    if not code:
        return None
    return "fr" if code.lower().startswith("fr") else "en"


def language_named(words: str) -> Language | None:
    """Return the language that is asked for by its name, in French or English (`anglais`, "in English please"); None for other words."""
    match = _NAMED_LANGUAGE.fullmatch(folded_name(words))
    return None if match is None else "fr" if match["name"] in {"fr", "francais", "french"} else "en"


def _known(language: str | None) -> Language | None:
    return "fr" if language == "fr" else "en" if language == "en" else None


# How an answer goes out.

Sleep = Callable[[float], Awaitable[None]]

UNAUTHORIZED = "the token is refused (401): check telegram.token and telegram.api_url; it is tried again, less and less often"
SECOND_POLLER = "another program polls with the same token (409): end it, or give this one a token of its own"
_LONGEST_PAUSE = 60.0
_LONGEST_REFUSAL = 900.0
"""Seconds between two tries with a token that is refused: one 401 may be the server's fault, a revoked token stays revoked."""
_TRIES = 4
"""Most tries of one answer."""
_LONGEST_WAIT = 60.0
"""Longest delay before a retry of an answer, in seconds: later nobody waits for it."""
_IN_CHARGE = frozenset({ChatMemberStatus.OWNER, ChatMemberStatus.ADMINISTRATOR})


def pause_after(error: Exception, failures: int) -> float:
    """Return seconds to wait after the n-th failure in a row (from 1): Telegram's delay, a minute for a second poller, else doubling, up to
    a quarter of an hour for a refused token."""
    if isinstance(error, RetryAfter):
        asked = error.retry_after
        return (asked.total_seconds() if isinstance(asked, timedelta) else float(asked)) + 0.5
    if isinstance(error, Conflict):
        return _LONGEST_PAUSE
    longest = _LONGEST_REFUSAL if isinstance(error, InvalidToken) else _LONGEST_PAUSE
    return backoff(failures, first=timedelta(seconds=1), cap=timedelta(seconds=longest)).total_seconds()


def cause_of(error: Exception) -> str:
    """Name the cause for an operator. Only texts that cannot hold a token: those of refusals, and the names of network errors."""
    if isinstance(error, Conflict):
        return SECOND_POLLER
    if isinstance(error, InvalidToken):
        return UNAUTHORIZED
    if type(error) is NetworkError:
        return f"network error ({type(error.__cause__).__name__})" if error.__cause__ else "network error"
    return type(error).__name__


async def answered(act: Callable[[], Awaitable[T]], sleep: Sleep) -> T:
    """Send one answer, with a few retries, after the requested delay, when Telegram was busy, failed or did not respond. If only Telegram's
    response was lost, the answer comes twice, which is better than never. Raises the error of the last try, and at once any error that a
    retry would repeat."""
    for tried in range(1, _TRIES):
        try:
            return await act()
        except BadRequest:
            raise
        except (NetworkError, RetryAfter, InvalidToken) as error:
            wait = pause_after(error, tried)
            if wait > _LONGEST_WAIT:
                raise
            log.debug("telegram.answer_retried", error=cause_of(error))
        await sleep(wait)
    return await act()


class CannotCheck(Exception):
    """Raised when Telegram does not report whether somebody administers a group."""


async def is_in_charge(bot: Bot, chat: Chat, person: int, sleep: Sleep = asyncio.sleep) -> bool:
    """Return whether this person may change what is stored of a chat: anyone in a private chat, administrators in a group. Raises
    CannotCheck if Telegram does not answer, after retries where useful."""
    if chat.type == ChatType.PRIVATE or person == chat.id:  # an administrator who writes as the group
        return True
    try:
        member = await answered(partial(bot.get_chat_member, chat.id, person), sleep)
    except TelegramError as error:
        raise CannotCheck(type(error).__name__) from error
    return member.status in _IN_CHARGE


@asynccontextmanager
async def guarded(name: Callable[[], str], apologise: Callable[[Exception], Awaitable[object]] | None = None) -> AsyncIterator[None]:
    """Log an error under the name of the request, without words of users, and apologise, unless Telegram failed after several tries:
    another message would fail too."""
    try:
        yield
    except TelegramError as error:
        _log_failure(name(), error)
    except Exception as error:
        _log_failure(name(), error)
        if apologise is not None:
            try:
                await apologise(error)
            except TelegramError as failed:
                log.debug("telegram.reply_failed", error=type(failed).__name__)


def apology(error: Exception, language: Language) -> str:
    """Return what is said of an error to whoever asked."""
    return follow_answers(language).unchecked if isinstance(error, CannotCheck) else vocabulary(language).failed


def _log_failure(name: str, error: Exception) -> None:
    """Log type and place only: the text of an error may hold what a person wrote, or a token."""
    trace, place = error.__traceback__, ""
    while trace is not None:
        place = f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}"
        trace = trace.tb_next
    log.warning("telegram.command_failed", command=name, error=type(error).__name__, at=place)
