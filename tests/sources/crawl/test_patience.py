from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sources.crawl.history import LONGEST, PatientFetcher
from sources.model import Download, FetchError, Page, Paused, Unreachable, Validators

NOON = datetime(2026, 8, 14, 12, tzinfo=UTC)
URL = "https://www.test.gouv.fr/a"


def paused(seconds: float | None) -> Paused:
    error = Paused("resting")
    error.retry_after = seconds
    return error


class World:
    """A fetcher that answers in turn, and a clock that sleeping moves."""

    def __init__(self, outcomes: Sequence[FetchError | None]) -> None:
        self.now = NOON
        self.slept: list[float] = []
        self._outcomes = list(outcomes)
        self.patient = PatientFetcher(self, now=lambda: self.now, sleep=self.sleep)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)

    def may_fetch(self, url: str) -> bool:
        return url == URL

    async def page(self, url: str, validators: Validators = Validators()) -> Page:  # noqa: B008 - the protocol's own signature
        self._next()
        return Page(url, "", validators)

    async def download(self, url: str, target: Path) -> Download:
        self._next()
        return Download(url, target, 1, hashlib.sha256(b"1").hexdigest())

    async def is_replaced(self, url: str, since: datetime, size: int) -> bool:
        self._next()
        return True

    def _next(self) -> None:
        outcome = self._outcomes.pop(0)
        if outcome is not None:
            raise outcome


async def test_a_pause_is_waited_for() -> None:
    world = World([paused(300), paused(20), None, None, None])
    assert (await world.patient.page(URL, Validators("x"))).validators == Validators("x")
    assert world.slept == [300, 20]
    assert (await world.patient.download(URL, Path("a.pdf"))).url == URL
    assert await world.patient.is_replaced(URL, world.now, 1)


@pytest.mark.parametrize("failure", [Unreachable("timed out"), paused(None), paused(LONGEST.total_seconds() + 1)])
async def test_other_failures_and_endless_pauses_are_not(failure: FetchError) -> None:
    world = World([failure])
    with pytest.raises(type(failure)):
        await world.patient.download(URL, Path("a.pdf"))
    assert world.slept == []


async def test_patience_ends_when_nothing_answers_and_begins_anew_with_an_answer() -> None:
    world = World([paused(1200), None, paused(1200), paused(1200), paused(1200)])
    await world.patient.page(URL)
    with pytest.raises(Paused):
        await world.patient.page(URL)
    assert world.slept == [1200] * 3
