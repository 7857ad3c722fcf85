"""The tables. Instants are UTC; dates are ISO days; facts, evidence and page lists are JSON written by `bot.storage.codec`.

Foreign keys name their tables by text, so that no file need know another: importing this package brings all tables together.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from bot.storage.packing import PackedText
from bot.storage.schema.operators import alerts, leases, post_alerts
from bot.storage.schema.posts import edits, holds, moved_chats, posts
from bot.storage.schema.types import Id, Instant, Terms, metadata

__all__ = [
    "Instant",
    "act_numbers",
    "act_terms",
    "acts",
    "alerts",
    "backfills",
    "contents",
    "decisions",
    "decrees",
    "edits",
    "holds",
    "identities",
    "leases",
    "links",
    "metadata",
    "moved_chats",
    "post_alerts",
    "posts",
    "recueils",
    "reviews",
    "search_rules",
    "sightings",
    "sources",
]

sources = Table(
    "sources",
    metadata,
    Column("key", Text, primary_key=True),
    Column("trail", Text),
    Column("baseline_at", Instant),
    Column("next_check_at", Instant),
    Column("last_ok_at", Instant),
    Column("failures", Integer, nullable=False),
    Column("error", Text),
    Column("cause", String(32)),
    Column("failing_since", Instant),
    Column("last_new_at", Instant),
    Column("moved_to", Text),
)

backfills = Table(
    "backfills",
    metadata,
    # What a stopped backfill need not list again.
    Column("source", Text, primary_key=True),
    Column("since", Date, primary_key=True),
    Column("listed_at", Instant, nullable=False),
)

recueils = Table(
    "recueils",
    metadata,
    Column("id", Id, primary_key=True),
    Column("authority", String(32), nullable=False),
    Column("source", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("published", Date),
    Column("is_detail", Boolean, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_try_at", Instant),
    Column("error", Text),
    Column("number", Text),
    Column("digest", Text),
    Column("found_at", Instant, nullable=False),
    Column("tried_at", Instant),
    Column("page_count", Integer),
    Column("ocr_pages", JSON(none_as_null=True)),
    Column("unreadable_pages", JSON(none_as_null=True)),
    # Whatever is found in it is recorded and never posted: history, which a backfill reads.
    Column("silent", Boolean, nullable=False, server_default=false()),
    # The content of its file, of which `contents` may know more, and when the file came.
    Column("sha256", String(64), index=True),
    Column("fetched_at", Instant),
    UniqueConstraint("authority", "url"),
)
Index(None, recueils.c.state, recueils.c.next_try_at)
Index(None, recueils.c.authority, recueils.c.digest)
Index(None, recueils.c.source, recueils.c.id)

contents = Table(
    "contents",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("page_count", Integer),
    # Those that could be read: see `bot.storage.packing`.
    Column("pages", LargeBinary, nullable=False),
    Column("complete", Boolean, nullable=False),
    Column("read_at", Instant),
    Column("rules", String(32), nullable=False),
    # Readings that began, and neither ended nor got any further: what a file that takes the whole program with it leaves behind.
    Column("unfinished", Integer, nullable=False),
    # Why nothing at all of it could be read.
    Column("error", Text),
)

acts = Table(
    "acts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("recueil_id", Id, ForeignKey("recueils.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("position", Integer, nullable=False),
    Column("act_id", Text),
    Column("title", Text, nullable=False),
    Column("service", Text),
    Column("first_page", Integer, nullable=False),
    Column("last_page", Integer, nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("kind", String(16)),
    Column("evidence", JSON, nullable=False),
    # Never null: SQLite adds no column that says so to a table that has rows.
    Column("text", PackedText),
    Column("decree_id", Id, ForeignKey("decrees.id", ondelete="SET NULL"), index=True),
)

act_numbers = Table(
    "act_numbers",
    metadata,
    # One row in SQLite, none in PostgreSQL: the highest number that an act ever had. See `bot.storage.act_numbers`.
    Column("last", Id, primary_key=True, autoincrement=False),
)

act_terms = Table(
    "act_terms",
    metadata,
    # Also the row id of the full-text index in SQLite.
    Column("act_id", Id, ForeignKey("acts.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("head", Terms, nullable=False),
    Column("everything", Terms, nullable=False),
)
Index(None, act_terms.c.everything, postgresql_using="gin").ddl_if(dialect="postgresql")

search_rules = Table(
    "search_rules",
    metadata,
    # One row: the rules the stored terms were made with. Other rules in the program mean that the terms must be made again.
    Column("version", Text, primary_key=True),
)

reviews = Table(
    "reviews",
    metadata,
    Column("act_id", Id, ForeignKey("acts.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("created_at", Instant, nullable=False),
    # When the operators' chat was asked.
    Column("told_at", Instant),
)

decisions = Table(
    "decisions",
    metadata,
    # What a person decided of an act, under every key that the act is known by: a later reading of it does not overturn that.
    Column("key", Text, primary_key=True),
    Column("outcome", String(16), nullable=False),
    Column("kind", String(16)),
    Column("decided_at", Instant, nullable=False),
    Column("decided_by", String(32), nullable=False),
)

decrees = Table(
    "decrees",
    metadata,
    Column("id", Id, primary_key=True),
    Column("authority", String(32), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("title", Text, nullable=False),
    Column("facts", JSON, nullable=False),
    Column("evidence", JSON, nullable=False),
    # The first sighting; all of them are in `sightings`.
    Column("recueil_id", Id, ForeignKey("recueils.id"), nullable=False, index=True),
    Column("url", Text, nullable=False),
    Column("page", Integer, nullable=False),
    # The earliest known of its sightings: third parties have two months from then.
    Column("published", Date),
    Column("act_id", Text),
    Column("found_at", Instant, nullable=False),
    # Days that are in `facts` too, where a query looks for them. Null as well where the period ends before it starts: it was misread.
    Column("starts_on", Date),
    Column("ends_on", Date),
    Column("signed_on", Date, index=True),
    # When a person judged that it is none: it is kept, and left out of every list.
    Column("withdrawn_at", Instant),
)
Index(None, decrees.c.found_at, decrees.c.id)
Index(None, decrees.c.ends_on, decrees.c.found_at)
Index(None, decrees.c.authority, decrees.c.found_at)

identities = Table(
    "identities",
    metadata,
    # The primary key is what keeps two processes from announcing the same decree.
    Column("key", Text, primary_key=True),
    Column("decree_id", Id, ForeignKey("decrees.id", ondelete="CASCADE"), nullable=False, index=True),
    # What a key of a number begins with, by which other decrees name this one; null for the other keys.
    Column("prefix", Text, index=True),
)

sightings = Table(
    "sightings",
    metadata,
    Column("id", Id, primary_key=True),
    Column("decree_id", Id, ForeignKey("decrees.id", ondelete="CASCADE"), nullable=False),
    Column("recueil_id", Id, ForeignKey("recueils.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("authority", String(32), nullable=False),
    Column("url", Text, nullable=False),
    Column("page", Integer, nullable=False),
    Column("seen_at", Instant, nullable=False),
    # What was read there: `decrees.facts` is that of the first sighting, completed by the others.
    Column("facts", JSON(none_as_null=True)),
    # The day of that recueil: that of its cover, else that of the listing.
    Column("published", Date),
    UniqueConstraint("decree_id", "recueil_id", "page"),
)

links = Table(
    "links",
    metadata,
    # The decrees that a decree names, whether they were seen or not: who they are is looked up in `identities`.
    Column("decree_id", Id, ForeignKey("decrees.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("change", String(16), nullable=False),
    Column("number", Text),
    Column("signed", Date, index=True),
    # What the keys of a decree of this number begin with; null where only a day is named.
    Column("prefix", Text, index=True),
    # Whose decree it is.
    Column("authority", String(32), nullable=False),
)
