"""Records decrees from a reading, an accepted act or a redetection, each in one transaction: match, merge, write acts, queue posts.

A recueil is a duplicate if its authority has one, read whole, with the same digest of normalised text, and this reading finds no new
decree. Corrected PDFs keep their number. An incomplete reading is never a duplicate.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, case, delete, exists, func, insert, select, update

from bot.domain.acts import Decree, Evidence, Facts, Outcome, Reading, Verdict, is_decided
from bot.domain.identity import (
    REVIEWED,
    SAME_NUMBER,
    DecreeMatch,
    EarlierFinding,
    HeldDecree,
    KnownDecree,
    earliest,
    keys_of,
    merge_facts,
    post_key,
    prefix_of,
    recognise,
)
from bot.domain.law import ends_first
from bot.domain.posts import FollowMode, FollowTargets, Post, PostState, chat_destination, may_be_posted, not_before
from bot.domain.records import READ_WHOLE, Decision, ReadResult, RecordingResult, RecueilState
from bot.domain.text import clean, clean_or_none
from bot.domain.topics import WatchedTopics
from bot.storage.acts import ReadActs, decisions_under, replace_acts, settled_by_people, withdrawn_among
from bot.storage.chats import chats_for
from bot.storage.database import insert_or_ignore, lock_recueil, one_of, put, written
from bot.storage.decrees import load_decrees
from bot.storage.naming import CommuneNamer, NamingRepository, write_communes, write_links, write_operators
from bot.storage.posts import changed_by, note_changed, perhaps_sent, want_edits, with_changed
from bot.storage.schema import acts, decrees, identities, posts, recueils, restores, sightings
from bot.storage.search import index_again, words_held

Route = Callable[[Decree], Sequence[str | FollowTargets]]
"""Names the destinations of a decree. `FollowTargets` stand for the chats that follow something which it is about."""


@dataclass(frozen=True, slots=True)
class FoundDecree:
    """A decree that was found, and which one it is."""

    decree: Decree
    which: DecreeMatch

    @property
    def known(self) -> int | None:
        """Return the stored decree that it is; None for a new one."""
        return self.which.decree_id


@dataclass(frozen=True, slots=True)
class RoutedDecree:
    """Holds a stored decree, and which of the words that chats follow it holds."""

    decree: Decree
    words: frozenset[str]

    def destinations(self, destinations_for: Route) -> list[str | FollowTargets]:
        """Return its destinations; its targets hold the words."""
        return [replace(one, words=self.words) if isinstance(one, FollowTargets) else one for one in destinations_for(self.decree)]


def load_routed(connection: Connection, ids: Collection[int]) -> dict[int, RoutedDecree]:
    """Return these decrees as they are now."""
    held = words_held(connection, ids)
    return {number: RoutedDecree(decree, held.get(number, frozenset())) for number, decree in load_decrees(connection, ids).items()}


@dataclass(frozen=True, slots=True)
class MergedDecrees:
    """Holds the stored ids of the decrees found, in order; which are new, how the others were, and what those changed then."""

    ids: list[int]
    new: list[int]
    known: Mapping[int, RoutedDecree]
    changed: frozenset[int]


class Recordings(NamingRepository):
    """Records what readings found, beside what people decided."""

    def decided(self, keys: Collection[str]) -> Mapping[str, Decision]:
        """Return the decision under each of these keys (`bot.domain.identity`); undecided keys are left out."""
        with self._database.reading() as connection:
            return decisions_under(connection, keys)

    def record(self, result: ReadResult, destinations_for: Route, now: datetime) -> RecordingResult:
        """Record a recueil that was read, all or nothing; a repetition changes no posts.

        Replaces the acts of an earlier reading; stores new decrees with one post per destination of `destinations_for`, known ones as
        sightings. `destinations_for` may only depend on the decree: it runs inside the transaction, which is repeated on conflicts. Raises
        NoSuchRow, Conflict.
        """

        def recorded(connection: Connection) -> RecordingResult:
            recueil = lock_recueil(connection, result.recueil.id, decrees=bool(result.decrees))
            earlier = [EarlierFinding(*row) for row in connection.execute(_EARLIER, {"recueil": recueil.id})]
            acts_of_decrees = [result.judged[position].act for position, _ in result.decrees]
            pages = [(act.first_page, act.last_page) for act in acts_of_decrees]
            found = match(connection, [decree for _, decree in result.decrees], pages, earlier)
            taken, left = _left_to_people(connection, result, found)
            merged = merge(connection, recueil, left, now, self._namer)
            duplicate = _is_copy(connection, recueil, taken, left, earlier)
            lost = _write_acts(connection, recueil, taken, merged, duplicate=duplicate, now=now)
            route = None if recueil.silent else _of_topics(recueil.topics, destinations_for)
            announced, queued = queue(connection, merged, route, now)
            return RecordingResult(announced, queued, duplicate, lost)

        return written(self._database, recorded)


def _of_topics(read_for: Sequence[str] | None, destinations_for: Route) -> Route:
    """Return the route of what is found in a recueil that was `read_for` these topics (None: never). Of another topic nothing is new."""
    return lambda decree: destinations_for(decree) if read_for is None or decree.topic in read_for else ()


def match(
    connection: Connection,
    found: Sequence[Decree],
    pages: Sequence[tuple[int, int]],
    earlier: Sequence[EarlierFinding],
    *,
    asked: bool = False,
) -> list[FoundDecree]:
    """Match the decrees found on these pages with stored ones. `earlier`: those found there before; `asked` as in `recognise`."""
    held = [HeldDecree(keys_of(decree), *there, decree.facts, decree.topic) for decree, there in zip(found, pages, strict=True)]
    known = _known(connection, {key for item in held for key in item.keys})
    return [FoundDecree(*one) for one in zip(found, recognise(held, known, earlier, asked=asked), strict=True)]


_NAMED_BY = select(identities.c.decree_id).where(one_of(identities.c.key, given="keys"))
_NUMBERED_BY = select(identities.c.decree_id).where(one_of(identities.c.prefix, given="prefixes"))
_NAMES = (
    select(identities.c.decree_id, identities.c.key, decrees.c.facts)
    .join(decrees, decrees.c.id == identities.c.decree_id)
    .where(one_of(identities.c.decree_id, given="ids"))
)


def _known(connection: Connection, keys: Collection[str]) -> list[KnownDecree]:
    """Return the stored decrees with one of these keys, or the number of one."""
    ids = set(connection.execute(_NAMED_BY, {"keys": keys}).scalars()) if keys else set()
    if not ids:
        return []
    ids |= set(connection.execute(_NUMBERED_BY, {"prefixes": {prefix for key in keys if (prefix := prefix_of(key))}}).scalars())
    names, facts = defaultdict[int, set[str]](set), dict[int, Facts]()
    for decree, key, given in map(tuple, connection.execute(_NAMES, {"ids": ids})):
        names[decree].add(key)
        facts[decree] = given
    return [KnownDecree(decree, frozenset(own), facts[decree]) for decree, own in names.items()]


def merge(
    connection: Connection,
    recueil: Row[Any],
    found: Sequence[FoundDecree],
    now: datetime,
    namer: CommuneNamer | None,
    *,
    within: Row[Any] | None = None,
) -> MergedDecrees:
    """Store the new decrees of a recueil and complete known ones. `within` and `namer` as in `see`."""
    known = load_routed(connection, {one.known for one in found if one.known is not None})
    changed = changed_by(connection, known.keys())
    ids, new = _store(connection, recueil.id, found, now)
    see(connection, recueil, list(zip(ids, [one.decree for one in found], strict=True)), now, namer, within=within)
    return MergedDecrees(ids, new, known, changed)


def queue(
    connection: Connection, merged: MergedDecrees, destinations_for: Route | None, now: datetime
) -> tuple[tuple[Decree, ...], tuple[Post, ...]]:
    """Queue edits, and one post per destination (None: none) of new decrees, and per follower whose follows match or matched only now.
    Return the new decrees and the posts but those to followers.
    """
    touched = with_changed(connection, {*merged.ids, *merged.changed})
    if not touched:
        return (), ()
    want_edits(connection, touched)
    stored = note_changed(connection, touched, now)
    announced = tuple(stored[one] for one in sorted(merged.new))
    if destinations_for is None:
        return announced, ()
    perhaps_posted = _perhaps_posted(connection, merged.new)
    queued = [
        post
        for number, decree in sorted(load_routed(connection, merged.new).items())
        for post in _queue_wanted(connection, decree, None, destinations_for, perhaps_posted.get(number), now)
    ]
    return announced, (*queued, *queue_newly_wanted(connection, merged.known, destinations_for, now))


_SILENT = (
    select(decrees.c.id).join(recueils, recueils.c.id == decrees.c.recueil_id).where(one_of(decrees.c.id, given="ids"), recueils.c.silent)
)


def queue_newly_wanted(
    connection: Connection, known: Mapping[int, RoutedDecree], destinations_for: Route, now: datetime
) -> tuple[Post, ...]:
    """Queue posts for whom a stored decree concerns now but not as `known`, unless withdrawn, over or silent; return the destinations'."""
    queued: list[Post] = []
    if not known:
        return ()
    perhaps_posted = _perhaps_posted(connection, [*known])
    history = set(connection.execute(_SILENT, {"ids": known}).scalars())
    for number, routed in load_routed(connection, [one for one in known if one not in history]).items():
        decree, was = routed.decree, known[number]
        last = _last_day(decree.facts.sure)
        is_over = decree.withdrawn_at is not None or (last is not None and last < now.date())
        before = was.decree.facts, was.decree.authorities, was.words
        if not is_over and (decree.facts, decree.authorities, routed.words) != before:
            queued += _queue_wanted(connection, routed, was, destinations_for, perhaps_posted.get(number), now)
    return tuple(queued)


