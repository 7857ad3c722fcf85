from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import event, insert

from bot.domain.acts import Cover, Evidence, Facts, Kind, Moment, Outcome, Reference
from bot.domain.identity import comparable
from bot.domain.posts import Post, PostState
from bot.domain.records import RecordingResult, RecueilState
from bot.storage.database import Database, make_engine, parse_url
from bot.storage.errors import NoSuchRow
from bot.storage.recording import Recordings
from bot.storage.schema import identities
from bot.storage.store import Store
from tests.bot.storage.building import EVIDENCE, NOW, act, at_once, one_recueil, result_of, to
from tests.bot.storage.finding import found, posts_of, reading_of, stored

FACTS = Facts(number="2024-110-0003", signed=date(2024, 4, 19), ends=Moment(date(2024, 4, 21)), operators=("SNCF",), cameras=4)


def test_everything_a_reading_found_is_stored(store: Store) -> None:
    recueil = one_recueil(store)
    judged = (
        act("Arrêté de circulation", first=2, outcome=Outcome.NOT_CONCERNED, text="route\x00 barrée"),
        act("Arrêté VSA", first=3, last=5, act_id="26-2024-04-19-00003", facts=FACTS),
        act("Arrêté douteux", first=6, outcome=Outcome.UNCERTAIN),
    )
    recorded = store.recordings.record(
        result_of(recueil, *judged, keys=[["26|2024-110-0003", "act:26-2024-04-19-00003"]], digest="d", number="26-2024-100"),
        to("telegram", "mastodon", "telegram"),
        NOW,
    )
    (decree,) = recorded.decrees
    assert (decree.title, decree.facts, decree.evidence, decree.page, decree.url) == ("Arrêté VSA", FACTS, EVIDENCE, 3, recueil.url)
    assert (decree.found_at, decree.published, decree.authority) == (NOW, recueil.published, "26")
    assert decree.identities == ("26|2024-110-0003", "act:26-2024-04-19-00003")
    assert [(post.destination, post.state, post.decree) for post in recorded.posts] == [
        ("telegram", PostState.PENDING, decree),
        ("mastodon", PostState.PENDING, decree),
    ]
    assert decree.id is not None
    assert store.decrees.get(decree.id) == decree
    assert posts_of(store, [decree.id]) == list(recorded.posts)
    assert store.decrees.recent(10).decrees == (decree,)
    stored = store.decrees.acts_of(recueil.id)
    assert [(one.title, one.outcome, one.first_page, one.last_page, one.decree_id) for one in stored] == [
        ("Arrêté de circulation", Outcome.NOT_CONCERNED, 2, 2, None),
        ("Arrêté VSA", Outcome.DECREE, 3, 5, decree.id),
        ("Arrêté douteux", Outcome.UNCERTAIN, 6, 6, None),
    ]
    assert stored[0].text == "route barrée"
    (uncertain,) = store.reviews.waiting(10)
    assert (uncertain.title, uncertain.page, uncertain.url, uncertain.authority) == ("Arrêté douteux", 6, recueil.url, "26")
    assert uncertain.evidence == EVIDENCE
    after = store.recueils.get(recueil.id)
    assert (after.state, after.number, after.digest, after.attempts, after.error) == (RecueilState.READ, "26-2024-100", "d", 1, None)


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("cover", "expected"),
    [
        (date(2024, 4, 17), date(2024, 4, 17)),
        (date(2024, 4, 20), date(2024, 4, 20)),
        (None, date(2024, 4, 19)),
        (date(2042, 4, 17), date(2024, 4, 19)),  # misread
    ],
)
@pytest.mark.parametrize("early", [False, True])
def test_a_recueil_has_the_day_of_its_cover_before_that_of_the_listing(
    store: Store, cover: date | None, expected: date, *, early: bool
) -> None:
    recueil = one_recueil(store)
    result = result_of(recueil, act("Arrêté"))
    store.recordings.record(replace(result, reading=replace(result.reading, cover=Cover(published=cover)), early=early), to("t"), NOW)
    [known] = store.recueils.of("26")
    # What a person accepts of it later, or other rules find in it, is published on that day.
    assert known.published == expected


