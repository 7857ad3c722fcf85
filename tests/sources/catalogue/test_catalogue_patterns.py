"""The regular expressions of the catalogue: each does what a note says, and without it something would be missed or mistaken."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from sources.catalogue.authority import Source, load_authorities
from sources.crawl.crawler import Crawler
from sources.crawl.trail import matches
from sources.text import fold
from tests.sources.markup import download, file_href, grey_card, page
from tests.sources.poller import NOW, TODAY, cards, files
from tests.sources.site import MemorySite

CATALOGUE = load_authorities()
PATTERNED = {
    source.key: source for authority in CATALOGUE.values() for source in authority.sources if source.follow + source.ignore + source.only
}

COTE_D_OR = CATALOGUE["21"].sources[0]
CREUSE = CATALOGUE["23"].sources[0]
CURRENT_YEAR = f"{COTE_D_OR.root}/Recueils-des-actes-administratifs-de-l-annee-en-cours"
FORMER_YEARS = f"{COTE_D_OR.root}/Recueils-des-actes-administratifs-des-annees-anterieures"
YEAR = f"{CREUSE.root}/Annee-2026"
CATEGORIES = [f"{YEAR}/{name}" for name in ("Speciaux", "Reguliers", "Nominatifs")]


def with_file(number: int, *urls: str) -> str:
    """Cards, and beside them a file that was filed too high."""
    return page(download(number), *(grey_card(url, url.rsplit("/", 1)[-1]) for url in urls))


# Source, its pages, files found, requests.
FOLLOWED = [
    (COTE_D_OR, {COTE_D_OR.root: with_file(9, CURRENT_YEAR, FORMER_YEARS, f"{COTE_D_OR.root}/FAQ"), CURRENT_YEAR: files(1)}, [9, 1], 2),
    (
        CREUSE,
        {
            CREUSE.root: cards(YEAR),
            YEAR: with_file(9, *CATEGORIES),
            **{category: files(number) for number, category in enumerate(CATEGORIES, 1)},
        },
        [9, 1, 2, 3],
        5,
    ),
]


def test_who_has_patterns() -> None:
    assert set(PATTERNED) == {
        *("21:site", "23:site", "57:site", "75:site", "R-IDF:site", "R-PACA:site"),
        *("PP:raa-75", "PP:special-92", "PP:special-93", "PP:special-94"),
    }


@pytest.mark.parametrize("source", PATTERNED.values(), ids=PATTERNED)
def test_a_note_tells_why(source: Source) -> None:
    notes = fold(" ".join(source.notes))
    for pattern in source.follow + source.ignore + source.only:
        words = re.findall(r"[a-z]{4,}", fold(pattern))
        assert any(word in notes for word in words), pattern


@pytest.mark.parametrize(("source", "pages", "numbers", "requests"), FOLLOWED, ids=["21", "23"])
async def test_lists_without_a_period_are_followed(source: Source, pages: Mapping[str, str], numbers: list[int], requests: int) -> None:
    hrefs = [file_href(number) for number in numbers]
    found = await Crawler(MemorySite(pages)).poll(source, None, today=TODAY, now=NOW)
    assert ([urlsplit(entry.url).path for entry in found.listed], found.requests) == (hrefs, requests)
    blind = await Crawler(MemorySite(pages)).poll(replace(source, follow=()), None, today=TODAY, now=NOW)
    assert [urlsplit(entry.url).path for entry in blind.listed] == hrefs[:1]


def test_paris_and_its_region_leave_each_other_aside() -> None:
    folder = "https://www.prefectures-regions.gouv.fr/ile-de-france/Documents-publications/Recueil-des-actes-administratifs"
    department, region = f"{folder}/Raa-du-departement-de-Paris-2026", f"{folder}/RAA-de-la-region-Ile-de-France-2026"
    paris, ile_de_france = CATALOGUE["75"].sources[0], CATALOGUE["R-IDF"].sources[0]
    assert [matches(paris.ignore, address) for address in (department, region)] == [False, True]
    assert [matches(ile_de_france.ignore, address) for address in (department, region)] == [True, False]
    of_the_police = next(source for source in CATALOGUE["PP"].sources if source.route == "raa-75")
    assert (of_the_police.root, of_the_police.ignore) == (paris.root, paris.ignore)


def test_the_acts_of_the_moselle_are_followed_not_their_details() -> None:
    follow = CATALOGUE["57"].sources[0].follow
    list_of_acts = "https://mc.moselle.gouv.fr/index.php?op=raa&do=raa-acte"
    assert matches(follow, list_of_acts)
    assert matches(follow, f"{list_of_acts}&page=2")
    assert not matches(follow, f"{list_of_acts}-detail&id=4")
    assert not matches(follow, "https://mc.moselle.gouv.fr/raa.html?adminedit=1?op=raa&do=raa_rec&page=1")


SPECIALS = {route: source for source in CATALOGUE["PP"].sources if (route := source.route).startswith("special-")}


@pytest.mark.parametrize("route", SPECIALS)
def test_specials_are_sought_where_the_neighbours_publish(route: str) -> None:
    special, neighbour = SPECIALS[route], CATALOGUE[route.removeprefix("special-")].sources[0]
    assert special == replace(
        neighbour, authority="PP", route=route, only=special.only, notes=special.notes, evidence=special.evidence, checked=special.checked
    )


async def test_a_neighbours_list_without_a_special_is_read_and_quiet() -> None:
    source = SPECIALS["special-94"]
    year = f"{source.root}/Les-recueils-des-actes-administratifs-annee-2026"
    site = MemorySite({source.root: cards(year), year: files(1, 2)})
    first = await Crawler(site).poll(source, None, today=TODAY, now=NOW)
    assert (first.listed, first.requests) == ((), 2)
    site.pages[year] = page(download(1), download(2), download(3, title="RAA spécial Préfecture de Police"))
    second = await Crawler(site).poll(source, first.trail, today=TODAY, now=NOW)
    assert ([entry.title for entry in second.listed], second.requests) == (["RAA spécial Préfecture de Police"], 1)


@pytest.mark.parametrize("source", SPECIALS.values(), ids=SPECIALS)
@pytest.mark.parametrize(
    ("text", "is_taken"),
    [
        ("RAA spécial Préfecture de Police", True),
        ("RAA SPÉCIAL PRÉFECTURE DE POLICE du 12 août 2026", True),
        ("Recueil special prefecture de police n° 4", True),
        ("RAA spécial Pre\u0301fecture de police", True),
        ("RAA_special_Prefecture_de_Police_12.pdf", True),
        ("https://www.val-de-marne.gouv.fr/contenu/telechargement/1/2/file/RAA-special-prefecture-de-police.pdf", True),
        ("https://www.val-de-marne.gouv.fr/contenu/telechargement/1/2/file/Pr%C3%A9fecture%20de%20Police.pdf", True),
        ("https://www.val-de-marne.gouv.fr/contenu/telechargement/1/2/file/Pre%CC%81fecture%20de%20Police.pdf", True),
        ("RAA_92_20260820_560", False),
        ("RAA N°130 du 18, 19 et 20 août 2026", False),
        ("Recueil de la préfecture des Hauts-de-Seine, police municipale", False),
        ("Arrêté de la préfecture de Seine-Saint-Denis", False),
    ],
)
def test_only_what_names_the_prefecture_de_police_is_taken(source: Source, text: str, is_taken: bool) -> None:
    assert matches(source.only, text) is is_taken
