"""The outbox over a database in memory, a clock that tests move, and channels that do as told."""

from __future__ import annotations

import sqlite3
import weakref
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from sqlalchemy import Engine, insert, true

from bot.delivery.channel import MessageComposer, Pictures, PreparedPictures, Sent
from bot.delivery.deliverer import Deliverer
from bot.delivery.mastodon.channel import MastodonChannel
from bot.delivery.mastodon.client import MastodonApi
from bot.delivery.telegram.channel import Reconcile, TelegramChannel, TelegramWords
from bot.delivery.telegram.client import DEFAULT_API, ChatAddress, SendingBot
from bot.delivery.telegram.operators_chat import TelegramOperators
from bot.domain.acts import Decree, Facts, Place
from bot.domain.posts import ChatHistory, Post, PostCause, PostState, Visibility
from bot.messages.words import Language
from bot.storage import schema
from bot.storage.chats import ChatMessages, MovedChats
from bot.storage.database import Database, make_engine, parse_url
from bot.storage.outbox import Outbox
from bot.storage.posts import load_messages
from tests.bot.messages.samples import DROME, decree
from tests.servers.fake_bot_api import FakeBotApi
from tests.servers.mastodon import MastodonServer

START = datetime(2031, 4, 19, 22, 0, tzinfo=UTC)
PLACES: dict[str, Place] = {"26": DROME}


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


def numbered(number: int) -> Decree:
    """The n-th of many decrees, each on its own page."""
    return decree(id=number, page=number, facts=Facts(number=f"2031-{number:05}"), act_id=f"26-2031-04-17-{number:05}")


def post(number: int = 1, destination: str = "essai") -> Post:
    return Post(number, f"cle-{destination}-{number}", destination, numbered(number), PostState.PENDING)


class MemoryOutbox(Outbox):
    """The real outbox, over a database in memory in which these posts wait."""

    def __init__(self, *waiting: Post) -> None:
        engine = _idle.pop() if _idle else _new_engine()
        with closing(engine.raw_connection()) as raw:
            _driver(raw.driver_connection).deserialize(_empty())
        super().__init__(Database(engine, name="in memory", read_only=False))
        weakref.finalize(self, _idle.append, engine)
        self.causes: list[PostCause | None] = []
        self.add(*waiting)

    def add(self, *waiting: Post) -> None:
        """Queue more posts, each with its decree."""
        with self._database.writing() as connection:
            for one in waiting:
                connection.execute(insert(schema.decrees), _decree_row(one.decree))
                row = {"id": one.id, "key": one.key, "destination": one.destination, "decree_id": one.decree.id, "state": one.state}
                connection.execute(
                    insert(schema.posts), row | {"attempts": one.attempts, "created_at": START, "sought_since": one.sought_since}
                )

    def move(self, post: Post, state: PostState, now: datetime, **values: Any) -> bool:
        self.causes.append(values.get("cause"))
        return super().move(post, state, now, **values)

    @property
    def posts(self) -> dict[int, Post]:
        """Every message, by the id of its first post."""
        with self._database.reading() as connection:
            return {post.id: post for post in load_messages(connection, true())}

    @property
    def states(self) -> list[PostState]:
        return [post.state for post in self.posts.values()]


RECUEIL = {
    "id": 1, "authority": "26", "source": "26:site", "url": "https://www.drome.example/raa.pdf", "title": "RAA", "is_detail": False,
    "state": "read", "attempts": 0, "found_at": START,
}  # fmt: skip


_idle: list[Engine] = []
"""Of outboxes that are gone: they have compiled what the next one asks."""


def _new_engine() -> Engine:
    engine = make_engine(parse_url("sqlite://"), read_only=False)
    weakref.finalize(engine, engine.pool.dispose)
    return engine


@cache
def _empty() -> bytes:
    """A database with one recueil and no posts."""
    engine = _new_engine()
    schema.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(insert(schema.recueils), RECUEIL)
    with closing(engine.raw_connection()) as raw:
        return _driver(raw.driver_connection).serialize()


def _driver(connection: object) -> sqlite3.Connection:
    assert isinstance(connection, sqlite3.Connection)
    return connection


def _decree_row(decree: Decree) -> dict[str, Any]:
    names = ("id", "authority", "topic", "kind", "title", "facts", "evidence", "url", "page", "published", "act_id", "found_at")
    return {name: getattr(decree, name) for name in names} | {"recueil_id": 1, "signed_on": decree.facts.signed}


class MemoryMessages(ChatMessages):
    """What is known of one chat: what an outbox records as sent there, and the `decrees` whose posts may be met."""

    def __init__(self, outbox: MemoryOutbox | None = None, *, decrees: Sequence[Decree] = ()) -> None:
        self.decrees = decrees
        self.outbox = outbox or MemoryOutbox()
        self.newest: int | None = None
        self.known: set[int] = set()
        self.after: dict[int, int | None] = {}
        self.up_to: dict[int, int] = {}

    @property
    def sent(self) -> list[int]:
        return [*self.known, *(int(post.reference) for post in self.outbox.posts.values() if post.reference is not None)]

    def begin(self, post: int, chat: int | str) -> int | None:
        self.after[post] = max([*self.sent, *filter(None, [self.newest])], default=None)
        self.up_to.pop(post, None)
        return self.after[post]

    def note(self, chats: Collection[str], message_id: int, now: datetime) -> None:
        self.newest = max(message_id, self.newest or 0)

    def history(self, post: int, chat: int | str) -> ChatHistory:
        return ChatHistory(self.after.get(post), frozenset(self.sent), self.newest, self.up_to.get(post))

    def searched(self, post: int, to: int) -> None:
        self.up_to[post] = to

    def decrees_at(self, link: str) -> list[Decree]:
        return [decree for decree in self.decrees if link == f"{decree.url}#page={decree.page}"]


