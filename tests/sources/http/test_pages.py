"""Pages over real sockets: what comes back, what is sent, and what is refused."""

from __future__ import annotations

import asyncio
import gzip
import os
import zlib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from structlog.testing import capture_logs

from sources.catalogue.authority import Source
from sources.crawl.crawler import Crawler
from sources.http.answers import chunks
from sources.http.client import Client
from sources.model import (
    Blocked,
    FetchError,
    FetchRefused,
    Gone,
    NotAPage,
    Page,
    UnderMaintenance,
    Unreachable,
    Unusable,
    Validators,
)
from tests.present import present
from tests.sources.http.conftest import OTHER, SITE, Clock, MakeClient
from tests.sources.http.server import Answer, Asked, Server, in_turn, raw, redirect, reply, stall, truncated


async def test_the_request_says_who_asks_and_nothing_that_is_not_true(server: Server, client: Client) -> None:
    server.routes["/var/"] = reply("<p>")
    await client.page(SITE)
    sent = server.asked[0].headers
    assert sent["user-agent"] == "Vigie/1.0 (+https://example.org)"
    assert sent["host"] == f"127.0.0.1:{server.port}"
    assert sent["accept-encoding"] == "gzip"
    assert set(sent) == {"host", "user-agent", "accept", "accept-language", "accept-encoding"}


async def test_an_answer_tells_when_it_was_requested_and_came_and_what_its_server_says_of_it(
    server: Server, client: Client, clock: Clock, tmp_path: Path
) -> None:
    told = {"Date": "Thu, 13 Aug 2026 22:00:00 GMT", "Last-Modified": "Mon, 10 Aug 2026 08:00:00 GMT", "ETag": '"' + "a" * 300}

    async def slowly(asked: Asked, writer: asyncio.StreamWriter) -> None:
        clock.time += 5
        await in_turn(reply("<p>", headers=told) if asked.path.endswith("new") else reply(status=304, content_type=None))(asked, writer)

    server.routes |= {"/var/": redirect("/new"), "/var/new": slowly, "/var/same": slowly, "/var/a.pdf": reply(b"%PDF-1.4 %%EOF")}
    began = clock.now()
    head = present((await client.page(SITE)).head)
    assert (head.url, head.status, head.server_date) == (f"{SITE}/new", 200, datetime(2026, 8, 13, 22, tzinfo=UTC))
    assert (head.last_modified, head.etag) == (told["Last-Modified"], told["ETag"][:200])
    assert head.asked_at >= began + timedelta(seconds=3), "a redirect is another request"
    assert head.answered_at == head.asked_at + timedelta(seconds=5) == clock.now()
    head = present((await client.page(f"{SITE}/same", Validators('"b"'))).head)
    assert (head.status, head.server_date, head.last_modified, head.etag) == (304, None, None, None)
    head = present((await client.download(f"{SITE}/a.pdf", tmp_path / "a.pdf")).head)
    assert (head.url, head.status, head.answered_at) == (f"{SITE}/a.pdf", 200, clock.now())


async def test_validators_are_given_and_sent_back(server: Server, client: Client) -> None:
    seen = Validators('"abc"', "Fri, 14 Aug 2026 10:00:00 GMT")
    assert seen.etag
    assert seen.last_modified
    server.routes["/var/"] = in_turn(
        reply("<p>one", headers={"ETag": seen.etag, "Last-Modified": seen.last_modified}),
        reply(status=304, content_type=None),
        reply(status=304, content_type=None, headers={"ETag": '"def"'}),
    )
    assert (await client.page(SITE)).validators == seen
    assert await client.page(SITE, seen) == Page(f"{SITE}/", "", seen, unchanged=True)
    assert (await client.page(SITE, seen)).validators == Validators('"def"', seen.last_modified)
    assert "if-none-match" not in server.asked[0].headers
    assert server.asked[1].headers["if-none-match"] == '"abc"'
    assert server.asked[1].headers["if-modified-since"] == seen.last_modified


async def test_validators_that_no_header_can_carry_are_left_out(server: Server, client: Client) -> None:
    server.routes["/var/"] = reply("<p>")
    await client.page(SITE, Validators('"a"\r\nX-Evil: 1', "août"))
    assert not {"if-none-match", "if-modified-since", "x-evil"} & set(server.asked[0].headers)


