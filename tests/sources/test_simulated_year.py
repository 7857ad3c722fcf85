"""Fifteen months of a made-up prefecture in each layout, polled at odd hours: nothing it publishes may be missed.

The sites publish irregularly: quiet weeks, days of a dozen recueils, uploads into the month that is over, recueils taken away again,
months and years whose pages come early, late, empty or under another name, and requests that fail now and then.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise

import pytest

import sources.visit
from sources import Crawler, CrawlFailed, Refused, Trail, Unreachable
from sources.authority import Order, Source
from sources.fetch import Page, Validators
from sources.pages import READERS
from tests.sources.markup import (
    HOST,
    ROOT,
    broken_download,
    documents_group,
    download,
    file_href,
    grey_card,
    page,
    pager,
    select,
    white_card,
)
from tests.sources.site import MemorySite

FIRST = date(2025, 11, 10)
LAST = date(2027, 2, 5)
STEPS = (timedelta(minutes=15), timedelta(hours=3), timedelta(hours=6), timedelta(hours=6))
LATE = 6
"""Days of a month during which some recueils are still put on the page of the month before."""
SETTLED = 9
"""From this day of the month on, only the page of the month is asked (a week of grace, and a walk a day)."""
MONTHS = ("Janvier", "Fevrier", "Mars", "Avril", "Mai", "Juin", "Juillet", "Aout", "Septembre", "Octobre", "Novembre", "Decembre")

Pages = dict[str, str]


@dataclass(frozen=True)
class Item:
    """One recueil: when it comes and goes, and the first day of the month under which it is filed."""

    number: int
    up: datetime
    down: datetime | None
    month: date

    @property
    def file(self) -> str:
        return HOST + file_href(self.number)

    @property
    def day(self) -> str:
        return self.up.strftime("%d/%m/%Y")


Render = Callable[[Sequence[Item], date], Pages]


@dataclass(frozen=True)
class Family:
    """One layout. `address` is what the listing links for an item, `requests` the pages of one poll in the steady
    state, `older` the items of years past, `pace` the share of days on which anything may come."""

    name: str
    order: Order
    listing: str
    render: Render
    address: Callable[[Item], str] = lambda item: item.file
    requests: int = 1
    older: int = 0
    pace: float = 1.0

    @property
    def source(self) -> Source:
        return Source("99", "site", "national", ROOT, self.order, self.listing)


# --- the layouts -------------------------------------------------------------------------------------------------------


def cards(*ways: tuple[str, str]) -> str:
    return page(*(grey_card(url.removeprefix(HOST), text) for url, text in ways))


def month_of(item: Item) -> tuple[int, int]:
    return item.month.year, item.month.month


def by_month(items: Sequence[Item]) -> dict[tuple[int, int], list[Item]]:
    months: dict[tuple[int, int], list[Item]] = {}
    for item in items:
        months.setdefault(month_of(item), []).append(item)
    return months


def by_year(items: Sequence[Item]) -> dict[int, list[Item]]:
    years: dict[int, list[Item]] = {}
    for item in items:
        years.setdefault(item.month.year, []).append(item)
    return years


def paged(base: str, rows: Sequence[str]) -> Pages:
    chunks = [rows[start : start + 10] for start in range(0, len(rows), 10)] or [[]]
    return {
        base if rank == 1 else f"{base}/(offset)/{10 * (rank - 1)}": page(*chunk, pager(base, rank, len(chunks)))
        for rank, chunk in enumerate(chunks, 1)
    }


def months_all_year_long(items: Sequence[Item], today: date) -> Pages:
    """Twelve cards from New Year on, those to come empty; the slugs have no year, and change once after some days."""
    filed = by_month(items)
    years = sorted({today.year, *(year for year, _ in filed)}, reverse=True)
    pages = {ROOT: cards(*((f"{ROOT}/RAA-{year}", f"Année {year}") for year in years))}
    for year in years:
        base = f"{ROOT}/RAA-{year}"
        ways = []
        for number, name in enumerate(MONTHS, 1):
            renamed = (year, number) < (today.year, today.month) or ((year, number) == (today.year, today.month) and today.day > 15)
            slug = f"{number:02}-{name.upper()}" if renamed and number % 3 == 0 else name
            ways.append((f"{base}/{slug}", name))
            pages[ways[-1][0]] = page(*(download(item.number, item.day) for item in reversed(filed.get((year, number), []))))
        pages[base] = cards(*ways)
    return pages


def month_pages_newest_first(items: Sequence[Item], today: date) -> Pages:
    """Pages of files, ten at a time; a month has its card from its first recueil on, a year from its first month on."""
    years: dict[int, list[tuple[str, str]]] = {}
    pages: Pages = {}
    for (year, month), filed in by_month(items).items():
        url = f"{ROOT}/Annee-{year}/RAA-du-mois-de-{MONTHS[month - 1].lower()}-{year}"
        years.setdefault(year, []).append((url, f"{MONTHS[month - 1]} {year}"))
        pages |= paged(url, [white_card(file_href(item.number), f"RAA n° {item.number}", item.day) for item in reversed(filed)])
    pages |= {f"{ROOT}/Annee-{year}": cards(*reversed(ways)) for year, ways in years.items()}
    return {**pages, ROOT: cards(*((f"{ROOT}/Annee-{year}", f"Année {year}") for year in sorted(years, reverse=True)))}


def article(item: Item) -> str:
    return f"{ROOT}/{item.month.year}/RAA-special-n-{item.number}"


def year_of_articles_oldest_first(items: Sequence[Item], today: date) -> Pages:
    """Articles, ten a page, the newest on the last; the new year's page waits empty from the middle of December."""
    years = by_year(items)
    if today.month == 12 and today.day > 15:
        years.setdefault(today.year + 1, [])
    pages: Pages = {ROOT: cards(*((f"{ROOT}/{year}", str(year)) for year in years))}
    for year, filed in years.items():
        rows = [white_card(article(item).removeprefix(HOST), f"RAA spécial n° {item.number}", item.day) for item in filed]
        pages |= paged(f"{ROOT}/{year}", rows)
    return pages


