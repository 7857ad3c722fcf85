"""What operators are told of the delivery, over a real database: each trouble once, each end once, through restarts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.domain.acts import Facts, Kind, Reference
from bot.domain.posts import DestinationTrouble, Follow, FollowKind, Post, PostCause, PostState, chat_destination
from bot.domain.records import Alert
from bot.operators.alerts import POSTS_SETTLE, DueAlerts, PagesState, PostTrouble, post_changes
from bot.operators.notifier import DeliveryAlerts, Notifier
from bot.operators.text import LONGEST, alert_words, post_text
from bot.storage.outbox import OpenPost
from bot.storage.reading_queue import QueueState
from bot.storage.store import Store
from tests.bot.operators.test_notifier import Chat
from tests.bot.storage.building import NOW, act, one_recueil, result_of, to
from tests.bot.storage.finding import found
from tests.bot.storage.ready import ready_store
from tests.bot.storage.test_edits import END, GRANT, send
from tests.present import present

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@dataclass
class Bench:
    store: Store
    chat: Chat
    now: datetime = NOW

    def queue(self, *titles: str) -> list[Post]:
        record, recueils = self.store.recordings.record, {title: one_recueil(self.store, title) for title in titles}
        return [post for title in titles for post in record(result_of(recueils[title], act(title)), to("t"), self.now).posts]

    def fail(self, state: PostState, cause: PostCause, error: str = "no way") -> None:
        post = present(self.store.outbox.claim("t", self.now))
        self.store.outbox.move(post, state, self.now, cause=cause, error=error)

    async def look(self, later: timedelta = POSTS_SETTLE, *, pages: PagesState | None = None, queue: QueueState | None = None) -> list[str]:
        """What is said by a process that looks so much later, and one more look right after it: it knows only what is stored."""
        before = len(self.chat.said)
        for wait in (timedelta(), later):
            self.now += wait
            alerts = DeliveryAlerts(self.store, ["t"], 6 * HOUR, lambda: self.now, "en", pages, lambda: queue)
            await Notifier([alerts], self.chat.send, lambda: self.now).notify()
        return self.chat.said[before:]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with ready_store(tmp_path) as store:
        yield Bench(store, Chat())


async def test_a_refused_post_is_told_once_and_that_it_is_settled(bench: Bench) -> None:
    (post,) = bench.queue("A")
    bench.fail(PostState.REFUSED, PostCause.REFUSED_CONTENT, "message is too long")
    [said] = await bench.look()
    assert f"post {post.id} (t): message is too long" in said
    assert "vigie outbox retry" in said
    assert await bench.look(HOUR) == []
    bench.store.posts.decide(bench.store.posts.get(post.id), PostState.REFUSED, bench.now, cause=PostCause.BY_PERSON)
    [end] = await bench.look()
    assert f"post {post.id} (t)" in end
    assert "settled" in end
    assert await bench.look(HOUR) == []


async def test_many_posts_of_one_destination_that_takes_nothing_are_one_trouble(bench: Bench) -> None:
    bench.queue("A", "B", "C")
    bench.fail(PostState.PENDING, PostCause.REFUSED_DESTINATION, "bot was kicked")
    [said] = await bench.look()
    assert said.count("bot was kicked") == 1
    # Down, and not even that by now: nothing has ended, and nothing new has begun.
    bench.fail(PostState.PENDING, PostCause.NOT_SENT, "no connection")
    bench.fail(PostState.PENDING, PostCause.NOT_SENT, "no connection")
    bench.fail(PostState.PENDING, PostCause.NOT_SENT, "no connection")
    assert await bench.look(7 * HOUR) == []
    while (post := bench.store.outbox.claim("t", bench.now)) is not None:
        bench.store.outbox.sent(post.id, "1", bench.now)
    [end] = await bench.look()
    assert "Destinations that no longer accept" in end


async def test_posts_that_wait_for_long_are_told_once_and_their_end(bench: Bench) -> None:
    bench.queue("A", "B")
    bench.fail(PostState.PENDING, PostCause.NOT_SENT, "no connection")
    assert await bench.look(5 * HOUR) == []
    with capture_logs() as logs:
        [said] = [*await bench.look(HOUR), *await bench.look()]
    assert [line["event"] for line in logs] == ["delivery.alert_opened"]
    assert "t: no connection" in said
    assert await bench.look(24 * HOUR) == []
    while (post := bench.store.outbox.claim("t", bench.now)) is not None:
        bench.store.outbox.sent(post.id, "1", bench.now)
    assert len(await bench.look()) == 1


async def test_a_post_in_doubt_is_told_when_nobody_can_tell(bench: Bench) -> None:
    bench.queue("A")
    bench.fail(PostState.UNKNOWN, PostCause.LOST_ANSWER, "answer lost")
    assert await bench.look() == []
    [post] = bench.store.outbox.unknown_due("t", bench.now)
    bench.store.outbox.move(
        post, PostState.UNKNOWN, bench.now, cause=PostCause.RECONCILE_UNCLEAR, error="look at the chat", reconcile_attempts=1
    )
    [said] = await bench.look()
    assert "vigie outbox resolve" in said


@pytest.mark.parametrize("again", [True, False])
async def test_an_edit_that_was_given_up_is_told_once_and_that_a_person_decided_of_it(bench: Bench, again: bool) -> None:
    found(bench.store, GRANT)
    post = send(bench.store, "17")
    found(bench.store, END, Kind.ABROGATION)
    send(bench.store, "18", minutes=1)
    assert await bench.look(HOUR) == [], "it waits to be edited"
    edit = present(bench.store.edits.next("t", bench.now))
    bench.store.edits.give_up(edit, bench.now, PostCause.REFUSED_CONTENT, "message to edit not found")
    [said] = await bench.look()
    assert f"post {post.id} (t): message to edit not found" in said
    assert "vigie outbox retry" in said
    assert await bench.look(HOUR) == []
    decide = bench.store.edits.retry if again else bench.store.edits.drop
    assert decide(post.id, bench.now)
    [end] = await bench.look()
    assert "settled" in end
    assert await bench.look(HOUR) == []


async def test_a_server_that_shows_what_is_edited_to_others_is_told_once(bench: Bench) -> None:
    for number, end in (("2026-1", "2026-3"), ("2026-2", "2026-4")):
        found(bench.store, replace(GRANT, number=number))
        send(bench.store, number[-1])
        found(bench.store, Facts(end, references=(Reference(Kind.ABROGATION, number, GRANT.signed),)), Kind.ABROGATION)
        send(bench.store, end[-1], minutes=1)
    edit = present(bench.store.edits.next("t", bench.now))
    bench.store.edits.give_up(edit, bench.now, PostCause.EDIT_EXPOSED, "made public")
    assert bench.store.edits.next("t", bench.now) is None
    [said] = await bench.look()
    assert "t: made public" in said
    assert said.count("made public") == 1
    assert bench.store.edits.drop(edit.post.id, bench.now)
    found(bench.store, Facts("2026-9", references=(Reference(Kind.MODIFICATION, "2026-1", GRANT.signed),)), Kind.MODIFICATION)
    send(bench.store, "9", minutes=2)
    assert bench.store.edits.next("t", bench.now) is None
    assert await bench.look(HOUR) == []


def open_post(number: int, **changes: object) -> OpenPost:
    known: dict[str, object] = {"state": PostState.REFUSED, "cause": PostCause.REFUSED_CONTENT, "message": number} | changes
    return OpenPost(id=number, destination="t", error="x", created_at=NOW, decree=number, **known)  # type: ignore[arg-type]


def test_a_digest_is_one_trouble() -> None:
    change = post_changes([open_post(1), open_post(2, message=1), open_post(3)], [], [], NOW, HOUR)
    assert [new.subject for new in change.opened] == ["post:1", "post:3"]


async def test_what_is_refused_or_in_doubt_at_many_chats_is_one_trouble_each_without_the_chats(bench: Bench) -> None:
    chats = (4711, 4712, 4713)
    for chat in chats:
        bench.store.follows.add(chat, Follow(FollowKind.DEPARTMENT, "26"), "fr", bench.now.date())
    names = [chat_destination(chat) for chat in chats]
    bench.store.recordings.record(result_of(one_recueil(bench.store, "A"), act("A")), to(*names), bench.now)
    refused, unclear = (PostState.REFUSED, PostCause.REFUSED_CONTENT), (PostState.UNKNOWN, PostCause.RECONCILE_UNCLEAR)
    for chat, (state, cause) in zip(chats, (refused, refused, unclear), strict=True):
        post = present(bench.store.outbox.claim(chat_destination(chat), bench.now))
        bench.store.outbox.move(post, state, bench.now, cause=cause, error="no words")
    assert len(bench.store.posts.in_trouble()) == 3
    [text] = await bench.look(HOUR)
    assert text.count("no words") == 2
    assert "4711" not in text
    assert "vigie outbox list --chats" in text
    assert await bench.look(25 * HOUR) == [], "nobody is asked again of each"
    for post in bench.store.posts.listed(chats=True):
        bench.store.posts.decide(post, PostState.REFUSED, bench.now, cause=PostCause.BY_PERSON)
    [ended] = await bench.look(HOUR)
    assert "4711" not in ended


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_text_fits_and_names_nothing_that_a_chat_would_act_on(language: str) -> None:
    alerts = tuple(
        Alert(number, f"post:{number}", trouble.value, "https://x.example/" + "y" * 900, NOW, NOW, None, "@canal")
        for trouble in PostTrouble
        for number in range(40)
    )
    text = post_text(DueAlerts(alerts, alerts), "fr" if language == "fr" else "en")
    assert len(text) <= LONGEST + len(alert_words("fr").posts.shortened) + 2
    assert "https://" not in text
    assert "@" not in text


async def test_a_post_in_doubt_is_asked_about_every_day_until_a_person_answers(bench: Bench) -> None:
    """What follows it waits for the answer."""
    (post,) = bench.queue("A")
    bench.fail(PostState.UNKNOWN, PostCause.RECONCILE_UNCLEAR, "look at the chat")
    [said] = await bench.look()
    assert "waits for your answer" in said
    assert await bench.look(23 * HOUR) == []
    [again] = await bench.look(HOUR)
    assert f"post {post.id} (t): look at the chat" in again
    assert await bench.look(23 * HOUR) == []
    bench.store.outbox.sent(post.id, "17", bench.now)
    [settled] = await bench.look()
    assert "settled" in settled
    assert await bench.look(48 * HOUR) == []


@pytest.mark.parametrize(
    ("trouble", "after", "said"),
    [
        (DestinationTrouble.REFUSED, POSTS_SETTLE, "Destinations that no longer accept"),
        (DestinationTrouble.RIGHTS, POSTS_SETTLE, "Destinations whose rights"),
        (DestinationTrouble.UNREACHABLE, HOUR, "Destinations that do not answer"),
    ],
)
async def test_what_a_check_finds_is_told_once_and_its_end(bench: Bench, trouble: DestinationTrouble, after: timedelta, said: str) -> None:
    bench.store.destination_checks.record("t", trouble, "the reason", bench.now)
    bench.store.destination_checks.record("unknown", trouble, "", bench.now)
    [begun] = [*await bench.look(after), *await bench.look()]
    assert said in begun
    assert "t: the reason" in begun
    assert await bench.look(HOUR) == []
    bench.store.destination_checks.record("t", None, "", bench.now)
    [end] = await bench.look()
    assert said in end


async def test_pages_that_nobody_can_reach_are_told_once_and_their_end_once(bench: Bench) -> None:
    taken = PagesState("127.0.0.1:8080", "Address already in use")
    (said,) = await bench.look(pages=taken)
    assert "delivery needs your attention" in said
    assert "127.0.0.1:8080: Address already in use" in said
    assert "[web] listen" in said
    assert await bench.look(pages=taken) == []
    # After a restart it is not known until the address was tried; nor does `vigie poll` know it, which serves nothing.
    assert await bench.look(pages=PagesState("127.0.0.1:8080")) == []
    (over,) = await bench.look(pages=PagesState("127.0.0.1:8080", ""))
    assert over.startswith("📬 Vigie: settled")
    assert "127.0.0.1:8080" in over
    assert await bench.look(pages=PagesState("127.0.0.1:8080", "")) == []


async def test_pages_that_are_not_served_any_more_are_no_trouble(bench: Bench) -> None:
    assert await bench.look(pages=PagesState("127.0.0.1:8080", "Address already in use"))
    (over,) = await bench.look(pages=PagesState("", ""))
    assert "settled" in over


async def test_a_port_that_is_free_again_within_two_minutes_is_nobodys_trouble(bench: Bench) -> None:
    assert await bench.look(MINUTE, pages=PagesState("127.0.0.1:8080", "Address already in use")) == []
    assert await bench.look(pages=PagesState("127.0.0.1:8080", "")) == []


async def test_pdfs_that_no_worker_reads_are_told_once_and_that_one_is_there(bench: Bench) -> None:
    assert await bench.look(queue=QueueState(waiting=0, reading=0, workers=0)) == []
    (said,) = await bench.look(queue=QueueState(waiting=2, reading=1, workers=0))
    assert "no worker is there" in said
    assert "vigie worker: 3 PDF" in said
    assert await bench.look(HOUR, queue=QueueState(waiting=9, reading=0, workers=0)) == []
    (over,) = await bench.look(queue=QueueState(waiting=8, reading=1, workers=1))
    assert over.startswith("📬 Vigie: settled")
