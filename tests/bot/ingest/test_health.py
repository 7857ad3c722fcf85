from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

import sources.http  # noqa: F401 - its errors must exist to be counted
from bot.domain.health import AuthorityHealth, Cause, DestinationHealth, Overview, SourceHealth, Status, nobody_answers
from bot.domain.posts import DestinationCheck, DestinationTrouble, PostCause, PostState
from bot.domain.records import FailureStreak, NewRecueil, Publication, RecueilState, SourceState
from bot.ingest.decisions import PublicationStats, cause_of
from bot.ingest.health import PublicationHistory, half_due, health_report, judge_authority, judge_destination, judge_source, not_alive
from bot.storage.outbox import OpenPost
from bot.storage.store import Store
from sources.catalogue.authority import Authority, Source
from sources.http.politeness import Disallowed
from sources.model import (
    Blocked,
    Emptied,
    FetchError,
    FetchRefused,
    Gone,
    LayoutChanged,
    MovedAway,
    NeedsBrowser,
    Paused,
    UnderMaintenance,
    Unreachable,
    Unusable,
)
from tests.present import present

_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)
NOW = datetime(2026, 8, 14, 12, tzinfo=UTC)
PARIS = ZoneInfo("Europe/Paris")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
RHYTHM = PublicationStats(PARIS, ((1.0,) * 24,) * 3, usual_gap=DAY, late_after=5 * DAY, latest=date(2026, 8, 13))
UNKNOWN = PublicationStats(PARIS, ((1.0,) * 24,) * 3)
SITE = Source("26", "site", "national", "https://www.drome.gouv.fr/RAA", "newest-first", "download-list")


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (Unreachable, Cause.UNREACHABLE),
        (FetchRefused, Cause.BLOCKED),
        (Blocked, Cause.CHALLENGE),
        (UnderMaintenance, Cause.MAINTENANCE),
        (Paused, Cause.RESTING),
        (Gone, Cause.MOVED),
        (MovedAway, Cause.MOVED),
        (LayoutChanged, Cause.STRUCTURE),
        (Emptied, Cause.EMPTIED),
        (Unusable, Cause.UNUSABLE),
        (Disallowed, Cause.ROBOTS),
        (NeedsBrowser, Cause.NEEDS_BROWSER),
        (FetchError, Cause.UNEXPECTED),
    ],
)
def test_the_type_of_an_error_tells_the_cause(error: type[FetchError], cause: Cause) -> None:
    assert cause_of(error("what happened")) is cause


def _kinds(error: type[FetchError]) -> Iterator[type[FetchError]]:
    for kind in error.__subclasses__():
        yield kind
        yield from _kinds(kind)


def test_no_error_of_the_sites_is_unexpected() -> None:
    kinds = {kind for kind in _kinds(FetchError) if kind.__module__.startswith("sources.")}
    assert len(kinds) >= 11
    assert {kind.__name__ for kind in kinds if cause_of(kind("what happened")) is Cause.UNEXPECTED} <= {
        "NotRecorded",
        "NotSaved",
        "StorageFull",
    }


def state(**values: object) -> SourceState:
    return SourceState("26:site", **{"baseline_at": NOW - 60 * DAY, "last_ok_at": NOW, **values})  # type: ignore[arg-type]  # each by its name


@pytest.mark.parametrize(
    ("known", "habits", "expected"),
    [
        pytest.param(SourceState("26:site"), UNKNOWN, (Status.UNPOLLED, None, None), id="never polled"),
        pytest.param(state(), UNKNOWN, (Status.OK, None, None), id="nothing known of its rhythm"),
        pytest.param(state(last_new_at=NOW - 5 * DAY), RHYTHM, (Status.OK, None, None), id="the site shows a newer day"),
        pytest.param(
            state(failures=3, cause="blocked", failing_since=NOW - HOUR, error="503"),
            RHYTHM,
            (Status.FAILING, Cause.BLOCKED, NOW - HOUR),
            id="failing",
        ),
        pytest.param(
            SourceState("26:site", failures=1, cause="needs_browser", failing_since=NOW),
            UNKNOWN,
            (Status.FAILING, Cause.NEEDS_BROWSER, NOW),
            id="failing since ever",
        ),
        pytest.param(
            state(failures=1, cause="a word of tomorrow", last_ok_at=NOW - DAY),
            UNKNOWN,
            (Status.FAILING, Cause.UNEXPECTED, NOW - DAY),
            id="written by another version",
        ),
    ],
)
def test_a_source_is_judged_by_what_is_remembered_of_it(
    known: SourceState, habits: PublicationStats, expected: tuple[Status, Cause | None, datetime | None]
) -> None:
    found = judge_source(SITE, known, habits, NOW)
    assert (found.status, found.cause, found.since) == expected