def flat(items: Sequence[Item], today: date) -> Pages:
    """Everything ever published on the root."""
    return {ROOT: page(*(download(item.number, item.day) for item in reversed(items)))}


def option(item: Item) -> str:
    return f"{HOST}/Media/Files/RAA/{item.month.year}/recueil-{item.number}"


def years_to_choose_from(items: Sequence[Item], today: date) -> Pages:
    """A list to choose the year from, then a list to choose the recueil from."""
    years = by_year(items)
    pages: Pages = {ROOT: page(select(*((f"{ROOT.removeprefix(HOST)[1:]}/{year}", str(year)) for year in years)))}
    for year, filed in years.items():
        pages[f"{ROOT}/{year}"] = page(
            select(*((option(item).removeprefix(HOST + "/"), f"Recueil n° {item.number} du {item.day}") for item in reversed(filed)))
        )
    return pages


def twice_on_a_page(items: Sequence[Item], today: date) -> Pages:
    """Months of a year, each file linked in the text and again in the documents group, whose markup is broken."""
    pages: Pages = {}
    years: dict[int, list[tuple[str, str]]] = {}
    for (year, month), filed in by_month(items).items():
        url = f"{ROOT}/Annee-{year}/RAA-d-{MONTHS[month - 1]}-{year}"
        years.setdefault(year, []).append((url, f"RAA de {MONTHS[month - 1]}"))
        pages[url] = page(
            *(download(item.number, item.day) for item in filed),
            documents_group(*(broken_download(item.number, item.day) for item in filed)),
        )
    pages |= {f"{ROOT}/Annee-{year}": cards(*ways) for year, ways in years.items()}
    return {**pages, ROOT: cards(*((f"{ROOT}/Annee-{year}", f"Année {year}") for year in years))}


def months_of_all_years(items: Sequence[Item], today: date) -> Pages:
    """The months of all years on the root; each card is there from the first of its month on."""
    filed = by_month(items)
    filed.setdefault((today.year, today.month), [])
    ways = [(f"{ROOT}/{MONTHS[month - 1]}-{year}", f"{MONTHS[month - 1]} {year}") for year, month in sorted(filed, reverse=True)]
    return {
        ROOT: cards(*ways),
        **{
            f"{ROOT}/{MONTHS[month - 1]}-{year}": page(*(download(item.number, None) for item in inside))
            for (year, month), inside in filed.items()
        },
    }


def years_in_the_text(items: Sequence[Item], today: date) -> Pages:
    """Plain links to the years; the page of the new year comes with its first recueil."""
    years = by_year(items)
    links = "".join(f'<li><a href="{ROOT.removeprefix(HOST)}/Annee-{year}">Année {year}</a></li>' for year in years)
    pages: Pages = {ROOT: page(f"<ul>{links}</ul>")}
    for year, filed in years.items():
        pages[f"{ROOT}/Annee-{year}"] = page(
            *(f'<p><a class="fr-link" href="{file_href(item.number)}">RAA n° {item.number} du {item.day}</a></p>' for item in filed)
        )
    return pages


