"""Whole files, read as those who take them read them: Python's csv, JSON, SQLite, Datasette."""

from __future__ import annotations

import csv
import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import date, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from bot.domain.acts import Change, Decree, Evidence, Facts, Kind, Moment, NamedCommune, Naming
from bot.storage.errors import StorageError
from bot.web.open_data import CSV, JSONL, SQLITE, ExportInput, OpenData, columns, is_due, write_files
from tests.bot.queries.conftest import NOW, PLACES, MemoryDecrees, decree
from tests.bot.web.conftest import get, memory_site

WHOLE = replace(
    decree(12),
    act_id="26-2026-08-14-00002",
    facts=Facts(
        "2026-12", date(2026, 8, 1), Moment.parse("2026-08-20T14:00"), Moment.parse("2026-08-23"), "Fête de l’été",
        ("SNCF", "Préfecture de police"), ("Gare de Montélimar", "Centre"), purposes=("fire", "weapon"), software="Logiciel",
        vendor="Société", cameras=12, legal_basis=("loi n° 2023-380",), camera_types=("drone",), doubtful=("places",),
    ),
    evidence=(Evidence("verdict", 7, "M. Jean Dupont, traitement algorithmique"),),
    communes=(NamedCommune("26198", Naming.NAMED, "Montélimar"),),
    found_at=NOW,
    changed_by=(Change(Kind.MODIFICATION, 13, ends=Moment(date(2026, 8, 30))), Change(Kind.SUSPENSION)),
)  # fmt: skip
HOSTILE = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", '";DROP TABLE decrees;--', "a\nb\r\nc", "\x00\x1b[2J\u202e"]


def given(decrees: Sequence[Decree], at: datetime = NOW) -> ExportInput:
    def slices(size: int) -> Iterator[tuple[Decree, ...]]:
        yield from (tuple(decrees[start : start + size]) for start in range(0, len(decrees), size))

    return ExportInput(slices, PLACES, at, {"licence": "etalab-2.0"})


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / CSV).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def test_a_row_has_every_fact(tmp_path: Path) -> None:
    assert write_files(tmp_path, given([WHOLE])) == 1
    assert (tmp_path / CSV).read_bytes().startswith(b"\xef\xbb\xbfid,authority,"), "a spreadsheet sees that it is UTF-8"
    [row] = rows(tmp_path)
    assert list(row) == [column.name for column in columns()]
    assert {name: value for name, value in row.items() if value} == {
        "id": "12", "topic": "vsa", "act_id": "26-2026-08-14-00002", "authority": "26", "authority_name": "Préfecture de la Drôme",
        "kind": "authorisation", "number": "2026-12", "signed": "2026-08-01", "published": "2026-08-19",
        "title": "Arrêté portant autorisation", "event": "Fête de l’été", "starts": "2026-08-20T14:00", "ends": "2026-08-23",
        "current_starts": "2026-08-20T14:00", "current_ends": "2026-08-30", "status": "suspended",
        "operators": "SNCF; Préfecture de police", "places": "Gare de Montélimar; Centre", "communes": "26198",
        "purpose_codes": "fire; weapon", "software": "Logiciel", "vendor": "Société", "cameras": "12", "camera_types": "drone",
        "legal_basis": "loi n° 2023-380", "court": "Tribunal administratif de Grenoble", "last_day": "2026-10-20",
        "changed_by": "modification 13; suspension", "doubtful": "places", "url": "https://www.drome.gouv.fr/raa-12.pdf", "page": "7",
        "found_at": "2026-08-20T12:00:00Z", "exported_at": "2026-08-20T12:00:00Z",
    }  # fmt: skip


