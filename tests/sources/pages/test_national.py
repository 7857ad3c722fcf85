"""Every family of pages of the national platform, with the traps real pages set."""

from __future__ import annotations

from datetime import date

import pytest

from sources.model import ListingEntry
from sources.pages.links import PageLinks, read_national
from sources.text import Period
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
    sidemenu,
    white_card,
)  # fmt: skip

YEAR = f"{ROOT}/Annee-2026"
MONTH = f"{YEAR}/Aout-2026"
DAY = date(2026, 8, 14)


def read(*body: str, url: str = MONTH, title: str = "Août 2026", **options: str) -> PageLinks:
    return read_national(page(*body, title=title, **options), url)


def file_url(number: int) -> str:
    return HOST + file_href(number)


# Documents


def test_download_list() -> None:
    links = read(download(2, "14/08/2026"), download(1, "13/08/2026"), updated="20/08/2026")
    assert links.documents == (ListingEntry(file_url(2), "RAA n°2", DAY), ListingEntry(file_url(1), "RAA n°1", date(2026, 8, 13)))
    assert links.details == ()
    assert links.ways == ()


def test_the_page_s_update_is_never_a_document_s_date() -> None:
    assert read(download(1), updated="20/08/2026").documents[0].published is None


def test_an_empty_id_swallows_the_class_but_not_the_link() -> None:
    assert read(documents_group(broken_download(1, "14/08/2026"))).documents == (ListingEntry(file_url(1), "RAA n°1", DAY),)


def test_the_same_file_twice_is_one_document() -> None:
    both = read(download(1), download(2, "14/08/2026"), documents_group(broken_download(2, "14/08/2026"), broken_download(1, "14/08/2026")))
    assert [document.url for document in both.documents] == [file_url(1), file_url(2)]


def test_a_copy_gives_the_date_that_the_first_link_lacks() -> None:
    links = read(f'<p><a href="{file_href(1)}">Recueil</a></p>', download(2), documents_group(broken_download(1, "14/08/2026")))
    assert links.documents == (ListingEntry(file_url(1), "Recueil", DAY), ListingEntry(file_url(2), "RAA n°2"))


def test_a_further_page_of_a_month_completes_dates_like_the_first() -> None:
    for url in (f"{ROOT}/RAA-2026/Aout", f"{ROOT}/RAA-2026/Aout/(offset)/10"):
        details = read(white_card(f"{ROOT}/n-12", "n° 12 du 14 août"), url=url, title="Août").details
        assert details == (ListingEntry(f"{ROOT}/n-12", "n° 12 du 14 août", DAY, is_detail=True),)


def test_raw_and_encoded_spellings_of_one_address_are_one_document() -> None:
    raw, encoded = file_href(1, "RAA n° 1 d'août"), file_href(1, "RAA%20n%C2%B0%201%20d%27ao%C3%BBt")
    links = read(f'<p><a href="{HOST}{raw}">Télécharger RAA n° 1</a></p><li><a href="{encoded}">RAA n° 1</a></li>')
    assert [document.url for document in links.documents] == [HOST + encoded]


def test_plain_links_without_class_or_list() -> None:
    body = "<p>{}</p><li>{}</li>".format(*(f'<a href="{file_href(n)}">Télécharger RAA n° {n} du 14-08-2026 </a>' for n in (1, 2)))
    assert [(entry.title, entry.published) for entry in read(body).documents] == [
        ("RAA n° 1 du 14-08-2026", DAY),
        ("RAA n° 2 du 14-08-2026", DAY),
    ]


def test_a_file_card_is_dated_by_its_title_attribute_then_by_the_card() -> None:
    with_both = white_card(file_href(1), "Recueil 1", "15/08/2026", 'title="format pdf - 0,20 Mb - 14/08/2026" rel="/Publications/RAA/1"')
    with_card = white_card(file_href(2), "Recueil 2", "15/08/2026")
    assert read(with_both, with_card).documents == (
        ListingEntry(file_url(1), "Recueil 1", DAY),
        ListingEntry(file_url(2), "Recueil 2", date(2026, 8, 15)),
    )


def test_a_frame_around_many_files_dates_none_of_them() -> None:
    body = f'<div class="fr-card"><p>Publié le 20/08/2026</p>{"".join(download(n) for n in range(1, 6))}</div>'
    assert {document.published for document in read(body).documents} == {None}


