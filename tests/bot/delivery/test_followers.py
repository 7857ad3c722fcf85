"""Chats that follow something: each gets each decree once, in its turn, whatever happens on the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import product
from pathlib import Path

import pytest

from bot.delivery.channel import Limiter, MessageComposer, Migrated
from bot.delivery.deliverer import Deliverer, Editor
from bot.delivery.followers import FollowerPool, FollowerRound, for_digest
from bot.delivery.telegram.channel import TelegramWords, markup_of
from bot.delivery.telegram.client import ChatAddress, Mailbox, SendingBot
from bot.delivery.telegram.follower import AHEAD, FollowerChannel, FollowerWords
from bot.domain.acts import Decree, Facts, Kind, Moment, Reference
from bot.domain.posts import (
    Follow,
    Follower,
    FollowKind,
    FollowMode,
    FollowTargets,
    Post,
    PostCause,
    PostState,
    chat_destination,
    targets_of,
)
from bot.messages.following import FollowNames
from bot.storage.errors import StorageError
from bot.storage.store import Store
from tests.bot.delivery.memory import PLACES, Clock, post
from tests.bot.storage.building import one_recueil
from tests.bot.storage.finding import reading_of
from tests.bot.storage.ready import ready_store
from tests.examples import by_day
from tests.present import present
from tests.servers.fake_bot_api import FakeBotApi
from tests.servers.fake_bot_chats import BotMessage

DROME = Follow(FollowKind.DEPARTMENT, "26")
SNCF = Follow(FollowKind.OPERATOR, "sncf")
GROUP = -1001234567890
HOUR = timedelta(hours=1)


def topics(decree: Decree) -> FollowTargets:
    return targets_of(decree, PLACES, {"26": "84"}, ())


class World:
    """A program that is started again whenever `restart` is called."""

    def __init__(self, store: Store, api: FakeBotApi, clock: Clock) -> None:
        self.store, self.api, self.clock = store, api, clock
        self.names = FollowNames(lambda follow: "Drôme (26)" if follow == DROME else None, {"sncf": "SNCF"})
        self.restart()

    def restart(self) -> None:
        self.store.outbox.recover(self.clock())
        self.mailbox = Mailbox(self.store.chat_messages.newest_shared())
        self.sending = SendingBot(self.api.token, self.api.url)
        limiter = Limiter(monotonic=lambda: self.clock().timestamp())
        editor = Editor(self.store.edits, self.clock, limiter)
        deliverer = Deliverer(self.store.outbox, [], self.clock, limiter=limiter, editor=editor, sleep=self.sleep)
        self.pool = FollowerPool(self.store.follows, deliverer, self.channel, self.clock, edited=True)

    async def sleep(self, seconds: float) -> None:
        self.clock.advance(seconds=seconds)

    def channel(self, follower: Follower) -> FollowerChannel:
        composer = MessageComposer(PLACES, self.clock, "en" if follower.language == "en" else "fr")
        where = ChatAddress(follower.chat, self.store.follower_moves, self.clock, destination=chat_destination(follower.chat))
        words = FollowerWords(composer, follower, topics, self.names)
        return FollowerChannel(follower, where, self.sending, words, self.store.chat_messages, self.mailbox)

    def follow(self, chat: int, follow: Follow = DROME, language: str = "fr") -> None:
        """As a person does: by a command, whose id the bot sees."""
        self.store.follows.add(chat, follow, language, self.clock().date())
        self.mailbox.note(chat, self.api.say(chat, abs(chat), "/suivre 26").message_id)
        self.store.chat_messages.note([str(chat)], self.api.messages_in(chat)[-1].message_id, self.clock())

    def found(self, number: str, kind: Kind = Kind.AUTHORISATION, **facts: object) -> None:
        result = reading_of(one_recueil(self.store, f"{number}-{kind}"), Facts(number, **facts), kind)  # type: ignore[arg-type]
        self.store.recordings.record(result, lambda decree: [topics(decree)], self.clock())

    async def work(self, rounds: int = 200) -> None:
        """Until nothing is due within the next hour, on a clock that is put forward."""
        until = self.clock() + timedelta(hours=1)
        for _ in range(rounds):
            done = await self.pool.deliver_round()
            due = await self.pool.next_due(self.clock())
            if due is None or due > until:
                return
            self.clock.now = max(due, self.clock() + timedelta(seconds=0 if done.messages else 1))

    def sent_to(self, chat: int) -> list[BotMessage]:
        return [message for message in self.api.messages_in(chat) if message.from_bot]

    def states(self) -> list[PostState]:
        return [post.state for post in self.store.posts.listed(states=list(PostState), chats=True)]


@pytest.fixture
async def world(tmp_path: Path, api: FakeBotApi, clock: Clock) -> AsyncIterator[World]:
    with ready_store(tmp_path) as store:
        one = World(store, api, clock)
        yield one
        await one.sending.close()


async def test_each_follower_gets_each_decree_once_with_the_reason(world: World) -> None:
    world.follow(7)
    world.follow(8, SNCF, "en")
    world.found("2031-1", operators=("SNCF",))
    await world.work()
    [french], [english] = world.sent_to(7), world.sent_to(8)
    assert french.text.endswith("Vous suivez la Drôme (26). Ne plus suivre : /suivis · Pause : /pause")
    assert english.text.endswith("You follow SNCF. Stop following: /following · Pause: /pause")
    assert "2031-1" in french.buttons[0]["text"] or french.buttons[0]["url"].endswith("#page=3")
    await world.work()
    assert len(world.api.messages) == 2
    assert "_served" not in repr(world.pool), "which chats were served is for no log"


async def test_one_chat_with_much_to_read_delays_no_other(world: World) -> None:
    world.follow(7)
    for number in range(4):
        world.found(f"2031-{number}")
    world.follow(8)
    world.found("2031-9")
    await world.work()
    chats = [message.chat_id for message in world.api.messages]
    assert sorted(chats) == [7] * 5 + [8]
    assert chats.index(8) < 2, "its first message comes with the first of the other"


async def test_many_that_wait_are_one_digest(world: World) -> None:
    world.follow(7)
    for number in range(9):
        world.found(f"2031-{number}")
    await world.work()
    [digest] = world.sent_to(7)
    assert digest.text.startswith("📚 9 ")
    assert digest.text.endswith("Arrêtés que vous suivez. Ne plus suivre : /suivis · Pause : /pause")


async def test_once_a_day_and_at_once_what_begins_soon(world: World) -> None:
    today = world.clock().date()
    world.follow(7)
    world.store.follows.set_mode(7, FollowMode.DAILY)
    for number, days in ((1, 20), (2, 30), (3, 1)):
        world.found(f"2031-{number}", starts=Moment(today + timedelta(days=days)))
    await world.work()
    assert len(world.sent_to(7)) == 1
    world.clock.advance(hours=24)
    await world.work()
    soon, digest = world.sent_to(7)
    assert not soon.text.startswith("📚")
    assert digest.text.startswith("📚 2 ")


async def test_a_pause_ends_with_one_digest(world: World) -> None:
    world.follow(7)
    world.store.follows.pause(7, world.clock())
    for number in range(3):
        world.found(f"2031-{number}")
    await world.work()
    assert world.sent_to(7) == []
    assert world.store.follows.resume(7, world.clock()) == 3
    await world.work()
    [digest] = world.sent_to(7)
    assert digest.text.startswith("📚 3 ")


@pytest.mark.parametrize(("stored", "chat"), by_day(product((True, False), (7, GROUP)), 2))
async def test_a_message_whose_answer_was_lost_is_there_once(world: World, chat: int, stored: bool) -> None:
    world.follow(chat)
    world.follow(8)
    world.api.drop("sendMessage", stored=stored)
    world.found("2031-1")
    await world.work()
    assert [len(world.sent_to(one)) for one in (chat, 8)] == [1, 1]
    assert world.states() == [PostState.SENT] * 2
    markups = world.api.calls_of("editMessageReplyMarkup")
    assert len(markups) <= 2 + AHEAD, "those of messages known to be elsewhere are passed over"
    assert all(message.buttons for message in world.api.messages), "looking has changed none"


@pytest.mark.parametrize(("stored", "chat", "is_killed"), by_day(product((True, False), (7, GROUP), (True, False)), 3))
async def test_an_answer_about_the_same_decree_is_not_taken_for_a_post_in_doubt(
    world: World, chat: int, stored: bool, is_killed: bool
) -> None:
    world.follow(chat)
    world.api.drop("sendMessage", stored=stored)
    world.found("2031-1")
    await world.pool.deliver_round()
    [doubt] = world.store.posts.listed(chats=True)
    text = TelegramWords(MessageComposer(PLACES, world.clock, "fr")).text(doubt)
    # What `/recents` and the number of the decree answer, with the very button of the post.
    answer = await world.sending.bot.send_message(chat, text.html, parse_mode="HTML", reply_markup=markup_of(text))
    if is_killed:
        world.restart()
    else:
        world.mailbox.note(chat, answer.message_id)
    await world.work()
    [sent] = [one for one in world.sent_to(chat) if "/pause" in one.text]
    assert [post.reference for post in world.store.posts.listed(states=[PostState.SENT], chats=True)] == [str(sent.message_id)]
    kept = {one.message_id: one.buttons for one in world.sent_to(chat)}
    assert sent.buttons == [{"text": text.button.text, "url": text.button.url}] if text.button else []
    assert bool(kept[answer.message_id]) is (stored or not is_killed), "only what nobody recorded loses its buttons"


async def test_a_program_that_is_killed_while_it_sends(world: World) -> None:
    for chat in range(1, 9):
        world.follow(chat)
    world.found("2031-1")
    for chat in (1, 2, 3):
        assert world.store.outbox.claim(chat_destination(chat), world.clock()) is not None
        [claimed] = [one for one in world.store.posts.listed(destination=chat_destination(chat)) if one.state is PostState.SENDING]
        if chat != 3:  # the third was not about to be sent yet
            world.store.chat_messages.begin_after(claimed.id, world.mailbox.newest)
    follower = present(world.store.follows.get(1))
    [first] = world.store.posts.listed(destination=chat_destination(1))
    await world.channel(follower).send(first)  # it had left
    world.restart()
    await world.work()
    assert [len(world.sent_to(chat)) for chat in range(1, 9)] == [1] * 8
    assert world.states() == [PostState.SENT] * 8


async def test_who_blocks_the_bot_is_marked_and_the_others_go_on(world: World) -> None:
    for chat in (7, 8):
        world.follow(chat)
    world.api.kick(7, "Forbidden: bot was blocked by the user")
    world.found("2031-1")
    world.found("2031-2")
    await world.work()
    assert present(world.store.follows.get(7)).blocked_at is not None
    assert len(world.sent_to(8)) == 2
    assert world.states() == [PostState.SENT] * 2
    world.found("2031-3")
    assert len(world.api.calls_of("sendMessage")) == 3, "it is not tried again"


@pytest.mark.parametrize(
    ("code", "said", "failing"), [(401, "Unauthorized", ["sendMessage"]), (502, "Bad Gateway", ["sendMessage", "getMe"])]
)
async def test_a_refused_token_and_an_outage_of_all_of_telegram_stop_the_round_and_mark_nobody(
    world: World, code: int, said: str, failing: list[str]
) -> None:
    for chat in range(1, 30):
        world.follow(chat)
    for method in failing:
        world.api.fail(method, code, said, count=40)
    world.found("2031-1")
    assert (await world.pool.deliver_round()).stopped
    assert len(world.api.calls_of("sendMessage")) <= 4
    assert world.store.follows.counts().blocked == 0
    assert await world.pool.deliver_round() == FollowerRound(), "all of them rest"


@pytest.mark.parametrize("fault", [StorageError("the disk is full"), ValueError("a fault of ours")])
async def test_a_fault_at_one_chat_cuts_no_message_short(world: World, monkeypatch: pytest.MonkeyPatch, fault: Exception) -> None:
    for chat in (7, 8):
        world.follow(chat)
    world.found("2031-1")
    gate, get = world.api.hold("sendMessage", stored=True), world.store.follows.get

    def fails_for_8(chat: int) -> Follower | None:
        if chat == 8:
            raise fault
        return get(chat)

    monkeypatch.setattr(world.store.follows, "get", fails_for_8)
    round_ = asyncio.create_task(world.pool.deliver_round())
    await gate.reached()
    gate.open()
    with pytest.raises(type(fault), match=str(fault)):
        await round_
    assert [len(world.sent_to(chat)) for chat in (7, 8)] == [1, 0]
    assert sorted(world.states()) == [PostState.PENDING, PostState.SENT]


@pytest.mark.parametrize(
    ("code", "parameters", "stored"),
    [
        (429, {"retry_after": 1800}, False),  # it is in slow mode
        (502, None, True),
        (502, None, False),
    ],
)
async def test_a_group_for_which_telegram_fails_rests_alone(
    world: World, code: int, parameters: dict[str, int] | None, stored: bool
) -> None:
    world.follow(GROUP)
    world.found("2031-1")
    world.api.fail("sendMessage", code, "not now", parameters, stored=stored)
    assert await world.pool.deliver_round() == FollowerRound(1)
    world.follow(7)
    world.found("2031-2")
    assert await world.pool.deliver_round() == FollowerRound(1)
    assert len(world.sent_to(7)) == 1
    await world.work()
    assert [len(world.sent_to(chat)) for chat in (7, GROUP)] == [1, 2]


async def test_a_move_that_is_met_moves_all_that_is_stored_at_once(world: World) -> None:
    world.follow(-5)
    world.found("2031-1")
    await world.work()
    world.api.migrate(-5, GROUP)
    channel = world.channel(world.store.follows.get(-5))  # type: ignore[arg-type]
    world.found("2031-2")
    post = present(world.store.outbox.claim(chat_destination(-5), world.clock()))
    with pytest.raises(Migrated):
        await channel.send(post)
    world.restart()  # it was killed: nothing more was recorded
    assert [world.store.follows.get(chat) is None for chat in (-5, GROUP)] == [True, False]
    await world.work()
    assert [len(world.sent_to(chat)) for chat in (-5, GROUP)] == [1, 1]


async def test_a_group_whose_move_is_met_while_looking(world: World) -> None:
    world.follow(-5)
    world.api.drop("sendMessage", stored=False)
    world.found("2031-1")
    await world.pool.deliver_round()
    world.api.migrate(-5, GROUP)
    await world.work()
    assert world.store.follows.get(-5) is None
    assert world.store.follows.get(GROUP) is not None
    assert world.states() == [PostState.HELD], "its messages from before have other ids there"
    assert world.sent_to(GROUP) == []


@pytest.mark.parametrize("stored", [True, False])
@pytest.mark.parametrize("is_first", [True, False])
async def test_a_lost_answer_after_a_move_is_looked_for_among_the_new_ids(world: World, *, stored: bool, is_first: bool) -> None:
    world.api.add_private(7)
    for _ in range(100):
        world.api.bot_says(7, "The row of ids that a group shares with private chats")
    world.follow(-5)
    world.found("2031-1")
    await world.work()
    world.api.migrate(-5, GROUP)
    if is_first:
        world.store.follows.moved(-5, GROUP, world.clock())
    else:
        world.found("2031-2")
        await world.work()
    world.api.drop("sendMessage", stored=stored)
    world.found("2031-3")
    await world.work()
    assert len(world.sent_to(GROUP)) == (1 if is_first else 2)
    assert set(world.states()) == {PostState.SENT}


async def test_what_changes_a_decree_replies_to_it_and_edits_it(world: World) -> None:
    world.follow(7, SNCF)
    world.found("2031-123", operators=("SNCF",), signed=date(2031, 4, 1))
    await world.work()
    world.found("2031-150", Kind.ABROGATION, references=(Reference(Kind.ABROGATION, "2031-0123", date(2031, 4, 1)),))
    await world.work()
    first, end = world.sent_to(7)
    assert end.reply_to == first.message_id
    assert "Vous avez reçu l’arrêté que celui-ci modifie, renouvelle ou suspend, ou auquel il met fin." in end.text
    assert "2031-150" in first.text, "it says what ended it"
    assert first.text.endswith("/pause"), "it still says why it came"


async def test_what_nobody_can_find_holds_up_nothing_at_its_chat(world: World) -> None:
    world.follow(7, SNCF)
    world.found("2031-123", operators=("SNCF",), signed=date(2031, 4, 1))
    post = present(world.store.outbox.claim(chat_destination(7), world.clock()))
    world.store.outbox.move(post, PostState.UNKNOWN, world.clock(), cause=PostCause.RECONCILE_UNCLEAR, not_before=world.clock() + 6 * HOUR)
    world.found("2031-150", Kind.ABROGATION, references=(Reference(Kind.ABROGATION, "2031-0123", date(2031, 4, 1)),))
    await world.work()
    [end] = world.sent_to(7)
    assert "2031-150" in end.text
    assert len(world.store.posts.in_trouble()) == 1


async def test_who_is_forgotten_in_the_middle_of_a_send(world: World) -> None:
    world.follow(7)
    world.found("2031-1")
    gate = world.api.hold("sendMessage", stored=False)
    sending = asyncio.create_task(world.pool.deliver_round())
    await gate.reached()
    assert world.store.follows.forget(7)
    gate.open()
    await sending
    assert world.states() == []


def test_which_posts_go_out_together() -> None:
    def waiting(*timed: bool) -> list[Post]:
        return [replace(post(number), not_before=Clock()() if one else None) for number, one in enumerate(timed, start=1)]

    assert for_digest(waiting(False, False, True)) == []
    assert [one.id for one in for_digest(waiting(True, False, True))] == [1, 3]
    assert len(for_digest(waiting(*[False] * 6))) == 6
    tried = [replace(one, attempts=1) for one in waiting(True, True)]
    assert for_digest(tried) == []
