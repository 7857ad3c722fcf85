"""When a download may go on where it was cut: tables of headers."""

from __future__ import annotations

import json

import pytest

from sources.http.download.resuming import OVERLAP, Note, Version, conditions, length_of, total_with, version_of
from tests.sources.http.ranges import LONG_AGO, SERVED

URL = "https://www.var.gouv.fr/a.pdf"
SHA = "0" * 64
NOTE = Note(Version(URL, '"v1"', 100_000), 50_000, SHA)
DATED = Note(Version(URL, LONG_AGO, 100_000), 50_000, SHA)
FIRST = 50_000 - OVERLAP
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
    assert total_with(NOTE, headers) == total


def test_a_date_must_come_again() -> None:
    headers = {name: value for name, value in REST.items() if name != "etag"}
    assert total_with(DATED, headers) is None
    assert total_with(DATED, headers | {"last-modified": SERVED}) is None
    assert total_with(DATED, headers | {"last-modified": LONG_AGO}) == 100_000


def test_a_length_that_was_not_known_is_learned() -> None:
    unknown = Note(Version(URL, '"v1"', None), 50_000, SHA)
    assert total_with(unknown, REST) == 100_000
    shorter = {"content-range": f"bytes {FIRST}-49998/49999", "etag": '"v1"'}
    assert total_with(unknown, shorter) is None  # less than is kept


def test_how_the_rest_is_asked_for() -> None:
    assert conditions(NOTE) == {"Range": f"bytes={FIRST}-", "If-Range": '"v1"'}
    assert conditions(DATED)["If-Range"] == LONG_AGO


def test_a_note_survives_the_disk_and_nothing_else_is_one() -> None:
    for note in (NOTE, DATED, Note(Version(URL, '"v1"', None), OVERLAP + 1, SHA)):
        assert Note.from_json(note.to_json()) == note
    good = json.loads(NOTE.to_json())
    version = good["version"]
    wrong: list[object] = [
        None, [], "x", 7, {}, {"version": None},
        good | {"more": 1}, good | {"size": OVERLAP}, good | {"size": "50000"}, good | {"size": True}, good | {"size": 1e9},
        good | {"sha256": "0" * 63}, good | {"sha256": None}, good | {"version": version | {"total": 49_999}},
        good | {"version": version | {"total": "many"}}, good | {"version": version | {"validator": '"a\r\nX: 1"'}},
        good | {"version": version | {"validator": None}}, good | {"version": version | {"url": 1}}, good | {"version": [URL, "v1", 1]},
    ]  # fmt: skip
    texts = [json.dumps(one) for one in wrong] + ["", "{", NOTE.to_json()[:-1], "[" * 100_000]
    assert [text for text in texts if Note.from_json(text) is not None] == []


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
