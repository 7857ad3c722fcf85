from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import update

from bot.domain.acts import Outcome
from bot.domain.publication import FileStatement, FileVersion, Look, LookRun, Online, OpenRun
from bot.domain.records import FailureStreak, NewRecueil, Publication, ReadResult, Recueil, RecueilState, SourceState
from bot.domain.text import PageText, TextOrigin
from bot.storage.columns import Damaged, pack_text, unpack_pages, unpack_text
from bot.storage.errors import NoSuchRow
from bot.storage.looks import runs_from_json, runs_to_json
from bot.storage.schema import contents
from bot.storage.store import Store
from tests.bot.storage.building import NOW, act, new_recueil, one_recueil, result_of, to
from tests.bot.storage.finding import mark
from tests.present import present


def test_what_was_added_is_seen_and_comes_back_as_it_was(store: Store) -> None:
    first, second = new_recueil("a"), new_recueil("b", is_detail=True, state=RecueilState.KNOWN)
    added = store.recueils.add([first, second], NOW)
    assert [recueil.url for recueil in added] == [first.url, second.url]
    assert added[1].is_detail
    assert added[1].state is RecueilState.KNOWN
    assert added[0].published == first.published
    assert added[0].attempts == 0
    assert store.recueils.get(added[0].id) == added[0]
    assert store.recueils.unseen("26", [first.url, second.url, "https://prefecture.example/c.pdf"]) == {"https://prefecture.example/c.pdf"}


def test_another_authority_has_not_seen_it(store: Store) -> None:
    one_recueil(store)
    url = new_recueil().url
    assert store.recueils.unseen("83", [url]) == {url}
    assert store.recueils.unseen("26", []) == set()


def test_adding_again_changes_nothing_and_returns_only_what_is_new(store: Store) -> None:
    one_recueil(store, "a")
    again = store.recueils.add([new_recueil("a", state=RecueilState.KNOWN), new_recueil("b"), new_recueil("b")], NOW)
    assert [recueil.title for recueil in again] == ["RAA b"]
    assert store.recueils.counts() == {"26": {RecueilState.WAITING: 2}}
    assert store.recueils.add([], NOW) == []


@pytest.mark.postgresql
def test_thousands_of_urls_are_compared(store: Store) -> None:
    urls = [f"https://prefecture.example/{number}" for number in range(2_500)]
    one_recueil(store)
    assert store.recueils.unseen("26", [*urls, new_recueil().url]) == set(urls)


@pytest.mark.postgresql
def test_due_oldest_first_and_by_authority(store: Store) -> None:
    store.recueils.add([new_recueil("a"), new_recueil("b", authority="83"), new_recueil("c")], NOW)
    store.recueils.add([new_recueil("d", state=RecueilState.KNOWN), new_recueil("e", state=RecueilState.READ)], NOW)
    assert [recueil.title for recueil in store.recueils.due(NOW)] == ["RAA a", "RAA b", "RAA c"]
    assert [recueil.title for recueil in store.recueils.due(NOW, frozenset({"83"}))] == ["RAA b"]
    assert store.recueils.due(NOW, frozenset()) == []


@pytest.mark.postgresql
def test_a_late_failure_does_not_undo_a_reading_by_another_program(store: Store) -> None:
    recueil = one_recueil(store)
    store.recordings.record(result_of(recueil, act("Arrêté")), to(), NOW)
    store.recueils.failed(recueil.id, "timed out", now=NOW, next_try_at=NOW)
    store.recueils.failed(recueil.id, "timed out", now=NOW, next_try_at=None)
    assert store.recueils.get(recueil.id).state is RecueilState.READ


@pytest.mark.postgresql
def test_a_detail_page_gives_way_to_its_documents(store: Store) -> None:
    (page,) = store.recueils.add([new_recueil("page", is_detail=True)], NOW)
    one_recueil(store, "known")
    children = store.recueils.resolved(page.id, [new_recueil("known"), new_recueil("child")], NOW)
    assert [child.title for child in children] == ["RAA child"]
    assert store.recueils.get(page.id).state is RecueilState.RESOLVED
    assert [recueil.title for recueil in store.recueils.due(NOW)] == ["RAA known", "RAA child"]


def test_what_is_not_there_is_told(store: Store) -> None:
    for attempt in (
        lambda: store.recueils.get(1),
        lambda: store.recueils.failed(1, "x", now=NOW, next_try_at=None),
    ):
        with pytest.raises(NoSuchRow, match="no recueil has the id 1"):
            attempt()


