"""The site as files: what is written, under which names, and whether every link leads somewhere."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.cli.pages import Folder
from bot.web.documents import Document, PageRequest, Route, SiteContext, SiteSettings
from bot.web.site import Addresses, BrokenLink, SiteFile, files_of
from tests.bot.queries.conftest import NOW, MemoryDecrees, decree
from tests.bot.web.conftest import memory_site

AS_FILES = SiteSettings(public_url="https://exemple.fr/vigie", contact="vigie@exemple.fr", files=True)


def site(count: int = 3) -> SiteContext:
    return memory_site(MemoryDecrees([decree(number) for number in range(1, count + 1)]), AS_FILES)


def page(links: str) -> Route:
    return Route("/", lambda _, __: Document(f"<html><body>{links}</body></html>".encode()))


@pytest.mark.parametrize(
    ("link", "broken"),
    [
        ('<a href="/vigie/communes/26198">', None),
        ('<a href="/vigie/communes/26198#calendrier">', None),
        ('<a href="https://exemple.fr/vigie/communes/26198">', None),
        ('<a href="/vigie/communes/26198/page-2">', None),
        ('<a href="https://www.drome.gouv.fr/raa.pdf">', None),
        ('<a href="#haut">', None),
        ('<a href="mailto:vigie@exemple.fr">', None),
        ('<a href="/vigie/nulle-part">', "/nulle-part"),
        ('<img src="/vigie/image.png" alt="">', "/image.png"),
        ('<svg><a href="/vigie/departements/99"></a></svg>', "/departements/99"),
        ('<form action="/vigie/recherche">', "/recherche"),
        ('<a href="/vigie/communes/26198?ordre=date">', "/communes/26198?ordre=date"),
        ('<a href="/vigie/communes/%2e%2e">', "/communes/.."),
    ],
)
def test_a_link_is_followed_and_one_that_leads_nowhere_is_reported(link: str, broken: str | None) -> None:
    table = Addresses([page(link), Route("/communes/{code}", lambda _, __: Document(b"<p>")), Route("/recherche", _search, dynamic=True)])
    found = [one for one in files_of(site(), table, NOW) if isinstance(one, BrokenLink)]
    assert found == ([] if broken is None else [BrokenLink("/", broken)])


def _search(_site: SiteContext, _request: PageRequest) -> Document:
    raise AssertionError("a site of files has no search")


def test_names_are_those_that_any_hosting_serves() -> None:
    table = Addresses(
        [
            page('<a href="/vigie/envigueur/page-2">'),
            Route("/envigueur", lambda _, request: Document(f"<p>{request.query.get('page')}".encode()), query=frozenset({"page"})),
            Route("/flux/{name}.atom", lambda _, __: Document(b"<feed>", "application/atom+xml"), lambda _: [{"name": "a"}], twins=False),
        ]
    )
    files = {one.name: one.document.body for one in files_of(site(), table, NOW) if isinstance(one, SiteFile)}
    assert set(files) == {
        "index.html", "en/index.html", "envigueur/index.html", "en/envigueur/index.html", "envigueur/page-2/index.html", "flux/a.atom",
        "404.html",
    }  # fmt: skip
    assert files["envigueur/page-2/index.html"] == b"<p>2"


def test_links_to_other_pages_of_a_list_are_paths_in_a_site_of_files_only() -> None:
    assert AS_FILES.href("/envigueur", "en", {"page": 2}) == "/vigie/en/envigueur/page-2"
    assert AS_FILES.href("/", "fr", {"page": 2}) == "/vigie/page-2"
    assert replace(AS_FILES, files=False).href("/envigueur", "en", {"page": 2}) == "/vigie/en/envigueur?page=2"


def test_files_are_replaced_and_what_is_gone_is_removed_and_nothing_of_others(tmp_path: Path) -> None:
    (tmp_path / "CNAME").write_text("exemple.fr")
    first = Folder(tmp_path)
    for name in ("index.html", "arretes/1/index.html", "arretes/2/index.html"):
        first.write(name, Document(b"first"))
    assert first.finish() == 0
    second = Folder(tmp_path)
    for name in ("index.html", "arretes/2/index.html", "envigueur/index.html"):
        second.write(name, Document(b"second"))
    assert second.finish() == 1
    kept = {str(file.relative_to(tmp_path)): file.read_text() for file in tmp_path.rglob("*") if file.is_file()}
    assert kept.pop(".vigie-site").split() == ["arretes/2/index.html", "envigueur/index.html", "index.html"]
    assert kept == {"CNAME": "exemple.fr", "index.html": "second", "arretes/2/index.html": "second", "envigueur/index.html": "second"}
    assert not (tmp_path / "arretes" / "1").exists()


def test_a_file_of_somebody_else_is_not_replaced_and_what_a_kill_left_is(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("mine")
    killed = Folder(tmp_path)
    killed.write("a/index.html", Document(b"first"))
    with pytest.raises(FileExistsError):
        killed.write("index.html", Document(b"theirs"))
    again = Folder(tmp_path)
    again.write("a/index.html", Document(b"second"))
    assert (tmp_path / "index.html").read_text() == "mine"
    assert (tmp_path / "a" / "index.html").read_text() == "second"


def test_a_document_that_is_a_file_is_copied(tmp_path: Path) -> None:
    data = tmp_path / "arretes.csv"
    data.write_bytes(b"numero\n12\n")
    folder = Folder(tmp_path / "site")
    folder.write("donnees/arretes.csv", Document(b"", "text/csv", file=data))
    assert (tmp_path / "site" / "donnees" / "arretes.csv").read_bytes() == data.read_bytes()
