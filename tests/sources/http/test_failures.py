"""No answer, or an unwelcome one: told in plain words, and the address left in peace."""

from __future__ import annotations

import asyncio
import errno
import gzip
import socket
import ssl
from collections.abc import AsyncIterator, Sequence

import httpx
import pytest

from sources.http.client import Client
from sources.http.connection import in_plain_words
from sources.model import Blocked, FetchRefused, Paused, Unreachable, Unusable
from tests.sources.http.conftest import HOST, OTHER, SITE, Clock, MakeClient
from tests.sources.http.server import Answer, Server, drop, in_turn, raw, reply, stall, truncated


async def test_a_refused_connection(server: Server, make_client: MakeClient) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        client = make_client(server, origins={SITE: f"http://127.0.0.1:{closed.getsockname()[1]}"})
        with pytest.raises(Unreachable, match=rf"^{SITE}/: connection refused$"):
            await client.page(SITE)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (drop, "connection closed without an answer"),
        (truncated(b"<p>", 100), "answer cut short"),
        (reply(gzip.compress(b"<p>", mtime=0)[:-1], headers={"Content-Encoding": "gzip"}), "answer cut short"),
        (raw(b"SSH-2.0-OpenSSH\r\n\r\n"), "not a valid HTTP answer"),
    ],
    ids=["dropped", "cut", "cut, packed", "no HTTP"],
)
async def test_an_answer_that_is_none_is_told_and_three_in_a_row_pause(server: Server, client: Client, answer: Answer, words: str) -> None:
    server.routes["/var/"] = answer
    for number in (1, 2, 3):
        with pytest.raises(Unreachable, match=words):
            await client.page(SITE)
        assert len(server.asked) == number
    with pytest.raises(Paused, match=f"last: {words}"):
        await client.page(SITE)


async def test_a_silent_server(server: Server, make_client: MakeClient) -> None:
    server.routes["/var/"] = stall()
    with pytest.raises(Unreachable, match="timed out waiting for the answer"):
        await make_client(server, timeout_seconds=0.1).page(SITE)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "name not found"),
        (
            socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"),
            "name not found: the look-up failed, is there a network?",
        ),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), "network unreachable"),
    ],
)
async def test_a_name_that_is_not_found(server: Server, make_client: MakeClient, error: OSError, words: str) -> None:
    async def resolver(host: str, port: int) -> Sequence[str]:
        raise error

    client = make_client(server, origins={}, outside={"resolver": resolver})
    for _ in range(4):  # no address, so no queue to pause
        with pytest.raises(Unreachable) as caught:
            await client.page(SITE)
        assert str(caught.value) == f"{SITE}/: {words} ({HOST})"


