"""robots.txt, the map of the site, security.txt."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from protego import Protego

from bot.web.documents import SiteSettings
from tests.bot.queries.conftest import MemoryDecrees, decree
from tests.bot.web.conftest import get, memory_site

SETTINGS = SiteSettings(public_url="https://exemple.fr/vigie")
LOC = "{http://www.sitemaps.org/schemas/sitemap/0.9}loc"


def test_search_engines_may_request_pages_but_no_questions() -> None:
    rules = Protego.parse(get(memory_site(MemoryDecrees(), SETTINGS), "/robots.txt").body.decode())
    assert list(rules.sitemaps) == ["https://exemple.fr/vigie/sitemap.xml"]
    for path, allowed in (
        ("", True),
        ("en/arretes/12", True),
        ("recherche?q=gare", False),
        ("en/recherche?q=x", False),
        ("api/v1/x", False),
    ):
        assert rules.can_fetch(f"https://exemple.fr/vigie/{path}", "any") is allowed


def locations(body: bytes) -> list[str]:
    return [one.text or "" for one in ElementTree.fromstring(body).iter(LOC)]  # noqa: S314 - our own


def test_the_map_leads_to_every_decree_and_page() -> None:
    site = memory_site(MemoryDecrees([decree(number) for number in (1, 2, 3)]), SETTINGS)
    parts = locations(get(site, "/sitemap.xml").body)
    assert parts == [f"https://exemple.fr/vigie/sitemap-{part}.xml" for part in ("pages", "arretes-1")]
    found: list[str] = []
    for part in parts:
        document = get(site, part.removeprefix("https://exemple.fr/vigie"))
        assert (document.status, document.media_type) == (200, "application/xml; charset=utf-8")
        found += locations(document.body)
    assert len(found) == len(set(found))
    base = "https://exemple.fr/vigie"
    assert {f"{base}/", f"{base}/en/", f"{base}/arretes/3", f"{base}/en/arretes/1"} <= set(found)


@pytest.mark.parametrize("part", ["0", "2", "x", "-1", "9" * 30, "١"])
def test_a_part_that_is_not_there(part: str) -> None:
    assert get(memory_site(MemoryDecrees([decree(1)]), SETTINGS), f"/sitemap-arretes-{part}.xml").status == 404


@pytest.mark.parametrize(
    ("contact", "uri"), [("vigie@exemple.fr", "mailto:vigie@exemple.fr"), ("https://exemple.fr/x", "https://exemple.fr/x")]
)
def test_whom_to_write_to_about_a_weakness(contact: str, uri: str) -> None:
    lines = get(memory_site(MemoryDecrees(), SiteSettings(contact=contact)), "/.well-known/security.txt").body.decode().splitlines()
    assert lines == [f"Contact: {uri}", "Expires: 2027-02-16T00:00:00Z", "Preferred-Languages: fr, en"]
    assert get(memory_site(MemoryDecrees()), "/.well-known/security.txt").status == 404
