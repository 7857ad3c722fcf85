"""A post for terminals and files: nothing in it can move a cursor or hide a word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from bot.domain import Counsel, Decree, Place
from bot.messages.announcement import announce, announce_in_full
from bot.messages.dispatch import Dispatch
from bot.messages.layout import plain
from bot.messages.words import Language


def plain_post(dispatch: Dispatch) -> str:
    """A decree in plain text, several lines, no newline at the end."""
    return plain(replace(announce(dispatch), hashtags=()))


def plain_decree(
    decree: Decree,
    place: Place,
    now: datetime,
    language: Language = "fr",
    counsel: Counsel | None = None,
    places: Mapping[str, Place] | None = None,
) -> str:
    """The long form (see `announce_in_full`) in plain text, several lines, no newline at the end."""
    return plain(replace(announce_in_full(decree, place, now, language, counsel, places), hashtags=()))
