from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from bot.delivery.channel import DeliveryUnknown, DestinationRefused, Missing, NotSent, Refused
from bot.delivery.mastodon.channel import MastodonChannel
from bot.delivery.mastodon.client import MastodonApi, classify_answer, is_sought, limits_of, rest_after, retry_after
from bot.messages.words import StatusLimits
from tests import clock
from tests.bot.delivery.memory import on_mastodon, post
from tests.bot.messages.samples import FULL, NOW, decree
from tests.servers.mastodon import MastodonServer


@pytest.fixture
async def channel(mastodon: MastodonServer) -> AsyncIterator[MastodonChannel]:
    async with on_mastodon(mastodon) as one:
        yield one


@pytest.mark.parametrize(("warning", "least"), [("", 460), ("Vidéosurveillance algorithmique en France", 0)])
async def test_a_warning_folds_a_long_post_and_counts_in_the_limit(mastodon: MastodonServer, warning: str, least: int) -> None:
    facts = replace(FULL, places=tuple(f"station numéro {n} de la ligne" for n in range(12)))
    async with on_mastodon(mastodon, content_warning=warning) as one:
        await one.send(replace(post(1), decree=decree(id=1, title="Arrêté portant autorisation " * 12, facts=facts)))
    (seen,) = [seen for seen in mastodon.requests if seen.method == "POST"]
    form = parse_qs(seen.body)
    assert form.get("spoiler_text", [""]) == [warning]
    assert least < len(re.sub(r"https?://\S+", "x" * 23, form["status"][0])) + len(warning) <= 500
    assert "#page=7" in form["status"][0]


async def test_the_key_goes_with_the_status_and_a_repeat_is_the_same_status(mastodon: MastodonServer, channel: MastodonChannel) -> None:
    assert await channel.send(post()) == await channel.send(post())
    assert len(mastodon.statuses()) == 1
    keys = [seen.headers["idempotency-key"] for seen in mastodon.requests if seen.method == "POST"]
    assert keys == [post().key] * 2


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ((429, {"X-RateLimit-Reset": (NOW + timedelta(seconds=90)).isoformat().replace("+00:00", "Z")}), (NotSent, 90.0)),
        ((429, {"X-RateLimit-Reset": str(int(NOW.timestamp()) + 42)}), (NotSent, 42.0)),
        ((429, {"Retry-After": "17"}), (NotSent, 17.0)),
        ((429, {}), (NotSent, 300.0)),
        ((401, {}), (DestinationRefused, None)),
        ((403, {}), (DestinationRefused, None)),
        ((404, {}), (Missing, None)),
        ((302, {"Location": "https://elsewhere.example/"}), (DestinationRefused, None)),
        ((422, {}), (Refused, None)),
        ((400, {}), (Refused, None)),
        ((500, {}), (DeliveryUnknown, None)),
        ((503, {}), (DeliveryUnknown, None)),
        ((408, {}), (DeliveryUnknown, None)),
    ],
)
async def test_what_an_answer_means(
    mastodon: MastodonServer, channel: MastodonChannel, answer: tuple[int, dict[str, str]], expected: tuple[type[Exception], float | None]
) -> None:
    status, headers = answer
    mastodon.fail(status, {"error": "no\n<b>way</b>"}, headers)
    with pytest.raises(expected[0]) as raised:
        await channel.send(post())
    assert (type(raised.value), getattr(raised.value, "retry_after", None)) == expected
    assert "\n" not in str(raised.value)
    assert mastodon.token not in str(raised.value)


async def test_a_token_that_comes_back_in_an_error_is_hidden(mastodon: MastodonServer, channel: MastodonChannel) -> None:
    mastodon.fail(422, {"error": f"bad token {mastodon.token}"})
    with pytest.raises(Refused, match=r"bad token \[secret\]"):
        await channel.send(post())


