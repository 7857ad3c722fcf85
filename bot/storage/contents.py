"""What files hold, by the SHA-256 of their bytes: read once, under however many addresses they are published."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, and_, delete, exists, or_, select, update

from bot.domain.acts import PageText
from bot.domain.folding import clean
from bot.domain.records import Content, RecueilState
from bot.storage.columns import Damaged, pack_pages, unpack_pages
from bot.storage.database import Repository, insert_or_ignore
from bot.storage.schema import acts, contents, recueils, reviews

PAGES_KEPT = timedelta(days=400)
"""How long the pages of a file that was wholly read are kept after it came: see `Contents.forget`."""

_AT_ONCE = 200
"""Files whose pages are dropped in one transaction: other programs wait for it."""

_READ = (RecueilState.READ, RecueilState.DUPLICATE)


class Contents(Repository):
    """One row per content."""

    def get(self, sha256: str) -> Content | None:
        """What was read of it, None if nothing ever was. Pages that were damaged in the database are as if never read."""
        row = self._database.first(select(contents).where(contents.c.sha256 == sha256))
        if row is None:
            return None
        try:
            pages, complete = unpack_pages(row.pages), row.complete
        except Damaged:
            pages, complete = (), False
        if complete and len(pages) != row.page_count:
            complete = False
        return Content(row.sha256, row.size, row.page_count, pages, complete, row.read_at, row.rules, row.unfinished, row.error)

    def fetched(self, recueil: int, sha256: str, now: datetime) -> None:
        """The file of this recueil has come, and this is its content."""
        self._database.write(update(recueils).where(recueils.c.id == recueil).values(sha256=sha256, fetched_at=now))

    def begin(self, sha256: str, size: int) -> int:
        """A reading of these `size` bytes begins: how many that began before have neither ended nor got any further.

        `save` or `ended` tells the end of it; a killed program tells nothing.
        """
        row = {
            "sha256": sha256, "size": size, "page_count": None, "pages": pack_pages(()), "complete": False, "read_at": None, "rules": "",
            "unfinished": 0, "error": None,
        }  # fmt: skip
        with self._database.writing() as connection:
            connection.execute(insert_or_ignore(connection, contents), row)
            one_more = update(contents).where(contents.c.sha256 == sha256).values(unfinished=contents.c.unfinished + 1)
            return int(connection.execute(one_more.returning(contents.c.unfinished)).scalar_one()) - 1

    def ended(self, sha256: str) -> None:
        """A reading ended, well or not: what was counted by `begin` is forgotten."""
        self._database.write(update(contents).where(contents.c.sha256 == sha256).values(unfinished=0))

    def failed(self, sha256: str, error: str, *, rules: str, now: datetime) -> None:
        """A reading ended: nothing of it can be read, and why. Where an earlier one gave pages, they stay, and nothing is said of it."""
        values = {"error": clean(error), "rules": rules, "read_at": now}
        nothing = and_(contents.c.sha256 == sha256, contents.c.page_count.is_(None))
        with self._database.writing() as connection:
            connection.execute(update(contents).where(contents.c.sha256 == sha256).values(unfinished=0))
            connection.execute(update(contents).where(nothing).values(values))

    def save(self, sha256: str, pages: Sequence[PageText], *, page_count: int, complete: bool, rules: str, now: datetime) -> None:
        """Keep the pages read so far, in the place of those of before. `rules` is the version of the rules they were read by.

        Nothing replaces what was read whole by the same rules. Pages that could not be read, or not yet, are left out.
        """
        values = {
            "page_count": page_count, "pages": pack_pages(pages), "complete": complete, "read_at": now, "rules": rules, "unfinished": 0,
            "error": None,
        }  # fmt: skip
        worse = and_(contents.c.complete, contents.c.rules == rules)
        self._database.write(update(contents).where(contents.c.sha256 == sha256, ~worse).values(values))

    def forget(self, before: datetime) -> int:
        """Drop the pages of files that came before then and were wholly read, and tell of how many files.

        The texts of their acts stay, by which these can be judged again. Where a decree was found or an act waits for a person, the pages
        stay as well, under every address of that file.
        """
        dropped = 0
        while self._has_droppable(before):
            with self._database.writing() as connection:
                # Asked again: what another program has found meanwhile stays.
                old = list(connection.execute(_droppable(before)).scalars())
                connection.execute(delete(contents).where(contents.c.sha256.in_(old)))
            dropped += len(old)
        return dropped

    def _has_droppable(self, before: datetime) -> bool:
        """Mostly there is nothing, and then nobody has to wait for a transaction that writes."""
        return self._database.first(_droppable(before).limit(1)) is not None


def _droppable(before: datetime) -> Select[str]:
    # Asked of the recueils first, which are small: to know a column of a content, all its pages would be read. Of acts and reviews the
    # indexes alone tell which count: a look at every act would be one at all the texts of years.
    telling = select(acts.c.recueil_id).where(acts.c.decree_id > 0)
    asked = select(acts.c.recueil_id).where(acts.c.id.in_(select(reviews.c.act_id)))
    kept = or_(
        recueils.c.fetched_at.is_(None),
        recueils.c.fetched_at >= before,
        recueils.c.id.in_(telling),
        recueils.c.id.in_(asked),
        recueils.c.state.not_in(_READ),
    )
    needed = select(recueils.c.sha256).where(recueils.c.sha256.is_not(None), kept)
    known = exists().where(contents.c.sha256 == recueils.c.sha256)
    old = select(recueils.c.sha256).distinct().where(recueils.c.fetched_at < before, known, recueils.c.sha256.not_in(needed))
    return old.limit(_AT_ONCE)
