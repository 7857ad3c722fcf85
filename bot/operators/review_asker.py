"""Asks the operators about acts that a person must look at, each once, with two buttons."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from bot.delivery import ChatButton, DeliveryError
from bot.detection import without_names
from bot.domain import Decree
from bot.domain.records import Waiting
from bot.ingest.review import ReviewAnswer, answer_data
from bot.messages import Language
from bot.messages.cleaning import cut, inert, link_to
from bot.operators.teller import NotifyRetries
from bot.operators.vocabulary import ReviewQuestionWords, alert_words
from bot.queries.phrases import doubt_words
from bot.storage.errors import NoSuchRow, StorageError
from bot.storage.threads import run_to_completion

log = structlog.get_logger()

FRESH = timedelta(days=7)
"""How long an act waits to be asked about. Older ones, and those of a backfill, are for `vigie review list`: nobody is to be asked in the
middle of a day about all that was doubtful in ten years."""

AT_ONCE = 5
"""Acts asked about at one look: a bulk of doubtful ones must not bury what else operators are told."""


class WaitingActs(Protocol):
    """The acts that wait for a person. Synchronous: every method is called in a thread."""

    def untold(self, limit: int, since: datetime, /) -> Sequence[Waiting]:
        """Those that wait since then and that nobody was asked about yet, the oldest first, but for what is history."""
        ...

    def told(self, reviews: Collection[int], now: datetime, /) -> None:
        """They were asked about."""
        ...


class AskedChat(Protocol):
    """Where the operators answer."""

    async def ask(self, text: str, choices: Sequence[ChatButton], /) -> None:
        """Send a question with its buttons. Raises DeliveryError."""
        ...


class ReviewAsker:
    """What could not be asked is asked at a later look. Where it is not known whether a question arrived it is asked again."""

    def __init__(
        self,
        *,
        reviews: WaitingActs,
        chat: AskedChat,
        found: Callable[[Waiting], Sequence[Decree]],
        names: Callable[[str], str],
        clock: Callable[[], datetime],
        language: Language = "fr",
        buttons: bool = True,
    ) -> None:
        """`found` gives the decrees that would be recorded if an act is accepted; it is called in a thread. `names` gives
        what people call an authority by its code. Without `buttons` (nobody would answer them) the command is named."""
        self._reviews = reviews
        self._chat = chat
        self._found = found
        self._names = names
        self._clock = clock
        self._language = language
        self._buttons = buttons
        self._patience = NotifyRetries(clock)

    async def look(self, *, heard: bool = True) -> None:
        """Ask about what waits. Unless a button that is pressed is `heard`, the command is named in its place. Raises StorageError."""
        if self._patience.rests():
            return
        for act in await asyncio.to_thread(self._reviews.untold, AT_ONCE, self._clock() - FRESH):
            found = await self._holds(act)
            if found is None:
                continue
            if not await self._asked(act, found, buttons=self._buttons and heard):
                return
            # A stop must not come between the question and its record: it would be asked twice.
            await run_to_completion(self._reviews.told, [act.id], self._clock())

    async def _holds(self, act: Waiting) -> Sequence[Decree] | None:
        """The decrees that would be recorded if the act is accepted; None for one that was settled meanwhile."""
        try:
            return await asyncio.to_thread(self._found, act)
        except NoSuchRow:
            return None
        except StorageError:
            raise
        except Exception:
            # An act that our code does not stand must not keep the others from being asked about.
            log.exception("not told what an act holds, by a fault of the program", review=act.id)
            return ()

    async def _asked(self, act: Waiting, found: Sequence[Decree], *, buttons: bool) -> bool:
        words = alert_words(self._language).reviews
        choices = (
            [
                ChatButton(said, answer_data(ReviewAnswer(act.id, act.token, is_decree)))
                for said, is_decree in ((words.yes, True), (words.no, False))
            ]
            if buttons
            else []
        )
        try:
            why = doubt_words(act.evidence, self._language)
            await self._chat.ask(review_text(act, self._names(act.authority), words, buttons=buttons, found=found, why=why), choices)
        except DeliveryError as error:
            self._patience.failed(error)
            log.error("operators not asked yet, they will be", review=act.id, error=str(error))
            return False
        self._patience.taken()
        return True


# The question about one act in plain text. Pure: what comes from outside is made harmless, and names nobody.

_LONGEST_TITLE = 400
_LONGEST_QUOTE = 240
_QUOTES = 3
_NUMBERS = 20


def review_text(
    act: Waiting, name: str, words: ReviewQuestionWords, *, buttons: bool, found: Sequence[Decree] = (), why: str | None = None
) -> str:
    """The act, where it stands, what made it doubtful, and how to answer. Far below what Telegram takes.

    `found` are the decrees that a yes records, told where there are several; `why` is the reason for the doubt, where one is known.
    """
    quotes = dict.fromkeys(
        words.quote.format(page=item.page, text=cut(inert(without_names(item.text)), _LONGEST_QUOTE)) for item in act.evidence if item.text
    )
    lines = [
        words.head.format(number=act.id),
        words.where.format(name=inert(name), page=act.page),
        cut(inert(without_names(act.title)), _LONGEST_TITLE),
        "" if act.decree is None else (words.reread if act.reread else words.known).format(decree=act.decree),
        "" if why is None else words.why.format(reason=why),
        *list(quotes)[:_QUOTES],
        "" if len(found) < 2 else words.several.format(n=len(found), numbers=_numbers(found)),
        link_to(act.url, act.page) or "",
        words.ask if buttons else words.type.format(number=act.id),
    ]
    return "\n".join(line for line in lines if line)


def _numbers(found: Sequence[Decree]) -> str:
    numbers = [inert(decree.facts.number or "?") for decree in found]
    return ", ".join(numbers[:_NUMBERS]) + (", …" if len(numbers) > _NUMBERS else "")
