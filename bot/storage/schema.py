"""The tables. Instants are UTC; dates are ISO days; facts, evidence and page lists are JSON written by `bot.storage.codec`."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
)
from sqlalchemy.dialects.postgresql import TSVECTOR

from bot.storage.packing import PackedText


class Instant(TypeDecorator[datetime]):
    """A timezone-aware instant: `timestamptz` in PostgreSQL, UTC text that sorts by time in SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC. Raises ValueError for a time without a zone: it could mean any instant."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone cannot be stored: {value.isoformat()}")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Back as an aware time in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# SQLite numbers rows by itself only for a column of exactly this type.
_Id = BigInteger().with_variant(Integer(), "sqlite")
_Terms = Text().with_variant(TSVECTOR(), "postgresql")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

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

alerts = Table(
    "alerts",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("cause", String(32), nullable=False),
    Column("detail", Text, nullable=False),
    Column("opened_at", Instant, nullable=False),
    # An alert and its end are each told once: these are null until they are.
    Column("told_at", Instant),
    Column("closed_at", Instant),
    Column("end_told_at", Instant),
)
Index(None, alerts.c.subject, alerts.c.closed_at)

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
    Column("id", _Id, primary_key=True),
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

decrees = Table(
    "decrees",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("authority", String(32), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("title", Text, nullable=False),
    Column("facts", JSON, nullable=False),
    Column("evidence", JSON, nullable=False),
    # The first sighting; all of them are in `sightings`.
    Column("recueil_id", _Id, ForeignKey("recueils.id"), nullable=False, index=True),
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
    Column("decree_id", _Id, ForeignKey("decrees.id", ondelete="CASCADE"), nullable=False, index=True),
    # What a key of a number begins with, by which other decrees name this one; null for the other keys.
    Column("prefix", Text, index=True),
)

acts = Table(
    "acts",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("recueil_id", _Id, ForeignKey("recueils.id", ondelete="CASCADE"), nullable=False, index=True),
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
    Column("decree_id", _Id, ForeignKey("decrees.id", ondelete="SET NULL"), index=True),
)

act_numbers = Table(
    "act_numbers",
    metadata,
    # One row in SQLite, none in PostgreSQL: the highest number that an act ever had. See `bot.storage.act_numbers`.
    Column("last", _Id, primary_key=True, autoincrement=False),
)

act_terms = Table(
    "act_terms",
    metadata,
    # Also the row id of the full-text index in SQLite.
    Column("act_id", _Id, ForeignKey("acts.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("head", _Terms, nullable=False),
    Column("everything", _Terms, nullable=False),
)
Index(None, act_terms.c.everything, postgresql_using="gin").ddl_if(dialect="postgresql")

sightings = Table(
    "sightings",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("decree_id", _Id, ForeignKey("decrees.id", ondelete="CASCADE"), nullable=False),
    Column("recueil_id", _Id, ForeignKey("recueils.id", ondelete="CASCADE"), nullable=False, index=True),
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

reviews = Table(
    "reviews",
    metadata,
    Column("act_id", _Id, ForeignKey("acts.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
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

links = Table(
    "links",
    metadata,
    # The decrees that a decree names, whether they were seen or not: who they are is looked up in `identities`.
    Column("decree_id", _Id, ForeignKey("decrees.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("change", String(16), nullable=False),
    Column("number", Text),
    Column("signed", Date, index=True),
    # What the keys of a decree of this number begin with; null where only a day is named.
    Column("prefix", Text, index=True),
    # Whose decree it is.
    Column("authority", String(32), nullable=False),
)

posts = Table(
    "posts",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("key", String(64), nullable=False, unique=True),
    Column("destination", Text, nullable=False),
    Column("decree_id", _Id, ForeignKey("decrees.id"), nullable=False, index=True),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("not_before", Instant),
    Column("reference", Text),
    Column("error", Text),
    Column("created_at", Instant, nullable=False),
    # Which running program holds the post, and since when: see `bot.storage.outbox`.
    Column("holder", String(64)),
    Column("claimed_at", Instant),
    Column("closed_at", Instant),
    # A word of `bot.model.PostCause`.
    Column("cause", String(32)),
    Column("looks", Integer, nullable=False, server_default="0"),
    # When `not_before` was set: a clock that was since set back is found out by it.
    Column("changed_at", Instant),
    # The key of the message that tells of this decree and of others; null for a post that is a message of its own.
    Column("digest", String(64), index=True),
    # What it told of its decree when it was last sent or edited: see `bot.storage.marks`.
    Column("told", Text),
    # Where the program that holds the post runs.
    Column("place", Text),
    # The link and the number that its message shows: see `bot.storage.shown`.
    Column("shown", JSON(none_as_null=True)),
)
Index(None, posts.c.destination, posts.c.state, posts.c.id)
Index(None, posts.c.state, posts.c.claimed_at)
Index(None, posts.c.destination, posts.c.closed_at)

edits = Table(
    "edits",
    metadata,
    # A post that has not told all that is known of its decree: see `bot.storage.edits`.
    Column("post_id", _Id, ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
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

post_alerts = Table(
    "post_alerts",
    metadata,
    Column("id", _Id, primary_key=True),
    # What it is about (`post:12`, `destination:channel`), and a word of `bot.alerts.post_decisions.Trouble`.
    Column("subject", Text, nullable=False),
    Column("trouble", String(32), nullable=False),
    Column("destination", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("opened_at", Instant, nullable=False),
    # As in `alerts`: each of these is null until it is so.
    Column("told_at", Instant),
    Column("closed_at", Instant),
    Column("end_told_at", Instant),
)
Index(None, post_alerts.c.subject, post_alerts.c.closed_at)

moved_chats = Table(
    "moved_chats",
    metadata,
    # A Telegram group that became a supergroup: as the configuration names it, and its id now.
    Column("chat", Text, primary_key=True),
    Column("moved_to", BigInteger, nullable=False),
    Column("moved_at", Instant, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    # What only one program at a time may be: see `bot.storage.leases`.
    Column("name", String(32), primary_key=True),
    Column("holder", String(64), nullable=False),
    # The machine and the process, for people and for programs on the same machine.
    Column("place", Text, nullable=False),
    Column("since", Instant, nullable=False),
    Column("beat_at", Instant, nullable=False),
)

search_rules = Table(
    "search_rules",
    metadata,
    # One row: the rules the stored terms were made with. Other rules in the program mean that the terms must be made again.
    Column("version", Text, primary_key=True),
)
