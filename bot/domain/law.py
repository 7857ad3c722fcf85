"""Applies the law to a decree: whether it is in force, time limit, court (`courts.toml`), legal windows of its topic, striking dates.
Pure. General information to verify for each case, not legal advice. Articles were read in the codes consolidated on 2026-04-03; what rests
on case law is marked.
"""

from __future__ import annotations

import re
import tomllib
from calendar import monthrange
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from enum import Enum, StrEnum
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain.acts import GRANTS, Change, Decree, DecreePeriod, Facts, Kind, Moment, Place, Slot
from bot.domain.hours import has_hours_on, open_hours
from bot.domain.publication import LeadTime, lead_time_of
from bot.domain.text import fold_letters
from bot.domain.topics import Window, topics


@dataclass(frozen=True, slots=True)
class Court:
    """The competent court: `named` in the decree, else `by_seat`: that of the authority's seat (article R. 312-1 of the code de justice
    administrative), wherever the decision applies; None if neither is known. If both differ, show both.
    """

    name: str | None
    named: str | None
    by_seat: str | None

    @property
    def differs(self) -> bool:
        """True when the decree names another court than that of its authority's seat."""
        return self.named is not None and self.by_seat is not None and self.named != self.by_seat


PREFIX = "tribunaladministratif"
LINK = r"(?:territorialementcompetent)?(?:situea|sisa|dela|des|de|du|d|a)?"
"""What may stand between `PREFIX` and the name of the place, as a pattern over letters folded by `fold_letters`."""


def court(authority: str, named: str | None) -> Court:
    """Return the court for a decree of this authority (`26`, `PP`, `R-IDF`) that names this court, if any."""
    match = _place().fullmatch(fold_letters(named).removeprefix(PREFIX)) if named else None
    own = spellings()[match["name"]] if match is not None else named or None
    by_seat = _by_seat().get(authority.upper())
    return Court(own or by_seat, own, by_seat)


@cache
def spellings() -> Mapping[str, str]:
    """Return the name of each court by the folded letters of its place and of its other names."""
    return {
        fold_letters(spelling): entry["name"]
        for entry in _table()
        for spelling in (re.sub(r"^Tribunal administratif (?:d['’]|de (?:la )?)", "", entry["name"]), *entry.get("also", ()))
    }


@cache
def _place() -> re.Pattern[str]:
    # The longest first: Saint-Denis de La Réunion is not Saint-Denis.
    return re.compile(rf"{LINK}(?P<name>{'|'.join(sorted(spellings(), key=len, reverse=True))})")


@cache
def _by_seat() -> Mapping[str, str]:
    return {seat: entry["name"] for entry in _table() for seat in entry["seats"]}


@cache
def _table() -> list[dict[str, Any]]:
    table: list[dict[str, Any]] = tomllib.loads(files("bot.domain").joinpath("courts.toml").read_text(encoding="utf-8"))["court"]
    return table


# The periods in which the law allowed a use. A decree outside every window is flagged, never dropped.

_DAY = timedelta(days=1)

Days = tuple[date, date]
"""A first day and a last one, both included."""


def window(day: date, topic: str) -> Window | None:
    """Return the most certain legal window of this day; None where no text allowed the use."""
    return next((entry for entry in topics()[topic].windows if entry.first <= day <= entry.last), None)


def outside(facts: Facts, topic: str) -> frozenset[str]:
    """Return which dates of a decree (`signed`, any day of its `period`) no text allowed the use on. A decree needs a basis when it is
    signed, and one window for its whole period.
    """
    signed = facts.signed is not None and window(facts.signed, topic) is None
    return frozenset(about for about, is_outside in (("signed", signed), ("period", bool(_period_outside(facts, topic)))) if is_outside)


def days_outside(facts: Facts, topic: str) -> tuple[Days, ...]:
    """Return, in order, the days of a decree's period and its signature for which no text allowed the use."""
    found = _period_outside(facts, topic)
    signed = facts.signed
    if signed is not None and window(signed, topic) is None and not any(first <= signed <= last for first, last in found):
        found = (*found, (signed, signed))
    return tuple(sorted(found))


