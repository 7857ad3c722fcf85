"""What is counted for monitors, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.posts import PostState
from bot.domain.records import RecueilState
from bot.storage.chats import FollowerCounts
from bot.storage.measures import FOLLOWERS, FROM_FOUND, FROM_PUBLISHED, GIVEN_UP, Delays
from bot.storage.store import Store
from tests.bot.real_acts import recorded_before
from tests.bot.storage.building import NOW
from tests.bot.storage.test_follows import DROME, TODAY, found
from tests.present import present


@pytest.mark.postgresql
def test_nothing_is_zero(store: Store) -> None:
    measured = store.measures.all()
    assert (measured.recueils, measured.posts, measured.from_found, measured.from_published) == ({}, {}, [], [])
    assert (measured.pages, measured.decrees, measured.reviews) == (0, {"vsa": 0}, 0)


def test_chats_that_follow_something_are_counted_as_one_and_their_posts_are_not_timed(store: Store) -> None:
    for chat in (7, 8):
        store.follows.add(chat, DROME, "fr", TODAY)
    found(store, "2026-1")
    recorded_before(store, found(store, "2026-2"), topic="drones")
    for took in (timedelta(minutes=1), timedelta(hours=2, milliseconds=250)):
        due = present(store.outbox.claim("channel", NOW))
        store.outbox.sent(due.id, str(took), NOW + took)
    measured = store.measures.all()
    assert measured.posts == {
        ("channel", PostState.SENT): 2,
        (FOLLOWERS, PostState.PENDING): 4,
    }
    assert (FROM_FOUND[:2], FROM_PUBLISHED[2:4]) == ((60, 120), (64_800, 86_400))
    assert measured.from_found == [Delays("channel", 2, 7260.25, (1, 1, 1, 1, 1, 2, 2))], "a minute is within a minute"
    # Published on the day of NOW, which is at half past six in the evening.
    assert measured.from_published == [Delays("channel", 2, 2 * 66_600 + 7260.25, (0, 0, 0, 2, 2, 2, 2))]
    assert measured.followers == FollowerCounts(chats=2, follows=2)
    assert measured.decrees == {"vsa": 1, "drones": 1}
    assert measured.recueils == {RecueilState.READ: 2}
    assert measured.pages > 0


def test_a_decree_that_was_withdrawn_does_not_count(store: Store) -> None:
    number = found(store, "2026-1")
    store.reviews.withdraw(number, NOW, "cli")
    measured = store.measures.all()
    assert measured.decrees == {"vsa": 0}
    assert measured.posts == {("channel", GIVEN_UP): 1}, "nobody is to look at what a person gave up"
