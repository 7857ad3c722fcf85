"""A post for terminals and files: nothing in it can move a cursor or hide a word."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.messages.announcement import announce
from bot.messages.layout import plain
from bot.messages.words import Language
from bot.model import Decree, Place


def plain_post(decree: Decree, place: Place, now: datetime, language: Language = "fr") -> str:
    """A decree in plain text, several lines, no newline at the end."""
    return plain(replace(announce(decree, place, now, language), hashtags=()))
