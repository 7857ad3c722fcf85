"""Follows things in Telegram: `/suivre`, `/suivis`, `/pause`, `/reprendre`, `/oublier`, their English twins, buttons and links. A button's
data holds the whole step: no state between steps. A link does not act: following begins with a button. In groups only administrators change
what is followed. No words of users are logged."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from telegram import Bot, BotCommand, InlineKeyboardButton, InlineKeyboardMarkup, Message, Update
from telegram.constants import ChatMemberStatus, ChatType
from telegram.error import BadRequest
from telegram.ext import (
    Application,
    CallbackQueryHandler,
    ChatMemberHandler,
    CommandHandler,
    ContextTypes,
    MessageHandler,
    TypeHandler,
    filters,
)

from bot.domain.acts import Decree, Kind
from bot.domain.posts import FRANCE, KEPT_WHILE_PAUSED, MOST_FOLLOWS, Follow, FollowKind, FollowMode, FollowTargets
from bot.domain.topics import first_topic
from bot.gazetteer.finding import PlaceMatches
from bot.messages.following import FollowNames, follow_label, with_topics
from bot.messages.lines import with_topic_hint
from bot.messages.words import Language, unlinked
from bot.queries.departments import is_all_of_france
from bot.queries.following import (
    LINK,
    LONGEST_FOLLOWED,
    FollowMatches,
    LastReading,
    NumberedDecree,
    about_us,
    code_to_follow,
    echoed,
    follow_answers,
    follow_code,
    follow_of_code,
    reading_notes,
    resumed_text,
    settings_text,
    what_is_meant,
)
from bot.queries.plain_words import topic_named
from bot.queries.questions import RateDecision, RateLimiter
from bot.queries.telegram.commands import (
    NAMES,
    CannotCheck,
    ChatLanguages,
    answered,
    apology,
    command_meant,
    folded_name,
    guarded,
    is_in_charge,
    spoken,
    typed_command,
)
from bot.queries.vocabulary import vocabulary
from bot.storage.chats import Added, Follows

log = structlog.get_logger(__name__)

TWINS: Mapping[Language, Mapping[str, str]] = {
    "fr": {"follow": "suivre", "list": "suivis", "pause": "pause", "resume": "reprendre", "forget": "oublier"},
    "en": {"follow": "follow", "list": "following", "pause": "pause", "resume": "resume", "forget": "forget"},
}
"""What each command does, and its name in each language."""

_OWN_COMMANDS = tuple(dict.fromkeys(name for names in TWINS.values() for name in names.values()))
_BOTH = frozenset(TWINS["fr"].values()) & frozenset(TWINS["en"].values())
_STOP = re.compile(
    r"stop|unfollow.*|unsubscribe|(?:me)?desabonner|desabonnement|(?:me)?desinscrire|neplussuivre.*"
    r"|(?:supprimer|effacer)?mesdonnees|(?:delete)?mydata|arrete[rz]?(?:de)?m(?:e|envoyer|ecrire|prevenir).*"
    r"|(?:jeneveux)?(?:pas|plus)(?:rien|(?:de)?(?:messages?|notifications?|son|bruit))(?:lanuit)?|(?:silence|rien)lanuit|heurescalmes"
    r"|nomore.*|(?:no(?:messages?|notifications?|sound)|quiet)(?:atnight|hours)?"
)
"""What people write who want nothing more to come, nothing at night, or nothing of theirs to be kept; as `folded_name` has it."""
_FOLLOW = re.compile(
    r"(?:(?:je (?:veux|voudrais|souhaite)|comment|how (?:can|do) i|i want to)\s+)?(?:[êe]tre\s+(?:alert|notifi|averti|pr[ée]venu)[ée]?e?"
    r"|suivre|[ms]['’]abonner|abonne[rz]?(?:[- ]moi)?|(?:pr[ée]v(?:iens|enez)|alertez?|avert(?:is|issez))[- ]moi"
    r"|follow|subscribe|notify me)"
    r"(?:\s+(?:quand|si|s['’]il|d[èe]s|if|when)\b.*\s(?:à|a|pour|dans|en|in|at)\b|\s+(?:à|a|pour|de|to|of|about|in)\b)?(?:\s+(?P<words>\w.*))?",
    re.IGNORECASE,
)
"""What people write who want to follow something."""
_DATA = re.compile(r"2(?P<language>fr|en)(?P<action>[axmprnkolf]):(?P<rest>.{0,59})", re.ASCII)
_START = re.compile(rf"^/start(?:@(?P<bot>\w+))?\s+(?P<code>{LINK})$", re.ASCII)
_NEW = filters.UpdateType.MESSAGE

Readings = Callable[[Sequence[Follow]], Mapping[Follow, LastReading]]
"""Returns when the recueils that decide about each place were last read; absent for what is no place."""


@dataclass(frozen=True, slots=True)
class FollowContext:
    """Provides what following needs: names, the places that words mean, when recueils were last read, targets of decrees, decrees by
    number. `contact`: of this instance's operator, a mail or web address, or empty. `watched`: topics."""

    names: FollowNames
    find: Callable[[str], PlaceMatches]
    readings: Readings
    targets: Callable[[Decree], FollowTargets]
    decree: NumberedDecree
    contact: str = ""
    watched: tuple[str, ...] = field(default_factory=lambda: (first_topic(),))


