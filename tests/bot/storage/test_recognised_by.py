"""A message is looked for by the link and the number that it shows, whatever became known of its decree since."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from bot.domain.acts import Facts
from bot.domain.posts import Post, PostCause, PostState
from bot.storage.store import Store
from tests.bot.storage.building import NOW, one_recueil, to
from tests.bot.storage.finding import reading_of
from tests.bot.storage.test_outbox import claimed
from tests.present import present

DRAFT = Facts(signed=date(2024, 4, 18), operators=("SNCF",))
KEYS = ("text:1",)


def record(store: Store, facts: Facts, *, page: int = 3, name: str = "recueil-1", keys: tuple[str, ...] = KEYS) -> None:
    store.recordings.record(reading_of(one_recueil(store, name), facts, keys=keys, page=page), to("t"), NOW)


def record_again(store: Store, facts: Facts, *, page: int) -> None:
    store.recordings.record(reading_of(store.recueils.get(1), facts, keys=KEYS, page=page), to("t"), NOW)


def marks_of(post: Post) -> list[tuple[int, str | None]]:
    return [(one.page, one.facts.number) for one in post.decrees]


def read_anew(store: Store) -> None:
    """The decree is seen on another page, and with its number."""
    record_again(store, DRAFT, page=4)
    record(store, replace(DRAFT, number="2024-7"), name="elsewhere", page=9)


def test_it_is_looked_for_as_it_was_sent(store: Store) -> None:
    record(store, DRAFT)
    post = claimed(store)
    store.outbox.move(post, PostState.UNKNOWN, NOW, cause=PostCause.LOST_ANSWER)
    read_anew(store)
    (sought,) = store.outbox.unknown_due("t", NOW)
    assert marks_of(sought) == marks_of(post) == [(3, None)]
    assert store.posts.message(post.id).decree == sought.decree
    # Only the marks are those of then.
    assert sought.decree.sightings != post.decree.sightings
    store.outbox.sent(sought.id, "17", NOW)
    assert present(store.edits.next("t", NOW)).post.decree.facts.number == "2024-7"


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("state", "cause", "shown"),
    [
        # Part of it may be there all the same: the next try shows the same, and an edit tells the rest.
        (PostState.PENDING, PostCause.NOT_SENT, (3, None)),
        # Certainly not there.
        (PostState.REFUSED, PostCause.REFUSED_CONTENT, (4, "2024-7")),
    ],
)
def test_what_the_next_try_shows(store: Store, state: PostState, cause: PostCause, shown: tuple[int, str | None]) -> None:
    record(store, DRAFT)
    store.outbox.move(claimed(store), state, NOW, cause=cause)
    read_anew(store)
    if state is PostState.REFUSED:
        (refused,) = store.posts.listed()
        store.posts.decide(refused, PostState.PENDING, NOW, cause=PostCause.BY_PERSON)
    again = claimed(store)
    assert marks_of(again) == [shown]
    store.outbox.sent(again.id, "17", NOW)
    assert (store.edits.next("t", NOW) is None) == (shown[1] is not None)


def test_a_first_try_shows_what_is_known_by_then(store: Store) -> None:
    record(store, DRAFT)
    read_anew(store)
    assert marks_of(claimed(store)) == [(4, "2024-7")]
