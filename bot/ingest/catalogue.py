"""The authorities whose recueils are ingested, and which of their sources are polled."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bot.domain.records import Recueil
from sources.catalogue.authority import Authority, Issuers, Source


class Catalogue:
    """Finds sources, time zones and issuers. `watched` are the sources that are polled when they are due: any may be polled on request."""

    def __init__(self, authorities: Mapping[str, Authority], watched: Collection[str] | None = None) -> None:
        """`watched` are the codes of the authorities whose sources are polled, all where it is None."""
        self.authorities = authorities
        self.issuers = Issuers(authorities.values())
        self.watched = tuple(source for code in (authorities if watched is None else watched) for source in authorities[code].sources)
        self._by_key = {source.key: source for authority in authorities.values() for source in authority.sources}

    def source_of(self, recueil: Recueil) -> Source | None:
        """Return where it was found; the first of its authority's sources when the catalogue has renamed or dropped that one."""
        authority = self.authorities.get(recueil.authority)
        return self._by_key.get(recueil.source) or next(iter(authority.sources if authority else ()), None)

    def zone(self, code: str) -> ZoneInfo:
        """Return the time zone of an authority."""
        return ZoneInfo(self.authorities[code].time_zone)

    def today(self, code: str, now: datetime) -> date:
        """Return the local date of an authority."""
        return now.astimezone(self.zone(code)).date()
