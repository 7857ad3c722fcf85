"""The sites of regional prefectures: years, months, documents, and what is none of them."""

from __future__ import annotations

from datetime import date

import pytest

from sources.model import ListingEntry
from sources.pages import regions
from sources.pages.links import PageLink, PageLinks, Pager
from sources.text import Period
from tests.sources.platforms import INDEX, REGIONS, contents, news, next_page, region_file, region_href, region_page

YEAR = f"{INDEX}/Raa-du-departement-de-Paris-2026"
MONTH = f"{YEAR}/Aout/"


def read(*body: str, url: str = MONTH, aside: str = "") -> PageLinks:
    return regions.read(region_page(*body, aside=aside), url)


def url(number: int, name: str | None = None) -> str:
    return REGIONS + region_href(number, name)


def test_documents_of_a_month() -> None:
    special = "recueil-75-2026-002-special du 20.08.2026"
    links = read(region_file(1), region_file(2, special, name=special, size="8 487,18 ko"))
    assert links == PageLinks(
        documents=(
            ListingEntry(url(1), "recueil-75-2026-001"),
            ListingEntry(url(2, special.replace(" ", "%20")), special, date(2026, 8, 20)),
        )
    )


@pytest.mark.parametrize(
    ("title", "name", "published"),
    [
        ("Recueil du 12 mars 2025", None, date(2025, 3, 12)),
        ("Recueil n° 30", "RAA_n30_du_12_mars_2025", date(2025, 3, 12)),
        ("Recueil n° 30", "2026-08-20-recueil", date(2026, 8, 20)),
        ("RAA du 1er_mars_25", None, date(2025, 3, 1)),
        ("Recueil n° 30", "raa_special_1er_mars_25", date(2025, 3, 1)),
        ("RAA n° 12 du 3 mai", None, date(2026, 5, 3)),
        ("recueil-75-2026-491", None, None),
        ("RAA n° 25 mars 30", None, None),
    ],
)
def test_dates_are_in_the_titles_or_the_names_of_files(title: str, name: str | None, published: date | None) -> None:
    assert read(region_file(1, title, name=name)).documents[0] == ListingEntry(url(1, name), title, published)


@pytest.mark.parametrize(
    ("inside", "title"),
    [
        ("<span>Préfète &amp; R\u00e9gion</span> PDF - 0,3 Mo", "Préfète & Région"),
        ("<span></span><span>Recueil 3</span>", "Recueil 3"),
        ('<span>PDF - 328,09 ko</span><img alt="">', "recueil-75-2026-001"),
        ("Recueil 3 PDF - 1\u202f328,09 ko", "Recueil 3"),
        ("<span>Télécharger</span>", "recueil-75-2026-001"),
    ],
)
def test_titles(inside: str, title: str) -> None:
    assert read(f'<a class="link-download" href="{region_href(1)}">{inside}</a>').documents == (ListingEntry(url(1), title),)


def test_a_document_goes_by_its_address_or_by_its_class() -> None:
    links = read(
        f'<p><a href="{region_href(1)}">Recueil 1</a> <a class="link-download" href="/x/recueil.pdf"><span>Recueil 2</span></a></p>'
    )
    assert [document.url for document in links.documents] == [url(1), f"{REGIONS}/x/recueil.pdf"]


@pytest.mark.parametrize("prefix", ["", "/ile-de-france", "/ile-de-france/ile-de-france"])
def test_a_repeated_prefix_is_put_right(prefix: str) -> None:
    twice = region_file(1).replace("/ile-de-france/", f"{prefix}/ile-de-france/") + region_file(1)
    assert [document.url for document in read(twice).documents] == [url(1)]


@pytest.mark.parametrize(
    "path", ["/irecontenu/telechargement/1/2/file/a.pdf", "/bretagne/ile-de-france/irecontenu/telechargement/1/2/file/a.pdf"]
)
def test_other_addresses_are_left_as_they_are(path: str) -> None:
    assert read(f'<a class="link-download" href="{path}">a</a>').documents[0].url == REGIONS + path


