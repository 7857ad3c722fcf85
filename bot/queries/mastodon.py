"""Answers the mentions of one account on Mastodon, each once, in order, with one status. The position is stored after each answer: if the
program is killed in between, the next start finds the answer under the status; on servers that keep idempotency keys it is the same status
anyway."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol
from urllib.parse import urlencode

import structlog
from bs4 import BeautifulSoup
from bs4.element import CData, NavigableString, Tag

from bot.domain.acts import Place
from bot.domain.health import Status
from bot.domain.mentions import AccountFailed, StatusMention
from bot.domain.tasks import backoff
from bot.messages.announcement import TooSmall, mastodon_status
from bot.messages.lines import topics_told
from bot.messages.words import Language, StatusLimits, cut, inert, mastodon_length, topic_words
from bot.queries.answers import (
    Answer,
    BadInput,
    DecreeList,
    HelpRequest,
    ListKind,
    NothingFound,
    OneDecree,
    PlaceChoices,
    Question,
    SeveralPlaces,
    SubjectCard,
    TownAnswer,
)
from bot.queries.following import about_us, run_by
from bot.queries.phrases import brief_answer, message_of, plain_answer
from bot.queries.plain_words import civil
from bot.queries.questions import Clock, Questions, RateDecision, RateLimiter
from bot.queries.vocabulary import vocabulary
from bot.storage.alerts import AnsweredMentions
from bot.storage.errors import StorageError

# What somebody asks who mentions the account, and the answer as one status. Pure.

OLDEST = timedelta(days=1)
"""Age of a mention that is answered no more: nobody waits for it."""
_MOST_HTML = 20_000
"""Characters of a status that are read: the servers of others set its length."""
_MOST_WORDS = 400
"""Characters of a question: above those that a search may have, so that a longer one is refused, not cut."""
_LINE_ENDS = ("br", "p", "div", "li", "blockquote", "pre", "h1", "h2", "h3")
_HANDLE = re.compile(r"(?<![\w@/.])@\w(?:[\w.-]*\w)?(?:@\w(?:[\w.-]*\w)?)?")
_NO_BOT = re.compile(r"#\s*no_?bots?\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class MentionQuestion:
    """The words of a question, empty where there are none. `is_addressed`: the status is for the account alone, begun with its name."""

    words: str
    is_addressed: bool


def is_unwanted(mention: StatusMention, now: datetime) -> bool:
    """Return whether a mention is not to be answered whatever it says: of a bot, of somebody who wants no bots, or too old."""
    is_old = mention.made_at is not None and now - mention.made_at > OLDEST
    return mention.is_bot or is_old or _NO_BOT.search(" ".join(lines_of(mention.note))) is not None


def asked_in(mention: StatusMention, username: str) -> MentionQuestion:
    """Return the first line after the account's name, without names; the line before it where nothing follows."""
    lines = "\n".join(lines_of(mention.content))
    own = next((found for found in _HANDLE.finditer(lines) if found[0].split("@")[1].casefold() == username.casefold()), None)
    before, after = ("", lines) if own is None else (lines[: own.start()], lines[own.end() :])
    said_before, said_after = _first_line(before), _first_line(after)
    return MentionQuestion((said_after or said_before)[:_MOST_WORDS], is_addressed=not said_before and not mention.is_reply)


def lines_of(html: str) -> Iterator[str]:
    """Yield the lines of text that a reader sees."""
    document = BeautifulSoup(html[:_MOST_HTML], "html.parser")
    for unseen in document(["script", "style", "template"]):
        unseen.decompose()
    # One pass: to put a break before and after each element would look through all that is in it.
    parts = list[str]()
    parents: list[Tag] = [document]
    for node in document.descendants:
        while node.parent is not parents[-1]:
            parts.append(_break(parents.pop()))
        if isinstance(node, Tag):
            parts.append(_break(node))
            parents.append(node)
        elif type(node) is NavigableString or type(node) is CData:  # not a comment
            parts.append(node)
    for line in "".join(parts).splitlines():
        if text := " ".join(line.split()):
            yield text


def _break(element: Tag) -> str:
    return "\n" if element.name in _LINE_ENDS else ""


def _first_line(text: str) -> str:
    lines = (" ".join(_HANDLE.sub(" ", line).split()).strip(",:;–— ") for line in text.split("\n"))
    return next((line for line in lines if any(character.isalnum() for character in line)), "")


def is_worth_saying(answer: Answer, asked: MentionQuestion) -> bool:
    """Return whether to send an answer. Replies under a post mention the account without a question: there, and where its name is not the
    first word, only a clear question is answered (a place, a number, "aide"), never a word search."""
    if asked.is_addressed:
        return True
    match answer:
        case DecreeList() | NothingFound():
            return answer.question.list_kind is not ListKind.SEARCH
        case PlaceChoices():
            return answer.sure
        case BadInput() | SubjectCard():
            return False
        case _:
            return True


def language_of(mention: StatusMention) -> Language:
    """Return the language in which to answer: the one of the status where there are words for it, else French."""
    return "en" if re.split("[-_]", mention.language.lower())[0] == "en" else "fr"