def _period_outside(facts: Facts, topic: str) -> tuple[Days, ...]:
    known = [moment.day for moment in (facts.starts, facts.ends) if moment is not None]
    if len(known) == 2 and known[0] <= known[1]:
        return _gaps(known[0], known[1], topics()[topic].windows)
    # Of a period that is known in part, or was misread, single days.
    return tuple((day, day) for day in dict.fromkeys(known) if window(day, topic) is None)


def _gaps(first: date, last: date, windows: Iterable[Window]) -> tuple[Days, ...]:
    """Return the stretches of these days, both included, that no window holds."""
    found: list[Days] = []
    for entry in sorted(windows, key=lambda entry: entry.first):
        if entry.first > first:
            found.append((first, min(last, entry.first - _DAY)))
        first = max(first, entry.last + _DAY)
        if first > last:
            return tuple(found)
    return (*found, (first, last))


def longest(day: date, topic: str) -> int | None:
    """Return the most months of an authorisation that begins on this day; None without a text or known limit."""
    limits = [entry.months for entry in topics()[topic].windows if entry.first <= day <= entry.last]
    known = [months for months in limits if months is not None]
    return max(known) if known and len(known) == len(limits) else None


# What a reader of a decree should know of it on a day.


class Recourse(StrEnum):
    """State of a decree's period for urgent applications (articles L. 521-1 and L. 521-2): `FUTURE`, `RUNNING`, `OVER` (no suspension any
    more, only annulment until `last_day`), `UNKNOWN`.
    """

    FUTURE = "future"
    RUNNING = "running"
    OVER = "over"
    UNKNOWN = "unknown"


class Standing(StrEnum):
    """State of a decree, with later changes: `UPCOMING`, `IN_FORCE`, `OVER` by period and hours; `ENDED`, `SUSPENDED` by a later decree;
    `IN_DOUBT`: the decree that ended it was ended too, unclear with what effect, so a person must look; `CHANGE`: only changes another;
    `REFUSED`: allows nothing; `UNKNOWN`: period not read.
    """

    UPCOMING = "upcoming"
    IN_FORCE = "in_force"
    OVER = "over"
    ENDED = "ended"
    SUSPENDED = "suspended"
    IN_DOUBT = "in_doubt"
    CHANGE = "change"
    REFUSED = "refused"
    UNKNOWN = "unknown"


_BY_PERIOD = {
    Recourse.FUTURE: Standing.UPCOMING,
    Recourse.RUNNING: Standing.IN_FORCE,
    Recourse.OVER: Standing.OVER,
    Recourse.UNKNOWN: Standing.UNKNOWN,
}


class Applicability(Enum):
    """Whether a change applies on a day. `IN_DOUBT`: the changing decree was ended, with unclear effect."""

    YES = "yes"
    NO = "no"
    IN_DOUBT = "in_doubt"


_BY_CHANGE = (
    ((Kind.ABROGATION, Applicability.YES), Standing.ENDED),
    ((Kind.ABROGATION, Applicability.IN_DOUBT), Standing.IN_DOUBT),
    ((Kind.SUSPENSION, Applicability.YES), Standing.SUSPENDED),
    ((Kind.SUSPENSION, Applicability.IN_DOUBT), Standing.IN_DOUBT),
)
"""What later decrees make of one that is not over: the first that holds."""


def standing(decree: DecreePeriod, now: datetime) -> Standing:
    """Return the standing of a decree at `now`, in the authority's time zone: of one that has hours of each day UPCOMING between them and
    OVER after the last. Raises ValueError for a naive `now`.
    """
    stands, slots = _by_period_and_changes(decree, now), slots_of(decree)
    if stands is not Standing.IN_FORCE or not slots:
        return stands
    hours = open_hours(slots, now)
    if hours is None:
        return Standing.OVER
    return Standing.IN_FORCE if hours.is_open else Standing.UPCOMING


def standing_on(decree: DecreePeriod, day: date, zone: tzinfo) -> Standing:
    """Return the standing on a day: at its beginning, or when the decree begins on it; UPCOMING or OVER on a day without hours."""
    starts, _ = period(decree, day)
    at = starts.time if starts is not None and starts.day == day and starts.time is not None else time()
    begins = datetime.combine(day, at, zone)
    stands, slots = _by_period_and_changes(decree, begins), slots_of(decree)
    if stands is not Standing.IN_FORCE or not slots or has_hours_on(slots, day):
        return stands
    return Standing.OVER if open_hours(slots, begins) is None else Standing.UPCOMING


