"""What other rules derived from stored decrees is derived anew beside other work, a slice at a time."""

from __future__ import annotations

import pytest
from sqlalchemy import update
from structlog.testing import capture_logs

from bot.domain.acts import Decree, Facts, NamedCommune, Naming
from bot.ingest.renewal import EVERY, PAUSE, Renewal
from bot.storage.errors import Unavailable
from bot.storage.naming import CommuneNamer
from bot.storage.schema import decrees, search_rules
from bot.storage.store import Store
from tests.bot.storage.finding import found, stored

VALENCE = (NamedCommune("26362", Naming.NAMED, "Valence"),)
NAMER = CommuneNamer("2", lambda decree: VALENCE)


@pytest.fixture(autouse=True)
def slices_of_three(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.ingest.renewal.ACTS", 3)
    monkeypatch.setattr("bot.ingest.renewal.DECREES", 3)


class Stopped(Exception):
    """The program ends here."""


class Sleeper:
    """Notes the pauses; what others do in them is `meanwhile`. After `most` the program ends."""

    def __init__(self, most: int = 1000) -> None:
        self.slept: list[float] = []
        self._most = most

    async def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)
        if len(self.slept) >= self._most:
            raise Stopped


def outdated(store: Store, number: int) -> list[int]:
    """Record so many decrees, and have them be those of an older program."""
    ids = [found(store, Facts(f"2026-{one}", places=("Valence",))) for one in range(number)]
    with store.database.writing() as connection:
        connection.execute(update(decrees).values(gazetteer="1"))
        connection.execute(update(search_rules).values(version="of an older program"))
    return ids


async def test_a_slice_at_a_time_with_a_pause_after_each(store: Store) -> None:
    ids = outdated(store, 7)
    sleep = Sleeper()
    renewal = Renewal(store.database, NAMER, sleep)
    with capture_logs() as logs:
        assert await renewal.renew() == 6
    assert sleep.slept == [PAUSE] * 6, "terms of three, three and one act, then communes of three, three and one decree"
    assert [line["event"] for line in logs] == ["records.renewing", "records.renewed"]
    assert all(stored(store, one).communes == VALENCE for one in ids)
    assert not store.decrees.is_renewing()
    with capture_logs() as logs:
        assert await renewal.renew() == 0
    assert logs == [], "nothing is due, and nothing is logged"


async def test_it_goes_on_where_it_was_stopped_and_others_write_in_between(store: Store) -> None:
    outdated(store, 7)
    with pytest.raises(Stopped):
        await Renewal(store.database, NAMER, Sleeper(2)).renew()
    fresh = found(store, Facts("2026-99"))
    assert stored(store, fresh).communes == ()
    assert await Renewal(store.database, NAMER, Sleeper()).renew() > 0
    assert stored(store, fresh).communes == VALENCE
    assert store.decrees.naming(["26362"], limit=1).total == 8


async def test_an_outage_ends_nothing(store: Store) -> None:
    ids = outdated(store, 1)
    is_away = iter([True])

    def communes_of(_: Decree) -> tuple[NamedCommune, ...]:
        if next(is_away, False):
            raise Unavailable("the database is away")
        return VALENCE

    sleep = Sleeper(4)
    with capture_logs() as logs, pytest.raises(Stopped):
        await Renewal(store.database, CommuneNamer("2", communes_of), sleep).run()
    assert sleep.slept == [PAUSE, EVERY.total_seconds(), PAUSE, EVERY.total_seconds()]
    assert [line["event"] for line in logs] == ["records.renewing", "records.not_renewed", "records.renewing", "records.renewed"]
    assert stored(store, ids[0]).communes == VALENCE
