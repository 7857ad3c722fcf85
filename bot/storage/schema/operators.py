"""What operators are told, once each, and what their commands request of the bot that runs."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Index, String, Table, Text

from bot.storage.schema.types import Id, Instant, metadata

alerts = Table(
    "alerts",
    metadata,
    Column("id", Id, primary_key=True),
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

post_alerts = Table(
    "post_alerts",
    metadata,
    Column("id", Id, primary_key=True),
    # What it is about (`post:12`, `destination:channel`), and a word of `bot.operators.post_alerts.PostTrouble`.
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

requests = Table(
    "requests",
    metadata,
    # Work that a command hands to the process which holds the lock `work`: see `bot.storage.requests`.
    Column("id", String(32), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("arguments", JSON, nullable=False),
    Column("progress", JSON(none_as_null=True)),
    Column("result", JSON(none_as_null=True)),
)
