"""One act judged again, one transaction: what it was, where it is shown, and what two places of one recueil share."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.acts import Decree, Facts, Judged, Kind, Outcome, Verdict
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
