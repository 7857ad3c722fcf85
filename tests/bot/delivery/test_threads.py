"""Mastodon: content warnings, and threads that go on where they were broken off."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from bot.delivery.channel import DeliveryUnknown, NotSent, Sent
from bot.delivery.deliverer import Deliverer
from bot.delivery.mastodon.channel import key_of
from bot.domain.acts import Kind
from bot.domain.posts import Post, PostState
from tests.bot.delivery.memory import START, Clock, MemoryOutbox, on_mastodon, post
from tests.bot.messages.samples import FULL, decree
from tests.examples import by_day
from tests.servers.mastodon import MastodonServer

LONG = decree(
    id=1,
    found_at=START,
    title="Arrêté portant autorisation de l’emploi d’un traitement algorithmique des images " * 4,
    facts=replace(FULL, places=tuple(f"station numéro {n} de la ligne" for n in range(12))),
)


def short_post() -> Post:
    refusal = replace(post(1).decree, kind=Kind.REFUSAL)
    return replace(post(1), decree=refusal)


def long_post(attempts: int = 1) -> Post:
    return replace(post(1), decree=LONG, attempts=attempts)


def thread(server: MastodonServer) -> list[str]:
    """The texts of the one thread there is, the first one first; every status is part of it."""
    found = server.statuses()
    statuses = {status["in_reply_to_id"]: status for status in found}
    assert len(statuses) == len(found)
    texts, last = [], None
    while last in statuses:
        texts.append(re.sub(r"<[^>]+>", "", statuses[last]["content"]))
        last = statuses[last]["id"]
    assert len(texts) == len(statuses)
    return texts


async def test_what_has_no_room_follows_in_a_thread(mastodon: MastodonServer) -> None:
    async with on_mastodon(mastodon, thread=True) as channel:
        sent = await channel.send(long_post())
        assert await channel.find(long_post()) == sent
    texts = thread(mastodon)
    assert len(texts) > 2
    assert "#page=7" in texts[0]
    assert all(f"station numéro {n} de la ligne" in " ".join(texts).replace("\n", " ") for n in range(12))
    assert [text[-5:] for text in texts[1:]] == [f"({n}/{len(texts)})" for n in range(2, len(texts) + 1)]
    keys = [seen.headers["idempotency-key"] for seen in mastodon.requests if seen.method == "POST"]
    assert keys == [key_of(long_post().key, number) for number in range(1, len(texts) + 1)]
    assert len(set(keys)) == len(keys)


async def test_without_the_option_a_long_post_is_shortened(mastodon: MastodonServer) -> None:
    async with on_mastodon(mastodon, thread=False) as channel:
        await channel.send(long_post())
    (status,) = mastodon.statuses()
    assert "#page=7" in status["content"]


async def test_a_short_post_is_no_thread(mastodon: MastodonServer) -> None:
    async with on_mastodon(mastodon, thread=True) as channel:
        await channel.send(short_post())
    assert len(mastodon.statuses()) == 1


@pytest.mark.parametrize(("stored", "ignores_idempotency", "is_restored"), by_day(product((False, True), repeat=3), 3))
async def test_a_thread_goes_on_where_it_was_broken_off(stored: bool, ignores_idempotency: bool, is_restored: bool) -> None:
    async with MastodonServer(ignores_idempotency=ignores_idempotency) as server, on_mastodon(server, thread=True) as whole:
        await whole.send(long_post())
        expected = thread(server)
    for part in (1, 2, 3):
        async with MastodonServer(ignores_idempotency=ignores_idempotency) as server:
            assert await thread_broken_off(server, part, stored=stored, is_restored=is_restored) == expected, part


async def thread_broken_off(server: MastodonServer, part: int, *, stored: bool, is_restored: bool) -> list[str]:
    clock = Clock()
    outbox = MemoryOutbox(long_post(0))
    sends = 0
    while outbox.states != [PostState.SENT]:
        sends += 1
        assert sends < 9
        # Another program each time: nothing but the server and the outbox remembers.
        async with on_mastodon(server, thread=True, clock=clock) as channel:
            if sends == 1:
                break_at(server, part, lambda: server.drop(stored=stored))
            deliverer = Deliverer(outbox, [channel], clock)
            await deliverer.deliver_due()
            clock.now = await deliverer.next_due(clock()) or clock.now
        if sends == 1 and is_restored:
            # The backup was made before it was sent. Its decree was found again since.
            found = replace(LONG, found_at=clock() + timedelta(days=1))
            outbox = MemoryOutbox(replace(long_post(0), decree=found, state=PostState.UNKNOWN, sought_since=START))
    assert sends > 1
    # What the first says of the time to come depends on the hour at which it went out at last.
    return [text.replace("13 h", "14 h") for text in thread(server)]


def break_at(server: MastodonServer, part: int, fault: Callable[[], None]) -> None:
    """The n-th status meets a fault."""
    serve, seen = server._next_fault, [0]

    def count(method: str, path: str) -> Any:
        if (method, path) == ("POST", "/api/v1/statuses"):
            seen[0] += 1
            if seen[0] == part:
                fault()
        return serve(method, path)

    server._next_fault = count  # type: ignore[method-assign]


async def test_a_part_that_is_refused_ends_the_thread_and_not_the_post(mastodon: MastodonServer) -> None:
    async with on_mastodon(mastodon, thread=True) as channel:
        await channel.send(replace(post(9), decree=decree(id=9)))
        mastodon.drop(stored=True)
        with pytest.raises(DeliveryUnknown):
            await channel.send(long_post())
        mastodon.fail(422)
        with capture_logs() as logs:
            sent = await channel.find(long_post())
    assert [line["event"] for line in logs] == ["thread.refused"]
    assert sent is not None
    assert sent.reference in {status["id"] for status in mastodon.statuses()}


@pytest.mark.parametrize(("status", "looking"), [(401, DeliveryUnknown), (429, NotSent), (500, NotSent)])
async def test_a_part_that_may_be_posted_later_keeps_the_post_open(mastodon: MastodonServer, status: int, looking: type[Exception]) -> None:
    async with on_mastodon(mastodon, thread=True) as channel:
        break_at(mastodon, 2, lambda: mastodon.fail(status))
        with pytest.raises(DeliveryUnknown, match="its first status is there"):
            await channel.send(long_post())
        mastodon.fail(status)
        with pytest.raises(looking):
            await channel.find(long_post())
        sent = await channel.find(long_post())
        assert await channel.find(long_post()) == sent
    assert len(thread(mastodon)) > 2


async def test_the_replies_of_others_are_no_part_of_it(mastodon: MastodonServer) -> None:
    async with on_mastodon(mastodon, thread=True) as channel:
        mastodon.drop(stored=True)
        with pytest.raises(DeliveryUnknown):
            await channel.send(long_post())
        first = mastodon.statuses()[0]["id"]
        await channel._api._client.post(
            "/api/v1/statuses",
            data={"status": "Merci", "in_reply_to_id": first},
            headers={"Authorization": f"Bearer {mastodon.other_token}"},
        )
        sent = await channel.find(long_post())
        assert sent == Sent(first)
        assert await channel.find(long_post()) == sent, "nothing more is added"


async def test_a_warning_folds_every_status_and_counts_in_the_limit(mastodon: MastodonServer) -> None:
    warning = "Vidéosurveillance algorithmique en France"
    async with on_mastodon(mastodon, thread=True, content_warning=warning) as channel:
        await channel.send(long_post())
    statuses = mastodon.statuses()
    assert {status["spoiler_text"] for status in statuses} == {warning}
    for seen in mastodon.requests:
        if seen.method == "POST":
            assert status_length(seen.body) + len(warning) <= 500


def status_length(body: str) -> int:
    return len(re.sub(r"https?://\S+", "x" * 23, httpx.QueryParams(body)["status"]))


async def test_no_warning_is_sent_where_there_is_none(mastodon: MastodonServer) -> None:
    async with on_mastodon(mastodon, thread=True) as channel:
        await channel.send(short_post())
    (seen,) = [seen for seen in mastodon.requests if seen.method == "POST"]
    assert "spoiler_text" not in seen.body
