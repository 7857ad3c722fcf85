from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from bot.domain.records import Recueil, RecueilState
from bot.ingest.backfill import (
    AgeEstimate,
    KnownFiles,
    PollCoverage,
    must_list,
    still_to_read,
    take_from_index,
    take_in,
    undated_at_baseline,
)
from sources.catalogue.authority import Order
from sources.crawl.history import HistoryEntry, IndexEntry
from sources.model import ListingEntry

SINCE = date(2026, 3, 1)
TODAY = date(2026, 8, 14)
NOW = datetime(2026, 8, 14, 12, tzinfo=UTC)
HOST = "www.test.gouv.fr"
HERE, OTHER = f"https://{HOST}/RAA/Aout-2026", f"https://{HOST}/RAA/Juin-2026"
WATCH = PollCoverage(TODAY, frozenset({HERE}))
UNPOLLED = PollCoverage(TODAY, recent=timedelta(days=10))


def url(number: int, name: str = "recueil") -> str:
    return f"https://{HOST}/contenu/telechargement/{number}/9/file/{name}.pdf"


def row(number: int, published: date | None = None, *, title: str = "RAA", address: str | None = None, is_detail: bool = False) -> Recueil:
    return Recueil(
        number, "99", "99:site", address or url(number), title, published, is_detail, RecueilState.KNOWN, 0, None, None, None, None
    )  # fmt: skip


def entry(number: int, title: str = "RAA", address: str | None = None, crawled_at: datetime | None = None) -> IndexEntry:
    return IndexEntry(title, address or url(number), "99", crawled_at)


@pytest.mark.parametrize(
    ("listed_at", "must"),
    [(None, True), (NOW, False), (NOW - timedelta(hours=23), False), (NOW - timedelta(days=1), True), (NOW + timedelta(hours=1), True)],
)
def test_a_source_is_listed_once_a_day(listed_at: datetime | None, must: bool) -> None:
    assert must_list(listed_at, NOW) is must


@pytest.mark.parametrize(
    ("published", "page", "watch", "expected"),
    [
        (None, HERE, WATCH, True),
        (date(2026, 4, 1), HERE, WATCH, True),  # a late upload: the poll takes it whatever its date
        (None, OTHER, WATCH, False),
        (date(2026, 6, 1), OTHER, WATCH, False),
        (TODAY, OTHER, WATCH, True),
        (TODAY - timedelta(days=3), OTHER, WATCH, True),
        (TODAY - timedelta(days=4), OTHER, WATCH, False),
        (TODAY, None, WATCH, True),
        (TODAY - timedelta(days=9), OTHER, UNPOLLED, True),  # the first poll may announce it
        (TODAY - timedelta(days=11), OTHER, UNPOLLED, False),
        (None, HERE, UNPOLLED, False),
    ],
)
def test_what_the_next_poll_must_meet_is_left_to_it(published: date | None, page: str | None, watch: PollCoverage, expected: bool) -> None:
    assert watch.expects(published, page) is expected


def test_the_index_gives_what_nobody_has_seen() -> None:
    met = datetime(2026, 8, 10, tzinfo=UTC)
    entries = [
        entry(1), entry(2, "RAA du 5 mai 2026", crawled_at=met), entry(3, "RAA du 5 janvier 2026"),
        entry(4, address=url(4, "raa-99-2025-1")),
        entry(5, address="https://elsewhere.example/a.pdf"), entry(6, "RAA special n° 6", crawled_at=met),
        entry(7, crawled_at=NOW + timedelta(days=2)), entry(8, "RAA du 13 août 2026"),
    ]  # fmt: skip
    recorded = [row(1), row(60, address=f"https://{HOST}/RAA/RAA-special-n-6", title="RAA spécial n° 6 ", is_detail=True)]
    intake, elsewhere = take_from_index(entries, recorded, SINCE, hosts={HOST}, watch=WATCH)
    assert [listed.url for listed in intake.taken] == [url(2)]
    assert [listed.url for listed in intake.left] == [url(7), url(8)]
    assert elsewhere == 1


