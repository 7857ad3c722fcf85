"""Decide when operators are notified of the alerts that are stored: of each beginning once, and of each end once. Pure.

What begins and what is over is for `source_alerts` and `post_alerts` to say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.records import Alert, NewAlert


@dataclass(frozen=True, slots=True)
class Changes:
    """Lists what changes. `closed` are over. `dropped` are too, and nobody has to be notified: something worse took their place, or
    they are no longer watched. `reopened` seemed to be over, and go on before anybody was notified of their end."""

    opened: tuple[NewAlert, ...] = ()
    closed: tuple[Alert, ...] = ()
    dropped: tuple[Alert, ...] = ()
    reopened: tuple[Alert, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.opened or self.closed or self.dropped or self.reopened)


@dataclass(frozen=True, slots=True)
class DueAlerts:
    """Lists what the next message is about."""

    begun: tuple[Alert, ...] = ()
    ended: tuple[Alert, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.begun or self.ended)


@dataclass(frozen=True, slots=True)
class AlertDelays:
    """Says how long alerts wait before operators are notified, so that what belongs together is one message.

    `settle`: the first of several that begin, for the others. `companions`: an end, for the ends of those that were in the same message.
    `calm`: how long one must be over before that counts. `again`: after how long one that goes on is due again; None where it never is.
    """

    settle: timedelta
    companions: timedelta = timedelta(0)
    calm: Callable[[Alert], timedelta] = lambda alert: timedelta(0)
    again: Callable[[Alert], timedelta | None] = lambda alert: None


def decide(unfinished: Sequence[Alert], now: datetime, waits: AlertDelays) -> DueAlerts:
    """Return what is due: all that has begun once the first of it has settled, and the ends, with those of their companions."""
    begun = tuple(alert for alert in unfinished if alert.closed_at is None and _is_to_be_sent(alert, now, waits))
    if not begun or not has_passed(waits.settle, min(alert.opened_at for alert in begun), now):
        begun = ()
    together: defaultdict[datetime, list[Alert]] = defaultdict(list)
    for alert in unfinished:
        if alert.notified_at is not None:
            together[alert.notified_at].append(alert)
    ended: list[Alert] = []
    for companions in together.values():
        over = [alert for alert in companions if alert.closed_at is not None and has_passed(waits.calm(alert), alert.closed_at, now)]
        first = min((alert.closed_at for alert in over if alert.closed_at), default=now)
        if len(over) == len(companions) or has_passed(waits.companions, first, now):
            ended += over
    return DueAlerts(begun, tuple(ended))


def _is_to_be_sent(alert: Alert, now: datetime, waits: AlertDelays) -> bool:
    if alert.notified_at is None:
        return True
    again = waits.again(alert)
    return again is not None and now - alert.notified_at >= again


def has_passed(span: timedelta, since: datetime, now: datetime) -> bool:
    """Return whether so long has gone by; also where the clock was set back meanwhile, and nobody can say."""
    return not timedelta(0) <= now - since < span
