"""The readers against real pages of every kind of site."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import pytest

from sources.pages import READERS
from sources.pages.links import Reader, read_national
from tests.sources import recorded

pytestmark = recorded.needs_pages

OTHER_PLATFORMS = {"57": "moselle", "75": "regions"}
LISTINGS = [
    (code, file, list(entries))
    for (code, file), entries in groupby(recorded.expected(), key=lambda entry: (entry["code"], entry["listing_file"]))
]
DETAILS = [entry for _, _, entries in LISTINGS for entry in entries if "detail_file" in entry]


def reader(code: str) -> Reader:
    return READERS[OTHER_PLATFORMS.get(code, "national")]


@pytest.mark.parametrize(("code", "file", "entries"), LISTINGS, ids=[f"{code}-{file}" for code, file, _ in LISTINGS])
def test_a_listing_gives_exactly_its_recueils(code: str, file: str, entries: list[dict[str, Any]]) -> None:
    url = recorded.addresses()[code, file]
    found = reader(code)(recorded.html(code, file), url).entries(wants_details=entries[0]["kind"] == "detail")
    assert [(entry.url, entry.title, entry.is_detail) for entry in found] == [
        (entry["url"], entry["title"], entry["kind"] == "detail") for entry in entries
    ]
    # A date read on a detail page (no source on the listing) is not the listing's.
    shown = [entry["date"] if entry["date_source"] else None for entry in entries]
    assert [entry.published and entry.published.isoformat() for entry in found] == shown


@pytest.mark.parametrize("entry", DETAILS, ids=[f"{entry['code']}-{entry['detail_file']}" for entry in DETAILS])
def test_a_detail_page_gives_its_files(entry: dict[str, Any]) -> None:
    found = read_national(recorded.html(entry["code"], entry["detail_file"]), entry["url"]).documents
    assert [document.url for document in found] == entry["pdf_urls"]
    assert [document.published and document.published.isoformat() for document in found] == [entry.get("detail_date")]


def test_every_authority_is_covered() -> None:
    assert {code for code, _, _ in LISTINGS} == {code for code, _ in recorded.addresses()}