_DESTINATIONS = select(posts.c.destination).where(posts.c.decree_id == bindparam("decree"))


def _queue_wanted(
    connection: Connection, routed: RoutedDecree, was: RoutedDecree | None, destinations_for: Route, since: datetime | None, now: datetime
) -> list[Post]:
    """Queue posts for those whom a decree concerns now but not as it `was` (None: new); return those but to followers."""
    decree, had = routed.decree, [] if was is None else was.destinations(destinations_for)
    met = {chat for targets in had if isinstance(targets, FollowTargets) for chat in chats_for(connection, targets)}
    there = set(connection.execute(_DESTINATIONS, {"decree": decree.id}).scalars())
    queued: list[Post] = []
    for one in dict.fromkeys(routed.destinations(destinations_for)):
        if isinstance(one, FollowTargets):
            chats = chats_for(connection, one).items()
            new = {chat: mode for chat, mode in chats if chat not in met and chat_destination(chat) not in there}
            _queue_for_followers(connection, decree, new, since, now)
        elif one not in had and one not in there:
            queued.append(_queue_for(connection, one, decree, since, now))
    return queued


_RESTORES = select(restores)


def _perhaps_posted(connection: Connection, which: Sequence[int]) -> dict[int, datetime]:
    """Return those of these decrees that may have been posted before a restore, with the instant since when."""
    restored = connection.execute(_RESTORES).all() if which else []
    if not restored:
        return {}
    there = select(decrees.c.id, recueils.c.found_at, recueils.c.published, recueils.c.authority).join(
        recueils, recueils.c.id == decrees.c.recueil_id
    )
    rows = connection.execute(there.where(decrees.c.id.in_(which))).all()
    since = {
        row.id: [one.made_at for one in restored if may_be_posted(one.restored_at, *row[1:])] for row in rows
    }  # fmt: skip
    return {decree: min(moments) for decree, moments in since.items() if moments}


