"""The layouts of made-up prefectures: what their pages are when these recueils are online. The regular ones; `irregular` has the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from sources.catalogue.authority import Listing, Order, Source
from tests.sources.markup import (
    HOST,
    ROOT,
    broken_download,
    documents_group,
    download,
    file_href,
    grey_card,
    page,
    paged,
    select,
    white_card,
)
from tests.sources.steps import To

MONTHS = ("Janvier", "Fevrier", "Mars", "Avril", "Mai", "Juin", "Juillet", "Aout", "Septembre", "Octobre", "Novembre", "Decembre")

Pages = dict[str, str | To]


@dataclass(frozen=True)
class Item:
    """One recueil: when it comes and goes, and the first day of the month under which it is filed."""

    number: int
    up: datetime
    down: datetime | None
    month: date

    @cached_property
    def file(self) -> str:
        return HOST + file_href(self.number)

    @cached_property
    def day(self) -> str:
        return self.up.strftime("%d/%m/%Y")


Render = Callable[[Sequence[Item], date], Pages]


@dataclass(frozen=True)
class Family:
    """One layout. `addresses` are what a listing may link for an item, `requests` the pages of one poll in the steady state, `older` the
    items of years past, `pace` the share of days on which anything may come. `begins_anew`: at New Year the list is emptied. `is_astray`:
    the item stands where no poll looks, but the walk of each day does."""

    name: str
    order: Order
    listing: Listing
    render: Render
    addresses: Callable[[Item], set[str]] = lambda item: {item.file}
    requests: int = 1
    older: int = 0
    pace: float = 1.0
    follow: tuple[str, ...] = ()
    begins_anew: bool = False
    is_astray: Callable[[Item], bool] = lambda _: False
    moved_to: Callable[[date], str | None] = lambda _: None

    @property
    def source(self) -> Source:
        return Source("99", "site", "national", ROOT, self.order, self.listing, follow=self.follow)


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


def downloads(items: Sequence[Item]) -> str:
    return page(*(download(item.number, item.day) for item in reversed(items)))


def article(item: Item) -> str:
    return f"{ROOT}/{item.month.year}/RAA-special-n-{item.number}"


def article_card(item: Item) -> str:
    return white_card(article(item).removeprefix(HOST), f"RAA spécial n° {item.number}", item.day)


def months_all_year_long(items: Sequence[Item], today: date) -> Pages:
    """Twelve cards from New Year on, those to come empty; the slugs have no year, and change once after some days."""
    filed = by_month(items)
    years = sorted({today.year, *(year for year, _ in filed)}, reverse=True)
    pages: Pages = {ROOT: cards(*((f"{ROOT}/RAA-{year}", f"Année {year}") for year in years))}
    for year in years:
        base = f"{ROOT}/RAA-{year}"
        ways = []
        for number, name in enumerate(MONTHS, 1):
            renamed = (year, number) < (today.year, today.month) or ((year, number) == (today.year, today.month) and today.day > 15)
            slug = f"{number:02}-{name.upper()}" if renamed and number % 3 == 0 else name
            ways.append((f"{base}/{slug}", name))
            pages[ways[-1][0]] = downloads(filed.get((year, number), []))
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


def year_of_articles_oldest_first(items: Sequence[Item], today: date) -> Pages:
    """Articles, ten a page, the newest on the last; the new year's page waits empty from the middle of December."""
    years = by_year(items)
    if today.month == 12 and today.day > 15:
        years.setdefault(today.year + 1, [])
    pages: Pages = {ROOT: cards(*((f"{ROOT}/{year}", str(year)) for year in years))}
    for year, filed in years.items():
        pages |= paged(f"{ROOT}/{year}", [article_card(item) for item in filed])
    return pages


def flat(items: Sequence[Item], today: date) -> Pages:
    """Everything ever published on the root."""
    return {ROOT: downloads(items)}


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


REGULAR = (
    Family("year>month download-list", "newest-first", "download-list", months_all_year_long),
    Family("year>month card-pdf, paged", "newest-first", "card-pdf", month_pages_newest_first),
    Family(
        "year card-detail, oldest first",
        "oldest-first",
        "card-detail",
        year_of_articles_oldest_first,
        lambda item: {article(item)},
        requests=2,
    ),
    Family("flat", "one-page", "download-list", flat, older=823, pace=0.02),
    Family("select-detail", "one-page", "select-detail", years_to_choose_from, lambda item: {option(item)}, pace=0.2),
    Family("downloads-group", "one-page", "downloads-group", twice_on_a_page, pace=0.5),
    Family("month-card", "one-page", "download-list", months_of_all_years),
    Family("year-link", "unknown", "plain-links", years_in_the_text, pace=0.3),
)
