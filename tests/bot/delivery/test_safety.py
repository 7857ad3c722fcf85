from __future__ import annotations

import pytest

from bot.delivery.safety import UnsafeAddress, checked_base


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
    assert checked_base(address) == base


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
    with pytest.raises(UnsafeAddress):
        checked_base(address)
