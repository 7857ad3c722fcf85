from __future__ import annotations

import pytest

from bot.domain.secrets import is_loopback, web_base


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("LOCALHOST", True),
        ("127.0.0.1", True),
        ("127.8.9.10", True),
        ("::1", True),
        ("0.0.0.0", False),  # noqa: S104 - told apart, not listened on
        ("10.0.0.1", False),
        ("::2", False),
        ("localhost.example.org", False),
        ("127.0.0.1.example.org", False),
        ("", False),
    ],
)
def test_only_this_machine_is_this_machine(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


@pytest.mark.parametrize(
    ("address", "base"),
    [
        ("https://api.telegram.org", "https://api.telegram.org"),
        ("https://m.example/", "https://m.example"),
        ("http://127.0.0.1:9000/bot", "http://127.0.0.1:9000/bot"),
        ("http://localhost:9000", "http://localhost:9000"),
        ("http://[::1]:9000", "http://[::1]:9000"),
        ("http://127.8.8.8", "http://127.8.8.8"),
    ],
)
def test_addresses_that_may_get_a_token(address: str, base: str) -> None:
    assert web_base(address) == base


@pytest.mark.parametrize(
    "address",
    [
        "http://api.telegram.org",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "http://10.0.0.1",
        "https://user:pass@m.example",
        "https://m.example?x=1",
        "https://m.example#x",
        "ftp://127.0.0.1",
        "m.example",
        "https://",
        "https://[::1",
        "http://127.0.0.1:port",
        "",
    ],
)
def test_addresses_that_may_not(address: str) -> None:
    with pytest.raises(ValueError, match=r"address|https|user name"):
        web_base(address)
