"""The outbox: posts, what is still to be edited in them, and the destinations that rest or moved."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text

from bot.storage.schema.types import Id, Instant, metadata

posts = Table(
    "posts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("key", String(64), nullable=False, unique=True),
    Column("destination", Text, nullable=False),
    Column("decree_id", Id, ForeignKey("decrees.id"), nullable=False, index=True),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("not_before", Instant),
    Column("reference", Text),
    Column("error", Text),
    Column("created_at", Instant, nullable=False),
    Column("closed_at", Instant),
    # A word of `bot.domain.PostCause`.
    Column("cause", String(32)),
    Column("looks", Integer, nullable=False, server_default="0"),
    # When `not_before` was set: a clock that was since set back is found out by it.
    Column("changed_at", Instant),
    # The key of the message that tells of this decree and of others; null for a post that is a message of its own.
    Column("digest", String(64), index=True),
    # What it told of its decree when it was last sent or edited: see `bot.domain.identity.marks`.
    Column("told", Text),
    # The link and the number that its message shows: see `bot.domain.identity.shown`.
    Column("shown", JSON(none_as_null=True)),
)
Index(None, posts.c.destination, posts.c.state, posts.c.id)
Index(None, posts.c.state)
Index(None, posts.c.destination, posts.c.closed_at)

edits = Table(
    "edits",
    metadata,
    # A post that has not told all that is known of its decree: see `bot.storage.edits`.
    Column("post_id", Id, ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("state", String(16), nullable=False, index=True),
    Column("attempts", Integer, nullable=False),
    Column("not_before", Instant),
    # When it was tried first, and when the row was last changed.
    Column("tried_at", Instant),
    Column("changed_at", Instant),
    Column("cause", String(32)),
    Column("error", Text),
)

holds = Table(
    "holds",
    metadata,
    Column("destination", Text, primary_key=True),
    Column("until", Instant, nullable=False),
    Column("set_at", Instant),
    Column("cause", String(32)),
)

moved_chats = Table(
    "moved_chats",
    metadata,
    # A Telegram group that became a supergroup: as the configuration names it, and its id now.
    Column("chat", Text, primary_key=True),
    Column("moved_to", BigInteger, nullable=False),
    Column("moved_at", Instant, nullable=False),
)

newest_messages = Table(
    "newest_messages",
    metadata,
    # The greatest message id known of a Telegram chat, under each name and number that the chat has.
    Column("chat", Text, primary_key=True),
    Column("message_id", BigInteger, nullable=False),
    Column("noted_at", Instant, nullable=False),
)

searches = Table(
    "searches",
    metadata,
    # Where a post is looked for whose answer was lost: see `bot.storage.outbox`.
    Column("post_id", Id, ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    # The newest message known when the post was about to be sent, and up to which one it was looked for since.
    Column("after", BigInteger),
    Column("searched_to", BigInteger),
)

destination_checks = Table(
    "destination_checks",
    metadata,
    Column("destination", Text, primary_key=True),
    # A word of `bot.domain.DestinationTrouble`; null where nothing is wrong.
    Column("trouble", String(16)),
    Column("detail", Text),
    # The first check in a row that found this, and the last.
    Column("since", Instant, nullable=False),
    Column("checked_at", Instant, nullable=False),
)