async def test_nobody_listens(mastodon: MastodonServer, channel: MastodonChannel) -> None:
    mastodon.stop()
    with pytest.raises(NotSent, match="ConnectError"):
        await channel.send(post())


async def test_an_answer_that_takes_too_long_is_unknown(mastodon: MastodonServer) -> None:
    gate = mastodon.hold(stored=True)
    async with on_mastodon(mastodon, read_timeout=0.2) as one:
        with pytest.raises(DeliveryUnknown, match="ReadTimeout"):
            await one.send(post())
    gate.open()


@pytest.mark.parametrize("body", [b"<html>", b"{}", b"[]", b'{"id": ""}'])
async def test_an_answer_without_a_status_is_unknown(mastodon: MastodonServer, channel: MastodonChannel, body: bytes) -> None:
    mastodon.fail(200, body, stored=True)
    with pytest.raises(DeliveryUnknown):
        await channel.send(post())


async def test_limits_are_asked_once_and_kept(mastodon: MastodonServer, channel: MastodonChannel) -> None:
    await channel.send(post(1))
    await channel.send(post(2))
    assert [seen.path for seen in mastodon.requests if "instance" in seen.path] == ["/api/v2/instance"]


async def test_a_server_without_the_second_version_is_asked_the_first(mastodon: MastodonServer, channel: MastodonChannel) -> None:
    mastodon.fail(404, method="GET", path="/api/v2/instance")
    mastodon.fail(200, {"max_toot_chars": 130}, method="GET", path="/api/v1/instance")
    await channel.send(post())
    (sent,) = [seen for seen in mastodon.requests if seen.method == "POST"]
    assert len(parse_qs(sent.body)["status"][0]) <= 130


async def test_a_server_that_tells_no_limits_gets_the_default(mastodon: MastodonServer, channel: MastodonChannel) -> None:
    mastodon.fail(200, b"[]", method="GET", path="/api/v./instance", count=2)
    await channel.send(post())
    assert len(mastodon.statuses()) == 1


async def test_a_server_with_room_for_no_link_refuses(mastodon: MastodonServer, channel: MastodonChannel) -> None:
    mastodon.fail(200, {"max_toot_chars": 10}, method="GET", path="/api/v2/instance")
    with pytest.raises(Refused, match="no room"):
        await channel.send(post())


async def test_the_post_is_found_behind_many_others(mastodon: MastodonServer, channel: MastodonChannel) -> None:
    old = replace(post(1), decree=decree(found_at=datetime(2020, 1, 1, tzinfo=UTC)))
    sent = await channel.send(old)
    for n in range(50):
        mastodon.post(f"autre message {n}")
    assert await channel.find(old) == sent
    assert await channel.find(post(2)) is None


async def test_the_search_ends_where_the_decree_was_not_yet_known(mastodon: MastodonServer, channel: MastodonChannel) -> None:
    for n in range(45):
        mastodon.post(f"autre message {n}")
    mastodon.requests.clear()
    late = replace(post(1), decree=decree(found_at=clock.now() + timedelta(days=1)))
    assert await channel.find(late) is None
    assert len([seen for seen in mastodon.requests if seen.path.endswith("/statuses")]) == 1


async def test_posts_of_others_are_not_ours(mastodon: MastodonServer, channel: MastodonChannel) -> None:
    async with on_mastodon(mastodon, token=mastodon.other_token) as other:
        await other.send(post(1))
    assert await channel.find(post(1)) is None


async def test_one_account_may_post_in_two_languages(mastodon: MastodonServer, channel: MastodonChannel) -> None:
    async with on_mastodon(mastodon, language="en") as english:
        await english.send(post(1))
    assert await channel.find(post(1)) is None


@pytest.mark.parametrize(
    ("status", "expected"), [(401, DeliveryUnknown), (403, DeliveryUnknown), (500, NotSent), (429, NotSent)]
)  # fmt: skip
async def test_while_looking(mastodon: MastodonServer, channel: MastodonChannel, status: int, expected: type[Exception]) -> None:
    mastodon.fail(status, method="GET", path="/api/v1/accounts/verify_credentials")
    with pytest.raises(expected):
        await channel.find(post())


