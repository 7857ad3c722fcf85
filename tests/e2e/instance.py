"""A bot in this process for one conversation: its handlers, what sends posts to who follows something, and a clock that tests set."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from telegram import Bot
from telegram.ext import Application
from telegram.request import BaseRequest

from bot.app.wiring import follow_names
from bot.delivery.channel import Limiter, MessageComposer
from bot.delivery.deliverer import Deliverer, Editor
from bot.delivery.followers import FollowerNotices, FollowerPool, Geography
from bot.delivery.telegram.client import ChatAddress, Mailbox, SendingBot
from bot.delivery.telegram.follower import FollowerChannel, FollowerWords
from bot.domain.acts import Decree, Facts, Kind, Moment, Place, Reference
from bot.domain.health import Overview
from bot.domain.posts import FRANCE, Follow, Follower, chat_destination
from bot.gazetteer.finding import find_places
from bot.gazetteer.gazetteer import departments_of_region, region_of
from bot.gazetteer.naming import targets_in
from bot.messages.words import Language
from bot.queries.following import LastReading, last_readings
from bot.queries.questions import Questions, RateLimiter
from bot.queries.telegram.bot import TelegramCommands
from bot.queries.telegram.commands import ChatLanguages
from bot.queries.telegram.following import FollowCommands, FollowContext
from bot.queries.telegram.replies import Callbacks
from bot.storage.store import Store
from tests.e2e.recorded import NOW, overview, record

_SOON = timedelta(minutes=5)
"""Within which posts that are queued go out: the pace of the platform."""
_FOUND = re.compile(r"(?P<kind>\w+) (?P<number>\S+) of (?P<authority>\w+)")
_PART = re.compile(r"(?P<what>at|from|by|changes|retroactive)(?: (?P<text>.+))?")


class Instance:
    """One program over one store. What it sends goes through `telegram`."""

    def __init__(self, store: Store, places: Mapping[str, Place], telegram: BaseRequest) -> None:
        self.now = NOW
        self._store = store
        self._places = places
        self._failing: dict[str, datetime] = {}
        self._numbers = iter(range(101, 999))
        self._topics = targets_in(places)
        self._names = follow_names()
        self._mailbox = Mailbox(store.chat_messages.newest_shared())
        self._sending = SendingBot("1:x", "http://127.0.0.1:1")
        self._sending.bot = Bot("1:x", request=telegram, get_updates_request=telegram)
        limiter = Limiter(monotonic=self._seconds)
        deliverer = Deliverer(
            store.outbox, [], self.clock, limiter=limiter, editor=Editor(store.edits, self.clock, limiter), sleep=self._sleep
        )
        self._pool = FollowerPool(store.follows, deliverer, self._channel, self.clock, edited=True)
        self._notices = FollowerNotices(
            store.notices, store.follows, self._channel, limiter, self._overview, Geography(places, region_of), self.clock
        )

    def clock(self) -> datetime:
        """Return the instant that it is."""
        return self.now

    def _seconds(self) -> float:
        return self.now.timestamp()

    def register(self, application: Application[Any, Any, Any, Any, Any, Any]) -> None:
        """Add the handlers."""
        questions = Questions(self._store.decrees, self._places, self.clock, overview=self._overview)
        limiter, follows = RateLimiter(60, self._seconds), self._store.follows
        languages = ChatLanguages(follows.language_of, follows.set_language)
        context = FollowContext(self._names, find_places, self._readings, self._topics, questions.decree_of)
        FollowCommands(follows, context, languages, limiter, self.clock, self._mailbox.note).register(application)
        TelegramCommands(questions, self._places, limiter, Callbacks(), languages).register(application)

    async def wait(self, how_long: str) -> None:
        """Let time pass (`3 days`, `2 hours`, `18:00`), and send what is due on the way."""
        until = self._until(how_long)
        await self._notices.notify()
        while True:
            await self._send()
            due = await self._pool.next_due(self.now)
            if due is None or due > until:
                break
            self.now = max(due, self.now + timedelta(seconds=1))
        self.now = max(self.now, until)
        self._store.follows.tidy(self.now)
        await self._notices.notify()
        await self._send()

    async def find(self, decree: str) -> None:
        """Record a decree, and send it to who follows it."""
        record(self._store, next(self._numbers), self._decree(decree), lambda one: [self._topics(one)], self.now)
        await self._send()

    async def read(self, authority: str, *, works: bool) -> None:
        """Let the recueils of an authority be readable or not."""
        if works:
            self._failing.pop(authority, None)
        else:
            self._failing[authority] = self.now
        await self._notices.notify()

    async def close(self) -> None:
        """Release connections."""
        await self._sending.close()

    async def _send(self) -> None:
        """Send what is due, and what the pace of the platform holds up for minutes."""
        until = self.now + _SOON
        while True:
            done = await self._pool.deliver_round()
            due = await self._pool.next_due(self.now)
            if due is None or due > until:
                return
            self.now = max(due, self.now + timedelta(seconds=0 if done.messages else 1))

    async def _sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def _overview(self) -> Overview:
        return overview(self._places, self.now, self._failing)

    def _readings(self, wanted: Sequence[Follow]) -> Mapping[Follow, LastReading]:
        return last_readings(wanted, self._overview(), departments_of_region, self._places)

    def _channel(self, follower: Follower) -> FollowerChannel:
        language: Language = "en" if follower.language == "en" else "fr"
        where = ChatAddress(follower.chat, self._store.follower_moves, self.clock, destination=chat_destination(follower.chat))
        words = FollowerWords(MessageComposer(self._places, self.clock, language), follower, self._topics, self._names)
        return FollowerChannel(follower, where, self._sending, words, self._store.chat_messages, self._mailbox)

    def _until(self, how_long: str) -> datetime:
        number, _, unit = how_long.partition(" ")
        if unit:
            return self.now + timedelta(**{unit if unit.endswith("s") else f"{unit}s": int(number)})
        local = self.now.astimezone(FRANCE)
        then = datetime.combine(local.date(), time.fromisoformat(how_long), FRANCE)
        return then if then > local else then + timedelta(days=1)

    def _decree(self, line: str) -> Decree:
        head, *parts = (part.strip() for part in line.split(";"))
        said = _FOUND.fullmatch(head)
        told = {found["what"]: found["text"] for part in parts if (found := _PART.fullmatch(part)) is not None}
        if said is None or len(told) != len(parts):
            raise ValueError(f"not a decree: {line!r}")
        starts, _, ends = (told.get("from") or "").partition(" to ")
        kind, today = Kind(said["kind"]), self.now.astimezone(FRANCE).date()
        changed = told.get("changes")
        facts = Facts(
            number=said["number"],
            signed=today - timedelta(days=1),
            starts=Moment(date.fromisoformat(starts)) if starts else None,
            ends=Moment(date.fromisoformat(ends)) if ends else None,
            places=(told["at"],) if "at" in told else (),
            operators=(told["by"],) if "by" in told else (),
            references=() if changed is None else (Reference(kind, changed, retroactive="retroactive" in told),),
        )
        title, url = f"Arrêté n° {facts.number}", f"https://www.drome.gouv.fr/raa-{facts.number}.pdf"
        return Decree(said["authority"], kind, title, facts, (), url, 5, today)