def test_nothing_in_a_cell_is_run_by_a_spreadsheet(tmp_path: Path) -> None:
    some = [replace(decree(number), title=text, facts=Facts(text, places=(text, text))) for number, text in enumerate(HOSTILE, start=1)]
    write_files(tmp_path, given(some))
    found = rows(tmp_path)
    assert len(found) == len(HOSTILE)
    assert not [value for row in found for value in row.values() if value[:1] in {"=", "+", "-", "@", "\t", "\r", "\n"}]
    assert [row["title"] for row in found[:4]] == ["'=1+1", "'+1", "'-1", "'@SUM(A1)"]
    with closing(sqlite3.connect(tmp_path / SQLITE)) as database:
        assert database.execute("SELECT title FROM decrees").fetchone() == ("=1+1",), "a database runs nothing"


def test_lines_are_the_decrees_of_the_api_without_names(tmp_path: Path) -> None:
    some = [WHOLE, replace(decree(13), title="Arrêté demandé par M. Jean Dupont")]
    write_files(tmp_path, given(some))
    lines = [json.loads(line) for line in (tmp_path / JSONL).read_text("utf-8").splitlines()]
    assert [line["id"] for line in lines] == [12, 13]
    assert lines[0]["doubtful"] == ["places"]
    assert lines[0]["evidence"][0]["text"] == "[…], traitement algorithmique"
    assert lines[1]["title"] == "Arrêté demandé par […]"
    for name in (CSV, JSONL, SQLITE):
        assert b"Dupont" not in (tmp_path / name).read_bytes()


