"""A question -> an answer: the one core behind every face (Telegram commands, command line). Words are chosen by the faces."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol
from zoneinfo import ZoneInfo

from bot.domain.acts import Decree, Place
from bot.domain.health import Overview, Status
from bot.domain.law.standing import Standing, period, standing
from bot.domain.records import PageOfDecrees
from bot.messages import place_for
from bot.queries.departments import DepartmentMatch, find_department
from bot.queries.state import DepartmentState, WatchState

Clock = Callable[[], datetime]

TELEGRAM_PAGE = 5
"""Decrees on one page of a Telegram answer."""
CLI_PAGE = 20
"""Decrees on one page of a terminal."""
LONGEST_WORDS = 200
"""Characters of a search; a longer one is refused, not cut: half a question has another answer."""
_LAST_ID = 2**31 - 1
_NUMBER = re.compile(r"(?:#|n[°ºo]?\.?\s*)?([0-9]{1,18})", re.ASCII | re.IGNORECASE)


class Topic(StrEnum):
    """What a list is about."""

    RECENT = "recent"
    DEPARTMENT = "department"
    SEARCH = "search"
    IN_FORCE = "in_force"


@dataclass(frozen=True, slots=True)
class Question:
    """A question whose answer is a list. `words` is the search, or the code of a department, empty for all; `page` starts at 1."""

    topic: Topic
    words: str = ""
    page: int = 1


@dataclass(frozen=True, slots=True)
class DecreeList:
    """One page of decrees, never empty. `question.page` is the page shown, of `pages`; `total` counts all pages' decrees."""

    question: Question
    decrees: tuple[Decree, ...]
    pages: int
    total: int
    at: datetime
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class OneDecree:
    """A single decree."""

    decree: Decree
    at: datetime


@dataclass(frozen=True, slots=True)
class NothingFound:
    """No decree *recorded* answers the question: not the same as "no decree exists".

    `recorded` is the number of decrees stored at all; `since` when the watch began, where it is known; `watched` is false of a department
    of which no authority is.
    """

    question: Question
    recorded: int
    since: datetime | None
    place: Place | None = None
    watched: bool = True


@dataclass(frozen=True, slots=True)
class UnknownDepartment:
    """No watched department is called so. `suggestions` are near ones, best first."""

    asked: str
    suggestions: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class UnknownDecree:
    """No decree is stored under this number."""

    number: int


class Fault(StrEnum):
    """What is wrong with a question."""

    NO_DEPARTMENT = "no_department"
    NO_WORDS = "no_words"
    TOO_LONG = "too_long"
    NO_NUMBER = "no_number"
    NOT_A_NUMBER = "not_a_number"


@dataclass(frozen=True, slots=True)
class BadInput:
    """The question cannot be understood."""

    fault: Fault


Answer = DecreeList | OneDecree | NothingFound | UnknownDepartment | UnknownDecree | BadInput | WatchState | DepartmentState


