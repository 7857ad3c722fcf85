"""One act judged again, one transaction: what it was, where it is shown, and what two places of one recueil share."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.acts import Decree, Facts, Judged, Kind, Outcome, Verdict
from bot.domain.records import REREAD, RecueilState, Waiting
from bot.storage.decrees import StoredAct
from bot.storage.errors import NoSuchRow
from bot.storage.store import Store
from tests.bot.storage.building import EVIDENCE, NOW, act, decree_of, one_recueil, result_of, to
from tests.bot.storage.finding import stored
from tests.present import present

FACTS = Facts(number="2024-9", cameras=2)


def twice(store: Store, *, same: bool = True) -> tuple[int, list[StoredAct], Judged]:
    """A recueil that prints one decree (or two of them) on pages 3 and 8: its id, its acts as stored, and the later one as read."""
    first, second = act("Arrêté", first=3, facts=FACTS), act("Arrêté", first=8, facts=replace(FACTS, cameras=5))
    recueil = one_recueil(store)
    store.recordings.record(result_of(recueil, first, second, keys=[["k"], ["k" if same else "l"]]), to("t"), NOW)
    return recueil.id, store.decrees.acts_of(recueil.id), second


def found(store: Store, recueil: int, item: Judged, *keys: str) -> Decree:
    return decree_of(store.recueils.get(recueil), item, *keys)


def test_the_other_place_of_a_decree_in_its_recueil_stays(store: Store) -> None:
    recueil, [_, second], item = twice(store)
    [decree] = store.decrees.recent(10).decrees
    before = decree.sightings
    assert [seen.page for seen in before] == [3, 8]
    done = present(store.rejudging.apply(second, item.verdict, found(store, recueil, item, "k", "more"), to("t"), NOW))
    assert (done.decree, done.is_new, done.posts) == (decree.id, False, ())
    now = stored(store, decree.id or 0)
    # Shown by its first place, whose facts stay.
    assert (now.page, now.facts, now.sightings) == (3, FACTS, before)
    assert "more" in now.identities


def test_a_decree_is_known_again_by_its_act_when_all_its_keys_changed(store: Store) -> None:
    recueil, [first, _], item = twice(store, same=False)
    [_, decree] = store.decrees.recent(10).decrees
    again = replace(item, act=replace(item.act, first_page=3, last_page=3))
    done = present(store.rejudging.apply(first, item.verdict, found(store, recueil, again, "new"), to("t"), NOW))
    assert (done.decree, done.is_new) == (decree.id, False)
    assert stored(store, decree.id or 0).facts.cameras == 5


def test_what_a_person_withdrew_waits_for_a_person(store: Store) -> None:
    recueil, [first, _], item = twice(store, same=False)
    [_, decree] = store.decrees.recent(10).decrees
    other = one_recueil(store, "b")
    store.recordings.record(result_of(other, act("Autre", outcome=Outcome.NOT_CONCERNED, text="Autre")), to("t"), NOW)
    store.reviews.withdraw(decree.id or 0, NOW, "cli")
    [elsewhere] = store.decrees.acts_of(other.id)
    done = present(store.rejudging.apply(elsewhere, item.verdict, found(store, other.id, item, "k"), to("t"), NOW))
    assert (done.decree, done.is_new, done.posts) == (None, False, ())
    assert [waiting.id for waiting in store.reviews.waiting(10)] == [elsewhere.id]
    # Of the act that was withdrawn itself, a person has decided.
    assert store.rejudging.apply(first, item.verdict, found(store, recueil, item, "k"), to("t"), NOW) is None


def test_a_lost_decree_that_is_accepted_is_the_one_it_was_whatever_its_keys(store: Store) -> None:
    recueil, [first, _], item = twice(store, same=False)
    [_, decree] = store.decrees.recent(10).decrees
    store.rejudging.apply(first, Verdict(Outcome.NOT_CONCERNED), None, to(), NOW)
    [waiting] = store.reviews.waiting(10)
    again = replace(item, act=replace(item.act, first_page=3, last_page=3))
    known_again = found(store, recueil, again, "new")
    accepted = store.reviews.accept(waiting.id, known_again, to("t"), NOW, "cli")
    assert (waiting.decree, accepted.decree, accepted.posts) == (decree.id, decree.id, ())


def test_nothing_is_written_when_it_fails(store: Store) -> None:
    recueil, [first, _], item = twice(store)
    before = store.decrees.acts_of(recueil)

    def fail(_decree: Decree) -> list[str]:
        raise RuntimeError("no destination")

    new = found(store, recueil, replace(item, act=replace(item.act, first_page=15, last_page=15)), "unknown")
    store.rejudging.apply(first, Verdict(Outcome.NOT_CONCERNED), None, to(), NOW)
    assert store.decrees.acts_of(recueil)[0].outcome is Outcome.UNCERTAIN
    other = one_recueil(store, "b")
    store.recordings.record(result_of(other, act("Autre", outcome=Outcome.NOT_CONCERNED)), to(), NOW)
    [plain] = store.decrees.acts_of(other.id)
    with pytest.raises(RuntimeError):
        store.rejudging.apply(plain, Verdict(Outcome.DECREE, Kind.AUTHORISATION, evidence=EVIDENCE), new, fail, NOW)
    assert store.decrees.acts_of(other.id) == [plain]
    assert store.decrees.recent(10).total == 1
    assert len(before) == 2
    with pytest.raises(NoSuchRow, match="404"):
        store.rejudging.apply(replace(plain, id=404), Verdict(Outcome.NOT_CONCERNED), None, to(), NOW)


@pytest.mark.postgresql
@pytest.mark.parametrize(
    "other", [{"act_id": "26-2024-04-19-00007"}, {"title": "Autre"}, {"first_page": 2}, {"last_page": 9}, {"text": "Autre"}]
)
def test_what_was_read_otherwise_meanwhile_is_left(store: Store, other: dict[str, Any]) -> None:
    recueil, [first, second], item = twice(store)
    with pytest.raises(NoSuchRow, match="replaced"):
        store.rejudging.apply(replace(first, **other), Verdict(Outcome.NOT_CONCERNED), None, to(), NOW)
    assert store.decrees.acts_of(recueil) == [first, second]
    assert store.reviews.waiting(10) == []
    assert store.rejudging.apply(second, item.verdict, found(store, recueil, item, "k"), to("t"), NOW) is not None


def test_a_recueil_that_was_read_again_meanwhile_is_left_whatever_numbers_its_acts_have(store: Store) -> None:
    recueil = one_recueil(store)
    ordinary = act("A", first=2, outcome=Outcome.NOT_CONCERNED, text="Voirie")
    missed = act("B", first=5, outcome=Outcome.NOT_CONCERNED, text="Caméras")
    store.recordings.record(result_of(recueil, ordinary, missed, unreadable=(9,), next_try_at=NOW), to(), NOW)
    [_, stale] = store.decrees.acts_of(recueil.id)
    late = act("Z", first=1, outcome=Outcome.NOT_CONCERNED, text="Lue plus tard")
    store.recordings.record(result_of(recueil, late, ordinary, missed), to(), NOW)
    before = store.decrees.acts_of(recueil.id)
    assert stale.id not in {one.id for one in before}
    verdict = Verdict(Outcome.DECREE, Kind.AUTHORISATION, FACTS, EVIDENCE)
    with pytest.raises(NoSuchRow):
        store.rejudging.apply(stale, verdict, found(store, recueil.id, replace(missed, verdict=verdict), "k"), to("t"), NOW)
    assert store.decrees.acts_of(recueil.id) == before
    assert store.decrees.recent(10).total == 0


# A decree that a reading does not find again.


LATER = NOW + timedelta(hours=2)
LONG = "Le préfet arrête : la commune est autorisée à traiter les images. " * 8
ROAD = act("Route", first=1, outcome=Outcome.NOT_CONCERNED, text="Voirie")
IDS = pytest.mark.parametrize("act_id", ["26-2024-04-19-00003", None])


def read_as(outcome: Outcome, act_id: str | None) -> Judged:
    return act("Arrêté X", act_id=act_id, text=LONG, outcome=outcome)


def lost(store: Store, act_id: str | None) -> Waiting:
    """The review of an act whose decree is lost by today's rules, about which operators were asked."""
    recueil = one_recueil(store)
    store.recordings.record(result_of(recueil, ROAD, read_as(Outcome.DECREE, act_id), unreadable=(9,), next_try_at=NOW), to("t"), NOW)
    [_, announced] = store.decrees.acts_of(recueil.id)
    store.rejudging.apply(announced, Verdict(Outcome.UNCERTAIN, evidence=EVIDENCE), None, to(), NOW)
    [waiting] = store.reviews.waiting(9)
    assert waiting.decree == announced.decree_id
    store.reviews.notified([waiting.id], NOW)
    [waiting] = store.reviews.waiting(9)
    return waiting


