"""What is known of a decree grows with each sighting, and is read again when the rules are better."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from bot.domain.acts import Evidence, Facts, Kind, Moment, Reference
from bot.storage.store import Store
from tests.bot.storage.building import NOW, one_recueil, to
from tests.bot.storage.finding import found, posts_of, reading_of, stored

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