async def test_a_name_with_no_address_or_a_slow_look_up(server: Server, make_client: MakeClient) -> None:
    async def nothing(host: str, port: int) -> Sequence[str]:
        return []

    async def slow(host: str, port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        return []

    with pytest.raises(Unreachable, match="name not found"):
        await make_client(server, origins={}, outside={"resolver": nothing}).page(SITE)
    with pytest.raises(Unreachable, match="name look-up timed out"):
        await make_client(server, origins={}, outside={"resolver": slow}, timeout_seconds=0.05).page(SITE)


@pytest.mark.parametrize("addresses", [["10.0.0.1"], ["127.0.0.1"], ["::1"], ["77.159.252.140", "192.168.1.1"], ["169.254.169.254"]])
async def test_a_name_that_leads_to_a_private_address_is_not_asked(server: Server, make_client: MakeClient, addresses: list[str]) -> None:
    async def resolver(host: str, port: int) -> Sequence[str]:
        return addresses

    def network(request: httpx.Request) -> httpx.Response:
        raise AssertionError("must not be asked")

    client = make_client(server, origins={}, outside={"resolver": resolver, "transport": httpx.MockTransport(network)})
    with pytest.raises(Unusable, match="not a public address"):
        await client.page(SITE)


@pytest.mark.parametrize(
    ("resolved", "asked"), [(["77.159.252.141", "77.159.252.140"], "77.159.252.140"), (["2a01::1", "2a01::2"], "[2a01::1]")]
)
async def test_the_very_address_that_was_checked_is_asked_under_the_name_of_the_site(
    server: Server, make_client: MakeClient, resolved: list[str], asked: str
) -> None:
    requests: list[httpx.Request] = []

    async def resolver(host: str, port: int) -> Sequence[str]:
        assert (host, port) == (HOST, 443)
        return resolved

    def network(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(200, headers={"Content-Type": "text/html"}, content=body())

    async def body() -> AsyncIterator[bytes]:
        yield b"<p>"

    client = make_client(server, origins={}, outside={"resolver": resolver, "transport": httpx.MockTransport(network)})
    assert (await client.page(f"{SITE}/a'b?c=%28d")).url == f"{SITE}/a%27b?c=(d"
    assert str(requests[0].url) == f"https://{asked}/a%27b?c=(d"
    assert requests[0].headers["host"] == HOST
    assert requests[0].extensions["sni_hostname"] == HOST


async def test_a_resting_address_is_not_even_looked_up(server: Server, make_client: MakeClient, clock: Clock) -> None:
    looked_up: list[str] = []

    async def resolver(host: str, port: int) -> Sequence[str]:
        looked_up.append(host)
        return ["127.0.0.1"]

    client = make_client(server, origins={SITE: f"http://localhost:{server.port}/var"}, outside={"resolver": resolver})
    server.routes["/var/"] = in_turn(reply("", 503, headers={"Retry-After": "60"}), reply("<p>"))
    with pytest.raises(FetchRefused):
        await client.page(SITE)
    with pytest.raises(Paused):
        await client.page(SITE)
    assert looked_up == ["localhost"]
    clock.time += 60
    await client.page(SITE)
    assert looked_up == ["localhost", "localhost"]


async def test_plain_http_stays_on_this_machine_whatever_localhost_leads_to(server: Server, make_client: MakeClient) -> None:
    async def resolver(host: str, port: int) -> Sequence[str]:
        return ["77.159.252.140"]

    client = make_client(server, origins={SITE: f"http://localhost:{server.port}/var"}, outside={"resolver": resolver})
    with pytest.raises(Unusable, match="for loopback only"):
        await client.page(SITE)


@pytest.mark.parametrize("refusal", [reply("<title>Trop de requêtes</title>", 403), reply("", 502)], ids=["block page", "502"])
async def test_several_sites_that_refuse_are_an_address_at_fault(server: Server, client: Client, refusal: Answer) -> None:
    server.routes |= {"/var/": refusal, "/drome/": refusal}
    for _ in range(4):
        with pytest.raises((Blocked, FetchRefused)) as alone:
            await client.page(SITE)
        assert alone.value.is_of_site, "one site that refuses says nothing of its address"
    with pytest.raises((Blocked, FetchRefused)):
        await client.page(OTHER)
    with pytest.raises((Blocked, FetchRefused)) as third:
        await client.page(SITE)
    assert not third.value.is_of_site
    with pytest.raises(Paused) as paused:
        await client.page(OTHER)
    assert not paused.value.is_of_site


async def test_those_who_wait_learn_of_the_pause_without_asking(server: Server, client: Client) -> None:
    server.routes["/var/"] = drop
    outcomes = await asyncio.gather(*(client.page(SITE) for _ in range(6)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [Unreachable] * 3 + [Paused] * 3
    assert len(server.asked) == 3


@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_rests_the_whole_address(server: Server, client: Client, clock: Clock, status: int) -> None:
    server.routes["/var/"] = in_turn(reply("", status, headers={"Retry-After": "120"}), reply("<p>"))
    server.routes["/drome/"] = reply("<p>")
    with pytest.raises(FetchRefused) as refused:
        await client.page(SITE)
    assert refused.value.retry_after == pytest.approx(120)
    clock.time += 20
    with pytest.raises(Paused, match="the server asked to wait") as paused:
        await client.page(OTHER)
    assert paused.value.retry_after == pytest.approx(100)
    clock.time += 100
    await client.page(OTHER)
    assert (await client.page(SITE)).html == "<p>"


async def test_a_block_page_may_ask_to_wait_too(server: Server, client: Client) -> None:
    server.routes["/var/"] = reply("<title>Too Many Requests</title>", 429, headers={"Retry-After": "60"})
    with pytest.raises(Blocked) as blocked:
        await client.page(SITE)
    assert blocked.value.retry_after == pytest.approx(60)


async def test_too_many_requests_without_a_delay_means_a_minute_and_a_503_nothing(server: Server, client: Client, clock: Clock) -> None:
    server.routes["/var/"] = reply("", 503)
    for _ in range(5):
        with pytest.raises(FetchRefused) as refused:
            await client.page(SITE)
        assert refused.value.retry_after is None
    server.routes["/var/"] = in_turn(reply("", 429), reply("<p>"))
    with pytest.raises(FetchRefused):
        await client.page(SITE)
    with pytest.raises(Paused):
        await client.page(SITE)
    clock.time += 60
    await client.page(SITE)


async def test_a_connection_is_kept_and_one_that_died_while_idle_is_replaced_at_once(server: Server, client: Client) -> None:
    server.routes["/var/"] = reply("<p>")
    await client.page(SITE)
    await client.page(SITE)
    assert server.connections == 1

    server.routes["/var/"] = in_turn(drop, reply("<p>again"))
    assert (await client.page(SITE)).html == "<p>again"
    assert server.connections == 2
    assert [asked.connection for asked in server.asked] == [1, 1, 1, 2]


@pytest.mark.parametrize(
    ("answer", "words", "asked"), [(drop, "without an answer", 3), (truncated(b"<p>", 100), "cut short", 2)], ids=["dropped twice", "begun"]
)
async def test_a_reused_connection_is_replaced_once_and_before_an_answer_only(
    server: Server, client: Client, answer: Answer, words: str, asked: int
) -> None:
    server.routes["/var/"] = in_turn(reply("<p>"), answer)
    await client.page(SITE)
    with pytest.raises(Unreachable, match=words):
        await client.page(SITE)
    assert len(server.asked) == asked


async def test_the_proxies_of_the_environment_are_not_honoured(server: Server, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    server.routes["/var/"] = reply("<p>")
    assert (await client.page(SITE)).html == "<p>"


def _caused(error: BaseException, cause: BaseException) -> BaseException:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (_caused(httpx.ConnectError(""), OSError(errno.EHOSTUNREACH, "No route to host")), "host unreachable"),
        (_caused(httpx.ReadError(""), ConnectionResetError(errno.ECONNRESET, "reset")), "connection reset by the server"),
        (_caused(httpx.ConnectError(""), ExceptionGroup("all", [ConnectionRefusedError(errno.ECONNREFUSED, "no")])), "connection refused"),
        (_caused(httpx.ConnectError(""), ssl.SSLEOFError(8, "EOF")), "TLS failure: connection closed by the server"),
        (_caused(httpx.ConnectError(""), ssl.SSLError(1, "weird")), "TLS failure: protocol error"),
        (httpx.ConnectTimeout(""), "connection timed out"),
        (httpx.PoolTimeout(""), "timed out waiting for a connection"),
        (httpx.ConnectError(""), "connection failed"),
        (httpx.LocalProtocolError("x"), "not a valid HTTP exchange"),
        (OSError(errno.EMFILE, "Too many open files"), "too many open files on this machine"),
        (KeyError("secret"), "KeyError"),
    ],
)
def test_plain_words(error: BaseException, words: str) -> None:
    assert in_plain_words(error) == words
