"""Pages that want to reach elsewhere, to be asked for without end, or to take the machine: each costs one request and nothing more."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence

import pytest

from sources.catalogue.authority import Browser
from sources.http.browser import policy
from sources.http.browser.process import MOST_MEMORY
from sources.http.client import Client
from sources.http.politeness import Disallowed
from sources.model import FetchError, FetchRefused, Unusable
from tests.sources.http import chromium
from tests.sources.http.chromium import needs_chromium, needs_processes, processes
from tests.sources.http.conftest import HOST, SITE, MakeClient
from tests.sources.http.server import Answer, Server, reply

pytestmark = [needs_chromium, pytest.mark.asyncio(loop_scope="module")]

kept_chromium, server, make_client = chromium.kept_chromium, chromium.server, chromium.make_client

SHOW = """const show = (text) => document.body.insertAdjacentHTML("beforeend", `<ul id=list>${text}</ul>`);"""
LIST = reply("<ul id=list>")


class Datagrams(asyncio.DatagramProtocol):
    """Takes what comes by UDP."""

    def __init__(self) -> None:
        self.received: list[bytes] = []

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.received.append(data)


async def test_calls_and_windows_lead_nowhere(server: Server, browse: Callable[..., Client]) -> None:
    """WebRTC, which knows no proxy for UDP; and windows, whose first request nobody tells of."""
    transport, datagrams = await asyncio.get_running_loop().create_datagram_endpoint(Datagrams, local_addr=("127.0.0.1", 0))
    port = transport.get_extra_info("sockname")[1]
    async with Server() as stranger:
        server.routes["/var/"] = reply(
            f"""<body><a id=link href="/var/link" target=_blank rel=noopener>a</a><script>{SHOW}
              open("/var/window"); open("{stranger.base}/"); link.click();
              const login = {{username: "a", credential: "b"}};
              const call = new RTCPeerConnection({{iceServers: [{{urls: ["stun:127.0.0.1:{port}"]}},
                {{urls: ["turn:127.0.0.1:{port}", "turn:127.0.0.1:{stranger.port}?transport=tcp"], ...login}}]}});
              call.createDataChannel("a");
              call.onicecandidate = ({{candidate}}) => candidate || show("gathered");
              call.createOffer().then((offer) => call.setLocalDescription(offer));
            </script>"""
        )
        try:
            assert "gathered" in (await browse().page(SITE)).html
        finally:
            transport.close()
        assert stranger.connections == 0
    assert datagrams.received == []
    assert server.paths == ["/var/"]


@needs_processes
async def test_a_script_host_at_a_private_address_is_not_reached(server: Server, make_client: MakeClient) -> None:
    server.routes["/var/"] = reply(f"<body><script src=https://a.example></script><script>{SHOW} show('done')</script>")
    asked: list[str] = []

    async def resolver(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["93.184.215.14", "10.0.0.1"]

    browsers = {HOST: Browser("#list", script_hosts=("a.example",))}
    client = make_client(server, browsers=browsers, interval_seconds=0, outside={"resolver": resolver})
    assert "done" in (await client.page(SITE)).html
    assert asked == ["a.example"]
    [rules] = {
        rule for line in processes().values() for rule in re.findall(r"--host-resolver-rules=(.*?NOTFOUND)", line) if "--type=" not in line
    }
    assert rules == f"MAP 127.0.0.1:{server.port} 127.0.0.1, MAP * ~NOTFOUND"


async def test_a_page_that_a_script_goes_to_is_asked_for_in_its_turn_and_by_the_rules(
    server: Server, browse: Callable[..., Client]
) -> None:
    server.routes["/var/robots.txt"] = reply("User-agent: *\nDisallow: /private", content_type="text/plain")
    server.routes["/var/private"] = server.routes["/var/open"] = LIST
    for there in ("private", "open"):
        server.routes[f"/var/to-{there}"] = reply(f"<script>location = '/var/{there}'</script>")
    client = browse(respect_robots=True)
    with pytest.raises(Disallowed):
        await client.page(f"{SITE}/to-private")
    assert (await client.page(f"{SITE}/to-open")).url == f"{SITE}/open"
    assert server.paths == ["/var/to-private", "/var/to-open", "/var/open"]
    assert client.requests == 3


async def test_pages_without_end_are_given_up_and_the_site_is_not_to_blame(
    server: Server, browse: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy, "MOST_ATTEMPTS", 2 * policy.MOST_REQUESTS)  # each one takes time of ours
    login = reply("<ul id=list>", 401, headers={"WWW-Authenticate": "Basic realm=a"})
    cases: dict[str, tuple[Answer, type[FetchError], str]] = {
        "reload": (reply("<script>location.reload()</script>"), Unusable, r"only leads on to another one \(4 times\)"),
        "post": (reply("<form id=f method=post></form><script>f.submit()</script>"), Unusable, "only leads on"),
        "login": (login, FetchRefused, "401: wants a login"),
        "saved": (reply("<ul id=list>", headers={"Content-Disposition": "attachment"}), Unusable, "a file to be saved, not as a page"),
        "many": (
            # No faster than they are refused: what a flood leaves in the queue takes seconds, and shows no more.
            reply("<script>setInterval(() => { for (let i = 0; i < 20; i++) fetch('/var/' + i).catch(() => 0); }, 50)</script>"),
            Unusable,
            f"more than {policy.MOST_ATTEMPTS} requests",
        ),
    }
    client = browse(pause_after=1)
    for name, (answer, error, words) in cases.items():
        server.routes[f"/var/{name}"] = answer
        with pytest.raises(error, match=words) as caught:
            await client.page(f"{SITE}/{name}")
        assert str(caught.value).startswith(f"{SITE}/{name}: ")
    assert server.paths.count("/var/reload") == policy.MOST_DOCUMENTS + 1
    assert sum(re.fullmatch(r"/var/\d+", path) is not None for path in server.paths) < 2 * policy.MOST_REQUESTS  # some slip by as it closes


@pytest.mark.night
@needs_processes
async def test_what_a_page_may_take_has_an_end(server: Server, browse: Callable[..., Client]) -> None:
    server.routes["/var/"] = LIST
    server.routes["/var/memory"] = reply(
        f"""<body><script>{SHOW} const all = [];
          try {{ while (all.length < 60) all.push(new Uint8Array(1e8)) }} catch {{}}
          show(`${{all.length}} taken`)</script>"""
    )
    server.routes["/var/moves"] = reply(
        f"<body><script>{SHOW} for (let i = 1; i < 1000; i++) history.pushState(0, '', '?' + i); show(location.search)</script>"
    )
    server.routes["/var/cookies"] = reply(
        f"<body><script>{SHOW} for (let i = 0; i < 150; i++) document.cookie = `c${{i}}=${{'x'.repeat(4000)}}`; show('set')</script>"
    )
    # What pages before took is not counted.
    await chromium.KeptChromium.end()
    client = browse()
    taken = re.search(r"(\d+) taken", (await client.page(f"{SITE}/memory")).html)
    assert taken is not None
    assert int(taken[1]) * 100_000_000 < MOST_MEMORY
    moved = re.search(r'id="list">\?(\d+)<', (await client.page(f"{SITE}/moves")).html)
    assert moved is not None
    assert int(moved[1]) <= 200
    await client.page(f"{SITE}/cookies")
    await client.page(SITE)
    assert "cookie" not in server.asked[-1].headers


async def test_a_name_leads_where_it_was_checked_whatever_it_means_by_then(make_client: MakeClient) -> None:
    """DNS rebinding: what the machine says of the name, and what it says a second time, is not used."""
    answers = ["127.0.0.1", "127.0.0.2", "127.0.0.2"]

    async def resolver(host: str, port: int) -> Sequence[str]:
        return [answers.pop(0)]

    async with Server() as first, Server(host="127.0.0.2", port=first.port) as second, Server() as stranger:
        everywhere = [f"http://{host}:{first.port}/x" for host in ("127.0.0.1", "127.0.0.2", "127.1")]
        everywhere += [f"http://{host}:{stranger.port}/x" for host in ("127.0.0.1", "localhost", "a.localhost")]
        page = reply(
            f"""<body><script>{SHOW} const all = [];
              for (const url of {everywhere}) {{
                all.push(fetch(url, {{mode: "no-cors"}}).catch(() => 0));
                const socket = new WebSocket(url.replace("http", "ws"));
                all.push(new Promise((resolve) => {{ socket.onerror = socket.onopen = resolve }}));
              }}
              Promise.all(all).then(() => show("done"))</script>"""
        )
        first.routes["/"] = second.routes["/"] = page
        origins = {SITE: f"http://localhost:{first.port}"}
        client = make_client(first, origins=origins, browsers={HOST: Browser("#list")}, interval_seconds=0, outside={"resolver": resolver})
        for seen in ([["/"], []], [["/"], ["/"]], [["/"], ["/", "/"]]):
            assert "done" in (await client.page(SITE)).html
            assert [first.paths, second.paths] == seen
        assert stranger.connections == 0