@pytest.mark.parametrize(
    ("body", "content_type", "html"),
    [
        ("<p>é".encode(), "text/html; charset=utf-8", "<p>é"),
        ("<p>é".encode("latin-1"), 'text/html; charset="ISO-8859-1"', "<p>é"),
        ("<p>’é".encode("cp1252"), "text/html; charset=iso-8859-1", "<p>’é"),
        ('<meta charset="iso-8859-15"><p>€'.encode("iso8859-15"), "text/html", '<meta charset="iso-8859-15"><p>€'),
        ("<p>é".encode(), "text/html", "<p>é"),
        ("\ufeff<p>é".encode(), "text/html; charset=iso-8859-1", "<p>é"),
        ("\ufeff<p>é".encode("utf-16-le"), "text/html", "<p>é"),
        ("<p>é".encode(), "text/html; charset=utf-7", "<p>é"),
        ("<p>é".encode(), f"text/html; charset={' ' * 30_000}", "<p>é"),
        ("<p>é".encode(), "text/html; charset=no-such-thing", "<p>é"),
        (b"<p>\xff", "text/html", "<p>\ufffd"),
        (b" <p>", None, " <p>"),
        (b"<p>", "application/xhtml+xml", "<p>"),
    ],
)
async def test_charsets(server: Server, client: Client, body: bytes, content_type: str | None, html: str) -> None:
    server.routes["/var/"] = reply(body, content_type=content_type)
    assert (await client.page(SITE)).html == html


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, FetchRefused),
        (403, FetchRefused),
        (404, Gone),
        (410, Gone),
        (429, FetchRefused),
        (500, FetchRefused),
        (503, FetchRefused),
        (204, Unusable),
        (206, Unusable),
    ],
)
async def test_what_each_status_means(server: Server, client: Client, status: int, error: type[FetchError]) -> None:
    server.routes["/var/x"] = reply("<title>Oups</title>", status) if status != 204 else raw(b"HTTP/1.1 204 None\r\n\r\n")
    with pytest.raises(error, match=rf"^{SITE}/x: .*{status}") as caught:
        await client.page(f"{SITE}/x")
    assert type(caught.value) is error


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 65537, 1_000_003])
async def test_gzip_is_unpacked_whatever_its_size(server: Server, client: Client, size: int) -> None:
    body = os.urandom(size // 2).hex().encode()
    packed = gzip.compress(body) + gzip.compress(b"<end>")
    server.routes["/var/"] = reply(packed, headers={"Content-Encoding": "gzip"})
    assert (await client.page(SITE)).html == body.decode() + "<end>"


async def test_a_gzip_bomb_stops_at_the_limit(server: Server, make_client: MakeClient) -> None:
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(50)) + packer.flush()
    assert len(bomb) < 100_000
    server.routes["/var/"] = reply(bomb, headers={"Content-Encoding": "gzip"})
    with pytest.raises(Unusable, match=r"larger than 1\.049 MB"):
        await make_client(server, max_page_bytes=1 << 20).page(SITE)


async def test_a_bomb_is_unpacked_in_small_pieces() -> None:
    bomb = gzip.compress(bytes(20_000_000))
    answer = httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=httpx.ByteStream(bomb))
    sizes = [len(piece) async for piece in chunks(answer, url=SITE, at_most=100_000_000)]
    assert sum(sizes) == 20_000_000
    assert max(sizes) <= 64 * 1024


async def test_a_large_page_stops_at_the_limit_with_or_without_announcement(server: Server, make_client: MakeClient) -> None:
    client = make_client(server, max_page_bytes=1000)
    server.routes["/var/announced"] = truncated(b"", 1001)
    server.routes["/var/not"] = raw(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + b"a" * 1001)
    server.routes["/var/just"] = reply("a" * 1000)
    for path in ("announced", "not"):
        with pytest.raises(Unusable, match="larger than"):
            await client.page(f"{SITE}/{path}")
    assert len((await client.page(f"{SITE}/just")).html) == 1000


