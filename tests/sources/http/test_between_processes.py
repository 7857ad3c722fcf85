"""The polite client before a whole country behind one address: how often it asks, and what it does when it is asked to stop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus
from itertools import cycle, islice, pairwise

import pytest

import sources.crawl.lists
from sources.catalogue.authority import load_authorities
from sources.http.connection import ClientOptions
from sources.http.politeness import Disallowed
from sources.model import Paused
from tests.examples import by_day
from tests.france import memory
from tests.france.country import Answer, France, sparse_before
from tests.france.serving import Sockets
from tests.france.sweep import AGENT, Clock, Sweep, Sweeper, client

EVENING = datetime(2026, 9, 16, 19, 0, tzinfo=UTC)
"""Little is published by then."""

AUTUMN = date(2026, 9, 1)
"""Since then all that was published is there."""

# Their trails are found once in a process.
WHOLE_SWEEP = timedelta(minutes=6)
"""The longest that a sweep of France may take in the steady state."""

MOST_REQUESTS = 1.2
"""Per source and sweep, in the steady state."""

INTERVAL = 3.0
"""Seconds between two requests, when nobody says otherwise."""

ROUNDING = 0.000_001
"""Seconds. The simulated clock is a sum of fractions."""


@pytest.fixture(autouse=True)
def _pages_are_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources.crawl.lists, "READERS", memory.READERS)


@pytest.fixture
async def door() -> AsyncIterator[Sockets]:
    """The whole of France on real sockets of one address."""
    france = France(load_authorities(), EVENING, is_kept=sparse_before(AUTUMN))
    clock = Clock(EVENING, france)
    async with Sockets(france, clock.monotonic) as running:
        yield running


@dataclass(frozen=True)
class FirstLooks:
    """Two sweeps by a client with default options, the first of which knows no way yet, and the most requests and connections at once."""

    first: Sweep
    steady: Sweep
    trails: dict[str, str]
    at_once: tuple[int, int]


@pytest.fixture(scope="module")
def looks() -> FirstLooks:
    async def look() -> FirstLooks:
        france = France(load_authorities(), EVENING, is_kept=sparse_before(AUTUMN))
        clock = Clock(EVENING, france)
        async with Sockets(france, clock.monotonic) as door, client(france, door, clock) as polite:
            sweeper = Sweeper(france, door, clock, polite)
            first = await sweeper()
            trails = dict(sweeper.trails)
            return FirstLooks(first, await sweeper(), trails, (door.most_requests, door.most_connections))

    return asyncio.run(look())


@pytest.fixture
async def sweeper(door: Sockets, looks: FirstLooks) -> AsyncIterator[Sweeper]:
    """Polls all of it through a client with default options, and knows the way."""
    clock = Clock(EVENING, door.france)
    door.monotonic = clock.monotonic
    async with client(door.france, door, clock) as polite:
        yield Sweeper(door.france, door, clock, polite, trails=dict(looks.trails))


def test_a_sweep_never_asks_faster_than_it_may_and_ends_in_time(looks: FirstLooks) -> None:
    """All sources are due at once, the first time and again: the line before the address keeps them apart."""
    first, steady, count = looks.first, looks.steady, len(looks.trails)
    assert (first.failed, steady.failed) == ({}, {})
    assert ClientOptions(frozenset(), AGENT).interval_seconds == INTERVAL
    asked = (*first.asked, *steady.asked)
    gaps = [after.at - before.at for before, after in pairwise(asked)]
    assert min(gaps) >= INTERVAL - ROUNDING
    assert len(set(gaps)) > len(gaps) / 2, "the rhythm varies"
    assert looks.at_once == (1, 1)
    assert {each.user_agent for each in asked} == {AGENT}
    assert "https://vigie.example.org/bot" in AGENT
    told = f"{count} sources, {steady.pages} requests: {steady.seconds:.0f} s"
    assert timedelta(seconds=steady.seconds) <= WHOLE_SWEEP, told
    assert steady.seconds > INTERVAL * (count - 1), told


def test_a_sweep_costs_little_more_than_a_request_per_source(looks: FirstLooks) -> None:
    """Counted where the requests arrive."""
    first, steady, number = looks.first, looks.steady, len(looks.trails)
    cost = steady.pages / number
    assert number <= steady.pages, "every source is asked"
    assert cost <= MOST_REQUESTS, f"{steady.pages} requests for {number} sources: {cost:.2f} each (their first look: {first.pages})"
    assert steady.pages == len(steady.asked), "no robots.txt is read again"
    assert steady.bytes < first.bytes / 10


@dataclass
class AskedToWait:
    """One site answers once that it wants to be left alone."""

    host: str
    status: HTTPStatus
    retry_after: str
    left: int = 1

    def __call__(self, host: str, target: str) -> Answer | None:
        if host != self.host or target == "/robots.txt" or not self.left:
            return None
        self.left -= 1
        return Answer(self.status, b"<h1>Service indisponible</h1>", headers=(("Retry-After", self.retry_after),))


# The other pairs differ in nothing that a whole country would show.
@pytest.mark.parametrize(("status", "as_date"), by_day([(HTTPStatus.SERVICE_UNAVAILABLE, False), (HTTPStatus.TOO_MANY_REQUESTS, True)], 1))
async def test_a_site_that_asks_to_wait_is_obeyed_for_the_whole_address(
    sweeper: Sweeper, door: Sockets, status: HTTPStatus, as_date: bool
) -> None:
    await sweeper()
    wait = timedelta(seconds=200)
    # A date holds whole seconds: it is told from the moment at which the sweep begins, some 150 s before that site's turn.
    until = sweeper.clock.now() + timedelta(seconds=600)
    door.interference = AskedToWait("www.gironde.gouv.fr", status, format_datetime(until, usegmt=True) if as_date else "200")
    refused = await sweeper()
    [*before, answer] = refused.asked
    assert (answer.status, answer.host) == (status, "www.gironde.gouv.fr")
    assert len(before) > 30
    assert len(refused.failed) > 70
    assert {type(failure.cause) for key, failure in refused.failed.items() if key != "33:site"} == {Paused}
    free = (until - EVENING).total_seconds() if as_date else answer.at + wait.total_seconds()
    while sweeper.clock.monotonic() + 20 < free:
        sweeper.clock.advance(timedelta(seconds=20))
        assert (await sweeper()).asked == ()
    sweeper.clock.advance(timedelta(seconds=20))
    after = await sweeper()
    assert after.failed == {}
    assert after.asked[0].at >= free - 1  # the part of a second that a date does not tell


async def test_three_failures_in_a_row_silence_the_whole_address_five_minutes_at_a_time(sweeper: Sweeper, door: Sockets) -> None:
    await sweeper()
    answered = len(door.asked)
    door.is_down = True
    down = await sweeper()
    assert len(down.failed) == len(door.france.sources)
    assert sum(not isinstance(failure.cause, Paused) for failure in down.failed.values()) == 3
    sources = cycle(door.france.sources)
    while len(door.refused) < 10:
        sweeper.clock.advance(timedelta(minutes=1))
        assert len((await sweeper(list(islice(sources, 5)))).failed) == 5
    gaps = [after - before for before, after in pairwise(door.refused)]
    pauses = [0, 0] + [300] * 7
    assert all(max(INTERVAL, pause) - ROUNDING <= gap <= pause + 70 for gap, pause in zip(gaps, pauses, strict=True)), gaps
    assert len(door.asked) == answered
    door.is_down = False
    sweeper.clock.advance(timedelta(hours=2))
    again = await sweeper()
    assert (again.failed, len(again.crawls)) == ({}, len(door.france.sources))


async def test_a_site_that_wants_no_robots_is_left_alone_and_only_that_one(sweeper: Sweeper, door: Sockets) -> None:
    door.france.robots["www.var.gouv.fr"] = "User-agent: *\nDisallow: /Publications/\n"
    sweep = await sweeper()
    assert set(sweep.failed) == {"83:site"}
    cause = sweep.failed["83:site"].cause
    assert isinstance(cause, Disallowed)
    assert "www.var.gouv.fr" in str(cause)
    assert "robots.txt" in str(cause)
    assert [asked.target for asked in sweep.asked if asked.host == "www.var.gouv.fr"] == ["/robots.txt"]
    read = [asked.host for asked in sweep.asked if asked.is_for_robots]
    assert sorted(read) == sorted(door.france.hosts), "each site's own is read, once"
