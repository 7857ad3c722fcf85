"""Count what is stored, for who measures the bot: numbers only, of no person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select

from bot.domain.posts import PostCause, PostState, followed_chat
from bot.domain.records import RecueilState
from bot.storage.chats import FollowerCounts, Follows
from bot.storage.database import Repository
from bot.storage.schema import decrees, posts, recueils, reviews

FOLLOWERS = "followers"
"""What all chats that follow something are called together."""
GIVEN_UP = "given_up"
"""The state of posts that were refused and that a person gave up: nobody has to look at them."""


@dataclass(frozen=True, slots=True)
class SentPost:
    """Describes when a decree was published, found, and posted to a destination of the configuration."""

    destination: str
    published: date | None
    found_at: datetime
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class StoredMeasures:
    """Holds how much of everything there is. `pages` are those of the recueils that were read; `posts` are by destination and state."""

    recueils: Mapping[RecueilState, int]
    pages: int
    decrees: int
    reviews: int
    posts: Mapping[tuple[str, str], int]
    sent: Sequence[SentPost]
    followers: FollowerCounts


class Measures(Repository):
    """Counts. Every method raises StorageError."""

    def all(self) -> StoredMeasures:
        """Count everything."""
        pages = func.coalesce(func.sum(recueils.c.page_count), 0).label("pages")
        by_state = self._database.rows(select(recueils.c.state, func.count().label("number"), pages).group_by(recueils.c.state))
        return StoredMeasures(
            recueils={row.state: row.number for row in by_state},
            pages=sum(row.pages for row in by_state),
            decrees=self._database.value(select(func.count()).where(decrees.c.withdrawn_at.is_(None))),
            reviews=self._database.value(select(func.count()).select_from(reviews)),
            posts=self._posts(),
            sent=self._sent(),
            followers=Follows(self._database).counts(),
        )

    def _posts(self) -> Mapping[tuple[str, str], int]:
        found: Counter[tuple[str, str]] = Counter()
        columns = (posts.c.destination, posts.c.state, posts.c.cause)
        for row in self._database.rows(select(*columns, func.count().label("number")).group_by(*columns)):
            name = row.destination if followed_chat(row.destination) is None else FOLLOWERS
            is_given_up = row.state is PostState.REFUSED and row.cause is PostCause.BY_PERSON
            found[name, GIVEN_UP if is_given_up else row.state.value] += row.number
        return found

    def _sent(self) -> list[SentPost]:
        rows = self._database.rows(
            select(posts.c.destination, decrees.c.published, decrees.c.found_at, posts.c.closed_at)
            .join(decrees, decrees.c.id == posts.c.decree_id)
            .where(posts.c.state == PostState.SENT, posts.c.closed_at.is_not(None))
        )
        return [SentPost(*row) for row in map(tuple, rows) if followed_chat(row[0]) is None]