def _queue_for(connection: Connection, destination: str, decree: Decree, since: datetime | None, now: datetime) -> Post:
    row = _row_of(destination, decree, since, now)
    post = connection.execute(insert(posts).returning(posts.c.id), row).scalar_one()
    return Post(int(post), row["key"], destination, decree, row["state"], created_at=now)


def _queue_for_followers(
    connection: Connection, decree: Decree, chats: Mapping[int, FollowMode], since: datetime | None, now: datetime
) -> None:
    """Queue one post for each of these chats: thousands in one statement."""
    waits = {mode: not_before(decree, mode, now) for mode in FollowMode}
    later = {"changed_at": now}
    rows = [_row_of(chat_destination(chat), decree, since, now) | later | {"not_before": waits[mode]} for chat, mode in chats.items()]
    if rows:
        connection.execute(insert(posts), rows)


def _row_of(destination: str, decree: Decree, since: datetime | None, now: datetime) -> dict[str, Any]:
    """Return the row of a pending post, or of one in doubt that may have been sent `since` then."""
    key = post_key(destination, decree.identities)
    row = {"key": key, "destination": destination, "decree_id": decree.id, "created_at": now, "attempts": 0, "sought_since": since}
    return row | ({"state": PostState.PENDING, "cause": None, "error": None} if since is None else perhaps_sent(destination))


