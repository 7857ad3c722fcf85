"""Renews, beside all other work, what is derived from stored decrees and was derived by other rules: after an upgrade of the program."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from bot.domain.tasks import run_to_completion
from bot.storage.database import Database
from bot.storage.errors import StorageError
from bot.storage.naming import SLICE as DECREES
from bot.storage.naming import CommuneNamer, renew_some_communes
from bot.storage.search import SLICE as ACTS
from bot.storage.search import renew_some_terms

log = structlog.get_logger()

PAUSE = 0.3
"""Seconds between two slices, about what one takes: others write in between, and half of a processor stays free."""

EVERY = timedelta(minutes=10)
"""Between two checks: other programs may write decrees without the places of France."""


class Renewal:
    """Renews the terms of the search and the communes of decrees, a slice a transaction. Until a decree had its turn, it is found by what
    was derived before; where it is stopped it goes on at the next start."""

    def __init__(
        self,
        database: Database,
        namer: CommuneNamer,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        *,
        acts: int = ACTS,
        decrees: int = DECREES,
    ) -> None:
        """`sleep` is in seconds; `acts` and `decrees` are how many have their turn in one slice."""
        self._database = database
        self._namer = namer
        self._sleep = sleep
        self._acts = acts
        self._decrees = decrees

    async def run(self) -> None:
        """Renew what is due, and look again later, until cancelled."""
        while True:
            try:
                await self.renew()
            except StorageError as error:
                # An outage is logged once, by who logs all of the database.
                log.log(logging.DEBUG if error.is_outage else logging.ERROR, "records.not_renewed", error=str(error))
            await self._sleep(EVERY.total_seconds())

    async def renew(self) -> int:
        """Renew what is due now, and return in how many slices. Raises StorageError."""
        slices = 0
        # The slice under way ends before the database is closed.
        while await run_to_completion(self._renew_some):
            slices += 1
            if slices == 1:
                log.info("records.renewing")
            await self._sleep(PAUSE)
        if slices:
            log.info("records.renewed", slices=slices)
        return slices

    def _renew_some(self) -> bool:
        if renew_some_terms(self._database, self._acts):
            return True
        return renew_some_communes(self._database, self._namer, self._decrees) > 0