def test_a_second_reading_that_changes_the_text_knows_the_decree_by_its_pages(store: Store) -> None:
    recueil = one_recueil(store)
    partial, whole = act("Arrêté", first=3, last=6), act("Arrêté n° 12 relatif à la VSA", first=3, last=6, facts=FACTS)
    first = store.recordings.record(result_of(recueil, partial, keys=[["text:partial"]], unreadable=(4,), next_try_at=NOW), to("t"), NOW)
    second = store.recordings.record(result_of(recueil, whole, keys=[["text:whole", "26|12"]]), to("t"), NOW)
    assert second.decrees == ()
    (known,) = store.decrees.recent(10).decrees
    assert known.id == first.decrees[0].id
    assert (known.title, known.facts) == ("Arrêté n° 12 relatif à la VSA", FACTS)
    assert known.identities == ("26|12", "text:partial", "text:whole")
    (post,) = posts_of(store, [known.id or 0])
    assert post.key == first.posts[0].key


def test_two_decrees_on_one_page_are_two(store: Store) -> None:
    recueil = one_recueil(store)
    judged = (act("A", first=3), act("B", first=3))
    assert len(store.recordings.record(result_of(recueil, *judged), to("t"), NOW).decrees) == 2
    assert store.recordings.record(result_of(recueil, *judged), to("t"), NOW).decrees == ()


def test_a_decree_without_any_identity_is_known_by_its_place(store: Store) -> None:
    recueil = one_recueil(store)
    for expected in (1, 0):
        assert len(store.recordings.record(result_of(recueil, act("A"), keys=[[]]), to("t"), NOW).decrees) == expected


@pytest.mark.postgresql
def test_an_identity_of_any_length_or_content_can_be_kept(store: Store) -> None:
    recueil, other = one_recueil(store, "a"), one_recueil(store, "b")
    keys = ["x" * 100_000, "nul\x00 and half \ud800"]
    assert len(store.recordings.record(result_of(recueil, act("A"), keys=[keys]), to("t"), NOW).decrees) == 1
    assert store.recordings.record(result_of(other, act("A"), keys=[keys[:1]]), to("t"), NOW).decrees == ()


def test_the_same_recueil_under_another_address_is_a_duplicate(store: Store) -> None:
    first, second = one_recueil(store, "a"), one_recueil(store, "b")
    decree = store.recordings.record(result_of(first, act("A"), digest="same"), to("t"), NOW).decrees[0]
    recorded = store.recordings.record(result_of(second, act("A"), digest="same"), to("t"), NOW)
    assert recorded == RecordingResult((), (), duplicate=True)
    assert store.recueils.get(second.id).state is RecueilState.DUPLICATE
    assert store.decrees.acts_of(second.id) == []
    assert [one.url for one in stored(store, decree.id or 0).sightings] == [first.url, second.url]


def test_a_duplicate_that_holds_a_decree_nobody_knew_is_read(store: Store) -> None:
    # The first was read before detection learnt to see this decree.
    first, second = one_recueil(store, "a"), one_recueil(store, "b")
    store.recordings.record(result_of(first, act("A", outcome=Outcome.NOT_CONCERNED), digest="same"), to("t"), NOW)
    recorded = store.recordings.record(result_of(second, act("A"), digest="same"), to("t"), NOW)
    assert ([decree.title for decree in recorded.decrees], recorded.duplicate) == (["A"], False)
    assert len(store.decrees.acts_of(second.id)) == 1


def test_a_corrected_recueil_with_the_same_number_is_read_and_only_its_new_decree_posted(store: Store) -> None:
    first, corrected = one_recueil(store, "a"), one_recueil(store, "a-corrected")
    store.recordings.record(result_of(first, act("A"), digest="1", number="26-2024-100"), to("t"), NOW)
    recorded = store.recordings.record(result_of(corrected, act("A"), act("B"), digest="2", number="26-2024-100"), to("t"), NOW)
    assert ([decree.title for decree in recorded.decrees], recorded.duplicate) == (["B"], False)


@pytest.mark.parametrize("authority", ["26", "83"])
def test_what_could_not_be_read_or_is_of_another_authority_is_no_duplicate(store: Store, authority: str) -> None:
    first, second = one_recueil(store, "a"), one_recueil(store, "b", authority=authority)
    unreadable = (7,) if authority == "26" else ()
    store.recordings.record(result_of(first, digest="empty"), to("t"), NOW)
    assert not store.recordings.record(result_of(second, digest="empty", unreadable=unreadable), to("t"), NOW).duplicate
    assert store.recueils.get(second.id).state is (RecueilState.INCOMPLETE if unreadable else RecueilState.READ)


