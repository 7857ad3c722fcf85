"""Where recueils come from, what became of each, and what was read in its file."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Date, Index, Integer, LargeBinary, String, Table, Text, UniqueConstraint, false

from bot.storage.schema.types import Id, Instant, metadata

sources = Table(
    "sources",
    metadata,
    Column("key", Text, primary_key=True),
    Column("trail", Text),
    Column("baseline_at", Instant),
    Column("next_check_at", Instant),
    Column("last_ok_at", Instant),
    Column("failures", Integer, nullable=False),
    Column("site_failures", Integer, nullable=False, server_default="0"),
    Column("error", Text),
    Column("cause", String(32)),
    Column("failing_since", Instant),
    Column("last_new_at", Instant),
    Column("moved_to", Text),
)

addresses = Table(
    "addresses",
    metadata,
    # How every process treats an address, which dozens of sites share: see `sources.http.politeness`.
    Column("address", Text, primary_key=True),
    Column("updated_at", Instant),
    Column("next_start", Instant),
    Column("asked_until", Instant),
    Column("failures", Integer, nullable=False),
    Column("failed_host", Text, nullable=False),
    Column("retry_at", Instant),
    Column("reason", Text, nullable=False),
)

robots = Table(
    "robots",
    metadata,
    # The robots.txt of each host; empty where it has none.
    Column("host", Text, primary_key=True),
    Column("text", Text, nullable=False),
    Column("read_at", Instant, nullable=False),
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
    # Those that could be read: see `bot.storage.codec`.
    Column("pages", LargeBinary, nullable=False),
    Column("complete", Boolean, nullable=False),
    Column("read_at", Instant),
    Column("rules", String(32), nullable=False),
    # Readings that began, and neither ended nor got any further: what a file that takes the whole program with it leaves behind.
    Column("unfinished", Integer, nullable=False),
    # Why nothing at all of it could be read.
    Column("error", Text),
)