@pytest.mark.parametrize("body", [b"<html>", b"{}", b"[1]", b"null"])
async def test_an_unreadable_account_is_asked_again(mastodon: MastodonServer, channel: MastodonChannel, body: bytes) -> None:
    mastodon.fail(200, body, method="GET", path="/api/v1/accounts/verify_credentials")
    with pytest.raises(NotSent):
        await channel.find(post())


async def test_a_token_is_not_sent_in_clear_over_a_network() -> None:
    with pytest.raises(ValueError, match="https"):
        MastodonApi("http://m.example", "a", lambda: NOW)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"configuration": {"statuses": {"max_characters": 500, "characters_reserved_per_url": 23}}}, StatusLimits(500, 23)),
        ({"configuration": {"statuses": {"max_characters": 100_000, "characters_reserved_per_url": 32}}}, StatusLimits(100_000, 32)),
        ({"max_toot_chars": 5000}, StatusLimits(5000, None)),
        ({"configuration": {"statuses": {"max_characters": True}}}, None),
        ({"configuration": []}, None),
        ({}, None),
    ],
)
def test_limits(document: dict[str, Any], expected: StatusLimits | None) -> None:
    assert limits_of(document) == expected


@pytest.mark.parametrize(
    ("headers", "rest"),
    [
        ({}, None),
        ({"x-ratelimit-remaining": "299", "x-ratelimit-reset": (NOW + timedelta(seconds=90)).isoformat()}, None),
        ({"x-ratelimit-remaining": "6", "x-ratelimit-reset": (NOW + timedelta(seconds=90)).isoformat()}, None),
        ({"x-ratelimit-remaining": "5", "x-ratelimit-reset": (NOW + timedelta(seconds=90)).isoformat()}, 90.0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(NOW.timestamp()) + 42)}, 42.0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": (NOW - timedelta(seconds=90)).isoformat()}, None),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": (NOW + timedelta(days=90)).isoformat()}, 900.0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "soon"}, None),
        *(
            ({"x-ratelimit-remaining": left, "x-ratelimit-reset": (NOW + timedelta(seconds=90)).isoformat()}, None)
            for left in ("few", "²", "9" * 5000, "-1", "")
        ),
    ],
)
def test_rest_after(headers: dict[str, str], rest: float | None) -> None:
    assert rest_after(headers, NOW) == rest


async def test_an_allowance_that_is_nearly_used_up_is_told(mastodon: MastodonServer, channel: MastodonChannel) -> None:
    headers = {"X-RateLimit-Remaining": "2", "X-RateLimit-Reset": (NOW + timedelta(seconds=120)).isoformat()}
    mastodon.fail(200, {"id": "17"}, headers)
    sent = await channel.send(post(1))
    assert (sent.reference, sent.rest) == ("17", 120.0)
    assert (await channel.send(post(2))).rest is None


async def test_a_server_that_repeats_its_page_proves_nothing(mastodon: MastodonServer, channel: MastodonChannel) -> None:
    page = [{"id": f"opaque-{n}", "content": "x"} for n in range(40)]
    mastodon.fail(200, page, method="GET", path="/api/v1/accounts/[^/]+/statuses", count=20)
    with pytest.raises(DeliveryUnknown, match="again and again"):
        await channel.find(post(1))


async def test_the_pages_are_walked_by_opaque_ids_and_not_without_end(mastodon: MastodonServer, channel: MastodonChannel) -> None:
    for n in range(12):
        page = [{"id": f"01J{n}/{row}", "content": "x", "created_at": (NOW + timedelta(days=1)).isoformat()} for row in range(3)]
        mastodon.fail(200, page, method="GET", path="/api/v1/accounts/[^/]+/statuses")
    with pytest.raises(DeliveryUnknown, match="too many statuses"):
        await channel.find(post(1))
    assert len([seen for seen in mastodon.requests if seen.path.endswith("/statuses")]) == 10