def test_the_key_of_a_post_does_not_depend_on_the_database(opener: Callable[[], Store]) -> None:
    first = opener()
    recueil = one_recueil(first)
    (post,) = first.recordings.record(result_of(recueil, act("A"), keys=[["k"]]), to("t"), NOW).posts
    other = one_recueil(first, "b")
    others = first.recordings.record(result_of(other, act("B"), keys=[["l"]]), to("t", "u"), NOW).posts
    assert len({post.key, *(one.key for one in others)}) == 3
    assert post.key == "f31e38a4251c28e34c5d3af84b76d674"  # printf 't\0k' | sha256sum


@pytest.mark.postgresql
def test_nothing_is_kept_when_recording_fails(store: Store) -> None:
    recueil = one_recueil(store)

    def fail(_decree: object) -> list[str]:
        raise RuntimeError("no destination")

    with pytest.raises(RuntimeError):
        store.recordings.record(result_of(recueil, act("A"), act("B", outcome=Outcome.UNCERTAIN)), fail, NOW)
    assert store.decrees.recent(10).total == 0
    assert store.decrees.acts_of(recueil.id) == []
    assert store.reviews.waiting(10) == []
    assert store.decrees.search("A", 10).total == 0
    assert store.recueils.get(recueil.id) == recueil
    assert len(store.recordings.record(result_of(recueil, act("A")), to("t"), NOW).posts) == 1


def test_a_recueil_that_is_not_stored_cannot_be_recorded(store: Store) -> None:
    recueil = replace(one_recueil(store), id=404)
    with pytest.raises(NoSuchRow, match="no recueil has the id 404"):
        store.recordings.record(result_of(recueil, act("A")), to("t"), NOW)


@pytest.mark.postgresql
def test_recent_lists_by_publication_then_by_what_was_found_last(store: Store) -> None:
    # Found in this order, at one minute's distance; the last four by a backfill of history.
    days: dict[str, tuple[date | None, date | None]] = {
        "today": (date(2024, 4, 19), None),
        "eve": (date(2024, 4, 18), None),
        "undated": (None, None),
        "misread": (date(2042, 4, 1), None),
        "old": (date(2021, 1, 2), None),
        "older": (date(2020, 1, 2), None),
        "signed": (None, date(2020, 6, 1)),
        "again": (date(2024, 4, 18), None),
    }
    for minute, (title, (published, signed)) in enumerate(days.items()):
        recueil = replace(one_recueil(store, title), published=published)
        found = replace(act(title), verdict=replace(act(title).verdict, facts=Facts(signed=signed)))
        store.recordings.record(result_of(recueil, found), to(), NOW + timedelta(minutes=minute))
    expected = ["misread", "undated", "today", "again", "eve", "old", "signed", "older"]
    assert [decree.title for decree in store.decrees.recent(10).decrees] == expected
    pages = [store.decrees.recent(3, offset).decrees for offset in (0, 3, 6)]
    assert [decree.title for page in pages for decree in page] == expected
    for title in expected:
        assert store.decrees.search(title, 10).total == 1
    # What a backfill finds between two pages moves nothing on those before it.
    store.recordings.record(
        result_of(replace(one_recueil(store, "x"), published=date(2019, 1, 1)), act("oldest")), to(), NOW + timedelta(days=1)
    )
    assert [decree.title for decree in store.decrees.recent(8).decrees] == expected


