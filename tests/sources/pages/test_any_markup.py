"""What every reader stands: pages that are none, markup without sense, and markup meant to take time."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.pages import READERS
from sources.pages.links import PageLinks, parse, text_of
from tests.examples import examples
from tests.sources.markup import download, page
from tests.sources.platforms import ACTS, DECREES, INDEX, act, acts_page, decree, moselle_file, police_page, region_file, region_page

ADDRESSES = {"national": "https://www.test.gouv.fr/Publications/RAA", "moselle": ACTS, "regions": f"{INDEX}/Aout", "police": DECREES}
PIECES = (
    "<a href='", "/irecontenu/telechargement/1/2/file/x.pdf", "/contenu/telechargement/1/2/file/x.pdf", "javascript:void(0)", "?page=2",
    "index.php?dims_op=doc_file_download&docfile_md5id=1", "'>", "</a>", "<a class=link-download href=/a.pdf>", "<tr class=li1>", "<td>",
    "27/08/2026", "<div id=info_1>", "Libellé :", "Liste des actes publiés", "<div class='node--type--tc13-decree'>", "</div>", "<span>",
    "<div id=block-decree-list-block>", "<div class=field--type-datetime>", "<ul class=pagination><li class=next>", "<article>",
    "</article>", "<h2 class=news-list-title>", "<div class=sommaire-content>", "Août", "2026", "<", ">", '"', "<!--", "é",
    "<option value=", "<div class=fr-card>", "<main>", "</main>", "<select>", "<span>PDF - 1 Mb", "=", "//", "(offset)/10",
)  # fmt: skip

every_reader = pytest.mark.parametrize("name", READERS)


def read(name: str, html: str | bytes) -> PageLinks:
    return READERS[name](html, ADDRESSES[name])


def test_every_reader_is_here() -> None:
    assert set(ADDRESSES) == set(READERS)


@every_reader
@pytest.mark.parametrize(
    "html", ["", "plain text", b"", b"\xff\xfe", "<?xml version='1.0'?><p>x</p>", "https://www.test.gouv.fr/a", "\0<\0"]
)
def test_what_is_no_page_lists_nothing(name: str, html: str | bytes) -> None:
    links = read(name, html)
    assert (links.documents, links.details, links.pager.pages) == ((), (), ())


@every_reader
@settings(max_examples=examples(50))
@given(st.lists(st.sampled_from(PIECES), max_size=40))
def test_any_markup_gives_distinct_canonical_documents(name: str, parts: list[str]) -> None:
    documents = read(name, "<p>" + "".join(parts)).documents
    assert len({document.url for document in documents}) == len(documents)
    assert all(document.url.startswith("https://") and document.title for document in documents)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "iso-8859-1"])
@pytest.mark.parametrize(
    ("name", "html"),
    [
        ("national", page(download(1, title="Préfète")).replace('<meta charset="utf-8">', "")),
        ("moselle", acts_page(act(1, "27/08/2026", None, reference="Préfète"))),
        ("regions", region_page(region_file(1, "Préfète"))),
        ("police", police_page(decree("a", "Préfète"))),
    ],
)
def test_bytes_are_decoded(name: str, html: str, encoding: str) -> None:
    declared = html.replace("<body>", f'<meta charset="{encoding.removesuffix("-sig")}"><body>', 1)
    assert read(name, declared.encode(encoding)).documents[0].title == "Préfète"


PIT = 10_000
LINKS = 500
SECONDS = 2.0
"""Of the processor, for a page that takes half a second: a reader that climbs up or down the whole tree for each link takes many more."""


def quickly_read(name: str, html: str) -> PageLinks:
    start = time.process_time()
    links = read(name, html)
    assert time.process_time() - start < SECONDS
    return links


def region_links() -> str:
    return "".join(region_file(number) for number in range(LINKS))


def decrees(count: int = LINKS) -> str:
    return "".join(decree(str(number), "Arrêté") for number in range(count))


@pytest.mark.parametrize(
    ("name", "html"),
    [
        ("national", page("<section>" * PIT, "".join(map(download, range(2000))))),
        ("national", page("<table><tr><td>RAA n° 7</td><td>" + "<section>" * PIT, "".join(map(download, range(LINKS))))),
        ("regions", region_page("<section>" * PIT, region_links())),
        ("regions", region_page(region_links().replace("</span>", "").replace("</a>", ""))),
        ("police", police_page("<div class='node--type--tc13-decree'>" * PIT, decrees())),
        ("police", police_page(decrees(2 * LINKS).replace("</span>", "").replace("</div>", "").replace("</a>", ""))),
    ],
)
def test_links_at_the_bottom_of_a_pit_or_in_each_other_take_no_longer(name: str, html: str) -> None:
    assert len(quickly_read(name, html).documents) >= LINKS


@pytest.mark.parametrize("depth", [1, PIT])
def test_rows_at_the_bottom_of_a_pit_take_no_longer(depth: int) -> None:
    rows = "<tr class=li1><td>" * depth + act(1, "27/08/2026").replace("</td>", "").replace("</tr>", "") * LINKS
    assert [entry.url for entry in quickly_read("moselle", acts_page(rows)).documents] == [moselle_file(1)]


def test_comments_and_scripts_are_no_text() -> None:
    soup = parse("<p>Recueil<!-- n° 1 --> <b>n°\u00a02</b><script>n = 3</script>\n<i></i>du 20/08</p>", "https://www.test.gouv.fr/")
    assert soup is not None
    assert text_of(soup) == "Recueil n° 2 du 20/08"
