"""What a reader of a decree is told besides what it says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from bot.domain.acts import Moment


@dataclass(frozen=True, slots=True)
class Court:
    """The court competent for a decree. `name` is `named` in the decree where one is, else `by_seat`; None where neither is known.

    By law the court is that of the seat of the authority that took the decision (article R. 312-1 of the code de justice administrative),
    wherever the decision applies. Where the decree names another one (`differs`), both are to be shown.
    """

    name: str | None
    named: str | None
    by_seat: str | None

    @property
    def differs(self) -> bool:
        """True when the decree names another court than that of its authority's seat."""
        return self.named is not None and self.by_seat is not None and self.named != self.by_seat


class Flag(StrEnum):
    """The closed list of flags.

    `OUTSIDE_WINDOW`: it was signed, or any day of its period falls, on a day for which no known text allowed VSA (`windows.toml`).
    `LONGER_THAN_ALLOWED`: it authorises for longer than its law allows at once, where the law sets a limit.
    `PUBLISHED_AFTER_START`: the recueil is dated after the day on which the authorisation began.
    """

    OUTSIDE_WINDOW = "outside_window"
    LONGER_THAN_ALLOWED = "longer_than_allowed"
    PUBLISHED_AFTER_START = "published_after_start"


class Recourse(StrEnum):
    """Where the period of a decree stands, for whoever thinks of an urgent application (articles L. 521-1 and L. 521-2).

    `FUTURE`: it has not begun. `RUNNING`: it has, and is not over. `OVER`: the decree is executed and a judge no longer suspends it; only
    its annulment can be asked for, until `last_day`. `UNKNOWN`: what is known of the period does not tell.
    """

    FUTURE = "future"
    RUNNING = "running"
    OVER = "over"
    UNKNOWN = "unknown"


class Standing(StrEnum):
    """Where what a decree allows stands on a day, later decrees that change it taken into account.

    `UPCOMING`, `IN_FORCE` and `OVER` tell of its period; `ENDED` and `SUSPENDED` of a later decree. `IN_DOUBT`: a later decree ended it and
    was ended itself, in words that do not tell whether this one stands again; a person must look. `CHANGE` is a decree that only changes
    another one and `REFUSED` one that allows nothing: neither is in force in the sense that somebody is watched under it. `UNKNOWN`: the
    period could not be read.
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


@dataclass(frozen=True, slots=True)
class LegalAdvice:
    """What a reader of a decree is told besides what it says: information to verify, with its source, never legal advice.

    `last_day` is the last day for third parties to contest it, None where the day of publication is not known; `at_least` is then the day
    before which that cannot be, counted from the signature, where this is known. `late` how many days
    after its beginning it was published, where that is flagged. `months` is how many its law allows at once, where it is flagged as longer.
    `starts` and `ends` are its period as the last decree that modifies it says. `outside` are the stretches of days, both ends
    included, for which no known text allowed it, where that is flagged and they are known.
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
    outside: tuple[tuple[date, date], ...] = ()
    at_least: date | None = None