@pytest.mark.postgresql
def test_recent_newest_found_first_in_pages(store: Store) -> None:
    for number in range(5):
        recueil = one_recueil(store, str(number), authority="26" if number % 2 else "83")
        store.recordings.record(result_of(recueil, act(f"D{number}")), to(), NOW + timedelta(minutes=number // 2))
    page = store.decrees.recent(2, 1)
    assert ([decree.title for decree in page.decrees], page.total) == (["D3", "D2"], 5)
    only = store.decrees.recent(10, authorities=frozenset({"26"}))
    assert ([decree.title for decree in only.decrees], only.total) == (["D3", "D1"], 2)
    assert store.decrees.recent(10, authorities=frozenset()).total == 0
    assert store.decrees.get(404) is None


@pytest.mark.postgresql
def test_programs_that_read_the_same_decree_at_once_announce_it_once(opener: Callable[[], Store]) -> None:
    """Many programs, many authorities, the same decrees in opposite orders: the worst case for locks as well."""
    programs = [opener() for _ in range(4)]
    authorities = [str(number) for number in range(10, 18)]
    recueils = [one_recueil(programs[0], authority=code) for code in authorities]

    def record(number: int) -> Sequence[Post]:
        judged = [act(f"Arrêté {letter}", first=page) for page, letter in enumerate("ABCD", start=1)]
        ordered = judged if number % 2 else judged[::-1]
        return programs[number % 4].recordings.record(result_of(recueils[number], *ordered), to("t"), NOW).posts

    announced = at_once(len(recueils), record)
    assert sorted(post.decree.title for posts in announced for post in posts) == ["Arrêté A", "Arrêté B", "Arrêté C", "Arrêté D"]
    assert programs[0].outbox.counts() == {"t": {PostState.PENDING: 4}}
    for decree in programs[0].decrees.recent(10).decrees:
        assert {one.authority for one in stored(programs[0], decree.id or 0).sightings} == set(authorities)
    assert programs[0].recueils.counts() == {code: {RecueilState.READ: 1} for code in authorities}


@pytest.mark.postgresql
def test_a_decree_taken_by_another_program_in_the_middle_of_recording_is_seen_by_the_next_try(url: str, store: Store) -> None:
    """The unique key is the last defence: here the other program comes between the look-up and the insertion."""
    if url.startswith("sqlite"):
        pytest.skip("SQLite lets no other program write in between")
    first, second = one_recueil(store, authority="75"), one_recueil(store, authority="PP")
    decree = store.recordings.record(result_of(first, act("A"), keys=[["a"]]), to("t"), NOW).decrees[0]
    database = Database(make_engine(parse_url(url), read_only=False), name="test", read_only=False)
    other = make_engine(parse_url(url), read_only=False)
    came: list[str] = []

    @event.listens_for(database.engine, "before_cursor_execute")
    def _come_between(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith("INSERT INTO identities") and not came:
            came.append(statement)
            with other.begin() as connection:
                connection.execute(insert(identities), {"key": "b", "decree_id": decree.id})

    recorded = Recordings(database).record(result_of(second, act("A"), keys=[["b"]]), to("t"), NOW)
    database.close()
    other.dispose()
    assert len(came) == 1
    assert recorded == RecordingResult((), (), duplicate=False)
    assert [one.authority for one in stored(store, decree.id or 0).sightings] == ["75", "PP"]


@pytest.mark.postgresql
def test_a_decree_is_found_by_what_its_number_ends_in_after_the_year(store: Store) -> None:
    numbers = ("2024-493", "2023-0493", "2024-1493", "493-2024", "2024-493-2")
    keys = [[f"number:26:{comparable(number)}:signed:2024-04-1{day}"] for day, number in enumerate(numbers)]
    store.recordings.record(result_of(one_recueil(store), *map(act, numbers), keys=keys), to(), NOW)
    assert {found.title for found in store.decrees.ending_in("0493")} == {"2024-493", "2023-0493"}
    assert store.decrees.ending_in("2024") == ()


# What is known of a decree grows with each sighting, and is read again when the rules are better.


DAY = date(2026, 8, 14)
STARTS, ENDS = Moment(DAY), Moment(date(2026, 8, 31))
DRAFT = Facts("2026-123", starts=STARTS)
WHOLE = Facts("2026-0123", signed=DAY, starts=STARTS, ends=ENDS, operators=("Police municipale",), cameras=4)


def see(store: Store, facts: Facts, name: str, kind: Kind = Kind.AUTHORISATION, *, later: int = 1) -> None:
    """The same decree in another recueil."""
    recorded = store.recordings.record(reading_of(one_recueil(store, name), facts, kind), to("t"), NOW + timedelta(hours=later))
    assert recorded.decrees == ()


def test_a_later_sighting_completes_what_the_first_did_not_tell(store: Store) -> None:
    decree = found(store, DRAFT, name="draft")
    before = stored(store, decree)
    see(store, WHOLE, "signed")
    known = stored(store, decree)
    assert known.facts == replace(WHOLE, number="2026-123"), "what was known stays as it was read"
    assert (known.url, known.evidence, len(known.sightings)) == (before.url, before.evidence, 2), "pages are those of the first"
    # Lists and the search know it too.
    assert store.decrees.search("police municipale", 10).total == 1
    assert (store.decrees.current(ENDS.day) != (), store.decrees.current(ENDS.day + timedelta(1))) == (True, ())


def test_sightings_are_counted_in_their_order_whatever_is_read_again(store: Store) -> None:
    first, second = replace(WHOLE, cameras=5), replace(WHOLE, cameras=6)
    decree = found(store, DRAFT, name="draft")
    see(store, first, "a")
    see(store, second, "b", later=2)
    assert stored(store, decree).facts.cameras == 5
    [a] = [recueil for recueil in (store.recueils.get(number) for number in (1, 2, 3)) if recueil.url.endswith("/a.pdf")]
    store.recordings.record(reading_of(a, replace(first, cameras=7)), to(), NOW + timedelta(hours=3))
    assert stored(store, decree).facts.cameras == 7
    store.recordings.record(reading_of(a, replace(first, cameras=None)), to(), NOW + timedelta(hours=3))
    assert stored(store, decree).facts.cameras == 6


EARLY, LATE = date(2026, 8, 15), date(2026, 9, 20)


def test_no_reading_sets_the_day_of_publication_later(store: Store) -> None:
    decree = found(store, WHOLE, published=EARLY)
    [recueil] = store.recueils.of("26")
    late = replace(recueil, published=LATE)
    store.recordings.record(reading_of(late, WHOLE, page=7), to(), NOW)
    assert [(seen.page, stored(store, decree).published) for seen in stored(store, decree).sightings] == [(7, EARLY)]
    see(store, WHOLE, "elsewhere")
    assert stored(store, decree).published == EARLY, "in 2024 it was not signed yet"
    store.recordings.record(reading_of(replace(recueil, published=DAY), WHOLE, page=7), to(), NOW)
    assert stored(store, decree).published == DAY


def test_the_day_of_signature_that_becomes_known_tells_which_days_were_misread(store: Store) -> None:
    decree = found(store, DRAFT, name="draft", published=date(2026, 8, 1))
    another = replace(one_recueil(store, "signed"), published=EARLY)
    store.recordings.record(reading_of(another, DRAFT), to(), NOW)
    assert stored(store, decree).published == date(2026, 8, 1)
    store.recordings.record(reading_of(another, WHOLE), to(), NOW)
    assert stored(store, decree).published == EARLY


def test_the_first_recueil_read_again_keeps_what_others_told(store: Store) -> None:
    recueil = one_recueil(store, "draft")
    [decree] = store.recordings.record(reading_of(recueil, DRAFT), to(), NOW).decrees
    see(store, WHOLE, "signed")
    store.recordings.record(reading_of(recueil, replace(DRAFT, cameras=9)), to(), NOW)
    facts = stored(store, decree.id or 0).facts
    assert (facts.cameras, facts.signed, facts.ends) == (9, DAY, ENDS)


def test_what_is_taken_for_another_kind_tells_nothing(store: Store) -> None:
    decree = found(store, DRAFT, name="draft")
    see(store, WHOLE, "other", Kind.REFUSAL)
    assert stored(store, decree).facts == DRAFT
    assert len(stored(store, decree).sightings) == 2


def test_a_decree_read_again_is_renewed_and_not_posted_again(store: Store) -> None:
    grant = found(store, Facts("2026-100", signed=DAY), name="grant")
    recueil = one_recueil(store, "first")
    [decree] = store.recordings.record(reading_of(recueil, replace(DRAFT, cameras=1)), to("t"), NOW).decrees
    assert decree.id is not None
    see(store, WHOLE, "elsewhere")
    posts = posts_of(store, [decree.id])
    better = replace(DRAFT, software="Cityvision", references=(Reference(Kind.RENEWAL, "2026-100", DAY),))
    reading = reading_of(recueil, better, Kind.RENEWAL, keys=["number:26:2026-123:starts:2026-08-14", "new key"])
    [(position, read)] = reading.decrees
    renewed = replace(read, title="Titre corrigé", evidence=(Evidence("verdict", 4, "renouvellement"),))
    reading = replace(reading, decrees=((position, renewed),))
    assert store.recordings.record(reading, to("t"), NOW).decrees == ()
    now = stored(store, decree.id)
    assert (now.kind, now.title, now.evidence) == (Kind.RENEWAL, "Titre corrigé", renewed.evidence)
    assert (now.facts.software, now.facts.cameras, now.facts.signed) == ("Cityvision", 4, DAY), "what it wrongly told is gone"
    assert "new key" in now.identities
    assert set(decree.identities) <= set(now.identities)
    assert [change.decree for change in now.changes] == [grant]
    assert [change.decree for change in stored(store, grant).changed_by] == [decree.id]
    assert (now.found_at, now.url, now.published) == (decree.found_at, decree.url, decree.published)
    assert [(post.key, post.state) for post in posts_of(store, [decree.id])] == [(post.key, post.state) for post in posts]
    assert store.decrees.search("cityvision", 10).total == 1
    # Once more changes nothing.
    store.recordings.record(reading, to("t"), NOW)
    assert stored(store, decree.id) == now
