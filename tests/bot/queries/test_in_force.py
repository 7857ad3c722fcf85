"""What is in force today, and in which order it is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.acts import Change, Decree, Facts, Kind, Moment, Slot
from bot.domain.health import Cause, Status
from bot.queries.answers import Answer, DecreeList, ListKind, NothingFound, Question
from bot.queries.phrases import plain_answer
from bot.queries.questions import Questions
from bot.queries.running import running, running_on
from tests.bot.messages.samples import changes, moments
from tests.bot.queries.conftest import NOW, PLACES, MemoryDecrees, decree, health, overview

SINCE = datetime(2026, 8, 1, tzinfo=UTC)


def lasting(number: int, starts: date | None, ends: date | None, authority: str = "26", **changes: object) -> Decree:
    period = {"starts": starts and Moment(starts), "ends": ends and Moment(ends)}
    made = decree(number, authority)
    return replace(made, facts=replace(made.facts, **period), **changes)  # type: ignore[arg-type]  # fields of several types


TO_COME = lasting(1, date(2026, 9, 1), date(2026, 9, 3))
SOON = lasting(2, date(2026, 8, 21), date(2026, 8, 22))
RUNNING = lasting(3, date(2026, 8, 1), date(2026, 8, 30))
LAST_DAY = lasting(4, date(2026, 8, 10), date(2026, 8, 20))
OVER = lasting(5, date(2026, 8, 1), date(2026, 8, 19))
UNREAD = lasting(6, None, None)
ENDED = lasting(7, date(2026, 8, 1), date(2026, 8, 30), changed_by=(Change(Kind.ABROGATION, since=date(2026, 8, 20)),))
SUSPENDED = lasting(8, date(2026, 8, 1), date(2026, 8, 30), changed_by=(Change(Kind.SUSPENSION),))
ENDS_LATER = lasting(9, date(2026, 8, 2), date(2026, 8, 30), changed_by=(Change(Kind.ABROGATION, since=date(2026, 8, 25)),))
REFUSED = lasting(10, date(2026, 8, 1), date(2026, 8, 30), kind=Kind.REFUSAL)
CHANGES = lasting(11, date(2026, 8, 1), date(2026, 8, 30), kind=Kind.MODIFICATION)
LENGTHENED = lasting(12, date(2026, 7, 1), date(2026, 7, 3), changed_by=(Change(Kind.MODIFICATION, ends=Moment(date(2026, 8, 30))),))
ALL = (TO_COME, SOON, RUNNING, LAST_DAY, OVER, UNREAD, ENDED, SUSPENDED, ENDS_LATER, REFUSED, CHANGES, LENGTHENED)


def test_one_that_a_retrait_may_have_brought_back_is_shown_among_the_doubtful() -> None:
    def end(retroactive: bool | None) -> Change:
        return Change(Kind.ABROGATION, revoked_by=(Change(Kind.ABROGATION, retroactive=retroactive),))

    for retroactive, expected in ((True, [20, 9]), (None, [9, 20]), (False, [9])):
        ended = lasting(20, date(2026, 8, 1), date(2026, 8, 30), changed_by=(end(retroactive),))
        assert [one.id for one in running([ENDS_LATER, ended], PLACES, NOW).all] == expected


def ids(answer: Answer) -> list[int | None]:
    assert isinstance(answer, DecreeList)
    return [one.id for one in answer.decrees]


def test_those_in_force_then_those_to_come_then_those_of_which_it_is_not_known() -> None:
    assert [one.id for one in running(ALL, PLACES, NOW).all] == [12, 3, 9, 4, 2, 1, 6]


def test_the_day_is_that_of_the_place() -> None:
    night = datetime(2026, 8, 20, 21, tzinfo=UTC)  # already the 21st in La Réunion, and not in Paris
    for authority, there in (("26", [1]), ("974", [])):
        assert [one.id for one in running([lasting(1, date(2026, 8, 19), date(2026, 8, 20), authority)], PLACES, night).all] == there


def test_hours_count() -> None:
    ending = replace(LAST_DAY, facts=replace(LAST_DAY.facts, ends=Moment(date(2026, 8, 20), time(13, 59))))
    assert running([ending], PLACES, NOW).all == ()  # it is 14:00 there
    assert running([ending], PLACES, NOW.replace(hour=11)).all == (ending,)


class OnlyEnds(MemoryDecrees):
    """Remembers the day it was asked for."""

    asked: date | None = None

    def current(self, on: date, authorities: object = None, communes: object = None, /) -> tuple[Decree, ...]:
        self.asked = on
        return tuple(self.stored)


def test_no_time_zone_is_forgotten() -> None:
    store = OnlyEnds(ALL)
    ask(store).in_force()
    assert store.asked == date(2026, 8, 19)  # while it still is the 19th in Guadeloupe and Martinique


def ask(store: MemoryDecrees, size: int = 5) -> Questions:
    return Questions(store, PLACES, lambda: NOW, overview=overview, page_size=size, since=lambda _: SINCE)


def test_they_come_in_pages() -> None:
    questions = ask(OnlyEnds(ALL), 3)
    assert [ids(questions.in_force(page=page)) for page in (1, 2, 3)] == [[12, 3, 9], [4, 2, 1], [6]]
    answer = questions.in_force(page=9)
    assert isinstance(answer, DecreeList)
    assert (answer.question, answer.pages, answer.total) == (Question(ListKind.IN_FORCE, "", 3), 3, 7)


def test_of_one_department_with_every_authority_seated_there() -> None:
    questions = ask(OnlyEnds([RUNNING]))
    assert ids(questions.in_force("la drome")) == [3]
    seated = [lasting(13, date(2026, 8, 1), date(2026, 8, 30), "75"), lasting(14, date(2026, 8, 2), date(2026, 8, 30), "PP"), RUNNING]
    assert ids(ask(MemoryDecrees(seated)).in_force("Paris")) == [13, 14]


def test_what_began_and_shows_no_end_may_go_on() -> None:
    assert [one.id for one in running([lasting(20, date(2026, 8, 1), None), TO_COME], PLACES, NOW).all] == [1, 20]


def test_nothing_in_force_is_never_said_to_be_none() -> None:
    questions = ask(MemoryDecrees([OVER]))
    everywhere, there = questions.in_force(), questions.in_force("26")
    there_now = (health("26", Status.OK, last=date(2026, 8, 19)),)
    assert everywhere == NothingFound(Question(ListKind.IN_FORCE), recorded=1, since=SINCE)
    assert there == NothingFound(Question(ListKind.IN_FORCE, "26"), recorded=1, since=SINCE, places=(PLACES["26"],), health=there_now)
    assert plain_answer(everywhere, PLACES) == (
        "Vigie n’a relevé aucune autorisation en cours ou à venir. Vigie lit les recueils depuis le 1er août 2026. "
        "Il peut en exister que Vigie n’a pas vus."
    )
    assert plain_answer(there, PLACES, "en") == (
        "Drôme (26): Vigie has found no authorisation in force or to come. Vigie has been reading the bulletins since 1 August 2026. "
        "There may be some that Vigie has not seen."
    )
    assert "encore relevé aucun arrêté" in plain_answer(ask(MemoryDecrees()).in_force(), PLACES)


_when = st.none() | moments | st.builds(Moment, st.dates(date(2026, 8, 18), date(2026, 8, 22)))
any_decrees = st.builds(
    replace,
    st.builds(decree, st.integers(1, 3), st.sampled_from(["26", "974", "99"])),
    id=st.none() | st.integers(1, 3),
    kind=st.sampled_from(Kind),
    facts=st.builds(Facts, starts=_when, ends=_when),
    changed_by=changes,
)


@given(st.lists(any_decrees, max_size=8))
@example([replace(RUNNING, id=None), replace(RUNNING, id=None, title="Un autre")])
def test_whatever_was_read_has_an_order(found: list[Decree]) -> None:
    assert set(running(found, PLACES, NOW).all) <= set(found)


def test_an_empty_fact_is_no_period() -> None:
    assert running([replace(decree(1), facts=Facts())], PLACES, NOW).all[0].id == 1


def test_today_is_what_has_begun_and_is_not_over() -> None:
    questions = ask(OnlyEnds(ALL))
    assert ids(questions.today()) == [12, 3, 9, 4, 6]
    assert ask(MemoryDecrees(ALL)).today("38") == NothingFound(
        Question(ListKind.TODAY, "38"),
        len(ALL),
        SINCE,
        (PLACES["38"],),
        (health("38", Status.FAILING, Cause.BLOCKED, datetime(2026, 8, 18, 23, tzinfo=UTC), date(2026, 8, 1)),),
    )


def test_one_with_hours_of_each_day_counts_by_them() -> None:
    """NOW is Thursday 20 August at 14:00; its hours are on Fridays and Saturdays from 22:00 to 02:00."""
    nights = Slot(date(2026, 8, 7), date(2026, 8, 22), time(22), time(2), (4, 5))
    one = replace(RUNNING, facts=replace(RUNNING.facts, slots=(nights,)))
    found = running([one], PLACES, NOW)
    assert (found.now, found.soon, found.today(PLACES)) == ((), (one,), ())
    assert running([one], PLACES, NOW + timedelta(hours=33)).now == (one,)
    assert running([one], PLACES, NOW + timedelta(hours=30)).today(PLACES) == (one,)
    assert running([one], PLACES, NOW + timedelta(days=3)).all == ()
    questions = ask(OnlyEnds([one]))
    assert ids(questions.in_force()) == [3]
    assert isinstance(questions.today(), NothingFound)
    assert questions.figures().in_force == 0
    for day, there in ((20, ()), (21, (one,)), (23, (one,)), (24, ())):
        assert running_on([one], PLACES, date(2026, 8, day), date(2026, 8, day)).all == there
