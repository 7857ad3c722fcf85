"""The crawler over the recorded pages of real prefectures, as the catalogue describes them, with exact request counts."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from sources.catalogue.authority import load_authorities
from sources.crawl.crawler import Crawler
from sources.crawl.trail import Trail
from tests.sources import recorded
from tests.sources.markup import page, pager
from tests.sources.site import MemorySite

pytestmark = recorded.needs_pages

# Code, requests of the first walk on each day, requests of a poll afterwards.
COUNTS = [
    ("01", (3, 3), 1),
    ("02", (4, 4), 1),
    ("04", (2, 2), 1),
    ("06", (3, 3), 1),
    ("08", (2, 2), 1),
    ("16", (2, 2), 1),
    ("22", (3, 3), 1),  # a walk also reads the second page of a list with the newest first
    ("26", (3, 3), 1),
    ("32", (2, 2), 1),
    ("33", (3, 3), 1),
    ("38", (2, 2), 1),
    ("52", (2, 2), 1),
    ("57", (2, 2), 1),
    ("61", (3, 3), 1),
    ("66", (2, 2), 1),
    ("68", (2, 2), 1),
    ("71", (1, 1), 1),
    ("75", (3, 3), 1),
    ("77", (2, 2), 2),  # the root holds a file, and is asked like a list
    ("86", (1, 1), 1),
    ("90", (2, 2), 1),
    ("92", (2, 2), 1),
    ("94", (2, 2), 1),
]
PINNED = {"77": ["RAA n°2026 / 00387"]}
"""Titles of files on the root, which the expected entries leave out: they come first."""

DAYS = (date(2026, 8, 14), date(2026, 8, 21))


def site(code: str) -> MemorySite:
    pages = recorded.site(code)
    # Pages the records leave out but link.
    for url in [url for url in pages if url.endswith("(offset)/20")]:
        base = url.removesuffix("/(offset)/20")
        pages[f"{base}/(offset)/10"] = page(pager(base, 2, 3))
    if code == "22":
        base = next(url for url in pages if url.endswith("/AOUT-2026"))
        pages[f"{base}/(offset)/10"] = page(pager(base, 2, 2))
    served = MemorySite(pages)
    if code == "61":
        specials = next(url for url in pages if url.endswith("/Aout/Speciaux-du-mois-d-aout-2026"))
        served.redirects[specials.rsplit("/", 1)[0]] = specials
    return served


@pytest.mark.parametrize("day", [0, 1])
@pytest.mark.parametrize(("code", "walks", "poll"), COUNTS)
async def test_a_prefecture(code: str, walks: tuple[int, int], poll: int, day: int) -> None:
    source = load_authorities()[code].sources[0]
    pages = site(code)
    today = DAYS[day]
    now = datetime(today.year, today.month, today.day, 9, tzinfo=UTC)
    first = await Crawler(pages).poll(source, None, today=today, now=now)
    expected = [entry for entry in recorded.expected() if entry["code"] == code]
    pinned = PINNED.get(code, [])
    assert [entry.title for entry in first.listed[: len(pinned)]] == pinned
    entries = first.listed[len(pinned) :]
    assert [entry.url for entry in entries] == [entry["url"] for entry in expected]
    assert first.requests == len(pages.asked) == walks[day]
    trail = Trail.from_json(first.trail.to_json())
    again = await Crawler(pages).poll(source, trail, today=today, now=now + timedelta(minutes=5))
    assert (again.requests, again.unchanged, again.listed) == (poll, True, ())

    details = [(listed, entry) for listed, entry in zip(entries, expected, strict=True) if "pdf_urls" in entry]
    assert source.wants_details == bool(details)
    for listed, entry in details:
        resolved = await Crawler(pages).documents(source, listed)
        assert ([document.url for document in resolved.documents], resolved.requests) == (entry["pdf_urls"], 1)


def test_every_recorded_authority_is_crawled() -> None:
    assert {code for code, _, _ in COUNTS} == {code for code, _ in recorded.addresses()}