@pytest.mark.postgresql
@IDS
@pytest.mark.parametrize("outcome", [Outcome.UNCERTAIN, Outcome.NOT_CONCERNED])
def test_it_goes_on_waiting_with_its_decree(store: Store, act_id: str | None, outcome: Outcome) -> None:
    waiting = lost(store, act_id)
    recueil = store.recueils.get(waiting.recueil_id)
    for _ in range(2):
        assert store.recordings.record(result_of(recueil, ROAD, read_as(outcome, act_id)), to("t"), LATER).decrees == ()
        assert store.recueils.get(recueil.id).state is RecueilState.READ
        assert store.reviews.waiting(9) == [waiting]
        [_, again] = store.decrees.acts_of(recueil.id)
        assert (again.id, again.outcome, again.decree_id) == (waiting.id, Outcome.UNCERTAIN, waiting.decree)
        assert again.evidence == EVIDENCE
    rejected = store.reviews.reject(waiting.id, LATER, "cli", waiting.token)
    assert rejected.withdrawn is not None
    assert stored(store, waiting.decree or 0).withdrawn_at == LATER
    assert (store.reviews.waiting(9), store.decrees.recent(9).total) == ([], 0)


@IDS
def test_what_made_it_doubtful_is_told_still_where_it_shows_no_sign_any_more(store: Store, act_id: str | None) -> None:
    waiting = lost(store, act_id)
    recueil = store.recueils.get(waiting.recueil_id)
    plain = Judged(read_as(Outcome.NOT_CONCERNED, act_id).act, Verdict(Outcome.NOT_CONCERNED))
    store.recordings.record(result_of(recueil, ROAD, plain), to("t"), LATER)
    assert store.reviews.waiting(9) == [waiting]


