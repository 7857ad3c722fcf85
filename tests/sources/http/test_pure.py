"""Replacements, addresses, options and delays: values in, values out."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
from datetime import UTC, datetime

import pytest

from sources.http.connection import Origins, SystemResolver, is_public, user_agent
from sources.http.politeness import seconds_to_wait

VAR = "https://www.var.gouv.fr"


@pytest.mark.parametrize(
    ("origin", "base", "words"),
    [
        ("http://www.var.gouv.fr", "http://127.0.0.1", "must be the https address of a site"),
        ("www.var.gouv.fr", "http://127.0.0.1", "must be the https address of a site"),
        (f"{VAR}/Publications", "http://127.0.0.1", "without a path"),
        (f"{VAR}?a", "http://127.0.0.1", "without a path"),
        (VAR, "http://mirror.example", "to this machine only"),
        (VAR, "http://192.168.1.1", "to this machine only"),
        (VAR, "http://127.0.0.1.evil.example", "to this machine only"),
        (VAR, "ftp://127.0.0.1", "must be an https address"),
        (VAR, "127.0.0.1:80", "must be an https address"),
        (VAR, "", "must be an https address"),
        (VAR, "https://", "must be an https address"),
        (VAR, "https://user:hunter2@mirror.example", "must not hold a name or a password"),
        (VAR, "https://mirror.example/?a", "query"),
        (VAR, "https://mirror.example/#a", "fragment"),
        (VAR, "https://mirror.example:99999", "not a valid address"),
    ],
)
def test_a_replacement_that_cannot_be_used(origin: str, base: str, words: str) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        Origins({origin: base})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("base", "host_header", "path"),
    [
        ("http://127.0.0.1:8123/var", "127.0.0.1:8123", "/var/a?b=1"),
        ("http://127.0.0.1:8123/var/", "127.0.0.1:8123", "/var/a?b=1"),
        ("http://[::1]:8123", "[::1]:8123", "/a?b=1"),
        ("http://localhost", "localhost", "/a?b=1"),
        ("https://mirror.example/x/y", "mirror.example", "/x/y/a?b=1"),
    ],
)
def test_where_a_replaced_address_is_asked(base: str, host_header: str, path: str) -> None:
    target = Origins({VAR + "/": base}).target(f"{VAR}/a?b=1")
    assert (target.authority, target.path, target.chosen) == (host_header, path, True)


def test_where_any_other_address_is_asked() -> None:
    target = Origins({VAR: "http://127.0.0.1"}).target("https://www.drome.gouv.fr")
    assert (target.scheme, target.authority, target.port, target.path, target.chosen) == ("https", "www.drome.gouv.fr", 443, "/", False)


@pytest.mark.parametrize(
    ("location", "there"),
    [
        ("/variable", f"{VAR}/variable"),  # not below /var, though it begins alike
        ("/var", f"{VAR}/"),
        ("?page=2", f"{VAR}/a/b?page=2"),
        ("//127.0.0.1:8123/var/c", f"{VAR}/c"),
        ("http://127.0.0.1:8123/var2/c", "https://www.drome.gouv.fr/c"),
        ("http://127.0.0.1:8123/c", "https://www.paris.gouv.fr/c"),
        ("http://user:x@127.0.0.1:8123/var/c", None),
        ("http://[::1/", None),
    ],
)
def test_redirects_among_replacements_of_one_server(location: str, there: str | None) -> None:
    base = "http://127.0.0.1:8123"
    origins = Origins({VAR: f"{base}/var", "https://www.drome.gouv.fr": f"{base}/var2", "https://www.paris.gouv.fr": base})
    assert origins.follow(f"{VAR}/a/b", location) == there


def test_of_two_sites_with_one_replacement_the_one_asked_keeps_its_redirects() -> None:
    drome = "https://www.drome.gouv.fr"
    origins = Origins({VAR: "http://127.0.0.1:8123", drome: "http://127.0.0.1:8123"})
    assert origins.follow(f"{VAR}/a", "http://127.0.0.1:8123/b") == f"{VAR}/b"
    assert origins.follow(f"{drome}/a", "http://127.0.0.1:8123/b") == f"{drome}/b"


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("77.159.252.140", True),
        ("2a00:1450:4007:80c::2003", True),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::808:808", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("0.0.0.0", False),  # noqa: S104 - only judged
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("192.0.2.1", False),
        ("::1", False),
        ("::", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("ff0e::1", False),
        ("::127.0.0.1", False),
        ("::ffff:0:127.0.0.1", False),
        ("2002:7f00:1::", False),
        ("2002:808:808::", False),
        ("2001:0:7f00:1::", False),
        ("64:ff9b:1::7f00:1", False),
        ("fec0::1", False),
        ("4000::1", False),
    ],
)
def test_public_addresses(address: str, public: bool) -> None:
    assert is_public(ipaddress.ip_address(address)) is public


async def test_names_that_take_long_hold_up_no_other_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: released.wait(120) and [])
    names = SystemResolver()
    asked = [asyncio.create_task(names(f"h{number}", 443)) for number in range(100)]
    await asyncio.sleep(0)
    async with asyncio.timeout(60):
        assert await asyncio.to_thread(lambda: "the database") == "the database"
    released.set()
    assert await asyncio.gather(*asked) == [[]] * 100
    names.close()


NOW = datetime(2026, 8, 14, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "date", "seconds"),
    [
        (None, None, None),
        ("120", None, 120),
        (" 0 ", None, 0),
        ("9" * 500, None, 999999999999),
        ("Fri, 14 Aug 2026 12:01:00 GMT", None, 60),
        ("Fri, 14 Aug 2026 12:01:00 GMT", "Fri, 14 Aug 2026 12:00:50 GMT", 10),
        ("Fri, 14 Aug 2026 12:01:00 GMT", "nonsense", 60),
        ("Fri, 14 Aug 2020 12:00:00 GMT", None, 0),
        ("Friday, 14-Aug-26 12:01:00 GMT", None, 60),
        ("Fri, 14 Aug 2026 12:01:00", None, 60),
        ("soon", None, None),
        ("-5", None, None),
        ("1.5", None, None),
        ("²", None, None),
        ("", None, None),
        ("Fri, 99 Aug 2026 12:01:00 GMT", None, None),
    ],
)
def test_delays_a_server_asks_for(value: str | None, date: str | None, seconds: float | None) -> None:
    assert seconds_to_wait(value, date=date, now=NOW) == seconds


def test_who_we_say_we_are() -> None:
    assert user_agent("1.2.0", "https://example.org/vigie") == "Vigie/1.2.0 (+https://example.org/vigie)"
    assert user_agent("1.2.0", "raa@example.org") == "Vigie/1.2.0 (+raa@example.org)"
    assert user_agent("1.2.0", None) == user_agent("1.2.0", "") == "Vigie/1.2.0 (watches recueils des actes administratifs)"
