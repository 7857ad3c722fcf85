"""The health of a small catalogue, over a real database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.health import Cause, Status
from bot.domain.records import NewRecueil, Publication, RecueilState, SourceState
from bot.ingest.health import PublicationHistory, health_report
from bot.storage.store import Store
from sources.catalogue.authority import Authority, Source
from tests.present import present

NOW = datetime(2026, 8, 14, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def source(code: str, route: str = "site") -> Source:
    return Source(code, route, "national", f"https://www.{code}.gouv.fr/{route}", "newest-first", "download-list")


AUTHORITIES = {
    "26": Authority("26", "Préfecture de la Drôme", "Drôme", "Europe/Paris", (source("26"), source("26", "mirror"))),
    "38": Authority("38", "Préfecture de l'Isère", "Isère", "Europe/Paris", (source("38"),)),
    "972": Authority("972", "Préfecture de la Martinique", "Martinique", "America/Martinique", (), not_covered="never seen"),
}


def publish(store: Store, key: str, days: int) -> None:
    """One recueil a day, up to ten days ago."""
    code = key.partition(":")[0]
    for age in range(10, 10 + days):
        day = (NOW - age * DAY).date()
        new = NewRecueil(code, key, f"https://x/{key}/{age}", "RAA", day, is_detail=False, state=RecueilState.READ)
        store.recueils.add([new], NOW - age * DAY)


def test_a_catalogue_is_surveyed_in_its_order(store: Store) -> None:
    found = health_report(store, AUTHORITIES, {"26", "972"}, NOW)
    assert [(one.code, one.status) for one in found.authorities] == [
        ("26", Status.UNPOLLED),
        ("38", Status.UNWATCHED),
        ("972", Status.NOT_COVERED),
    ]
    assert [route.key for route in found.sources] == ["26:site", "26:mirror"]
    assert found.stalled_since is None


def test_a_source_whose_recueils_fail_is_found_out(store: Store) -> None:
    store.sources.save(SourceState("26:site", baseline_at=NOW - 90 * DAY, last_ok_at=NOW, next_check_at=NOW))
    new = [
        NewRecueil("26", "26:site", f"https://x/{number}", "RAA", NOW.date(), is_detail=False, state=RecueilState.WAITING)
        for number in range(3)
    ]
    for recueil in store.recueils.add(new, NOW - 2 * timedelta(hours=1)):
        store.recueils.failed(recueil.id, "503", now=NOW, next_try_at=NOW + DAY)
    [drome, *_] = health_report(store, AUTHORITIES, {"26"}, NOW).authorities
    assert (drome.status, drome.routes[0].cause, drome.routes[0].unread) == (Status.FAILING, Cause.FILES, 3)


def test_a_backfill_makes_no_source_late(store: Store) -> None:
    """Its thousands of old recueils come after those of the last weeks in the table."""
    store.sources.save(SourceState("26:site", baseline_at=NOW - 90 * DAY, last_ok_at=NOW, next_check_at=NOW))
    publish(store, "26:site", 30)
    before = health_report(store, AUTHORITIES, {"26"}, NOW - 8 * DAY).sources[0]
    old = [
        NewRecueil("26", "26:site", f"https://x/old/{age}", "RAA", (NOW - age * DAY).date(), False, RecueilState.KNOWN, silent=True)
        for age in range(200, 900)
    ]
    store.recueils.add(old, NOW)
    after = health_report(store, AUTHORITIES, {"26"}, NOW - 8 * DAY).sources[0]
    assert (before.status, before.last_published) == (after.status, after.last_published) == (Status.OK, (NOW - 10 * DAY).date())


def test_what_was_polled_is_judged_with_its_habits(store: Store) -> None:
    known = SourceState("26:site", baseline_at=NOW - 90 * DAY, last_ok_at=NOW, next_check_at=NOW - timedelta(hours=2))
    store.sources.save(known)
    store.sources.save(replace(known, key="38:site", failures=3, cause="blocked", failing_since=NOW - DAY, error="503"))
    publish(store, "26:site", 30)
    found = health_report(store, AUTHORITIES, set(AUTHORITIES), NOW)
    assert [one.status for one in found.authorities] == [Status.LATE, Status.FAILING, Status.NOT_COVERED]
    late = present(found.authorities[0].main)
    assert (late.usual_gap, late.last_published) == (DAY, (NOW - 10 * DAY).date())
    assert found.stalled_since == NOW - timedelta(hours=2)


def test_what_a_source_published_is_read_once_and_again_when_it_was_polled(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = ("26:site", "26:mirror", "38:site")
    states = [SourceState(key, baseline_at=NOW - 90 * DAY, last_ok_at=NOW, next_check_at=NOW) for key in keys]
    for state in states:
        store.sources.save(state)
        publish(store, state.key, 30)
    read: list[str] = []
    publications = store.recueils.publications

    def noted(source: str, *, since: date, found_after: datetime) -> list[Publication]:
        read.append(source)
        return publications(source, since=since, found_after=found_after)

    monkeypatch.setattr(store.recueils, "publications", noted)
    history = PublicationHistory(store)
    first = health_report(store, AUTHORITIES, {"26", "38"}, NOW, history)
    assert sorted(read) == sorted(keys)
    assert health_report(store, AUTHORITIES, {"26", "38"}, NOW, history) == first == health_report(store, AUTHORITIES, {"26", "38"}, NOW)
    read.clear()
    new = NewRecueil("38", "38:site", "https://x/38:site/new", "RAA", NOW.date(), is_detail=False, state=RecueilState.READ)
    store.recueils.add([new], NOW)
    history.read(states[2], ZoneInfo("Europe/Paris"), NOW)
    after = health_report(store, AUTHORITIES, {"26", "38"}, NOW, history)
    assert read == ["38:site"]
    assert [one.last_published for one in after.sources] == [(NOW - 10 * DAY).date()] * 2 + [NOW.date()]
    read.clear()
    store.sources.save(replace(states[0], last_ok_at=NOW + DAY))
    for _ in range(2):
        health_report(store, AUTHORITIES, {"26", "38"}, NOW, history)
    assert read == [states[0].key], "another process has polled it"


def test_what_one_source_published_is_expected_of_the_others(store: Store) -> None:
    known, new = (SourceState(key, baseline_at=NOW - 90 * DAY, last_ok_at=NOW) for key in ("26:site", "38:site"))
    publish(store, known.key, 30)
    history, zone = PublicationHistory(store), ZoneInfo("Europe/Paris")
    alone = history.read(new, zone, NOW)
    history.read(known, zone, NOW)
    beside = history.read(new, zone, NOW)
    assert beside.rates != alone.rates
    assert (beside.latest, beside.usual_gap) == (alone.latest, alone.usual_gap) == (None, None), "days are its own"
