"""The soak in short: it kills where it says, keeps what is promised, and would tell if that were not kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks.soak.__main__ import report, soak
from benchmarks.soak.following import follow
from benchmarks.soak.lives import Mother
from benchmarks.soak.plan import Blow, Mode, Plan, Step, Where, draw
from benchmarks.soak.run import judged
from benchmarks.soak.servers import Told
from bot.domain.posts import Post, PostState
from tests.bot.delivery.memory import numbered

ORDER = [Told("10", 1), Told("11", 2)]


def recorded(where: str, *states: PostState) -> list[Post]:
    """Decrees 1, 2… with references 10, 11…"""
    return [
        Post(number, f"cle-{where}-{number}", where, numbered(number), state, reference=str(9 + number))
        for number, state in enumerate(states, start=1)
    ]


@pytest.mark.parametrize(
    ("told", "second", "found"),
    [
        (ORDER, PostState.SENT, {}),
        ([*ORDER, Told("12", 2)], PostState.SENT, {"doubled": ("telegram:2",)}),
        (ORDER[:1], PostState.SENT, {"lost": ("telegram:2",)}),
        (ORDER[:1], PostState.PENDING, {"lost": ("telegram:2",)}),
        (ORDER[:1], PostState.HELD, {"held": ("telegram:2",)}),
        ([Told("11", 2), Told("10", 1)], PostState.SENT, {"disordered": ("telegram:1",)}),
        (ORDER, PostState.UNKNOWN, {"wrong": ("telegram:2 is there, and recorded as unknown",)}),
        ([Told("10", 1), Told("12", 2)], PostState.SENT, {"wrong": ("telegram:2 is recorded as 11, which is another message",)}),
    ],
)
def test_what_is_not_as_promised_is_told(told: Sequence[Told], second: PostState, found: dict[str, tuple[str, ...]]) -> None:
    posts = [*recorded("telegram", PostState.SENT, second), *recorded("mastodon", PostState.SENT, PostState.SENT)]
    plan = Plan("1/0/probe", 2, "probe", ignores_keys=True, most_per_day=60, blows=())
    outcome = judged(plan, [Step.STORED], posts, {"telegram": told, "mastodon": ORDER}, {0})
    names = ("doubled", "lost", "held", "disordered", "wrong")
    assert {name: getattr(outcome, name) for name in names if getattr(outcome, name)} == found
    assert outcome.is_well is not bool(found)
    assert ("run 1/0/probe: " in report([outcome])) is bool(found)


@pytest.mark.parametrize(
    ("told", "wrong"),
    [
        ([Told("10", 1), Told("11", 2, "10")], ()),
        ([Told("10", 1), Told("11", 2)], ("telegram:2 is no reply to telegram:1",)),
        ([Told("10", 1), Told("11", 2, "9")], ("telegram:2 is no reply to telegram:1",)),
    ],
)
def test_a_change_that_is_no_reply_to_what_it_changes_is_told(told: Sequence[Told], wrong: tuple[str, ...]) -> None:
    posts = [*recorded("telegram", PostState.SENT, PostState.SENT), *recorded("mastodon", PostState.SENT, PostState.SENT)]
    plan = Plan("1/0/probe", 2, "probe", ignores_keys=True, most_per_day=60, blows=(), chain="forwards")
    outcome = judged(plan, [], posts, {"telegram": told, "mastodon": [Told("10", 1), Told("11", 2, "10")]}, {0})
    assert outcome.wrong == wrong


def test_a_row_that_is_gone_and_a_life_that_failed_are_told() -> None:
    plan = Plan("1/0/probe", 1, "probe", ignores_keys=True, most_per_day=60, blows=())
    outcome = judged(plan, [], recorded("telegram", PostState.SENT), {"telegram": ORDER[:1], "mastodon": ()}, {0, 1})
    assert outcome.wrong == ("a life ended with 1", "mastodon:1 has no row")


def test_a_seed_says_the_same_twice_and_few_runs_meet_every_step() -> None:
    plans = [draw(1, number) for number in range(20)]
    assert plans == [draw(1, number) for number in range(20)]
    assert {blow.step for plan in plans for blow in plan.blows} == set(Step)
    assert len({draw(seed, 0).blows for seed in range(5)}) == 5
    modes: tuple[Mode, ...] = ("hold", "resend")
    for mode in modes:
        looks = [blow for number in range(20) for blow in draw(1, number, mode).blows if blow.step.is_look]
        assert {blow.where for blow in looks} == {"mastodon"}, "what is never looked for cannot be killed while it is"


def blow(step: Step, where: Where, wait: float = 0.0) -> Blow:
    return Blow(step, where, 0, 0.01, wait, person_writes=where == "telegram")


PLANS = (
    # Started again at once: what the killed program was sending, and what it was looking for, is not overtaken.
    Plan(
        "lost",
        3,
        "probe",
        ignores_keys=True,
        most_per_day=60,
        blows=(blow(Step.RECEIVED_LOST, "telegram"), blow(Step.LOOK_RECEIVED, "mastodon")),
    ),
    # A digest, killed again while it is looked for.
    Plan("stored", 3, "probe", ignores_keys=True, most_per_day=2, blows=(blow(Step.STORED, "telegram"), blow(Step.LOOK_HALF, "telegram"))),
    # Side by side: the one that waits goes on where the killed one was.
    Plan(
        "accept beside run", 3, "probe", ignores_keys=True, most_per_day=60, blows=(blow(Step.STORED, "telegram"),), lives=("run", "accept")
    ),
    Plan(
        "two at once",
        3,
        "probe",
        ignores_keys=True,
        most_per_day=60,
        blows=(blow(Step.RECEIVED_LATE, "mastodon"),),
        lives=("accept", "accept"),
    ),
    # What changes a decree was found before it, and waits for its post, whoever is killed.
    Plan("chain", 3, "probe", ignores_keys=True, most_per_day=60, blows=(blow(Step.STORED, "mastodon"),), chain="backwards"),
    # A backup in the place of a database that was killed in the middle of a thread.
    Plan(
        "restored",
        3,
        "probe",
        ignores_keys=True,
        most_per_day=60,
        blows=(blow(Step.HALF, "mastodon"), blow(Step.STORED, "mastodon")),
        restored=True,
    ),
    # Chats that follow something: killed while one is sent its message, and while that is looked for.
    Plan(
        "followers",
        3,
        "probe",
        ignores_keys=True,
        most_per_day=60,
        blows=(
            Blow(Step.RECEIVED_LOST, "telegram", 4, 0.01, 0.0, person_writes=False),
            Blow(Step.STORED, "telegram", 1, 0.01, 0.0, person_writes=False),
        ),
        followers=2,
    ),
)


@pytest.mark.short_form
def test_killed_and_started_again_it_tells_every_decree_once_and_in_order(tmp_path: Path) -> None:
    outcomes = soak(PLANS, tmp_path, beside=2)
    assert [outcome.killed for outcome in outcomes] == [tuple(blow.step for blow in plan.blows) for plan in PLANS]
    assert [outcome for outcome in outcomes if not outcome.is_well] == []
    assert sum(outcome.posts for outcome in outcomes) == 48


@pytest.mark.short_form
def test_killed_while_people_follow_pause_and_leave_it_keeps_what_they_want(tmp_path: Path) -> None:
    with Mother() as mother:
        outcome = follow(1, 2, mother, tmp_path)
    assert outcome.wrong == []
    assert len(outcome.killed) == 4
    assert outcome.messages >= 14
