"""Makes of the posts of one destination what its messages are made from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from bot.delivery.channel import DeliveryError, Refused
from bot.delivery.transitions import unexpected
from bot.domain import Decree, Place, Post
from bot.domain.law.advice import legal_advice
from bot.messages import Language, MessageContext, MessageInput, place_for, publisher_of
from bot.messages.layout import TooSmall


@dataclass(frozen=True, slots=True)
class MessageComposer:
    """`clock` gives the current instant (aware, UTC); `public_url` is where decrees have pages of their own: see `MessageContext`."""

    places: Mapping[str, Place]
    clock: Callable[[], datetime]
    language: Language
    public_url: str | None = None

    def input_of(self, post: Post) -> MessageInput:
        """Return the decree of a post as it is now, with what later decrees do to it."""
        decree, now, place = post.decree, self.clock(), self.place(post.decree)
        beside = MessageContext(self.public_url, post.below, publisher_of(decree, self.places))
        return MessageInput(decree, place, now, self.language, legal_advice(decree, place, now), beside)

    def place(self, decree: Decree) -> Place:
        """Return where the authority is that published it."""
        return place_for(self.places, decree.authority)


@contextmanager
def composing(platform: str) -> Iterator[None]:
    """Refuse what cannot be worded, also by a fault of ours. Nothing was sent, so that nothing is in doubt; a person is notified, and the
    posts behind it go on.
    """
    try:
        yield
    except DeliveryError:
        raise
    except TooSmall as error:
        raise Refused(f"{platform}: {error}") from None
    except Exception as error:
        raise Refused(f"{platform}: no words for this decree: {unexpected(platform, error)}") from error
