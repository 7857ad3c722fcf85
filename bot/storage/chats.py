"""Stores chats: the ids of those that moved, their newest messages, and what followers want."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import Enum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Text, and_, case, cast, delete, func, insert, literal, or_, select, update

from bot.domain.acts import Decree, department_of, named_in
from bot.domain.posts import (
    BLOCKED_FOR,
    CHATS,
    KEPT_WHILE_PAUSED,
    MOST_FOLLOWS,
    SHARED,
    ChatHistory,
    Follow,
    Follower,
    FollowKind,
    FollowMode,
    FollowTargets,
    PostState,
    WaitingPosts,
    chat_destination,
    followed_chat,
    is_shared,
    match,
    reasons,
)
from bot.storage.columns import Instant, value_of
from bot.storage.database import Database, Repository, insert_or_ignore, lock_decrees, put
from bot.storage.decrees import load_in_order
from bot.storage.posts import (
    EDIT_PENDING,
    OTHER,
    can_be_edited,
    due_at,
    edit_is_due,
    first_due,
    is_due,
    lasts,
    load_rows,
    locked,
    not_behind_doubt,
    require,
)
from bot.storage.schema import decrees, edits, followers, follows, holds, moved_chats, newest_messages, notices, posts, searches

# Telegram chats: the ids of groups that became supergroups, and the newest messages, among which a lost post is searched for.

_MOVES = 10
"""How far a chain of moves is followed."""


class MovedChats(Repository):
    """The ids of groups that moved, as they are now."""

    def now_at(self, chat: int | str) -> int | str:
        """Return the current id of a chat, following its moves; cycles are ignored."""
        known: list[int | str] = [chat]
        with self._database.reading() as connection:
            for _ in range(_MOVES):
                query = select(moved_chats.c.moved_to).where(moved_chats.c.chat == _name(known[-1]))
                found = connection.execute(query).scalar_one_or_none()
                if found is None or found in known:
                    break
                known.append(int(found))
        return known[-1]

    def moved_at(self, chat: int | str) -> datetime | None:
        """Return when a chat got its current id (older messages have other ids); None where it never moved."""
        now_at = self.now_at(chat)
        with self._database.reading() as connection:
            return _moved_at(connection, now_at)

    def moved(self, chat: int | str, new: int, now: datetime) -> None:
        """Record that a chat has a new id; the latest report wins."""
        with self._database.writing() as connection:
            note_move(connection, chat, new, now)


def note_move(connection: Connection, chat: int | str, new: int, now: datetime) -> None:
    """Record the new id of a chat, and delete moves away from that id."""
    connection.execute(delete(moved_chats).where(moved_chats.c.chat.in_((_name(chat), _name(new)))))
    connection.execute(insert(moved_chats), {"chat": _name(chat), "moved_to": new, "moved_at": now})


_LAST_SENT = 20
"""Posts among whose messages the newest one is looked for: ids grow with time, but for the clocks of two programs."""


class ChatMessages(Repository):
    """The newest messages known in chats, and where a lost one was looked for."""

    def note(self, chats: Collection[str], message_id: int, now: datetime) -> None:
        """Note a message id seen in the chat of these names and numbers."""
        values = {"message_id": message_id, "noted_at": now}
        with self._database.writing() as connection:
            for chat in sorted({_name(chat) for chat in chats}):
                put(connection, newest_messages, {"chat": chat}, values, where=newest_messages.c.message_id < message_id)

    def begin(self, post_id: int, chat: int | str) -> int | None:
        """Record the newest known message of a post's chat before a send, and return its id; 0 after a move. Raises NoSuchRow."""
        with self._database.writing() as connection:
            require(connection, post_id)
            moved = _moved_at(connection, chat)
            here = posts.c.destination == select(OTHER.c.destination).where(OTHER.c.id == post_id).scalar_subquery()
            last = select(posts.c.reference).where(here, *_sent_since(moved))
            sent = connection.execute(last.order_by(posts.c.closed_at.desc()).limit(_LAST_SENT)).scalars()
            first = None if moved is None else 0
            newest = max([*_numbers(sent), *filter(None, [_newest(connection, chat)])], default=first)
            put(connection, searches, {"post_id": post_id}, {"after": newest, "searched_to": None})
            return newest

    def begin_after(self, post_id: int, newest: int | None) -> None:
        """Record the newest message id of the private chats, which share one sequence, as `begin` does of one chat."""
        with self._database.writing() as connection:
            require(connection, post_id)
            put(connection, searches, {"post_id": post_id}, {"after": newest, "searched_to": None})

    def newest_shared(self) -> int | None:
        """Return the greatest message id known in that row, None where none is."""
        chats = posts.c.destination.startswith(CHATS)
        after = select(func.max(searches.c.after)).join(posts, posts.c.id == searches.c.post_id).where(chats)
        last = select(posts.c.destination, posts.c.reference).where(chats, posts.c.state == PostState.SENT).order_by(posts.c.id.desc())
        with self._database.reading() as connection:
            rows = connection.execute(last.limit(_LAST_SENT)).all()
            newest = [*_numbers(row.reference for row in rows if is_shared(row.destination)), connection.execute(after).scalar_one()]
            newest.append(_newest(connection, SHARED))
        return max((one for one in newest if one is not None), default=None)

    def searched(self, post_id: int, to: int) -> None:
        """The message of this post is none of those up to this id."""
        with self._database.writing() as connection:
            put(connection, searches, {"post_id": post_id}, {"searched_to": to})

    def history(self, post_id: int, chat: int | str) -> ChatHistory:
        """What is known of the chat, to look there for this post. Raises NoSuchRow."""
        # The id too: programs whose clocks disagree must not make a later post an earlier one.
        earlier = and_(
            posts.c.closed_at < func.coalesce(OTHER.c.sought_since, OTHER.c.created_at, type_=Instant()), posts.c.id < OTHER.c.id
        )
        sent = select(posts.c.reference, earlier.label("earlier")).join(
            OTHER, and_(OTHER.c.destination == posts.c.destination, OTHER.c.id == post_id)
        )
        with self._database.reading() as connection:
            require(connection, post_id)
            rows = connection.execute(sent.where(*_sent_since(_moved_at(connection, chat)))).all()
            search = connection.execute(select(searches).where(searches.c.post_id == post_id)).one_or_none()
            newest = _newest(connection, chat)
        after = None if search is None else search.after
        before = max([*_numbers(row.reference for row in rows if row.earlier), *([] if after is None else [after])], default=None)
        searched_to = None if search is None else search.searched_to
        return ChatHistory(before, frozenset(_numbers(row.reference for row in rows)), newest, searched_to, is_begun=search is not None)

    def shared_history(self, post_id: int) -> ChatHistory:
        """Return what is known of all chats that share one sequence of message ids, to search for a post there. Raises NoSuchRow."""
        meanwhile = posts.c.closed_at >= select(OTHER.c.created_at).where(OTHER.c.id == post_id).scalar_subquery()
        sent = select(posts.c.destination, posts.c.reference).where(
            posts.c.destination.startswith(CHATS), posts.c.state == PostState.SENT, meanwhile
        )
        with self._database.reading() as connection:
            require(connection, post_id)
            known = _numbers(row.reference for row in connection.execute(sent) if is_shared(row.destination))
            search = connection.execute(select(searches).where(searches.c.post_id == post_id)).one_or_none()
        after, searched_to = (None, None) if search is None else (search.after, search.searched_to)
        return ChatHistory(after, frozenset(known), max(known, default=None), searched_to, is_begun=search is not None)

    def decrees_at(self, link: str) -> list[Decree]:
        """The decrees whose posts have this link, `…pdf#page=3`."""
        url, _, page = link.rpartition("#page=")
        if not page.isdecimal():
            return []
        query = select(decrees.c.id).where(decrees.c.url == url, decrees.c.page == int(page)).order_by(decrees.c.id)
        with self._database.reading() as connection:
            return [*load_in_order(connection, connection.execute(query).scalars().all())]


