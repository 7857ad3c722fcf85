"""What files hold, and which recueils are left alone: on both databases."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from bot.domain.acts import Outcome
from bot.domain.publication import FileStatement
from bot.domain.records import ReadResult, Recueil, RecueilState
from bot.domain.text import PageText, TextOrigin
from bot.storage.columns import Damaged, pack_text, unpack_pages, unpack_text
from bot.storage.schema import contents
from bot.storage.store import Store
from tests.bot.storage.building import NOW, act, new_recueil, one_recueil, result_of, to
from tests.present import present

SHA = "a" * 64
PAGES = (
    PageText(1, "Arrêté\x00 n° 1 \ud800", TextOrigin.OCR, other="Arrete n 1", confidence=91),
    PageText(2, "", TextOrigin.BLANK),
    PageText(4, "Article 1er", TextOrigin.LAYER, damaged=True),
)


@pytest.mark.parametrize("packed", [b"", b"rust", pack_text("{}")[:-4], pack_text('[{"text": "no number"}]'), pack_text("[1]")])
def test_damaged_bytes_are_told(packed: bytes) -> None:
    with pytest.raises(Damaged):
        unpack_pages(packed)


def test_texts_shrink() -> None:
    text = "Le préfet de la Drôme, chevalier de la Légion d'honneur, arrête : " * 30
    assert unpack_text(pack_text(text)) == text
    assert len(pack_text(text)) < len(text) / 3
    with pytest.raises(Damaged):
        unpack_text(b"rust")


def test_a_content_is_remembered_with_its_pages(store: Store) -> None:
    assert store.contents.get(SHA) is None
    store.contents.begin(SHA, 1234)
    store.contents.save(SHA, PAGES, page_count=5, complete=False, rules="1", now=NOW)
    found = present(store.contents.get(SHA))
    assert (found.size, found.page_count, found.pages, found.complete, found.rules, found.read_at) == (1234, 5, PAGES, False, "1", NOW)


@pytest.mark.postgresql
def test_what_was_read_whole_is_replaced_by_other_rules_only(store: Store) -> None:
    pages = tuple(PageText(number, f"page {number}") for number in (1, 2))
    store.contents.begin(SHA, 1)
    assert store.contents.made(SHA) is None
    made = FileStatement("D:20260814", "", "Éditeur")
    store.contents.save(SHA, pages, page_count=2, complete=True, rules="1", now=NOW, made=made)
    store.contents.save(SHA, pages[:1], page_count=2, complete=False, rules="1", now=NOW)
    kept = present(store.contents.get(SHA))
    assert (kept.complete, kept.pages) == (True, pages)
    store.contents.save(SHA, pages[:1], page_count=2, complete=False, rules="2", now=NOW)
    newer = present(store.contents.get(SHA))
    assert (newer.complete, newer.pages, newer.rules) == (False, pages[:1], "2")
    assert newer.made == store.contents.made(SHA) == made


def test_readings_that_never_end_are_counted_until_one_gets_further(store: Store) -> None:
    def counted() -> int | None:
        content = store.contents.get(SHA)
        return None if content is None else content.unfinished

    for expected in (1, 2, 3):
        store.contents.begin(SHA, 1)
        assert counted() == expected
    store.contents.save(SHA, PAGES, page_count=5, complete=False, rules="1", now=NOW)
    assert counted() == 0
    store.contents.begin(SHA, 1)
    store.contents.ended(SHA)
    assert counted() == 0
    store.contents.failed("b" * 64, "never begun", rules="1", now=NOW)
    assert store.contents.get("b" * 64) is None


def test_why_nothing_could_be_read_is_remembered_until_something_is(store: Store) -> None:
    store.contents.begin(SHA, 1)
    store.contents.failed(SHA, "it is locked", rules="1", now=NOW)
    found = present(store.contents.get(SHA))
    assert (found.error, found.unfinished, found.pages) == ("it is locked", 0, ())
    store.contents.save(SHA, PAGES, page_count=5, complete=False, rules="1", now=NOW)
    store.contents.failed(SHA, "it is locked", rules="1", now=NOW)
    found = present(store.contents.get(SHA))
    assert (found.error, found.pages) == (None, PAGES)


@pytest.mark.postgresql
def test_pages_damaged_in_the_database_are_as_if_never_read(store: Store) -> None:
    store.contents.begin(SHA, 1)
    store.contents.save(SHA, PAGES, page_count=3, complete=True, rules="1", now=NOW)
    with store.database.writing() as connection:
        connection.execute(update(contents).values(pages=b"rust"))
    found = present(store.contents.get(SHA))
    assert (found.pages, found.complete) == ((), False)


# Decrees recorded before all is read


def early(store: Store) -> tuple[Recueil, ReadResult]:
    recueil = one_recueil(store)
    result = result_of(recueil, act("A", first=3), unreadable=(), next_try_at=NOW + timedelta(minutes=5))
    reading = replace(result.reading, pending_pages=(8, 9))
    return recueil, replace(result, reading=reading, early=True)


def test_a_decree_recorded_early_is_queued_and_its_recueil_stays_to_be_read(store: Store) -> None:
    recueil, result = early(store)
    recorded = store.recordings.record(result, to("t"), NOW)
    assert (len(recorded.decrees), len(recorded.posts), recorded.duplicate) == (1, 1, False)
    kept = store.recueils.get(recueil.id)
    assert (kept.state, kept.attempts, kept.next_try_at) == (RecueilState.INCOMPLETE, 0, NOW + timedelta(minutes=5))
    assert kept.error == "being read: 2 of 20 pages were still to be recognised"
    again = store.recordings.record(result, to("t"), NOW)
    assert (again.decrees, again.posts) == ((), ())

    whole = result_of(recueil, act("A", first=3), act("C", first=8, outcome=Outcome.UNCERTAIN), act("D", first=9), number="26-2024-1")
    last = store.recordings.record(whole, to("t"), NOW)
    assert [decree.title for decree in last.decrees] == ["D"]
    assert [one.title for one in store.decrees.acts_of(recueil.id)] == ["A", "C", "D"]
    assert (store.recueils.get(recueil.id).state, len(store.reviews.waiting(10))) == (RecueilState.READ, 1)
    assert store.decrees.recent(10).total == 2


def test_what_an_earlier_reading_knew_of_the_other_acts_stays(store: Store) -> None:
    recueil, result = early(store)
    others = act("B", first=5, outcome=Outcome.UNCERTAIN), act("N", first=6, outcome=Outcome.NOT_CONCERNED)
    before = result_of(recueil, *others, unreadable=(3,), next_try_at=NOW)
    store.recordings.record(before, to("t"), NOW)
    store.recordings.record(result, to("t"), NOW)
    assert [one.title for one in store.decrees.acts_of(recueil.id)] == ["A", "B", "N"]
    assert len(store.reviews.waiting(10)) == 1
    assert store.recueils.get(recueil.id).attempts == 1, "an early recording is no reading more"


@pytest.mark.postgresql
def test_one_that_another_program_has_read_meanwhile_stays_read(store: Store) -> None:
    recueil, result = early(store)
    store.recordings.record(result_of(recueil, act("A", first=3)), to("t"), NOW)
    assert store.recordings.record(result, to("t"), NOW).posts == ()
    assert store.recueils.get(recueil.id).state is RecueilState.READ


def test_one_read_whole_by_another_program_is_not_taken_back_by_a_reading_in_part(store: Store) -> None:
    recueil = one_recueil(store)
    store.recordings.record(result_of(recueil, act("A", first=3), act("B", first=5, outcome=Outcome.UNCERTAIN)), to("t"), NOW)
    read = store.recueils.get(recueil.id)
    # With a decree that the other did not find, which is not lost either.
    in_part = result_of(recueil, act("A", first=3), act("C", first=9), unreadable=(5,), next_try_at=NOW)
    recorded = store.recordings.record(in_part, to("t"), NOW + timedelta(minutes=1))
    assert ([decree.title for decree in recorded.decrees], len(recorded.posts)) == (["C"], 1)
    assert store.recueils.get(recueil.id) == read
    assert [one.title for one in store.decrees.acts_of(recueil.id)] == ["A", "B"]
    assert len(store.reviews.waiting(10)) == 1


# What could not be read


@pytest.mark.postgresql
def test_what_was_given_up_is_listed_with_the_reason_and_put_back(store: Store) -> None:
    rows = {name: one_recueil(store, name) for name in ("failed", "hopeless", "hopeful", "waiting", "read")}
    store.recueils.failed(rows["failed"].id, "it is locked", now=NOW, next_try_at=None)
    store.contents.fetched(rows["failed"].id, SHA, NOW)
    store.contents.begin(SHA, 1)
    store.contents.failed(SHA, "it is locked", rules="1", now=NOW)
    store.contents.begin(SHA, 1)
    for name, again in (("hopeless", None), ("hopeful", NOW + timedelta(days=1))):
        store.recordings.record(result_of(rows[name], act(name), unreadable=(4, 5), next_try_at=again), to("t"), NOW)
    store.recordings.record(result_of(rows["read"], act("A")), to("t"), NOW)
    store.recueils.add([new_recueil("elsewhere", authority="83")], NOW)
    held = store.recueils.given_up()
    assert [(one.id, one.state, one.reason, one.since, one.tried_at, one.unreadable) for one in held] == [
        (rows["hopeless"].id, RecueilState.INCOMPLETE, "2 of 20 pages could not be read: 4, 5", NOW, NOW, 2),
        (rows["failed"].id, RecueilState.FAILED, "it is locked", NOW, NOW, 0),
    ]
    assert store.recueils.given_up({"83"}) == []
    assert len(store.recueils.given_up({"26"})) == 2

    later = NOW + timedelta(hours=1)
    assert store.recueils.retry(later) == []
    assert store.recueils.retry(later, authorities=["83"]) == []
    [one] = store.recueils.retry(later, urls=[rows["failed"].url])
    assert (one.id, one.state, one.attempts, one.next_try_at) == (rows["failed"].id, RecueilState.WAITING, 0, later)
    content = present(store.contents.get(SHA))
    assert (content.error, content.unfinished) == (None, 0)
    [one] = store.recueils.retry(later, urls=[rows["hopeless"].url])
    assert (one.state, one.attempts) == (RecueilState.INCOMPLETE, 0)
    assert [one.id for one in store.recueils.retry(later, everything=True)] == [rows["hopeless"].id, rows["hopeful"].id]
    due = {one.id for one in store.recueils.due(later)}
    assert due == {rows[name].id for name in ("failed", "hopeless", "hopeful", "waiting")} | {6}
    assert store.recueils.given_up() == []


def test_pages_are_dropped_some_day_but_where_a_decree_was_found_or_a_person_must_look(store: Store) -> None:
    late = NOW + timedelta(days=10)
    came = {"plain": NOW, "copy": NOW, "decree": NOW, "doubt": NOW, "incomplete": NOW, "late": late}
    outcomes = {"decree": Outcome.DECREE, "doubt": Outcome.UNCERTAIN}
    for name, day in came.items():
        recueil = one_recueil(store, name)
        sha256 = "plain" if name == "copy" else name
        store.contents.fetched(recueil.id, sha256, day)
        store.contents.begin(sha256, 1)
        store.contents.save(sha256, PAGES, page_count=3, complete=True, rules="1", now=day)
        item = act(name, text=name, outcome=outcomes.get(name, Outcome.NOT_CONCERNED))
        store.recordings.record(result_of(recueil, item, unreadable=(3,) if name == "incomplete" else ()), to(), day)
    assert store.contents.forget(NOW) == 0
    assert (store.contents.forget(late), store.contents.forget(late)) == (1, 0)
    assert {name for name in came if store.contents.get(name) is None} == {"plain", "copy"}
    assert [one.text for one in store.decrees.acts_of(1)] == ["plain"]
    # What comes again under another address is read again, and kept.
    store.contents.fetched(one_recueil(store, "again").id, "plain", late)
    store.contents.begin("plain", 1)
    store.contents.save("plain", PAGES, page_count=3, complete=True, rules="1", now=late)
    assert store.contents.forget(late) == 0
    assert store.contents.get("plain") is not None


@pytest.mark.postgresql
def test_many_are_dropped_bit_by_bit(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.storage.recueils._AT_ONCE", 2)
    for number in range(4):
        recueil = one_recueil(store, str(number))
        store.contents.fetched(recueil.id, str(number), NOW)
        store.contents.begin(str(number), 1)
        store.recordings.record(result_of(recueil, act("Route", text=str(number), outcome=Outcome.NOT_CONCERNED)), to(), NOW)
    assert store.contents.forget(NOW + timedelta(seconds=1)) == 4


def test_where_there_is_nothing_to_drop_no_turn_to_write_is_waited_for(store: Store) -> None:
    dropped: list[int] = []
    looking = threading.Thread(target=lambda: dropped.append(store.contents.forget(NOW)))
    with store.database.writing():
        looking.start()
        looking.join(10)
        assert dropped == [0]
    looking.join()