FAMILIES = (
    Family("year>month download-list", "newest-first", "download-list", months_all_year_long),
    Family("year>month card-pdf, paged", "newest-first", "card-pdf", month_pages_newest_first),
    Family("year card-detail, oldest first", "oldest-first", "card-detail", year_of_articles_oldest_first, article, requests=2),
    Family("flat", "one-page", "download-list", flat, older=823, pace=0.02),
    Family("select-detail", "one-page", "select-detail", years_to_choose_from, option, pace=0.2),
    Family("downloads-group", "one-page", "downloads-group", twice_on_a_page, pace=0.5),
    Family("month-card", "one-page", "download-list", months_of_all_years),
    Family("year-link", "unknown", "plain-links", years_in_the_text, pace=0.3),
)


# --- time --------------------------------------------------------------------------------------------------------------


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
        if day < quiet_until or (day.weekday() > 4 and chance.random() < 0.9) or chance.random() > family.pace:
            continue
        many = chance.choices((0, 1, 2, 4, 14), (4, 6, 3, 2, 0.4))[0]
        for hour in sorted(chance.uniform(7, 19) for _ in range(many)):
            number += 1
            up = datetime.combine(day, time(), UTC) + timedelta(hours=hour)
            before = day.replace(day=1) - timedelta(days=1)
            late = day.day <= LATE and chance.random() < 0.4
            down = up + timedelta(days=chance.uniform(2, 30)) if chance.random() < 0.04 else None
            yield Item(number, up, down, (before if late else day).replace(day=1))


@dataclass
class Prefecture:
    """The site as it is at each instant."""

    family: Family
    items: Sequence[Item]
    _shown: tuple[date, tuple[Item, ...]] | None = None
    site: MemorySite = field(default_factory=lambda: MemorySite({}))

    def at(self, now: datetime) -> tuple[Item, ...]:
        """Bring the site to this instant; what is online then."""
        online = tuple(item for item in self.items if item.up <= now and (item.down is None or item.down > now))
        if (now.date(), online) != self._shown:
            self._shown = now.date(), online
            self.site.pages = self.family.render(online, now.date())
        return online


class Flaky(MemorySite):
    """Fails now and then, each time in one of the ways a server has."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__({})
        self._chance = chance

    async def page(self, url: str, validators: Validators = Validators()) -> Page:  # noqa: B008 - the protocol's own signature
        if self._chance.random() < 0.02:
            raise self._chance.choice((Unreachable, Refused))(f"{url}: not now")
        return await super().page(url, validators)


@pytest.fixture(autouse=True)
def _pages_are_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The readers are pure and most pages do not change from one day to the next."""
    cached = {name: lru_cache(maxsize=512)(reader) for name, reader in READERS.items()}
    monkeypatch.setattr(sources.visit, "READERS", cached)


@pytest.mark.parametrize("seed", [1])
@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
async def test_nothing_published_in_fifteen_months_is_missed(family: Family, seed: int) -> None:
    chance = random.Random(f"{family.name} {seed}")
    prefecture = Prefecture(family, list(published(chance, family)), site=Flaky(chance))
    crawler = Crawler(prefecture.site)
    now = datetime.combine(FIRST, time(8), UTC)
    seen = {family.address(item) for item in prefecture.at(now)}
    kept: str | None = None
    failures: list[str] = []
    polls, steady = 0, 0
    while now.date() < LAST:
        online = prefecture.at(now)
        prefecture.site.forget()
        trail = Trail.from_json(kept)
        polls += 1
        try:
            crawl = await crawler.poll(family.source, trail, today=now.date(), now=now)
        except CrawlFailed as failure:
            failures.append(str(failure))
        else:
            seen |= {entry.url for entry in crawl.listed}
            missed = [item for item in online if family.address(item) not in seen]
            assert missed == [], f"{now}"
            kept = crawl.trail.to_json()
            walked = trail is None or crawl.trail.walked_at == now
            if not walked and now.day >= SETTLED and any(month_of(item) == (now.year, now.month) for item in online):
                steady += 1
                assert crawl.requests <= family.requests, f"{now}: {prefecture.site.asked}"
        now += chance.choice(STEPS)
    assert polls > 2500
    assert 0 < len(failures) < polls / 8
    assert {failure.rsplit(": ", 1)[-1] for failure in failures} == {"not now"}
    assert steady > polls / 10


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