_EARLIER = (
    select(acts.c.decree_id, acts.c.first_page, acts.c.last_page, acts.c.topic)
    .where(acts.c.recueil_id == bindparam("recueil"), acts.c.decree_id.is_not(None))
    .order_by(acts.c.id)
)


def _is_copy(
    connection: Connection, recueil: Row[Any], result: ReadResult, found: Sequence[FoundDecree], earlier: Sequence[EarlierFinding]
) -> bool:
    """Return whether the recueil was read under another address. Never where an earlier decree was not found again: a person decides."""
    matches = {one.known for one in found}
    if not result.reading.complete or None in matches or not {one.decree_id for one in earlier} <= matches:
        return False
    same = and_(
        recueils.c.authority == recueil.authority,
        recueils.c.digest == result.digest,
        recueils.c.state == RecueilState.READ,
        recueils.c.id != recueil.id,
    )
    return bool(connection.execute(select(exists().where(same))).scalar_one())


def _left_to_people(connection: Connection, result: ReadResult, found: Sequence[FoundDecree]) -> tuple[ReadResult, Sequence[FoundDecree]]:
    """Remove from a reading the decrees that a person withdrew, those of unclear identity, and new ones of topics that are reviewed: their
    acts wait for a person. An act under a withdrawn number may be the true decree of that number.
    """
    gone = withdrawn_among(connection, [one.known for one in found])
    at = [(position, one) for (position, _), one in zip(result.decrees, found, strict=True)]
    unclear = {position: one for position, one in at if asks_which(one, result.watched)}
    if not gone and not unclear:
        return result, found
    kept = [(position, one) for position, one in at if one.known not in gone and position not in unclear]
    left = {position for position, _ in result.decrees} - {position for position, _ in kept}
    # A reading that goes on reports nothing but decrees: what is in doubt waits for its end.
    there = [position for position in range(len(result.judged)) if not (result.early and position in left)]
    judged = [result.judged[position] for position in there]
    doubtful = [
        replace(item, verdict=_doubted(item.verdict, asks_which(unclear.get(position), result.watched)))
        if position in left or (position in unclear and not result.early)
        else item
        for position, item in zip(there, judged, strict=True)
    ]
    decrees_left = tuple((there.index(position), one.decree) for position, one in kept)
    return replace(result, judged=tuple(doubtful), decrees=decrees_left), [one for _, one in kept]


def _doubted(verdict: Verdict, why: Sequence[Evidence]) -> Verdict:
    return Verdict(Outcome.UNCERTAIN, evidence=(*why, *verdict.evidence), topic=verdict.topic)


