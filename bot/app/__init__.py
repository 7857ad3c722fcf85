"""The composition root: the only package that knows every other."""

from bot.app.answers import open_questions, places_of, take_delivery_survey, take_survey, watched_codes
from bot.app.clock import utc_now
from bot.app.edges import open_client, open_keep, open_shelf
from bot.app.wiring import Parts, assemble

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
