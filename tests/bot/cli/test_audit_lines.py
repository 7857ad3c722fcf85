from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from bot.ingest.backfill import audit
from sources.catalogue.authority import Authority
from tests.bot.ingest.test_decisions import entry, row, url

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
