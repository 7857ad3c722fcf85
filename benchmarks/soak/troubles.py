"""What goes wrong with the sites of the weeks, where and when: drawn from a seed, so that they can be simulated again. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from random import Random

from sources.catalogue.authority import Authority, Source, load_authorities
from tests.france.country import France
from tests.france.national import REDIRECTING
from tests.france.publications import Recueil

START = datetime(2026, 9, 14, 6, 0, tzinfo=UTC)
"""A Monday at eight in Paris, when the month before is not asked any more: its page is unseen, should a walk fall back to it."""

ANNOUNCED = timedelta(days=2)
"""How far back a first poll may announce (`watch.announce_since_days`)."""

FIRST_LIST = timedelta(days=40)
"""How old the entries are that stand on the second page of a list."""

TAIL = timedelta(days=1)
"""What is published in the last day is not awaited: its poll may come after the end."""


class Kind(StrEnum):
    """What can go wrong."""

    MONTH_GONE = "month page and card gone"
    YEAR_GONE = "year page and card gone"
    YEAR_RENAMED = "year page renamed without its year"
    YEAR_UNNAMED = "year page renamed beyond recognition"
    SWAPPED = "pages swapped by the host"
    FIRST_POLL = "first poll, one page fails"
    ROOT_MOVED = "root moved to …-2"
    JSESSIONID = ";jsessionid in addresses"
    SID = "?sid= in addresses"
    FOREIGN_LINK = "link to a PDF elsewhere"
    MAINTENANCE = "maintenance page"
    SITE_DOWN = "site down"
    OUTAGE = "outage of the shared address"
    BUSY = "503 with Retry-After"
    DRIP = "one byte a second"
    MAZE = "redirects without end"
    BOMB = "pages that unpack to gigabytes"
    HUGE = "files of 2 GB"
    TLS = "certificate of another name"
    DNS = "name not found"

    @property
    def is_failure(self) -> bool:
        """Whether a source may be failing for it. Else all that is published can be found all the time."""
        return self not in {Kind.ROOT_MOVED, Kind.JSESSIONID, Kind.SID, Kind.FOREIGN_LINK}

    @property
    def is_shared(self) -> bool:
        """Whether it strikes every site at once."""
        return self in {Kind.OUTAGE, Kind.BUSY}


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that goes wrong at these authorities (at all of them, where none is named), from `begin` until before `end`."""

    kind: Kind
    authorities: tuple[str, ...]
    begin: datetime
    end: datetime

    def strikes(self, authority: str, now: datetime) -> bool:
        """Whether this authority's site is in it now."""
        return self.begin <= now < self.end and (self.kind.is_shared or authority in self.authorities)


@dataclass(frozen=True, slots=True)
class Plan:
    """Weeks: what is watched, for how long, and what goes wrong, in order."""

    seed: int
    authorities: Mapping[str, Authority]
    end: datetime
    troubles: tuple[Trouble, ...]

    @property
    def sources(self) -> tuple[Source, ...]:
        """Every source watched."""
        return tuple(source for authority in self.authorities.values() for source in authority.sources)

    def trouble_of(self, authority: str) -> Trouble | None:
        """What goes wrong at this authority alone, if anything does."""
        return next((trouble for trouble in self.troubles if authority in trouble.authorities), None)

    def holds_decree(self, authority: str, recueil: Recueil) -> bool:
        """Whether a decree stands in this recueil: in some by chance, in all that come while something is wrong with their site, and in
        those that a first poll of which one page fails does not see."""
        trouble = self.trouble_of(authority)
        if trouble is not None:
            is_first = trouble.kind is Kind.FIRST_POLL
            begin, end = (START - FIRST_LIST, START - 2 * ANNOUNCED) if is_first else (trouble.begin, trouble.end)
            if begin <= recueil.up < end:
                return True
        return Random(f"{self.seed} {authority} {recueil.rank}").random() < 0.15


@dataclass(frozen=True, slots=True)
class _Case:
    """A trouble to come: which sources it may strike, how many at once, and for how many days (less in a short month; None: for good)."""

    kind: Kind
    days: float | None
    fits: Callable[[Source], bool]
    number: int = 1


def _by_month(source: Source) -> bool:
    return source.navigation == ("year-card", "month-card") and source.listing in {"download-list", "card-pdf", "downloads-group"}


def _by_year(source: Source) -> bool:
    return source.navigation == ("year-card",) and source.listing == "download-list" and source.authority not in REDIRECTING


def _is_paged(source: Source) -> bool:
    return source.navigation == ("year-card",) and (source.listing, source.order) == ("card-pdf", "newest-first")


def _any(source: Source) -> bool:
    return source.listing != "unknown"


