"""Answers the mentions of one account, each once, in the order in which they came.

How far the account is comes from the database. A mention is marked as dealt with after its answer: where the program is killed in between,
the answer is found under the status at the next start, and on servers that keep idempotency keys it is the same status anyway.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Protocol

import structlog

from bot.domain.limits import RateDecision, RateLimiter, backoff
from bot.domain.mentions import AccountFailed, StatusMention
from bot.messages import StatusLimits
from bot.queries.answers import Answer
from bot.queries.mastodon.mentions import asked_in, is_unwanted, is_worth_saying, language_of, refusal_status
from bot.queries.questions import Clock, Questions
from bot.storage.alerts import AnsweredMentions
from bot.storage.errors import StorageError

log = structlog.get_logger()

EVERY = timedelta(minutes=1)
"""Between two looks: 5 of the 300 requests that Mastodon allows in five minutes."""
PER_HOUR = 12
"""Questions of one person that are answered in an hour; of all together three times as many. Mastodon allows 300 statuses in three hours,
and decrees must have most of them."""
HOUR = 3600.0
_LONGEST_PAUSE = timedelta(minutes=15)
_TRIES = 5
"""Of one answer: a status that the server fails on each time must not keep the others from theirs."""


class Account(Protocol):
    """Requests for one account. Every method raises AccountFailed."""

    name: str

    @property
    def rest(self) -> float | None:
        """Return the seconds for which the server wants to be left alone."""

    async def username(self) -> str:
        """Return its name, without the server."""

    async def is_own(self, mention: StatusMention) -> bool:
        """Return whether the account mentions itself."""

    async def newest(self) -> str:
        """Return the id of its newest notification, empty where there is none."""

    async def since(self, newest: str) -> list[tuple[str, StatusMention | None]]:
        """Return the ids of the notifications after that one, oldest first, with the mentions that they are."""

    async def is_blocked(self, account: str) -> bool:
        """Return whether one of the two has blocked the other."""

    async def has_answered(self, mention: StatusMention) -> bool:
        """Return whether the answer is there already."""

    async def answer(self, mention: StatusMention, language: str, write: Callable[[StatusLimits], str]) -> None:
        """Reply once with what is written within these limits."""


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One answer, and whether the person may have it: a further try is no further question."""

    notification: str
    decision: RateDecision
    tries: int = 0


class MentionAnswers:
    """Answers those who mention one account. It never follows, and never mentions anybody first."""

    def __init__(
        self,
        account: Account,
        progress: AnsweredMentions,
        questions: Questions,
        write: Callable[[Answer, StatusMention, StatusLimits], str],
        limiter: RateLimiter,
        clock: Clock,
    ) -> None:
        """`write` puts an answer into a status; `limiter` counts by the hour (`PER_HOUR`)."""
        self._account = account
        self._progress = progress
        self._questions = questions
        self._write = write
        self._limiter = limiter
        self._clock = clock
        self._attempt: _Attempt | None = None
        self._reported: str | None = None
        self._failures = 0

    @property
    def name(self) -> str:
        """Return the destination's name."""
        return self._account.name

    async def run(self) -> None:
        """Look for mentions once a minute, less often while the server fails, until cancelled. Raises StorageError."""
        while True:
            seconds = await self.step()
            await asyncio.sleep(seconds)

    async def step(self) -> float:
        """Answer what is new, and return the seconds until the next look. An outage is logged once, and so is its end."""
        try:
            await self.answer_new()
        except AccountFailed as error:
            return self._failed(error)
        self._failures = 0
        if self._reported is not None:
            self._reported = None
            log.info("mentions.recovered", destination=self.name)
        return max(EVERY.total_seconds(), self._account.rest or 0.0)

    async def answer_new(self) -> None:
        """Answer the mentions that came since the last one dealt with. At the first start none is answered: all that is there is old.

        Raises AccountFailed where the server fails: it goes on there at the next look. Raises StorageError.
        """
        newest = await asyncio.to_thread(self._progress.newest, self.name)
        if newest is None:
            await self._record(await self._account.newest())
            return
        for notification, mention in await self._account.since(newest):
            if mention is not None:
                await self._answer(mention)
            await self._record(notification)

    async def _record(self, notification: str) -> None:
        await asyncio.to_thread(self._progress.record, self.name, notification)

    async def _answer(self, mention: StatusMention) -> None:
        if is_unwanted(mention, self._clock()) or await self._account.is_own(mention):
            return
        attempt = self._attempt
        if attempt is None or attempt.notification != mention.notification:
            attempt = _Attempt(mention.notification, self._limiter.ask((self.name, mention.account), self.name))
        self._attempt = attempt = replace(attempt, tries=attempt.tries + 1)
        try:
            await self._answer_once(mention, attempt.decision)
        except AccountFailed as error:
            if not error.is_final and (error.wait is not None or attempt.tries < _TRIES):
                raise
            log.warning("mentions.not_answered", destination=self.name, error=str(error))
        except StorageError:
            raise
        except Exception as error:
            # A fault of ours in one answer must not silence the others. Its message may hold what was asked.
            log.error("mentions.crashed", destination=self.name, error=type(error).__name__)

    async def _answer_once(self, mention: StatusMention, decision: RateDecision) -> None:
        write = await self._written(mention, decision)
        # Read last: an answer that is there was given before the program was killed, or the server's own answer was lost.
        if write is None or await self._account.is_blocked(mention.account) or await self._account.has_answered(mention):
            return
        await self._account.answer(mention, language_of(mention), write)
        log.debug("mentions.answered", destination=self.name)

    async def _written(self, mention: StatusMention, decision: RateDecision) -> Callable[[StatusLimits], str] | None:
        """Return what writes the answer within limits, None where there is to be none."""
        asked = asked_in(mention, await self._account.username())
        if decision is RateDecision.REFUSED:
            return None
        if decision is RateDecision.REFUSED_FIRST:
            return partial(refusal_status, mention) if asked.is_addressed else None
        answer = await asyncio.to_thread(self._questions.plain, asked.words or "aide")
        return partial(self._write, answer, mention) if is_worth_saying(answer, asked) else None

    def _failed(self, error: AccountFailed) -> float:
        self._failures += 1
        cause = str(error)
        if self._reported != cause:
            self._reported = cause
            log.warning("mentions.unreadable", destination=self.name, error=cause)
        pause = backoff(self._failures, first=EVERY, cap=_LONGEST_PAUSE).total_seconds()
        return max(pause, error.wait or 0.0)
