"""The national index: metadata read leniently, the table strictly, and nothing concluded from what is not it."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from sources.catalogue.authority import INDEX_HOSTS
from sources.crawl.history import METADATA, IndexEntry, IndexFile, IndexUnusable, fetch_index, newest_table, read_index
from sources.model import Download, FetchError, Unreachable

TABLE = "https://static.data.gouv.fr/resources/recueils/20260817-012543/raa-des-prefectures.csv"
RESOURCE = IndexFile(TABLE, datetime(2026, 8, 17, 1, 25, 43, tzinfo=UTC))
HEADER = "titre;url;departement;mise_a_jour"
AIN = "https://www.ain.gouv.fr/contenu/telechargement/34196/238661/file/recueil-01-2026-001-recueil-des-actes-administratifs.pdf"
ROW = f"recueil-01-2026-001-recueil-des-actes-administratifs;{AIN};01;2026-08-17T00:25:43.000Z"


def described(**more: Any) -> dict[str, Any]:
    return {"url": TABLE, "format": "csv", "last_modified": "2026-08-17T01:25:43+00:00", **more}


def metadata(*resources: Any) -> bytes:
    return json.dumps({"id": "6a826c488feaf1584f1dba40", "resources": resources}).encode()


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return tmp_path / "index.csv"


def written(path: Path, *rows: str, header: str = HEADER) -> Path:
    path.write_text("\ufeff" + "\n".join((header, *rows)) + "\n", encoding="utf-8")
    return path


# Which file


def test_the_newest_table_is_chosen() -> None:
    older = described(url=TABLE.replace("20260817", "20260810"), last_modified="2026-08-10T01:25:43Z")
    assert newest_table(metadata(older, described(), described(format="json", last_modified="2026-08-20T00:00:00Z"))) == RESOURCE


@pytest.mark.parametrize(
    "odd",
    [None, "csv", {}, described(url=None), described(url=12), described(last_modified=None), described(last_modified="yesterday"),
     described(url="javascript:alert(1)"), described(format="xlsx")],
)  # fmt: skip
def test_a_resource_described_otherwise_is_passed_over(odd: Any) -> None:
    assert newest_table(metadata(odd, described())) == RESOURCE
    with pytest.raises(IndexUnusable, match="none of its 1 resources is a CSV file"):
        newest_table(metadata(odd))


def test_other_spellings_of_the_same_are_understood() -> None:
    assert newest_table(metadata(described(format="CSV", extra=[1]))) == RESOURCE
    assert newest_table(metadata(described(format=None))) == RESOURCE
    assert newest_table(metadata(described(last_modified=None, created_at="2026-08-17T01:25:43"))) == RESOURCE


@pytest.mark.parametrize(
    ("body", "words"),
    [(b"<html>", "not readable as JSON"), (b"\xff", "not readable as JSON"), (b"["  * 100_000, "not readable as JSON"),
     (b"[]", "names no resources"), (b"{}", "names no resources"),
     (b'{"resources": {}}', "names no resources"), (metadata(), "none of its 0 resources")],
)  # fmt: skip
def test_metadata_that_cannot_be_used_are_told(body: bytes, words: str) -> None:
    with pytest.raises(IndexUnusable, match=words):
        newest_table(body)


def test_a_table_elsewhere_is_refused() -> None:
    with pytest.raises(IndexUnusable, match=r"has moved to files\.example\.org, which is not a host of data\.gouv\.fr"):
        newest_table(metadata(described(url="https://files.example.org/raa.csv")))
    assert "www.data.gouv.fr" in INDEX_HOSTS
    assert METADATA.startswith("https://www.data.gouv.fr/")


# The table


def test_rows_become_entries(table: Path) -> None:
    index = read_index(
        written(
            table,
            ROW,
            '"RAA n° 12; spécial du 14 août 2026";http://www.ain.gouv.fr/b c.pdf;1;',
            "  ;https://www.corse-du-sud.gouv.fr/x/RAA_2A_20260820.pdf;2a;n/a",
            "RAA;https://www.guadeloupe.gouv.fr/x.pdf;971;2026-08-17",
        ),
        RESOURCE,
    )
    assert {code: len(entries) for code, entries in index.items()} == {"01": 2, "2A": 1, "971": 1}
    first, second = index["01"]
    crawled = datetime(2026, 8, 17, 0, 25, 43, tzinfo=UTC)
    assert first == IndexEntry("recueil-01-2026-001-recueil-des-actes-administratifs", AIN, "01", crawled)
    assert (second.title, second.url, second.crawled_at) == (
        "RAA n° 12; spécial du 14 août 2026",
        "https://www.ain.gouv.fr/b%20c.pdf",
        None,
    )
    assert (first.published, second.published) == (None, date(2026, 8, 14))
    [corsica] = index["2A"]
    assert (corsica.title, corsica.published) == ("RAA_2A_20260820", date(2026, 8, 20))


def test_rows_that_cannot_be_used_are_left_out_and_the_rest_is_kept(table: Path) -> None:
    index = read_index(
        written(table, "RAA;https://www.ain.gouv.fr/a.pdf", "RAA;a.pdf;01;", f"RAA;{AIN};Ain;", f"RAA;{AIN};00;", "", "x" * 200_000, ROW),
        RESOURCE,
    )
    assert [entry.url for entries in index.values() for entry in entries] == [AIN]


def test_a_quotation_mark_that_is_not_closed_does_not_take_rows_away_unseen(table: Path) -> None:
    other = ROW.replace("001", "002")
    index = read_index(
        written(table, ROW, '"RAA;https://www.ain.gouv.fr/a.pdf;01;', other, f'RAA";{AIN};01;', ROW.replace("001", "3")), RESOURCE
    )
    assert [entry.url[-52:-48] for entry in index["01"]] == [AIN[-52:-48], AIN.replace("001", "3")[-52:-48]]


def test_bytes_that_are_no_utf8_spoil_an_address_and_not_a_title(table: Path) -> None:
    table.write_bytes(f"{HEADER}\nsp\xe9cial;{AIN};01;\nRAA;https://www.ain.gouv.fr/sp\xe9cial.pdf;01;\n".encode("latin-1"))
    index = read_index(table, RESOURCE)
    assert [entry.title for entry in index["01"]] == ["sp\ufffdcial"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "empty"),
        ("<!DOCTYPE html><html>maintenance", "a web page came"),
        ("titre,url,departement,mise_a_jour\n", "no column titre, url, departement, mise_a_jour"),
        (f"titre;url;mise_a_jour\n{ROW}\n", "no column departement"),
        (f"{HEADER}\n", "no usable row"),
        (f"{HEADER}\nRAA;a.pdf;01;\n", "no usable row: line 2: not a web address"),
        (f"{HEADER}\nRAA;{AIN}\n", "line 2: 2 columns"),
        (f"{HEADER}\nRAA;{AIN};Ain;\n", "line 2: not a department"),
        (f"{HEADER}\nRAA;{AIN};00;\n", "line 2: not a department"),
        (f"{HEADER}\n{'x' * 200_000}\n", "line 2: not readable as CSV"),
        (f'{HEADER}\n"RAA;{AIN};01;\n{ROW}\nRAA";{AIN};01;\n', "line 2: a quotation mark that is not closed takes 3 rows for one"),
    ],
)
def test_what_is_not_the_table_is_refused(table: Path, content: str, words: str) -> None:
    table.write_text(content, encoding="utf-8-sig")
    with pytest.raises(IndexUnusable, match=words):
        read_index(table, RESOURCE)


# Fetching


class Data:
    """The two files, in memory."""

    def __init__(self, json_body: bytes, csv_body: bytes | FetchError) -> None:
        self.asked: list[str] = []
        self._json, self._csv = json_body, csv_body

    async def json(self, url: str, target: Path) -> Download:
        return self._answer(url, target, self._json)

    async def csv(self, url: str, target: Path) -> Download:
        return self._answer(url, target, self._csv)

    def _answer(self, url: str, target: Path, body: bytes | FetchError) -> Download:
        self.asked.append(url)
        if isinstance(body, FetchError):
            raise body
        target.write_bytes(body)
        return Download(url, target, len(body), hashlib.sha256(body).hexdigest())


async def test_the_index_is_fetched_by_its_metadata_and_leaves_nothing() -> None:
    data = Data(metadata(described()), f"{HEADER}\n{ROW}\n".encode())
    index = await fetch_index(data)
    assert [entry.url for entry in index["01"]] == [AIN]
    assert data.asked == [METADATA, TABLE]


async def test_an_index_that_does_not_come_is_an_error() -> None:
    with pytest.raises(Unreachable):
        await fetch_index(Data(metadata(described()), Unreachable("timed out")))
    with pytest.raises(IndexUnusable):
        await fetch_index(Data(b"[]", b""))
