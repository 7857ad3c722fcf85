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
    Column("published", Date),
    Column("act_id", Text),
    Column("found_at", Instant, nullable=False),
)
Index(None, decrees.c.found_at, decrees.c.id)
Index(None, decrees.c.authority, decrees.c.found_at)

identities = Table(
    "identities",
    metadata,
    # The primary key is what keeps two processes from announcing the same decree.
    Column("key", Text, primary_key=True),
    Column("decree_id", _Id, ForeignKey("decrees.id", ondelete="CASCADE"), nullable=False, index=True),
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
    Column("signed", Date),
    # What the keys of a decree of this number begin with; null where only a day is named.
    Column("prefix", Text, index=True),
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
)
Index(None, posts.c.destination, posts.c.state, posts.c.id)
Index(None, posts.c.state, posts.c.claimed_at)

holds = Table(
    "holds",
    metadata,
    Column("destination", Text, primary_key=True),
    Column("until", Instant, nullable=False),
)

search_rules = Table(
    "search_rules",
    metadata,
    # One row: the rules the stored terms were made with. Other rules in the program mean that the terms must be made again.
    Column("version", Text, primary_key=True),
)
