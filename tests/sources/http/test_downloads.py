"""Files over real sockets: whole on disk, or not there at all."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sources.http.client import Client
from sources.http.files import NotSaved, StorageFull
from sources.model import Blocked, Download, FetchError, Gone, Unreachable, Unusable
from tests.sources.http.conftest import SITE, MakeClient, content, names_in
from tests.sources.http.server import Answer, Server, held, raw, redirect, reply, stall, truncated
from tests.sources.platforms import decree, police_page

PDF = b"%PDF-1.7\n" + bytes(range(256)) * 2000
URL = f"{SITE}/contenu/telechargement/1/2/file/RAA%20n%C2%B01.pdf"
PATH = "/var/contenu/telechargement/1/2/file/RAA%20n%C2%B01.pdf"


Case = tuple[Answer, type[FetchError], str]


@pytest.fixture
def earlier(target: Path) -> Path:
    target.write_bytes(b"earlier")
    return target


async def test_a_file_is_saved_whole(server: Server, client: Client, target: Path) -> None:
    server.routes[PATH] = reply(PDF, content_type="application/pdf")
    assert await client.download(URL, target) == Download(URL, target, len(PDF), hashlib.sha256(PDF).hexdigest())
    assert content(target) == PDF
    assert names_in(target.parent) == ["a.pdf"]
    assert server.asked[0].headers["accept-encoding"] == "identity"


async def test_the_address_is_the_last_one_and_the_type_does_not_matter(server: Server, client: Client, target: Path) -> None:
    server.routes["/var/a"] = redirect("/b")
    server.routes["/var/b"] = reply(b"\r\n junk " + PDF, content_type="application/octet-stream")
    assert (await client.download(f"{SITE}/a", target)).url == f"{SITE}/b"


async def test_a_file_packed_though_nobody_asked(server: Server, client: Client, target: Path) -> None:
    server.routes[PATH] = reply(gzip.compress(PDF), headers={"Content-Encoding": "gzip"})
    assert (await client.download(URL, target)).size == len(PDF)
    assert content(target) == PDF


async def test_a_tiny_file_and_an_overwritten_one(server: Server, client: Client, earlier: Path) -> None:
    server.routes[PATH] = reply(b"%PDF", content_type=None)
    assert (await client.download(URL, earlier)).size == 4
    assert content(earlier) == b"%PDF"


@pytest.mark.parametrize(
    "case",
    [
        (reply("<p>page introuvable", 200), Unusable, "not a PDF but 'text/html'"),
        (reply(police_page(decree("arrete_pdf_9", "Arrêté n° 2026-00912"))), Unusable, "not a PDF but 'text/html'"),
        (reply(police_page(decree("arrete_pdf_9", "Arrêté")), content_type="application/pdf"), Unusable, "not a PDF but 'application/pdf'"),
        (reply(b"Rar!", content_type="application/vnd.rar"), Unusable, "not a PDF but 'application/vnd.rar'"),
        (reply(b" " * 1024 + b"%PDF", content_type="application/pdf"), Unusable, "not a PDF"),
        (reply(b"", content_type="application/pdf"), Unusable, "empty"),
        (reply("<html><script>window._cf_chl_opt={}</script>"), Blocked, "Cloudflare"),
        (reply("<title>Just a moment...</title>" + " " * 5000 + "<p>cloudflare"), Blocked, "Cloudflare"),
        (reply("<title>Access Denied</title>", content_type="application/pdf"), Blocked, "Access Denied"),
        (reply("", 404), Gone, "404"),
        (truncated(PDF[:5000], len(PDF)), Unreachable, "cut short"),
        (truncated(PDF[:100], len(PDF)), Unreachable, "cut short"),
        (raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n800\r\n" + PDF[:2048]), Unreachable, "cut short"),
    ],
)
async def test_what_is_not_a_whole_pdf_leaves_nothing(server: Server, client: Client, tmp_path: Path, case: Case) -> None:
    answer, error, words = case
    server.routes[PATH] = answer
    with pytest.raises(error, match=words) as caught:
        await client.download(URL, tmp_path / "a.pdf")
    assert str(caught.value).startswith(f"{URL}: ")
    assert names_in(tmp_path) == []


async def test_an_earlier_file_survives_a_failure(server: Server, client: Client, earlier: Path) -> None:
    server.routes[PATH] = truncated(PDF[:5000], len(PDF))
    with pytest.raises(Unreachable):
        await client.download(URL, earlier)
    assert content(earlier) == b"earlier"


async def test_a_file_that_never_ends_is_given_up(server: Server, make_client: MakeClient, target: Path) -> None:
    server.routes[PATH] = stall(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n" + PDF[:5000])
    with pytest.raises(Unreachable, match=r"took longer than 0\.2 s"):
        await make_client(server, file_seconds=0.2).download(URL, target)
    assert names_in(target.parent) == []


async def test_a_cancelled_download_leaves_nothing(server: Server, client: Client, target: Path) -> None:
    begun, never = asyncio.Event(), asyncio.Event()

    async def answer(asked: object, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n" + PDF[:200_000])
        await writer.drain()
        begun.set()
        await never.wait()

    server.routes[PATH] = answer
    task = asyncio.create_task(client.download(URL, target))
    await begun.wait()
    async with asyncio.timeout(60):
        while not names_in(target.parent):  # noqa: ASYNC110 - a folder has no event to wait for
            await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert names_in(target.parent) == []
    server.routes[PATH] = reply(PDF)
    assert (await client.download(URL, target)).size == len(PDF)


async def test_a_folder_that_cannot_be_written(server: Server, client: Client, tmp_path: Path) -> None:
    server.routes[PATH] = reply(PDF)
    with pytest.raises(NotSaved, match="No such file or directory") as caught:
        await client.download(URL, tmp_path / "missing" / "a.pdf")
    assert not isinstance(caught.value, StorageFull)
    (tmp_path / "a.pdf").mkdir()
    with pytest.raises(NotSaved):
        await client.download(URL, tmp_path / "a.pdf")
    assert names_in(tmp_path) == ["a.pdf"]


async def test_our_own_disk_is_no_failure_of_the_site(server: Server, client: Client, tmp_path: Path) -> None:
    server.routes[PATH] = reply(PDF)
    for _ in range(4):
        with pytest.raises(NotSaved):
            await client.download(URL, tmp_path / "missing" / "a.pdf")
    assert (await client.download(URL, tmp_path / "a.pdf")).size == len(PDF)


async def test_pages_and_files_share_the_line_of_an_address(server: Server, client: Client, target: Path) -> None:
    release, begun = asyncio.Event(), asyncio.Event()
    server.routes[PATH] = held(release, reply(PDF), begun)
    server.routes["/var/"] = reply("<p>")
    server.routes["/drome/"] = reply("<p>")
    download = asyncio.create_task(client.download(URL, target))
    await begun.wait()
    pages = [asyncio.create_task(client.page(site)) for site in (SITE, "https://www.drome.gouv.fr")]
    await asyncio.sleep(0.01)  # room for a request that must not come
    assert server.paths == [PATH]
    release.set()
    await asyncio.gather(download, *pages)
    assert server.paths == [PATH, "/var/", "/drome/"]
    assert server.most_at_once == 1


# Whether a file is still the one that came.

SINCE = datetime(2026, 8, 14, 12, tzinfo=UTC)
BEFORE, AFTER = "Fri, 14 Aug 2026 11:59:00 GMT", "Fri, 14 Aug 2026 12:01:00 GMT"


def part(total: int, **headers: str) -> Answer:
    ranged = {"Content-Range": f"bytes 0-1023/{total}", **headers}
    return reply(PDF[:1024], 206, "application/pdf", ranged)


@pytest.mark.parametrize(
    ("answer", "is_replaced"),
    [
        (reply(status=304, content_type=None), False),
        (part(len(PDF)), False),
        (part(len(PDF) + 1), True),
        (part(len(PDF), **{"Last-Modified": BEFORE}), False),
        (part(len(PDF), **{"Last-Modified": AFTER}), True),
        (reply(PDF, content_type="application/pdf"), False),
        (reply(PDF + b"more", content_type="application/pdf"), True),
        (raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\n\r\n" + PDF), True),
    ],
)
async def test_a_file_that_came_before_is_another_by_its_date_or_its_length(
    server: Server, client: Client, answer: Answer, is_replaced: bool
) -> None:
    server.routes[PATH] = answer
    assert await client.is_replaced(URL, SINCE, len(PDF)) is is_replaced
    headers = server.asked[0].headers
    assert (headers["if-modified-since"], headers["range"]) == ("Fri, 14 Aug 2026 12:00:00 GMT", "bytes=0-1023")


async def test_a_page_in_the_place_of_a_file_is_no_other_file(server: Server, client: Client) -> None:
    server.routes[PATH] = reply("<p>page introuvable")
    with pytest.raises(Unusable, match="not a PDF"):
        await client.is_replaced(URL, SINCE, len(PDF))
