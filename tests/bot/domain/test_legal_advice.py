from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from bot.domain.acts import Change, Decree, Facts, Kind, Moment, Place
from bot.domain.law import Flag, Recourse, Standing, legal_advice

PLACE = Place("92", "Préfecture des Hauts-de-Seine", "Hauts-de-Seine")
PARIS_COURT, CERGY_COURT = "Tribunal administratif de Paris", "Tribunal administratif de Cergy-Pontoise"


def decree(published: date | None, **facts: object) -> Decree:
    period = {"starts": Moment(date(2024, 5, 26)), "ends": Moment(date(2024, 6, 10))}
    return Decree("92", Kind.AUTHORISATION, "Arrêté", Facts(**(period | facts)), (), "https://x.gouv.fr/r.pdf", 1, published)  # type: ignore[arg-type]  # facts of several types


def test_a_decree_told_late() -> None:
    told = legal_advice(decree(date(2024, 6, 4)), PLACE, datetime(2024, 6, 5, tzinfo=UTC))
    assert (told.standing, told.recourse) == (Standing.IN_FORCE, Recourse.RUNNING)
    assert told.last_day == date(2024, 8, 5)
    assert told.flags == (Flag.PUBLISHED_AFTER_START,)
    assert told.late == 9
    assert told.court.name == CERGY_COURT


def test_the_police_prefect_s_decree_in_another_recueil_goes_to_paris() -> None:
    told = legal_advice(decree(None, authority="PP", court=CERGY_COURT), PLACE, datetime(2024, 5, 1, tzinfo=UTC))
    assert told.court.by_seat == PARIS_COURT
    assert told.court.named == CERGY_COURT
    assert told.court.differs
    assert (told.last_day, told.late) == (None, None)


def test_hours_are_those_of_the_place() -> None:
    mayotte = Place("976", "Préfecture de Mayotte", "Mayotte", "Indian/Mayotte")
    evening = datetime(2024, 5, 25, 21, 30, tzinfo=UTC)  # the 26th, 00:30, in Mayotte
    assert legal_advice(decree(None), mayotte, evening).standing is Standing.IN_FORCE
    assert legal_advice(decree(None), PLACE, evening).standing is Standing.UPCOMING


def test_a_longer_period_is_told_until_what_lengthened_it_is_ended() -> None:
    ending = Change(Kind.ABROGATION, 3, "2024-3", date(2024, 6, 12))
    longer = Change(Kind.MODIFICATION, 2, "2024-2", date(2024, 6, 1), ends=Moment(date(2024, 6, 20)), revoked_by=(ending,))
    modified = replace(decree(None), changed_by=(longer,))
    before, after = (legal_advice(modified, PLACE, datetime(2024, 6, day, tzinfo=UTC)) for day in (11, 12))
    assert (before.standing, before.ends) == (Standing.IN_FORCE, Moment(date(2024, 6, 20)))
    assert (after.standing, after.ends) == (Standing.OVER, Moment(date(2024, 6, 10)))


@pytest.mark.parametrize(
    ("published", "signed", "at_least"),
    [
        (None, "2024-05-24", "2024-07-25"),
        ("2042-05-24", "2024-05-24", "2024-07-25"),  # misread
        ("2024-05-28", "2024-05-24", None),  # the last day itself is known
        (None, "2024-06-01", None),  # after it was found: misread
        (None, None, None),
    ],
)
def test_without_a_day_of_publication_that_of_the_signature_tells_until_when_at_least(
    published: str | None, signed: str | None, at_least: str | None
) -> None:
    days = [None if day is None else date.fromisoformat(day) for day in (published, signed)]
    dated = decree(days[0], signed=days[1])
    told = legal_advice(replace(dated, found_at=datetime(2024, 5, 31, tzinfo=UTC)), PLACE, datetime(2024, 6, 30, tzinfo=UTC))
    assert told.at_least == (at_least and date.fromisoformat(at_least))


def test_a_misread_day_of_publication_tells_no_limit() -> None:
    assert legal_advice(decree(date(1815, 6, 18)), PLACE, datetime(2024, 5, 1, tzinfo=UTC)).last_day is None


@pytest.mark.parametrize(
    ("published", "found", "last_day"),
    [
        ("2024-05-24", "2024-05-24T20:00+00:00", "2024-07-25"),
        ("2024-05-25", "2024-05-24T22:30+00:00", "2024-07-26"),  # already the 25th there
        ("2024-05-27", "2024-05-24T20:00+00:00", "2024-07-25"),  # dated ahead: it was there when it was found
        ("2042-05-24", "2024-05-24T20:00+00:00", None),  # misread
        ("2042-05-24", None, None),
        (None, "2024-05-24T20:00+00:00", None),  # it may have been there for long
    ],
)
def test_nothing_is_published_after_it_was_found(published: str | None, found: str | None, last_day: str | None) -> None:
    one = replace(
        decree(None if published is None else date.fromisoformat(published)),
        found_at=None if found is None else datetime.fromisoformat(found),
    )
    told = legal_advice(one, PLACE, datetime(2024, 6, 30, tzinfo=UTC))
    assert told.last_day == (None if last_day is None else date.fromisoformat(last_day))


def test_no_flag_and_no_status_rests_on_a_period_that_is_to_be_verified() -> None:
    late = legal_advice(decree(date(2024, 6, 4), doubtful=("starts", "ends")), PLACE, datetime(2024, 6, 5, tzinfo=UTC))
    assert (late.flags, late.late) == ((), None)
    assert (late.standing, late.starts, late.ends) == (Standing.UNKNOWN, None, None)
