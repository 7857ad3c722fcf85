"""Takes operators' answers about doubtful acts: two buttons, from their own chat only."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import structlog
from telegram import CallbackQuery, Chat, LinkPreviewOptions, Message, Update
from telegram.error import BadRequest, TelegramError
from telegram.ext import Application, CallbackQueryHandler, ContextTypes

from bot.domain.acts import Outcome
from bot.domain.records import Settled
from bot.ingest.review import FactAnswer, ReviewAnswer, Reviewer, SettledFact, answer_from, fact_value_text
from bot.messages.words import Language, Words, cut, inert, words_in
from bot.queries.vocabulary import vocabulary
from bot.storage.errors import NoSuchRow

log = structlog.get_logger(__name__)

BY = "telegram"
_LONGEST = 3000
"""Characters of a question when its outcome is added. Telegram takes 4096 UTF-16 units."""
_LONGEST_VALUE = 400
_LONGEST_ANSWER = 190
"""Characters of what is shown to whoever pressed. Telegram takes 200."""


class ReviewButtons:
    """Answers the buttons under the questions of `ReviewQuestions`."""

    def __init__(
        self,
        *,
        chat: int | str,
        reviewer: Reviewer,
        language: Language = "fr",
        now_at: Callable[[int | str], int | str] = lambda chat: chat,
    ) -> None:
        """Initialise for the operators' `chat` only. `now_at`, called in a thread, returns its current id (groups may move)."""
        self._chat = chat
        self._now_at = now_at
        self._reviewer = reviewer
        self._language = language
        self.posted: Callable[[], None] = lambda: None

    def register(self, application: Application[Any, Any, Any, Any, Any, Any]) -> None:
        """Add the handler. Call it before those that take any button."""
        application.add_handler(CallbackQueryHandler(self._answered, pattern=r"^review:"))

    async def _answered(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        query = update.callback_query
        if query is None:
            return
        words = vocabulary(self._language).reviews
        answer = answer_from(query.data or "")
        gone = words.fact_gone if isinstance(answer, FactAnswer) else words.gone
        try:
            if answer is None or query.message is None or not await self._is_ours(query.message.chat):
                # Whoever forwards or forges a button is no operator.
                log.warning("review.wrong_chat")
                await query.answer(words.not_here, show_alert=True)
                return
            said = await self._settled(answer, words)
            await _told(query, said)
        except TelegramError as error:
            log.warning("review.not_confirmed", error=type(error).__name__)
        except NoSuchRow:
            await _quietly(query, gone)
        except Exception as error:
            log.warning("review.failed", error=type(error).__name__)
            await _quietly(query, words.failed)

    async def _is_ours(self, chat: Chat) -> bool:
        return _is(chat, self._chat) or _is(chat, await asyncio.to_thread(self._now_at, self._chat))

    async def _settled(self, answer: ReviewAnswer | FactAnswer, words: Words) -> str:
        if isinstance(answer, FactAnswer):
            fact = await asyncio.to_thread(self._reviewer.answer_fact, answer, by=BY)
            log.info("review.settled", decree=fact.decree, fact=fact.fact, already=fact.already)
            if not fact.already:
                self.posted()
            return fact_outcome(fact, words)
        if answer.is_decree:
            settled = await asyncio.to_thread(self._reviewer.accept, answer.review, kind=None, by=BY, token=answer.token)
        else:
            settled = await asyncio.to_thread(self._reviewer.reject, answer.review, by=BY, token=answer.token)
        log.info("review.settled", review=answer.review, outcome=settled.decision.outcome.value, already=settled.already)
        if settled.posts:
            self.posted()
        return outcome_text(settled, words, self._language)


async def _told(query: CallbackQuery, said: str) -> None:
    # Telegram forgets a press after some minutes, during which the bot may have been down: the message says it all the same.
    await _quietly(query, cut(said, _LONGEST_ANSWER), alert=False)
    asked = query.message.text if isinstance(query.message, Message) else None
    text = f"{cut(asked or '', _LONGEST)}\n→ {said}".strip()
    try:
        # Its buttons go with the edit: nobody answers twice.
        await query.edit_message_text(text, link_preview_options=LinkPreviewOptions(is_disabled=True))
    except BadRequest as error:
        if "message is not modified" not in error.message.lower():
            raise


def fact_outcome(settled: SettledFact, words: Words) -> str:
    """Return what a fact is from now on, in words."""
    if settled.already:
        return words.fact_already
    said = words.fact if settled.value else words.fact_absent
    return said.format(decree=settled.decree, value=cut(inert(fact_value_text(settled.value)), _LONGEST_VALUE))


def outcome_text(settled: Settled, words: Words, language: Language) -> str:
    """Return what became of a review, in words."""
    decision = settled.decision
    if decision.outcome is Outcome.DECREE and decision.kind is not None:
        kind = words_in(language).short_kinds[decision.kind]
        if settled.already:
            return words.already_accepted.format(kind=kind)
        return (words.accepted if settled.posts else words.accepted_silently).format(kind=kind, decree=settled.decree)
    if settled.withdrawn is not None:
        said = words.withdrawn.format(decree=settled.withdrawn.decree)
        out = settled.withdrawn.out
        return f"{said} {words.withdrawn_out.format(destinations=', '.join(out))}" if out else said
    return words.already_rejected if settled.already else words.rejected


def _is(chat: Chat, wanted: int | str) -> bool:
    if isinstance(wanted, int):
        return chat.id == wanted
    return chat.username is not None and f"@{chat.username}".lower() == wanted.lower()


async def _quietly(query: CallbackQuery, text: str, *, alert: bool = True) -> None:
    try:
        await query.answer(text, show_alert=alert)
    except TelegramError as error:
        log.debug("telegram.reply_failed", error=type(error).__name__)