@pytest.mark.parametrize(
    ("body", "encoding", "error"),
    [
        (gzip.compress(b"<p>" * 999)[:-9], "gzip", Unreachable),
        (gzip.compress(b"<p>" * 999)[:5], "gzip", Unreachable),
        (b"<p>not packed at all", "gzip", Unusable),
        (b"whatever", "br", Unusable),
        (gzip.compress(gzip.compress(b"<p>")), "gzip, gzip", Unusable),
    ],
    # Packed bytes hold the time: as names of tests they would differ from one worker to the next.
    ids=["cut", "cut in the header", "not packed", "unasked", "twice"],
)
async def test_damaged_or_unasked_packing(server: Server, client: Client, body: bytes, encoding: str, error: type[FetchError]) -> None:
    server.routes["/var/"] = reply(body, headers={"Content-Encoding": encoding})
    with pytest.raises(error):
        await client.page(SITE)


async def test_cookies_go_back_to_the_site_that_set_them_and_to_no_other(server: Server, client: Client) -> None:
    server.routes["/var/raa.html"] = reply("<p>", headers={"Set-Cookie": "DIMSPHPSESSID=abc; Path=/"})
    server.routes["/var/index.php"] = reply("<p>")
    server.routes["/drome/"] = reply("<p>")
    await client.page(f"{SITE}/raa.html")
    await client.page(f"{SITE}/index.php")
    await client.page(OTHER)
    assert [asked.headers.get("cookie") for asked in server.asked] == [None, "DIMSPHPSESSID=abc", None]


async def test_a_cookie_that_no_header_can_carry_is_dropped(server: Server, client: Client) -> None:
    server.routes["/var/"] = raw("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nSet-Cookie: a=é\r\n\r\n<p>".encode("latin-1"))
    await client.page(SITE)
    assert (await client.page(SITE)).html == "<p>"
    assert "cookie" not in server.asked[1].headers