def test_publications_tell_when_an_item_was_found_only_where_that_is_when_it_came(store: Store) -> None:
    silent = replace(new_recueil("silent"), silent=True)
    later = NOW + timedelta(hours=1)
    store.recueils.add([new_recueil("baseline"), new_recueil("other", authority="83")], NOW)
    store.recueils.add([new_recueil("new"), silent], later)
    day = present(new_recueil().published)
    known = store.recueils.publications("26:site", since=day, found_after=NOW)
    assert known == [Publication(day, None), Publication(day, later), Publication(day, None)]
    assert store.recueils.publications("99:site", since=day, found_after=NOW) == []


def test_publications_go_back_to_a_day_however_many_a_backfill_has_added_since(store: Store) -> None:
    day = present(new_recueil().published)
    later = NOW + timedelta(hours=1)
    undated = replace(new_recueil("undated"), published=None)
    store.recueils.add([new_recueil("new")], NOW)
    old = [replace(new_recueil(f"old{number}"), published=day - timedelta(days=1), silent=True) for number in range(600)]
    store.recueils.add([undated, replace(undated, url="https://x/silent", silent=True), *old], later)
    # What a poll found counts whatever date it shows; what a backfill found, without a date, tells nothing.
    assert store.recueils.publications("26:site", since=day, found_after=NOW) == [Publication(None, later), Publication(day, None)]


def test_what_cannot_be_read_is_stuck_until_something_can(store: Store) -> None:
    first, second, third, silent = store.recueils.add(
        [new_recueil("1"), new_recueil("2"), new_recueil("3"), replace(new_recueil("4"), silent=True)], NOW
    )
    minutes = [NOW + timedelta(minutes=number) for number in range(10)]
    store.recueils.failed(silent.id, "404", now=minutes[1], next_try_at=minutes[2])
    assert store.recueils.stuck() == {}
    store.recueils.failed(first.id, "503\x00", now=minutes[1], next_try_at=minutes[2])
    store.recueils.failed(second.id, "503", now=minutes[2], next_try_at=None)
    assert store.recueils.stuck() == {"26:site": FailureStreak(2, NOW, "503")}

    store.recordings.record(result_of(third), to(), minutes[3])
    assert store.recueils.stuck() == {}
    store.recueils.failed(first.id, "503 again", now=minutes[4], next_try_at=minutes[5])
    assert store.recueils.stuck() == {"26:site": FailureStreak(1, NOW, "503 again")}


def test_what_a_clock_that_was_ahead_put_off_is_due_at_once(store: Store) -> None:
    waiting, put_off = store.recueils.add([new_recueil("1"), new_recueil("2")], NOW)
    store.recueils.failed(waiting.id, "503", now=NOW, next_try_at=NOW + timedelta(days=1))
    store.recueils.failed(put_off.id, "503", now=NOW, next_try_at=NOW + timedelta(days=365))
    assert [recueil.id for recueil in store.recueils.due(NOW)] == [put_off.id]


SINCE = date(2024, 1, 1)
KNOWN = RecueilState.KNOWN


def known(name: str, published: date | None = None, authority: str = "26") -> NewRecueil:
    return replace(new_recueil(name, authority=authority, state=KNOWN), published=published)


# Which sources were listed


@pytest.mark.postgresql
def test_who_listed_further_back_listed_this_too(store: Store) -> None:
    store.backfills.listed("26:site", SINCE, NOW)
    assert store.backfills.listed_at("26:site", SINCE + timedelta(days=1)) == NOW
    assert store.backfills.listed_at("26:site", SINCE - timedelta(days=1)) is None


# What is left to read


def test_what_is_left_to_a_backfill_newest_first(store: Store) -> None:
    store.recueils.add(
        [
            known("old", SINCE - timedelta(days=1)), known("undated"), known("first", SINCE), known("last", SINCE + timedelta(days=1)),
            known("other", SINCE, authority="83"), new_recueil("waiting"),
        ],
        NOW,
    )  # fmt: skip
    assert [recueil.title for recueil in store.recueils.left("26", SINCE)] == ["RAA last", "RAA first", "RAA undated"]
    assert len(store.recueils.of("26")) == 5
    assert [recueil.title for recueil in store.recueils.of("83")] == ["RAA other"]


@pytest.mark.postgresql
def test_one_backfill_takes_a_recueil_up(store: Store, opener: Callable[[], Store]) -> None:
    store.recueils.add([known("a")], NOW)
    other = opener()
    [mine], [theirs] = store.recueils.left("26", SINCE), other.recueils.left("26", SINCE)
    taken = present(store.recueils.take_up(mine, silent=True, now=NOW))
    assert (taken.id, taken.state, taken.silent, taken.tried_at) == (mine.id, KNOWN, True, NOW)
    assert other.recueils.take_up(theirs, silent=True, now=NOW + timedelta(minutes=1)) is None


@pytest.mark.postgresql
def test_what_a_backfill_that_was_killed_had_taken_up_is_free_again(store: Store) -> None:
    store.recueils.add([known("a")], NOW)
    [recueil] = store.recueils.left("26", SINCE)
    store.recueils.take_up(recueil, silent=True, now=NOW)
    [again] = store.recueils.left("26", SINCE)
    assert not present(store.recueils.take_up(again, silent=False, now=NOW)).silent


