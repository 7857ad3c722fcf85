from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given

from bot.domain.acts import Facts, Moment, Slot
from bot.messages.lines import PeriodStage, PeriodTiming, date_text, delay_text, period_text, timing, timing_text
from bot.messages.words import Language, words_in
from tests.bot.messages.samples import facts, nows

DAY = Moment(date(2031, 4, 19))
PARIS = "Europe/Paris"


def _moment(text: str | None) -> Moment | None:
    return None if text is None else Moment.parse(text)


@pytest.mark.parametrize(
    ("starts", "ends", "french", "english"),
    [
        ("2031-04-19", "2031-04-22", "du 19 au 22 avril 2031", "from 19 to 22 April 2031"),
        ("2031-04-30", "2031-05-01", "du 30 avril au 1er mai 2031", "from 30 April to 1 May 2031"),
        ("2031-12-31", "2032-01-01", "du 31 décembre 2031 au 1er janvier 2032", "from 31 December 2031 to 1 January 2032"),
        (
            "2031-04-20T14:00",
            "2031-04-21T06:30",
            "du 20 avril 2031 à 14 h au 21 avril 2031 à 6 h 30",
            "from 20 April 2031, 14:00 to 21 April 2031, 06:30",
        ),
        ("2031-04-20T14:00", "2031-04-21", "du 20 avril 2031 à 14 h au 21 avril 2031", "from 20 April 2031, 14:00 to 21 April 2031"),
        ("2031-11-06", "2031-11-06", "le 6 novembre 2031", "on 6 November 2031"),
        ("2031-11-06T14:00", "2031-11-06T23:30", "le 6 novembre 2031 de 14 h à 23 h 30", "on 6 November 2031 from 14:00 to 23:30"),
        ("2031-11-06T14:00", "2031-11-06", "le 6 novembre 2031 à partir de 14 h", "on 6 November 2031 from 14:00"),
        ("2031-11-06", "2031-11-06T02:00", "le 6 novembre 2031 jusqu’à 2 h", "on 6 November 2031 until 02:00"),
        ("2031-08-01T08:00", None, "à partir du 1er août 2031 à 8 h", "from 1 August 2031, 08:00"),
        (None, "2031-02-28", "jusqu’au 28 février 2031", "until 28 February 2031"),
        (None, None, None, None),
    ],
)
def test_period(starts: str | None, ends: str | None, french: str | None, english: str | None) -> None:
    said = Facts(starts=_moment(starts), ends=_moment(ends))
    assert period_text(said, words_in("fr")) == french
    assert period_text(said, words_in("en")) == english


def _slot(first: int, last: int, *weekdays: int) -> Slot:
    return Slot(date(2031, 4, first), date(2031, 4, last), time(22), time(2, 30), weekdays)


@pytest.mark.parametrize(
    ("slots", "french", "english"),
    [
        ([_slot(1, 4)], "du 1er au 4 avril 2031, chaque jour de 22 h à 2 h 30", "from 1 to 4 April 2031, each day from 22:00 to 02:30"),
        (
            [_slot(1, 30, 4, 5)],
            "du 1er au 30 avril 2031, les vendredis et samedis de 22 h à 2 h 30",
            "from 1 to 30 April 2031, on Fridays and Saturdays from 22:00 to 02:30",
        ),
        (
            [_slot(1, 1), _slot(4, 4)],
            "le 1er avril 2031 de 22 h à 2 h 30 et le 4 avril 2031 de 22 h à 2 h 30",
            "on 1 April 2031 from 22:00 to 02:30 and on 4 April 2031 from 22:00 to 02:30",
        ),
        ([_slot(day, day) for day in range(1, 7)], "du 1er au 6 avril 2031, en 6 créneaux", "from 1 to 6 April 2031, in 6 slots"),
    ],
)
def test_hours_of_each_day(slots: list[Slot], french: str, english: str) -> None:
    ends = slots[-1].closing(slots[-1].last)
    said = Facts(starts=Moment(slots[0].first, time(22)), ends=replace(ends, day=slots[-1].last), slots=tuple(slots))
    assert period_text(said, words_in("fr")) == french
    assert period_text(said, words_in("en")) == english