@IDS
def test_its_decree_that_is_found_again_waits_no_more(store: Store, act_id: str | None) -> None:
    waiting = lost(store, act_id)
    recueil = store.recueils.get(waiting.recueil_id)
    store.recordings.record(result_of(recueil, ROAD, read_as(Outcome.DECREE, act_id)), to("t"), LATER)
    assert store.reviews.waiting(9) == []
    assert [(one.outcome, one.decree_id) for one in store.decrees.acts_of(recueil.id)] == [
        (Outcome.NOT_CONCERNED, None), (Outcome.DECREE, waiting.decree),
    ]  # fmt: skip


@pytest.mark.postgresql
@IDS
def test_its_decree_that_is_found_in_another_act_leaves_it_in_doubt_alone(store: Store, act_id: str | None) -> None:
    waiting = lost(store, act_id)
    recueil = store.recueils.get(waiting.recueil_id)
    other = act("Arrêté X, article 2", first=8, text="Article 2")
    result = result_of(recueil, ROAD, read_as(Outcome.UNCERTAIN, act_id), other, keys=[["title:Arrêté X"]])
    store.recordings.record(result, to("t"), LATER)
    [still] = store.reviews.waiting(9)
    assert (still.id, still.token, still.decree) == (waiting.id, waiting.token, None)
    assert [one.decree_id for one in store.decrees.acts_of(recueil.id)] == [None, None, waiting.decree]


@IDS
def test_a_recueil_that_is_read_without_it_keeps_it(store: Store, act_id: str | None) -> None:
    waiting = lost(store, act_id)
    recueil = store.recueils.get(waiting.recueil_id)
    new = act("Autre", first=7, act_id=None, outcome=Outcome.UNCERTAIN, text="Autre texte. " * 30)
    store.recordings.record(result_of(recueil, ROAD, new), to("t"), LATER)
    [old, other] = store.reviews.waiting(9)
    assert (old, other.title, other.decree) == (waiting, "Autre", None)
    assert len(store.decrees.acts_of(recueil.id)) == 3


@IDS
def test_a_decree_that_is_in_doubt_when_it_is_read_again_waits_with_what_was_announced(store: Store, act_id: str | None) -> None:
    recueil = one_recueil(store)
    store.recordings.record(result_of(recueil, ROAD, read_as(Outcome.DECREE, act_id), unreadable=(9,), next_try_at=NOW), to("t"), NOW)
    [_, announced] = store.decrees.acts_of(recueil.id)
    for _ in range(2):
        store.recordings.record(result_of(recueil, ROAD, read_as(Outcome.UNCERTAIN, act_id)), to("t"), LATER)
        [waiting] = store.reviews.waiting(9)
        assert (waiting.id, waiting.decree, waiting.created_at, waiting.notified_at) == (announced.id, announced.decree_id, LATER, None)
        assert [one.outcome for one in store.decrees.acts_of(recueil.id)] == [Outcome.NOT_CONCERNED, Outcome.UNCERTAIN]
        assert store.decrees.recent(9).total == 1
    store.reviews.reject(announced.id, LATER, "cli")
    assert (store.reviews.waiting(9), store.decrees.recent(9).total) == ([], 0)


