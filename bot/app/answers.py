"""What is known, and the answers made of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial

from bot.app.clock import utc_now
from bot.app.config import Settings, destinations
from bot.delivery.telegram.operators_chat import NAME as OPERATORS
from bot.domain import Place
from bot.ingest.health import DestinationHealth, Overview
from bot.ingest.health.survey import survey, survey_destinations
from bot.ingest.ingestor import Clock
from bot.queries import Questions
from bot.storage.store import Store
from sources.catalogue.authority import Authority


def watched_codes(settings: Settings, authorities: Mapping[str, Authority]) -> tuple[str, ...]:
    """Those the configuration names, all of them when it names none."""
    return settings.watch.authorities or tuple(authorities)


def places_of(authorities: Mapping[str, Authority]) -> dict[str, Place]:
    """How people call the authorities."""
    return {code: Place(code, entry.name, entry.department, entry.time_zone) for code, entry in authorities.items()}


def take_survey(settings: Settings, authorities: Mapping[str, Authority], store: Store, *, clock: Clock = utc_now) -> Overview:
    """How every authority is, by what the store knows. Raises StorageError."""
    return survey(store, authorities, frozenset(watched_codes(settings, authorities)), clock())


def take_delivery_survey(settings: Settings, store: Store, *, clock: Clock = utc_now) -> tuple[DestinationHealth, ...]:
    """How every destination is, and the operators' chat, by what the store knows. Raises StorageError."""
    names = [entry.name for entry in destinations(settings)]
    names += [OPERATORS] if settings.telegram.operators_chat and settings.telegram.token is not None else []
    return survey_destinations(store, names, clock(), timedelta(hours=settings.delivery.tell_after_hours))


def open_questions(
    places: Mapping[str, Place], store: Store, overview: Callable[[], Overview], *, page_size: int, clock: Clock = utc_now
) -> Questions:
    """The answers, over one store, `page_size` decrees at a time; `overview` tells how the sources are."""
    return Questions(store.decrees, places, clock, overview=overview, page_size=page_size, since=partial(_watching_since, store))


def _watching_since(store: Store) -> datetime | None:
    return min((state.baseline_at for state in store.sources.all() if state.baseline_at is not None), default=None)
