"""Fifteen months of a made-up prefecture in each layout, polled at odd hours: nothing it publishes may be missed.

The sites publish irregularly: quiet weeks, days of a dozen recueils, uploads into the month that is over, recueils taken away again,
months and years whose pages come early, late, empty or under another name, and requests that fail now and then. The bot is off at times.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise

import pytest

import sources.crawl.lists
from sources.catalogue.authority import Source
from sources.crawl.crawler import Crawler
from sources.crawl.trail import Trail
from sources.model import CrawlFailed, FetchRefused, Page, Unreachable, Validators
from sources.pages import READERS
from tests.examples import PROFILE
from tests.sources.families import REGULAR, Family, Item, month_of
from tests.sources.families_irregular import IRREGULAR
from tests.sources.site import MemorySite
from tests.sources.steps import To

FAMILIES = (*REGULAR, *IRREGULAR)
FIRST = date(2025, 11, 10)
LAST = date(2027, 2, 5)
STEPS = (timedelta(minutes=15), timedelta(hours=3), timedelta(hours=6), timedelta(hours=14))
STRETCHES = ((FIRST, LAST),) if PROFILE != "steady" else ((date(2026, 2, 25), date(2026, 6, 5)), (date(2026, 11, 25), LAST))
"""All of it at night. By day what the tests of other stretches do not have: a spring in which a root moves, a New Year without a pause."""
LATE = 6
"""Days of a month during which some recueils are still put on the page of the month before."""
SETTLED = 9
"""From this day of the month on, only the page of the month is asked (a week of grace, and a walk a day)."""


def published(chance: random.Random, family: Family) -> Iterator[Item]:
    """What the prefecture puts online, in order."""
    number = 0
    for _ in range(family.older or 25):
        number += 1
        up = datetime.combine(FIRST - timedelta(days=20 if number < 15 else 2), time(9), UTC)
        yield Item(number, up, None, up.date().replace(day=1))
    day = FIRST
    quiet_until = day
    while day < LAST:
        day += timedelta(days=1)
        if chance.random() < 0.02:
            quiet_until = day + timedelta(days=chance.randrange(5, 25))
        is_quiet = day < quiet_until or (day.weekday() > 4 and chance.random() < 0.9) or chance.random() > family.pace
        # A page that begins anew is not awaited for ever.
        is_first = family.begins_anew and (day.month, day.day) == (1, 5)
        if is_quiet and not is_first:
            continue
        many = is_first or chance.choices((0, 1, 2, 4, 14), (4, 6, 3, 2, 0.4))[0]
        for hour in sorted(chance.uniform(7, 19) for _ in range(many)):
            number += 1
            up = datetime.combine(day, time(), UTC) + timedelta(hours=hour)
            before = day.replace(day=1) - timedelta(days=1)
            late = day.day <= LATE and chance.random() < 0.4
            down = up + timedelta(days=chance.uniform(2, 30)) if chance.random() < 0.04 else None
            if family.begins_anew:
                down = min(down or datetime.max.replace(tzinfo=UTC), datetime(day.year + 1, 1, 1, tzinfo=UTC))
            yield Item(number, up, down, (before if late else day).replace(day=1))


OFF = (
    (datetime(2026, 7, 25, 17, tzinfo=UTC), datetime(2026, 8, 15, 9, tzinfo=UTC)),
    (datetime(2026, 9, 4, tzinfo=UTC), datetime(2026, 9, 8, 9, tzinfo=UTC)),
    (datetime(2026, 12, 20, 17, tzinfo=UTC), datetime(2027, 1, 9, 9, tzinfo=UTC)),
)
"""When nobody polls: over the end of a month, over its days of grace, over New Year."""
AROUND = (
    ((date(2026, 7, 1), LAST),) if PROFILE != "steady" else ((date(2026, 7, 15), date(2026, 9, 15)), (date(2026, 12, 1), date(2027, 1, 25)))
)
"""All that is between them too at night; by day the weeks before and after each."""

Span = tuple[datetime, datetime]


@dataclass
class Prefecture:
    """The site as it is at each instant."""

    family: Family
    items: Sequence[Item]
    site: MemorySite = field(default_factory=lambda: MemorySite({}))
    _until: datetime | None = None
    _online: tuple[Item, ...] = ()

    def at(self, now: datetime) -> tuple[Item, ...]:
        """Bring the site to this instant, which is never before the last; what is online then."""
        if self._until is not None and now < self._until:
            return self._online
        self._online = tuple(item for item in self.items if item.up <= now and (item.down is None or item.down > now))
        pages = self.family.render(self._online, now.date())
        self.site.pages = {url: shown for url, shown in pages.items() if isinstance(shown, str)}
        self.site.redirects = {url: shown.url for url, shown in pages.items() if isinstance(shown, To)}
        midnight = datetime.combine(now.date() + timedelta(days=1), time(), UTC)
        changes = (moment for item in self.items for moment in (item.up, item.down) if moment is not None and moment > now)
        self._until = min((midnight, *changes))
        return self._online


class Flaky(MemorySite):
    """Fails now and then, each time in one of the ways a server has."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__({})
        self._chance = chance

    async def page(self, url: str, validators: Validators = Validators()) -> Page:  # noqa: B008 - the protocol's own signature
        if self._chance.random() < 0.02:
            raise self._chance.choice((Unreachable, FetchRefused))(f"{url}: not now")
        return await super().page(url, validators)