def test_the_database_joins_decrees_with_what_they_name(tmp_path: Path) -> None:
    write_files(tmp_path, given([decree(11), WHOLE]))
    with closing(sqlite3.connect(tmp_path / SQLITE)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        joined = """SELECT c.name, o.name, p.fr, a.name FROM decrees d JOIN decree_communes dc ON dc.decree = d.id
            JOIN communes c ON c.code = dc.commune JOIN decree_operators USING (decree) JOIN operators o ON o.slug = operator
            JOIN decree_purposes USING (decree) JOIN purposes p ON p.code = purpose JOIN authorities a ON a.code = d.authority
            WHERE o.slug = 'sncf' AND p.code = 'fire'"""
        assert database.execute(joined).fetchall() == [("Montélimar", "SNCF", "départs de feux", "Préfecture de la Drôme")]
        found = database.execute("SELECT rowid FROM decrees_fts WHERE decrees_fts MATCH 'ete montelimar'").fetchall()
        assert found == [(12,)], "without accents"
        assert dict(database.execute("SELECT name, value FROM about"))["licence"] == "etalab-2.0"
        described = [name for (name,) in database.execute("SELECT name FROM columns ORDER BY rowid")]
        assert described == [column[1] for column in database.execute("PRAGMA table_info(decrees)")]


@pytest.fixture
def datasette(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The class `Datasette`. Every database that it opens, which it does when it is imported already, is closed at the end."""
    connect, opened = sqlite3.connect, ExitStack()

    def connecting(*args: Any, **kwargs: Any) -> Any:
        return opened.enter_context(closing(connect(*args, **{**kwargs, "check_same_thread": False})))

    monkeypatch.setattr(sqlite3, "connect", connecting)
    with opened:
        yield import_module("datasette.app").Datasette


async def test_datasette_serves_the_file_as_it_is(tmp_path: Path, datasette: Any) -> None:
    write_files(tmp_path, given([decree(11), WHOLE]))
    (tmp_path / SQLITE).chmod(0o444)
    served = datasette([], immutables=[str(tmp_path / SQLITE)])
    await served.invoke_startup()

    async def asked(address: str) -> Any:
        response = await served.client.get(address)
        assert response.status_code == 200, response.text
        return response.json()

    assert [row["id"] for row in (await asked("/arretes/decrees.json?_shape=array&_search=montelimar"))] == [12]
    facets = (await asked("/arretes/decrees.json?_facet=kind"))["facet_results"]
    assert [(one["value"], one["count"]) for one in facets["kind"]["results"]] == [("authorisation", 2)]
    page = await served.client.get("/arretes/decrees")
    assert page.status_code == 200
    assert 'name="_search"' in page.text, "it has found the full-text index"


def test_a_failure_leaves_the_files_of_before_and_nothing_else(tmp_path: Path) -> None:
    write_files(tmp_path, given([decree(1)]))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert set(before) == {CSV, JSONL, SQLITE}

    def slices(_size: int) -> Iterator[tuple[Decree, ...]]:
        yield (decree(2),)
        raise StorageError("gone")

    with pytest.raises(StorageError):
        write_files(tmp_path, replace(given([]), slices=slices))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


# When they are made.

MADE = {"revision": "5", "day": "2026-08-20", "made_at": NOW.isoformat()}


@pytest.mark.parametrize(
    ("made", "state", "minutes", "due"),
    [
        ({}, {"revision": "5"}, 0, True),
        (MADE, {"revision": "5", "day": "2026-08-20"}, 600, False),
        (MADE, {"revision": "6", "day": "2026-08-20"}, 9, False),
        (MADE, {"revision": "6", "day": "2026-08-20"}, 10, True),
        (MADE, {"revision": "5", "day": "2026-08-21"}, 10, True),
        (MADE, {"revision": "6"}, -60, True),
        (MADE | {"made_at": "?"}, {"revision": "6"}, 1, True),
        (MADE | {"made_at": None}, {"revision": "6"}, 1, True),
    ],
)
def test_files_are_made_after_a_change_and_not_too_often(made: Any, state: dict[str, str], minutes: int, *, due: bool) -> None:
    assert is_due(made, state, NOW + timedelta(minutes=minutes)) is due


def test_a_withdrawn_decree_leaves_the_files(tmp_path: Path) -> None:
    stored, now, revision = [decree(1), decree(2)], [NOW], [1]
    data = OpenData(tmp_path / "new", lambda at: given(stored, at), lambda: revision[0], lambda: now[0])
    assert data.file(CSV) is None
    assert [data.refresh(), data.refresh()] == [True, False]
    del stored[1]
    revision[0], now[0] = 2, NOW + timedelta(minutes=11)
    assert data.refresh()
    path = data.file(CSV)
    assert path is not None
    assert [row["id"] for row in rows(path.parent)] == ["1"]
    path.unlink()
    assert data.refresh(), "a file that somebody removed is made again"


def test_files_are_kept_up_to_date_beside_the_server(tmp_path: Path) -> None:
    made, failed = threading.Event(), threading.Event()

    def slices(_size: int) -> Iterator[tuple[Decree, ...]]:
        yield (decree(1),)
        made.set()

    def broken() -> object:
        failed.set()
        raise StorageError("no database")

    with OpenData(tmp_path, lambda _: replace(given([]), slices=slices), lambda: 1, lambda: NOW).kept():
        assert made.wait(60)
    assert {path.name for path in tmp_path.iterdir()} <= {CSV, JSONL, SQLITE, "manifest.json"}, "whole, or not there"
    with OpenData(tmp_path, lambda at: given([], at), broken, lambda: NOW).kept():
        assert failed.wait(60), "it goes on, and what is there stays"


def test_the_addresses_of_the_files(tmp_path: Path) -> None:
    site = replace(memory_site(MemoryDecrees([decree(1)])), open_data=lambda name: tmp_path / name if (tmp_path / name).exists() else None)
    missing = get(site, "/donnees/arretes.csv")
    assert (missing.status, missing.headers["Retry-After"]) == (503, "60")
    write_files(tmp_path, given([decree(1)]))
    for name, media_type in ((CSV, "text/csv; charset=utf-8"), (JSONL, "application/jsonl"), (SQLITE, "application/vnd.sqlite3")):
        document = get(site, f"/donnees/{name}")
        assert (document.status, document.media_type, document.file) == (200, media_type, tmp_path / name)
    assert get(site, "/donnees/manifest.json").status == 404
