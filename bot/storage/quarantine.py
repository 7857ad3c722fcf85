"""What could not be read: listed with the reason, and put back to be read again."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, and_, false, or_, select, update

from bot.domain.records import Quarantined, Recueil, RecueilState
from bot.storage.database import Database
from bot.storage.recueils import recueil_of
from bot.storage.schema import contents, recueils

_BATCH = 500  # parameters of one IN list: well under the limit of either database

_GIVEN_UP = or_(
    recueils.c.state == RecueilState.FAILED,
    and_(recueils.c.state == RecueilState.INCOMPLETE, recueils.c.next_try_at.is_(None)),
)
_NOT_READ = or_(
    recueils.c.state.in_((RecueilState.FAILED, RecueilState.INCOMPLETE)),
    and_(recueils.c.state == RecueilState.WAITING, recueils.c.attempts > 0),
)


class Quarantine:
    """Recueils that nothing tries again by itself. Every method raises StorageError when the database cannot do it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self, authorities: Collection[str] | None = None) -> list[Quarantined]:
        """Those of these authorities (None: of all), the one found last first."""
        query = select(recueils).where(_GIVEN_UP).order_by(recueils.c.id.desc())
        if authorities is not None:
            query = query.where(recueils.c.authority.in_(sorted(authorities)))
        with self._database.reading() as connection:
            return [
                Quarantined(
                    id=row.id,
                    authority=row.authority,
                    url=row.url,
                    title=row.title,
                    state=RecueilState(row.state),
                    reason=row.error or "",
                    since=row.found_at,
                    tried_at=row.tried_at,
                    pages=row.page_count,
                    unreadable=len(row.unreadable_pages or ()),
                )
                for row in connection.execute(query)
            ]

    def retry(
        self, now: datetime, *, authorities: Collection[str] = (), urls: Collection[str] = (), everything: bool = False
    ) -> list[Recueil]:
        """Make due now what could not be read, or not wholly: of these authorities, at these URLs, or `everything`.

        Those that would be tried again later by themselves are included. All hope is given back: their attempts count from nothing, and
        a file that ended its reader again and again is read once more. What was put back is returned, oldest first.
        """
        chosen = _chosen(authorities, urls) if not everything else _NOT_READ
        back = update(recueils).where(and_(_NOT_READ, chosen)).values(attempts=0, next_try_at=now).returning(recueils)
        failed = and_(recueils.c.state == RecueilState.FAILED, chosen)
        with self._database.writing() as connection:
            connection.execute(update(recueils).where(failed).values(state=RecueilState.WAITING, attempts=1))
            found = [recueil_of(row) for row in connection.execute(back)]
            files = sorted({recueil.sha256 for recueil in found if recueil.sha256 is not None})
            for start in range(0, len(files), _BATCH):
                connection.execute(
                    update(contents).where(contents.c.sha256.in_(files[start : start + _BATCH])).values(unfinished=0, error=None)
                )
        return sorted(found, key=lambda recueil: recueil.id)


def _chosen(authorities: Collection[str], urls: Collection[str]) -> ColumnElement[bool]:
    return or_(false(), recueils.c.authority.in_(sorted(authorities)), recueils.c.url.in_(sorted(urls)))
