"""Work that is handed from one process to another."""

from __future__ import annotations

import pytest

from bot.storage.locks import WorkRequest
from bot.storage.store import Store


@pytest.mark.postgresql
def test_a_request_from_its_making_to_its_answer(store: Store) -> None:
    requests = store.requests
    first = requests.add("poll", {"codes": ["26"]})
    second = requests.add("backfill", {"since": "2026-01-01", "limit": None})
    assert {request.id: request for request in requests.unanswered()} == {
        first: WorkRequest(first, "poll", {"codes": ["26"]}),
        second: WorkRequest(second, "backfill", {"since": "2026-01-01", "limit": None}),
    }
    requests.report(first, "1/2 sources")
    assert requests.get(first) == WorkRequest(first, "poll", {"codes": ["26"]}, "1/2 sources")
    requests.answer(first, {})
    assert [one.id for one in requests.unanswered()] == [second]
    answered = requests.get(first)
    assert answered is not None
    assert answered.result == {}, "an answer, if an empty one"
    requests.remove(first)
    assert requests.get(first) is None
    assert requests.add("poll", {}) not in {first, second}
    # Nobody waits any more.
    requests.report(first, "2/2 sources")
    requests.answer(first, {"lines": []})
    requests.clear()
    assert (requests.get(first), requests.get(second), requests.unanswered()) == (None, None, [])


def test_a_result_that_nobody_has_read_yet_stays_when_another_process_begins(store: Store) -> None:
    requests = store.requests
    done, open_ = requests.add("poll", {"codes": ["26"]}), requests.add("poll", {"codes": ["38"]})
    requests.answer(done, {"by": "poll"})
    requests.clear()
    kept = requests.get(done)
    assert kept is not None
    assert kept.result == {"by": "poll"}
    assert requests.get(open_) is None
