"""What whoever has a PDF read may want to know and to decide before the end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.domain import Act, PageText, Reading


@dataclass(frozen=True, slots=True)
class PageProgress:
    """How far a reading is: of `pages` in all, `read` are done; of `to_recognise`, so many are `recognised`.

    `page` is the page that was just done. `seconds_left` is what the rest should take, None while nothing tells.
    """

    pages: int
    read: int
    to_recognise: int
    recognised: int
    page: PageText | None = None
    seconds_left: float | None = None


async def _nobody(_: Reading) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Follower:
    """Follows a reading.

    `concerned` decides, from what is read of an act so far, whether the rest of it is to be read first; it is pure and quick.
    `early` gets a reading in part (the others of its pages are `PENDING`) each time an act that is concerned has been read whole while
    other pages are still to be recognised. `told` is called at every page.
    """

    concerned: Callable[[Act], bool] = lambda _: False
    early: Callable[[Reading], Awaitable[None]] = _nobody
    told: Callable[[PageProgress], None] = lambda _: None
