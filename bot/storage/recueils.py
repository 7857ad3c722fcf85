"""Stores the state of each source between polls, the recueils that it published, and what was read of their files."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any

import structlog
from sqlalchemy import (
    ColumnElement,
    Connection,
    LargeBinary,
    Row,
    Select,
    Text,
    and_,
    bindparam,
    case,
    cast,
    delete,
    exists,
    false,
    func,
    or_,
    select,
    type_coerce,
    update,
)

from bot.domain.publication import FileStatement, FileVersion, Look, Online, over
from bot.domain.records import (
    CHECKED,
    READ_WHOLE,
    Content,
    FailedRecueil,
    FailureStreak,
    HeldRecueil,
    NewRecueil,
    NextPoll,
    Publication,
    Recueil,
    RecueilState,
    SourceState,
)
from bot.domain.text import PageText, clean, clean_or_none
from bot.storage.columns import Damaged, pack_pages, pack_text, unpack_pages, value_of
from bot.storage.database import Repository, among, insert_or_ignore, one_of, put
from bot.storage.errors import NoSuchRow
from bot.storage.looks import runs_from_json, runs_to_json
from bot.storage.schema import acts, backfills, contents, recueils, reviews, sightings, sources

log = structlog.get_logger()

_STATES = select(sources).order_by(sources.c.key)
_STATE = select(sources).where(sources.c.key == bindparam("source"))
_NEXT_POLLS = select(sources.c.key, sources.c.next_check_at, sources.c.last_ok_at, sources.c.failures)


class SourceStates(Repository):
    """One row per source, by its key."""

    def get(self, key: str) -> SourceState:
        """The state of a source: a fresh one when nothing is remembered of it."""
        rows = self._database.rows(_STATE, {"source": key})
        return value_of(SourceState, rows[0]) if rows else SourceState(key)

    def all(self) -> list[SourceState]:
        """Every source ever saved, by key."""
        return [value_of(SourceState, row) for row in self._database.rows(_STATES)]

    def next_polls(self) -> list[NextPoll]:
        """Return the next poll of each source, without its other data."""
        return [NextPoll(row.key, row.next_check_at, row.last_ok_at, row.failures) for row in self._database.rows(_NEXT_POLLS)]

    def save(self, state: SourceState) -> None:
        """Remember the state, in the place of the one before."""
        values = {**asdict(state), **{name: clean_or_none(getattr(state, name)) for name in ("trail", "error", "moved_to", "looks")}}
        with self._database.writing() as connection:
            put(connection, sources, {"key": state.key}, values)

    def clock_set_back(self, by: timedelta, now: datetime) -> None:
        """Move polls and tries that lie in the future back by as much as the clock was, and end the runs of looks that it measured."""
        instants = ((sources, sources.c.next_check_at), (sources, sources.c.last_ok_at), (recueils, recueils.c.next_try_at))
        with self._database.writing() as connection:
            for table, column in instants:
                [key] = table.primary_key.columns
                for row in connection.execute(select(key, column).where(column > now)).all():
                    connection.execute(update(table).where(key == row[0]).values({column.name: row[1] - by}))
            for row in connection.execute(select(sources.c.key, sources.c.looks).where(sources.c.looks.is_not(None))).all():
                ended = runs_to_json(over(runs_from_json(row.looks)))
                connection.execute(update(sources).where(sources.c.key == row.key).values(looks=ended))


# Which sources were listed back to which day: what a backfill that was stopped need not do again.


class Backfills(Repository):
    """One row per source and day."""

    def listed_at(self, source: str, since: date) -> datetime | None:
        """Return when the source was last listed completely back to this day; None if never."""
        query = select(func.max(backfills.c.listed_at, type_=backfills.c.listed_at.type))
        found: datetime | None = self._database.value(query.where(backfills.c.source == source, backfills.c.since <= since))
        return found

    def listed(self, source: str, since: date, now: datetime) -> None:
        """The source has been listed completely back to this day."""
        with self._database.writing() as connection:
            put(connection, backfills, {"source": source, "since": since}, {"listed_at": now})


# What the sources published.

_GIVEN_UP = or_(
    recueils.c.state == RecueilState.FAILED, and_(recueils.c.state == RecueilState.INCOMPLETE, recueils.c.next_try_at.is_(None))
)
_NOT_READ = or_(
    recueils.c.state.in_((RecueilState.FAILED, RecueilState.INCOMPLETE)),
    and_(recueils.c.state == RecueilState.WAITING, recueils.c.attempts > 0),
)
_UNREAD = (RecueilState.WAITING, RecueilState.FAILED)
_TOO_FAR = timedelta(days=2)  # no pause is that long: who wrote it had a clock that was ahead


# By age, not by place in the table: the thousands of old items that a backfill adds must not hide what is published now.
_WAS_NEW = and_(recueils.c.found_at > bindparam("after", type_=recueils.c.found_at.type), recueils.c.silent.is_(false()))
_PUBLICATIONS: Select[Any] = (
    select(recueils.c.published, case((_WAS_NEW, recueils.c.found_at)).label("found_at"))
    .where(recueils.c.source == bindparam("of"), or_(recueils.c.published >= bindparam("since"), _WAS_NEW))
    .order_by(recueils.c.id.desc())
)
"""What `Recueils.publications` gives: made once, for a first report reads it for every source."""


def _stuck() -> Select[Any]:
    """What `Recueils.stuck` gives, made once."""
    troubled = and_(recueils.c.state.in_(_UNREAD), recueils.c.attempts > 0, recueils.c.silent.is_(false()))
    of_troubled = recueils.c.source.in_(select(recueils.c.source).where(troubled))
    last_read = (
        select(recueils.c.source, func.max(recueils.c.tried_at, type_=recueils.c.tried_at.type).label("at"))
        .where(recueils.c.state.in_(READ_WHOLE), of_troubled)
        .group_by(recueils.c.source)
        .subquery()
    )
    return (
        select(
            recueils.c.source,
            func.count().label("number"),
            func.min(recueils.c.found_at, type_=recueils.c.found_at.type).label("since"),
            func.max(recueils.c.error).label("error"),
        )
        .outerjoin(last_read, last_read.c.source == recueils.c.source)
        .where(troubled, or_(last_read.c.at.is_(None), recueils.c.tried_at > last_read.c.at))
        .group_by(recueils.c.source)
    )


_STUCK = _stuck()
_HAS_COME = or_(recueils.c.next_try_at <= bindparam("now"), recueils.c.next_try_at > bindparam("too_far"))
_DUE = (
    select(recueils)
    .where(
        or_(
            and_(recueils.c.state == RecueilState.WAITING, or_(recueils.c.next_try_at.is_(None), _HAS_COME)),
            and_(recueils.c.state == RecueilState.INCOMPLETE, _HAS_COME),
        )
    )
    .order_by(recueils.c.id)
)


class Recueils(Repository):
    """One row per authority and canonical URL."""

    def unseen(self, authority: str, urls: Collection[str]) -> set[str]:
        """Those of the URLs that were never recorded for this authority."""
        known = select(recueils.c.url).where(recueils.c.authority == authority, one_of(recueils.c.url, urls))
        return set(urls).difference(row.url for row in self._database.rows(known))

    def add(self, new: Sequence[NewRecueil], now: datetime) -> list[Recueil]:
        """Record new items in one transaction; return those inserted, in order. Known ones stay as they are."""
        if not new:
            return []
        with self._database.writing() as connection:
            return _add(connection, new, now)

    def due(self, now: datetime, authorities: Collection[str] | None = None) -> list[Recueil]:
        """Return recueils of these authorities (None: all) to read now, oldest first: WAITING, or INCOMPLETE with a next try, and due."""
        query = _DUE if authorities is None else _DUE.where(among(recueils.c.authority, authorities))
        return [recueil_of(row) for row in self._database.rows(query, {"now": now, "too_far": now + _TOO_FAR})]

    def to_check(self, now: datetime, authority: str) -> list[Recueil]:
        """Those read of which it is time to see whether their file was replaced."""
        mine = and_(recueils.c.authority == authority, recueils.c.state.in_(CHECKED), recueils.c.next_try_at <= now)
        return [recueil_of(row) for row in self._database.rows(select(recueils).where(mine).order_by(recueils.c.id))]

    def checked(self, recueil: Recueil, next_try_at: datetime | None, *, is_replaced: bool) -> Recueil:
        """Record a check of the file; a replaced one waits to be read anew. Return the recueil as it is then."""
        with self._database.writing() as connection:
            online = _online(connection, recueil.id, "")
            anew = {"state": RecueilState.WAITING, "attempts": 0, "next_try_at": None, "sha256": None, "fetched_at": None, "online": online}
            _change(connection, recueil.id, anew if is_replaced else {"next_try_at": next_try_at})
        return self.get(recueil.id)

    def publications(self, source: str, *, since: date, found_after: datetime) -> list[Publication]:
        """Return when items of a source were published since a day, last found first; by day only if backfilled or found earlier."""
        with self._database.reading() as connection:
            rows = connection.execute(_PUBLICATIONS, {"of": source, "since": since, "after": found_after}).all()
        return [value_of(Publication, row) for row in rows]

    def stuck(self) -> dict[str, FailureStreak]:
        """Return failures by source since the last recueil that was read, without silent backfills; sources without any are left out."""
        return {row.source: FailureStreak(row.number, row.since, row.error or "") for row in self._database.rows(_STUCK)}

    def of(self, authority: str) -> list[Recueil]:
        """All that was ever recorded for one authority, newest first."""
        query = select(recueils).where(recueils.c.authority == authority).order_by(recueils.c.id.desc())
        return [recueil_of(row) for row in self._database.rows(query)]

    def left(self, authority: str, since: date) -> list[Recueil]:
        """Return the KNOWN recueils, left to a backfill, dated since a day, latest first, then those without a date."""
        mine = and_(recueils.c.authority == authority, recueils.c.state == RecueilState.KNOWN)
        dated = or_(recueils.c.published >= since, recueils.c.published.is_(None))
        query = select(recueils).where(mine, dated).order_by(recueils.c.published.desc().nulls_last(), recueils.c.id.desc())
        return [recueil_of(row) for row in self._database.rows(query)]

    def take_up(self, recueil: Recueil, *, silent: bool, now: datetime) -> Recueil | None:
        """Take up a KNOWN recueil, silent or not; None when another program took it since it was loaded (reload one that was killed)."""
        mine = and_(
            recueils.c.id == recueil.id, recueils.c.state == RecueilState.KNOWN, recueils.c.tried_at.is_not_distinct_from(recueil.tried_at)
        )
        taking = update(recueils).where(mine).values(silent=silent, tried_at=now).returning(recueils)
        with self._database.writing() as connection:
            row = connection.execute(taking).one_or_none()
        return None if row is None else recueil_of(row)

    def get(self, recueil: int) -> Recueil:
        """One by its id. Raises NoSuchRow."""
        row = self._database.first(select(recueils).where(recueils.c.id == recueil))
        if row is None:
            raise NoSuchRow(f"no recueil has the id {recueil}")
        return recueil_of(row)

    def failed(self, recueil: int, error: str, *, now: datetime, next_try_at: datetime | None, counted: bool = True) -> None:
        """Record a failed attempt, next tried at `next_try_at` (None: FAILED). Recueils read by another process or left to a backfill keep
        their state; unless `counted`, attempts stay. Raises NoSuchRow.
        """
        if next_try_at is None:
            becomes = case((recueils.c.state.in_(CHECKED), recueils.c.state), else_=RecueilState.FAILED.value)
        else:
            becomes = case((recueils.c.state == RecueilState.FAILED, RecueilState.WAITING.value), else_=recueils.c.state)
        values = {
            "state": becomes,
            "next_try_at": next_try_at,
            "error": clean(error),
            **({"attempts": recueils.c.attempts + 1, "tried_at": now} if counted else {}),
        }
        with self._database.writing() as connection:
            _change(connection, recueil, values)

    def resolved(
        self,
        recueil: int,
        children: Sequence[NewRecueil],
        now: datetime,
        *,
        files: Mapping[str, str] = MappingProxyType({}),
        next_try_at: datetime | None = None,
    ) -> list[Recueil]:
        """Record the PDFs of a page or zip in one transaction; return new ones. `files`: SHA-256 by address; a changed one is reread."""
        with self._database.writing() as connection:
            _change(connection, recueil, {"state": RecueilState.RESOLVED, "next_try_at": next_try_at, "error": None})
            for child in children:  # the page is the file itself
                same = and_(recueils.c.id == recueil, recueils.c.url == child.url)
                connection.execute(update(recueils).where(same).values(is_detail=False, state=child.state))
            added = _add(connection, children, now)
            for child in children if files else ():
                other = recueils.c.sha256.is_distinct_from(files[child.url])
                mine = and_(recueils.c.authority == child.authority, recueils.c.url == child.url, other)
                state = case((recueils.c.state.in_(CHECKED), RecueilState.WAITING.value), else_=recueils.c.state)
                values = {"state": state, "attempts": 0, "next_try_at": None, "sha256": files[child.url], "fetched_at": now}
                for row in connection.execute(select(recueils.c.id).where(mine)).all():
                    online = _online(connection, row.id, files[child.url], child.online.file if child.online is not None else None)
                    connection.execute(update(recueils).where(recueils.c.id == row.id).values({**values, "online": online}))
            return added

    def given_up(self, authorities: Collection[str] | None = None) -> list[FailedRecueil]:
        """Return FAILED recueils of these authorities (None: all), last found first."""
        query = select(recueils).where(_GIVEN_UP, among(recueils.c.authority, authorities)).order_by(recueils.c.id.desc())
        return [
            value_of(
                FailedRecueil,
                row,
                reason=row.error or "",
                since=row.found_at,
                pages=row.page_count,
                unreadable=len(row.unreadable_pages or ()),
            )
            for row in self._database.rows(query)
        ]

    def held(self, least: int, authorities: Collection[str] | None = None) -> list[HeldRecueil]:
        """Return unread recueils whose file ended the program at least `least` times, first tried first."""
        query = (
            select(recueils.c.authority, recueils.c.url, recueils.c.next_try_at, contents.c.unfinished)
            .join(contents, contents.c.sha256 == recueils.c.sha256)
            .where(contents.c.unfinished >= least, recueils.c.next_try_at.is_not(None), among(recueils.c.authority, authorities))
            .order_by(recueils.c.next_try_at, recueils.c.id)
        )
        return [value_of(HeldRecueil, row) for row in self._database.rows(query)]

    def retry(
        self, now: datetime, *, authorities: Collection[str] = (), urls: Collection[str] = (), everything: bool = False
    ) -> list[Recueil]:
        """Make failed and incomplete recueils due now: of these authorities, at these URLs, or `everything`, with those that wait for a
        later try. Attempts restart from 0, killed readings included. Return them, oldest first.
        """
        named = or_(false(), recueils.c.authority.in_(sorted(authorities)), recueils.c.url.in_(sorted(urls)))
        chosen = _NOT_READ if everything else named
        back = update(recueils).where(and_(_NOT_READ, chosen)).values(attempts=0, next_try_at=now).returning(recueils)
        failed = and_(recueils.c.state == RecueilState.FAILED, chosen)
        with self._database.writing() as connection:
            connection.execute(update(recueils).where(failed).values(state=RecueilState.WAITING, attempts=1))
            found = [recueil_of(row) for row in connection.execute(back)]
            files = [recueil.sha256 for recueil in found if recueil.sha256 is not None]
            connection.execute(update(contents).where(one_of(contents.c.sha256, files)).values(unfinished=0, error=None))
        return sorted(found, key=lambda recueil: recueil.id)

    def counts(self) -> dict[str, dict[RecueilState, int]]:
        """Count recueils by authority and state; zeros are left out."""
        return self._database.counts(recueils.c.authority, recueils.c.state)


def recueil_of(row: Row[tuple[object, ...]]) -> Recueil:
    """A row of the table as a value."""
    read = None if row.page_count is None or row.unreadable_pages is None else row.page_count - len(row.unreadable_pages)
    return value_of(Recueil, row, pages_read=read)


def _add(connection: Connection, new: Sequence[NewRecueil], now: datetime) -> list[Recueil]:
    added = []
    statement = insert_or_ignore(connection, recueils).returning(recueils)
    for item in new:
        values = {**asdict(item), "title": clean(item.title), "attempts": 0, "found_at": now, "online": item.online}
        row = connection.execute(statement, values).one_or_none()
        if row is not None:
            added.append(recueil_of(row))
    return added


def _online(connection: Connection, recueil: int, sha256: str, answer: Look | None = None) -> Online | None:
    """Return when a recueil went online, once its file came with this content; None where that is not known."""
    file = select(recueils.c.online, recueils.c.sha256, recueils.c.fetched_at).where(recueils.c.id == recueil)
    row = connection.execute(file).one_or_none()
    if row is None or row.online is None:
        return None
    had = row.sha256 is not None and row.fetched_at is not None and row.sha256 != sha256
    online: Online = row.online
    return online.fetched(answer, sha256, FileVersion(row.sha256, row.fetched_at) if had else None)


def _change(connection: Connection, recueil: int, values: dict[str, Any]) -> None:
    if not connection.execute(update(recueils).where(recueils.c.id == recueil).values(values)).rowcount:
        raise NoSuchRow(f"no recueil has the id {recueil}")


# What files hold, by the SHA-256 of their bytes: read once, under however many addresses they are published.

_AT_ONCE = 200
"""Files or recueils of which something is dropped in one transaction: other programs wait for it."""


class Contents(Repository):
    """One row per content."""

    def get(self, sha256: str) -> Content | None:
        """Return what was read of a file; None if nothing. Pages damaged in the database count as unread."""
        row = self._database.first(select(contents).where(contents.c.sha256 == sha256))
        if row is None:
            return None
        try:
            pages, complete = unpack_pages(row.pages), row.complete
        except Damaged:
            pages, complete = (), False
        if complete and len(pages) != row.page_count:
            complete = False
        return Content(row.sha256, row.size, row.page_count, pages, complete, row.read_at, row.rules, row.unfinished, row.error, row.made)

    def made(self, sha256: str) -> FileStatement | None:
        """Return what a file states of itself; None where it was not read, or has gone from here."""
        made: FileStatement | None = self._database.value(select(contents.c.made).where(contents.c.sha256 == sha256))
        return made

    def fetched(self, recueil: int, sha256: str, now: datetime, answer: Look | None = None) -> None:
        """The file of this recueil has come, and this is its content, by this `answer`."""
        with self._database.writing() as connection:
            values = {"sha256": sha256, "fetched_at": now, "online": _online(connection, recueil, sha256, answer)}
            connection.execute(update(recueils).where(recueils.c.id == recueil).values(values))

    def begin(self, sha256: str, size: int) -> None:
        """Count a reading of these `size` bytes as begun, until `save`, `ended` or `failed` (never, if killed). Ends a hold."""
        row = {
            "sha256": sha256, "size": size, "page_count": None, "pages": pack_pages(()), "complete": False, "read_at": None, "rules": "",
            "unfinished": 0, "error": None,
        }  # fmt: skip
        with self._database.writing() as connection:
            connection.execute(insert_or_ignore(connection, contents), row)
            one_more = update(contents).where(contents.c.sha256 == sha256).values(unfinished=contents.c.unfinished + 1, error=None)
            connection.execute(one_more)

    def ended(self, sha256: str, *, unfinished: int = 0) -> None:
        """Record the end of a reading; `unfinished` stay counted."""
        self._database.write(update(contents).where(contents.c.sha256 == sha256).values(unfinished=unfinished))

    def held(self, sha256: str, error: str, now: datetime) -> None:
        """A file that ended the program waits from now on, and why."""
        self._database.write(update(contents).where(contents.c.sha256 == sha256).values(error=clean(error), read_at=now))

    def failed(self, sha256: str, error: str, *, rules: str, now: datetime) -> None:
        """Record why nothing can be read of a file; where it has pages, these stay, without the error."""
        values = {"error": clean(error), "rules": rules, "read_at": now}
        nothing = and_(contents.c.sha256 == sha256, contents.c.page_count.is_(None))
        with self._database.writing() as connection:
            connection.execute(update(contents).where(contents.c.sha256 == sha256).values(unfinished=0))
            connection.execute(update(contents).where(nothing).values(values))

    def save(
        self,
        sha256: str,
        pages: Sequence[PageText],
        *,
        page_count: int,
        complete: bool,
        rules: str,
        now: datetime,
        unfinished: int = 0,
        made: FileStatement | None = None,
    ) -> None:
        """Store the pages read so far, replacing earlier ones unless read whole by the same `rules` (a version). `unfinished`
        readings stay counted. `made`: what the file states of itself, if known.
        """
        values = {
            "page_count": page_count, "pages": pack_pages(pages), "complete": complete, "read_at": now, "rules": rules,
            "unfinished": unfinished, "error": None, **({} if made is None else {"made": made}),
        }  # fmt: skip
        worse = and_(contents.c.complete, contents.c.rules == rules)
        self._database.write(update(contents).where(contents.c.sha256 == sha256, ~worse).values(values))

    def forget(self, before: datetime) -> int:
        """Delete the pages of files that came before then and were read whole; return how many files. Texts of acts stay. Pages of files
        with a decree or an act that waits stay, at every address.
        """
        dropped = 0
        # Mostly there is nothing, and then nobody has to wait for a transaction that writes.
        while self._database.first(_droppable(before).limit(1)) is not None:
            with self._database.writing() as connection:
                # Asked again: what another program has found meanwhile stays.
                old = list(connection.execute(_droppable(before)).scalars())
                connection.execute(delete(contents).where(contents.c.sha256.in_(old)))
            dropped += len(old)
        return dropped

    def forget_texts(self, before: datetime) -> int:
        """Delete texts of acts of files from before then without any decree; return how many. Later rules judge these by title alone."""
        dropped = 0
        held = func.length(type_coerce(acts.c.text, LargeBinary)) > len(pack_text(""))
        old = select(recueils.c.id).where(~_kept(before))
        ids = [row.id for row in self._database.rows(old)]
        for start in range(0, len(ids), _AT_ONCE):
            # Asked again: what another program has found meanwhile stays.
            still = acts.c.recueil_id.in_(old.where(one_of(recueils.c.id, ids[start : start + _AT_ONCE])))
            with self._database.writing() as connection:
                dropped += connection.execute(update(acts).where(still, held).values(text="")).rowcount
        return dropped

    def unneeded(self, before: datetime) -> frozenset[str]:
        """Return the contents of files that came before then and hold no decree at any address, nor did before they were replaced."""
        found = frozenset(row.sha256 for row in self._database.rows(_unneeded(before)))
        if not found:
            return found
        replaced = select(recueils.c.online).where(cast(recueils.c.online, Text).contains('"replaced"'), _kept(before))
        return found.difference(version.sha256 for row in self._database.rows(replaced) for version in row.online.replaced)


def _droppable(before: datetime) -> Select[str]:
    # Asked of the recueils first, which are small: to know a column of a content, all its pages would be read.
    return _unneeded(before).where(exists().where(contents.c.sha256 == recueils.c.sha256)).limit(_AT_ONCE)


def _unneeded(before: datetime) -> Select[str]:
    needed = select(recueils.c.sha256).where(recueils.c.sha256.is_not(None), _kept(before))
    return select(recueils.c.sha256).distinct().where(recueils.c.fetched_at < before, recueils.c.sha256.not_in(needed))


def _kept(before: datetime) -> ColumnElement[bool]:
    """Match recueils of which everything is kept. Uses indexes of acts and reviews only, as their tables hold the texts."""
    return or_(
        recueils.c.fetched_at.is_(None),
        recueils.c.fetched_at >= before,
        recueils.c.id.in_(select(acts.c.recueil_id).where(acts.c.decree_id > 0)),
        # A decree that was withdrawn may be taken back.
        recueils.c.id.in_(select(sightings.c.recueil_id)),
        recueils.c.id.in_(select(acts.c.recueil_id).where(acts.c.id.in_(select(reviews.c.act_id)))),
        recueils.c.state.not_in(READ_WHOLE),
    )