def test_the_same_file_twice_bears_the_name_that_says_something() -> None:
    both = f'<a href="{region_href(1)}"><img src="/pdf.png"></a><a href="{region_href(1)}">Recueil du 20/08/2026</a>'
    assert read(both).documents == (ListingEntry(url(1), "Recueil du 20/08/2026", date(2026, 8, 20)),)


def test_files_beside_the_article_are_no_bulletins_of_an_index() -> None:
    aside = f"<div>{region_file(7, 'Plaquette')}</div>"
    assert read(news((YEAR, "2026")), url=INDEX, aside=aside).documents == ()
    assert [document.url for document in read(region_file(1), aside=aside).documents] == [url(1)]


def test_an_empty_month_is_empty_whatever_stands_around_it() -> None:
    assert read("<h2>Septembre</h2>", aside=f"<aside>{region_file(7, 'Plaquette')}</aside>") == PageLinks()


def test_content_after_an_article_closed_too_early_is_still_read() -> None:
    assert [document.url for document in read("</div></article>", region_file(1)).documents] == [url(1)]


def test_years_of_an_index() -> None:
    department, region = f"{INDEX}/Raa-du-departement-de-Paris-2026", f"{INDEX}/RAA-de-la-region-Ile-de-France-2026"
    entries = ((department, "Raa du département de Paris - 2026"), (region, "RAA de la région - 2026"), (f"{INDEX}/Rapport", "Rapport"))
    assert read(news(*entries), url=INDEX).ways == (
        PageLink(department, "Raa du département de Paris - 2026", Period(2026, 2026)),
        PageLink(region, "RAA de la région - 2026", Period(2026, 2026)),
        PageLink(f"{INDEX}/Rapport", "Rapport"),
    )


def test_months_lose_the_anchor_of_their_page() -> None:
    links = read(contents((f"{YEAR}/Juillet/#titre", "Juillet"), (f"{YEAR}/Aout/#titre", "Août")), url=YEAR)
    assert [(way.url, way.period) for way in links.ways] == [
        (f"{YEAR}/Juillet/", Period(2026, 2026, 7, 7)),
        (f"{YEAR}/Aout/", Period(2026, 2026, 8, 8)),
    ]


def test_a_month_that_repeats_the_table_of_contents_does_not_lead_to_itself() -> None:
    table = contents((f"{YEAR}/Juillet/#titre", "Juillet"), (f"{YEAR}/Aout#titre", "Août"))
    assert [way.text for way in read(table).ways] == ["Juillet"]


def test_other_links_and_other_sites_are_no_ways() -> None:
    body = f'<p><a href="{YEAR}">2026</a></p>' + news(("https://www.paris.fr/raa-2026", "2026"))
    assert read(body, url=INDEX).ways == ()


# Pagers


def test_the_pager_of_an_index() -> None:
    first = read(news((f"{INDEX}/Rapport", "Rapport")), next_page(f"{INDEX}/(offset)/10"), url=INDEX).pager
    assert (first.current, first.next) == (0, f"{INDEX}/(offset)/10")


def test_a_pager_that_counts_in_another_way_gives_the_next_page() -> None:
    second = f"{INDEX}?p=2"
    assert read(next_page(second), url=INDEX).pager == Pager(0, ((0, INDEX), (1, second)))
    assert read(next_page("https://www.paris.fr/?p=2"), url=INDEX).pager == Pager()
    assert read(next_page("#"), url=INDEX).pager == Pager()


def test_the_pager_of_a_dossier_is_none_of_the_list() -> None:
    body = f'{region_file(1)}<ul class="pager"><li>page 8/13</li><li class="next"><a href="{YEAR}/Septembre/#titre">Septembre</a></li></ul>'
    links = read(body)
    assert (links.pager, links.ways) == (Pager(), ())
