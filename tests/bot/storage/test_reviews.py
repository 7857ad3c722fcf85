"""Acts that a person must look at, and decisions that no later reading overturns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.acts import Facts, Judged, Kind, Moment, Outcome, Reference, Where
from bot.domain.posts import PostState
from bot.domain.records import Decision, ReadResult, RecueilState, Settled, Waiting
from bot.storage.errors import AlreadyDecided, NoSuchRow
from bot.storage.store import Store, open_store
from tests.bot.storage.building import EVIDENCE, NOW, act, at_once, decree_of, new_recueil, one_recueil, result_of, to
from tests.bot.storage.finding import found, posts_of, stored
from tests.present import present

LATER = NOW + timedelta(hours=2)
LONG = "Le préfet arrête : la commune est autorisée à traiter les images. " * 8
REJECTED = Decision(Outcome.NOT_CONCERNED, None, LATER, "cli")
ACCEPTED = Decision(Outcome.DECREE, Kind.AUTHORISATION, LATER, "cli")


def doubtful(title: str = "Arrêté douteux", *, first: int = 3, act_id: str | None = "26-2024-04-19-00003", text: str = LONG) -> Judged:
    item = act(title, first=first, outcome=Outcome.UNCERTAIN, act_id=act_id, text=text)
    evidence = (replace(EVIDENCE[0], where=Where.RECITAL, cue="strong"),)
    return replace(item, verdict=replace(item.verdict, evidence=evidence))


def waiting(store: Store, *items: Judged, name: str = "recueil-1") -> list[Waiting]:
    store.recordings.record(result_of(one_recueil(store, name), *(items or (doubtful(),))), to(), NOW)
    return store.reviews.waiting(100)


def accept(store: Store, review: Waiting, *keys: str, destinations: tuple[str, ...] = ("t",), facts: Facts | None = None) -> Settled:
    recueil = store.recueils.get(review.recueil_id)
    decree = decree_of(recueil, act(review.title, first=review.page, act_id=review.act_id, facts=facts), *(keys or ("k",)))
    return store.reviews.accept(review.id, decree, to(*destinations), LATER, "cli")


@pytest.mark.postgresql
def test_what_waits_is_told_with_all_that_a_person_needs(store: Store) -> None:
    one, two = waiting(store, doubtful(), act("Ordinaire", outcome=Outcome.NOT_CONCERNED), doubtful("Autre", first=9, act_id=None))
    recueil = store.recueils.get(one.recueil_id)
    assert (one.authority, one.url, one.page, one.act_id, one.title) == ("26", recueil.url, 3, "26-2024-04-19-00003", "Arrêté douteux")
    assert (one.evidence[0].where, one.evidence[0].cue, one.created_at, one.notified_at) == (Where.RECITAL, "strong", NOW, None)
    assert store.reviews.get(two.id) == two
    assert store.reviews.waiting(1) == [one]
    store.reviews.notified([one.id, 404], LATER)
    assert store.reviews.not_notified(10) == [two]
    assert present(store.reviews.get(one.id)).notified_at == LATER


def test_an_accepted_act_is_a_decree_like_any_other(store: Store) -> None:
    [review] = waiting(store)
    facts = Facts("2024-9", operators=("Métro",), references=(Reference(Kind.RENEWAL, "2024-8"),))
    accepted = accept(store, review, "number:26:2024-9:signed:2024-04-19", facts=facts, destinations=("t", "m"))
    decree = stored(store, accepted.decree or 0)
    assert (decree.facts, decree.found_at, decree.page) == (facts, LATER, 3)
    assert [(seen.page, seen.seen_at) for seen in decree.sightings] == [(3, LATER)]
    assert [change.number for change in decree.changes] == ["2024-8"]
    assert ([post.destination for post in accepted.posts], accepted.decision) == (["t", "m"], ACCEPTED)
    assert posts_of(store, [accepted.decree or 0]) == list(accepted.posts)
    assert store.decrees.search("metro", 10).decrees == (decree,)
    [kept] = store.decrees.acts_of(review.recueil_id)
    assert (kept.outcome, kept.kind, kept.decree_id) == (Outcome.DECREE, Kind.AUTHORISATION, accepted.decree)
    assert (store.reviews.waiting(10), store.reviews.decision(review.id)) == ([], ACCEPTED)


def test_an_accepted_act_that_is_a_known_decree_is_one_more_sighting(store: Store) -> None:
    known = found(store, Facts("2024-9", signed=NOW.date()))
    [review] = waiting(store)
    accepted = accept(store, review, "number:26:2024-9:signed:2024-04-19", "new key")
    assert (accepted.decree, accepted.posts) == (known, ())
    assert len(stored(store, known).sightings) == 2
    assert "new key" in stored(store, known).identities
    assert len(posts_of(store, [known])) == 1


NUMBER = "number:26:2024-9:signed:2024-04-19"


def reading_of_act(store: Store, name: str, facts: Facts) -> ReadResult:
    """A recueil that holds a decree under an identifier of its own and a number that another one may have."""
    return result_of(one_recueil(store, name), act(name, act_id=f"26-{name}", facts=facts), keys=[(f"act:26-{name}", NUMBER)])


def test_a_number_that_an_office_forgot_to_change_is_of_two_decrees(store: Store) -> None:
    day, later = NOW.date(), NOW.date() + timedelta(1)
    facts = Facts("2024-9", signed=day, starts=Moment(day), ends=Moment(day))
    [first] = store.recordings.record(reading_of_act(store, "one", facts), to("t"), NOW).decrees
    [second] = store.recordings.record(reading_of_act(store, "two", replace(facts, starts=Moment(later))), to("t"), NOW).decrees
    assert len(posts_of(store, [first.id or 0, second.id or 0])) == 2
    # Each published once more: it is known.
    for name, known in (("three", first), ("four", second)):
        again = store.recordings.record(reading_of_act(store, name, known.facts), to("t"), LATER)
        assert (again.decrees, again.posts) == ((), ())
        assert [seen.authority for seen in stored(store, known.id or 0).sightings] == ["26", "26"]
    # Whoever names the number means neither for sure.
    ending = found(store, Facts("2024-10", signed=later, references=(Reference(Kind.ABROGATION, "2024-9", day),)), Kind.ABROGATION)
    assert [change.decree for change in stored(store, ending).changes] == [None]


@pytest.mark.parametrize("is_another", [True, False])
def test_a_person_is_asked_where_a_number_alone_makes_a_decree_known(store: Store, is_another: bool) -> None:
    facts = Facts("2024-9", signed=NOW.date())
    [first] = store.recordings.record(reading_of_act(store, "one", facts), to("t"), NOW).decrees
    result = store.recordings.record(reading_of_act(store, "two", facts), to("t"), NOW)
    [review] = store.reviews.waiting(10)
    assert (result.decrees, review.title, review.evidence[0].cue) == ((), "two", "number of another act")
    if is_another:
        accepted = accept(store, review, "act:26-two", NUMBER, facts=facts)
        assert len(accepted.posts) == 1
        assert accepted.decree != first.id
    else:
        assert store.reviews.reject(review.id, LATER, "cli").withdrawn is None
        assert len(posts_of(store, [first.id or 0])) == 1
    # It is read again: what was decided stands, and nobody is asked anew.
    recueil = store.recueils.get(review.recueil_id)
    item = act("two", act_id="26-two", facts=facts, outcome=Outcome.DECREE if is_another else Outcome.NOT_CONCERNED)
    again = store.recordings.record(result_of(recueil, item, keys=[("act:26-two", NUMBER)] * is_another), to("t"), LATER)
    assert (again.decrees, again.posts, store.reviews.waiting(10)) == ((), (), [])


def test_nothing_is_posted_of_a_silent_recueil(store: Store) -> None:
    [recueil] = store.recueils.add([replace(new_recueil("old"), silent=True)], NOW)
    store.recordings.record(result_of(recueil, doubtful()), to("t"), NOW)
    [review] = store.reviews.waiting(10)
    assert accept(store, review).posts == ()
    assert store.decrees.recent(10).total == 1


def test_whoever_comes_second_is_told_what_was_decided(store: Store) -> None:
    one, two = waiting(store, doubtful(), doubtful("Autre", first=9, act_id=None))
    store.reviews.reject(one.id, LATER, "cli")
    accept(store, two)
    for review, decision, said in ((one, REJECTED, "not concerned"), (two, ACCEPTED, r"a decree \(authorisation\)")):
        with pytest.raises(AlreadyDecided, match=said) as told:
            store.reviews.reject(review.id, NOW, "telegram")
        assert told.value.decision == decision
        with pytest.raises(AlreadyDecided):
            accept(store, review)
    assert store.decrees.recent(10).total == 1
    with pytest.raises(NoSuchRow, match="404"):
        store.reviews.reject(404, NOW, "cli")
    with pytest.raises(NoSuchRow, match="404"):
        accept(store, replace(one, id=404))
    assert (store.reviews.get(404), store.reviews.decision(404)) == (None, None)


@pytest.mark.postgresql
def test_one_of_many_answers_at_once_counts(opener: Callable[[], Store]) -> None:
    programs = [opener() for _ in range(4)]
    [review] = waiting(programs[0])

    def answer(number: int) -> str:
        try:
            if number % 2:
                programs[number].reviews.reject(review.id, LATER, "cli")
            else:
                accept(programs[number], review)
        except AlreadyDecided:
            return "late"
        return "counted"

    assert sorted(at_once(len(programs), answer)) == ["counted", "late", "late", "late"]


def test_nothing_is_kept_when_accepting_fails(store: Store) -> None:
    [review] = waiting(store)
    recueil = store.recueils.get(review.recueil_id)

    def fail(_decree: object) -> list[str]:
        raise RuntimeError("no destination")

    with pytest.raises(RuntimeError):
        store.reviews.accept(review.id, decree_of(recueil, act("A"), "k"), fail, LATER, "cli")
    assert (store.reviews.waiting(10), store.decrees.recent(10).total, store.reviews.decision(review.id)) == ([review], 0, None)


def test_an_act_that_still_waits_keeps_its_number_and_is_not_asked_about_again(store: Store) -> None:
    recueil = one_recueil(store)
    partial = result_of(recueil, doubtful("Un"), doubtful("Deux", first=9, act_id=None, text=""), unreadable=(10,), next_try_at=NOW)
    store.recordings.record(partial, to(), NOW)
    before = store.reviews.waiting(10)
    store.reviews.notified([review.id for review in before], NOW)
    # Another recueil takes numbers meanwhile.
    waiting(store, doubtful("Trois", act_id="26-2024-04-19-00009", text=LONG + "trois"), name="b")
    new = doubtful("Quatre", first=1, act_id="26-2024-04-19-00004", text=LONG + "quatre")
    more = doubtful("Deux", first=9, act_id=None, text=LONG + "lue")
    store.recordings.record(result_of(recueil, new, doubtful("Un", text=LONG + "une page de plus"), more), to(), LATER)
    after = {review.title: review for review in store.reviews.waiting(10)}
    assert [(after[one.title].id, after[one.title].created_at, after[one.title].notified_at) for one in before] == [
        (one.id, NOW, NOW) for one in before
    ]
    assert (after["Quatre"].created_at, after["Quatre"].notified_at) == (LATER, None)
    assert len(after) == 4
    assert [one.title for one in store.decrees.acts_of(recueil.id)] == ["Quatre", "Un", "Deux"]


def test_what_was_decided_does_not_wait_again(store: Store) -> None:
    place = doubtful("Scan", first=9, act_id=None, text="")
    one, two = waiting(store, doubtful(), place)
    recueil = store.recueils.get(one.recueil_id)
    for review in (one, two):
        store.reviews.reject(review.id, LATER, "cli")
    # Read by a program that did not know: with one more page, elsewhere, and where nothing was decided.
    store.recordings.record(result_of(recueil, doubtful(text=LONG + "une page de plus"), replace_text(place, LONG + "lue")), to(), LATER)
    assert store.reviews.waiting(10) == []
    store.recordings.record(result_of(one_recueil(store, "b"), doubtful(act_id=None)), to(), LATER)
    assert store.reviews.waiting(10) == []
    store.recordings.record(result_of(one_recueil(store, "c"), doubtful("Autre", act_id=None, text=LONG + "autre")), to(), LATER)
    assert [review.title for review in store.reviews.waiting(10)] == ["Autre"]
    assert store.recueils.counts() == {"26": {RecueilState.READ: 3}}


def replace_text(item: Judged, text: str) -> Judged:
    [page] = item.act.pages
    return replace(item, act=replace(item.act, pages=(replace(page, text=text),)))


def test_many_keys_are_asked_for_at_once(store: Store) -> None:
    [review] = waiting(store)
    store.reviews.reject(review.id, LATER, "x" * 100)
    asked = [f"act:{number}" for number in range(3000)] + ["act:26-2024-04-19-00003"]
    assert list(store.recordings.decided(asked).values()) == [replace(REJECTED, by="x" * 32)]


@pytest.mark.postgresql
def test_operators_are_asked_about_what_is_new_and_not_about_history(store: Store) -> None:
    [old] = waiting(store)
    [recueil] = store.recueils.add([replace(new_recueil("backfilled"), silent=True)], NOW)
    store.recordings.record(result_of(recueil, doubtful("Vieux", act_id=None, text=LONG + "vieux")), to(), LATER)
    store.recordings.record(result_of(one_recueil(store, "b"), doubtful("Neuf", act_id=None, text=LONG + "neuf")), to(), LATER)
    assert [review.title for review in store.reviews.not_notified(10, LATER)] == ["Neuf"]
    assert [review.title for review in store.reviews.not_notified(10, NOW)] == ["Arrêté douteux", "Neuf"]
    assert len(store.reviews.not_notified(10)) == 3
    assert old.decree is None


# Decrees taken back: out of every list and of what changes others, also where one act holds several.


DAY = NOW.date()
FACTS = Facts("2024-1", signed=DAY, starts=Moment(DAY), ends=Moment(DAY + timedelta(days=9)))


def ending(store: Store) -> int:
    """A decree that ends 2024-1."""
    facts = Facts("2024-2", signed=DAY, references=(Reference(Kind.ABROGATION, "2024-1", DAY),))
    return found(store, facts, Kind.ABROGATION, at=NOW + timedelta(hours=1))


def test_a_withdrawn_decree_changes_none_and_none_is_meant_by_its_number(store: Store) -> None:
    first, last = found(store, FACTS), ending(store)
    assert [change.decree for change in stored(store, first).changed_by] == [last]
    store.reviews.withdraw(last, NOW, "cli")
    assert stored(store, first).changed_by == ()
    store.reviews.reinstate(last, NOW, "cli")
    assert [change.decree for change in stored(store, first).changed_by] == [last]
    store.reviews.withdraw(first, NOW, "cli")
    assert [change.decree for change in stored(store, last).changes] == [None]
    assert store.decrees.current(DAY) == ()
    assert [decree.id for decree in store.decrees.recent(10).decrees] == [last]


@pytest.mark.postgresql
def test_a_reading_that_goes_on_tells_nothing_of_a_withdrawn_decree(store: Store) -> None:
    recueil = one_recueil(store)
    scan = act("Arrêté", first=3, text="")
    [decree] = store.recordings.record(result_of(recueil, scan, keys=[["k"]]), to("t"), NOW).decrees
    store.reviews.withdraw(decree.id or 0, NOW, "cli")
    other = one_recueil(store, "b")
    road, again = act("Route", first=1, outcome=Outcome.NOT_CONCERNED), act("Arrêté lu", first=7, text="Lu")
    early = replace(result_of(other, again, keys=[["k"]], next_try_at=NOW), early=True)
    assert store.recordings.record(early, to("t"), NOW).decrees == ()
    assert (store.decrees.acts_of(other.id), store.reviews.waiting(10)) == ([], [])
    store.recordings.record(result_of(other, road, again, keys=[["k"]]), to("t"), NOW)
    assert [(one.title, one.outcome) for one in store.decrees.acts_of(other.id)] == [
        ("Route", Outcome.NOT_CONCERNED), ("Arrêté lu", Outcome.UNCERTAIN),
    ]  # fmt: skip
    assert [waiting.title for waiting in store.reviews.waiting(10)] == ["Arrêté lu"]


def test_a_withdrawn_decree_that_a_person_accepts_with_more_facts_is_posted_to_whom_it_concerns_now(store: Store) -> None:
    recueil = one_recueil(store)
    scan = act("Arrêté", first=3, text="")
    [decree] = store.recordings.record(result_of(recueil, scan, keys=[["k"]]), to("t"), NOW).decrees
    store.reviews.withdraw(decree.id or 0, NOW, "cli")
    other, again = one_recueil(store, "b"), act("Arrêté lu", first=7, text="Lu", facts=FACTS)
    store.recordings.record(result_of(other, again, keys=[["k"]]), to("t"), NOW)
    [waiting] = store.reviews.waiting(10)
    accepted = store.reviews.accept(
        waiting.id, decree_of(other, again, "k"), lambda one: ("t", "m") if one.facts.number else ("t",), NOW, "cli"
    )
    assert accepted.decree == decree.id
    assert {(post.destination, post.state) for post in posts_of(store, [decree.id or 0])} == {
        ("t", PostState.PENDING),
        ("m", PostState.PENDING),
    }
    assert sorted(post.destination for post in accepted.posts) == ["m", "t"]


def test_a_digest_goes_out_without_the_decree_that_was_withdrawn(store: Store) -> None:
    one, two = found(store, FACTS), ending(store)
    store.outbox.gather("t", [[post.id for post in posts_of(store, [one, two])]], NOW)
    store.reviews.withdraw(one, NOW, "cli")
    message = present(store.outbox.claim("t", NOW))
    assert [decree.id for decree in message.decrees] == [two]
    store.outbox.sent(message.id, "77", NOW)
    states = {post.decree.id: post.state for post in posts_of(store, [one, two])}
    assert states == {one: PostState.REFUSED, two: PostState.SENT}


# The number of an act, and of its review, is given once: whatever was asked about it before is never answered for another.


THEN = NOW + timedelta(minutes=30)
COUNCIL = act("Délibération du conseil", first=3, outcome=Outcome.UNCERTAIN, text="La commune traite les images de la caisse. " * 8)
STATION = act("Arrêté relatif à la gare", first=4, outcome=Outcome.UNCERTAIN, text="Le préfet arrête : analyse des images de la gare. " * 8)
ROAD = act("Route", first=1, outcome=Outcome.NOT_CONCERNED, text="Voirie")


def test_an_answer_about_an_act_that_was_cut_otherwise_is_none_about_what_came_in_its_place(store: Store) -> None:
    recueil = one_recueil(store)
    store.recordings.record(result_of(recueil, COUNCIL, unreadable=(4,), next_try_at=NOW), to(), NOW)
    [asked] = store.reviews.waiting(9)
    store.recordings.record(result_of(recueil, STATION), to(), THEN)
    [other] = store.reviews.waiting(9)
    assert (other.id != asked.id, other.token != asked.token, other.notified_at) == (True, True, None)
    for token in (asked.token, None):
        with pytest.raises(NoSuchRow):
            store.reviews.reject(asked.id, THEN, "telegram", token)
        with pytest.raises(NoSuchRow):
            store.reviews.accept(asked.id, decree_of(recueil, COUNCIL, "k"), to("t"), THEN, "telegram", token)
    with pytest.raises(NoSuchRow):
        store.reviews.reject(other.id, THEN, "telegram", asked.token)
    assert (store.reviews.waiting(9), store.decrees.recent(1).total) == ([other], 0)
    store.reviews.reject(other.id, THEN, "telegram", other.token)
    assert store.reviews.waiting(9) == []


def test_a_token_holds_through_readings_of_the_same_act(store: Store) -> None:
    recueil = one_recueil(store)
    store.recordings.record(result_of(recueil, COUNCIL, unreadable=(9,), next_try_at=NOW), to(), NOW)
    [asked] = store.reviews.waiting(9)
    more = act(COUNCIL.act.title, first=3, last=4, outcome=Outcome.UNCERTAIN, text="La page qui manquait")
    store.recordings.record(result_of(recueil, ROAD, more), to(), THEN)
    [still] = store.reviews.waiting(9)
    assert (still.id, still.token) == (asked.id, asked.token)
    assert store.reviews.get(asked.id) == still
    store.reviews.reject(asked.id, THEN, "telegram", asked.token)
    assert store.reviews.waiting(9) == []


TITLES = ("Un", "Deux", "Trois")


@settings(max_examples=15, deadline=None)
@given(readings=st.lists(st.tuples(st.sampled_from("ab"), st.sets(st.sampled_from(TITLES))), max_size=8))
def test_a_number_is_that_of_one_act_for_ever(readings: list[tuple[str, set[str]]]) -> None:
    """Whatever two recueils are read to hold, one reading after the other."""
    owners: dict[int, tuple[str, str]] = {}
    with open_store("sqlite://") as store:
        recueils = {name: one_recueil(store, name) for name in "ab"}
        for count, (name, titles) in enumerate(readings):
            when = NOW + count * THEN.resolution
            items = [
                act(title, first=TITLES.index(title) + 1, outcome=Outcome.UNCERTAIN, text=f"{name} {title}") for title in sorted(titles)
            ]
            store.recordings.record(result_of(recueils[name], *items), to(), when)
            for review in store.reviews.waiting(99):
                mine = (recueils["a" if review.url == recueils["a"].url else "b"].url, review.title)
                assert owners.setdefault(review.id, mine) == mine