@pytest.mark.parametrize(
    ("anchor", "title", "published"),
    [
        (f'<a href="{file_href(1)}">Télécharger le document <span>PDF - 5,97 Mb - 14/08/2026</span></a>', "recueil-99-2026-001", DAY),
        (f'<a href="{file_href(1)}" title="PDF - 0,31 Mb - 14/08/2026">Recueil n°1</a>', "Recueil n°1", DAY),
        (f'<a href="{file_href(1)}">telecharger : RAA n°1 PDF - 0,31 Mb - 14/08/2026</a>', "RAA n°1", DAY),
        (f'<a href="{file_href(1)}">RAA n°1 <span class="fr-link__detail">PDF - 8 487,18 ko</span></a>', "RAA n°1", None),
        (f'<a href="{file_href(1, "2026-08-14-N207")}">Recueil</a>', "Recueil", DAY),
        (f'<a href="{file_href(1)}"><img src="x.png"></a>', "recueil-99-2026-001", None),
        (f'<a href="{file_href(1)}">Recueil\n   du&nbsp;14 août\t2026</a>', "Recueil du 14 août 2026", DAY),
        (f'<a href="{file_href(1)}">n° 12 du 14 août</a>', "n° 12 du 14 août", DAY),
    ],
)
def test_titles_and_dates(anchor: str, title: str, published: date | None) -> None:
    # Two files, so that the heading of the page cannot name either.
    assert read(f"<div>{anchor}</div>", download(2)).documents[0] == ListingEntry(read(anchor).documents[0].url, title, published)


def test_a_constant_text_is_named_by_its_row() -> None:
    row = "<tr><td>\n{0}</td><td>14/08/2026</td><td>{1}</td></tr>"
    anchor = '<div class=""><a class="fr-link" href="{}">Télécharger le document</a></div>'
    rows = "".join(row.format(f"32.2026.{n:03}", anchor.format(file_href(n))) for n in (1, 2))
    found = read(f"<table><thead><tr><th>Numéro</th><th>Date</th><th>Lien</th></tr></thead><tbody>{rows}</tbody></table>").documents
    assert found == (ListingEntry(file_url(1), "32.2026.001", DAY), ListingEntry(file_url(2), "32.2026.002", DAY))


def test_rows_nested_by_missing_end_tags_name_nothing_wrongly() -> None:
    anchor = '<a href="{}">Télécharger le document</a>'
    cells = "".join(f"<tr><td>n°{n}<td>{anchor.format(file_href(n))}" for n in (1, 2, 3))
    assert [entry.url for entry in read(f"<table>{cells}").documents] == [file_url(n) for n in (1, 2, 3)]


def test_the_heading_names_a_file_that_is_alone() -> None:
    links = read(f'<a href="{file_href(1)}">Télécharger le document</a>', title="Recueil spécial n°38-2026-329")
    assert links.documents[0].title == "Recueil spécial n°38-2026-329"


def test_the_print_button_is_no_document_but_a_monthly_recueil_is() -> None:
    button = f'<section><a class="fr-link--download" href="{file_href(9)}">Télécharger 08 - Août</a></section>'
    assert [entry.url for entry in read(button, download(1), title="08 - Août").documents] == [file_url(1)]
    assert [entry.url for entry in read(download(1, title="Août 2026")).documents] == [file_url(1)]


@pytest.mark.parametrize(
    "href", ["/content/download/1822/10963/file/RAA-2013", "/Media/Files/RAA/recueil-12.pdf", "/fichiers/recueil-12.PDF"]
)
def test_a_file_of_the_site_is_a_document_wherever_it_is(href: str) -> None:
    links = read(f'<p><a href="{href}">Recueil n° 12</a>, <a href="https://www.legifrance.gouv.fr/avis.pdf">avis</a></p>')
    assert [(entry.url, entry.is_detail) for entry in links.documents] == [(HOST + href, False)]
    assert (links.details, links.ways) == ((), ())


@pytest.mark.parametrize("part", ["header", "footer"])
def test_a_file_in_the_header_or_footer_of_an_article_is_a_document(part: str) -> None:
    entry = f'<article><{part}><h2><a href="/fichiers/recueil-12.pdf">Recueil n° 12 du 14/08/2026</a></h2></{part}><p>…</p></article>'
    assert read(entry).documents == (ListingEntry(f"{HOST}/fichiers/recueil-12.pdf", "Recueil n° 12 du 14/08/2026", date(2026, 8, 14)),)
    menu = (
        f'<article><{part}><nav><a href="{file_href(7)}">Charte</a></nav></{part}></article><{part}><a href="{file_href(8)}">x</a></{part}>'
    )
    assert [entry.url for entry in read(menu, download(1)).documents] == [file_url(1)]


@pytest.mark.parametrize(
    "base", ["/Publications/RAA/", "../", "http://www.test.gouv.fr/Publications/RAA/", "//www.test.gouv.fr/Publications/RAA/x"]
)
def test_a_page_says_what_its_links_are_relative_to(base: str) -> None:
    html = page('<a href="fichiers/12.pdf">Recueil n° 12</a>', grey_card("2026/Aout", "Août"), '<a href="#haut">Haut</a>')
    links = read_national(html.replace("<head>", f'<head><base href="{base}">'), f"{HOST}/Publications/RAA/Annee/Mois")
    assert [entry.url for entry in links.documents] == [f"{HOST}/Publications/RAA/fichiers/12.pdf"]
    assert [way.url for way in links.ways] == [f"{HOST}/Publications/RAA/2026/Aout"]