class ScriptedChannel:
    """Keeps what it is sent; `send_errors` and `find_errors` are raised first, in order; `None` in them is a success."""

    def __init__(self, name: str = "essai") -> None:
        self._name = name
        self.received: list[int] = []
        self.looked_for: list[int] = []
        self.send_errors: list[BaseException | None] = []
        self.find_errors: list[BaseException | None] = []
        self.before_answer: Callable[[Post], None] = lambda post: None
        self.closed = False
        self.rest: float | None = None
        self.holds = 100

    @property
    def name(self) -> str:
        return self._name

    async def send(self, post: Post) -> Sent:
        self.before_answer(post)
        if self.send_errors and (error := self.send_errors.pop(0)) is not None:
            raise error
        self.received.append(post.id)
        return Sent(f"m{post.id}", self.rest)

    async def find(self, post: Post) -> Sent | None:
        self.looked_for.append(post.id)
        if self.find_errors and (error := self.find_errors.pop(0)) is not None:
            raise error
        return Sent(f"m{post.id}") if post.id in self.received else None

    async def room(self, decrees: Sequence[Decree]) -> int:
        return max(min(len(decrees), self.holds), 1)

    async def close(self) -> None:
        self.closed = True


async def deliver_all(deliverer: Deliverer, clock: Clock, most: int = 500) -> None:
    """Come back when something is due, as the program does, until nothing is."""
    for _ in range(most):
        await deliverer.deliver_due()
        due = await deliverer.next_due(clock())
        if due is None:
            return
        clock.now = max(due, clock.now)
    pytest.fail("it never ends")


class MemoryMoves(MovedChats):
    """What a database would remember of chats that moved."""

    def __init__(self) -> None:
        self.known: dict[int | str, int] = {}
        self.at: dict[int | str, datetime] = {}

    def now_at(self, chat: int | str) -> int | str:
        return self.known.get(chat, chat)

    def moved(self, chat: int | str, new: int, now: datetime) -> None:
        self.known[chat] = new
        self.at[new] = now

    def moved_at(self, chat: int | str) -> datetime | None:
        return self.at.get(chat)


# Channels as the program wires them.


def composer(
    clock: Callable[[], datetime], *, places: dict[str, Place] = PLACES, language: Language = "fr", public_url: str | None = None
) -> MessageComposer:
    return MessageComposer(places, clock, language, public_url)


def telegram_channel(
    api: FakeBotApi, chat: int | str = -1001, *, clock: Callable[[], datetime] = lambda: START, name: str = "essai",
    read_timeout: float = 30.0, messages: ChatMessages | None = None, moves: MovedChats | None = None, reconcile: Reconcile = "probe",
    picture: Pictures | None = None, **words: Any,
) -> TelegramChannel:  # fmt: skip
    where = ChatAddress(chat, moves or MemoryMoves(), clock, destination=name)
    sending = SendingBot(api.token, api.url, read_timeout=read_timeout)
    spoken = TelegramWords(composer(clock, **words))
    return TelegramChannel(name, where, sending, spoken, messages or MemoryMessages(), PreparedPictures(picture), reconcile)


def mastodon_channel(
    server: MastodonServer, *, clock: Callable[[], datetime] = lambda: START, name: str = "essai", token: str | None = None,
    read_timeout: float = 30.0, picture: Pictures | None = None, visibility: Visibility = "public", content_warning: str = "",
    **words: Any,
) -> MastodonChannel:  # fmt: skip
    api, spoken = MastodonApi(server.url, token or server.token, clock, read_timeout=read_timeout), composer(clock, **words)
    prepared = PreparedPictures(picture)
    return MastodonChannel(
        name, api, spoken, prepared, visibility=visibility, content_warning=content_warning
    )  # fmt: skip


@asynccontextmanager
async def on_telegram(api: FakeBotApi, **changes: Any) -> AsyncIterator[TelegramChannel]:
    """A channel that is closed at the end."""
    channel = telegram_channel(api, **changes)
    try:
        yield channel
    finally:
        await channel.close()


@asynccontextmanager
async def on_mastodon(server: MastodonServer, **changes: Any) -> AsyncIterator[MastodonChannel]:
    """A channel that is closed at the end."""
    channel = mastodon_channel(server, **changes)
    try:
        yield channel
    finally:
        await channel.close()


def operators_chat(
    chat: int | str, token: str, public: Collection[int | str], api_url: str = DEFAULT_API, moves: MovedChats | None = None
) -> TelegramOperators:
    where = ChatAddress(chat, moves or MemoryMoves(), Clock(), destination="telegram.operators_chat")
    return TelegramOperators(where, SendingBot(token, api_url), public)
