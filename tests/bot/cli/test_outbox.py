"""`vigie outbox`, as a person uses it: real processes over a real database."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from bot.cli.outbox import Decided, decided_json, post_json
from bot.domain.acts import Kind
from bot.domain.posts import Post, PostCause, PostState
from bot.storage.posts import EditStatus
from bot.storage.store import Store
from tests.bot.cli.conftest import Vigie
from tests.bot.delivery.memory import post
from tests.bot.storage.building import NOW, act, one_recueil, result_of, to
from tests.bot.storage.finding import found
from tests.bot.storage.test_edits import END, GRANT, send
from tests.bot.storage.test_outbox import claimed, queue

GUIDE = Path(__file__).parents[3] / "docs" / "delivery.md"


def troubled(store: Store) -> tuple[Post, Post, Post, Post]:
    """One that was sent, one refused, one held, one that waits."""
    sent, refused, held, waiting = queue(store, "A", "B", "C", "D")
    store.outbox.sent(claimed(store).id, "msg-1", NOW)
    store.outbox.move(claimed(store), PostState.REFUSED, NOW, cause=PostCause.REFUSED_CONTENT, error="message is too long")
    store.outbox.move(claimed(store), PostState.HELD, NOW, cause=PostCause.AWAITS_PERSON, error="perhaps sent")
    return sent, refused, held, waiting


def test_what_is_not_sent_is_listed(vigie: Vigie, store: Store) -> None:
    sent, refused, held, waiting = troubled(store)
    done = vigie("outbox", "list")
    assert done.code == 0
    assert [int(line.split()[0]) for line in done.out.splitlines()] == [refused.id, held.id, waiting.id]
    assert "refused_content: message is too long" in done.out
    assert [one["post"] for one in vigie("outbox", "list", "--state", "sent", "--json").json] == [sent.id]
    both = vigie("outbox", "list", "--state", "held", "--state", "pending", "--destination", "t", "--json").json
    assert [(one["post"], one["state"], one["cause"]) for one in both] == [
        (held.id, "held", "awaits_person"), (waiting.id, "pending", None),
    ]  # fmt: skip
    assert vigie("outbox", "list", "--destination", "other").out == ""
    assert vigie("outbox", "list", "--state", "lost").code == 2


def test_posts_to_chats_are_listed_where_asked_for_and_not_the_chats(vigie: Vigie, store: Store) -> None:
    record = store.recordings.record(result_of(one_recueil(store, "A"), act("A")), to("t", "chat:47114711"), NOW)
    assert len(vigie("outbox", "list", "--json").json) == 1
    done = vigie("outbox", "list", "--chats")
    assert len(done.out.splitlines()) == 2
    shown = vigie("outbox", "show", str(record.posts[-1].id))
    assert "47114711" not in f"{done.out}{shown.out}"
    assert [one["destination"] for one in vigie("outbox", "list", "--chats", "--json").json] == ["t", "a chat"]


def test_one_is_shown(vigie: Vigie, store: Store) -> None:
    _, refused, _, _ = troubled(store)
    done = vigie("outbox", "show", str(refused.id))
    assert done.code == 0
    assert "given up" in done.out
    assert "refused_content: message is too long" in done.out
    assert "1 attempt" in done.out
    assert vigie("outbox", "show", str(refused.id), "--json").json["decrees"] == [refused.decree.id]
    missing = vigie("outbox", "show", "404")
    assert (missing.code, "no post has the id 404" in missing.err) == (1, True)


def test_retry(vigie: Vigie, store: Store) -> None:
    sent, refused, held, waiting = troubled(store)
    assert vigie("outbox", "retry", str(refused.id), str(waiting.id)).code == 0
    assert store.posts.get(refused.id).state is PostState.PENDING
    some = vigie("outbox", "retry", str(waiting.id), str(sent.id), str(held.id), "404", "--json")
    assert some.code == 3
    assert [one["done"] for one in some.json] == [True, False, False, False]
    none = vigie("outbox", "retry", str(held.id))
    assert none.code == 1
    assert "vigie outbox resolve" in none.err
    assert store.posts.get(held.id).state is PostState.HELD
    assert vigie("outbox", "retry").code == 2, "nothing without naming posts"


def test_drop_keeps_the_row_and_can_be_taken_back(vigie: Vigie, store: Store) -> None:
    _, refused, held, waiting = troubled(store)
    assert vigie("outbox", "drop", str(waiting.id), str(refused.id)).code == 0
    assert [(one.state, one.cause) for one in map(store.posts.get, (waiting.id, refused.id))] == [
        (PostState.REFUSED, PostCause.BY_PERSON)
    ] * 2
    assert store.posts.get(refused.id).error == "message is too long"
    assert vigie("outbox", "drop", str(held.id)).code == 1, "it may be there"
    assert vigie("outbox", "retry", str(waiting.id)).code == 0
    assert store.posts.get(waiting.id).state is PostState.PENDING


def test_resolve(vigie: Vigie, store: Store) -> None:
    _, _, held, waiting = troubled(store)
    for wrong in ((), ("--sent", "--not-sent"), ("77", "--not-sent")):
        assert vigie("outbox", "resolve", str(held.id), *wrong).code == 2
    assert vigie("outbox", "resolve", str(waiting.id), "--sent").code == 1
    assert vigie("outbox", "resolve", str(held.id), "--sent", "4711").code == 0
    found = store.posts.get(held.id)
    assert (found.state, found.reference, found.cause) == (PostState.SENT, "4711", PostCause.BY_PERSON)
    assert vigie("outbox", "resolve", str(held.id), "--not-sent").code == 1, "what was sent stays so"


def test_resolve_one_that_is_not_there(vigie: Vigie, store: Store) -> None:
    _, _, held, _ = troubled(store)
    assert vigie("outbox", "resolve", str(held.id), "--not-sent").code == 0
    assert store.posts.get(held.id).state is PostState.PENDING


def test_a_digest_is_decided_of_as_one(vigie: Vigie, store: Store) -> None:
    first, second = queue(store, "A", "B")
    store.outbox.gather("t", [[first.id, second.id]], NOW)
    store.outbox.move(claimed(store), PostState.HELD, NOW, cause=PostCause.AWAITS_PERSON)
    assert vigie("outbox", "show", str(second.id), "--json").json["decrees"] == [first.decree.id, second.decree.id]
    done = vigie("outbox", "resolve", str(second.id), "--sent")
    assert "1 more" in done.out
    assert [store.posts.get(one.id).state for one in (first, second)] == [PostState.SENT] * 2


def test_an_edit_that_was_given_up_is_shown_tried_again_and_dropped(vigie: Vigie, store: Store, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[[destinations]]\nname = "t"\nplatform = "telegram"\nchat = "@vsa"\n[telegram]\ntoken = "1:x"\n')
    found(store, GRANT)
    sent = send(store, "17")
    found(store, END, Kind.ABROGATION)
    send(store, "18", minutes=1)
    edit = store.edits.next("t", NOW)
    assert edit is not None
    store.edits.give_up(edit, NOW, PostCause.REFUSED_CONTENT, "message to edit not found")
    listed = vigie("outbox", "list")
    assert listed.out.splitlines() == [f"{sent.id} sent t 26 2026-123 edit given_up refused_content: message to edit not found"]
    [told] = vigie("outbox", "list", "--json").json
    assert (told["post"], told["state"], told["edit"]["state"], told["edit"]["cause"]) == (sent.id, "sent", "given_up", "refused_content")
    assert "could not be edited" in vigie("outbox", "show", str(sent.id)).out
    assert vigie("outbox", "list", "--destination", "other").out == vigie("outbox", "list", "--state", "pending").out == ""
    again = vigie("outbox", "retry", str(sent.id))
    assert (again.code, "will be edited" in again.out) == (0, True)
    assert vigie("outbox", "show", str(sent.id), "--json").json["edit"]["state"] == "pending"
    assert vigie("outbox", "drop", str(sent.id)).code == 0
    assert vigie("outbox", "list", "--json").json == []
    assert vigie("outbox", "retry", str(sent.id + 1)).code == 1, "that one waits for no edit"


def test_the_guide_names_every_key_state_and_cause() -> None:
    told = set(re.findall(r"`([a-z_]+)`", GUIDE.read_text("utf-8")))
    words = {
        *post_json(post(), None),
        *(field.name for field in fields(EditStatus) if field.name != "post"),
        *decided_json(1, Decided(True, "", None)),
        *(state.value for state in PostState),
        *(cause.value for cause in PostCause),
    }
    assert words - told == set()


@pytest.mark.parametrize("command", [["outbox", "show"], ["outbox", "retry"], ["review", "show"], ["review", "reject", "--decree"]])
@pytest.mark.parametrize("number", [2**63 - 1, 2**63, 10**23])
def test_a_number_that_no_database_takes_is_refused(vigie: Vigie, command: list[str], number: int) -> None:
    done = vigie(*command, str(number))
    assert (done.code, done.out, "Traceback" in done.err) == (2, "", False)
    assert "Input should be less than or equal to" in done.err
    assert "2147483647" in done.err
