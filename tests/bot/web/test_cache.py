"""What is kept of a document, and for how long."""

from __future__ import annotations

import gzip
from datetime import timedelta
from pathlib import Path

import pytest

from bot.web.documents import Document
from bot.web.server import LONGEST_KEPT, Cache, accepts_gzip, pack
from tests.bot.queries.conftest import NOW

PAGE = Document(b"<p>" + b"Valence " * 200, changes_at=None)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("changes_in", "revision", "later", "kept"),
    [
        (None, 1, timedelta(), True),
        (None, 1, LONGEST_KEPT - MINUTE, True),
        (None, 1, LONGEST_KEPT, False),  # what it says of the sources is old
        (None, 2, timedelta(), False),  # something was withdrawn, or found
        (timedelta(minutes=2), 1, MINUTE, True),
        (timedelta(minutes=2), 1, timedelta(minutes=2), False),  # midnight
        (timedelta(days=9), 1, LONGEST_KEPT, False),
        (None, 1, -MINUTE, False),  # the clock was set back
    ],
)
def test_a_document_is_kept_until_the_store_or_the_hour_makes_it_wrong(
    changes_in: timedelta | None, revision: int, later: timedelta, *, kept: bool
) -> None:
    cache, changes_at = Cache(), None if changes_in is None else NOW + changes_in
    cache.put("/", pack(Document(PAGE.body, changes_at=changes_at)), 1, NOW)
    assert (cache.get("/", revision, NOW + later) is not None) is kept
    if not kept:
        assert cache.get("/", 1, NOW) is None, "what was wrong once is not shown again"


@pytest.mark.parametrize(
    "document",
    [
        Document(b"", status=500),
        Document(b"", status=503),
        Document(b"", file=Path("arretes.csv")),
        Document(b"x" * 600_000, "image/png"),
        Document(b"", changes_at=NOW),
    ],
)
def test_what_may_pass_soon_or_is_large_is_not_kept(document: Document) -> None:
    cache = Cache(2_000_000)
    cache.put("/", pack(document), 1, NOW)
    assert cache.get("/", 1, NOW) is None


def test_memory_is_bounded_and_what_was_used_last_stays() -> None:
    cache = Cache(20_000)
    for number in range(50):
        cache.put(number, pack(Document(bytes([number]) * 2_000, "image/png")), 1, NOW)
        cache.get(0, 1, NOW)
    kept = [number for number in range(50) if cache.get(number, 1, NOW) is not None]
    assert kept == [0, *range(45, 50)]
    assert cache.size <= 20_000


def test_a_page_is_compressed_once_and_comes_back_whole() -> None:
    packed = pack(PAGE)
    assert packed.gzipped
    assert len(packed.document.body) < len(PAGE.body) / 5
    assert gzip.decompress(packed.body(accepts_gzip=True)) == packed.body(accepts_gzip=False) == PAGE.body
    assert pack(PAGE) == packed, "the same content has the same bytes and the same tag"
    assert not pack(Document(PAGE.body, "image/png")).gzipped


@pytest.mark.parametrize(
    ("header", "takes"),
    [
        ("gzip, deflate, br", True),
        ("br;q=1.0, gzip;q=0.8", True),
        ("*", True),
        ("GZIP", True),
        ("gzip;q=0", False),
        ("gzip; q=0.0", False),
        ("identity", False),
        ("", False),
    ],
)
def test_who_takes_gzip(header: str, *, takes: bool) -> None:
    assert accepts_gzip(header) is takes


@pytest.mark.parametrize(
    ("tags", "known"),
    [("{}", True), ('"other", {}', True), ("*", True), ('W/"other"', False), ("", False), ("nonsense", False)],
)
def test_a_client_that_has_it_is_recognised(tags: str, *, known: bool) -> None:
    packed = pack(PAGE)
    assert packed.is_known_to(tags.format(packed.tag)) is known
    assert packed.is_known_to(packed.tag.removeprefix("W/")), "a proxy may have made it strong"
