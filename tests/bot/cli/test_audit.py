"""`vigie sources audit`, against an index on loopback."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.app.demo.replay import Replay
from tests.bot.cli.conftest import Vigie, write_config
from tests.bot.cli.national_index import pdf, serve_index

MISSING = "https://www.drome.gouv.fr/contenu/telechargement/1/2/file/recueil-26-2026-299.pdf"


@pytest.fixture
def configured(tmp_path: Path, replay: Replay) -> str:
    rows = (
        f"recueil;{pdf(replay, '302.pdf')};26;2026-08-17T00:25:43.000Z",
        f"RAA du 3 août 2026;{MISSING};26;2026-08-17T00:25:43.000Z",
        "recueil-26-2019-001;https://www.drome.gouv.fr/recueil-26-2019-001.pdf;26;",
        "RAA;not an address;26;",
        "RAA;https://www.moselle.gouv.fr/raa.pdf;57;",
    )
    serve_index(replay, *rows)
    return write_config(tmp_path, replay)


def test_what_was_never_seen_is_told(vigie: Vigie, configured: str) -> None:
    before = vigie("--config", configured, "sources", "audit", "26", "--json")
    assert before.code == 3
    assert before.json["authorities"][0]["polled"] is False

    assert vigie("--config", configured, "poll", "26", "02", "--json").code == 0
    done = vigie("--config", configured, "sources", "audit", "26", "02", "--since", "2026-01-01", "--json")
    assert done.code == 3
    assert done.json["index"]["recueils"] == 4
    assert [row["line"] for row in done.json["index"]["unusable_rows"]] == [5]
    drome, aisne = done.json["authorities"]
    assert (drome["code"], drome["covered"], drome["polled"], drome["indexed"], drome["seen"], drome["share"], drome["missing"]) == (
        "26", True, True, 2, 1, 0.5, 1,
    )  # fmt: skip
    assert drome["never_seen"] == [{"title": "RAA du 3 août 2026", "url": MISSING, "published": "2026-08-03"}]
    assert (aisne["indexed"], aisne["share"], aisne["never_seen"]) == (0, None, [])

    told = vigie("--config", configured, "sources", "audit", "26", "02", "--limit", "1")
    assert told.code == 3
    assert "26     1 of 3 seen (33 %)" in told.out
    assert f"2026-08-03  RAA du 3 août 2026  {MISSING}" in told.out
    assert "and 1 more" in told.out
    assert "02     nothing in the index" in told.out
    assert vigie("--config", configured, "sources", "audit", "02").code == 0


def test_nothing_is_written(vigie: Vigie, configured: str, tmp_path: Path) -> None:
    assert vigie("--config", configured, "sources", "audit", "02").code == 0
    assert not list(tmp_path.glob("*.db*"))


def test_no_index_is_no_conclusion(vigie: Vigie, config: str, tmp_path: Path, replay: Replay) -> None:
    serve_index(replay, url="https://elsewhere.example/raa.csv")
    moved = vigie("--config", write_config(tmp_path, replay), "sources", "audit", "26", "--json")
    assert (moved.code, moved.out) == (1, "")
    assert "the national index has moved to elsewhere.example" in moved.err
    serve_index(replay)
    empty = vigie("--config", write_config(tmp_path, replay), "sources", "audit", "26")
    assert (empty.code, empty.out) == (1, "")
    assert "no usable row" in empty.err


def test_wrong_use(vigie: Vigie) -> None:
    assert vigie("sources", "audit", "99x").code == 2
    assert vigie("sources", "audit", "--since", "hier").code == 2
