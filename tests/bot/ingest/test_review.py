"""What people decide, over a real database and the real rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.app.demo.scenario import demo_text
from bot.domain.acts import Act, Cover, Decree, Kind, Outcome, Reading
from bot.domain.facts import SETTLED_BY_PERSONS
from bot.domain.posts import PostCause, PostState
from bot.domain.records import Content, Withdrawal
from bot.domain.text import PageText
from bot.ingest.judging import read_result
from bot.ingest.renewal import Redetection
from bot.ingest.review import (
    FactAnswer,
    FactQuestion,
    ReviewAnswer,
    Reviewer,
    UnusableFact,
    acts_again,
    answer_data,
    answer_from,
)
from bot.reading.acts.cutting import assemble
from bot.storage.decrees import StoredAct
from bot.storage.errors import AlreadyDecided, NoSuchRow
from bot.storage.store import Store
from tests.bot.real_acts import DAY, LENS, NOW, UNSURE, authorisation, doubtful, new_recueil, read, recorded_before, road
from tests.bot.storage.finding import posts_of
from tests.present import present

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def reviewer(store: Store) -> Reviewer:
    return Reviewer(store=store, route=lambda _: ("channel",), clock=lambda: LATER)


@given(review=st.integers(1, 10**18 - 1), token=st.from_regex(r"[0-9a-f]{8}", fullmatch=True), is_decree=st.booleans())
def test_an_answer_comes_back_from_its_button(review: int, token: str, is_decree: bool) -> None:
    data = answer_data(ReviewAnswer(review, token, is_decree))
    assert len(data.encode()) <= 64
    assert answer_from(data) == ReviewAnswer(review, token, is_decree)


@given(
    decree=st.integers(1, 10**18 - 1),
    token=st.from_regex(r"[0-9a-f]{8}", fullmatch=True),
    fact=st.sampled_from(SETTLED_BY_PERSONS),
    choice=st.integers(0, 2),
)
def test_an_answer_about_a_fact_comes_back_from_its_button(decree: int, token: str, fact: str, choice: int) -> None:
    data = answer_data(FactAnswer(decree, token, fact, choice))
    assert len(data.encode()) <= 64
    assert answer_from(data) == FactAnswer(decree, token, fact, choice)


@pytest.mark.parametrize(
    "data",
    [
        "",
        "review:",
        "review:1",
        "review:1:yes",
        "review:1:0a1b2c3d",
        "review:1:0a1b2c3d:maybe",
        "review:-1:0a1b2c3d:yes",
        "review:١:0a1b2c3d:yes",
        "review:1:0a1b2c3d:yes\n",
        "review:1:0A1B2C3D:yes",
        "review:1::yes",
        "p:1:0a1b2c3d:yes",
        "review:1:0a1b2c3d:places",
        "review:1:0a1b2c3d:places:10",
        "review:1:0a1b2c3d:PLACES:1",
    ],
)
def test_any_other_data_is_no_answer(data: str) -> None:
    assert answer_from(data) is None


def test_an_accepted_act_is_posted_once_and_holds_through_readings(store: Store, reviewer: Reviewer) -> None:
    recueil = new_recueil(store)
    read(store, recueil, road(), doubtful())
    [waiting] = reviewer.waiting(10)
    shown, act = reviewer.act(waiting.id)
    assert (shown, act.title, act.pages[0].number) == (waiting, "Arrêté relatif à la sécurité de la gare", 5)
    settled = reviewer.accept(waiting.id, kind=Kind.MODIFICATION, by="command")
    assert (settled.decision.kind, len(settled.posts), settled.already, settled.withdrawn) == (Kind.MODIFICATION, 1, False, None)
    again = reviewer.accept(waiting.id, kind=None, by="telegram")
    assert (again.already, len(again.posts), again.decision) == (True, 0, settled.decision)
    assert reviewer.reject(waiting.id, by="telegram").already
    with pytest.raises(AlreadyDecided, match="command"):
        reviewer.act(waiting.id)
    assert read(store, recueil, road(), doubtful(more="Une page de plus.")).decrees == ()
    [decree] = store.decrees.recent(10).decrees
    assert (decree.id, decree.kind) == (settled.decree, Kind.MODIFICATION)
    assert (reviewer.waiting(10), len(posts_of(store, [settled.decree or 0]))) == ([], 1)


def test_the_likeliest_kind_is_taken_where_none_is_given(store: Store, reviewer: Reviewer) -> None:
    read(store, new_recueil(store), doubtful())
    [waiting] = reviewer.waiting(10)
    assert reviewer.accept(waiting.id, kind=None, by="command").decision.kind is Kind.AUTHORISATION


def test_a_number_of_nothing_is_told(store: Store, reviewer: Reviewer) -> None:
    for ask in (
        lambda: reviewer.act(7),
        lambda: reviewer.accept(7, kind=None, by="command"),
        lambda: reviewer.reject(7, by="command"),
        lambda: reviewer.withdraw(7, by="command"),
        lambda: reviewer.reinstate(7, by="command"),
    ):
        with pytest.raises(NoSuchRow, match="7") as told:
            ask()
        assert not isinstance(told.value, AlreadyDecided)


def test_a_withdrawn_decree_is_in_no_list_and_no_reading_brings_it_back(store: Store, reviewer: Reviewer) -> None:
    recueil = new_recueil(store)
    [decree] = read(store, recueil, road(), authorisation()).decrees
    assert decree.id is not None
    settled = reviewer.withdraw(decree.id, by="command")
    assert (settled.already, settled.withdrawn, settled.decision.outcome) == (False, Withdrawal(decree.id), Outcome.NOT_CONCERNED)
    assert present(store.decrees.get(decree.id)).withdrawn_at == LATER
    assert store.decrees.recent(10).total == store.decrees.search("lumieres", 10).total == 0
    assert store.decrees.current(NOW.date()) == ()
    [post] = posts_of(store, [decree.id])
    assert (post.state, post.cause) == (PostState.REFUSED, PostCause.BY_PERSON)
    assert "withdrawn" in (post.error or "")
    # By its identifier, and elsewhere by its text.
    for again, act in ((recueil, authorisation(more="Une page de plus.")), (new_recueil(store, "b", authority="07"), authorisation())):
        recorded = read(store, again, road(), act)
        assert (recorded.decrees, recorded.posts) == ((), ())
    assert (store.decrees.recent(10).total, reviewer.waiting(10)) == (0, [])
    assert len(store.decrees.acts_of(recueil.id)) == 2
    second = reviewer.withdraw(decree.id, by="telegram")
    assert (second.already, second.decision) == (True, settled.decision)


def test_another_act_of_the_number_of_a_withdrawn_decree_waits_for_a_person(store: Store, reviewer: Reviewer) -> None:
    [decree] = read(store, new_recueil(store), authorisation()).decrees
    reviewer.withdraw(decree.id or 0, by="command")
    other = authorisation(act_id="26-2026-08-14-00009", more="\nUn autre texte. " * 9)
    recorded = read(store, new_recueil(store, "b"), road(), other)
    assert recorded.decrees == ()
    [waiting] = reviewer.waiting(10)
    assert waiting.act_id == "26-2026-08-14-00009"
    # A person says that it is the decree after all: it stands again, and the post that was held back goes out.
    settled = reviewer.accept(waiting.id, kind=None, by="command")
    assert (settled.decree, len(settled.posts)) == (decree.id, 1)
    assert [post.state for post in posts_of(store, [decree.id or 0])] == [PostState.PENDING]
    assert store.decrees.recent(10).total == 1


def test_a_post_that_is_out_is_left_and_told(store: Store, reviewer: Reviewer) -> None:
    [decree] = read(store, new_recueil(store), authorisation(), destinations=("channel", "masto")).decrees
    claimed = present(store.outbox.claim("channel", NOW))
    store.outbox.sent(claimed.id, "77", NOW)
    settled = reviewer.withdraw(decree.id or 0, by="command")
    assert settled.withdrawn is not None
    assert settled.withdrawn.out == ("channel",)
    states = {post.destination: post.state for post in posts_of(store, [decree.id or 0])}
    assert states == {"channel": PostState.SENT, "masto": PostState.REFUSED}
    assert store.outbox.claim("masto", LATER) is None


def test_a_post_that_comes_back_to_wait_after_a_withdrawal_is_not_sent(store: Store, reviewer: Reviewer) -> None:
    [decree] = read(store, new_recueil(store), authorisation()).decrees
    sending = present(store.outbox.claim("channel", NOW))
    assert reviewer.withdraw(decree.id or 0, by="command").withdrawn is not None
    assert store.outbox.move(sending, PostState.PENDING, LATER, cause=PostCause.NOT_SENT, error="down")
    assert store.outbox.claim("channel", LATER) is None
    assert [post.state for post in posts_of(store, [decree.id or 0])] == [PostState.REFUSED]


def test_a_withdrawal_can_be_taken_back(store: Store, reviewer: Reviewer) -> None:
    recueil = new_recueil(store)
    [decree] = read(store, recueil, road(), authorisation()).decrees
    reviewer.withdraw(decree.id or 0, by="command")
    read(store, recueil, road(), authorisation())
    settled = reviewer.reinstate(decree.id or 0, by="command")
    assert (settled.decree, len(settled.posts), settled.decision.kind) == (decree.id, 1, Kind.AUTHORISATION)
    assert [post.state for post in posts_of(store, [decree.id or 0])] == [PostState.PENDING]
    assert store.decrees.search("lumieres", 10).total == 1
    assert read(store, recueil, road(), authorisation()).decrees == ()
    assert [act.decree_id for act in store.decrees.acts_of(recueil.id)] == [None, decree.id]
    with pytest.raises(NoSuchRow, match="withdrawn"):
        reviewer.reinstate(decree.id or 0, by="command")


def test_an_answer_about_another_act_settles_nothing(store: Store, reviewer: Reviewer) -> None:
    read(store, new_recueil(store), doubtful())
    [waiting] = reviewer.waiting(10)
    with pytest.raises(NoSuchRow, match=str(waiting.id)) as told:
        reviewer.accept(waiting.id, kind=None, by="telegram", token="00000000")
    assert not isinstance(told.value, AlreadyDecided)
    with pytest.raises(NoSuchRow, match=str(waiting.id)) as told:
        reviewer.reject(waiting.id, by="telegram", token="00000000")
    assert not isinstance(told.value, AlreadyDecided)
    assert reviewer.waiting(10) == [waiting]
    assert len(reviewer.accept(waiting.id, kind=None, by="telegram", token=waiting.token).posts) == 1
    # Pressed again, also under an older question about it: what was decided is told.
    assert reviewer.reject(waiting.id, by="telegram", token="00000000").already


def unsure(store: Store, reviewer: Reviewer, name: str = "a") -> FactQuestion:
    """The question about a decree of whose places the readers do not see the same."""
    [decree] = read(store, new_recueil(store, name), road(), authorisation(more=UNSURE)).decrees
    return present(reviewer.question(decree))


def stored(store: Store, decree: int | None) -> Decree:
    return present(store.decrees.get(decree or 0))


def test_the_places_are_asked_about_first_and_of_a_decree_without_doubt_nothing(store: Store, reviewer: Reviewer) -> None:
    asked = unsure(store, reviewer)
    assert (asked.fact, asked.readings[1]) == ("places", LENS)
    assert asked.readings[0] == asked.decree.facts.places != LENS
    [sure] = read(store, new_recueil(store, "b"), authorisation(number="2026-9", act_id="26-2026-08-14-00009")).decrees
    assert reviewer.question(sure) is None


@pytest.mark.parametrize("choice", [0, 1, 2])
def test_an_answer_makes_a_fact_sure_and_no_reading_doubts_it_again(store: Store, reviewer: Reviewer, choice: int) -> None:
    asked = unsure(store, reviewer)
    number = asked.decree.id or 0
    posted = present(store.outbox.claim("channel", NOW))
    store.outbox.sent(posted.id, "77", NOW)
    revision = store.decrees.revision()
    settled = reviewer.answer_fact(FactAnswer(number, asked.token, "places", choice), by="telegram")
    value = ((), *asked.readings)[choice]
    assert (settled.value, settled.already) == (value, False)
    facts = stored(store, number).facts
    assert (facts.places, facts.doubtful, facts.settled) == (value, (), ("places",))
    assert {quote.about for quote in stored(store, number).evidence} >= ({"places"} if choice == 1 else set())
    assert choice == 1 or all(quote.about != "places" for quote in stored(store, number).evidence)
    assert store.decrees.revision() != revision
    # The post says what was doubtful: it is edited.
    edit = present(store.edits.next("channel", LATER))
    assert edit.post.decree.facts.places == value
    store.edits.done(edit, LATER)

    # Read again, judged again, published elsewhere: what a person said stands, and nothing is posted or edited.
    recueil = store.recueils.get(store.decrees.acts_of(1)[0].recueil_id)
    assert read(store, recueil, road(), authorisation(more=UNSURE)).posts == ()
    assert read(store, new_recueil(store, "b", authority="07"), authorisation(more=UNSURE)).posts == ()
    again = Redetection(store=store, clock=lambda: LATER)
    assert [again.differences(one) for one in again.recueils(None)] == [[], []]
    assert stored(store, number).facts == facts
    assert store.edits.next("channel", LATER) is None
    repeated = reviewer.answer_fact(FactAnswer(number, asked.token, "places", 0), by="telegram")
    assert (repeated.value, repeated.already) == (value, True)


def test_posts_follow_whoever_corrects_an_answer_and_whoever_takes_that_back(store: Store, reviewer: Reviewer) -> None:
    [decree] = read(store, new_recueil(store), authorisation()).decrees
    posted = present(store.outbox.claim("channel", NOW))
    store.outbox.sent(posted.id, "77", NOW)
    for event in ("foire de Romans", "foire de Valence", "foire de Romans"):
        reviewer.settle_fact(decree.id or 0, "event", [event], by="command")
        edit = present(store.edits.next("channel", LATER))
        assert edit.post.decree.facts.event == event
        store.edits.done(edit, LATER)
    assert store.edits.next("channel", LATER) is None


def test_whoever_answers_says_that_it_is_a_decree_and_leaves_its_kind_to_the_rules(store: Store, reviewer: Reviewer) -> None:
    asked = unsure(store, reviewer)
    reviewer.answer_fact(FactAnswer(asked.decree.id or 0, asked.token, "places", 2), by="telegram")
    [decided] = {one.outcome: one for one in store.recordings.decided([f"act:{asked.decree.act_id}"]).values()}.values()
    assert (decided.outcome, decided.kind, decided.by) == (Outcome.DECREE, None, "telegram")
    # Withdrawn and taken back, it has what the person said.
    reviewer.withdraw(asked.decree.id or 0, by="command")
    reviewer.reinstate(asked.decree.id or 0, by="command")
    read(store, store.recueils.get(1), road(), authorisation(more=UNSURE))
    assert stored(store, asked.decree.id).facts.places == LENS


def test_an_answer_to_another_question_settles_nothing(store: Store, reviewer: Reviewer) -> None:
    asked = unsure(store, reviewer)
    number = asked.decree.id or 0
    for wrong in (
        FactAnswer(number, "00000000", "places", 1),
        FactAnswer(number, asked.token, "event", 1),
        FactAnswer(number, asked.token, "places", 3),
        FactAnswer(number + 1, asked.token, "places", 1),
    ):
        with pytest.raises(NoSuchRow):
            reviewer.answer_fact(wrong, by="telegram")
    assert stored(store, number).facts == asked.decree.facts
    reviewer.withdraw(number, by="command")
    with pytest.raises(NoSuchRow):
        reviewer.answer_fact(FactAnswer(number, asked.token, "places", 1), by="telegram")


def test_a_person_may_say_anything_of_a_fact_but_what_it_cannot_be(store: Store, reviewer: Reviewer) -> None:
    [decree] = read(store, new_recueil(store), authorisation()).decrees
    number = decree.id or 0
    assert reviewer.settle_fact(number, "event", ["foire  de\nValence"], by="command").value == "foire de Valence"
    assert reviewer.settle_fact(number, "operators", ["SNCF", "RATP", "SNCF"], by="command").value == ("SNCF", "RATP")
    assert [one.id for one in store.decrees.of_operator("sncf", 9, 0, 1)] == [number]
    assert reviewer.settle_fact(number, "event", [], by="command").value is None
    assert stored(store, number).facts.settled == ("event", "operators")
    for fact, values in (("number", ["1"]), ("event", ["a", "b"]), ("event", [""]), ("event", ["x" * 999]), ("vendor", ["M. Paul Durand"])):
        with pytest.raises(UnusableFact):
            reviewer.settle_fact(number, fact, values, by="command")
    with pytest.raises(NoSuchRow, match="99"):
        reviewer.settle_fact(99, "event", ["foire"], by="command")


def test_of_two_who_answer_at_once_the_first_is_heard(store: Store, reviewer: Reviewer) -> None:
    asked = unsure(store, reviewer)
    number = asked.decree.id or 0

    class Slow(Reviewer):
        def question(self, decree: Decree, fact: str | None = None) -> FactQuestion | None:
            seen = super().question(decree, fact)
            reviewer.answer_fact(FactAnswer(number, asked.token, "places", 2), by="telegram")
            return seen

    slow = Slow(store=store, route=lambda _: (), clock=lambda: LATER)
    late = slow.answer_fact(FactAnswer(number, asked.token, "places", 1), by="telegram")
    assert (late.value, late.already) == (LENS, True)
    assert stored(store, number).facts.places == LENS


def test_what_is_answered_while_the_act_is_judged_again_stands(store: Store, reviewer: Reviewer) -> None:
    asked = unsure(store, reviewer)
    number = asked.decree.id or 0
    recueil = store.recueils.get(1)
    reading = Reading(20, Cover("26", None, DAY), (authorisation(more=UNSURE),))
    before = read_result(recueil, reading, next_try_at=None)
    reviewer.answer_fact(FactAnswer(number, asked.token, "places", 2), by="telegram")
    store.recordings.record(before, lambda _: ("channel",), LATER)
    facts = stored(store, number).facts
    assert (facts.places, facts.doubtful, facts.settled) == (LENS, (), ("places",))


def test_nobody_is_asked_whether_a_list_is_right_that_no_message_shows_whole(
    store: Store, reviewer: Reviewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = unsure(store, reviewer)
    long = tuple(f"gare de la commune qui a le numéro {number}" for number in range(40))
    recorded_before(store, 1, facts=replace(asked.decree.facts, places=long, doubtful=("places", "event")))
    assert present(reviewer.question(stored(store, 1))).fact == "event"
    # Nor is its act read again at every look.
    monkeypatch.setattr(Reviewer, "read_twice", None)
    assert reviewer.question(stored(store, 1), "places") is None


# Stored acts with their pages again, where these are still known.


IDS = ("26-2026-08-14-00001", "26-2026-08-14-00002")


def page(number: int, act_id: str) -> PageText:
    foot = f"Préfecture de la Drôme / Cabinet - {act_id} - Arrêté portant réglementation de la circulation {number}"
    return PageText(number, f"{demo_text('road', DAY, number=f'2026-{act_id[-1]}')}\n{foot}")


PAGES = (page(1, IDS[0]), page(2, IDS[0]), page(3, IDS[1]), page(4, IDS[1]))


def as_stored(acts: Sequence[Act]) -> list[StoredAct]:
    return [
        StoredAct(
            number, 1, act.id, act.title, act.service, act.first_page, act.last_page, Outcome.NOT_CONCERNED, None, (),
            "\n".join(page.text for page in act.pages), None,
        )
        for number, act in enumerate(acts, start=1)
    ]  # fmt: skip


def content(*, complete: bool = True) -> Content:
    return Content("0" * 64, 1, len(PAGES), PAGES, complete, NOW, "rules", 0)


def test_an_act_has_its_pages_as_they_were_read() -> None:
    acts = assemble(PAGES).acts
    assert [(act.id, act.first_page, act.last_page) for act in acts] == [(IDS[0], 1, 2), (IDS[1], 3, 4)]
    assert list(acts_again(as_stored(acts), content())) == list(zip(as_stored(acts), acts, strict=True))


@pytest.mark.parametrize("known", [None, content(complete=False)])
def test_where_the_pages_are_not_all_known_the_text_stands_on_the_first(known: Content | None) -> None:
    acts = assemble(PAGES).acts
    [(_, first), (_, second)] = acts_again(as_stored(acts), known)
    assert (second.id, second.title, second.service, second.first_page, second.last_page) == (
        acts[1].id, acts[1].title, acts[1].service, 3, 4,
    )  # fmt: skip
    assert [(part.number, part.text) for part in second.pages] == [(3, "\n".join(part.text for part in acts[1].pages))]
    assert first.pages[0].number == 1


def test_an_act_that_is_cut_otherwise_today_has_its_text() -> None:
    first, second = as_stored(assemble(PAGES).acts)
    longer = replace(second, first_page=2)
    pairs = dict(acts_again([first, longer], content()))
    assert [part.number for part in pairs[first].pages] == [1, 2]
    assert [part.number for part in pairs[longer].pages] == [2]


def test_two_acts_on_the_same_pages_have_one_reading_each() -> None:
    [act, _] = assemble(PAGES).acts
    one, two = as_stored([act, act])
    (_, read), (_, left) = acts_again([one, two], content())
    assert [len(found.pages) for found in (read, left)] == [2, 1]