def test_what_was_read_meanwhile_is_not_taken_up(store: Store) -> None:
    store.recueils.add([known("a")], NOW)
    [recueil] = store.recueils.left("26", SINCE)
    mark(store, recueil.id, RecueilState.WAITING)
    assert store.recueils.take_up(recueil, silent=True, now=NOW) is None
    assert not store.recueils.get(recueil.id).silent


def test_what_was_taken_up_in_silence_posts_nothing_however_it_was_loaded(store: Store) -> None:
    store.recueils.add([known("a")], NOW)
    [recueil] = store.recueils.left("26", SINCE)
    store.recueils.take_up(recueil, silent=True, now=NOW)
    # As it was before it was taken up: what the row says decides.
    recorded = store.recordings.record(result_of(recueil, act("Arrêté VSA")), to("telegram"), NOW)
    assert (len(recorded.decrees), recorded.posts) == (1, ())
    # The same decree in a recueil of today.
    later = store.recordings.record(result_of(one_recueil(store, "b"), act("Arrêté VSA")), to("telegram"), NOW)
    assert (later.decrees, later.posts, store.outbox.counts()) == ((), (), {})


# What files hold, and which recueils are left alone.


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


# Runs of looks: those that ended, and those that go on with the state of their source.


DAY = timedelta(days=1)
PAGE = "https://prefecture.example/raa"


def run(source: str, first: int, last: int, page: str = PAGE) -> LookRun:
    """Looks from one day on to another."""
    begin, end = (Look(page, NOW + day * DAY, NOW + day * DAY + timedelta(seconds=1), 200, NOW, "Mon", '"é"') for day in (first, last))
    return LookRun(source, page, begin, end, 3, "0" * 64)


@pytest.mark.postgresql
def test_the_runs_of_a_day_are_those_that_ended_and_those_that_go_on(store: Store) -> None:
    before, of_day, after = run("26:site", 0, 1), run("26:site", 1, 3), run("26:site", 4, 6)
    other, current = run("01:site", -5, 9), run("26:site", 2, 2, PAGE + "/a")
    store.looks.add([before, after, of_day, other])
    store.looks.add([replace(of_day, count=9)])
    store.sources.save(SourceState("26:site", looks=runs_to_json({current.page: OpenRun(current, "c", "r")})))
    day = (NOW + 2 * DAY).date()
    assert store.looks.on(day) == [other, of_day, current]
    assert store.looks.on(day + DAY) == [other, of_day]
    assert store.looks.on(date(2020, 1, 1)) == []


@pytest.mark.postgresql
def test_runs_measured_by_a_clock_that_was_set_back_are_over(store: Store) -> None:
    current = run("26:site", 0, 0)
    store.sources.save(SourceState("26:site", looks=runs_to_json({PAGE: OpenRun(current, "c", "r")})))
    store.sources.save(SourceState("01:site"))
    store.sources.clock_set_back(DAY, NOW)
    [kept] = runs_from_json(present(store.sources.get("26:site").looks)).values()
    assert kept == OpenRun(current, "c", "r", is_over=True)
    assert store.sources.get("01:site").looks is None


@pytest.mark.postgresql
def test_a_former_content_is_needed_where_a_decree_was_and_that_of_a_zip_is_named_too(store: Store) -> None:
    look = run("26:site", 0, 0).first
    packed, with_decree, plain = (replace(new_recueil(name), online=Online(look)) for name in ("zip", "decree", "plain"))
    first, second, third = store.recueils.add([packed, with_decree, plain], NOW)
    for number, recueil in enumerate((second, third)):
        store.contents.fetched(recueil.id, f"{number:064}", NOW, look)
        store.recueils.checked(recueil, None, is_replaced=True)
        store.contents.fetched(recueil.id, f"{number + 8:064}", NOW, look)
    record = result_of(store.recueils.get(second.id), act("2026-1"))
    store.recordings.record(record, to("channel"), NOW)
    assert present(store.recueils.get(second.id).online) == Online(look, file=look, replaced=(FileVersion("0" * 64, NOW),))
    store.recueils.resolved(first.id, [with_decree, plain], NOW, files={with_decree.url: "a" * 64, plain.url: f"{9:064}"})
    assert [version.sha256 for version in present(store.recueils.get(second.id).online).replaced] == ["0" * 64, f"{8:064}"]
    [other] = store.recueils.add([new_recueil("other", state=RecueilState.READ)], NOW)
    store.contents.fetched(other.id, "0" * 64, NOW)
    assert store.recueils.get(other.id).online is None
    assert "0" * 64 not in store.contents.unneeded(NOW + DAY)
