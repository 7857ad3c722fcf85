"""What is new, what is due, what a failure means: pure decisions, the shell around them only does I/O."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.domain.acts import Reading
from bot.domain.backoff import backoff
from bot.domain.records import Recueil, RecueilState
from sources.catalogue.authority import Order
from sources.model import ListingEntry, Origin

UNDATED_AT_BASELINE = 3
"""How many of the newest entries are read at the first poll where the listing shows no dates."""

OLD_BEFORE_BASELINE = timedelta(days=30)
"""How much older than the first poll an entry never seen must be for a crowd of its like to count as an old list."""

CROWD = 10
"""Old entries that may turn up in one poll and still be late uploads: a page of the national platform has ten.

More of them is an old list that was made anew under other addresses: reading it all would post decrees of years ago.
"""

LONGEST_ASKED = timedelta(days=1)
"""What a server may ask to wait, at the most: more is a slip of its own."""

LONGEST_WAIT = timedelta(days=2)
"""No source ever waits so long for its next poll."""

CLOCK_SLACK = timedelta(minutes=1)
"""How far in the future an instant may lie that was written as the present: clocks of several machines differ a little."""

GOES_ON = timedelta(minutes=5)
"""How soon a recueil is read on whose reading was cut and had got further: others that wait come in between."""

REFETCH = timedelta(hours=3)
REFETCHED_FOR = timedelta(days=5)
"""How often, and for how long after its last reading, one that was read in part is asked for again where it cannot be fetched."""

_FILE_NUMBER = re.compile(r"contenu/telechargement/(\d+)/")
_RETRIES = tuple(timedelta(minutes=m) for m in (2, 5, 15, 30, 60, 180, 360, 720, 1440, 1440, 1440, 1440))
_REREADS = tuple(timedelta(hours=h) for h in (1, 6, 24, 24, 24))


@dataclass(frozen=True, slots=True)
class Intake:
    """An entry of a listing seen for the first time, and what is to be done with it."""

    listed: ListingEntry
    state: RecueilState


def intake(
    listed: Sequence[ListingEntry], unseen: Collection[str], *, baseline: date | None, order: Order, today: date, announce_since: timedelta
) -> tuple[Intake, ...]:
    """Decide what is done with the entries of a poll that are `unseen`. `baseline` is the day of the first poll, None where this is it.

    A page that could not be read until now has its first poll now, whenever the others had theirs.
    """
    # The newest of the whole list: those seen already, through another source or before a crash, are not replaced by older ones.
    first = [entry for entry in listed if baseline is None or entry.origin is Origin.FIRST_READ]
    judged = {entry.listed.url: entry for entry in at_baseline(first, order=order, today=today, announce_since=announce_since)}
    later = [entry for entry in listed if entry.url in unseen and entry.url not in judged]
    if baseline is not None:
        judged |= {entry.listed.url: entry for entry in after_baseline(later, baseline=baseline)}
    return tuple(judged[entry.url] for entry in listed if entry.url in unseen)


def at_baseline(listed: Sequence[ListingEntry], *, order: Order, today: date, announce_since: timedelta) -> tuple[Intake, ...]:
    """First poll of a source: everything is known, only what is recent is read (and can be posted).

    Recent means dated within `announce_since` of `today`; among undated entries, the three newest.
    """
    since = today - announce_since
    undated = [entry for entry in listed if entry.published is None]
    chosen = {entry.url for entry in newest(undated, order)}
    return tuple(
        Intake(entry, RecueilState.WAITING if _recent(entry, since) or entry.url in chosen else RecueilState.KNOWN) for entry in listed
    )


def after_baseline(fresh: Sequence[ListingEntry], *, baseline: date) -> tuple[Intake, ...]:
    """Later polls: what was never seen is new, whatever date it bears.

    But for lists of the past that stand in for a current one that is missing, and for a crowd of entries clearly older than our first look.
    """
    oldest = baseline - OLD_BEFORE_BASELINE
    old = {entry.url for entry in fresh if entry.published is not None and entry.published < oldest}
    crowd = old if len(old) > CROWD else frozenset[str]()
    is_old = [entry.origin is Origin.PAST or entry.url in crowd for entry in fresh]
    return tuple(Intake(entry, RecueilState.KNOWN if old else RecueilState.WAITING) for entry, old in zip(fresh, is_old, strict=True))


def in_turn(intake: Sequence[Intake], order: Order) -> list[Intake]:
    """Sort the oldest first, as they are read and posted: what modifies or ends a decree of the same day then replies to its post.

    By date; entries without one come last, in the order in which a list of this `order` was filled.
    """
    filled = intake if order == "oldest-first" else intake[::-1]
    return sorted(filled, key=lambda entry: entry.listed.published or date.max)


def retry_at(attempts: int, now: datetime, retry_after: float | None = None) -> datetime | None:
    """Return when to try a failed fetch or reading again after `attempts` failures (1 = the first); None: give up, tell the operator.

    The steps grow from 2 minutes to a day and last some five days in all. A server's own `retry_after` (seconds) is a floor.
    """
    if attempts > len(_RETRIES):
        return None
    return now + max(_RETRIES[attempts - 1], _asked(retry_after))


def gained(recueil: Recueil, reading: Reading) -> bool:
    """Return whether a reading got further than those before it, at the end of which the recueil was incomplete.

    Of one whose reading takes longer than is allowed at a time, each goes on from the one before: it ends, as it has so many pages.
    """
    read = reading.page_count - len(reading.unreadable_pages) - len(reading.pending_pages)
    return recueil.state is RecueilState.INCOMPLETE and recueil.pages_read is not None and read > recueil.pages_read


def refetch_at(last_read: datetime | None, now: datetime, retry_after: float | None = None) -> datetime | None:
    """Return when to ask again for a recueil that was read in part and cannot be fetched, None to give up.

    It is no reading, so it uses up none: what ends it is the time since the last one. `retry_after` is in seconds, a floor.
    """
    if last_read is None or now - last_read > REFETCHED_FOR:
        return None
    return now + max(REFETCH, _asked(retry_after))


def reread_at(attempts: int, now: datetime, *, gained: bool = False) -> datetime | None:
    """Return when to read an incomplete recueil again: OCR may have been installed since; None after some days.

    `attempts` counts the readings before that got no further than the one before them; one that `gained` pages goes on soon.
    """
    if gained:
        return now + GOES_ON
    return now + _REREADS[attempts] if attempts < len(_REREADS) else None


def next_check(now: datetime, *, every: timedelta, failures: int, retry_after: float | None = None) -> datetime:
    """Return when to poll a source again: `every`, doubled at each failure in a row up to two hours, never before `retry_after` seconds."""
    wait = backoff(failures, first=every, cap=max(every, timedelta(hours=2)))
    return now + max(wait, _asked(retry_after))


def is_due(next_check_at: datetime | None, now: datetime) -> bool:
    """Return whether a source is due. What is further away than any wait was written by a clock that was ahead: it is due at once."""
    return next_check_at is None or not now < next_check_at <= now + LONGEST_WAIT


def set_back_by(last_polls: Iterable[datetime | None], now: datetime) -> timedelta:
    """Return how far the clock was set back since the last good polls, at least: nothing where none of them lies in the future."""
    ahead = max((last for last in last_polls if last is not None), default=now) - now
    return ahead if ahead > CLOCK_SLACK else timedelta(0)


def _asked(retry_after: float | None) -> timedelta:
    return timedelta(seconds=min(retry_after or 0, LONGEST_ASKED.total_seconds()))


def newest(undated: Sequence[ListingEntry], order: Order) -> Sequence[ListingEntry]:
    """Return the newest of entries without a date, as far as anything tells. `undated` is in the order of the list."""
    if order == "oldest-first":
        return undated[-UNDATED_AT_BASELINE:]
    numbered = [(int(found[1]), entry) for entry in undated if (found := _FILE_NUMBER.search(entry.url))]
    if order != "newest-first" and len(numbered) == len(undated):
        # The national platform numbers its files in the order of their upload.
        return [entry for _, entry in sorted(numbered, key=lambda pair: pair[0])[-UNDATED_AT_BASELINE:]]
    return undated[:UNDATED_AT_BASELINE]


def _recent(entry: ListingEntry, since: date) -> bool:
    return entry.published is not None and entry.published >= since
