"""Checks each destination before there are posts, without sending."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

import structlog

from bot.delivery.channel import DeliveryError, DestinationRefused, NotSent, unexpected
from bot.domain.posts import DestinationTrouble
from bot.storage.alerts import DestinationChecks
from bot.storage.outbox import Outbox

log = structlog.get_logger()

LONGEST = 60.0
"""Seconds for one destination: a round of `vigie poll` must end."""


@runtime_checkable
class Checkable(Protocol):
    """Describes a destination that can say whether it takes posts."""

    @property
    def name(self) -> str:
        """Return its name in the configuration."""
        ...

    async def check(self) -> str | None:
        """Return a defect of the set-up that does not stop posts, or None. Raises DestinationRefused, or NotSent, Unknown if unclear."""
        ...


Found = tuple[DestinationTrouble | None, str]


class Checker:
    """Checks destinations concurrently; logs each trouble at its beginning and end."""

    def __init__(self, checks: DestinationChecks, outbox: Outbox, destinations: Sequence[object], clock: Callable[[], datetime]) -> None:
        """Those that cannot be checked are left out."""
        self._checks = checks
        self._outbox = outbox
        self._destinations = [one for one in destinations if isinstance(one, Checkable)]
        self._clock = clock
        self._logged: dict[str, Found] = {}

    async def check(self) -> dict[str, Found]:
        """Check all, record results by name, release posts of those recovered. Rate-limited ones are left out. Raises StorageError."""
        found = await asyncio.gather(*(check_one(one) for one in self._destinations))
        known = {one.name: what for one, what in zip(self._destinations, found, strict=True) if what is not None}
        for name, (trouble, detail) in known.items():
            self._log(name, trouble, detail)
            await asyncio.to_thread(self._checks.record, name, trouble, detail, self._clock())
            if trouble is None or trouble is DestinationTrouble.RIGHTS:
                await asyncio.to_thread(self._outbox.reopen, name, self._clock())
        return known

    def _log(self, name: str, trouble: DestinationTrouble | None, detail: str) -> None:
        before = self._logged.pop(name, None)
        if trouble is None:
            if before is not None:
                log.info("destination.usable", destination=name)
            return
        self._logged[name] = (trouble, detail)
        if before == (trouble, detail):
            return
        if trouble is DestinationTrouble.UNREACHABLE:
            log.warning("destination.unreachable", destination=name, error=detail)
        else:
            log.error("destination.needs_operator", destination=name, error=detail)


async def check_one(destination: Checkable) -> Found | None:
    """Return the result for one destination; None if rate-limited."""
    try:
        async with asyncio.timeout(LONGEST):
            wrong = await destination.check()
    except DestinationRefused as error:
        return DestinationTrouble.REFUSED, str(error)
    except NotSent as error:
        return None if error.limited else (DestinationTrouble.UNREACHABLE, str(error))
    except DeliveryError as error:
        return DestinationTrouble.UNREACHABLE, str(error)
    except TimeoutError:
        return DestinationTrouble.UNREACHABLE, "no answer in time"
    except Exception as error:  # a fault of one channel, which must not keep the others from being checked
        if getattr(error, "is_outage", False):  # the store's, not the destination's
            raise
        return DestinationTrouble.UNREACHABLE, unexpected(destination.name, error)
    return (None, "") if wrong is None else (DestinationTrouble.RIGHTS, wrong)