@pytest.mark.parametrize(
    ("starts", "ends", "now", "expected"),
    [
        ("2031-04-20T14:00", "2031-04-21T06:00", "2031-04-19T22:00", PeriodTiming(PeriodStage.UPCOMING, timedelta(hours=14))),
        ("2031-04-20T14:00", "2031-04-21T06:00", "2031-04-20T11:59", PeriodTiming(PeriodStage.UPCOMING, timedelta(minutes=1))),
        ("2031-04-20T14:00", "2031-04-21T06:00", "2031-04-20T12:00", PeriodTiming(PeriodStage.STARTED)),
        ("2031-04-20T14:00", "2031-04-21T06:00", "2031-04-21T04:00", PeriodTiming(PeriodStage.ENDED)),
        ("2031-04-20", "2031-04-20", "2031-04-19T21:59", PeriodTiming(PeriodStage.UPCOMING, timedelta(minutes=1), 1)),
        ("2031-04-20", "2031-04-20", "2031-04-19T22:00", PeriodTiming(PeriodStage.STARTED)),
        ("2031-04-20", "2031-04-20", "2031-04-20T21:59", PeriodTiming(PeriodStage.STARTED)),
        ("2031-04-20", "2031-04-20", "2031-04-20T22:00", PeriodTiming(PeriodStage.ENDED)),
        # The clocks go forward on 30 March 2031 at 2 a.m.: from midnight to noon there are eleven hours.
        ("2031-03-30T12:00", None, "2031-03-29T23:00", PeriodTiming(PeriodStage.UPCOMING, timedelta(hours=11))),
        ("2031-04-20", None, "2031-05-20T00:00", PeriodTiming(PeriodStage.STARTED)),
        (None, "2031-04-20", "2031-04-01T00:00", PeriodTiming(PeriodStage.UNKNOWN)),
        (None, "2031-04-20", "2031-04-25T00:00", PeriodTiming(PeriodStage.ENDED)),
        (None, None, "2031-04-25T00:00", PeriodTiming(PeriodStage.UNKNOWN)),
        # An end before the start is a misreading, not an end.
        ("2031-04-20", "2030-04-22", "2031-04-19T22:00", PeriodTiming(PeriodStage.STARTED)),
        ("9999-12-31", "9999-12-31", "2031-04-19T22:00", PeriodTiming(PeriodStage.UPCOMING, timedelta(days=2910507, hours=1), 2910507)),
    ],
)  # fmt: skip
def test_timing_in_paris(starts: str | None, ends: str | None, now: str, expected: PeriodTiming) -> None:
    said = Facts(starts=_moment(starts), ends=_moment(ends))
    assert timing(said, PARIS, datetime.fromisoformat(now).replace(tzinfo=UTC)) == expected


def test_days_left_are_those_of_a_calendar() -> None:
    now = datetime(2031, 4, 10, 21, tzinfo=UTC)  # 23 h there: nine days and one hour before
    moment = timing(Facts(starts=Moment(date(2031, 4, 20))), PARIS, now)
    assert delay_text(moment, words_in("fr").timing) == "10 jours"


def test_hours_are_those_of_the_place() -> None:
    said = Facts(starts=Moment(date(2031, 4, 20), time(14)))
    now = datetime(2031, 4, 20, 12, tzinfo=UTC)
    assert timing(said, PARIS, now).stage is PeriodStage.STARTED
    assert timing(said, "America/Guadeloupe", now) == PeriodTiming(PeriodStage.UPCOMING, timedelta(hours=6))


@pytest.mark.parametrize(
    ("delay", "french", "english"),
    [
        (timedelta(seconds=1), "1 min", "1 min"),
        (timedelta(minutes=59, seconds=59), "59 min", "59 min"),
        (timedelta(hours=1), "1 h", "1 h"),
        (timedelta(hours=14, minutes=59), "14 h", "14 h"),
        (timedelta(hours=47, minutes=59), "47 h", "47 h"),
        (timedelta(hours=48), "2 jours", "2 days"),
        (timedelta(days=10, hours=23), "10 jours", "10 days"),
    ],
)
def test_what_is_left_is_rounded_down(delay: timedelta, french: str, english: str) -> None:
    moment = PeriodTiming(PeriodStage.UPCOMING, delay, delay.days)
    assert delay_text(moment, words_in("fr").timing) == french
    assert delay_text(moment, words_in("en").timing) == english


@pytest.mark.parametrize(
    ("language", "stage", "expected"),
    [
        ("fr", PeriodStage.UPCOMING, "Pas encore commencé le 1er décembre 2031"),
        ("en", PeriodStage.UPCOMING, "Not yet begun on 1 December 2031"),
        ("fr", PeriodStage.STARTED, "Commencé avant cette annonce"),
        ("fr", PeriodStage.ENDED, "Terminé avant cette annonce"),
        ("en", PeriodStage.STARTED, "Begun before this post"),
        ("en", PeriodStage.ENDED, "Over before this post"),
        ("fr", PeriodStage.UNKNOWN, None),
    ],
)
def test_stages_in_words(language: Language, stage: PeriodStage, expected: str | None) -> None:
    words = words_in(language)
    assert timing_text(PeriodTiming(stage), words.timing, date_text(date(2031, 12, 1), words.dates)) == expected


@given(facts, nows)
def test_any_dates_give_an_answer(said: Facts, now: datetime) -> None:
    moment = timing(said, PARIS, now)
    assert (moment.delay is not None) == (moment.stage is PeriodStage.UPCOMING)
    assert moment.delay is None or moment.delay > timedelta()
    assert (period_text(said, words_in("fr")) is None) == (said.starts is None and said.ends is None)