def slots_of(decree: DecreePeriod) -> tuple[Slot, ...]:
    """Return the hours of each day of a decree; none where its period was changed since, as theirs is not known."""
    facts = decree.facts.sure
    return facts.slots if facts.slots and period(decree) == (facts.starts, facts.ends) else ()


def _by_period_and_changes(decree: DecreePeriod, now: datetime) -> Standing:
    """Return the standing without hours. Ends and suspensions apply from their day (`hold`), without one at once. A decree whose period is
    over stays OVER, ended early or not."""
    if decree.kind is Kind.REFUSAL:
        return Standing.REFUSED
    if decree.kind not in GRANTS:
        return Standing.CHANGE
    today = now.date()
    by_period = _BY_PERIOD[recourse(*period(decree, today), now)]
    if by_period is Standing.OVER:
        return by_period
    held = {(change.kind, hold(change, today)) for change in decree.changed_by}
    return next((told for how, told in _BY_CHANGE if how in held), by_period)


def hold(change: Change, today: date | None) -> Applicability:
    """Return whether a change applies on this day (None: any), with the ends of the changing decree."""
    if change.since is not None and today is not None and change.since > today:
        return Applicability.NO
    revoked = {_revokes(ending, change, today) for ending in change.revoked_by}
    if Applicability.YES in revoked:
        return Applicability.NO
    return Applicability.IN_DOUBT if Applicability.IN_DOUBT in revoked else Applicability.YES


def never_began(changes: Iterable[Change], starts: Moment | None) -> bool:
    """Return whether one of these changes ends a decree before its period begins, or as if it never had."""
    return any(
        change.kind is Kind.ABROGATION
        and hold(change, None) is Applicability.YES
        and (change.retroactive or change.since is None or starts is None or change.since <= starts.day)
        for change in changes
    )


def _revokes(ending: Change, change: Change, today: date | None) -> Applicability:
    """Return whether the end of the changing decree ends its change, by general principles (case law, to be verified).

    Abrogating an abrogation does not revive the first act; a retrait ("retiré", "rapporté") does, lawful or not. So does an annulment by
    a court, which no recueil reports. A suspension ends either way; that a modification does is an assumption.
    """
    held = hold(ending, today)
    if held is Applicability.NO or change.kind is not Kind.ABROGATION or ending.retroactive:
        return held
    return Applicability.NO if ending.retroactive is False else Applicability.IN_DOUBT


def period(decree: DecreePeriod, today: date | None = None) -> tuple[Moment | None, Moment | None]:
    """Return begin and end of a decree's period, as last modified. An ended modification applies until that end (`today` None: not at all).
    A modified beginning without an end is when it applies (« À compter du 5 décembre, le nombre de caméras est porté à 30 »), not a new
    period.
    """
    starts, ends = decree.facts.sure.starts, decree.facts.sure.ends
    modified = [change for change in decree.changed_by if change.kind is Kind.MODIFICATION and not _is_revoked(change, today)]
    for change in sorted(modified, key=lambda change: change.since or date.min):
        if change.ends is not None:
            starts, ends = change.starts or starts, change.ends
    return starts, ends


def cameras(decree: Decree, today: date) -> int | None:
    """Return how many cameras a decree counts for sure on this day, as last modified."""
    applying = [change for change in decree.changed_by if change.kind is Kind.MODIFICATION and hold(change, today) is Applicability.YES]
    counts = [change.cameras for change in sorted(applying, key=lambda change: change.since or date.min) if change.cameras is not None]
    return counts[-1] if counts else decree.facts.sure.cameras


def _is_revoked(change: Change, today: date | None) -> bool:
    return any(_revokes(ending, change, today) is Applicability.YES for ending in change.revoked_by)


# Until when a decree can be contested, and whether an urgent application still makes sense.

FIRST_YEAR, LAST_YEAR = 1982, 2099
"""Years for which the public holidays are known: since 8 May is one again, up to where the rule for Easter holds."""
_FIXED_HOLIDAYS = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
_AFTER_EASTER = (1, 39, 50)
"""Days from Easter to its Monday, to Ascension and to Whit Monday."""

_MONTHS = 2
_SATURDAY = 5


