"""Edits as people see them, and what they decide of them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.acts import Facts, Kind, Reference
from bot.domain.posts import COMPLETED_FOR, PostCause
from bot.storage.store import Store
from tests.bot.storage.building import NOW
from tests.bot.storage.finding import found
from tests.bot.storage.test_edits import END, GRANT, MINUTE, send


@pytest.fixture
def post(store: Store) -> int:
    """The number of a post whose edit was given up, long after it was sent."""
    found(store, GRANT)
    sent = send(store, "17")
    found(store, END, Kind.ABROGATION)
    edit = store.edits.next("t", NOW)
    assert edit is not None
    store.edits.give_up(edit, NOW, PostCause.REFUSED_CONTENT, "message to edit not found")
    return sent.id


def seen(store: Store, post: int) -> tuple[str, PostCause | None, str | None]:
    told = store.edits.of(post)
    assert told is not None
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
        edit = store.edits.next("t", late)
        assert edit is not None
        assert (edit.post.id, edit.attempts, edit.since) == (post, attempt, late)
        store.edits.put_off(edit, late, late, PostCause.NOT_SENT, "no connection")
    edit = store.edits.next("t", late)
    assert edit is not None
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
    edit = store.edits.next("t", NOW + MINUTE)
    assert edit is not None
    assert edit.post.id == post
    store.edits.drop(post, NOW + MINUTE)
    assert store.edits.next("t", NOW + MINUTE) is None
    assert store.edits.retry(post, NOW)


def test_there_is_nothing_to_decide_of_what_was_never_to_be_edited(store: Store) -> None:
    assert not store.edits.retry(404, NOW)
    assert not store.edits.drop(404, NOW)
    assert store.edits.of(404) is None
