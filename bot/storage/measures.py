"""Count what is stored, for who measures the bot: numbers only, of no person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Float, case, func, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from bot.domain.posts import CHATS, PostCause, PostState, followed_chat
from bot.domain.records import RecueilState
from bot.domain.topics import first_topic
from bot.storage.chats import FollowerCounts, Follows
from bot.storage.database import Repository
from bot.storage.schema import decrees, posts, recueils, reviews

FOLLOWERS = "followers"
"""What all chats that follow something are called together."""
GIVEN_UP = "given_up"
"""The state of posts that were refused and that a person gave up: nobody has to look at them."""


_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
FROM_FOUND = (_MINUTE, 2 * _MINUTE, 5 * _MINUTE, 15 * _MINUTE, _HOUR, 6 * _HOUR, _DAY)
FROM_PUBLISHED = (6 * _HOUR, 12 * _HOUR, 18 * _HOUR, _DAY, 2 * _DAY, 7 * _DAY, 30 * _DAY)
"""Seconds up to which posts are counted."""


class seconds_between(FunctionElement[float]):  # noqa: N801 - a function of SQL
    """Computes seconds from an instant (or 0 h UTC of a day) to another, to the millisecond; 0 if it is not later."""

    type = Float()
    inherit_cache = True


@compiles(seconds_between, "postgresql")
def _by_epoch(element: seconds_between, compiler: SQLCompiler, **options: Any) -> str:
    earlier, later = (f"extract(epoch from {compiler.process(each, **options)})" for each in element.clauses)
    return f"round(greatest({later} - {earlier}, 0), 3)::float8"


@compiles(seconds_between, "sqlite")
def _by_julian_day(element: seconds_between, compiler: SQLCompiler, **options: Any) -> str:
    earlier, later = (f"julianday({compiler.process(each, **options)})" for each in element.clauses)
    return f"round(max(({later} - {earlier}) * 86400.0, 0), 3)"


@dataclass(frozen=True, slots=True)
class Delays:
    """Counts the posts of a configured destination by delay in seconds: `within` each bound, and in all."""

    destination: str
    number: int
    seconds: float
    within: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class StoredMeasures:
    """Counts stored rows: `pages` of recueils that were read; `decrees` by topic; `posts` by destination and state. Sent posts are timed
    from the discovery of their decree, and from 0 h UTC of its day of publication.
    """

    recueils: Mapping[RecueilState, int]
    pages: int
    decrees: Mapping[str, int]
    reviews: int
    posts: Mapping[tuple[str, str], int]
    from_found: Sequence[Delays]
    from_published: Sequence[Delays]
    followers: FollowerCounts


class Measures(Repository):
    """Counts. Every method raises StorageError."""

    def all(self) -> StoredMeasures:
        """Count everything."""
        pages = func.coalesce(func.sum(recueils.c.page_count), 0).label("pages")
        by_topic = select(decrees.c.topic, func.count().label("number")).where(decrees.c.withdrawn_at.is_(None)).group_by(decrees.c.topic)
        by_state = self._database.rows(select(recueils.c.state, func.count().label("number"), pages).group_by(recueils.c.state))
        return StoredMeasures(
            recueils={row.state: row.number for row in by_state},
            pages=sum(row.pages for row in by_state),
            decrees={first_topic(): 0} | {row.topic: row.number for row in self._database.rows(by_topic)},
            reviews=self._database.value(select(func.count()).select_from(reviews)),
            posts=self._posts(),
            from_found=self._delays(decrees.c.found_at, FROM_FOUND),
            from_published=self._delays(decrees.c.published, FROM_PUBLISHED),
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

    def _delays(self, begins: ColumnElement[Any], bounds: Sequence[int]) -> list[Delays]:
        took = (
            select(posts.c.destination, seconds_between(begins, posts.c.closed_at).label("took"))
            .join(decrees, decrees.c.id == posts.c.decree_id)
            .where(posts.c.state == PostState.SENT, posts.c.closed_at.is_not(None), begins.is_not(None))
            .where(~posts.c.destination.startswith(CHATS))
            # Not taken into the query around it, which would find the seconds of each post anew for each bound.
            .offset(0)
            .subquery()
        ).c
        within = [func.sum(case((took.took <= most, 1), else_=0)) for most in bounds]
        query = select(took.destination, func.count(), func.sum(took.took), *within).group_by(took.destination)
        rows = self._database.rows(query.order_by(took.destination))
        return [Delays(name, number, seconds, tuple(counted)) for name, number, seconds, *counted in map(tuple, rows)]
