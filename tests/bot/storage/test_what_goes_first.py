"""Nothing goes out before what it replies to or changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.domain.acts import Facts, Kind, Moment, Reference
from bot.domain.posts import Post, PostCause, PostState, SentMessage
from bot.storage.store import Store
from tests.bot.storage.building import NOW, one_recueil, to
from tests.bot.storage.finding import found, reading_of
from tests.present import present

SIGNED = date(2026, 8, 12)
GRANT = Facts("2026-123", signed=SIGNED, starts=Moment(date(2026, 8, 14)))
CHANGE = Facts("2026-140", references=(Reference(Kind.MODIFICATION, "2026-0123", SIGNED),))
END = Facts("2026-150", references=(Reference(Kind.ABROGATION, "2026-0123", SIGNED),))
LAST = Facts("2026-160", references=(Reference(Kind.ABROGATION, "2026-0140", None),))
LATER = NOW + timedelta(hours=1)


def claimed(store: Store) -> Post:
    return present(store.outbox.claim("t", NOW))


def number(post: Post | None) -> str | None:
    return None if post is None else post.decree.facts.number


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("state", "cause"),
    [
        (PostState.UNKNOWN, PostCause.LOST_ANSWER),
        (PostState.UNKNOWN, PostCause.RECONCILE_UNCLEAR),
        (PostState.HELD, PostCause.AWAITS_PERSON),
        (PostState.PENDING, PostCause.NOT_SENT),
    ],
)
def test_what_changes_a_decree_waits_for_its_post(store: Store, state: PostState, cause: PostCause) -> None:
    found(store, GRANT)
    first = claimed(store)
    store.outbox.move(first, state, NOW, cause=cause, error="who knows", not_before=NOW + timedelta(hours=6))
    found(store, END, Kind.ABROGATION)
    found(store, Facts("2026-7"))
    assert number(claimed(store)) == "2026-7", "others go on"
    assert store.outbox.claim("t", NOW) is None
    waits = store.posts.listed(states=[PostState.PENDING])[-1]
    assert (waits.decree.facts.number, waits.cause) == ("2026-150", PostCause.AWAITS_EARLIER)
    assert f"post {first.id}" in str(waits.error)
    assert store.outbox.load("t", NOW, NOW).waiting == 0, "it is not due, and takes no turn"
    store.outbox.sent(first.id, "17", NOW)
    last = claimed(store)
    assert (number(last), last.reply_to) == ("2026-150", SentMessage("17", NOW))


def test_the_one_found_first_waits_where_it_changes_one_found_later(store: Store) -> None:
    found(store, END, Kind.ABROGATION)
    found(store, GRANT)
    first = claimed(store)
    assert number(first) == "2026-123"
    store.outbox.sent(first.id, "17", NOW)
    assert claimed(store).reply_to == SentMessage("17", NOW)


def test_what_was_refused_or_given_up_is_waited_for_no_more(store: Store) -> None:
    found(store, GRANT)
    first = claimed(store)
    found(store, END, Kind.ABROGATION)
    assert store.outbox.claim("t", NOW) is None
    store.outbox.move(first, PostState.REFUSED, NOW, cause=PostCause.REFUSED_CONTENT, error="no")
    assert claimed(store).reply_to is None


def test_what_changes_a_change_waits_for_all_of_them(store: Store) -> None:
    found(store, GRANT)
    first = claimed(store)
    store.outbox.move(first, PostState.UNKNOWN, NOW, cause=PostCause.RECONCILE_UNCLEAR, not_before=LATER)
    found(store, CHANGE, Kind.MODIFICATION)
    found(store, LAST, Kind.ABROGATION)
    assert store.outbox.claim("t", NOW) is None
    store.outbox.sent(first.id, "17", NOW)
    change = claimed(store)
    assert number(change) == "2026-140"
    assert store.outbox.claim("t", NOW) is None
    store.outbox.sent(change.id, "18", NOW)
    assert claimed(store).reply_to == SentMessage("18", NOW)


@pytest.mark.postgresql
def test_decrees_that_were_read_as_changing_each_other_do_not_wait_for_ever(store: Store) -> None:
    found(store, replace(GRANT, references=(Reference(Kind.MODIFICATION, "2026-150"),)), Kind.MODIFICATION)
    found(store, END, Kind.ABROGATION)
    first = claimed(store)
    assert number(first) == "2026-123"
    assert store.outbox.claim("t", NOW) is None
    store.outbox.sent(first.id, "17", NOW)
    assert number(claimed(store)) == "2026-150"


def test_other_destinations_do_not_wait(store: Store) -> None:
    store.recordings.record(reading_of(one_recueil(store, "a"), GRANT), to("t", "u"), NOW)
    store.outbox.move(claimed(store), PostState.HELD, NOW, cause=PostCause.AWAITS_PERSON)
    store.recordings.record(reading_of(one_recueil(store, "b"), END, Kind.ABROGATION), to("t", "u"), NOW)
    assert store.outbox.claim("t", NOW) is None
    first = store.outbox.claim("u", NOW)
    assert number(first) == "2026-123"


@pytest.mark.postgresql
def test_one_that_waits_leaves_its_digest(store: Store) -> None:
    found(store, GRANT)
    first = claimed(store)
    store.outbox.move(first, PostState.UNKNOWN, NOW, cause=PostCause.RECONCILE_UNCLEAR, not_before=LATER)
    found(store, END, Kind.ABROGATION)
    found(store, Facts("2026-7"))
    found(store, Facts("2026-8"))
    store.outbox.gather("t", [[post.id for post in store.outbox.single("t", NOW)]], NOW)
    digest = claimed(store)
    assert [decree.facts.number for decree in digest.decrees] == ["2026-7", "2026-8"]
    store.outbox.sent(digest.id, "30", NOW)
    store.outbox.sent(first.id, "17", NOW)
    assert claimed(store).reply_to == SentMessage("17", NOW)
    assert store.outbox.claim("t", NOW) is None


def test_a_digest_may_hold_a_decree_with_what_changes_it(store: Store) -> None:
    found(store, END, Kind.ABROGATION)
    found(store, GRANT)
    store.outbox.gather("t", [[post.id for post in store.outbox.single("t", NOW)]], NOW)
    assert len(claimed(store).decrees) == 2


def test_it_is_looked_at_again_without_a_word(store: Store) -> None:
    """As when a person took back the decree that it seemed to change."""
    found(store, GRANT)
    store.outbox.move(claimed(store), PostState.UNKNOWN, NOW, cause=PostCause.RECONCILE_UNCLEAR, not_before=NOW + timedelta(days=1))
    found(store, END, Kind.ABROGATION)
    assert store.outbox.claim("t", NOW) is None
    assert NOW < present(store.outbox.next_due(NOW, ["t"])) <= NOW + timedelta(minutes=5)