@pytest.mark.parametrize("base", ["", "javascript:void(0)", "https://user@www.test.gouv.fr/"])
def test_a_base_that_is_no_address_counts_for_nothing(base: str) -> None:
    html = page(download(1)).replace("<head>", f'<head><base target="_blank"><base href="{base}">')
    assert [entry.url for entry in read_national(html, MONTH).documents] == [file_url(1)]


def test_files_of_menus_and_footer_are_no_documents() -> None:
    html = page(download(1)).replace("Mentions légales</a>", f'</a><a href="{file_href(7)}">Charte</a>')
    html = html.replace('<div class="fr-share"><ul>', f'<div class="fr-share"><ul><li><a href="{file_href(8)}">Partager</a></li>')
    assert [entry.url for entry in read_national(html, MONTH).documents] == [file_url(1)]


def test_content_after_a_main_closed_too_early_is_still_read() -> None:
    html = page(title="x").replace("</main>", f"</main>{download(1)}{white_card('/Publications/RAA/2026', '2026')}")
    links = read_national(html, ROOT)
    assert [entry.url for entry in links.documents] == [file_url(1)]
    assert [way.text for way in links.ways] == ["2026"]


# Detail pages


def test_white_cards_of_articles_are_detail_pages() -> None:
    links = read(
        white_card("/Publications/RAA/RAA-SPECIAL-N-71-2026-245", "RAA SPÉCIAL N°71-2026-245", "14/08/2026"),
        white_card("/Publications/RAA/RAA_Aout_02-2026-005", "RAA_Août_02-2026-005"),
        url=ROOT,
    )
    assert links.details == (
        ListingEntry(f"{ROOT}/RAA-SPECIAL-N-71-2026-245", "RAA SPÉCIAL N°71-2026-245", DAY, is_detail=True),
        ListingEntry(f"{ROOT}/RAA_Aout_02-2026-005", "RAA_Août_02-2026-005", None, is_detail=True),
    )
    assert links.entries(wants_details=False) == links.entries(wants_details=True) == links.details


def test_a_dated_card_without_number_is_a_bulletin_among_bulletins_and_a_section_elsewhere() -> None:
    special, numbered = white_card("/Publications/RAA/Special", "Spécial", "14/08/2026"), white_card("/Publications/RAA/n-12", "n° 12")
    assert [entry.title for entry in read(numbered, special, url=ROOT).details] == ["n° 12", "Spécial"]
    on_root = read(numbered, special, grey_card("/Publications/RAA/2026", "2026"), url=ROOT)
    assert [entry.title for entry in on_root.details] == ["n° 12"]
    assert [way.text for way in on_root.ways] == ["2026", "Spécial"]


def test_options_lack_their_leading_slash_and_hold_a_placeholder() -> None:
    links = read(
        select(("", "Liste"), ("Publications/RAA/Annee-2026/RAA-n-D77-14-08-2026", "RAA n° D77-14-08-2026")),
        select(("", "Liste"), ("Media/Files/22.-RAA/2026/Aout/RAA-N-3", "RAA N° 3"), title="Année de l'Isère"),
    )
    assert links.details == (
        ListingEntry(f"{YEAR}/RAA-n-D77-14-08-2026", "RAA n° D77-14-08-2026", DAY, is_detail=True),
        ListingEntry(f"{HOST}/Media/Files/22.-RAA/2026/Aout/RAA-N-3", "RAA N° 3", None, is_detail=True),
    )


def test_links_of_the_text_to_media_pages_are_detail_pages() -> None:
    lead = '<div class="fr-text--lead"><p><i><b>Août</b></i></p><p><a class="fr-link" href="/Media/Files/RAA/{}">{}</a></p></div>'
    links = read(
        lead.format("recueil-16-2026-231", "Recueil n° 16-2026-231 du 14 août 2026"),
        '<div class=""><a class="" href="/Media/Files/RAAE-special">RAAE spécial</a></div>',
        url=YEAR,
    )
    assert [(entry.title, entry.published) for entry in links.details] == [
        ("Recueil n° 16-2026-231 du 14 août 2026", DAY),
        ("RAAE spécial", None),
    ]