def _newest(connection: Connection, chat: int | str) -> int | None:
    query = select(newest_messages.c.message_id).where(newest_messages.c.chat == _name(chat))
    found: int | None = connection.execute(query).scalar_one_or_none()
    return found


def _moved_at(connection: Connection, chat: int | str) -> datetime | None:
    """Return when a chat got its current id; None where it never moved."""
    found: datetime | None = connection.execute(
        select(func.max(moved_chats.c.moved_at)).where(cast(moved_chats.c.moved_to, Text) == str(chat))
    ).scalar_one()
    return found


def _sent_since(moved: datetime | None) -> list[ColumnElement[bool]]:
    """Posts whose messages have ids that the chat still gives."""
    return [posts.c.state == PostState.SENT, *([] if moved is None else [posts.c.closed_at > moved])]


def _numbers(references: Iterable[str | None]) -> list[int]:
    return [int(one) for one in references if one is not None and one.isascii() and one.isdigit()]


def _name(chat: int | str) -> str:
    return str(chat).lower()


# What is stored of chats that follow something, what they want, and how they are deleted.


class Added(Enum):
    """What became of a wish to follow."""

    ADDED = "added"
    ALREADY = "already"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class FollowerCounts:
    """Counts followers: all, paused, blocked, their follows, and their posts that need a person (see `Posts.in_trouble`)."""

    chats: int = 0
    paused: int = 0
    blocked: int = 0
    follows: int = 0
    in_trouble: int = 0