@pytest.mark.parametrize(
    ("last_new", "now", "since"),
    [
        (datetime(2026, 8, 13, 9, tzinfo=UTC), NOW + 7 * DAY, datetime(2026, 8, 13, 9, tzinfo=UTC)),
        (None, NOW + 7 * DAY, datetime(2026, 8, 13, tzinfo=PARIS)),
        (None, NOW, None),
    ],
)
def test_late_is_not_fine(last_new: datetime | None, now: datetime, since: datetime | None) -> None:
    found = judge_source(SITE, state(last_new_at=last_new), RHYTHM, now)
    assert (found.status, found.since) == ((Status.LATE if since else Status.OK), since)
    assert (found.last_published, found.usual_gap, found.late_after) == (date(2026, 8, 13), DAY, 5 * DAY)


def test_a_source_that_moved_and_works_is_fine_and_says_where_it_is() -> None:
    found = judge_source(SITE, state(moved_to="https://www.drome.gouv.fr/Nouveau"), RHYTHM, NOW)
    assert (found.status, found.moved_to) == (Status.OK, "https://www.drome.gouv.fr/Nouveau")


@pytest.mark.parametrize(
    ("number", "since", "failing"),
    [(1, 23 * HOUR, False), (1, DAY, True), (2, 59 * HOUR / 60, False), (2, HOUR, True), (30, HOUR, True)],
)
def test_a_list_whose_recueils_cannot_be_read_is_not_fine(number: int, since: timedelta, failing: bool) -> None:
    found = judge_source(SITE, state(), RHYTHM, NOW, FailureStreak(number, NOW - since, "503"))
    expected = (Status.FAILING, Cause.FILES, NOW - since) if failing else (Status.OK, None, None)
    assert (found.status, found.cause, found.since) == expected
    assert (found.unread, found.detail) == (number, "503")


def test_a_site_that_does_not_answer_is_told_before_its_recueils() -> None:
    found = judge_source(SITE, state(failures=1, cause="blocked", error="429"), RHYTHM, NOW, FailureStreak(9, NOW - DAY, "503"))
    assert (found.cause, found.detail, found.unread) == (Cause.BLOCKED, "429", 9)


def route(status: Status, name: str = "site") -> SourceHealth:
    return SourceHealth(f"26:{name}", status)


@pytest.mark.parametrize(
    ("routes", "expected"),
    [
        ([Status.OK], Status.OK),
        ([Status.LATE, Status.OK], Status.OK),
        ([Status.OK, Status.UNPOLLED], Status.OK),
        ([Status.UNPOLLED, Status.FAILING], Status.FAILING),
        ([Status.UNPOLLED], Status.UNPOLLED),
    ],
)
def test_an_authority_is_as_well_as_its_best_route(routes: list[Status], expected: Status) -> None:
    authority = Authority("26", "Préfecture de la Drôme", "Drôme", "Europe/Paris", (SITE,))
    found = judge_authority(authority, [route(status, str(n)) for n, status in enumerate(routes)], watched=True)
    assert found.status is expected
    assert found.main is not None
    assert found.main.status is expected


@pytest.mark.parametrize("works", [Status.OK, Status.LATE])
def test_a_route_that_works_does_not_hide_one_that_is_broken(works: Status) -> None:
    routes = [route(works, "mirror"), route(Status.FAILING)]
    authority = Authority("26", "Préfecture de la Drôme", "Drôme", "Europe/Paris", (SITE,))
    found = judge_authority(authority, routes, watched=True)
    assert (found.status, found.main) == (Status.PARTLY, routes[1])
    guessed = replace(authority, sources=(replace(SITE, unverified=True),))
    assert judge_authority(guessed, routes, watched=True).status is works


def test_an_authority_that_is_not_covered_or_not_watched_is_never_fine() -> None:
    uncovered = Authority("972", "Préfecture", "Martinique", "America/Martinique", (), not_covered="no page was ever seen")
    assert judge_authority(uncovered, (), watched=True) == AuthorityHealth("972", Status.NOT_COVERED, (), "no page was ever seen")
    assert judge_authority(uncovered, (), watched=False).status is Status.UNWATCHED


def test_a_broken_route_beside_a_good_one_is_not_all_fine() -> None:
    both = AuthorityHealth("26", Status.OK, (route(Status.OK), route(Status.FAILING, "mirror")))
    assert not Overview(NOW, (both,)).ok
    assert Overview(NOW, (AuthorityHealth("26", Status.OK, (route(Status.OK),)), AuthorityHealth("972", Status.NOT_COVERED))).ok
    assert not Overview(NOW, (AuthorityHealth("26", Status.OK, (route(Status.OK),)),), half_due=NOW - timedelta(hours=2)).ok


@pytest.mark.parametrize(
    ("due", "expected"),
    [
        ([], None),
        ([None, None], None),
        ([timedelta(minutes=-50)] * 3, None),
        ([timedelta(hours=-3), timedelta(minutes=5), timedelta(minutes=10)], None),
        ([timedelta(hours=-3), timedelta(hours=-2), timedelta(hours=20)], timedelta(hours=-2)),
        ([timedelta(hours=-3), None], timedelta(hours=-3)),
    ],
)
def test_the_bot_is_taken_for_stopped_when_most_polls_are_overdue(due: list[timedelta | None], expected: timedelta | None) -> None:
    found = Overview(NOW, (), half_due([None if span is None else NOW + span for span in due]))
    assert found.stalled_since == (None if expected is None else NOW + expected)
    stopped = not_alive(found, running=True, now=NOW)
    assert (stopped is None) is (expected is None)


