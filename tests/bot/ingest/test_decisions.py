from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from bot.domain.acts import Cover, Reading
from bot.domain.records import NextPoll, Recueil, RecueilState
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
from bot.ingest.decisions import (  # fmt: skip
    LONGEST_WAIT,
    REFETCH,
    REFETCHED_FOR,
    after_baseline,
    at_baseline,
    due_with_others,
    gained,
    in_turn,
    is_due,
    next_check,
    refetch_at,
    retry_at,
)
from sources.catalogue.authority import Order
from sources.crawl.history import HistoryEntry, IndexEntry
from sources.model import ListingEntry, Origin

TODAY = date(2026, 8, 14)
NOW = datetime(2026, 8, 14, 12, tzinfo=UTC)
TWO_DAYS = timedelta(days=2)


def dated(name: str, day: date | None) -> ListingEntry:
    return ListingEntry(f"https://www.drome.gouv.fr/{name}.pdf", name, day)


def file(number: int) -> ListingEntry:
    return ListingEntry(f"https://www.drome.gouv.fr/contenu/telechargement/{number}/{number}/file/x.pdf", str(number))


def waiting(listed: list[ListingEntry], order: Order = "newest-first") -> list[str]:
    intake = at_baseline(listed, order=order, today=TODAY, announce_since=TWO_DAYS)
    assert [entry.listed for entry in intake] == listed
    return [entry.listed.title for entry in intake if entry.state is RecueilState.WAITING]


def test_at_baseline_only_what_is_recent_is_read() -> None:
    listed = [dated(f"{days} days old", TODAY - timedelta(days=days)) for days in (-1, 0, 1, 2, 3, 30)]
    assert waiting(listed) == ["-1 days old", "0 days old", "1 days old", "2 days old"]


@pytest.mark.parametrize(
    ("order", "expected"),
    [("newest-first", ["a", "b", "c"]), ("oldest-first", ["c", "d", "e"]), ("one-page", ["a", "b", "c"]), ("unknown", ["a", "b", "c"])],
)
def test_at_baseline_three_undated_entries_are_read(order: Order, expected: list[str]) -> None:
    assert waiting([dated(name, None) for name in "abcde"], order) == expected


def test_at_baseline_the_numbers_of_files_tell_the_newest_where_the_order_is_unknown() -> None:
    assert waiting([file(n) for n in (100, 90, 7, 101, 9)], "one-page") == ["100", "90", "101"]


def test_at_baseline_dated_and_undated_entries_do_not_share_the_three() -> None:
    listed = [
        dated("fresh", TODAY),
        dated("u1", None),
        dated("u2", None),
        dated("old", date(2026, 1, 1)),
        dated("u3", None),
        dated("u4", None),
    ]
    assert waiting(listed) == ["fresh", "u1", "u2", "u3"]


@pytest.mark.parametrize("published", [TODAY, None, TODAY - timedelta(days=30), TODAY - timedelta(days=400)])
def test_after_the_baseline_what_was_never_seen_is_new_whatever_date_it_bears(published: date | None) -> None:
    [entry] = after_baseline([dated("x", published)], baseline=TODAY)
    assert entry.state is RecueilState.WAITING


def test_an_old_list_under_new_addresses_is_not_news() -> None:
    fresh = dated("fresh", TODAY)
    undated = dated("undated", None)
    handful = [dated(f"old {n}", TODAY - timedelta(days=31 + n)) for n in range(10)]
    assert {entry.state for entry in after_baseline([fresh, undated, *handful], baseline=TODAY)} == {RecueilState.WAITING}
    crowd = [*handful, dated("one more", TODAY - timedelta(days=31))]
    intake = after_baseline([fresh, undated, *crowd], baseline=TODAY)
    assert [entry.listed.title for entry in intake if entry.state is RecueilState.WAITING] == ["fresh", "undated"]


def test_a_list_of_the_past_is_not_news() -> None:
    """It was taken because the current one is missing."""
    past = ListingEntry("https://www.drome.gouv.fr/past.pdf", "past", TODAY, origin=Origin.PAST)
    assert [entry.state for entry in after_baseline([past, dated("fresh", TODAY)], baseline=TODAY)] == [
        RecueilState.KNOWN,
        RecueilState.WAITING,
    ]


def test_a_failed_recueil_is_tried_for_days_then_given_up() -> None:
    waits = []
    attempts = 1
    while (again := retry_at(attempts, NOW)) is not None:
        waits.append(again - NOW)
        attempts += 1
    assert waits == sorted(waits)
    assert waits[0] == timedelta(minutes=2)
    assert timedelta(days=4) < sum(waits, timedelta()) < timedelta(days=7)


def test_a_server_that_says_when_to_come_back_is_obeyed() -> None:
    assert retry_at(1, NOW, retry_after=3600) == NOW + timedelta(hours=1)
    assert retry_at(1, NOW, retry_after=1) == NOW + timedelta(minutes=2)


