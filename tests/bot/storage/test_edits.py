"""Which posts are to be edited, and which message a post replies to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, time, timedelta
from itertools import pairwise

import pytest

from bot.domain.acts import Change, Decree, Facts, Kind, Moment, Reference
from bot.domain.posts import (
    COMPLETED_FOR,
    CONTESTED_FOR,
    UNRECORDED,
    Post,
    PostCause,
    PostContent,
    SentMessage,
    content_of,
    edited,
    is_outdated,
)
from bot.storage.store import Store
from tests.bot.messages.samples import FULL, decree
from tests.bot.storage.building import NOW, one_recueil, to
from tests.bot.storage.finding import all_recueils, edits_of, found, posts_of, reading_of, stored
from tests.present import present

SIGNED, LATER = date(2026, 8, 12), date(2026, 8, 20)
GRANT = Facts("2026-123", signed=SIGNED, starts=Moment(date(2026, 8, 14)))
END = Facts("2026-150", signed=LATER, references=(Reference(Kind.ABROGATION, "2026-0123", SIGNED),))
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


def send(store: Store, reference: str, *, minutes: int = 0, destination: str = "t") -> Post:
    """The next post of the destination goes out."""
    at = NOW + minutes * MINUTE
    post = present(store.outbox.claim(destination, at))
    store.outbox.sent(post.id, reference, at)
    return post


def states(store: Store) -> list[tuple[int, str]]:
    return [(edit.post, edit.state) for edit in edits_of(store)]


# --- what a post says ---


def facts_of(one: Decree) -> frozenset[str]:
    return present(content_of(one).facts)


@pytest.mark.parametrize(
    ("before", "after", "more"),
    [
        (FULL, FULL, set()),
        (replace(FULL, number=None), FULL, {"number"}),
        (replace(FULL, number="2031-1"), FULL, set()),
        (replace(FULL, cameras=None), replace(FULL, cameras=0), {"cameras"}),
        (replace(FULL, starts=Moment(date(2031, 4, 20))), replace(FULL, starts=Moment(date(2031, 4, 20), time(14))), {"starts.hour"}),
        (replace(FULL, starts=None), replace(FULL, starts=Moment(date(2031, 4, 20), time(14))), {"starts", "starts.hour"}),
        (FULL, replace(FULL, operators=()), set()),
        (replace(FULL, legal_basis=()), replace(FULL, legal_basis=("loi n° 2023-380",)), set()),
    ],
)
def test_only_what_is_more_is_news(before: Facts, after: Facts, more: set[str]) -> None:
    assert facts_of(decree(facts=after)) - facts_of(decree(facts=before)) == more
    assert is_outdated(content_of(decree(facts=before)), decree(facts=after)) is bool(more)


def test_what_later_decrees_do_is_said_as_it_stands() -> None:
    ended = decree(changed_by=(Change(Kind.ABROGATION, 15), Change(Kind.REFUSAL, 16)))
    before, after = content_of(decree()), content_of(ended)
    assert after.changes == frozenset({"abrogation:15"})
    assert is_outdated(before, ended)
    assert not is_outdated(after, ended)
    # Withdrawn by a person since.
    assert is_outdated(after, decree())
    assert not is_outdated(edited(after, decree()), decree())


def test_what_ended_a_later_decree_is_said_and_what_ended_that() -> None:
    suspended = Change(Kind.SUSPENSION, 15)
    lifted = replace(suspended, revoked_by=(Change(Kind.ABROGATION, 16),))
    again = replace(suspended, revoked_by=(Change(Kind.ABROGATION, 16, revoked_by=(Change(Kind.ABROGATION, 17),)),))
    steps = [decree(changed_by=(one,)) for one in (suspended, lifted, again)]
    assert all(is_outdated(content_of(before), after) for before, after in pairwise(steps))
    assert [content_of(step).changes for step in steps] == [
        frozenset({"suspension:15"}),
        frozenset({"suspension:15", "suspension:15:16"}),
        frozenset({"suspension:15", "suspension:15:16", "suspension:15:16:17"}),
    ]


def test_an_old_post_is_taken_to_give_every_fact() -> None:
    assert not is_outdated(UNRECORDED, decree())
    assert is_outdated(UNRECORDED, decree(changed_by=(Change(Kind.SUSPENSION, 15),)))
    # Unless nobody knows what it says of later decrees.
    assert is_outdated(replace(UNRECORDED, changes=None), decree(), 900 * DAY)


def test_what_was_said_once_stays_said() -> None:
    whole, less = decree(), decree(facts=Facts())
    assert not is_outdated(edited(content_of(whole), less), whole)
    assert content_of(replace(less, published=None)) == PostContent(frozenset(), None, frozenset())


def test_a_day_of_publication_that_moves_is_said() -> None:
    late, early = replace(decree(), published=date(2031, 5, 2)), replace(decree(), published=date(2031, 4, 20))
    unknown = replace(decree(), published=None)
    assert is_outdated(content_of(late), early)
    assert is_outdated(content_of(unknown), early)
    assert not is_outdated(edited(content_of(late), early), early)
    assert is_outdated(edited(content_of(early), late), early)
    assert not is_outdated(content_of(late), unknown)
    assert not is_outdated(edited(content_of(late), unknown), late)
    assert not is_outdated(UNRECORDED, early)


@pytest.mark.parametrize(
    ("now_known", "age", "outdated"),
    [
        (decree(facts=FULL), timedelta(), True),
        (decree(facts=FULL), COMPLETED_FOR, True),
        (decree(facts=FULL), COMPLETED_FOR + MINUTE, False),
        (decree(facts=replace(FULL, number=None)), DAY, False),
        (decree(facts=FULL, changed_by=(Change(Kind.ABROGATION, 15),)), 900 * DAY, True),
        (decree(facts=FULL, published=date(2031, 4, 1)), CONTESTED_FOR, True),
        (decree(facts=FULL, published=date(2031, 4, 1)), CONTESTED_FOR + MINUTE, False),
    ],
)
def test_how_long_a_post_is_completed(now_known: Decree, age: timedelta, outdated: bool) -> None:
    assert is_outdated(content_of(decree(facts=replace(FULL, number=None))), now_known, age) is outdated


# --- replies ---


def test_the_last_told_is_replied_to_and_only_in_the_same_place(store: Store) -> None:
    for number in ("2026-1", "2026-2"):
        facts = Facts(number, signed=SIGNED)
        store.recordings.record(reading_of(one_recueil(store, number), facts), to("t", "u"), NOW)
    send(store, "31")
    send(store, "32", minutes=1)
    both = Facts("2026-9", references=tuple(Reference(Kind.ABROGATION, number) for number in ("2026-2", "2026-1")))
    store.recordings.record(reading_of(one_recueil(store, "end"), both, Kind.ABROGATION), to("t", "u"), NOW)
    assert send(store, "33", minutes=2).reply_to == SentMessage("32", NOW + MINUTE)
    send(store, "41", destination="u")
    send(store, "42", destination="u")
    assert send(store, "43", minutes=3, destination="u").reply_to == SentMessage("42", NOW)


# --- edits ---


def test_an_edit_behind_a_message_in_doubt_is_not_due(store: Store) -> None:
    """The outbox tells when that is looked for: meanwhile a pass would do nothing, second after second."""
    found(store, GRANT)
    send(store, "17")
    found(store, END, Kind.ABROGATION)
    doubtful = present(store.outbox.claim("t", NOW))
    assert store.edits.next_due(NOW, ["t"]) is None
    store.outbox.sent(doubtful.id, "18", NOW)
    assert store.edits.next_due(NOW, ["t"]) == NOW


def test_a_follower_that_was_told_before_is_not_below(store: Store) -> None:
    found(store, END, Kind.ABROGATION)
    send(store, "17")
    found(store, GRANT)
    send(store, "18", minutes=1)
    # It told of its end at once.
    assert store.edits.next("t", NOW) is None
    later = Facts("2026-160", references=(Reference(Kind.MODIFICATION, "2026-123"),))
    third = found(store, later, Kind.MODIFICATION)
    send(store, "19", minutes=2)
    assert present(store.edits.next("t", NOW + 3 * MINUTE)).post.below == {third}


STOP = Facts("2026-130", signed=LATER, references=(Reference(Kind.SUSPENSION, "2026-0123", SIGNED),))


def next_edit(store: Store) -> list[tuple[str | None, str, tuple[Change, ...]]]:
    """Of the next edit, which is made: the message, and what is told to have been done to its decree."""
    edit = store.edits.next("t", NOW)
    if edit is None:
        return []
    store.edits.done(edit, NOW)
    return [(edit.post.reference, change.kind.value, change.revoked_by) for change in edit.post.decree.changed_by]


def test_a_suspension_that_was_ended_itself_is_told_to_be_and_that_this_was_withdrawn(store: Store) -> None:
    found(store, GRANT)
    send(store, "17")
    found(store, STOP, Kind.SUSPENSION)
    send(store, "18", minutes=1)
    assert next_edit(store) == [("17", "suspension", ())]
    lift = found(store, Facts("2026-140", references=(Reference(Kind.ABROGATION, "2026-130", LATER),)), Kind.ABROGATION)
    [(first, _, revoked_by)] = next_edit(store)
    assert (first, [ending.decree for ending in revoked_by]) == ("17", [lift])
    [(second, _, _)] = next_edit(store)
    assert (second, next_edit(store)) == ("18", [])
    store.reviews.withdraw(lift, NOW, "somebody")
    assert next_edit(store) == [("17", "suspension", ())]
    # Nothing is said to be done to the suspension any more.
    assert (next_edit(store), {state for _, state in states(store)}) == ([], {"done"})


def test_a_decree_that_is_read_anew_and_ends_no_other_is_told_to_end_none(store: Store) -> None:
    found(store, GRANT)
    send(store, "17")
    found(store, END, Kind.ABROGATION)
    assert next_edit(store) == [("17", "abrogation", ())]
    store.recordings.record(reading_of(all_recueils(store)[-1], replace(END, references=()), Kind.ABROGATION), to("t"), NOW)
    edit = present(store.edits.next("t", NOW))
    assert (edit.post.reference, edit.post.decree.changed_by) == ("17", ())


def test_facts_that_another_sighting_completes_are_told(store: Store) -> None:
    draft = Facts("2026-123", signed=SIGNED)
    found(store, draft)
    post = send(store, "17")
    again = reading_of(one_recueil(store, "elsewhere", authority="75"), replace(draft, cameras=12), keys=stored(store, 1).identities)
    store.recordings.record(again, to("t"), NOW)
    edit = present(store.edits.next("t", NOW))
    assert (edit.post.id, edit.post.decree.facts.cameras) == (post.id, 12)
    store.edits.done(edit, NOW)
    store.recordings.record(again, to("t"), NOW)
    assert store.edits.next("t", NOW) is None


def test_an_old_post_is_edited_for_what_later_decrees_do_only(store: Store) -> None:
    drafts = [Facts(f"2026-{number}", signed=SIGNED) for number in range(120, 124)]
    for draft in drafts:
        found(store, draft)
        send(store, draft.number or "")
    old = NOW + COMPLETED_FOR + MINUTE
    for number, draft in enumerate(drafts, start=1):
        again = reading_of(
            one_recueil(store, f"again-{number}", authority="75"), replace(draft, cameras=12), keys=stored(store, number).identities
        )
        store.recordings.record(again, to("t"), old)
    assert {state for _, state in states(store)} == {"pending"}
    assert store.edits.next("t", old) is None
    assert {state for _, state in states(store)} == {"done"}
    assert store.edits.next_due(old, ["t"]) is None
    found(store, END, Kind.ABROGATION)
    edit = present(store.edits.next("t", old))
    assert (edit.post.reference, edit.post.decree.facts.cameras) == ("2026-123", 12)
    store.edits.done(edit, old)
    assert store.edits.next("t", old) is None


@pytest.mark.postgresql
def test_edits_that_are_not_wanted_do_not_hide_one_that_is(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.storage.posts._AT_ONCE", 2)
    test_an_old_post_is_edited_for_what_later_decrees_do_only(store)


def test_what_becomes_known_while_a_post_is_being_sent_is_not_lost(store: Store) -> None:
    grant = found(store, GRANT)
    post = present(store.outbox.claim("t", NOW))
    found(store, END, Kind.ABROGATION)
    assert store.edits.next("t", NOW) is None
    store.outbox.sent(post.id, "17", NOW)
    assert present(store.edits.next("t", NOW)).post.decree.id == grant


def test_what_a_post_that_waited_tells_anyway_is_not_edited(store: Store) -> None:
    found(store, GRANT)
    found(store, END, Kind.ABROGATION)
    post = send(store, "17")
    assert states(store) == [(post.id, "pending")]
    assert store.edits.next("t", NOW) is None
    assert states(store) == [(post.id, "done")]


@pytest.mark.postgresql
def test_more_that_becomes_known_during_an_edit_is_edited_after_it(store: Store) -> None:
    found(store, GRANT)
    send(store, "17")
    found(store, END, Kind.ABROGATION)
    edit = present(store.edits.next("t", NOW))
    found(store, Facts("2026-160", references=(Reference(Kind.MODIFICATION, "2026-123"),)), Kind.MODIFICATION)
    store.edits.done(edit, NOW)
    again = present(store.edits.next("t", NOW))
    assert len(again.post.decree.changed_by) == 2
    assert again.attempts == 1
    store.edits.done(again, NOW)
    assert store.edits.next("t", NOW) is None


@pytest.mark.postgresql
def test_one_that_is_put_off_waits_and_one_given_up_is_not_tried_again(store: Store, opener: Callable[[], Store]) -> None:
    found(store, GRANT)
    post = send(store, "17")
    found(store, END, Kind.ABROGATION)
    edit = present(store.edits.next("t", NOW))
    # Its turn had not come: that is no try.
    store.edits.put_off(edit, NOW, NOW)
    edit = present(store.edits.next("t", NOW))
    assert edit.attempts == 1
    store.edits.put_off(edit, NOW, NOW + 5 * MINUTE, PostCause.NOT_SENT, "no connection")
    assert store.edits.next("t", NOW + 4 * MINUTE) is None
    assert store.edits.next_due(NOW, ["t"]) == NOW + 5 * MINUTE
    # The clock was set back by an hour: no wait is longer than it was meant.
    assert store.edits.next_due(NOW - 60 * MINUTE, ["t"]) == NOW - 60 * MINUTE
    restarted = opener()
    again = present(restarted.edits.next("t", NOW + 5 * MINUTE))
    assert (again.attempts, again.since) == (2, NOW)
    restarted.edits.give_up(again, NOW + 5 * MINUTE, PostCause.REFUSED_CONTENT, "message to edit not found")
    (told,) = edits_of(store)
    assert (told.post, told.state, told.cause, told.error) == (post.id, "given_up", PostCause.REFUSED_CONTENT, "message to edit not found")
    # The same again is no news; something else is.
    again_seen = reading_of(one_recueil(store, "again", authority="75"), END, Kind.ABROGATION, keys=stored(store, 2).identities)
    store.recordings.record(again_seen, to("t"), NOW)
    assert store.edits.next("t", NOW + 9 * MINUTE) is None
    found(store, Facts("2026-160", references=(Reference(Kind.MODIFICATION, "2026-123"),)), Kind.MODIFICATION)
    assert store.edits.next("t", NOW + 9 * MINUTE) is not None


def test_the_post_of_a_withdrawn_decree_and_a_digest_are_left_as_they_are(store: Store) -> None:
    grant = found(store, GRANT)
    send(store, "17")
    found(store, END, Kind.ABROGATION)
    store.reviews.withdraw(grant, NOW, "somebody")
    assert store.edits.next("t", NOW) is None
    assert store.edits.next_due(NOW, ["t"]) is None
    others = [found(store, Facts(f"2026-{number}", signed=SIGNED)) for number in (7, 8)]
    ids = [post.id for post in posts_of(store, others)]
    store.outbox.gather("t", [ids], NOW)
    while (post := store.outbox.claim("t", NOW)) is not None:
        store.outbox.sent(post.id, f"m{post.id}", NOW)
    found(store, Facts("2026-99", references=(Reference(Kind.ABROGATION, "2026-7", SIGNED),)), Kind.ABROGATION)
    assert [edit for edit in edits_of(store) if edit.post in ids] == []
    # What ends a decree of a digest replies to the digest.
    last = send(store, "99", minutes=1)
    assert last.reply_to == SentMessage(f"m{ids[0]}", NOW)


def test_a_chat_that_moved_is_known_to_have(store: Store) -> None:
    assert store.moved_chats.moved_at(-1005) is None
    store.moved_chats.moved(-5, -1005, NOW)
    assert store.moved_chats.moved_at(-1005) == NOW
    assert store.moved_chats.moved_at(-5) == NOW
    assert store.moved_chats.moved_at("@autre") is None


# Edits as people see them, and what they decide of them.


@pytest.fixture
def post(store: Store) -> int:
    """The number of a post whose edit was given up, long after it was sent."""
    found(store, GRANT)
    sent = send(store, "17")
    found(store, END, Kind.ABROGATION)
    edit = present(store.edits.next("t", NOW))
    store.edits.give_up(edit, NOW, PostCause.REFUSED_CONTENT, "message to edit not found")
    return sent.id


def seen(store: Store, post: int) -> tuple[str, PostCause | None, str | None]:
    told = present(store.edits.of(post))
    return told.state, told.cause, told.error


def test_what_is_not_made_is_told_where_posts_are_edited(store: Store, post: int) -> None:
    assert seen(store, post) == ("given_up", PostCause.REFUSED_CONTENT, "message to edit not found")
    assert [edit.post for edit in store.edits.given_up(["t"])] == [post]
    assert store.edits.given_up(["elsewhere"]) == store.edits.unmade(["elsewhere"]) == []
    found(store, Facts("2026-1"))
    other = send(store, "18", minutes=1)
    waiting = send(store, "19", minutes=2)
    found(store, Facts("2026-9", references=(Reference(Kind.ABROGATION, "2026-1"),)), Kind.ABROGATION)
    assert [edit.post for edit in store.edits.unmade(["t"])] == [post, waiting.id]
    assert store.edits.of(other.id) is None


def test_one_that_a_person_wants_again_is_made_however_often_it_fails(store: Store, post: int) -> None:
    late = NOW + 10 * COMPLETED_FOR
    assert store.edits.next("t", late) is None
    assert store.edits.retry(post, late)
    for attempt in (1, 2):
        edit = present(store.edits.next("t", late))
        assert (edit.post.id, edit.attempts, edit.since) == (post, attempt, late)
        store.edits.put_off(edit, late, late, PostCause.NOT_SENT, "no connection")
    edit = present(store.edits.next("t", late))
    store.edits.done(edit, late)
    assert seen(store, post)[0] == "done"
    assert not store.edits.retry(post, late)
    assert store.edits.next("t", late) is None


@pytest.mark.postgresql
def test_one_that_waits_is_made_at_once(store: Store, post: int) -> None:
    assert store.edits.retry(post, NOW)
    store.edits.rest("t", NOW, NOW + timedelta(hours=1))
    assert store.edits.next("t", NOW) is None
    assert store.edits.retry(post, NOW)
    assert store.edits.next("t", NOW) is not None


@pytest.mark.postgresql
def test_one_that_a_person_gives_up_is_told_no_more_until_more_becomes_known(store: Store, post: int) -> None:
    assert store.edits.drop(post, NOW)
    assert store.edits.unmade(["t"]) == store.edits.given_up(["t"]) == []
    assert seen(store, post) == ("given_up", PostCause.BY_PERSON, "message to edit not found")
    found(store, Facts("2026-160", references=(Reference(Kind.MODIFICATION, "2026-123"),)), Kind.MODIFICATION)
    assert present(store.edits.next("t", NOW + MINUTE)).post.id == post
    store.edits.drop(post, NOW + MINUTE)
    assert store.edits.next("t", NOW + MINUTE) is None
    assert store.edits.retry(post, NOW)


def test_there_is_nothing_to_decide_of_what_was_never_to_be_edited(store: Store) -> None:
    assert not store.edits.retry(404, NOW)
    assert not store.edits.drop(404, NOW)
    assert store.edits.of(404) is None