@pytest.mark.parametrize(
    ("due", "idle", "running", "said"),
    [
        (_HOUR, None, True, None),
        (_HOUR, None, False, None),  # `vigie poll` from cron
        (-20 * _MINUTE, None, False, None),
        (-50 * _MINUTE, None, True, None),  # a first round takes long
        (-50 * _MINUTE, None, False, "no polls are made"),
        (-2 * _HOUR, None, True, "no polls are made"),
        (None, None, True, None),
        (None, None, False, "nothing was ever polled"),
        (_HOUR, -10 * _MINUTE, True, None),
        (_HOUR, -_HOUR, True, "no posts are sent to t"),
    ],
)
def test_whether_the_bot_is_alive(due: timedelta | None, idle: timedelta | None, running: bool, said: str | None) -> None:
    destination = DestinationHealth("t", DestinationTrouble.REFUSED, idle_since=None if idle is None else NOW + idle)
    whole = Overview(NOW, (), None if due is None else NOW + due, (destination,))
    stopped = not_alive(whole, running=running, now=NOW)
    assert (stopped is None) if said is None else (said in str(stopped))


@pytest.mark.parametrize(
    ("causes", "expected"),
    [
        ([Cause.UNREACHABLE, Cause.UNREACHABLE], True),
        (["unreachable", "resting", "needs_browser"], True),
        ([Cause.UNREACHABLE, None], False),  # one of them works
        ([Cause.UNREACHABLE, Cause.MOVED], False),  # a 404 is an answer
        ([Cause.RESTING, Cause.RESTING], False),  # a server that asks for a pause has answered
        ([Cause.UNREACHABLE, Cause.NEEDS_BROWSER], False),  # a single site was asked
        ([Cause.UNREACHABLE], False),
        ([], False),
    ],
)
def test_where_no_site_answers_it_is_this_machine(causes: list[str | None], expected: bool) -> None:
    assert nobody_answers(causes) is expected


def unsent(state: PostState, cause: PostCause | None, age: timedelta) -> OpenPost:
    return OpenPost(1, 1, "t", state, cause, "said", NOW - age, 1)


_PENDING, _UNKNOWN = PostState.PENDING, PostState.UNKNOWN
_T = DestinationTrouble


@pytest.mark.parametrize(
    ("checked", "posts", "trouble"),
    [
        (None, [], None),
        (_T.REFUSED, [], _T.REFUSED),
        (_T.UNREACHABLE, [], _T.UNREACHABLE),
        (_T.RIGHTS, [], _T.RIGHTS),
        (None, [unsent(_PENDING, None, _MINUTE)], None),
        (None, [unsent(_PENDING, None, 6 * _HOUR)], _T.LATE),
        (None, [unsent(_PENDING, PostCause.REFUSED_DESTINATION, _MINUTE)], _T.REFUSED),
        (None, [unsent(_PENDING, PostCause.NOT_SENT, _MINUTE)], None),
        (None, [unsent(_PENDING, PostCause.NOT_SENT, _HOUR)], _T.UNREACHABLE),
        (None, [unsent(_UNKNOWN, PostCause.CANNOT_ASK, _HOUR)], _T.UNREACHABLE),
        (None, [unsent(_PENDING, PostCause.RATE_LIMITED, _HOUR)], None),
        (_T.RIGHTS, [unsent(_PENDING, PostCause.RATE_LIMITED, 7 * _HOUR)], _T.LATE),
        (None, [unsent(_UNKNOWN, PostCause.RECONCILE_UNCLEAR, _MINUTE)], _T.NEEDS_PERSON),
        (None, [unsent(PostState.HELD, PostCause.AWAITS_PERSON, 9 * _HOUR)], _T.NEEDS_PERSON),
        (None, [unsent(PostState.REFUSED, PostCause.REFUSED_CONTENT, _MINUTE)], _T.NEEDS_PERSON),
    ],
)
def test_how_a_destination_is(checked: DestinationTrouble | None, posts: list[OpenPost], trouble: DestinationTrouble | None) -> None:
    check = DestinationCheck("t", checked, "", NOW - _HOUR, NOW)
    health = judge_destination("t", check, posts, NOW, 6 * _HOUR)
    assert health.trouble is trouble
    assert health.waiting + health.in_doubt == len(posts)
    # What another destination does is nothing to this one, and the whole is fine only where every destination is.
    assert judge_destination("other", None, posts, NOW, 6 * _HOUR).trouble is None
    assert Overview(NOW, (), destinations=(health,)).ok is (trouble is None)


# The health of a small catalogue, over a real database.


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
