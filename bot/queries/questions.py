"""Questions answered from the stored decrees: the one core behind every face. Values in, values out; words are chosen by the faces."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from functools import partial
from typing import TypeVar

from bot.domain.acts import Decree, DecreePeriod, Place, deciding_in
from bot.domain.health import AuthorityHealth, Overview
from bot.domain.posts import FRANCE
from bot.domain.recent import Recent
from bot.domain.records import LAST_ID, PageOfDecrees, PageOfIds
from bot.domain.text import fold_words
from bot.domain.topics import first_topic
from bot.gazetteer.gazetteer import Commune, gazetteer
from bot.queries.answers import (
    Answer,
    BadInput,
    DecreeList,
    DepartmentState,
    HelpRequest,
    InputFault,
    ListKind,
    NotCovered,
    NothingFound,
    OneDecree,
    PlaceChoices,
    PlaceQuestions,
    Question,
    RecueilWithout,
    SeveralPlaces,
    SubjectCard,
    TownAnswer,
    UnknownDecree,
    UnknownDepartment,
    UnknownPlace,
    WatchState,
)
from bot.queries.days import Days
from bot.queries.departments import EVERYWHERE, DepartmentMatch, is_all_of_france
from bot.queries.figures import Figures, FiguresAnswer, OnlineFigures, View, counted_since, figures, online_figures
from bot.queries.plain_words import (
    Meaning,
    PlaceMeaning,
    SearchWithFallback,
    areas_named,
    corrected,
    not_covered,
    places_named,
    specific,
    topic_named,
    town_of,
    understood,
)
from bot.queries.running import RunningDecrees, is_of_day, may_concern, running, running_on
from bot.storage.decrees import Decrees

P = TypeVar("P", PageOfDecrees, PageOfIds)
Clock = Callable[[], datetime]
Since = Callable[[Collection[str] | None], datetime | None]
"""When the watch of some authorities (None: of any) began, None where that is not known."""

TELEGRAM_PAGE = 5
"""Decrees on one page of a Telegram answer."""
CLI_PAGE = 20
"""Decrees on one page of a terminal."""
LONGEST_WORDS = 200
"""Characters of a search; a longer one is refused, not cut: half a question has another answer."""
_WORDS_KEPT = timedelta(minutes=10)
"""How long the words by which typing errors are found are kept."""
_UNPLACED = 3
"""Decrees shown, of those that name no commune."""
_OWN_NUMBER = re.compile(r"(?:#|n[°ºo]?\.?\s*)?([0-9]{1,18})", re.ASCII | re.IGNORECASE)
_WITHOUT_YEAR = re.compile(r"[0-9]{3,6}")
"""A number of a prefecture as people say it. A shorter one is that of a list here, and would end too many others."""
_NUMBER_ITSELF = re.compile(r"(?:(?!du )[^\d\s]+ )*\S*\d\S*(?: \S*\d\S*)*")
"""A number without what people copy after it: `2026-1104 du 17 août 2026`, `2026-1104 portant autorisation`."""
_BEFORE_NUMBER = re.compile(
    r"^(?:(?:arr[êe]t[ée]s?|pr[ée]fectoral|d[ée]crets?|decree|acte?|n[°ºo]?\.?|#)\s*)+(?=[^\W_])",
    re.IGNORECASE,
)


@dataclass(slots=True, eq=False)
class Questions:
    """Answers questions from the stored decrees, and about the watch. Synchronous: in an event loop, call it from a thread. Errors of the
    store pass through. `places`: authorities by code; `clock`: aware UTC time; `overview`: the current state of every source;
    `public_url`: address of the pages; `watched`: names of topics; `topic`: of which all decrees are, empty for any."""

    decrees: Decrees
    places: Mapping[str, Place]
    clock: Clock
    _: KW_ONLY
    overview: Callable[[], Overview]
    page_size: int = TELEGRAM_PAGE
    since: Since = lambda _: None
    public_url: str = ""
    watched: tuple[str, ...] = field(default_factory=lambda: (first_topic(),))
    topic: str = ""
    _words: tuple[datetime | None, Mapping[str, str]] = field(default_factory=lambda: (None, {}), init=False)

    def now(self) -> datetime:
        """Return the instant (aware) of which answers are true."""
        return self.clock()

    @property
    def topics(self) -> tuple[str, ...]:
        """Return what the decrees of the answers are about."""
        return (self.topic,) if self.topic else self.watched

    def of(self, topic: str) -> Questions:
        """Return the same, of the decrees of one topic alone."""
        return replace(self, decrees=self.decrees.of(topic), topic=topic)

    def about(self, words: str) -> tuple[Questions, str]:
        """Return the answers of the topic that words name, where several are watched, and the words without its name; else both as they
        are."""
        topic, rest = topic_named(words, self.watched) if len(self.watched) > 1 and not self.topic else ("", words)
        return (self.of(topic), rest) if topic else (self, words)

    def ask_about(self, words: str, ask: Callable[[Questions, str], Answer]) -> Answer:
        """Return what is answered of the topic that words name, if they name one, and of the other words."""
        narrowed, rest = self.about(words)
        answer = ask(narrowed, rest)
        if not narrowed.topic or not isinstance(answer, PlaceChoices):
            return answer
        asked = (replace(choice, question=replace(choice.question, topic=narrowed.topic)) for choice in answer.choices)
        return replace(answer, choices=tuple(asked))

    def recent(self, page: int = 1) -> Answer:
        """Return the decrees published last."""
        return self._list(Question(ListKind.RECENT, page=page), self.decrees.recent)

    def department(self, words: str, page: int = 1, without: Collection[int] = ()) -> Answer:
        """Return the decrees of all who decide in departments, given by code ("26", "2a", "26, 07") or name ("drome", "la Drôme"), except
        the ids `without`."""
        if not words.strip():
            return BadInput(InputFault.NO_DEPARTMENT)
        found = self._departments(words)
        if not isinstance(found, DepartmentMatch):
            return found
        question = Question(ListKind.DEPARTMENT, found.codes, page)
        fetch = partial(self.decrees.recent, authorities=found.authorities, departments=found.departments, without=without)
        return self._list(question, fetch, found)

    def in_force(self, department: str = "", page: int = 1) -> Answer:
        """Return the decrees in force now or later, by when they begin; of departments, by code or name, where they are given."""
        return self._running(ListKind.IN_FORCE, department, page)

    def today(self, department: str = "", page: int = 1) -> Answer:
        """Return the decrees in force at any hour of today, by when they began; of departments, by code or name, where they are given."""
        return self._running(ListKind.TODAY, department, page)

    def running(self, department: str = "") -> RunningDecrees | NotCovered | UnknownDepartment | PlaceChoices | BadInput:
        """Return all decrees that are in force, to come, or possibly so, of these departments if any are given. `whole` loads those that
        are shown."""
        found = self._there(department)
        if not isinstance(found, DepartmentMatch):
            return found
        now = self.clock()
        return running(self._current(found, now), self.places, now)

    def whole(self, decrees: Iterable[DecreePeriod]) -> tuple[Decree, ...]:
        """Return these decrees as they are shown, but for those that are stored no more."""
        return self.decrees.load([decree.id for decree in decrees if decree.id is not None])

    def running_in(self, commune: Commune) -> tuple[DecreePeriod, ...]:
        """Return the decrees that name a commune and are in force or to come, those of which that is not certain last."""
        now = self.clock()
        authorities = deciding_in({commune.department}, self.places)
        return running(self.decrees.current(now.date() - timedelta(days=1), authorities, (commune.code,)), self.places, now).all

    def plain(self, words: str, page: int = 1) -> Answer:
        """Answer plain words: places, a number, an address, a day, "aide"; anything else is searched."""
        asked = self._checked(words, InputFault.NO_WORDS)
        if isinstance(asked, BadInput):
            return asked
        return self.ask_about(asked, lambda narrowed, rest: narrowed._plain(rest, page) if rest else narrowed.recent(page))

    def _plain(self, asked: str, page: int) -> Answer:
        meant = self.understood(asked)
        if not isinstance(meant, SearchWithFallback):
            return self._meant(meant, page)
        found = self._search(meant.question.words, page, corrects=not meant.is_named)
        if isinstance(found, DecreeList) and found.searched is not None:
            named = places_named(found.searched, self.places)
            if named is not None and named.sure:  # a town mistyped: who names one wants it, not all decrees with that word
                return replace(named, asked=asked, sure=False)
        if meant.otherwise is None or not isinstance(found, NothingFound):
            return found
        if isinstance(meant.otherwise, PlaceChoices) and not meant.is_named:
            return replace(meant.otherwise, nothing=found)
        return self._meant(meant.otherwise, page)

    def understood(self, words: str) -> Meaning:
        """Return what plain words ask today, by the clock of Paris."""
        return understood(words, self.places, self.clock().astimezone(FRANCE).date(), self.public_url)

    def _meant(self, meant: PlaceMeaning | HelpRequest | SubjectCard | BadInput, page: int) -> Answer:
        match meant:
            case Question():
                return self.ask(replace(meant, page=page))
            case PlaceQuestions(questions=questions):
                answers = [self.ask(one) for one in questions]
                known = tuple(one for one in answers if isinstance(one, TownAnswer | DecreeList | NothingFound))
                return SeveralPlaces(known, self.clock()) if known else answers[0]
            case HelpRequest() | SubjectCard():
                return replace(meant, topics=self.topics)
            case _:
                return meant

    def day(self, words: str, page: int = 1) -> Answer:
        """Return the decrees in force on days, at a place where one is named (`bot.queries.days`)."""
        try:
            asked = Days.read(words)
        except ValueError:
            return BadInput(InputFault.NO_QUESTION)
        commune = gazetteer().commune(asked.place.removeprefix("c")) if asked.place.startswith("c") else None
        there = self._there(asked.place if commune is None else commune.department)
        if not isinstance(there, DepartmentMatch):
            return there
        stored = self.decrees.current(asked.first - timedelta(days=1), there.authorities, None if commune is None else (commune.code,))
        known = running_on((one for one in stored if may_concern(one, there.departments)), self.places, asked.first, asked.last).all
        return self._pages_of(Question(ListKind.DAY, words, page), known, there)

    def recueil(self, words: str, page: int = 1) -> Answer:
        """Return the decrees of a recueil, by its address, the name of its file or its number; whether it was read where it has none."""
        found = self.decrees.in_recueil(words)
        ids = () if found is None else found[1]
        decrees = [one for one in self.decrees.load(ids) if one.withdrawn_at is None]
        if not decrees:
            return RecueilWithout(words, is_read=found is not None and found[0], topics=self.topics)
        if len(decrees) == 1:
            return self._one(decrees[0])
        return self._pages_of(Question(ListKind.RECUEIL, words, page), decrees)

    def town(self, words: str, page: int = 1) -> Answer:
        """Return what is recorded of a town, by name, postcode or INSEE code; all that may be meant where they are several."""
        asked = self._checked(words, InputFault.NO_TOWN)
        if isinstance(asked, BadInput):
            return asked
        meant = town_of(asked, self.places)
        if not isinstance(meant, Question):
            return meant
        return self.ask(replace(meant, page=page))

    def state(self, department: str = "") -> Answer:
        """Return how the watch is: of departments, by code or name, with all who decide there; of all where none is given."""
        found = self._there(department)
        if not isinstance(found, DepartmentMatch):
            return found
        return WatchState(self.overview()) if found.authorities is None else DepartmentState(self._health(found.authorities))

    def map_of_france(self) -> FiguresAnswer:
        """Return what is in force and what is read, for a map."""
        return FiguresAnswer(View.MAP, self.figures())

    def chart(self) -> FiguresAnswer:
        """Return what was published in the last twelve months, for a chart."""
        return FiguresAnswer(View.CHART, self.figures(), self.online().all)

    def online(self) -> OnlineFigures:
        """Count when the authorisations of the last twelve months went online beside their beginning."""
        now = self.clock()
        return online_figures(self.decrees.with_looks(counted_since(now)), self.places, now)

    def figures(self, known: RunningDecrees | None = None, overview: Overview | None = None) -> Figures:
        """Count the decrees of today and of a year, by department, month and authority, with how each department is read. `known` (from
        `running` of all departments) and `overview` save a query if just made."""
        now = self.clock()
        several = frozenset(code for code, place in self.places.items() if place.territory)
        known = running(self._current(EVERYWHERE, now), self.places, now) if known is None else known
        published = self.decrees.published(counted_since(now), several)
        overview = self.overview() if overview is None else overview
        return figures(known, published, overview, self.since(None), self.places, now)

    def search(self, words: str, page: int = 1, *, corrects: bool = True) -> Answer:
        """Return the decrees that have these words; near ones where none has (`corrects`)."""
        asked = self._checked(words, InputFault.NO_WORDS)
        if isinstance(asked, BadInput):
            return asked
        return self._search(asked, page, corrects=corrects)

    def _search(self, asked: str, page: int, *, corrects: bool) -> Answer:
        question = Question(ListKind.SEARCH, asked, page)
        searched = asked

        def fetch(limit: int, offset: int) -> PageOfDecrees:
            nonlocal searched
            found = self.decrees.search(searched, limit, offset)
            if found.total or not corrects or searched != asked:
                return found
            for meant in (corrected(asked, self._known_words, self.decrees.has), *specific(asked)):
                if meant is None:
                    continue
                other = self.decrees.search(meant, limit, offset)
                if other.total:
                    searched = meant
                    return other
            return found

        found = self._list(question, fetch)
        return replace(found, searched=searched) if isinstance(found, DecreeList) and searched != asked else found

    def show(self, number: str, page: int = 1) -> Answer:
        """Return one decree by the number that lists show ("12", "#12", "[12]", "n° 12"), by its act's in the recueil
        ("26-2026-11-28-00033"), or by its authority's ("2026-1104"), which several may have."""
        text = " ".join(number.split()).removeprefix("[").removesuffix("]").strip()
        if not text:
            return BadInput(InputFault.NO_NUMBER)
        if len(text) > LONGEST_WORDS:
            return BadInput(InputFault.TOO_LONG)
        official = _BEFORE_NUMBER.sub("", text)
        own = _OWN_NUMBER.fullmatch(text) or _OWN_NUMBER.fullmatch(official)
        decree = self.decrees.get(int(own[1])) if own is not None and int(own[1]) <= LAST_ID else None
        if decree is not None:
            return self._one(decree)
        return self._numbered(official if own is None else own[1], page)

    def _one(self, decree: Decree) -> OneDecree:
        return OneDecree(decree, self.clock(), is_watched=decree.topic in self.watched)

    def decree_of(self, number: str) -> Decree | None:
        """Return the one decree of a number as `show` takes it; None also for one that was withdrawn."""
        answer = self.show(number)
        return answer.decree if isinstance(answer, OneDecree) and answer.decree.withdrawn_at is None else None

    def _numbered(self, number: str, page: int) -> Answer:
        if not any(character in "0123456789" for character in number):
            return BadInput(InputFault.NOT_A_NUMBER)
        found = self.decrees.numbered(number, self.places)
        if len(found) == 1:
            return self._one(found[0])
        itself = _NUMBER_ITSELF.match(number)
        if not found and itself is not None and (shorter := itself[0].rstrip(".,;:")) != number:
            return self._numbered(shorter, page)
        if not found and _WITHOUT_YEAR.fullmatch(number):
            found = self.decrees.ending_in(number)  # shown as a list even where it is one: its number is another
        if not found:
            return UnknownDecree(number)
        return self._pages_of(Question(ListKind.NUMBER, number, page), found)

    def ask(self, question: Question) -> Answer:
        """Answer the same question again, on the page it names."""
        if question.topic and not self.topic:
            return self.of(question.topic).ask(question)
        asked: Mapping[ListKind, Callable[[str, int], Answer]] = {
            ListKind.RECENT: lambda _, page: self.recent(page),
            ListKind.DEPARTMENT: self.department,
            ListKind.SEARCH: self.search,
            ListKind.IN_FORCE: self.in_force,
            ListKind.TODAY: self.today,
            ListKind.NUMBER: self.show,
            # A code here, never a postcode: 13001 is Aix-en-Provence by the one, and Marseille by the other.
            ListKind.TOWN: self._town,
            ListKind.DAY: self.day,
            ListKind.RECUEIL: self.recueil,
        }
        return asked[question.list_kind](question.words, question.page)

    def _checked(self, words: str, missing: InputFault) -> str | BadInput:
        asked = _visible(words)
        if not any(character.isalnum() for character in asked):
            return BadInput(missing)
        return asked if len(asked) <= LONGEST_WORDS else BadInput(InputFault.TOO_LONG)

    def _known_words(self) -> Mapping[str, str]:
        now = self.clock()
        made, known = self._words
        if made is None or not timedelta() <= now - made < _WORDS_KEPT:
            known = {fold_words(word): word.lower() for word in sorted(self.decrees.words())}
            self._words = (now, known)
        return known

    def _there(self, words: str) -> DepartmentMatch | BadInput | NotCovered | PlaceChoices | UnknownDepartment:
        """Find the departments; everywhere where none is named, or all of France."""
        return self._departments(words) if words.strip() and not is_all_of_france(words) else EVERYWHERE

    def _departments(self, words: str) -> DepartmentMatch | BadInput | NotCovered | PlaceChoices | UnknownDepartment:
        """Find the departments; where the words are the name of towns, these are what is offered."""
        words = _visible(words)
        if len(words) > LONGEST_WORDS:
            return BadInput(InputFault.TOO_LONG)
        found = areas_named(words, self.places)
        if found.places:
            return found
        outside = not_covered(found.unknown, self.places)
        if outside is not None:
            return outside
        towns = places_named(found.unknown, self.places)
        return towns if towns is not None and towns.sure else UnknownDepartment(found.unknown, found.suggestions)

    def _town(self, code: str, page: int) -> Answer:
        commune = gazetteer().commune(code)
        if commune is None:
            return UnknownPlace(code)
        authorities = deciding_in({commune.department}, self.places)
        if not authorities:
            return NotCovered(f"{commune.name} ({commune.department})")
        codes = (commune.code,)
        now = self.clock()
        current = [decree.id for decree in self.running_in(commune) if decree.id is not None]
        page, pages, found = self._paged(page, lambda number: self._naming(codes, current, number))
        unplaced = self.decrees.naming_none(authorities, _UNPLACED)
        return TownAnswer(
            Question(ListKind.TOWN, commune.code, page, self.topic),
            commune,
            self.decrees.load(found.ids),
            pages,
            found.total,
            len(current),
            self.decrees.load(unplaced.ids),
            unplaced.total,
            self.since(authorities),
            self._health(authorities),
            now,
            self.decrees.is_renewing(),
            self.watched,
        )

    def _naming(self, communes: Collection[str], current: Sequence[int], page: int) -> PageOfIds:
        """Return a page of the decrees that name one of these communes: those of `current` first."""
        start = (page - 1) * self.page_size
        first = current[start : start + self.page_size]
        rest = self.decrees.naming(communes, self.page_size - len(first), max(0, start - len(current)), current)
        return PageOfIds((*first, *rest.ids), len(current) + rest.total)

    def _running(self, list_kind: ListKind, department: str, page: int) -> Answer:
        found = self._there(department)
        if not isinstance(found, DepartmentMatch):
            return found
        now = self.clock()
        known = running(self._current(found, now), self.places, now).all
        if list_kind is ListKind.TODAY:
            known = tuple(decree for decree in known if is_of_day(decree, self.places, now))
        return self._pages_of(Question(list_kind, found.codes, page), known, found)

    def _pages_of(self, question: Question, known: Sequence[DecreePeriod], there: DepartmentMatch = EVERYWHERE) -> Answer:
        return self._list(question, lambda limit, offset: PageOfDecrees(self.whole(known[offset : offset + limit]), len(known)), there)

    def _current(self, there: DepartmentMatch, now: datetime) -> tuple[DecreePeriod, ...]:
        # A day less: no time zone of the country is further behind than that, and those that are over are left out below.
        stored = self.decrees.current(now.date() - timedelta(days=1), there.authorities)
        return tuple(decree for decree in stored if may_concern(decree, there.departments))

    def _list(self, question: Question, fetch: Callable[[int, int], PageOfDecrees], there: DepartmentMatch = EVERYWHERE) -> Answer:
        question = replace(question, topic=self.topic)
        page, pages, found = self._paged(question.page, lambda number: fetch(self.page_size, (number - 1) * self.page_size))
        health = () if there.authorities is None else self._health(there.authorities)
        if not found.decrees:
            recorded = found.total if question.list_kind is ListKind.RECENT else self.decrees.total()
            unfinished = question.list_kind is ListKind.SEARCH and self.decrees.is_renewing()
            return NothingFound(replace(question, page=1), recorded, self.since(there.authorities), there.places, health, unfinished)
        asked = replace(question, page=page)
        return DecreeList(asked, found.decrees, pages, found.total, self.clock(), there.places, health=health, topics=self.watched)

    def _paged(self, page: int, fetch: Callable[[int], P]) -> tuple[int, int, P]:
        """Return the number of the page that is shown, the last one for whoever asks beyond the end, how many there are, and that page."""
        page = min(max(page, 1), LAST_ID // self.page_size)
        found = fetch(page)
        pages = max(1, -(-found.total // self.page_size))
        return (page, pages, found) if page <= pages else (pages, pages, fetch(pages))

    def _health(self, authorities: Collection[str]) -> tuple[AuthorityHealth, ...]:
        return tuple(one for one in self.overview().authorities if one.code in authorities)


def _visible(words: str) -> str:
    """Return the words with one space between, without the signs that nobody sees: what is copied from a page or from a post has some."""
    return " ".join("".join(sign for sign in words if unicodedata.category(sign) != "Cf").split())


# How often a person may ask: a token bucket for each. Nothing here waits itself, and memory is bounded.


class RateDecision(Enum):
    """Decides whether to answer. Only the first refusal in a row is announced: more would be a flood of its own."""

    ALLOWED = "allowed"
    REFUSED_FIRST = "refused_first"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Bucket:
    """Tokens left at an instant (seconds of a monotonic clock), and whether the person was notified of a refusal since the last grant."""

    tokens: float
    at: float
    notified: bool = False


def take(bucket: Bucket, now: float, most: int, seconds: float = 60.0) -> tuple[Bucket, RateDecision]:
    """Take one token. A bucket holds at most `most` tokens, and an empty one is full again after so many seconds."""
    tokens = min(most, bucket.tokens + max(0.0, now - bucket.at) * most / seconds)
    if tokens >= 1:
        return Bucket(tokens - 1, now), RateDecision.ALLOWED
    return Bucket(tokens, now, notified=True), RateDecision.REFUSED if bucket.notified else RateDecision.REFUSED_FIRST


_CHAT_SHARE = 3
"""A group may ask this many times as much as one person."""


class RateLimiter:
    """One bucket per person and one per group, for at most `people` of them: the one silent for longest is forgotten first."""

    def __init__(self, most: int, monotonic: Callable[[], float], people: int = 10_000, *, seconds: float = 60.0) -> None:
        """One person may ask `most` questions at once, and as many again after so many seconds: by default a minute."""
        self._most = most
        self._seconds = seconds
        self._monotonic = monotonic
        self._buckets = Recent[Hashable, Bucket](people)

    def ask(self, person: Hashable, chat: Hashable = None) -> RateDecision:
        """Return whether this person (an account, a Telegram user or chat id) may be answered now, in this chat where it is another one."""
        decision = self._take(person, self._most)
        if decision is not RateDecision.ALLOWED or chat is None or chat == person:
            return decision
        return self._take(chat, _CHAT_SHARE * self._most)

    def _take(self, who: Hashable, most: int) -> RateDecision:
        now = self._monotonic()
        self._buckets[who], decision = take(self._buckets.get(who, Bucket(most, now)), now, most, self._seconds)
        return decision
