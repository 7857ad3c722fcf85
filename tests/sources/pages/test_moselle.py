"""The lists of the prefecture of Moselle, with the faults of their markup."""

from __future__ import annotations

from datetime import date

import pytest

from sources.model import ListingEntry
from sources.pages import moselle
from sources.pages.links import PageLink, PageLinks
from tests.sources.platforms import ACTS, BULLETINS, ENTRY, MOSELLE, STRANGER, act, acts_page, bulletin, moselle_file

BOTH_LISTS = (PageLink(ACTS, "Liste des actes publiés"), PageLink(BULLETINS, "Liste des recueils"))


def read(*rows: str) -> tuple[ListingEntry, ...]:
    links = moselle.read(acts_page(*rows), ACTS)
    assert (links.ways, links.is_stranger) == ((), False)
    return links.documents


def test_one_entry_per_act() -> None:
    found = read(act(7, "27/08/2026", "portant dérogation"), act(6, "07/08/2026", 'portant interdiction de "rave party"', row="li2"))
    assert found == (
        ListingEntry(moselle_file(7), "CAB n°7 — portant dérogation", date(2026, 8, 27)),
        ListingEntry(moselle_file(6), 'CAB n°6 — portant interdiction de "rave party"', date(2026, 8, 7)),
    )


def test_the_date_of_signature_is_not_that_of_publication() -> None:
    assert read(act(7, "27/08/2026"))[0].published == date(2026, 8, 27)


def test_an_act_without_label_bears_its_reference() -> None:
    assert [entry.title for entry in read(act(7, "27/08/2026", None), act(6, "07/08/2026", ""))] == ["CAB n°7", "CAB n°6"]


def test_details_that_never_close_lose_no_row() -> None:
    rows = "".join(act(number, "27/08/2026") for number in (7, 6, 5)).replace("</div>", "").replace("</table>", "").replace("</tr>", "")
    assert [(entry.url, entry.title) for entry in read(rows)] == [
        (moselle_file(number), f"CAB n°{number} — portant interdiction") for number in (7, 6, 5)
    ]


def test_a_row_that_opens_nothing_is_called_by_its_cells() -> None:
    row = '<tr class="li1"><td>Arrêté</td><td>DDT n° 3</td><td>27/08/2026</td><td><a href="{}">Télécharger</a></td></tr>'
    undated = row.replace("27/08/2026", "")
    assert read(row.format(moselle_file(3)), undated.format(moselle_file(2))) == (
        ListingEntry(moselle_file(3), "DDT n° 3", date(2026, 8, 27)),
        ListingEntry(moselle_file(2), "DDT n° 3"),
    )


def test_an_act_shown_twice_is_one_entry_and_a_row_without_file_none() -> None:
    without_file = act(5, "27/08/2026").replace(moselle_file(5).replace("&", "&amp;"), "#")
    assert [entry.url for entry in read(act(7, "27/08/2026"), without_file, act(7, "27/08/2026"))] == [moselle_file(7)]


@pytest.mark.parametrize("heading", ["LISTE DES ACTES PUBLIÉS", "Liste\n des&nbsp;actes publiés (51)"])
def test_the_heading_however_it_is_written(heading: str) -> None:
    assert not moselle.read(acts_page(act(7, "27/08/2026"), heading=heading), ACTS).is_stranger


@pytest.mark.parametrize(
    "html",
    [
        STRANGER,
        "",
        "<p>Erreur",
        STRANGER.replace("</h1>", '</h1><a href="/raa.html">Liste des actes publiés</a>'),
        STRANGER.replace("</h1>", "</h1><!-- Liste des actes publiés -->"),
    ],
)
@pytest.mark.parametrize("url", [ACTS, f"{MOSELLE}/index.php", f"{MOSELLE}/"])
def test_any_other_page_is_a_stranger(html: str, url: str) -> None:
    assert moselle.read(html, url) == PageLinks(ways=BOTH_LISTS, is_stranger=True)


def test_an_empty_list_is_no_stranger() -> None:
    assert moselle.read(acts_page(), ACTS) == PageLinks()


def test_the_entry_page_leads_to_both_lists_whether_it_links_them_or_not() -> None:
    assert moselle.read("<html><body></body></html>", ENTRY) == PageLinks(ways=BOTH_LISTS)
    own = '<a href="/index.php?op=raa&amp;do=raa-acte&amp;menu=3">Les actes</a><a href="?op=raa&do=raa-acte-detail&id_acte=1">Un acte</a>'
    assert moselle.read(own, ENTRY).ways == (PageLink(f"{ACTS}&menu=3", "Les actes"), BOTH_LISTS[1])


def test_bulletins() -> None:
    links = moselle.read(acts_page(bulletin(175, "07/08/2026"), bulletin(174, "06/08/2026"), heading="Recueils"), BULLETINS)
    assert links.documents == (
        ListingEntry(f"{MOSELLE}/data/doc-1/175/recueil_175.pdf", "numéro 175", date(2026, 8, 7)),
        ListingEntry(f"{MOSELLE}/data/doc-1/174/recueil_174.pdf", "numéro 174", date(2026, 8, 6)),
    )
    assert moselle.read("<p>Il n'y a aucun recueil créé", BULLETINS).is_stranger
    assert moselle.read(STRANGER, BULLETINS) == PageLinks(ways=BOTH_LISTS, is_stranger=True)


def test_the_pager_of_the_list_and_of_no_other() -> None:
    pager = "".join(f'<a href="{href}">{href[-1]}</a>' for href in (f"{ACTS}&amp;page=2", f"{ACTS}&amp;page=3", f"{BULLETINS[:-1]}9"))
    links = moselle.read(acts_page(act(7, "27/08/2026"), pager=pager), ACTS)
    assert (links.pager.next, links.pager.last) == (f"{ACTS}&page=2", f"{ACTS}&page=3")
    onward = "".join(f'<a href="raa.html?adminedit=1?op=raa&do=raa_rec&page={page}">{page}</a>' for page in (1, 2, 3))
    bulletins = moselle.read(acts_page(bulletin(175, "07/08/2026"), pager=onward), BULLETINS).pager
    assert (bulletins.current, bulletins.previous, bulletins.next) == (1, None, BULLETINS.replace("page=1", "page=2"))


def test_a_long_title_is_cut() -> None:
    assert len(read(act(7, "27/08/2026", "x" * 2000))[0].title) == 500
