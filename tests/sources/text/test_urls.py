from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.text import MAX_ADDRESS, canonical, same_site, site_of

BASE = "https://www.drome.gouv.fr/Publications/RAA"


@pytest.mark.parametrize(
    ("href", "expected"),
    [
        ("/Publications/RAA/Aout-2026", "https://www.drome.gouv.fr/Publications/RAA/Aout-2026"),
        ("Aout-2026", "https://www.drome.gouv.fr/Publications/Aout-2026"),
        ("https://WWW.Drome.gouv.fr:443/a", "https://www.drome.gouv.fr/a"),
        ("http://www.drome.gouv.fr/a", "https://www.drome.gouv.fr/a"),
        ("//www.drome.gouv.fr/a", "https://www.drome.gouv.fr/a"),
        ("/a/Aout/#titre", "https://www.drome.gouv.fr/a/Aout/"),
        ("/RAA/(offset)/10", "https://www.drome.gouv.fr/RAA/(offset)/10"),
        ("/RAA/%28offset%29/10", "https://www.drome.gouv.fr/RAA/(offset)/10"),
        ("/file/RAA n° 87bis.pdf", "https://www.drome.gouv.fr/file/RAA%20n%C2%B0%2087bis.pdf"),
        ("/file/RAA%20n%c2%b0%2087bis.pdf", "https://www.drome.gouv.fr/file/RAA%20n%C2%B0%2087bis.pdf"),
        ("/file/recueil d'août.pdf", "https://www.drome.gouv.fr/file/recueil%20d%27ao%C3%BBt.pdf"),
        ("/file/100%.pdf", "https://www.drome.gouv.fr/file/100%25.pdf"),
        ("/file/a%2Fb%7Ec.pdf", "https://www.drome.gouv.fr/file/a%2Fb~c.pdf"),
        ("/a/../b/./c", "https://www.drome.gouv.fr/b/c"),
        ("https://www.drome.gouv.fr/a/%2e%2e/b", "https://www.drome.gouv.fr/b"),
        ("https://www.drome.gouv.fr", "https://www.drome.gouv.fr/"),
        ("/index.php?op=raa&do=raa-acte", "https://www.drome.gouv.fr/index.php?op=raa&do=raa-acte"),
        ("  /a\n/b ", "https://www.drome.gouv.fr/a/b"),
        ("https://bücher.example/a", "https://xn--bcher-kva.example/a"),
        ("https:///a", "https://www.drome.gouv.fr/a"),
    ],
)
def test_one_spelling(href: str, expected: str) -> None:
    assert canonical(BASE, href) == expected


FILE = "/contenu/telechargement/12/3456/file/RAA;n%202.pdf"


@pytest.mark.parametrize(
    ("noisy", "plain"),
    [
        (f"{FILE};jsessionid=0A1B.node2", FILE),
        (f"{FILE};JSESSIONID=1;sid=2?PHPSESSID=3&sid=4&_=1723&1723", FILE),
        (f"{FILE}?sid=&utm_source=page&version=2&t=9", f"{FILE}?version=2"),
        ("/contenu/telechargement/12/3456;jsessionid=1/file/a.pdf", "/contenu/telechargement/12/3456/file/a.pdf"),
        ("/irecontenu/telechargement/12/3456/file/a.pdf?session_id=1", "/irecontenu/telechargement/12/3456/file/a.pdf"),
        ("/content/download/12/3456/file/a?sid=1", "/content/download/12/3456/file/a"),
        # What says which document it is, and what is no document of the platform, stays.
        (f"{FILE}?version=2", f"{FILE}?version=2"),
        ("/contenu/telechargement/page-entiere.pdf?sid=1", "/contenu/telechargement/page-entiere.pdf?sid=1"),
        ("/index.php;sid=1?sid=2", "/index.php;sid=1?sid=2"),
        ("/contenu/telechargement/12/3456abc/a.pdf?sid=1", "/contenu/telechargement/12/3456abc/a.pdf?sid=1"),
    ],
)
def test_what_is_added_for_one_visit_is_no_part_of_a_document_s_address(noisy: str, plain: str) -> None:
    assert canonical(BASE, noisy) == f"https://www.drome.gouv.fr{plain}"


@pytest.mark.parametrize(
    "href",
    [
        "", "  ", "#main", "javascript:void(0);", "mailto:raa@drome.gouv.fr", "tel:+33", "data:text/html,x", "ftp://a.fr/b",
        "https://user:secret@www.drome.gouv.fr/", "https://[::1", "https://a.fr:port/", "https://a b.fr/", "/" + "a" * MAX_ADDRESS,
        "/" + "é" * (MAX_ADDRESS // 2),
    ],
)  # fmt: skip
def test_no_web_page_of_its_own(href: str) -> None:
    assert canonical(BASE, href) is None


def test_one_site_with_or_without_www() -> None:
    assert same_site("https://www.var.gouv.fr/a", "https://var.gouv.fr/b")
    assert not same_site("https://www.var.gouv.fr/a", "https://www.var.gouv.fr.example.org/a")
    assert site_of("https://www.var.gouv.fr/a") == "var.gouv.fr"


@given(st.text(max_size=80) | st.text(";&?=/sidt_1", max_size=40).map("/contenu/telechargement/1/2/".__add__))
def test_twice_is_once_and_always_plain_ascii(href: str) -> None:
    once = canonical(BASE, href)
    if once is not None:
        assert canonical(once, once) == once
        assert once.startswith("https://")
        assert once.isascii()
        assert not set(once) & set(" #'\"<>\n")


@given(st.sampled_from(["", "https://www.var.gouv.fr"]), st.text("aB/.-_~%;:@=&?é", max_size=40).map("/".__add__))
def test_an_address_in_which_there_is_nothing_to_do_is_that_of_the_long_way(site: str, path: str) -> None:
    """A fragment takes the long way, and is no part of the address."""
    assert canonical(BASE, site + path) == canonical(BASE, f"{site}{path}#fragment")


@given(st.text("abcé °'()%/.", min_size=1, max_size=40))
def test_raw_and_encoded_addresses_of_a_file_are_one(name: str) -> None:
    encoded, more = quote(name, safe="/"), "/()"
    assert canonical(BASE, f"/file/{encoded}.pdf") == canonical(BASE, f"/file/{quote(name, safe=more)}.pdf")
