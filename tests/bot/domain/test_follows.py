from __future__ import annotations

from datetime import UTC, date, datetime
from datetime import time as clock

import pytest

from bot.domain.acts import Decree, Facts, Kind, Moment, Place, Sighting
from bot.domain.posts import (
    Follow,
    FollowKind,
    FollowMode,
    FollowTargets,
    Relevance,
    WaitingPosts,
    chat_destination,
    followed_chat,
    is_urgent,
    match,
    next_chats,
    next_digest,
    not_before,
    operator_key,
    reasons,
    targets_of,
)

PLACES = {
    place.code: place
    for place in (
        Place("26", "Préfecture de la Drôme", "Drôme"),
        Place("93", "Préfecture de la Seine-Saint-Denis", "Seine-Saint-Denis"),
        Place("PP", "Préfecture de police", "Paris", territory=frozenset({"75", "92", "93", "94"})),
        Place("R-ARA", "Préfecture de région", "Auvergne-Rhône-Alpes", territory=frozenset({"26", "69"})),
    )
}
REGIONS = {"26": "84", "69": "84", "75": "11", "92": "11", "93": "11", "94": "11"}
NOW = datetime(2026, 8, 12, 10, tzinfo=UTC)  # noon in France


def decree(authority: str = "26", kind: Kind = Kind.AUTHORISATION, facts: Facts | None = None, **more: object) -> Decree:
    base = Decree(authority, kind, "Arrêté", facts or Facts(), (), "https://prefecture.example/a.pdf", 3, None)
    return base if not more else Decree(**{name: more.get(name, getattr(base, name)) for name in Decree.__dataclass_fields__})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("authority", "named", "follow", "how"),
    [
        ("26", (), "department 26", Relevance.IS_ABOUT),
        ("26", (), "department 93", None),
        ("PP", (), "department 93", Relevance.IS_ABOUT),
        ("R-ARA", (), "department 26", Relevance.IS_ABOUT),
        ("26", (), "region 84", Relevance.IS_ABOUT),
        ("R-ARA", (), "region 84", Relevance.IS_ABOUT),
        ("93", (), "region 84", None),
        ("26", ("26198",), "commune 26198", Relevance.IS_ABOUT),
        ("26", ("26198",), "commune 26362", None),
        ("26", (), "commune 26362", Relevance.MAY_CONCERN),
        ("93", (), "commune 26362", None),
        ("PP", (), "commune 93066", Relevance.MAY_CONCERN),
        ("PP", ("75115",), "commune 75115", Relevance.IS_ABOUT),
        ("PP", ("75115",), "commune 75056", Relevance.IS_ABOUT),
        ("PP", ("75056",), "commune 75115", Relevance.IS_ABOUT),
        ("PP", ("75115",), "commune 75116", None),
        ("PP", ("75115",), "commune 93066", None),
    ],
)
def test_who_decides_where(authority: str, named: tuple[str, ...], follow: str, how: Relevance | None) -> None:
    kind, value = follow.split()
    assert match(Follow(FollowKind(kind), value), targets_of(decree(authority), PLACES, REGIONS, named)) is how


def test_a_decree_of_several_prefects_is_followed_where_its_number_is_another_ones() -> None:
    seen = Sighting("93", "https://prefecture.example/a.pdf", 3, NOW, recueil="93-2026-08-12-00001")
    topics = targets_of(decree("26", sightings=(seen,)), PLACES, REGIONS, ())
    assert topics.departments == {"26", "93"}


@pytest.mark.parametrize(
    ("operators", "followed", "met"),
    [
        (("SNCF",), "sncf", True),
        (("SNCF Réseau",), "sncf", True),
        (("Préfecture de police",), "prefecture de police", True),
        (("Carrefour",), "rer", False),
        (("RATP",), "sncf", False),
        ((), "sncf", False),
    ],
)
def test_operators_are_met_by_whole_words(operators: tuple[str, ...], followed: str, met: bool) -> None:
    topics = targets_of(decree(facts=Facts(operators=operators)), PLACES, REGIONS, ())
    assert (match(Follow(FollowKind.OPERATOR, followed), topics) is not None) is met