class Follows(Repository):
    """Stores who follows what. Every method raises StorageError.

    To avoid deadlocks in PostgreSQL, every writer of a chat, or of several of its posts or edits, first locks its row of `followers`;
    several chats in order of id; before that, the writer of decrees locks those.
    """

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.configured: Collection[str] = ()
        """Telegram chats of the configuration: what is stored of their messages and moves stays when a group among them is forgotten."""

    def get(self, chat: int) -> Follower | None:
        """Return what is stored of a chat, None where nothing is."""
        with self._database.reading() as connection:
            row = connection.execute(select(followers).where(followers.c.chat == chat)).one_or_none()
            return None if row is None else value_of(Follower, row, follows=_follows_of(connection, chat))

    def add(self, chat: int, follow: Follow, language: str, today: date) -> Added:
        """Add a follow to a chat, or its topics to one that it has; `language` counts for a new chat only. Unblocks the chat."""
        new = {"chat": chat, "language": language, "mode": FollowMode.AT_ONCE, "since": today}
        with self._database.writing() as connection:
            connection.execute(insert_or_ignore(connection, followers), new)
            # PostgreSQL: whoever adds to the same chat waits here, so that the count below holds.
            connection.execute(update(followers).where(followers.c.chat == chat).values(blocked_at=None))
            known = _follows_of(connection, chat)
            held = next((one for one in known if one == follow), None)
            if held is not None and (not held.topics or (follow.topics and {*follow.topics} <= {*held.topics})):
                return Added.ALREADY
            if held is not None:
                both = replace(follow, topics=follow.topics and tuple(dict.fromkeys((*held.topics, *follow.topics))))
                connection.execute(update(follows).where(_is(chat, follow)).values(topics=" ".join(both.topics)))
                return Added.ADDED
            if len(known) >= MOST_FOLLOWS:
                return Added.FULL
            connection.execute(insert(follows), _row(chat, follow))
            return Added.ADDED

    def remove(self, chat: int, follow: Follow, targets: Callable[[Decree], FollowTargets]) -> bool:
        """Remove a follow and return whether it existed. Waiting posts that match no other follow are dropped, unless they change a decree
        sent there; `targets` gives those of a decree.
        """
        with self._database.writing() as connection:
            connection.execute(locked(followers.c.chat == chat))
            found = connection.execute(delete(follows).where(_is(chat, follow))).rowcount > 0
            _drop_unwanted(connection, chat, targets)
            return found

    def language_of(self, chat: int) -> str | None:
        """Return the language in which a chat is written to, None where nothing is stored of it."""
        language: str | None = self._database.value(select(followers.c.language).where(followers.c.chat == chat))
        return language

    def set_language(self, chat: int, language: str) -> None:
        """Write to a chat in this language from now on."""
        self._database.write(update(followers).where(followers.c.chat == chat).values(language=language))

    def set_mode(self, chat: int, mode: FollowMode) -> None:
        """Set whether a chat is sent posts at once or daily; its digest becomes due now where it is at once."""
        with self._database.writing() as connection:
            connection.execute(update(followers).where(followers.c.chat == chat).values(mode=mode))
            if mode is FollowMode.AT_ONCE:
                connection.execute(update(posts).where(_waits_at(chat), posts.c.attempts == 0).values(not_before=None))

    def pause(self, chat: int, now: datetime) -> bool:
        """Send nothing to a chat until it is resumed; return false where nothing is stored of it."""
        return self._database.write(update(followers).where(followers.c.chat == chat).values(paused_at=now)) > 0

    def resume(self, chat: int, now: datetime) -> int:
        """Resume a chat, and return how many decrees wait: the newest ones, due now as one digest."""
        with self._database.writing() as connection:
            connection.execute(update(followers).where(followers.c.chat == chat).values(paused_at=None, blocked_at=None))
            _keep_newest(connection, chat)
            waiting = and_(_waits_at(chat), posts.c.attempts == 0)
            return connection.execute(update(posts).where(waiting).values(not_before=now, changed_at=now)).rowcount

    def forget(self, chat: int) -> bool:
        """Delete everything stored of a chat, including its posts; return whether there was anything."""
        with self._database.writing() as connection:
            return _forget(connection, chat, self.configured)

    def note_message(self, chat: int, message_id: int, now: datetime) -> None:
        """Note a message of a follower, after which later posts come. Of private chats (one sequence), only the number is kept."""
        name = SHARED if is_shared(chat_destination(chat)) else str(chat)
        with self._database.writing() as connection:
            if connection.execute(select(followers.c.chat).where(followers.c.chat == chat)).first() is not None:
                values = {"message_id": message_id, "noted_at": now}
                put(connection, newest_messages, {"chat": name}, values, where=newest_messages.c.message_id < message_id)

    def block(self, chat: int, now: datetime) -> None:
        """Mark a chat as blocked and drop its waiting posts. It is deleted after `BLOCKED_FOR` unless unblocked."""
        with self._database.writing() as connection:
            connection.execute(locked(followers.c.chat == chat))
            this = and_(followers.c.chat == chat, followers.c.blocked_at.is_(None))
            connection.execute(update(followers).where(this).values(blocked_at=now))
            connection.execute(delete(posts).where(_waits_at(chat)))
            connection.execute(delete(notices).where(notices.c.chat == chat))

    def unblock(self, chat: int) -> None:
        """Note that a chat takes messages again."""
        self._database.write(update(followers).where(followers.c.chat == chat).values(blocked_at=None))

    def moved(self, old: int, new: int, now: datetime) -> None:
        """Record the new id of a group; follows of both stay, up to `MOST_FOLLOWS`, nothing is sent twice, older messages are forgotten."""
        with self._database.writing() as connection:
            # A decree that is being recorded is queued for the old id, and moves too, or for the new one.
            lock_decrees(connection)
            found = {row.chat: row for row in connection.execute(locked(followers.c.chat.in_((old, new)), *followers.c))}
            row = found.get(old)
            if row is None or old == new:
                return
            connection.execute(insert_or_ignore(connection, followers), {**row._mapping, "chat": new})
            known = _follows_of(connection, new)
            more = [one for one in _follows_of(connection, old) if one not in known][: MOST_FOLLOWS - len(known)]
            if more:
                connection.execute(insert(follows), [_row(new, one) for one in more])
            notified = select(notices.c.subject).where(notices.c.chat == new)
            connection.execute(update(notices).where(notices.c.chat == old, notices.c.subject.not_in(notified)).values(chat=new))
            queued = select(posts.c.decree_id).where(posts.c.destination == chat_destination(new))
            connection.execute(delete(posts).where(_waits_at(old), posts.c.decree_id.in_(queued)))
            here = posts.c.destination == chat_destination(old)
            theirs = searches.c.post_id.in_(select(posts.c.id).where(here))
            connection.execute(update(searches).where(theirs).values(after=None, searched_to=None))
            connection.execute(update(posts).where(here).values(destination=chat_destination(new)))
            connection.execute(delete(holds).where(holds.c.destination == chat_destination(old)))
            connection.execute(delete(followers).where(followers.c.chat == old))
            note_move(connection, old, new, now)

    def tidy(self, now: datetime) -> int:
        """Delete chats blocked for long, rows of forgotten ones, and old waiting posts of paused ones; return how many were deleted."""
        gone = followers.c.blocked_at <= now - BLOCKED_FOR
        with self._database.writing() as connection:
            found = connection.execute(locked(or_(gone, followers.c.paused_at.is_not(None)), followers.c.chat, gone.label("gone"))).all()
            chats = [row.chat for row in found if row.gone]
            for chat in chats:
                _forget(connection, chat, self.configured)
            for row in found:
                if not row.gone:
                    _keep_newest(connection, row.chat)
            for table in (posts, holds):
                connection.execute(delete(table).where(table.c.destination.startswith(CHATS), table.c.destination.not_in(_names())))
            return len(chats)

    # What is to be done for them.

    def chats_due(self, now: datetime, *, edited: bool = True) -> dict[int, WaitingPosts]:
        """Return the chats with posts to send or search for, or (with `edited`) edits to make now, with these posts."""
        waiting = select(posts.c.destination, func.min(posts.c.id).label("oldest"), func.count().label("messages"))
        found: dict[int, WaitingPosts] = {}
        with self._database.reading() as connection:
            resting = set(connection.execute(select(holds.c.destination).where(lasts(now))).scalars())
            for is_edit, query in self._open(waiting, now, edited=edited, due=True):
                for row in connection.execute(query.group_by(posts.c.destination)):
                    chat = followed_chat(row.destination)
                    if chat is not None and row.destination not in resting:
                        found.setdefault(chat, WaitingPosts(is_edit, row.oldest, row.messages))
        return found

    def next_due(self, now: datetime, *, edited: bool = True) -> datetime | None:
        """Return the time of the next work for a chat, at least `now`; None when nothing waits."""
        with self._database.reading() as connection:
            found = [
                first_due(connection, query, now)
                for is_edit, query in self._open(select(posts.c.destination), now, edited=edited, due=False)
            ]
        return min((at for at in found if at is not None), default=None)

    def _open(self, columns: Select[Any], now: datetime, *, edited: bool, due: bool) -> Iterator[tuple[bool, Select[Any]]]:
        """Yield queries for waiting posts and edits of chats that are not blocked: those `due`, or all with their time."""
        away = or_(followers.c.paused_at.is_not(None), followers.c.blocked_at.is_not(None))
        names = _names().where(away)
        theirs = and_(posts.c.destination.startswith(CHATS), posts.c.destination.not_in(names))
        unsettled = posts.c.state.in_((PostState.UNKNOWN, PostState.SENDING))
        waits = or_(unsettled, and_(posts.c.state == PostState.PENDING, not_behind_doubt()))
        unsent = columns.where(theirs, waits)
        yield False, unsent.where(is_due(now)) if due else unsent.add_columns(func.min(due_at(now)).label("due"))
        if edited:
            at = case((edit_is_due(now), literal(now, Instant())), else_=edits.c.not_before)
            unedited = columns.join(edits, edits.c.post_id == posts.c.id).where(theirs, can_be_edited(), not_behind_doubt())
            open_ones = unedited.where(edits.c.state == EDIT_PENDING)
            yield True, open_ones.where(edit_is_due(now)) if due else open_ones.add_columns(func.min(at).label("due"))

    def counts(self) -> FollowerCounts:
        """Count them."""
        one = func.count()
        with self._database.reading() as connection:
            chats = connection.execute(select(one, func.count(followers.c.paused_at), func.count(followers.c.blocked_at))).one()
            return FollowerCounts(*chats, connection.execute(select(one).select_from(follows)).scalar_one())


