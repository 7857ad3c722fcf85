"""What the simulated month must show, in its short form: fifteen sources, four days, a poll every half hour in working hours."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from benchmarks.month.figures import Figures, judge
from benchmarks.month.plan import Kind, draw
from benchmarks.month.run import scratch, simulate

pytestmark = pytest.mark.short_form


# Once for all: it takes long, and tests of other modules may come between.
@pytest.fixture(scope="session")
def month() -> Figures:
    with scratch() as folder:
        return judge(asyncio.run(simulate(draw(1, 15, 4), Path(folder), every=timedelta(minutes=30))))


def old(month: Figures, kinds: Sequence[Kind]) -> list[str]:
    """Old decrees that were announced as new, of sites where one of these is wrong."""
    struck = [found for found in month.old if any(kind in (found.trouble or "") for kind in kinds)]
    return [f"{found.number} of {found.authority} ({found.trouble})" for found in struck]


def test_decrees_are_published_while_sites_break(month: Figures) -> None:
    assert month.published > 30
    assert all(month.causes.values())


def test_nothing_is_missed_and_nothing_posted_twice(month: Figures) -> None:
    assert (month.missed, month.doubled) == ((), ())


def test_nothing_is_posted_under_a_wrong_name(month: Figures) -> None:
    assert month.misattributed == ()


def test_a_page_that_is_gone_makes_its_source_fail(month: Figures) -> None:
    assert month.unnoticed == ()


def test_entries_found_only_in_the_past_are_not_new(month: Figures) -> None:
    assert old(month, [Kind.MONTH_GONE, Kind.YEAR_GONE, Kind.YEAR_UNNAMED, Kind.YEAR_RENAMED]) == []


def test_what_another_authority_published_long_ago_is_not_new(month: Figures) -> None:
    assert old(month, [Kind.SWAPPED]) == []


def test_a_page_that_the_first_poll_could_not_read_is_not_new_at_the_second(month: Figures) -> None:
    assert old(month, [Kind.FIRST_POLL]) == []


def test_noise_in_addresses_makes_no_new_recueil_and_no_new_request(month: Figures) -> None:
    assert old(month, [Kind.JSESSIONID, Kind.SID]) == []
    assert month.fetched_again == 0


def test_nothing_old_is_announced_elsewhere(month: Figures) -> None:
    assert len(old(month, list(Kind))) == len(month.old)


def test_no_source_fails_while_all_that_it_publishes_can_be_read(month: Figures) -> None:
    assert month.alarms == ()


def test_after_an_outage_every_source_is_polled_within_its_usual_interval(month: Figures) -> None:
    assert {after.trouble: dict(after.late) for after in month.after} == {Kind.OUTAGE: {}, Kind.BUSY: {}}


def test_manners_are_kept_meanwhile(month: Figures) -> None:
    assert month.least_spacing >= 3
    assert sum(after.asked_meanwhile for after in month.after) == 0


def test_the_whole_is_well(month: Figures) -> None:
    assert month.faults == ()