def test_where_files_are_linked_a_numbered_article_is_no_bulletin() -> None:
    notice = white_card("/Publications/RAA/Arrete-n-2024-12", "Arrêté n° 2024-12")
    assert read(download(1), notice).entries(wants_details=False) == read(download(1)).documents
    assert read(notice, grey_card("/Publications/RAA/2026", "2026"), url=ROOT).entries(wants_details=False) == ()
    assert len(read(download(1), notice).entries(wants_details=True)) == 2


# Ways


def test_years_and_months_of_every_kind_of_link() -> None:
    links = read(
        grey_card("/Publications/RAA/Annee-2026", "Année 2026"),
        '<h2 class="fr-card__title"><a href="/Publications/RAA/AOUT-2026">Août 2026</a></h2>',
        '<h3><a class="fr-link" href="/Publications/RAA/Annee-2025">Année 2025</a></h3>',
        '<div class="fr-text--lead"><ul><li><a href="/Publications/RAA/Annee-2022">Année 2021</a></li></ul></div>',
        select(("RAA/Annee-2024", "2024"), (f"{HOST}/RAA/Annee-2023", "2023")),
        url=ROOT,
    )
    assert [(way.url.removeprefix(HOST), way.period) for way in links.ways] == [
        ("/Publications/RAA/Annee-2026", Period(2026, 2026)),
        ("/Publications/RAA/AOUT-2026", Period(2026, 2026, 8, 8)),
        ("/Publications/RAA/Annee-2025", Period(2025, 2025)),
        ("/Publications/RAA/Annee-2022", Period(2022, 2022)),
        ("/RAA/Annee-2024", Period(2024, 2024)),
        ("/RAA/Annee-2023", Period(2023, 2023)),
    ]


def test_menus_breadcrumbs_other_sites_and_ways_back_are_left_out() -> None:
    links = read(
        grey_card("/Publications/RAA", "Retour"),
        grey_card("/Publications/RAA/Annee-2026/Aout-2026#haut", "Haut de page"),
        grey_card("https://www.legifrance.gouv.fr/jorf/2026", "Journal officiel 2026"),
        '<p><a href="/Publications/Enquetes-2026">Enquêtes 2026</a></p>',
        aside=sidemenu(("/Publications/TEST-RAA/RAA-Annee-2026", "[TEST] RAA - Année 2026"), ("/Publications/RAA/Annee-2025", "2025")),
    )
    assert links == PageLinks()


# Pagers


def test_a_link_of_the_text_to_another_page_that_names_the_recueil_leads_there() -> None:
    """What the old page says of the new one. A dated link elsewhere is somebody else's month, a numbered one a bulletin."""
    body = "".join(
        f'<p><a href="/Publications/{slug}">{text}</a></p>'
        for slug, text in (
            ("Recueil-des-actes-administratifs2", "cette page"),
            ("Nouveau", "le RAA"),
            ("Avis", "les avis"),
            ("Recueil-2026", "RAA 2026"),
            ("Recueil-n-12", "RAA n° 12"),
        )
    )
    links = read(body, '<nav><a href="/Publications/RAA-menu">RAA</a></nav>', '<a href="https://www.other.gouv.fr/RAA">RAA</a>')
    assert [way.url for way in links.ways] == [f"{HOST}/Publications/Recueil-des-actes-administratifs2", f"{HOST}/Publications/Nouveau"]
    assert [detail.url for detail in links.details] == [f"{HOST}/Publications/Recueil-n-12"]


def test_a_pager_is_read_from_offsets_alone() -> None:
    links = read(download(1), pager(YEAR, 1, 18), url=YEAR)
    assert (links.pager.next, links.pager.last, links.pager.previous) == (f"{YEAR}/(offset)/10", f"{YEAR}/(offset)/170", None)


def test_a_pager_in_the_middle_and_at_the_end() -> None:
    middle = read(download(1), pager(YEAR, 2, 3), url=f"{YEAR}/(offset)/10").pager
    assert (middle.previous, middle.next, middle.last) == (YEAR, f"{YEAR}/(offset)/20", f"{YEAR}/(offset)/20")
    end = read(download(1), pager(YEAR, 3, 3), url=f"{YEAR}/(offset)/20").pager
    assert (end.previous, end.next, end.last) == (f"{YEAR}/(offset)/10", None, None)


def test_without_its_neighbours_a_pager_works_out_the_page_before() -> None:
    assert read(download(1), url=f"{YEAR}/(offset)/20").pager.previous == f"{YEAR}/(offset)/10"
    assert read(download(1), url=f"{YEAR}/(offset)/10").pager.previous == YEAR


def test_one_page_has_no_pager() -> None:
    assert read(download(1), pager(YEAR, 1, 1), url=YEAR).pager.pages == ()


def test_repeated_xml_declarations_raise_no_warning() -> None:
    assert read_national('<?xml version="1.0"?>\n<?xml version="1.0"?>' + page(download(1)), MONTH).documents
