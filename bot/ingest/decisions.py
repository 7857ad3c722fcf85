"""Decides what is new, what is due, what follows a failure, and when to poll. Pure: its callers do all I/O."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from statistics import fmean, median
from zoneinfo import ZoneInfo

from bot.domain.acts import Reading
from bot.domain.health import Cause
from bot.domain.records import NextPoll, Publication, Recueil, RecueilState, SourceState
from bot.domain.tasks import backoff
from sources.catalogue.authority import Order
from sources.http.politeness import Disallowed
from sources.model import (
    Blocked,
    Emptied,
    FetchError,
    FetchRefused,
    Gone,
    LayoutChanged,
    ListingEntry,
    MovedAway,
    NeedsBrowser,
    Origin,
    Paused,
    UnderMaintenance,
    Unreachable,
    Unusable,
)
from sources.text import FILE_NUMBER

UNDATED_AT_BASELINE = 3
"""How many of the newest entries are read at the first poll where the listing shows no dates."""

OLD_BEFORE_BASELINE = timedelta(days=30)
"""How much older than the first poll an entry never seen must be for a crowd of its like to count as an old list."""

CROWD = 10
"""Most old entries of one poll that may be late uploads: a page of the national platform has ten. More are an old list under new addresses,
and reading it would post decrees of years ago."""

LONGEST_ASKED = timedelta(days=1)
"""Longest wait that a server may request: more is an error of its own."""

LONGEST_WAIT = timedelta(days=2)
"""No source ever waits so long for its next poll."""

CLOCK_SLACK = timedelta(minutes=1)
"""How far in the future an instant may lie that was written as the present: clocks of several machines differ a little."""

GOES_ON = timedelta(minutes=5)
"""How soon a recueil is read on whose reading was cut and had got further: others that wait come in between."""

REFETCH = timedelta(hours=3)
REFETCHED_FOR = timedelta(days=5)
"""How often, and for how long after its last reading, one that was read in part is requested again where it cannot be fetched."""

_CHECKED_AFTER = tuple(timedelta(days=days) for days in (1, 2, 3, 4, 7, 11, 15))
"""How long after a recueil was found its file is requested again: an erratum mostly comes soon, and a day has room for few requests."""

ZIP_CHECKED_EVERY, ZIP_CHECKED_FOR = timedelta(hours=4), timedelta(days=40)
"""How often, and how long, a zip is requested again."""

_RETRIES = tuple(timedelta(minutes=m) for m in (2, 5, 15, 30, 60, 180, 360, 720, 1440, 1440, 1440, 1440))
_REREADS = tuple(timedelta(hours=h) for h in (1, 6, 24, 24, 24))


@dataclass(frozen=True, slots=True)
class NewEntry:
    """Describes an entry of a listing seen for the first time, and what is to be done with it."""

    listed: ListingEntry
    state: RecueilState


def intake(
    listed: Sequence[ListingEntry], unseen: Collection[str], *, baseline: date | None, order: Order, today: date, announce_since: timedelta
) -> tuple[NewEntry, ...]:
    """Decide what is done with the `unseen` entries of a poll. `baseline` is the day of the first poll, None if this is it. A page that was
    unreadable until now has its first poll now."""
    # The newest of the whole list: those seen already, through another source or before a crash, are not replaced by older ones.
    first = [entry for entry in listed if baseline is None or entry.origin is Origin.FIRST_READ]
    judged = {entry.listed.url: entry for entry in at_baseline(first, order=order, today=today, announce_since=announce_since)}
    later = [entry for entry in listed if entry.url in unseen and entry.url not in judged]
    if baseline is not None:
        judged |= {entry.listed.url: entry for entry in after_baseline(later, baseline=baseline)}
    return tuple(judged[entry.url] for entry in listed if entry.url in unseen)


def at_baseline(listed: Sequence[ListingEntry], *, order: Order, today: date, announce_since: timedelta) -> tuple[NewEntry, ...]:
    """Return the entries of a source's first poll: all are known, and only recent ones are read (and may be posted): dated within
    `announce_since` of `today`, or the three newest undated ones."""
    since = today - announce_since
    undated = [entry for entry in listed if entry.published is None]
    chosen = {entry.url for entry in newest(undated, order)}
    return tuple(
        NewEntry(entry, RecueilState.WAITING if _recent(entry, since) or entry.url in chosen else RecueilState.KNOWN) for entry in listed
    )


def after_baseline(fresh: Sequence[ListingEntry], *, baseline: date) -> tuple[NewEntry, ...]:
    """Return the entries of a later poll: unseen ones are new, whatever their date, except on lists of the past that replace a missing
    current one, and in a crowd of entries clearly older than the first poll."""
    oldest = baseline - OLD_BEFORE_BASELINE
    old = {entry.url for entry in fresh if entry.published is not None and entry.published < oldest}
    crowd = old if len(old) > CROWD else frozenset[str]()
    is_old = [entry.origin is Origin.PAST or entry.url in crowd for entry in fresh]
    return tuple(NewEntry(entry, RecueilState.KNOWN if old else RecueilState.WAITING) for entry, old in zip(fresh, is_old, strict=True))


def in_turn(intake: Sequence[NewEntry], order: Order) -> list[NewEntry]:
    """Sort the oldest first, for reading and posting: a decree that modifies or ends one of the same day then replies to its post. By date;
    undated entries last, in the list's `order`."""
    filled = intake if order == "oldest-first" else intake[::-1]
    return sorted(filled, key=lambda entry: entry.listed.published or date.max)


