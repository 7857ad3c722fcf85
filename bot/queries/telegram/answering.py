"""How an answer goes out on Telegram: sent again where that may help, checked for who may ask, and with an apology where it fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import TypeVar

import structlog
from telegram import Bot, Chat
from telegram.constants import ChatMemberStatus, ChatType
from telegram.error import BadRequest, Conflict, InvalidToken, NetworkError, RetryAfter, TelegramError

from bot.domain.backoff import backoff
from bot.messages import Language
from bot.queries.following import follow_answers
from bot.queries.vocabulary import vocabulary

log = structlog.get_logger(__name__)

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]

UNAUTHORIZED = "the token is refused (401): check telegram.token and telegram.api_url; it is tried again, less and less often"
SECOND_POLLER = "another program polls with the same token (409): end it, or give this one a token of its own"
_LONGEST_PAUSE = 60.0
_LONGEST_REFUSAL = 900.0
"""Seconds between two tries with a token that is refused: one 401 may be the server's fault, a revoked token stays revoked."""
_TRIES = 4
"""Of one answer."""
_LONGEST_WAIT = 60.0
"""Seconds that an answer waits for its next try: later nobody waits for it."""
_IN_CHARGE = frozenset({ChatMemberStatus.OWNER, ChatMemberStatus.ADMINISTRATOR})


def pause_after(error: Exception, failures: int) -> float:
    """Return seconds to wait after the n-th failure in a row (from 1): what Telegram sets, a minute for a second poller, else doubling, up
    to a quarter of an hour where the token is refused.
    """
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
    """Send one answer, and send it again where Telegram was busy, failed or did not answer: a few times, after what it requests for.

    Where the answer of Telegram alone was lost the person gets it twice, which is less bad than not at all. Raises the error of the last
    try, and at once every error that another try would meet too.
    """
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
    """Says that Telegram does not answer whether somebody administers a group."""


async def is_in_charge(bot: Bot, chat: Chat, person: int, sleep: Sleep = asyncio.sleep) -> bool:
    """Return whether this person may change what is stored of a chat: in a private chat anyone, in a group its administrators.

    Raises CannotCheck where Telegram does not say so, after several tries where another may help.
    """
    if chat.type == ChatType.PRIVATE or person == chat.id:  # an administrator who writes as the group
        return True
    try:
        member = await answered(partial(bot.get_chat_member, chat.id, person), sleep)
    except TelegramError as error:
        raise CannotCheck(type(error).__name__) from error
    return member.status in _IN_CHARGE


@asynccontextmanager
async def guarded(name: Callable[[], str], apologise: Callable[[Exception], Awaitable[object]] | None = None) -> AsyncIterator[None]:
    """Log an error under the name of what was asked, without anybody's words, and apologise, but where Telegram failed after several tries:
    another message would not go out either."""
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
