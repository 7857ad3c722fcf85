"""What a message is made from, whatever its form."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bot.domain import Decree, LegalAdvice, Place
from bot.messages.words import Language, Words, words_in

# What a post says besides the decree itself: where its own page is, and which decrees are told after it.


@dataclass(frozen=True, slots=True)
class MessageContext:
    """`public_url` is the address under which a server of the operator's shows decrees, without a slash at its end; None for none.

    `below` are the ids of later decrees that change this one and that the same chat or account tells of after it. `publisher` is the
    authority on whose site the decree was found, where that is another one than its own.
    """

    public_url: str | None = None
    below: frozenset[int] = frozenset()
    publisher: Place | None = None

    def page_of(self, decree: Decree) -> str | None:
        """Return the decree's own page, `<public_url>/decrets/<id>`; None where there is none, or the decree is not stored."""
        return f"{self.public_url}/decrets/{decree.id}" if self.public_url and decree.id is not None else None


ALONE = MessageContext()
"""Nothing besides."""


@dataclass(frozen=True, slots=True)
class MessageInput:
    """A decree on its way to readers: that of the authority at `place`, as seen at `now` (aware), told in one language.

    Without `legal_advice` nothing of the law is said; `context` is what is said besides the decree itself.
    """

    decree: Decree
    place: Place
    now: datetime
    language: Language = "fr"
    legal_advice: LegalAdvice | None = None
    context: MessageContext = ALONE

    @property
    def words(self) -> Words:
        """Return the words of its language."""
        return words_in(self.language)

    @property
    def today(self) -> date:
        """Return the day at the place of the authority."""
        return self.now.astimezone(ZoneInfo(self.place.time_zone)).date()