def retry_at(attempts: int, now: datetime, retry_after: float | None = None) -> datetime | None:
    """Return when to retry a failed fetch or reading after `attempts` failures (1 = the first); None: give up, and notify the operator.
    Delays grow from 2 minutes to a day, five days in all. The server's `retry_after` (seconds) is a minimum."""
    if attempts > len(_RETRIES):
        return None
    return now + max(_RETRIES[attempts - 1], _asked(retry_after))


def gained(recueil: Recueil, reading: Reading) -> bool:
    """Return whether a reading of an incomplete recueil got further than those before it. Each reading with a time limit continues the one
    before, so that long recueils are read in the end."""
    read = reading.page_count - len(reading.unreadable_pages) - len(reading.pending_pages)
    return recueil.state is RecueilState.INCOMPLETE and recueil.pages_read is not None and read > recueil.pages_read


def refetch_at(last_read: datetime | None, now: datetime, retry_after: float | None = None) -> datetime | None:
    """Return when to fetch a partly read recueil again that could not be fetched, None to give up: only the time since the last reading
    ends it, as this is no reading. `retry_after`, in seconds, is a minimum."""
    if last_read is None or now - last_read > REFETCHED_FOR:
        return None
    return now + max(REFETCH, _asked(retry_after))


def reread_at(attempts: int, now: datetime, *, gained: bool = False) -> datetime | None:
    """Return when to read an incomplete recueil again (OCR may be installed since); None after some days. `attempts` counts earlier
    readings that got no further than the one before; after one that `gained` pages the next is soon."""
    if gained:
        return now + GOES_ON
    return now + _REREADS[attempts] if attempts < len(_REREADS) else None


def check_at(found: datetime | None, now: datetime, *, is_zip: bool = False) -> datetime | None:
    """Return when to check next whether the file of a recueil `found` then was replaced at its address; None for never again. A monthly zip
    may grow."""
    if found is None:
        return None
    if is_zip:
        return now + ZIP_CHECKED_EVERY if now - found < ZIP_CHECKED_FOR else None
    return next((found + after for after in _CHECKED_AFTER if found + after > now), None)


def next_check(now: datetime, *, every: timedelta, failures: int, retry_after: float | None = None) -> datetime:
    """Return when to poll a source again: `every`, doubled at each failure in a row up to two hours, never before `retry_after` seconds."""
    wait = backoff(failures, first=every, cap=max(every, timedelta(hours=2)))
    return now + max(wait, _asked(retry_after))


_BY_ERROR: tuple[tuple[type[FetchError], Cause], ...] = (
    # The more precise ones first.
    (Emptied, Cause.EMPTIED),
    (LayoutChanged, Cause.STRUCTURE),
    (MovedAway, Cause.MOVED),
    (Gone, Cause.MOVED),
    (Unusable, Cause.UNUSABLE),
    (Blocked, Cause.CHALLENGE),
    (UnderMaintenance, Cause.MAINTENANCE),
    (FetchRefused, Cause.BLOCKED),
    (Paused, Cause.RESTING),
    (Unreachable, Cause.UNREACHABLE),
    (NeedsBrowser, Cause.NEEDS_BROWSER),
    (Disallowed, Cause.ROBOTS),
)