def test_kinds() -> None:
    topics = targets_of(decree(kind=Kind.RENEWAL), PLACES, REGIONS, ())
    assert match(Follow(FollowKind.DECREE_KIND, "renewal"), topics) is Relevance.IS_ABOUT
    assert match(Follow(FollowKind.DECREE_KIND, "refusal"), topics) is None


def test_what_is_sure_is_given_first_as_a_reason() -> None:
    follows = [Follow(FollowKind(kind), value) for kind, value in (line.split() for line in (
        "decree_kind authorisation", "department 26", "commune 26362", "operator sncf",
    ))]  # fmt: skip
    topics = FollowTargets(Kind.AUTHORISATION, frozenset({"26"}), frozenset({"84"}), frozenset(), ("sncf",))
    found = [(follow.value, how) for follow, how in reasons(follows, topics)]
    sure = Relevance.IS_ABOUT
    assert found == [("sncf", sure), ("26", sure), ("authorisation", sure), ("26362", Relevance.MAY_CONCERN)]


def test_names_of_operators_are_folded() -> None:
    assert operator_key("Préfecture  de Police (DOPC)") == "prefecture de police dopc"


def on(day: int, hour: int | None = None) -> Moment:
    return Moment(date(2026, 8, day), None if hour is None else clock(hour))


@pytest.mark.parametrize(
    ("kind", "starts", "ends", "urgent"),
    [
        (Kind.AUTHORISATION, on(14), on(16), True),
        (Kind.AUTHORISATION, on(15), on(16), False),
        (Kind.AUTHORISATION, on(10), on(12), True),
        (Kind.AUTHORISATION, on(10), on(11), False),
        (Kind.AUTHORISATION, None, None, True),
        (Kind.ABROGATION, None, None, False),
        (Kind.REFUSAL, on(13), None, True),
    ],
)
def test_what_begins_within_two_days_goes_at_once(kind: Kind, starts: Moment | None, ends: Moment | None, urgent: bool) -> None:
    found = decree(kind=kind, facts=Facts(starts=starts, ends=ends))
    assert is_urgent(found, NOW) is urgent
    assert not_before(found, FollowMode.AT_ONCE, NOW) is None
    assert not_before(found, FollowMode.DAILY, NOW) == (None if urgent else datetime(2026, 8, 12, 16, tzinfo=UTC))


@pytest.mark.parametrize(
    ("now", "digest"),
    [
        (datetime(2026, 8, 12, 15, 59, tzinfo=UTC), datetime(2026, 8, 12, 16, tzinfo=UTC)),
        (datetime(2026, 8, 12, 16, 0, tzinfo=UTC), datetime(2026, 8, 13, 16, tzinfo=UTC)),
        (datetime(2026, 10, 24, 20, tzinfo=UTC), datetime(2026, 10, 25, 17, tzinfo=UTC)),  # the clocks go back that night
    ],
)
def test_the_digest_is_at_six_in_the_evening_in_france(now: datetime, digest: datetime) -> None:
    assert next_digest(now) == digest


def test_chats_are_served_in_turns() -> None:
    due = {0: WaitingPosts(True, 1), 1: WaitingPosts(False, 10), 2: WaitingPosts(False, 11), 3: WaitingPosts(False, 12)}
    assert next_chats(due, {}, 2) == [1, 2], "the oldest post first"
    assert next_chats(due, {}, 9) == [1, 2, 3, 0], "edits come last"
    assert next_chats(due, {1: 7, 2: 7}, 2) == [3, 1], "who was served longest ago first"


@pytest.mark.parametrize(("name", "chat"), [("chat:12", 12), ("chat:-1001", -1001), ("telegram", None), ("chat:room", None)])
def test_names_of_chats(name: str, chat: int | None) -> None:
    assert followed_chat(name) == chat
    assert chat is None or chat_destination(chat) == name
