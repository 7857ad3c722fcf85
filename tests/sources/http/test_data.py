"""Files that are no PDFs: the type is checked, the size bounded, and they are whole on the disk or not there."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from sources.http.client import Client
from sources.model import Download, FetchError, Unusable
from tests.sources.http.conftest import SITE, MakeClient, content, names_in
from tests.sources.http.server import Answer, Server, reply

CSV = b"\xef\xbb\xbftitre;url\r\nRAA;https://www.var.gouv.fr/a.pdf\r\n"
JSON = b'\n {"resources": []}'
URL = f"{SITE}/index"
PATH = "/var/index"


@pytest.mark.parametrize("kind", ["text/csv; charset=utf-8", "application/octet-stream", "text/plain", "application/vnd.ms-excel", None])
async def test_a_table_is_saved_whole(server: Server, client: Client, target: Path, kind: str | None) -> None:
    server.routes[PATH] = reply(CSV, content_type=kind)
    assert await client.csv(URL, target) == Download(URL, target, len(CSV), hashlib.sha256(CSV).hexdigest())
    assert content(target) == CSV
    assert server.asked[0].headers["accept"] == "text/csv"
    assert client.requests == 1


async def test_a_document_is_saved_whole(server: Server, client: Client, target: Path) -> None:
    server.routes[PATH] = reply(JSON, content_type="application/json")
    assert (await client.json(URL, target)).size == len(JSON)
    assert server.asked[0].headers["accept"] == "application/json"


Case = tuple[Answer, type[FetchError], str]


@pytest.mark.parametrize(
    "case",
    [
        (reply("<!DOCTYPE html><p>maintenance"), Unusable, "not CSV but 'text/html'"),
        (reply("<!DOCTYPE html><p>maintenance", content_type="text/csv"), Unusable, "not CSV but 'text/csv'"),
        (reply(b"%PDF-1.7", content_type="application/pdf"), Unusable, "not CSV but 'application/pdf'"),
        (reply(b"PK\x03\x04\0\0", content_type="application/octet-stream"), Unusable, "not CSV"),
        (reply(b"x" * 101, content_type="text/csv"), Unusable, "larger than"),
    ],
)
async def test_what_is_not_a_whole_table_leaves_nothing(server: Server, make_client: MakeClient, tmp_path: Path, case: Case) -> None:
    answer, error, words = case
    server.routes[PATH] = answer
    with pytest.raises(error, match=words) as caught:
        await make_client(server, max_data_bytes=100).csv(URL, tmp_path / "index")
    assert str(caught.value).startswith(f"{URL}: ")
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("answer", [reply("<html>"), reply(b"titre;url", content_type="application/json"), reply(b"", content_type=None)])
async def test_what_is_not_a_document_is_refused(server: Server, client: Client, target: Path, answer: Answer) -> None:
    server.routes[PATH] = answer
    with pytest.raises(Unusable, match="not JSON"):
        await client.json(URL, target)