def cause_of(error: FetchError) -> Cause:
    """Return what a failed poll means, by the type of its error."""
    return next((cause for kind, cause in _BY_ERROR if isinstance(error, kind)), Cause.UNEXPECTED)


def after_failure(state: SourceState, error: FetchError, now: datetime, *, every: timedelta) -> SourceState:
    """Return what is remembered of a source after a poll that failed: `every` as in `next_check`."""
    was_emptied = state.cause == Cause.EMPTIED.value
    # An address that is resting was not requested, and says for how long: the trouble is still the one that made it rest.
    same = isinstance(error, Paused) and state.error is not None and not was_emptied
    message, cause = (state.error, state.cause) if same else (str(error), cause_of(error).value)
    # A list that was emptied is on a site that answers: its failures say nothing of a site that does not, nor the other way round.
    goes_on = state.failures > 0 and was_emptied == (cause == Cause.EMPTIED.value)
    # A source does not pay for the address that it shares with others, nor for a machine without a network.
    site_failures = (state.site_failures if goes_on else 0) + error.is_of_site
    every = timedelta(0) if isinstance(error, Paused) and error.retry_after else every
    return replace(
        state,
        next_check_at=next_check(now, every=every, failures=site_failures if error.is_of_site else 0, retry_after=error.retry_after),
        failures=state.failures + 1 if goes_on else 1,
        site_failures=site_failures,
        error=message,
        cause=cause,
        failing_since=(state.failing_since if goes_on else None) or now,
    )


def is_due(next_check_at: datetime | None, now: datetime) -> bool:
    """Return whether a source is due. An instant beyond any possible wait comes from a wrong clock: due at once."""
    return next_check_at is None or not now < next_check_at <= now + LONGEST_WAIT


def due_with_others(states: Sequence[NextPoll], ways: Mapping[str, object], now: datetime) -> dict[str, datetime]:
    """Return since when another source of the same way is due, by the key of each working source not polled since: one request serves them
    all. `ways` has the way of each source, by key."""
    watched = [state for state in states if state.key in ways]
    since = {ways[state.key]: at for state in watched if (at := state.next_check_at) is not None and at <= now}
    working = [(state, state.last_ok_at) for state in watched if not state.failures and state.last_ok_at is not None]
    return {state.key: at for state, polled in working if (at := since.get(ways[state.key])) is not None and polled < at}


def set_back_by(last_polls: Iterable[datetime | None], now: datetime) -> timedelta:
    """Return how far the clock was set back since the last good polls, at least: nothing where none of them lies in the future."""
    ahead = max((last for last in last_polls if last is not None), default=now) - now
    return ahead if ahead > CLOCK_SLACK else timedelta(0)


def _asked(retry_after: float | None) -> timedelta:
    return timedelta(seconds=min(retry_after or 0, LONGEST_ASKED.total_seconds()))


def newest(undated: Sequence[ListingEntry], order: Order) -> Sequence[ListingEntry]:
    """Return the newest of entries without a date, as far as anything shows. `undated` is in the order of the list."""
    if order == "oldest-first":
        return undated[-UNDATED_AT_BASELINE:]
    numbered = [(int(found[1]), entry) for entry in undated if (found := FILE_NUMBER.search(entry.url))]
    if order != "newest-first" and len(numbered) == len(undated):
        return [entry for _, entry in sorted(numbered, key=lambda pair: pair[0])[-UNDATED_AT_BASELINE:]]
    return undated[:UNDATED_AT_BASELINE]


def _recent(entry: ListingEntry, since: date) -> bool:
    return entry.published is not None and entry.published >= since


# Learns when an authority publishes, hence when to poll it and since when it is late. Pure. The initial model: working days, mostly from
# eight to eight, some Friday evenings for Saturday, seldom at night.

HALF_LIFE = timedelta(days=60)
"""Age at which a publication counts half: habits change with people."""