def test_a_source_never_polled_leaves_to_its_first_poll_what_that_may_announce() -> None:
    entries = [entry(7, crawled_at=NOW), entry(8, "RAA du 13 août 2026"), entry(9, "RAA du 1er août 2026")]
    intake, _ = take_from_index(entries, [], SINCE, hosts={HOST}, watch=UNPOLLED)
    assert [[listed.url for listed in each] for each in (intake.taken, intake.left)] == [[url(7), url(9)], [url(8)]]


@pytest.mark.parametrize(
    ("order", "newest"),
    [("unknown", {5, 8, 9}), ("oldest-first", {5, 8, 9}), ("newest-first", {9, 2, 8})],
)
def test_of_what_bears_no_date_the_newest_are_left_to_the_first_poll(order: Order, newest: set[int]) -> None:
    found = [HistoryEntry(ListingEntry(url(number), "RAA"), HERE) for number in (9, 2, 8, 5)] + [
        HistoryEntry(ListingEntry(url(99), "RAA", TODAY), HERE)
    ]
    left = undated_at_baseline(found, order)
    assert left == {url(number) for number in newest}
    intake = take_in(found, {url(2), url(8), url(9)}, UNPOLLED, {url(9), url(7)})
    assert [listed.url for listed in intake.left] == [url(9)]


@pytest.mark.parametrize(
    ("title", "address", "is_known"),
    [
        ("x", url(1), True),
        ("x", url(9, "RAA_Aout_02-2026-011"), True),  # the slug of a detail page
        ("Recueil spécial du 5 août", url(9, "x"), True),  # its title
        ("x", url(9, "recueil-special-du-5-AOUT"), True),
        ("x", url(9, "raa-12"), False),  # too short a name to tell a year from another
        ("x", url(9, "RAA_Aout_02-2026-012"), False),
        ("RAA 5", url(9, "x"), False),  # the title of a file is no name of a detail page
    ],
)
def test_a_file_is_known_by_its_address_or_by_its_detail_page(title: str, address: str, is_known: bool) -> None:
    recorded = [
        row(1, title="RAA 5"),
        row(2, address=f"https://{HOST}/RAA/RAA_Aout_02-2026-011", is_detail=True),
        row(3, title="Recueil spécial du 5 août", address=f"https://{HOST}/RAA/x", is_detail=True),
        row(4, title="RAA 12", address=f"https://{HOST}/RAA/raa-12", is_detail=True),
    ]
    assert (entry(9, title, address) in KnownFiles(recorded)) is is_known


def test_files_uploaded_before_several_that_are_too_old_are_too_old() -> None:
    dates = {url(number): date(2026, 2, 1) for number in (100, 110, 120, 130)} | {url(90): date(2026, 4, 1), "https://x/y": SINCE}
    ages = AgeEstimate(SINCE, dates)
    # Two of them may be late uploads: the third newest decides.
    assert [number for number in (95, 109, 110, 111, 140) if ages.is_since(None, "RAA", url(number))] == [110, 111, 140]
    assert ages.is_since(SINCE, "RAA", url(1))
    assert not ages.is_since(date(2026, 2, 28), "RAA", url(999))
    assert ages.is_since(None, "RAA", "https://x/other")
    assert not ages.is_since(None, "RAA n° 99-2025-12", url(140))


def test_a_few_late_uploads_tell_nothing() -> None:
    assert AgeEstimate(SINCE, {url(100): date(2026, 2, 1), url(110): date(2026, 2, 1)}).is_since(None, "RAA", url(1))


def test_what_is_left_to_read_is_what_the_backfill_is_about() -> None:
    left = [row(1, SINCE), row(2, date(2026, 2, 1)), row(3), row(4, title="RAA 2024")]
    assert [recueil.id for recueil in still_to_read(left, left, SINCE)] == [1, 3]
