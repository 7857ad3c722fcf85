"""The acts of recueils, the terms they are searched by, which of them wait for a person, and what people decided."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, String, Table, Text

from bot.storage.codec import PackedText
from bot.storage.schema.types import Id, Instant, Terms, metadata

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
    # One row in SQLite, none in PostgreSQL: the highest number that an act ever had. See `bot.storage.act_writing`.
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
