"""The `Retry-After` header (RFC 9110, section 10.2.3)."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def seconds_to_wait(value: str | None, *, date: str | None, now: datetime) -> float | None:
    """Seconds a server asks to wait, None where it asks nothing readable. Never negative.

    `value` is the header: seconds, or an HTTP date. A date is compared with the answer's own `Date` header where there is one, so that
    a clock that is wrong on either side does not matter, else with `now`.
    """
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text[:12])
    until = _instant(text)
    if until is None:
        return None
    return max((until - (_instant(date or "") or now)).total_seconds(), 0.0)


def _instant(text: str) -> datetime | None:
    try:
        instant = parsedate_to_datetime(text)
    except (ValueError, OverflowError, TypeError):
        return None
    return instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC)
