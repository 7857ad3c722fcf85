"""The words of the answers in one language, from the data file that bears its name."""

from __future__ import annotations

from functools import cache
from typing import Literal

from bot.messages.words import Language, Words, words_file

Face = Literal["telegram", "terminal", "mastodon"]
"""Where answers are given: each has its own way of putting a question."""


@cache
def vocabulary(language: Language) -> Words:
    """Return the words of a language, read once from its packaged file."""
    return words_file("bot.queries", "words", f"{language}.toml")
