from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.domain.health import Cause, SourceHealth, Status
from bot.domain.records import Alert, NewAlert
from bot.operators.alerts import (
    CROWD,
    PATIENCE,
    SOURCE_DELAYS,
    Changes,
    DueAlerts,
    decide,
    source_changes,
)

NOW = datetime(2026, 8, 14, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def failing(cause: Cause, polls: int = 1, since: timedelta = timedelta(0), key: str = "26:site") -> SourceHealth:
    return SourceHealth(key, Status.FAILING, cause, NOW - since, "what happened", polls)


def alert(
    number: int,
    cause: Cause,
    key: str = "26:site",
    *,
    opened_at: datetime = NOW - HOUR,
    notified_at: datetime | None = None,
    closed_at: datetime | None = None,
) -> Alert:
    return Alert(number, key, cause.value, "", opened_at, notified_at, closed_at)


FINE = SourceHealth("26:site", Status.OK)


@pytest.mark.parametrize(
    ("cause", "polls", "since", "told"),
    [
        (Cause.UNREACHABLE, 1, 0 * HOUR, False),
        (Cause.UNREACHABLE, 3, 30 * MINUTE, False),
        (Cause.UNREACHABLE, 2, 3 * HOUR, False),
        (Cause.UNREACHABLE, 3, HOUR, True),
        (Cause.BLOCKED, 1, 0 * HOUR, False),
        (Cause.BLOCKED, 3, HOUR, True),
        (Cause.CHALLENGE, 2, 30 * MINUTE, True),
        (Cause.MAINTENANCE, 3, 45 * MINUTE, False),
        (Cause.MAINTENANCE, 3, HOUR, True),
        (Cause.RESTING, 3, 45 * MINUTE, False),
        (Cause.RESTING, 4, HOUR, True),
        (Cause.MOVED, 1, 0 * HOUR, False),
        (Cause.MOVED, 2, 15 * MINUTE, True),
        (Cause.STRUCTURE, 1, 0 * HOUR, False),
        (Cause.STRUCTURE, 2, 15 * MINUTE, True),
        (Cause.EMPTIED, 1, 0 * HOUR, False),
        (Cause.EMPTIED, 2, 15 * MINUTE, True),
        (Cause.UNUSABLE, 2, 15 * MINUTE, True),
        (Cause.ROBOTS, 1, 0 * HOUR, True),
        (Cause.NEEDS_BROWSER, 1, 0 * HOUR, True),
        (Cause.UNEXPECTED, 1, 0 * HOUR, True),
        (Cause.FILES, 0, HOUR, True),
    ],
)
def test_a_trouble_begins_when_it_matters(cause: Cause, polls: int, since: timedelta, told: bool) -> None:
    found = source_changes([failing(cause, polls, since)], [], NOW)
    assert found == (Changes((NewAlert("26:site", cause.value, "what happened"),)) if told else Changes())


def test_every_cause_of_a_failure_has_a_threshold() -> None:
    assert set(PATIENCE) == set(Cause) - {Cause.LATE, Cause.RELOCATED, Cause.MISFILED, Cause.HOSTILE, Cause.UNLINKED}


def test_late_and_moved_begin_at_once_and_end_by_themselves() -> None:
    late = SourceHealth("26:site", Status.LATE, Cause.LATE, NOW, last_published=date(2026, 8, 1), moved_to="https://new")
    opened = source_changes([late], [], NOW).opened
    assert opened == (NewAlert("26:site", "late", "2026-08-01"), NewAlert("26:site", "relocated", "https://new"))
    going_on = [alert(1, Cause.LATE), alert(2, Cause.RELOCATED)]
    assert source_changes([late], going_on, NOW) == Changes()
    assert source_changes([FINE], going_on, NOW) == Changes(closed=tuple(going_on))


@pytest.mark.parametrize("status", [Status.OK, Status.LATE])
def test_a_failure_ends_when_the_source_works_again(status: Status) -> None:
    known = alert(1, Cause.STRUCTURE)
    assert source_changes([SourceHealth("26:site", status)], [known], NOW).closed == (known,)


def test_what_cannot_be_known_while_it_fails_stays_as_it_was() -> None:
    known = [alert(1, Cause.LATE), alert(2, Cause.RELOCATED)]
    found = source_changes([failing(Cause.MOVED, 2, HOUR)], known, NOW)
    assert (found.closed, found.dropped, [new.cause for new in found.opened]) == ((), (), ["moved"])
    assert source_changes([SourceHealth("26:site", Status.UNPOLLED)], known, NOW) == Changes()


@pytest.mark.parametrize(
    ("before", "now", "again"),
    [
        (Cause.UNREACHABLE, failing(Cause.BLOCKED, 9, 9 * HOUR), False),
        (Cause.UNREACHABLE, failing(Cause.STRUCTURE, 9, 9 * HOUR), True),
        (Cause.STRUCTURE, failing(Cause.UNREACHABLE, 9, 9 * HOUR), False),
        (Cause.STRUCTURE, failing(Cause.MOVED, 9, 9 * HOUR), False),
    ],
)
def test_a_source_that_goes_on_failing_is_told_again_only_when_somebody_must_act(before: Cause, now: SourceHealth, again: bool) -> None:
    known = alert(1, before, notified_at=NOW - HOUR)
    found = source_changes([now], [known], NOW)
    assert (found.closed, found.dropped) == ((), (known,) if again else ())
    assert [new.cause for new in found.opened] == ([now.cause] if again else [])


def test_what_is_not_watched_any_more_is_dropped_in_silence() -> None:
    known = alert(1, Cause.STRUCTURE, "38:site")
    assert source_changes([FINE], [known], NOW) == Changes(dropped=(known,))


def test_what_fails_again_before_its_end_was_told_is_the_same_trouble() -> None:
    known = alert(1, Cause.BLOCKED, notified_at=NOW - HOUR, closed_at=NOW)
    assert source_changes([failing(Cause.RESTING, 3, HOUR)], [known], NOW) == Changes(reopened=(known,))
    assert source_changes([failing(Cause.RESTING, 1)], [known], NOW) == Changes(reopened=(known,)), "at its first failed poll"
    assert source_changes([failing(Cause.STRUCTURE, 1)], [known], NOW) == Changes()
    mended = alert(1, Cause.STRUCTURE, notified_at=NOW - HOUR, closed_at=NOW)
    assert source_changes([failing(Cause.RESTING, 1)], [mended], NOW) == Changes(), "another trouble"
    worse = source_changes([failing(Cause.STRUCTURE, 2)], [known], NOW)
    assert (worse.dropped, [new.cause for new in worse.opened]) == ((known,), ["structure"])


def test_a_list_that_is_empty_or_files_that_fail_hide_no_site_that_does_not_answer() -> None:
    for cause in (Cause.EMPTIED, Cause.FILES):
        known = alert(1, cause, notified_at=NOW - HOUR)
        both = source_changes([failing(Cause.UNREACHABLE, 3, HOUR)], [known], NOW)
        assert (both.closed, [new.cause for new in both.opened]) == ((), ["unreachable"])
        other = alert(2, Cause.UNREACHABLE, notified_at=NOW)
        assert source_changes([failing(cause, 1)], [known, other], NOW) == Changes(closed=(other,))
        assert source_changes([FINE], [known], NOW).closed == (known,)


def test_a_clock_that_was_set_back_holds_nothing_up() -> None:
    ahead = NOW + timedelta(days=365)
    assert source_changes([failing(Cause.UNREACHABLE, 3, NOW - ahead)], [], NOW).opened
    assert numbers(due([alert(1, Cause.STRUCTURE, opened_at=ahead)], NOW).begun) == [1]
    over = alert(1, Cause.BLOCKED, notified_at=NOW, closed_at=ahead)
    assert numbers(due([over, alert(2, Cause.BLOCKED, "38:site", notified_at=NOW)], NOW).ended) == [1]


def test_an_end_that_was_noted_is_not_noted_again() -> None:
    assert source_changes([FINE], [alert(1, Cause.STRUCTURE, notified_at=NOW - HOUR, closed_at=NOW)], NOW) == Changes()


def test_a_blocked_address_is_one_trouble_for_all_who_share_it() -> None:
    """One has failed for an hour; the others, polled later, belong to the same trouble."""
    one = failing(Cause.BLOCKED, 3, HOUR, "01:site")
    others = [failing(Cause.RESTING, 1, 5 * MINUTE, f"{n:02}:site") for n in range(2, 95)]
    apart = [failing(Cause.STRUCTURE, 1, 5 * MINUTE, "95:site"), SourceHealth("96:site", Status.OK)]
    assert {new.subject for new in source_changes([one, *others, *apart], [], NOW).opened} == {one.key, *(other.key for other in others)}
    few = others[: CROWD - 2]
    assert [new.subject for new in source_changes([one, *few], [], NOW).opened] == ["01:site"]
    assert source_changes(others, [], NOW) == Changes()


def test_an_error_of_another_site_is_no_part_of_a_trouble_that_was_told() -> None:
    known = [alert(n, Cause.RESTING, f"{n:02}:site", notified_at=NOW - HOUR) for n in range(1, 20)]
    still = [failing(Cause.RESTING, 9, 3 * HOUR, one.subject) for one in known]
    newly = [failing(Cause.UNREACHABLE, key="67:site"), failing(Cause.RESTING, key="68:site")]
    assert [new.subject for new in source_changes([*still, *newly], known, NOW).opened] == ["68:site"]
    untold = [replace(one, notified_at=None) for one in known]
    assert [new.subject for new in source_changes([*still, *newly], untold, NOW).opened] == ["67:site", "68:site"]


# What is told, and when


def due(alerts: Sequence[Alert], now: datetime) -> DueAlerts:
    return decide(alerts, now, SOURCE_DELAYS)


def numbers(alerts: Sequence[Alert]) -> list[int]:
    return [one.id for one in alerts]
