"""What an error of a channel means for a post."""

from __future__ import annotations

import structlog

from bot.delivery.channel import NotSent, Refused, Unknown
from bot.delivery.errors import DestinationRefused, HoldForPerson, Migrated, SendAgain
from bot.delivery.transitions import Event

log = structlog.get_logger()


def event_of(error: Exception) -> Event:
    """After a send. What no channel should raise may have happened after the message left: it is in doubt."""
    match error:
        case Migrated():
            return Event.MIGRATED
        case NotSent():
            return Event.RATE_LIMITED if error.limited else Event.NOT_SENT
        case DestinationRefused():
            return Event.REFUSED_DESTINATION
        case Refused():
            return Event.REFUSED_CONTENT
        case Unknown():
            return Event.LOST_ANSWER
        case _:
            return Event.FAULT


def looked_for(error: Exception) -> Event:
    """After a look that told neither that it is there nor that it is not."""
    match error:
        case HoldForPerson():
            return Event.HOLD
        case SendAgain():
            return Event.RESEND
        case _:
            return Event.UNCLEAR


def unexpected(destination: str, error: Exception) -> str:
    """Log a fault, and say it by type and place only: the message of an unforeseen error may hold an address with a token in it."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = "" if trace is None else f" at {trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}"
    reason = f"unexpected {type(error).__name__}{where}"
    log.error("fault of a channel", destination=destination, error=reason)
    return reason