TRUST = 40.0
"""Publications after which what was seen weighs as much as what is expected of any prefecture: a month or two of an average one."""

TRUST_IN_ALL = 400.0
"""Publications after which the average of all sources weighs as much as the initial model in what is expected of any: a week of all of
France, years of one source."""

WATCHED = timedelta(hours=15.2)
"""On the busiest sort of day a source is polled as often as if it were polled at an even pace for so long, and never besides."""

FLATTER = 0.6
"""Exponent of the hourly share of publications to which polls are proportional. With 1, recueils of rare hours would wait too long; with
1/2, half of all would wait longer."""

CLOSEST = 0.5
"""Shortest interval between polls, as a multiple of the even pace."""

FURTHEST = 5 / 3
"""Longest interval between polls on a working day from eight to eight, as a multiple of the even pace. Otherwise a recueil in a source's
unusual hour waited twice as long; costs half a poll a day."""

LEAST_VOLUME = 0.7
"""Of what a source publishes on average: one that publishes less, or of which little is known yet, is polled as if it did so much."""

MEMORY = timedelta(days=400)
"""How long days with a publication count for the usual gap: long, for slow sources and for yearly patterns such as Christmas."""

FEW_GAPS = 8
"""Gaps between days with a publication below which nothing is said of what is usual."""

NEVER_LATE_BEFORE = timedelta(days=5)
"""From the Wednesday before a holiday and its bridge day to the Monday after: no reason to worry anybody."""

Rates = tuple[tuple[float, ...], ...]
"""Publications per hour in arbitrary units: for a working day, a Saturday and a Sunday, 24 hours each, local time."""

_HOUR = timedelta(hours=1)
_WORKING_DAYS, _SATURDAY, _SUNDAY = range(3)
_WORKING_HOURS = range(8, 20)
_DAYS_OF = (5, 1, 1)
"""How many days of a week are of each sort."""

# Shares of the busiest hour, by hour of the day.
_KNOWN_BEFOREHAND: Rates = (
    (0.05,) * 7 + (0.5,) + (1.0,) * 11 + (0.7, 0.4, 0.4, 0.2, 0.05),
    (0.05,) * 9 + (0.3,) * 11 + (0.05,) * 4,
    (0.05,) * 9 + (0.15,) * 12 + (0.05,) * 3,
)
# A poll finds what came since the one before: rather a little earlier than later.
_AROUND = ((-1, 0.3), (0, 0.5), (1, 0.2))


@dataclass(frozen=True, slots=True)
class PublicationStats:
    """Holds what is usual for one source. `volume`: how much it publishes, as a share of the average. `usual_gap`: median time between two
    days with a publication; `late_after`: a silence that it practically never keeps; both None while too little is known. `latest`: the
    last day with a publication."""

    zone: ZoneInfo
    rates: Rates
    volume: float = 1.0
    usual_gap: timedelta | None = None
    late_after: timedelta | None = None
    latest: date | None = None


def learn(
    publications: Iterable[Publication], zone: ZoneInfo, now: datetime, every_source: Iterable[PublicationStats] = ()
) -> PublicationStats:
    """Learn the habits of a source from its publications, in the authority's time zone, and from the habits of `every_source`, itself
    included. `now` is an aware instant."""
    known, others = list(publications), [stats.rates for stats in every_source]
    days = _days(known, zone, now)
    usual_gap, late_after = _gaps(days)
    rates = _rates(known, zone, now, _expected(others))
    volume = max(_weekly(rates) / fmean(map(_weekly, others)), LEAST_VOLUME) if others else 1.0
    return PublicationStats(zone, rates, volume, usual_gap, late_after, days[-1] if days else None)


def interval(habits: PublicationStats, now: datetime, *, every: timedelta, slowest: timedelta, requests: int = 1) -> timedelta:
    """Return the wait before the next poll, at most `slowest`. `every` gives the polls on a busy day (`WATCHED`) of an average source.
    Their number grows with the square root of what a source publishes, and falls with that of the `requests` per poll. A wait that reaches
    into a busier hour ends as if it began there."""
    slowest = max(every, slowest)
    every *= (max(requests, 1) / habits.volume) ** 0.5
    wait = _wait(habits, now, every, slowest)
    hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + _HOUR
    while hour < now + wait:
        wait = min(wait, hour - now + _wait(habits, hour, every, slowest))
        hour += _HOUR
    return wait


