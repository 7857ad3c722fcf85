"""Made-up prefectures whose pages are cut otherwise than by months and years, filled by mistake, renamed or moved during the year."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from tests.sources.families import (
    MONTHS,
    Family,
    Item,
    Pages,
    article,
    article_card,
    by_month,
    by_year,
    cards,
    downloads,
)
from tests.sources.markup import HOST, ROOT, download, file_href, grey_card, page, paged, pager, white_card
from tests.sources.steps import To

NEW_ROOT = f"{HOST}/Publications/Publications-legales/Recueil-des-actes-administratifs"
MOVED, GONE, LEFT = date(2026, 3, 10), date(2026, 7, 20), date(2026, 11, 5)
"""The root redirects to the new one; it is gone; a page that links the new one stands there."""

SLICE = 60
"""Recueils in a slice of a year."""


def year_card(year: int, base: str = ROOT) -> tuple[str, str]:
    return f"{base}/Annee-{year}", f"Année {year}"


def renamed_pages(items: Sequence[Item], today: date) -> Pages:
    """A month's page loses its rank when it begins, gains a suffix after ten days, another when it is over; the year's page, and those of
    the months below it, have another name from the 1st of July on. Nothing is left at the old addresses."""
    filed = by_month(items)
    pages: Pages = {}
    years: dict[str, str] = {}
    for year in sorted({today.year, *(year for year, _ in filed)}, reverse=True):
        base = f"{ROOT}/{'RAA' if today >= date(year, 7, 1) else 'Annee'}-{year}"
        years[base] = f"Année {year}"
        ways = []
        for number, name in enumerate(MONTHS, 1):
            if (year, number) > (today.year, today.month):
                slug = f"{number:02}.-{name}"
            elif (year, number) < (today.year, today.month):
                slug = f"{name}-{year}-archives"
            else:
                slug = f"{name}-{year}" if today.day > 10 else name
            ways.append((f"{base}/{slug}", name))
            pages[ways[-1][0]] = downloads(filed.get((year, number), []))
        pages[base] = cards(*ways)
    return {**pages, ROOT: cards(*years.items())}


def slices_by_volume(items: Sequence[Item], today: date) -> Pages:
    """The root has slices of each year, the newest first; a new one opens when the last is full."""
    pages: Pages = {}
    ways: list[tuple[str, str]] = []
    for year, filed in sorted(by_year(items).items(), reverse=True):
        slices = range(1, max(item.number for item in filed) // SLICE + 2)
        for rank in reversed(slices):
            inside = [item for item in filed if item.number // SLICE + 1 == rank]
            if inside:
                ways.append((f"{ROOT}/{year}-{rank}", f"{year} - {rank}"))
                pages[ways[-1][0]] = downloads(inside)
    return {**pages, ROOT: cards(*ways, (f"{ROOT}/Archives", "Archives"), (f"{ROOT}/Infos", "Informations générales"))}


def quarters(items: Sequence[Item], today: date) -> Pages:
    """Year, quarter, month: the quarter's card is there from its first day on, empty, the month's from its first recueil on."""
    filed = by_month(items)
    pages: Pages = {}
    years: dict[int, dict[int, list[tuple[str, str]]]] = {today.year: {(today.month + 2) // 3: []}}
    for (year, month), inside in filed.items():
        quarter = (month + 2) // 3
        url = f"{ROOT}/{year}/{quarter}eme-trimestre/{MONTHS[month - 1]}"
        years.setdefault(year, {}).setdefault(quarter, []).append((url, MONTHS[month - 1]))
        pages[url] = downloads(inside)
    for year, parts in years.items():
        pages[f"{ROOT}/{year}"] = cards(*((f"{ROOT}/{year}/{part}eme-trimestre", f"{part}ème trimestre") for part in sorted(parts)))
        pages |= {f"{ROOT}/{year}/{part}eme-trimestre": cards(*ways) for part, ways in parts.items()}
    return {**pages, ROOT: cards(*((f"{ROOT}/{year}", str(year)) for year in years))}


def semesters(items: Sequence[Item], today: date) -> Pages:
    """The root has semesters, each of which leads to a page below."""
    filed: dict[str, list[Item]] = {}
    for item in items:
        half = "JANVIER-JUIN" if item.month.month < 7 else "JUILLET-DECEMBRE"
        filed.setdefault(f"{ROOT}/{half}-{item.month.year}", []).append(item)
    pages: Pages = {ROOT: cards(*((url, url.rsplit("/", 1)[-1]) for url in filed))}
    for url, inside in filed.items():
        pages |= {url: To(f"{url}/Liste"), f"{url}/Liste": downloads(inside)}
    return pages


KINDS = ("Speciaux", "Reguliers", "Nominatifs")


def categories(items: Sequence[Item], today: date) -> Pages:
    """The year has three categories, there from its first day on."""
    years = {today.year: [], **by_year(items)}
    pages: Pages = {ROOT: cards(*(year_card(year) for year in years))}
    for year, filed in years.items():
        base = f"{ROOT}/Annee-{year}"
        pages[base] = cards(*((f"{base}/{kind}", kind) for kind in KINDS), (f"{base}/Mode-d-emploi", "Mode d'emploi"))
        pages |= {f"{base}/{kind}": downloads([item for item in filed if item.number % 3 == rank]) for rank, kind in enumerate(KINDS)}
    return pages


def beside_the_months(item: Item) -> bool:
    return not item.number % 20


def months_on_two_pages(items: Sequence[Item], today: date) -> Pages:
    """Ten cards of months a page, the oldest first; one recueil in twenty stands beside them, on the page of the year."""
    filed = by_month([item for item in items if not beside_the_months(item)])
    astray = by_year([item for item in items if beside_the_months(item)])
    years = sorted({today.year, *(year for year, _ in filed)}, reverse=True)
    pages: Pages = {ROOT: cards(*(year_card(year) for year in years))}
    for year in years:
        base = f"{ROOT}/Annee-{year}"
        months = [month for month in range(1, 13) if (year, month) in filed]
        rows = [grey_card(f"{base}/{month + 1}.-{MONTHS[month - 1]}".removeprefix(HOST), MONTHS[month - 1]) for month in months]
        beside = "".join(white_card(file_href(item.number), f"RAA n° {item.number}", item.day) for item in astray.get(year, []))
        parts = [rows[:10], rows[10:]] if len(rows) > 10 else [rows]
        pages[base] = page(beside, *parts[0], pager(base, 1, len(parts)))
        if len(parts) > 1:
            pages[f"{base}/(offset)/10"] = page(*parts[1], pager(base, 2, 2))
        pages |= {f"{base}/{month + 1}.-{MONTHS[month - 1]}": downloads(filed[year, month]) for month in months}
    return pages


def pinned_on_the_root(items: Sequence[Item], today: date) -> Pages:
    """A year of articles, the newest first; one in fifteen is on the root, beside the cards of the years, and the last of them only."""
    pinned = [item for item in items if not item.number % 15][-3:]
    years = by_year([item for item in items if item.number % 15])
    pages: Pages = {
        ROOT: page(*map(article_card, reversed(pinned)), *(grey_card(f"{ROOT[len(HOST) :]}/{year}", str(year)) for year in years))
    }
    for year, filed in years.items():
        pages |= paged(f"{ROOT}/{year}", [article_card(item) for item in reversed(filed)])
    return pages


def moving_root(items: Sequence[Item], today: date) -> Pages:
    """The root moves with its years: it redirects, then is gone, then only names its new address. The months stay where they are."""
    base = NEW_ROOT if today >= MOVED else ROOT
    years: dict[int, list[tuple[str, str]]] = {}
    pages: Pages = {}
    for (year, month), filed in by_month(items).items():
        url = f"{HOST}/Publications/Listes/{MONTHS[month - 1]}-{year}"
        years.setdefault(year, []).append((url, f"{MONTHS[month - 1]} {year}"))
        pages[url] = downloads(filed)
    pages |= {f"{base}/Annee-{year}": cards(*ways) for year, ways in years.items()}
    pages[base] = cards(*(year_card(year, base) for year in years))
    folder = (f"{HOST}/Publications/TEST-RAA", "[TEST] RAA"), (NEW_ROOT, "Recueil des actes administratifs (RAA)")
    pages[f"{HOST}/Publications"] = cards(*folder, (f"{HOST}/Publications/Enquetes-2026", "Enquêtes publiques 2026"))
    if today >= LEFT:
        pages[ROOT] = page(f'<p>Le <a href="{NEW_ROOT}">recueil des actes administratifs</a> a une nouvelle adresse.</p>')
    elif MOVED <= today < GONE:
        pages[ROOT] = To(NEW_ROOT)
    return pages


def year_under_way(items: Sequence[Item], today: date) -> Pages:
    """One page for the year under way, whichever it is, and one for those before."""
    current = f"{ROOT}/Recueils-de-l-annee-en-cours"
    pages: Pages = {current: downloads([item for item in items if item.up.year == today.year])}
    before = (f"{ROOT}/Recueils-des-annees-anterieures", "Années antérieures")
    return {**pages, ROOT: cards((current, "Année en cours"), before, (f"{ROOT}/FAQ", "FAQ"))}


def alone_in_its_month(items: Sequence[Item], today: date) -> Pages:
    """A month with a single recueil leads to that recueil; with more, it is a list of articles in pages."""
    pages: Pages = {}
    years: dict[int, list[tuple[str, str]]] = {}
    for (year, month), filed in by_month(items).items():
        url = f"{ROOT}/{year}/{MONTHS[month - 1]}"
        years.setdefault(year, []).append((url, MONTHS[month - 1]))
        if len(filed) == 1:
            pages[url] = To(article(filed[0]))
            pages[article(filed[0])] = page(download(filed[0].number, filed[0].day), title=f"RAA spécial n° {filed[0].number}")
        else:
            pages |= paged(url, [article_card(item) for item in reversed(filed)])
    pages |= {f"{ROOT}/{year}": cards(*ways) for year, ways in years.items()}
    return {**pages, ROOT: cards(*((f"{ROOT}/{year}", str(year)) for year in years))}


def as_article(item: Item) -> set[str]:
    return {article(item)}


def where_the_root_is(today: date) -> str | None:
    return NEW_ROOT if today >= MOVED else None


IRREGULAR = (
    Family("renamed pages", "one-page", "download-list", renamed_pages),
    Family("slices by volume", "one-page", "download-list", slices_by_volume, requests=5, pace=0.35),
    Family("quarters", "one-page", "download-list", quarters, pace=0.6),
    Family("semesters", "one-page", "download-list", semesters, pace=0.4),
    Family("categories", "one-page", "download-list", categories, requests=3, follow=("/(Speciaux|Reguliers|Nominatifs)$",), pace=0.4),
    Family("months on two pages", "one-page", "download-list", months_on_two_pages, requests=2, is_astray=beside_the_months, pace=0.7),
    Family("pinned on the root", "newest-first", "card-detail", pinned_on_the_root, as_article, requests=2, pace=0.5),
    Family("moving root", "one-page", "download-list", moving_root, moved_to=where_the_root_is),
    Family("year begun anew", "one-page", "download-list", year_under_way, follow=("en-cours$",), begins_anew=True, pace=0.25),
    Family("alone in its month", "newest-first", "card-detail", alone_in_its_month, lambda item: {article(item), item.file}, pace=0.1),
)
