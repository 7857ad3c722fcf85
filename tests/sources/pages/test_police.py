"""The decrees of the préfecture de police."""

from __future__ import annotations

from datetime import date

import pytest

from sources.model import ListingEntry
from sources.pages import police
from sources.pages.links import PageLinks
from tests.sources.platforms import DECREES, POLICE, decree, police_href, police_page, police_pager

DRONES = "Arrêté n° 2026-00912 autorisant la captation d'images le 22 août 2026"


def url(name: str) -> str:
    return POLICE + police_href(name)


def test_one_entry_per_decree_dated_by_its_publication() -> None:
    html = police_page(decree("2026_00912", DRONES), decree("arrete_pdf_9", "Arrêté n° 2026-00911", "19/08/2026"))
    assert police.read(html, DECREES) == PageLinks(
        documents=(
            ListingEntry(url("2026_00912"), DRONES, date(2026, 8, 20)),
            ListingEntry(url("arrete_pdf_9"), "Arrêté n° 2026-00911", date(2026, 8, 19)),
        )
    )


def test_the_date_of_an_event_is_not_that_of_the_decree() -> None:
    assert police.read(police_page(decree("a", DRONES, None)), DECREES).documents == (ListingEntry(url("a"), DRONES),)


def test_names_of_files_are_encoded_one_way() -> None:
    html = police_page(decree("Arrêté n° 1", "Un"), decree("Arr%C3%AAt%C3%A9%20n%C2%B0%201", "Un"), decree("arrete_0", "Zéro"))
    assert [entry.url for entry in police.read(html, DECREES).documents] == [url("Arr%C3%AAt%C3%A9%20n%C2%B0%201"), url("arrete_0")]


@pytest.mark.parametrize(
    "entry",
    [
        decree("a", "Arrêté n° 1").replace("<h3><span", "<h3><span></span><span>20/08/2026</span><span"),
        decree("a", "Arrêté n° 1").replace("span", "b"),
        decree("a", "Arrêté n° 1", None).replace("span", "b"),
        decree("a", "<b>Arrêté</b> n° 1"),
    ],
)
def test_titles_however_they_are_wrapped(entry: str) -> None:
    assert [(found.url, found.title) for found in police.read(police_page(entry), DECREES).documents] == [(url("a"), "Arrêté n° 1")]


def test_a_decree_without_title_bears_the_name_of_its_file() -> None:
    assert police.read(police_page(decree("arrete_brocante_pdf_0", "")), DECREES).documents[0].title == "arrete_brocante_pdf_0"


def test_an_entry_around_its_link_dates_it_too() -> None:
    entry = (
        '<div class="node node--type--tc13-decree"><div class="field--type-datetime">20/08/2026</div>'
        f'<a href="{police_href("a")}"><span>Arrêté n° 1</span></a></div>'
    )
    assert police.read(police_page(entry, entry.replace("/a.pdf", "/b.pdf")), DECREES).documents == (
        ListingEntry(url("a"), "Arrêté n° 1", date(2026, 8, 20)),
        ListingEntry(url("b"), "Arrêté n° 1", date(2026, 8, 20)),
    )


def test_a_plain_link_of_the_block_is_a_decree_and_one_of_the_page_is_not() -> None:
    plain = f'<a href="{police_href("a")}"><span>Arrêté n° 1</span></a><a href="/actualites/1"><span>Actualité</span></a>'
    assert [entry.url for entry in police.read(police_page(plain), DECREES).documents] == [url("a")]


def test_decrees_are_known_by_their_own_mark_where_the_block_is_renamed() -> None:
    assert len(police.read(police_page(decree("a", "Arrêté n° 1"), block="block-arretes"), DECREES).documents) == 1


def test_a_page_without_decrees_lists_nothing() -> None:
    assert police.read(police_page(block="block-system-main"), DECREES).documents == ()
    assert police.read(police_page(), DECREES).documents == ()


def test_the_pager() -> None:
    first = police.read(police_page(decree("a", "Un"), pager=police_pager(0, 3)), DECREES).pager
    assert (first.current, first.previous, first.next) == (0, None, f"{DECREES}?page=1")
    second = police.read(police_page(decree("a", "Un"), pager=police_pager(1, 3)), f"{DECREES}?page=1").pager
    assert (second.current, second.previous, second.next) == (1, f"{DECREES}?page=0", f"{DECREES}?page=2")
    assert police.read(police_page(decree("a", "Un")), DECREES).pager.pages == ()