def asks_which(found: FoundDecree | None, watched: WatchedTopics) -> tuple[Evidence, ...]:
    """Return the question to a person about a decree of unclear identity, or a new one of a topic that is reviewed, unless a person said
    that it is one; empty for others."""
    if found is None:
        return ()
    decree, number = found.decree, found.decree.facts.number or ""
    if found.which.is_unclear:
        return (Evidence("doubt", decree.page, number, cue=SAME_NUMBER),)
    is_asked = decree.topic in watched.reviewed and found.known is None and not is_decided(decree.evidence)
    return (Evidence("doubt", decree.page, number, cue=REVIEWED),) if is_asked else ()


# What was read of the recueil itself.


def _write_acts(
    connection: Connection, recueil: Row[Any], result: ReadResult, merged: MergedDecrees, *, duplicate: bool, now: datetime
) -> tuple[int, ...]:
    """Write the acts and the state of the recueil; return the decrees that are lost."""
    reading = result.reading
    # Two programs read it, and the other had more luck: of what is read whole, nothing is taken back.
    outdone = recueil.state in READ_WHOLE and not result.early and not reading.complete
    if outdone:
        return ()
    decree_of_act = {position: decree_id for (position, _), decree_id in zip(result.decrees, merged.ids, strict=True)}
    unread = (*reading.unreadable_pages, *reading.pending_pages)
    judged = () if duplicate else result.judged
    read = ReadActs(judged, decree_of_act, merged.ids, unread, partial=result.early, watched=result.watched)
    lost = replace_acts(connection, recueil, read, now)
    if result.early:
        _leave_open(connection, recueil.id, result, now)
    else:
        _close(connection, recueil.id, result, duplicate=duplicate, now=now)
    return lost


def _close(connection: Connection, recueil: int, result: ReadResult, *, duplicate: bool, now: datetime) -> None:
    reading = result.reading
    state = RecueilState.DUPLICATE if duplicate else RecueilState.READ if reading.complete else RecueilState.INCOMPLETE
    values = {
        "state": state,
        # Of a recueil read in part, the readings that got no further are counted: what it took to fetch it is not.
        "attempts": case((recueils.c.state == RecueilState.INCOMPLETE, recueils.c.attempts + (0 if result.gained else 1)), else_=1),
        "next_try_at": result.next_try_at,
        "error": None if reading.complete else _unread(reading),
        "number": clean_or_none(reading.cover.number),
        "digest": result.digest,
        "topics": list(result.watched.names),
        "published": _published(reading, now),
        "tried_at": now,
        "page_count": reading.page_count,
        "ocr_pages": list(reading.ocr_pages),
        "unreadable_pages": list(reading.unreadable_pages),
    }
    connection.execute(update(recueils).where(recueils.c.id == recueil).values(values))


def _leave_open(connection: Connection, recueil: int, result: ReadResult, now: datetime) -> None:
    """Keep the recueil due after an early result, for a killed program; one read meanwhile by another stays read."""
    reading = result.reading
    values = {
        "state": RecueilState.INCOMPLETE,
        "attempts": case((recueils.c.state == RecueilState.INCOMPLETE, recueils.c.attempts), else_=0),
        "next_try_at": result.next_try_at,
        "error": f"being read: {len(reading.pending_pages)} of {reading.page_count} pages were still to be recognised",
        "number": clean_or_none(reading.cover.number),
        "published": _published(reading, now),
        "tried_at": now,
        "page_count": reading.page_count,
    }
    connection.execute(update(recueils).where(recueils.c.id == recueil, recueils.c.state.not_in(READ_WHOLE)).values(values))


def _published(reading: Reading, now: datetime) -> date | ColumnElement[date | None]:
    """Return the day of the recueil: of its cover, else of a former cover or the listing, so that later decisions do not change it. A cover
    dated over a day (time zones) after `now` was misread, and is ignored.
    """
    day = reading.cover.published
    return recueils.c.published if day is None or day > now.date() + timedelta(days=1) else day