class FollowerMoves(MovedChats):
    """Stores moves of followers: everything stored of a chat moves in the same transaction."""

    def moved(self, chat: int | str, new: int, now: datetime) -> None:
        """See `Follows.moved`."""
        Follows(self._database).moved(int(chat), new, now)


def _follows_of(connection: Connection, chat: int) -> tuple[Follow, ...]:
    return tuple(sorted(map(_follow, connection.execute(select(follows).where(follows.c.chat == chat)))))


def _follow(row: Row[Any]) -> Follow:
    return Follow(row.kind, row.value, tuple(row.topics.split()))


def _row(chat: int, follow: Follow) -> dict[str, object]:
    return {"chat": chat, "kind": follow.kind, "value": follow.value, "topics": " ".join(follow.topics)}


def _is(chat: int, follow: Follow) -> ColumnElement[bool]:
    return and_(follows.c.chat == chat, follows.c.kind == follow.kind, follows.c.value == follow.value)


def _names() -> Select[str]:
    """The names of chats as destinations."""
    return select(literal(CHATS) + cast(followers.c.chat, Text))


def _waits_at(chat: int) -> ColumnElement[bool]:
    return and_(posts.c.destination == chat_destination(chat), posts.c.state == PostState.PENDING)


def _drop_unwanted(connection: Connection, chat: int, targets: Callable[[Decree], FollowTargets]) -> None:
    left, waiting = _follows_of(connection, chat), load_rows(connection, _waits_at(chat))
    if not left:
        connection.execute(delete(notices).where(notices.c.chat == chat))
    here = posts.c.destination == chat_destination(chat)
    sent = set(connection.execute(select(posts.c.decree_id).where(here, posts.c.state != PostState.PENDING)).scalars())
    wanted = [post for post in waiting if reasons(left, replace(targets(post.decree), words=post.words))]
    while True:
        there = sent | {post.decree.id for post in wanted}
        more = [post for post in waiting if post not in wanted and named_in(post.decree.changes) & there]
        if not more:
            break
        wanted += more
    dropped = [post.id for post in waiting if post not in wanted]
    connection.execute(delete(posts).where(posts.c.id.in_(dropped)))


