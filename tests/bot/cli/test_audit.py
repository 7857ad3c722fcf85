"""`vigie sources audit`, against an index on loopback."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bot.app.demo.replay import Replay
from bot.ingest.backfill import audit
from sources.catalogue.authority import Authority
from tests.bot.cli.conftest import Vigie, write_config
from tests.bot.cli.national_index import pdf, serve_index
from tests.bot.ingest.test_decisions import entry, row, url

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


HERE = Authority("99", "Préfecture du Test", "Test", "Europe/Paris", ())


def test_what_was_never_seen_is_listed_newest_first() -> None:
    entries = [
        entry(1), entry(2, "RAA du 5 mai 2026"), entry(3, "RAA du 6 août 2026"),
        entry(4, "RAA", crawled_at=datetime(2026, 8, 1, tzinfo=UTC)),
        entry(5, "RAA", crawled_at=datetime(2026, 8, 3, tzinfo=UTC)), entry(6, "RAA"),
    ]  # fmt: skip
    found = audit(HERE, entries, [row(1)], None, is_polled=True)
    assert (found.indexed, found.seen, found.is_gap, found.is_polled) == (6, 1, True, True)
    assert found.share == pytest.approx(1 / 6)
    assert [missing.url for missing in found.missing] == [url(3), url(2), url(5), url(4), url(6)]


@pytest.mark.parametrize(
    ("since", "indexed", "missing"),
    [
        (None, 4, [3, 1, 2, 4]),
        (date(2026, 1, 1), 3, [3, 1, 2]),
        (date(2026, 6, 1), 2, [3, 2]),
    ],
)
def test_only_what_is_as_new_counts(since: date | None, indexed: int, missing: list[int]) -> None:
    entries = [entry(1, "RAA du 5 mai 2026"), entry(2, "RAA 2026"), entry(3, "RAA du 5 juin 2026"), entry(4, "RAA 2024")]
    found = audit(HERE, entries, [], since, is_polled=False)
    assert (found.indexed, [each.url for each in found.missing]) == (indexed, [url(number) for number in missing])


def test_an_authority_that_the_index_does_not_know() -> None:
    found = audit(HERE, [], [row(1)], None, is_polled=True)
    assert (found.indexed, found.share, found.is_gap) == (0, None, False)


def test_nothing_is_missing_of_what_is_not_covered() -> None:
    uncovered = Authority("98", "Nulle part", "Nulle part", "Europe/Paris", (), "no site")
    found = audit(uncovered, [entry(1)], [], None, is_polled=False)
    assert (len(found.missing), found.is_gap) == (1, False)


def test_all_was_seen() -> None:
    found = audit(HERE, [entry(1)], [row(1), row(2)], None, is_polled=True)
    assert (found.share, found.missing, found.is_gap) == (1.0, (), False)