def _unread(reading: Reading) -> str:
    pages = reading.unreadable_pages
    shown = ", ".join(str(page) for page in pages[:10]) + (", …" if len(pages) > 10 else "")
    lost = f"{len(pages)} of {reading.page_count} pages could not be read{' whole' if reading.damaged else ''}: {shown}" if pages else ""
    damage = "the file is cut short, or damaged" if reading.salvaged else "the file is damaged" if reading.damaged else ""
    return "; ".join(filter(None, (damage, lost, *reading.lacks)))


# Decrees: their rows, keys, links and sightings.


def _store(connection: Connection, recueil: int, found: Sequence[FoundDecree], now: datetime) -> tuple[list[int], list[int]]:
    """The stored id of each decree found, and those among them that are new."""
    ids: list[int] = []
    new: list[int] = []
    owners: dict[str, int] = {}  # a decree printed twice in one recueil is one decree
    for one in found:
        decree, keys = one.decree, one.which.keys
        known = one.known if one.known is not None else next((owners[key] for key in keys if key in owners), None)
        if known is None:
            row = {**_values(decree), "recueil_id": recueil, "url": clean(decree.url), "authority": decree.authority, "topic": decree.topic}
            listed = listed_on(decree.published, decree.facts.signed, now)
            row |= {"published": decree.published, "found_at": now, "listed_on": listed}
            decree_id = int(connection.execute(insert(decrees).returning(decrees.c.id), row).scalar_one())
            new.append(decree_id)
            write_links(connection, decree_id, decree)
        else:
            decree_id = known
            # A second reading of the same pages has more than the first; a republication, here or elsewhere, does not.
            mine = update(decrees).where(decrees.c.id == known, decrees.c.recueil_id == recueil)
            if known not in ids and connection.execute(mine.values(_values(decree))).rowcount:
                write_links(connection, decree_id, decree)
        # Strictly: a key that another process has taken meanwhile stops this transaction, which is then begun again.
        claim_keys(connection, decree_id, keys, strictly=known is None)
        owners.update(dict.fromkeys(keys, decree_id))
        ids.append(decree_id)
    return ids, new


def claim_keys(connection: Connection, decree_id: int, keys: Collection[str], *, strictly: bool) -> None:
    """Give the decree these keys; unless `strictly`, keys of another decree stay its own."""
    statement: Any = insert(identities) if strictly else insert_or_ignore(connection, identities)
    connection.execute(statement, [{"key": key, "decree_id": decree_id, "prefix": prefix_of(key)} for key in sorted(keys)])


_MOVED = delete(sightings).where(
    sightings.c.recueil_id == bindparam("in_recueil"),
    sightings.c.decree_id == bindparam("of_decree"),
    ~one_of(sightings.c.page, given="pages"),
)
_KINDS = select(decrees.c.id, decrees.c.kind).where(one_of(decrees.c.id, given="ids"))


def see(
    connection: Connection,
    recueil: Row[Any],
    seen: Sequence[tuple[int, Decree]],
    now: datetime,
    namer: CommuneNamer | None,
    *,
    within: Row[Any] | None = None,
) -> None:
    """Store the sightings of decrees in a recueil, correct the pages of an earlier reading, and complete facts and publication
    (`bot.domain.identity`).

    `within`: only this act was read, so that nothing else is corrected. `namer` finds the communes.
    """
    if not seen:
        return
    days = {decree_id: _day_there(connection, decree_id, recueil.id, decree.published) for decree_id, decree in seen}
    for decree_id in {decree_id for decree_id, _ in seen}:
        pages = [decree.page for other, decree in seen if other == decree_id]
        moved = _MOVED if within is None else _MOVED.where(sightings.c.page.between(within.first_page, within.last_page))
        connection.execute(moved, {"in_recueil": recueil.id, "of_decree": decree_id, "pages": pages})
    kinds = {row.id: row.kind for row in connection.execute(_KINDS, {"ids": {decree_id for decree_id, _ in seen}})}
    places = {(decree_id, decree.page): decree for decree_id, decree in reversed(seen)}
    for (decree_id, page), decree in reversed(places.items()):
        place = {"decree_id": decree_id, "recueil_id": recueil.id, "page": page}
        more = {"authority": recueil.authority, "url": clean(decree.url), "seen_at": now}
        # What is taken for another kind of decree is taken to say other things.
        facts = decree.facts if decree.kind == kinds.get(decree_id) else None
        put(connection, sightings, place, {"facts": facts, "published": days[decree_id]}, more)
    for decree_id in kinds:
        complete(connection, decree_id, namer)


