from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.delivery.channel import MANY, Budget, Limiter, budgets_of, most_per_day, wait_between, wait_for
from bot.domain.posts import Destination


@given(st.integers(1, 5), st.floats(0.5, 60), st.lists(st.floats(0, 20), max_size=60))
def test_no_window_ever_holds_more_than_its_budget(most: int, seconds: float, arrivals: list[float]) -> None:
    """Whoever waits as told keeps the budget, in every window."""
    budget, sent, now = Budget("x", most, seconds), list[float](), 0.0
    for pause in arrivals:
        now += pause
        now += wait_for(budget, sent, now)
        sent.append(now)
    for position, at in enumerate(sent):
        assert len([one for one in sent[: position + 1] if at - seconds + 1e-6 < one]) <= most


@pytest.mark.parametrize(
    ("waiting", "recent", "wait"),
    [
        (60, [], 0.0),
        (60, [95.0], 15.0),
        (5, [], 0.0),
        (4, [95.0], 0.0),  # a few arrive together
        (5, [95.0], 15.0),
        (1, [20.0, 40.0, 60.0, 80.0, 95.0], 15.0),  # the last of many does not hurry
        (1, [-10.0, -5.0, -4.0, -3.0, 95.0], 0.0),  # those are long ago
        (60, [70.0], 0.0),
    ],
)
def test_wait_between(waiting: int, recent: list[float], wait: float) -> None:
    assert MANY == 5
    assert wait_between(20.0, waiting, recent, 100.0) == pytest.approx(wait)


def test_budgets_of() -> None:
    channel = budgets_of(Destination("a", "telegram", chat="@VSA"))
    assert [(budget.most, budget.seconds) for budget in channel] == [(25, 1.0), (1, 1.0), (20, 60.0)]
    assert channel == budgets_of(Destination("b", "telegram", chat="@vsa")), "two destinations, one channel"
    assert [(budget.most, budget.seconds) for budget in budgets_of(Destination("c", "telegram", chat=77))] == [(25, 1.0), (1, 1.0)]
    assert budgets_of(Destination("d", "mastodon")) == budgets_of(Destination("e", "console")) == ()


def test_the_console_has_no_digests() -> None:
    assert most_per_day([Destination("a", "console"), Destination("b", "mastodon")], 60) == {"b": 60}


CHANNELS = [Destination(f"t{number}", "telegram", chat=-1000 - number) for number in range(40)]


def test_what_was_sent_before_the_start_counts() -> None:
    limiter = Limiter(CHANNELS, spacing=20.0, monotonic=lambda: 1000.0)
    assert limiter.memory("t0") == 100
    limiter.recall("t0", [-3.0, 5.0, 200.0])
    assert limiter.wait("t0", 60) == pytest.approx(20.0)


def test_without_destinations_everything_passes() -> None:
    limiter = Limiter(monotonic=lambda: 1000.0)
    limiter.note("x")
    assert limiter.wait("x", 1000) == 0


def test_channels_and_thousands_of_chats_share_what_one_bot_may_send() -> None:
    """Whoever may send does, at once, for ten seconds: 25 messages in any second, of which the channels get theirs without waiting."""
    now, channels = [0.0], [f"channel {number}" for number in range(4)]
    limiter = Limiter([Destination(name, "telegram", chat=f"@{name}") for name in channels], monotonic=lambda: now[0])
    sent: list[tuple[float, str]] = []
    chats = [f"chat:{number}" for number in range(1, 400)]
    for step in range(1000):
        now[0] = step / 100
        # The followers come first, and still leave room.
        for name in (*chats[:8], *channels):
            if limiter.wait(name, 1) == 0:
                limiter.note(name)
                sent.append((now[0], name))
                if name in chats:
                    chats.remove(name)
    for at, _ in sent:
        within = [name for when, name in sent if at - 1 + 1e-6 < when <= at]
        assert len(within) <= 25
        assert len([name for name in within if name.startswith("chat:")]) <= 20
    assert len([name for _, name in sent if name.startswith("chat:")]) == 200
    assert [len([at for at, name in sent if name == channel]) for channel in channels] == [10] * 4, "one a second each, as ever"
