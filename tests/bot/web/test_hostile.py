"""Hostile requests: none causes a fault, and nothing of them is shown as it was sent."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from urllib.parse import quote, quote_plus, unquote

import pytest

from bot.web.site import LONGEST_PATH, LONGEST_QUERY, addresses, respond
from tests.bot.queries.conftest import NOW, MemoryDecrees
from tests.bot.web.conftest import Visitors, memory_site
from tests.bot.web.samples import ALL

COUNT = 1_000
# fmt: off
_PIECES = (
    "<zz>", "</title><zz>", '"><zz onzz=1>', "'><zz>", "<!--zz-->", "]]><zz>", "<script>zz</script>", "javascript:zz", "{{7*7}}",
    "${zz}", "%00", "\x00", "\r\nSet-Cookie: zz=1", "\u202e", "\ufeff", "%ED%A0%BD", "😀" * 40, "é" * 300, "a" * 3_000, "٢٦", "²", "İ",
    "' OR 1=1 --", '"; DROP TABLE decrees; --', "1' UNION SELECT", "%", "%25", "_", "*", "NEAR(a b)", '"a" AND', "(((((", "a:b", "-", "--",
    "../../etc/passwd", "..%2f..%2f", "//evil.example", "\\evil", "/", ".", "..", "~", "%2e%2e", "con", "-1", "0", "1", "12", "00012",
    "9" * 40, "0x10", "1.5", "+1", " 1 ", "2147483648", "9223372036854775808", "26198", "26000", "2A", "2a", "97411", "Romans", "romans",
    "saint denis", "L'Haÿ", "sncf", "gare", "arrêté n° 2026-1", "#12", "[12]", "la", "d'", "", " ", "\t", "\n", "NaN", "ß", "^",
)
_NAMES = ("q", "page", "after", "limit", "kind", "department", "since", "until", "operator", "communes", "p", "zz<zz>", "", "q[]", "Q")
# fmt: on
_RAW = re.compile(rb"<zz|<script>zz|</title><zz|onzz=1>|\"><zz|set-cookie: zz", re.IGNORECASE)
_PLACE = re.compile(r"\{[^}]*\}")


def requests(count: int) -> Iterator[tuple[str, str]]:
    """Paths, without percent signs, and query strings, as they are sent; the same in each run."""
    chance = random.Random(20261128)
    patterns = [route.pattern for route in addresses().routes]
    for _ in range(count):
        text = "".join(chance.choice(_PIECES) for _ in range(chance.choice((1, 1, 2, 3))))
        filling = chance.choice((text, chance.choice(_PIECES), "26", "1"))
        path = filling.join(_PLACE.split(chance.choice(patterns)))
        path = chance.choice(("", "", "", "/en", "/zz", "//")) + path + chance.choice(("", "", "", "/", "/" + text))
        pairs = [(chance.choice(_NAMES), chance.choice(_PIECES) + text) for _ in range(chance.choice((0, 1, 1, 2, 9)))]
        encode = chance.choice((quote_plus, quote, lambda value, **_: value))
        query = chance.choice(("&", "&", ";")).join(f"{name}={encode(value, errors='replace')}" for name, value in pairs)
        yield path[:LONGEST_PATH], query[:LONGEST_QUERY]


def test_a_thousand_hostile_requests() -> None:
    site, table = memory_site(MemoryDecrees(ALL)), addresses()
    statuses = set[int]()
    for path, query in requests(COUNT):
        document = respond(site, table.find(path, query), NOW)
        statuses.add(document.status)
        assert document.status < 500 or "/donnees/" in path, (path, query)
        if "json" not in document.media_type:
            assert not _RAW.search(document.body), (path, query)
        for name, value in document.headers.items():
            assert value.isprintable(), (name, path, query)
        location = document.headers.get("Location", "/")
        assert re.match(r"/(?![/\\])", location), (path, location)
    assert {200, 308, 404} <= statuses, "they reach pages, redirections and nothing"


def test_the_pieces_would_be_seen() -> None:
    assert _RAW.search(unquote('<title>"><zz onzz=1></title>').encode())


@pytest.mark.parametrize("number", range(3))
async def test_they_do_not_get_further_over_http(visitors: Visitors, number: int) -> None:
    for path, query in list(requests(60))[number::3]:
        visitors.seconds += 60
        address = quote(path, errors="replace", safe="/%") + (f"?{quote(query, errors='replace', safe='=&;%+')}" if query else "")
        answer = await visitors.ask(address if address.startswith("/") else "/")
        assert answer.status_code < 500 or "/donnees/" in path, address
        assert "content-security-policy" in answer.headers
        assert not _RAW.search(answer.content) or "json" in answer.headers["content-type"], address