class Questions:
    """Answers questions from the stored decrees, and about the watch itself. Whatever the store raises passes through."""

    def __init__(
        self,
        decrees: DecreeReader,
        places: Mapping[str, Place],
        clock: Clock,
        *,
        overview: Callable[[], Overview],
        page_size: int = TELEGRAM_PAGE,
        since: Callable[[], datetime | None] = lambda: None,
    ) -> None:
        """`places` are the authorities by code; `clock` gives aware UTC time; `overview` reads how every source is now; `since` is when
        the watch began, None if unknown."""
        self._decrees = decrees
        self._places = places
        self._clock = clock
        self._overview = overview
        self._page_size = page_size
        self._since = since

    def recent(self, page: int = 1) -> Answer:
        """Return the decrees published last."""
        return self._list(Question(Topic.RECENT, page=page), self._decrees.recent)

    def department(self, code: str, page: int = 1) -> Answer:
        """Return the decrees of a department, by code ("26", "2a") or name ("drome", "la Drôme"), with every authority seated there."""
        if not code.strip():
            return BadInput(Fault.NO_DEPARTMENT)
        if len(code) > LONGEST_WORDS:
            return BadInput(Fault.TOO_LONG)
        found = find_department(code, self._places)
        if found.place is None:
            return UnknownDepartment(code.strip(), found.suggestions)
        question = Question(Topic.DEPARTMENT, found.place.code, page)
        return self._list(question, lambda limit, offset: self._decrees.recent(limit, offset, found.authorities), found)

    def in_force(self, department: str = "", page: int = 1) -> Answer:
        """Return the decrees in force now or later, by when they begin; of one department, by code or name, where one is given."""
        if len(department) > LONGEST_WORDS:
            return BadInput(Fault.TOO_LONG)
        found: DepartmentMatch | None = find_department(department, self._places) if department.strip() else None
        if found is not None and found.place is None:
            return UnknownDepartment(department.strip(), found.suggestions)
        place, wanted = (None, None) if found is None else (found.place, found.authorities)
        now = self._clock()
        # A day less: no time zone of the country is further behind than that, and those that are over are left out below.
        known = in_force(self._decrees.current(now.date() - timedelta(days=1), wanted), self._places, now)
        question = Question(Topic.IN_FORCE, "" if place is None else place.code, page)
        return self._list(question, lambda limit, offset: PageOfDecrees(known[offset : offset + limit], len(known)), found)

    def state(self, department: str = "") -> Answer:
        """Return how the watch is: of one department, by code or name, with every authority seated there; of all where none is given."""
        if not department.strip():
            return WatchState(self._overview())
        if len(department) > LONGEST_WORDS:
            return BadInput(Fault.TOO_LONG)
        found = find_department(department, self._places)
        if found.place is None:
            return UnknownDepartment(department.strip(), found.suggestions)
        return DepartmentState(tuple(one for one in self._overview().authorities if one.code in found.authorities))

    def search(self, words: str, page: int = 1) -> Answer:
        """Return the decrees that have these words."""
        asked = " ".join(words.split())
        if not any(character.isalnum() for character in asked):
            return BadInput(Fault.NO_WORDS)
        if len(asked) > LONGEST_WORDS:
            return BadInput(Fault.TOO_LONG)
        return self._list(Question(Topic.SEARCH, asked, page), lambda limit, offset: self._decrees.search(asked, limit, offset))

    def show(self, number: str) -> Answer:
        """Return one decree by the number that lists show: "12", "#12", "[12]", "n° 12"."""
        text = number.strip().removeprefix("[").removesuffix("]").strip()
        if not text:
            return BadInput(Fault.NO_NUMBER)
        match = _NUMBER.fullmatch(text)
        if match is None:
            return BadInput(Fault.NOT_A_NUMBER)
        wanted = int(match[1])
        decree = self._decrees.get(wanted) if wanted <= _LAST_ID else None
        return UnknownDecree(wanted) if decree is None else OneDecree(decree, self._clock())

    def ask(self, question: Question) -> Answer:
        """Answer the same question again, on the page it names."""
        match question.topic:
            case Topic.RECENT:
                return self.recent(question.page)
            case Topic.DEPARTMENT:
                return self.department(question.words, question.page)
            case Topic.SEARCH:
                return self.search(question.words, question.page)
            case Topic.IN_FORCE:
                return self.in_force(question.words, question.page)

    def _list(self, question: Question, fetch: Callable[[int, int], PageOfDecrees], there: DepartmentMatch | None = None) -> Answer:
        place = None if there is None else there.place
        page = min(max(question.page, 1), _LAST_ID // self._page_size)
        found = fetch(self._page_size, (page - 1) * self._page_size)
        pages = max(1, -(-found.total // self._page_size))
        if page > pages:  # asked beyond the end: the last page
            page = pages
            found = fetch(self._page_size, (page - 1) * self._page_size)
        if not found.decrees:
            recorded = found.total if question.topic is Topic.RECENT else self._decrees.recent(1, 0).total
            return NothingFound(replace(question, page=1), recorded, self._since(), place, there is None or self._watches(there))
        return DecreeList(replace(question, page=page), found.decrees, pages, found.total, self._clock(), place)

    def _watches(self, there: DepartmentMatch) -> bool:
        statuses = {one.status for one in self._overview().authorities if one.code in there.authorities}
        return not statuses <= {Status.UNWATCHED, Status.NOT_COVERED}


# Which decrees somebody is watched under today, or will be. Pure.

# Where the period could not be read, or what ended it was ended itself, that it is in force cannot be excluded: it is shown, after those
# that are sure.
_RANKS = {Standing.IN_FORCE: 0, Standing.UPCOMING: 0, Standing.UNKNOWN: 1, Standing.IN_DOUBT: 1}


def in_force(decrees: Iterable[Decree], places: Mapping[str, Place], now: datetime) -> tuple[Decree, ...]:
    """Return those in force at `now` (aware) or later, at their own place, by when they begin; those of which that is not sure come
    last.
    """
    ranked: list[tuple[int, date, int, Decree]] = []
    for decree in decrees:
        there = now.astimezone(ZoneInfo(place_for(places, decree.authority).time_zone))
        rank = _RANKS.get(standing(decree, there))
        if rank is not None:
            starts, _ = period(decree)
            ranked.append((rank, date.min if starts is None else starts.day, -(decree.id or 0), decree))
    return tuple(decree for *_, decree in sorted(ranked, key=lambda item: item[:3]))


# What questions need of the store.


class DecreeReader(Protocol):
    """The stored decrees, as questions see them. Synchronous: a face in an event loop calls from a thread."""

    def recent(self, limit: int, offset: int, authorities: frozenset[str] | None = None, /) -> PageOfDecrees:
        """Return newest found first; of some authorities only where they are given."""
        ...

    def get(self, decree_id: int, /) -> Decree | None:
        """Return one decree by its id."""
        ...

    def search(self, words: str, limit: int, offset: int, /) -> PageOfDecrees:
        """Return decrees whose text has these words, in any form the language gives them."""
        ...

    def current(self, on: date, authorities: Collection[str] | None = None, /) -> tuple[Decree, ...]:
        """Return decrees that may be in force on that day or later; of some authorities only where they are given."""
        ...
