"""Makes of the posts of one destination what its messages are made from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot.counsel import counsel
from bot.messages import Beside, Dispatch, Language, place_for
from bot.model import Decree, Place, Post


@dataclass(frozen=True, slots=True)
class Desk:
    """`clock` gives the current instant (aware, UTC); `public_url` is where decrees have pages of their own: see `Beside`."""

    places: Mapping[str, Place]
    clock: Callable[[], datetime]
    language: Language
    public_url: str | None = None

    def dispatch(self, post: Post, *, edited: bool = False) -> Dispatch:
        """The decree of a post as it is told now; `edited`: with what later decrees do to it, as its message is edited to say."""
        decree, now, place = post.decree, self.clock(), self.place(post.decree)
        beside = Beside(self.public_url)
        told = replace(beside, edited=True, below=post.below) if edited else beside
        return Dispatch(decree, place, now, self.language, counsel(decree, place, now), told)

    def place(self, decree: Decree) -> Place:
        """Where the authority is that published it."""
        return place_for(self.places, decree.authority)
