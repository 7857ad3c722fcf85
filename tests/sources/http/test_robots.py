"""The Robots Exclusion Protocol, as RFC 9309 has it."""

from __future__ import annotations

import asyncio

import pytest

from sources.http.politeness import Disallowed, parse_robots, product_token
from sources.model import FetchRefused, Paused, Unreachable
from tests.sources.http.conftest import OTHER, SITE, Clock, MakeClient
from tests.sources.http.server import Server, drop, in_turn, redirect, reply


def allows(text: str, path: str) -> bool:
    return parse_robots(text).can_fetch(f"{SITE}{path}", "Vigie")


@pytest.mark.parametrize(
    ("text", "path", "allowed"),
    [
        ("User-agent: *\nDisallow: /\nAllow: /Publications", "/Publications/x", True),
        ("User-agent: *\nDisallow: /*.pdf$", "/a.pdf", False),
        ("User-agent: *\nDisallow: /Août", "/Ao%C3%BBt-2026", False),
        ("User-agent: *\nDisallow: /(offset)", "/(offset)/10", False),
        ("User-agent: *\nDisallow: /", "/robots.txt", True),
        ("User-agent: vigie\nDisallow: /\n\nUser-agent: *\nAllow: /", "/a", False),
        ("User-agent: vigiebot\nDisallow: /", "/a", True),
        ("\ufeffUser-agent: *\r\nDisallow: /\r\n", "/a", False),
        ("<html><title>Accueil</title>User-agent is a word</html>", "/a", True),
    ],
)
def test_rules(text: str, path: str, allowed: bool) -> None:
    """Of each kind one: the library has the others."""
    assert allows(text, path) is allowed


def test_a_hostile_pattern_takes_no_time() -> None:
    assert allows("User-agent: *\nDisallow: /" + "a*" * 2000 + "b$", "/" + "a" * 4000)


def test_our_name_in_a_robots_txt() -> None:
    assert product_token("Vigie/1.0 (+https://example.org)") == "Vigie"
    assert product_token("42") == ""


ROBOTS = reply("User-agent: *\nDisallow: /secret", content_type="text/plain")


async def test_what_is_disallowed_is_not_asked_and_a_copy_lasts_a_day(server: Server, make_client: MakeClient, clock: Clock) -> None:
    client = make_client(server, respect_robots=True)
    server.routes |= {"/var/robots.txt": ROBOTS, "/var/a": reply("<p>"), "/var/secret": reply("<p>")}
    await client.page(f"{SITE}/a")
    with pytest.raises(Disallowed, match=rf"^{SITE}/secret: .*robots\.txt"):
        await client.page(f"{SITE}/secret")
    assert [asked.path for asked in server.asked] == ["/var/robots.txt", "/var/a"]
    assert client.requests == 1, "robots.txt is no page"
    clock.time += 23 * 3600
    await client.page(f"{SITE}/a")
    assert [asked.path for asked in server.asked].count("/var/robots.txt") == 1
    clock.time += 3600
    await client.page(f"{SITE}/a")
    assert [asked.path for asked in server.asked].count("/var/robots.txt") == 2


async def test_what_it_asks_of_us_by_name_is_done(server: Server, make_client: MakeClient) -> None:
    rules = reply("User-agent: *\nAllow: /\n\nUser-agent: Vigie\nDisallow: /secret", content_type="text/plain")
    server.routes |= {"/var/robots.txt": rules, "/var/secret": reply("<p>")}
    with pytest.raises(Disallowed):
        await make_client(server, respect_robots=True).page(f"{SITE}/secret")
    assert server.paths == []


async def test_a_redirect_does_not_go_round_it(server: Server, make_client: MakeClient) -> None:
    server.routes |= {"/var/robots.txt": ROBOTS, "/var/a": redirect("/secret"), "/var/secret": reply("<p>")}
    with pytest.raises(Disallowed):
        await make_client(server, respect_robots=True).page(f"{SITE}/a")
    assert server.paths == ["/var/a"]


async def test_each_site_has_its_own_and_they_can_be_left_aside(server: Server, make_client: MakeClient) -> None:
    server.routes |= {"/var/robots.txt": ROBOTS, "/drome/secret": reply("<p>"), "/var/secret": reply("<p>")}
    await make_client(server, respect_robots=True).page(f"{OTHER}/secret")
    client = make_client(server)
    await client.page(f"{SITE}/secret")
    assert [asked.path for asked in server.asked] == ["/drome/robots.txt", "/drome/secret", "/var/secret"]


async def test_it_is_fetched_once_by_many_and_takes_its_turn(server: Server, make_client: MakeClient, clock: Clock) -> None:
    server.routes |= {"/var/robots.txt": ROBOTS, "/var/a": reply("<p>")}
    client = make_client(server, respect_robots=True)
    await asyncio.gather(*(client.page(f"{SITE}/a") for _ in range(3)))
    assert [asked.path for asked in server.asked] == ["/var/robots.txt"] + ["/var/a"] * 3
    assert clock.slept == [pytest.approx(3.03)] * 3


@pytest.mark.parametrize(
    "robots",
    [
        reply("", 404),
        reply("", 403),
        reply("<title>Accueil</title>"),
        redirect("https://evil.example/robots.txt"),
        redirect("/robots.txt"),
        reply("# long\n" * 100_000 + "User-agent: *\nDisallow: /"),
    ],
)
async def test_none_means_allowed(server: Server, make_client: MakeClient, robots: object) -> None:
    server.routes |= {"/var/robots.txt": robots, "/var/a": reply("<p>")}  # type: ignore[dict-item]  # replies of either kind
    assert (await make_client(server, respect_robots=True).page(f"{SITE}/a")).html == "<p>"


async def test_while_it_cannot_be_had_the_site_waits(server: Server, make_client: MakeClient) -> None:
    server.routes |= {"/var/a": reply("<p>"), "/var/robots.txt": in_turn(reply("", 503, headers={"Retry-After": "0"}), drop, drop, ROBOTS)}
    client = make_client(server, respect_robots=True)
    with pytest.raises(FetchRefused, match=rf"^{SITE}/a: refused by the server \(status 503.*, when asked for its robots\.txt$") as caught:
        await client.page(f"{SITE}/a")
    assert caught.value.retry_after == 0
    with pytest.raises(Unreachable, match=rf"^{SITE}/a: connection closed without an answer, when asked"):
        await client.page(f"{SITE}/a")
    assert server.paths == []
    assert (await client.page(f"{SITE}/a")).html == "<p>"


async def test_an_old_copy_is_better_than_none(server: Server, make_client: MakeClient, clock: Clock) -> None:
    server.routes |= {"/var/a": reply("<p>"), "/var/robots.txt": in_turn(ROBOTS, reply("", 500))}
    client = make_client(server, respect_robots=True)
    await client.page(f"{SITE}/a")
    clock.time += 48 * 3600
    assert (await client.page(f"{SITE}/a")).html == "<p>"
    with pytest.raises(Disallowed):
        await client.page(f"{SITE}/secret")


async def test_a_paused_address_is_not_asked_for_it_either(server: Server, make_client: MakeClient) -> None:
    client = make_client(server, respect_robots=True)
    server.routes["/var/robots.txt"] = drop
    for _ in range(3):
        with pytest.raises(Unreachable):
            await client.page(SITE)
    with pytest.raises(Paused):
        await client.page(SITE)
    assert len(server.asked) == 3
