"""Long polling: from Telegram's `getUpdates` to a queue, through every outage, stopped at once.

python-telegram-bot's own updater sleeps up to 30 s between failures and cannot be woken from it, hence this loop.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

import structlog
from telegram import Bot, Update
from telegram.error import BadRequest, Conflict, InvalidToken, NetworkError, RetryAfter, TelegramError

from bot.domain.backoff import backoff

log = structlog.get_logger(__name__)

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]

LONG_POLL = timedelta(seconds=50)
"""How long Telegram may hold a request open while there is nothing new."""
UPDATES = ("message", "callback_query", "inline_query", "channel_post", "my_chat_member")
UNAUTHORIZED = "the token is refused (401): check telegram.token and telegram.api_url; it is tried again, less and less often"
SECOND_POLLER = "another program polls with the same token (409): end it, or give this one a token of its own"
_LONGEST_PAUSE = 60.0
_LONGEST_REFUSAL = 900.0
"""Seconds between two tries with a token that is refused: one 401 may be the server's fault, a revoked token stays revoked."""
_TRIES = 4
"""Of one answer."""
_LONGEST_WAIT = 60.0
"""Seconds that an answer waits for its next try: later nobody waits for it."""
_CALM = 10
"""Successes in a row after which a second poller is believed gone."""
_FAREWELL = timedelta(seconds=2)


class StopRequested(Exception):
    """The stop event was set while waiting."""


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


async def unless(stop: asyncio.Event, work: Awaitable[T]) -> T:
    """Return the result of `work`; raise StopRequested, and cancel the work, as soon as `stop` is set."""
    working, stopping = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise StopRequested
    finally:
        for task in (working, stopping):
            task.cancel()
        await asyncio.gather(working, stopping, return_exceptions=True)


class PollingRetries:
    """Repeats a call until it succeeds. Each cause of an outage is logged once, and so is the end of the outage."""

    def __init__(self, stop: asyncio.Event, sleep: Sleep) -> None:
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
        cause = _cause(error)
        if cause not in self._logged:
            self._logged.add(cause)
            level = logging.ERROR if isinstance(error, InvalidToken) else logging.WARNING
            log.log(level, "telegram.unreachable", during=what, error=cause)
        await unless(self._stop, self._sleep(pause_after(error, self._failures)))

    def _succeeded(self, what: str) -> None:
        """Note a success. Two programs with one token are refused in turns: only a lasting calm ends that, any success another outage."""
        self._failures = 0
        self._calm += 1
        if self._logged and (SECOND_POLLER not in self._logged or self._calm >= _CALM):
            self._logged.clear()
            log.info("telegram.recovered", during=what)


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
            log.debug("telegram.answer_retried", error=_cause(error))
        await sleep(wait)
    return await act()


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


def _cause(error: Exception) -> str:
    """Name the cause for an operator. Only texts that cannot hold a token: those of refusals, and the names of network errors."""
    if isinstance(error, Conflict):
        return SECOND_POLLER
    if isinstance(error, InvalidToken):
        return UNAUTHORIZED
    if type(error) is NetworkError:
        return f"network error ({type(error.__cause__).__name__})" if error.__cause__ else "network error"
    return type(error).__name__
