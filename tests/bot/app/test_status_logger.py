from __future__ import annotations

from datetime import UTC, datetime

from structlog.testing import capture_logs

from bot.app.service import DatabaseLog, StatusLogger
from bot.domain.records import SourceState
from bot.ingest.ingestor import IngestResult
from bot.ingest.poller import SourceReport
from bot.storage.errors import Conflict, DiskFull, StorageError, Unavailable
from bot.storage.store import Store
from sources.catalogue.authority import Source

NOW = datetime(2026, 8, 14, 12, tzinfo=UTC)
KEYS = tuple(f"{number:02}:site" for number in range(1, 6))


def bulletin(store: Store) -> StatusLogger:
    return StatusLogger(watched=KEYS, store=store)


def save(store: Store, cause: str | None, *keys: str) -> None:
    for key in keys:
        failing = {"failures": 2, "cause": cause, "error": "no"} if cause else {}
        store.sources.save(SourceState(key, last_ok_at=NOW, next_check_at=NOW, **failing))  # type: ignore[arg-type]  # each by its name


async def test_a_start_tells_what_does_not_work_of_what_is_watched(store: Store) -> None:
    save(store, "blocked", *KEYS[:4], "77:site")
    save(store, None, KEYS[4])
    with capture_logs() as logs:
        await bulletin(store).start()
    told = [(line["event"], line.get("source") or line.get("sources")) for line in logs]
    assert told == [*(("source.still_failing", key) for key in KEYS[:4]), ("run.watching", 5)]
    assert logs[0]["next_check"] == "2026-08-14T12:00+00:00"
    assert (logs[-1]["sources"], logs[-1]["failing"]) == (5, 4)


async def test_that_no_site_answers_is_told_once_and_so_is_its_end(store: Store) -> None:
    now = bulletin(store)
    with capture_logs() as logs:
        save(store, "unreachable", *KEYS[:4])
        await now.round_up()
        assert logs == [], "one of them was not asked yet"
        save(store, "resting", KEYS[4])
        await now.round_up()
        await now.round_up()
        save(store, None, KEYS[0])
        await now.round_up()
        await now.round_up()
    assert [(line["log_level"], line["event"]) for line in logs] == [
        ("error", "network.down"),
        ("info", "network.recovered"),
    ]


async def test_it_says_that_it_goes_on_and_what_was_done_since_the_last_time(store: Store) -> None:
    now = bulletin(store)
    source = Source("01", "site", "national", "https://www.exemple.gouv.fr/", "one-page", "download-list")
    with capture_logs() as logs:
        now.note(SourceReport(source, new=2), IngestResult())
        now.note(SourceReport(source, error="no"), IngestResult())
        save(store, "moved", KEYS[0])
        await now.go_on()
        await now.go_on()
    assert [(line["event"], line["failing"], line["polls"], line["new"], line["decrees"]) for line in logs] == [
        ("run.progress", 1, 2, 2, 0),
        ("run.progress", 1, 0, 0, 0),
    ]


def test_a_database_that_cannot_be_used_is_told_once_and_so_is_its_end() -> None:
    now = 0.0
    told = DatabaseLog(monotonic=lambda: now)
    happened: list[tuple[float, float, bool, StorageError | None, str | None]] = [
        (0, 0, False, None, None),
        (1, 1, True, Conflict("twice"), None),  # of one transaction
        (2, 2, False, Unavailable("gone"), "database.unavailable"),
        (3, 3, True, Unavailable("gone"), None),
        (9, 9, False, None, None),
        (10, 10, False, Unavailable("gone"), None),
        (11, 11, True, None, None),
        (12, 12, False, None, "database.recovered"),
        (13, 11, True, Unavailable("gone"), None),  # it began before the end of the outage
        (14, 13, False, Unavailable("gone"), "database.unavailable"),
        (14.5, 12.5, False, None, None),  # it began before the outage, which is not over
        (15, 15, False, None, "database.recovered"),
        (20, 20, True, DiskFull("full"), "database.unavailable"),
        (30, 30, True, None, None),  # nothing was to be added
        (40, 40, True, DiskFull("full"), None),
        (700, 700, True, None, "database.recovered"),
    ]
    for at, began, writing, error, expected in happened:
        now = at
        with capture_logs() as logs:
            told.used(writing, began, error)
        assert [line["event"] for line in logs] == ([expected] if expected else [])