async def test_a_site_that_sets_cookies_without_end_does_not_fill_the_memory(server: Server, client: Client) -> None:
    flood = "".join(f"Set-Cookie: c{n}=1\r\n" for n in range(60))
    server.routes["/var/"] = raw(f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n{flood}\r\n<p>".encode())
    await client.page(SITE)
    await client.page(SITE)
    assert "cookie" not in server.asked[1].headers


@pytest.mark.parametrize(
    "location",
    [
        "/ici",
        "/var/ici",
        "ici",
        "../ici",
        "https://www.var.gouv.fr/ici",
        "HTTPS://WWW.VAR.GOUV.FR/ici#x",
        "http://www.var.gouv.fr/ici",
        "//www.var.gouv.fr/ici",
        "{base}/var/ici",
    ],
)
async def test_redirects_in_every_spelling_end_at_the_canonical_address(server: Server, client: Client, location: str) -> None:
    start = "/a/b" if location.startswith("..") else "/a"
    server.routes[f"/var{start}"] = redirect(location.format(base=server.base), 301)
    server.routes["/var/ici"] = reply("<p>ici")
    assert (await client.page(f"{SITE}{start}")).url == f"{SITE}/ici"
    assert client.requests == 2


async def test_a_redirect_to_another_site_of_the_catalogue_is_followed(server: Server, client: Client) -> None:
    server.routes["/var/a"] = redirect(f"{server.base}/drome/b?x=%C3%A9", 308)
    server.routes["/drome/b?x=%C3%A9"] = reply("<p>")
    assert (await client.page(f"{SITE}/a")).url == f"{OTHER}/b?x=%C3%A9"


@pytest.mark.parametrize(
    "location", ["https://evil.example/", "//evil.example/", "http://127.0.0.1:1/", "{base}/elsewhere", "https://www.var.gouv.fr:8443/"]
)
async def test_a_redirect_out_of_the_catalogue_is_not_followed(server: Server, client: Client, location: str) -> None:
    server.routes["/var/a"] = redirect(location.format(base=server.base))
    with pytest.raises(Unusable, match="not a site of the catalogue"):
        await client.page(f"{SITE}/a")
    assert server.paths == ["/var/a"]


@pytest.mark.parametrize("location", ["javascript:alert(1)", "ftp://www.var.gouv.fr/", "https://user:secret@www.var.gouv.fr/", ""])
async def test_a_redirect_to_no_web_address(server: Server, client: Client, location: str) -> None:
    server.routes["/var/a"] = redirect(location)
    with pytest.raises(Unusable):
        await client.page(f"{SITE}/a")


def sends_on(content: str, *, before: str = "", after: str = "") -> str:
    return f'<html><head>{before}<META HTTP-EQUIV=refresh content="{content}">{after}</head><body>Cette page a changé</body></html>'


@pytest.mark.parametrize("location", ["/ici", "ici", "http://www.var.gouv.fr/ici", "https://var.gouv.fr/ici", "{base}/var/ici", "'/ici'"])
@pytest.mark.parametrize("content", ["0;url={}", "5; URL={}", "3 , url = {}"])
async def test_a_page_that_sends_its_readers_on_is_like_a_redirect(
    server: Server, make_client: MakeClient, location: str, content: str
) -> None:
    client = make_client(server, hosts=frozenset({"www.var.gouv.fr", "var.gouv.fr"}),
                         origins={SITE: f"{server.base}/var", "https://var.gouv.fr": f"{server.base}/bare"})  # fmt: skip
    server.routes["/var/a"] = reply(sends_on(content.format(location.format(base=server.base))), headers={"ETag": '"old"'})
    server.routes["/var/ici"] = server.routes["/bare/ici"] = reply("<p>ici", headers={"ETag": '"new"'})
    page = await client.page(f"{SITE}/a")
    assert (page.html, page.url.endswith("/ici"), client.requests) == ("<p>ici", True, 2)
    # An old page that was not modified since the new one came: asked with the validators of the new one it would hide all that comes.
    assert page.validators == Validators()


@pytest.mark.parametrize(
    "html",
    [
        sends_on("0; url=https://evil.example/"),
        sends_on(f"0; url={OTHER}/b"),
        sends_on("0; url=/a#ici"),
        sends_on("0; url=javascript:alert(1)"),
        sends_on("1800"),
        sends_on("600; url=/ici"),
        sends_on("0; url=/ici", before="<noscript>", after="</noscript>"),
        sends_on("0; url=/ici", before="<!--", after="-->"),
        sends_on(""),
    ],
)
async def test_a_page_that_sends_nobody_on_is_read(server: Server, client: Client, html: str) -> None:
    server.routes["/var/a"] = reply(html, headers={"ETag": '"a"'})
    assert await client.page(f"{SITE}/a") == Page(f"{SITE}/a", html, Validators('"a"'))
    assert server.paths == ["/var/a"]


async def test_pages_that_send_on_in_circles_or_out_of_the_catalogue_end(server: Server, client: Client) -> None:
    server.routes["/var/a"] = reply(sends_on("0; url=/b"))
    server.routes["/var/b"] = reply(sends_on("0; url=/a"))
    with pytest.raises(Unusable, match="more than 5 times"):
        await client.page(f"{SITE}/a")
    assert len(server.asked) == 6
    server.routes["/var/c"] = reply(sends_on(f"0; url={SITE.replace('www.', '')}/d"))
    with pytest.raises(Unusable, match="not a site of the catalogue"):
        await client.page(f"{SITE}/c")


async def test_what_is_on_no_host_of_the_catalogue_is_no_entry(server: Server, client: Client) -> None:
    """It can never be fetched, and would make the source fail for days."""
    path = "/contenu/telechargement/{0}/{0}/file/{0}.pdf"
    links = [path.format(1), OTHER + path.format(2), "https://www.legifrance.gouv.fr" + path.format(3), f"{SITE}:8443{path.format(4)}"]
    server.routes["/var/RAA"] = reply("".join(f'<p><a href="{link}">RAA n° {n}</a>' for n, link in enumerate(links, 1)))
    source = Source("83", "site", "national", f"{SITE}/RAA", "one-page", "download-list")
    crawl = await Crawler(client).poll(source, None, today=date(2026, 8, 14), now=datetime(2026, 8, 14, 12, tzinfo=UTC))
    assert [entry.url for entry in crawl.listed] == [SITE + path.format(1), OTHER + path.format(2)]


@pytest.mark.parametrize("visit", [";jsessionid=1", "?sid=1"])
async def test_a_file_that_redirects_to_itself_with_a_number_of_the_visit_is_fetched(
    server: Server, client: Client, tmp_path: Path, visit: str
) -> None:
    path = "/contenu/telechargement/1/2/file/a.pdf"
    server.routes[f"/var{path}"] = redirect(f"{path}{visit}")
    server.routes[f"/var{path}{visit}"] = reply(b"%PDF-1.7 %%EOF", content_type="application/pdf")
    assert (await client.download(f"{SITE}{path}", tmp_path / "a.pdf")).size == 14


async def test_a_root_that_sends_on_is_polled_where_its_recueils_are(server: Server, client: Client) -> None:
    """And what comes there is seen, though the page that sends on never changes."""
    source = Source("83", "site", "national", f"{SITE}/RAA", "one-page", "download-list")
    server.routes["/var/RAA"] = reply(sends_on("0; url=/Publications/RAA"), headers={"Last-Modified": "Fri, 14 Aug 2020 08:00:00 GMT"})
    crawler, trail = Crawler(client), None
    for numbers in ((1,), (2, 1)):
        listing = "".join(f'<a href="/contenu/telechargement/{n}/{n}/file/{n}.pdf">RAA n° {n}</a>' for n in numbers)
        server.routes["/var/Publications/RAA"] = reply(listing, headers={"Last-Modified": "Fri, 14 Aug 2026 08:00:00 GMT"})
        crawl = await crawler.poll(source, trail, today=date(2026, 8, 14), now=datetime(2026, 8, 14, 12, tzinfo=UTC))
        assert ([entry.title for entry in crawl.listed], crawl.moved_to) == ([f"RAA n° {n}" for n in numbers], f"{SITE}/Publications/RAA")
        trail = crawl.trail


@pytest.mark.parametrize("status", [200, 503])
async def test_a_page_of_maintenance_is_none_and_no_file(server: Server, client: Client, tmp_path: Path, status: int) -> None:
    server.routes["/var/a"] = reply("<title>Site en maintenance</title><h1>Nous revenons bientôt</h1>", status)
    for asked in (client.page(f"{SITE}/a"), client.download(f"{SITE}/a", tmp_path / "a.pdf")):
        with pytest.raises(UnderMaintenance, match=r"the site says that it is under maintenance \(Site en maintenance"):
            await asked


@pytest.mark.parametrize(
    "url",
    [
        "http://www.var.gouv.fr/",
        "https://evil.example/",
        "https://user@www.var.gouv.fr/",
        "https://www.var.gouv.fr:8443/",
        "https://127.0.0.1/",
        "",
        "/a",
        "https://",
    ],
)
async def test_only_https_and_only_the_catalogue(server: Server, client: Client, url: str) -> None:
    with pytest.raises(Unusable):
        await client.page(url)
    assert server.asked == []


REJECTED = "<title>Request Rejected</title>The requested URL was rejected. Your support ID is: 1"


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (reply(status=304, content_type=None), Unusable, "304"),  # nobody asked whether it changed
        (reply(b"%PDF-1.7", content_type="application/pdf"), NotAPage, "not an HTML page"),
        (reply(b"{}", content_type="application/json"), Unusable, "not an HTML page"),
        (reply(b"%PDF-1.7", content_type=None), Unusable, "not an HTML page"),
        # The rest of a file is not waited for.
        (stall(b"HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\nContent-Length: 99\r\n\r\n%PDF"), NotAPage, "'application/pdf'"),
        (reply("<title>Just a moment...</title><script>window._cf_chl_opt={}</script>"), Blocked, "Cloudflare challenge"),
        *((reply(REJECTED, status), Blocked, "F5") for status in (403, 429, 503)),
    ],
)
async def test_what_comes_in_place_of_a_page(server: Server, client: Client, answer: Answer, error: type[FetchError], words: str) -> None:
    server.routes["/var/"] = answer
    with pytest.raises(error, match=words):
        await client.page(SITE)


async def test_an_error_answer_without_end_is_not_read_to_its_end(server: Server, client: Client) -> None:
    server.routes["/var/"] = stall(b"HTTP/1.1 403 No\r\nContent-Type: text/html\r\n\r\n" + b"x" * 200_000)
    async with asyncio.timeout(60):
        with pytest.raises(FetchRefused):
            await client.page(SITE)


async def test_every_request_is_told_once_at_debug_level(server: Server, client: Client) -> None:
    server.routes["/var/"] = reply("<p>abc")
    with capture_logs() as logs:
        await client.page(SITE)
        with pytest.raises(Gone):
            await client.page(f"{SITE}/x")
    assert [(log["log_level"], log["url"], log["status"]) for log in logs] == [("debug", f"{SITE}/", 200), ("debug", f"{SITE}/x", 404)]
    assert logs[0]["bytes"] == 6
    assert "ms" in logs[0]
    assert "no longer there" in logs[1]["error"]
