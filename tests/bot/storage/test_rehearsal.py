"""A rehearsal knows what the real store knows, and leaves it as it was: on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.acts import Facts, Kind, Moment, Outcome, Reference
from bot.domain.records import RecueilState, SourceState
from bot.storage.errors import StorageError
from bot.storage.store import Store, rehearsal_store
from tests.bot.storage.building import NOW, act, new_recueil, one_recueil, result_of, to
from tests.bot.storage.finding import found, stored

LATER = NOW + timedelta(hours=1)
FACTS = Facts(number="2024-493", signed=NOW.date(), starts=Moment(NOW.date()), operators=("SNCF",), cameras=12)
TRAIL = SourceState("26:site", trail='{"way": 1}', baseline_at=NOW, next_check_at=LATER, failures=2, error="refused")


@pytest.fixture
def real(store: Store) -> Store:
    """A decree of 26 that was posted, one of 83 first seen there, a recueil of each still to be read, and their trails."""
    for authority in ("26", "83"):
        recueil = one_recueil(store, "read", authority=authority)
        store.recordings.record(result_of(recueil, act(f"Decree of {authority}", facts=FACTS)), to("t"), NOW)
        store.recueils.add([new_recueil("waiting", authority=authority)], NOW)
        store.sources.save(replace(TRAIL, key=f"{authority}:site"))
    return store


@pytest.fixture
def stage(real: Store, url: str) -> Iterator[Store]:
    with rehearsal_store(url, ["26"]) as copy:
        yield copy


def test_it_knows_the_trail_and_the_recueils_of_what_is_watched(real: Store, stage: Store) -> None:
    assert stage.sources.all() == [TRAIL]
    assert stage.recueils.counts()["26"] == real.recueils.counts()["26"]
    known = [new_recueil(name).url for name in ("read", "waiting")]
    assert stage.recueils.unseen("26", [*known, "https://prefecture.example/26/new.pdf"]) == {"https://prefecture.example/26/new.pdf"}
    assert stage.recueils.due(LATER, {"26"}) == real.recueils.due(LATER, {"26"})
    assert stage.recueils.due(LATER, {"83"}) == []


def test_it_knows_every_decree_wherever_it_was_first_seen(real: Store, stage: Store) -> None:
    assert stage.decrees.recent(10) == real.decrees.recent(10)
    (again,) = stage.recueils.add([new_recueil("republished")], LATER)
    recorded = stage.recordings.record(result_of(again, act("Decree of 83", facts=FACTS)), to("t"), LATER)
    assert recorded.decrees == ()
    assert recorded.posts == ()


def test_what_is_new_is_new_there_and_nowhere_else(real: Store, stage: Store) -> None:
    before = real.decrees.recent(10), real.recueils.counts(), real.outbox.counts(), real.sources.all()
    (waiting,) = stage.recueils.due(LATER, {"26"})
    recorded = stage.recordings.record(result_of(waiting, act("New decree")), to("t"), LATER)
    stage.sources.save(SourceState("26:site"))
    assert [decree.title for decree in recorded.decrees] == ["New decree"]
    assert len(recorded.posts) == 1
    assert (real.decrees.recent(10), real.recueils.counts(), real.outbox.counts(), real.sources.all()) == before


def test_no_post_is_copied(real: Store, stage: Store) -> None:
    assert real.outbox.counts() != {}
    assert stage.outbox.counts() == {}


def test_a_decree_read_again_is_recognised_by_its_place(store: Store, url: str) -> None:
    """As in the real store: its text has changed, and with it its keys, but not its pages."""
    recueil = one_recueil(store)
    half_read = result_of(recueil, act("Half read", first=3, last=5), unreadable=(4,), next_try_at=LATER)
    (known,) = store.recordings.record(half_read, to("t"), NOW).decrees
    with rehearsal_store(url, ["26"]) as stage:
        (due,) = stage.recueils.due(LATER)
        assert due.state is RecueilState.INCOMPLETE
        recorded = stage.recordings.record(result_of(due, act("Wholly read", first=3, last=5)), to("t"), LATER)
        assert recorded.decrees == ()
        assert [decree.id for decree in stage.decrees.recent(10).decrees] == [known.id]


def test_without_a_database_it_is_a_first_run(tmp_path: Path) -> None:
    file = tmp_path / "none.db"
    with rehearsal_store(f"sqlite:///{file}", ["26"]) as stage:
        assert stage.sources.all() == []
        assert len(stage.recueils.add([new_recueil()], NOW)) == 1
    assert not file.exists()


def test_a_database_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("not a database, but long enough to be looked at " * 100, encoding="utf-8")
    with pytest.raises(StorageError):
        rehearsal_store(f"sqlite:///{file}", ["26"])


def test_it_knows_what_decrees_do_to_each_other_and_what_people_decided(store: Store, url: str) -> None:
    grant = found(store, Facts("2024-8", signed=NOW.date()), authority="83")
    end = found(store, Facts("2024-9", references=(Reference(Kind.ABROGATION, "2024-8"),)), Kind.ABROGATION, authority="83")
    doubtful = act("Arrêté douteux", outcome=Outcome.UNCERTAIN, act_id="26-2024-04-19-00001")
    store.recordings.record(result_of(one_recueil(store, "doubtful"), doubtful), to(), NOW)
    [review] = store.reviews.waiting(10)
    decision = store.reviews.reject(review.id, NOW, "cli").decision
    with rehearsal_store(url, ["26"]) as stage:
        assert stage.decrees.recent(10) == store.decrees.recent(10)
        assert [change.decree for change in stored(stage, grant).changed_by] == [end]
        assert stage.recordings.decided(["act:26-2024-04-19-00001"]) == {"act:26-2024-04-19-00001": decision}
