"""The revision of the store: another one after each change of what is shown of decrees, whoever made it, and only then."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import delete, insert, update

from bot.domain.acts import Facts, Moment
from bot.storage.errors import StorageError
from bot.storage.schema import acts, decree_communes, decree_operators, decree_revision, decrees, identities, links, metadata, sightings
from bot.storage.store import Store
from tests.bot.storage.building import NOW, one_recueil, result_of, to
from tests.bot.storage.finding import found

pytestmark = pytest.mark.postgresql

DAY = NOW.date()
FACTS = Facts("2024-1", signed=DAY, starts=Moment(DAY), ends=Moment(DAY + timedelta(days=9)), operators=("SNCF",))


def test_every_change_of_a_decree_is_another_revision(store: Store) -> None:
    seen = [store.decrees.revision()]
    decree = found(store, FACTS)
    seen.append(store.decrees.revision())
    store.reviews.withdraw(decree, NOW, "cli")
    seen.append(store.decrees.revision())
    store.reviews.reinstate(decree, NOW, "cli")
    seen.append(store.decrees.revision())
    assert len(set(seen)) == 4


@pytest.mark.parametrize("name", ["decrees", "decree_operators", "identities", "sightings"])
def test_a_change_by_any_other_program_is_another_revision(store: Store, name: str) -> None:
    found(store, FACTS)
    before = store.decrees.revision()
    table = metadata.tables[name]
    column = next(iter(table.primary_key.columns))
    store.database.write(update(table).values({column: column}))
    assert store.decrees.revision() != before


def test_a_commune_or_a_link_that_is_added_is_another_revision(store: Store) -> None:
    decree = found(store, FACTS)
    seen = {store.decrees.revision()}
    store.database.write(insert(decree_communes).values(decree_id=decree, commune="26362", how="named", evidence="Valence"))
    seen.add(store.decrees.revision())
    store.database.write(insert(links).values(decree_id=decree, position=7, change="abrogation", authority="26"))
    seen.add(store.decrees.revision())
    assert len(seen) == 3


def test_another_decree_of_an_act_is_another_revision(store: Store) -> None:
    decree = found(store, FACTS)
    seen = [store.decrees.revision()]
    for change in (update(acts).values(decree_id=None), update(acts).values(decree_id=decree), delete(acts)):
        store.database.write(change)
        seen.append(store.decrees.revision())
    assert len(set(seen)) == 4
    store.database.write(update(acts).values(decree_id=None))
    assert store.decrees.revision() == seen[-1], "nothing has changed"


def test_polls_and_acts_that_are_no_decree_leave_it(store: Store) -> None:
    before = store.decrees.revision()
    recueil = one_recueil(store)
    store.recordings.record(result_of(recueil), to("t"), NOW)
    assert store.decrees.revision() == before


def test_what_is_rolled_back_leaves_it(store: Store) -> None:
    found(store, FACTS)
    before = store.decrees.revision()
    with suppress(ZeroDivisionError), store.database.writing() as connection:
        connection.execute(update(decrees).values(withdrawn_at=NOW))
        raise ZeroDivisionError
    assert store.decrees.revision() == before


def test_the_tables_that_count_are_those_that_decrees_are_made_of(store: Store) -> None:
    found(store, FACTS)
    ours = {decrees.name, decree_communes.name, decree_operators.name, identities.name, sightings.name, links.name}
    others = [table for name, table in metadata.tables.items() if name not in {*ours, decree_revision.name}]
    before = store.decrees.revision()
    with store.database.writing() as connection:
        for table in others:
            column = next(iter(table.columns))
            connection.execute(update(table).values({column: column}))
    assert store.decrees.revision() == before


def test_a_revision_that_cannot_be_read_is_an_error_of_the_store(store: Store) -> None:
    with store.database.writing() as connection:
        connection.exec_driver_sql("DROP TABLE decree_revision")
    for _ in range(20):  # more than there are connections: each is given back
        with pytest.raises(StorageError, match=r"the database .* refused"):
            store.decrees.revision()
