"""Who asks, and how much they may."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.web.server import VisitorLimits, networks, visitor_of
from tests.bot.queries.conftest import NOW

OURS = networks(["127.0.0.1", "10.0.0.0/8"])


@pytest.mark.parametrize(
    ("peer", "forwarded", "visitor"),
    [
        ("198.51.100.7", [], "198.51.100.7"),
        ("198.51.100.7", ["203.0.113.9"], "198.51.100.7"),  # a stranger says who it is: not believed
        ("127.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ("127.0.0.1", ["1.2.3.4, 203.0.113.9"], "203.0.113.9"),  # the left end is the visitor's own invention
        ("127.0.0.1", ["1.2.3.4", "203.0.113.9, 10.1.1.1"], "203.0.113.9"),  # two proxies of ours
        ("127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", ["nonsense"], "127.0.0.1"),
        ("127.0.0.1", ["203.0.113.9, "], "127.0.0.1"),
        ("::ffff:198.51.100.7", [], "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", [], "2001:db8:1:2::/64"),
        ("127.0.0.1", ["2001:db8:1:2:aaaa::1"], "2001:db8:1:2::/64"),
        ("", ["203.0.113.9"], ""),
    ],
)
def test_the_visitor_is_whom_a_proxy_of_ours_names(peer: str, forwarded: list[str], visitor: str) -> None:
    assert visitor_of(peer, forwarded, OURS) == visitor


def test_each_has_a_share_of_a_minute_nothing_names_them_and_the_next_day_nobody_is_recognised() -> None:
    limits = VisitorLimits(3, lambda: 0.0)
    answered = [limits.allows("198.51.100.7", [], NOW) for _ in range(5)]
    assert answered == [True, True, True, False, False]
    assert limits.allows("198.51.100.8", [], NOW)
    assert "198.51" not in repr(vars(limits)) + repr(vars(limits._limiter))
    assert limits.allows("198.51.100.7", [], NOW + timedelta(days=1))
