"""Stored acts judged again by the real rules, after those of another day: on both databases at night."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import update
from structlog.testing import capture_logs

from bot.domain.acts import Act, Decree, Facts, Judged, Kind, NamedCommune, Naming, Outcome, Sighting, Verdict
from bot.domain.identity import REVIEWED
from bot.domain.posts import PostState
from bot.domain.records import Recueil, RecueilState, RedetectionResult
from bot.domain.text import PageText
from bot.domain.topics import WatchedTopics
from bot.ingest.judging import JudgedBy
from bot.ingest.renewal import EVERY, PAUSE, Difference, Effect, Redetection, Renewal, difference, nowhere
from bot.ingest.review import Reviewer
from bot.storage.decrees import StoredAct
from bot.storage.errors import Unavailable
from bot.storage.naming import CommuneNamer
from bot.storage.schema import decrees, search_rules
from bot.storage.store import Store
from tests.bot.real_acts import DAY, NOW, authorisation, doubtful, drones, judged_before, new_recueil, read, recorded_before, road
from tests.bot.storage.conftest import opener, pytest_generate_tests, store, url
from tests.bot.storage.finding import found, posts_of, stored
from tests.present import present

__all__ = ["opener", "pytest_generate_tests", "store", "url"]

LATER = NOW + timedelta(days=3)


@pytest.fixture
def again(store: Store) -> Redetection:
    return Redetection(store=store, clock=lambda: LATER)


def to_channel(_: Decree) -> Sequence[str]:
    return ("channel",)


def applied(again: Redetection, recueil: int, *, post: bool = False) -> list[RedetectionResult | None]:
    return [again.apply(one, to_channel if post else nowhere) for one in again.differences(recueil)]


def effects(again: Redetection, recueil: int) -> list[Effect]:
    return [one.effect for one in again.differences(recueil)]


@pytest.mark.postgresql
def test_the_same_rules_say_the_same(store: Store, again: Redetection) -> None:
    recueil = new_recueil(store)
    read(store, recueil, road(), authorisation(), doubtful())
    assert again.recueils(None) == [recueil.id]
    assert again.differences(recueil.id) == []


@pytest.mark.postgresql
def test_recueils_are_chosen_by_day_and_authority(store: Store, again: Redetection) -> None:
    one, two = new_recueil(store), new_recueil(store, "b", authority="07")
    for recueil in (one, two):
        read(store, recueil, road())
    new_recueil(store, "unread")
    assert again.recueils(date(2026, 8, 14)) == [one.id, two.id]
    assert again.recueils(date(2026, 8, 15)) == []
    assert again.recueils(None, ["07"]) == [two.id]


@pytest.mark.parametrize("post", [False, True])
def test_a_decree_that_was_missed_is_recorded_and_posted_only_when_told_to(store: Store, again: Redetection, post: bool) -> None:
    recueil = new_recueil(store)
    read(store, recueil, road(), doubtful())
    [_, missed] = store.decrees.acts_of(recueil.id)
    there = authorisation()
    judged_before(store, missed.id, text=there.pages[0].text, title=there.title)
    assert effects(again, recueil.id) == [Effect.FOUND]
    assert store.decrees.recent(10).total == 0, "nothing is written by looking"
    [done] = map(present, applied(again, recueil.id, post=post))
    new = done.decree or 0
    decree = present(store.decrees.get(new))
    assert (decree.authority, decree.kind, decree.facts.number, decree.found_at) == ("26", Kind.AUTHORISATION, "2026-1104", LATER)
    assert [post.state for post in posts_of(store, [new])] == ([PostState.PENDING] if post else [])
    assert (done.is_new, len(done.posts), store.reviews.waiting(10)) == (True, int(post), [])
    assert store.decrees.search("lumieres", 10).total == 1
    assert again.differences(recueil.id) == []


@pytest.mark.postgresql
def test_a_known_decree_is_corrected_and_not_posted_again(store: Store, again: Redetection) -> None:
    recueil = new_recueil(store)
    [decree] = read(store, recueil, road(), authorisation()).decrees
    assert decree.id is not None
    recorded_before(store, decree.id, kind=Kind.REFUSAL, facts=Facts(number="2026-1104", cameras=999))
    [one] = again.differences(recueil.id)
    assert (one.effect, "cameras" in one.facts) == (Effect.CHANGED, True)
    [done] = map(present, applied(again, recueil.id, post=True))
    assert (done.is_new, len(done.posts)) == (False, 0)
    now = present(store.decrees.get(decree.id))
    assert (now.kind, now.facts) == (decree.kind, decree.facts)
    assert len(posts_of(store, [decree.id])) == 1
    assert again.differences(recueil.id) == []


def test_a_decree_that_would_be_none_waits_for_a_person_who_withdraws_it(store: Store, again: Redetection) -> None:
    recueil = new_recueil(store)
    [decree] = read(store, recueil, road(), authorisation()).decrees
    [plain, act] = store.decrees.acts_of(recueil.id)
    judged_before(store, act.id, text=plain.text, title=plain.title)
    assert effects(again, recueil.id) == [Effect.LOST]
    applied(again, recueil.id)
    [waiting] = store.reviews.waiting(10)
    assert (waiting.decree, waiting.created_at) == (decree.id, LATER)
    assert waiting.evidence, "what made it a decree is still told"
    assert store.decrees.recent(10).total == 1
    assert again.differences(recueil.id) == []
    reviewer = Reviewer(store=store, route=to_channel, clock=lambda: LATER)
    settled = reviewer.reject(waiting.id, by="telegram")
    assert settled.withdrawn is not None
    assert settled.withdrawn.decree == decree.id
    assert (store.decrees.recent(10).total, store.reviews.waiting(10)) == (0, [])
    assert again.differences(recueil.id) == []


def test_a_lost_decree_that_a_person_confirms_stays_the_one_it_was(store: Store, again: Redetection) -> None:
    recueil = new_recueil(store)
    [decree] = read(store, recueil, authorisation(), road(page=6)).decrees
    act, plain = store.decrees.acts_of(recueil.id)
    judged_before(store, act.id, text=plain.text + "Déviation.", title=plain.title)
    applied(again, recueil.id)
    [waiting] = store.reviews.waiting(10)
    reviewer = Reviewer(store=store, route=to_channel, clock=lambda: LATER)
    settled = reviewer.accept(waiting.id, kind=None, by="command")
    assert (settled.decree, len(settled.posts)) == (decree.id, 0)
    assert again.differences(recueil.id) == []


@pytest.mark.postgresql
def test_doubts_open_and_close(store: Store, again: Redetection) -> None:
    recueil = new_recueil(store)
    read(store, recueil, road(), doubtful())
    plain, act = store.decrees.acts_of(recueil.id)
    with store.database.writing() as connection:
        connection.exec_driver_sql("DELETE FROM reviews")
    judged_before(store, act.id, outcome=Outcome.NOT_CONCERNED)
    assert effects(again, recueil.id) == [Effect.DOUBTFUL]
    applied(again, recueil.id)
    assert [waiting.id for waiting in store.reviews.waiting(10)] == [act.id]
    judged_before(store, act.id, text=plain.text, title=plain.title)
    assert effects(again, recueil.id) == [Effect.SETTLED]
    applied(again, recueil.id)
    assert store.reviews.waiting(10) == []
    assert again.differences(recueil.id) == []


def test_what_a_person_decided_stays(store: Store, again: Redetection) -> None:
    recueil = new_recueil(store)
    read(store, recueil, road(), doubtful())
    [waiting] = store.reviews.waiting(10)
    Reviewer(store=store, route=nowhere, clock=lambda: LATER).reject(waiting.id, by="command")
    assert again.differences(recueil.id) == []
    # The same text elsewhere, recorded by a program that did not know.
    other = new_recueil(store, "b", authority="07")
    read(store, other, doubtful(act_id="07-2026-08-14-00001"))
    [copy] = store.decrees.acts_of(other.id)
    judged_before(store, copy.id, outcome=Outcome.UNCERTAIN)
    assert effects(again, other.id) == [Effect.SETTLED]
    [done] = applied(again, other.id)
    assert done is not None
    assert again.differences(other.id) == []


@pytest.mark.postgresql
def test_a_decision_taken_meanwhile_is_not_overturned(store: Store, again: Redetection) -> None:
    recueil = new_recueil(store)
    [decree] = read(store, recueil, road(), authorisation()).decrees
    [_, act] = store.decrees.acts_of(recueil.id)
    recorded_before(store, decree.id or 0, kind=Kind.REFUSAL)
    [stale] = again.differences(recueil.id)
    Reviewer(store=store, route=nowhere, clock=lambda: LATER).withdraw(decree.id or 0, by="command")
    assert again.apply(stale, to_channel) is None
    assert store.decrees.recent(10).total == 0
    assert store.decrees.acts_of(recueil.id)[1].id == act.id


def test_an_act_that_was_read_again_meanwhile_is_left(store: Store, again: Redetection) -> None:
    recueil = new_recueil(store)
    read(store, recueil, road(), doubtful())
    [_, act] = store.decrees.acts_of(recueil.id)
    judged_before(store, act.id, outcome=Outcome.NOT_CONCERNED)
    [stale] = again.differences(recueil.id)
    with store.database.writing() as connection:
        connection.exec_driver_sql("DELETE FROM acts")
    assert again.apply(stale, to_channel) is None


def test_a_decree_that_is_published_twice_is_looked_at_once(store: Store, again: Redetection) -> None:
    one, two = new_recueil(store), new_recueil(store, "b")
    [decree] = read(store, one, road(), authorisation()).decrees
    shorter = authorisation(page=8, act_id="26-2026-08-14-00009", more="\nArticle 6 : voir l'affiche.")
    assert read(store, two, road(), shorter).decrees == ()
    assert (again.differences(one.id), again.differences(two.id)) == ([], [])
    assert len(present(store.decrees.get(decree.id or 0)).sightings) == 2


# What a difference between the rules of two days means: a table.


RECUEIL = Recueil(1, "26", "26:site", "https://p.example/a.pdf", "RAA", DAY, False, RecueilState.READ, 1, None, None, None, None)
ACT = Act("26-2026-08-14-00003", "Arrêté de M. Jean Dupont", "Cabinet", 3, 4, (PageText(3, "texte"),))
FACTS = Facts(number="2026-1", operators=("SNCF",), cameras=24)
KNOWN = Decree(
    "26", Kind.AUTHORISATION, "Arrêté", FACTS, (), RECUEIL.url, 3, DAY, id=7, sightings=(Sighting("26", RECUEIL.url, 3, NOW),)
)  # fmt: skip
TWICE = replace(KNOWN, sightings=(*KNOWN.sightings, Sighting("07", "https://p.example/b.pdf", 9, NOW)))
ELSEWHERE = replace(TWICE, url="https://p.example/b.pdf", page=9)
DECREE, DOUBT, NONE = Outcome.DECREE, Outcome.UNCERTAIN, Outcome.NOT_CONCERNED


def compared(
    before: Outcome, after: Outcome, known: Decree | None, facts: Facts = FACTS, kind: Kind = Kind.AUTHORISATION
) -> Difference | None:
    old = StoredAct(5, 1, ACT.id, ACT.title, None, 3, 4, before, None, (), "texte", None if known is None else known.id)
    verdict = Verdict(after, kind if after is DECREE else None, facts if after is DECREE else Facts())
    found = replace(KNOWN, kind=kind, facts=facts, sightings=(), id=None) if after is DECREE else None
    return difference(RECUEIL, old, Judged(ACT, verdict), found, known)


@pytest.mark.parametrize(
    ("before", "after", "known", "effect"),
    [
        (NONE, NONE, None, None),
        (NONE, DOUBT, None, Effect.DOUBTFUL),
        (NONE, DECREE, None, Effect.FOUND),
        (DOUBT, NONE, None, Effect.SETTLED),
        (DOUBT, DOUBT, None, None),
        (DOUBT, DECREE, None, Effect.FOUND),
        (DECREE, NONE, KNOWN, Effect.LOST),
        (DECREE, DOUBT, KNOWN, Effect.LOST),
        (DECREE, DECREE, KNOWN, None),
        (DECREE, DECREE, None, Effect.FOUND),
        # It waits already, and a person alone takes a decree back.
        (DOUBT, NONE, KNOWN, None),
        (DOUBT, DOUBT, KNOWN, None),
        (DOUBT, DECREE, KNOWN, Effect.CHANGED),
    ],
)
def test_an_outcome_before_and_after(before: Outcome, after: Outcome, known: Decree | None, effect: Effect | None) -> None:
    found = compared(before, after, known)
    assert (None if found is None else found.effect) is effect
    if found is not None:
        assert (found.stored.outcome, found.judged.verdict.outcome) == (before, after)
        assert "Dupont" not in found.title


@pytest.mark.parametrize(
    ("known", "facts", "names"),
    [
        (KNOWN, replace(FACTS, cameras=25), ("cameras",)),
        (KNOWN, replace(FACTS, operators=("SNCF", "RATP"), event="Concert"), ("event", "operators")),
        (KNOWN, replace(FACTS, cameras=None), ("cameras",)),  # what was misread is found no more
        (TWICE, replace(FACTS, cameras=None), ()),  # the other sighting may have told it
        (TWICE, replace(FACTS, cameras=25), ("cameras",)),
        (ELSEWHERE, replace(FACTS, cameras=25), ()),  # shown by another act, whose facts stay
        (ELSEWHERE, replace(FACTS, event="Concert"), ("event",)),  # which this one completes
        (ELSEWHERE, replace(FACTS, authority="PP"), ()),
        (replace(ELSEWHERE, facts=FACTS.settle({"event": None})), replace(FACTS, event="Concert"), ()),  # a person said: none
    ],
)
def test_other_facts(known: Decree, facts: Facts, names: tuple[str, ...]) -> None:
    found = compared(DECREE, DECREE, known, facts)
    assert (() if found is None else found.facts) == names
    assert found is None or found.effect is Effect.CHANGED


@pytest.mark.parametrize(("known", "effect"), [(KNOWN, Effect.CHANGED), (ELSEWHERE, None)])
def test_another_kind_counts_where_the_decree_is_shown(known: Decree, effect: Effect | None) -> None:
    found = compared(DECREE, DECREE, known, kind=Kind.RENEWAL)
    assert (None if found is None else found.effect) is effect
    assert found is None or found.judged.verdict.kind is Kind.RENEWAL


# What other rules derived from stored decrees is derived anew beside other work, a slice at a time.


VALENCE = (NamedCommune("26362", Naming.NAMED, "Valence"),)
NAMER = CommuneNamer("2", lambda decree: VALENCE)


@pytest.fixture(autouse=True)
def slices_of_three(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.ingest.renewal.ACTS", 3)
    monkeypatch.setattr("bot.ingest.renewal.DECREES", 3)


class Stopped(Exception):
    """The program ends here."""


class Sleeper:
    """Notes the pauses; what others do in them is `meanwhile`. After `most` the program ends."""

    def __init__(self, most: int = 1000) -> None:
        self.slept: list[float] = []
        self._most = most

    async def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)
        if len(self.slept) >= self._most:
            raise Stopped


def outdated(store: Store, number: int) -> list[int]:
    """Record so many decrees, and have them be those of an older program."""
    ids = [found(store, Facts(f"2026-{one}", places=("Valence",))) for one in range(number)]
    with store.database.writing() as connection:
        connection.execute(update(decrees).values(gazetteer="1"))
        connection.execute(update(search_rules).values(version="of an older program"))
    return ids


async def test_a_slice_at_a_time_with_a_pause_after_each(store: Store) -> None:
    ids = outdated(store, 7)
    sleep = Sleeper()
    renewal = Renewal(store.database, NAMER, sleep)
    with capture_logs() as logs:
        assert await renewal.renew() == 6
    assert sleep.slept == [PAUSE] * 6, "terms of three, three and one act, then communes of three, three and one decree"
    assert [line["event"] for line in logs] == ["records.renewing", "records.renewed"]
    assert all(stored(store, one).communes == VALENCE for one in ids)
    assert not store.decrees.is_renewing()
    with capture_logs() as logs:
        assert await renewal.renew() == 0
    assert logs == [], "nothing is due, and nothing is logged"


async def test_it_goes_on_where_it_was_stopped_and_others_write_in_between(store: Store) -> None:
    outdated(store, 7)
    with pytest.raises(Stopped):
        await Renewal(store.database, NAMER, Sleeper(2)).renew()
    fresh = found(store, Facts("2026-99"))
    assert stored(store, fresh).communes == ()
    assert await Renewal(store.database, NAMER, Sleeper()).renew() > 0
    assert stored(store, fresh).communes == VALENCE
    assert store.decrees.naming(["26362"], limit=1).total == 8


async def test_an_outage_ends_nothing(store: Store) -> None:
    ids = outdated(store, 1)
    is_away = iter([True])

    def communes_of(_: Decree) -> tuple[NamedCommune, ...]:
        if next(is_away, False):
            raise Unavailable("the database is away")
        return VALENCE

    sleep = Sleeper(4)
    with capture_logs() as logs, pytest.raises(Stopped):
        await Renewal(store.database, CommuneNamer("2", communes_of), sleep).run()
    assert sleep.slept == [PAUSE, EVERY.total_seconds(), PAUSE, EVERY.total_seconds()]
    assert [line["event"] for line in logs] == ["records.renewing", "records.not_renewed", "records.renewing", "records.renewed"]
    assert stored(store, ids[0]).communes == VALENCE


# Several topics that are watched, from reading to storage and decisions.


VSA = WatchedTopics()
BOTH = WatchedTopics(("vsa", "drones"))
ASKED = WatchedTopics(("vsa", "drones"), frozenset({"drones"}))
TWOFOLD = drones(page=3, act_id="26-2026-08-14-00003", beside=authorisation())


def redetection(store: Store, watched: WatchedTopics) -> Redetection:
    return Redetection(store=store, clock=lambda: NOW + timedelta(days=3), by=JudgedBy(watched=watched))


def reviewer(store: Store) -> Reviewer:
    return Reviewer(store=store, route=lambda _: ("channel",), clock=lambda: NOW)


def effects_by_topic(store: Store, recueil: int, watched: WatchedTopics) -> list[tuple[str, Effect]]:
    return [(one.topic, one.effect) for one in redetection(store, watched).differences(recueil)]


def outcomes(store: Store, recueil: int) -> list[tuple[str, Outcome, bool]]:
    return [(act.topic, act.outcome, act.decree_id is not None) for act in store.decrees.acts_of(recueil)]


ROAD = ("vsa", Outcome.NOT_CONCERNED, False)


@pytest.mark.postgresql
def test_an_act_of_two_topics_is_two_decrees(store: Store) -> None:
    recueil = new_recueil(store)
    one, two = read(store, recueil, road(), TWOFOLD, watched=BOTH).decrees
    assert [(one.topic, one.facts.number), (two.topic, two.facts.number)] == [("vsa", "2026-1104"), ("drones", "2026-1104")]
    assert set(one.identities).isdisjoint(two.identities)
    assert [len(posts_of(store, [decree.id or 0])) for decree in (one, two)] == [1, 1]
    rows = [ROAD, ("vsa", Outcome.DECREE, True), ("drones", Outcome.DECREE, True)]
    assert (outcomes(store, recueil.id), effects_by_topic(store, recueil.id, BOTH)) == (rows, [])
    # Read again, here or in another recueil, they are the same two.
    assert (
        read(store, recueil, road(), TWOFOLD, watched=BOTH).decrees
        == read(store, new_recueil(store, "b"), TWOFOLD, watched=BOTH).decrees
        == ()
    )
    assert outcomes(store, recueil.id) == rows


@pytest.mark.postgresql
@pytest.mark.parametrize("gone", [0, 1])
def test_what_a_person_decides_for_one_topic_stands_beside_the_other(store: Store, gone: int) -> None:
    recueil = new_recueil(store)
    decrees = read(store, recueil, TWOFOLD, watched=BOTH).decrees
    left, other = decrees[gone], decrees[1 - gone]
    reviewer(store).withdraw(left.id or 0, by="command")
    assert read(store, recueil, TWOFOLD, watched=BOTH).decrees == ()
    assert [decree.topic for decree in store.decrees.recent(10).decrees] == [other.topic]
    assert (effects_by_topic(store, recueil.id, BOTH), store.reviews.waiting(10)) == ([], [])
    reviewer(store).reinstate(left.id or 0, by="command")
    assert {(topic, is_one) for topic, _, is_one in outcomes(store, recueil.id)} == {("vsa", True), ("drones", True)}
    assert read(store, recueil, TWOFOLD, watched=BOTH).decrees == ()
    assert store.decrees.recent(10).total == 2


@pytest.mark.postgresql
def test_of_a_topic_that_is_reviewed_each_new_decree_is_asked_about_before_it_is_posted(store: Store) -> None:
    recueil = new_recueil(store)
    [known] = read(store, recueil, drones(), watched=BOTH).decrees
    assert read(store, recueil, drones(), TWOFOLD, watched=ASKED).decrees[0].topic == "vsa", (
        "what is known is not asked about, nor another topic"
    )
    [waiting] = store.reviews.waiting(10)
    assert (waiting.topic, waiting.page, waiting.evidence[0].cue) == ("drones", 3, REVIEWED)
    # Neither a further reading nor new rules answer for the person.
    assert read(store, recueil, drones(), TWOFOLD, watched=ASKED).decrees == ()
    assert [one.id for one in store.reviews.waiting(10)] == [waiting.id]
    assert effects_by_topic(store, recueil.id, ASKED) == []
    assert effects_by_topic(store, recueil.id, BOTH) == [("drones", Effect.FOUND)]
    settled = reviewer(store).accept(waiting.id, kind=None, by="command")
    decree = present(store.decrees.get(settled.decree or 0))
    assert (decree.topic, decree.kind, decree.facts.number, len(settled.posts)) == ("drones", Kind.AUTHORISATION, "2026-1104", 1)
    assert any(quote.about == "verdict" for quote in decree.evidence), "as the rules found it"
    assert read(store, recueil, drones(), TWOFOLD, watched=ASKED).decrees == ()
    assert (store.reviews.waiting(10), store.decrees.recent(10).total, effects_by_topic(store, recueil.id, ASKED)) == ([], 3, [])
    assert present(store.decrees.get(known.id or 0)).withdrawn_at is None


@pytest.mark.postgresql
@pytest.mark.parametrize("watched", [BOTH, ASKED])
def test_a_topic_that_is_switched_on_is_found_in_what_is_stored_and_not_posted(store: Store, watched: WatchedTopics) -> None:
    recueil = new_recueil(store)
    [known] = read(store, recueil, road(), TWOFOLD, drones()).decrees
    again = redetection(store, watched)
    differences = again.differences(recueil.id)
    assert [(one.topic, one.effect, one.stored.first_page) for one in differences] == [
        ("drones", Effect.FOUND, 3),
        ("drones", Effect.FOUND, 7),
    ]
    assert again.differences(recueil.id) == differences, "nothing is written by looking"
    applied = [present(again.apply(one, lambda _: ())) for one in differences]
    assert [(one.is_new, one.posts) for one in applied] == [(True, ())] * 2
    decree = ("drones", Outcome.DECREE, True)
    assert (outcomes(store, recueil.id), again.differences(recueil.id)) == (
        [ROAD, ("vsa", Outcome.DECREE, True), decree, decree],
        [],
    )
    assert [decree.topic for decree in store.decrees.recent(10).decrees] == ["drones", "drones", "vsa"]
    assert read(store, recueil, road(), TWOFOLD, drones(), watched=watched).decrees == ()
    assert len(posts_of(store, [known.id or 0])) == 1
    assert [posts_of(store, [one.decree or 0]) for one in applied] == [[], []]


@pytest.mark.postgresql
@pytest.mark.parametrize(("since_reading", "posted"), [(timedelta(days=1), 1), (timedelta(0), 0)])
def test_what_a_recueil_shows_after_a_redetection_for_its_topic_is_news(store: Store, since_reading: timedelta, posted: int) -> None:
    recueil = new_recueil(store)
    read(store, recueil, road())
    # One that is read again while stored acts are judged may hold what nobody has judged for the new topic.
    redetection(store, BOTH).finish([recueil.id], NOW + since_reading)
    assert len(read(store, recueil, road(), drones(), watched=BOTH).posts) == posted


@pytest.mark.postgresql
def test_a_recueil_read_again_after_a_topic_was_switched_on_posts_only_what_was_watched_for_all_along(store: Store) -> None:
    recueil = new_recueil(store)
    assert read(store, recueil, road(), drones()).posts == ()
    # Its file was replaced, or it is tried again, before anybody ran a redetection.
    again = read(store, recueil, authorisation(), drones(), watched=BOTH)
    assert [(decree.topic, len(posts_of(store, [decree.id or 0]))) for decree in again.decrees] == [("vsa", 1), ("drones", 0)]
    # From then on it is read for both, and what is new is so for both.
    [new] = read(store, recueil, authorisation(), TWOFOLD, drones(), watched=BOTH).posts
    assert (new.decree.topic, new.decree.page) == ("drones", 3)


def test_even_when_told_to_nothing_is_posted_of_a_topic_that_is_reviewed(store: Store) -> None:
    recueil = new_recueil(store)
    read(store, recueil, drones())
    again = redetection(store, ASKED)
    [applied] = [present(again.apply(one, lambda _: ("channel",))) for one in again.differences(recueil.id)]
    assert (applied.is_new, applied.posts) == (True, ())


@pytest.mark.postgresql
def test_a_decree_of_a_topic_that_is_no_longer_watched_stays(store: Store) -> None:
    recueil = new_recueil(store)
    decrees = read(store, recueil, road(), TWOFOLD, drones(), watched=BOTH).decrees
    rows = outcomes(store, recueil.id)
    again = read(store, recueil, road(), TWOFOLD, drones(), watched=VSA)
    assert (again.decrees, again.lost, store.reviews.waiting(10)) == ((), (), [])
    assert store.decrees.recent(10).total == len(decrees) == 3
    assert set(rows) <= set(outcomes(store, recueil.id))
    assert effects_by_topic(store, recueil.id, VSA) == []
    assert store.recueils.get(recueil.id).state is RecueilState.READ
    # Watched again, they are the same decrees.
    assert read(store, recueil, road(), TWOFOLD, drones(), watched=BOTH).decrees == ()
    assert sorted(outcomes(store, recueil.id)) == sorted(rows)