def _keep_newest(connection: Connection, chat: int) -> None:
    newest = select(posts.c.id).where(_waits_at(chat)).order_by(posts.c.id.desc()).limit(KEPT_WHILE_PAUSED)
    connection.execute(delete(posts).where(_waits_at(chat), posts.c.id.not_in(newest)))


def _forget(connection: Connection, chat: int, configured: Collection[str]) -> bool:
    """Delete a follower with its posts, edits, searches and follows, even during a send. Data of configured chats stays."""
    found = connection.execute(delete(followers).where(followers.c.chat == chat)).rowcount > 0
    name = chat_destination(chat)
    connection.execute(delete(posts).where(posts.c.destination == name))
    connection.execute(delete(holds).where(holds.c.destination == name))
    if str(chat) not in _with_moves(connection, configured):
        connection.execute(delete(newest_messages).where(newest_messages.c.chat == str(chat)))
        connection.execute(delete(moved_chats).where(or_(moved_chats.c.chat == str(chat), moved_chats.c.moved_to == chat)))
    return found


def _with_moves(connection: Connection, chats: Collection[str]) -> set[str]:
    """These chats, and the numbers to which they have moved."""
    found, new = set[str](), {chat.lower() for chat in chats}
    while new:
        found |= new
        moves = select(cast(moved_chats.c.moved_to, Text)).where(moved_chats.c.chat.in_(sorted(new)))
        new = set(connection.execute(moves).scalars()) - found
    return found