async def test_what_was_edited_is_found_and_what_was_deleted_is_absent(mastodon: MastodonServer, channel: MastodonChannel) -> None:
    sent = await channel.send(post(1))
    shown = re.sub(r"<[^>]+>", "", re.sub(r"<br ?/?>|</?p>", "\n", mastodon.statuses()[0]["content"]))
    headers, address = {"Authorization": f"Bearer {mastodon.token}"}, f"/api/v1/statuses/{sent.reference}"
    async with httpx.AsyncClient(base_url=mastodon.url, headers=headers, trust_env=False, timeout=60) as person:
        (await person.put(address, json={"status": f"Précision : à 14 h.\n{shown}"})).raise_for_status()
        assert "Précision" in mastodon.statuses()[0]["content"]
        assert await channel.find(post(1)) == sent
        (await person.delete(address)).raise_for_status()
    assert await channel.find(post(1)) is None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "Sat, 19 Apr 2031 22:01:00 GMT"}, 60.0),
        ({"retry-after": "soon", "x-ratelimit-reset": "2031-04-19T22:00:30.5Z"}, 30.5),
        ({"x-ratelimit-reset": "2031-04-19T21:00:00"}, 1.0),
        ({"x-ratelimit-reset": "99999999999999999999"}, 300.0),
        ({"x-ratelimit-reset": "never"}, 300.0),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float) -> None:
    assert retry_after(headers, NOW) == seconds


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({"content": '<p>n° 12</p><p><a href="https://a.example/r.pdf?x=1&amp;y=2#page=3">…</a></p>'}, True),
        ({"content": "<p>n° 12 · signé le 1er mai 2031<br />https://a.example/r.pdf?x=1&amp;y=2#page=3</p>"}, True),
        ({"content": '<p>n° 13</p><p><a href="https://a.example/r.pdf?x=1&amp;y=2#page=3">…</a></p>'}, False),
        ({"content": '<p>n° 12</p><p><a href="https://a.example/r.pdf">…</a></p>'}, False),
        ({"content": '<p>n° 12</p><p><a href="https://a.example/r.pdf?x=1&amp;y=2#page=3">…</a></p>', "language": "en"}, False),
        # Another decree on the same page, which ends the one sought.
        ({"content": '<p>Met fin à l’arrêté n° 12<br>n° 13 <a href="https://a.example/r.pdf?x=1&amp;y=2#page=3">…</a></p>'}, False),
        # An answer to a person, which shows the same decree.
        ({"content": '<p>@<span>alice</span> n° 12</p><p><a href="https://a.example/r.pdf?x=1&amp;y=2#page=3">…</a></p>'}, False),
        ({"content": None}, False),
        ({}, False),
    ],
)
def test_is_sought(status: dict[str, Any], expected: bool) -> None:
    assert is_sought(status, "https://a.example/r.pdf?x=1&y=2#page=3", "12", "fr") is expected


def test_an_endless_error_is_cut() -> None:
    assert len(str(classify_answer(422, {}, '{"error": "' + "x" * 10**6 + '"}', NOW))) < 300


async def test_a_server_that_counts_links_in_full_gets_a_shorter_status() -> None:
    url = f"https://www.drome.gouv.fr/contenu/telechargement/1/2/file/{'recueil-' * 20}.pdf"
    first, second = (replace(post(number), decree=decree(id=number, title="Arrêté portant " * 40, url=url)) for number in (1, 2))
    async with MastodonServer(counts_links_in_full=True) as server, on_mastodon(server) as one:
        await one.send(first)
        asked = len(server.requests)
        await one.send(second)
        assert len(server.requests) == asked + 1, "what was learnt is kept"
        statuses = server.statuses()
    assert len(statuses) == 2
    assert all("recueil-recueil-" in status["content"] for status in statuses)
