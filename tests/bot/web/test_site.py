"""Addresses and the documents behind them."""

from __future__ import annotations

import pytest

from bot.web.documents import Route, SiteSettings
from bot.web.pages import home
from bot.web.rendering import style_path
from bot.web.site import Addresses, addresses, respond
from tests.bot.queries.conftest import NOW, MemoryDecrees
from tests.bot.web.conftest import get, memory_site


@pytest.mark.parametrize("address", ["/en/nulle-part", "/en/en/", "/..", "/index.html", "/../etc/passwd", f"/en{style_path()}"])
def test_an_address_without_a_page_says_so(address: str) -> None:
    page = get(memory_site(MemoryDecrees()), address)
    assert page.status == 404
    assert "<h1>" in page.body.decode()


def test_links_begin_with_the_path_of_the_public_address() -> None:
    site = memory_site(MemoryDecrees(), SiteSettings(public_url="https://exemple.fr/vigie"))
    text = get(site, "/en/").body.decode()
    assert f'href="/vigie{style_path()}"' in text
    assert 'href="https://exemple.fr/vigie/en/"' in text
    assert 'href="/vigie/"' in text


def test_parameters_that_a_page_does_not_take_make_no_other_page() -> None:
    assert addresses().find("/", "utm_source=x&fbclid=y").key == addresses().find("/").key


@pytest.mark.parametrize(
    ("address", "location"),
    [("/en", "/en/"), ("/communes/26198/", "/communes/26198"), ("/en/communes/26198//", "/en/communes/26198"), ("/communes/a%b /", None)],
)
def test_an_address_that_ends_otherwise_leads_to_the_page(address: str, location: str | None) -> None:
    table = Addresses([Route("/", home), Route("/communes/{code}", home)])
    page = respond(memory_site(MemoryDecrees(), SiteSettings(public_url="https://exemple.fr/vigie")), table.find(address), NOW)
    assert page.status == 308
    assert page.headers["Location"] == f"/vigie{location or '/communes/a%25b%20'}"


@pytest.mark.parametrize("address", ["//evil.example/", "//evil.example//", "/\\evil.example/", "///", "/en//evil.example/"])
def test_no_address_leads_to_another_site(address: str) -> None:
    assert get(memory_site(MemoryDecrees()), address).status == 404