# Which chats get a post of a decree. Within the transaction of the connection that records the decree.


def chats_for(connection: Connection, targets: FollowTargets) -> dict[int, FollowMode]:
    """Return the chats, with their modes and by id, that follow a target of a decree or were sent one that it changes; blocked chats are
    left out, paused ones not. Two statements, however many chats.
    """
    met = {chat for chat, follow in _may_be_met(connection, targets) if match(follow, targets) is not None}
    if targets.changes:
        of_changed = posts.c.decree_id.in_(sorted(targets.changes))
        sent = select(posts.c.destination).distinct().where(of_changed, posts.c.destination.startswith(CHATS))
        met |= {chat for name in connection.execute(sent).scalars() if (chat := followed_chat(name)) is not None}
    takes = select(followers.c.chat, followers.c.mode).where(followers.c.blocked_at.is_(None)).order_by(followers.c.chat)
    return {row.chat: row.mode for row in connection.execute(takes) if row.chat in met} if met else {}


def _may_be_met(connection: Connection, targets: FollowTargets) -> list[tuple[int, Follow]]:
    """Return the follows among which those are that a decree meets; `match` decides."""
    kind, value = follows.c.kind, follows.c.value
    # A commune's code begins with that of its department.
    around = sorted({department_of(code) for code in targets.communes} or targets.departments)
    some = or_(
        *(and_(kind == FollowKind.COMMUNE, value.startswith(code)) for code in around),
        *(and_(kind == one, value.in_(sorted(values))) for one, values in targets.values.items()),
        *([kind == FollowKind.OPERATOR] if targets.operators else []),
    )
    return [(row.chat, _follow(row)) for row in connection.execute(select(follows).where(some))]
