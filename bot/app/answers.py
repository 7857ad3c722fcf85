"""What is known, and the answers made of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial

from bot.app.clock import utc_now
from bot.config import Settings
from bot.harvest import Clock
from bot.health import Overview
from bot.model import Place
from bot.queries import Questions
from bot.storage import Store
from bot.survey import survey
from sources import Authority


def watched_codes(settings: Settings, authorities: Mapping[str, Authority]) -> tuple[str, ...]:
    """Those the configuration names, all of them when it names none."""
    return settings.watch.authorities or tuple(authorities)


def places_of(authorities: Mapping[str, Authority]) -> dict[str, Place]:
    """How people call the authorities."""
    return {code: Place(code, entry.name, entry.department, entry.time_zone) for code, entry in authorities.items()}


def take_survey(settings: Settings, authorities: Mapping[str, Authority], store: Store, *, clock: Clock = utc_now) -> Overview:
    """How every authority is, by what the store knows. Raises StorageError."""
    return survey(store, authorities, frozenset(watched_codes(settings, authorities)), clock())


def open_questions(
    places: Mapping[str, Place], store: Store, overview: Callable[[], Overview], *, page_size: int, clock: Clock = utc_now
) -> Questions:
    """The answers, over one store, `page_size` decrees at a time; `overview` tells how the sources are."""
    return Questions(store.decrees, places, clock, overview=overview, page_size=page_size, since=partial(_watching_since, store))


def _watching_since(store: Store) -> datetime | None:
    return min((state.baseline_at for state in store.sources.all() if state.baseline_at is not None), default=None)
