"""When a download may go on where it was cut: tables of headers."""

from __future__ import annotations

import pytest

from sources.http.answers import length_of
from sources.http.files import OVERLAP, Version, total_with, version_of
from tests.sources.http.ranges import LONG_AGO, SERVED

URL = "https://www.var.gouv.fr/a.pdf"
TAGGED = Version(URL, '"v1"', 100_000)
SIZE = 50_000
FIRST = SIZE - OVERLAP
REST = {"content-range": f"bytes {FIRST}-99999/100000", "etag": '"v1"', "content-length": str(100_000 - FIRST)}


@pytest.mark.parametrize(
    ("headers", "validator"),
    [
        ({"etag": '"v1"'}, '"v1"'),
        ({"etag": '"v1"', "last-modified": LONG_AGO}, '"v1"'),
        ({"etag": '""'}, '""'),
        ({"last-modified": LONG_AGO, "date": SERVED}, LONG_AGO),
        ({"last-modified": "Fri, 14 Aug 2026 11:59:00 GMT", "date": SERVED}, "Fri, 14 Aug 2026 11:59:00 GMT"),
        # What must not be gone on with.
        ({}, None),
        ({"etag": 'W/"v1"'}, None),
        ({"etag": 'W/"v1"', "last-modified": LONG_AGO, "date": SERVED}, None),
        ({"etag": "v1"}, None),
        ({"etag": '"v1", "v2"'}, None),
        ({"etag": '"é"'}, None),
        ({"last-modified": LONG_AGO}, None),
        ({"last-modified": "Fri, 14 Aug 2026 11:59:30 GMT", "date": SERVED}, None),
        ({"last-modified": "Fri, 14 Aug 2026 13:00:00 GMT", "date": SERVED}, None),
        ({"last-modified": "yesterday", "date": SERVED}, None),
        ({"last-modified": "Fri, 14 Aug 2026 09:00:00", "date": SERVED}, None),
        ({"etag": '"v1"', "accept-ranges": "none"}, None),
        ({"etag": '"v1"', "content-encoding": "gzip"}, None),
    ],
)
def test_what_a_version_is_known_by(headers: dict[str, str], validator: str | None) -> None:
    found = version_of(URL, headers | {"content-length": "7"})
    assert found == (None if validator is None else Version(URL, validator, None if "content-encoding" in headers else 7))


@pytest.mark.parametrize(
    ("changed", "total"),
    [
        ({}, 100_000),
        ({"content-length": None}, 100_000),
        ({"content-encoding": "identity", "content-range": f"Bytes {FIRST}-99999/100000"}, 100_000),
        # Not the rest of this very version.
        ({"content-range": None}, None),
        ({"content-range": f"bytes {FIRST + 1}-99999/100000"}, None),
        ({"content-range": f"bytes 0-99999/{100_000}"}, None),
        ({"content-range": f"bytes {FIRST}-99998/100000"}, None),
        ({"content-range": f"bytes {FIRST}-100000/100001"}, None),
        ({"content-range": f"bytes {FIRST}-99999/*"}, None),
        ({"content-range": "bytes */100000"}, None),
        ({"content-range": f"bytes {FIRST + 1}-99999/100000", "content-length": None}, None),
        ({"content-range": f"bytes {FIRST - 1}-99999/100000", "content-length": None}, None),
        ({"content-range": f"bytes {FIRST}-100000/100001", "content-length": None}, None),
        ({"content-range": f"bytes {FIRST}-99999/100000, bytes {FIRST}-99999/100000"}, None),
        ({"content-range": f"bytes {'9' * 5000}-1/2"}, None),
        ({"content-range": f"bytes ٤{FIRST}-99999/100000"}, None),
        ({"content-length": "100000"}, None),
        ({"content-type": "multipart/byteranges; boundary=x"}, None),
        ({"content-encoding": "gzip"}, None),
        ({"etag": '"v2"'}, None),
        ({"etag": 'W/"v1"'}, None),
        ({"etag": None}, None),
        ({"etag": None, "last-modified": LONG_AGO}, None),
    ],
)
def test_what_is_the_rest(changed: dict[str, str | None], total: int | None) -> None:
    headers = {name: value for name, value in (REST | changed).items() if value is not None}
    assert total_with(TAGGED, SIZE, headers) == total


@pytest.mark.parametrize(
    ("headers", "length"),
    [
        ({"content-length": "12"}, 12),
        ({}, None),
        ({"content-length": "12", "transfer-encoding": "chunked"}, None),
        ({"content-length": "12", "content-encoding": "gzip"}, None),
        ({"content-length": "-1"}, None),
        ({"content-length": "²"}, None),
        ({"content-length": "9" * 5000}, None),
    ],
)
def test_announced_lengths(headers: dict[str, str], length: int | None) -> None:
    assert length_of(headers) == length