@dataclass(frozen=True, slots=True)
class FollowReply:
    """A text, and rows of buttons: words and data. `about`: what stands below the text, in which an address stays one."""

    text: str
    rows: tuple[tuple[tuple[str, str], ...], ...] = ()
    about: str = ""


class FollowCommands:
    """The handlers. Each is guarded: an error is answered politely and logged without anybody's words."""

    def __init__(
        self,
        follows: Follows,
        context: FollowContext,
        languages: ChatLanguages,
        limiter: RateLimiter,
        clock: Callable[[], datetime],
        seen: Callable[[int, int], None],
    ) -> None:
        """`seen` takes chat and id of each message that the bot gets or writes here."""
        self._follows = follows
        self._context = context
        self._names = context.names
        self._languages = languages
        self._limiter = limiter
        self._clock = clock
        self._seen = seen
        self.posted: Callable[[], None] = lambda: None

    def register(self, application: Application[Any, Any, Any, Any, Any, Any]) -> None:
        """Add the handlers: before those that take any message or button."""
        for language, twins in TWINS.items():
            for action, name in twins.items():
                if language == "en" and name in TWINS["fr"].values():
                    continue  # the same word in both: answered in the language of the chat, or of the person
                application.add_handler(CommandHandler(name, partial(self._commanded, action, language), filters=_NEW))
        application.add_handler(MessageHandler(_NEW & filters.Regex(_START), self._linked))
        application.add_handler(MessageHandler(_NEW & _Meant(), self._misspelt))
        application.add_handler(CallbackQueryHandler(self._pressed, pattern=_DATA))
        application.add_handler(ChatMemberHandler(self._member_changed, ChatMemberHandler.MY_CHAT_MEMBER))
        application.add_handler(MessageHandler(filters.StatusUpdate.MIGRATE, self._moved))
        application.add_handler(TypeHandler(Update, self._note), group=-1)

    @staticmethod
    def proposed(language: Language) -> list[BotCommand]:
        """Return the commands that Telegram proposes."""
        return [BotCommand(name, text) for name, text in follow_answers(language).commands.items()]

    # What people write and press.

    async def _commanded(self, action: str, language: Language, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        message, words = update.message, " ".join(context.args or ())
        if message is not None:
            if TWINS["en"][action] in _BOTH:
                language = spoken(message.from_user) or language
            await self._answer(message, context.bot, language, lambda chat, tongue: self._carry_out(action, words, chat, tongue))

    async def _linked(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        message = update.message
        match = None if message is None else _START.fullmatch(message.text or "")
        if message is None or match is None:
            return
        if match["bot"] is not None and match["bot"].lower() != context.bot.username.lower():
            return  # where the bot is an administrator it sees what is meant for other bots
        code, language = match["code"], spoken(message.from_user) or "fr"
        await self._answer(message, context.bot, language, lambda _, tongue: self._ask(self._coded(code), tongue))

    async def _misspelt(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        message = update.message
        meant = None if message is None else command_of(message)
        if message is not None and meant is not None:
            language = meant.language or spoken(message.from_user) or "fr"
            await self._answer(message, context.bot, language, lambda chat, tongue: self._offer(meant, chat, tongue))

    async def _answer(self, message: Message, bot: Bot, language: Language, make: Callable[[int, Language], FollowReply]) -> None:
        chat = message.chat.id

        def apologise(error: Exception) -> Awaitable[object]:
            return self._send(message, FollowReply(apology(error, language)))

        async with guarded(lambda: "follow", apologise):
            person = message.sender_chat or message.from_user or message.chat
            decision = self._limiter.ask(person.id, chat)
            if decision is RateDecision.REFUSED:
                return
            chosen = await asyncio.to_thread(self._languages.chosen, chat)
            language = chosen or language
            if decision is RateDecision.REFUSED_FIRST:
                reply = FollowReply(vocabulary(language).slow_down)
            elif not await is_in_charge(bot, message.chat, person.id):
                reply = FollowReply(follow_answers(language).admins)
            else:
                reply = await asyncio.to_thread(make, chat, language)
            await self._send(message, reply)

    async def _pressed(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        query = update.callback_query
        match = None if query is None else _DATA.fullmatch(query.data or "")
        if query is None or match is None:
            return
        language: Language = "en" if match["language"] == "en" else "fr"

        def apologise(error: Exception) -> Awaitable[object]:
            return query.answer(apology(error, language), show_alert=isinstance(error, CannotCheck))

        async with guarded(lambda: "follow", apologise):
            message = query.message
            chat = None if message is None else message.chat.id
            if self._limiter.ask(query.from_user.id, chat) is not RateDecision.ALLOWED:
                await query.answer(vocabulary(language).slow_down)
            elif not isinstance(message, Message):
                await query.answer(vocabulary(language).expired, show_alert=True)
            elif not await is_in_charge(context.bot, message.chat, query.from_user.id):
                await query.answer(follow_answers(language).admins, show_alert=True)
            else:
                reply = await asyncio.to_thread(self._act, match["action"], match["rest"], message.chat.id, language)
                await asyncio.to_thread(self._follows.note_message, message.chat.id, message.message_id, self._clock())
                await self._edit(query.edit_message_text, reply)
                await query.answer()

    # What the bot does for it, in a thread. Raises StorageError.

    def _carry_out(self, action: str, words: str, chat: int, language: Language) -> FollowReply:
        if action == "follow":
            return self._follow(words, chat, language) if words else self._how(language)
        if action == "list":
            return self._list(chat, language)
        if action == "forget":
            return self._forget(chat, language)
        return self._pause(chat, language) if action == "pause" else self._resume(chat, language)

    def _act(self, action: str, rest: str, chat: int, language: Language) -> FollowReply:
        """Carry out a button."""
        answers = follow_answers(language)
        if action == "a":
            follow = self._coded(rest)
            return self._how(language) if follow is None else self._add(follow, chat, language)
        if action == "x":
            return self._remove(rest, chat, language)
        if action == "m":
            self._follows.set_mode(chat, FollowMode.DAILY if rest == "d" else FollowMode.AT_ONCE)
        if action in "ko":
            return self._choice(answers.choose_kind if action == "k" else answers.choose_operator, self._wide(action), language)
        if action == "n":
            return FollowReply(answers.left)
        simple = {"p": self._pause, "r": self._resume, "f": self._forget}
        return simple.get(action, self._list)(chat, language)

    def _follow(self, words: str, chat: int, language: Language) -> FollowReply:
        topic, rest = self._topic_in(words)
        if is_all_of_france(rest) or not rest:
            every = [replace(one, topics=(topic,) if topic else ()) for one in self._wide("k")]
            return self._choice(follow_answers(language).whole, every, language)
        meant = self._meant(words, language)
        if not meant.is_sure:
            return self._candidates(words, meant, language)
        reply = self._add(meant.follows[0], chat, language)
        return replace(reply, rows=(*reply.rows, *((self._adding(other, language),) for other in meant.follows[1:])))

    def _meant(self, words: str, language: Language) -> FollowMatches:
        topic, rest = self._topic_in(words)
        meant = what_is_meant(rest, self._context.find, self._names.operators, self._context.decree, language)
        return replace(meant, follows=tuple(replace(one, topics=(topic,)) for one in meant.follows)) if topic else meant

    def _topic_in(self, words: str) -> tuple[str, str]:
        watched = self._context.watched
        return topic_named(words, watched) if len(watched) > 1 else ("", words)

    def _label(self, follow: Follow, language: Language, *, is_button: bool = False) -> str:
        label = follow_label(follow, self._names, language, is_button=is_button)
        return with_topics(label, follow, self._context.watched, language)

    def _coded(self, code: str) -> Follow | None:
        return follow_of_code(code, self._names, self._context.decree)

    def _candidates(self, words: str, meant: FollowMatches, language: Language) -> FollowReply:
        answers = follow_answers(language)
        unknown = answers.unknown.format(words=echoed(words))
        if not meant.follows:
            hints = f"{unknown} {answers.try_place}\n\n{answers.try_words.format(most=LONGEST_FOLLOWED)}"
            return FollowReply(hints, self._how(language).rows)
        if meant.follows[0].kind is FollowKind.WORDS:
            return replace(self._ask(meant.follows[0], language), text=f"{unknown} {answers.ask_words}")
        if meant.is_near:
            return self._choice(answers.perhaps.format(words=echoed(words)), meant.follows, language)
        total = len(meant.follows) + meant.others
        return self._choice(answers.choose_more.format(n=total) if meant.others else answers.choose, meant.follows, language)

    def _add(self, follow: Follow, chat: int, language: Language) -> FollowReply:
        if follow.kind is not FollowKind.DECREE:  # whoever names no topic follows those that are watched now
            follow = replace(follow, topics=follow.topics or self._context.watched)
        answers, what = follow_answers(language), self._label(follow, language)
        is_first = self._follows.get(chat) is None
        done = self._follows.add(chat, follow, language, self._clock().astimezone(FRANCE).date())
        if done is Added.FULL:
            return FollowReply(answers.full.format(most=MOST_FOLLOWS))
        text = (answers.added if done is Added.ADDED else answers.already).format(what=what)
        notes = reading_notes(follow, self._context.readings([follow]).get(follow), self._names, language)
        about = f"{answers.first}\n{about_us(language, self._context.contact)}" if is_first else ""
        return FollowReply("\n\n".join([text, *notes]), ((_removing(follow, what, language),),), about)

    def _remove(self, code: str, chat: int, language: Language) -> FollowReply:
        follower = self._follows.get(chat)
        follow = next((one for one in (() if follower is None else follower.follows) if follow_code(one) == code), None)
        if follow is None:  # the button was pressed twice
            return self._list(chat, language)
        self._follows.remove(chat, follow, self._context.targets)
        said = follow_answers(language).removed.format(what=follow_label(follow, self._names, language))
        left = self._list(chat, language)
        return FollowReply(f"{said}\n\n{left.text}", left.rows)

    def _list(self, chat: int, language: Language) -> FollowReply:
        follower, answers = self._follows.get(chat), follow_answers(language)
        if follower is None or not follower.follows:
            return FollowReply(answers.nothing)
        readings, watched = self._context.readings(follower.follows), self._context.watched
        text = settings_text(follower, self._names, language, self._clock(), readings, watched)
        rows = [(_removing(follow, follow_label(follow, self._names, language, is_button=True), language),) for follow in follower.follows]
        is_daily = follower.mode is FollowMode.DAILY
        mode = (answers.to_at_once, f"2{language}m:a") if is_daily else (answers.to_daily, f"2{language}m:d")
        pause = ("⏸", f"2{language}p:") if follower.paused_at is None else ("▶️", f"2{language}r:")
        return FollowReply(text, (*rows, (mode, pause)))

    def _pause(self, chat: int, language: Language) -> FollowReply:
        answers, paused = follow_answers(language), self._follows.pause(chat, self._clock())
        return FollowReply(answers.pause.format(most=KEPT_WHILE_PAUSED) if paused else answers.nothing)

    def _resume(self, chat: int, language: Language) -> FollowReply:
        if self._follows.get(chat) is None:
            return FollowReply(follow_answers(language).nothing)
        return FollowReply(resumed_text(self._follows.resume(chat, self._clock()), language))

    def _forget(self, chat: int, language: Language) -> FollowReply:
        answers = follow_answers(language)
        self._languages.forget(chat)
        return FollowReply(answers.forgotten if self._follows.forget(chat) else answers.nothing_stored)

    def _offer(self, meant: MeantCommand, chat: int, language: Language) -> FollowReply:
        """Return what a misspelt command may want, as buttons: nothing is changed before one is pressed."""
        answers = follow_answers(language)
        buttons = {
            "list": ((answers.do_list, f"2{language}l:"),),
            "pause": ((answers.do_pause, f"2{language}p:"),),
            "resume": ((answers.do_resume, f"2{language}r:"),),
            "forget": ((answers.do_forget, f"2{language}f:"),),
        }
        if meant.action == "stop":
            return FollowReply(answers.stop, tuple(buttons[action] for action in ("list", "pause", "forget")))
        asked = answers.did_you_mean.format(name=TWINS[language][meant.action])
        if meant.action != "follow":
            return FollowReply(asked, (buttons[meant.action],))
        found = self._meant(meant.words, language)
        if found.is_sure and meant.is_plain:
            return self._ask(found.follows[0], language)
        reply = self._candidates(meant.words, found, language) if meant.words else self._how(language)
        return reply if meant.is_plain else replace(reply, text=f"{asked}\n\n{reply.text}")

    def _how(self, language: Language) -> FollowReply:
        answers = follow_answers(language)
        how = with_topic_hint(answers.how.strip(), answers.by_topic, self._context.watched, language)
        return FollowReply(how, (((answers.kinds, f"2{language}k:"), (answers.operators, f"2{language}o:")),))

    def _ask(self, follow: Follow | None, language: Language) -> FollowReply:
        answers = follow_answers(language)
        if follow is None:
            return self._how(language)
        what = self._label(follow, language)
        about = about_us(language, self._context.contact)
        yes = (answers.yes.format(what=what)[:64], f"2{language}a:{code_to_follow(follow)}")
        return FollowReply(answers.ask.format(what=what), ((yes, (answers.no, f"2{language}n:")),), about)

    def _choice(self, text: str, follows: Sequence[Follow], language: Language) -> FollowReply:
        # Paris is a commune and a department: who follows either is sent the same.
        buttons = dict(self._adding(one, language) for one in reversed(follows))
        return FollowReply(text, tuple((button,) for button in reversed(buttons.items())))

    def _adding(self, follow: Follow, language: Language) -> tuple[str, str]:
        return self._label(follow, language, is_button=True)[:64], f"2{language}a:{code_to_follow(follow)}"

    def _wide(self, action: str) -> list[Follow]:
        if action == "k":
            return [Follow(FollowKind.DECREE_KIND, kind.value) for kind in Kind]
        return [Follow(FollowKind.OPERATOR, key) for key in self._names.operators]

    # What Telegram tells of chats.

    async def _member_changed(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Note that a chat has blocked or removed the bot, or takes it back."""
        changed = update.my_chat_member
        if changed is None:
            return
        gone = changed.new_chat_member.status in {ChatMemberStatus.BANNED, ChatMemberStatus.LEFT}
        note = partial(self._follows.block, changed.chat.id, self._clock()) if gone else partial(self._follows.unblock, changed.chat.id)
        await asyncio.to_thread(note)

    async def _moved(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        message = update.message
        if message is not None and message.migrate_to_chat_id is not None:
            await asyncio.to_thread(self._follows.moved, message.chat.id, message.migrate_to_chat_id, self._clock())

    async def _note(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        if update.message is not None:
            self._seen(update.message.chat.id, update.message.message_id)

    # How answers go out.

    async def _send(self, message: Message, reply: FollowReply) -> None:
        in_group = message.chat.type != ChatType.PRIVATE
        options: dict[str, Any] = {"do_quote": in_group, "allow_sending_without_reply": True if in_group else None}
        sent = await answered(partial(message.reply_text, _shown(reply), reply_markup=_keyboard(reply), **options), asyncio.sleep)
        self._seen(sent.chat.id, sent.message_id)
        await asyncio.to_thread(self._follows.note_message, sent.chat.id, sent.message_id, self._clock())
        self.posted()

    async def _edit(self, act: Callable[..., Awaitable[Any]], reply: FollowReply) -> None:
        try:
            await answered(partial(act, _shown(reply), reply_markup=_keyboard(reply)), asyncio.sleep)
        except BadRequest as error:
            if "message is not modified" not in error.message.lower():  # the button was pressed twice
                raise
        self.posted()


def _shown(reply: FollowReply) -> str:
    """Return the text with no links but the commands that it names, and what stands below it."""
    return "\n\n".join(filter(None, (unlinked(reply.text, _OWN_COMMANDS), reply.about)))


@dataclass(frozen=True, slots=True)
class MeantCommand:
    """Holds a command about following that was misspelt: one of `TWINS`, or `stop`. `language`: of the command, None if of both;
    `is_plain`: without a slash."""

    action: str
    words: str = ""
    language: Language | None = None
    is_plain: bool = False


def command_of(message: Message) -> MeantCommand | None:
    """Return which command about following is meant by a message for the bot that is none of them as they are written, None for none."""
    text = message.text or ""
    in_group, typed = message.chat.type != ChatType.PRIVATE, typed_command(text)
    if typed is None:
        return None if in_group else _wish(text)
    if (in_group or typed.bot is not None) and (typed.bot or "").lower() != message.get_bot().username.lower():
        return None
    if _STOP.fullmatch(folded_name(typed.name)):
        return MeantCommand("stop")
    meant = command_meant(typed.name, (*NAMES, *_OWN_COMMANDS))
    for language, twins in TWINS.items():
        for action, name in twins.items():
            if name == meant:
                return MeantCommand(action, typed.words, None if name in _BOTH else language)
    return None


def _wish(text: str) -> MeantCommand | None:
    """Return what plain words want done about following: `stop`, `suivre Valence`, "comment m'abonner ?"."""
    if _STOP.fullmatch(folded_name(text)):
        return MeantCommand("stop")
    if match := _FOLLOW.fullmatch(" ".join(text.split()).rstrip(" .!?")):
        return MeantCommand("follow", match["words"] or "", is_plain=True)
    action = next((action for twins in TWINS.values() for action, name in twins.items() if name == folded_name(text)), None)
    return None if action is None else MeantCommand(action)


class _Meant(filters.MessageFilter):
    """Messages that `command_of` understands."""

    def filter(self, message: Message) -> bool:
        return command_of(message) is not None


def _keyboard(reply: FollowReply) -> InlineKeyboardMarkup | None:
    rows = [[InlineKeyboardButton(words, callback_data=data) for words, data in row] for row in reply.rows]
    return InlineKeyboardMarkup(rows) if rows else None


def _removing(follow: Follow, what: str, language: Language) -> tuple[str, str]:
    return f"✕ {what}"[:64], f"2{language}x:{follow_code(follow)}"