_DECREE = select(decrees).where(decrees.c.id == bindparam("decree"))
# The sightings in the recueil where it was first seen: the one it is shown by, then the others in the order of the pages.
_OWN = (
    select(sightings)
    .join(decrees, (decrees.c.id == sightings.c.decree_id) & (decrees.c.recueil_id == sightings.c.recueil_id))
    .where(decrees.c.id == bindparam("decree"))
    .order_by(case((sightings.c.page == decrees.c.page, 0), else_=1), sightings.c.page)
)
_ELSEWHERE = (
    select(sightings)
    .where(sightings.c.decree_id == bindparam("decree"), sightings.c.recueil_id != bindparam("recueil"))
    .order_by(sightings.c.seen_at, sightings.c.id)
)


def complete(connection: Connection, decree_id: int, namer: CommuneNamer | None) -> None:
    """Derive the facts and publication day of a decree from its sightings, then its communes. Facts that a person settled stay."""
    row = connection.execute(_DECREE, {"decree": decree_id}).one()
    own = connection.execute(_OWN, {"decree": decree_id}).all()
    others = [*own[1:], *connection.execute(_ELSEWHERE, {"decree": decree_id, "recueil": row.recueil_id})]
    base = own[0].facts if own and own[0].facts is not None else row.facts
    facts = merge_facts(base, [other.facts for other in others if other.facts is not None])
    facts = facts.settle(settled_by_people(connection, decree_id))
    published = earliest([seen.published for seen in (*own[:1], *others)], facts.sure.signed)
    published = published or row.published
    values = {**_from_facts(facts), "published": published, "listed_on": listed_on(published, facts.signed, row.found_at)}
    if values != {name: getattr(row, name) for name in values}:
        connection.execute(update(decrees).where(decrees.c.id == decree_id).values(values))
        index_again(connection, [decree_id])
        row = connection.execute(_DECREE, {"decree": decree_id}).one()
    write_communes(connection, row, namer)
    write_operators(connection, decree_id, facts.sure)


def listed_on(published: date | None, signed: date | None, found_at: datetime) -> date:
    """Return the listing day: of publication, else signature, else discovery (UTC); never after the discovery."""
    found = found_at.astimezone(UTC).date()
    return min(published or signed or found, found)


_FIRST_DAY = select(func.min(sightings.c.published)).where(
    sightings.c.decree_id == bindparam("decree"), sightings.c.recueil_id == bindparam("recueil")
)


def _day_there(connection: Connection, decree_id: int, recueil: int, read: date | None) -> date | None:
    """Return when the decree was published in this recueil: the earlier of the stored and the read day (cover and listing may differ)."""
    known = connection.execute(_FIRST_DAY, {"decree": decree_id, "recueil": recueil}).scalar_one()
    return min((day for day in (known, read) if day is not None), default=None)


def _values(decree: Decree) -> dict[str, Any]:
    return {
        "kind": decree.kind,
        "title": clean(decree.title),
        "evidence": decree.evidence,
        "page": decree.page,
        "act_id": clean_or_none(decree.act_id),
        **_from_facts(decree.facts),
    }


def _from_facts(facts: Facts) -> dict[str, Any]:
    return {
        "facts": facts,
        "starts_on": facts.sure.starts.day if facts.sure.starts is not None else None,
        "ends_on": _last_day(facts.sure),
        "signed_on": facts.sure.signed,
    }


def _last_day(facts: Facts) -> date | None:
    """Return the last day of the period; None where unknown, or before the start (misread)."""
    starts, ends = facts.starts, facts.ends
    return None if ends is None or (starts is not None and ends_first(ends, starts)) else ends.day