def read_anew(store: Store, act_id: str | None, *judged: Judged) -> tuple[Waiting, int]:
    """What waits once the recueil of a decree was read to say this, twice, and the id of the decree."""
    recueil = one_recueil(store)
    store.recordings.record(result_of(recueil, ROAD, read_as(Outcome.DECREE, act_id), unreadable=(9,), next_try_at=NOW), to("t"), NOW)
    [decree] = store.decrees.recent(9).decrees
    for told in ((decree.id,), ()):
        recorded = store.recordings.record(result_of(recueil, ROAD, *judged), to("t"), LATER)
        assert (recorded.duplicate, recorded.lost) == (False, told)
        assert [(one.decree, one.created_at, one.reread) for one in store.reviews.waiting(9)] == [(decree.id, LATER, True)]
    assert store.decrees.recent(9).decrees == (decree,)
    [waiting] = store.reviews.waiting(9)
    return waiting, decree.id or 0


@IDS
@pytest.mark.parametrize("there", [True, False], ids=["passed over", "in no act"])
def test_a_decree_that_a_reading_finds_to_be_none_stands_and_a_person_is_asked_once(store: Store, act_id: str | None, there: bool) -> None:
    passed = Judged(read_as(Outcome.NOT_CONCERNED, act_id).act, Verdict(Outcome.NOT_CONCERNED))
    waiting, decree = read_anew(store, act_id, *([passed] if there else []))
    assert waiting.evidence == (replace(EVIDENCE[0], about="doubt", cue=REREAD), *EVIDENCE)
    # Found again at last, there is nothing to ask.
    recueil = store.recueils.get(waiting.recueil_id)
    store.recordings.record(result_of(recueil, ROAD, read_as(Outcome.DECREE, act_id)), to("t"), LATER)
    assert (store.reviews.waiting(9), [one.id for one in store.decrees.recent(9).decrees]) == ([], [decree])


@IDS
def test_what_a_person_says_of_it_stands(store: Store, act_id: str | None) -> None:
    passed = read_as(Outcome.NOT_CONCERNED, act_id)
    waiting, decree = read_anew(store, act_id, passed)
    recueil = store.recueils.get(waiting.recueil_id)
    kept = store.reviews.accept(waiting.id, decree_of(recueil, read_as(Outcome.DECREE, act_id), "k"), to("t"), LATER, "cli", waiting.token)
    assert (kept.decree, kept.posts) == (decree, ())
    # By a program that did not know.
    store.recordings.record(result_of(recueil, ROAD, passed), to("t"), LATER)
    store.recordings.record(result_of(recueil, ROAD), to("t"), LATER)
    assert (store.reviews.waiting(9), store.decrees.recent(9).total) == ([], 1)


def test_a_recueil_that_has_lost_its_decree_is_no_copy(store: Store) -> None:
    recueil, other = one_recueil(store), one_recueil(store, "b")
    store.recordings.record(result_of(recueil, read_as(Outcome.DECREE, None), unreadable=(9,), next_try_at=NOW), to("t"), NOW)
    passed = Judged(read_as(Outcome.NOT_CONCERNED, None).act, Verdict(Outcome.NOT_CONCERNED))
    store.recordings.record(result_of(other, passed, digest="same"), to("t"), NOW)
    assert not store.recordings.record(result_of(recueil, passed, digest="same"), to("t"), LATER).duplicate
    assert [waiting.recueil_id for waiting in store.reviews.waiting(9)] == [recueil.id]


def test_decrees_that_are_found_again_in_one_act_are_not_asked_about(store: Store) -> None:
    recueil = one_recueil(store)
    one, two = read_as(Outcome.DECREE, None), act("Arrêté Y", first=8, text=LONG + "y")
    store.recordings.record(result_of(recueil, one, two, unreadable=(9,), next_try_at=NOW), to("t"), NOW)
    both = result_of(recueil, act("Arrêtés", first=3, last=8, text=LONG))
    decrees = tuple((0, replace(both.decrees[0][1], identities=(f"title:{title}",))) for title in ("Arrêté X", "Arrêté Y"))
    store.recordings.record(replace(both, decrees=decrees), to("t"), LATER)
    assert (store.reviews.waiting(9), store.decrees.recent(9).total) == ([], 2)


def test_a_decree_whose_page_could_not_be_read_again_is_not_said_to_be_none(store: Store) -> None:
    recueil = one_recueil(store)
    store.recordings.record(result_of(recueil, ROAD, read_as(Outcome.DECREE, None), unreadable=(9,), next_try_at=NOW), to("t"), NOW)
    assert store.recordings.record(result_of(recueil, ROAD, unreadable=(3,), next_try_at=NOW), to("t"), LATER).lost == ()
    assert store.reviews.waiting(9) == []
    assert store.recordings.record(result_of(recueil, ROAD, unreadable=(9,), next_try_at=NOW), to("t"), LATER).lost == (1,)
    [waiting] = store.reviews.waiting(9)
    assert (waiting.decree, waiting.reread) == (1, True)
