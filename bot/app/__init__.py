"""The composition root: the only package that knows every other."""

from bot.app.wiring import (
    Parts,
    assemble,
    open_client,
    open_keep,
    open_questions,
    open_shelf,
    places_of,
    take_delivery_survey,
    take_survey,
    utc_now,
    watched_codes,
)

__all__ = [
    "Parts",
    "assemble",
    "open_client",
    "open_keep",
    "open_questions",
    "open_shelf",
    "places_of",
    "take_delivery_survey",
    "take_survey",
    "utc_now",
    "watched_codes",
]