_CASES = (
    # Those that fewest sources fit come first.
    _Case(Kind.SWAPPED, 2, lambda source: source.authority in {"09", "50"}, number=2),
    _Case(Kind.FIRST_POLL, 0.01, _is_paged),
    _Case(Kind.ROOT_MOVED, None, lambda source: _by_year(source) and source.root.lower().endswith("/recueil-des-actes-administratifs")),
    _Case(Kind.MONTH_GONE, 4, _by_month),
    _Case(Kind.MONTH_GONE, 3, _by_month),
    _Case(Kind.YEAR_GONE, 4, _by_year),
    _Case(Kind.YEAR_RENAMED, None, lambda source: _by_year(source) or _by_month(source)),
    _Case(Kind.YEAR_UNNAMED, 4, _by_year),
    _Case(Kind.JSESSIONID, 0.5, _by_month),
    _Case(Kind.SID, 0.5, _by_month),
    _Case(Kind.FOREIGN_LINK, 6, _by_year),
    _Case(Kind.MAINTENANCE, 0.25, _any),
    _Case(Kind.SITE_DOWN, 1, _any),
    _Case(Kind.DRIP, 1, _any),
    _Case(Kind.MAZE, 1, _any),
    _Case(Kind.BOMB, 1, _any),
    _Case(Kind.HUGE, 1, _any),
    _Case(Kind.TLS, 1, _any),
    _Case(Kind.DNS, 1, _any),
)

LEAST_SOURCES = sum(case.number for case in _CASES)
"""So many sites have something of their own go wrong."""


def draw(seed: int, sources: int, days: float) -> Plan:
    """So many days and sources, of departments that have one source each, all on the shared address.

    Raises ValueError where there is no room for what is to go wrong.
    """
    chance = Random(f"month {seed}")
    end = START + timedelta(days=days)
    known = {code: authority for code, authority in load_authorities().items() if _is_plain(authority)}
    if not LEAST_SOURCES <= sources <= len(known):
        raise ValueError(f"there must be from {LEAST_SOURCES} to {len(known)} sources")
    france = France(known, end)
    places = _Places(chance, {source: france.online(source) for source in france.sources}, end, max(0.2, min(1.0, days / 30)))
    troubles = [places.outage, places.busy, *(places.find(case) for case in _CASES)]
    others = [code for code in known if code not in places.taken]
    chosen = {*places.taken, *chance.sample(others, sources - len(places.taken))}
    ordered = sorted(troubles, key=lambda trouble: trouble.begin)
    return Plan(seed, {code: authority for code, authority in known.items() if code in chosen}, end, tuple(ordered))


def _is_plain(authority: Authority) -> bool:
    return authority.code[0].isdigit() and [source.reader for source in authority.sources] == ["national"]


@dataclass(slots=True)
class _Places:
    """Finds the where and when of troubles: each at sites of its own, in the hours in which these publish."""

    chance: Random
    published: Mapping[Source, Sequence[Recueil]]
    end: datetime
    scale: float
    taken: set[str] = field(default_factory=set)
    outage: Trouble = field(init=False)
    busy: Trouble = field(init=False)

    def __post_init__(self) -> None:
        # On two working days, while sites publish.
        first, second = sorted(self.chance.sample(self._mornings(), 2))
        self.outage = Trouble(Kind.OUTAGE, (), first + timedelta(hours=2), first + timedelta(hours=6))
        self.busy = Trouble(Kind.BUSY, (), second + timedelta(hours=5), second + timedelta(hours=6.5))

    def find(self, case: _Case) -> Trouble:
        """Raises ValueError where there is no room for it."""
        sources = [source for source in self.published if source.authority not in self.taken and case.fits(source)]
        for _ in range(500):
            struck = self.chance.sample(sources, case.number) if len(sources) >= case.number else []
            begin = START if case.kind is Kind.FIRST_POLL else self._morning()
            trouble = Trouble(case.kind, tuple(source.authority for source in struck), begin, self._end(case, begin))
            if struck and all(self._shows(trouble, self.published[source]) for source in struck):
                self.taken |= set(trouble.authorities)
                return trouble
        raise ValueError(f"no room for: {case.kind}")

    def _end(self, case: _Case, begin: datetime) -> datetime:
        if case.days is None:
            return self.end
        return begin + timedelta(days=case.days if case.kind is Kind.FIRST_POLL else max(0.15, case.days * self.scale))

    def _shows(self, trouble: Trouble, published: Sequence[Recueil]) -> bool:
        """Whether something can be seen of it: the site publishes meanwhile, in a month or year whose page had something before."""
        if trouble.kind is Kind.FIRST_POLL:
            return True
        month, last = trouble.begin.month, self.end - TAIL
        before = [recueil for recueil in published if recueil.day.month == month and recueil.up < trouble.begin]
        meanwhile = [recueil for recueil in published if trouble.begin + _NOTICED <= recueil.up < min(trouble.end, last)]
        in_time = trouble.end == self.end or (trouble.end <= last and trouble.end.month == month)
        # What is short by nature is not to be hidden by the outage.
        is_short = trouble.kind in {Kind.JSESSIONID, Kind.SID, Kind.MAINTENANCE}
        is_apart = not is_short or trouble.end < self.outage.begin or self.outage.end < trouble.begin
        return in_time and is_apart and len(before) > 2 and bool(meanwhile)

    def _morning(self) -> datetime:
        return self.chance.choice(self._mornings()) + timedelta(hours=self.chance.uniform(0, 2))

    def _mornings(self) -> list[datetime]:
        days = [START + timedelta(days=number) for number in range(1, (self.end - TAIL - START).days + 1)]
        return [day for day in days if day.weekday() < 5 and day + timedelta(hours=6.5) <= self.end - TAIL]


_NOTICED = timedelta(hours=1)
"""What a site publishes so soon after the beginning of a trouble may have been seen before."""
