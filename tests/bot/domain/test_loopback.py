from __future__ import annotations

import pytest

from bot.domain.loopback import is_loopback


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
