"""What an outbox of an older release becomes."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from bot.domain.posts import PostState
from bot.storage import migrate as module
from bot.storage.database import make_engine, parse_url
from bot.storage.store import open_store
from tests.bot.storage.building import NOW
from tests.bot.storage.test_migrate import RELEASED

RECUEIL = (
    "INSERT INTO recueils (id, authority, source, url, title, is_detail, state, attempts, found_at) "
    "VALUES (1, '26', '26:site', 'https://prefecture.example/a.pdf', 'RAA', false, 'read', 0, '2024-04-19 18:30:00.000000')"
)
DECREE = (
    "INSERT INTO decrees (id, authority, kind, title, facts, evidence, recueil_id, url, page, found_at) "
    "VALUES (1, '26', 'authorisation', 'A', '{}', '[]', 1, 'https://prefecture.example/a.pdf', 1, '2024-04-19 18:30:00.000000')"
)
POST = (
    "INSERT INTO posts (id, key, destination, decree_id, state, attempts, created_at, claimed_at) "
    "VALUES (:id, :key, 't', 1, :state, 1, '2024-04-19 18:30:00.000000', '2024-04-19 18:30:00.000000')"
)
HOLD = "INSERT INTO holds (destination, until) VALUES ('m', '2024-04-19 18:30:00.000000')"
POSTS = (("queued", 1), ("sending", 2), ("sent", 3), ("refused", 4), ("unknown", 5))


@pytest.mark.parametrize("released", [one for one in RELEASED if one < "0005"])
def test_what_was_queued_is_pending_and_nothing_is_sent_again(url: str, released: str) -> None:
    engine = make_engine(parse_url(url), read_only=False)
    with module._one_at_a_time, engine.execution_options(vigie_begin="IMMEDIATE").begin() as connection:
        module.upgrade_to(connection, released)
        for row in (RECUEIL, DECREE, HOLD):
            connection.execute(text(row))
        connection.execute(text(POST), [{"id": number, "key": f"key-{number}", "state": state} for state, number in POSTS])
    engine.dispose()
    with open_store(url) as store:
        posts = store.posts.listed(states=tuple(PostState))
        assert [(post.id, post.state) for post in posts] == [
            (1, PostState.PENDING), (2, PostState.SENDING), (3, PostState.SENT), (4, PostState.REFUSED), (5, PostState.UNKNOWN),
        ]  # fmt: skip
        assert {(post.cause, post.looks, post.digest) for post in posts} == {(None, 0, None)}
        taken = store.outbox.claim("t", NOW)
        assert taken is not None
        assert taken.id == 1
        assert store.outbox.claim("t", NOW) is None
        assert store.outbox.held_until("m", NOW) is None