def answer_status(
    answer: Answer, mention: StatusMention, limits: StatusLimits, *, places: Mapping[str, Place], contact: str, public_url: str = ""
) -> str:
    """Return an answer as a status within `limits`, which mentions only its author. A decree keeps its link; a list its beginning and end,
    a mark between. The notice for a first contact follows if there is room.
    `contact`: of the operator, or empty. `public_url`: of its pages, to one of which a link is kept; or empty."""
    language = language_of(mention)
    room = replace(limits, characters=limits.characters - len(mention.handle) - 2)
    link = f"\n\n{page_address(answer, public_url, language)}" if public_url else ""
    said = _said(answer, places, language, replace(room, characters=room.characters - mastodon_length(link, room))) + link
    # The help says by itself that Vigie is no service of the State.
    about = run_by(language, contact) if isinstance(answer, HelpRequest) else about_us(language, contact)
    with_about = f"{said}\n\n{about}" if about else said
    return f"@{mention.handle} {with_about if _fits(with_about, room) else said}"


def refusal_status(mention: StatusMention, limits: StatusLimits) -> str:
    """Return that there are too many questions, as `answer_status` does."""
    room = limits.characters - len(mention.handle) - 2
    return f"@{mention.handle} {cut(vocabulary(language_of(mention)).mastodon.slow_down, room)}"


def _said(answer: Answer, places: Mapping[str, Place], language: Language, room: StatusLimits) -> str:
    if isinstance(answer, OneDecree) and answer.decree.withdrawn_at is None:
        try:
            post = mastodon_status(message_of(answer.decree, places, answer.at, language), limits=room)
        except TooSmall:
            pass
        else:  # an answer is for one person: it is under no hashtag
            return "\n".join(line for line in post.split("\n") if not line.startswith("#")).rstrip()

    fits = partial(_fits, room=room)
    texts = [_quiet(plain_answer(one, places, language, "mastodon"), language, answer) for one in _versions(answer)]
    texts.append(_quiet(brief_answer(answer, places, language), language, answer))
    return next((text for text in texts if fits(text)), None) or shortened(texts[-1], fits)


def page_address(answer: Answer, public_url: str, language: Language) -> str:
    """Return the address of the page that shows what an answer is about."""
    match answer:
        case OneDecree(decree=decree):
            path = f"/arretes/{decree.id}"
        case TownAnswer(commune=commune):
            path = f"/communes/{commune.code}"
        case DecreeList(places=(place,)) | NothingFound(places=(place,)) if not place.territory:
            path = f"/departements/{place.code}"
        case HelpRequest() | SubjectCard() | BadInput():
            path = "/"
        case DecreeList(question=Question(list_kind=ListKind.SEARCH)) | NothingFound(question=Question(list_kind=ListKind.SEARCH)):
            path = f"/recherche?{urlencode({'q': civil(answer.question.words)})}"
        case _:
            path = "/envigueur"
    return f"{public_url.rstrip('/')}{'/en' if language == 'en' else ''}{path}"


def _fits(said: str, room: StatusLimits) -> bool:
    return mastodon_length(said, room) <= room.characters


def _quiet(words: str, language: Language, answer: Answer) -> str:
    """Return the words of an answer, which mention nobody and have no hashtag."""
    text = words
    if isinstance(answer, HelpRequest):
        own = vocabulary(language).mastodon
        # In the place of an example: there is no room for another line.
        asked = own.by_topic.format(short=topic_words(answer.topics[1], language).short) if len(answer.topics) > 1 else own.example
        text = own.help.strip().format(about=topics_told(answer.topics, language, "on"), example=asked)
    return "\n".join(line if "://" in line else inert(line) for line in text.split("\n"))


def _versions(answer: Answer) -> Iterator[Answer]:
    """Yield an answer in full, and one on a town with less: first goes what says that all is well, then decrees that may not concern it."""
    yield answer
    if isinstance(answer, SeveralPlaces):
        yield replace(answer, answers=tuple(replace(one, health=()) for one in answer.answers))
    if isinstance(answer, TownAnswer):
        troubled = replace(answer, health=tuple(one for one in answer.health if one.status is not Status.OK))
        yield troubled
        if answer.decrees:
            yield replace(troubled, unplaced=())


def shortened(text: str, fits: Callable[[str], bool]) -> str:
    """Return a text that fits: without the last decrees of its lists where they are too many, then without its end."""
    if fits(text):
        return text
    lines = text.split("\n")
    listed = [number for number, line in enumerate(lines) if line.startswith("[")]
    shown = text
    for kept in reversed(range(len(listed))):
        gone = frozenset(listed[kept + 1 :])
        shown = "\n".join("…" if number == listed[kept] else line for number, line in enumerate(lines) if number not in gone)
        if fits(shown):
            return shown
    longest = len(shown)
    while longest > 0 and not fits(cut(shown, longest)):
        longest -= 10
    return cut(shown, longest)


# The mentions of one account.

log = structlog.get_logger()

EVERY = timedelta(minutes=1)
"""Between two looks: 5 of the 300 requests that Mastodon allows in five minutes."""
PER_HOUR = 12
"""Answers to one person in an hour; three times as many to all together. Mastodon allows 300 statuses in three hours, and decrees need most
of them."""
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
        self.name = account.name
        self._account = account
        self._progress = progress
        self._questions = questions
        self._write = write
        self._limiter = limiter
        self._clock = clock
        self._attempt: _Attempt | None = None
        self._reported: str | None = None
        self._failures = 0

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
        """Answer the mentions since the last one handled; none at the first start, as all are old. Raises AccountFailed when the server
        fails: the next call continues there. Raises StorageError."""
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
