"""What may have been sent is not overtaken: whether a destination has such a message, and when there is something to do there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from bot.domain.posts import PostCause, PostState
from bot.storage.store import Store
from tests.bot.storage.building import NOW
from tests.bot.storage.ready import ready_store
from tests.bot.storage.test_outbox import MINUTE, claimed, queue


def test_a_message_on_its_way_holds_the_others_up(store: Store) -> None:
    queue(store, "A", "B", destinations=("t", "m"))
    assert not store.outbox.in_doubt("t")
    claimed(store)
    assert store.outbox.in_doubt("t")
    assert not store.outbox.in_doubt("m")


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("state", "cause", "is_in_doubt"),
    [
        (PostState.UNKNOWN, PostCause.KILLED, True),
        (PostState.UNKNOWN, PostCause.LOST_ANSWER, True),
        (PostState.UNKNOWN, PostCause.CANNOT_ASK, True),
        (PostState.UNKNOWN, None, True),
        # Nobody can tell, and operators know: the others go on.
        (PostState.UNKNOWN, PostCause.RECONCILE_UNCLEAR, False),
        (PostState.HELD, PostCause.AWAITS_PERSON, False),
        (PostState.PENDING, PostCause.NOT_SENT, False),
        (PostState.REFUSED, PostCause.REFUSED_CONTENT, False),
    ],
)
def test_what_is_in_doubt(store: Store, state: PostState, cause: PostCause | None, is_in_doubt: bool) -> None:
    queue(store, "A", "B")
    store.outbox.move(claimed(store), state, NOW, cause=cause, not_before=NOW + MINUTE)
    assert store.outbox.in_doubt("t") is is_in_doubt
    assert store.outbox.next_due(NOW) == (NOW + MINUTE if is_in_doubt else NOW)


def test_a_program_killed_while_it_looked_is_not_overtaken_either(opener: Callable[[], Store]) -> None:
    killed, next_one = opener(), opener()
    queue(killed, "A", "B")
    killed.outbox.move(claimed(killed), PostState.UNKNOWN, NOW, cause=PostCause.LOST_ANSWER)
    assert len(killed.outbox.unknown_due("t", NOW)) == 1
    assert next_one.outbox.in_doubt("t")
    assert len(next_one.outbox.unknown_due("t", NOW)) == 1


def test_the_question_what_is_in_doubt_is_not_asked_of_every_post_that_waits(tmp_path: Path) -> None:
    """A destination that has had a hundred thousand posts is not read through for each one that waits."""
    asked: list[tuple[str, Any]] = []
    with ready_store(tmp_path) as store:
        queue(store, "A", "B")
        event.listen(store.database.engine, "before_cursor_execute", lambda _c, _k, statement, given, *_: asked.append((statement, given)))
        assert store.outbox.next_due(NOW, ["t"]) == NOW
        (statement, given), *_ = [one for one in asked if "NOT IN" in one[0]]
        with store.database.reading() as connection:
            plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)]
    assert [step for step in plan if "CORRELATED" in step or step.startswith("SCAN posts")] == []
    assert len([step for step in plan if step.startswith("SEARCH posts")]) == 2, "an index serves both"
