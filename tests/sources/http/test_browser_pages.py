"""Sites that serve only real browsers, asked by a real one: pages and files, and what comes in their place."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import random
import shutil
import ssl
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from sources.catalogue.authority import Browser
from sources.http.client import Client
from sources.model import Blocked, Download, FetchError, FetchRefused, Gone, Paused, Unreachable, Unusable
from tests.sources.http import chromium
from tests.sources.http.chromium import CHALLENGE, LIST, behind_challenge, needs_chromium
from tests.sources.http.conftest import HOST, SITE, MakeClient, content, names_in
from tests.sources.http.server import Answer, Server, drop, raw, redirect, reply, truncated

pytestmark = [needs_chromium, pytest.mark.asyncio(loop_scope="module")]

kept_chromium, server, make_client = chromium.kept_chromium, chromium.server, chromium.make_client

PDF = b"%PDF-1.7\n" + bytes(range(256)) * 4000
Case = tuple[Answer, type[FetchError], str]


async def test_a_challenge_is_passed_and_its_cookie_opens_the_files(server: Server, browse: Callable[..., Client], tmp_path: Path) -> None:
    server.routes["/var/robots.txt"] = reply("User-agent: Vigie\nDisallow: /private", content_type="text/plain")
    server.routes["/var/raa"] = behind_challenge(reply(LIST))
    server.routes["/var/raa.pdf"] = behind_challenge(reply(PDF, content_type="application/pdf"))
    server.routes["/var/packed.pdf"] = behind_challenge(reply(gzip.compress(PDF), headers={"Content-Encoding": "gzip"}, content_type=None))
    server.routes["/drome/"] = reply("<p>plain")
    client = browse(respect_robots=True)

    # The file first: the challenge that stands in its place is passed, and then it is asked for again.
    saved = await client.download(f"{SITE}/raa.pdf", tmp_path / "a.pdf")
    assert saved == Download(f"{SITE}/raa.pdf", tmp_path / "a.pdf", len(PDF), hashlib.sha256(PDF).hexdigest())
    assert content(tmp_path / "a.pdf") == PDF
    page = await client.page(f"{SITE}/raa")
    assert page.url == f"{SITE}/raa"
    assert '<ul id="list"><li><a href="/contenu/telechargement/1/2/file/RAA.pdf">RAA n°1</a></li></ul>' in page.html
    assert (await client.download(f"{SITE}/packed.pdf", tmp_path / "b.pdf")).size == len(PDF)
    assert server.paths.count("/var/raa") == server.paths.count("/var/packed.pdf") == 1
    with pytest.raises(FetchError, match=r"robots\.txt"):
        await client.page(f"{SITE}/private")

    asked = [one for one in server.asked if one.path.startswith("/var/")]
    assert {one.headers["user-agent"] for one in asked} == {asked[0].headers["user-agent"]}
    assert "Chrome/" in asked[0].headers["user-agent"]
    assert asked[0].headers["user-agent"].endswith(" Vigie/1.0 (+https://example.org)")
    assert asked[0].path == "/var/robots.txt"

    # The other site never meets the browser, nor its cookies.
    await client.page("https://www.drome.gouv.fr")
    assert server.asked[-1].headers["user-agent"] == "Vigie/1.0 (+https://example.org)"
    assert "cookie" not in server.asked[-1].headers


async def test_a_page_reaches_its_own_site_only(server: Server, browse: Callable[..., Client]) -> None:
    async with Server({"/x.js": reply("", content_type="text/javascript")}) as stranger:
        elsewhere = stranger.base
        server.routes["/var/x.js"] = reply("window.ran = true", content_type="text/javascript")
        server.routes["/var/"] = reply(
            f"""<link rel=preconnect href="{elsewhere}"><link rel=stylesheet href="{elsewhere}/x.css"><img src="{elsewhere}/a.png">
            <script src="{elsewhere}/x.js"></script><iframe src="{elsewhere}/frame"></iframe>
            <script src="/var/x.js"></script><img src="/var/b.png">
            <script>
              window.open("{elsewhere}/window");
              new WebSocket("{elsewhere.replace("http", "ws")}/socket").onerror = () => navigator.sendBeacon("{elsewhere}/beacon");
              fetch("{elsewhere}/fetch", {{mode: "no-cors"}}).catch(() => {{
                if (window.ran) document.body.insertAdjacentHTML("beforeend", "<ul id=list></ul>");
              }});
            </script>"""
        )
        assert 'id="list"' in (await browse().page(SITE)).html
        assert stranger.connections == 0
    assert server.paths == ["/var/", "/var/x.js"]


async def test_redirects_are_checked_one_by_one(server: Server, browse: Callable[..., Client], tmp_path: Path) -> None:
    async with Server({"/x": reply("<ul id=list>")}) as stranger:
        server.routes["/var/here"] = reply("<ul id=list>")
        server.routes["/var/file"] = reply(PDF)
        for name, there in (("out", f"{stranger.base}/x"), ("in", "/var/here"), ("to-file", "file")):
            server.routes[f"/var/{name}"] = redirect(there)
        server.routes["/var/script-out"] = reply(f"<script>location = '{stranger.base}/x'</script>")
        server.routes["/var/script-in"] = reply("<script>location = '/var/here#part'</script>")
        client = browse()
        assert (await client.page(f"{SITE}/in")).url == f"{SITE}/here"
        assert (await client.page(f"{SITE}/script-in")).url == f"{SITE}/here"
        assert (await client.download(f"{SITE}/to-file", tmp_path / "a.pdf")).url == f"{SITE}/file"
        assert server.paths.count("/var/here") == 2
        for name in ("out", "script-out"):
            with pytest.raises(Unusable, match="not a site of the catalogue"):
                await client.page(f"{SITE}/{name}")
        with pytest.raises(Unusable, match="not a site of the catalogue"):
            await client.download(f"{SITE}/out", tmp_path / "b.pdf")
        assert stranger.connections == 0


async def test_what_comes_in_place_of_a_page_is_told_apart(server: Server, browse: Callable[..., Client]) -> None:
    many = b"<ul id=list>" + b"texte " * 30_000
    cases: dict[str, Case] = {
        # Slow enough that a busy browser shows one before the next is requested.
        "wall": (reply(CHALLENGE.replace("pass=1", "no=1").replace(", 20)", ", 400)"), 403), Blocked, "Cloudflare challenge"),
        "other": (reply("<h1>Accueil</h1><p>" + "Bienvenue. " * 200), Unusable, r"never showed what it should \(#list; waited 2 s"),
        "gone": (reply("<ul id=list>", 404), Gone, "404"),
        "down": (reply("<ul id=list>", 500), FetchRefused, "500"),
        "bare": (reply("", 503), FetchRefused, "503"),
        "pdf": (reply(PDF, content_type="application/pdf"), Unusable, "not an HTML page but 'application/pdf'"),
        "empty": (reply("", 204), Unusable, "204"),
        "cut": (truncated(b"<ul id=list>", 5000), Unreachable, "cut short"),
        "mute": (drop, Unreachable, "without an answer"),
        "large": (reply(many), Unusable, r"larger than 0\.1 MB"),
        "bomb": (reply(gzip.compress(many * 4), headers={"Content-Encoding": "gzip"}), Unusable, r"larger than 0\.4 MB with all"),
    }
    # One waits for its time to be over; all others have the time that they take on a busy machine.
    client = browse(browser_seconds=30.0, max_page_bytes=100_000)
    hasty = browse(browser_seconds=2.0)
    for name, (answer, error, words) in cases.items():
        server.routes[f"/var/{name}"] = answer
        with pytest.raises(error, match=words) as caught:
            await (hasty if "waited" in words else client).page(f"{SITE}/{name}")
        assert str(caught.value).startswith(f"{SITE}/{name}: ")
    assert server.paths.count("/var/wall") < 8  # it reloads itself for ever

    server.routes["/var/busy"] = reply("", 429, headers={"Retry-After": "50"})
    with pytest.raises(FetchRefused) as caught:
        await client.page(f"{SITE}/busy")
    assert caught.value.retry_after == 50
    with pytest.raises(Paused, match="the server asked to wait"):
        await client.page(f"{SITE}/gone")
    assert server.paths.count("/var/busy") == server.paths.count("/var/gone") == 1


async def test_what_comes_in_place_of_a_file_is_told_apart(server: Server, browse: Callable[..., Client], tmp_path: Path) -> None:
    cases: dict[str, Case] = {
        "html": (reply("<h1>Page introuvable</h1>" + "<a href=/>lien</a>" * 9), Unusable, "not a PDF but 'text/html'"),
        "wall": (reply(CHALLENGE.replace("pass=1", "no=1"), 403), Blocked, "Cloudflare challenge"),
        "picture": (reply(b"GIF89a", content_type="image/gif"), Unusable, "not a PDF but 'image/gif'"),
        "gone": (reply("<p>non", 404), Gone, "404"),
        "announced": (reply(PDF), Unusable, "larger than 0.5 MB"),
        "endless": (raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\n\r\n" + PDF), Unusable, "larger than 0.5 MB"),
        "cut": (truncated(PDF[:5000], 90_000, "application/pdf"), Unreachable, "cut short"),
        "chunked": (raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n800\r\n" + PDF[:2048]), Unreachable, "cut short"),
        "packed": (
            truncated(gzip.compress(random.Random(1).randbytes(90_000))[:60_000], 80_000, "application/pdf\r\nContent-Encoding: gzip"),
            Unreachable,
            "cut short",
        ),
        "mute": (drop, Unreachable, "without an answer"),
    }
    client = browse(max_file_bytes=500_000, pause_after=9)
    for name, (answer, error, words) in cases.items():
        server.routes[f"/var/{name}"] = answer
        with pytest.raises(error, match=words) as caught:
            await client.download(f"{SITE}/{name}", tmp_path / "a.pdf")
        assert str(caught.value).startswith(f"{SITE}/{name}: ")
        assert names_in(tmp_path) == []


async def loopback(host: str, port: int) -> Sequence[str]:
    return ["127.0.0.1"]


async def test_the_browser_goes_where_the_resolver_says_and_trusts_no_unknown_certificate(make_client: MakeClient, tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("the openssl command makes the certificate")
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", f"{tmp_path}/key", "-out", f"{tmp_path}/pem")
    name = ("-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}", "-days", "2")
    await asyncio.to_thread(subprocess.run, ["openssl", "req", "-x509", *key, *name], check=True, capture_output=True, timeout=60)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(tmp_path / "pem", tmp_path / "key")
    names: list[str | None] = []
    tls.sni_callback = lambda connection, name, context: names.append(name)
    async with Server({"/": reply("<ul id=list>")}, tls=tls) as server:
        settings: dict[str, Any] = {"origins": {SITE: f"https://{HOST}:{server.port}"}, "browsers": {HOST: Browser("#list")}}
        client = make_client(server, **settings, outside={"resolver": loopback})
        with pytest.raises(Unreachable, match=r"TLS failure: certificate not trusted \(ERR_CERT_AUTHORITY_INVALID\)"):
            await client.page(SITE)
        assert set(names) == {HOST}
        assert server.asked == []
    with pytest.raises(Unreachable, match="connection refused"):
        await client.page(SITE)