def last_day(published: date) -> date:
    """Return the last day for third parties to contest a decree published on this day. Raises ValueError outside `FIRST_YEAR` to
    `LAST_YEAR`.

    Two months (article R. 421-1, code de justice administrative), "délai franc" (case law), extended to a working day (article 642, second
    paragraph, code de procédure civile; case law). Local holidays and article R. 421-7 only lengthen it: left out.
    """
    if not FIRST_YEAR <= published.year <= LAST_YEAR:
        raise ValueError(f"no public holidays are known for {published.year}")
    day = months_later(published, _MONTHS) + timedelta(days=1)
    while day.weekday() >= _SATURDAY or day in _holidays(day.year):
        day += timedelta(days=1)
    return day


def months_later(day: date, months: int) -> date:
    """Return the same day so many months later, or that month's last day. Raises ValueError beyond the year 9999."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    if year > date.max.year:
        raise ValueError(f"no such month: {months} after {day}")
    return date(year, month, min(day.day, monthrange(year, month)[1]))


@cache
def _holidays(year: int) -> frozenset[date]:
    """Return those of article L. 3133-1 of the code du travail."""
    if year > LAST_YEAR:
        raise ValueError(f"no public holidays are known for {year}")
    fixed = (date(year, month, day) for month, day in _FIXED_HOLIDAYS)
    return frozenset((*fixed, *(_easter(year) + timedelta(days) for days in _AFTER_EASTER)))


def _easter(year: int) -> date:
    """Return Easter Sunday by the rule of Gauss with its two exceptions, for 1900 to 2099."""
    moon = (19 * (year % 19) + 24) % 30
    sunday = (2 * (year % 4) + 4 * (year % 7) + 6 * moon + 5) % 7
    too_late = sunday == 6 and (moon == 29 or (moon == 28 and year % 19 > 10))
    return date(year, 3, 22) + timedelta(moon + sunday - 7 * too_late)


def recourse(starts: Moment | None, ends: Moment | None, now: datetime) -> Recourse:
    """Return the recourse at `now`, in the authority's time zone, as are hours of decrees. A start without hour is 0 h, an end 24 h; an end
    before the start is ignored. Raises ValueError for a naive `now`.
    """
    if now.tzinfo is None:
        raise ValueError("now needs a time zone")
    clock = now.replace(tzinfo=None)
    begun = None if starts is None else clock >= datetime.combine(starts.day, starts.time or time())
    if starts is not None and ends is not None and ends_first(ends, starts):
        ends = None
    over = None if ends is None else _has_ended(ends, clock)
    if over:
        return Recourse.OVER
    if begun is False:
        return Recourse.FUTURE
    return Recourse.RUNNING if begun and over is False else Recourse.UNKNOWN


def _has_ended(ends: Moment, clock: datetime) -> bool:
    return clock.date() > ends.day if ends.time is None else clock >= datetime.combine(ends.day, ends.time)


def ends_first(ends: Moment, starts: Moment) -> bool:
    """Whether an end is not after a beginning: one of them is misread."""
    if ends.time is None:
        return ends.day < starts.day
    return datetime.combine(ends.day, ends.time) <= datetime.combine(starts.day, starts.time or time())


# What to say of a decree besides what it says.


class Flag(StrEnum):
    """Flags of a decree. `OUTSIDE_WINDOW`: signature or a day of its period without a text that allows the use.
    `LONGER_THAN_ALLOWED`: authorises beyond the legal limit. `PUBLISHED_AFTER_START`: its recueil is dated after its beginning.
    """

    OUTSIDE_WINDOW = "outside_window"
    LONGER_THAN_ALLOWED = "longer_than_allowed"
    PUBLISHED_AFTER_START = "published_after_start"


@dataclass(frozen=True, slots=True)
class LegalAdvice:
    """Information on a decree to verify, with sources, not legal advice. `last_day`: last for third parties to contest; None without
    publication: then not before `at_least`, from the signature, if known. If flagged: `late`, days published after its beginning; `months`
    allowed; `outside`, spans of days (inclusive) without a legal basis. `starts`, `ends`: period as last modified.
    """

    standing: Standing
    recourse: Recourse
    court: Court
    last_day: date | None
    flags: tuple[Flag, ...]
    late: int | None = None
    months: int | None = None
    starts: Moment | None = None
    ends: Moment | None = None
    outside: tuple[Days, ...] = ()
    at_least: date | None = None


_AHEAD = timedelta(days=7)
"""How far ahead the date of a recueil may be set by those who publish it."""


def legal_advice(decree: Decree, place: Place, now: datetime) -> LegalAdvice:
    """Return the legal advice on a decree of the authority at `place` at `now` (aware). Raises ValueError for a naive `now`."""
    there = now.astimezone(ZoneInfo(place.time_zone))
    published = _published(decree, there)
    raised = flags(decree, published)
    last = limit(published)
    starts, ends = period(decree, there.date())
    return LegalAdvice(
        standing=standing(decree, there),
        recourse=recourse(starts, ends, there),
        court=court(decree.facts.authority or decree.authority, decree.facts.court),
        last_day=last,
        flags=raised,
        late=_late(decree, published) if Flag.PUBLISHED_AFTER_START in raised else None,
        months=_months(decree) if Flag.LONGER_THAN_ALLOWED in raised else None,
        starts=starts,
        ends=ends,
        at_least=_at_least(decree, there) if last is None else None,
        outside=days_outside(decree.facts.sure, decree.topic) if Flag.OUTSIDE_WINDOW in raised else (),
    )


def limit(published: date | None) -> date | None:
    """Return the last day for third parties to contest what was published then; None where unknown or misread."""
    if published is None:
        return None
    try:
        return last_day(published)
    except ValueError:
        return None


def _published(decree: Decree, there: datetime) -> date | None:
    """Return the day from which the limit runs; None where unknown. A recueil dated some days ahead counts from its discovery, so that the
    limit is never too late; one further ahead was misread.
    """
    found = _found(decree, there)
    if decree.published is None or decree.published <= found:
        return decree.published
    return found if decree.published - found <= _AHEAD else None


def _found(decree: Decree, there: datetime) -> date:
    """Return the day of discovery at its place; today where it is not stored."""
    return (decree.found_at or there).astimezone(there.tzinfo).date()


def _at_least(decree: Decree, there: datetime) -> date | None:
    """Return the last day to contest if published when signed, the earliest possible."""
    signed = decree.facts.sure.signed
    return None if signed is None or signed > _found(decree, there) else limit(signed)


def _months(decree: Decree) -> int | None:
    starts = decree.facts.sure.starts
    return None if starts is None else longest(starts.day, decree.topic)


def _late(decree: Decree, published: date | None) -> int | None:
    starts = decree.facts.sure.starts
    return None if starts is None or published is None else (published - starts.day).days


# What is striking in the dates of a decree: nothing here says that a decree is unlawful, only what a reader should check.


def flags(decree: Decree, published: date | None) -> tuple[Flag, ...]:
    """Return the flags of a decree published on this day (None: unknown), in the order of the list."""
    facts = decree.facts.sure
    # The period of the other kinds is mostly that of the decree which they change, end or refuse.
    granted = decree.kind in GRANTS
    raised = {
        Flag.OUTSIDE_WINDOW: bool(outside(facts, decree.topic)) or any(quote.about == Flag.OUTSIDE_WINDOW for quote in decree.evidence),
        Flag.LONGER_THAN_ALLOWED: granted and _too_long(facts, decree.topic),
        # On the day of its start a recueil may have appeared before the hour.
        Flag.PUBLISHED_AFTER_START: granted and facts.starts is not None and published is not None and published > facts.starts.day,
    }
    return tuple(flag for flag in Flag if raised[flag])


def _too_long(facts: Facts, topic: str) -> bool:
    """Return whether a decree authorises for longer than allowed; the 1st to the next 1st is a month, hours do not count."""
    if facts.starts is None or facts.ends is None:
        return False
    months = longest(facts.starts.day, topic)
    return months is not None and facts.ends.day > months_later(facts.starts.day, months)


def lead_time(decree: Decree, place: Place) -> LeadTime | None:
    """Return how long before its beginning a decree went online; None where that is not sure: a doubtful beginning, another publication
    that may be earlier, a kind whose period is mostly that of another decree."""
    online, facts = decree.online, decree.facts.sure
    others = (seen.online for seen in decree.sightings if seen.url != decree.url)
    if online is None or decree.kind not in GRANTS:
        return None
    if any(other is None or other.after is None or other.after < online.until for other in others):
        return None
    try:
        return lead_time_of(online, facts.starts, facts.ends, ZoneInfo(place.time_zone))
    except OverflowError:  # the last or the first day of the calendar: a misread date
        return None
