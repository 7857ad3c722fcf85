"""Stores the looks at pages of listings, as runs: consecutive looks that showed the same entries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import select

from bot.domain.publication import LookRun, OpenRun
from bot.storage.columns import value_of
from bot.storage.database import Repository, insert_or_ignore
from bot.storage.schema import looks, sources

_OPEN: TypeAdapter[dict[str, OpenRun]] = TypeAdapter(dict[str, OpenRun])


def runs_to_json(runs: Mapping[str, OpenRun]) -> str:
    """Return the newest run of each page, by its address, as one line of JSON."""
    return _OPEN.dump_json(dict(runs), exclude_defaults=True).decode()


def runs_from_json(text: str | None) -> dict[str, OpenRun]:
    """Return the runs that `runs_to_json` wrote; none for anything else, which only means that nothing is known of before."""
    try:
        return _OPEN.validate_json(text) if text is not None else {}
    except ValidationError:
        return {}


class Looks(Repository):
    """Runs that ended, one row each. Those that the next look may continue are with the state of their source."""

    def add(self, ended: Sequence[LookRun]) -> None:
        """Store runs that ended; those that are stored already stay as they are."""
        if not ended:
            return
        with self._database.writing() as connection:
            for run in ended:
                # Nothing twice: there are hundreds a year of each source.
                short = {"first": replace(run.first, url=""), "last": replace(run.last, url="")}
                values = {name: getattr(run, name) for name in LookRun.__dataclass_fields__} | short
                instants = {"first_at": run.first.asked_at, "last_at": run.last.asked_at}
                connection.execute(insert_or_ignore(connection, looks), values | instants)

    def on(self, day: date) -> list[LookRun]:
        """Return the runs of all sources that were current on a day (UTC), sorted by source, page and first look."""
        begin = datetime.combine(day, time(), UTC)
        end = begin + timedelta(days=1)
        of_day = select(looks).where(looks.c.last_at >= begin, looks.c.first_at < end)
        found = [
            value_of(LookRun, row, first=replace(row.first, url=row.page), last=replace(row.last, url=row.page))
            for row in self._database.rows(of_day)
        ]
        for row in self._database.rows(select(sources.c.looks).where(sources.c.looks.is_not(None))):
            current = (known.run for known in runs_from_json(row.looks).values())
            found += [run for run in current if run.last.asked_at >= begin and run.first.asked_at < end]
        return sorted(found, key=lambda run: (run.source, run.page, run.first.asked_at))
