"""Polls and backfills, made from what they have in common."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from bot.app.config import Settings
from bot.app.limits import read_limits
from bot.domain.crowd import CrowdLog
from bot.ingest import Backfill
from bot.ingest.archive import Keep, Shelf
from bot.ingest.ingestor import Clock, Route
from bot.ingest.poller import Rhythm, Watcher
from bot.ingest.reading_job import Reader
from bot.reading.reader import read_pdf
from bot.storage.store import Store
from sources.catalogue.authority import Authority
from sources.catalogue.issuers import Issuers
from sources.http import Client


@dataclass(frozen=True, slots=True)
class Harvesting:
    """The authorities to harvest, by code, and all that this takes. Without `shelf` and `keep` no PDF is kept. `issuers` is of the whole
    catalogue."""

    settings: Settings
    authorities: Mapping[str, Authority]
    client: Client
    store: Store
    route: Route
    clock: Clock
    shelf: Shelf | None
    keep: Keep | None
    issuers: Issuers

    def watcher(self, watched: Collection[str], crowds: CrowdLog) -> Watcher:
        """Polls those that are `watched` as often as is configured, and any other when it is told to."""
        watch, reading = self.settings.watch, self.settings.reading
        return Watcher(
            authorities=self.authorities,
            watched=watched,
            fetcher=self.client,
            read=self._read,
            store=self.store,
            route=self.route,
            rhythm=Rhythm(
                every=timedelta(minutes=watch.every_minutes),
                slowest=timedelta(minutes=max(watch.slowest_minutes, watch.every_minutes)),
                announce_since=self._announce_since,
            ),
            clock=self.clock,
            workers=reading.workers,
            long_workers=reading.long_workers,
            shelf=self.shelf,
            keep=self.keep,
            crowds=crowds,
            issuers=self.issuers,
        )

    def backfill(self) -> Backfill:
        """The completion of history, which knows what the first poll may announce."""
        return Backfill(
            authorities=self.authorities,
            fetcher=self.client,
            index=self.client,
            read=self._read,
            store=self.store,
            route=self.route,
            clock=self.clock,
            announce_since=self._announce_since,
            workers=self.settings.reading.workers,
            shelf=self.shelf,
            keep=self.keep,
            issuers=self.issuers,
        )

    @property
    def _read(self) -> Reader:
        return partial(read_pdf, limits=read_limits(self.settings))

    @property
    def _announce_since(self) -> timedelta:
        return timedelta(days=self.settings.watch.announce_since_days)
