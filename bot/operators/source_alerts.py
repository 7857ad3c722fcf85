"""Decide which alerts begin and end, by the health of the sources. Pure.

A trouble is an alert from when it matters until the source works again. The sites of most prefectures share one address: when that is
blocked, some ninety sources fail within the hour. So what begins together is one message.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from bot.domain.health import Cause, SourceHealth, Status
from bot.domain.records import Alert, NewAlert
from bot.operators.alerts import AlertDelays, Changes, has_passed

SETTLE = timedelta(minutes=10)
"""How long the first of several troubles waits for the others: a round over all of France takes some six minutes."""

CALM = timedelta(hours=1)
"""How long what ends by itself must be over before that counts: a site that comes and goes is one trouble, not ten a day."""

COMPANIONS = timedelta(hours=3)
"""How long an end waits for the ends of those that were in the same message: a source that fails is polled every two hours."""

ANEW = timedelta(days=1)
"""How long operators hear no more of misfiled recueils of a source, or of files that end programs."""

_WITHOUT_END = frozenset({Cause.MISFILED.value, Cause.HOSTILE.value})

CROWD = 5
"""Sources that fail at once in a way that a shared address makes fail: from here on it is one trouble, and all of them belong to it."""

PASSING = frozenset({Cause.UNREACHABLE, Cause.BLOCKED, Cause.CHALLENGE, Cause.MAINTENANCE, Cause.RESTING})
"""Causes that end by themselves more often than not, and that a shared address has in common."""

SOURCE_DELAYS: AlertDelays = AlertDelays(SETTLE, COMPANIONS, calm=lambda alert: CALM if alert.cause in PASSING else timedelta(0))


@dataclass(frozen=True, slots=True)
class AlertThresholds:
    """Says when a trouble matters: after so many failed polls in a row, the first of them at least so long ago."""

    polls: int
    time: timedelta = timedelta(0)


PATIENCE: Mapping[Cause, AlertThresholds] = MappingProxyType(
    {
        Cause.UNREACHABLE: AlertThresholds(3, timedelta(hours=1)),
        Cause.BLOCKED: AlertThresholds(3, timedelta(hours=1)),
        Cause.CHALLENGE: AlertThresholds(2, timedelta(minutes=30)),
        Cause.MAINTENANCE: AlertThresholds(3, timedelta(hours=1)),
        Cause.RESTING: AlertThresholds(3, timedelta(hours=1)),
        # A page being edited may be gone or empty for a minute.
        Cause.MOVED: AlertThresholds(2),
        Cause.STRUCTURE: AlertThresholds(2),
        Cause.EMPTIED: AlertThresholds(2),
        Cause.UNUSABLE: AlertThresholds(2),
        # These do not go away by waiting.
        Cause.ROBOTS: AlertThresholds(1),
        Cause.NEEDS_BROWSER: AlertThresholds(1),
        Cause.UNEXPECTED: AlertThresholds(1),
        # Judged by its recueils, and not by its polls, which work.
        Cause.FILES: AlertThresholds(0),
    }
)


_SUBJECTS = {
    Cause.LATE.value: "rhythm",
    Cause.RELOCATED.value: "root",
    Cause.EMPTIED.value: "list",
    Cause.FILES.value: "files",
    Cause.MISFILED.value: "recueils",
    Cause.HOSTILE.value: "file",
}


def source_changes(sources: Sequence[SourceHealth], unfinished: Sequence[Alert], now: datetime) -> Changes:
    """Return which troubles begin and which are over, from how the sources are and the alerts that are not finished."""
    # The last one of each stands: by then the others are over.
    known = {(alert.subject, _about(alert.cause)): alert for alert in unfinished}
    watched = {source.key for source in sources}
    opened: list[NewAlert] = []
    closed: list[Alert] = []
    dropped = [alert for alert in unfinished if alert.subject not in watched or _is_forgotten(alert, now)]
    reopened: list[Alert] = []
    joining = _joining(sources, unfinished, now)
    seem_over = {alert.subject for alert in unfinished if alert.closed_at is not None and alert.cause in PASSING}
    for source in sources:
        for about, cause in _troubles(source, PASSING if source.key in seem_over else joining, now).items():
            before = known.get((source.key, about))
            if cause is None:
                closed += [before] if before and before.closed_at is None else []
            elif before is None or (before.cause in PASSING and cause not in PASSING):
                # It may be the same failing source as before, but now somebody must do something. Never the other way round: no to and fro.
                dropped += [before] if before else []
                opened.append(NewAlert(source.key, cause.value, _detail(source, cause)))
            elif before.closed_at is not None:
                reopened.append(before)
    return Changes(tuple(opened), tuple(closed), tuple(dropped), tuple(reopened))


def _is_forgotten(alert: Alert, now: datetime) -> bool:
    """Whether what has no end of its own may be reported anew."""
    return alert.cause in _WITHOUT_END and alert.closed_at is None and has_passed(ANEW, alert.notified_at or alert.opened_at, now)


def _troubles(source: SourceHealth, joining: Collection[Cause], now: datetime) -> dict[str, Cause | None]:
    """Return what is wrong by what it is about, None for what is well. What cannot be known now is left out, and stays as it was."""
    if source.status is Status.UNPOLLED:
        return {}
    if source.status is Status.FAILING:
        cause = source.cause or Cause.UNEXPECTED
        # Where only a list is empty, or only the files are missing, the site answers.
        answers = {} if _about(cause) == "access" else {"access": None}
        return answers | ({_about(cause): cause} if _matters(source, cause, now) or cause in joining else {})
    return {
        "access": None,
        "list": None,
        "files": None,
        "rhythm": Cause.LATE if source.status is Status.LATE else None,
        "root": Cause.RELOCATED if source.moved_to else None,
    }


def _about(cause: str) -> str:
    """Return what a trouble concerns: a source may have one of each, and the end of one is not that of another."""
    return _SUBJECTS.get(cause, "access")


def _matters(source: SourceHealth, cause: Cause, now: datetime) -> bool:
    patience = PATIENCE[cause]
    return source.failures >= patience.polls and (source.since is None or has_passed(patience.time, source.since, now))


def _joining(sources: Sequence[SourceHealth], unfinished: Sequence[Alert], now: datetime) -> Collection[Cause]:
    """Return the causes by which a source that fails now is part of a trouble of many, without having to matter by itself.

    Once operators were notified of it, only what is at rest joins it: an error of another site is that site's own.
    """
    passing = [source for source in sources if source.status is Status.FAILING and source.cause in PASSING]
    if len(passing) < CROWD or not any(_matters(source, source.cause, now) for source in passing if source.cause):
        return ()
    notified = any(alert.notified_at is not None and alert.closed_at is None and alert.cause in PASSING for alert in unfinished)
    return (Cause.RESTING,) if notified else PASSING


def _detail(source: SourceHealth, cause: Cause) -> str:
    """Return the new address of one that moved, the day of the last recueil of one that is late (as in ISO 8601), else the last error."""
    if cause is Cause.LATE:
        return source.last_published.isoformat() if source.last_published else ""
    return (source.moved_to if cause is Cause.RELOCATED else source.detail) or ""