@pytest.fixture(scope="module", autouse=True)
def _pages_are_parsed_once() -> Iterator[None]:
    """The readers are pure, most pages do not change from one day to the next, and the tests of a family see the same ones."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sources.crawl.lists, "READERS", {name: lru_cache(maxsize=1024)(reader) for name, reader in READERS.items()})
        yield


@pytest.fixture(scope="module", params=FAMILIES, ids=lambda family: family.name)
def family(request: pytest.FixtureRequest) -> Family:
    """Each of them in turn, all its tests one after the other."""
    found: Family = request.param
    return found


@dataclass
class Life:
    """How the polls of one prefecture went."""

    polls: int = 0
    steady: int = 0
    failures: list[str] = field(default_factory=list)
    emptied: int = 0


async def live(family: Family, source: Source, begin: date, *, requests: int, off: Sequence[Span] = (), end: date = LAST) -> Life:
    """Poll a prefecture from a day to another; checks at each poll that nothing is missed and that what is told is true."""
    chance = random.Random(f"{family.name} 1")
    prefecture = Prefecture(family, list(published(chance, family)), site=Flaky(chance))
    crawler = Crawler(prefecture.site)
    now = datetime.combine(begin, time(8), UTC)
    seen = {item.number for item in prefecture.at(now)}
    kept: str | None = None
    life = Life()
    while now.date() < end:
        online = prefecture.at(now)
        prefecture.site.forget()
        trail = Trail.from_json(kept)
        life.polls += 1
        try:
            crawl = await crawler.poll(source, trail, today=now.date(), now=now)
        except CrawlFailed as failure:
            life.failures.append(f"{now}: {failure}")
        else:
            found = {entry.url for entry in crawl.listed}
            new = [item for item in online if item.number not in seen]
            seen |= {item.number for item in new if family.addresses(item) & found}
            kept = crawl.trail.to_json()
            life.failures += [f"{now}: {error}" for error in crawl.unread]
            walked = crawl.trail.walked_at == now
            # A short poll leaves out what is put late on the page of a month that is over.
            asked = [item for item in new if crawl.trail.whole_at == now or month_of(item) == (now.year, now.month)]
            missed = [item for item in asked if item.number not in seen and (walked or not family.is_astray(item))]
            assert missed == [] or crawl.unread, f"{now}"
            assert not walked or crawl.unread or crawl.moved_to == family.moved_to(now.date())
            assert all(is_empty(prefecture.site, url) for url in crawl.emptied), f"{now}: {crawl.emptied}"
            life.emptied += bool(crawl.emptied)
            is_whole = not crawl.emptied and not crawl.unread
            if not walked and is_whole and now.day >= SETTLED and any(month_of(item) == (now.year, now.month) for item in online):
                life.steady += 1
                assert crawl.requests <= requests, f"{now}: {prefecture.site.asked}"
        now += chance.choice(STEPS)
        now = next((on for left, on in off if left <= now < on), now)
    assert life.failures
    assert len(life.failures) < life.polls / 8
    assert {failure.rsplit(": ", 1)[-1] for failure in life.failures} == {"not now"}
    assert life.emptied < life.polls / 20
    return life


def is_empty(site: MemorySite, url: str) -> bool:
    return not READERS["national"](site.pages[site.redirects.get(url, url)], url).entries(wants_details=True)


async def test_nothing_published_in_fifteen_months_is_missed(family: Family) -> None:
    lives = [await live(family, family.source, begin, requests=family.requests, end=end) for begin, end in STRETCHES]
    polls = sum(life.polls for life in lives)
    assert polls > 3.7 * sum((end - begin).days for begin, end in STRETCHES)
    assert sum(life.steady for life in lives) > polls / 10


async def test_nothing_published_while_the_bot_was_off_is_missed(family: Family) -> None:
    lives = [await live(family, family.source, begin, requests=family.requests, off=OFF, end=end) for begin, end in AROUND]
    assert sum(life.polls for life in lives) > 250


async def test_nothing_is_missed_over_new_year_where_only_the_root_is_known(family: Family) -> None:
    source = replace(family.source, listing="unknown", order="unknown", follow=())
    # Both ends of a list are asked where its dates do not show the order.
    life = await live(family, source, date(2026, 12, 7), requests=family.requests + 1)
    assert life.polls > 200


def test_the_year_is_eventful() -> None:
    """What the other test stands on: turns, gaps, crowds, late uploads and removals are all there."""
    chance = random.Random(0)
    items = list(published(chance, FAMILIES[0]))
    ups = [item.up for item in items]
    days: Mapping[date, int] = {day: sum(up.date() == day for up in ups) for day in {up.date() for up in ups[25:]}}
    assert max(days.values()) > 10
    assert max(after - before for before, after in pairwise(ups)) > timedelta(days=6)
    assert any(month_of(item) < (item.up.year, item.up.month) for item in items)
    assert any(item.month.year < item.up.year for item in items)
    assert any(item.down for item in items)
