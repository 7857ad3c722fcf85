"""Stores the looks at pages of listings, as runs: consecutive looks that showed the same entries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import select

from bot.domain.publication import LookRun, runs_from_json
from bot.storage.columns import value_of
from bot.storage.database import Repository, insert_or_ignore
from bot.storage.schema import looks, sources


class Looks(Repository):
    """Runs that ended, one row each. Those that the next look may continue are with the state of their source."""

    def add(self, ended: Sequence[LookRun]) -> None:
        """Store runs that ended; those that are stored already stay as they are."""
        if not ended:
            return
        with self._database.writing() as connection:
            for run in ended:
                instants = {"first_at": run.first.asked_at, "last_at": run.last.asked_at}
                connection.execute(
                    insert_or_ignore(connection, looks),
                    {**{name: getattr(run, name) for name in LookRun.__dataclass_fields__}, **instants},
                )

    def on(self, day: date) -> list[LookRun]:
        """Return the runs of all sources that were current on a day (UTC), sorted by source, page and first look."""
        begin = datetime.combine(day, time(), UTC)
        end = begin + timedelta(days=1)
        of_day = select(looks).where(looks.c.last_at >= begin, looks.c.first_at < end)
        found = [value_of(LookRun, row) for row in self._database.rows(of_day)]
        for row in self._database.rows(select(sources.c.looks).where(sources.c.looks.is_not(None))):
            current = (known.run for known in runs_from_json(row.looks).values())
            found += [run for run in current if run.last.asked_at >= begin and run.first.asked_at < end]
        return sorted(found, key=lambda run: (run.source, run.page, run.first.asked_at))