def is_late(habits: PublicationStats, last_new: datetime | None, now: datetime) -> bool:
    """Return whether nothing was published for longer than usual. `last_new` is when something new was last found, None for never. Counts
    whole days, as gaps do: the current day may still bring something."""
    if habits.late_after is None or habits.latest is None:
        return False
    last = habits.latest if last_new is None else max(habits.latest, last_new.astimezone(habits.zone).date())
    return now.astimezone(habits.zone).date() - last > habits.late_after


def _wait(habits: PublicationStats, now: datetime, every: timedelta, slowest: timedelta) -> timedelta:
    local = now.astimezone(habits.zone)
    sort, whole = _sort(local), max(sum(math.pow(rate, FLATTER) for rate in rates) for rates in habits.rates)
    polls = WATCHED / every * math.pow(habits.rates[sort][local.hour], FLATTER) / whole
    longest = FURTHEST * every if sort == _WORKING_DAYS and local.hour in _WORKING_HOURS else slowest
    return min(max(_HOUR / polls, CLOSEST * every), longest, slowest)


def _expected(every_source: Sequence[Rates]) -> Rates:
    """Return what is expected of any source, learned from all. That each of them was taught it before changes nothing of where it ends."""
    learned = (_weighing(TRUST_IN_ALL, _KNOWN_BEFOREHAND), *every_source)
    return tuple(tuple(map(sum, zip(*days, strict=True))) for days in zip(*learned, strict=True))


def _weighing(publications: float, rates: Rates) -> Rates:
    """Return rates in the same proportions, of so many publications in a week."""
    whole = _weekly(rates)
    return tuple(tuple(publications * rate / whole for rate in day) for day in rates)


def _weekly(rates: Rates) -> float:
    return sum(sum(day) * days for day, days in zip(rates, _DAYS_OF, strict=True))


def _rates(publications: Sequence[Publication], zone: ZoneInfo, now: datetime, expected: Rates) -> Rates:
    rates = [list(day) for day in _weighing(TRUST, expected)]
    # What one poll finds is one publication: a backlog put online at once says no more of the hour than a single file.
    for found in {item.found_at for item in publications if item.found_at is not None}:
        weight = _weight(now - found)
        for offset, share in _AROUND:
            local = (found + offset * _HOUR).astimezone(zone)
            sort = _sort(local)
            rates[sort][local.hour] += weight * share / _DAYS_OF[sort]
    for day in {item.published for item in publications if item.found_at is None and item.published is not None}:
        # The day is known, its hour is not: it counts for the whole day, and the day's hours keep their proportions.
        midday = datetime.combine(day, time(12), zone)
        sort = _sort(midday)
        whole = sum(rates[sort])
        grown = 1 + _weight(now - midday) / _DAYS_OF[sort] / whole
        rates[sort] = [rate * grown for rate in rates[sort]]
    return tuple(tuple(day) for day in rates)


def _weight(age: timedelta) -> float:
    # A day in the future is a slip of the site's, or of a clock.
    return float(0.5 ** (max(age, timedelta(0)) / HALF_LIFE))


def _sort(local: datetime) -> int:
    return max(local.weekday() - 4, _WORKING_DAYS)


def _days(publications: Sequence[Publication], zone: ZoneInfo, now: datetime) -> list[date]:
    """Return the days with a publication, in order. What the site shows is a day; where it shows none, the day it was found."""
    today = now.astimezone(zone).date()
    shown = (item.published or (item.found_at.astimezone(zone).date() if item.found_at is not None else None) for item in publications)
    return sorted({day for day in shown if day is not None and today - MEMORY <= day <= today})


def _gaps(days: Sequence[date]) -> tuple[timedelta | None, timedelta | None]:
    gaps = sorted((after - before).days for before, after in pairwise(days))
    if len(gaps) < FEW_GAPS:
        return None, None
    nearly_longest = gaps[(len(gaps) - 1) * 95 // 100]
    return timedelta(days=median(gaps)), max(NEVER_LATE_BEFORE, timedelta(days=max(2 * nearly_longest, 1.25 * gaps[-1])))
