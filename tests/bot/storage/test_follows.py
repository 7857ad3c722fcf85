"""Who follows what, which of them get a decree, and what is left of one who is forgotten."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Select, delete, event, func, insert, select, text, update

from bot.app.inventory import places_of
from bot.domain.acts import Decree, Facts, Kind, Moment, Reference, named_in
from bot.domain.posts import Follow, FollowKind, FollowMode, FollowTargets, PostState, WaitingPosts, content_of, departments_of, next_digest
from bot.gazetteer.gazetteer import region_of
from bot.storage.chats import Added, FollowerCounts, chats_for
from bot.storage.errors import NoSuchRow
from bot.storage.recording import Route
from bot.storage.schema import edits, followers, follows, metadata, newest_messages, posts
from bot.storage.store import Store
from sources.catalogue.authority import load_authorities
from tests.bot.storage.building import NOW, new_recueil, one_recueil
from tests.bot.storage.finding import posts_of, reading_of
from tests.examples import by_day
from tests.present import present

TODAY = NOW.date()
DROME = Follow(FollowKind.DEPARTMENT, "26")
MONTELIMAR = Follow(FollowKind.COMMUNE, "26198")
VALENCE = Follow(FollowKind.COMMUNE, "26362")
SNCF = Follow(FollowKind.OPERATOR, "sncf")
RENEWALS = Follow(FollowKind.DECREE_KIND, "renewal")
ARA = Follow(FollowKind.REGION, "84")


def about(*communes: str) -> Route:
    """Everything of the Drôme: a channel, and who follows."""

    def route(decree: Decree) -> list[str | FollowTargets]:
        named, operators = frozenset(communes), tuple(name.lower() for name in decree.facts.operators)
        changes = frozenset(named_in(decree.changes))
        return ["channel", FollowTargets(decree.kind, frozenset({decree.authority}), frozenset({"84"}), named, operators, changes)]

    return route


def nothing(decree: Decree) -> FollowTargets:
    return FollowTargets(decree.kind)


def found(store: Store, number: str, *communes: str, kind: Kind = Kind.AUTHORISATION, authority: str = "26", **facts: object) -> int:
    recueil = one_recueil(store, number, authority=authority)
    result = reading_of(recueil, Facts(number, **facts), kind)  # type: ignore[arg-type]
    [decree] = store.recordings.record(result, about(*communes), NOW).decrees
    assert decree.id is not None
    return decree.id


def told(store: Store, *, decree: int | None = None) -> list[int]:
    """The chats with a post, in the order of the outbox."""
    listed = [post for post in store.posts.listed(states=list(PostState), chats=True) if decree in {None, post.decree.id}]
    return [int(post.destination.removeprefix("chat:")) for post in listed if post.destination != "channel"]


@pytest.mark.postgresql
def test_a_chat_follows_at_most_thirty_things(store: Store) -> None:
    many = [Follow(FollowKind.COMMUNE, f"26{number:03}") for number in range(1, 31)]
    assert [store.follows.add(7, one, "fr", TODAY) for one in many] == [Added.ADDED] * 30
    assert store.follows.add(7, many[0], "fr", TODAY) is Added.ALREADY
    assert store.follows.add(7, DROME, "fr", TODAY) is Added.FULL
    assert store.follows.remove(7, many[3], nothing)
    assert not store.follows.remove(7, many[3], nothing)
    assert store.follows.add(7, DROME, "fr", TODAY) is Added.ADDED
    assert store.follows.add(8, DROME, "en", TODAY) is Added.ADDED
    assert store.follows.counts() == FollowerCounts(chats=2, follows=31)
    kept = present(store.follows.get(8))
    assert (kept.language, kept.mode, kept.since, kept.follows) == ("en", FollowMode.AT_ONCE, TODAY, (DROME,))


@pytest.mark.parametrize(
    ("communes", "authority", "kind", "operators", "chats"),
    [
        ((), "26", Kind.AUTHORISATION, (), [1, 2, 3, 6]),
        (("26198",), "26", Kind.AUTHORISATION, (), [1, 2, 6]),
        (("26362",), "26", Kind.RENEWAL, ("SNCF",), [1, 3, 4, 5, 6]),
        ((), "38", Kind.AUTHORISATION, ("SNCF",), [1, 4, 6]),
    ],
)
def test_each_chat_gets_one_post_of_a_decree_that_meets_what_it_follows(
    store: Store, communes: tuple[str, ...], authority: str, kind: Kind, operators: tuple[str, ...], chats: list[int]
) -> None:
    for chat, follow in ((6, ARA), (1, DROME), (1, ARA), (2, MONTELIMAR), (3, VALENCE), (4, SNCF), (5, RENEWALS)):
        store.follows.add(chat, follow, "fr", TODAY)
    found(store, "2026-1", *communes, kind=kind, authority=authority, operators=operators)
    assert told(store) == chats
    [first, *_] = store.posts.listed(states=list(PostState), chats=True)
    assert first.destination == "channel", "channels come first"


def test_who_follows_an_operator_that_a_later_sighting_names_gets_the_decree_once(store: Store) -> None:
    store.follows.add(1, DROME, "fr", TODAY)
    store.follows.add(4, SNCF, "fr", TODAY)
    decree = found(store, "2026-1")
    assert told(store) == [1]
    for recueil in ("draft", "signed", "printed again"):
        operators = () if recueil == "draft" else ("SNCF",)
        store.recordings.record(reading_of(one_recueil(store, recueil), Facts("2026-1", operators=operators)), about(), NOW)
        assert told(store, decree=decree) == ([1] if recueil == "draft" else [1, 4])
    store.follows.add(5, SNCF, "fr", TODAY)
    store.recordings.record(reading_of(one_recueil(store, "late"), Facts("2026-1", event="foire")), about(), NOW)
    assert told(store, decree=decree) == [1, 4], "who follows since then reads it in the lists"
    assert [post.destination for post in posts_of(store, [decree])].count("channel") == 1


@pytest.mark.postgresql
@pytest.mark.parametrize(("days", "chats"), [(-1, []), (0, [4]), (1, [4])])
def test_who_follows_an_operator_that_a_person_names_gets_the_decree_unless_it_is_over(store: Store, days: int, chats: list[int]) -> None:
    store.follows.add(4, SNCF, "fr", TODAY)
    decree = found(store, "2026-1", operators=("RATP",), ends=Moment(TODAY + timedelta(days=days)))
    for operators in (("SNCF", "RATP"), ("SNCF",)):
        assert store.reviews.settle_fact(decree, "operators", operators, about(), NOW, "command")
        assert told(store) == chats


def test_a_filter_that_what_a_person_says_meets_gets_the_decree(store: Store) -> None:
    def route(decree: Decree) -> list[str | FollowTargets]:
        return ["channel", *(["trains"] if "SNCF" in decree.facts.operators else [])]

    result = reading_of(one_recueil(store, "2026-1"), Facts("2026-1", operators=("RATP",)))
    [decree] = store.recordings.record(result, route, NOW).decrees
    store.reviews.settle_fact(decree.id or 0, "operators", ("SNCF",), route, NOW, "command")
    store.reviews.settle_fact(decree.id or 0, "event", "foire", route, NOW, "command")
    assert [post.destination for post in posts_of(store, [decree.id or 0])] == ["channel", "trains"]


def test_nobody_gets_a_decree_of_before_the_first_poll_for_what_a_person_or_another_address_says(store: Store) -> None:
    store.follows.add(4, SNCF, "fr", TODAY)
    (recueil,) = store.recueils.add([replace(new_recueil("2026-1", authority="26"), silent=True)], NOW)
    [decree] = store.recordings.record(reading_of(recueil, Facts("2026-1")), about(), NOW).decrees
    store.recordings.record(reading_of(one_recueil(store, "moved"), Facts("2026-1", operators=("SNCF",))), about(), NOW)
    assert told(store) == []
    assert store.reviews.settle_fact(decree.id or 0, "operators", ("SNCF", "RATP"), about(), NOW, "command")
    assert told(store) == []


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("followed", "facts", "text", "is_met"),
    [
        ("fête des lumières", Facts("2026-1", event="Fêtes de la Lumière"), "", True),
        ("marchés de noel", Facts("2026-1"), "à l’occasion du MARCHÉ\nDE NOËL de Valence", True),
        ("caméras du tramway", Facts("2026-1", places=("tramway",)), "une caméra", True),
        ("marché de noël", Facts("2026-1", event="marché"), "Noémie", False),
    ],
)
def test_words_are_met_by_facts_and_text_as_the_search_finds_them(
    store: Store, followed: str, facts: Facts, text: str, is_met: bool
) -> None:
    store.follows.add(3, Follow(FollowKind.WORDS, followed), "fr", TODAY)
    store.recordings.record(reading_of(one_recueil(store), facts, text=text), about("26001"), NOW)
    assert told(store) == [3] * is_met
    assert store.decrees.has(followed) is is_met
    assert [post.words for post in store.posts.listed(destination="chat:3")] == [frozenset({followed})] * is_met


@pytest.mark.postgresql
def test_words_that_a_fuller_reading_holds_are_met_once_and_dropped_with_the_follow(store: Store) -> None:
    words = Follow(FollowKind.WORDS, "marché de noël")
    store.follows.add(1, DROME, "fr", TODAY)
    store.follows.add(3, words, "fr", TODAY)
    recueil = one_recueil(store)
    for printed, chats in (("Arrête", [1]), ("pour le marché de Noël", [1, 3]), ("pour le marché de Noël 2026", [1, 3])):
        store.recordings.record(reading_of(recueil, Facts("2026-1"), text=printed), about(), NOW)
        assert told(store) == chats
    store.follows.add(4, words, "fr", TODAY)
    assert store.follows.remove(3, SNCF, nothing) is False
    assert told(store) == [1, 3], "what it still follows stays"
    assert store.follows.remove(3, words, nothing)
    assert told(store) == [1]


def test_what_changes_a_decree_goes_to_whoever_was_sent_it(store: Store) -> None:
    store.follows.add(1, MONTELIMAR, "fr", TODAY)
    store.follows.add(2, VALENCE, "fr", TODAY)
    first = found(store, "2026-123", "26198", signed=date(2024, 4, 1))
    store.follows.add(3, Follow(FollowKind.DECREE, str(first)), "fr", TODAY)
    store.follows.add(4, Follow(FollowKind.DECREE, str(first + 1)), "fr", TODAY)
    end = Reference(Kind.ABROGATION, "2026-0123", date(2024, 4, 1))
    ends = found(store, "2026-150", "26362", kind=Kind.ABROGATION, references=(end,))
    assert told(store, decree=ends) == [1, 2, 3]
    store.follows.forget(1)
    again = found(store, "2026-160", "26001", kind=Kind.ABROGATION, references=(end,))
    assert told(store, decree=again) == [3], "who was forgotten gets nothing more"


def test_what_no_other_follow_wants_is_dropped_when_one_is_removed(store: Store) -> None:
    def topics(decree: Decree) -> FollowTargets:
        [wanted] = [one for one in about("26198" if decree.facts.number == "2026-1" else "26362")(decree) if isinstance(one, FollowTargets)]
        return wanted

    for follow in (MONTELIMAR, VALENCE, SNCF):
        store.follows.add(1, follow, "fr", TODAY)
    store.follows.add(2, MONTELIMAR, "fr", TODAY)
    first = found(store, "2026-1", "26198", signed=date(2024, 4, 1))
    others = [found(store, "2026-2", "26362"), found(store, "2026-3", "26362", operators=("SNCF",))]
    end = Reference(Kind.ABROGATION, "2026-0001", date(2024, 4, 1))
    change = found(store, "2026-9", "26362", kind=Kind.ABROGATION, references=(end,))
    assert store.follows.remove(1, VALENCE, topics)

    def here() -> list[int | None]:
        return [post.decree.id for post in store.posts.listed(destination="chat:1")]

    assert here() == [first, others[1], change], "what changes a decree of theirs stays"
    assert store.follows.remove(1, MONTELIMAR, topics)
    assert here() == [others[1]], "the decree that it changes goes out no more"
    assert store.follows.remove(1, SNCF, topics)
    assert here() == []
    assert told(store, decree=first) == [2], "nothing is lost for others"


def test_a_digest_waits_for_the_evening_unless_the_decree_begins_soon(store: Store) -> None:
    store.follows.add(1, DROME, "fr", TODAY)
    store.follows.set_mode(1, FollowMode.DAILY)
    found(store, "2026-1", starts=Moment(TODAY + timedelta(days=9)))
    found(store, "2026-2", starts=Moment(TODAY + timedelta(days=2)))
    later, soon = (post for post in store.posts.listed(chats=True) if post.destination == "chat:1")
    assert (later.not_before, soon.not_before) == (next_digest(NOW), None)
    store.follows.set_mode(1, FollowMode.AT_ONCE)
    assert [post.not_before for post in store.posts.listed(destination="chat:1")] == [None, None]


def test_a_paused_chat_keeps_the_newest_decrees_for_one_digest(store: Store) -> None:
    store.follows.add(1, DROME, "fr", TODAY)
    assert store.follows.pause(1, NOW)
    numbers = [found(store, f"2026-{number}") for number in range(1, 24)]
    assert store.follows.chats_due(NOW) == {}
    assert store.follows.resume(1, NOW) == 20
    kept = store.posts.listed(destination="chat:1")
    assert [post.decree.id for post in kept] == numbers[3:]
    assert {post.not_before for post in kept} == {NOW}, "marked for a digest"
    assert store.follows.chats_due(NOW) == {1: WaitingPosts(False, kept[0].id, 20)}
    assert not store.follows.pause(99, NOW)


def test_a_blocked_chat_gets_nothing_and_is_deleted_after_a_month(store: Store) -> None:
    store.follows.add(1, DROME, "fr", TODAY)
    found(store, "2026-1")
    store.follows.block(1, NOW)
    found(store, "2026-2")
    assert told(store) == []
    assert store.follows.tidy(NOW + timedelta(days=29)) == 0
    store.follows.unblock(1)
    found(store, "2026-3")
    assert len(told(store)) == 1
    store.follows.block(1, NOW)
    assert store.follows.tidy(NOW + timedelta(days=30)) == 1
    assert store.follows.get(1) is None


def test_a_group_that_moves_keeps_what_it_follows_and_what_it_was_sent(store: Store) -> None:
    store.follows.add(-5, DROME, "fr", TODAY)
    store.follows.add(-1005, DROME, "fr", TODAY)
    store.follows.add(-5, SNCF, "fr", TODAY)
    found(store, "2026-1")
    store.follows.remove(-1005, DROME, nothing)  # and with it what waits there
    store.follows.moved(-5, -1005, NOW)
    kept = store.follows.get(-1005)
    assert store.follows.get(-5) is None
    assert kept is not None
    assert kept.follows == (DROME, SNCF)
    assert told(store) == [-1005]
    store.follows.moved(-5, -1005, NOW)


def test_a_decree_that_waits_for_both_numbers_of_a_group_goes_there_once(store: Store) -> None:
    for chat in (-5, -1005):
        store.follows.add(chat, DROME, "fr", TODAY)
    found(store, "2026-1")
    assert told(store) == [-1005, -5]
    store.follows.moved(-5, -1005, NOW)
    assert told(store) == [-1005]


@pytest.mark.postgresql
def test_who_is_forgotten_leaves_no_trace(store: Store) -> None:
    chat = 4711471147
    store.follows.add(chat, DROME, "fr", TODAY)
    store.follows.add(8, DROME, "fr", TODAY)
    found(store, "2026-1")
    post = present(store.outbox.claim(f"chat:{chat}", NOW))
    store.chat_messages.note([str(chat)], 17, NOW)
    store.chat_messages.begin(post.id, chat)
    store.outbox.sent(post.id, "18", NOW)
    store.outbox.hold(f"chat:{chat}", NOW + timedelta(hours=1), NOW)
    store.moved_chats.moved(-12, chat, NOW)
    assert store.follows.forget(chat)
    assert not store.follows.forget(chat)
    with store.database.reading() as connection:
        for table in metadata.tables.values():
            assert str(chat) not in repr(connection.execute(select(table)).all()), table.name
    assert told(store) == [8]


@pytest.mark.postgresql
@pytest.mark.parametrize("configured", ["-1001", "-12", "@other"])
def test_what_is_stored_of_a_configured_destination_stays(store: Store, configured: str) -> None:
    group = -1001
    store.follows.configured = [configured]
    store.follows.add(group, DROME, "fr", TODAY)
    store.chat_messages.note([str(group)], 17, NOW)
    store.moved_chats.moved(-12, group, NOW)
    assert store.follows.forget(group)
    is_theirs = configured != "@other"
    assert store.moved_chats.now_at(-12) == (group if is_theirs else -12)
    with store.database.reading() as connection:
        assert connection.execute(select(newest_messages.c.message_id)).scalars().all() == ([17] if is_theirs else [])


@pytest.mark.postgresql
def test_what_was_queued_while_a_chat_was_forgotten_is_deleted(store: Store) -> None:
    for chat in (7, 8):
        store.follows.add(chat, DROME, "fr", TODAY)
    found(store, "2026-1")
    for chat in (7, 8):
        store.outbox.hold(f"chat:{chat}", NOW + timedelta(hours=1), NOW)
    store.outbox.hold("channel", NOW + timedelta(hours=1), NOW)
    with store.database.writing() as connection:  # another connection had not seen the post yet
        connection.execute(delete(followers).where(followers.c.chat == 7))
    assert told(store) == [7, 8]
    store.follows.tidy(NOW)
    assert told(store) == [8]
    assert [store.outbox.held_until(name, NOW) is None for name in ("chat:7", "chat:8", "channel")] == [True, False, False]


@pytest.mark.postgresql
def test_notices_of_a_source_go_to_who_follows_its_department(store: Store) -> None:
    for chat, follow in ((1, DROME), (2, MONTELIMAR), (3, ARA), (4, Follow(FollowKind.DEPARTMENT, "38")), (5, DROME)):
        store.follows.add(chat, follow, "fr", TODAY)
    store.follows.pause(5, NOW)
    store.notices.update({"26": {"26"}}, (), NOW, {"26": "84"})
    first, second, third = store.notices.due(9)
    assert [(one.chat, one.subject, one.is_end) for one in (first, second, third)] == [(chat, "26", False) for chat in (1, 2, 3)]
    store.follows.forget(3)
    assert store.notices.claim(first, NOW)
    store.notices.sent(first, NOW)
    store.notices.update({"26": {"26"}}, (), NOW)
    assert store.notices.due(9) == [second]
    store.notices.update({}, {"26"}, NOW)
    assert [(one.chat, one.is_end) for one in store.notices.due(9)] == [(1, True)], "who was not notified is not notified of the end"
    store.notices.update({"26": {"26"}}, (), NOW)
    assert [(one.chat, one.is_end) for one in store.notices.due(9)] == [(2, False)], "it began anew before the end was sent"


@pytest.mark.postgresql
@pytest.mark.parametrize("department", by_day(["75", "92", "93", "94"], 2))
@pytest.mark.parametrize("kind", [FollowKind.DEPARTMENT, FollowKind.COMMUNE, FollowKind.REGION])
def test_who_follows_where_the_prefet_de_police_decides_is_notified_of_him_too(store: Store, department: str, kind: FollowKind) -> None:
    value = {FollowKind.DEPARTMENT: department, FollowKind.COMMUNE: f"{department}056", FollowKind.REGION: "11"}[kind]
    store.follows.add(1, Follow(kind, value), "fr", TODAY)
    store.follows.add(2, Follow(FollowKind.DEPARTMENT, "95"), "fr", TODAY)
    decides = departments_of("PP", places_of(load_authorities()))
    store.notices.update({"PP": decides}, (), NOW, {code: region_of(code) or "" for code in decides})
    assert [(one.chat, one.subject) for one in store.notices.due(9)] == [(1, "PP")]


WAITING = (
    select(func.count()).select_from(text("pg_stat_activity")).where(text("wait_event_type = 'Lock'"), text("datname = current_database()"))
)


@pytest.mark.postgresql
def test_followers_are_locked_in_one_order_by_whoever_writes_of_several(store: Store) -> None:
    """One transaction that tidies and one that notes what cannot be read wait for each other's first chat only, never in a circle."""
    if store.database.engine.dialect.name == "sqlite":
        pytest.skip("writes take turns")
    for chat in (9, 1, 5):
        store.follows.add(chat, DROME, "fr", TODAY)
    store.notices.update({"26": {"26"}}, (), NOW)
    store.follows.block(1, NOW)
    begun, go_on = threading.Event(), threading.Event()

    def pause(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith("DELETE FROM followers") and not begun.is_set():
            begun.set()
            go_on.wait(20)

    event.listen(store.database.engine, "after_cursor_execute", pause)
    for chat in (5, 9):
        store.follows.block(chat, NOW)
    with ThreadPoolExecutor(2) as pool:
        tidying = pool.submit(store.follows.tidy, NOW + timedelta(days=31))  # has deleted one of three
        assert begun.wait(20)
        noting = pool.submit(store.notices.update, {"26": {"26"}, "38": {"26", "38"}}, {"07"}, NOW)
        while not noting.done() and not store.database.value(WAITING):
            pass
        go_on.set()
        assert tidying.result() == 3
        noting.result()
    assert store.notices.due(9) == []


CHANGES: dict[str, Callable[[Store], object]] = {
    "block": lambda store: store.follows.block(7, NOW),
    "forget": lambda store: store.follows.forget(7),
    "moved": lambda store: store.follows.moved(7, -1007, NOW),
    "remove": lambda store: store.follows.remove(7, DROME, nothing),
    "resume": lambda store: store.follows.resume(7, NOW),
    "set_mode": lambda store: store.follows.set_mode(7, FollowMode.AT_ONCE),
    "tidy": lambda store: store.follows.tidy(NOW + timedelta(days=31)),
}
PAIRS = [*((change, "claim") for change in sorted(CHANGES)), ("forget", "sent"), ("moved", "sent"), ("tidy", "sent")]


def by_index(connection: Connection) -> None:
    connection.execute(text("SET LOCAL enable_seqscan = off"))
    connection.execute(text("SET LOCAL enable_bitmapscan = off"))


@pytest.mark.postgresql
@pytest.mark.parametrize(("change", "send"), PAIRS)
def test_what_delivers_to_a_chat_and_what_changes_it_wait_for_each_other_in_one_order(store: Store, change: str, send: str) -> None:
    """Both write of all posts of one message. Somebody else holds the post in the middle, so that each would have some of the others."""
    if store.database.engine.dialect.name == "sqlite":
        pytest.skip("writes take turns")
    store.follows.add(7, DROME, "fr", TODAY)
    for number in range(1, 4):
        found(store, f"2026-{number}")
    ids = [post.id for post in store.posts.listed(destination="chat:7")]
    store.outbox.gather("chat:7", [ids], NOW)
    if send != "claim":
        store.outbox.claim("chat:7", NOW)
        # The last is now the first in the table, and an index in the other order is read where there is one, as in a large table.
        for moved in reversed(ids[:2]):
            store.database.write(update(posts).where(posts.c.id == moved).values(reconcile_attempts=1))
        event.listen(store.database.engine, "begin", by_index)
    if change == "tidy":
        store.database.write(update(followers).values(blocked_at=NOW))

    def sending() -> None:
        with suppress(NoSuchRow):  # it was forgotten meanwhile
            store.outbox.claim("chat:7", NOW) if send == "claim" else store.outbox.sent(ids[0], "5", NOW)

    beside(store, select(posts.c.id).where(posts.c.id == ids[1]), lambda: CHANGES[change](store), sending)


def beside(store: Store, held: Select[Any], first: Callable[[], object], second: Callable[[], object]) -> None:
    """Do both, the first of which begins a moment before, while somebody else holds this row for as long as both want it."""
    with ThreadPoolExecutor(2) as pool:
        with store.database.writing() as connection:
            connection.execute(held.with_for_update())
            one = pool.submit(first)
            until(store, one, 1)
            other = pool.submit(second)
            until(store, other, 1 if one.done() else 2)
        one.result()
        other.result()


def until(store: Store, task: Future[Any], many: int) -> None:
    """Wait until the task is done, or so many wait for a lock."""
    while not task.done() and store.database.value(WAITING) < many:
        pass


def two_at(store: Store, *, sent: Sequence[int]) -> list[int]:
    """Two posts for a chat, of decrees of which the second changes the first. Those at these positions were sent, and stand last in the
    table, in this order."""
    if store.database.engine.dialect.name == "sqlite":
        pytest.skip("writes take turns")
    store.follows.add(7, DROME, "fr", TODAY)
    found(store, "2026-1")
    found(store, "2026-2", kind=Kind.ABROGATION, references=(Reference(Kind.ABROGATION, "2026-1"),))
    both = store.posts.listed(destination="chat:7")
    for one in sent:
        values = {"state": PostState.SENT, "reference": "5", "closed_at": NOW, "content": content_of(both[one].decree)}
        store.database.write(update(posts).where(posts.c.id == both[one].id).values(**values))
    store.database.write(delete(edits))
    return [post.id for post in both]


@pytest.mark.postgresql
def test_a_withdrawal_and_the_end_of_a_chat_wait_for_each_other_in_one_order(store: Store) -> None:
    """The one writes of the post of the decree, then of that of the decree which it changed; the other deletes both, as they stand."""
    _, second = two_at(store, sent=[0])
    store.database.write(update(posts).where(posts.c.id == second).values(attempts=1))
    held = select(posts.c.id).where(posts.c.id == second)
    beside(store, held, lambda: store.reviews.withdraw(2, NOW, "test"), lambda: store.follows.forget(7))
    assert told(store) == []


@pytest.mark.postgresql
def test_edits_of_a_chat_and_its_end_wait_for_each_other_in_one_order(store: Store) -> None:
    both = two_at(store, sent=[1, 0])
    store.database.write(insert(edits).values([{"post_id": post, "state": "pending", "attempts": 0} for post in both]))
    held = select(edits.c.post_id).where(edits.c.post_id == both[1])
    beside(store, held, lambda: store.follows.forget(7), lambda: store.edits.next("chat:7", NOW))
    assert store.edits.next("chat:7", NOW) is None


@pytest.mark.postgresql
def test_a_message_that_is_edited_while_its_chat_is_forgotten_is_no_longer_there(store: Store) -> None:
    store.follows.add(7, DROME, "fr", TODAY)
    found(store, "2026-1")
    [post] = store.posts.listed(destination="chat:7")
    store.outbox.sent(post.id, "5", NOW)
    found(store, "2026-2", kind=Kind.ABROGATION, references=(Reference(Kind.ABROGATION, "2026-1"),))
    edit = present(store.edits.next("chat:7", NOW))
    store.follows.forget(7)
    with pytest.raises(NoSuchRow):
        store.edits.done(edit, NOW)


@pytest.mark.postgresql
def test_a_decree_that_is_recorded_while_a_group_moves_goes_there(store: Store) -> None:
    if store.database.engine.dialect.name == "sqlite":
        pytest.skip("writes take turns")
    store.follows.add(7, DROME, "fr", TODAY)
    moves: list[Future[Any]] = []

    def has_read_who_follows(_: Connection, __: object, statement: str, *___: object) -> None:
        if statement.startswith("SELECT followers.chat, followers.mode") and not moves:
            moves.append(pool.submit(store.follows.moved, 7, -1007, NOW))
            until(store, moves[0], 1)

    event.listen(store.database.engine, "after_cursor_execute", has_read_who_follows)
    with ThreadPoolExecutor(1) as pool:
        found(store, "2026-1")
        moves[0].result()
    assert [post.decree.facts.number for post in store.posts.listed(destination="chat:-1007")] == ["2026-1"]


@pytest.mark.postgresql
def test_thousands_of_followers_take_few_statements(store: Store) -> None:
    many = 5000
    with store.database.writing() as connection:
        new = {"language": "fr", "mode": FollowMode.AT_ONCE, "since": TODAY}
        connection.execute(insert(followers), [{"chat": chat, **new} for chat in range(1, many + 1)])
        connection.execute(insert(follows), [{"chat": chat, "kind": FollowKind.DEPARTMENT, "value": "26"} for chat in range(1, many + 1)])
    statements: list[str] = []
    event.listen(store.database.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    recueil = one_recueil(store, "2026-1")
    began = time.process_time()
    store.recordings.record(reading_of(recueil, Facts("2026-1")), about(), NOW)
    assert time.process_time() - began < 2, "seconds of processor time, of this process"
    assert len(statements) < 120
    with store.database.reading() as connection:
        queued = connection.execute(select(posts.c.destination).order_by(posts.c.id)).scalars().all()
    assert queued[0] == "channel", "it goes first"
    assert len(set(queued)) == many + 1
    began = time.process_time()
    assert len(store.follows.chats_due(NOW)) == many
    assert time.process_time() - began < 1, "seconds for the chats of one round, of fifty messages"


def test_a_decree_goes_to_those_who_follow_its_topic_also_after_a_move(store: Store) -> None:
    for chat, topics in ((1, ("vsa",)), (2, ("drones",)), (3, ("drones", "vsa")), (4, ())):
        assert store.follows.add(chat, replace(DROME, topics=topics), "fr", TODAY) is Added.ADDED
    assert store.follows.add(3, replace(DROME, topics=("vsa",)), "fr", TODAY) is Added.ALREADY
    assert store.follows.add(1, replace(DROME, topics=("drones",)), "fr", TODAY) is Added.ADDED
    store.follows.moved(2, 22, NOW)
    for topic, chats in (("vsa", [1, 3, 4]), ("drones", [1, 3, 4, 22]), ("perimeters", [4])):
        with store.database.reading() as connection:
            assert [*chats_for(connection, FollowTargets(Kind.AUTHORISATION, frozenset({"26"}), topic=topic))] == chats
