"""What a message is made from, whatever its form."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain import Counsel, Decree, Place
from bot.messages.beside import ALONE, Beside
from bot.messages.words import Language


@dataclass(frozen=True, slots=True)
class Dispatch:
    """A decree on its way to readers: that of the authority at `place`, as seen at `now` (aware), told in one language.

    Without `counsel` nothing of the law is said; `beside` is what is said besides the decree itself.
    """

    decree: Decree
    place: Place
    now: datetime
    language: Language = "fr"
    counsel: Counsel | None = None
    beside: Beside = ALONE
