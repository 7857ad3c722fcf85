"""Posts that are edited, and posts that reply: what each platform is asked, and what becomes of what fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.delivery.channel import ChatClosed, DeliveryUnknown, DestinationRefused, EditExposed, Limiter, NotSent, Refused, Sent
from bot.delivery.deliverer import GIVEN_UP_AFTER, Deliverer, Editor, after_failure
from bot.delivery.mastodon.channel import MastodonChannel
from bot.delivery.picture.wire import Picture
from bot.delivery.telegram.channel import TelegramChannel
from bot.delivery.transitions import Event
from bot.domain.acts import Change, Facts, Kind, Reference
from bot.domain.posts import Destination, Post, PostCause, PostState, SentMessage
from bot.storage.store import Store, open_store
from tests.bot.delivery.memory import START, Clock, MemoryMoves, ScriptedChannel, mastodon_channel, post, telegram_channel
from tests.bot.delivery.test_pictures import PICTURE
from tests.bot.messages.samples import FULL, decree
from tests.bot.storage.finding import edits_of, found
from tests.present import present
from tests.servers.fake_bot_api import FakeBotApi
from tests.servers.mastodon import MastodonServer

CHAT = -1001
END = Change(Kind.ABROGATION, 15, "2031-150", date(2031, 4, 19))


async def shown(_: Post) -> Picture | None:
    return PICTURE


class Opened:
    """Both platforms, with a channel on each."""

    def __init__(self, api: FakeBotApi, mastodon: MastodonServer, clock: Clock) -> None:
        self.api, self.mastodon, self.clock = api, mastodon, clock
        self._stack = AsyncExitStack()

    def telegram(self, **changes: Any) -> TelegramChannel:
        channel = telegram_channel(self.api, clock=self.clock, **changes)
        self._stack.push_async_callback(channel.close)
        return channel

    def on_mastodon(self, **changes: Any) -> MastodonChannel:
        channel = mastodon_channel(self.mastodon, clock=self.clock, **changes)
        self._stack.push_async_callback(channel.close)
        return channel

    async def close(self) -> None:
        await self._stack.aclose()


@pytest.fixture
async def opened(api: FakeBotApi, mastodon: MastodonServer, clock: Clock) -> AsyncIterator[Opened]:
    api.add_channel(CHAT, username="vigie")
    one = Opened(api, mastodon, clock)
    yield one
    await one.close()


def as_sent(sent: Sent, *, below: frozenset[int] = frozenset(), at: datetime = START) -> Post:
    """The first post, sent and ended since."""
    return replace(post(1), decree=decree(changed_by=(END,)), reference=sent.reference, closed_at=at, below=below)


# --- replies ---


async def test_telegram_replies_and_sends_all_the_same_where_that_is_gone(opened: Opened) -> None:
    channel = opened.telegram()
    first = await channel.send(post(1))
    second = await channel.send(replace(post(2), reply_to=SentMessage(first.reference, START)))
    await channel.send(replace(post(3), reply_to=SentMessage("4711", START)))
    assert [message.reply_to for message in opened.api.messages] == [None, int(first.reference), None]
    assert len({first.reference, second.reference}) == 2


@pytest.mark.parametrize(("seconds", "replies"), [(-1, False), (0, False), (1, True)])
async def test_ids_from_before_a_move_are_those_of_other_messages(opened: Opened, seconds: int, replies: bool) -> None:
    moves = MemoryMoves()
    moves.at[CHAT] = START  # the group got its present id then
    channel = opened.telegram(moves=moves)
    first = await channel.send(post(1))
    at = START + timedelta(seconds=seconds)
    await channel.send(replace(post(2), reply_to=SentMessage(first.reference, at)))
    assert (opened.api.messages[1].reply_to is not None) is replies
    if replies:
        await channel.edit(as_sent(first, at=at))
    else:
        with pytest.raises(Refused, match="moved"):
            await channel.edit(as_sent(first, at=at))


async def test_mastodon_replies_and_posts_all_the_same_where_that_is_gone(opened: Opened) -> None:
    channel = opened.on_mastodon()
    first = await channel.send(post(1))
    await channel.send(replace(post(2), reply_to=SentMessage(first.reference, START)))
    opened.mastodon.fail(404, {"error": "The post you are trying to reply to does not appear to exist."})
    with capture_logs() as logs:
        await channel.send(replace(post(3), reply_to=SentMessage("4711", START)))
    newest, second, _ = opened.mastodon.statuses()
    assert (newest["in_reply_to_id"], second["in_reply_to_id"]) == (None, first.reference)
    assert "n° 2031-00003" in newest["content"]
    assert [line["event"] for line in logs] == ["post.not_a_reply"]


async def test_an_account_that_is_gone_is_not_taken_for_a_missing_reply(opened: Opened) -> None:
    channel = opened.on_mastodon()
    opened.mastodon.fail(404, count=2)
    with pytest.raises(DestinationRefused), capture_logs():
        await channel.send(replace(post(3), reply_to=SentMessage("4711", START)))
    assert opened.mastodon.statuses() == []


# --- edits ---


async def test_telegram_edits_the_text_and_keeps_the_button(opened: Opened) -> None:
    channel = opened.telegram()
    sent = await channel.send(replace(post(1), decree=decree()))
    before = opened.api.messages[0].buttons
    for _ in range(2):  # the answer of the first may have been lost
        await channel.edit(as_sent(sent, below=frozenset({15})))
    (message,) = opened.api.messages
    assert "⏹️ Fin décidée par l’arrêté n° 2031-150 [15], à compter du 19 avril 2031 (voir la réponse)" in message.text
    assert message.html is not None
    assert message.buttons == before
    assert len(before) == 1


async def test_telegram_edits_the_caption_of_a_photo(opened: Opened) -> None:
    channel = opened.telegram(picture=shown)
    sent = await channel.send(replace(post(1), decree=decree()))
    await channel.edit(as_sent(sent))
    (message,) = opened.api.messages
    assert message.file is not None
    assert "⏹️ Fin décidée par l’arrêté n° 2031-150 [15], à compter du 19 avril 2031" in message.text
    assert "voir ci-dessous" not in message.text
    assert len(message.buttons) == 1


@pytest.mark.parametrize(
    ("code", "description", "expected"),
    [
        (400, "Bad Request: message to edit not found", Refused),
        (400, "Bad Request: message can't be edited", Refused),
        (403, "Forbidden: bot was kicked from the channel chat", ChatClosed),
        (429, "Too Many Requests: retry after 7", NotSent),
        (500, "Internal Server Error", DeliveryUnknown),
    ],
)
async def test_what_telegram_says_of_an_edit(opened: Opened, code: int, description: str, expected: type[Exception]) -> None:
    channel = opened.telegram()
    sent = await channel.send(post(1))
    opened.api.fail("editMessageText", code, description, {"retry_after": 7} if code == 429 else None)
    with pytest.raises(expected) as raised:
        await channel.edit(as_sent(sent))
    assert type(raised.value) is expected


async def test_mastodon_edits_the_status_and_names_its_pictures_again(opened: Opened) -> None:
    channel = opened.on_mastodon(picture=shown, content_warning="Vidéosurveillance")
    sent = await channel.send(replace(post(1), decree=decree()))
    await channel.edit(as_sent(sent, below=frozenset({15})))
    (status,) = opened.mastodon.statuses()
    assert "⏹️ Fin décidée" in status["content"]
    assert "(voir la réponse)" in status["content"]
    assert status["spoiler_text"] == "Vidéosurveillance"
    (asked,) = [seen for seen in opened.mastodon.requests if seen.method == "PUT"]
    assert f"media_ids%5B%5D={status['media_attachments'][0]['id']}" in asked.body


async def test_a_status_that_is_gone_cannot_be_edited(opened: Opened) -> None:
    channel = opened.on_mastodon()
    with pytest.raises(Refused, match="gone") as raised:
        await channel.edit(as_sent(Sent("109999999999999999")))
    assert not isinstance(raised.value, DestinationRefused)


@pytest.mark.parametrize("changes", [{"digest": "d"}, {"reference": None}])
async def test_what_is_no_message_of_its_own_is_never_edited(opened: Opened, changes: dict[str, Any]) -> None:
    for channel in (opened.telegram(), opened.on_mastodon()):
        with pytest.raises(Refused):
            await channel.edit(replace(as_sent(Sent("17")), **changes))
    assert opened.api.calls_of("editMessageText") == []


# --- when ---


@pytest.mark.parametrize(
    ("event", "attempts", "age", "retry_after", "wait", "cause"),
    [
        (Event.NOT_SENT, 1, 0, None, 15, PostCause.NOT_SENT),
        (Event.LOST_ANSWER, 3, 0, None, 60, PostCause.LOST_ANSWER),
        (Event.RATE_LIMITED, 1, 0, 40, 40, PostCause.RATE_LIMITED),
        (Event.REFUSED_DESTINATION, 1, 0, None, 600, PostCause.REFUSED_DESTINATION),
        (Event.REFUSED_CONTENT, 1, 0, None, None, PostCause.REFUSED_CONTENT),
        (Event.FAULT, 30, 47, None, 900, PostCause.FAULT),
        (Event.NOT_SENT, 30, 48, None, None, PostCause.NOT_SENT),
        (Event.REFUSED_DESTINATION, 30, 49, None, None, PostCause.REFUSED_DESTINATION),
    ],
)
def test_what_follows_from_a_failure(
    event: Event, attempts: int, age: int, retry_after: float | None, wait: int | None, cause: PostCause
) -> None:
    now = START + timedelta(hours=age)
    after = after_failure(event, attempts, START, now, retry_after, 0.0)
    assert after.cause is cause
    assert after.not_before == (None if wait is None else now + timedelta(seconds=wait))


class EditableChannel(ScriptedChannel):
    """One whose messages can be edited."""

    def __init__(self, name: str = "t") -> None:
        super().__init__(name)
        self.edited: list[Post] = []
        self.edit_errors: list[BaseException | None] = []
        self.asked = 0
        self.rest_after_edits: float | None = None

    async def edit(self, post: Post) -> Sent:
        self.asked += 1
        if self.edit_errors and (error := self.edit_errors.pop(0)) is not None:
            raise error
        self.edited.append(post)
        return Sent(post.reference or "", self.rest_after_edits)


GRANT = Facts("2026-123", signed=date(2026, 8, 12))
REPEAL = Facts("2026-150", references=(Reference(Kind.ABROGATION, "2026-123", date(2026, 8, 12)),))


def deliverer_of(store: Store, channel: ScriptedChannel, clock: Clock) -> Deliverer:
    return Deliverer(store.outbox, [channel], clock, editor=Editor(store.edits, clock, chance=lambda: 0.0))


async def one_to_edit(store: Store, channel: ScriptedChannel, clock: Clock) -> Deliverer:
    """A decree that was posted, and another that ends it."""
    deliverer = deliverer_of(store, channel, clock)
    found(store, GRANT)
    await deliverer.deliver_due()
    found(store, REPEAL, Kind.ABROGATION)
    return deliverer


async def test_the_end_is_posted_as_a_reply_and_the_original_edited_after_it(store: Store, clock: Clock) -> None:
    channel = EditableChannel()
    deliverer = deliverer_of(store, channel, clock)
    grant = found(store, GRANT, at=clock())
    await deliverer.deliver_due()
    clock.advance(hours=1)
    end = found(store, REPEAL, Kind.ABROGATION, at=clock())
    replies: list[SentMessage | None] = []
    channel.before_answer = lambda post: replies.append(post.reply_to)
    assert await deliverer.next_due(clock()) == clock()
    done = await deliverer.deliver_due()
    assert [item.post.decree.id for item in done] == [end]
    assert replies == [SentMessage("m1", START)]
    assert [(post.decree.id, post.reference, post.below) for post in channel.edited] == [(grant, "m1", frozenset({end}))]
    await deliverer.deliver_due()
    assert len(channel.edited) == 1
    assert await deliverer.next_due(clock()) is None


async def test_an_edit_is_made_again_until_it_is_known_to_be_made(store: Store, clock: Clock) -> None:
    channel = EditableChannel()
    deliverer = await one_to_edit(store, channel, clock)
    channel.edit_errors = [DeliveryUnknown("answer lost"), NotSent("patience", 40), RuntimeError("a fault of ours")]
    waits = []
    for _ in range(4):
        with capture_logs():
            await deliverer.deliver_due()
        due = await deliverer.next_due(clock())
        if due is None:
            break
        waits.append((due - clock()).total_seconds())
        clock.now = due
    assert waits == [15, 40, 60]
    assert len(channel.edited) == 1
    # Posts were never in the way of it, nor it of them.
    assert store.outbox.counts() == {"t": {PostState.SENT: 2}}


async def test_an_edit_that_cannot_be_made_is_given_up_with_its_cause(store: Store, clock: Clock) -> None:
    channel = EditableChannel()
    deliverer = await one_to_edit(store, channel, clock)
    channel.edit_errors = [NotSent("no connection"), NotSent("no connection")]
    await deliverer.deliver_due()
    clock.now += GIVEN_UP_AFTER
    with capture_logs() as logs:
        await deliverer.deliver_due()
    (told,) = edits_of(store)
    assert (told.state, told.cause, told.error) == ("given_up", PostCause.NOT_SENT, "no connection")
    assert [line["event"] for line in logs if line["log_level"] == "warning"] == ["post.edit_abandoned"]
    assert await deliverer.next_due(clock()) is None
    assert channel.edited == []


async def test_posts_go_before_edits_and_a_resting_destination_gets_none(store: Store, clock: Clock) -> None:
    channel = EditableChannel()
    deliverer = await one_to_edit(store, channel, clock)
    channel.send_errors = [NotSent("no connection")]
    await deliverer.deliver_due()
    assert channel.edited == []
    due = present(await deliverer.next_due(clock()))
    assert due > clock()
    clock.now = due
    await deliverer.deliver_due()
    assert (len(channel.received), len(channel.edited)) == (2, 1)


async def test_stopped_in_the_middle_of_an_edit_it_is_made_again(store: Store, clock: Clock) -> None:
    channel = EditableChannel()
    await one_to_edit(store, channel, clock)
    begun, ended = asyncio.Event(), asyncio.Event()

    class Hanging(EditableChannel):
        async def edit(self, post: Post) -> Sent:
            begun.set()
            await ended.wait()
            raise AssertionError("it was stopped")

    stopped = asyncio.create_task(deliverer_of(store, Hanging(), clock).deliver_due())
    await begun.wait()
    stopped.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopped
    await deliverer_of(store, channel, clock).deliver_due()
    assert len(channel.edited) == 1


async def test_a_destination_that_cannot_edit_is_never_due(store: Store, clock: Clock) -> None:
    channel = ScriptedChannel("t")
    deliverer = await one_to_edit(store, channel, clock)
    await deliverer.deliver_due()
    assert await deliverer.next_due(clock()) is None
    assert len(channel.received) == 2


async def test_edits_keep_the_pace_of_the_platform(store: Store, clock: Clock) -> None:
    channel, seconds = EditableChannel(), [0.0]
    limiter = Limiter([Destination("t", "telegram", chat="@vsa")], monotonic=lambda: seconds[0])
    editor = Editor(store.edits, clock, limiter)
    deliverer = Deliverer(store.outbox, [channel], clock, limiter=limiter, editor=editor, sleep=lambda wait: asyncio.sleep(0))
    for number in (1, 2):
        found(store, Facts(f"2026-{number}", signed=date(2026, 8, 12)))
        await deliverer.deliver_due()
        seconds[0] += 60
    two_ended(store)
    for _ in range(3):
        await deliverer.deliver_due()
        before = len(channel.edited)
        await deliverer.deliver_due()
        assert len(channel.edited) == before
        clock.advance(seconds=1)
        seconds[0] += 1
    assert [post.reference for post in channel.edited] == ["m1", "m2"]
    assert [edit.attempts for edit in edits_of(store)] == [1, 1]


def two_ended(store: Store) -> None:
    """A decree that ends two others: two posts to edit, and one to send."""
    found(store, Facts("2026-9", references=tuple(Reference(Kind.ABROGATION, f"2026-{n}") for n in (1, 2))), Kind.ABROGATION)


async def two_to_edit(store: Store, channel: EditableChannel, clock: Clock) -> Deliverer:
    for number in (1, 2):
        found(store, Facts(f"2026-{number}", signed=date(2026, 8, 12)))
    deliverer = deliverer_of(store, channel, clock)
    await deliverer.deliver_due()
    two_ended(store)
    return deliverer


@pytest.mark.parametrize(
    ("error", "asked", "edits_after", "posts_after"),
    [
        (NotSent("patience", 40), 1, 40, 40),
        (NotSent("no connection"), 1, 15, 0),
        (DeliveryUnknown("answer lost"), 1, 15, 0),
        (DestinationRefused("no right to edit"), 1, 600, 0),
        (RuntimeError("a fault that this decree meets"), 1, 0, 0),
        (Refused("gone"), 2, None, 0),
    ],
)
async def test_what_an_edit_that_failed_says_of_the_others(
    store: Store, clock: Clock, error: Exception, asked: int, edits_after: float | None, posts_after: float
) -> None:
    channel = EditableChannel()
    deliverer = await two_to_edit(store, channel, clock)
    channel.edit_errors = [error]
    with capture_logs():
        await deliverer.deliver_due()
    assert channel.asked == asked
    due = store.edits.next_due(clock(), ["t"])
    assert (None if due is None else (due - clock()).total_seconds()) == edits_after
    held = store.outbox.held_until("t", clock())
    assert (0 if held is None else (held - clock()).total_seconds()) == posts_after


async def test_an_allowance_that_edits_have_used_up_is_left_to_fill(store: Store, clock: Clock) -> None:
    channel = EditableChannel()
    deliverer = await two_to_edit(store, channel, clock)
    channel.rest_after_edits = 90.0
    await deliverer.deliver_due()
    assert len(channel.edited) == 1
    assert await deliverer.next_due(clock()) == clock() + timedelta(seconds=90)
    clock.advance(seconds=90)
    await deliverer.deliver_due()
    assert len(channel.edited) == 2


async def test_many_edits_are_spread_over_passes(store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    most, many = 4, 7
    monkeypatch.setattr("bot.delivery.deliverer.MOST_AT_ONCE", most)
    channel = EditableChannel()
    deliverer = deliverer_of(store, channel, clock)
    for number in range(many):
        found(store, Facts(f"2026-{number + 1}", signed=date(2026, 8, 12)))
    await deliverer.deliver_due()
    for number in range(many):
        ends = Facts(f"2026-{number + 501}", references=(Reference(Kind.ABROGATION, f"2026-{number + 1}"),))
        found(store, ends, Kind.ABROGATION)
    await deliverer.deliver_due()
    assert len(channel.edited) == most
    await deliverer.deliver_due()
    assert len({post.id for post in channel.edited}) == len(channel.edited) == many


async def test_a_server_that_shows_edited_statuses_to_everybody_gets_no_further_edit(clock: Clock, api: FakeBotApi) -> None:
    async with MastodonServer(edits_make_public=True, counts_links_in_full=True) as server:
        opened = Opened(api, server, clock)
        channel = opened.on_mastodon(visibility="unlisted")
        sent = [await channel.send(post(number)) for number in (1, 2)]
        with pytest.raises(EditExposed, match="made a status public that was unlisted"):
            await channel.edit(as_sent(sent[0]))
        with pytest.raises(EditExposed):
            await channel.edit(as_sent(sent[1]))
        assert [status["visibility"] for status in server.statuses()] == ["unlisted", "public"]
        public = opened.on_mastodon()
        await public.edit(as_sent(sent[0]))
        await opened.close()


async def test_an_edit_is_shortened_where_links_count_in_full(clock: Clock, api: FakeBotApi) -> None:
    """Also in a process that has posted nothing yet, and does not know it."""
    async with MastodonServer(counts_links_in_full=True) as server:
        opened = Opened(api, server, clock)
        full = decree(facts=FULL, title="Titre " * 60, url=f"https://a.example/{'recueil-' * 20}.pdf")
        sent = await opened.on_mastodon().send(replace(post(1), decree=full))
        edited = replace(as_sent(sent), decree=replace(full, changed_by=(END,)))
        await opened.on_mastodon().edit(edited)
        (status,) = server.statuses()
        assert "⏹️" in status["content"]
        await opened.close()


async def test_one_status_that_an_edit_made_public_is_the_last(clock: Clock, api: FakeBotApi, tmp_path: Path) -> None:
    """Whatever is to be edited later, and in whatever process."""
    async with MastodonServer(edits_make_public=True) as server:
        opened = Opened(api, server, clock)
        with open_store(f"sqlite:///{tmp_path / 'vigie.db'}") as store:

            async def deliver() -> None:
                channel = opened.on_mastodon(name="t", visibility="unlisted")
                await Deliverer(store.outbox, [channel], clock, limiter=Limiter(), editor=Editor(store.edits, clock)).deliver_due()
                clock.advance(hours=1)

            for number in ("2031-1", "2031-2", "2031-3"):
                found(store, Facts(number), at=clock())
            await deliver()
            for number in ("2031-1", "2031-2", "2031-3"):
                references = (Reference(Kind.ABROGATION, number),)
                found(store, Facts(f"{number}-bis", references=references), Kind.ABROGATION, at=clock())
                await deliver()
            states = [(edit.state, edit.cause) for edit in edits_of(store)]
            assert store.edits.next_due(clock(), ["t"]) is None
        assert [status["visibility"] for status in server.statuses()].count("public") == 1
        assert len([seen for seen in server.requests if seen.method == "PUT"]) == 1
        assert states == [("given_up", PostCause.EDIT_EXPOSED)] * 3
        await opened.close()