@pytest.mark.parametrize(
    ("state", "before", "unreadable", "pending", "further"),
    [
        (RecueilState.INCOMPLETE, 3, 4, 2, True),
        (RecueilState.INCOMPLETE, 4, 4, 2, False),
        (RecueilState.INCOMPLETE, 9, 0, 0, True),
        (RecueilState.INCOMPLETE, None, 4, 0, False),  # no reading had ended
        (RecueilState.WAITING, 3, 4, 0, False),
    ],
)
def test_a_reading_gained_where_it_has_more_pages_than_the_one_before(
    state: RecueilState, before: int | None, unreadable: int, pending: int, further: bool
) -> None:
    recueil = Recueil(
        1, "26", "26:site", "https://p.example/a.pdf", "RAA", TODAY, is_detail=False, state=state, attempts=1, next_try_at=None, error=None,
        number=None, digest=None, pages_read=before,
    )  # fmt: skip
    reading = Reading(10, Cover(), (), (), tuple(range(unreadable)), tuple(range(pending)))
    assert gained(recueil, reading) is further


@pytest.mark.parametrize(
    ("last_read", "retry_after", "again"),
    [
        (NOW, None, NOW + REFETCH),
        (NOW, 86_400, NOW + timedelta(days=1)),
        (NOW - REFETCHED_FOR, None, NOW + REFETCH),
        (NOW - REFETCHED_FOR - timedelta(seconds=1), None, None),
        (None, None, None),
    ],
)
def test_one_read_in_part_is_asked_for_again_for_some_days(
    last_read: datetime | None, retry_after: float | None, again: datetime | None
) -> None:
    assert refetch_at(last_read, NOW, retry_after) == again


@pytest.mark.parametrize(
    ("failures", "retry_after", "minutes"),
    [
        (0, None, 15),
        (1, None, 15),
        (2, None, 30),
        (3, None, 60),
        (4, None, 120),
        (5, None, 120),
        (400, None, 120),
        (1, 7200, 120),
        (0, 60, 15),
    ],
)
def test_a_failing_source_is_polled_less_often(failures: int, retry_after: float | None, minutes: int) -> None:
    assert next_check(NOW, every=timedelta(minutes=15), failures=failures, retry_after=retry_after) == NOW + timedelta(minutes=minutes)


def test_a_server_that_asks_for_years_is_asked_again_after_a_day() -> None:
    assert next_check(NOW, every=timedelta(minutes=15), failures=1, retry_after=999_999_999_999) == NOW + timedelta(days=1)
    assert retry_at(1, NOW, 999_999_999_999) == NOW + timedelta(days=1)


@pytest.mark.parametrize(
    ("next_check_at", "due"),
    [
        (None, True),
        (NOW, True),
        (NOW - timedelta(days=400), True),
        (NOW + timedelta(seconds=1), False),
        (NOW + LONGEST_WAIT, False),
        (NOW + timedelta(days=365), True),  # written by a clock that was ahead
    ],
)
def test_a_source_is_due_when_its_time_has_come_or_can_never_have_been_meant(next_check_at: datetime | None, due: bool) -> None:
    assert is_due(next_check_at, NOW) is due


LATER, BEFORE = NOW + TWO_DAYS, NOW - TWO_DAYS


@pytest.mark.parametrize(
    ("other", "is_due_too"),
    [
        (NextPoll("b", LATER, BEFORE, 0), True),
        (NextPoll("b", LATER, BEFORE, 1), False),  # one that fails waits for its own time
        (NextPoll("b", LATER, NOW, 0), False),  # polled since: the first is not done yet
        (NextPoll("b", None, None, 0), False),  # never polled: due by itself
        (NextPoll("c", LATER, BEFORE, 0), False),  # reads other pages
        (NextPoll("d", LATER, BEFORE, 0), False),  # is not watched
    ],
)
def test_sources_that_read_the_same_pages_are_due_together(other: NextPoll, is_due_too: bool) -> None:
    ways, since = {"a": "way", "b": "way", "c": "another"}, NOW - timedelta(seconds=3)
    for first_due in (since, NOW):
        assert (due_with_others([other, NextPoll("a", first_due, BEFORE, 0)], ways, NOW).get(other.key) == first_due) is is_due_too
    for not_due in (NOW + timedelta(seconds=1), None):
        assert due_with_others([other, NextPoll("a", not_due, BEFORE, 0)], ways, NOW) == {}


def test_a_slow_rhythm_is_never_made_faster_by_failures() -> None:
    assert next_check(NOW, every=timedelta(hours=6), failures=3) == NOW + timedelta(hours=6)


@pytest.mark.parametrize(("order", "undated"), [("newest-first", ["v", "u"]), ("one-page", ["v", "u"]), ("oldest-first", ["u", "v"])])
def test_what_is_new_is_taken_in_turn_the_oldest_first(order: Order, undated: list[str]) -> None:
    listed = [dated("u", None), dated("today", TODAY), dated("today too", TODAY), dated("eve", TODAY - timedelta(days=1)), dated("v", None)]
    told = [entry.listed.title for entry in in_turn(after_baseline(listed, baseline=TODAY), order)]
    same_day = ["today", "today too"] if order == "oldest-first" else ["today too", "today"]
    assert told == ["eve", *same_day, *undated]


SINCE = date(2026, 3, 1)
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
